package worktime_test

import (
	"encoding"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones below, also on a machine without a zone database

	"github.com/google/go-querystring/query"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

var (
	_ encoding.TextAppender    = worktime.Date{}
	_ encoding.TextMarshaler   = worktime.Date{}
	_ encoding.TextUnmarshaler = (*worktime.Date)(nil)
	_ json.Marshaler           = worktime.Date{}
	_ json.Unmarshaler         = (*worktime.Date)(nil)
	_ query.Encoder            = worktime.Date{}
)

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// anyDate draws from the whole range of Date.
func anyDate() *rapid.Generator[worktime.Date] {
	first := worktime.NewDate(1, time.January, 1)
	last := worktime.NewDate(9999, time.December, 31)
	return rapid.Map(rapid.IntRange(0, last.DaysSince(first)), first.AddDays)
}

func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want worktime.Date
	}{
		{"", worktime.Date{}},
		{"2026-01-02", worktime.NewDate(2026, time.January, 2)},
		{"2024-02-29", worktime.NewDate(2024, time.February, 29)},
		{"0001-01-01", worktime.NewDate(1, time.January, 1)},
		{"9999-12-31", worktime.NewDate(9999, time.December, 31)},
	} {
		got, err := worktime.ParseDate(tt.in)
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.want, got, tt.in)
		assert.Equal(t, tt.in, got.String())
	}
}

func TestParseDateRefuses(t *testing.T) {
	for _, in := range []string{
		"2026-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00", "0000-01-01", "10000-01-01", "-001-01-01",
		"2026-1-2", "26-01-02", "20260102", "2026/01/02", "02-01-2026", "2026-01-02T00:00:00", "2026-01-02Z",
		" 2026-01-02", "2026-01-02 ", "2026-01-02\n", "null", "today", "2026-01-0２", "\xff",
	} {
		got, err := worktime.ParseDate(in)
		require.Error(t, err, "%q", in)
		assert.True(t, got.IsZero(), "%q", in)
		assertOneLine(t, err.Error())
	}
}

func TestParseDateErrorIsBounded(t *testing.T) {
	_, err := worktime.ParseDate(strings.Repeat("9\x00", 1<<20))
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 300)
	assertOneLine(t, err.Error())
}

func TestNewDateCarriesOver(t *testing.T) {
	for _, tt := range []struct {
		year  int
		month time.Month
		day   int
		want  string
	}{
		{2026, time.October, 32, "2026-11-01"},
		{2026, time.March, 0, "2026-02-28"},
		{2026, 13, 1, "2027-01-01"},
		{2026, 0, 1, "2025-12-01"},
		{0, 13, 1, "0001-01-01"},
		{10000, time.January, 0, "9999-12-31"},
		{9999, time.December, 32, ""},
		{1, time.January, 0, ""},
		{0, time.January, 1, ""},
		{10000, time.January, 1, ""},
		{math.MaxInt, time.January, 1, ""},
		{math.MinInt, time.January, 1, ""},
	} {
		assert.Equal(t, tt.want, worktime.NewDate(tt.year, tt.month, tt.day).String(), "%d-%d-%d", tt.year, tt.month, tt.day)
	}
}

func TestDateOfTakesTheDayInTheTimesOwnZone(t *testing.T) {
	instant := time.Date(2026, time.January, 1, 23, 30, 0, 0, time.UTC)
	assert.Equal(t, "2026-01-01", worktime.DateOf(instant).String())
	assert.Equal(t, "2026-01-02", worktime.DateOf(instant.In(zone(t, "Europe/Brussels"))).String())
	assert.Equal(t, "0001-01-01", worktime.DateOf(time.Time{}).String(), "a zero time is a day")
}

func TestDateFields(t *testing.T) {
	d := worktime.NewDate(2026, time.March, 29)
	assert.Equal(t, 2026, d.Year())
	assert.Equal(t, time.March, d.Month())
	assert.Equal(t, 29, d.Day())
	assert.Equal(t, time.Sunday, d.Weekday())
	assert.False(t, d.IsZero())
}

func TestZeroDateIsNone(t *testing.T) {
	var none worktime.Date
	someday := worktime.NewDate(1, time.January, 1)

	assert.True(t, none.IsZero())
	assert.Empty(t, none.String())
	assert.Zero(t, none.Year())
	assert.Zero(t, none.Month())
	assert.Zero(t, none.Day())
	assert.Equal(t, time.Monday, none.Weekday())
	assert.True(t, none.AddDays(1).IsZero())
	assert.True(t, none.In(time.UTC).IsZero())
	assert.True(t, none.Before(someday), "none is before every day, also the first")
	assert.True(t, someday.After(none))
	assert.NotEqual(t, none, someday)
}

func TestDateCompare(t *testing.T) {
	ascending := []worktime.Date{
		{}, worktime.NewDate(1, 1, 1), worktime.NewDate(2025, 12, 31), worktime.NewDate(2026, 1, 1), worktime.NewDate(2026, 1, 2),
		worktime.NewDate(2026, 2, 1), worktime.NewDate(2027, 1, 1), worktime.NewDate(9999, 12, 31),
	}
	for i, a := range ascending {
		for j, b := range ascending {
			assert.Equal(t, min(1, max(-1, i-j)), a.Compare(b), "%v and %v", a, b)
			assert.Equal(t, i < j, a.Before(b), "%v and %v", a, b)
			assert.Equal(t, i > j, a.After(b), "%v and %v", a, b)
			assert.Equal(t, i == j, a == b, "%v and %v", a, b)
		}
	}
	assert.True(t, slices.IsSortedFunc(ascending, worktime.Date.Compare))
}

func TestDateAddDays(t *testing.T) {
	first, last := worktime.NewDate(1, 1, 1), worktime.NewDate(9999, 12, 31)
	for _, tt := range []struct {
		d    worktime.Date
		n    int
		want string
	}{
		{worktime.NewDate(2024, 2, 28), 1, "2024-02-29"},
		{worktime.NewDate(2026, 2, 28), 1, "2026-03-01"},
		{worktime.NewDate(2026, 1, 1), -1, "2025-12-31"},
		{worktime.NewDate(2026, 1, 1), 365, "2027-01-01"},
		{worktime.NewDate(2026, 1, 1), 0, "2026-01-01"},
		{last, 1, ""},
		{first, -1, ""},
		{first, last.DaysSince(first), "9999-12-31"},
		{last, first.DaysSince(last), "0001-01-01"},
		{worktime.NewDate(2026, 1, 1), math.MaxInt, ""},
		{worktime.NewDate(2026, 1, 1), math.MinInt, ""},
		{worktime.NewDate(2026, 1, 1), 1 << 62, ""}, // 2^62 days are a multiple of 2^64 seconds
		{worktime.NewDate(2026, 1, 1), math.MaxInt32, ""},
	} {
		assert.Equal(t, tt.want, tt.d.AddDays(tt.n).String(), "%v + %d", tt.d, tt.n)
	}
}

func TestDateAddDaysAndDaysSinceAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyDate().Draw(t, "a"), anyDate().Draw(t, "b")
		n := b.DaysSince(a)
		assert.Equal(t, b, a.AddDays(n))
		assert.Equal(t, -n, a.DaysSince(b))
		assert.Equal(t, n > 0, b.After(a))
	})
}

func TestDateIn(t *testing.T) {
	for _, tt := range []struct {
		name, zone, day, want string
	}{
		{"ordinary day", "Europe/Brussels", "2026-03-29", "2026-03-29T00:00:00+01:00"},
		{"midnight skipped", "America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"},
		{"midnight skipped east of Greenwich", "Asia/Beirut", "2024-03-31", "2024-03-31T01:00:00+03:00"},
		{"midnight skipped, winter offset zero", "Atlantic/Azores", "2024-03-31", "2024-03-31T01:00:00Z"},
		{"midnight inside the skipped hour", "America/Toronto", "1919-03-31", "1919-03-31T00:30:00-04:00"},
		{"whole day skipped: the day after begins", "Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"},
		{"midnight twice", "America/Havana", "2024-11-03", "2024-11-03T00:00:00-04:00"},
		{"midnight twice east of Greenwich", "Asia/Amman", "2021-10-29", "2021-10-29T00:00:00+03:00"},
		{"hour before midnight twice", "America/Sao_Paulo", "2018-02-18", "2018-02-18T00:00:00-03:00"},
		{"first day of all", "UTC", "0001-01-01", "0001-01-01T00:00:00Z"},
		{"last day of all", "UTC", "9999-12-31", "9999-12-31T00:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := worktime.ParseDate(tt.day)
			require.NoError(t, err)
			assert.Equal(t, tt.want, d.In(zone(t, tt.zone)).Format(time.RFC3339))
		})
	}
}

// The promise of In in other words: the moment before it belongs to an earlier day, and no
// moment of the 26 hours before it to the same day. Years with odd changes of clocks are drawn.
func TestDateInIsTheFirstMoment(t *testing.T) {
	zones := []string{
		"UTC", "Europe/Brussels", "Europe/London", "Atlantic/Azores", "America/Sao_Paulo", "America/Havana", "America/Toronto",
		"Asia/Amman", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Africa/Cairo", "Pacific/Apia", "Pacific/Kwajalein", "Australia/Lord_Howe",
	}
	rapid.Check(t, func(t *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		d := worktime.NewDate(rapid.IntRange(1915, 2040).Draw(t, "year"), time.January, rapid.IntRange(1, 366).Draw(t, "day"))
		got := d.In(loc)
		if worktime.DateOf(got) != d {
			assert.Equal(t, d.AddDays(1), worktime.DateOf(got), "only a skipped day may begin on the next")
		}
		assert.True(t, worktime.DateOf(got.Add(-time.Nanosecond)).Before(d), "%v begins before %v", d, got)
		for at := got; got.Sub(at) < 26*time.Hour; at = at.Add(-15 * time.Minute) {
			assert.False(t, at.Before(got) && worktime.DateOf(at) == d, "%v has %v already", d, at)
		}
	})
}

func TestDateTextAndJSON(t *testing.T) {
	type row struct {
		Day  worktime.Date            `json:"day"`
		Till worktime.Date            `json:"till,omitzero"`
		Ptr  *worktime.Date           `json:"ptr,omitempty"`
		Map  map[worktime.Date]string `json:"map,omitempty"`
	}
	day := worktime.NewDate(2026, 1, 2)
	for _, tt := range []struct {
		name string
		row  row
		json string
	}{
		{"none", row{}, `{"day":null}`},
		{"all", row{day, day, &day, map[worktime.Date]string{day: "x"}}, `{"day":"2026-01-02","till":"2026-01-02","ptr":"2026-01-02","map":{"2026-01-02":"x"}}`},
		{"bounds", row{Day: worktime.NewDate(1, 1, 1), Till: worktime.NewDate(9999, 12, 31)}, `{"day":"0001-01-01","till":"9999-12-31"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b, err := json.Marshal(tt.row)
			require.NoError(t, err)
			assert.Equal(t, tt.json, string(b))
			var back row
			require.NoError(t, json.Unmarshal(b, &back))
			assert.Equal(t, tt.row, back)
		})
	}
}

func TestDateUnmarshalJSON(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`"2026-01-02"`, "2026-01-02"}, {`null`, ""}, {`""`, ""}, {`"2026\u002d01-02"`, "2026-01-02"},
	} {
		d := worktime.NewDate(1999, 1, 1)
		require.NoError(t, json.Unmarshal([]byte(tt.in), &d), tt.in)
		assert.Equal(t, tt.want, d.String(), tt.in)
	}
	for _, in := range []string{
		`1`, `true`, `{}`, `["2026-01-02"]`, `"2026-01-02T00:00:00Z"`, `"x"`, "{\n\"a\":\n\"\u202e\"}", `"` + strings.Repeat("9", 1<<20) + `"`,
	} {
		d := worktime.NewDate(1999, 1, 1)
		err := json.Unmarshal([]byte(in), &d)
		require.Error(t, err)
		assert.Equal(t, "1999-01-01", d.String(), "a refused value leaves the date alone")
		assert.Less(t, len(err.Error()), 300)
		assertOneLine(t, err.Error())
	}
}

func TestDateInAQuery(t *testing.T) {
	type filter struct {
		From worktime.Date   `url:"from"`
		To   worktime.Date   `url:"to,omitempty"`
		On   *worktime.Date  `url:"on,omitempty"`
		Days []worktime.Date `url:"days,comma,omitempty"`
	}
	day := worktime.NewDate(2026, 1, 2)
	for _, tt := range []struct {
		name string
		in   filter
		want string
	}{
		{"none", filter{}, ""},
		{"from", filter{From: day}, "from=2026-01-02"},
		{"all", filter{From: day, To: day.AddDays(1), On: &day}, "from=2026-01-02&on=2026-01-02&to=2026-01-03"},
		{"several", filter{Days: []worktime.Date{day, day.AddDays(1)}}, "days=2026-01-02%2C2026-01-03"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values, err := query.Values(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, values.Encode())
		})
	}
}

func TestDateRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate().Draw(t, "date")
		assertRoundTrips(t, d)
		assert.Equal(t, d, worktime.NewDate(d.Year(), d.Month(), d.Day()))
		assert.Equal(t, d, worktime.DateOf(d.In(time.UTC)))
		assert.Equal(t, d.In(time.UTC).Format(time.DateOnly), d.String())
	})
}

func assertRoundTrips(t require.TestingT, d worktime.Date) {
	parsed, err := worktime.ParseDate(d.String())
	require.NoError(t, err)
	assert.Equal(t, d, parsed)

	b, err := json.Marshal(d)
	require.NoError(t, err)
	var fromJSON worktime.Date
	require.NoError(t, json.Unmarshal(b, &fromJSON))
	assert.Equal(t, d, fromJSON)

	text, err := d.MarshalText()
	require.NoError(t, err)
	var fromText worktime.Date
	require.NoError(t, fromText.UnmarshalText(text))
	assert.Equal(t, d, fromText)
}

func FuzzDate(f *testing.F) {
	for _, seed := range []string{"", "2026-01-02", "0001-01-01", "9999-12-31", "2024-02-29", "2026-02-30", "2026-1-2", "null", "\xff\n", "1900-02-29", "2000-02-29", "20x6-01-02"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := worktime.ParseDate(s)
		oracle, oracleErr := time.Parse(time.DateOnly, s)
		assert.Equal(t, s == "" || oracleErr == nil && oracle.Year() >= 1, err == nil, "as package time judges it")
		if err != nil {
			assert.True(t, d.IsZero())
			assert.Error(t, d.UnmarshalJSON([]byte(`"`+s+`"`)))
			assertOneLine(t, err.Error())
			return
		}
		assert.Equal(t, s, d.String(), "one day has one spelling")
		assertRoundTrips(t, d)
		if s != "" {
			assert.Equal(t, worktime.DateOf(oracle), d)
		}
	})
}

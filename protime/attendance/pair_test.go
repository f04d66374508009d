package attendance_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/attendance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var monday = worktime.NewDate(2026, 1, 5)

// clock makes clockings of person 1, with ids in their order. Each is written as a day (0 is Monday, 5 January), a time, and what is
// not an InOut that is Active: "0 08:30", "0 14:00 Reason 12", "0 08:31 Deleted"; minutes without a colon are
// timeOfDayInMinutes as it is: "1 -120".
func clock(t *testing.T, texts ...string) []protime.Clocking {
	t.Helper()
	var clockings []protime.Clocking
	for i, text := range texts {
		words := strings.Fields(text)
		var day, hour, minute int
		if strings.Contains(words[1], ":") {
			_, err := fmt.Sscanf(words[0]+" "+words[1], "%d %d:%d", &day, &hour, &minute)
			require.NoError(t, err)
		} else {
			_, err := fmt.Sscan(words[0]+" "+words[1], &day, &minute)
			require.NoError(t, err)
		}
		c := protime.Clocking{
			ID: int64(i + 1), Person: protime.ByID(1), Date: monday.AddDays(day), TimeOfDay: protime.TimeOfDay(hour*60 + minute),
			Kind: protime.ClockingInOut, Status: protime.ClockingActive,
		}
		for _, word := range words[2:] {
			switch word {
			case "Deleted", "Unknown":
				c.Status = protime.ClockingStatus(word)
			case "12":
				c.Reason = &protime.Ref{ID: 12}
			default:
				c.Kind = protime.ClockingKind(word)
			}
		}
		clockings = append(clockings, c)
	}
	return clockings
}

// show writes spans as "date person: from - to" with their minutes, or what is missing.
func show(spans []attendance.Span) (lines []string) {
	side := func(c *protime.Clocking, m attendance.Moment) string {
		if c == nil {
			return "nothing"
		}
		if c.Reason != nil {
			return fmt.Sprintf("%s for %d", m, c.Reason.ID)
		}
		return m.String()
	}
	for _, s := range spans {
		line := fmt.Sprintf("%s: %s to %s", s.Date(), side(s.In, s.Start()), side(s.Out, s.End()))
		if s.Paired() {
			line += fmt.Sprintf(" = %d", s.Minutes())
		}
		lines = append(lines, line)
	}
	return lines
}

func TestPair(t *testing.T) {
	for _, c := range []struct {
		name      string
		clockings []string
		want      []string
	}{
		{"nothing", nil, nil},
		{"a day without a break", []string{"0 08:30", "0 17:00"}, []string{"2026-01-05: 2026-01-05 08:30 to 2026-01-05 17:00 = 510"}},
		{
			"a day with a break",
			[]string{"0 08:00", "0 12:00", "0 12:30", "0 16:30"},
			[]string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240", "2026-01-05: 2026-01-05 12:30 to 2026-01-05 16:30 = 240"},
		},
		{
			"clockings in another order",
			[]string{"0 16:30", "0 12:00", "0 08:00", "0 12:30"},
			[]string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240", "2026-01-05: 2026-01-05 12:30 to 2026-01-05 16:30 = 240"},
		},
		{"overnight, each on its own date", []string{"0 22:00", "1 06:00"}, []string{"2026-01-05: 2026-01-05 22:00 to 2026-01-06 06:00 = 480"}},
		{"overnight, both on the day it ends", []string{"1 -120", "1 360"}, []string{"2026-01-06: 2026-01-05 22:00 to 2026-01-06 06:00 = 480"}},
		{"overnight, both on the day it begins", []string{"0 1320", "0 1800"}, []string{"2026-01-05: 2026-01-05 22:00 to 2026-01-06 06:00 = 480"}},
		{"a time below 0 sorts before the day it is on", []string{"1 -1440", "0 60"}, []string{"2026-01-06: 2026-01-05 00:00 to 2026-01-05 01:00 = 60"}},
		{"a time of 2880 is midnight two days on", []string{"0 2880", "1 23:00"}, []string{"2026-01-06: 2026-01-06 23:00 to 2026-01-07 00:00 = 60"}},
		{"a deleted clocking", []string{"0 08:00", "0 10:00 Deleted", "0 12:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240"}},
		{
			"no clock-out, and the next morning is a clock-in again",
			[]string{"0 08:00", "1 08:00", "1 12:00"},
			[]string{"2026-01-05: 2026-01-05 08:00 to nothing", "2026-01-06: 2026-01-06 08:00 to 2026-01-06 12:00 = 240"},
		},
		{"no clock-out, at the end", []string{"0 08:00", "0 12:00", "0 12:30"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240", "2026-01-05: 2026-01-05 12:30 to nothing"}},
		{"13 hours are a span", []string{"0 08:00", "0 21:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 21:00 = 780"}},
		{"a minute more is none", []string{"0 08:00", "0 21:01"}, []string{"2026-01-05: 2026-01-05 08:00 to nothing", "2026-01-05: 2026-01-05 21:01 to nothing"}},
		{"double clock-in in the same minute", []string{"0 08:00", "0 08:00", "0 12:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240"}},
		{"double clock-in a minute later", []string{"0 08:00", "0 08:01", "0 12:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240"}},
		{"double clock-out", []string{"0 08:00", "0 12:00", "0 12:01", "0 13:00", "0 14:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240", "2026-01-05: 2026-01-05 13:00 to 2026-01-05 14:00 = 60"}},
		{"two minutes later is a going", []string{"0 08:00", "0 08:02"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 08:02 = 2"}},
		{"only an out, as all that can be told", []string{"0 17:00"}, []string{"2026-01-05: 2026-01-05 17:00 to nothing"}},
		{"only an out, with a reason", []string{"0 14:00 Reason 12"}, []string{"2026-01-05: nothing to 2026-01-05 14:00 for 12"}},
		{
			"away for a reason and back",
			[]string{"0 08:00", "0 10:00 Reason 12", "0 11:00", "0 16:00"},
			[]string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 10:00 for 12 = 120", "2026-01-05: 2026-01-05 11:00 to 2026-01-05 16:00 = 300"},
		},
		{
			"two reasons in a row",
			[]string{"0 08:00", "0 10:00 Reason 12", "0 10:01 Reason 12"},
			[]string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 10:00 for 12 = 120", "2026-01-05: nothing to 2026-01-05 10:01 for 12"},
		},
		{
			"a reason the day after a missing clock-out",
			[]string{"0 08:00", "1 10:00 Reason 12", "1 11:00", "1 12:00"},
			[]string{"2026-01-05: 2026-01-05 08:00 to nothing", "2026-01-06: nothing to 2026-01-06 10:00 for 12", "2026-01-06: 2026-01-06 11:00 to 2026-01-06 12:00 = 60"},
		},
		{
			"activity switches do not end work",
			[]string{"0 08:00", "0 09:00 Activity", "0 11:00 Activity", "0 15:00 ActivityEnd", "0 16:00"},
			[]string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 16:00 = 480"},
		},
		{"activities alone are no work", []string{"0 09:00 Activity", "0 15:00 ActivityEnd"}, nil},
		{"an activity between two readings of a badge", []string{"0 08:00", "0 08:00 Activity", "0 08:01", "0 12:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240"}},
		{"a status that is not known counts, a kind does not", []string{"0 08:00 Unknown", "0 10:00 Teleport", "0 12:00"}, []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, show(attendance.Pair(clock(t, c.clockings...))))
		})
	}
}

// A delta and a webhook bring a clocking again with each change, and in any order.
func TestPairNewestState(t *testing.T) {
	rows := clock(t, "0 08:00", "0 12:00", "0 12:00", "0 13:00")
	for i, version := range []string{"0A", "0B", "0C", "0A"} {
		rows[i].ChangeVersion = version
	}
	rows[2].ID, rows[2].TimeOfDay = 2, 12*60+45 // of rows[1], later
	rows[3].ID, rows[3].Status = 2, protime.ClockingDeleted
	want := []string{"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:45 = 285"}
	assert.Equal(t, want, show(attendance.Pair(rows)))

	rows[3].ChangeVersion = "0D" // was deleted in the end
	assert.Equal(t, []string{"2026-01-05: 2026-01-05 08:00 to nothing"}, show(attendance.Pair(rows)))

	for i := range rows {
		rows[i].ID = 0 // not told: then each is one of its own
	}
	assert.Len(t, attendance.Pair(rows), 2)
}

// Each person has their own order, and one's open span ends with no clocking of another's.
func TestPairPersons(t *testing.T) {
	rows := clock(t, "0 08:00", "0 09:00", "0 12:00", "0 13:00", "0 17:00")
	for i, person := range []int64{2, 1, 2, 1, 2} {
		rows[i].Person = protime.ByID(person)
	}
	spans := attendance.Pair(rows)
	assert.Equal(t, []string{
		"2026-01-05: 2026-01-05 09:00 to 2026-01-05 13:00 = 240",
		"2026-01-05: 2026-01-05 08:00 to 2026-01-05 12:00 = 240",
		"2026-01-05: 2026-01-05 17:00 to nothing",
	}, show(spans))
	assert.Equal(t, []int64{1, 2, 2}, []int64{spans[0].Person, spans[1].Person, spans[2].Person})
	assert.Equal(t, int64(2), spans[0].In.ID, "the clockings themselves are at hand")
	assert.Equal(t, rows[3], *spans[0].Out)

	*spans[0].In = protime.Clocking{}
	assert.Equal(t, int64(2), rows[1].ID, "they are copies")
}

func TestDays(t *testing.T) {
	rows := clock(t, "0 08:00", "0 12:00", "0 12:30", "0 16:30", "1 22:00", "2 06:00", "2 22:00", "3 09:00 Reason 12", "3 13:00", "3 13:30")
	days := attendance.Days(attendance.Pair(rows))
	var got []string
	for _, d := range days {
		got = append(got, fmt.Sprintf("%s worked %d, breaks %d, unpaired %d of %d", d.Date, d.Worked(), d.Breaks(), d.Unpaired(), len(d.Spans)))
	}
	assert.Equal(t, []string{
		"2026-01-05 worked 480, breaks 30, unpaired 0 of 2",
		"2026-01-06 worked 480, breaks 0, unpaired 0 of 1",
		"2026-01-07 worked 660, breaks 0, unpaired 0 of 1",
		"2026-01-08 worked 30, breaks 0, unpaired 0 of 1",
	}, got)

	days = attendance.Days(attendance.Pair(clock(t, "0 08:00 Reason 12", "0 09:00", "0 10:00", "0 11:00")))
	require.Len(t, days, 1)
	assert.Equal(t, []int{60, 120, 2}, []int{days[0].Worked(), days[0].Breaks(), days[0].Unpaired()}, "a break ends with a coming that is known")
	assert.Empty(t, attendance.Days(nil))
	assert.True(t, attendance.Span{}.Date().IsZero())
}

func TestMoment(t *testing.T) {
	for _, c := range []struct {
		minutes protime.TimeOfDay
		want    string
	}{
		{0, "2026-01-05 00:00"}, {1439, "2026-01-05 23:59"}, {1440, "2026-01-06 00:00"}, {2880, "2026-01-07 00:00"},
		{-1, "2026-01-04 23:59"}, {-1440, "2026-01-04 00:00"}, {-1441, "2026-01-03 23:59"},
	} {
		m := attendance.MomentOf(monday, c.minutes)
		assert.Equal(t, c.want, m.String())
		assert.Equal(t, int(c.minutes), m.Sub(attendance.MomentOf(monday, 0)))
		assert.Equal(t, c.want, m.In(time.UTC).Format("2006-01-02 15:04"))
	}
	assert.Equal(t, attendance.Moment{}, attendance.MomentOf(worktime.Date{}, 60))
	assert.Equal(t, attendance.Moment{}, attendance.MomentOf(worktime.NewDate(9999, 12, 31), 1440), "there is no such day")
	assert.Empty(t, attendance.Moment{}.String())
	early, late := attendance.MomentOf(monday, 1439), attendance.MomentOf(monday.AddDays(1), 0)
	assert.Equal(t, []int{-1, 0, 1}, []int{early.Compare(late), early.Compare(attendance.MomentOf(monday, 1439)), late.Compare(early)})
}

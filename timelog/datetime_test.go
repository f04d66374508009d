package timelog

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func TestParseDateTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-06-10T00:00:00":         "2026-06-10T00:00:00",
		"2026-06-10T08:30:15":         "2026-06-10T08:30:15",
		"2026-06-10T08:30:15.123":     "2026-06-10T08:30:15.123",
		"2026-06-10T08:30:15.1234567": "2026-06-10T08:30:15.1234567",
		"2026-06-10T08:30:15.0":       "2026-06-10T08:30:15",
		"2026-06-10":                  "2026-06-10T00:00:00",
		"2026-06-10T08:30:15Z":        "2026-06-10T08:30:15",
		"2026-06-10T08:30:15+02:00":   "2026-06-10T08:30:15",
		"2024-02-29T23:59:59":         "2024-02-29T23:59:59",
		"9999-12-31T23:59:59.9999999": "9999-12-31T23:59:59.9999999",
		"0001-01-01T00:00:00":         "",
		"0001-01-01T00:00:00.0000000": "",
		"0001-01-01":                  "",
		"0001-01-01T08:00:00":         "0001-01-01T08:00:00",
		"":                            "",
	} {
		got, err := ParseDateTime(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got.String(), text)
		assert.Equal(t, want == "", got.IsZero(), text)
	}
	for _, text := range []string{
		"x", "2026-06-10T", "2026-06-10T08:30", "2026-06-10 08:30:15", "2026-06-10T24:00:00", "2026-06-10T08:60:00", "2026-06-10T08:30:60",
		"2026-02-29T00:00:00", "2026-13-01T00:00:00", "0000-01-01T00:00:00", "10000-01-01T00:00:00", "2026-06-10T08:30:15,5", "2026-6-10T08:30:15",
		" 2026-06-10T08:30:15", "2026-06-10T08:30:15 ", "/Date(1781049600000)/",
	} {
		_, err := ParseDateTime(text)
		require.Error(t, err, text)
	}
}

// 0001-01-01 is no date, and a time is what the site's clock shows, in whatever zone the program runs.
func TestDateTimeHasNoZone(t *testing.T) {
	noon := NewDateTime(day("2026-06-10"), 12, 0, 0)
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 6, 10, 12, 0, 0, 0, paris), noon.In(paris))
	assert.Equal(t, noon, DateTimeOf(noon.In(paris)))
	assert.Equal(t, noon, DateTimeOf(noon.In(time.UTC)))
	assert.NotEqual(t, noon, DateTimeOf(noon.In(paris).UTC()), "the caller's zone counts")
	assert.Equal(t, 12*time.Hour, noon.Clock())
	assert.Equal(t, day("2026-06-10"), noon.Date())

	var read struct{ A, B, C DateTime }
	require.NoError(t, json.Unmarshal([]byte(`{"A":"0001-01-01T00:00:00","B":null,"C":"2026-06-10T12:00:00"}`), &read))
	assert.True(t, read.A.IsZero())
	assert.True(t, read.B.IsZero())
	assert.Equal(t, noon, read.C)
	assert.True(t, DateTime{}.In(paris).IsZero())
	assert.True(t, DateTimeOf(time.Time{}).IsZero())

	sent, err := json.Marshal(struct {
		A DateTime `json:"A,omitzero"`
		B DateTime
		C DateTime
	}{C: noon})
	require.NoError(t, err)
	assert.JSONEq(t, `{"B":null,"C":"2026-06-10T12:00:00"}`, string(sent), "0001-01-01 is never sent")
}

func TestNewDateTime(t *testing.T) {
	assert.Equal(t, at("2026-06-11T01:00:00"), NewDateTime(day("2026-06-10"), 25, 0, 0))
	assert.Equal(t, at("2026-06-09T23:59:59"), NewDateTime(day("2026-06-10"), 0, 0, -1))
	assert.True(t, NewDateTime(worktime.Date{}, 5, 0, 0).IsZero())
	assert.True(t, NewDateTime(day("9999-12-31"), 24, 0, 0).IsZero())
	assert.Equal(t, at("2026-06-10"), Midnight(day("2026-06-10")))
	assert.True(t, Midnight(worktime.Date{}).IsZero())
}

// A day on which the clocks change has all its times, each as [time.Date] takes it.
func TestDateTimeOnClockChange(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	for _, text := range []string{"2026-03-29T02:30:00", "2026-10-25T02:30:00", "2026-10-25T03:00:00"} {
		d := at(text)
		hour, minute := int(d.Clock().Hours()), int(d.Clock().Minutes())%60
		assert.Equal(t, time.Date(d.Date().Year(), d.Date().Month(), d.Date().Day(), hour, minute, 0, 0, paris), d.In(paris))
	}
	assert.Equal(t, 16, at("2026-03-29T16:00:00").In(paris).Hour())
}

func TestDateTimeCompare(t *testing.T) {
	ordered := []DateTime{{}, at("2026-06-09T23:00:00"), at("2026-06-10"), at("2026-06-10T00:00:00.5"), at("2026-06-10T08:00:00")}
	for i, a := range ordered {
		for j, b := range ordered {
			assert.Equal(t, min(1, max(-1, i-j)), a.Compare(b))
		}
	}
}

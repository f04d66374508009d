package protime

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

func ExampleTimeOfDay() {
	date := worktime.NewDate(2026, time.January, 13)
	for _, t := range []TimeOfDay{510, 1800, -120} {
		fmt.Println(t, t.On(date, time.UTC).Format(time.DateTime))
	}
	// Output:
	// 08:30 2026-01-13 08:30:00
	// 06:00+1 2026-01-14 06:00:00
	// 22:00-1 2026-01-12 22:00:00
}

func TestTimeOfDayString(t *testing.T) {
	for minutes, want := range map[TimeOfDay]string{
		0: "00:00", 1: "00:01", 510: "08:30", 1439: "23:59", 1440: "00:00+1", 1800: "06:00+1", 2879: "23:59+1", 2880: "00:00+2",
		-1: "23:59-1", -120: "22:00-1", -1440: "00:00-1", -1441: "23:59-2",
	} {
		assert.Equal(t, want, minutes.String())
	}
}

// Two in the morning does not exist on the day on which clocks go forward; the wall clock of
// the hours around it does.
func TestTimeOfDayOnClockChange(t *testing.T) {
	brussels, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	date := worktime.NewDate(2026, time.March, 29)
	assert.Equal(t, "2026-03-29T01:30:00+01:00", TimeOfDay(90).On(date, brussels).Format(time.RFC3339))
	assert.Equal(t, "2026-03-29T08:30:00+02:00", TimeOfDay(510).On(date, brussels).Format(time.RFC3339))
	assert.Equal(t, "2026-03-29T08:30:00+02:00", TimeOfDay(1440+510).On(date.AddDays(-1), brussels).Format(time.RFC3339))
	assert.True(t, TimeOfDay(90).On(worktime.Date{}, brussels).IsZero())
}

func TestTimeOfDayParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minutes := TimeOfDay(rapid.IntRange(-1440, 2880).Draw(t, "minutes"))
		date := worktime.NewDate(2026, time.June, rapid.IntRange(1, 400).Draw(t, "day"))
		at := minutes.On(date, time.UTC)
		require.Equal(t, date.In(time.UTC).Add(time.Duration(minutes)*time.Minute), at)
		require.Equal(t, [2]int{at.Hour(), at.Minute()}, [2]int{minutes.Hour(), minutes.Minute()})
	})
}

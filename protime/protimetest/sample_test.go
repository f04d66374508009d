package protimetest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// Whichever day of the week it begins on, the sample shows what a program may meet.
func TestSampleClockings(t *testing.T) {
	for shift := range 7 {
		from := worktime.NewDate(2026, 1, 1).AddDays(shift)
		sample := protimetest.SampleClockings(from)
		assert.Equal(t, sample, protimetest.SampleClockings(from))
		srv, err := protimetest.Start(protimetest.WithClockings(sample...))
		require.NoError(t, err)
		srv.Close()
		seen := map[string]int{}
		balance := map[int64]int{}
		for i, c := range sample {
			assert.False(t, c.Date.Before(from) || c.Date.DaysSince(from) >= 14)
			assert.True(t, i == 0 || !c.Date.Before(sample[i-1].Date), "not in the order of the days")
			assert.True(t, c.TimeOfDay >= protime.MinTimeOfDay && c.TimeOfDay <= protime.MaxTimeOfDay)
			assert.NotEmpty(t, c.Person.ExternalReferences["@badge-number"])
			seen["kind "+string(c.Kind)]++
			seen["status "+string(c.Status)]++
			for name, present := range map[string]bool{
				"on the next day": c.TimeOfDay >= 1440, "edited": c.OriginalTimeOfDay != nil, "generated": c.IsGenerated, "place": c.Geolocation != nil,
				"open": c.IsOpen != nil, "reason": c.Reason != nil, "activity": c.ActivityLevels != nil, "terminal": c.Terminal != nil,
				"rounded": *c.CalculatedTimeOfDay != c.TimeOfDay, "night": c.TimeOfDay >= 1300 && c.TimeOfDay < 1440,
			} {
				if present {
					seen[name]++
				}
			}
			if c.Status == protime.ClockingActive && (c.Kind == protime.ClockingInOut || c.Kind == protime.ClockingReason) {
				balance[c.Person.ID]++
			}
		}
		for _, want := range []string{
			"kind InOut", "kind Reason", "kind Activity", "kind ActivityEnd", "status Active", "status Deleted", "on the next day", "edited",
			"generated", "place", "open", "reason", "activity", "terminal", "rounded", "night",
		} {
			assert.NotZero(t, seen[want], "%s, from %s", want, from)
		}
		assert.Len(t, balance, 6)
		for person, n := range balance {
			if person != 5 { // whose last night may go on
				assert.Zero(t, n%2, "person %d comes and goes", person)
			}
		}
		assert.Greater(t, len(sample), 200)
	}
}

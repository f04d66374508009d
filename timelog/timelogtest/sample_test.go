package timelogtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

var monday = worktime.NewDate(2026, 6, 8)

func TestSample(t *testing.T) {
	srv := timelogtest.NewServer(t, timelogtest.WithSample(monday))
	assert.Len(t, srv.Users(), 6)
	assert.Len(t, srv.Customers(), 4)
	assert.Len(t, srv.Projects(), 6)
	assert.Len(t, srv.Tasks(), 12)
	rows := srv.Registrations()
	assert.Greater(t, len(rows), 90)
	hours := map[int64]float64{}
	kinds := map[string]int{}
	for _, r := range rows {
		require.Greater(t, r.Hours, 0.0)
		require.NotEmpty(t, r.ID)
		require.False(t, r.Date.Before(monday))
		require.True(t, r.Date.Before(monday.AddDays(14)))
		hours[r.UserID] += r.Hours
		if r.AbsenceCodeID != 0 {
			kinds["absence"]++
		}
		if r.IsInvoiced {
			kinds["invoiced"]++
		}
		if !r.Billable {
			kinds["not billable"]++
		}
	}
	for user, sum := range hours {
		assert.InDelta(t, 76, sum, 10, user)
	}
	assert.Len(t, hours, 5, "one is not active")
	assert.Len(t, kinds, 3)
	assert.Equal(t, rows, timelogtest.NewServer(t, timelogtest.WithSample(monday)).Registrations(), "always the same")
}

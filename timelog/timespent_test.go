package timelog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSpent(t *testing.T) {
	for _, c := range []struct {
		worked, billable time.Duration
		want             TimeSpent
	}{
		{90 * time.Minute, 90 * time.Minute, TimeSpent{1.5, 90, true, 1.5, 90}},
		{90 * time.Minute, 0, TimeSpent{1.5, 90, false, 0, 0}},
		{time.Hour, 2 * time.Hour, TimeSpent{1, 60, true, 2, 120}},
		{59*time.Minute + 30*time.Second, 29 * time.Second, TimeSpent{1, 60, false, 0, 0}},
		{26 * time.Hour, time.Minute, TimeSpent{26, 1560, true, 1.0 / 60, 1}},
	} {
		got := Spent(c.worked, c.billable)
		assert.Equal(t, c.want, got, "%v", c)
		assert.NoError(t, got.check("T"))
	}
	for minutes := range 24 * 60 { // whatever is spent agrees with itself
		require.NoError(t, Spent(time.Duration(minutes+1)*time.Minute, time.Duration(minutes)*time.Minute).check("T"))
	}
}

// TaskTime gives each registration a GUID of its own.
func TestTaskTimeGUID(t *testing.T) {
	a, b := TaskTime(1, day("2026-06-10"), TimeSpent{}), TaskTime(1, day("2026-06-10"), TimeSpent{})
	assert.NotEqual(t, a.GUID, b.GUID)
	require.NoError(t, checkGUID("GUID", a.GUID))
}

package attendance_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/attendance"
)

// clockings are any that the vendor may answer, and of some persons and days, so that many of them meet.
func clockings(t *rapid.T) []protime.Clocking {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) protime.Clocking {
		return protime.Clocking{
			ChangeVersion: rapid.SampledFrom([]string{"", "0A", "0B", "0C"}).Draw(t, "version"),
			ID:            rapid.Int64Range(1, 30).Draw(t, "id"),
			Person:        protime.ByID(rapid.Int64Range(1, 3).Draw(t, "person")),
			Date:          monday.AddDays(rapid.IntRange(0, 5).Draw(t, "day")),
			TimeOfDay: protime.TimeOfDay(rapid.OneOf(
				rapid.IntRange(0, 1439), rapid.IntRange(-1440, 2880), rapid.SampledFrom([]int{-1440, -1, 0, 479, 480, 481, 1439, 1440, 2880}),
			).Draw(t, "minutes")),
			Kind: rapid.SampledFrom([]protime.ClockingKind{
				protime.ClockingInOut, protime.ClockingInOut, protime.ClockingInOut, protime.ClockingReason, protime.ClockingActivity, protime.ClockingActivityEnd, "Other",
			}).Draw(t, "kind"),
			Status: rapid.SampledFrom([]protime.ClockingStatus{protime.ClockingActive, protime.ClockingActive, protime.ClockingUnknown, protime.ClockingDeleted}).Draw(t, "status"),
		}
	}), 0, 40).Draw(t, "clockings")
}

// What holds for all clockings: no time is negative or longer than what it lies in, and no order matters.
func TestPairProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := clockings(t)
		spans := attendance.Pair(rows)

		first, last := map[int64]attendance.Moment{}, map[int64]attendance.Moment{}
		for _, c := range rows {
			m, person := attendance.MomentOf(c.Date, c.TimeOfDay), c.Person.ID
			if known, ok := first[person]; !ok || m.Compare(known) < 0 {
				first[person] = m
			}
			if known, ok := last[person]; !ok || m.Compare(known) > 0 {
				last[person] = m
			}
		}
		total := map[int64]int{}
		end := map[int64]attendance.Moment{}
		for _, s := range spans {
			require.True(t, s.In != nil || s.Out != nil)
			require.False(t, s.Date().IsZero())
			require.GreaterOrEqual(t, s.Minutes(), 0)
			require.LessOrEqual(t, s.Minutes(), attendance.LongestSpan)
			for _, c := range []*protime.Clocking{s.In, s.Out} {
				if c == nil {
					continue
				}
				require.Contains(t, rows, *c, "nothing is made up")
				require.NotEqual(t, protime.ClockingDeleted, c.Status)
				m := attendance.MomentOf(c.Date, c.TimeOfDay)
				require.GreaterOrEqual(t, m.Compare(end[s.Person]), 0, "spans do not overlap")
				end[s.Person] = m
			}
			total[s.Person] += s.Minutes()
		}
		for person, minutes := range total {
			require.LessOrEqual(t, minutes, last[person].Sub(first[person]), "no more than between the first and the last clocking")
		}

		days := attendance.Days(spans)
		sum, unpaired, n := 0, 0, 0
		for _, d := range days {
			require.GreaterOrEqual(t, d.Breaks(), 0)
			sum, unpaired, n = sum+d.Worked(), unpaired+d.Unpaired(), n+len(d.Spans)
		}
		want := 0
		for _, s := range spans {
			want += s.Minutes()
			if !s.Paired() {
				unpaired--
			}
		}
		require.Equal(t, []int{want, 0, len(spans)}, []int{sum, unpaired, n}, "days lose nothing and count nothing twice")

		other := append([]protime.Clocking(nil), rows...)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		require.Equal(t, show(spans), show(attendance.Pair(other)))
		require.Equal(t, show(spans), show(attendance.Pair(append(other, other...))), "what comes twice counts once")
	})
}

package attendance

import (
	"cmp"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// Moment is what a calendar and a clock on the wall show, without a zone. Moments can be compared with ==. The zero
// Moment is none.
type Moment struct {
	Date      worktime.Date
	TimeOfDay protime.TimeOfDay // 0 to 1439
}

const minutesPerDay = 24 * 60

// MomentOf returns the moment that a date and a time of day stand for: minutes below 0 lie on days before the
// date, those above 1439 on days after it. Without a date, or beyond the years 1 to 9999, it is the zero Moment.
func MomentOf(date worktime.Date, t protime.TimeOfDay) Moment {
	clock := protime.TimeOfDay(t.Hour()*60 + t.Minute())
	m := Moment{date.AddDays(int(t-clock) / minutesPerDay), clock}
	if m.Date.IsZero() {
		return Moment{}
	}
	return m
}

// Sub returns the minutes on the clock from other to m, negative if m is earlier. Neither may be zero.
func (m Moment) Sub(other Moment) int {
	return m.Date.DaysSince(other.Date)*minutesPerDay + int(m.TimeOfDay-other.TimeOfDay)
}

// Compare returns -1 if m is before other, 0 if both are the same and +1 if m is after it. The zero Moment is before
// every other.
func (m Moment) Compare(other Moment) int {
	return cmp.Or(m.Date.Compare(other.Date), cmp.Compare(m.TimeOfDay, other.TimeOfDay))
}

// In returns the moment at which clocks in loc show m; see [protime.TimeOfDay.On].
func (m Moment) In(loc *time.Location) time.Time { return m.TimeOfDay.On(m.Date, loc) }

// String returns the moment as "2026-01-05 08:30", and the zero Moment as the empty string.
func (m Moment) String() string {
	if m.Date.IsZero() {
		return ""
	}
	return m.Date.String() + " " + m.TimeOfDay.String()
}

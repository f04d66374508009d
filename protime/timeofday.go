package protime

import (
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
)

// TimeOfDay is a wall-clock time in minutes since midnight of the date beside it. Usual
// values are 0 to 1439; -1440 to -1 lie on the day before, 1440 to 2880 on the days after.
type TimeOfDay int

// The range that Protime takes.
const (
	MinTimeOfDay TimeOfDay = -1440
	MaxTimeOfDay TimeOfDay = 2880
)

// checkTimeOfDay checks a time in a request; nil is none.
func checkTimeOfDay(field string, t *TimeOfDay) error {
	if t != nil && (*t < MinTimeOfDay || *t > MaxTimeOfDay) {
		return badField(field, fmt.Sprintf("is %d minutes: Protime takes %d to %d", int(*t), int(MinTimeOfDay), int(MaxTimeOfDay)))
	}
	return nil
}

const minutesPerDay = 24 * 60

// day returns how many days after the date t lies, rounded down.
func (t TimeOfDay) day() int {
	day := int(t) / minutesPerDay
	if int(t) < day*minutesPerDay {
		day--
	}
	return day
}

// Hour returns the hour on the clock, 0 to 23.
func (t TimeOfDay) Hour() int { return (int(t) - t.day()*minutesPerDay) / 60 }

// Minute returns the minute on the clock, 0 to 59.
func (t TimeOfDay) Minute() int { return (int(t) - t.day()*minutesPerDay) % 60 }

// String returns the time on the clock with the distance in days if it is not on the date
// itself: "08:30", "06:00+1", "22:00-1".
func (t TimeOfDay) String() string {
	s := fmt.Sprintf("%02d:%02d", t.Hour(), t.Minute())
	if day := t.day(); day != 0 {
		s += fmt.Sprintf("%+d", day)
	}
	return s
}

// On returns the moment at which a clock in loc shows t on date, or on the day before or after
// that t stands for. A time that a change of clocks skips or repeats is resolved as
// [time.Date] does. The zero date gives the zero time.
func (t TimeOfDay) On(date worktime.Date, loc *time.Location) time.Time {
	if date.IsZero() {
		return time.Time{}
	}
	return time.Date(date.Year(), date.Month(), date.Day()+t.day(), t.Hour(), t.Minute(), 0, 0, loc)
}

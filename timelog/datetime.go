package timelog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// DateTime is a day and a time of day on the clock of the site, without a zone. Only the caller knows the
// site's zone; [DateTime.In] makes a moment of the two. The zero value means "none", which TimeLog writes as
// 0001-01-01T00:00:00. DateTimes can be compared with ==.
type DateTime struct {
	date worktime.Date
	time time.Duration // since midnight, on the clock
}

const dateTimeLayout = "2006-01-02T15:04:05"

// Midnight returns the beginning of a day, which is what TimeLog takes for the day. The zero Date gives
// the zero DateTime.
func Midnight(day worktime.Date) DateTime { return DateTime{date: day} }

// NewDateTime returns the given time of a day. The clock is between 00:00:00 and 23:59:59; what is beyond is carried
// over to another day. The zero Date gives the zero DateTime.
func NewDateTime(day worktime.Date, hour, minute, second int) DateTime {
	if day.IsZero() {
		return DateTime{}
	}
	return DateTimeOf(time.Date(day.Year(), day.Month(), day.Day(), hour, minute, second, 0, time.UTC))
}

// DateTimeOf returns what a clock in t's own location shows at t, so convert t to the site's zone first. A year outside
// 1 to 9999 gives the zero DateTime.
func DateTimeOf(t time.Time) DateTime {
	date := worktime.DateOf(t)
	if date.IsZero() {
		return DateTime{}
	}
	hour, minute, second := t.Clock()
	d := DateTime{date, time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(t.Nanosecond())}
	return d.normal()
}

// normal makes the zero value of TimeLog's way to write it.
func (d DateTime) normal() DateTime {
	if d == Midnight(worktime.NewDate(1, time.January, 1)) {
		return DateTime{}
	}
	return d
}

// ParseDateTime reads the forms that TimeLog writes and takes: 2006-01-02T15:04:05, also with a fraction of a second, and
// 2006-01-02. The empty string and 0001-01-01T00:00:00 are the zero DateTime. A zone at the end, which TimeLog does not
// document, is dropped: it is the clock that counts.
func ParseDateTime(s string) (DateTime, error) {
	if s == "" {
		return DateTime{}, nil
	}
	if day, err := worktime.ParseDate(s); err == nil {
		return Midnight(day).normal(), nil
	}
	for _, layout := range []string{dateTimeLayout, dateTimeLayout + "Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 && !strings.Contains(s, ",") {
			return DateTimeOf(t), nil
		}
	}
	return DateTime{}, fmt.Errorf("timelog: %.40q is not a time of the form 2006-01-02T15:04:05", s)
}

// IsZero reports whether d is the zero DateTime, "none".
func (d DateTime) IsZero() bool { return d == DateTime{} }

// Date returns the day; the zero Date for the zero DateTime.
func (d DateTime) Date() worktime.Date { return d.date }

// Clock returns the time of day, as what a clock shows since midnight.
func (d DateTime) Clock() time.Duration { return d.time }

// In returns the moment at which clocks in loc show d; where they show it twice or never, as [time.Date] does. The zero
// DateTime gives the zero [time.Time].
func (d DateTime) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	seconds := int(d.time / time.Second)
	return time.Date(d.date.Year(), d.date.Month(), d.date.Day(), 0, 0, seconds, int(d.time%time.Second), loc)
}

// Compare returns -1 if d is before other, 0 if both are the same and +1 if d is after it. The zero DateTime
// is before every other.
func (d DateTime) Compare(other DateTime) int {
	return cmp.Or(d.date.Compare(other.date), cmp.Compare(d.time, other.time))
}

// String returns the form 2006-01-02T15:04:05, with a fraction if there is one, and the empty string for the zero DateTime.
func (d DateTime) String() string {
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText implements [encoding.TextAppender] with the form of [DateTime.String].
func (d DateTime) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, nil
	}
	return d.In(time.UTC).AppendFormat(b, "2006-01-02T15:04:05.999999999"), nil
}

// MarshalText implements [encoding.TextMarshaler] with the form of [DateTime.String].
func (d DateTime) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseDateTime].
func (d *DateTime) UnmarshalText(text []byte) error {
	parsed, err := ParseDateTime(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// MarshalJSON writes a string of the form "2006-01-02T15:04:05", and null for the zero DateTime. Tag a field with omitzero
// to leave a zero DateTime out.
func (d DateTime) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	b, _ := d.AppendText([]byte{'"'})
	return append(b, '"'), nil
}

// UnmarshalJSON reads a string in a form of [ParseDateTime]; null gives the zero DateTime.
func (d *DateTime) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*d = DateTime{}
		return nil
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("timelog: %.40q is not a time: want a string of the form 2006-01-02T15:04:05", data)
	}
	return d.UnmarshalText([]byte(s))
}

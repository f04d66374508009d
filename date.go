package worktime

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// Date is a calendar day without a time of day or a time zone, as the vendors
// use for bookings. The zero value means "no date". Dates can be compared with ==.
type Date struct {
	year       int16
	month, day uint8
}

// NewDate returns the date of the given year (1 to 9999), month and day. Months and
// days outside their usual ranges are carried over as [time.Date] does: 32 October
// is 1 November. A year that ends outside 1 to 9999 gives the zero Date.
func NewDate(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// DateOf returns the day of t in t's own location. The zero time gives 1 January of
// year 1, not the zero Date.
func DateOf(t time.Time) Date {
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		return Date{}
	}
	return Date{int16(year), uint8(month), uint8(day)}
}

// ParseDate reads a date in the form 2006-01-02, and the empty string as the zero Date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	if d, ok := parseDate([]byte(s)); ok {
		return d, nil
	}
	return Date{}, fmt.Errorf("worktime: %q is not a date of the form 2006-01-02", clip(s, 40))
}

// parseDate is [time.Parse] for this one form, without its allocations: lists hold a date in
// every row.
func parseDate(b []byte) (Date, bool) {
	if len(b) != len(time.DateOnly) || b[4] != '-' || b[7] != '-' {
		return Date{}, false
	}
	number := func(digits []byte) (n int) {
		for _, c := range digits {
			if c < '0' || c > '9' {
				return -1 << 16
			}
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day := number(b[:4]), number(b[5:7]), number(b[8:])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > 31 {
		return Date{}, false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return Date{}, false
	}
	return Date{int16(year), uint8(month), uint8(day)}, true
}

// IsZero reports whether d is the zero Date, "no date".
func (d Date) IsZero() bool { return d == Date{} }

// Year returns the year, 1 to 9999; 0 for the zero Date.
func (d Date) Year() int { return int(d.year) }

// Month returns the month; 0 for the zero Date.
func (d Date) Month() time.Month { return time.Month(d.month) }

// Day returns the day of the month, 1 to 31; 0 for the zero Date.
func (d Date) Day() int { return int(d.day) }

// Weekday returns the day of the week; Monday for the zero Date, which has none.
func (d Date) Weekday() time.Weekday { return d.In(time.UTC).Weekday() }

// Compare returns -1 if d is before other, 0 if both are the same day and +1 if d is
// after it. The zero Date is before every other.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.year, other.year), cmp.Compare(d.month, other.month), cmp.Compare(d.day, other.day))
}

// Before reports whether d is before other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether d is after other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// AddDays returns the date n days after d, or before it if n is negative. The zero
// Date stays zero; so does a result outside the years 1 to 9999.
func (d Date) AddDays(n int) Date {
	const longest = 9999 * 366 // and far from an overflow
	if d.IsZero() || n > longest || n < -longest {
		return Date{}
	}
	return DateOf(d.In(time.UTC).AddDate(0, 0, n))
}

// DaysSince returns the number of days from other to d, negative if d is earlier.
func (d Date) DaysSince(other Date) int {
	const day = 24 * 60 * 60
	return int((d.In(time.UTC).Unix() - other.In(time.UTC).Unix()) / day)
}

// In returns the first moment of d in loc: midnight, or the first moment after it
// where a change of clocks skips midnight. The zero Date gives the zero [time.Time].
func (d Date) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	t := time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, loc)
	start, end := t.ZoneBounds()
	if DateOf(t) != d {
		return end // clocks skip midnight, and time.Date took the offset that falls on the day before
	}
	// If clocks go back over midnight it comes twice; time.Date takes either.
	_, offset := t.Zone()
	_, before := start.Add(-1).Zone()
	if first := t.Add(time.Duration(offset-before) * time.Second); !start.IsZero() && first.Before(start) && DateOf(first) == d {
		return first
	}
	return t
}

// String returns the date as 2006-01-02, and the zero Date as the empty string.
func (d Date) String() string {
	text, _ := d.AppendText(nil)
	return string(text)
}

// AppendText implements [encoding.TextAppender] with the form of [Date.String].
func (d Date) AppendText(b []byte) ([]byte, error) {
	if d.IsZero() {
		return b, nil
	}
	return d.In(time.UTC).AppendFormat(b, time.DateOnly), nil
}

// MarshalText implements [encoding.TextMarshaler] with the form of [Date.String].
func (d Date) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler]; see [ParseDate].
func (d *Date) UnmarshalText(text []byte) error {
	parsed, err := ParseDate(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// MarshalJSON writes a string of the form "2006-01-02", and null for the zero Date.
// Tag a field with omitzero to leave a zero Date out.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	b, _ := d.AppendText([]byte{'"'})
	return append(b, '"'), nil
}

// UnmarshalJSON reads a string of the form "2006-01-02"; null and "" give the zero Date.
func (d *Date) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*d = Date{}
		return nil
	}
	if n := len(data) - 1; n > 0 && data[0] == '"' && data[n] == '"' {
		if parsed, ok := parseDate(data[1:n]); ok {
			*d = parsed
			return nil
		}
	}
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("worktime: %q is not a date: want a string of the form 2006-01-02", clip(string(data), 40))
	}
	return d.UnmarshalText([]byte(s))
}

// EncodeValues lets go-querystring write the date as a query parameter. The zero Date
// writes none.
func (d Date) EncodeValues(key string, values *url.Values) error {
	if !d.IsZero() {
		values.Set(key, d.String())
	}
	return nil
}

// clip shortens text that came from outside before it goes into an error.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "…"
}

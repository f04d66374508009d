package timeneye

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// fields are the members of a JSON object, read one by one. The vendor publishes no types, and
// those that were seen differ: numbers come as strings, booleans as 0 and 1, money as text.
// So each reader takes all forms that can be meant, and what cannot be meant is an error that
// names the member: it never becomes a zero. Null and absent are the same.
type fields struct {
	object string // what is read, for errors
	values map[string]json.RawMessage
	err    error // the first
}

func readFields(object string, data []byte) *fields {
	f := &fields{object: object}
	if err := json.Unmarshal(data, &f.values); err != nil {
		f.err = fmt.Errorf("%s: %w", object, err)
	} else if f.values == nil {
		f.err = fmt.Errorf("%s: is null", object)
	}
	return f
}

// read hands the member to decode, unless it is null or absent.
func (f *fields) read(name string, decode func(json.RawMessage) error) {
	raw := f.values[name]
	if f.err != nil || raw == nil || string(raw) == "null" {
		return
	}
	if err := decode(raw); err != nil {
		f.err = fmt.Errorf("%s.%s: %w", f.object, name, err)
	}
}

// require refuses an object without the members that make it what it is.
func (f *fields) require(names ...string) {
	for _, name := range names {
		if raw := f.values[name]; f.err == nil && (raw == nil || string(raw) == "null") {
			f.err = fmt.Errorf("%s.%s: is missing", f.object, name)
		}
	}
}

// text reads a string; a number is taken for one.
func (f *fields) text(name string, out *string) {
	f.read(name, func(raw json.RawMessage) (err error) {
		*out, err = scalar(raw)
		return err
	})
}

// id reads a positive integer, as a number or as a string of digits.
func (f *fields) id(name string, out *int64) {
	f.read(name, func(raw json.RawMessage) (err error) {
		if *out, err = integer(raw); err == nil && *out < 1 {
			err = fmt.Errorf("%d is no id", *out)
		}
		return err
	})
}

// count reads an integer that is not negative.
func (f *fields) count(name string, out *int) {
	f.read(name, func(raw json.RawMessage) error {
		n, err := integer(raw)
		if err == nil && (n < 0 || n > math.MaxInt32) {
			err = fmt.Errorf("%d is out of range", n)
		}
		*out = int(n)
		return err
	})
}

// flag reads 0, 1, true or false, also as strings.
func (f *fields) flag(name string, out *bool) {
	f.read(name, func(raw json.RawMessage) error {
		s, err := scalar(raw)
		switch {
		case err != nil:
			return err
		case s == "1" || s == "true":
			*out = true
		case s == "0" || s == "false":
			*out = false
		default:
			return fmt.Errorf("%.40q is neither 0 nor 1", s)
		}
		return nil
	})
}

// decimal reads an amount of money as it is written.
func (f *fields) decimal(name string, out *Decimal) {
	f.read(name, func(raw json.RawMessage) error {
		s, err := scalar(raw)
		if err == nil && !isDecimal(s) {
			err = fmt.Errorf("%.40q is not a decimal number", s)
		}
		*out = Decimal(s)
		return err
	})
}

// day reads a calendar day, or that of a timestamp as it is written there: no zone is applied,
// since it is the day of the person who worked.
func (f *fields) day(name string, out *worktime.Date) {
	f.read(name, func(raw json.RawMessage) error {
		s, err := scalar(raw)
		if err != nil {
			return err
		}
		if s == "" {
			return errors.New("is empty")
		}
		if len(s) > len(time.DateOnly) {
			if _, err := timestamp(s); err != nil {
				return err
			}
			s = s[:len(time.DateOnly)]
		}
		*out, err = worktime.ParseDate(s)
		return err
	})
}

// time reads a moment.
func (f *fields) time(name string, out *time.Time) {
	f.read(name, func(raw json.RawMessage) error {
		s, err := scalar(raw)
		if err == nil {
			*out, err = timestamp(s)
		}
		return err
	})
}

// scalar returns the text of a string, a number or a boolean.
func scalar(raw json.RawMessage) (string, error) {
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[':
		return "", errors.New("is not a single value")
	case raw[0] == '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	default:
		return string(raw), nil
	}
}

// integer reads a whole number, as a number or as a string. 90.0 is one too.
func integer(raw json.RawMessage) (int64, error) {
	s, err := scalar(raw)
	if err != nil {
		return 0, err
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && s[0] != '+' {
		return n, nil
	}
	if whole, fraction, ok := strings.Cut(s, "."); ok && isDecimal(s) && strings.Trim(fraction, "0") == "" {
		if n, err := strconv.ParseInt(whole, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%.40q is not a whole number", s)
}

// isDecimal reports whether s is digits with at most one point among them, and perhaps a minus.
func isDecimal(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// timestamp reads RFC 3339, or a date and a time without zone, which are taken as UTC.
func timestamp(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a timestamp", s)
}

package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// asked is how long the last answer asked to wait; 0 if it did not say so
// understandably.
func (x *exchange) asked() time.Duration {
	if x.header == nil {
		return 0
	}
	return RetryAfter(x.header, time.Now())
}

// RetryAfter reads the Retry-After fields of an answer (RFC 9110, section 10.2.3): seconds, or
// a date in any of the three forms, measured against the answer's own Date. The longest
// of several counts. Without a readable one X-RateLimit-Reset is read, in seconds
// or as a Unix time. What is negative, past or unreadable counts as absent.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	var longest time.Duration
	for _, value := range header["Retry-After"] {
		value = strings.TrimSpace(value)
		if d, ok := seconds(value); ok {
			longest = max(longest, d)
		} else if at, err := http.ParseTime(value); err == nil {
			longest = max(longest, at.Sub(now))
		}
	}
	if longest > 0 {
		return longest
	}
	d, ok := seconds(strings.TrimSpace(header.Get("X-RateLimit-Reset")))
	if !ok {
		return 0
	}
	if year := 365 * 24 * time.Hour; d > year {
		d -= time.Duration(now.Unix()) * time.Second
	}
	return max(0, d)
}

// seconds reads a number of seconds; a fraction is rounded up, more than fits is the most
// that fits.
func seconds(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false // ParseFloat would take "1e9", "0x10", "inf" and "_" too
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	f = math.Ceil(f)
	if f >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64, true
	}
	return time.Duration(f) * time.Second, true
}

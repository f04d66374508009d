package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// asked is how long the last answer asked to wait; 0 if it did not say so
// understandably. Quotas are told by many servers with every answer, so they are read with a
// 429 only.
func (x *exchange) asked() time.Duration {
	if x.outcome != Throttled && x.outcome != Unavailable {
		return 0
	}
	now := serverTime(x.header, time.Now())
	if d := retryAfter(x.header["Retry-After"], now); d > 0 || x.outcome != Throttled {
		return d
	}
	return rateLimitReset(x.header.Get("X-RateLimit-Reset"), now)
}

// serverTime is the server's clock, which its dates are measured against; ours if it does not
// tell it.
func serverTime(header http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		return date
	}
	return now
}

// retryAfter reads the Retry-After fields of an answer (RFC 9110, section 10.2.3): seconds, or
// a date in any of the three forms. The longest of several counts; what is negative, past or
// unreadable counts as absent.
func retryAfter(values []string, now time.Time) time.Duration {
	var longest time.Duration
	for _, value := range values {
		value = strings.TrimSpace(value)
		if d, ok := seconds(value); ok {
			longest = max(longest, d)
		} else if at, err := http.ParseTime(value); err == nil {
			longest = max(longest, at.Sub(now))
		}
	}
	return longest
}

// rateLimitReset reads the moment at which a quota is renewed: in seconds from now, or as a
// Unix time.
func rateLimitReset(value string, now time.Time) time.Duration {
	d, ok := seconds(strings.TrimSpace(value))
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
	if err != nil && !math.IsInf(f, 1) {
		return 0, false
	}
	f = math.Ceil(f)
	if f >= math.MaxInt64/float64(time.Second) {
		return math.MaxInt64, true
	}
	return time.Duration(f) * time.Second, true
}

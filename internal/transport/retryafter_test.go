package transport

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// noon is the time of the table; a test in a bubble sleeps until then.
var noon = time.Date(2000, 1, 1, 12, 0, 0, 0, time.UTC)

type retryAfterCase struct {
	name   string
	header http.Header
	want   time.Duration
}

func retryAfterCases() []retryAfterCase {
	in := func(d time.Duration, layout string) string {
		return noon.Add(d).Format(layout)
	}
	// The forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime.
	const imf, rfc850, asctime = http.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC
	after := func(values ...string) http.Header { return http.Header{"Retry-After": values} }
	reset := func(value string) http.Header { return http.Header{"X-Ratelimit-Reset": {value}} }
	dated := func(date string, h http.Header) http.Header { h.Set("Date", date); return h }
	unix := func(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }
	slow, fast := in(-3*time.Hour, imf), in(3*time.Hour, imf) // clocks of servers

	return []retryAfterCase{
		{"absent", http.Header{}, 0},
		{"seconds", after("7"), 7 * time.Second},
		{"one second", after("1"), time.Second},
		{"zero", after("0"), 0},
		{"leading zeros", after("007"), 7 * time.Second},
		{"blanks around", after("  7 \t"), 7 * time.Second},
		{"an hour", after("3600"), time.Hour},
		{"fraction is rounded up", after("1.2"), 2 * time.Second},
		{"small fraction", after("0.001"), time.Second},
		{"fraction of zero", after("0.0"), 0},
		{"negative", after("-7"), 0},
		{"negative fraction", after("-0.5"), 0},
		{"plus sign", after("+7"), 0},
		{"exponent", after("1e3"), 0},
		{"hexadecimal", after("0x10"), 0},
		{"underscore", after("1_000"), 0},
		{"infinity", after("Inf"), 0},
		{"not a number", after("NaN"), 0},
		{"unit", after("7s"), 0},
		{"two points", after("1.2.3"), 0},
		{"only a point", after("."), 0},
		{"empty", after(""), 0},
		{"blank", after("   "), 0},
		{"garbage", after("soon"), 0},
		{"unicode digits", after("７"), 0},
		{"arabic digits", after("٧"), 0},
		{"superscript", after("²"), 0},
		{"invalid UTF-8", after("\xff7"), 0},
		{"NUL", after("7\x00"), 0},
		{"list in one field", after("7, 9"), 0},
		{"largest int64", after("9223372036854775807"), math.MaxInt64},
		{"just too many seconds", after("9223372037"), math.MaxInt64},
		{"overflow", after("99999999999999999999"), math.MaxInt64},
		{"beyond a float", after(strings.Repeat("9", 400)), math.MaxInt64},
		{"two fields, longest wins", after("3", "9"), 9 * time.Second},
		{"two fields, the other way round", after("9", "3"), 9 * time.Second},
		{"two fields, one garbage", after("soon", "4"), 4 * time.Second},
		{"two fields, seconds and date", after("3", in(9*time.Second, imf)), 9 * time.Second},

		{"IMF-fixdate", after(in(90*time.Second, imf)), 90 * time.Second},
		{"RFC 850", after(in(90*time.Second, rfc850)), 90 * time.Second},
		{"asctime", after(in(90*time.Second, asctime)), 90 * time.Second},
		{"date in the past", after(in(-time.Second, imf)), 0},
		{"date of now", after(in(0, imf)), 0},
		{"date in the far past", after("Thu, 01 Jan 1970 00:00:00 GMT"), 0},
		{"date in a year", after(in(365*24*time.Hour, imf)), 365 * 24 * time.Hour},
		{"date too far for a Duration", after("Fri, 31 Dec 9999 23:59:59 GMT"), math.MaxInt64},
		{"impossible date", after("Fri, 31 Feb 2000 12:00:00 GMT"), 0},
		{"date without a zone", after("Sat, 01 Jan 2000 12:01:30"), 0},
		{"date of RFC 3339", after("2000-01-01T12:01:30Z"), 0},

		{"date, server's clock slow", dated(slow, after(in(-3*time.Hour+90*time.Second, imf))), 90 * time.Second},
		{"date, server's clock fast", dated(fast, after(in(3*time.Hour+90*time.Second, imf))), 90 * time.Second},
		{"date in the server's past", dated(fast, after(in(90*time.Second, imf))), 0},
		{"seconds need no clock", dated(slow, after("7")), 7 * time.Second},
		{"unreadable Date", dated("yesterday", after(in(90*time.Second, imf))), 90 * time.Second},
		{"Date in another form", dated(in(-3*time.Hour, rfc850), after(in(-3*time.Hour+90*time.Second, imf))), 90 * time.Second},

		{"reset in seconds", reset("30"), 30 * time.Second},
		{"reset as Unix time", reset(unix(90 * time.Second)), 90 * time.Second},
		{"reset as Unix time, server's clock fast", dated(fast, reset(unix(3*time.Hour+90*time.Second))), 90 * time.Second},
		{"reset in the past", reset(unix(-time.Minute)), 0},
		{"reset now", reset(unix(0)), 0},
		{"reset zero", reset("0"), 0},
		{"reset negative", reset("-30"), 0},
		{"reset garbage", reset("soon"), 0},
		{"reset empty", reset(""), 0},
		{"Retry-After beats the reset", http.Header{"Retry-After": {"7"}, "X-Ratelimit-Reset": {"30"}}, 7 * time.Second},
		{"unreadable Retry-After", http.Header{"Retry-After": {"soon"}, "X-Ratelimit-Reset": {"30"}}, 30 * time.Second},
		{"Retry-After in the past", http.Header{"Retry-After": {in(-time.Hour, imf)}, "X-Ratelimit-Reset": {"30"}}, 30 * time.Second},
	}
}

// The whole reading of a header, as it is done with an answer 429.
func TestAsked(t *testing.T) {
	require.GreaterOrEqual(t, len(retryAfterCases()), 30)
	for _, tt := range retryAfterCases() {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(noon))
				x := exchange{attempt: attempt{status: 429, header: tt.header, outcome: Throttled}}
				require.Equal(t, tt.want, x.asked())
			})
		})
	}
}

// Only an answer that tells the caller to come again is asked when; quotas are told with many
// answers and mean something with 429 only.
func TestAskedOf(t *testing.T) {
	header := http.Header{"Retry-After": {"7"}}
	quota := http.Header{"X-Ratelimit-Reset": {"1800"}, "X-Ratelimit-Remaining": {"99"}}
	for outcome, want := range map[Outcome][2]time.Duration{
		Throttled:   {7 * time.Second, 30 * time.Minute},
		Unavailable: {7 * time.Second, 0},
		Unknown:     {},
		Refused:     {},
		Done:        {},
	} {
		x := exchange{attempt: attempt{header: header, outcome: outcome}}
		require.Equal(t, want[0], x.asked(), outcome)
		x.header = quota
		require.Equal(t, want[1], x.asked(), outcome)
		x.header = nil
		require.Zero(t, x.asked(), outcome)
	}
}

// The same values end to end: the floor holds, with at most a tenth on top; over the cap the
// call returns at once and says how long.
func TestRetryAfterEndToEnd(t *testing.T) {
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for _, tt := range retryAfterCases() {
			if status != http.StatusTooManyRequests && len(tt.header["X-Ratelimit-Reset"]) > 0 {
				continue
			}
			t.Run(fmt.Sprint(status, " ", tt.name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { testRetryAfter(t, status, tt) })
			})
		}
	}
}

func testRetryAfter(t *testing.T, status int, tt retryAfterCase) {
	time.Sleep(time.Until(noon))
	first := canned(status, "")
	first.Header = tt.header
	var sent []time.Duration
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
		sent = append(sent, time.Since(noon))
		if len(sent) == 1 {
			return first, nil
		}
		return canned(200, ""), nil
	}), func(o *worktime.Options) {
		o.Retry.MaxWait = 2 * time.Minute
		if tt.want > 0 {
			o.Retry.BaseDelay = time.Minute // what the server asks for counts, not the backoff
		}
	})
	resp, err := client.Do(t.Context(), call)

	if tt.want > 2*time.Minute {
		sentinel := Sentinel(status)
		requireIs(t, err, sentinel)
		f := failure(t, err)
		require.Equal(t, tt.want, f.RetryAfter, "the caller is told what the server asked for")
		require.Equal(t, 1, f.Attempts)
		require.Zero(t, time.Since(noon), "it waited to fail")
		return
	}
	require.NoError(t, err)
	resp.Release()
	require.Len(t, sent, 2)
	require.Zero(t, sent[0])
	if tt.want > 0 {
		require.GreaterOrEqual(t, sent[1], tt.want)
		require.LessOrEqual(t, sent[1], tt.want+tt.want/10)
	} else {
		require.LessOrEqual(t, sent[1], 2*time.Second, "a value that cannot be read is a backoff")
	}
}

// A deadline before the end of the wait: nobody waits to fail.
func TestDeadlineBeforeWait(t *testing.T) {
	for status, is := range map[int]error{429: worktime.ErrRateLimited, 503: worktime.ErrUnavailable} {
		for name, after := range map[string]string{"seconds": "30", "date": time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC).Format(http.TimeFormat)} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, answer(status, "Retry-After", after))
					ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
					defer cancel()
					_, err := w.do(ctx, w.call(Safe))
					requireIs(t, err, is, context.DeadlineExceeded)
					require.Zero(t, w.now())
					require.NoError(t, ctx.Err(), "the deadline has not passed")
					require.Equal(t, 30*time.Second, failure(t, err).RetryAfter)
					require.Equal(t, status, failure(t, err).StatusCode)
					require.Len(t, w.seen(), 1)
				})
			})
		}
	}
}

// A deadline after the wait does not shorten it.
func TestDeadlineAfterWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(429, "Retry-After", "10"), answer(200)))
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		_, err := w.do(ctx, w.call(Once))
		require.NoError(t, err)
		require.GreaterOrEqual(t, w.now(), 10*time.Second)
		require.Len(t, w.seen(), 2)
	})
}

// MaxWait is inclusive, and negative means that no vendor is waited for.
func TestMaxWait(t *testing.T) {
	for name, tt := range map[string]struct {
		max   time.Duration
		after string
		sends int
	}{
		"below":             {0, "59", 2},
		"equal":             {0, "60", 2},
		"above":             {0, "61", 1},
		"raised":            {5 * time.Minute, "300", 2},
		"raised, above":     {5 * time.Minute, "301", 1},
		"above an hour":     {3 * time.Hour, "7200", 2},
		"off":               {-1, "1", 1},
		"off, nothing said": {-1, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, script(answer(429, "Retry-After", tt.after), answer(200)),
					options(func(o *worktime.Options) { o.Retry.MaxWait = tt.max }))
				_, err := w.do(t.Context(), w.call(Safe))
				require.Len(t, w.seen(), tt.sends)
				if tt.sends == 1 {
					requireIs(t, err, worktime.ErrRateLimited)
					require.Zero(t, w.now())
					return
				}
				require.NoError(t, err)
				floor, _ := seconds(tt.after)
				require.GreaterOrEqual(t, w.seen()[1].At, floor, "never earlier than the server allows")
			})
		})
	}
}

// A wait too long for a Duration is not a short one, whatever the cap.
func TestLongestWait(t *testing.T) {
	for _, status := range []int{429, 503} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answer(status, "Retry-After", "99999999999999"),
				options(func(o *worktime.Options) { o.Retry.MaxWait = math.MaxInt64 }))
			ctx, cancel := context.WithTimeout(t.Context(), 1000*time.Hour)
			defer cancel()
			_, err := w.do(ctx, w.call(Safe))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Len(t, w.seen(), 1)
		})
	}
}

// A 429 that says nothing is never answered with a volley, however the waits are set.
func TestNoVolleyAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answer(429), options(func(o *worktime.Options) { o.Retry.BaseDelay = -1 }))
		_, err := w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrRateLimited)
		seen := w.seen()
		require.Len(t, seen, 10)
		for i := 1; i < len(seen); i++ {
			require.GreaterOrEqual(t, seen[i].At-seen[i-1].At, time.Second)
		}
	})
}

// Without Retry-After the limit of the random wait doubles, up to MaxWait.
func TestBackoffEndToEnd(t *testing.T) {
	longest := make([]time.Duration, 7)
	for range 300 {
		synctest.Test(t, func(t *testing.T) {
			var sent []time.Time
			client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
				sent = append(sent, time.Now())
				return canned(503, ""), nil
			}), func(o *worktime.Options) {
				o.Retry = worktime.RetryPolicy{MaxAttempts: 8, BaseDelay: time.Second, MaxWait: 20 * time.Second}
			})
			_, err := client.Do(t.Context(), call)
			require.Error(t, err)
			require.Len(t, sent, 8)
			for i := range longest {
				longest[i] = max(longest[i], sent[i+1].Sub(sent[i]))
			}
		})
	}
	for i, limit := range []time.Duration{1, 2, 4, 8, 16, 20, 20} {
		limit *= time.Second
		require.LessOrEqual(t, longest[i], limit)
		require.Greater(t, longest[i], limit*9/10, "of 300 waits, %d, one is near the limit", i)
	}
}

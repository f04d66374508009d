package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func TestJoin(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	require.NoError(t, Join())
	require.NoError(t, Join(nil, nil))
	require.Equal(t, a, Join(nil, a, nil))
	require.Equal(t, a, Join(a, a))
	require.EqualError(t, Join(a, nil, b, a), "a: b")
	require.ErrorIs(t, Join(a, b), b)
	require.EqualError(t, Join(fmt.Errorf("wrapped %w", a), a), "wrapped a", "said already")
	require.EqualError(t, Join(Join(a, b), Join(b, a)), "a: b: b: a", "a joined error is no error of its own")
}

func TestSentinel(t *testing.T) {
	for status := 100; status < 700; status++ {
		err := Sentinel(status)
		if status/100 == 2 {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err, status)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
	}
}

// Whatever a Classify returns for whatever status, a call ends with an answer or a Failure that
// can be read.
func TestClassify(t *testing.T) {
	for _, status := range []int{101, 199, 200, 201, 204, 299, 301, 400, 401, 404, 409, 425, 429, 500, 501, 503, 600, 999} {
		for outcome, name := range map[Outcome]string{Unknown: "unknown", Done: "done", Refused: "refused", Throttled: "throttled", Unavailable: "unavailable"} {
			for _, class := range []Class{Safe, Idempotent, Once} {
				t.Run(fmt.Sprint(status, name, className(class)), func(t *testing.T) {
					sends := 0
					client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
						sends++
						return canned(status, "{}"), nil
					}), func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{BaseDelay: -1, MaxWait: -1} })
					call.Class = class
					call.Classify = func(int, http.Header, []byte) Outcome { return outcome }
					resp, err := client.Do(t.Context(), call)
					if outcome == Done {
						require.NoError(t, err)
						require.Equal(t, status, resp.StatusCode)
						resp.Release()
						return
					}
					f := failure(t, err)
					require.Equal(t, outcome, f.Outcome)
					require.Equal(t, status, f.StatusCode)
					require.Equal(t, sends, f.Attempts)
					if class == Once || outcome == Refused {
						require.Equal(t, 1, sends)
					}
					unknown := class == Once && (outcome == Unknown || outcome == Unavailable && status != 425 || outcome == Refused && (status < 200 || status/100 == 3))
					require.Equal(t, unknown, errors.Is(err, worktime.ErrUnknownOutcome), "%v", err)
				})
			}
		}
	}
}

// Classify sees the answer, and once for each.
func TestClassifySeesTheAnswer(t *testing.T) {
	var saw []string
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return canned(500, `{"ErrorCode":40}`, "X-Kind", "refusal"), nil
	}))
	call.Class = Once
	call.Classify = func(status int, header http.Header, body []byte) Outcome {
		saw = append(saw, fmt.Sprint(status, header.Get("X-Kind"), string(body)))
		if strings.Contains(string(body), "ErrorCode") {
			return Refused
		}
		return ClassifyStatus(status)
	}
	_, err := client.Do(t.Context(), call)
	requireIs(t, err, worktime.ErrBadRequest)
	require.Equal(t, Refused, failure(t, err).Outcome)
	require.Equal(t, []string{`500refusal{"ErrorCode":40}`}, saw)
}

func TestClassifyStatus(t *testing.T) {
	for outcome, statuses := range map[Outcome][]int{
		Done:        {200, 201, 204, 299},
		Throttled:   {429},
		Unavailable: {408, 425, 500, 501, 502, 503, 504, 520, 599},
		Refused:     {100, 101, 300, 301, 304, 400, 401, 403, 404, 409, 422, 451, 499},
	} {
		for _, status := range statuses {
			require.Equal(t, outcome, ClassifyStatus(status), status)
		}
	}
}

// A failure holds the last answer.
func TestFailureHoldsTheAnswer(t *testing.T) {
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return canned(422, `{"reason":"overlap"}`, "X-Request-Id", "r-17"), nil
	}))
	_, err := client.Do(t.Context(), call)
	f := failure(t, err)
	require.Equal(t, 422, f.StatusCode)
	require.Equal(t, `{"reason":"overlap"}`, string(f.Body))
	require.Equal(t, "r-17", f.Header.Get("X-Request-Id"))
	require.Equal(t, 1, f.Attempts)
	require.Zero(t, f.RetryAfter)
	require.Equal(t, "bad request", f.Error())
	require.Equal(t, worktime.ErrBadRequest, f.Unwrap())
}

// The cause stays readable, also where it is a wait that cannot be had.
func TestCauseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken pipe")
		client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken }),
			func(o *worktime.Options) { o.Retry.BaseDelay = time.Hour; o.Retry.MaxWait = time.Hour })
		ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
		defer cancel()
		_, err := client.Do(ctx, call)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "broken pipe")
	})
}

// Options that cannot be met are refused by name, and nothing of HTTPClient is changed.
func TestNew(t *testing.T) {
	for name, tt := range map[string]struct {
		options worktime.Options
		field   string
	}{
		"CheckRedirect":     {worktime.Options{HTTPClient: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}}, "Options.HTTPClient"},
		"Jar":               {worktime.Options{HTTPClient: &http.Client{Jar: noCookies{}}}, "Options.HTTPClient"},
		"CRLF":              {worktime.Options{UserAgent: "a\r\nb"}, "Options.UserAgent"},
		"LF":                {worktime.Options{UserAgent: "a\nX-Injected: b"}, "Options.UserAgent"},
		"NUL":               {worktime.Options{UserAgent: "a\x00"}, "Options.UserAgent"},
		"tab":               {worktime.Options{UserAgent: "a\tb"}, "Options.UserAgent"},
		"DEL":               {worktime.Options{UserAgent: "a\x7f"}, "Options.UserAgent"},
		"not ASCII":         {worktime.Options{UserAgent: "café"}, "Options.UserAgent"},
		"invalid UTF-8":     {worktime.Options{UserAgent: "a\xff"}, "Options.UserAgent"},
		"a megabyte":        {worktime.Options{UserAgent: strings.Repeat("a", 1<<20)}, "Options.UserAgent"},
		"nothing":           {worktime.Options{}, ""},
		"User-Agent":        {worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)"}, ""},
		"extremes":          {worktime.Options{Timeout: math.MaxInt64, MaxResponseBytes: math.MaxInt64, Prefetch: math.MaxInt, Retry: worktime.RetryPolicy{MaxAttempts: math.MaxInt, BaseDelay: math.MaxInt64, MaxWait: math.MaxInt64}}, ""},
		"negative extremes": {worktime.Options{Timeout: math.MinInt64, MaxResponseBytes: math.MinInt64, Prefetch: math.MinInt, Retry: worktime.RetryPolicy{MaxAttempts: math.MinInt, BaseDelay: math.MinInt64, MaxWait: math.MinInt64}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := New(NewFamily(tt.options.HTTPClient), provider, tt.options)
			if tt.field == "" {
				require.NoError(t, err)
				require.GreaterOrEqual(t, c.Prefetch, 0)
				return
			}
			require.Nil(t, c)
			var field *worktime.FieldError
			require.ErrorAs(t, err, &field)
			require.Equal(t, tt.field, field.Field)
			require.Equal(t, provider, field.Provider)
			require.ErrorIs(t, err, worktime.ErrBadRequest)
		})
	}
}

type noCookies struct{ http.CookieJar }

// Extreme options work.
func TestExtremeOptions(t *testing.T) {
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) { return canned(200, "{}"), nil }),
		func(o *worktime.Options) {
			o.Timeout, o.MaxResponseBytes = math.MaxInt64, math.MaxInt64
			o.Retry = worktime.RetryPolicy{MaxAttempts: math.MaxInt, BaseDelay: math.MaxInt64, MaxWait: math.MaxInt64}
		})
	resp, err := client.Do(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, "{}", string(resp.Body))
	resp.Release()
}

// A family without the caller's client has connections of its own, which it closes; the
// caller's stay open.
func TestFamily(t *testing.T) {
	own := NewFamily(nil)
	require.NotNil(t, own.own)
	require.NotSame(t, http.DefaultTransport, own.transport)
	own.CloseIdleConnections()

	plain := NewFamily(&http.Client{Timeout: time.Second})
	require.Same(t, http.DefaultTransport, plain.transport)
	require.Nil(t, plain.own)

	idle := &idleCloser{}
	theirs := NewFamily(&http.Client{Transport: idle})
	theirs.CloseIdleConnections()
	require.False(t, idle.closed)
}

// Something else may stand in for http.DefaultTransport.
func TestFamilyWithForeignDefault(t *testing.T) {
	saved := http.DefaultTransport
	defer func() { http.DefaultTransport = saved }()
	http.DefaultTransport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
	f := NewFamily(nil)
	require.NotNil(t, f.own.Proxy)
	f.CloseIdleConnections()
}

type idleCloser struct{ closed bool }

func (*idleCloser) RoundTrip(*http.Request) (*http.Response, error) { return nil, io.EOF }
func (c *idleCloser) CloseIdleConnections()                         { c.closed = true }

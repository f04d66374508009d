package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// What must not come out again.
const (
	canary      = "canary-token-5f3a"
	canaryQuery = "canary-query-77b1"
	canaryBody  = "canary-body-c02d"
)

// A RoundTripper may put whatever it was given into its errors. None of it comes out again:
// not in the error under any verb, not in a log line, not in a trace.
func TestCanary(t *testing.T) {
	quoting := func(wrapErr func(r *http.Request) error) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) { return nil, wrapErr(r) })
	}
	urlError := func(r *http.Request, err error) error { return &url.Error{Op: r.Method, URL: r.URL.String(), Err: err} }
	broken := errors.New("broken")
	for name, rt := range map[string]http.RoundTripper{
		"quotes the header": quoting(func(r *http.Request) error { return fmt.Errorf("cannot send %v", r.Header) }),
		"quotes the value":  quoting(func(r *http.Request) error { return fmt.Errorf("bad value %q", r.Header.Get("Authorization")) }),
		"wraps the value": quoting(func(r *http.Request) error {
			return fmt.Errorf("outer: %w", fmt.Errorf("inner %s: %w", r.Header.Get("Authorization"), broken))
		}),
		"url.Error":            quoting(func(r *http.Request) error { return urlError(r, broken) }),
		"url.Error in another": quoting(func(r *http.Request) error { return urlError(r, urlError(r, broken)) }),
		"wrapped url.Error":    quoting(func(r *http.Request) error { return fmt.Errorf("proxy: %w", urlError(r, broken)) }),
		"joined url.Error":     quoting(func(r *http.Request) error { return errors.Join(broken, urlError(r, broken)) }),
		"url.Error as text":    quoting(func(r *http.Request) error { return fmt.Errorf("proxy: %v", urlError(r, broken)) }),
		"URL as text":          quoting(func(r *http.Request) error { return fmt.Errorf("cannot reach %q", r.URL) }),
		"url.Error of header":  quoting(func(r *http.Request) error { return urlError(r, fmt.Errorf("header %v", r.Header)) }),
		"echoes in the body": roundTripper(func(r *http.Request) (*http.Response, error) {
			return canned(400, "you sent "+r.Header.Get("Authorization")+" to "+r.URL.String()), nil
		}),
		"echoes in the header": roundTripper(func(r *http.Request) (*http.Response, error) {
			return canned(500, "", "X-Echo", r.Header.Get("Authorization"), "Location", r.URL.String()), nil
		}),
		"echoes in a broken body": roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(errReader{urlError(r, fmt.Errorf("at %v", r.Header))})}, nil
		}),
		"redirects":  roundTripper(func(r *http.Request) (*http.Response, error) { return canned(302, "", "Location", r.URL.String()), nil }),
		"too large":  roundTripper(func(*http.Request) (*http.Response, error) { return canned(200, canaryBody+canaryBody), nil }),
		"throttles":  roundTripper(func(*http.Request) (*http.Response, error) { return canned(429, canaryBody, "Retry-After", "999"), nil }),
		"wrong host": nil,
	} {
		for _, scheme := range []string{"Bearer ", "Basic ", ""} {
			for _, class := range []Class{Safe, Once} {
				t.Run(name+"/"+scheme+className(class), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testCanary(t, rt, scheme, class) })
				})
			}
		}
	}
}

func testCanary(t *testing.T, rt http.RoundTripper, scheme string, class Class) {
	var told bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tell := func(v any) { fmt.Fprintf(&told, "%v %+v\n", v, v) }
	client, call := stubbed(t, rt, func(o *worktime.Options) {
		o.Logger, o.MaxResponseBytes = logger, 20
		o.Trace = &worktime.Trace{
			RequestStart: func(_ context.Context, i worktime.RequestStartInfo) { tell(i) },
			RequestEnd:   func(_ context.Context, i worktime.RequestEndInfo) { tell(i) },
			Retry:        func(_ context.Context, i worktime.RetryInfo) { tell(i) },
			Wait:         func(_ context.Context, i worktime.WaitInfo) { tell(i) },
		}
	})
	call.Class = class
	call.URL = mustURL(t, "http://127.0.0.1/v1?code="+canaryQuery)
	if rt == nil {
		call.URL.Host = "127.0.0.2"
	}
	call.Body = []byte(canaryBody)
	call.Auth = &login{value: scheme + canary}
	_, err := client.Do(t.Context(), call)
	f := failure(t, err)
	logger.Error("failed", "err", err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&told, verb+"\n", err)
		fmt.Fprintf(&told, verb+"\n", f.Err)
		for _, part := range unwrapAll(err) {
			fmt.Fprintf(&told, "%v\n", part)
		}
	}
	for _, secret := range []string{canary, canaryQuery, canaryBody} {
		require.NotContains(t, told.String(), secret)
	}
	require.NotContains(t, string(f.Scrub(f.Body)), scheme+canary)
	require.NotContains(t, string(f.Scrub([]byte("echo "+scheme+canary))), canary)
}

// unwrapAll lists every error in the tree of err.
func unwrapAll(err error) []error {
	list := []error{err}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			list = append(list, unwrapAll(inner)...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			list = append(list, unwrapAll(inner)...)
		}
	}
	return list
}

// Neither a Failure nor a Response shows the credential it carries.
func TestCredentialIsHidden(t *testing.T) {
	status := 400
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) { return canned(status, "{}"), nil }))
	call.Auth = &login{value: "Bearer " + canary}
	_, err := client.Do(t.Context(), call)
	f := failure(t, err)
	encoded, jsonErr := json.Marshal(f)
	require.NoError(t, jsonErr)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(verb, f), canary)
	}
	require.NotContains(t, string(encoded), canary)

	status = 200
	resp, err := client.Do(t.Context(), call)
	require.NoError(t, err)
	defer resp.Release()
	encoded, jsonErr = json.Marshal(resp)
	require.NoError(t, jsonErr)
	require.NotContains(t, string(encoded), canary)
	require.Equal(t, "you sent Bearer [redacted]", string(resp.Scrub([]byte("you sent Bearer "+canary))))
}

// Without a credential nothing is cut out of anything.
func TestScrubWithoutCredential(t *testing.T) {
	text := []byte("as it was")
	for _, credential := range []string{"", "Bearer "} {
		require.Equal(t, text, (&Failure{credential: credential}).Scrub(text))
		require.Equal(t, text, (&Response{credential: credential}).Scrub(text))
	}
	require.Equal(t, "cut [redacted] out", string((&Failure{credential: "Basic secret"}).Scrub([]byte("cut secret out"))))
	require.Equal(t, "cut [redacted] out", string((&Failure{credential: "secret"}).Scrub([]byte("cut secret out"))))
}

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
	"strings"
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

// The spellings in which a server may give a credential back.
func TestScrubSpellings(t *testing.T) {
	const token = `ey/J+h=b.G_c-i"O`
	eachByte := func(format string) string {
		var b strings.Builder
		for _, c := range []byte(token) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"as it is":         token,
		"JSON":             mustJSON(t, token),
		"JSON in JSON":     mustJSON(t, mustJSON(t, token)),
		"JSON, slash":      strings.ReplaceAll(mustJSON(t, token), "/", `\/`),
		"JSON, all quoted": `"` + eachByte(`\u%04x`) + `"`,
		"JSON, upper case": `"` + eachByte(`\u%04X`) + `"`,
		"query":            url.QueryEscape(token),
		"path":             url.PathEscape(token),
		"all percent":      eachByte("%%%02X"),
		"lower percent":    eachByte("%%%02x"),
		"cut":              token[:12],
		"with its scheme":  "Bearer " + token,
		"twice":            token + " and " + token,
		"at the end":       "end " + token,
		"quoted by Go":     fmt.Sprintf("%q", token),
	} {
		f := &Failure{credential: "Bearer " + token}
		got := string(f.Scrub([]byte("before " + text + " after")))
		require.Contains(t, got, "before ", name)
		require.Contains(t, got, " after", name)
		require.Contains(t, got, redacted, name)
		for _, part := range []string{"J+h", "b.G_c", "G_c-i", "J%2Bh", `J\u002bh`, "b%2E"} {
			require.NotContains(t, got, part, name)
		}
	}
	for _, text := range []string{"", "nothing here", "ey/J", `\\\\`, "%", "%6", `\u00`, `\`} {
		require.Equal(t, text, string((&Failure{credential: "Bearer " + token}).Scrub([]byte(text))))
	}
}

func mustJSON(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	require.NoError(t, err)
	return string(b)
}

// Holds looks for the whole credential, in the same spellings.
func TestHolds(t *testing.T) {
	r := &Response{credential: "Bearer secret-token/1"}
	for text, want := range map[string]bool{
		"": false, "nothing": false, "secret-token": false, "secret-token/1": true, "/next?at=secret-token%2F1&x": true,
		`secret-token\/1`: true, "Bearer secret-token/1": true, "SECRET-TOKEN/1": false,
	} {
		require.Equal(t, want, r.Holds(text), text)
	}
	require.False(t, (&Response{}).Holds("anything"))
	require.False(t, (&Response{credential: "Bearer "}).Holds("anything"))
}

// A server cannot make us search for ever: a mebibyte of what looks like the beginning of a
// credential over and over.
func TestScrubIsLinear(t *testing.T) {
	r := &Response{credential: "Bearer aaaaaaaaaaaaaaaaaaab"}
	for _, unit := range []string{`\`, `\u`, `%61`, "aaaaaaac"} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		require.NotNil(t, r.Scrub([]byte(text)))
		require.False(t, r.Holds(text))
	}
}

// However deep a URL is wrapped, it is taken out, and the cause stays.
func TestSanitize(t *testing.T) {
	cause := errors.New("broken")
	inner := &url.Error{Op: "Get", URL: "https://x.test/?code=" + canaryQuery, Err: cause}
	outer := &url.Error{Op: "Post", URL: "https://y.test/?token=" + canary, Err: inner}
	for _, err := range []error{inner, outer, fmt.Errorf("at %w", outer), errors.Join(outer, cause)} {
		got := Sanitize(err)
		require.Equal(t, cause, got)
	}
	require.NoError(t, Sanitize(nil))
	require.Equal(t, cause, Sanitize(cause))
	require.Equal(t, io.EOF, Sanitize(io.EOF))
}

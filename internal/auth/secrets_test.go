package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
)

// awkward is a secret that looks different in each encoding, but for its first letters.
const (
	awkward = `c4n4rybird+A"B\C&D<E>/F G=%'é`
	inIt    = "c4n4rybird"
)

// quoted is s as the inside of a JSON string.
func quoted(s string) string {
	b, _ := json.Marshal(s)
	return strings.Trim(string(b), `"`)
}

// plainlyQuoted is s as the inside of a JSON string of an encoder that leaves & < > as they are.
func plainlyQuoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)
	return strings.Trim(strings.TrimSpace(b.String()), `"`)
}

// echoes are the forms in which a server may repeat a secret in its text.
var echoes = map[string]func(string) string{
	"raw":                func(s string) string { return s },
	"in the form":        func(s string) string { return "client_secret=" + url.QueryEscape(s) + "&scope=a" },
	"escaped as a path":  url.PathEscape,
	"lower-case escapes": func(s string) string { return lowerEscapes(url.QueryEscape(s)) },
	"in JSON":            func(s string) string { return `{"client_secret":"` + quoted(s) + `"}` },
	"in plain JSON":      func(s string) string { return `{"client_secret":"` + plainlyQuoted(s) + `"}` },
	"in HTML":            func(s string) string { return "<b>" + html.EscapeString(s) + "</b>" },
	"twice":              func(s string) string { return s + " " + s },
	"among control bytes": func(s string) string {
		return s[:3] + "\x00" + s[3:]
	},
}

// lowerEscapes is what .NET and others make of percent-encoding.
func lowerEscapes(s string) string {
	return regexp.MustCompile(`%[0-9A-F]{2}`).ReplaceAllStringFunc(s, strings.ToLower)
}

// watched has everything logged, at debug level, and traced.
func watched(log *bytes.Buffer) setting {
	return options(func(o *worktime.Options) {
		o.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Retry = worktime.RetryPolicy{MaxAttempts: 2}
	})
}

// assertNoCanary checks that nothing the client shows has the awkward secret, in any encoding.
func assertNoCanary(t *testing.T, w *world, err error, log *bytes.Buffer) {
	t.Helper()
	synctest.Wait() // an event may come after the error
	assert.NotContains(t, renderings(t, err), inIt)
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		assert.NotContains(t, cause.Error(), inIt)
	}
	assert.NotEmpty(t, log.String())
	assert.NotContains(t, log.String(), inIt)
	for _, info := range w.refreshed() {
		assert.NotContains(t, renderings(t, info.Err), inIt)
	}
}

func TestEchoedSecretIsCutOut(t *testing.T) {
	for form, echo := range echoes {
		text := echo(awkward)
		for place, answer := range map[string]func(http.ResponseWriter, *http.Request, int){
			"error":             always(400, `{"error":"`+quoted(text)+`"}`),
			"error_description": always(400, `{"error":"invalid_client","error_description":"got `+quoted(text)+`"}`),
			"error of a 500":    always(500, `{"error":"`+quoted(text)+`","error_description":"`+quoted(text)+`"}`),
			"error_uri":         always(400, `{"error":"invalid_client","error_uri":"`+quoted(text)+`"}`),
			"token_type":        always(200, `{"access_token":"a","token_type":"`+quoted(text)+`"}`),
			"a page of HTML":    always(400, "<html><pre>"+text+"</pre></html>"),
			"a page under 200":  always(200, "<html><pre>"+text+"</pre></html>"),
			"a page under 503":  always(503, "<html><pre>"+text+"</pre></html>"),
			"a header":          always(401, `{"error":"invalid_client"}`, "WWW-Authenticate", strings.ReplaceAll(text, "\x00", ""), "X-Request-Id", inIt),
			"a redirect":        always(302, "", "Location", "/x?"+url.QueryEscape(text)),
			"an unknown member": always(400, `{"error":"invalid_client","client_secret":"`+quoted(text)+`"}`),
		} {
			t.Run(form+" in "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					w := newWorld(t, answering(answer), watched(&log))
					w.use(clientID, awkward, scope)
					_, err := w.source.Authorize(t.Context())
					authError(t, err)
					assertNoCanary(t, w, err, &log)
				})
			})
		}
	}
}

// A secret without a word of some length is known by itself only, but then it is.
func TestEchoedSecretOfShortWordsIsCutOut(t *testing.T) {
	for _, secret := range []string{"a!b@c#d$e", "x1-y2-z3", "pä5s wö7d ü9", "q"} {
		synctest.Test(t, func(t *testing.T) {
			text := "[" + secret + "] [" + url.QueryEscape(secret) + "]"
			w := newWorld(t, answering(always(400, `{"error":"invalid_client","error_description":"`+quoted(text)+`"}`)))
			w.use(clientID, secret, scope)
			_, err := w.source.Authorize(t.Context())
			description := authError(t, err).Description
			assert.Contains(t, description, redacted)
			assert.NotContains(t, strings.ReplaceAll(description, redacted, ""), printable(secret, 100), secret)
		})
	}
}

// What is not secret stays readable.
func TestOtherFieldsAreNotCutOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(400, `{"error":"invalid_client","error_description":"`+clientID+` may not ask for `+scope+` with `+clientSecret+`"}`)))
		_, err := w.source.Authorize(t.Context())
		assert.Equal(t, clientID+" may not ask for "+scope+" with [redacted]", authError(t, err).Description)
	})
}

// A RoundTripper of the caller's own may name what it could not send.
func TestErrorsOfTheRoundTripper(t *testing.T) {
	canary := "https://127.0.0.1/token?client_secret=" + inIt
	for name, failure := range map[string]error{
		"url.Error":        &url.Error{Op: "Post", URL: canary, Err: errors.New("refused")},
		"wrapped":          fmt.Errorf("proxy: %w", &url.Error{Op: "Post", URL: canary, Err: errors.New("refused")}),
		"nested":           &url.Error{Op: "Post", URL: canary, Err: &url.Error{Op: "Post", URL: canary, Err: errors.New("refused")}},
		"joined":           errors.Join(errors.New("first"), &url.Error{Op: "Post", URL: canary, Err: errors.New("refused")}),
		"a canceled other": fmt.Errorf("%w", context.Canceled),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w := newWorld(t, watched(&log), options(func(o *worktime.Options) {
					o.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, failure })}
				}))
				w.use(clientID, inIt, scope)
				_, err := w.source.Authorize(t.Context())
				authError(t, err)
				assert.ErrorIs(t, err, worktime.ErrUnavailable)
				assertNoCanary(t, w, err, &log)
			})
		})
	}
}

// Nothing that the package hands out shows a token of its own accord.
func TestSuccessShowsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newWorld(t, watched(&log), answering(always(200, `{"access_token":"c4n4rybird-access","refresh_token":"c4n4rybird-refresh","id_token":"c4n4rybird-id","expires_in":1800}`)))
		w.use(clientID, "c4n4rybird-secret", scope)
		w.authorize()
		resp, err := w.call(t.Context(), w.source, "")
		require.NoError(t, err)
		resp.Release()
		synctest.Wait()
		assert.NotEmpty(t, log.String())
		assert.NotContains(t, log.String(), inIt)
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.NotContains(t, renderings(t, record), inIt)
		assert.NotContains(t, renderings(t, w.refreshed()), inIt)
	})
}

// The text of oauth2.RetrieveError is the whole body, and that of url.Error the whole URL.
func TestErrorsOfAForeignSource(t *testing.T) {
	body := []byte(`{"error":"invalid_grant","error_description":"c4n4rybird","refresh_token":"c4n4rybird"}`)
	retrieve := func(status int, code string) *oauth2.RetrieveError {
		return &oauth2.RetrieveError{
			Response: &http.Response{StatusCode: status, Status: http.StatusText(status)}, Body: body,
			ErrorCode: code, ErrorDescription: "c4n4rybird", ErrorURI: "https://127.0.0.1/c4n4rybird",
		}
	}
	for _, c := range []struct {
		name   string
		err    error
		code   string
		status int
		is     []error
	}{
		{"invalid_client", retrieve(401, "invalid_client"), "invalid_client", 401, []error{worktime.ErrUnauthorized}},
		{"invalid_client under 400", retrieve(400, "invalid_client"), "invalid_client", 400, []error{worktime.ErrUnauthorized}},
		{"invalid_scope", retrieve(400, "invalid_scope"), "invalid_scope", 400, []error{worktime.ErrBadRequest}},
		{"429", retrieve(429, ""), "", 429, []error{worktime.ErrRateLimited}},
		{"503", retrieve(503, ""), "", 503, []error{worktime.ErrUnavailable}},
		{"403", retrieve(403, ""), "", 403, []error{worktime.ErrForbidden}},
		{"an error under 200", retrieve(200, "bad_verification_code"), "bad_verification_code", 200, nil},
		{"invalid_client of a broken server", retrieve(500, "invalid_client"), "invalid_client", 500, []error{worktime.ErrUnavailable}},
		{"wrapped", fmt.Errorf("oauth2: %s: %w", "c4n4rybird", retrieve(500, "")), "", 500, []error{worktime.ErrUnavailable}},
		{"no response", &oauth2.RetrieveError{Body: body}, "", 0, nil},
		{"a code of many lines", retrieve(400, "bad\r\n\x1b[31m"), "bad[31m", 400, []error{worktime.ErrBadRequest}},
		{"a query", &url.Error{Op: "Get", URL: "https://127.0.0.1/token?secret=c4n4rybird", Err: errors.New("refused")}, "", 0, nil},
		{"a query, wrapped", fmt.Errorf("x: %w", &url.Error{Op: "Get", URL: "https://127.0.0.1/?c4n4rybird", Err: errors.New("refused")}), "", 0, nil},
		{"a query, twice", &url.Error{Op: "Get", URL: "c4n4rybird", Err: &url.Error{Op: "Get", URL: "c4n4rybird", Err: errors.New("refused")}}, "", 0, nil},
		{"the end of its own context", fmt.Errorf("get: %w", context.DeadlineExceeded), "", 0, []error{context.DeadlineExceeded}},
		{"plain", errors.New("no network"), "", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w := newWorld(t, watched(&log), fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) { return nil, c.err }))))
				_, err := w.source.Authorize(t.Context())
				a := authError(t, err)
				assert.Equal(t, "token source", a.Operation)
				assert.Equal(t, c.code, a.Code)
				assert.Equal(t, c.status, a.StatusCode)
				assert.NoError(t, notNil(a.Err))
				assertIs(t, err, c.is...)
				assertNoCanary(t, w, err, &log)
				var inner *oauth2.RetrieveError
				assert.NotErrorAs(t, err, &inner, "it is not wrapped, since whoever prints it prints the body")
			})
		})
	}
}

func notNil(err error) error {
	if err == nil {
		return errors.New("there is no cause")
	}
	return nil
}

func TestUnusableTokensOfAForeignSource(t *testing.T) {
	for name, tok := range map[string]*oauth2.Token{
		"nil": nil, "empty": {}, "only a refresh token": {RefreshToken: inIt},
		"mac": {AccessToken: inIt, TokenType: "mac"}, "basic": {AccessToken: inIt, TokenType: "Basic"}, "DPoP": {AccessToken: inIt, TokenType: "DPoP"},
		"a line break": {AccessToken: inIt + "\r\nX: y"}, "a blank": {AccessToken: inIt + " x"}, "not ASCII": {AccessToken: inIt + "é"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w := newWorld(t, watched(&log), fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) { return tok, nil }))))
				value, err := w.source.Authorize(t.Context())
				assert.Empty(t, value)
				authError(t, err)
				assertNoCanary(t, w, err, &log)
			})
		})
	}
	for name, tok := range map[string]*oauth2.Token{
		"no type": {AccessToken: "t"}, "Bearer": {AccessToken: "t", TokenType: "Bearer"}, "bearer": {AccessToken: "t", TokenType: "bearer"},
		"BEARER": {AccessToken: "t", TokenType: "BEARER"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) { return tok, nil }))))
			assert.Equal(t, "t", w.authorize())
		})
	}
}

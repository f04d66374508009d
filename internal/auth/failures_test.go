package auth

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Captive</title></head><body>Try again.</body></html>"

// failures are answers that say nothing about the credentials: a gateway, a proxy or a captive
// portal has spoken, or nobody.
var failures = []struct {
	name   string
	status int
	body   string
	fields []string
	is     error
	retry  time.Duration
}{
	{"500", 500, "", nil, worktime.ErrUnavailable, 0},
	{"500 HTML", 500, htmlPage, nil, worktime.ErrUnavailable, 0},
	{"500 JSON of another kind", 500, `{"error":{"code":"InternalError","message":"x"}}`, nil, worktime.ErrUnavailable, 0},
	{"501", 501, "", nil, worktime.ErrUnavailable, 0},
	{"502 HTML", 502, htmlPage, nil, worktime.ErrUnavailable, 0},
	{"503", 503, "", nil, worktime.ErrUnavailable, 0},
	{"503 with Retry-After", 503, htmlPage, []string{"Retry-After", "7"}, worktime.ErrUnavailable, 7 * time.Second},
	{"503 with Retry-After over the cap", 503, "", []string{"Retry-After", "3600"}, worktime.ErrUnavailable, time.Hour},
	{"504 HTML", 504, htmlPage, nil, worktime.ErrUnavailable, 0},
	{"505", 505, "", nil, worktime.ErrUnavailable, 0},
	{"520, which only Cloudflare knows", 520, htmlPage, nil, worktime.ErrUnavailable, 0},
	{"599", 599, "", nil, worktime.ErrUnavailable, 0},
	{"408", 408, "", nil, worktime.ErrUnavailable, 0},
	{"425", 425, "", nil, worktime.ErrUnavailable, 0},
	{"429", 429, "", nil, worktime.ErrRateLimited, 0},
	{"429 with Retry-After", 429, htmlPage, []string{"Retry-After", "17"}, worktime.ErrRateLimited, 17 * time.Second},
	{"429 in JSON", 429, `{"message":"API rate limit exceeded"}`, []string{"Retry-After", "1"}, worktime.ErrRateLimited, time.Second},
	{"429 with a date", 429, "", []string{"Date", "Fri, 02 Jan 2026 03:04:05 GMT", "Retry-After", "Fri, 02 Jan 2026 03:05:00 GMT"}, worktime.ErrRateLimited, 55 * time.Second},
	{"429 with a reset", 429, "", []string{"X-RateLimit-Reset", "30"}, worktime.ErrRateLimited, 30 * time.Second},
	{"400 HTML", 400, htmlPage, nil, worktime.ErrBadRequest, 0},
	{"400 empty", 400, "", nil, worktime.ErrBadRequest, 0},
	{"400 in the API's own envelope", 400, `{"error":{"code":"BadRequest","message":"The request was invalid"}}`, nil, worktime.ErrBadRequest, 0},
	{"400 an array", 400, `["invalid_client"]`, nil, worktime.ErrBadRequest, 0},
	{"400 a string", 400, `"invalid_client"`, nil, worktime.ErrBadRequest, 0},
	{"400 cut short", 400, `{"error":"invalid_client"`, nil, worktime.ErrBadRequest, 0},
	{"400 a form", 400, `error=invalid_client`, nil, worktime.ErrBadRequest, 0},
	{"401 HTML", 401, htmlPage, nil, worktime.ErrUnauthorized, 0},
	{"401 of a gateway", 401, `{"message":"Unauthorized"}`, nil, worktime.ErrUnauthorized, 0},
	{"401 with an empty error", 401, `{"error":""}`, nil, worktime.ErrUnauthorized, 0},
	{"401 with an error of null", 401, `{"error":null}`, nil, worktime.ErrUnauthorized, 0},
	{"401 with an error of a number", 401, `{"error":401}`, nil, worktime.ErrUnauthorized, 0},
	{"402", 402, "", nil, worktime.ErrForbidden, 0},
	{"403 HTML of a firewall", 403, htmlPage, nil, worktime.ErrForbidden, 0},
	{"404 HTML", 404, htmlPage, nil, worktime.ErrNotFound, 0},
	{"405", 405, "", nil, worktime.ErrBadRequest, 0},
	{"407 of a proxy", 407, htmlPage, []string{"Proxy-Authenticate", "Basic"}, worktime.ErrBadRequest, 0},
	{"409", 409, "", nil, worktime.ErrConflict, 0},
	{"413", 413, "", nil, worktime.ErrBadRequest, 0},
	{"451", 451, htmlPage, nil, worktime.ErrBadRequest, 0},
	{"200 of a captive portal", 200, htmlPage, nil, worktime.ErrBadResponse, 0},
	{"302 of a captive portal", 302, htmlPage, []string{"Location", "http://10.0.0.1/login"}, worktime.ErrRedirect, 0},
	{"511 of a captive portal", 511, htmlPage, nil, worktime.ErrUnavailable, 0},
}

// None of them is the vendor's word on the credentials, so none is told as such; a token that
// still lives goes on being used, and the first good answer ends it.
func TestFailuresThatAreNotOAuth(t *testing.T) {
	require.GreaterOrEqual(t, len(failures), 30)
	for _, c := range failures {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{MaxAttempts: -1} }))
				w.authorize()
				w.set(always(c.status, c.body, c.fields...))
				time.Sleep(halfAnHour - softLimit)
				require.Equal(t, "tok-1", w.authorize())
				synctest.Wait()
				require.Equal(t, "tok-1", w.authorize())
				require.Equal(t, 2, w.tokenRequests())

				time.Sleep(softLimit)
				_, err := w.source.Authorize(t.Context())
				assertIs(t, err, c.is)
				a := authError(t, err)
				assert.Equal(t, c.status, a.StatusCode)
				assert.Empty(t, a.Code)
				assert.Empty(t, a.Description)
				assert.Equal(t, c.retry, a.RetryAfter)
				assert.Equal(t, 1, a.Attempts)
				assert.NotContains(t, renderings(t, err), "Captive", "nobody wants a page of HTML in a log")
				assertHidden(t, err, clientSecret)

				w.recover()
				time.Sleep(2 * time.Hour) // for those that asked for a pause
				assert.Equal(t, "tok-4", w.authorize())
			})
		})
	}
}

// No answer at all, or a part of one.
func TestFailuresOfTheConnection(t *testing.T) {
	raw := func(text string) func(http.ResponseWriter, *http.Request, int) {
		return func(w http.ResponseWriter, _ *http.Request, _ int) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, text)
				_ = conn.Close()
			}
		}
	}
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request, int){
		"dropped":         raw(""),
		"garbage":         raw("SSH-2.0-OpenSSH_9.6\r\n"),
		"half a header":   raw("HTTP/1.1 200 OK\r\nContent-Ty"),
		"half a body":     raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"access_token\":\"tok-1\"}"),
		"half a chunk":    raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{\"access_token\":\"tok-1\"}"),
		"bad gzip":        raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
		"a header bomb":   raw("HTTP/1.1 200 OK\r\nX: " + string(make([]byte, 2<<20))),
		"half an error":   raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"error\":\"inva"),
		"a trickling one": func(w http.ResponseWriter, r *http.Request, _ int) { trickle(w, r) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(answer), options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{MaxAttempts: -1} }))
				_, err := w.source.Authorize(t.Context())
				if name == "half an error" {
					assertIs(t, err, worktime.ErrBadRequest)
				} else {
					assertIs(t, err, worktime.ErrUnavailable)
				}
				assert.Empty(t, authError(t, err).Code)
				assertHidden(t, err, clientSecret, "connect/token", "tok-1")

				w.recover()
				assert.Equal(t, "tok-2", w.authorize())
			})
		})
	}
}

// trickle sends a byte a second, for ever.
func trickle(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
	}
}

func TestUnreachableEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := newPipeListener()
		require.NoError(t, ln.Close())
		w := newWorld(t, options(func(o *worktime.Options) {
			o.HTTPClient = &http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return ln.dial(ctx) },
			}}
		}))
		_, err := w.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrUnavailable)
		assert.Zero(t, authError(t, err).StatusCode)
		assert.Contains(t, err.Error(), "connection refused")
		assertHidden(t, err, clientSecret, "connect/token")
	})
}

// Only the well-formed refusals of RFC 6749, section 5.2, under its statuses are the server's word
// on the request.
func TestOAuthErrors(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		is     error
	}{
		{400, "invalid_client", worktime.ErrUnauthorized},
		{401, "invalid_client", worktime.ErrUnauthorized},
		{400, "unauthorized_client", worktime.ErrUnauthorized},
		{400, "invalid_request", worktime.ErrBadRequest},
		{400, "invalid_scope", worktime.ErrBadRequest},
		{401, "invalid_scope", worktime.ErrBadRequest},
		{400, "unsupported_grant_type", worktime.ErrBadRequest},
		{400, "invalid_grant", worktime.ErrLoginRequired},
		{400, "something_new", worktime.ErrBadRequest},
		{401, "something_new", worktime.ErrUnauthorized},
		{403, "invalid_client", worktime.ErrForbidden},
		{404, "invalid_request", worktime.ErrNotFound},
		{500, "invalid_client", worktime.ErrUnavailable},
		{500, "server_error", worktime.ErrUnavailable},
		{503, "temporarily_unavailable", worktime.ErrUnavailable},
		{429, "invalid_client", worktime.ErrRateLimited},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(always(c.status, `{"error":"`+c.code+`","error_description":"A reason.","error_uri":"https://127.0.0.1/help"}`)),
					options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{MaxAttempts: -1} }))
				_, err := w.source.Authorize(t.Context())
				assertIs(t, err, c.is)
				a := authError(t, err)
				assert.Equal(t, c.status, a.StatusCode)
				assert.Equal(t, c.code, a.Code)
				assert.Equal(t, "A reason.", a.Description)
				assert.Equal(t, "client credentials", a.Operation)
				assert.Contains(t, a.Error(), c.code+": A reason.")
				assertHidden(t, err, clientSecret)
			})
		})
	}
}

// A refusal whose other members are odd is still a refusal.
func TestOddOAuthErrors(t *testing.T) {
	for name, body := range map[string]string{
		"no description":          `{"error":"invalid_client"}`,
		"null":                    `{"error":"invalid_client","error_description":null}`,
		"an array":                `{"error":"invalid_client","error_description":["a","b"]}`,
		"a number":                `{"error":"invalid_client","error_description":7}`,
		"unknown members":         `{"error":"invalid_client","trace_id":"x","error_codes":[7000215]}`,
		"white space":             " \r\n{ \"error\" : \"invalid_client\" }\n",
		"an uri of another type":  `{"error":"invalid_client","error_uri":{}}`,
		"not UTF-8 beside it":     "{\"error\":\"invalid_client\",\"error_description\":\"\xff\"}",
		"a description of a page": `{"error":"invalid_client","error_description":"` + longText + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(always(http.StatusBadRequest, body)))
				_, err := w.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrUnauthorized)
				a := authError(t, err)
				assert.Equal(t, "invalid_client", a.Code)
				assert.LessOrEqual(t, len(a.Description), 300)
			})
		})
	}
}

// What the server says is shown in printable ASCII, which is all that RFC 6749 allows, and no more
// than fits a line.
func TestTextOfTheServerIsTamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusBadRequest,
			`{"error":"bad\r\n\u001b[31m`+longText+`","error_description":"li\u0000ne\r\nX: \u202e\u2028é\u007f`+longText+`"}`)))
		_, err := w.source.Authorize(t.Context())
		a := authError(t, err)
		for _, text := range []string{a.Code, a.Description, a.Error()} {
			assert.Regexp(t, `^[ -~]*$`, text)
		}
		assert.Len(t, a.Code, 100)
		assert.Len(t, a.Description, 300)
		assert.Contains(t, a.Description, "lineX: ")
	})
}

var longText = strings.Repeat("long ", 2000)

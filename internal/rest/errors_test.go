package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

var (
	getItem    = Op{Name: "get item", Class: transport.Safe, Method: http.MethodGet, Path: itemPath + "/{id}"}
	createItem = Op{Name: "create item", Class: transport.Once, Method: http.MethodPost, Path: itemPath}
	deleteItem = Op{Name: "delete item", Class: transport.Idempotent, Method: http.MethodDelete, Path: itemPath + "/{id}"}
)

// impatient repeats at once.
var impatient = worktime.RetryPolicy{BaseDelay: -1}

// answers returns a client of a server that gives these answers, one after the other and then
// the last one for ever, and a count of the requests.
func answers(t testing.TB, o worktime.Options, list ...http.HandlerFunc) (*Client, *int) {
	n := new(int)
	server := direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*n++
		list[min(*n, len(list))-1](w, r)
	})}
	return newClient(t, newWatch(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		resp, err := server.RoundTrip(r)
		if err == nil && resp.Header.Get(fault) == lost {
			return nil, errors.New("connection reset")
		}
		if err == nil && resp.Header.Get(fault) == unsent {
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		return resp, err
	})), origin+basePath, o), n
}

const (
	fault  = "X-Fault"
	lost   = "lost"   // the answer
	unsent = "unsent" // the request
)

func faulty(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set(fault, kind) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { failWith(w, code, fmt.Sprint("E", code)) }
}

func body(contentType, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		if contentType == "" {
			w.Header()["Content-Type"] = nil // or the server would guess
		}
		_, _ = w.Write([]byte(text))
	}
}

func TestErrorFields(t *testing.T) {
	c, _ := answers(t, worktime.Options{Retry: impatient}, status(http.StatusBadGateway), func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "id-17")
		w.Header().Set("Retry-After", "7200")
		refuse(w, http.StatusServiceUnavailable, `{"error":{"code":"Busy","message":"come back","reasons":["a","b"]}}`)
	})
	_, err := Get[Item](t.Context(), c, getItem, nil, "a/b")
	e := requireError(t, err, "get item", worktime.ErrUnavailable)
	assert.Equal(t, http.MethodGet, e.Method)
	assert.Equal(t, basePath+"/items/a%2Fb", e.Path)
	assert.Equal(t, http.StatusServiceUnavailable, e.StatusCode)
	assert.Equal(t, "Busy", e.Code)
	assert.Equal(t, "come back", e.Message)
	assert.Equal(t, []string{"a", "b"}, e.Details)
	assert.Equal(t, "id-17", e.RequestID)
	assert.Equal(t, 2*time.Hour, e.RetryAfter)
	assert.Equal(t, 2, e.Attempts)
	assert.JSONEq(t, `{"error":{"code":"Busy","message":"come back","reasons":["a","b"]}}`, string(e.Body))
}

func TestErrorSentinels(t *testing.T) {
	for code, want := range map[int]error{
		302: worktime.ErrRedirect, 304: worktime.ErrRedirect,
		400: worktime.ErrBadRequest, 401: worktime.ErrUnauthorized, 402: worktime.ErrForbidden, 403: worktime.ErrForbidden,
		404: worktime.ErrNotFound, 405: worktime.ErrBadRequest, 409: worktime.ErrConflict, 410: worktime.ErrNotFound,
		412: worktime.ErrConflict, 414: worktime.ErrBadRequest, 422: worktime.ErrBadRequest, 429: worktime.ErrRateLimited,
		500: worktime.ErrUnavailable, 501: worktime.ErrUnavailable, 503: worktime.ErrUnavailable,
	} {
		c, n := answers(t, worktime.Options{Retry: worktime.RetryPolicy{MaxAttempts: -1}}, status(code))
		_, err := Get[Item](t.Context(), c, getItem, nil, "1")
		e := requireError(t, err, "get item", want)
		assert.Equal(t, code, e.StatusCode)
		assert.NotErrorIs(t, err, worktime.ErrBadResponse)
		assert.Equal(t, 1, *n)
		if code != http.StatusNotModified {
			assert.Equal(t, fmt.Sprint("E", code), e.Code)
		}
	}
}

// A gateway's page has none of the vendor's words, and a vendor may have no shape for them.
func TestErrorWithoutWords(t *testing.T) {
	c, _ := answers(t, worktime.Options{Retry: worktime.RetryPolicy{MaxAttempts: -1}}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("<html>no upstream</html>"))
	})
	for _, vendor := range []Vendor{acme, {}} {
		c.Vendor = vendor
		_, err := Get[Item](t.Context(), c, getItem, nil, "1")
		e := requireError(t, err, "get item", worktime.ErrUnavailable)
		assert.Empty(t, e.Code+e.Message)
		assert.Empty(t, e.Details)
		assert.Equal(t, "<html>no upstream</html>", string(e.Body))
		assert.NotContains(t, e.Error(), "html")
	}
}

// The vendor's words cannot break the line of an error, and nor can the path of its link.
func TestErrorIsOneLine(t *testing.T) {
	b := &book{pages: numbered(1, 1), link: func(int, int) string { return basePath + "/items/a%0Aforged%20line%E2%80%AE?page=1" }}
	b.before = func(page, _ int, w http.ResponseWriter, _ *http.Request) bool {
		if page == 1 {
			w.Header().Set("X-Request-Id", "a\tb")
			refuse(w, 400, `{"error":{"code":"a\nb","message":"c\r\u2028d\u0007","reasons":["e\u001b[31m"]}}`)
		}
		return page == 1
	}
	c, _ := serveBook(t, b, worktime.Options{})
	_, err := all(t, c, itemQuery{})
	requireError(t, err, "list items", worktime.ErrBadRequest)
	assert.Equal(t, -1, strings.IndexFunc(err.Error(), func(r rune) bool {
		return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u202e'
	}), "%q", err.Error())
}

// A position is expired only where there was one: a conflict on a first page is just that.
func TestCursorExpired(t *testing.T) {
	gone := -1 // the page that is answered 409
	b := &book{walks: [][][]int{{{1}, {2}}, {{3}, {4}}}}
	b.before = func(page, _ int, w http.ResponseWriter, r *http.Request) bool {
		if page == gone && r.URL.Query().Get("walk") == "1" {
			failWith(w, http.StatusConflict, "Token")
			return true
		}
		return false
	}
	c, _ := serveBook(t, b, worktime.Options{})
	pages, err := worktime.Collect(Pages(t.Context(), c, listItems, b.query()))
	require.NoError(t, err)

	gone = 1
	got, err := all(t, c, b.query())
	assert.Equal(t, []int{1, 2, 3}, got)
	requireError(t, err, "list items", worktime.ErrCursorExpired, worktime.ErrConflict)
	resumed := b.query()
	resumed.Cursor = pages[2].Cursor
	_, err = all(t, c, resumed)
	requireError(t, err, "list items", worktime.ErrCursorExpired, worktime.ErrConflict)

	gone = 0
	_, err = all(t, c, b.query())
	requireError(t, err, "list items", worktime.ErrConflict)
	assert.NotErrorIs(t, err, worktime.ErrCursorExpired)
	resumed.Cursor = pages[1].Cursor // the beginning of the second walk
	_, err = all(t, c, resumed)
	requireError(t, err, "list items", worktime.ErrConflict)
	assert.NotErrorIs(t, err, worktime.ErrCursorExpired)

	gone, c.Vendor.Expired = 1, nil
	_, err = all(t, c, b.query())
	requireError(t, err, "list items", worktime.ErrConflict)
	assert.NotErrorIs(t, err, worktime.ErrCursorExpired)

	// Another status on a link says nothing about the position.
	c.Vendor = acme
	b.before = func(page, _ int, w http.ResponseWriter, _ *http.Request) bool {
		if page == 1 {
			failWith(w, http.StatusForbidden, "Scope")
		}
		return page == 1
	}
	_, err = all(t, c, b.query())
	requireError(t, err, "list items", worktime.ErrForbidden)
	assert.NotErrorIs(t, err, worktime.ErrCursorExpired)
}

// loginFailed is an Authorizer whose login does not work.
type loginFailed struct {
	authorize, refused error
}

func (l loginFailed) Authorize(context.Context) (string, error) {
	return "Bearer " + canary, l.authorize
}

func (l loginFailed) Refused(context.Context, string, http.Header) (string, error) {
	return "", l.refused
}

// The error of a login is not dressed up as one of the operation.
func TestAuthErrorPasses(t *testing.T) {
	login := &worktime.AuthError{Provider: provider, Operation: "client credentials", Err: worktime.ErrUnauthorized}
	for name, auth := range map[string]loginFailed{
		"no token":      {authorize: login},
		"token refused": {refused: login},
	} {
		t.Run(name, func(t *testing.T) {
			c, n := answers(t, worktime.Options{}, status(http.StatusUnauthorized))
			c.Auth = auth
			_, err := Get[Item](t.Context(), c, getItem, nil, "1")
			assert.Same(t, login, err)
			assert.Same(t, login, c.Do(t.Context(), worktime.Request{Path: "/items"}, nil))
			_, err = all(t, c, itemQuery{})
			assert.Same(t, login, err)
			_, err = worktime.Collect(Pages(t.Context(), c, listItems, itemQuery{}))
			assert.Same(t, login, err)
			if auth.authorize != nil {
				assert.Zero(t, *n)
			}
		})
	}
	wrapped := fmt.Errorf("wrapped: %w", login)
	c, _ := answers(t, worktime.Options{}, status(http.StatusOK))
	c.Auth = loginFailed{authorize: wrapped}
	_, err := Get[Item](t.Context(), c, getItem, nil, "1")
	assert.Same(t, wrapped, err)
}

// The end of a context always comes with the operation, wherever the call was then.
func TestContextErrors(t *testing.T) {
	for name, set := range map[string]func(c *Client, cancel func()){
		"before":            func(_ *Client, cancel func()) { cancel() },
		"waiting for token": func(c *Client, cancel func()) { c.Auth = waiting{cancel} },
		"in flight":         func(*Client, func()) {},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			c, _ := answers(t, worktime.Options{}, func(_ http.ResponseWriter, r *http.Request) {
				cancel()
				<-r.Context().Done()
			})
			set(c, cancel)
			_, err := Get[Item](ctx, c, getItem, nil, "1")
			requireError(t, err, "get item", context.Canceled)
			requireError(t, c.Do(ctx, worktime.Request{Path: "/x"}, nil), "request", context.Canceled)

			ctx, cancel = context.WithTimeout(t.Context(), -1)
			defer cancel()
			_, err = Get[Item](ctx, c, getItem, nil, "1")
			requireError(t, err, "get item", context.DeadlineExceeded)
		})
	}
	// A write that was sent may have been carried out.
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := answers(t, worktime.Options{}, func(http.ResponseWriter, *http.Request) { cancel() })
	err := c.Send(ctx, createItem, nil, Item{1}, func(Answer) error { return nil })
	requireError(t, err, "create item", context.Canceled, worktime.ErrUnknownOutcome)
}

// waiting is an Authorizer whose caller gives up.
type waiting struct{ cancel func() }

func (w waiting) Authorize(ctx context.Context) (string, error) {
	w.cancel()
	<-ctx.Done()
	return "", ctx.Err()
}

func (waiting) Refused(context.Context, string, http.Header) (string, error) {
	return "", errors.New("not called")
}

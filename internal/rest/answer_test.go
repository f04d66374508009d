package rest

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// Answers with a status of success that are none.
var unreadable = map[string]http.HandlerFunc{
	"HTML":               body("text/html; charset=utf-8", `<html>log in</html>`),
	"HTML as JSON":       body("application/json", `<html>log in</html>`),
	"JSON as HTML":       body("text/html", `{"id":1}`),
	"JSON as text":       body("text/plain", `{"id":1}`),
	"bytes":              body("application/octet-stream", `{"id":1}`),
	"bad content type":   body("application json", `{"id":1}`),
	"similar type":       body("application/jsonp", `{"id":1}`),
	"suffix in a name":   body("application/x+jsonx", `{"id":1}`),
	"empty":              body("application/json", ""),
	"empty without type": body("", ""),
	"blank":              body("application/json", " \r\n\t"),
	"cut":                body("application/json", `{"id":1`),
	"two values":         body("application/json", `{"id":1}{"id":2}`),
	"wrong type":         body("application/json", `{"id":"1"}`),
	"array":              body("application/json", `[1]`),
	"number":             body("application/json", `17`),
	"not UTF-16":         body("application/json", "\xff\xfe{\x00}\x00"),
	"no content":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
}

func TestUnreadableAnswers(t *testing.T) {
	for name, answer := range unreadable {
		t.Run(name, func(t *testing.T) {
			c, n := answers(t, worktime.Options{Retry: impatient}, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Request-Id", "id-17")
				answer(w, r)
			})
			item, err := Get[Item](t.Context(), c, getItem, nil, "1")
			e := requireError(t, err, "get item", worktime.ErrBadResponse)
			assert.Zero(t, item)
			assert.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
			assert.Equal(t, 2, e.StatusCode/100)
			assert.Equal(t, "id-17", e.RequestID)
			assert.Equal(t, 1, e.Attempts)
			assert.NotContains(t, err.Error(), "log in", "the body is not shown")
			if strings.TrimSpace(string(e.Body)) == "" {
				assert.Contains(t, err.Error(), "the body is empty")
			}
			assert.Equal(t, 1, *n, "asking again will not help")

			// A write was probably carried out.
			err = c.Send(t.Context(), createItem, nil, Item{1}, func(a Answer) error { return Decode(a, new(Item)) })
			requireError(t, err, "create item", worktime.ErrBadResponse, worktime.ErrUnknownOutcome)

			got, err := all(t, c, itemQuery{})
			assert.Empty(t, got)
			e = requireError(t, err, "list items", worktime.ErrBadResponse)
			assert.Contains(t, e.Error(), "page 1")
		})
	}
}

// A page without its array is none, though it is good JSON: taking it for an empty one would
// lose rows.
func TestPageOfAnotherShape(t *testing.T) {
	for _, text := range []string{`null`, `{}`, `{"value":null}`, `{"value":{}}`, `{"items":[{"id":1}]}`, `{"value":[],"nextLink":1}`} {
		c, _ := answers(t, worktime.Options{}, body("application/json", text))
		_, err := all(t, c, itemQuery{})
		requireError(t, err, "list items", worktime.ErrBadResponse)
	}
}

func TestReadableAnswers(t *testing.T) {
	for _, contentType := range []string{
		"application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "text/json",
		"application/vnd.acme.v1+json", "application/problem+json; x=y", "",
	} {
		c, _ := answers(t, worktime.Options{}, body(contentType, "\n{\"id\":1,\"unknown\":[{}]}\n"))
		item, err := Get[Item](t.Context(), c, getItem, nil, "1")
		require.NoError(t, err, contentType)
		assert.Equal(t, Item{1}, item)
	}
}

// The error counts all attempts, and keeps its own copy of the body, of limited size.
func TestUnreadableAfterARetry(t *testing.T) {
	large := strings.Repeat("x", 100<<10)
	c, _ := answers(t, worktime.Options{Retry: impatient}, status(503), body("application/json", large), body("application/json", strings.Repeat("y", 100<<10)))
	_, err := Get[Item](t.Context(), c, getItem, nil, "1")
	e := requireError(t, err, "get item", worktime.ErrBadResponse)
	assert.Equal(t, 2, e.Attempts)
	for range 3 { // others use the buffer meanwhile
		_, err = Get[Item](t.Context(), c, getItem, nil, "1")
		require.Error(t, err)
	}
	assert.Equal(t, large[:64<<10], string(e.Body))
}

// Text that could begin the credential at every byte does not cost the square of its length. (It
// would not end within the time limit of the tests.)
func TestUnreadableAtLength(t *testing.T) {
	for _, bite := range []string{`\`, canary[:7], "%", `\u00`} {
		long := strings.Repeat(bite, 2<<20/len(bite))
		c, _ := answers(t, worktime.Options{}, body("application/json", long))
		_, err := Get[Item](t.Context(), c, getItem, nil, "1")
		requireError(t, err, "get item", worktime.ErrBadResponse)
	}
}

// A vendor may put its refusals under a status of its own.
func TestClassify(t *testing.T) {
	c, n := answers(t, worktime.Options{}, status(500))
	c.Vendor.Classify = func(_ Op, status int, header http.Header, body []byte) transport.Outcome {
		assert.Equal(t, 500, status)
		assert.Equal(t, "application/json", header.Get("Content-Type"))
		assert.Contains(t, string(body), "E500")
		return transport.Refused
	}
	err := c.Send(t.Context(), createItem, nil, Item{1}, func(Answer) error { return nil })
	e := requireError(t, err, "create item", worktime.ErrBadRequest)
	assert.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
	assert.Equal(t, "E500", e.Code)
	_, err = all(t, c, itemQuery{})
	requireError(t, err, "list items", worktime.ErrBadRequest)
	assert.Equal(t, 2, *n, "a refusal is not resent")
}

func TestTooLarge(t *testing.T) {
	c, _ := answers(t, worktime.Options{MaxResponseBytes: 10}, body("application/json", `{"id":1234567890}`))
	_, err := Get[Item](t.Context(), c, getItem, nil, "1")
	requireError(t, err, "get item", worktime.ErrTooLarge)
	assert.NotErrorIs(t, err, worktime.ErrBadResponse)
}

// The attempt before was carried out after all: 404 after a resent DELETE is what was wanted.
func TestResentDelete(t *testing.T) {
	ok := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }
	for name, c := range map[string]struct {
		answers  []http.HandlerFunc
		class    transport.Class
		want     error
		requests int
	}{
		"first":                   {[]http.HandlerFunc{status(404)}, transport.Idempotent, worktime.ErrNotFound, 1},
		"gone at first":           {[]http.HandlerFunc{status(410)}, transport.Idempotent, worktime.ErrNotFound, 1},
		"done":                    {[]http.HandlerFunc{ok}, transport.Idempotent, nil, 1},
		"done at second":          {[]http.HandlerFunc{status(503), ok}, transport.Idempotent, nil, 2},
		"404 after 503":           {[]http.HandlerFunc{status(503), status(404)}, transport.Idempotent, nil, 2},
		"404 after 500":           {[]http.HandlerFunc{status(500), status(404)}, transport.Idempotent, nil, 2},
		"404 after a lost answer": {[]http.HandlerFunc{faulty(lost), status(404)}, transport.Idempotent, nil, 2},
		"404 after 502, 503":      {[]http.HandlerFunc{status(502), status(503), status(404)}, transport.Idempotent, nil, 3},
		"404 after no connection": {[]http.HandlerFunc{faulty(unsent), status(404)}, transport.Idempotent, worktime.ErrNotFound, 2},
		"404 after 429":           {[]http.HandlerFunc{status(429), status(404)}, transport.Idempotent, worktime.ErrNotFound, 2},
		"403 after 503":           {[]http.HandlerFunc{status(503), status(403)}, transport.Idempotent, worktime.ErrForbidden, 2},
		"once, 404":               {[]http.HandlerFunc{status(404)}, transport.Once, worktime.ErrNotFound, 1},
		"once, 503":               {[]http.HandlerFunc{status(503), status(404)}, transport.Once, worktime.ErrUnknownOutcome, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, n := answers(t, worktime.Options{}, c.answers...)
				op := deleteItem
				op.Class = c.class
				err := client.Send(t.Context(), op, nil, nil, func(Answer) error { return nil }, "1")
				assert.Equal(t, c.requests, *n)
				if c.want == nil {
					assert.NoError(t, err)
					return
				}
				requireError(t, err, "delete item", c.want)
			})
		})
	}
	// Only a DELETE is done when there is nothing.
	c, _ := answers(t, worktime.Options{Retry: impatient}, status(503), status(404))
	_, err := Get[Item](t.Context(), c, getItem, nil, "1")
	requireError(t, err, "get item", worktime.ErrNotFound)

	// An out of the user's stays as it is.
	c, _ = answers(t, worktime.Options{Retry: impatient}, status(503), status(404))
	item := Item{7}
	require.NoError(t, c.Do(t.Context(), worktime.Request{Method: http.MethodDelete, Path: "/items/1", Idempotent: true}, &item))
	assert.Equal(t, Item{7}, item)
}

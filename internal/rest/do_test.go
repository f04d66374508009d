package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// goodPaths go out as they stand.
var goodPaths = []string{
	"/items", "/items/1", "/items/", "/", "/items/a%2Fb", "/items/%3Fa%23b%25", "/a;v=1/b", "/a:b@c,d!$&'()*+=", "/~-._", "/a[1]",
	"/%E2%82%AC", "/x..y", "/...", "/.well-known", "/%c3%a9", "/a%20b", "/%2e%2e%2ex",
}

// badPaths are refused before anything is sent.
var badPaths = map[string]string{
	"empty":                   "",
	"no slash":                "items",
	"URL":                     "https://evil.example/items",
	"own URL":                 origin + basePath + "/items",
	"host":                    "//evil.example/items",
	"host after a backslash":  `/\evil.example/items`,
	"backslashes":             `\\evil.example\items`,
	"backslash":               `/a\b`,
	"userinfo":                "@evil.example/items",
	"port":                    ":8443/items",
	"query":                   "/items?x=y",
	"empty query":             "/items?",
	"query alone":             "?x=y",
	"fragment":                "/items#x",
	"fragment alone":          "#x",
	"up":                      "/..",
	"up and on":               "/../admin",
	"up inside":               "/a/../b",
	"up at the end":           "/a/..",
	"dot":                     "/.",
	"dot inside":              "/a/./b",
	"escaped up":              "/%2e%2e/admin",
	"half escaped up":         "/.%2E/admin",
	"escaped dot":             "/%2e/admin",
	"escaped slash":           "/..%2fadmin",
	"all escaped":             "/%2e%2e%2fadmin",
	"up between escaped":      "/a%2F..%2Fb",
	"escaped backslash":       "/..%5cadmin",
	"up with a parameter":     "/..;/admin",
	"up with a named one":     "/..;a=b/admin",
	"escaped, with parameter": "/%2e%2e%3b/admin",
	"empty segment":           "/a//b",
	"empty segment at end":    "/a//",
	"blank":                   "/a b",
	"blank first":             " /a",
	"tab":                     "/a\tb",
	"new line":                "/a\nHost: evil.example",
	"NUL":                     "/a\x00b",
	"not ASCII":               "/é",
	"not UTF-8":               "/\xff",
	"percent":                 "/50%",
	"bad escape":              "/%zz",
	"template":                "/items/{id}",
	"quotes":                  `/a"b`,
	"angle brackets":          "/<a>",
	"bar beside an escape":    "/a%2Fb|c",
	"caret":                   "/a^b",
	"backtick":                "/a`b",
}

func TestDoPaths(t *testing.T) {
	n := newNetwork(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, Item{1}) })
	c := newClient(t, n, origin+basePath, worktime.Options{})
	for name, path := range badPaths {
		t.Run(name, func(t *testing.T) {
			requireField(t, c.Do(t.Context(), worktime.Request{Path: path}, nil), "Request.Path")
		})
	}
	assert.Empty(t, n.targets())
	e := requireField(t, c.Do(t.Context(), worktime.Request{Path: "/50%"}, nil), "Request.Path")
	assert.Contains(t, e.Reason, "hexadecimal", "says what is wrong")
	for _, path := range goodPaths {
		require.NoError(t, c.Do(t.Context(), worktime.Request{Path: path}, nil), path)
		targets := n.targets()
		assert.Equal(t, basePath+path, targets[len(targets)-1])
	}
	n.assertHome(t)
}

func TestDoQuery(t *testing.T) {
	n := newNetwork(t, func(http.ResponseWriter, *http.Request) {})
	c := newClient(t, n, origin+basePath, worktime.Options{})
	require.NoError(t, c.Do(t.Context(), worktime.Request{
		Path: "/items", Query: url.Values{"filter": {"kind eq 'A+B'"}, "delta": {""}, "id": {"2", "1"}},
	}, nil))
	assert.Equal(t, []string{basePath + "/items?delta&filter=kind%20eq%20'A%2BB'&id=2&id=1"}, n.targets())
}

// The class decides what is sent again: everything that is safe, once what is idempotent, and
// never what may do harm twice.
func TestDoMethods(t *testing.T) {
	for _, c := range []struct {
		method     string
		idempotent bool
		sent       string
		requests   int // if the answer is always 500
	}{
		{"", false, "GET", 4}, {"GET", false, "GET", 4}, {"get", true, "GET", 4}, {"HEAD", false, "HEAD", 4},
		{"POST", false, "POST", 1}, {"PUT", false, "PUT", 1}, {"Patch", false, "PATCH", 1}, {"DELETE", false, "DELETE", 1},
		{"POST", true, "POST", 2}, {"PUT", true, "PUT", 2}, {"PATCH", true, "PATCH", 2}, {"delete", true, "DELETE", 2},
	} {
		t.Run(fmt.Sprint(c.method, c.idempotent), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent []string
				client, _ := answers(t, worktime.Options{}, func(w http.ResponseWriter, r *http.Request) {
					sent = append(sent, r.Method)
					failWith(w, http.StatusInternalServerError, "E500")
				})
				err := client.Do(t.Context(), worktime.Request{Method: c.method, Path: "/items", Idempotent: c.idempotent}, nil)
				e := requireError(t, err, "request", worktime.ErrUnavailable)
				assert.Equal(t, c.sent, e.Method)
				assert.Equal(t, strings.Split(strings.TrimSuffix(strings.Repeat(c.sent+" ", c.requests), " "), " "), sent)
				if c.requests == 1 {
					assert.ErrorIs(t, err, worktime.ErrUnknownOutcome)
				} else {
					assert.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
				}
			})
		})
	}
	for _, method := range []string{" ", "GET ", "G T", "GET\r\nHost:", "GÉT", "GET/1.1", "G-T", "\x00", "1"} {
		c, n := answers(t, worktime.Options{}, status(200))
		requireField(t, c.Do(t.Context(), worktime.Request{Method: method, Path: "/items"}, nil), "Request.Method")
		assert.Zero(t, *n)
	}
}

func TestDoBodies(t *testing.T) {
	type arrival struct {
		text, contentType string
		length            int64
	}
	var got arrival
	c := newClient(t, newNetwork(t, func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = arrival{string(text), r.Header.Get("Content-Type"), r.ContentLength}
	}), origin+basePath, worktime.Options{})
	const asJSON = "application/json"
	for name, b := range map[string]struct {
		body any
		want arrival
	}{
		"none":        {nil, arrival{}},
		"bytes":       {[]byte(`{"id": 1}`), arrival{`{"id": 1}`, asJSON, 9}},
		"not JSON":    {[]byte("id=1"), arrival{"id=1", asJSON, 4}},
		"empty bytes": {[]byte{}, arrival{"", asJSON, 0}},
		"nil bytes":   {[]byte(nil), arrival{}},
		"raw message": {json.RawMessage(`{"b": 1, "a": "<"}`), arrival{`{"b": 1, "a": "<"}`, asJSON, 18}},
		"struct":      {Item{7}, arrival{`{"id":7}`, asJSON, 8}},
		"pointer":     {&Item{7}, arrival{`{"id":7}`, asJSON, 8}},
		"slice":       {[]Item{{7}, {8}}, arrival{`[{"id":7},{"id":8}]`, asJSON, 19}},
		"map":         {map[string]any{"a": nil}, arrival{`{"a":null}`, asJSON, 10}},
		"text":        {"a", arrival{`"a"`, asJSON, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, c.Do(t.Context(), worktime.Request{Method: http.MethodPost, Path: "/items", Body: b.body}, nil))
			assert.Equal(t, b.want, got)
		})
	}
	got = arrival{text: "nothing arrived"}
	for name, body := range map[string]any{
		"reader": strings.NewReader("{}"), "buffer": bytes.NewBufferString("{}"), "file": os.Stdin,
		"channel": make(chan int), "function": func() {}, "marshal error": json.Number("x"),
	} {
		err := c.Do(t.Context(), worktime.Request{Method: http.MethodPost, Path: "/items", Body: body}, nil)
		requireField(t, err, "Request.Body")
		requireField(t, c.Send(t.Context(), createItem, nil, body, nil), "body")
		assert.Equal(t, "nothing arrived", got.text, name)
	}
}

func TestDoOut(t *testing.T) {
	c, n := answers(t, worktime.Options{}, body("application/json", `{"id":7}`))
	get := func(out any) error { return c.Do(t.Context(), worktime.Request{Path: "/items/7"}, out) }
	require.NoError(t, get(nil))

	var item Item
	require.NoError(t, get(&item))
	assert.Equal(t, Item{7}, item)
	pointer := &Item{}
	require.NoError(t, get(&pointer))
	assert.Equal(t, &Item{7}, pointer)
	var anything any
	require.NoError(t, get(&anything))
	assert.Equal(t, map[string]any{"id": 7.0}, anything)
	var mapped map[string]int
	require.NoError(t, get(&mapped))
	assert.Equal(t, map[string]int{"id": 7}, mapped)

	// What cannot be filled is refused before a write is sent, not called an unknown outcome after it.
	*n = 0
	for _, out := range []any{Item{}, (*Item)(nil), (*[]byte)(nil), (*json.RawMessage)(nil), map[string]any{}, "x", func() {}} {
		requireField(t, c.Do(t.Context(), worktime.Request{Method: http.MethodPost, Path: "/items"}, out), "out")
	}
	assert.Zero(t, *n)
}

// Bytes are the body as it is, whatever it is, and belong to the caller.
func TestDoRawOut(t *testing.T) {
	c, _ := answers(t, worktime.Options{}, body("text/csv", "id\r\n7\r\n"), body("text/csv", "xxxxxxxx"), body("text/csv", "yyyyyyyy"), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	var first, empty []byte
	var raw json.RawMessage
	require.NoError(t, c.Do(t.Context(), worktime.Request{Path: "/a"}, &first))
	require.NoError(t, c.Do(t.Context(), worktime.Request{Path: "/b"}, &raw))
	require.NoError(t, c.Do(t.Context(), worktime.Request{Path: "/b"}, new([]byte)))
	assert.Equal(t, "id\r\n7\r\n", string(first), "not overwritten by a later answer")
	assert.Equal(t, "xxxxxxxx", string(raw), "not overwritten by a later answer")
	require.NoError(t, c.Do(t.Context(), worktime.Request{Path: "/c"}, &empty))
	assert.Empty(t, empty)
	require.NoError(t, c.Do(t.Context(), worktime.Request{Path: "/c"}, nil))

	c, _ = answers(t, worktime.Options{}, body("text/html", "<html>"))
	require.NoError(t, c.Do(t.Context(), worktime.Request{Method: "POST", Path: "/a"}, nil), "nobody asked for the answer")
	var item Item
	err := c.Do(t.Context(), worktime.Request{Method: "POST", Path: "/a"}, &item)
	requireError(t, err, "request", worktime.ErrBadResponse, worktime.ErrUnknownOutcome)
}

// Errors are those of the typed operations.
func TestDoError(t *testing.T) {
	c, _ := answers(t, worktime.Options{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Request-Id", "17")
		failWith(w, http.StatusConflict, "Twice")
	})
	e := requireError(t, c.Do(context.WithoutCancel(t.Context()), worktime.Request{Method: "PUT", Path: "/a%2Fb"}, nil), "request", worktime.ErrConflict)
	assert.Equal(t, []string{"PUT", basePath + "/a%2Fb", "Twice", "17"}, []string{e.Method, e.Path, e.Code, e.RequestID})
	assert.NotErrorIs(t, e, worktime.ErrCursorExpired)
}

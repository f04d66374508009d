package rest

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

func TestPathTemplates(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		args     []string
		want     string
	}{
		"none":              {"/items", nil, "/items"},
		"number":            {"/items/{id}", []string{"17"}, "/items/17"},
		"in order":          {"/v/{v}/levels/{l}/items/{ref}/usages", []string{"1", "2", "c"}, "/v/1/levels/2/items/c/usages"},
		"slash":             {"/items/{id}", []string{"a/b"}, "/items/a%2Fb"},
		"percent":           {"/items/{id}", []string{"50%"}, "/items/50%25"},
		"escaped already":   {"/items/{id}", []string{"a%2Fb"}, "/items/a%252Fb"},
		"question mark":     {"/items/{id}", []string{"a?b=c"}, "/items/a%3Fb=c"},
		"fragment":          {"/items/{id}", []string{"a#b"}, "/items/a%23b"},
		"blank":             {"/items/{id}", []string{" a b "}, "/items/%20a%20b%20"},
		"plus":              {"/items/{id}", []string{"a+b"}, "/items/a+b"},
		"backslash":         {"/items/{id}", []string{`a\b`}, "/items/a%5Cb"},
		"semicolon":         {"/items/{id}", []string{"a;b"}, "/items/a%3Bb"},
		"not ASCII":         {"/items/{id}", []string{"Zoë"}, "/items/Zo%C3%AB"},
		"not UTF-8":         {"/items/{id}", []string{"\xff"}, "/items/%FF"},
		"braces":            {"/items/{id}/{x}", []string{"{x}", "b"}, "/items/%7Bx%7D/b"},
		"dots in a name":    {"/items/{id}", []string{"a..b"}, "/items/a..b"},
		"three dots":        {"/items/{id}", []string{"..."}, "/items/..."},
		"escaped dots":      {"/items/{id}", []string{"%2e%2e"}, "/items/%252e%252e"},
		"after the name":    {"/items/{id}:close", []string{"17"}, "/items/17:close"},
		"external badge id": {"/people/{ref}", []string{"@badge-number"}, "/people/@badge-number"},
	} {
		t.Run(name, func(t *testing.T) {
			var target string
			client := newClient(t, newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
				target = r.RequestURI
				writeJSON(w, http.StatusOK, Item{1})
			}), origin+basePath, worktime.Options{})
			_, err := Get[Item](t.Context(), client, Op{Name: "get", Class: transport.Safe, Method: http.MethodGet, Path: c.template}, nil, c.args...)
			require.NoError(t, err)
			assert.Equal(t, basePath+c.want, target)
		})
	}
}

func TestBadPathArguments(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		args     []string
	}{
		"empty":               {"/items/{id}", []string{""}},
		"empty among others":  {"/items/{id}/{x}", []string{"1", ""}},
		"dot":                 {"/items/{id}", []string{"."}},
		"up":                  {"/items/{id}", []string{".."}},
		"up first":            {"/items/{id}", []string{"../admin"}},
		"up inside":           {"/items/{id}", []string{"a/../b"}},
		"up after backslash":  {"/items/{id}", []string{`a\..`}},
		"up with a parameter": {"/items/{id}", []string{"..;a"}},
		"new line":            {"/items/{id}", []string{"a\r\nb"}},
		"NUL":                 {"/items/{id}", []string{"a\x00"}},
		"delete":              {"/items/{id}", []string{"\x7f"}},
		"too few":             {"/items/{id}/{x}", []string{"1"}},
		"none":                {"/items/{id}", nil},
		"too many":            {"/items/{id}", []string{"1", "2"}},
		"one for none":        {"/items", []string{"1"}},
		"unclosed name":       {"/items/{id", []string{"1"}},
	} {
		t.Run(name, func(t *testing.T) {
			client, n := answers(t, worktime.Options{}, status(200))
			_, err := Get[Item](t.Context(), client, Op{Name: "get", Method: http.MethodGet, Path: c.template}, nil, c.args...)
			requireField(t, err, "path")
			require.ErrorIs(t, err, worktime.ErrBadRequest)
			assert.Zero(t, *n)
		})
	}
}

// Whatever an argument holds, it stays one segment, and the server reads it back.
func TestPathArgumentStaysOneSegment(t *testing.T) {
	c, _ := answers(t, worktime.Options{}, status(200))
	rapid.Check(t, func(t *rapid.T) {
		arg := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("./\\%?#;&= +é2eF")))).Draw(t, "arg")
		path, err := expand("/items/{id}/usages", []string{arg})
		if err != nil {
			return
		}
		u := c.url(path, nil)
		require.Equal(t, basePath+path, u.RequestURI(), "net/url keeps it")
		segments := strings.Split(path, "/")
		require.Len(t, segments, 4)
		back, err := url.PathUnescape(segments[2])
		require.NoError(t, err)
		require.Equal(t, arg, back)
		require.Empty(t, badPath(path))
	})
}

// A request carries what the operation says, the credential, and nothing else of ours.
func TestSend(t *testing.T) {
	var got *http.Request
	var text []byte
	c := newClient(t, newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
		got = r
		text, _ = io.ReadAll(r.Body)
		w.Header().Set("Location", basePath+"/items/17")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "created")
	}), origin+basePath, worktime.Options{UserAgent: "Test/1 (Acme)"})
	var answer Answer
	var content string
	err := c.Send(t.Context(), createItem, url.Values{"dry": {""}}, Item{7}, func(a Answer) error {
		answer, content = a, string(a.Body)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, http.MethodPost, got.Method)
	assert.Equal(t, basePath+"/items?dry", got.RequestURI)
	assert.JSONEq(t, `{"id":7}`, string(text))
	got.Header.Del("Accept-Encoding") // of net/http
	assert.Equal(t, http.Header{
		"Authorization": {"Bearer " + canary}, "User-Agent": {"Test/1 (Acme)"}, "Accept": {"application/json"},
		"Content-Type": {"application/json"}, "Content-Length": {"8"},
	}, got.Header)
	assert.Equal(t, http.StatusCreated, answer.StatusCode)
	assert.Equal(t, basePath+"/items/17", answer.Header.Get("Location"))
	assert.Equal(t, "created", content)
	assert.False(t, answer.Resent)

	err = c.Send(t.Context(), deleteItem, nil, nil, func(Answer) error { return nil }, "7")
	require.NoError(t, err)
	assert.NotContains(t, got.Header, "Content-Type")
	assert.Empty(t, text)
}

// An upsert that was sent twice cannot tell "created".
func TestAnswerResent(t *testing.T) {
	put := Op{Name: "put item", Class: transport.Idempotent, Method: http.MethodPut, Path: itemPath}
	for _, c := range []struct {
		first http.HandlerFunc
		want  bool
	}{{status(503), true}, {faulty(lost), true}, {faulty(unsent), false}} {
		client, n := answers(t, worktime.Options{Retry: impatient}, c.first, status(201))
		var resent bool
		require.NoError(t, client.Send(t.Context(), put, nil, Item{1}, func(a Answer) error { resent = a.Resent; return nil }))
		assert.Equal(t, c.want, resent)
		assert.Equal(t, 2, *n)
	}
}

package auth

import (
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// markup is what a page of ours may contain; what it shows is put in the place of the dots.
var markup = regexp.MustCompile(`(?s)^<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>[^<>"'&]*</title></head>
<body>
<h1>[^<>"'&]*</h1>
<p id="text">([^<>"'&]|&(amp|lt|gt|#34|#39);)*</p>
</body>
</html>
$`)

// description makes up what a login server, or whoever poses as one, says: pieces of markup in any order.
func description(r *rand.Rand) string {
	pieces := []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", `"><svg/onload=alert(1)>`, "'", `"`, "&", "&lt;", "&#60;", "<", ">", "</p>", "</html>", "<!--",
		"]]>", "javascript:alert(1)", "\x00", "\r\n\r\n", "\u2028", "\u202e", "\xff\xfe", "%3Cscript%3E", "+ADw-script+AD4-", "\\u003c", "${7*7}", "{{.}}", "text", " ",
		"<\x00script>", "＜script＞", "<scr\x7fipt>", strings.Repeat("<b>", 200),
	}
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteString(pieces[r.IntN(len(pieces))])
		if r.IntN(4) == 0 {
			b.WriteRune(rune(r.IntN(0x3000)))
		}
	}
	return b.String()
}

// Nothing that a login server says gets into a page unescaped.
func TestNothingIsReflected(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := newHybrid(t)
	app, err := s.process(t).Handler(HandlerConfig{})
	require.NoError(t, err)
	shown := 0
	for range 1000 {
		said, code := description(r), description(r)
		refusal := url.Values{"error": {"e" + code}, "error_description": {said}, "error_uri": {said}}

		// At the receiver, in the form and in the query, with and without the state.
		address, tx, err := s.logins.Begin(t.Context(), "")
		require.NoError(t, err)
		right := with(refusal, map[string][]string{"state": {mustURL(t, address).Query().Get("state")}})
		receiver := newReceiver(mustURL(t, callbackURL), func(values url.Values) (answer, error) { return s.logins.accept(tx, values) })
		go func() {
			a := <-receiver.arrivals
			a.over(s.logins.finish(t.Context(), tx, a.values))
		}()
		form := httptest.NewRequest(http.MethodPost, callbackURL, strings.NewReader(refusal.Encode()))
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answered := httptest.NewRequest(http.MethodPost, callbackURL, strings.NewReader(right.Encode()))
		answered.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, request := range []*http.Request{form, httptest.NewRequest(http.MethodGet, callbackURL+"?"+refusal.Encode(), nil), answered} {
			w := httptest.NewRecorder()
			receiver.ServeHTTP(w, request)
			require.Equal(t, http.StatusBadRequest, w.Code)
			require.Regexp(t, markup, w.Body.String())
			if strings.Contains(w.Body.String(), "says") {
				shown++
			}
		}

		// In a web application.
		w := httptest.NewRecorder()
		app.ServeHTTP(w, httptest.NewRequest(http.MethodGet, callbackURL+"?"+refusal.Encode(), nil))
		assert.NotContains(t, w.Body.String(), "says")
		started := httptest.NewRecorder()
		app.ServeHTTP(started, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8400/login", nil))
		refusal.Set("state", mustURL(t, started.Header().Get("Location")).Query().Get("state"))
		form = httptest.NewRequest(http.MethodPost, callbackURL, strings.NewReader(refusal.Encode()))
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form.AddCookie(started.Result().Cookies()[0])
		w = httptest.NewRecorder()
		app.ServeHTTP(w, form)
		require.Equal(t, http.StatusBadRequest, w.Code)
		require.Regexp(t, markup, w.Body.String())
		assert.Contains(t, w.Body.String(), "says")
		assert.Contains(t, html.UnescapeString(w.Body.String()), printable("e"+code, 100), "told as it was said")
		for _, values := range w.Header() {
			assert.NotContains(t, strings.Join(values, ""), "alert(")
		}
	}
	assert.Equal(t, 1000, shown, "the answer with the right state is told at the receiver")
}

// A page is whole before its connection may be closed.
func TestPageHasALength(t *testing.T) {
	for _, p := range []page{relayPage(), donePage(), failedPage("<&>"), {title: "t", text: "x", script: cleanScript}} {
		w := httptest.NewRecorder()
		p.write(w, http.StatusOK)
		assert.Equal(t, fmt.Sprint(w.Body.Len()), w.Header().Get("Content-Length"))
		assert.True(t, w.Flushed)
		scripts := strings.Count(w.Body.String(), "<script>")
		assert.Equal(t, scripts, strings.Count(w.Header().Get("Content-Security-Policy"), "script-src 'sha256-"))
	}
}

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// FuzzRefreshAnswer: whatever stands before and after it in the answer, and wherever the connection
// breaks, a refresh token that has arrived whole is saved.
func FuzzRefreshAnswer(f *testing.F) {
	for _, c := range oddAnswers {
		if before, after, ok := strings.Cut(c.body, `"refresh_token":"R"`); ok && len(c.body) < 4096 {
			f.Add(strings.TrimPrefix(before, "{"), "R", after, false)
			f.Add(strings.TrimPrefix(before, "{"), "R", after, true)
		}
	}
	for _, answers := range []map[string]string{goodAnswers, badAnswers} {
		for _, body := range answers {
			if len(body) < 4096 {
				f.Add("", "c4n4ry\\\"\u2028é", body, false)
				f.Add(strings.TrimSuffix(strings.TrimPrefix(body, "{"), "}")+",", "R", "", true)
			}
		}
	}
	f.Fuzz(func(t *testing.T, before, token, after string, broken bool) {
		quoted, _ := json.Marshal(token)
		body := "{" + before + `"refresh_token":` + string(quoted) + after
		next, err := refreshBy(t, body, broken)
		var known *worktime.AuthError
		if err != nil && (!errors.As(err, &known) || known.Error() == "") {
			t.Fatalf("not an AuthError: %v", err)
		}
		if next == nil {
			next = &tokenstore.Record{RefreshToken: rt(0)}
		}
		if err == nil && (next.AccessToken == "" || !visible(next.AccessToken)) {
			t.Fatalf("access token %q", next.AccessToken)
		}
		if next.Problem != "" || next.RefreshToken == "" {
			t.Fatalf("the login is given up: %v", next)
		}
		// What comes before must be whole members of the object, or else the token is not one of its own.
		// The last of several counts.
		whole := json.Valid([]byte("{"+before+`"x":1}`)) && utf8.ValidString(token) && token != "" &&
			!strings.Contains(after, "token") && !strings.Contains(after, `\`)
		if whole && next.RefreshToken != token {
			t.Fatalf("lost: got %q\nof %s", next.RefreshToken, body)
		}
	})
}

// refreshBy carries out a refresh that is answered by body, the end of which may be missing.
func refreshBy(t testing.TB, body string, broken bool) (*tokenstore.Record, error) {
	t.Helper()
	hc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		var r io.Reader = strings.NewReader(body)
		if broken {
			r = io.MultiReader(r, iotest.ErrReader(io.ErrUnexpectedEOF))
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(r), ContentLength: -1}, nil
	})}
	client, err := transport.New(transport.NewFamily(hc), provider, worktime.Options{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	u := mustURL(t, tokenURL)
	r := Refresh{Endpoint: &Endpoint{Client: client, URL: u, Host: transport.NewHost(u)}, Store: tokenstore.Memory(), Form: form}
	old := &tokenstore.Record{AccessToken: at(0), RefreshToken: rt(0), IssuedAt: time.Unix(0, 0), Expiry: time.Unix(1, 0)}
	return r.Fetch(context.Background(), old)
}

package auth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// FuzzCallback sends anything to the redirect URI. Without the state it causes no request, ends no login
// and shows nothing of itself; with it, it is an answer or it is refused.
func FuzzCallback(f *testing.F) {
	const state = "5t4t3-5t4t3-5t4t3-5t4t3-5t4t3-5t4t3-5t4t3-5"
	for _, seed := range []string{
		"", "state=" + state, "code=c&id_token=a.b.c&state=" + state, "code=c&state=x", "error=access_denied&state=" + state, "error=access_denied",
		"code=a&code=b&id_token=t&state=" + state, "state=" + state + "&state=" + state, "access_token=t&code=c&id_token=t&state=" + state,
		"error=%3Cscript%3E&error_description=%3Cscript%3Ealert(1)%3C/script%3E&state=" + state, "iss=https://evil.example&code=c&id_token=t&state=" + state,
		"state=%zz", "a;b", "=", "&&&&", "%00=%00", "state[]=" + state, "state=" + state + "%00", strings.Repeat("a=b&", 5000), "code=c&id_token=&state=" + state,
	} {
		f.Add(seed, uint8(0))
		f.Add(seed, uint8(1))
		f.Add(seed, uint8(2))
	}
	s := newHybrid(f)
	_, begun, err := s.logins.Begin(f.Context(), "")
	require.NoError(f, err)
	asked := s.apiRequests() // the discovery document
	f.Fuzz(func(t *testing.T, text string, way uint8) {
		tx := begun
		tx.state = state
		l := s.logins
		delete(l.spent, state)
		request := func() *http.Request {
			r := &http.Request{Method: http.MethodGet, Host: "127.0.0.1:8400", URL: mustURL(t, callbackURL), Header: http.Header{}}
			switch way % 3 {
			case 0:
				r = httptest.NewRequest(http.MethodPost, callbackURL, strings.NewReader(text))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			case 1:
				r.URL.RawQuery = text
			default:
				r.URL.Fragment = text
			}
			return r
		}
		values, err := readAnswer(nil, request())
		good := false
		if err == nil {
			a, err := l.accept(tx, values)
			good = err == nil
			if good {
				require.Equal(t, []string{state}, values["state"])
				require.True(t, a.errorCode != "" || a.code != "" && a.idToken != "")
			}
		}
		// The key set is not fetched for what is no token, so not one request is made at all.
		err = l.Finish(t.Context(), tx, request())
		require.Error(t, err)
		var refused *worktime.AuthError
		require.ErrorAs(t, err, &refused)
		require.NotContains(t, err.Error(), "\n")
		if len(values["id_token"]) == 1 && strings.Count(values.Get("id_token"), ".") == 2 {
			return // it may look like a token
		}
		require.Equal(t, asked, s.apiRequests())
		require.Zero(t, s.tokenRequests())

		// At the receiver it is shown a page, and goes on unless it is an answer.
		if good || way%3 == 2 {
			return
		}
		receiver := newReceiver(mustURL(t, callbackURL), func(values url.Values) (answer, error) { return l.accept(tx, values) })
		w := httptest.NewRecorder()
		receiver.ServeHTTP(w, request())
		require.Empty(t, receiver.arrivals)
		require.NotContains(t, w.Body.String(), "alert(")
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	})
}

// FuzzTransaction decodes anything: a transaction that comes of it is one that can be encoded again.
func FuzzTransaction(f *testing.F) {
	s := newHybrid(f)
	_, tx, err := s.logins.Begin(f.Context(), "ann")
	require.NoError(f, err)
	data, err := tx.Encode()
	require.NoError(f, err)
	f.Add(data)
	for _, seed := range []string{"", "{}", "null", `{"version":1}`, `{"version":2,"state":"s","redirect_uri":"r","begun":"2026-01-01T00:00:00Z"}`, `{"version":1e0,"state":"\ud800","redirect_uri":"r","begun":"0001-01-01T00:00:01Z"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		tx, err := DecodeTransaction(data)
		if err != nil {
			require.Zero(t, tx)
			return
		}
		require.NotEmpty(t, tx.state)
		again, err := tx.Encode()
		require.NoError(t, err)
		same, err := DecodeTransaction(again)
		require.NoError(t, err)
		require.True(t, tx.begun.Equal(same.begun))
		same.begun = tx.begun
		require.True(t, tx == same)
	})
}

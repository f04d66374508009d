package fake

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var rules = TokenRules{ClientID: "id", ClientSecret: "s3cret", Scopes: []string{"a", "b"}, Lifetime: 30 * time.Minute}

// ask sends a form and returns the answer with its JSON.
func ask(e *TokenEndpoint, form string) (*http.Response, map[string]any) {
	r := httptest.NewRequest("POST", "/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return askWith(e, r)
}

func askWith(e *TokenEndpoint, r *http.Request) (*http.Response, map[string]any) {
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	var body map[string]any
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Result(), body
}

const good = "grant_type=client_credentials&client_id=id&client_secret=s3cret"

func TestToken(t *testing.T) {
	e := NewTokenEndpoint(rules)
	resp, body := ask(e, good+"&scope=a")
	assert.Equal(t, 200, resp.StatusCode)
	assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	token, _ := body["access_token"].(string)
	assert.Equal(t, map[string]any{"access_token": token, "expires_in": 1800.0, "token_type": "Bearer", "scope": "a"}, body)
	assert.GreaterOrEqual(t, len(token), 50)

	_, other := ask(e, good+"&scope=a+b")
	assert.NotEqual(t, token, other["access_token"])
	assert.Equal(t, "a b", other["scope"])
	_, all := ask(e, good)
	assert.Equal(t, "a b", all["scope"], "none asked for means all (documented)")

	scopes, ok := e.Scopes("Bearer " + token)
	assert.True(t, ok)
	assert.Equal(t, []string{"a"}, scopes)
	_, ok = e.Scopes("bearer " + token)
	assert.True(t, ok, "the scheme has no case (RFC 9110, section 11.1)")
	for _, bad := range []string{"", "Bearer", "Bearer ", "Bearer " + token + "x", "Basic " + token, token, "Bearer  " + token} {
		_, ok = e.Scopes(bad)
		assert.False(t, ok, "%q", bad)
	}
	_, ok = NewTokenEndpoint(rules).Scopes("Bearer " + token)
	assert.False(t, ok, "the token of another tenant")
}

func TestTokenErrors(t *testing.T) {
	e := NewTokenEndpoint(rules)
	for name, test := range map[string]struct{ form, code string }{
		"empty":             {"", "invalid_request"},
		"unreadable":        {good + "&x=%zz", "invalid_request"},
		"no grant":          {"client_id=id&client_secret=s3cret", "invalid_request"},
		"another grant":     {"grant_type=password&client_id=id&client_secret=s3cret", "unsupported_grant_type"},
		"twice":             {good + "&client_id=id", "invalid_request"},
		"no client":         {"grant_type=client_credentials", "invalid_client"},
		"wrong client":      {"grant_type=client_credentials&client_id=other&client_secret=s3cret", "invalid_client"},
		"wrong secret":      {"grant_type=client_credentials&client_id=id&client_secret=wrong", "invalid_client"},
		"no secret":         {"grant_type=client_credentials&client_id=id", "invalid_client"},
		"unknown scope":     {good + "&scope=c", "invalid_scope"},
		"one unknown scope": {good + "&scope=a+c", "invalid_scope"},
	} {
		resp, body := ask(e, test.form)
		assert.Equal(t, 400, resp.StatusCode, name)
		assert.Equal(t, test.code, body["error"], name)
		assert.NotEmpty(t, body["error_description"], name)
		assert.Len(t, body, 2, name)
	}

	form := url.Values{"grant_type": {"client_credentials"}}.Encode()
	basic := httptest.NewRequest("POST", "/token", strings.NewReader(form))
	basic.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	basic.SetBasicAuth("id", "s3cret")
	_, body := askWith(e, basic)
	assert.Equal(t, "invalid_client", body["error"], "only the form is documented")

	query := httptest.NewRequest("POST", "/token?"+good, nil)
	query.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, body = askWith(e, query)
	assert.Equal(t, "invalid_request", body["error"], "secrets do not belong into a URL")

	jsonBody := httptest.NewRequest("POST", "/token", strings.NewReader(`{}`))
	jsonBody.Header.Set("Content-Type", "application/json")
	_, body = askWith(e, jsonBody)
	assert.Equal(t, "invalid_request", body["error"])

	resp, _ := askWith(e, httptest.NewRequest("GET", "/token?"+good, nil))
	assert.Equal(t, []any{405, "POST"}, []any{resp.StatusCode, resp.Header.Get("Allow")})
}

func TestTokenEndsByTimeAndByRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := NewTokenEndpoint(rules)
		valid := func(body map[string]any) bool {
			_, ok := e.Scopes("Bearer " + body["access_token"].(string))
			return ok
		}
		_, first := ask(e, good)
		time.Sleep(30*time.Minute - time.Nanosecond)
		assert.True(t, valid(first))
		_, second := ask(e, good)
		time.Sleep(time.Nanosecond)
		assert.False(t, valid(first))
		assert.True(t, valid(second))
		e.Revoke()
		assert.False(t, valid(second))
		_, third := ask(e, good)
		assert.True(t, valid(third))
	})
}

func TestTokenLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := rules
		limited.Limit, limited.Window = 2, 10*time.Second
		e := NewTokenEndpoint(limited)
		status := func() (int, string) {
			resp, _ := ask(e, good)
			return resp.StatusCode, resp.Header.Get("Retry-After")
		}
		expect := func(wantStatus int, wantAfter string) {
			t.Helper()
			got, after := status()
			require.Equal(t, []any{wantStatus, wantAfter}, []any{got, after})
		}
		expect(200, "")
		time.Sleep(4500 * time.Millisecond)
		expect(200, "")
		expect(429, "6") // 5.5 s are left
		time.Sleep(5 * time.Second)
		expect(429, "1")
		time.Sleep(500 * time.Millisecond)
		expect(200, "")
		expect(200, "")
		expect(429, "10")
	})
}

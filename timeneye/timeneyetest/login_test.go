package timeneyetest_test

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

const (
	redirect = "http://127.0.0.1:8400/callback"
	verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

func authorization() url.Values {
	return url.Values{
		"response_type": {"code"}, "client_id": {"timeneyetest"}, "redirect_uri": {redirect}, "state": {"s"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
}

// authorize returns the parameters that come back.
func (c *caller) authorize(query url.Values) url.Values {
	c.t.Helper()
	address, err := c.srv.Visit(c.t.Context(), c.srv.AuthURL()+"?"+query.Encode())
	require.NoError(c.t, err)
	u, err := url.Parse(address)
	require.NoError(c.t, err)
	return u.Query()
}

func (c *caller) exchange(form url.Values) answer {
	c.t.Helper()
	c.token = ""
	return c.do("POST", c.srv.TokenURL(), "application/x-www-form-urlencoded", form.Encode())
}

func codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {"timeneyetest"}, "redirect_uri": {redirect}, "code": {code}, "code_verifier": {verifier}}
}

func refreshForm(r answer) url.Values {
	token, _ := r.json()["refresh_token"].(string)
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {"timeneyetest"}, "refresh_token": {token}}
}

func TestLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t)
		back := c.authorize(authorization())
		assert.Equal(t, "s", back.Get("state"))
		first := c.exchange(codeForm(back.Get("code")))
		require.Equal(t, 200, first.status, first.body)
		assert.Equal(t, []any{"Bearer", 86400.}, []any{first.json()["token_type"], first.json()["expires_in"]})
		api := *c
		api.token, _ = first.json()["access_token"].(string)
		assert.Equal(t, 200, api.get("/projects").status)
		time.Sleep(24 * time.Hour)
		assert.Equal(t, 401, api.get("/projects").status)

		second := c.exchange(refreshForm(first))
		require.Equal(t, 200, second.status, second.body)
		assert.NotEqual(t, refreshForm(first), refreshForm(second))
		for range 2 { // the reuse ends the login
			r := c.exchange(refreshForm(first))
			assert.Equal(t, []any{400, "invalid_grant"}, []any{r.status, r.json()["error"]})
		}
		assert.Equal(t, 400, c.exchange(refreshForm(second)).status)
		assert.Equal(t, [2]int{5, 1}, [2]int{c.srv.TokenRequests(), c.srv.LoginRequests()})
	})
}

func TestLoginRefuses(t *testing.T) {
	c := newCaller(t, timeneyetest.WithRedirectURLs(redirect))
	for name, change := range map[string]func(url.Values){
		"unsupported_response_type": func(v url.Values) { v.Set("response_type", "token") },
		"invalid_request":           func(v url.Values) { v.Set("code_challenge_method", "plain") },
		"invalid_scope":             func(v url.Values) { v.Set("scope", "everything") },
	} {
		query := authorization()
		change(query)
		back := c.authorize(query)
		assert.Equal(t, []string{name, "s", ""}, []string{back.Get("error"), back.Get("state"), back.Get("code")})
	}
	query := authorization()
	query.Del("code_challenge")
	assert.Equal(t, "invalid_request", c.authorize(query).Get("error"))
	c.srv.RefuseLogin("access_denied", "No.")
	back := c.authorize(authorization())
	assert.Equal(t, []string{"access_denied", "No."}, []string{back.Get("error"), back.Get("error_description")})
	for name, value := range map[string]string{"client_id": "x", "redirect_uri": "http://127.0.0.1:8401/callback"} {
		query := authorization()
		query.Set(name, value)
		_, err := c.srv.Visit(t.Context(), c.srv.AuthURL()+"?"+query.Encode())
		require.ErrorContains(t, err, "400")
	}
	for name, value := range map[string]string{"code_verifier": "x", "redirect_uri": "http://127.0.0.1:8401/callback", "client_id": "x", "client_secret": "x"} {
		form := codeForm(c.authorize(authorization()).Get("code"))
		form.Set(name, value)
		assert.Equal(t, 400, c.exchange(form).status, name)
	}
	assert.Panics(t, func() { c.srv.SignInAs(7) })
}

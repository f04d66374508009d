package timelogtest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

const redirect = "http://127.0.0.1:5000/signin-oidc"

// authorizeURL is that of a hybrid login with a change of its query; an empty value takes a parameter away.
func (c *caller) authorizeURL(changes ...string) string {
	query := url.Values{
		"client_id": {c.srv.ClientID()}, "scope": {"openid tlp offline_access"}, "response_type": {"code id_token"},
		"redirect_uri": {redirect}, "nonce": {"n-0S6_WzA2Mj"}, "state": {"af0ifjsldkj"}, "response_mode": {"form_post"},
	}
	for i := 0; i < len(changes); i += 2 {
		if query.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			query.Del(changes[i])
		}
	}
	return c.srv.LoginURL() + "/connect/authorize?" + query.Encode()
}

func (c *caller) visit(changes ...string) timelogtest.Callback {
	c.t.Helper()
	callback, err := c.srv.Visit(c.t.Context(), c.authorizeURL(changes...))
	require.NoError(c.t, err)
	return callback
}

func (c *caller) exchange(code string, changes ...string) answer {
	c.t.Helper()
	return c.grant("authorization_code", append([]string{"code", code, "redirect_uri", redirect}, changes...)...)
}

func (c *caller) refresh(token string) answer {
	c.t.Helper()
	return c.grant("refresh_token", "refresh_token", token, "redirect_uri", redirect)
}

func (c *caller) grant(kind string, members ...string) answer {
	c.t.Helper()
	form := url.Values{"client_id": {c.srv.ClientID()}, "client_secret": {c.srv.ClientSecret()}, "grant_type": {kind}}
	for i := 0; i < len(members); i += 2 {
		if form.Set(members[i], members[i+1]); members[i+1] == "" {
			form.Del(members[i])
		}
	}
	return c.login("/connect/token", form)
}

func oauthError(t testing.TB, r answer, code string) {
	t.Helper()
	require.Equal(t, 400, r.status, r.body)
	assert.Equal(t, code, r.json()["error"], r.body)
}

func text(m object, name string) string {
	value, _ := m[name].(string)
	return value
}

func TestHybridLogin(t *testing.T) {
	for _, mode := range []string{"form_post", "fragment", ""} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCaller(t)
				c.token = ""
				verifier := strings.Repeat("v", 43)
				digest := sha256.Sum256([]byte(verifier))
				challenge := base64.RawURLEncoding.EncodeToString(digest[:])
				callback := c.visit("response_mode", mode, "code_challenge", challenge, "code_challenge_method", "S256")
				want := mode
				if want == "" {
					want = "fragment" // OpenID Connect Core 1.0, section 3.3.2.5
				}
				assert.Equal(t, []string{redirect, want}, []string{callback.RedirectURL, callback.Mode})
				params := callback.Params
				assert.Equal(t, []string{"af0ifjsldkj", "openid tlp offline_access"}, []string{params.Get("state"), params.Get("scope")})
				assert.NotEmpty(t, params.Get("session_state"))

				front := c.verify(params.Get("id_token"))
				assert.True(t, front.good)
				now := float64(time.Now().Unix())
				assert.Equal(t, object{
					"iss": c.srv.LoginURL(), "aud": c.srv.ClientID(), "sub": "local:82", "nonce": "n-0S6_WzA2Mj", "iat": now, "nbf": now,
					"exp": now + 300, "auth_time": now, "sid": front.claims["sid"], "idp": "local", "amr": []any{"pwd"},
					"c_hash": halfHash(params.Get("code")),
				}, front.claims)

				oauthError(t, c.exchange(params.Get("code"), "code_verifier", "wrong"), "invalid_grant")
				callback = c.visit("response_mode", mode, "code_challenge", challenge, "code_challenge_method", "S256")
				r := c.exchange(callback.Params.Get("code"), "code_verifier", verifier)
				require.Equal(t, 200, r.status, r.body)
				tokens := r.json()
				assert.Equal(t, []any{"Bearer", 3600.0, "openid tlp offline_access"}, []any{tokens["token_type"], tokens["expires_in"], tokens["scope"]})
				assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
				back := c.verify(text(tokens, "id_token"))
				assert.True(t, back.good)
				assert.Equal(t, []any{"n-0S6_WzA2Mj", "local:82", halfHash(text(tokens, "access_token"))},
					[]any{back.claims["nonce"], back.claims["sub"], back.claims["at_hash"]})
				assert.NotContains(t, back.claims, "c_hash")

				c.token = text(tokens, "access_token")
				assert.InDelta(t, 82, c.get("/user/me").properties()["UserID"], 0)
				time.Sleep(time.Hour)
				assert.Equal(t, 401, c.get("/user/me").status, "expired")

				r = c.refresh(text(tokens, "refresh_token"))
				require.Equal(t, 200, r.status, r.body)
				c.token = text(r.json(), "access_token")
				assert.InDelta(t, 82, c.get("/user/me").properties()["UserID"], 0)
				again := c.verify(text(r.json(), "id_token"))
				assert.True(t, again.good)
				assert.NotContains(t, again.claims, "nonce", "OpenID Connect Core 1.0, section 12.2")
				assert.Equal(t, []any{halfHash(c.token), back.claims["auth_time"]}, []any{again.claims["at_hash"], again.claims["auth_time"]})
			})
		})
	}
}

func TestCodeFlow(t *testing.T) {
	c := newCaller(t)
	for _, mode := range []string{"", "query", "form_post", "fragment"} {
		callback := c.visit("response_type", "code", "response_mode", mode, "nonce", "", "redirect_uri", "com.timelog:/oauthredirect?a=1")
		assert.NotContains(t, callback.Params, "id_token")
		assert.NotContains(t, callback.Params, "a")
		if mode == "" {
			mode = "query"
		}
		assert.Equal(t, mode, callback.Mode)
		r := c.exchange(callback.Params.Get("code"), "redirect_uri", "com.timelog:/oauthredirect?a=1")
		require.Equal(t, 200, r.status, r.body)
		assert.NotContains(t, c.verify(text(r.json(), "id_token")).claims, "nonce")
	}
}

func TestWhatAnAuthorizationRequestMustHave(t *testing.T) {
	c := newCaller(t, timelogtest.WithRedirectURLs(redirect, redirect+"/2"))
	for _, changes := range [][]string{
		{"client_id", "other"}, {"redirect_uri", redirect + "/"}, {"redirect_uri", ""}, {"redirect_uri", "/relative"},
	} {
		_, err := c.srv.Visit(t.Context(), c.authorizeURL(changes...))
		assert.ErrorContains(t, err, "answered 400", changes)
	}
	for _, test := range []struct {
		code    string
		changes []string
	}{
		{"unsupported_response_type", []string{"response_type", "id_token"}},
		{"unsupported_response_type", []string{"response_type", ""}},
		{"unsupported_response_type", []string{"response_type", "code id_token token"}},
		{"invalid_request", []string{"response_mode", "query"}},
		{"invalid_request", []string{"response_mode", "web_message"}},
		{"invalid_request", []string{"nonce", ""}},
		{"invalid_request", []string{"code_challenge", "x", "code_challenge_method", "plain"}},
		{"invalid_request", []string{"code_challenge", "x"}},
		{"invalid_scope", []string{"scope", "tlp"}},
		{"invalid_scope", []string{"scope", "openid everything"}},
	} {
		callback := c.visit(test.changes...)
		assert.Equal(t, []string{test.code, "af0ifjsldkj", ""},
			[]string{callback.Params.Get("error"), callback.Params.Get("state"), callback.Params.Get("code")}, test.changes)
	}
	assert.NotEmpty(t, c.visit("redirect_uri", redirect+"/2", "response_type", "id_token code").Params.Get("code"))
	assert.NotContains(t, c.visit("state", "").Params, "state")
}

func TestRefusedLogin(t *testing.T) {
	c := newCaller(t)
	c.srv.RefuseLogin("access_denied", `no <b>"way"</b>`)
	callback := c.visit()
	assert.Equal(t, url.Values{"error": {"access_denied"}, "error_description": {`no <b>"way"</b>`}, "state": {"af0ifjsldkj"}}, callback.Params)
	assert.NotEmpty(t, c.visit().Params.Get("code"), "once")
	c.srv.RefuseLogin("login_required", "")
	assert.NotContains(t, c.visit("response_mode", "fragment").Params, "error_description")
}

// The page submits itself, also where a script may not: what is in it must not break out of it.
func TestFormPostPage(t *testing.T) {
	c := newCaller(t)
	r := c.do("GET", c.authorizeURL("state", `"><script>x</script>`, "redirect_uri", `https://app.example/cb?a="&b=1`), "", "")
	assert.Equal(t, []any{200, "no-store"}, []any{r.status, r.header.Get("Cache-Control")})
	assert.NotContains(t, r.body, "<script>x")
	assert.Contains(t, r.body, `name="state" value="&#34;&gt;&lt;script&gt;x&lt;/script&gt;"`)
	assert.Equal(t, `"><script>x</script>`, c.visit("state", `"><script>x</script>`).Params.Get("state"))
	post := c.do("POST", c.srv.LoginURL()+"/connect/authorize", "application/x-www-form-urlencoded", strings.SplitN(c.authorizeURL(), "?", 2)[1])
	assert.Contains(t, post.body, `name="code"`)
}

func TestCodesWorkOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t)
		code := c.visit().Params.Get("code")
		first := c.exchange(code)
		require.Equal(t, 200, first.status)
		oauthError(t, c.exchange(code), "invalid_grant")
		oauthError(t, c.refresh(text(first.json(), "refresh_token")), "invalid_grant")
		c.token = text(first.json(), "access_token")
		assert.Equal(t, 401, c.get("/user/me").status, "RFC 6749, section 4.1.2: what was issued for the code is revoked")

		late := c.visit().Params.Get("code")
		time.Sleep(5 * time.Minute)
		oauthError(t, c.exchange(late), "invalid_grant")
	})
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	c := newCaller(t)
	c.token = ""
	fresh := func() string { return c.visit().Params.Get("code") }
	oauthError(t, c.exchange(fresh(), "redirect_uri", redirect+"/"), "invalid_grant")
	oauthError(t, c.exchange(fresh(), "code_verifier", strings.Repeat("v", 43)), "invalid_grant")
	oauthError(t, c.exchange("unknown"), "invalid_grant")
	oauthError(t, c.refresh("unknown"), "invalid_grant")
	oauthError(t, c.exchange(fresh(), "client_secret", "wrong"), "invalid_client")
	oauthError(t, c.exchange(fresh(), "client_id", "wrong"), "invalid_client")
	oauthError(t, c.grant("password"), "unsupported_grant_type")
	oauthError(t, c.grant(""), "invalid_request")
	assert.Equal(t, 405, c.do("GET", c.srv.LoginURL()+"/connect/token", "", "").status)

	r := c.exchange(c.visit("scope", "openid").Params.Get("code"))
	assert.NotContains(t, r.json(), "refresh_token", "without offline_access")
	c.token = text(r.json(), "access_token")
	assert.Equal(t, 401, c.get("/user/me").status, "without tlp")
	r = c.exchange(c.visit("scope", "tlp", "response_type", "code").Params.Get("code"))
	assert.NotContains(t, r.json(), "id_token", "without openid")
}

func TestReuseOfARefreshTokenEndsTheLogin(t *testing.T) {
	c := newCaller(t)
	stolen := c.srv.LogIn()
	other := c.srv.LogIn()
	r := c.refresh(stolen.RefreshToken)
	require.Equal(t, 200, r.status)
	next := text(r.json(), "refresh_token")
	assert.NotEqual(t, stolen.RefreshToken, next)
	c.token = text(r.json(), "access_token")
	assert.Equal(t, 200, c.get("/user/me").status)
	oauthError(t, c.refresh(stolen.RefreshToken), "invalid_grant")
	assert.Equal(t, 401, c.get("/user/me").status)
	oauthError(t, c.refresh(next), "invalid_grant")
	assert.Equal(t, 200, c.refresh(other.RefreshToken).status, "another login")
}

func TestRevocation(t *testing.T) {
	c := newCaller(t)
	revoke := func(token string) answer {
		return c.login("/connect/revocation", url.Values{"client_id": {c.srv.ClientID()}, "client_secret": {c.srv.ClientSecret()}, "token": {token}})
	}
	tokens := c.srv.LogIn()
	c.token = tokens.AccessToken
	assert.Equal(t, 200, revoke(tokens.AccessToken).status)
	assert.Equal(t, 401, c.get("/user/me").status)
	assert.Equal(t, 200, revoke(tokens.RefreshToken).status)
	oauthError(t, c.refresh(tokens.RefreshToken), "invalid_grant")
	assert.Equal(t, 200, revoke("unknown").status, "RFC 7009, section 2.2")
	oauthError(t, revoke(""), "invalid_request")
	oauthError(t, c.login("/connect/revocation", url.Values{"token": {"x"}}), "invalid_client")
}

func TestWhoMayCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, timelogtest.WithSample(monday), timelogtest.WithTokenLifetime(time.Minute))
		pat := c.token
		tokens := c.srv.LogIn()
		assert.Equal(t, time.Now().Add(time.Minute), tokens.Expiry)
		assert.True(t, c.verify(tokens.IDToken).good)
		c.srv.SignInAs(84)
		carla := c.srv.LogIn()
		status := func(token string) int {
			c.token = token
			r := c.get("/user/me")
			if r.status == 401 {
				assert.JSONEq(t, `{"Message":"Authorization has been denied for this request."}`, r.body)
				assert.Equal(t, "Bearer", r.header.Get("WWW-Authenticate"))
			}
			return r.status
		}
		assert.Equal(t, 200, status(carla.AccessToken))
		assert.Equal(t, "Carla", c.get("/user/me").properties()["FirstName"])
		assert.Equal(t, 200, status(pat))
		assert.Equal(t, "Ann", c.get("/user/me").properties()["FirstName"])
		for _, token := range []string{"", "x", pat + "x", `"` + pat + `"`} {
			assert.Equal(t, 401, status(token), token)
		}
		c.srv.RevokeTokens()
		assert.Equal(t, []int{401, 401, 200}, []int{status(tokens.AccessToken), status(carla.AccessToken), status(pat)})
		r := c.refresh(tokens.RefreshToken)
		assert.Equal(t, []int{200, 200}, []int{r.status, status(text(r.json(), "access_token"))})
		time.Sleep(time.Minute)
		assert.Equal(t, 401, c.get("/user/me").status)
		c.srv.RevokeLogins()
		oauthError(t, c.refresh(carla.RefreshToken), "invalid_grant")
		c.srv.RevokePersonalAccessToken()
		assert.Equal(t, 401, status(pat))
		assert.Panics(t, func() { c.srv.SignInAs(1) })
	})
}

func TestResolveURI(t *testing.T) {
	c := newCaller(t, timelogtest.WithSite("beta"))
	assert.Equal(t, 401, c.do("GET", c.srv.LoginURL()+"/api/ResolveUri", "", "").status, "a personal access token")
	c.token = c.srv.LogIn("openid").AccessToken
	r := c.do("GET", c.srv.LoginURL()+"/api/ResolveUri", "", "")
	assert.JSONEq(t, `{"url":"`+c.srv.SiteURL()+`"}`, r.body)
	assert.Contains(t, c.srv.SiteURL(), "/beta")
	r = c.do("GET", "https://login.timelog.com/api/ResolveUri", "", "")
	assert.JSONEq(t, `{"url":"https://app4.timelog.com/beta"}`, r.body)
}

func TestVendorHosts(t *testing.T) {
	c := newCaller(t)
	discovery := c.do("GET", "https://login.timelog.com/.well-known/openid-configuration", "", "").json()
	assert.Equal(t, "https://login.timelog.com", discovery["issuer"])
	assert.Equal(t, "https://login.timelog.com/connect/token", discovery["token_endpoint"])
	callback, err := c.srv.Visit(t.Context(), "https://login.timelog.com"+strings.TrimPrefix(c.authorizeURL(), c.srv.LoginURL()))
	require.NoError(t, err)
	assert.Equal(t, "https://login.timelog.com", c.verify(callback.Params.Get("id_token")).claims["iss"])
	r := c.do("GET", "https://app4.timelog.com/acme/api/v1/user/me", "", "")
	assert.Equal(t, []any{object{"Href": "https://app4.timelog.com/acme/api/v1/user/82", "Rel": "self"}}, r.json()["Links"])
	assert.Equal(t, [2]int{1, 4}, [2]int{c.srv.APIRequests(), c.srv.LoginRequests()})
	assert.True(t, c.srv.Requests()[0].Login)
}

package fake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newGrants(change func(*GrantRules)) *Grants {
	rules := GrantRules{ClientID: "id", ClientSecret: "s cret", CodeLifetime: time.Minute, TokenLifetime: time.Hour}
	if change != nil {
		change(&rules)
	}
	return NewGrants(rules)
}

func aLogin() Login {
	return Login{Subject: "ann", RedirectURL: "https://app.example/cb", Scopes: []string{"a", "b"}}
}

// post sends a form to one of the endpoints, with the credentials in it unless it has others.
func post(t *testing.T, handler http.HandlerFunc, members ...string) (int, map[string]any) {
	t.Helper()
	form := url.Values{"client_id": {"id"}, "client_secret": {"s cret"}}
	for i := 0; i < len(members); i += 2 {
		form.Set(members[i], members[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return answered(t, handler, r)
}

func answered(t *testing.T, handler http.HandlerFunc, r *http.Request) (int, map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	handler(w, r)
	body := map[string]any{}
	if w.Body.Len() > 0 {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body.String())
		assert.Equal(t, "no-store", w.Header().Get("Cache-Control"), "RFC 6749, section 5.1")
	}
	return w.Code, body
}

func exchange(t *testing.T, g *Grants, code string, members ...string) (int, map[string]any) {
	t.Helper()
	return post(t, g.ServeHTTP, append([]string{"grant_type", "authorization_code", "code", code, "redirect_uri", "https://app.example/cb"}, members...)...)
}

func renew(t *testing.T, g *Grants, token any) (int, map[string]any) {
	t.Helper()
	text, _ := token.(string)
	return post(t, g.ServeHTTP, "grant_type", "refresh_token", "refresh_token", text)
}

func works(g *Grants, token any) bool {
	text, _ := token.(string)
	_, ok := g.Login("bearer " + text)
	return ok
}

func TestGrantOfACode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGrants(nil)
		status, body := exchange(t, g, g.Code(aLogin()))
		require.Equal(t, 200, status, body)
		assert.Equal(t, map[string]any{
			"access_token": body["access_token"], "refresh_token": body["refresh_token"], "expires_in": 3600.0, "token_type": "Bearer", "scope": "a b",
		}, body)
		token, _ := body["access_token"].(string)
		login, ok := g.Login("Bearer " + token)
		assert.True(t, ok)
		assert.Equal(t, aLogin(), login)
		for _, header := range []string{"", "Bearer", "Bearer " + token + "x", "Basic " + token} {
			_, ok = g.Login(header)
			assert.False(t, ok, header)
		}
		time.Sleep(time.Hour)
		assert.False(t, works(g, token), "expired")

		late := g.Code(aLogin())
		time.Sleep(time.Minute)
		_, body = exchange(t, g, late)
		assert.Equal(t, "invalid_grant", body["error"])
	})
}

func TestProofKey(t *testing.T) {
	g := newGrants(nil)
	verifier := strings.Repeat("v", 43)
	digest := sha256.Sum256([]byte(verifier))
	login := aLogin()
	login.Challenge = base64.RawURLEncoding.EncodeToString(digest[:])
	for _, test := range []struct {
		login    Login
		verifier string
		status   int
	}{{login, verifier, 200}, {login, verifier + "v", 400}, {login, "", 400}, {aLogin(), verifier, 400}, {aLogin(), "", 200}} {
		status, _ := exchange(t, g, g.Code(test.login), "code_verifier", test.verifier)
		assert.Equal(t, test.status, status)
	}
}

func TestGrantsThatAreRefused(t *testing.T) {
	g := newGrants(nil)
	for want, members := range map[string][]string{
		"invalid_grant":          {"grant_type", "authorization_code", "code", g.Code(aLogin()), "redirect_uri", "https://app.example/cb/"},
		"unsupported_grant_type": {"grant_type", "password"},
		"invalid_request":        {"grant_type", ""},
		"invalid_client":         {"grant_type", "refresh_token", "client_secret", "x"},
	} {
		status, body := post(t, g.ServeHTTP, members...)
		assert.Equal(t, []any{400, want}, []any{status, body["error"]})
	}
	status, body := answered(t, g.ServeHTTP, httptest.NewRequest(http.MethodGet, "/token", nil))
	assert.Equal(t, []any{405, "invalid_request"}, []any{status, body["error"]})
	status, body = answered(t, g.ServeHTTP, httptest.NewRequest(http.MethodPost, "/token", strings.NewReader("grant_type=refresh_token")))
	assert.Equal(t, []any{400, "invalid_request"}, []any{status, body["error"]}, "no form")
}

func TestClientsAuthenticate(t *testing.T) {
	g := newGrants(nil)
	basic := func(user, password string, form url.Values) any {
		form.Set("grant_type", "refresh_token")
		r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(user, password)
		_, body := answered(t, g.ServeHTTP, r)
		return body["error"]
	}
	token := url.Values{"refresh_token": {g.LogIn(aLogin()).Refresh}}
	assert.Nil(t, basic("id", "s+cret", token), "encoded: RFC 6749, section 2.3.1")
	assert.Equal(t, "invalid_client", basic("id", "wrong", token))
	assert.Equal(t, "invalid_client", basic("id", "%", token))
	assert.Equal(t, "invalid_client", basic("%", "s+cret", token))
	assert.Equal(t, "invalid_request", basic("id", "s+cret", url.Values{"client_secret": {"s cret"}}), "twice")
	public := newGrants(func(rules *GrantRules) { rules.ClientSecret = "" })
	status, _ := post(t, public.ServeHTTP, "grant_type", "refresh_token", "client_secret", "", "refresh_token", public.LogIn(aLogin()).Refresh)
	assert.Equal(t, 200, status)
}

func TestReuse(t *testing.T) {
	g := newGrants(nil)
	code := g.Code(aLogin())
	_, first := exchange(t, g, code)
	_, second := renew(t, g, first["refresh_token"])
	assert.NotEqual(t, first["refresh_token"], second["refresh_token"])
	assert.True(t, works(g, first["access_token"]))
	assert.True(t, works(g, second["access_token"]))
	_, body := renew(t, g, first["refresh_token"])
	assert.Equal(t, "invalid_grant", body["error"])
	assert.False(t, works(g, first["access_token"]))
	assert.False(t, works(g, second["access_token"]))
	_, body = renew(t, g, second["refresh_token"])
	assert.Equal(t, "invalid_grant", body["error"], "the whole login ended")

	code = g.Code(aLogin())
	_, first = exchange(t, g, code)
	_, body = exchange(t, g, code)
	assert.Equal(t, "invalid_grant", body["error"])
	assert.False(t, works(g, first["access_token"]))
}

// Only one of those that come at the same time wins, and none in the end.
func TestConcurrentReuse(t *testing.T) {
	g := newGrants(nil)
	token := g.LogIn(aLogin()).Refresh
	won := make(chan any, 8)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if status, body := renew(t, g, token); status == http.StatusOK {
				won <- body["access_token"]
			}
		})
	}
	group.Wait()
	close(won)
	assert.Len(t, won, 1)
	assert.False(t, works(g, <-won))
}

func TestRevocationEndpoint(t *testing.T) {
	g := newGrants(nil)
	tokens, other := g.LogIn(aLogin()), g.LogIn(aLogin())
	revoke := func(token string) (int, map[string]any) { return post(t, g.ServeRevocation, "token", token) }
	for _, token := range []string{"unknown", tokens.Access} {
		status, body := revoke(token)
		assert.Equal(t, 200, status)
		assert.Empty(t, body)
	}
	assert.False(t, works(g, tokens.Access))
	_, next := renew(t, g, tokens.Refresh)
	assert.True(t, works(g, next["access_token"]), "the login lives on")
	refresh, _ := next["refresh_token"].(string)
	_, _ = revoke(refresh)
	assert.False(t, works(g, next["access_token"]))
	assert.True(t, works(g, other.Access))
	_, body := revoke("")
	assert.Equal(t, "invalid_request", body["error"])
	_, body = post(t, g.ServeRevocation, "token", "x", "client_id", "other")
	assert.Equal(t, "invalid_client", body["error"])
}

func TestRevokeAccessAndAll(t *testing.T) {
	g := newGrants(nil)
	tokens, code := g.LogIn(aLogin()), g.Code(aLogin())
	g.RevokeAccess()
	assert.False(t, works(g, tokens.Access))
	status, next := renew(t, g, tokens.Refresh)
	assert.Equal(t, 200, status)
	g.RevokeAll()
	assert.False(t, works(g, next["access_token"]))
	_, body := renew(t, g, next["refresh_token"])
	assert.Equal(t, "invalid_grant", body["error"])
	_, body = exchange(t, g, code)
	assert.Equal(t, "invalid_grant", body["error"])
	assert.True(t, works(g, g.LogIn(aLogin()).Access))
}

func TestWhatIsInATokenAnswer(t *testing.T) {
	g := newGrants(func(rules *GrantRules) {
		rules.OfflineScope = "offline"
		rules.Extra = func(_ *http.Request, t Tokens) map[string]any {
			return map[string]any{"subject": t.Login.Subject, "refreshed": t.Refreshed, "same": t.Access}
		}
	})
	_, body := exchange(t, g, g.Code(aLogin()))
	assert.NotContains(t, body, "refresh_token")
	assert.Equal(t, []any{"ann", false, body["access_token"]}, []any{body["subject"], body["refreshed"], body["same"]})
	login := aLogin()
	login.Scopes = []string{"offline"}
	_, body = renew(t, g, g.LogIn(login).Refresh)
	assert.NotEmpty(t, body["refresh_token"])
	assert.Equal(t, true, body["refreshed"])
}

// The login server has faults and a count of its own.
func TestLoginHandler(t *testing.T) {
	handler := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	s := Start(Handlers{
		API: handler("api"), Token: handler("token"), Login: handler("login"),
		IsToken: func(r *http.Request) bool { return r.URL.Path == "/token" },
		IsLogin: func(r *http.Request) bool { return r.Host == "login.example" },
	})
	defer s.Close()
	get := func(url string) string { return do(t, s, "GET", url, "").body }
	s.Fail(Reply(503, "", "fault").OnLogin().Always())
	assert.Equal(t, []string{"api", "token", "fault"}, []string{get(apiURL), get(tokenURL), get("http://login.example/keys")})
	s.ClearFaults()
	s.Fail(Reply(503, "", "fault"), Reply(503, "", "token fault").OnToken())
	assert.Equal(t, "login", get("http://login.example/keys"))
	assert.Equal(t, []string{"fault", "token fault"}, []string{get(apiURL), get(tokenURL)})
	assert.Equal(t, [3]int{2, 2, 2}, [3]int{s.APIRequests(), s.TokenRequests(), s.LoginRequests()})
	for _, r := range s.Requests() {
		assert.Equal(t, r.Path == "/keys", r.Login)
	}
}

package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// bubble runs a test in a bubble of its own, where time is free.
func bubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func TestAuthorizationURL(t *testing.T) {
	s := newHybrid(t)
	address, _, err := s.logins.Begin(t.Context(), "")
	require.NoError(t, err)
	before, query, ok := strings.Cut(address, "?")
	require.True(t, ok)
	assert.Equal(t, authorizeURL, before)
	assert.Contains(t, query, "scope=openid%20tlp%20offline_access", "a blank is %20 everywhere, a plus only in forms")
	values, err := url.ParseQuery(query)
	require.NoError(t, err)
	assert.Len(t, values, 9)
	for name, want := range map[string]string{
		"response_type": "code id_token", "client_id": clientID, "redirect_uri": callbackURL, "response_mode": "form_post",
		"scope": "openid tlp offline_access", "code_challenge_method": "S256",
	} {
		assert.Equal(t, []string{want}, values[name], name)
	}

	for name, c := range map[string]struct {
		server *loginServer
		names  []string
	}{
		"without PKCE":  {newHybrid(t, func(s *loginServer) { s.flow.PKCE = false }), []string{"response_type", "client_id", "redirect_uri", "response_mode", "scope", "state", "nonce"}},
		"a code":        {newHybrid(t, func(s *loginServer) { s.flow.Hybrid = false }), []string{"response_type", "client_id", "redirect_uri", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method"}},
		"plain OAuth":   {newPKCE(t), []string{"response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}},
		"its own query": {newPKCE(t, func(s *loginServer) { s.flow.Metadata.Authorization = mustURL(t, authorizeURL+"?tenant=a+b") }), []string{"tenant", "response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}},
	} {
		address, _, err := c.server.logins.Begin(t.Context(), "")
		require.NoError(t, err, name)
		var got []string
		for parameter := range mustURL(t, address).Query() {
			got = append(got, parameter)
		}
		assert.ElementsMatch(t, c.names, got, name)
	}
}

// Nothing repeats, and the method is S256 and never plain (RFC 7636, sections 4.1 and 7.2).
func TestTenThousandStarts(t *testing.T) {
	unreserved := regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	for name, s := range map[string]*loginServer{"hybrid": newHybrid(t), "public client": newPKCE(t)} {
		seen := map[string]bool{}
		fresh := func(what, value string) {
			require.False(t, seen[value], "%s: a repeated %s", name, what)
			require.GreaterOrEqual(t, len(value), 43, what) // 256 bits
			seen[value] = true
		}
		for range 10_000 {
			address, tx, err := s.logins.Begin(t.Context(), "")
			require.NoError(t, err)
			query := mustURL(t, address).Query()
			require.Regexp(t, unreserved, tx.verifier)
			sum := sha256.Sum256([]byte(tx.verifier))
			require.Equal(t, []string{b64(sum[:])}, query["code_challenge"])
			require.Equal(t, []string{"S256"}, query["code_challenge_method"])
			require.Equal(t, []string{tx.state}, query["state"])
			require.NotContains(t, address, tx.verifier)
			require.NotContains(t, address, "plain")
			fresh("verifier", tx.verifier)
			fresh("state", tx.state)
			if tx.nonce != "" {
				fresh("nonce", tx.nonce)
			}
			require.Equal(t, tx.nonce, query.Get("nonce"))
			require.Equal(t, name == "hybrid", tx.nonce != "")
		}
	}
}

func TestLogin(t *testing.T) {
	noPKCE := func(s *loginServer) { s.flow.PKCE = false }
	noHybrid := func(s *loginServer) { s.flow.Hybrid = false }
	for name, c := range map[string]struct {
		open func(testing.TB, ...func(*loginServer)) *loginServer
		set  []func(*loginServer)
		form []string // names of the code exchange, in order
	}{
		"hybrid":              {newHybrid, nil, []string{"client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier"}},
		"hybrid without PKCE": {newHybrid, []func(*loginServer){noPKCE}, []string{"client_id", "client_secret", "grant_type", "code", "redirect_uri"}},
		"a code with OpenID":  {newHybrid, []func(*loginServer){noHybrid}, []string{"client_id", "client_secret", "grant_type", "code", "redirect_uri", "code_verifier"}},
		"a public client":     {newPKCE, nil, []string{"client_id", "grant_type", "code", "redirect_uri", "code_verifier"}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := c.open(t, c.set...)
			tx, answer := s.begin(t, "")
			require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
			require.Equal(t, 1, s.tokenRequests())
			assert.Equal(t, c.form, fieldNames(s.tokens[0].Body))
			form, err := url.ParseQuery(s.tokens[0].Body)
			require.NoError(t, err)
			assert.Equal(t, "authorization_code", form.Get("grant_type"))
			assert.Equal(t, callbackURL, form.Get("redirect_uri"))
			assert.Equal(t, s.flow.ClientSecret, form.Get("client_secret"))

			bearer, err := s.bearer("")
			require.NoError(t, err)
			assert.Equal(t, "Bearer "+at(1), bearer)
			record, err := s.stored("")
			require.NoError(t, err)
			assert.Equal(t, rt(1), record.RefreshToken)
			assert.Equal(t, strings.Join(s.flow.Scopes, " "), record.Scope, "as requested, since the answer does not say")
			assert.Equal(t, clientID, record.ClientID)
			assert.Equal(t, int64(1), record.Generation)
			assert.WithinDuration(t, time.Now().Add(halfAnHour), record.Expiry, time.Second)
			if s.flow.OpenID != nil {
				assert.Equal(t, subject, record.Subject)
				assert.Equal(t, issuerURL, record.Issuer)
				assert.NotEmpty(t, record.IDToken)
			} else {
				assert.Equal(t, tokenPath, record.Issuer)
			}

			// The login goes on, also in another process.
			time.Sleep(time.Hour)
			value, err := s.process(t).Source("").Authorize(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "Bearer "+at(2), value)
			want := []string{"client_id", "client_secret", "grant_type", "refresh_token", "redirect_uri"}
			if s.flow.OpenID == nil {
				want = []string{"client_id", "grant_type", "refresh_token"}
			}
			assert.Equal(t, want, fieldNames(s.tokens[1].Body))
			renewed, err := s.stored("")
			require.NoError(t, err)
			assert.Equal(t, record.IDToken, renewed.IDToken, "that of the login stays")
			assert.Equal(t, record.Subject, renewed.Subject)
		})
	}
}

func fieldNames(body string) (names []string) {
	for field := range strings.SplitSeq(body, "&") {
		name, _, _ := strings.Cut(field, "=")
		names = append(names, name)
	}
	return names
}

// All ways in which an answer comes lead to the same.
func TestFinishTakesEveryResponseMode(t *testing.T) {
	pasted := func(separator string) func(url.Values) *http.Request {
		return func(answer url.Values) *http.Request {
			r, err := http.NewRequest(http.MethodGet, callbackURL+separator+answer.Encode(), nil)
			require.NoError(t, err)
			return r
		}
	}
	parsed := func(answer url.Values) *http.Request {
		r := posted(answer)
		require.NoError(t, r.ParseForm()) // by some middleware
		return r
	}
	for name, request := range map[string]func(url.Values) *http.Request{
		"form_post": posted, "form_post, parsed": parsed, "pasted query": pasted("?"), "pasted fragment": pasted("#"),
	} {
		bubble(t, name, func(t *testing.T) {
			s := newHybrid(t)
			tx, answer := s.begin(t, "")
			require.NoError(t, s.logins.Finish(t.Context(), tx, request(answer)))
			_, err := s.stored("")
			require.NoError(t, err)
		})
	}
	bubble(t, "query in a web application", func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		err := s.logins.Finish(t.Context(), tx, gotten(answer))
		assertIs(t, err, worktime.ErrBadRequest)
		assert.Zero(t, s.tokenRequests())
		assertIs(t, s.logins.Finish(t.Context(), tx, gotten(with(answer, map[string][]string{"error": {""}}))), worktime.ErrBadRequest)
		s.logins.flow.AllowQuery = true
		require.NoError(t, s.logins.Finish(t.Context(), tx, gotten(answer)), "the transaction was not spent")
	})
	bubble(t, "a refusal in the query of a web application", func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		err := s.logins.Finish(t.Context(), tx, gotten(url.Values{"state": answer["state"], "error": {"access_denied"}}))
		assertIs(t, err, worktime.ErrForbidden)
	})
	bubble(t, "query of a code", func(t *testing.T) {
		s := newPKCE(t)
		tx, answer := s.begin(t, "")
		require.NoError(t, s.logins.Finish(t.Context(), tx, gotten(answer)))
	})
}

// Whoever does not know the state causes no request, and does not end the login.
func TestWrongStateCausesNoRequest(t *testing.T) {
	for name, open := range map[string]func(testing.TB, ...func(*loginServer)) *loginServer{"hybrid": newHybrid, "public client": newPKCE} {
		bubble(t, name, func(t *testing.T) {
			s := open(t)
			tx, answer := s.begin(t, "")
			other, _ := s.begin(t, "")
			before := s.apiRequests()
			state := answer.Get("state")
			for what, states := range map[string][]string{
				"none": nil, "empty": {""}, "another": {other.state}, "longer": {state + "x"}, "shorter": {state[1:]}, "case": {strings.ToUpper(state)},
				"twice": {state, state}, "one good, one bad": {state, "x"}, "one bad, one good": {"x", state}, "blank": {" " + state}, "huge": {strings.Repeat("x", 60_000)},
			} {
				for _, further := range []map[string][]string{nil, {"error": {"access_denied"}}, {"code": nil}, {"id_token": {"a.b.c"}}} {
					values := with(with(answer, further), map[string][]string{"state": states})
					err := s.logins.Finish(t.Context(), tx, posted(values))
					require.Error(t, err, what)
					assert.Equal(t, worktime.CheckState, authError(t, err).Check, what)
					assertIs(t, err, worktime.ErrLoginRequired)
				}
			}
			assert.Equal(t, before, s.apiRequests())
			assert.Zero(t, s.tokenRequests())
			require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		})
	}
}

// What is no answer although its state is right leaves the login as it was, too.
func TestMalformedAnswer(t *testing.T) {
	s := newHybrid(t)
	tx, answer := s.begin(t, "")
	for name, changes := range map[string]map[string][]string{
		"no code": {"code": nil}, "an empty code": {"code": {""}}, "two codes": {"code": {"a", "b"}}, "no id_token": {"id_token": nil},
		"two id_tokens": {"id_token": {"a", "b"}}, "an access token": {"access_token": {"x"}}, "two errors": {"error": {"a", "b"}}, "two iss": {"iss": {"a", "a"}},
	} {
		err := s.logins.Finish(t.Context(), tx, posted(with(answer, changes)))
		assertIs(t, err, worktime.ErrBadRequest)
		assert.Empty(t, authError(t, err).Check, name)
	}
	for name, r := range map[string]*http.Request{
		"nothing": nil, "no URL": {Method: http.MethodGet}, "another method": {Method: http.MethodPut, URL: &url.URL{}},
		"no body": {Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}},
		"JSON":    {Method: http.MethodPost, URL: &url.URL{}, Header: http.Header{"Content-Type": {"application/json"}}, Body: http.NoBody},
		"no type": {Method: http.MethodPost, URL: &url.URL{}, Body: http.NoBody}, "a form with a query": {Method: http.MethodPost, URL: &url.URL{RawQuery: "a=b"}},
		"bad encoding": {Method: http.MethodGet, URL: &url.URL{RawQuery: "state=%zz"}}, "too large": {Method: http.MethodGet, URL: &url.URL{RawQuery: strings.Repeat("x", maxAuthorization+1)}},
		"too large a form": posted(with(answer, map[string][]string{"x": {strings.Repeat("x", maxAuthorization)}})),
	} {
		err := s.logins.Finish(t.Context(), tx, r)
		require.Error(t, err, name)
		assertIs(t, err, worktime.ErrBadRequest)
	}
	assert.Zero(t, s.tokenRequests())
	require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
}

// Two accounts of one web application, by the same code, never see each other's tokens.
func TestTwoAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		const accounts = 20
		var wg sync.WaitGroup
		for i := range accounts {
			wg.Go(func() { s.login(t, fmt.Sprint("account ", i)) })
		}
		wg.Wait()
		time.Sleep(time.Hour) // each has to refresh
		seen := map[string]string{}
		for i := range accounts {
			name := fmt.Sprint("account ", i)
			record, err := s.stored(name)
			require.NoError(t, err)
			bearer, err := s.bearer(name)
			require.NoError(t, err)
			again, err := s.bearer(name)
			require.NoError(t, err)
			assert.Equal(t, bearer, again)
			renewed, err := s.stored(name)
			require.NoError(t, err)
			assert.Equal(t, "Bearer "+renewed.AccessToken, bearer)
			for _, token := range []string{record.AccessToken, record.RefreshToken, renewed.AccessToken, renewed.RefreshToken} {
				assert.Empty(t, seen[token], "a token of %s is one of %s", seen[token], name)
				seen[token] = name
			}
		}
		_, err := s.bearer("")
		assertIs(t, err, worktime.ErrLoginRequired)
		_, err = s.bearer("account 1 ")
		assertIs(t, err, worktime.ErrLoginRequired)

		// An answer is good for the account only that it was begun for.
		first, answer := s.begin(t, "account 0")
		second, _ := s.begin(t, "account 1")
		err = s.logins.Finish(t.Context(), second, posted(answer))
		assert.Equal(t, worktime.CheckState, authError(t, err).Check)
		require.NoError(t, s.logins.Finish(t.Context(), first, posted(answer)))
		assert.Equal(t, "account 0", first.Account())
		record, err := s.stored("account 0")
		require.NoError(t, err)
		bearer, err := s.bearer("account 0")
		require.NoError(t, err)
		assert.Equal(t, "Bearer "+record.AccessToken, bearer)
		assert.NotContains(t, seen, record.AccessToken)
	})
}

// A login server that cannot be used says so before a person is bothered.
func TestBeginFailsEarly(t *testing.T) {
	bubble(t, "the store is broken", func(t *testing.T) {
		s := newHybrid(t)
		broken := errors.New("the disk is gone")
		s.logins.Source("").login.Store = loadFunc{s.store, broken}
		_, _, err := s.logins.Begin(t.Context(), "")
		require.ErrorIs(t, err, broken)
		authError(t, err)
		assert.Zero(t, s.apiRequests())
	})
	bubble(t, "discovery fails", func(t *testing.T) {
		s := newHybrid(t, func(s *loginServer) { s.metadata["issuer"] = "https://evil.example" })
		_, _, err := s.logins.Begin(t.Context(), "")
		assertIs(t, err, worktime.ErrBadResponse)
	})
	bubble(t, "the context has ended", func(t *testing.T) {
		s := newHybrid(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := s.logins.Begin(ctx, "")
		require.ErrorIs(t, err, context.Canceled)
	})
	bubble(t, "no port", func(t *testing.T) {
		s := newHybrid(t, func(s *loginServer) { s.flow.RedirectURL = "http://127.0.0.1:0/callback" })
		_, _, err := s.logins.Begin(t.Context(), "")
		assertIs(t, err, worktime.ErrBadRequest)
	})
}

func TestFlowIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		open   func(testing.TB, ...func(*loginServer)) *loginServer
		change func(*Flow)
		field  string
	}{
		"no client id":         {newHybrid, func(f *Flow) { f.ClientID = "" }, "ClientID"},
		"blank id":             {newHybrid, func(f *Flow) { f.ClientID = "a " }, "ClientID"},
		"line break in secret": {newHybrid, func(f *Flow) { f.ClientSecret = "a\nb" }, "ClientSecret"},
		"no store":             {newHybrid, func(f *Flow) { f.Store = nil }, "Store"},
		"no openid":            {newHybrid, func(f *Flow) { f.Scopes = []string{"tlp"} }, "Scopes"},
		"two scopes in one":    {newHybrid, func(f *Flow) { f.Scopes = []string{"openid tlp", "openid"} }, "Scopes"},
		"hybrid query":         {newHybrid, func(f *Flow) { f.ResponseMode = "query" }, "ResponseMode"},
		"other mode":           {newHybrid, func(f *Flow) { f.ResponseMode = "web_message" }, "ResponseMode"},
		"public without PKCE":  {newPKCE, func(f *Flow) { f.PKCE = false }, "PKCE"},
		"no AuthURL":           {newPKCE, func(f *Flow) { f.Metadata.Authorization = nil }, "AuthURL"},
		"no TokenURL":          {newPKCE, func(f *Flow) { f.Metadata.Token = nil }, "TokenURL"},
		"hybrid without":       {newPKCE, func(f *Flow) { f.Hybrid = true }, "Hybrid"},
		"no redirect":          {newPKCE, func(f *Flow) { f.RedirectURL = "" }, "RedirectURL"},
		"http":                 {newPKCE, func(f *Flow) { f.RedirectURL = "http://app.example/callback" }, "RedirectURL"},
		"query":                {newPKCE, func(f *Flow) { f.RedirectURL = "https://app.example/callback?a=b" }, "RedirectURL"},
		"fragment":             {newPKCE, func(f *Flow) { f.RedirectURL = "https://app.example/callback#" }, "RedirectURL"},
		"user name":            {newPKCE, func(f *Flow) { f.RedirectURL = "https://a:b@app.example/callback" }, "RedirectURL"},
		"relative":             {newPKCE, func(f *Flow) { f.RedirectURL = "/callback" }, "RedirectURL"},
		"script":               {newPKCE, func(f *Flow) { f.RedirectURL = "javascript:alert(1)" }, "RedirectURL"},
		"blank":                {newPKCE, func(f *Flow) { f.RedirectURL = "https://app.example/call back" }, "RedirectURL"},
		"dots":                 {newPKCE, func(f *Flow) { f.RedirectURL = "https://app.example/a/../callback" }, "RedirectURL"},
		"IPv6 in long":         {newPKCE, func(f *Flow) { f.RedirectURL = "http://[0:0:0:0:0:0:0:1]:8400/callback" }, "RedirectURL"},
		"port with a zero":     {newPKCE, func(f *Flow) { f.RedirectURL = "http://127.0.0.1:08400/callback" }, "RedirectURL"},
		"https on any port":    {newPKCE, func(f *Flow) { f.RedirectURL = "https://127.0.0.1:0/callback" }, "RedirectURL"},
	} {
		t.Run(name, func(t *testing.T) {
			flow := c.open(t).flow
			c.change(&flow)
			_, err := NewLogins(flow)
			var field *worktime.FieldError
			require.ErrorAs(t, err, &field)
			assert.Equal(t, c.field, field.Field)
			assert.Equal(t, provider, field.Provider)
		})
	}
	flow := newPKCE(t).flow
	for _, redirect := range []string{"https://app.example", "https://app.example:8443/a/b", "http://localhost:8400/cb", "http://[::1]:0/cb", "com.timelog:/oauthredirect"} {
		flow.RedirectURL = redirect
		_, err := NewLogins(flow)
		require.NoError(t, err, redirect)
	}
}

// A redirect of the token endpoint is explained, on a refresh too.
func TestRedirectIsExplained(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		s.flow.OpenID.moved = func(host string) string { return "configure " + host }
		s.login(t, "")
		s.answer = func(w http.ResponseWriter, _ *http.Request, _ string) {
			reply(w, http.StatusPermanentRedirect, "", "Location", "https://newlogin.example/connect/token")
		}
		time.Sleep(time.Hour)
		_, err := s.bearer("")
		assertIs(t, err, worktime.ErrRedirect)
		assert.Contains(t, err.Error(), "configure newlogin.example")
		record, err := s.stored("")
		require.NoError(t, err)
		assert.Equal(t, rt(1), record.RefreshToken)
		assert.Empty(t, record.Problem)
		tx, answer := s.begin(t, "")
		err = s.logins.Finish(t.Context(), tx, posted(answer))
		assertIs(t, err, worktime.ErrRedirect)
		assert.Contains(t, err.Error(), "configure newlogin.example")
	})
}

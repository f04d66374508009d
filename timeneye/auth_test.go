package timeneye_test

import (
	"context"
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
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
	"github.com/worktime-go/worktime/tokenstore"
)

const callback = "http://127.0.0.1:8400/callback"

// login makes a configuration that logs people in at the server.
func login(srv *timeneyetest.Server, store tokenstore.Store) func(*timeneye.Config) {
	return func(c *timeneye.Config) {
		auth := srv.PKCELogin(store)
		auth.RedirectURL = callback
		c.Auth = auth
	}
}

// logIn logs in who is at the server's browser.
func logIn(t *testing.T, srv *timeneyetest.Server, client *timeneye.Client) {
	t.Helper()
	address, transaction, err := client.BeginLogin(t.Context())
	require.NoError(t, err)
	encoded, err := transaction.Encode() // as a web application keeps it
	require.NoError(t, err)
	transaction, err = timeneye.DecodeTransaction(encoded)
	require.NoError(t, err)
	address, err = srv.Visit(t.Context(), address)
	require.NoError(t, err)
	require.NoError(t, client.FinishLogin(t.Context(), transaction, arrival(t, address)))
}

// arrival is the request that a browser makes at an address.
func arrival(t *testing.T, address string) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
}

// forms returns the bodies of the token requests.
func forms(t *testing.T, srv *timeneyetest.Server) (forms []url.Values) {
	t.Helper()
	for _, r := range srv.Requests() {
		if !r.Token {
			continue
		}
		assert.Equal(t, []string{"POST", "application/x-www-form-urlencoded", "application/json", ""},
			[]string{r.Method, r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.Header.Get("Authorization")})
		form, err := url.ParseQuery(string(r.Body))
		require.NoError(t, err)
		forms = append(forms, form)
	}
	return forms
}

// A program logs a person in, over real sockets.
func TestLogin(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithLoopback(), timeneyetest.WithEntries(entries(3, 42)...))
	client := open(t, srv, func(c *timeneye.Config) { c.Auth = srv.PKCELogin(tokenstore.Memory()) })
	_, err := worktime.Collect(client.Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	require.NoError(t, client.Login(t.Context()))
	assert.Equal(t, []int64{1, 2, 3}, collect(t, client))

	asked, err := url.Parse(srv.Requests()[0].URI)
	require.NoError(t, err)
	query := asked.Query()
	assert.ElementsMatch(t, []string{"response_type", "client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}, keys(query))
	assert.Equal(t, "S256", query.Get("code_challenge_method"))
	require.Len(t, forms(t, srv), 1)
	form := forms(t, srv)[0]
	assert.ElementsMatch(t, []string{"client_id", "grant_type", "code", "redirect_uri", "code_verifier"}, keys(form), "and no client_secret")
	assert.Equal(t, query.Get("redirect_uri"), form.Get("redirect_uri"))
	assert.NotContains(t, form.Get("redirect_uri"), ":0/")
	assert.Equal(t, query.Get("code_challenge"), oauth2.S256ChallengeFromVerifier(form.Get("code_verifier")))
}

func keys(values url.Values) (names []string) {
	for name, all := range values {
		if len(all) == 1 {
			names = append(names, name)
		}
	}
	return names
}

// Each login has a verifier of its own.
func TestVerifiers(t *testing.T) {
	srv := timeneyetest.NewServer(t)
	client := open(t, srv, login(srv, tokenstore.Memory()))
	seen := map[string]bool{}
	for range 10_000 {
		address, transaction, err := client.BeginLogin(t.Context())
		require.NoError(t, err)
		encoded, err := transaction.Encode()
		require.NoError(t, err)
		var kept struct {
			Verifier string `json:"code_verifier"`
			State    string `json:"state"`
		}
		require.NoError(t, json.Unmarshal(encoded, &kept))
		if len(kept.Verifier) < 43 || len(kept.Verifier) > 128 || strings.Trim(kept.Verifier, unreserved) != "" || seen[kept.Verifier] || seen[kept.State] {
			t.Fatalf("verifier %q of state %q", kept.Verifier, kept.State)
		}
		seen[kept.Verifier], seen[kept.State] = true, true
		if challenge := oauth2.S256ChallengeFromVerifier(kept.Verifier); !strings.Contains(address, "code_challenge="+challenge+"&code_challenge_method=S256") {
			t.Fatal(address)
		}
	}
	assert.Empty(t, srv.Requests())
}

// unreserved are the characters of RFC 7636, section 4.1.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// Each renewal spends the refresh token and gets another, which is stored.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(entries(1, 42)...))
		store := tokenstore.Memory()
		client := open(t, srv, login(srv, store))
		logIn(t, srv, client)
		assert.Equal(t, []int64{1}, collect(t, client))
		assert.Equal(t, 1, srv.TokenRequests())

		time.Sleep(23 * time.Hour)
		assert.Equal(t, []int64{1}, collect(t, client), "an access token is good for a day")
		for range 2 {
			time.Sleep(25 * time.Hour)
			assert.Equal(t, []int64{1}, collect(t, client))
		}
		another := open(t, srv, login(srv, store)) // as after a restart
		time.Sleep(25 * time.Hour)
		assert.Equal(t, []int64{1}, collect(t, another))
		time.Sleep(2 * time.Minute)
		srv.RevokeTokens()
		assert.Equal(t, []int64{1}, collect(t, another), "a 401 costs a renewal, and is not seen")

		spent := map[string]bool{}
		for _, form := range forms(t, srv)[1:] {
			assert.ElementsMatch(t, []string{"client_id", "grant_type", "refresh_token"}, keys(form), "and no client_secret")
			assert.Equal(t, "refresh_token", form.Get("grant_type"))
			assert.False(t, spent[form.Get("refresh_token")], "a refresh token is sent once")
			spent[form.Get("refresh_token")] = true
		}
		assert.GreaterOrEqual(t, len(spent), 4)

		srv.RevokeLogins()
		time.Sleep(25 * time.Hour)
		_, err := worktime.Collect(another.Entries.All(t.Context(), july()))
		require.ErrorIs(t, err, worktime.ErrLoginRequired)
		var e *worktime.AuthError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "invalid_grant", e.Code)
	})
}

// Two accounts of one client never see each other's tokens.
func TestAccounts(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(entries(2, 44)...), timeneyetest.WithEntries(entries(1, 45)...),
		timeneyetest.WithUsers(timeneyetest.User{ID: 44, Role: timeneyetest.Member}, timeneyetest.User{ID: 45, Role: timeneyetest.Member}))
	client := open(t, srv, login(srv, tokenstore.Memory()))
	ann, bo := client.Account("ann"), client.Account("bo")
	logIn(t, srv, ann)
	srv.SignInAs(45)
	logIn(t, srv, bo)

	assert.Equal(t, []int64{1, 2}, collect(t, ann))
	assert.Equal(t, []int64{3}, collect(t, bo))
	derived, err := bo.With(func(o *worktime.Options) { o.Prefetch = -1 })
	require.NoError(t, err)
	assert.Equal(t, []int64{3}, collect(t, derived))
	_, err = worktime.Collect(client.Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrLoginRequired, "the client itself was never logged in")

	require.NoError(t, ann.Logout(t.Context()))
	_, err = worktime.Collect(ann.Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	assert.Equal(t, []int64{3}, collect(t, bo))
}

// A web application logs people in, each under an account of their own.
func TestLoginHandler(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(entries(2, 42)...))
	client := open(t, srv, func(c *timeneye.Config) {
		auth := srv.PKCELogin(tokenstore.Memory())
		auth.RedirectURL = "https://app.example/timeneye/callback"
		c.Auth = auth
	})
	var finished []any
	handler, err := client.LoginHandler(timeneye.LoginHandlerConfig{
		StartPath: "/timeneye/login",
		Account:   func(*http.Request) (string, error) { return "ann", nil },
		Finished: func(_ http.ResponseWriter, _ *http.Request, account string, err error) {
			finished = append(finished, account, err)
		},
	})
	require.NoError(t, err)
	for field, config := range map[string]timeneye.LoginHandlerConfig{
		"LoginHandlerConfig.Key": {Key: []byte("short")}, "LoginHandlerConfig.StartPath": {StartPath: "/timeneye/callback"},
	} {
		_, err := client.LoginHandler(config)
		var e *worktime.FieldError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, field, e.Field)
	}
	start := httptest.NewRecorder()
	handler.ServeHTTP(start, arrival(t, "https://app.example/timeneye/login"))
	require.Equal(t, http.StatusSeeOther, start.Code)
	address, err := srv.Visit(t.Context(), start.Header().Get("Location"))
	require.NoError(t, err)
	back := arrival(t, address)
	for _, cookie := range start.Result().Cookies() {
		back.AddCookie(cookie)
	}
	handler.ServeHTTP(httptest.NewRecorder(), back)
	assert.Equal(t, []any{"ann", nil}, finished)
	assert.Equal(t, []int64{1, 2}, collect(t, client.Account("ann")))
}

// Answers that are none to this login, and those of another server, are refused without a request.
func TestWrongLogins(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(url.Values)
		is    error
		check worktime.Check
	}{
		"another state": {func(v url.Values) { v.Set("state", "x") }, worktime.ErrLoginRequired, worktime.CheckState},
		"no state":      {func(v url.Values) { v.Del("state") }, worktime.ErrLoginRequired, worktime.CheckState},
		"another iss":   {func(v url.Values) { v.Set("iss", "https://evil.example") }, worktime.ErrLoginRequired, worktime.CheckIssuer},
		"no code":       {func(v url.Values) { v.Del("code") }, worktime.ErrBadRequest, ""},
		"refused": {func(v url.Values) {
			v.Del("code")
			v.Set("error", "access_denied")
		}, worktime.ErrForbidden, ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := timeneyetest.NewServer(t)
			client := open(t, srv, login(srv, tokenstore.Memory()))
			address, transaction, err := client.BeginLogin(t.Context())
			require.NoError(t, err)
			address, err = srv.Visit(t.Context(), address)
			require.NoError(t, err)
			at, err := url.Parse(address)
			require.NoError(t, err)
			query := at.Query()
			c.spoil(query)
			at.RawQuery = query.Encode()
			err = client.FinishLogin(t.Context(), transaction, arrival(t, at.String()))
			require.ErrorIs(t, err, c.is)
			var e *worktime.AuthError
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.check, e.Check)
			assert.Zero(t, srv.TokenRequests())
			_, err = client.TokenSource(t.Context()).Token()
			require.ErrorIs(t, err, worktime.ErrLoginRequired)
		})
	}
	srv := timeneyetest.NewServer(t)
	client := open(t, srv, login(srv, tokenstore.Memory()))
	srv.RefuseLogin("access_denied", "Third-party apps are not allowed.")
	address, transaction, err := client.BeginLogin(t.Context())
	require.NoError(t, err)
	address, err = srv.Visit(t.Context(), address)
	require.NoError(t, err)
	err = client.FinishLogin(t.Context(), transaction, arrival(t, address))
	require.ErrorIs(t, err, worktime.ErrForbidden)
	require.ErrorContains(t, err, "Third-party apps are not allowed.")
}

// Nothing renews a personal access token: a 401 is final, and says what to do.
func TestPersonalAccessToken(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(entries(1, 42)...), timeneyetest.WithProjects(website()))
	client := open(t, srv, nil)
	assert.Equal(t, []int64{1}, collect(t, client))
	token, err := client.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, srv.PersonalAccessToken(), token.AccessToken)

	srv.RevokePersonalAccessToken()
	before := srv.APIRequests()
	_, err = worktime.Collect(client.Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrUnauthorized)
	for _, words := range []string{"Unauthenticated.", "lives for a year", "cannot be renewed", "https://app.timeneye.com/developers", "version 3"} {
		require.ErrorContains(t, err, words)
	}
	_, err = client.Entries.Create(t.Context(), timeneye.NewEntry{ProjectID: 310, PhaseID: 77, Minutes: 30, Date: worktime.NewDate(2026, 7, 1)})
	require.ErrorIs(t, err, worktime.ErrUnauthorized)
	require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
	assert.Equal(t, before+2, srv.APIRequests(), "nothing is sent again")

	_, err = worktime.Collect(client.Account("ann").Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	for _, err := range []error{
		client.Login(t.Context()), client.Logout(t.Context()), client.FinishLogin(t.Context(), timeneye.Transaction{}, arrival(t, callback)),
		func() error { _, _, err := client.BeginLogin(t.Context()); return err }(),
		func() error { _, err := client.LoginHandler(timeneye.LoginHandlerConfig{}); return err }(),
	} {
		var e *worktime.FieldError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, "Config.Auth", e.Field)
	}
	assert.Equal(t, before+2, srv.APIRequests())
}

// A token of the caller's own is used as it comes, and the same one is not sent again after a 401.
func TestFromTokenSource(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(entries(1, 42)...))
	client := open(t, srv, func(c *timeneye.Config) {
		c.Auth = timeneye.FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: srv.LogIn().AccessToken, RefreshToken: "canary"}))
	})
	assert.Equal(t, []int64{1}, collect(t, client))
	token, err := client.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Empty(t, token.RefreshToken, "it is not for other code")

	srv.RevokeTokens()
	_, err = worktime.Collect(client.Entries.All(t.Context(), july()))
	require.ErrorIs(t, err, worktime.ErrUnauthorized)
	require.ErrorContains(t, err, "version 3")
	assert.Equal(t, 2, srv.APIRequests())
}

// A login that waits for a browser ends with its context.
func TestLoginEnds(t *testing.T) {
	srv := timeneyetest.NewServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	client := open(t, srv, func(c *timeneye.Config) {
		auth := srv.PKCELogin(tokenstore.Memory())
		auth.Open = func(context.Context, string) error { cancel(); return nil }
		c.Auth = auth
	})
	require.ErrorIs(t, client.Login(ctx), context.Canceled)
	assert.Empty(t, srv.Requests())
	_, _, err := client.BeginLogin(t.Context())
	var e *worktime.FieldError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "PKCELogin.RedirectURL", e.Field)
}

// A browser that is run by Open is not ended before it has the page about the login.
func TestLoginContextOfTheBrowser(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithLoopback())
	hops := make(chan error, 10)
	client := open(t, srv, func(c *timeneye.Config) {
		login := srv.PKCELogin(tokenstore.Memory())
		login.Open = func(ctx context.Context, address string) error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
			if err != nil {
				return err
			}
			browser := http.Client{
				Transport:     &http.Transport{DisableKeepAlives: true},
				CheckRedirect: func(*http.Request, []*http.Request) error { hops <- ctx.Err(); return nil },
			}
			if resp, err := browser.Do(r); err == nil {
				_ = resp.Body.Close()
			}
			return nil
		}
		c.Auth = login
	})
	require.NoError(t, client.Login(t.Context()))
	for _, hop := range []string{"from the login server", "to the address without the code"} {
		select {
		case err := <-hops:
			assert.NoError(t, err, hop)
		default:
			t.Errorf("the browser has not come %s", hop)
		}
	}
}

package timelog

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

// fakeLogin is a transport in whose world there is a login server, which answers ResolveUri with fixed answers, and any
// other host, which has one user.
type fakeLogin struct {
	resolve func(w http.ResponseWriter, r *http.Request)

	mu  sync.Mutex
	got []string // URLs, in their order
}

func (f *fakeLogin) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	f.got = append(f.got, r.URL.String())
	f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+canary {
		return nil, errors.New("without the token")
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/ResolveUri") {
		f.resolve(w, r)
	} else {
		_, _ = w.WriteString(single(aUser))
	}
	return w.Result(), nil
}

func (f *fakeLogin) urls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.got...)
}

func resolved(url string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"url":"` + url + `"}`)) }
}

// loggedIn returns a client without a site, with a login stored for each account.
func loggedIn(t *testing.T, f *fakeLogin, loginURL string, accounts ...string) *Client {
	t.Helper()
	login := validLogin()
	login.LoginURL = loginURL
	client := open(t, Config{Auth: login, Options: worktime.Options{HTTPClient: &http.Client{Transport: f}, Retry: worktime.RetryPolicy{MaxAttempts: -1}}})
	for _, account := range accounts {
		logIn(t, login.Store, loginURL, account, "id-token-of-"+account)
	}
	return client
}

func logIn(t *testing.T, store tokenstore.Store, issuer, account, idToken string) {
	t.Helper()
	key := tokenstore.Grant{Vendor: provider, Issuer: issuer, ClientID: "key", Account: account, Scopes: []string{"openid", "tlp", "offline_access"}}.Key()
	require.NoError(t, store.Update(t.Context(), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{
			AccessToken: canary, RefreshToken: "refresh", IDToken: idToken, Issuer: issuer, ClientID: "key",
			IssuedAt: time.Now(), Expiry: time.Now().Add(time.Hour), Generation: 1,
		}, nil
	}))
}

// The answer lacks /api, and is asked for once.
func TestResolve(t *testing.T) {
	f := &fakeLogin{resolve: resolved("https://app4.timelog.com/acme/")}
	client := loggedIn(t, f, DefaultLoginURL, "")
	for range 3 {
		_, err := client.Users.Me(t.Context())
		require.NoError(t, err)
	}
	_, err := worktime.Collect(client.Users.All(t.Context(), UserQuery{}))
	require.NoError(t, err)
	require.NoError(t, client.Do(t.Context(), worktime.Request{Path: "/v1/user/me"}, nil))
	site, err := client.Site(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "https://app4.timelog.com/acme", site)

	const me = "https://app4.timelog.com/acme/api/v1/user/me"
	assert.Equal(t, []string{
		"https://login.timelog.com/api/ResolveUri", me, me, me, "https://app4.timelog.com/acme/api/v1/user?$page=1&$pagesize=500", me,
	}, f.urls())
}

func TestResolveIsAskedOnce(t *testing.T) {
	f := &fakeLogin{resolve: resolved("https://app4.timelog.com/acme")}
	client := loggedIn(t, f, DefaultLoginURL, "")
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, err := client.Users.Me(t.Context())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	asked := 0
	for _, u := range f.urls() {
		if strings.HasSuffix(u, "ResolveUri") {
			asked++
		}
	}
	assert.Equal(t, 1, asked)
}

// Accounts are at home on sites of their own.
func TestResolveByAccount(t *testing.T) {
	sites := map[string]string{"": "https://app4.timelog.com/acme", "b": "https://app5.timelog.com/bolt"}
	var account string
	f := &fakeLogin{}
	f.resolve = func(w http.ResponseWriter, r *http.Request) { resolved(sites[account])(w, r) }
	client := loggedIn(t, f, DefaultLoginURL, "", "b")
	for account = range sites {
		site, err := client.Account(account).Site(t.Context())
		require.NoError(t, err)
		assert.Equal(t, sites[account], site)
	}
}

// A failure is not kept.
func TestResolveFails(t *testing.T) {
	f := &fakeLogin{resolve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }}
	client := loggedIn(t, f, DefaultLoginURL, "")
	_, err := client.Users.Me(t.Context())
	var e *worktime.AuthError
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, worktime.ErrUnavailable)
	assert.Equal(t, "resolve site", e.Operation)
	assert.Equal(t, 503, e.StatusCode)
	_, err = worktime.Collect(client.Users.All(t.Context(), UserQuery{}))
	require.ErrorIs(t, err, worktime.ErrUnavailable)

	f.resolve = resolved("https://app4.timelog.com/acme")
	_, err = client.Users.Me(t.Context())
	require.NoError(t, err)
}

func TestResolveWithoutLogin(t *testing.T) {
	f := &fakeLogin{resolve: resolved("https://app4.timelog.com/acme")}
	_, err := loggedIn(t, f, DefaultLoginURL).Users.Me(t.Context())
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	assert.Empty(t, f.urls())
}

func TestResolveIsCancelled(t *testing.T) {
	f := &fakeLogin{}
	ctx, cancel := context.WithCancel(t.Context())
	f.resolve = func(w http.ResponseWriter, r *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, err := loggedIn(t, f, DefaultLoginURL, "").Users.Me(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// A login server that was moved says so, and which address to configure.
func TestResolveRedirect(t *testing.T) {
	f := &fakeLogin{resolve: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://login.timelog.com/api/ResolveUri")
		w.WriteHeader(http.StatusMovedPermanently)
	}}
	_, err := loggedIn(t, f, OldLoginURL, "").Users.Me(t.Context())
	require.ErrorIs(t, err, worktime.ErrRedirect)
	require.ErrorContains(t, err, "set HybridLogin.LoginURL to https://login.timelog.com")
	assert.Equal(t, []string{"https://newlogin.timelog.com/api/ResolveUri"}, f.urls())
}

// Wherever the answer leads but to the vendor, the token does not follow.
func TestHostileSites(t *testing.T) {
	hostile := []string{
		"https://evil.example/acme",
		"https://timelog.com.evil.example/acme",
		"https://eviltimelog.com/acme",
		"https://timelog.com/acme",
		"https://.timelog.com/acme",
		"https://a..timelog.com/acme",
		"http://app4.timelog.com/acme",
		"HTTP://app4.timelog.com/acme",
		"ftp://app4.timelog.com/acme",
		"javascript://app4.timelog.com/%0aalert(1)",
		"//app4.timelog.com/acme",
		"app4.timelog.com/acme",
		"https://app4.timelog.com:8443/acme",
		"https://app4.timelog.com:443/acme",
		"https://app4.timelog.com@evil.example/acme",
		"https://user:pass@app4.timelog.com/acme",
		"https://evil.example\\\\@app4.timelog.com/acme",
		"https://evil.example#.timelog.com/acme",
		"https://evil.example?.timelog.com/acme",
		"https://evil.example%2f.timelog.com/acme",
		"https://app4.timelog.com./acme",
		"https://app\u212a.timelog.com/acme",
		"https://app4.time\u200blog.com/acme",
		"https://app_4.timelog.com/acme",
		"https://127.0.0.1/acme",
		"https://localhost/acme",
		"http://127.0.0.1/acme",
		"http://[::1]/acme",
		"https://[fe80::1]/acme",
		"https://app4.timelog.com",
		"https://app4.timelog.com/",
		"https://app4.timelog.com/..",
		"https://app4.timelog.com/../acme",
		"https://app4.timelog.com/acme/api/v1/../../other",
		"https://app4.timelog.com/acme/api",
		"https://app4.timelog.com/acme;x",
		"https://app4.timelog.com/acme?x=1",
		"https://app4.timelog.com/acme#x",
		"https://app4.timelog.com/ac%20me",
		"https://app4.timelog.com/ac me",
		"https://app4.timelog.com/acme\\n",
		" https://app4.timelog.com/acme",
		"https://app4.timelog.com/" + strings.Repeat("a", maxResolved),
		"",
	}
	for _, site := range hostile {
		f := &fakeLogin{resolve: resolved(site)}
		_, err := loggedIn(t, f, DefaultLoginURL, "").Users.Me(t.Context())
		var e *worktime.AuthError
		require.ErrorAs(t, err, &e, "%.80q", site)
		assert.Equal(t, []string{"https://login.timelog.com/api/ResolveUri"}, f.urls(), "%.80q", site)
		assert.NotContains(t, err.Error(), canary)
	}
	for _, body := range []string{``, `null`, `{}`, `[]`, `"https://app4.timelog.com/acme"`, `{"url":7}`, `{"url":null}`, `<html>`, `{"url":`} {
		f := &fakeLogin{resolve: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }}
		_, err := loggedIn(t, f, DefaultLoginURL, "").Users.Me(t.Context())
		var e *worktime.AuthError
		require.ErrorAs(t, err, &e, body)
		assert.Len(t, f.urls(), 1, body)
	}
}

// A login server on loopback may tell its own host, on whatever port, and no other.
func TestResolveOnLoopback(t *testing.T) {
	for _, c := range []struct {
		login, site string
		good        bool
	}{
		{"http://127.0.0.1:5000", "http://127.0.0.1:5001/acme", true},
		{"http://localhost:5000", "http://localhost/acme", true},
		{"http://localhost:5000", "http://127.0.0.1/acme", false},
		{"http://127.0.0.1:5000", "http://127.0.0.2:5001/acme", false},
		{"http://127.0.0.1:5000", "http://[::1]:5001/acme", false},
		{"http://127.0.0.1:5000", "https://127.0.0.1:5001/acme", false},
		{"http://127.0.0.1:5000", "https://app4.timelog.com/acme", true},
		{"http://127.0.0.1:5000", "http://evil.example/acme", false},
		{"https://localhost:5000", "https://localhost:5001/acme", true},
		{"https://localhost:5000", "http://localhost:5001/acme", false},
	} {
		f := &fakeLogin{resolve: resolved(c.site)}
		_, err := loggedIn(t, f, c.login, "").Users.Me(t.Context())
		if !c.good {
			require.Error(t, err, c.site)
			assert.Len(t, f.urls(), 1, c.site)
			continue
		}
		require.NoError(t, err, c.site)
		assert.Equal(t, []string{c.login + "/api/ResolveUri", c.site + "/api/v1/user/me"}, f.urls())
	}
}

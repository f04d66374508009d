package e2e

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/tokenstore"
	"golang.org/x/oauth2"
)

// loopback is a redirect URL of a program: the peer takes any port.
const loopback = "http://127.0.0.1:0/callback"

// vendorAPI stands for TimeLog's and Timeneye's API. A program may use each token once: the next request with it is
// answered by 401, upon which the program gets another one.
type vendorAPI struct {
	*httptest.Server

	mu   sync.Mutex
	used map[string]bool // token and program
}

func newVendorAPI(t *testing.T) *vendorAPI {
	t.Helper()
	a := &vendorAPI{used: map[string]bool{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *vendorAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	use := r.Header.Get("Authorization") + r.UserAgent()
	a.mu.Lock()
	again := a.used[use]
	a.used[use] = true
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if again {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = w.Write([]byte(`{"Properties":{"UserID":82,"FirstName":"Ann","LastName":"Berg","Initials":"ANB"}}`))
}

// anyRequest is one that vendorAPI answers.
var anyRequest = worktime.Request{Method: http.MethodGet, Path: "/v1/user/me"}

// client is what the clients of TimeLog and Timeneye have in common.
type client interface {
	Login(ctx context.Context) error
	Logout(ctx context.Context) error
	TokenSource(ctx context.Context) oauth2.TokenSource
	Do(ctx context.Context, r worktime.Request, out any) error
}

// options are those of a client that trusts the issuer's certificate.
func (i *issuer) options() worktime.Options {
	return worktime.Options{HTTPClient: &http.Client{Transport: i.client.Transport}}
}

// timelog returns a client of TimeLog that can log in at the peer; change makes its login another one.
func (p *peer) timelog(t *testing.T, change func(*timelog.HybridLogin)) *timelog.Client {
	t.Helper()
	i := p.TimeLog
	login := timelog.HybridLogin{
		ClientID: i.ClientID, ClientSecret: i.ClientSecret, RedirectURL: loopback, LoginURL: i.URL, Store: tokenstore.Memory(),
	}
	change(&login)
	c, err := timelog.NewClient(timelog.Config{
		SiteURL: newVendorAPI(t).URL + "/acme", Auth: login, Options: i.options(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close(context.Background())) })
	return c
}

// timeneye is the same for Timeneye.
func (p *peer) timeneye(t *testing.T, change func(*timeneye.PKCELogin)) *timeneye.Client {
	t.Helper()
	i := p.Timeneye
	login := timeneye.PKCELogin{
		ClientID: i.ClientID, AuthURL: i.AuthorizationEndpoint, TokenURL: i.TokenEndpoint, RedirectURL: loopback, Store: tokenstore.Memory(),
	}
	change(&login)
	c, err := timeneye.NewClient(timeneye.Config{
		BaseURL: newVendorAPI(t).URL + "/api/v1", Auth: login, Options: i.options(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close(context.Background())) })
	return c
}

// answerOf returns the parameters with which a visit to the login page ends.
func (i *issuer) answerOf(t *testing.T, address, user string) url.Values {
	t.Helper()
	query := parsed(t, address).Query()
	query.Set("login_hint", user)
	came := i.browse(t, query)
	if query.Get("response_mode") != "form_post" {
		return came.redirected(t)
	}
	parameters := url.Values{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllSubmatch(came.Body, -1) {
		parameters.Add(html.UnescapeString(string(field[1])), html.UnescapeString(string(field[2])))
	}
	require.NotEmpty(t, parameters, "%s", came.Body)
	return parameters
}

// respond has the answer of a visit to the login page delivered to the redirect URI, in its response mode
// or replayed in another one.
func (i *issuer) respond(t *testing.T, address, user, mode string) {
	t.Helper()
	parameters := i.answerOf(t, address, user)
	to := parsed(t, address).Query().Get("redirect_uri")
	browser := newClient(t, nil)
	if mode == "query" {
		a := send(t, browser, get(t, to+"?"+parameters.Encode()))
		require.Equal(t, http.StatusSeeOther, a.Status)
		a = send(t, browser, get(t, to))
		assert.Contains(t, string(a.Body), "ogged in")
		return
	}
	if mode == "fragment" { // what the page's script does
		assert.Contains(t, string(send(t, browser, get(t, to)).Body), "location.hash")
	}
	assert.Contains(t, string(send(t, browser, posted(t, to, parameters)).Body), "<h1>")
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	return r
}

func posted(t *testing.T, address string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

// goesOn checks that the login is the user's, that a 401 refreshes it, and that a logout ends it.
func (i *issuer) goesOn(t *testing.T, c client, user string) {
	t.Helper()
	first, err := c.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	who, ok := i.whoami(t, first.AccessToken)
	require.True(t, ok)
	assert.Equal(t, user, who.Subject)
	for range 2 {
		require.NoError(t, c.Do(t.Context(), anyRequest, nil))
	}
	renewed, err := c.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.NotEqual(t, first.AccessToken, renewed.AccessToken)
	who, ok = i.whoami(t, renewed.AccessToken)
	require.True(t, ok)
	assert.Equal(t, user, who.Subject)
	assert.Zero(t, i.stats(t).ReuseDetected)
	require.NoError(t, c.Logout(t.Context()))
	_, err = c.TokenSource(t.Context()).Token()
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	require.ErrorIs(t, c.Do(t.Context(), anyRequest, nil), worktime.ErrLoginRequired)
	_, ok = i.whoami(t, renewed.AccessToken)
	assert.Equal(t, i.ClientSecret == "", ok, "TimeLog's is revoked; how Timeneye's could be is not known")
}

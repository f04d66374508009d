package e2e

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// The logins of programs at the peer, without a browser: the test does what one would do.

// flow is a login at an issuer; prepare adds what the vendor's has besides.
func (i *issuer) flow(t *testing.T, prepare func(*auth.Flow)) *auth.Logins {
	t.Helper()
	client, err := transport.New(transport.NewFamily(i.client), "e2e", worktime.Options{})
	require.NoError(t, err)
	f := auth.Flow{
		Client: client, ClientID: i.ClientID, ClientSecret: i.ClientSecret, RedirectURL: "http://127.0.0.1:0/callback", PKCE: true,
		Store: tokenstore.Memory(),
	}
	prepare(&f)
	logins, err := auth.NewLogins(f)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, logins.Close(context.Background())) })
	return logins
}

func (i *issuer) openID(t *testing.T, f *auth.Flow) {
	t.Helper()
	provider, err := auth.NewProvider(auth.ProviderConfig{Client: f.Client, Issuer: i.URL})
	require.NoError(t, err)
	f.OpenID, f.Hybrid, f.Scopes, f.RefreshRedirect = provider, true, strings.Fields(i.Scope), true
}

// respond has the answer of a visit to the login page delivered to the redirect URI, in its response mode
// or replayed in another one.
func (i *issuer) respond(t *testing.T, address, user, mode string) {
	t.Helper()
	query := parsed(t, address).Query()
	query.Set("login_hint", user)
	came := i.browse(t, query)
	to := query.Get("redirect_uri")
	var parameters url.Values
	if query.Get("response_mode") == "form_post" {
		parameters = url.Values{}
		for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllSubmatch(came.Body, -1) {
			parameters.Add(html.UnescapeString(string(field[1])), html.UnescapeString(string(field[2])))
		}
		require.NotEmpty(t, parameters, "%s", came.Body)
	} else {
		parameters = came.redirected(t)
	}
	client := newClient(t, nil)
	if mode == "query" {
		a := send(t, client, get(t, to+"?"+parameters.Encode()))
		require.Equal(t, http.StatusSeeOther, a.Status)
		a = send(t, client, get(t, to))
		assert.Contains(t, string(a.Body), "ogged in")
		return
	}
	if mode == "fragment" { // what the page's script does
		assert.Contains(t, string(send(t, client, get(t, to)).Body), "location.hash")
	}
	r, err := http.NewRequest(http.MethodPost, to, strings.NewReader(parameters.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	assert.Contains(t, string(send(t, client, r).Body), "<h1>")
}

func get(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	return r
}

func parsed(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

// goesOn checks that the login is the user's, that it can be refreshed, and that a logout ends it.
func (i *issuer) goesOn(t *testing.T, logins *auth.Logins, user string) {
	t.Helper()
	source := logins.Source("")
	bearer, err := source.Authorize(t.Context())
	require.NoError(t, err)
	who, ok := i.whoami(t, strings.TrimPrefix(bearer, "Bearer "))
	require.True(t, ok)
	assert.Equal(t, user, who.Subject)
	renewed, err := source.Refused(t.Context(), bearer, nil) // as if the API had answered 401
	require.NoError(t, err)
	require.NotEmpty(t, renewed)
	assert.NotEqual(t, bearer, renewed)
	assert.Zero(t, i.stats(t).ReuseDetected)
	require.NoError(t, logins.Logout(t.Context(), ""))
	_, ok = i.whoami(t, strings.TrimPrefix(renewed, "Bearer "))
	assert.False(t, ok, "the logout has ended it at the server")
	_, err = source.Authorize(t.Context())
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
}

func TestHybridLoginAtThePeer(t *testing.T) {
	for name, cert := range map[string]*certificate{"http": nil, "https": newCertificate(t)} {
		p := startPeer(t, peerOptions{TLS: cert})
		for _, mode := range []string{"form_post", "fragment", "query"} {
			for pkce, use := range map[string]bool{"PKCE": true, "no PKCE": false} {
				t.Run(name+", "+mode+", "+pkce, func(t *testing.T) {
					logins := p.TimeLog.flow(t, func(f *auth.Flow) {
						p.TimeLog.openID(t, f)
						f.PKCE, f.ResponseMode = use, "form_post"
						if mode == "fragment" {
							f.ResponseMode = mode
						}
						f.Open = func(_ context.Context, address string) error {
							p.TimeLog.respond(t, address, "ann", mode)
							return nil
						}
					})
					require.NoError(t, logins.Run(t.Context(), ""))
					p.TimeLog.goesOn(t, logins, "ann")
				})
			}
		}
	}
}

func TestPKCELoginAtThePeer(t *testing.T) {
	p := startPeer(t, peerOptions{})
	logins := p.Timeneye.flow(t, func(f *auth.Flow) {
		i := p.Timeneye
		f.Metadata = auth.Metadata{
			Issuer: i.URL, Authorization: parsed(t, i.AuthorizationEndpoint), Token: parsed(t, i.TokenEndpoint), Revocation: parsed(t, i.RevocationEndpoint),
		}
		f.Open = func(_ context.Context, address string) error {
			i.respond(t, address, "ann", "query")
			return nil
		}
	})
	require.NoError(t, logins.Run(t.Context(), ""))
	p.Timeneye.goesOn(t, logins, "ann")
}

func TestDeniedLoginAtThePeer(t *testing.T) {
	p := startPeer(t, peerOptions{})
	logins := p.TimeLog.flow(t, func(f *auth.Flow) {
		p.TimeLog.openID(t, f)
		f.ResponseMode = "form_post"
		f.Open = func(_ context.Context, address string) error {
			p.TimeLog.respond(t, address, "deny", "form_post")
			return nil
		}
	})
	err := logins.Run(t.Context(), "")
	require.ErrorIs(t, err, worktime.ErrForbidden)
	var refused *worktime.AuthError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "access_denied", refused.Code)
	_, err = logins.Source("").Authorize(t.Context())
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	assert.Zero(t, p.TimeLog.stats(t).Granted["authorization_code"])
}

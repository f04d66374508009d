package e2e

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/tokenstore"
)

// TimeLog's logins of programs at the peer, without a browser: the test does what one would do.
func TestTimeLogLogin(t *testing.T) {
	for name, cert := range map[string]*certificate{"http": nil, "https": newCertificate(t)} {
		p := startPeer(t, peerOptions{TLS: cert})
		for _, mode := range []string{"form_post", "fragment", "query"} {
			for pkce, without := range map[string]bool{"PKCE": false, "no PKCE": true} {
				t.Run(name+", "+mode+", "+pkce, func(t *testing.T) {
					var asked url.Values
					c := p.timelog(t, func(login *timelog.HybridLogin) {
						login.NoPKCE = without
						if mode == "fragment" {
							login.ResponseMode = mode
						}
						login.Open = func(_ context.Context, address string) error {
							asked = parsed(t, address).Query()
							p.TimeLog.respond(t, address, "ann", mode)
							return nil
						}
					})
					require.NoError(t, c.Login(t.Context()))
					assert.Equal(t, "code id_token", asked.Get("response_type"))
					assert.Equal(t, !without, asked.Has("code_challenge"))
					p.TimeLog.goesOn(t, c, "ann")
				})
			}
		}
	}
}

// The answer comes to a web application, which may be another process than the one that began the login.
func TestTimeLogLoginInTwoSteps(t *testing.T) {
	p := startPeer(t, peerOptions{TimeLog: loginOptions{RedirectURIs: []string{"https://app.example/callback"}}})
	store := tokenstore.Memory()
	open := func() *timelog.Client {
		return p.timelog(t, func(login *timelog.HybridLogin) {
			login.Store, login.RedirectURL = store, "https://app.example/callback"
		})
	}
	for _, user := range []string{"ann", "bo"} {
		address, transaction, err := open().Account(user).BeginLogin(t.Context())
		require.NoError(t, err)
		kept, err := transaction.Encode()
		require.NoError(t, err)
		answer := posted(t, "https://app.example/callback", p.TimeLog.answerOf(t, address, user))
		transaction, err = timelog.DecodeTransaction(kept)
		require.NoError(t, err)
		require.NoError(t, open().FinishLogin(t.Context(), transaction, answer))
	}
	for _, user := range []string{"bo", "ann"} {
		p.TimeLog.goesOn(t, open().Account(user), user)
	}
}

func TestTimeLogSiteOfALogin(t *testing.T) {
	p := startPeer(t, peerOptions{})
	c, err := timelog.NewClient(timelog.Config{
		Auth: timelog.HybridLogin{
			ClientID: p.TimeLog.ClientID, ClientSecret: p.TimeLog.ClientSecret, RedirectURL: loopback, LoginURL: p.TimeLog.URL, Store: tokenstore.Memory(),
			Open: func(_ context.Context, address string) error {
				p.TimeLog.respond(t, address, "ann", "form_post")
				return nil
			},
		},
		Options: p.TimeLog.options(),
	})
	require.NoError(t, err)
	defer func() { assert.NoError(t, c.Close(context.Background())) }()
	require.NoError(t, c.Login(t.Context()))
	site, err := c.Site(t.Context())
	require.NoError(t, err)
	assert.Equal(t, strings.TrimSuffix(p.TimeLog.URL, "/timelog")+"/account", site)
}

func TestTimeLogLoginDenied(t *testing.T) {
	p := startPeer(t, peerOptions{})
	c := p.timelog(t, func(login *timelog.HybridLogin) {
		login.Open = func(_ context.Context, address string) error {
			p.TimeLog.respond(t, address, "deny", "form_post")
			return nil
		}
	})
	err := c.Login(t.Context())
	require.ErrorIs(t, err, worktime.ErrForbidden)
	var refused *worktime.AuthError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "access_denied", refused.Code)
	_, err = c.TokenSource(t.Context()).Token()
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	assert.Zero(t, p.TimeLog.stats(t).Granted["authorization_code"])
}

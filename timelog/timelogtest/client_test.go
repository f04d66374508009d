package timelogtest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

// newClient returns one that logs in by a browser and asks the login server for the site.
func newClient(t *testing.T, srv *timelogtest.Server, change func(*timelog.HybridLogin)) *timelog.Client {
	t.Helper()
	login := srv.HybridLogin(tokenstore.Memory())
	change(&login)
	config := srv.Config()
	config.SiteURL, config.Auth = "", login
	client, err := timelog.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close(context.Background())) })
	return client
}

// The client of this module is at home here, in all ways to log in.
func TestClientLogsIn(t *testing.T) {
	for name, change := range map[string]func(*timelog.HybridLogin){
		"form_post":    func(*timelog.HybridLogin) {},
		"fragment":     func(l *timelog.HybridLogin) { l.ResponseMode = "fragment" },
		"code":         func(l *timelog.HybridLogin) { l.AuthorizationCode = true },
		"without PKCE": func(l *timelog.HybridLogin) { l.NoPKCE = true },
	} {
		t.Run(name, func(t *testing.T) {
			srv := timelogtest.NewServer(t)
			client := newClient(t, srv, change)
			require.NoError(t, client.Login(t.Context()))
			me, err := client.Users.Me(t.Context())
			require.NoError(t, err)
			assert.Equal(t, timelog.UserID(82), me.ID)
			srv.RevokeTokens()
			_, err = client.Users.Me(t.Context())
			require.NoError(t, err, "refreshed")
			assert.Equal(t, 2, srv.TokenRequests())
			require.NoError(t, client.Logout(t.Context()))
			_, err = client.Users.Me(t.Context())
			assert.ErrorIs(t, err, worktime.ErrLoginRequired)
		})
	}
}

func TestClientInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t, timelogtest.WithSample(monday))
		client := newClient(t, srv, func(l *timelog.HybridLogin) { l.RedirectURL = "https://app.example/callback" })
		logIn := func() error {
			address, transaction, err := client.BeginLogin(t.Context())
			require.NoError(t, err)
			callback, err := srv.Visit(t.Context(), address)
			require.NoError(t, err)
			r, err := callback.Request(t.Context())
			require.NoError(t, err)
			return client.FinishLogin(t.Context(), transaction, r)
		}
		for _, broken := range []func(*timelogtest.IDToken){
			timelogtest.WrongIssuer, timelogtest.WrongAudience, timelogtest.WrongNonce, timelogtest.WrongCodeHash, timelogtest.Expired, timelogtest.UnknownKey,
			func(t *timelogtest.IDToken) { t.Signature = timelogtest.SignatureNone },
			func(token *timelogtest.IDToken) {
				if token.Channel == timelogtest.Back {
					timelogtest.WrongSubject(token)
				}
			},
		} {
			srv.EditIDTokens(broken)
			assert.ErrorIs(t, logIn(), worktime.ErrLoginRequired)
		}
		srv.EditIDTokens(nil)
		srv.SignInAs(84)
		time.Sleep(time.Hour) // until the client looks at the keys again
		require.NoError(t, logIn())
		for range 30 {
			me, err := client.Users.Me(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "Carla", me.FirstName)
			time.Sleep(24 * time.Hour)
		}
		srv.RevokeLogins()
		_, err := client.Users.Me(t.Context())
		assert.ErrorIs(t, err, worktime.ErrLoginRequired)
	})
}

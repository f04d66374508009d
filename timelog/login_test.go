package timelog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
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

func hybridClient(t *testing.T, srv *timelogtest.Server, store tokenstore.Store, change func(*timelog.HybridLogin)) *timelog.Client {
	t.Helper()
	login := srv.HybridLogin(store)
	login.RedirectURL = "https://app.example/callback"
	if change != nil {
		change(&login)
	}
	config := srv.Config()
	config.SiteURL, config.Auth = "", login
	client, err := timelog.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close(context.Background())) })
	return client
}

// logIn plays the browser of the person who is signed in at the server.
func logIn(t *testing.T, srv *timelogtest.Server, client *timelog.Client) error {
	t.Helper()
	address, transaction, err := client.BeginLogin(t.Context())
	require.NoError(t, err)
	encoded, err := transaction.Encode()
	require.NoError(t, err)
	transaction, err = timelog.DecodeTransaction(encoded)
	require.NoError(t, err)
	callback, err := srv.Visit(t.Context(), address)
	require.NoError(t, err)
	request, err := callback.Request(t.Context())
	require.NoError(t, err)
	return client.FinishLogin(t.Context(), transaction, request)
}

var staff = timelogtest.WithUsers(
	timelogtest.User{UserID: 82, FirstName: "Ann", LastName: "Berg", Initials: "ANB"},
	timelogtest.User{UserID: 83, FirstName: "Bo", LastName: "Dahl", Initials: "BOD"},
)

func initials(t *testing.T, client *timelog.Client) string {
	t.Helper()
	me, err := client.Users.Me(t.Context())
	require.NoError(t, err)
	return me.Initials
}

// What is asked of the login server.
func TestAuthorizeRequest(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*timelog.HybridLogin)
		want   map[string]string // "": must be absent; "*": must be there
	}{
		"default": {nil, map[string]string{
			"response_type": "code id_token", "response_mode": "form_post", "scope": "openid tlp offline_access", "client_id": "timelogtest",
			"redirect_uri": "https://app.example/callback", "state": "*", "nonce": "*", "code_challenge": "*", "code_challenge_method": "S256",
		}},
		"fragment":      {func(h *timelog.HybridLogin) { h.ResponseMode = "fragment" }, map[string]string{"response_type": "code id_token", "response_mode": "fragment"}},
		"without PKCE":  {func(h *timelog.HybridLogin) { h.NoPKCE = true }, map[string]string{"code_challenge": "", "code_challenge_method": "", "state": "*", "nonce": "*"}},
		"code":          {func(h *timelog.HybridLogin) { h.AuthorizationCode = true }, map[string]string{"response_type": "code", "response_mode": "", "nonce": "*", "code_challenge": "*"}},
		"scopes":        {func(h *timelog.HybridLogin) { h.Scopes = []timelog.Scope{timelog.ScopeOpenID, timelog.ScopeProfile} }, map[string]string{"scope": "openid profile"}},
		"authorize URL": {func(h *timelog.HybridLogin) { h.AuthURL = "https://other.example/a?tenant=1" }, map[string]string{"tenant": "1", "response_type": "code id_token"}},
	} {
		t.Run(name, func(t *testing.T) {
			srv := timelogtest.NewServer(t)
			address, _, err := hybridClient(t, srv, tokenstore.Memory(), c.change).BeginLogin(t.Context())
			require.NoError(t, err)
			u, err := url.Parse(address)
			require.NoError(t, err)
			for parameter, want := range c.want {
				switch got := u.Query().Get(parameter); want {
				case "*":
					assert.NotEmpty(t, got, parameter)
				default:
					assert.Equal(t, want, got, parameter)
				}
			}
			assert.Zero(t, srv.TokenRequests())
		})
	}
}

// One login serves all processes that share its store, and ends for all of them.
func TestStoredLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, store := timelogtest.NewServer(t, staff), tokenstore.Memory()
		client := hybridClient(t, srv, store, nil)
		_, err := client.Users.Me(t.Context())
		require.ErrorIs(t, err, worktime.ErrLoginRequired)
		assert.Zero(t, srv.APIRequests())

		require.NoError(t, logIn(t, srv, client))
		assert.Equal(t, "ANB", initials(t, client))
		restarted := hybridClient(t, srv, store, nil)
		assert.Equal(t, "ANB", initials(t, restarted))
		assert.Equal(t, 1, srv.TokenRequests())

		time.Sleep(2 * time.Hour)
		assert.Equal(t, "ANB", initials(t, restarted))
		assert.Equal(t, "ANB", initials(t, client), "the refresh of the other is found in the store")
		assert.Equal(t, 2, srv.TokenRequests())
		form, err := url.ParseQuery(string(lastToken(srv).Body))
		require.NoError(t, err)
		assert.Equal(t, "refresh_token", form.Get("grant_type"))
		assert.Equal(t, "https://app.example/callback", form.Get("redirect_uri"))

		require.NoError(t, client.Logout(t.Context()))
		_, err = hybridClient(t, srv, store, nil).Users.Me(t.Context())
		require.ErrorIs(t, err, worktime.ErrLoginRequired)
	})
}

func lastToken(srv *timelogtest.Server) (last timelogtest.Request) {
	for _, r := range srv.Requests() {
		if r.Token {
			last = r
		}
	}
	return last
}

// Two people of one application have two logins, whatever one of them does.
func TestAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t, staff)
		client := hybridClient(t, srv, tokenstore.Memory(), nil)
		ann, bo := client.Account("ann"), client.Account("bo")
		require.NoError(t, logIn(t, srv, ann))
		srv.SignInAs(83)
		require.NoError(t, logIn(t, srv, bo))
		for range 3 {
			assert.Equal(t, "ANB", initials(t, ann))
			assert.Equal(t, "BOD", initials(t, bo))
			time.Sleep(2 * time.Hour)
		}
		_, err := client.Users.Me(t.Context())
		require.ErrorIs(t, err, worktime.ErrLoginRequired, "nobody has logged in under no label")
		require.NoError(t, ann.Logout(t.Context()))
		_, err = ann.Users.Me(t.Context())
		require.ErrorIs(t, err, worktime.ErrLoginRequired)
		assert.Equal(t, "BOD", initials(t, bo))

		derived, err := bo.With(func(o *worktime.Options) { o.UserAgent = "other" })
		require.NoError(t, err)
		assert.Equal(t, "BOD", initials(t, derived))
	})
}

// Who logs in after another gets an answer for their own site: the login server is asked again, but not for a refresh.
func TestSiteOfTheNextLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t, staff)
		client := hybridClient(t, srv, tokenstore.Memory(), nil)
		require.NoError(t, logIn(t, srv, client))
		for range 3 {
			assert.Equal(t, "ANB", initials(t, client))
			time.Sleep(2 * time.Hour)
		}
		assert.Equal(t, 1, resolved(srv))
		srv.SignInAs(83)
		require.NoError(t, logIn(t, srv, client))
		assert.Equal(t, "BOD", initials(t, client))
		assert.Equal(t, 2, resolved(srv))
	})
}

func resolved(srv *timelogtest.Server) (n int) {
	for _, r := range srv.Requests() {
		if r.Path == "/api/ResolveUri" {
			n++
		}
	}
	return n
}

// An answer in the query is taken by option only.
func TestQueryAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, allow := range []bool{false, true} {
			srv := timelogtest.NewServer(t)
			client := hybridClient(t, srv, tokenstore.Memory(), func(h *timelog.HybridLogin) { h.AllowQuery = allow })
			address, transaction, err := client.BeginLogin(t.Context())
			require.NoError(t, err)
			callback, err := srv.Visit(t.Context(), address)
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodGet, "https://app.example/callback?"+callback.Params.Encode(), nil)
			err = client.FinishLogin(t.Context(), transaction, r)
			if allow {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, worktime.ErrBadRequest)
			}
		}
	})
}

// A login server that sends to its other host is not followed, and the error says what to configure.
func TestMovedLoginServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for from, to := range map[string]string{timelog.OldLoginURL: timelog.DefaultLoginURL, timelog.DefaultLoginURL: timelog.OldLoginURL} {
			srv := timelogtest.NewServer(t)
			client := hybridClient(t, srv, tokenstore.Memory(), func(h *timelog.HybridLogin) { h.LoginURL = from })
			srv.Fail(timelogtest.Reply(http.StatusMovedPermanently, "", "").Header("Location", to+"/.well-known/openid-configuration").OnLogin())
			_, _, err := client.BeginLogin(t.Context())
			require.ErrorIs(t, err, worktime.ErrRedirect)
			require.ErrorContains(t, err, "set HybridLogin.LoginURL to "+to)
			for _, r := range srv.Requests() {
				assert.Equal(t, from, "https://"+r.Host)
			}
		}
	})
}

// With all endpoints configured the discovery document is not asked for.
func TestWithoutDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t)
		client := hybridClient(t, srv, tokenstore.Memory(), func(h *timelog.HybridLogin) {
			h.Issuer = srv.LoginURL()
			h.AuthURL, h.TokenURL = srv.LoginURL()+"/connect/authorize", srv.LoginURL()+"/connect/token"
			h.KeysURL, h.RevocationURL = srv.LoginURL()+"/.well-known/openid-configuration/jwks", srv.LoginURL()+"/connect/revocation"
		})
		require.NoError(t, logIn(t, srv, client))
		assert.Equal(t, "ANB", initials(t, client))
		require.NoError(t, client.Logout(t.Context()))
		for _, r := range srv.Requests() {
			assert.NotEqual(t, "/.well-known/openid-configuration", r.Path)
		}
	})
}

func TestLoginHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t, staff)
		client := hybridClient(t, srv, tokenstore.Memory(), nil)
		handler, err := client.LoginHandler(timelog.LoginHandlerConfig{Account: func(*http.Request) (string, error) { return "ann", nil }})
		require.NoError(t, err)

		start := httptest.NewRecorder()
		handler.ServeHTTP(start, httptest.NewRequest(http.MethodGet, "https://app.example/login", nil))
		require.Equal(t, http.StatusSeeOther, start.Code, start.Body)
		callback, err := srv.Visit(t.Context(), start.Header().Get("Location"))
		require.NoError(t, err)
		request, err := callback.Request(t.Context())
		require.NoError(t, err)
		request.RequestURI = request.URL.RequestURI()
		for _, cookie := range start.Result().Cookies() {
			request.AddCookie(cookie)
		}
		end := httptest.NewRecorder()
		handler.ServeHTTP(end, request)
		assert.Less(t, end.Code, 400, end.Body)
		assert.Equal(t, "ANB", initials(t, client.Account("ann")))
	})
	srv := timelogtest.NewServer(t)
	_, err := hybridClient(t, srv, tokenstore.Memory(), nil).LoginHandler(timelog.LoginHandlerConfig{Key: []byte("short")})
	var field *worktime.FieldError
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "LoginHandlerConfig.Key", field.Field)

	anyPort := hybridClient(t, srv, tokenstore.Memory(), func(h *timelog.HybridLogin) { h.RedirectURL = "http://127.0.0.1:0/callback" })
	_, _, err = anyPort.BeginLogin(t.Context())
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "HybridLogin.RedirectURL", field.Field)
	_, err = anyPort.LoginHandler(timelog.LoginHandlerConfig{})
	require.ErrorAs(t, err, &field)
	assert.Equal(t, "HybridLogin.RedirectURL", field.Field)
}

// A transaction is a secret of its browser.
func TestTransactionIsNotShown(t *testing.T) {
	srv := timelogtest.NewServer(t)
	address, transaction, err := hybridClient(t, srv, tokenstore.Memory(), nil).BeginLogin(t.Context())
	require.NoError(t, err)
	u, err := url.Parse(address)
	require.NoError(t, err)
	shown, err := json.Marshal(transaction)
	require.NoError(t, err)
	text := string(shown) + fmt.Sprintf("%v %+v %#v", transaction, transaction, transaction)
	assert.NotContains(t, text, u.Query().Get("state"))
	assert.NotContains(t, text, u.Query().Get("nonce"))
}

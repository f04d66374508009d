package auth

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/internal/transport"
)

// A page must not tell why a login has failed, so the log does; but not for requests that anybody can
// send.
func TestFailedLoginIsLogged(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(a *webapp) *http.Request
		says string
	}{
		"the login server refuses": {func(a *webapp) *http.Request {
			answer := a.begin(a.t)
			return answered(url.Values{"state": answer["state"], "error": {"access_denied"}})
		}, "access_denied"},
		"a wrong ID token": {func(a *webapp) *http.Request {
			a.front = func(d *draft) { d.claims["nonce"] = "another" }
			return answered(a.begin(a.t))
		}, "nonce"},
		"the application refuses": {func(a *webapp) *http.Request {
			a.who = ""
			return httptest.NewRequest(http.MethodGet, "https://app.example/auth/start", nil)
		}, "nobody is logged in"},
		"no login of this browser": {func(*webapp) *http.Request {
			return answered(url.Values{"state": {"made-up"}, "code": {"x"}, "id_token": {"y"}})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				a := newWebapp(t, func(t testing.TB, changes ...func(*loginServer)) *loginServer {
					return newHybrid(t, append(changes, func(s *loginServer) {
						s.options.Logger = slog.New(slog.NewTextHandler(&log, nil))
						var err error
						s.client, err = transport.New(transport.NewFamily(s.options.HTTPClient), provider, s.options)
						require.NoError(t, err)
					})...)
				})
				resp := a.do(c.fail(a))
				assert.GreaterOrEqual(t, resp.StatusCode, 400)
				if c.says == "" {
					assert.Empty(t, log.String())
					return
				}
				assert.Contains(t, log.String(), `level=WARN msg="login failed" provider=`+provider)
				assert.Contains(t, log.String(), c.says)
				assert.NotContains(t, log.String(), "token refresh")
			})
		})
	}
}

package auth

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// webapp is a web application with a login, and one browser's cookies.
type webapp struct {
	*loginServer
	handler http.Handler
	cookies map[string]string
	who     string // logged in to the application itself
	account []string
	errs    []error
}

const appCallback = "https://app.example/auth/callback"

func newWebapp(t testing.TB, open func(testing.TB, ...func(*loginServer)) *loginServer, changes ...func(*HandlerConfig)) *webapp {
	t.Helper()
	a := &webapp{cookies: map[string]string{}, who: "ann"}
	a.loginServer = open(t, func(s *loginServer) { s.flow.RedirectURL = appCallback })
	config := HandlerConfig{
		StartPath: "/auth/start",
		Account: func(*http.Request) (string, error) {
			if a.who == "" {
				return "", errors.New("nobody is logged in, s3cr3t")
			}
			return a.who, nil
		},
	}
	for _, change := range changes {
		change(&config)
	}
	var err error
	a.handler, err = a.logins.Handler(config)
	require.NoError(t, err)
	return a
}

func (a *webapp) do(r *http.Request) *http.Response {
	for name, value := range a.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, r)
	resp := w.Result()
	for _, cookie := range resp.Cookies() {
		if cookie.MaxAge < 0 {
			delete(a.cookies, cookie.Name)
			continue
		}
		a.cookies[cookie.Name] = cookie.Value
	}
	return resp
}

// begin begins a login, and the person logs in.
func (a *webapp) begin(t testing.TB) url.Values {
	t.Helper()
	resp := a.do(httptest.NewRequest(http.MethodGet, "https://app.example/auth/start", nil))
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	return a.logIn(t, resp.Header.Get("Location"))
}

func answered(answer url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, appCallback, strings.NewReader(answer.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestWebApplicationLogsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWebapp(t, newHybrid)
		answer := a.begin(t)
		resp := a.do(answered(answer))
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		checkPage(t, resp)
		assert.Empty(t, a.cookies, "the login is no longer under way")
		record, err := a.stored("ann")
		require.NoError(t, err)
		assert.Equal(t, rt(1), record.RefreshToken)

		a.who = "bob"
		a.do(answered(a.begin(t)))
		anns, err := a.bearer("ann")
		require.NoError(t, err)
		bobs, err := a.bearer("bob")
		require.NoError(t, err)
		assert.NotEqual(t, anns, bobs)
	})
}

// The rules for cookies: bound to the host, for https, out of reach of scripts, and sent with a form of
// another site only if the answer comes as one.
func TestCookie(t *testing.T) {
	for name, c := range map[string]struct {
		open     func(testing.TB, ...func(*loginServer)) *loginServer
		mode     string
		sameSite http.SameSite
	}{
		"form_post": {newHybrid, "form_post", http.SameSiteNoneMode}, "fragment": {newHybrid, "fragment", http.SameSiteLaxMode},
		"query": {newPKCE, "", http.SameSiteLaxMode}, "a code as a form": {newPKCE, "form_post", http.SameSiteNoneMode},
	} {
		t.Run(name, func(t *testing.T) {
			a := newWebapp(t, func(t testing.TB, changes ...func(*loginServer)) *loginServer {
				return c.open(t, append(changes, func(s *loginServer) { s.flow.ResponseMode = c.mode })...)
			})
			resp := a.do(httptest.NewRequest(http.MethodGet, "https://app.example/auth/start", nil))
			require.Len(t, resp.Cookies(), 1)
			cookie := resp.Cookies()[0]
			assert.Equal(t, "__Host-worktime-acme", cookie.Name)
			assert.Equal(t, "/", cookie.Path)
			assert.Empty(t, cookie.Domain)
			assert.True(t, cookie.Secure)
			assert.True(t, cookie.HttpOnly)
			assert.Equal(t, c.sameSite, cookie.SameSite)
			assert.Equal(t, int(transactionLife.Seconds()), cookie.MaxAge)
			assert.Less(t, len(resp.Header.Get("Set-Cookie")), 4096, "what browsers take")
			query := mustURL(t, resp.Header.Get("Location")).Query()
			for _, secret := range []string{query.Get("state"), query.Get("nonce")} {
				if secret != "" {
					assert.NotContains(t, cookie.Value, b64([]byte(secret))[4:20])
				}
			}

			resp = a.do(answered(a.logIn(t, resp.Header.Get("Location"))))
			require.Len(t, resp.Cookies(), 1)
			gone := resp.Cookies()[0]
			assert.Empty(t, gone.Value)
			assert.Negative(t, gone.MaxAge)
			assert.True(t, gone.Secure, "else the browser does not let it replace the other one")
			assert.Equal(t, c.sameSite, gone.SameSite)
		})
	}
}

// An answer counts in the browser only that has begun the login.
func TestAnswerInAnotherBrowser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a *webapp
		a = newWebapp(t, newHybrid, func(c *HandlerConfig) {
			c.Finished = func(w http.ResponseWriter, _ *http.Request, account string, err error) {
				a.account, a.errs = append(a.account, account), append(a.errs, err)
				w.WriteHeader(http.StatusTeapot)
			}
		})
		victim := a.begin(t)
		cookie := a.cookies["__Host-worktime-acme"]
		for name, cookies := range map[string]map[string]string{
			"no cookie": {}, "empty": {"__Host-worktime-acme": ""}, "nonsense": {"__Host-worktime-acme": "bm9uc2Vuc2Ugbm9uc2Vuc2Ugbm9uc2Vuc2U"},
			"changed": {"__Host-worktime-acme": cookie[:40] + flip(cookie[40:41]) + cookie[41:]}, "cut": {"__Host-worktime-acme": cookie[:20]},
			"another name": {"__Host-worktime-other": cookie},
		} {
			a.cookies = cookies
			resp := a.do(answered(victim))
			assert.Equal(t, http.StatusTeapot, resp.StatusCode, name)
		}
		a.cookies = map[string]string{}
		a.who = "mallory"
		a.begin(t) // another login of the same browser
		a.do(answered(victim))
		a.do(answered(with(victim, map[string][]string{"state": nil})))
		a.do(answered(url.Values{"error": {"access_denied"}}))
		for i, err := range a.errs {
			require.Error(t, err)
			assert.Empty(t, a.account[i])
		}
		assert.Len(t, a.errs, 9)
		assert.Zero(t, a.tokenRequests())
		assert.NotEmpty(t, a.cookies, "the login of the browser goes on")

		a.cookies = map[string]string{"__Host-worktime-acme": cookie}
		a.do(answered(victim))
		require.NoError(t, a.errs[9])
		assert.Equal(t, "ann", a.account[9])

		a.cookies = map[string]string{"__Host-worktime-acme": cookie} // kept by the browser against our will
		a.do(answered(victim))
		assertIs(t, a.errs[10], worktime.ErrLoginRequired)
		assert.Equal(t, 1, a.tokenRequests())
	})
}

func flip(s string) string {
	if s == "A" {
		return "B"
	}
	return "A"
}

// One browser has one login under way.
func TestSecondStartReplacesTheFirst(t *testing.T) {
	a := newWebapp(t, newHybrid)
	first := a.begin(t)
	second := a.begin(t)
	assert.Len(t, a.cookies, 1)
	assert.Equal(t, http.StatusBadRequest, a.do(answered(first)).StatusCode)
	assert.Equal(t, http.StatusOK, a.do(answered(second)).StatusCode)
}

func TestQueryInAWebApplication(t *testing.T) {
	t.Run("hybrid", func(t *testing.T) {
		a := newWebapp(t, newHybrid)
		answer := a.begin(t)
		r := httptest.NewRequest(http.MethodGet, appCallback+"?"+answer.Encode(), nil)
		resp := a.do(r)
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
		assert.Zero(t, a.tokenRequests())
		a.logins.flow.AllowQuery = true
		assert.Equal(t, http.StatusOK, a.do(httptest.NewRequest(http.MethodGet, appCallback+"?"+answer.Encode(), nil)).StatusCode)
	})
	t.Run("a code", func(t *testing.T) {
		a := newWebapp(t, newPKCE)
		w := a.do(httptest.NewRequest(http.MethodGet, appCallback+"?"+a.begin(t).Encode(), nil))
		assert.Equal(t, http.StatusOK, w.StatusCode)
		checkPage(t, w)
		assert.Contains(t, w.Header.Get("Content-Security-Policy"), "script-src 'sha256-", "the page takes the code out of the address")
	})
	t.Run("the fragment is passed on", func(t *testing.T) {
		a := newWebapp(t, newHybrid)
		answer := a.begin(t)
		resp := a.do(httptest.NewRequest(http.MethodGet, appCallback, nil))
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		checkPage(t, resp)
		assert.NotEmpty(t, a.cookies)
		assert.Equal(t, http.StatusOK, a.do(answered(answer)).StatusCode)
	})
}

func TestOtherRequestsToAWebApplication(t *testing.T) {
	a := newWebapp(t, newHybrid)
	for _, c := range []struct {
		method, target string
		header         []string
		status         int
	}{
		{"GET", "/", nil, 404},
		{"GET", "/auth/start/", nil, 404},
		{"GET", "/auth/callback/", nil, 404},
		{"POST", "/auth/start", nil, 405},
		{"HEAD", "/auth/start", nil, 405},
		{"GET", "/auth/start", []string{"Sec-Fetch-Mode", "no-cors"}, 403}, // an image in a page of anybody's
		{"GET", "/auth/start", []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403}, // a frame in it
		{"PUT", "/auth/callback", nil, 405},
		{"GET", "/auth/callback?error=x", []string{"Sec-Fetch-Mode", "cors"}, 403},
		{"GET", "/auth/callback?error=x&state=%zz", nil, 400},
		{"POST", "/auth/callback", nil, 400},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		resp := a.do(r)
		assert.Equal(t, c.status, resp.StatusCode, "%s %s", c.method, c.target)
		checkPage(t, resp)
		assert.Empty(t, resp.Cookies())
	}
	a.who = ""
	w := httptest.NewRecorder()
	a.handler.ServeHTTP(w, httptest.NewRequest("GET", "/auth/start", nil))
	assert.Equal(t, http.StatusForbidden, w.Code)
	assert.NotContains(t, w.Body.String(), "s3cr3t")
	assert.Zero(t, a.apiRequests())
}

// An application that forgets to refuse those who are nobody does not log them in to what is its own.
func TestNobodyIsNotTheApplicationItself(t *testing.T) {
	a := newWebapp(t, newHybrid, func(c *HandlerConfig) {
		c.Account = func(*http.Request) (string, error) { return "", nil }
	})
	resp := a.do(httptest.NewRequest("GET", "/auth/start", nil))
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	assert.Empty(t, resp.Cookies())
}

// The key opens every login that is under way.
func TestKeyIsNotShown(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	config := HandlerConfig{StartPath: "/auth/start", Key: key}
	a := newWebapp(t, newHybrid, func(c *HandlerConfig) { c.Key = key })
	for _, v := range []any{config, &config, a.handler} {
		assertHidden(t, v, string(key), fmt.Sprintf("%x", key), fmt.Sprint(key), strings.Trim(fmt.Sprint(key), "[]"), fmt.Sprintf("%#v", key[:4])[7:20],
			base64.StdEncoding.EncodeToString(key)[:40])
	}
}

// What comes without a login that is under way is told so that a program can tell.
func TestAnswerWithoutALogin(t *testing.T) {
	var a *webapp
	key := []byte("0123456789abcdef0123456789abcdef")
	a = newWebapp(t, newHybrid, func(c *HandlerConfig) {
		c.Key = key
		c.Finished = func(_ http.ResponseWriter, _ *http.Request, account string, err error) {
			a.account, a.errs = append(a.account, account), append(a.errs, err)
		}
	})
	answer := a.begin(t)
	h, ok := a.handler.(*handler)
	require.True(t, ok)
	later := h.seal.Seal(make([]byte, 12), make([]byte, 12), []byte(`{"version":2}`), []byte(h.cookie)) // of a later version of the program
	for _, cookies := range []map[string]string{{}, {h.cookie: base64.RawURLEncoding.EncodeToString(later)}} {
		a.cookies = cookies
		a.do(answered(answer))
	}
	require.Len(t, a.errs, 2)
	for i, err := range a.errs {
		assertIs(t, err, worktime.ErrLoginRequired)
		authError(t, err)
		assert.Empty(t, a.account[i])
	}
	assert.Zero(t, a.tokenRequests())
}

// A person who closes the window too early is logged in all the same.
func TestBrowserLeavesDuringTheExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newWebapp(t, newHybrid)
		ctx, leave := context.WithCancel(t.Context())
		a.answer = func(w http.ResponseWriter, _ *http.Request, body string) {
			leave()
			time.Sleep(time.Second)
			reply(w, http.StatusOK, body)
		}
		a.do(answered(a.begin(t)).WithContext(ctx))
		_, err := a.stored("ann")
		require.NoError(t, err)
	})
}

// Several processes can share the work if they share the key.
func TestAnswerInAnotherProcess(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	for name, keys := range map[string][2][]byte{"shared": {key, key}, "another": {key, []byte(strings.Repeat("x", 32))}, "random": {nil, nil}} {
		t.Run(name, func(t *testing.T) {
			a := newWebapp(t, newHybrid, func(c *HandlerConfig) { c.Key = keys[0] })
			answer := a.begin(t)
			other, err := a.process(t).Handler(HandlerConfig{StartPath: "/auth/start", Key: keys[1]})
			require.NoError(t, err)
			a.handler = other
			want := http.StatusBadRequest
			if name == "shared" {
				want = http.StatusOK
			}
			assert.Equal(t, want, a.do(answered(answer)).StatusCode)
		})
	}
}

func TestLoginServerIsDown(t *testing.T) {
	var a *webapp
	a = newWebapp(t, newHybrid, func(c *HandlerConfig) {
		c.Finished = func(_ http.ResponseWriter, _ *http.Request, account string, err error) {
			a.account, a.errs = append(a.account, account), append(a.errs, err)
		}
	})
	a.metadata["issuer"] = "https://evil.example"
	resp := a.do(httptest.NewRequest("GET", "/auth/start", nil))
	assert.Empty(t, resp.Cookies())
	assert.Equal(t, []string{"ann"}, a.account)
	assertIs(t, a.errs[0], worktime.ErrBadResponse)
}

func TestHandlerConfigIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		redirect string
		config   HandlerConfig
		field    string
	}{
		"an app's scheme": {"com.timelog:/oauthredirect", HandlerConfig{}, "RedirectURL"},
		"any port":        {"http://127.0.0.1:0/callback", HandlerConfig{}, "RedirectURL"},
		"the same path":   {"https://app.example/login", HandlerConfig{}, "StartPath"},
		"no path":         {"https://app.example", HandlerConfig{StartPath: "/"}, "StartPath"},
		"relative":        {appCallback, HandlerConfig{StartPath: "login"}, "StartPath"},
		"short key":       {appCallback, HandlerConfig{Key: []byte("short")}, "Key"},
	} {
		s := newPKCE(t, func(s *loginServer) { s.flow.RedirectURL = c.redirect })
		_, err := s.logins.Handler(c.config)
		var field *worktime.FieldError
		require.ErrorAs(t, err, &field, name)
		assert.Equal(t, c.field, field.Field, name)
	}
	s := newPKCE(t)
	h, err := s.logins.Handler(HandlerConfig{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/login", nil))
	assert.Equal(t, http.StatusSeeOther, w.Code, "for the client's own login")
}

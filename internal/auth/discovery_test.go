package auth

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

func TestDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		for range 3 {
			m, err := o.provider.Metadata(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Metadata{
				Issuer: issuerURL, Authorization: mustURL(t, issuerURL+"/authorize"), Token: mustURL(t, issuerURL+"/token"), Keys: mustURL(t, issuerURL+"/jwks"),
				Revocation: mustURL(t, issuerURL+"/revoke"), ResponseIssuer: true,
			}, m)
			time.Sleep(48 * time.Hour)
		}
		require.Equal(t, 1, o.fetched(discovery), "fetched once")
		call := o.world.calls[0]
		assert.Equal(t, http.MethodGet, call.Method)
		assert.Equal(t, "application/json", call.Header.Get("Accept"))
		assert.Empty(t, call.Header.Get("Authorization"))
		assert.Empty(t, call.Body)
	})
}

// TestDiscoveryLeast: what a login needs is enough.
func TestDiscoveryLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		o.document = map[string]any{
			"issuer": issuerURL, "authorization_endpoint": issuerURL + "/authorize?tenant=acme", "token_endpoint": "HTTP://127.0.0.1:80/token",
			"jwks_uri": issuerURL + "/jwks", "revocation_endpoint": nil, "end_session_endpoint": "https://elsewhere.example", "authorization_response_iss_parameter_supported": "yes",
		}
		m, err := o.provider.Metadata(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "tenant=acme", m.Authorization.RawQuery)
		assert.Nil(t, m.Revocation)
		assert.False(t, m.ResponseIssuer)
	})
}

// TestDiscoveryIssuer: the server must call itself what was configured, to the letter.
func TestDiscoveryIssuer(t *testing.T) {
	for _, c := range []struct{ configured, path, says string }{
		{issuerURL, discovery, issuerURL + "/"},
		{issuerURL, discovery, "http://127.0.0.1"},
		{issuerURL, discovery, "http://127.0.0.1:80/op"},
		{issuerURL, discovery, "HTTP://127.0.0.1/op"},
		{issuerURL, discovery, "http://127.0.0.1/OP"},
		{issuerURL, discovery, "https://evil.example"},
		{issuerURL, discovery, ""},
		{issuerURL + "/", discovery, issuerURL},
		{issuerURL + "/", discovery, issuerURL + "/"}, // good
		{"http://127.0.0.1", "/.well-known/openid-configuration", "http://127.0.0.1/"},
		{"http://127.0.0.1", "/.well-known/openid-configuration", "http://127.0.0.1"},   // good
		{"http://127.0.0.1/", "/.well-known/openid-configuration", "http://127.0.0.1/"}, // good
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOpenID(t, func(o *openID) { o.config.Issuer = c.configured })
			o.document["issuer"] = c.says
			o.instead("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
				r.URL.Path = discovery
				o.instead(discovery, nil)
				o.serve(w, r, 0)
			})
			m, err := o.provider.Metadata(t.Context())
			assert.Equal(t, 1, o.fetched(c.path), c.configured)
			if c.configured == c.says {
				require.NoError(t, err, c.configured)
				assert.Equal(t, c.says, m.Issuer)
				return
			}
			assertIs(t, err, worktime.ErrBadResponse)
			assert.Contains(t, err.Error(), c.says, "what could be configured")
			assert.Contains(t, err.Error(), c.configured)
			assert.Empty(t, m)
		})
	}
}

// TestDiscoveryEndpoints: no document sends secrets or users to another server, or has tokens verified by its keys.
func TestDiscoveryEndpoints(t *testing.T) {
	for name, required := range map[string]bool{
		"authorization_endpoint": true, "token_endpoint": true, "jwks_uri": true, "revocation_endpoint": false,
	} {
		for _, raw := range []any{
			"https://evil.example/x", "http://127.0.0.1.evil.example/x", "https://127.0.0.1/x", "http://127.0.0.1:81/x", "http://localhost/x",
			"http://user@127.0.0.1/x", "http://127.0.0.1@evil.example/x", "//127.0.0.1/x", "/op/x", "ftp://127.0.0.1/x", "javascript:alert(1)", "http://127.0.0.1/x#y",
			"http://127.0.0.1/x?y#z", "http://127.0.0.1/x?y\nz", "http://127.0.0.1\\@evil.example/x", ":", "http://127.0.0.1:/x", "http://evil.example/x", nil, 7,
			[]string{issuerURL + "/x"},
		} {
			synctest.Test(t, func(t *testing.T) {
				o := newOpenID(t)
				o.document[name] = raw
				m, err := o.provider.Metadata(t.Context())
				if text, ok := raw.(string); !required && !ok {
					require.NoError(t, err, "%s: %v", name, text)
					return
				}
				require.ErrorIs(t, err, worktime.ErrBadResponse, "%s: %v", name, raw)
				assert.Contains(t, err.Error(), name)
				assert.Equal(t, "discovery", authError(t, err).Operation)
				assert.Empty(t, m)
			})
		}
	}
}

// TestDiscoveryOverride: what is configured is used, wherever it is, and the rest is discovered.
func TestDiscoveryOverride(t *testing.T) {
	foreign := mustURL(t, "http://localhost/keys")
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t, func(o *openID) { o.config.Override = Metadata{Keys: foreign} })
		o.document["jwks_uri"] = "https://evil.example/x"
		o.instead("/keys", func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "localhost", r.Host)
			_, _ = io.WriteString(w, `{"keys":[]}`)
		})
		m, err := o.provider.Metadata(t.Context())
		require.NoError(t, err)
		assert.Same(t, foreign, m.Keys)
		assert.Equal(t, issuerURL+"/token", m.Token.String())
		_, err = o.check(newDraft(FrontChannel, keyA()))
		requireCheck(t, worktime.CheckSignature, err)
		assert.Equal(t, 1, o.fetched("/keys"))
	})
	synctest.Test(t, func(t *testing.T) { // the issuer
		o := newOpenID(t, func(o *openID) { o.config.Override.Issuer = "https://login.example" })
		_, err := o.provider.Metadata(t.Context())
		assertIs(t, err, worktime.ErrBadResponse)
		time.Sleep(failureShare)
		o.document["issuer"] = "https://login.example"
		m, err := o.provider.Metadata(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "https://login.example", m.Issuer)
		d := newDraft(FrontChannel, keyA())
		_, err = o.check(d)
		requireCheck(t, worktime.CheckIssuer, err)
		d.claims["iss"] = "https://login.example"
		_, err = o.check(d)
		require.NoError(t, err)
	})
	synctest.Test(t, func(t *testing.T) { // everything, so that nothing is asked
		all := Metadata{Issuer: issuerURL, Authorization: foreign, Token: foreign, Keys: mustURL(t, issuerURL+"/jwks")}
		o := newOpenID(t, func(o *openID) { o.config.Override = all })
		m, err := o.provider.Metadata(t.Context())
		require.NoError(t, err)
		assert.Equal(t, all, m)
		_, err = o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		assert.Zero(t, o.fetched(discovery))
	})
}

// TestDiscoveryTogether: a crowd causes one request, and one that leaves takes nobody along.
func TestDiscoveryTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		release := make(chan struct{})
		o.instead(discovery, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
				o.instead(discovery, nil)
				o.serve(w, r, 0)
			case <-r.Context().Done():
			}
		})
		ctx, leave := context.WithCancel(t.Context())
		var first, crowd sync.WaitGroup
		first.Go(func() {
			_, err := o.provider.Metadata(ctx)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, "discovery", authError(t, err).Operation)
		})
		synctest.Wait()
		for range 200 {
			crowd.Go(func() {
				_, err := o.provider.Metadata(t.Context())
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, 1, o.fetched(discovery))
		leave()
		first.Wait()
		synctest.Wait()
		close(release)
		crowd.Wait()
		assert.Equal(t, 2, o.fetched(discovery))
	})
}

// TestDiscoveryFailure: a failure is told to those who come at the same moment, and is not kept.
func TestDiscoveryFailure(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		text   string
	}{
		{503, "", worktime.ErrUnavailable, ""},
		{404, "", worktime.ErrNotFound, "check the URL of the login server"},
		{403, "", worktime.ErrForbidden, ""},
		{200, "<html>hotel</html>", worktime.ErrBadResponse, ""},
		{200, "", worktime.ErrBadResponse, ""},
		{200, "null", worktime.ErrBadResponse, ""},
		{200, `{"issuer":"` + issuerURL + `"`, worktime.ErrBadResponse, ""},
		{200, `{"issuer":"` + issuerURL + `","x":"` + strings.Repeat("x", maxAnswer) + `"}`, worktime.ErrTooLarge, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOpenID(t)
			o.instead(discovery, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			for range 100 {
				_, err := o.provider.Metadata(t.Context())
				assertIs(t, err, c.want)
				assert.Equal(t, c.status, authError(t, err).StatusCode)
				assert.Contains(t, err.Error(), c.text)
				assert.NotContains(t, err.Error(), "hotel")
			}
			assert.Equal(t, 1, o.fetched(discovery))
			o.instead(discovery, nil)
			time.Sleep(failureShare)
			_, err := o.provider.Metadata(t.Context())
			require.NoError(t, err)
		})
	}
}

// TestDiscoveryMoved: a redirect is not followed, and the error says what to configure.
func TestDiscoveryMoved(t *testing.T) {
	moved := func(host string) string {
		if host == "newlogin.example" {
			return "set LoginURL to https://newlogin.example"
		}
		return ""
	}
	for _, c := range []struct{ path, location, text string }{
		{discovery, "https://newlogin.example/.well-known/openid-configuration?code=c4n4ry", "redirects to newlogin.example: set LoginURL to https://newlogin.example"},
		{discovery, "https://NEWLOGIN.example:443/", "set LoginURL to https://newlogin.example"},
		{discovery, "https://other.example/c4n4ry", "redirects to other.example"},
		{discovery, "/maintenance/c4n4ry", ""},
		{discovery, "", ""},
		{discovery, "https://%zz/c4n4ry", ""},
		{jwksPath, "https://newlogin.example/jwks", "set LoginURL to https://newlogin.example"},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			synctest.Test(t, func(t *testing.T) {
				o := newOpenID(t, func(o *openID) { o.config.Moved = moved })
				o.instead(c.path, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", c.location)
					w.WriteHeader(status)
				})
				_, err := o.check(newDraft(FrontChannel, keyA()))
				assertIs(t, err, worktime.ErrRedirect)
				assert.Contains(t, err.Error(), c.text)
				assert.NotContains(t, err.Error(), "c4n4ry")
				assert.Empty(t, authError(t, err).Check)
				assert.Equal(t, 1, o.fetched(c.path))
			})
		}
	}
	synctest.Test(t, func(t *testing.T) { // without a hint
		o := newOpenID(t)
		assert.NoError(t, o.provider.Explain(&transport.Failure{StatusCode: 302}))
		assert.NoError(t, o.provider.Explain(&transport.Failure{StatusCode: 500, Header: http.Header{"Location": {"https://other.example"}}}))
		assert.EqualError(t, o.provider.Explain(&transport.Failure{StatusCode: 302, Header: http.Header{"Location": {"https://Other.example/x"}}}), "the login server redirects to other.example")
	})
}

func TestNewProvider(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		config ProviderConfig
		field  string
	}{
		{ProviderConfig{}, "Issuer"},
		{ProviderConfig{Issuer: "login.example"}, "Issuer"},
		{ProviderConfig{Issuer: "http://login.example"}, "Issuer"},
		{ProviderConfig{Issuer: "https://u:p4ss@login.example"}, "Issuer"},
		{ProviderConfig{Issuer: "https://login.example?x"}, "Issuer"},
		{ProviderConfig{Issuer: issuerURL, Algorithms: []string{"none"}}, "Algorithms"},
		{ProviderConfig{Issuer: issuerURL, Algorithms: []string{"RS256", "HS256"}}, "Algorithms"},
		{ProviderConfig{Issuer: issuerURL, Algorithms: []string{""}}, "Algorithms"},
		{ProviderConfig{Issuer: issuerURL, Algorithms: []string{"RSA-OAEP"}}, "Algorithms"},
	} {
		c.config.Client = w.client
		_, err := NewProvider(c.config)
		var field *worktime.FieldError
		require.ErrorAs(t, err, &field)
		assert.Equal(t, c.field, field.Field)
		assert.NotContains(t, err.Error(), "p4ss")
	}
}

// TestProviderHost: calls to one origin share a gate, and the login server has its own.
func TestProviderHost(t *testing.T) {
	w := newWorld(t)
	p, err := NewProvider(ProviderConfig{Client: w.client, Issuer: issuerURL})
	require.NoError(t, err)
	login, other := p.Host(mustURL(t, issuerURL+"/token")), p.Host(mustURL(t, "https://other.example/a"))
	assert.Same(t, login, p.Host(mustURL(t, "http://127.0.0.1:80/")))
	assert.Same(t, other, p.Host(mustURL(t, "https://other.example:443/b")))
	assert.NotSame(t, login, other)
	assert.NotSame(t, other, p.Host(mustURL(t, "https://other.example:444/b")))
}

func TestParseEndpoint(t *testing.T) {
	for _, good := range []string{"https://login.example", "https://login.example/a?b=c%20d&e", "http://[::1]:8080/x", "https://login.example/?"} {
		u, err := ParseEndpoint(good)
		require.NoError(t, err, good)
		want, err := url.Parse(good)
		require.NoError(t, err)
		assert.Equal(t, want, u)
	}
	for _, bad := range []string{
		"", "?", "login.example", "/x", "http://login.example", "https://login.example/#x", "https://login.example/?a#x", "https://login.example/?a b",
		"https://login.example/?\x00", "https://login.example/?é", "https://u@login.example", "https://", "https:x", "https://bücher.example", "https://[",
	} {
		_, err := ParseEndpoint(bad)
		assert.Error(t, err, bad)
	}
}

// A caller who has no time does not answer for those who have.
func TestDiscoveryDeadlineIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		o.instead(discovery, func(w http.ResponseWriter, _ *http.Request) {
			reply(w, http.StatusTooManyRequests, "", "Retry-After", "10")
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := o.provider.Metadata(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "no wait is begun that is too long")
		require.NoError(t, ctx.Err())
		o.instead(discovery, nil)
		_, err = o.provider.Metadata(t.Context())
		require.NoError(t, err)
	})
}

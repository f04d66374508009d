package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// The tests of this file show that the peer does what the others take for granted.

func TestPeerHybridLogin(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog

	var discovery struct {
		Issuer        string   `json:"issuer"`
		ResponseTypes []string `json:"response_types_supported"`
		ResponseModes []string `json:"response_modes_supported"`
		JWKSURI       string   `json:"jwks_uri"`
		TokenEndpoint string   `json:"token_endpoint"`
	}
	require.NoError(t, json.Unmarshal(i.get(t, i.URL+"/.well-known/openid-configuration").Body, &discovery))
	assert.Equal(t, i.URL, discovery.Issuer)
	assert.Equal(t, []string{"code id_token"}, discovery.ResponseTypes)
	assert.Contains(t, discovery.ResponseModes, "form_post")
	assert.Equal(t, i.JWKSURI, discovery.JWKSURI)
	assert.Equal(t, i.TokenEndpoint, discovery.TokenEndpoint)

	front := i.browse(t, p.hybridQuery())
	assert.Contains(t, front.Header.Get("Location"), redirectURI+"#", "the default response mode is fragment")
	parameters := front.redirected(t)
	code := parameters.Get("code")
	assert.Equal(t, "some-state", parameters.Get("state"))
	claims := i.verified(t, parameters.Get("id_token"))
	assert.Equal(t, i.URL, claims["iss"])
	assert.Equal(t, i.ClientID, claims["aud"])
	assert.Equal(t, "some-nonce", claims["nonce"])
	assert.Equal(t, halfHash(code), claims["c_hash"])

	got := p.exchanged(t, i, code, nil)
	assert.Equal(t, 3600, got.ExpiresIn)
	back := i.verified(t, got.IDToken)
	assert.Equal(t, claims["sub"], back["sub"])
	assert.Equal(t, claims["nonce"], back["nonce"])
	who, ok := i.whoami(t, got.AccessToken)
	require.True(t, ok)
	assert.Equal(t, owner{Subject: "user-1", ClientID: i.ClientID, Scope: "openid offline_access tlp"}, who)
	assert.Contains(t, i.withBearer(t, i.URL+"/api/ResolveUri", got.AccessToken).body(), `"url":"`+strings.TrimSuffix(i.URL, "/timelog")+`/account"`)

	assert.Equal(t, "invalid_grant", i.token(t, codeForm(code, nil)).Error, "a code is good for one use")
	_, ok = i.whoami(t, got.AccessToken)
	assert.False(t, ok, "the second use ends the login")
	assert.Equal(t, 1, i.stats(t).GrantsRevoked)
}

func TestPeerHybridResponses(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	with := func(name, value string) url.Values {
		query := p.hybridQuery()
		query.Set(name, value)
		return query
	}
	page := i.browse(t, with("response_mode", "form_post"))
	assert.Equal(t, http.StatusOK, page.Status)
	assert.Contains(t, page.body(), `action="`+redirectURI+`"`)
	assert.Contains(t, page.body(), `name="id_token"`)

	assert.Contains(t, i.browse(t, with("response_mode", "query")).body(), "invalid_request", "not for a hybrid answer")
	denied := i.browse(t, with("login_hint", "deny")).redirected(t)
	assert.Equal(t, "access_denied", denied.Get("error"))
	assert.Equal(t, "some-state", denied.Get("state"))
	assert.Equal(t, "invalid_request", i.browse(t, with("nonce", "")).redirected(t).Get("error"))

	// PKCE is not asked for, and enforced when it is used.
	verifier := oauth2.GenerateVerifier()
	query := with("code_challenge", oauth2.S256ChallengeFromVerifier(verifier))
	query.Set("code_challenge_method", "S256")
	code := i.browse(t, query).redirected(t).Get("code")
	assert.Equal(t, "invalid_grant", i.token(t, codeForm(code, nil)).Error)
	code = i.browse(t, query).redirected(t).Get("code")
	p.exchanged(t, i, code, url.Values{"code_verifier": {verifier}})
}

// TestPeerRedirectURIs: a web application has an address of its own, with https and without a choice of ports.
func TestPeerRedirectURIs(t *testing.T) {
	web := loginOptions{RedirectURIs: []string{"https://127.0.0.1:8443/login/callback"}}
	p := startPeer(t, peerOptions{TimeLog: web, Timeneye: web})
	for i, query := range map[*issuer]url.Values{p.TimeLog: p.hybridQuery(), p.Timeneye: p.pkceQuery(oauth2.GenerateVerifier())} {
		assert.Contains(t, i.browse(t, query).body(), "redirect_uri")
		query.Set("redirect_uri", web.RedirectURIs[0])
		assert.NotEmpty(t, i.browse(t, query).redirected(t).Get("code"))
	}
}

func TestPeerPKCE(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.Timeneye
	verifier := oauth2.GenerateVerifier()

	without := p.pkceQuery(verifier)
	without.Del("code_challenge")
	without.Del("code_challenge_method")
	assert.Equal(t, "invalid_request", i.browse(t, without).redirected(t).Get("error"))
	plain := p.pkceQuery(verifier)
	plain.Set("code_challenge_method", "plain")
	assert.Equal(t, "invalid_request", i.browse(t, plain).redirected(t).Get("error"))

	parameters := i.browse(t, p.pkceQuery(verifier)).redirected(t)
	assert.Equal(t, "some-state", parameters.Get("state"))
	assert.Equal(t, i.URL, parameters.Get("iss"), "RFC 9207")
	wrong := url.Values{"code_verifier": {oauth2.GenerateVerifier()}}
	assert.Equal(t, "invalid_grant", i.token(t, codeForm(parameters.Get("code"), wrong)).Error)

	got := p.logInTimeneye(t, "ann")
	assert.Equal(t, 86400, got.ExpiresIn)
	assert.Equal(t, "api offline_access", got.Scope)
	who, ok := i.whoami(t, got.AccessToken)
	assert.True(t, ok)
	assert.Equal(t, "ann", who.Subject)
}

// TestPeerRotation: refresh tokens are good for one use, and a second one ends the login and is counted.
func TestPeerRotation(t *testing.T) {
	p := startPeer(t, peerOptions{})
	for name, vendor := range map[string]struct {
		issuer *issuer
		logIn  func(*testing.T, string) tokens
	}{
		"timelog":  {p.TimeLog, p.logInTimeLog},
		"timeneye": {p.Timeneye, p.logInTimeneye},
	} {
		t.Run(name, func(t *testing.T) {
			i := vendor.issuer
			first, other := vendor.logIn(t, "ann"), vendor.logIn(t, "bob")
			second := i.refresh(t, first.RefreshToken)
			require.Equal(t, http.StatusOK, second.Status)
			require.NotEqual(t, first.RefreshToken, second.RefreshToken)
			assert.Zero(t, i.stats(t).ReuseDetected)

			assert.Equal(t, "invalid_grant", i.refresh(t, first.RefreshToken).Error)
			assert.Equal(t, "invalid_grant", i.refresh(t, second.RefreshToken).Error, "its successor went with it")
			_, ok := i.whoami(t, second.AccessToken)
			assert.False(t, ok)
			assert.Equal(t, http.StatusOK, i.refresh(t, other.RefreshToken).Status, "another login lives on")

			got := i.stats(t)
			assert.Equal(t, 1, got.ReuseDetected)
			assert.Equal(t, 1, got.GrantsRevoked)
			assert.Equal(t, map[string]int{"authorization_code": 2, "refresh_token": 2}, got.Granted)
			assert.Equal(t, map[string]int{"refresh_token:invalid_grant": 2}, got.Refused)
			assert.Equal(t, 6, got.Requests["/connect/token"])

			log := i.log(t)
			require.Len(t, log, 6)
			assert.Equal(t, "ann", log[0].Subject)
			assert.Equal(t, digest(first.RefreshToken), log[0].Issued)
			assert.Equal(t, digest(first.RefreshToken), log[2].Spent)
			assert.Equal(t, digest(second.RefreshToken), log[2].Issued)
			assert.True(t, log[2].Delivered)
			assert.True(t, log[3].Reuse && log[3].Revoked)
			assert.False(t, log[4].Reuse || log[4].Revoked)
		})
	}
}

// TestPeerRace: of two requests at once with one refresh token, one is a reuse.
func TestPeerRace(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	first := p.logInTimeLog(t, "ann")
	const rivals = 8
	statuses := make(chan int, rivals)
	for range rivals {
		req := i.request(t, i.TokenEndpoint, i.identified(refreshForm(first.RefreshToken)))
		go func() {
			resp, err := i.client.Do(req)
			if err != nil {
				statuses <- 0
				return
			}
			_ = resp.Body.Close()
			statuses <- resp.StatusCode
		}()
	}
	count := map[int]int{}
	for range rivals {
		count[<-statuses]++
	}
	assert.Equal(t, map[int]int{http.StatusOK: 1, http.StatusBadRequest: rivals - 1}, count)
	assert.Equal(t, 1, i.stats(t).ReuseDetected)
}

func TestPeerRevocation(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	got := p.logInTimeLog(t, "ann")
	assert.Equal(t, http.StatusOK, i.post(t, i.RevocationEndpoint, i.identified(url.Values{"token": {got.RefreshToken}})).Status)
	assert.Equal(t, "invalid_grant", i.refresh(t, got.RefreshToken).Error)
	assert.Zero(t, i.stats(t).ReuseDetected)
}

func TestPeerLifetimes(t *testing.T) {
	p := startPeer(t, peerOptions{RefreshTTL: 1, TimeLog: loginOptions{AccessTTL: 1}, Protime: protimeOptions{AccessTTL: 90}})
	got := p.logInTimeLog(t, "ann")
	assert.Equal(t, 1, got.ExpiresIn)
	assert.Equal(t, 90, p.Protime["acme"].clientCredentials(t, nil).ExpiresIn)

	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for valid := true; valid; _, valid = p.TimeLog.whoami(t, got.AccessToken) {
		<-tick.C
	}
	assert.Equal(t, "invalid_grant", p.TimeLog.refresh(t, got.RefreshToken).Error)
	assert.Zero(t, p.TimeLog.stats(t).ReuseDetected)
}

func TestPeerHTTPS(t *testing.T) {
	p := startPeer(t, peerOptions{Host: "localhost", TLS: newCertificate(t)})
	assert.Regexp(t, `^https://localhost:\d+/timelog$`, p.TimeLog.URL)
	got := p.logInTimeLog(t, "ann")
	assert.Equal(t, http.StatusOK, p.TimeLog.refresh(t, got.RefreshToken).Status)
	p.logInTimeneye(t, "ann")
}

func TestPeerClientCredentials(t *testing.T) {
	p := startPeer(t, peerOptions{})
	acme, globex := p.Protime["acme"], p.Protime["globex"]
	got := acme.clientCredentials(t, nil)
	require.Equal(t, http.StatusOK, got.Status)
	assert.Equal(t, 1800, got.ExpiresIn)
	assert.Empty(t, got.RefreshToken)
	_, ok := acme.whoami(t, got.AccessToken)
	assert.True(t, ok)
	_, ok = globex.whoami(t, got.AccessToken)
	assert.False(t, ok, "a token is good at its own tenant only")
	assert.Equal(t, "invalid_client", acme.clientCredentials(t, url.Values{"client_secret": {globex.ClientSecret}}).Error)
	assert.Equal(t, "invalid_scope", acme.clientCredentials(t, url.Values{"scope": {"connector-protimeapi-admin"}}).Error)
}

func TestPeerRateLimit(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"seconds", "date", "none"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, peerOptions{Protime: protimeOptions{TokenLimit: 2, TokenWindow: 3600, RetryAfter: form}})
			i := p.Protime["acme"]
			for range 2 {
				require.Equal(t, http.StatusOK, i.clientCredentials(t, nil).Status)
			}
			refused := i.post(t, i.TokenEndpoint, i.identified(url.Values{"grant_type": {"client_credentials"}}))
			require.Equal(t, http.StatusTooManyRequests, refused.Status)
			wait, err := waitOf(refused.Header)
			if form == "none" {
				assert.Empty(t, refused.Header.Get("Retry-After"))
			} else {
				require.NoError(t, err)
				assert.InDelta(t, 3600, wait.Seconds(), 300)
			}
			assert.Equal(t, 1, i.stats(t).RateLimited)
			assert.Equal(t, http.StatusOK, p.Protime["globex"].clientCredentials(t, nil).Status, "each tenant has a limit of its own")
		})
	}
}

// waitOf reads Retry-After, a date against the answer's own Date.
func waitOf(h http.Header) (time.Duration, error) {
	if seconds, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	until, err := http.ParseTime(h.Get("Retry-After"))
	if err != nil {
		return 0, err
	}
	now, err := http.ParseTime(h.Get("Date"))
	return until.Sub(now), err
}

func (i *issuer) clientCredentials(t *testing.T, further url.Values) tokens {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	maps.Copy(form, further)
	return i.token(t, form)
}

func (a answer) body() string { return string(a.Body) }

func (i *issuer) get(t *testing.T, target string) answer {
	t.Helper()
	return i.withBearer(t, target, "")
}

func (i *issuer) withBearer(t *testing.T, target, token string) answer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, target, nil)
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return send(t, i.client, req)
}

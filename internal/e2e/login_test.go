package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// redirectURI is where the logins of these tests end. Nobody listens there.
const redirectURI = "http://127.0.0.1:53999/callback"

// browse visits the authorization endpoint as a browser does: it keeps cookies, follows redirects and stops at the
// redirect URI. The result is that redirect, or the page that it came to instead.
func (i *issuer) browse(t *testing.T, query url.Values) answer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	browser := *i.client
	browser.Jar = jar
	browser.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		require.Less(t, len(via), 12, "too many redirects")
		if strings.HasPrefix(req.URL.String(), query.Get("redirect_uri")) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	req, err := http.NewRequest(http.MethodGet, i.AuthorizationEndpoint+"?"+query.Encode(), nil)
	require.NoError(t, err)
	return send(t, &browser, req)
}

// redirected returns the parameters with which the browser came back: those of the fragment if there are any, else
// those of the query.
func (a answer) redirected(t *testing.T) url.Values {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, a.Status, "%s", a.Body)
	to, err := url.Parse(a.Header.Get("Location"))
	require.NoError(t, err)
	text := to.RawQuery
	if to.Fragment != "" {
		text = to.EscapedFragment()
	}
	parameters, err := url.ParseQuery(text)
	require.NoError(t, err)
	return parameters
}

// tokens is the answer of a token endpoint.
type tokens struct {
	Status       int    `json:"-"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
	Error        string `json:"error"`
}

// post sends a form, without the client's id and secret.
func (i *issuer) post(t *testing.T, endpoint string, form url.Values) answer {
	t.Helper()
	return send(t, i.client, i.request(t, endpoint, form))
}

func (i *issuer) request(t *testing.T, endpoint string, form url.Values) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// token sends a token request of the registered client. Fields of the form go before its id and secret.
func (i *issuer) token(t *testing.T, form url.Values) tokens {
	t.Helper()
	a := i.post(t, i.TokenEndpoint, i.identified(form))
	require.NoError(t, a.Err)
	out := tokens{Status: a.Status}
	require.NoError(t, json.Unmarshal(a.Body, &out), "%s", a.Body)
	return out
}

func (i *issuer) identified(form url.Values) url.Values {
	all := url.Values{"client_id": {i.ClientID}}
	if i.ClientSecret != "" {
		all.Set("client_secret", i.ClientSecret)
	}
	maps.Copy(all, form)
	return all
}

func (i *issuer) refresh(t *testing.T, refreshToken string) tokens {
	t.Helper()
	return i.token(t, refreshForm(refreshToken))
}

func refreshForm(refreshToken string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}
}

func codeForm(code string, further url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}}
	maps.Copy(form, further)
	return form
}

// hybridQuery starts a login at TimeLog's login server.
func (p *peer) hybridQuery() url.Values {
	return url.Values{
		"client_id": {p.TimeLog.ClientID}, "scope": {p.TimeLog.Scope}, "response_type": {"code id_token"},
		"redirect_uri": {redirectURI}, "state": {"some-state"}, "nonce": {"some-nonce"},
	}
}

// pkceQuery starts a login at Timeneye's login server.
func (p *peer) pkceQuery(verifier string) url.Values {
	return url.Values{
		"client_id": {p.Timeneye.ClientID}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "state": {"some-state"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
}

// logInTimeLog gives a user's first tokens, by the hybrid flow.
func (p *peer) logInTimeLog(t *testing.T, user string) tokens {
	t.Helper()
	query := p.hybridQuery()
	query.Set("login_hint", user)
	code := p.TimeLog.browse(t, query).redirected(t).Get("code")
	return p.exchanged(t, p.TimeLog, code, nil)
}

// logInTimeneye gives a user's first tokens, by the authorization code flow with PKCE.
func (p *peer) logInTimeneye(t *testing.T, user string) tokens {
	t.Helper()
	verifier := oauth2.GenerateVerifier()
	query := p.pkceQuery(verifier)
	query.Set("login_hint", user)
	code := p.Timeneye.browse(t, query).redirected(t).Get("code")
	return p.exchanged(t, p.Timeneye, code, url.Values{"code_verifier": {verifier}})
}

func (p *peer) exchanged(t *testing.T, i *issuer, code string, further url.Values) tokens {
	t.Helper()
	got := i.token(t, codeForm(code, further))
	require.Equal(t, http.StatusOK, got.Status, "%s", got.Error)
	require.NotEmpty(t, got.RefreshToken)
	return got
}

// owner is whom a bearer token belongs to.
type owner struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

// whoami asks the issuer whose access token this is; false if it is not valid there.
func (i *issuer) whoami(t *testing.T, accessToken string) (owner, bool) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, i.Whoami, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+accessToken)
	a := send(t, i.client, req)
	var who owner
	if a.Status == http.StatusUnauthorized {
		return who, false
	}
	require.Equal(t, http.StatusOK, a.Status, "%s", a.Body)
	require.NoError(t, json.Unmarshal(a.Body, &who))
	return who, true
}

package fake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// GrantRules are what the logins of a client go by.
type GrantRules struct {
	// ClientID and ClientSecret; a client without a secret is a public one.
	ClientID, ClientSecret string
	// OfflineScope is what a login must have for a refresh token; empty: all logins have one.
	OfflineScope string
	// CodeLifetime and TokenLifetime are those of codes and of access tokens. Refresh tokens live until they are used.
	CodeLifetime, TokenLifetime time.Duration
	// Extra returns further members of a token answer, such as an ID token; nil: none.
	Extra func(r *http.Request, t Tokens) map[string]any
}

// Login is what a person allowed the client to do.
type Login struct {
	Subject, Nonce string
	RedirectURL    string
	Challenge      string // of RFC 7636, method S256; empty: none was sent
	Scopes         []string
	Time           time.Time
}

// Tokens are what the client gets for a code or a refresh token.
type Tokens struct {
	Login           Login
	Access, Refresh string
	Expiry          time.Time // of Access
	Refreshed       bool      // they were given for a refresh token
}

// Grants are the logins of one client, with the token endpoint and the revocation endpoint: codes that work once,
// and refresh tokens that work once and whose reuse ends the login (RFC 9700, section 4.14.2).
type Grants struct {
	rules GrantRules

	mu      sync.Mutex
	codes   map[string]*spendable
	refresh map[string]*spendable
	access  map[string]accessToken
}

// family is a login and all that came of it.
type family struct {
	login   Login
	revoked bool
}

// spendable is a code or a refresh token.
type spendable struct {
	of     *family
	expiry time.Time // zero: never
	spent  bool
}

type accessToken struct {
	of     *family
	expiry time.Time
}

// NewGrants returns those of a client that nobody is logged in to.
func NewGrants(rules GrantRules) *Grants {
	return &Grants{
		rules: rules, codes: map[string]*spendable{}, refresh: map[string]*spendable{}, access: map[string]accessToken{},
	}
}

// Code returns the code of a new login.
func (g *Grants) Code(login Login) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	code := rand.Text() + rand.Text()
	g.codes[code] = &spendable{of: &family{login: login}, expiry: time.Now().Add(g.rules.CodeLifetime)}
	return code
}

// LogIn returns the tokens of a new login, as if its code had been exchanged.
func (g *Grants) LogIn(login Login) Tokens {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.issue(&family{login: login})
}

// Login returns the login of an Authorization header with a valid access token.
func (g *Grants) Login(authorization string) (Login, bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.access[token]
	if !ok || !strings.EqualFold(scheme, "Bearer") || t.of.revoked || !time.Now().Before(t.expiry) {
		return Login{}, false
	}
	return t.of.login, true
}

// RevokeAccess makes the access tokens invalid that were issued so far. The logins live on.
func (g *Grants) RevokeAccess() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.access)
}

// RevokeAll ends all logins.
func (g *Grants) RevokeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, tokens := range []map[string]*spendable{g.codes, g.refresh} {
		for _, t := range tokens {
			t.of.revoked = true
		}
	}
	clear(g.access)
}

// issue makes tokens of a login; g.mu is held.
func (g *Grants) issue(of *family) Tokens {
	t := Tokens{Login: of.login, Access: rand.Text() + rand.Text(), Expiry: time.Now().Add(g.rules.TokenLifetime)}
	g.access[t.Access] = accessToken{of, t.Expiry}
	if g.rules.OfflineScope == "" || slices.Contains(of.login.Scopes, g.rules.OfflineScope) {
		t.Refresh = rand.Text() + rand.Text()
		g.refresh[t.Refresh] = &spendable{of: of}
	}
	return t
}

// spend uses up a code or a refresh token; g.mu is held. Whoever comes second may be a thief, or the first was one:
// that ends the login (RFC 6749, section 4.1.2; RFC 9700, section 4.14.2).
func spend(tokens map[string]*spendable, token string) (*family, bool) {
	t := tokens[token]
	switch {
	case t == nil || t.of.revoked:
		return nil, false
	case t.spent:
		t.of.revoked = true
		return nil, false
	case !t.expiry.IsZero() && !time.Now().Before(t.expiry):
		return nil, false
	}
	t.spent = true
	return t.of, true
}

// ServeHTTP answers a request of the token endpoint.
func (g *Grants) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, refused := g.form(w, r)
	if form == nil {
		writeOAuthError(w, refused)
		return
	}
	var tokens Tokens
	switch form.Get("grant_type") {
	case "authorization_code":
		tokens, refused = g.exchange(form)
	case "refresh_token":
		tokens, refused = g.renew(form)
	case "":
		refused = oauthError{"invalid_request", "grant_type is missing"}
	default:
		refused = oauthError{"unsupported_grant_type", ""}
	}
	if refused != (oauthError{}) {
		writeOAuthError(w, refused)
		return
	}
	body := map[string]any{
		"access_token": tokens.Access, "expires_in": int64(g.rules.TokenLifetime.Seconds()), "token_type": "Bearer",
		"scope": strings.Join(tokens.Login.Scopes, " "),
	}
	if tokens.Refresh != "" {
		body["refresh_token"] = tokens.Refresh
	}
	if g.rules.Extra != nil {
		maps.Copy(body, g.rules.Extra(r, tokens))
	}
	writeJSON(w, http.StatusOK, body)
}

// ServeRevocation answers a request of the revocation endpoint (RFC 7009), also for tokens that nobody knows. The
// revocation of a refresh token ends the login.
func (g *Grants) ServeRevocation(w http.ResponseWriter, r *http.Request) {
	form, refused := g.form(w, r)
	switch {
	case form == nil:
		writeOAuthError(w, refused)
		return
	case form.Get("token") == "":
		writeOAuthError(w, oauthError{"invalid_request", "token is missing"})
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.access, form.Get("token"))
	if t := g.refresh[form.Get("token")]; t != nil {
		t.of.revoked = true
	}
	w.WriteHeader(http.StatusOK)
}

// form returns that of a request of the client; nil if it is refused.
func (g *Grants) form(w http.ResponseWriter, r *http.Request) (url.Values, oauthError) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, oauthError{"invalid_request", "the method must be POST"}
	}
	form, code, description := readForm(r)
	if code != "" {
		return nil, oauthError{code, description}
	}
	id, secret, basic := r.BasicAuth()
	switch {
	case !basic:
		id, secret = form.Get("client_id"), form.Get("client_secret")
	case form.Has("client_secret"):
		return nil, oauthError{"invalid_request", "the client authenticates twice"} // RFC 6749, section 2.3
	default: // RFC 6749, section 2.3.1: both are form-encoded first
		var err error
		if id, err = url.QueryUnescape(id); err == nil {
			secret, err = url.QueryUnescape(secret)
		}
		if err != nil {
			return nil, oauthError{"invalid_client", ""}
		}
	}
	if !equal(id, g.rules.ClientID) || !equal(secret, g.rules.ClientSecret) {
		return nil, oauthError{"invalid_client", ""}
	}
	return form, oauthError{}
}

func (g *Grants) exchange(form url.Values) (Tokens, oauthError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of, ok := spend(g.codes, form.Get("code"))
	if !ok {
		return Tokens{}, oauthError{"invalid_grant", "the code is not known, spent or too old"}
	}
	login, verifier := of.login, form.Get("code_verifier")
	digest := sha256.Sum256([]byte(verifier))
	switch {
	case form.Get("redirect_uri") != login.RedirectURL:
		return Tokens{}, oauthError{"invalid_grant", "redirect_uri is not that of the authorization request"}
	case login.Challenge == "" && verifier != "": // RFC 9700, section 4.8.2
		return Tokens{}, oauthError{"invalid_grant", "there is a code_verifier, but there was no code_challenge"}
	case login.Challenge != "" && base64.RawURLEncoding.EncodeToString(digest[:]) != login.Challenge:
		return Tokens{}, oauthError{"invalid_grant", "the code_verifier is wrong"}
	}
	return g.issue(of), oauthError{}
}

func (g *Grants) renew(form url.Values) (Tokens, oauthError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of, ok := spend(g.refresh, form.Get("refresh_token"))
	if !ok {
		return Tokens{}, oauthError{"invalid_grant", "the refresh token is not known, spent or revoked"}
	}
	tokens := g.issue(of)
	tokens.Refreshed = true
	return tokens, oauthError{}
}

// oauthError is one of RFC 6749, section 5.2.
type oauthError struct{ code, description string }

func writeOAuthError(w http.ResponseWriter, e oauthError) {
	body := map[string]any{"error": e.code}
	if e.description != "" {
		body["error_description"] = e.description
	}
	status := http.StatusBadRequest
	if w.Header().Get("Allow") != "" {
		status = http.StatusMethodNotAllowed
	}
	writeJSON(w, status, body)
}

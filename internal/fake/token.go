package fake

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TokenRules are what a token endpoint goes by.
type TokenRules struct {
	ClientID, ClientSecret string
	// Scopes are all that the client may have.
	Scopes []string
	// Lifetime of a token; clients are told whole seconds.
	Lifetime time.Duration
	// Limit is how many requests it answers in a Window, which begins with the first; 0: all of them.
	Limit  int
	Window time.Duration
}

// TokenEndpoint issues tokens to one client of one tenant (RFC 6749, section 3.2), which are valid until
// their time is over or they are revoked.
type TokenEndpoint struct {
	rules TokenRules

	mu    sync.Mutex
	live  map[string]grant
	began time.Time // of the present window
	asked int       // requests in it
}

type grant struct {
	scopes []string
	expiry time.Time
}

// NewTokenEndpoint returns one without live tokens.
func NewTokenEndpoint(rules TokenRules) *TokenEndpoint {
	return &TokenEndpoint{rules: rules, live: map[string]grant{}}
}

// Scopes returns what the token of an Authorization header grants; false if it is not valid.
func (e *TokenEndpoint) Scopes(authorization string) ([]string, bool) {
	scheme, token, _ := strings.Cut(authorization, " ")
	e.mu.Lock()
	defer e.mu.Unlock()
	g, ok := e.live[token]
	if !ok || !strings.EqualFold(scheme, "Bearer") || !time.Now().Before(g.expiry) {
		return nil, false
	}
	return g.scopes, true
}

// Revoke makes all tokens invalid that were issued so far.
func (e *TokenEndpoint) Revoke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(e.live)
}

// ServeHTTP answers a token request.
func (e *TokenEndpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if wait := e.throttle(); wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	scopes, code, description := e.judge(r)
	if code != "" {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": description})
		return
	}
	token := rand.Text() + rand.Text()
	e.mu.Lock()
	e.live[token] = grant{scopes, time.Now().Add(e.rules.Lifetime)}
	e.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "expires_in": int64(e.rules.Lifetime.Seconds()), "token_type": "Bearer",
		"scope": strings.Join(scopes, " "),
	})
}

// throttle counts a request and returns how long to wait if it is one too many.
func (e *TokenEndpoint) throttle() time.Duration {
	if e.rules.Limit <= 0 {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if now.Sub(e.began) >= e.rules.Window {
		e.began, e.asked = now, 0
	}
	if e.asked == e.rules.Limit {
		return e.began.Add(e.rules.Window).Sub(now)
	}
	e.asked++
	return 0
}

// judge returns the scopes to grant, or an error of RFC 6749, section 5.2.
func (e *TokenEndpoint) judge(r *http.Request) (scopes []string, code, description string) {
	form, code, description := readForm(r)
	if code != "" {
		return nil, code, description
	}
	if r.Header.Get("Authorization") != "" {
		return nil, "invalid_client", "the client must authenticate in the form"
	}
	switch form.Get("grant_type") {
	case "client_credentials":
	case "":
		return nil, "invalid_request", "grant_type is missing"
	default:
		return nil, "unsupported_grant_type", "grant_type must be client_credentials"
	}
	if !equal(form.Get("client_id"), e.rules.ClientID) || !equal(form.Get("client_secret"), e.rules.ClientSecret) {
		return nil, "invalid_client", "the client is not known or its secret is wrong"
	}
	scopes = strings.Fields(form.Get("scope"))
	for _, scope := range scopes {
		if !slices.Contains(e.rules.Scopes, scope) {
			return nil, "invalid_scope", "a scope is not known, or the client may not have it"
		}
	}
	if len(scopes) == 0 {
		scopes = e.rules.Scopes
	}
	return scopes, "", ""
}

// readForm returns the form of a token request, or an error of RFC 6749, section 5.2.
func readForm(r *http.Request) (form url.Values, code, description string) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return nil, "invalid_request", "the body must be application/x-www-form-urlencoded"
	}
	if err := r.ParseForm(); err != nil {
		return nil, "invalid_request", "the form cannot be read"
	}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if len(r.PostForm[name]) > 1 {
			return nil, "invalid_request", name + " is given twice"
		}
	}
	return r.PostForm, "", ""
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// writeJSON answers as RFC 6749, section 5.1, wants it.
func writeJSON(w http.ResponseWriter, status int, body any) {
	b, _ := json.Marshal(body) // texts and numbers only
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

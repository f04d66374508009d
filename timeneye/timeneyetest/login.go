package timeneyetest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Paths of the login server. Those of the vendor's are not known.
const (
	authorizePath = "/oauth/authorize"
	exchangePath  = "/oauth/token"
)

// loginServer knows one public client, and somebody is logged in at its browser already.
type loginServer struct {
	settings settings
	grants   *fake.Grants

	browser    atomic.Int64 // the ID of who is at the browser
	patRevoked atomic.Bool
	refusal    atomic.Pointer[url.Values] // of the next authorization request; nil: it is allowed
}

func newLoginServer(s settings) *loginServer {
	l := &loginServer{settings: s, grants: fake.NewGrants(fake.GrantRules{
		ClientID: s.clientID, CodeLifetime: 10 * time.Minute, TokenLifetime: s.tokenLifetime, // RFC 6749, section 4.1.2
	})}
	l.browser.Store(s.users[0].ID)
	return l
}

// user returns the owner of a request's token.
func (s *Server) user(authorization string) (User, bool) {
	l := s.login
	if authorization == "Bearer "+s.settings.pat {
		return s.settings.users[0], !l.patRevoked.Load()
	}
	login, ok := l.grants.Login(authorization)
	if !ok {
		return User{}, false
	}
	at := slices.IndexFunc(s.settings.users, func(u User) bool { return strconv.FormatInt(u.ID, 10) == login.Subject })
	return s.settings.users[at], true
}

// login is that of who is at the browser.
func (l *loginServer) login() fake.Login {
	return fake.Login{Subject: strconv.FormatInt(l.browser.Load(), 10), Time: time.Now()}
}

// authorize answers an authorization request. The person consents at once.
func (l *loginServer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	address := query.Get("redirect_uri")
	redirect, err := url.Parse(address)
	// A client or a redirect URL that is not known is not answered there: RFC 6749, section 4.1.2.1.
	if r.Method != http.MethodGet || query.Get("client_id") != l.settings.clientID || err != nil || !redirect.IsAbs() ||
		l.settings.redirects != nil && !slices.Contains(l.settings.redirects, address) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("<!DOCTYPE html><title>Error</title><h1>The client or the redirect URL is not known</h1>"))
		return
	}
	params := l.decide(query)
	if state := query.Get("state"); state != "" {
		params.Set("state", state)
	}
	redirect.RawQuery = strings.TrimPrefix(redirect.RawQuery+"&"+params.Encode(), "&")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", redirect.String())
	w.WriteHeader(http.StatusFound)
}

// decide returns the parameters of the answer. A public client has no way around PKCE: RFC 9700, section 2.1.1.
func (l *loginServer) decide(query url.Values) url.Values {
	refusal := l.refusal.Swap(nil)
	switch {
	case query.Get("response_type") != "code":
		return url.Values{"error": {"unsupported_response_type"}}
	case query.Get("code_challenge") == "" || query.Get("code_challenge_method") != "S256":
		return url.Values{"error": {"invalid_request"}, "error_description": {"code_challenge and the method S256 are required"}}
	case query.Get("scope") != "":
		return url.Values{"error": {"invalid_scope"}}
	case refusal != nil:
		return *refusal
	}
	login := l.login()
	login.RedirectURL, login.Challenge = query.Get("redirect_uri"), query.Get("code_challenge")
	return url.Values{"code": {l.grants.Code(login)}}
}

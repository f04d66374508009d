package timelogtest

import (
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Paths of the login server, which are those of IdentityServer.
const (
	tokenPath   = "/connect/token"
	resolvePath = "/api/ResolveUri"
)

// loginServer is an OpenID provider with one client, at whose browser somebody is logged in already.
type loginServer struct {
	server *Server
	grants *fake.Grants

	browser    atomic.Int64 // the UserID of who is at the browser
	patRevoked atomic.Bool
	refusal    atomic.Pointer[url.Values] // of the next authorization request; nil: it is allowed

	mu   sync.Mutex
	keys keys
	edit func(*IDToken)
}

func newLoginServer(s *Server) *loginServer {
	l := &loginServer{server: s}
	l.browser.Store(s.store.owner)
	l.grants = fake.NewGrants(fake.GrantRules{
		ClientID: s.settings.clientID, ClientSecret: s.settings.clientSecret, OfflineScope: "offline_access",
		CodeLifetime: 5 * time.Minute, TokenLifetime: s.settings.tokenLifetime, // IdentityServer's default for codes
		Extra: func(r *http.Request, t fake.Tokens) map[string]any {
			if !slices.Contains(t.Login.Scopes, "openid") {
				return nil
			}
			return map[string]any{"id_token": l.idTokenOf(origin(r), t)}
		},
	})
	return l
}

func (l *loginServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", l.discovery)
	mux.HandleFunc("GET /.well-known/openid-configuration/jwks", l.keySet)
	mux.HandleFunc("GET /connect/authorize", l.authorize)
	mux.HandleFunc("POST /connect/authorize", l.authorize)
	mux.HandleFunc("/connect/revocation", l.grants.ServeRevocation)
	mux.HandleFunc("GET "+resolvePath, l.resolve)
	return mux
}

// discovery is the document of OpenID Connect Discovery 1.0, section 4.
func (l *loginServer) discovery(w http.ResponseWriter, r *http.Request) {
	issuer := origin(r)
	writeJSON(w, http.StatusOK, object{
		"issuer": issuer, "authorization_endpoint": issuer + "/connect/authorize", "token_endpoint": issuer + tokenPath,
		"revocation_endpoint": issuer + "/connect/revocation", "jwks_uri": issuer + "/.well-known/openid-configuration/jwks",
		"scopes_supported":                      scopes(),
		"response_types_supported":              []string{"code", "code id_token"},
		"response_modes_supported":              []string{"form_post", "query", "fragment"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"code_challenge_methods_supported":      []string{"S256"},
	})
}

func scopes() []string { return []string{"openid", "profile", "tlp", "offline_access"} }

// resolve tells the owner of a token which site is theirs. Whether the vendor does so for personal access tokens is not
// documented.
func (l *loginServer) resolve(w http.ResponseWriter, r *http.Request) {
	if _, ok := l.grants.Login(r.Header.Get("Authorization")); !ok {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	site := "https://app4.timelog.com/" + l.server.settings.site
	switch from := origin(r); {
	case r.Host == l.server.loginHost:
		site = l.server.SiteURL()
	case strings.HasPrefix(from, "http://"): // mounted somewhere else
		site = from + "/" + l.server.settings.site
	}
	writeJSON(w, http.StatusOK, object{"url": site})
}

// user returns the UserID of the owner of the request's token.
func (l *loginServer) user(r *http.Request) (int64, bool) {
	authorization := r.Header.Get("Authorization")
	if authorization == "Bearer "+l.server.settings.pat {
		return l.server.store.owner, !l.patRevoked.Load()
	}
	login, ok := l.grants.Login(authorization)
	if !ok || !slices.Contains(login.Scopes, "tlp") {
		return 0, false
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(login.Subject, "local:"), 10, 64)
	return id, err == nil
}

// subject is who is at the browser, as ID tokens name them.
func (l *loginServer) subject() string { return "local:" + strconv.FormatInt(l.browser.Load(), 10) }

// authorization is a request that may be answered at the redirect URL.
type authorization struct {
	query         url.Values
	redirect      *url.URL
	hybrid        bool
	mode          string
	scopes        []string
	code, problem string // of an error; empty: all is well
}

// authorize answers an authorization request. The person consents at once.
func (l *loginServer) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		errorPage(w, "The request cannot be read")
		return
	}
	a := authorization{query: r.Form}
	// A client or a redirect URL that is not known is not answered there: RFC 6749, section 4.1.2.1.
	registered := l.server.settings.redirects
	address := a.query.Get("redirect_uri")
	var err error
	switch a.redirect, err = url.Parse(address); {
	case a.query.Get("client_id") != l.server.settings.clientID:
		errorPage(w, "The client is not known")
		return
	case err != nil || !a.redirect.IsAbs() || a.redirect.Fragment != "" || registered != nil && !slices.Contains(registered, address):
		errorPage(w, "The redirect URL is not registered for the client")
		return
	}
	a.read()
	a.answer(w, l.decide(r, &a))
}

func errorPage(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte("<!DOCTYPE html><title>Error</title><h1>" + text + "</h1>"))
}

// read finds out how the request is to be answered, and what is wrong with it.
func (a *authorization) read() {
	a.mode = a.query.Get("response_mode")
	a.scopes = strings.Fields(a.query.Get("scope"))
	types := strings.Fields(a.query.Get("response_type"))
	slices.Sort(types)
	a.hybrid = len(types) > 1
	if a.mode == "" {
		a.mode = "query"
		if a.hybrid {
			a.mode = "fragment"
		}
	}
	unknown := slices.ContainsFunc(a.scopes, func(scope string) bool { return !slices.Contains(scopes(), scope) })
	switch {
	case !slices.Equal(types, []string{"code"}) && !slices.Equal(types, []string{"code", "id_token"}):
		a.code, a.problem = "unsupported_response_type", "response_type must be code or code id_token"
	case !slices.Contains([]string{"form_post", "query", "fragment"}, a.mode):
		a.code, a.problem, a.mode = "invalid_request", "response_mode is not known", "fragment"
	case a.hybrid && a.mode == "query": // OAuth 2.0 Multiple Response Type Encoding Practices, section 5
		a.code, a.problem, a.mode = "invalid_request", "response_mode must not be query for code id_token", "fragment"
	case unknown || a.hybrid && !slices.Contains(a.scopes, "openid"):
		a.code, a.problem = "invalid_scope", "a scope is not known, or openid is missing"
	case a.hybrid && a.query.Get("nonce") == "": // OpenID Connect Core 1.0, section 3.3.2.11
		a.code, a.problem = "invalid_request", "nonce is missing"
	case a.query.Has("code_challenge") && a.query.Get("code_challenge_method") != "S256":
		a.code, a.problem = "invalid_request", "code_challenge_method must be S256"
	}
}

// decide returns the parameters of the answer.
func (l *loginServer) decide(r *http.Request, a *authorization) url.Values {
	params := url.Values{}
	if state := a.query.Get("state"); state != "" {
		params.Set("state", state)
	}
	refusal := l.refusal.Swap(nil)
	switch {
	case a.code != "":
		params.Set("error", a.code)
		params.Set("error_description", a.problem)
		return params
	case refusal != nil:
		maps.Copy(params, *refusal)
		return params
	}
	login := fake.Login{
		Subject: l.subject(), Nonce: a.query.Get("nonce"), RedirectURL: a.query.Get("redirect_uri"),
		Challenge: a.query.Get("code_challenge"), Scopes: a.scopes, Time: time.Now(),
	}
	code := l.grants.Code(login)
	params.Set("code", code)
	params.Set("scope", strings.Join(a.scopes, " "))
	params.Set("session_state", sessionState)
	if a.hybrid {
		params.Set("id_token", l.frontIDToken(origin(r), login, code))
	}
	return params
}

// sessionState is the value of OpenID Connect Session Management 1.0; nobody looks at it.
const sessionState = "5Lr4yYkYdmTBR2kXc4JSzxyL.RTg2MTc2"

// answer sends the parameters to the redirect URL by way of the browser.
func (a *authorization) answer(w http.ResponseWriter, params url.Values) {
	w.Header().Set("Cache-Control", "no-store")
	target := *a.redirect
	encoded := strings.ReplaceAll(params.Encode(), "+", "%20")
	switch a.mode {
	case "form_post":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = formPost().Execute(w, struct {
			Action template.URL // may have a scheme of its own
			Params url.Values
		}{template.URL(target.String()), params}) //nolint:gosec // a redirect URL that was accepted
		return
	case "fragment":
		target.RawFragment, target.Fragment = "", ""
		w.Header().Set("Location", target.String()+"#"+encoded)
	default:
		if target.RawQuery != "" {
			target.RawQuery += "&"
		}
		target.RawQuery += encoded
		w.Header().Set("Location", target.String())
	}
	w.WriteHeader(http.StatusFound)
}

// formPost is the page of OAuth 2.0 Form Post Response Mode, section 2, which submits itself.
func formPost() *template.Template {
	return template.Must(template.New("").Parse(`<!DOCTYPE html>
<html><head><title>Submit this form</title></head><body onload="document.forms[0].submit()">
<form method="post" action="{{.Action}}">
{{range $name, $values := .Params}}<input type="hidden" name="{{$name}}" value="{{index $values 0}}">
{{end}}<noscript><button>Continue</button></noscript></form></body></html>
`))
}

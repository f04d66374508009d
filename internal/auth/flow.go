package auth

import (
	"cmp"
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Flow describes how a person logs in: by an authorization code (RFC 6749, section 4.1), or by the
// hybrid flow of OpenID Connect (Core 1.0, section 3.3). A provider fills it in, and does nothing else
// about it.
type Flow struct {
	Client *transport.Client
	// OpenID is the login server, if it is an OpenID provider; then each answer's ID token is checked.
	OpenID *Provider
	// Metadata has the endpoints of a login server that is none: Authorization and Token,
	// Revocation if there is one, and Issuer if it is known.
	Metadata Metadata

	ClientID     string
	ClientSecret string // empty: a public client, which sends none
	// RedirectURL is the one that is registered, byte for byte. Port 0 stands for any free port, which
	// only Run can choose.
	RedirectURL string
	Scopes      []string // none: no scope parameter
	// Hybrid asks for "code id_token". It needs OpenID.
	Hybrid bool
	// ResponseMode is form_post, fragment or query; empty: not asked for.
	ResponseMode string
	// PKCE sends a challenge by S256 (RFC 7636). A public client must.
	PKCE bool
	// AllowQuery takes a hybrid answer from the query of a request to a web application too, which
	// the standard forbids since it shows up in logs (OAuth 2.0 Multiple Response Types, section 5).
	AllowQuery bool
	// RefreshRedirect sends the redirect URI with each refresh, which no standard asks for.
	RefreshRedirect bool
	// DefaultLifetime is that of an access token whose answer does not say.
	DefaultLifetime time.Duration
	// Store keeps the logins.
	Store tokenstore.Store
	// Open shows the login page to the person; nil: in the system's browser. It may return
	// before or after the person has logged in.
	Open func(ctx context.Context, url string) error
	// Paste, if it is not nil, is another way for the answer to come: it asks the person for the
	// address that the browser has ended at. It is called again if that is no answer to this login,
	// and ctx ends when no answer is needed any more.
	Paste func(ctx context.Context) (string, error)
}

// openID reports whether the flow has ID tokens.
func (f *Flow) openID() bool { return f.OpenID != nil }

// issuer names the login server, in stored logins too.
func (f *Flow) issuer() string {
	if f.OpenID != nil {
		return f.OpenID.issuer
	}
	return f.Metadata.Token.String()
}

func (f *Flow) scope() string { return strings.Join(f.Scopes, " ") }

// metadata returns where the endpoints are, discovered if need be.
func (f *Flow) metadata(ctx context.Context) (Metadata, error) {
	if f.OpenID != nil {
		return f.OpenID.Metadata(ctx)
	}
	return f.Metadata, nil
}

// validate returns the redirect URL. The error is a [worktime.FieldError].
func (f *Flow) validate() (*url.URL, error) {
	bad := func(field, reason string) error {
		return &worktime.FieldError{Provider: f.Client.Provider(), Field: field, Reason: reason}
	}
	if reason := badCredential(f.ClientID); f.ClientID == "" || reason != "" {
		return nil, bad("ClientID", cmp.Or(reason, "is empty"))
	}
	if reason := badCredential(f.ClientSecret); reason != "" {
		return nil, bad("ClientSecret", reason)
	}
	switch {
	case f.OpenID == nil && f.Metadata.Authorization == nil:
		return nil, bad("AuthURL", "is empty")
	case f.OpenID == nil && f.Metadata.Token == nil:
		return nil, bad("TokenURL", "is empty")
	case f.Hybrid && f.OpenID == nil:
		return nil, bad("Hybrid", "needs an OpenID provider")
	case !slices.Contains([]string{"", "form_post", "fragment", "query"}, f.ResponseMode):
		return nil, bad("ResponseMode", `must be "form_post" or "fragment"`)
	case f.Hybrid && f.ResponseMode == "query":
		return nil, bad("ResponseMode", `cannot be "query" in the hybrid flow (OAuth 2.0 Multiple Response Types, section 5)`)
	case f.ClientSecret == "" && !f.PKCE:
		return nil, bad("PKCE", "cannot be switched off without a client secret (RFC 9700, section 2.1.1)")
	case f.openID() && !slices.Contains(f.Scopes, "openid"):
		return nil, bad("Scopes", `must have "openid"`)
	case f.Store == nil:
		return nil, bad("Store", "is nil: use tokenstore.File to keep the login, or tokenstore.Memory to log in at each start")
	}
	for _, scope := range f.Scopes {
		if scope == "" || strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
			return nil, bad("Scopes", "has one that is empty or has blanks or quotes: give each scope by itself")
		}
	}
	redirect, reason := parseRedirect(f.RedirectURL)
	if reason != "" {
		return nil, bad("RedirectURL", reason)
	}
	return redirect, nil
}

// badCredential says what is wrong with an id or a secret, without repeating it.
func badCredential(s string) string {
	switch {
	case strings.TrimSpace(s) != s:
		return "begins or ends with white space"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has control characters"
	}
	return ""
}

// parseRedirect reads a redirect URL: https, http for a loopback host, or the private scheme of an
// app (RFC 8252, section 7). Its bytes are sent as they are, so it must be in normal form.
func parseRedirect(raw string) (redirect *url.URL, reason string) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, "is empty: give the one that is registered"
	case err != nil || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, "is not a URL"
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		return nil, "must not have a query or a fragment"
	case u.User != nil:
		return nil, "must not hold a user name or password"
	case u.Scheme != "http" && u.Scheme != "https":
		if strings.Contains(u.Scheme, ".") { // a domain of one's own, backwards
			return u, ""
		}
		return nil, "must be an absolute URL: https, http for a loopback host, or the private scheme of an app"
	}
	if _, err := transport.ParseOrigin(raw); err != nil {
		return nil, err.Error()
	}
	// Browsers go to the normal form of an address, which would not be recognized then.
	ip := net.ParseIP(u.Hostname())
	dots := func(segment string) bool { return segment == "." || segment == ".." }
	if ip != nil && ip.String() != u.Hostname() || len(u.Port()) > 1 && u.Port()[0] == '0' || slices.ContainsFunc(strings.Split(u.Path, "/"), dots) {
		return nil, "is not in the form that browsers give it: with the address, the port and the path written as short as they can be"
	}
	if u.Port() == "0" && u.Scheme != "http" {
		return nil, "has port 0, which only a loopback receiver can do with"
	}
	return u, ""
}

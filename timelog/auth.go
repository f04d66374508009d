package timelog

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Auth is a way to log in: [PersonalAccessToken], [HybridLogin] or [FromTokenSource].
type Auth interface {
	access(sender *transport.Client) (auth.Access, error)
}

// PersonalAccessToken logs in with a token that its owner made at https://login.timelog.com/personaltoken. It has the
// rights of that person, and ends when it says so there, after two years at most. Nothing renews it: after that every
// call is [worktime.ErrUnauthorized], which is final. Blanks, line breaks and quotes around it are cut off.
//
// See https://api.timelog.com/rest/personalaccesstokens
func PersonalAccessToken(token string) Auth { return &personal{token: &token} }

// personal has its token behind a pointer: then no verb of fmt finds it, wherever the value stands.
type personal struct {
	auth.Hidden

	token *string
}

func (p *personal) access(*transport.Client) (auth.Access, error) {
	access, reason := auth.Personal(provider, *p.token)
	if reason != "" {
		return nil, badField("Config.Auth", reason)
	}
	return access, nil
}

// FromTokenSource takes tokens from a source of the caller's own. Its Token is called by one goroutine at a time, not
// with every request: the token is cached, and callers that wait for it can leave while Token still runs.
func FromTokenSource(source oauth2.TokenSource) Auth { return &foreign{source: source} }

type foreign struct {
	auth.Hidden

	source oauth2.TokenSource
}

func (f *foreign) access(sender *transport.Client) (auth.Access, error) {
	access, reason := auth.ForeignAccess(sender, f.source)
	if reason != "" {
		return nil, badField("Config.Auth", reason)
	}
	return access, nil
}

// TokenSource hands the access token to other code, renewed when needed. Each call of its Token waits no longer than ctx
// allows. Errors are [worktime.AuthError]. A token shows itself when it is printed.
func (c *Client) TokenSource(ctx context.Context) oauth2.TokenSource {
	return c.core.access.Account(c.account).TokenSource(ctx)
}

// The hosts of TimeLog's login server. One that redirects to the other is not followed.
const (
	DefaultLoginURL = "https://login.timelog.com"
	// OldLoginURL is the host of the page that documents the hybrid flow.
	OldLoginURL = "https://newlogin.timelog.com"
)

// Scope is something that a login may be used for.
type Scope string

// The scopes.
const (
	ScopeOpenID        Scope = "openid"         // required
	ScopeTLP           Scope = "tlp"            // calls of the API
	ScopeOfflineAccess Scope = "offline_access" // a refresh token, so that the login lasts
	ScopeProfile       Scope = "profile"
)

// HybridLogin is the login of a person with a browser: the hybrid flow of OpenID Connect, with an API key and secret that
// TimeLog's support issues. Every ID token is checked before anything of its answer is used. It does not show its
// secret when it is printed, logged or marshalled.
//
// See https://newlogin.timelog.com/documentation
type HybridLogin struct {
	// ClientID and ClientSecret are the API key and the API secret.
	ClientID     string
	ClientSecret string
	// RedirectURL is the one that is registered, byte for byte. For [Client.Login] it is a loopback address, whose
	// port may be 0 if any is registered.
	RedirectURL string
	// Scopes to ask for. None: openid, tlp and offline_access.
	Scopes []Scope
	// Store keeps the login, for all processes that share it. Required: [tokenstore.File], or [tokenstore.Memory] to log
	// in at each start.
	Store tokenstore.Store
	// LoginURL is the login server, which calls itself by the same name; it may have a path. Empty: [DefaultLoginURL].
	// Http is allowed for loopback hosts only.
	LoginURL string
	// AuthorizationCode asks for a code only, without an ID token beside it, for API keys that are set up so.
	AuthorizationCode bool
	// NoPKCE leaves PKCE (RFC 7636) out, for a login server that refuses it. State, nonce and the hash of the code
	// are checked in any case.
	NoPKCE bool
	// ResponseMode is how the answer comes: "form_post" or "fragment". Empty: form_post, and with
	// AuthorizationCode what the login server prefers.
	ResponseMode string
	// AllowQuery makes [Client.LoginHandler] and [Client.FinishLogin] take the answer from the query of the address too, as
	// the vendor's page shows it. The standard forbids that, since addresses are logged.
	AllowQuery bool
	// Issuer, AuthURL, TokenURL, KeysURL and RevocationURL replace what the discovery document of the login server says.
	// With the first four it is not asked for.
	Issuer, AuthURL, TokenURL, KeysURL, RevocationURL string
	// Open opens a browser for [Client.Login]. Nil: the system's.
	Open func(ctx context.Context, url string) error
	// Paste asks the person for the address that the browser ended at, where it cannot reach this program. Nil: the
	// answer comes to RedirectURL only.
	Paste func(ctx context.Context) (string, error)
}

// Format implements [fmt.Formatter] without the secret. The URLs are left out, since a refused one may hold a password.
func (h HybridLogin) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{ClientID:%s ClientSecret:[redacted] Scopes:%v}", h.ClientID, h.Scopes)
}

// LogValue implements [slog.LogValuer] without the secret.
func (h HybridLogin) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(h)) }

// MarshalJSON implements [json.Marshaler] without the secret.
func (h HybridLogin) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(h)) }

// defaultLifetime is that of the access token in the vendor's sample. It is used if an answer does not say.
const defaultLifetime = time.Hour

// hybrid is the access by a HybridLogin.
type hybrid struct {
	*auth.Logins
	sender *transport.Client
	server *auth.Provider
	url    *url.URL // of the login server
}

func (h HybridLogin) access(sender *transport.Client) (auth.Access, error) {
	issuer := cmp.Or(h.LoginURL, DefaultLoginURL)
	login, err := transport.ParseOrigin(issuer)
	if err != nil {
		return nil, badField("HybridLogin.LoginURL", err.Error())
	}
	override, err := h.override()
	if err != nil {
		return nil, err
	}
	server, err := auth.NewProvider(auth.ProviderConfig{Client: sender, Issuer: issuer, Override: override, Moved: moved})
	if err != nil {
		return nil, h.named(err)
	}
	flow := auth.Flow{
		Client: sender, OpenID: server,
		ClientID: h.ClientID, ClientSecret: h.ClientSecret, RedirectURL: h.RedirectURL,
		Hybrid: !h.AuthorizationCode, ResponseMode: h.ResponseMode, PKCE: !h.NoPKCE, AllowQuery: h.AllowQuery, RefreshRedirect: true,
		DefaultLifetime: defaultLifetime, Store: h.Store, Open: h.Open, Paste: h.Paste,
	}
	if flow.Hybrid && flow.ResponseMode == "" {
		flow.ResponseMode = "form_post"
	}
	scopes := h.Scopes
	if len(scopes) == 0 {
		scopes = []Scope{ScopeOpenID, ScopeTLP, ScopeOfflineAccess}
	}
	for _, scope := range scopes {
		flow.Scopes = append(flow.Scopes, string(scope))
	}
	logins, err := auth.NewLogins(flow)
	if err != nil {
		return nil, h.named(err)
	}
	return hybrid{logins, sender, server, login}, nil
}

// override reads what replaces discovery.
func (h HybridLogin) override() (auth.Metadata, error) {
	md := auth.Metadata{Issuer: h.Issuer}
	for _, endpoint := range []struct {
		field, raw string
		to         **url.URL
	}{
		{"AuthURL", h.AuthURL, &md.Authorization}, {"TokenURL", h.TokenURL, &md.Token},
		{"KeysURL", h.KeysURL, &md.Keys}, {"RevocationURL", h.RevocationURL, &md.Revocation},
	} {
		if endpoint.raw == "" {
			continue
		}
		u, err := auth.ParseEndpoint(endpoint.raw)
		if err != nil {
			return md, badField("HybridLogin."+endpoint.field, err.Error())
		}
		*endpoint.to = u
	}
	return md, nil
}

// named says which field an error of the login is about.
func (h HybridLogin) named(err error) error {
	e, ok := errors.AsType[*worktime.FieldError](err)
	if !ok {
		return err
	}
	field := "HybridLogin." + e.Field
	switch {
	case e.Field == "PKCE":
		field = "HybridLogin.NoPKCE"
	case e.Field == "Issuer" && h.Issuer == "":
		field = "HybridLogin.LoginURL"
	case e.Field == "Key", e.Field == "StartPath":
		field = "LoginHandlerConfig." + e.Field
	}
	return badField(field, e.Reason)
}

// moved says what to configure if one host of the login server sends to the other.
func moved(host string) string {
	for _, known := range []string{DefaultLoginURL, OldLoginURL} {
		if "https://"+host == known {
			return "set HybridLogin.LoginURL to " + known
		}
	}
	return ""
}

// Transaction is a login that was begun: give it back to [Client.FinishLogin]. Encode() ([]byte, error) makes it bytes that
// may be kept until [DecodeTransaction], but it is a secret of the browser that began it, good for one answer and for
// half an hour. Account() string tells the label of the account that logs in.
type Transaction = auth.Transaction

// DecodeTransaction reads what the Encode method of a [Transaction] has written.
func DecodeTransaction(data []byte) (Transaction, error) { return auth.DecodeTransaction(data) }

// LoginHandlerConfig says how a web application logs people in. Its fields are all optional:
//
//   - StartPath string: where a login begins, by a GET; default "/login".
//   - Account func(*http.Request) (string, error): the label of the account that the person in front of the browser may log
//     in to, from the application's own session. An error or an empty label refuses the login. Nil: the client's own login,
//     for whoever comes.
//   - Finished func(w http.ResponseWriter, r *http.Request, account string, err error): answers the request that has ended
//     a login, and those that are no answer to one of this browser, for which account is empty. Err is nil if the
//     account is logged in now. Nil: plain pages.
//   - Key []byte: 32 bytes, the same in all processes that may get the answer. Nil: random, so that a login has to end in
//     the process where it began.
type LoginHandlerConfig = auth.HandlerConfig

// Login logs a person in with a browser on this machine: it listens at RedirectURL, opens the login page and returns
// when the login is stored. ctx ends the wait. Errors are [worktime.AuthError].
func (c *Client) Login(ctx context.Context) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Run(ctx, c.account)
}

// BeginLogin returns the address to send a browser to, and what [Client.FinishLogin] needs of this login. Errors are
// [worktime.AuthError].
func (c *Client) BeginLogin(ctx context.Context) (address string, transaction Transaction, err error) {
	logins, err := c.logins()
	if err != nil {
		return "", Transaction{}, err
	}
	address, transaction, err = logins.Begin(ctx, c.account)
	return address, transaction, HybridLogin{}.named(err)
}

// FinishLogin ends a login with the request that came to RedirectURL, and stores it under the account that began it.
// Errors are [worktime.AuthError]; after one nothing is stored. If ctx ends while the code is exchanged, the login goes
// on, and Close waits for it.
func (c *Client) FinishLogin(ctx context.Context, transaction Transaction, r *http.Request) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Finish(ctx, transaction, r)
}

// LoginHandler returns a handler that logs people in, for web applications: it serves the start path and the path of
// RedirectURL. The error is a [worktime.FieldError].
//
//	login, err := client.LoginHandler(timelog.LoginHandlerConfig{Account: accountOfSession})
//	mux.Handle("/login", login)    // send people here
//	mux.Handle("/callback", login) // the path of RedirectURL
//	…
//	client.Account(account).Users.Me(ctx)
//
// Why a login has failed is told to Finished and to the logger of the options, and to no page.
func (c *Client) LoginHandler(config LoginHandlerConfig) (http.Handler, error) {
	logins, err := c.logins()
	if err != nil {
		return nil, err
	}
	handler, err := logins.Handler(config)
	return handler, HybridLogin{}.named(err)
}

// Logout ends the login at the login server and deletes it from the store. If the server cannot be reached, the login stays
// stored: call again.
func (c *Client) Logout(ctx context.Context) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Logout(ctx, c.account)
}

func (c *Client) logins() (*auth.Logins, error) {
	if c.core.hybrid.Logins == nil {
		return nil, badField("Config.Auth", "is no HybridLogin: only that can log people in or out")
	}
	return c.core.hybrid.Logins, nil
}

package timeneye

import (
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

// Auth is a way to log in: [PersonalAccessToken], [PKCELogin] or [FromTokenSource].
type Auth interface {
	access(sender *transport.Client) (auth.Access, error)
	// unauthorized says what to do about a 401.
	unauthorized() string
}

// PersonalAccessToken logs in with a token from https://app.timeneye.com/developers. It has the role of its owner,
// and lives for a year. Nothing renews it: after that every call is [worktime.ErrUnauthorized], which
// is final. Blanks, line breaks and quotes around it are cut off.
//
// See https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
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

func (*personal) unauthorized() string {
	return "a personal access token lives for a year and cannot be renewed: create another one at https://app.timeneye.com/developers; " + retiredAPI
}

const retiredAPI = "tokens of the API of version 3, which is retired, are of no use here"

// FromTokenSource takes tokens from a source of the caller's own. Its Token is called by one
// goroutine at a time, not with every request: the token is cached, and callers that wait for it
// can leave while Token still runs.
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

func (*foreign) unauthorized() string { return retiredAPI }

// TokenSource hands the access token to other code, renewed when needed. Each call of its Token
// waits no longer than ctx allows. Errors are [worktime.AuthError]. A token shows itself when it is printed.
func (c *Client) TokenSource(ctx context.Context) oauth2.TokenSource {
	return c.tokens.TokenSource(ctx)
}

// PKCELogin is the login of a person with a browser: OAuth 2.0 with an authorization code and PKCE
// (RFC 7636), by an app of the developer page, which has no secret. The workspace must allow
// third-party apps. Each call then runs as that person, with their role. It does not show its store and its URLs
// when it is printed, logged or marshalled.
//
// See https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
type PKCELogin struct {
	// ClientID is shown in the list of apps.
	ClientID string
	// AuthURL and TokenURL are those of the vendor's page. Both are required: they are not documented
	// where we could read them, and a guess would send codes to a stranger.
	AuthURL  string
	TokenURL string
	// RedirectURL is that of the app, byte for byte. For [Client.Login] it is a loopback address, whose
	// port may be 0 if the vendor takes any.
	RedirectURL string
	// Store keeps the login. Required: [tokenstore.Memory] means to log in at each start. The vendor
	// replaces a refresh token with each renewal, we have to assume, so the store is what
	// keeps a login when several processes share it.
	Store tokenstore.Store
	// Open opens a browser for [Client.Login]. Nil: the system's.
	Open func(ctx context.Context, url string) error
	// Paste asks the person for the address that the browser ended at, where it cannot reach this
	// program. Nil: the answer comes to RedirectURL only.
	Paste func(ctx context.Context) (string, error)
}

// Format implements [fmt.Formatter] without the store, which holds logins, and the URLs: a refused one may hold a
// password.
func (p PKCELogin) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "{ClientID:%s}", p.ClientID) }

// LogValue implements [slog.LogValuer], as Format.
func (p PKCELogin) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(p)) }

// MarshalJSON implements [json.Marshaler], as Format.
func (p PKCELogin) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(p)) }

func (p PKCELogin) access(sender *transport.Client) (auth.Access, error) {
	authorization, err := endpoint("PKCELogin.AuthURL", p.AuthURL)
	if err != nil {
		return nil, err
	}
	token, err := endpoint("PKCELogin.TokenURL", p.TokenURL)
	if err != nil {
		return nil, err
	}
	logins, err := auth.NewLogins(auth.Flow{
		Client: sender, Metadata: auth.Metadata{Authorization: authorization, Token: token},
		ClientID: p.ClientID, RedirectURL: p.RedirectURL, PKCE: true, DefaultLifetime: defaultLifetime,
		Store: p.Store, Open: p.Open, Paste: p.Paste,
	})
	if err != nil {
		return nil, named(err)
	}
	return logins, nil
}

// named says which field an error of the login is about.
func named(err error) error {
	e, ok := errors.AsType[*worktime.FieldError](err)
	switch {
	case !ok:
		return err
	case e.Field == "Key", e.Field == "StartPath":
		return badField("LoginHandlerConfig."+e.Field, e.Reason)
	default:
		return badField("PKCELogin."+e.Field, e.Reason)
	}
}

func (PKCELogin) unauthorized() string { return retiredAPI }

// defaultLifetime is what the vendor documents. It is used if an answer does not say.
const defaultLifetime = 24 * time.Hour

// endpoint reads one of the addresses that have no default.
func endpoint(field, raw string) (*url.URL, error) {
	if raw == "" {
		return nil, badField(field, "is required: it is shown with your app and in the API reference, and has no default")
	}
	u, err := auth.ParseEndpoint(raw)
	switch {
	case err != nil:
		return nil, badField(field, err.Error())
	case retired(u):
		return nil, badField(field, "belongs to the API of version 3, which was retired at the end of 2024: see "+guide)
	}
	return u, nil
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

// Login logs a person in with a browser on this machine: it listens at RedirectURL, opens the login
// page and returns when the login is stored. ctx ends the wait. Errors are [worktime.AuthError].
func (c *Client) Login(ctx context.Context) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Run(ctx, c.account)
}

// BeginLogin returns the address to send a browser to, and what [Client.FinishLogin] needs of this
// login. A RedirectURL with port 0 is a [worktime.FieldError], everything else a [worktime.AuthError].
func (c *Client) BeginLogin(ctx context.Context) (address string, transaction Transaction, err error) {
	logins, err := c.logins()
	if err != nil {
		return "", Transaction{}, err
	}
	address, transaction, err = logins.Begin(ctx, c.account)
	return address, transaction, named(err)
}

// FinishLogin ends a login with the request that came to RedirectURL, and stores it under the account
// that began it. Errors are [worktime.AuthError]; after one nothing is stored. If ctx ends while the code is
// exchanged, the login goes on, and Close waits for it.
func (c *Client) FinishLogin(ctx context.Context, transaction Transaction, r *http.Request) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Finish(ctx, transaction, r)
}

// LoginHandler returns a handler that logs people in, for web applications: it serves the start path
// and the path of RedirectURL. The error is a [worktime.FieldError].
//
//	login, err := client.LoginHandler(timeneye.LoginHandlerConfig{Account: accountOfSession})
//	mux.Handle("/login", login)    // send people here
//	mux.Handle("/callback", login) // the path of RedirectURL
//	…
//	client.Account(account).Entries.All(ctx, query)
//
// Why a login has failed is told to Finished and to the logger of the options, and to no page.
func (c *Client) LoginHandler(config LoginHandlerConfig) (http.Handler, error) {
	logins, err := c.logins()
	if err != nil {
		return nil, err
	}
	handler, err := logins.Handler(config)
	return handler, named(err)
}

// Logout deletes the stored login. How the vendor could be told is not documented: the access token
// lives on until it expires, for a day at most.
func (c *Client) Logout(ctx context.Context) error {
	logins, err := c.logins()
	if err != nil {
		return err
	}
	return logins.Logout(ctx, c.account)
}

func (c *Client) logins() (*auth.Logins, error) {
	logins, ok := c.core.access.(*auth.Logins)
	if !ok {
		return nil, badField("Config.Auth", "is no PKCELogin: only that can log people in or out")
	}
	return logins, nil
}

// Account returns a client for another stored login of the same configuration: it shares
// connections and the waits after a 429 with c, never tokens, and has a quota of its own. A personal access token and a
// token source have no further accounts: then every call is [worktime.ErrLoginRequired].
func (c *Client) Account(label string) *Client { return newClient(c.core, c.rest.Transport, label) }

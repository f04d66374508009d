package timelog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Auth is a way to log in: [PersonalAccessToken], [HybridLogin] or [FromTokenSource].
type Auth interface {
	// login checks the configuration; the error names a field.
	login(sender *transport.Client) (login, error)
}

// login is where the credentials of a client and its accounts come from.
type login interface {
	// source returns the credentials of an account; "" is the client's own.
	source(account string) source
	// resolver returns what finds the site of an account; nil if there is no way.
	resolver(account string, hosts func(*url.URL) *transport.Host) *resolver
	Close(ctx context.Context) error
}

// source is the login of one account.
type source interface {
	transport.Authorizer
	TokenSource(ctx context.Context) oauth2.TokenSource
}

// PersonalAccessToken logs in with a token that its owner made at https://login.timelog.com/personaltoken. It has the
// rights of that person, and ends when it says so there, after two years at most; nothing renews it, and a call
// that it is refused is not repeated. Blanks, line breaks and quotes around it are cut off.
//
// See https://api.timelog.com/rest/personalaccesstokens
func PersonalAccessToken(token string) Auth {
	return personal{&secret{strings.Trim(token, " \t\r\n\"'`")}}
}

// personal keeps its token behind a pointer, and so shows none.
type personal struct{ token *secret }

type secret struct{ text string }

// Format implements [fmt.Formatter] without the token.
func (personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue implements [slog.LogValuer] without the token.
func (personal) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON implements [json.Marshaler] without the token.
func (personal) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

func (p personal) login(*transport.Client) (login, error) {
	switch {
	case p.token.text == "":
		return nil, badField("Config.Auth", "is an empty personal access token")
	case strings.ContainsFunc(p.token.text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, badField("Config.Auth", "is a personal access token with characters that none has: was more than the token copied?")
	}
	return p, nil
}

func (p personal) source(account string) source {
	if account != "" {
		return noAccount{"a personal access token"}
	}
	return p
}

func (personal) resolver(string, func(*url.URL) *transport.Host) *resolver { return nil }

func (personal) Close(context.Context) error { return nil }

// Authorize implements [transport.Authorizer].
func (p personal) Authorize(context.Context) (string, error) { return "Bearer " + p.token.text, nil }

// Refused implements [transport.Authorizer]: there is no other token.
func (personal) Refused(context.Context, string, http.Header) (string, error) { return "", nil }

// TokenSource hands out the token, which has no known end.
func (p personal) TokenSource(context.Context) oauth2.TokenSource {
	return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: p.token.text, TokenType: "Bearer"})
}

// noAccount is the source of an account where there can be none.
type noAccount struct{ way string }

func (n noAccount) err() error {
	return &worktime.AuthError{Provider: provider, Operation: "token", Err: transport.Join(worktime.ErrLoginRequired, errors.New(n.way+" has no further accounts"))}
}

// Authorize implements [transport.Authorizer].
func (n noAccount) Authorize(context.Context) (string, error) { return "", n.err() }

// Refused implements [transport.Authorizer].
func (n noAccount) Refused(context.Context, string, http.Header) (string, error) { return "", n.err() }

// TokenSource returns a source of errors.
func (n noAccount) TokenSource(context.Context) oauth2.TokenSource { return n }

// Token implements [oauth2.TokenSource].
func (n noAccount) Token() (*oauth2.Token, error) { return nil, n.err() }

// FromTokenSource takes tokens from a source of the caller's own. Its Token is called by one goroutine at a time, not
// with every request: the token is cached, and callers that wait for it can leave while Token still runs.
func FromTokenSource(source oauth2.TokenSource) Auth { return foreign{source} }

type foreign struct{ tokens oauth2.TokenSource }

// Format implements [fmt.Formatter] without the insides of the source, which may be a token.
func (foreign) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue implements [slog.LogValuer] without the insides of the source.
func (foreign) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalJSON implements [json.Marshaler] without the insides of the source.
func (foreign) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

func (f foreign) login(sender *transport.Client) (login, error) {
	if f.tokens == nil {
		return nil, badField("Config.Auth", "has no token source")
	}
	return cached{auth.NewSource(auth.Login{
		Key: tokenstore.Grant{Vendor: provider}.Key(), Store: tokenstore.Memory(), Fetch: auth.Foreign(provider, f.tokens),
	}, &sender.Observer)}, nil
}

// cached is one login without accounts.
type cached struct{ *auth.Source }

func (c cached) source(account string) source {
	if account != "" {
		return noAccount{"a token source of the caller's own"}
	}
	return c.Source
}

func (cached) resolver(string, func(*url.URL) *transport.Host) *resolver { return nil }

// TokenSource hands the access token to other code, renewed when needed. Each call of its Token waits no longer than ctx
// allows. Errors are [worktime.AuthError].
func (c *Client) TokenSource(ctx context.Context) oauth2.TokenSource {
	return c.source.TokenSource(ctx)
}

package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Access is where the credentials of a client and its accounts come from.
type Access interface {
	// Account returns the credentials of an account; "" is the client's own.
	Account(label string) Tokens
	// Close waits until a token that was asked for has arrived, or ctx ends. None can be obtained any more.
	Close(ctx context.Context) error
}

// Tokens are the credentials of one account.
type Tokens interface {
	transport.Authorizer
	// TokenSource hands the access token to other code; see [Source.TokenSource].
	TokenSource(ctx context.Context) oauth2.TokenSource
}

// Hidden is embedded in a way to log in that holds a token, behind a pointer, so that it does not show itself when
// it is printed, logged or marshalled.
type Hidden struct{}

const hidden = "[redacted]"

// Format implements [fmt.Formatter].
func (Hidden) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hidden)) }

// LogValue implements [slog.LogValuer].
func (Hidden) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON implements [json.Marshaler].
func (Hidden) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// Account implements [Access].
func (l *Logins) Account(label string) Tokens { return l.Source(label) }

// Personal returns the access of a personal access token, which nothing renews. Blanks, line breaks and
// quotes around it are cut off. The reason says what is wrong with it, if anything is.
func Personal(provider, token string) (access Access, reason string) {
	token = strings.Trim(token, " \t\r\n\"'`")
	switch {
	case token == "":
		return nil, "is an empty personal access token"
	case !visible(token):
		return nil, "is a personal access token with characters that none has: was more than the token copied?"
	}
	return single{personal(func() string { return token }), func(context.Context) error { return nil }, provider, "a personal access token"}, ""
}

// ForeignAccess returns the access of a token source of the caller's own. The reason says what is wrong
// with it, if anything is.
func ForeignAccess(sender *transport.Client, tokens oauth2.TokenSource) (access Access, reason string) {
	if tokens == nil {
		return nil, "has no token source"
	}
	provider := sender.Provider()
	source := NewSource(Login{
		Key: tokenstore.Grant{Vendor: provider}.Key(), Store: tokenstore.Memory(), Fetch: Foreign(provider, tokens),
	}, &sender.Observer)
	return single{source, source.Close, provider, "a token source of the caller's own"}, ""
}

// single is an access without further accounts.
type single struct {
	Tokens

	close    func(context.Context) error
	provider string
	way      string
}

func (s single) Account(label string) Tokens {
	if label == "" {
		return s.Tokens
	}
	return noTokens{&worktime.AuthError{
		Provider: s.provider, Operation: "token", Err: transport.Join(worktime.ErrLoginRequired, errors.New(s.way+" has no further accounts")),
	}}
}

func (s single) Close(ctx context.Context) error { return s.close(ctx) }

// personal is a token that stays the same. It is a function because package fmt shows what it finds in a
// client that is printed, and calls no methods of what is not exported.
type personal func() string

func (p personal) Authorize(context.Context) (string, error) { return "Bearer " + p(), nil }

// Refused: there is no other token.
func (personal) Refused(context.Context, string, http.Header) (string, error) { return "", nil }

// TokenSource hands out the token, which has no known end.
func (p personal) TokenSource(context.Context) oauth2.TokenSource {
	return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: p(), TokenType: "Bearer"})
}

// noTokens has no tokens.
type noTokens struct{ err error }

func (r noTokens) Authorize(context.Context) (string, error)                    { return "", r.err }
func (r noTokens) Refused(context.Context, string, http.Header) (string, error) { return "", r.err }
func (r noTokens) TokenSource(context.Context) oauth2.TokenSource               { return r }
func (r noTokens) Token() (*oauth2.Token, error)                                { return nil, r.err }

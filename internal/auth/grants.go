package auth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// ClientCredentials fetches tokens by the client credentials grant (RFC 6749, section 4.4).
// Asking twice does no harm, so a failed request is repeated as a read would be.
func ClientCredentials(e *Endpoint, clientID, clientSecret, scope string) Fetch {
	form := []Field{
		{Name: "grant_type", Value: "client_credentials"},
		{Name: "client_id", Value: clientID},
		{Name: "client_secret", Value: clientSecret, Secret: true},
		{Name: "scope", Value: scope},
	}
	return func(ctx context.Context, _ *tokenstore.Record) (*tokenstore.Record, error) {
		record, err := e.exchange(ctx, "client credentials", transport.Safe, form)
		if err != nil {
			return nil, err
		}
		if record.Scope == "" {
			record.Scope = scope // absent means as requested (RFC 6749, section 5.1)
		}
		record.ClientID, record.Issuer = clientID, e.URL.String()
		return record, nil
	}
}

// Foreign fetches tokens from a source of the user's own.
func Foreign(provider string, ts oauth2.TokenSource) Fetch {
	fail := func(err error) error {
		return &worktime.AuthError{Provider: provider, Operation: "token source", Err: err}
	}
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		now := time.Now().Round(0)
		tok, err := ts.Token()
		var retrieve *oauth2.RetrieveError
		switch {
		case errors.As(err, &retrieve):
			// Its text is the whole body, which may echo secrets.
			out := &worktime.AuthError{Provider: provider, Operation: "token source", Code: printable(retrieve.ErrorCode, 100)}
			if retrieve.Response != nil {
				out.StatusCode = retrieve.Response.StatusCode
				out.Err = transport.Sentinel(out.StatusCode)
			}
			out.Err = transport.Join(out.Err, errors.New("refused"))
			if out.StatusCode == http.StatusBadRequest || out.StatusCode == http.StatusUnauthorized {
				out.Err = oauthSentinel(retrieve.ErrorCode, out.Err)
			}
			return nil, out
		case err != nil:
			return nil, fail(transport.Sanitize(err))
		case tok == nil || tok.AccessToken == "":
			return nil, fail(errors.New("the token source returned no access token"))
		case tok.Type() != "Bearer":
			return nil, fail(errors.New("the token source returned a token that is not of type Bearer"))
		case !visible(tok.AccessToken):
			return nil, fail(errors.New("the access token has characters that no header may have"))
		}
		return &tokenstore.Record{AccessToken: tok.AccessToken, TokenType: "Bearer", IssuedAt: now, Expiry: tok.Expiry}, nil
	}
}

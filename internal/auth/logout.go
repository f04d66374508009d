package auth

import (
	"context"
	"errors"
	"net/http"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Logout ends the login of an account: the login server is told to revoke it (RFC 7009), and then it
// is deleted here. Without a stored login there is nothing to do.
//
// If the server does not confirm, the login stays stored, for the next try: it lives on there
// (section 2.2.1). A server that cannot revoke is not asked, and the login is only deleted.
//
// Errors are [worktime.AuthError].
func (l *Logins) Logout(ctx context.Context, account string) error {
	return l.Source(account).change(ctx, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if old == nil {
			return nil, nil
		}
		return nil, l.revoke(ctx, old)
	})
}

// revoke revokes the refresh token, with which the server ends the whole login; without one the access
// token.
func (l *Logins) revoke(ctx context.Context, record *tokenstore.Record) error {
	md, err := l.flow.metadata(ctx)
	if err != nil || md.Revocation == nil {
		return err
	}
	token, kind := record.RefreshToken, "refresh_token"
	if token == "" {
		token, kind = record.AccessToken, "access_token"
	}
	e := l.endpoint(md)
	e.URL, e.Host = md.Revocation, l.hostOf(md.Revocation)
	form := append([]Field{{Name: "token", Value: token, Secret: true}, {Name: "token_type_hint", Value: kind}}, l.clientForm()...)
	resp, err := e.post(ctx, "revocation", transport.Idempotent, form)
	if err == nil {
		resp.Release() // its content means nothing
		return nil
	}
	err = e.refused("revocation", form, err)
	var refused *worktime.AuthError
	if errors.As(err, &refused) && refused.Code == "unsupported_token_type" && refused.StatusCode == http.StatusBadRequest {
		return nil
	}
	if refused != nil {
		out := *refused
		out.Err = transport.Join(refused.Err, errors.New("the login is not ended, and stays stored"))
		return &out
	}
	return err
}

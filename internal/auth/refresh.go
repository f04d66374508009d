package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Refresh renews a login by its refresh token (RFC 6749, section 6), which the server takes
// once and answers with the next. All of it happens under the store's lock.
type Refresh struct {
	Endpoint *Endpoint
	Key      tokenstore.Key
	Store    tokenstore.Store
	// Form returns the fields of the request in the vendor's order.
	Form func(refreshToken string) []Field
	// Check may be nil. It judges an answer, after its refresh token has been taken for saving: its ID
	// token, for example. The error is a [worktime.AuthError].
	Check func(ctx context.Context, old, answer *tokenstore.Record) error
}

// Fetch is a [Fetch].
//
// What it does about each outcome:
//   - success: the new refresh token is saved whatever else is wrong with the answer; if there
//     is none, the old one stays good.
//   - provably unsent: sent again by the transport.
//   - the answer was lost: sent again once, at once, if the stored token is still the one that
//     was sent. If the server never saw the first request this works; if it did, the
//     login was lost with the answer.
//   - invalid_grant: if another process has stored a newer token, that one is used. Otherwise the
//     record is marked, and a person must log in again. Nothing is deleted.
//   - everything else, 5xx, HTML, a captive portal: temporary, the login stays.
func (r Refresh) Fetch(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
	switch {
	case old == nil:
		return nil, r.loginRequired("no login is stored")
	case old.RefreshToken == "":
		return nil, r.loginRequired("the login has ended, and it came without a refresh token")
	case old.Problem != "":
		return nil, r.loginRequired(old.Problem)
	}
	record, err := r.exchange(ctx, old)
	if !lostAnswer(record, err) {
		return r.settle(ctx, old, record, err, "")
	}
	if theirs := r.reread(ctx, old); theirs != nil {
		return r.adopt(ctx, theirs)
	}
	record, err = r.exchange(ctx, old)
	if lostAnswer(record, err) {
		// Nobody knows. The mark of a change that was cut short keeps the reason for what an
		// invalid_grant may say later.
		next := *old
		next.Interrupted = time.Now().Round(0)
		return &next, temporary(err)
	}
	return r.settle(ctx, old, record, err, "the answer to a refresh was lost after the server had replaced the refresh token")
}

func (r Refresh) exchange(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
	return r.Endpoint.exchange(ctx, "refresh", transport.Once, r.Form(old.RefreshToken))
}

// lostAnswer: the server may have replaced the token, and nobody knows by which. No answer came, or
// one of a successful status that cannot be read.
func lostAnswer(record *tokenstore.Record, err error) bool {
	var e *worktime.AuthError
	return (errors.Is(err, worktime.ErrUnknownOutcome) || errors.Is(err, worktime.ErrBadResponse)) &&
		errors.As(err, &e) && (e.StatusCode == 0 || e.StatusCode/100 == 2) &&
		(record == nil || record.RefreshToken == "")
}

// settle decides what becomes of the stored record. lost says why an invalid_grant does not mean
// that somebody ended the login.
func (r Refresh) settle(ctx context.Context, old, record *tokenstore.Record, err error, lost string) (*tokenstore.Record, error) {
	if err == nil && r.Check != nil {
		if err = r.Check(ctx, old, record); err != nil && record.RefreshToken == "" {
			return nil, err // the old one stays good
		}
	}
	switch {
	case err == nil, record != nil && record.RefreshToken != "":
		return merge(old, record, err), temporary(err)
	case !errors.Is(err, worktime.ErrLoginRequired):
		return nil, temporary(err)
	}
	if theirs := r.reread(ctx, old); theirs != nil {
		return r.adopt(ctx, theirs)
	}
	marked := *old
	marked.ProblemAt = time.Now().Round(0)
	switch {
	case lost != "":
		marked.Problem = lost
	case !old.Interrupted.IsZero():
		marked.Problem = fmt.Sprintf("a refresh was cut short at %s, before the new token was stored", old.Interrupted.Format(time.RFC3339))
	default:
		marked.Problem = "the server no longer accepts the login: it was ended, it expired, or its refresh token was used elsewhere"
	}
	return &marked, r.explain(err, marked.Problem)
}

// merge returns the record that follows old. Of an answer that cannot be used only the
// refresh token is taken.
func merge(old, record *tokenstore.Record, err error) *tokenstore.Record {
	next := *old
	next.Interrupted = time.Time{}
	if record.RefreshToken != "" {
		next.RefreshToken = record.RefreshToken
	}
	if err != nil {
		return &next
	}
	next.AccessToken, next.TokenType, next.IssuedAt, next.Expiry = record.AccessToken, record.TokenType, record.IssuedAt, record.Expiry
	if record.Scope != "" {
		next.Scope = record.Scope // absent means unchanged (RFC 6749, section 5.1)
	}
	if next.IDToken == "" {
		// Otherwise that of the login stays, which later ones must agree with (OpenID Connect Core 1.0,
		// section 12.2).
		next.IDToken = record.IDToken
	}
	return &next
}

// reread returns the stored record if it has replaced the one that was sent: under a lock that
// works it has not, but not every store can promise that for every machine. An older one is in the
// store if the one that was sent could not be saved.
func (r Refresh) reread(ctx context.Context, old *tokenstore.Record) *tokenstore.Record {
	stored, err := r.Store.Load(ctx, r.Key)
	if err != nil || stored.RefreshToken == old.RefreshToken || !follows(&stored, old) {
		return nil
	}
	return &stored
}

// adopt goes on from a record that somebody else has stored meanwhile.
func (r Refresh) adopt(ctx context.Context, theirs *tokenstore.Record) (*tokenstore.Record, error) {
	if ready(theirs) {
		return theirs, nil
	}
	return r.Fetch(ctx, theirs)
}

// temporary takes ErrUnknownOutcome out of an error: there is nothing for the caller to look at.
func temporary(err error) error {
	var e *worktime.AuthError
	if !errors.Is(err, worktime.ErrUnknownOutcome) || !errors.As(err, &e) {
		return err
	}
	out := *e
	sentinel := worktime.ErrUnavailable
	if errors.Is(err, worktime.ErrRedirect) {
		sentinel = worktime.ErrRedirect
	}
	out.Err = transport.Join(sentinel, hinted(err), errors.New("the token was not refreshed; the login is kept"))
	return &out
}

func (r Refresh) loginRequired(reason string) error {
	return r.explain(&worktime.AuthError{Provider: r.Endpoint.Client.Provider(), Operation: "refresh"}, reason)
}

func (r Refresh) explain(err error, reason string) error {
	out := worktime.AuthError{Provider: r.Endpoint.Client.Provider(), Operation: "refresh"}
	if e, ok := errors.AsType[*worktime.AuthError](err); ok {
		out = *e
	}
	out.Err = transport.Join(worktime.ErrLoginRequired, errors.New(reason))
	return &out
}

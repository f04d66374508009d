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

// flight is one renewal, shared by all who need its result.
type flight struct {
	forced bool // the token seen was refused: set before mu is freed
	saving bool // only to save what is unsaved: likewise
	// change, if it is not nil, takes the place of a renewal: a person logs in or out.
	change  func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error)
	changed bool // change has said what the login is from now on
	began   time.Time
	done    chan struct{}      // closed when token and err are set
	over    <-chan struct{}    // closed when it has taken too long, or is gone
	gone    chan struct{}      // closed when it has been reported too
	got     *tokenstore.Record // what the server or the store had, saved or not
	token   *token
	err     error
	lost    error // why got is not saved
}

// unsaved is a record that the store could not take.
type unsaved struct {
	record tokenstore.Record
	spent  string // the refresh token that it replaces, which the store still has
	why    error
}

// launch starts a flight to replace seen. The caller holds mu.
func (s *Source) launch(seen *token) *flight {
	// A context of its own: a caller that leaves must not take down the others, nor lose a
	// token that the server has handed out already.
	over, stop := context.WithTimeout(context.Background(), flightLimit+flightGrace)
	ctx, cancel := context.WithTimeout(over, flightLimit)
	f := &flight{done: make(chan struct{}), over: over.Done(), gone: make(chan struct{}), began: time.Now()}
	s.flight, s.last = f, f
	go func() {
		defer close(f.gone)
		defer stop()
		defer cancel()
		s.fly(ctx, f, seen)
	}()
	return f
}

// fly renews the token and lands the flight, whatever happens on the way.
func (s *Source) fly(ctx context.Context, f *flight, seen *token) {
	began := time.Now()
	defer s.report(ctx, f, began)
	f.err = errors.New("the token source ended without a result") // Goexit
	defer func() {
		if p := recover(); p != nil {
			// The value may hold a secret, so only its type is told.
			f.err = fmt.Errorf("panic of type %T in the token store or the token source", p)
		}
		s.land(ctx, f)
	}()
	s.mu.Lock()
	change := f.change
	s.mu.Unlock()
	if change != nil {
		f.err = s.alter(ctx, f, seen)
		return
	}
	f.err = s.renew(ctx, f, seen)
}

// land gives the result to those who wait. A token that could not be saved is still a token: it
// was paid for.
func (s *Source) land(ctx context.Context, f *flight) {
	if f.got != nil {
		s.notSaved(f.err)
		f.token, f.err, f.lost = newToken(*f.got), nil, f.err
	}
	var known *worktime.AuthError
	if f.err != nil && !errors.As(f.err, &known) {
		f.err = s.newError(f.err)
	}
	if f.err != nil && (ctx.Err() != nil || ours(f.err) && errors.Is(f.err, context.DeadlineExceeded)) {
		f.err = s.overdue(f.err)
	}
	s.mu.Lock()
	switch {
	case f.err == nil || f.changed:
		s.current.Store(f.token)
		s.failed = time.Time{}
		if s.unsaved.Load() != nil {
			s.failed, s.err = time.Now(), f.err
		}
	case f.change == nil: // what becomes of a login or a logout is no news of the stored login
		s.failed, s.err = time.Now(), f.err
	}
	s.flight = nil
	s.mu.Unlock()
	close(f.done)
}

// report tells the trace, after the landing: its function may use the client, and may panic.
func (s *Source) report(ctx context.Context, f *flight, began time.Time) {
	defer func() { _ = recover() }()
	if f.change != nil && f.token == nil {
		return // no token was asked for
	}
	var expiry time.Time
	err := f.err
	if f.token != nil {
		expiry = f.token.expiry
		if u := s.unsaved.Load(); u != nil {
			err = s.newError(u.why)
		}
	}
	s.observer.TokenRefreshed(ctx, time.Since(began), expiry, err)
}

// renew replaces seen under the store's lock.
func (s *Source) renew(ctx context.Context, f *flight, seen *token) error {
	var reported error
	s.mu.Lock()
	forced, saving := f.forced, f.saving
	s.mu.Unlock()
	err := s.login.Store.Update(ctx, s.login.Key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if err := s.login.owns(old); err != nil {
			return nil, err
		}
		stored := old
		old = s.resume(old)
		if saving || ready(old) && (newer(old, seen) || !forced && s.unsaved.Load() != nil) {
			f.got = old // someone who shares the store was quicker, or it is only to be saved
			return old, nil
		}
		if old != nil && old.RefreshToken != "" && time.Since(f.began) > flightLimit-answerLimit {
			// The answer to a refresh that begins now might come too late, and be lost.
			return nil, transport.Join(worktime.ErrUnavailable, errors.New("the token store was locked for too long"))
		}
		record, err := s.login.Fetch(ctx, old)
		switch {
		case record == nil && s.unsaved.Load() != nil:
			reported = err
			return old, nil
		case record == nil:
			return nil, err
		}
		record.Generation = seen.generation() + 1
		if old != nil {
			record.Generation = max(record.Generation, old.Generation+1)
		}
		if reported = err; err == nil {
			f.got = record
		}
		s.keep(record, stored)
		return record, nil
	})
	if err == nil {
		s.unsaved.Store(nil)
	}
	s.notSaved(err)
	switch {
	case reported != nil:
		return reported
	case err == nil && f.got == nil:
		return errors.New("the token store did not carry out the change")
	}
	return err
}

// notSaved remembers why the store could not take a record, if there is one and a reason.
func (s *Source) notSaved(why error) {
	if u := s.unsaved.Load(); u != nil && why != nil {
		s.unsaved.Store(&unsaved{u.record, u.spent, why})
	}
}

// keep remembers a record until the store has taken it in the place of stored. What can be had again
// need not be kept.
func (s *Source) keep(record, stored *tokenstore.Record) {
	if record.RefreshToken == "" {
		return
	}
	u := &unsaved{record: *record, why: errors.New("the token store did not say that the login is saved")}
	if stored != nil {
		u.spent = stored.RefreshToken
	}
	s.unsaved.Store(u)
}

// resume returns what to go on from: the stored record, or the one that should have replaced it.
func (s *Source) resume(old *tokenstore.Record) *tokenstore.Record {
	u := s.unsaved.Load()
	if u == nil {
		return old
	}
	if old == nil && u.spent == "" || old != nil && old.RefreshToken == u.spent {
		record := u.record
		return &record
	}
	s.unsaved.Store(nil) // another login has taken its place
	return old
}

// newer reports whether a stored record follows the token seen. One that precedes it is in
// the store if its successor could not be saved.
func newer(old *tokenstore.Record, seen *token) bool {
	return seen == nil || old.AccessToken != seen.record.AccessToken && follows(old, &seen.record)
}

// follows: by generation within a login, by time if it is another.
func follows(r, before *tokenstore.Record) bool {
	return r.Generation > before.Generation || r.IssuedAt.After(before.IssuedAt)
}

// ready reports whether a record has an access token that no caller has to wait for.
func ready(r *tokenstore.Record) bool {
	return r != nil && r.AccessToken != "" && visible(r.AccessToken) && newToken(*r).usableAt(time.Now())
}

// owns refuses a record that was put under this login's key by mistake: its token would be
// sent to the wrong server.
func (l Login) owns(r *tokenstore.Record) error {
	if r != nil && (l.Issuer != "" && r.Issuer != "" && r.Issuer != l.Issuer || l.ClientID != "" && r.ClientID != "" && r.ClientID != l.ClientID) {
		return errors.New("the stored record belongs to another login")
	}
	return nil
}

func (s *Source) newError(err error) error {
	return &worktime.AuthError{Provider: s.observer.Provider(), Operation: "token", Err: err}
}

// ours: the deadline in an error of our own exchange is the flight's; that of a token source of
// the user's is its own affair.
func ours(err error) bool {
	return errors.Is(err, worktime.ErrRateLimited) || errors.Is(err, worktime.ErrUnavailable)
}

// overdue is err without the flight's own deadline, which must not look like a caller's.
func (s *Source) overdue(err error) error {
	out := worktime.AuthError{Provider: s.observer.Provider(), Operation: "token"}
	if known, ok := errors.AsType[*worktime.AuthError](err); ok {
		out = *known
	}
	sentinel := worktime.ErrUnavailable
	if errors.Is(err, worktime.ErrRateLimited) {
		sentinel = worktime.ErrRateLimited
	}
	out.Err = transport.Join(sentinel, fmt.Errorf("not done within %v", flightLimit))
	return &out
}

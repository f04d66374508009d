package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

const (
	// A token is renewed in the background in the last fifth of its life, at most this long
	// before its end, and callers wait for a new one in the last twentieth.
	softLimit = 5 * time.Minute
	hardLimit = 30 * time.Second
	// After a failed renewal the old token serves for this long before the next try.
	failurePause = 30 * time.Second
	// A failure is shared with those who ask within this time of it: without it a busy
	// program would send one request after the other to an endpoint that refuses.
	failureShare = time.Second
	// A 401 forces one renewal in this time: it may stand for a missing scope, which no
	// new token cures, and token endpoints are rate-limited.
	forcedPause = time.Minute
	// A flight ends by the limits of its request; this is for a store or a token source
	// that hangs.
	flightLimit = 5 * time.Minute
)

// Fetch obtains a new token; old is the stored record, nil if there is none. Errors
// are [worktime.AuthError].
type Fetch func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error)

// Source caches the token of one login. It is a [transport.Authorizer].
type Source struct {
	key      tokenstore.Key
	store    tokenstore.Store
	fetch    Fetch
	observer *transport.Observer

	current atomic.Pointer[token]

	mu     sync.Mutex
	flight *flight
	forced time.Time // when a 401 last forced a renewal
	failed time.Time // when a renewal last failed
	err    error     // why
	closed bool
}

// NewSource returns the source of the login that key names.
func NewSource(key tokenstore.Key, store tokenstore.Store, fetch Fetch, observer *transport.Observer) *Source {
	return &Source{key: key, store: store, fetch: fetch, observer: observer}
}

// token is an immutable snapshot, ready for use.
type token struct {
	header             string // "Bearer …"
	record             tokenstore.Record
	soft, hard, expiry time.Time // zero: unknown, so only a 401 tells
}

func newToken(r tokenstore.Record) *token {
	t := &token{header: "Bearer " + r.AccessToken, record: r}
	if r.Expiry.IsZero() {
		return t
	}
	// Wall clock: a machine that slept must find its token old.
	t.expiry = r.Expiry.Round(0)
	lifetime := t.expiry.Sub(r.IssuedAt.Round(0))
	t.soft = t.expiry.Add(-min(lifetime/5, softLimit))
	t.hard = t.expiry.Add(-min(lifetime/20, hardLimit))
	return t
}

func (t *token) validAt(now, limit time.Time) bool {
	return t != nil && (limit.IsZero() || now.Before(limit))
}

// flight is one renewal, shared by all who need its result.
type flight struct {
	done  chan struct{}   // closed when token and err are set
	over  <-chan struct{} // closed when it has taken too long, or is done
	token *token
	err   error
}

// Authorize implements [transport.Authorizer].
func (s *Source) Authorize(ctx context.Context) (string, error) {
	t, err := s.get(ctx)
	if err != nil {
		return "", err
	}
	return t.header, nil
}

func (s *Source) get(ctx context.Context) (*token, error) {
	t := s.current.Load()
	if t != nil {
		now := time.Now()
		if t.validAt(now, t.soft) {
			return t, nil
		}
		if t.validAt(now, t.hard) || t.validAt(now, t.expiry) && s.pausing(now) {
			s.renewAhead(t, now)
			return t, nil
		}
	}
	return s.wait(ctx, t)
}

// pausing reports whether a renewal failed so recently that the next try has to wait.
func (s *Source) pausing(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.recentlyFailed(now)
}

func (s *Source) recentlyFailed(now time.Time) bool {
	return !s.failed.IsZero() && now.Sub(s.failed) < failurePause
}

// renewAhead starts a flight that nobody waits for.
func (s *Source) renewAhead(seen *token, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil && s.current.Load() == seen && !s.recentlyFailed(now) && !s.closed {
		s.launch(seen.record.AccessToken)
	}
}

// wait returns the token after seen, and seen itself if no other can be had but it still lives.
func (s *Source) wait(ctx context.Context, seen *token) (*token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if t := s.current.Load(); t != seen {
		s.mu.Unlock() // a flight has landed since seen was read
		return t, nil
	}
	f := s.flight
	if f == nil {
		if err := s.grounded(time.Now()); err != nil {
			s.mu.Unlock()
			return nil, err
		}
		stale := ""
		if seen != nil {
			stale = seen.record.AccessToken
		}
		f = s.launch(stale)
	}
	s.mu.Unlock()

	t, err := s.landed(ctx, f)
	if err != nil && ctx.Err() == nil && seen != nil && seen.validAt(time.Now(), seen.expiry) {
		return seen, nil
	}
	return t, err
}

// grounded is why no flight may start; nil if one may. The caller holds mu.
func (s *Source) grounded(now time.Time) error {
	switch {
	case s.closed:
		return s.newError(errors.New("the client is closed"))
	case !s.failed.IsZero() && now.Sub(s.failed) < failureShare:
		return s.err
	}
	return nil
}

// landed waits for the result of a flight.
func (s *Source) landed(ctx context.Context, f *flight) (*token, error) {
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.over:
	}
	select {
	case <-f.done:
		return f.token, f.err
	default: // a store or a token source of the user's that hangs
		return nil, s.overdue(nil)
	}
}

// Refused implements [transport.Authorizer]. Naming the refused value keeps a late 401 from
// throwing away the token that has replaced it meanwhile.
func (s *Source) Refused(ctx context.Context, value string, header http.Header) (string, error) {
	if insufficientScope(header) {
		return "", nil
	}
	s.mu.Lock()
	if t := s.current.Load(); t != nil && t.header != value {
		s.mu.Unlock()
		return t.header, nil
	}
	f := s.flight
	if f == nil {
		now := time.Now()
		if s.closed || !s.forced.IsZero() && now.Sub(s.forced) < forcedPause {
			s.mu.Unlock()
			return "", nil
		}
		s.forced = now
		f = s.launch(strings.TrimPrefix(value, "Bearer "))
	}
	s.mu.Unlock()

	t, err := s.landed(ctx, f)
	if err != nil || t.header == value {
		return "", err
	}
	return t.header, nil
}

// insufficientScope reads the error of RFC 6750, section 3.1, that no new token cures.
func insufficientScope(header http.Header) bool {
	for _, challenge := range header.Values("WWW-Authenticate") {
		if strings.Contains(challenge, "insufficient_scope") {
			return true
		}
	}
	return false
}

// launch starts a flight to replace the stale access token. The caller holds mu.
func (s *Source) launch(stale string) *flight {
	// A context of its own: a caller that leaves must not take down the others, nor lose a
	// token that the server has handed out already.
	ctx, cancel := context.WithTimeout(context.Background(), flightLimit)
	f := &flight{done: make(chan struct{}), over: ctx.Done()}
	s.flight = f
	go func() {
		defer cancel()
		s.fly(ctx, f, stale)
	}()
	return f
}

// fly renews the token and lands the flight, whatever happens on the way.
func (s *Source) fly(ctx context.Context, f *flight, stale string) {
	began := time.Now()
	f.err = s.newError(errors.New("the token source ended without a result")) // Goexit

	defer func() {
		if p := recover(); p != nil {
			// The value may hold a secret, so only its type is told.
			f.token, f.err = nil, s.newError(fmt.Errorf("panic of type %T in the token store, the token source or a trace function", p))
		}
		s.mu.Lock()
		if f.err == nil {
			s.current.Store(f.token)
			s.failed = time.Time{}
		} else {
			s.failed, s.err = time.Now(), f.err
		}
		s.flight = nil
		s.mu.Unlock()
		close(f.done)
	}()

	record, err := s.renew(ctx, stale)
	if ctx.Err() != nil || errors.Is(err, worktime.ErrRateLimited) && errors.Is(err, context.DeadlineExceeded) {
		err = s.overdue(err)
	}
	var expiry time.Time
	if err == nil {
		expiry = record.Expiry
	}
	s.observer.TokenRefreshed(ctx, time.Since(began), expiry, err)
	if f.err = err; err == nil {
		f.token = newToken(*record)
	}
}

// renew replaces the stale access token under the store's lock.
func (s *Source) renew(ctx context.Context, stale string) (*tokenstore.Record, error) {
	var got *tokenstore.Record
	err := s.store.Update(ctx, s.key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if old != nil && old.AccessToken != stale {
			if t := newToken(*old); t.validAt(time.Now(), t.hard) {
				got = old // someone who shares the store was quicker
				return old, nil
			}
		}
		record, err := s.fetch(ctx, old)
		if err != nil {
			return nil, err
		}
		record.Generation = 1
		if old != nil {
			record.Generation = old.Generation + 1
		}
		got = record
		return record, nil
	})
	if got != nil {
		return got, nil // a token that could not be saved is still a token
	}
	var known *worktime.AuthError
	if errors.As(err, &known) {
		return nil, err
	}
	return nil, s.newError(err)
}

func (s *Source) newError(err error) error {
	return &worktime.AuthError{Provider: s.observer.Provider(), Operation: "token", Err: err}
}

// overdue is err without the flight's own deadline, which must not look like a caller's.
func (s *Source) overdue(err error) error {
	out := worktime.AuthError{Provider: s.observer.Provider(), Operation: "token"}
	var known *worktime.AuthError
	if errors.As(err, &known) {
		out = *known
	}
	sentinel := worktime.ErrUnavailable
	if errors.Is(err, worktime.ErrRateLimited) {
		sentinel = worktime.ErrRateLimited
	}
	out.Err = transport.Join(sentinel, fmt.Errorf("no token within %v", flightLimit))
	return &out
}

// Close waits for a flight to land, so that no token is lost that was already paid for, and
// starts no other.
func (s *Source) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	f := s.flight
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TokenSource hands the access token to other code; the refresh token stays here. Each
// call of its Token waits on ctx.
func (s *Source) TokenSource(ctx context.Context) oauth2.TokenSource {
	return tokenSource{ctx, s}
}

type tokenSource struct {
	ctx    context.Context //nolint:containedctx // oauth2.TokenSource takes no context
	source *Source
}

func (ts tokenSource) Token() (*oauth2.Token, error) {
	t, err := ts.source.get(ts.ctx)
	if err != nil {
		return nil, err
	}
	tok := &oauth2.Token{AccessToken: t.record.AccessToken, TokenType: "Bearer", Expiry: t.record.Expiry}
	return tok.WithExtra(map[string]any{"scope": t.record.Scope}), nil
}

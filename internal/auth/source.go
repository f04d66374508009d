package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

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
	// that hangs. Callers give it a little longer to say what it has.
	flightLimit = 5 * time.Minute
	flightGrace = time.Second
	// A refresh needs this much of it: 30 s until the request is written and 2 minutes for
	// the answer.
	answerLimit = 150 * time.Second
)

// Fetch obtains a new token; old is the stored record, nil if there is none. Errors
// are [worktime.AuthError]. A record beside an error is to be saved all the same: it holds a
// refresh token that the server will not hand out again, or a mark.
type Fetch func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error)

// Login says where a token is kept and where a new one comes from.
type Login struct {
	Key   tokenstore.Key
	Store tokenstore.Store
	// Issuer and ClientID are those that a stored record must have, unless they are empty.
	Issuer   string
	ClientID string
	Fetch    Fetch
}

// Source caches the token of one login. It is a [transport.Authorizer].
type Source struct {
	login    Login
	observer *transport.Observer

	current atomic.Pointer[token]

	mu     sync.Mutex
	flight *flight   // on its way; nil if none is
	last   *flight   // the latest, landed or not
	forced time.Time // when a 401 last forced a renewal
	failed time.Time // when a renewal last failed
	err    error     // why
	closed bool

	// unsaved is a login that the store could not take, saved before anything else happens
	// to it. Only flights use it, of which there is one at a time.
	unsaved atomic.Pointer[unsaved]
}

// NewSource returns the source of a login.
func NewSource(login Login, observer *transport.Observer) *Source {
	return &Source{login: login, observer: observer}
}

// token is an immutable snapshot, ready for use.
type token struct {
	header             string // "Bearer …"
	oauth              oauth2.Token
	record             tokenstore.Record
	soft, hard, expiry time.Time // zero: unknown, so only a 401 tells
}

func newToken(r tokenstore.Record) *token {
	t := &token{header: "Bearer " + r.AccessToken, record: r}
	t.oauth = *(&oauth2.Token{AccessToken: r.AccessToken, TokenType: "Bearer", Expiry: r.Expiry}).WithExtra(map[string]any{"scope": r.Scope})
	if r.Expiry.IsZero() {
		return t
	}
	// Wall clock: a machine that slept must find its token old.
	t.expiry = r.Expiry.Round(0)
	// A clock that was set back between the two must not make a token outlive its end.
	lifetime := max(0, t.expiry.Sub(r.IssuedAt.Round(0)))
	t.soft = t.expiry.Add(-min(lifetime/5, softLimit))
	t.hard = t.expiry.Add(-min(lifetime/20, hardLimit))
	return t
}

func (t *token) generation() int64 {
	if t == nil {
		return 0
	}
	return t.record.Generation
}

// freshAt: not yet in need of renewal.
func (t *token) freshAt(now time.Time) bool { return t.soft.IsZero() || now.Before(t.soft) }

// usableAt: good enough that no caller has to wait for another.
func (t *token) usableAt(now time.Time) bool { return t.hard.IsZero() || now.Before(t.hard) }

// aliveAt: better than none. A nil token is not.
func (t *token) aliveAt(now time.Time) bool {
	return t != nil && (t.expiry.IsZero() || now.Before(t.expiry))
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
		if s.unsaved.Load() != nil {
			s.renewAhead(t, now) // to save it
		}
		if t.freshAt(now) {
			return t, nil
		}
		if t.usableAt(now) || t.aliveAt(now) && s.pausing(now) {
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
		s.launch(seen)
	}
}

// wait returns the token after seen, and seen itself if no other can be had but it still lives.
func (s *Source) wait(ctx context.Context, seen *token) (*token, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if t := s.current.Load(); t != seen {
		if t != nil {
			s.mu.Unlock() // a flight has landed since seen was read
			return t, nil
		}
		seen = nil // logged out meanwhile
	}
	f := s.flight
	if f != nil && f.change != nil {
		s.mu.Unlock()
		return s.afterChange(ctx, f, seen)
	}
	if f == nil {
		now := time.Now()
		if err := s.grounded(now); err != nil {
			s.mu.Unlock()
			if seen.aliveAt(now) {
				return seen, nil
			}
			return nil, err
		}
		f = s.launch(seen)
	}
	s.mu.Unlock()

	t, err := s.landed(ctx, f)
	if err != nil && ctx.Err() == nil && seen.aliveAt(time.Now()) {
		return seen, nil
	}
	return t, err
}

var errClosed = errors.New("the client is closed")

// grounded is why no flight may start; nil if one may. The caller holds mu.
func (s *Source) grounded(now time.Time) error {
	switch {
	case s.closed:
		return s.newError(errClosed)
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
	}
	if u := s.unsaved.Load(); u != nil && ready(&u.record) {
		return newToken(u.record), nil // it hangs while saving
	}
	return nil, s.overdue(nil)
}

// Refused implements [transport.Authorizer]. Naming the refused value keeps a late 401 from
// throwing away the token that has replaced it meanwhile.
func (s *Source) Refused(ctx context.Context, value string, header http.Header) (string, error) {
	if insufficientScope(header) {
		return "", nil
	}
	s.mu.Lock()
	seen := s.current.Load()
	if seen != nil && seen.header != value {
		s.mu.Unlock()
		return seen.header, nil
	}
	f := s.flight
	if f != nil && f.change != nil {
		s.mu.Unlock()
		t, err := s.afterChange(ctx, f, seen)
		if err != nil || t.header == value {
			return "", err
		}
		return t.header, nil
	}
	if f == nil {
		now := time.Now()
		if s.closed || !s.forced.IsZero() && now.Sub(s.forced) < forcedPause {
			s.mu.Unlock()
			return "", nil
		}
		s.forced = now
		f = s.launch(seen)
		f.forced = true
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

// Close waits for a flight to land, so that no token is lost that was already paid for, tries
// once more to save what could not be saved, and starts no other flight. It returns why a
// login is not saved.
func (s *Source) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	if s.flight == nil && s.unsaved.Load() != nil {
		s.launch(s.current.Load()).saving = true
	}
	f := s.last
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	select {
	case <-f.gone:
	case <-ctx.Done():
		select {
		case <-f.gone: // both: there is nothing left to wait for
		default:
			return ctx.Err()
		}
	}
	if u := s.unsaved.Load(); u != nil {
		return s.newError(u.why)
	}
	return nil
}

// LoginID tells the present login from an earlier or a later one of the account, perhaps by another person: it stays the
// same when the token is renewed. It is empty if there is no token or no ID token. It is a secret.
func (s *Source) LoginID() string {
	t := s.current.Load()
	if t == nil {
		return ""
	}
	return t.record.IDToken
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
	tok := t.oauth // a copy: callers may change it
	return &tok, nil
}

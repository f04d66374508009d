package transport

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Quota follows how many requests a host still takes, as the X-RateLimit fields of its answers
// tell. If it is paced, it also spreads the calls evenly over what is left of the window, so
// that a bulk job does not spend the quota in its first seconds and then stands still.
type Quota struct {
	window  time.Duration
	assumed int // the limit until the host has told it
	paced   bool

	mu        sync.Mutex
	known     bool
	limit     int
	remaining int
	began     time.Time // the window, as far as it is known: rather too late than too early
	seen      time.Time // when the host last told
	flying    int       // calls that have their turn, and no answer yet
	last      time.Time // the turn that was given out last
}

// QuotaState is what a host last told.
type QuotaState struct {
	Known            bool
	Limit, Remaining int
	Reset            time.Time // when the count begins anew, at the latest
	Seen             time.Time // when it was told
}

// NewQuota returns a quota that is counted in windows, and that is assumed to have a limit until
// the host tells it.
func NewQuota(window time.Duration, assumed int, paced bool) *Quota {
	return &Quota{window: window, assumed: assumed, paced: paced}
}

// State returns what the host last told.
func (q *Quota) State() QuotaState {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.known {
		return QuotaState{}
	}
	return QuotaState{Known: true, Limit: q.limit, Remaining: q.remaining, Reset: q.began.Add(q.window), Seen: q.seen}
}

// takeTurn returns how long a call must wait for its turn, which it takes.
func (x *exchange) takeTurn(now time.Time) time.Duration {
	q := x.call.Host.Quota
	if q == nil || !q.paced {
		return 0
	}
	x.done()
	x.turn = true
	q.mu.Lock()
	defer q.mu.Unlock()
	at := q.last.Add(q.spacing(now))
	if at.Before(now) {
		at = now
	}
	q.last = at
	q.flying++
	return at.Sub(now)
}

// spacing is the time between two calls that makes the rest of the quota last for the rest of
// the window.
func (q *Quota) spacing(now time.Time) time.Duration {
	if !q.known {
		return q.window / time.Duration(q.assumed)
	}
	left, remaining := q.began.Add(q.window).Sub(now), q.remaining-q.flying
	if left <= 0 {
		return q.window / time.Duration(max(1, q.limit))
	}
	return left / time.Duration(max(1, remaining))
}

// done gives back a turn: the answer is there, or none will come.
func (x *exchange) done() {
	if q := x.call.Host.Quota; x.turn {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.flying--
		x.turn = false
	}
}

// read takes in what an answer tells.
func (q *Quota) read(header http.Header, now time.Time) {
	if q == nil {
		return
	}
	limit, hasLimit := count(header.Get("X-RateLimit-Limit"))
	remaining, hasRemaining := count(header.Get("X-RateLimit-Remaining"))
	q.mu.Lock()
	defer q.mu.Unlock()
	if !hasLimit || !hasRemaining || limit < 1 {
		return
	}
	// Answers overtake each other, so a slightly larger number is an older one. A much larger
	// one is that of a new window.
	if !q.known || !now.Before(q.began.Add(q.window)) || remaining-q.remaining > limit/4 || limit != q.limit {
		q.began, q.remaining = now, remaining
	}
	q.known, q.limit, q.remaining, q.seen = true, limit, min(q.remaining, remaining), now
	if wait := rateLimitReset(header.Get("X-RateLimit-Reset"), serverTime(header, now)); wait > 0 && wait <= q.window {
		q.began = now.Add(wait - q.window)
	}
}

func count(s string) (int, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 31)
	return int(n), err == nil
}

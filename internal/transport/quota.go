package transport

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Quota follows how many requests of a login a host still takes, as the X-RateLimit fields of its answers
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
	last      time.Time // when the turn is that was given out last
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

// turn is the place of a call in the quota.
type turn struct {
	taken bool
	at    time.Time
	after time.Duration // the turn before
}

// takeTurn returns how long a call must wait for its turn. It takes the turn, unless the caller cannot wait for it.
func (x *exchange) takeTurn(ctx context.Context, now time.Time) time.Duration {
	q := x.call.Quota
	if q == nil || !q.paced {
		return 0
	}
	x.done()
	q.mu.Lock()
	defer q.mu.Unlock()
	at := q.next(now)
	if deadline, ok := ctx.Deadline(); !ok || !at.After(deadline) {
		x.turn = turn{true, at, at.Sub(q.last)}
		q.last = at
		q.flying++
	}
	return at.Sub(now)
}

// next returns the time of the next turn. The turns that the window has left are spread evenly over the rest of
// it, behind those that were given out. When it has none, it is the turn of the next window.
func (q *Quota) next(now time.Time) time.Time {
	from := now
	if q.last.After(now) {
		from = q.last
	}
	gap := q.window / time.Duration(q.assumed)
	if q.known {
		gap = q.window / time.Duration(q.limit)
		if end := q.began.Add(q.window); from.Before(end) {
			free := q.remaining - q.flying
			if free < 1 {
				return end.Add(gap)
			}
			gap = end.Sub(from) / time.Duration(free)
		}
	}
	if at := q.last.Add(gap); at.After(now) {
		return at
	}
	return now
}

// done gives back a turn: the answer is there, or none will come. The time of one that was not waited for is free
// again.
func (x *exchange) done() {
	if !x.turn.taken {
		return
	}
	q := x.call.Quota
	q.mu.Lock()
	defer q.mu.Unlock()
	q.flying--
	if time.Now().Before(x.turn.at) {
		q.last = q.last.Add(-x.turn.after)
	}
	x.turn = turn{}
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

package transport

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/worktime-go/worktime"
)

const (
	// maxClosed bounds how long one answer can keep a host's gate closed, so that an absurd
	// Retry-After does not end a long-lived client.
	maxClosed = time.Hour
	// The waiters of a gate leave one by one, spacing apart; after the first ranks they are
	// spread over the same time, since a thousand waiters cannot take a minute.
	spacing = 20 * time.Millisecond
	ranks   = 100
	// jitterShare is how much is added to a wait the server asked for, at most, so that
	// several programs do not come back in step.
	jitterShare = 0.1
)

// gate holds back the calls to a host after a 429. The zero gate is open.
type gate struct {
	closed atomic.Bool // false: open, nobody needs the lock

	mu      sync.Mutex
	round   int       // counts the closings
	asked   time.Time // when the server wants to be called again
	opens   time.Time // the same with jitter
	waiters int       // places given out in this round
}

// place is a caller's turn at the gate.
type place struct {
	round int
	at    time.Time
}

// close keeps the gate closed for d, but no longer than limit, unless it is closed for longer
// already.
func (g *gate) close(now time.Time, d, limit time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d = min(d, limit)
	if g.closed.Load() && !now.Add(d).After(g.asked) {
		return
	}
	g.round++
	g.asked = now.Add(d)
	g.opens = g.asked.Add(time.Duration(rand.Float64() * jitterShare * float64(d)))
	g.waiters = 0
	g.closed.Store(true)
}

// wait returns how long a caller with place p must wait from now on: asked until the server
// wants to be called again, and whole until it is the caller's turn. Zero: it may go.
func (g *gate) wait(p *place, now time.Time) (asked, whole time.Duration) {
	if !g.closed.Load() {
		return 0, 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.round == g.round && !now.Before(p.at) {
		return 0, 0
	}
	if now.After(g.opens.Add(ranks * spacing)) {
		g.closed.Store(false)
		return 0, 0
	}
	if p.round != g.round {
		rank := g.waiters
		if rank >= ranks {
			rank = rand.IntN(ranks)
		}
		g.waiters++
		p.round, p.at = g.round, g.opens.Add(time.Duration(rank)*spacing)
	}
	return max(0, g.asked.Sub(now)), max(0, p.at.Sub(now))
}

// passGate waits until the host may be called.
func (x *exchange) passGate(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return x.fail(err, x.before)
	}
	var p place
	hasTurn := false
	for {
		asked, whole := x.call.Host.gate.wait(&p, time.Now())
		if whole <= 0 {
			if hasTurn {
				return nil
			}
			hasTurn = true
			if whole = x.takeTurn(ctx, time.Now()); whole <= 0 {
				return nil
			}
		}
		if err := x.pause(ctx, asked, whole, true); err != nil {
			return err
		}
	}
}

// pause waits for d, of which the server asked for the first part. If that is more than the
// policy or the context allows, it returns at once: nobody should wait to fail.
func (x *exchange) pause(ctx context.Context, asked, d time.Duration, limited bool) error {
	sentinel := worktime.ErrUnavailable
	if limited {
		sentinel = worktime.ErrRateLimited
	}
	if asked > x.client.retry.maxWait {
		return x.failAfter(asked, sentinel, x.err)
	}
	if deadline, ok := ctx.Deadline(); ok && time.Now().Add(d).After(deadline) {
		return x.failAfter(asked, sentinel, context.DeadlineExceeded, x.err)
	}
	x.client.wait(ctx, x.call, d, limited)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return x.failAfter(asked, ctx.Err(), sentinel, x.err)
	}
}

package protime

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
)

// remembered is how many events a receiver knows again: some 6 MB when full.
const remembered = 1 << 16

// event identifies a change: a digest, so that what is remembered of it has a bounded size.
type event [sha256.Size]byte

func eventOf(change ChangeType, id int64, version string) event {
	return sha256.Sum256(fmt.Appendf(nil, "%d %q %s", id, change, version))
}

// replays has each event handled once: Protime may send one twice, also at the same time.
type replays struct {
	limit int

	mu      sync.Mutex
	running map[event]chan struct{} // closed when the run ends
	taken   map[event]struct{}
	order   []event // of taken, at most limit; then oldest is overwritten next
	oldest  int
}

func newReplays(limit int) *replays {
	return &replays{limit: limit, running: map[event]chan struct{}{}, taken: map[event]struct{}{}}
}

// once runs take, unless it succeeded for the event before. While another goroutine runs it,
// its end is waited for; if it failed there, it is tried here.
func (r *replays) once(ctx context.Context, e event, take func() error) error {
	end := make(chan struct{})
	for {
		r.mu.Lock()
		if _, ok := r.taken[e]; ok {
			r.mu.Unlock()
			return nil
		}
		other, ok := r.running[e]
		if !ok {
			r.running[e] = end
			r.mu.Unlock()
			break
		}
		r.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	succeeded := false
	defer func() { // also when take panics or calls Goexit
		r.mu.Lock()
		delete(r.running, e)
		if succeeded {
			r.remember(e)
		}
		r.mu.Unlock()
		close(end)
	}()
	err := take()
	succeeded = err == nil
	return err
}

func (r *replays) remember(e event) {
	r.taken[e] = struct{}{}
	if len(r.order) < r.limit {
		r.order = append(r.order, e)
		return
	}
	delete(r.taken, r.order[r.oldest])
	r.order[r.oldest] = e
	r.oldest = (r.oldest + 1) % r.limit
}

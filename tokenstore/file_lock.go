package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockLimit bounds the wait for a lock where the context does not: longer than any refresh
	// may take, so it ends a wait for a holder that hangs.
	lockLimit = 3 * time.Minute
	// Another process cannot wake us, so we look again, in ever longer intervals. They are short,
	// and at random, because a busy owner is away for moments only.
	firstLook, lastLook = time.Millisecond, 8 * time.Millisecond
	// reserveSize is more than a record usually needs.
	reserveSize = 16 << 10
)

// wait is the waiting of one Update, for the goroutines of its own process and for others.
type wait struct {
	limit *time.Timer
	next  time.Duration
}

func newWait() *wait { return &wait{time.NewTimer(lockLimit), firstLook} }

func (w *wait) stop() { w.limit.Stop() }

// again waits before the next look at a lock.
func (w *wait) again(ctx context.Context) error {
	t := time.NewTimer(w.next/2 + rand.N(w.next)) //nolint:gosec // it decides nothing but who waits how long
	defer t.Stop()
	w.next = min(2*w.next, lastLook)
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.limit.C:
		return ErrLocked
	}
}

// claim is the right to change a record: the lock, and the temporary file that its successor
// will be written to. The file is locked as well and is the proof of ownership if some program
// has deleted the lock file, so that a second one could be locked.
type claim struct {
	d     *directory
	lock  *flock.Flock
	spare *temp
	left  []string // what dead owners have left over
}

// claim waits for the lock of key. It fails without it: nothing is ever changed unlocked.
func (d *directory) claim(ctx context.Context, w *wait, key Key) (*claim, error) {
	for {
		c, err := d.tryClaim(key)
		if c != nil || err != nil {
			return c, err
		}
		switch err := w.again(ctx); {
		case errors.Is(err, ErrLocked):
			return nil, d.fail(opLock, lockName(key), err)
		case err != nil:
			return nil, err
		}
	}
}

// tryClaim returns nil if someone else is the owner.
func (d *directory) tryClaim(key Key) (*claim, error) {
	lock, err := d.tryLock(lockName(key))
	if err != nil {
		return nil, d.fail(opLock, lockName(key), err)
	}
	if lock == nil {
		return nil, nil
	}
	c := &claim{d: d, lock: lock}
	// The order excludes two owners: each marks its own file before it looks for others, so
	// the later one sees the earlier. If both see each other, both try again.
	alone, err := c.mark(key)
	if err == nil && alone {
		alone, err = c.alone(key)
	}
	if err == nil && alone {
		return c, nil
	}
	c.release()
	if err != nil {
		return nil, d.fail(opPrepare, recordName(key), err)
	}
	return nil, nil
}

// tryLock locks the lock file, unless it is locked or was replaced meanwhile. The file is
// never deleted: whoever waits for the deleted one would not exclude whoever locks the new one.
func (d *directory) tryLock(name string) (*flock.Flock, error) {
	info, err := d.root.Lstat(name)
	if err == nil {
		err = vouch(info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// A new Flock each time: it opens the file anew, and excludes the goroutines of this
	// process as well, whatever store they use.
	lock := flock.New(d.path(name), flock.SetFlag(os.O_RDWR|os.O_CREATE|openFlags), flock.SetPermissions(0o600))
	locked := false
	err = d.disk("lock", func() (err error) {
		locked, err = lock.TryLock()
		return err
	})
	if err != nil || !locked {
		return nil, err
	}
	held, err := lock.Stat()
	if err == nil {
		info, err = d.root.Lstat(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(held, info):
		err = nil // deleted or replaced meanwhile
	case err == nil:
		if err = vouch(info); err == nil {
			return lock, nil
		}
	}
	_ = lock.Unlock()
	return nil, err
}

// mark makes the temporary file, which also proves that files can be made here.
func (c *claim) mark(key Key) (bool, error) {
	spare, err := c.d.newTemp(key)
	if err != nil {
		return false, err
	}
	c.spare = spare
	return tryHold(spare.f)
}

// alone reports whether no other owner lives, and notes what dead ones have left over.
func (c *claim) alone(key Key) (bool, error) {
	names, err := c.d.temps(key)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if name == c.spare.name {
			continue
		}
		held, err := c.d.held(name)
		if err != nil {
			return false, c.d.fail(opRead, name, err)
		}
		if held {
			return false, nil
		}
		c.left = append(c.left, name)
	}
	// An owner that looked at our file before it was marked has taken it for one that was left
	// over. If that owner is gone again by now, so is the file.
	return c.spare.inPlace(), nil
}

// release gives the lock back. The kernel does it for a process that dies.
func (c *claim) release() {
	if c.spare != nil {
		c.spare.discard()
	}
	_ = c.lock.Unlock()
}

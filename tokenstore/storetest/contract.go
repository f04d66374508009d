package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/worktime-go/worktime/tokenstore"
)

const (
	// limit ends a test whose store hangs.
	limit = 30 * time.Second
	// moment is long enough for a store without a lock to be caught.
	moment = 50 * time.Millisecond
	canary = "s3cr3t-c4n4ry"
)

// change is the argument of Store.Update.
type change = func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)

var errRefused = errors.New("refused")

// keyOf returns one of several keys of a test, the same in each of its processes.
func keyOf(t *testing.T, account string) tokenstore.Key {
	t.Helper()
	return tokenstore.Grant{Vendor: "storetest", Tenant: Dir(t), Account: account}.Key()
}

// full returns a record with all fields.
func full(generation int64) *tokenstore.Record {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	return &tokenstore.Record{
		AccessToken: fmt.Sprint("access ", generation), RefreshToken: canary, IDToken: "id <&>\u2028\"\\\x00", TokenType: "Bearer",
		Scope: "a b", Subject: "subject", Issuer: "https://auth.example", ClientID: "client", IssuedAt: at, Expiry: at.Add(time.Hour),
		Generation: generation, Problem: "why", ProblemAt: at, Interrupted: at,
	}
}

// set is a change that stores full(generation).
func set(generation int64) change {
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return full(generation), nil }
}

// next is a change that counts generations.
func next(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
	if old == nil {
		return full(1), nil
	}
	return full(old.Generation + 1), nil
}

// never is a change that must not be called.
func never(t *testing.T, why string) change {
	t.Helper()
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		t.Errorf("change was called %s", why)
		return nil, errRefused
	}
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

func update(t *testing.T, store tokenstore.Store, key tokenstore.Key, change change) {
	t.Helper()
	if err := store.Update(bounded(t), key, change); err != nil {
		t.Errorf("Update: %v", err)
	}
}

// wantStored checks what Load returns; generation 0 stands for nothing.
func wantStored(t *testing.T, store tokenstore.Store, key tokenstore.Key, generation int64) {
	t.Helper()
	record, err := store.Load(bounded(t), key)
	if generation == 0 {
		if !errors.Is(err, tokenstore.ErrNotFound) {
			t.Errorf("Load of a key without a record: %v, %v; want ErrNotFound", record, err)
		}
		return
	}
	if err != nil {
		t.Errorf("Load: %v", err)
	}
	wantRecord(t, "Load", &record, generation)
}

// wantRecord compares instants, because their zone is not stored.
func wantRecord(t *testing.T, who string, got *tokenstore.Record, generation int64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s got no record, want generation %d", who, generation)
		return
	}
	want, have := *full(generation), *got
	for _, times := range [][2]*time.Time{
		{&want.IssuedAt, &have.IssuedAt}, {&want.Expiry, &have.Expiry}, {&want.ProblemAt, &have.ProblemAt}, {&want.Interrupted, &have.Interrupted},
	} {
		if times[0].Equal(*times[1]) {
			*times[1] = *times[0]
		}
	}
	if want != have {
		t.Errorf("%s got %v, want all of %v", who, have, want)
	}
}

func (s *suite) testRecords(t *testing.T) {
	store, key := s.open(t), keyOf(t, "")
	wantStored(t, store, key, 0)
	update(t, store, key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, nil })
	wantStored(t, store, key, 0)
	for generation := range int64(3) {
		update(t, store, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			wantStored(t, store, key, generation)
			if generation == 0 && old != nil {
				t.Errorf("change got %v, though nothing is stored", old)
			}
			if generation > 0 {
				wantRecord(t, "change", old, generation)
			}
			return next(ctx, old)
		})
		wantStored(t, store, key, generation+1)
	}
	wantStored(t, store, tokenstore.Key{Digest: key.Digest, Label: "another label"}, 3)
	wantStored(t, store, keyOf(t, "another"), 0)

	err := store.Update(bounded(t), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		old.AccessToken = "scribbled"
		return full(9), errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("Update returned %v, want the error of change", err)
	}
	wantStored(t, store, key, 3)
	update(t, store, key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, nil })
	wantStored(t, store, key, 0)
}

func (s *suite) testOneAtATime(t *testing.T) {
	stores := s.several(t)
	key := keyOf(t, "")
	t.Run("last committed record", func(t *testing.T) {
		for i := range int64(6) {
			update(t, stores[i%2], key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				if i > 0 {
					wantRecord(t, "change", old, i)
				}
				return next(ctx, old)
			})
			wantStored(t, stores[(i+1)%2], key, i+1)
		}
	})
	t.Run("held", func(t *testing.T) {
		release := hold(t, stores[0], key)
		entered, done := make(chan struct{}), make(chan error, 1)
		go func() {
			done <- stores[1].Update(bounded(t), key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				close(entered)
				wantRecord(t, "change", old, 100) // what the holder has stored
				return next(ctx, old)
			})
		}()
		select {
		case <-entered:
			t.Error("change was called while another one of the same key ran")
		case <-time.After(moment):
		}
		release()
		if err := <-done; err != nil {
			t.Errorf("Update: %v", err)
		}
	})
	t.Run("goroutines", func(t *testing.T) {
		const workers, rounds = 4, 5
		update(t, stores[0], key, set(1))
		var inside atomic.Int32
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for range rounds {
					update(t, stores[worker%2], key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
						if inside.Add(1) > 1 {
							t.Error("two changes of one key ran at once")
						}
						defer inside.Add(-1)
						runtime.Gosched()
						return next(ctx, old)
					})
				}
			})
		}
		wg.Wait()
		wantStored(t, stores[0], key, 1+workers*rounds)
	})
	if s.shared {
		t.Run("processes", func(t *testing.T) { s.testProcesses(t, stores[0], key) })
	}
}

// several returns two stores for the same records, or the same one twice.
func (s *suite) several(t *testing.T) [2]tokenstore.Store {
	t.Helper()
	store := s.open(t)
	if s.shared {
		return [2]tokenstore.Store{store, s.open(t)}
	}
	return [2]tokenstore.Store{store, store}
}

// hold starts an update that goes on until release is called, and stores generation 100.
func hold(t *testing.T, store tokenstore.Store, key tokenstore.Key) (release func()) {
	t.Helper()
	entered, leave, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- store.Update(bounded(t), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
			close(entered)
			<-leave
			return full(100), nil
		})
	}()
	release = sync.OnceFunc(func() {
		close(leave)
		if err := <-done; err != nil {
			t.Errorf("Update of the holder: %v", err)
		}
	})
	t.Cleanup(release)
	select {
	case <-entered:
	case err := <-done:
		done <- err
		t.Fatalf("Update returned %v and never called change", err)
	}
	return release
}

func (s *suite) testKeys(t *testing.T) {
	stores := s.several(t)
	one, other := keyOf(t, "one"), keyOf(t, "other")
	update(t, stores[0], one, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		update(t, stores[0], other, next)
		update(t, stores[1], other, next)
		return next(ctx, old)
	})
	wantStored(t, stores[1], one, 1)
	wantStored(t, stores[0], other, 2)
}

func (s *suite) testWaiting(t *testing.T) {
	stores := s.several(t)
	key := keyOf(t, "")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := stores[0].Update(ended, key, never(t, "with an ended context")); !errors.Is(err, context.Canceled) {
		t.Errorf("Update with a cancelled context returned %v", err)
	}
	release := hold(t, stores[0], key)
	s.wantLeaving(t, stores[:], key)
	release()
	wantStored(t, stores[1], key, 100)
	update(t, stores[1], key, next)
	wantStored(t, stores[0], key, 101)
	if s.shared {
		t.Run("processes", func(t *testing.T) { s.testHolder(t, stores[0], key) })
	}
}

// wantLeaving checks that waiters leave with their context, however it ends, while the key is held.
func (s *suite) wantLeaving(t *testing.T, stores []tokenstore.Store, key tokenstore.Key) {
	t.Helper()
	for _, store := range stores {
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(moment/5, cancel)
		if err := store.Update(ctx, key, never(t, "while another one ran")); !errors.Is(err, context.Canceled) {
			t.Errorf("a waiter whose context was cancelled got %v", err)
		}
		timer.Stop()
		cancel()
		ctx, cancel = context.WithTimeout(t.Context(), moment/5)
		if err := store.Update(ctx, key, never(t, "while another one ran")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a waiter whose context expired got %v", err)
		}
		cancel()
	}
}

func (s *suite) testWrittenAnyway(t *testing.T) {
	store, key := s.open(t), keyOf(t, "")
	for generation := range int64(2) {
		ctx, cancel := context.WithCancel(t.Context())
		err := store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			cancel()
			return next(ctx, old)
		})
		if err != nil {
			t.Errorf("Update: %v, though change has returned a record", err)
		}
		wantStored(t, store, key, generation+1)
	}
}

func (s *suite) testContext(t *testing.T) {
	type word struct{}
	ctx, cancel := context.WithCancel(context.WithValue(bounded(t), word{}, "value"))
	defer cancel()
	called := false
	_ = s.open(t).Update(ctx, keyOf(t, ""), func(inner context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		called = true
		if inner.Value(word{}) != "value" {
			t.Error("the context of change lacks the caller's values")
		}
		if err := inner.Err(); err != nil {
			t.Errorf("the context of change has ended: %v", err)
		}
		outer, _ := ctx.Deadline()
		if deadline, ok := inner.Deadline(); !ok || deadline.After(outer) {
			t.Errorf("the deadline of change is %v, %t, and the caller's %v", deadline, ok, outer)
		}
		cancel()
		<-inner.Done()
		return next(inner, old)
	}) // what it returns is the matter of point 4
	if !called {
		t.Error("change was not called")
	}
}

func (s *suite) testPanic(t *testing.T) {
	stores := s.several(t)
	key := keyOf(t, "")
	for i, leave := range []func(){func() { panic("in change") }, runtime.Goexit} {
		generation := int64(i + 1)
		update(t, stores[0], key, set(generation))
		var wg sync.WaitGroup
		wg.Go(func() {
			defer func() { _ = recover() }() // the store decides whether it comes here
			_ = stores[0].Update(bounded(t), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				old.AccessToken = "scribbled"
				leave()
				return old, nil
			})
		})
		wg.Wait()
		wantStored(t, stores[1], key, generation)
		update(t, stores[1], key, next)
		wantStored(t, stores[0], key, generation+1)
	}
}

func (s *suite) testWholeRecords(t *testing.T) {
	t.Run("readers", func(t *testing.T) { s.testReaders(t) })
	t.Run("damage", func(t *testing.T) {
		if s.alterIt == nil {
			skip(t, "WithAlter")
		}
		s.testDamage(t)
	})
}

func (s *suite) testReaders(t *testing.T) {
	stores := s.several(t)
	key := keyOf(t, "")
	token := func(i int) string { return strings.Repeat(string(rune('a'+i)), 1+i%2*20_000) }
	write := func(i int) {
		update(t, stores[0], key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
			return &tokenstore.Record{AccessToken: token(i), Generation: int64(i)}, nil
		})
	}
	write(0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				record, err := stores[1].Load(bounded(t), key)
				if err != nil || record.AccessToken != token(int(record.Generation)) {
					t.Errorf("a reader beside a writer saw half a record, or none: %v", err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i := 1; i < 11 && !t.Failed(); i++ {
		write(i)
	}
	close(stop)
	wg.Wait()
}

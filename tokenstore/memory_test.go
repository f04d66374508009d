package tokenstore_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime/tokenstore"
)

// change is the argument of Store.Update.
type change = func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)

var key = tokenstore.Grant{Vendor: "protime", Tenant: "acme"}.Key()

var errRefused = errors.New("refused")

// set is a change that stores a record with this access token.
func set(token string) change {
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{AccessToken: token}, nil
	}
}

// never is a change that must not be called.
func never(t *testing.T) change {
	t.Helper()
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		t.Error("change was called")
		return nil, errRefused
	}
}

func assertStored(t assert.TestingT, store tokenstore.Store, key tokenstore.Key, want string) {
	record, err := store.Load(context.Background(), key)
	if want == "" {
		assert.ErrorIs(t, err, tokenstore.ErrNotFound)
		assert.Equal(t, tokenstore.Record{}, record)
		return
	}
	assert.NoError(t, err)
	assert.Equal(t, want, record.AccessToken)
}

func TestMemoryKeepsRecords(t *testing.T) {
	store := tokenstore.Memory()
	assertStored(t, store, key, "")
	for _, token := range []string{"first", "second"} {
		before, _ := store.Load(t.Context(), key)
		require.NoError(t, store.Update(t.Context(), key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			if token == "first" {
				assert.Nil(t, old)
			} else {
				assert.Equal(t, before, *old)
			}
			assertStored(t, store, key, before.AccessToken)
			return set(token)(ctx, old)
		}))
		assertStored(t, store, key, token)
	}
	assertStored(t, store, tokenstore.Key{Digest: "other", Label: key.Label}, "")
	assertStored(t, store, tokenstore.Key{Digest: key.Digest, Label: "other"}, "second")
	assertStored(t, tokenstore.Memory(), key, "")
}

func TestMemoryNilDeletes(t *testing.T) {
	store := tokenstore.Memory()
	require.NoError(t, store.Update(t.Context(), key, set("token")))
	remove := func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, nil }
	require.NoError(t, store.Update(t.Context(), key, remove))
	assertStored(t, store, key, "")
	require.NoError(t, store.Update(t.Context(), key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		assert.Nil(t, old)
		return remove(ctx, old)
	}))
	assertStored(t, store, key, "")
}

func TestMemoryErrorLeavesTheRecord(t *testing.T) {
	for _, before := range []string{"", "token"} {
		store := tokenstore.Memory()
		if before != "" {
			require.NoError(t, store.Update(t.Context(), key, set(before)))
		}
		for _, result := range []*tokenstore.Record{nil, {AccessToken: "new"}} {
			err := store.Update(t.Context(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				if old != nil {
					old.AccessToken = "scribbled"
				}
				return result, errRefused
			})
			assert.Same(t, errRefused, err, "the error is returned as it is")
			assertStored(t, store, key, before)
		}
	}
}

func TestMemoryRecordsAreCopies(t *testing.T) {
	store := tokenstore.Memory()
	mine := &tokenstore.Record{AccessToken: "token"}
	require.NoError(t, store.Update(t.Context(), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return mine, nil }))
	mine.AccessToken = "scribbled after"
	assertStored(t, store, key, "token")

	var kept *tokenstore.Record
	require.NoError(t, store.Update(t.Context(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		kept = old
		return old, nil
	}))
	kept.AccessToken = "scribbled on the old one"
	assertStored(t, store, key, "token")
}

// Generations are counted by many at once: a lost update would lose a count.
func TestMemoryOneAtATime(t *testing.T) {
	const workers, rounds = 16, 200
	store := tokenstore.Memory()
	keys := []tokenstore.Key{{Digest: "a"}, {Digest: "b"}}
	var inside [2]atomic.Int32
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			k := worker % len(keys)
			for range rounds {
				assert.NoError(t, store.Update(t.Context(), keys[k], func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
					assert.EqualValues(t, 1, inside[k].Add(1), "two changes of one key at once")
					defer inside[k].Add(-1)
					runtime.Gosched()
					next := tokenstore.Record{Generation: 1}
					if old != nil {
						next.Generation = old.Generation + 1
					}
					return &next, nil
				}))
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		record, err := store.Load(t.Context(), k)
		require.NoError(t, err)
		assert.EqualValues(t, workers*rounds/len(keys), record.Generation)
	}
}

// hold starts an update of key that goes on until release is called.
func hold(t *testing.T, store tokenstore.Store, key tokenstore.Key) (release func()) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	go func() {
		assert.NoError(t, store.Update(context.Background(), key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			close(entered)
			<-leave
			return set("held")(ctx, old)
		}))
	}()
	<-entered
	return func() { close(leave); synctest.Wait() }
}

func TestMemoryAnUpdateHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := tokenstore.Memory()
		require.NoError(t, store.Update(t.Context(), key, set("before")))
		release := hold(t, store, key)

		assertStored(t, store, key, "before")
		other := tokenstore.Key{Digest: "other"}
		require.NoError(t, store.Update(t.Context(), other, set("token")), "another key")
		assertStored(t, store, other, "token")

		release()
		assertStored(t, store, key, "held")
	})
}

func TestMemoryAWaiterSeesWhatTheHolderStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := tokenstore.Memory()
		release := hold(t, store, key)
		go func() {
			assert.NoError(t, store.Update(context.Background(), key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				assert.Equal(t, "held", old.AccessToken)
				return set("mine")(ctx, old)
			}))
		}()
		synctest.Wait()
		assertStored(t, store, key, "")
		release()
		assertStored(t, store, key, "mine")
	})
}

func TestMemoryAWaiterLeavesWithItsContext(t *testing.T) {
	for _, tt := range []struct {
		name    string
		context func(context.Context) (context.Context, context.CancelFunc)
		want    error
	}{
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled},
		{"expired", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := tokenstore.Memory()
				release := hold(t, store, key)
				ctx, cancel := tt.context(t.Context())
				defer cancel()
				began := time.Now()
				assert.Equal(t, tt.want, store.Update(ctx, key, never(t)), "while the lock is still held")
				assert.Equal(t, time.Second, time.Since(began))

				release()
				require.NoError(t, store.Update(t.Context(), key, set("next")), "it does not leave with the lock")
			})
		})
	}
}

func TestMemoryAnEndedContextChangesNothing(t *testing.T) {
	store := tokenstore.Memory()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, context.Canceled, store.Update(ctx, key, never(t)))
	require.NoError(t, store.Update(t.Context(), key, set("next")), "the lock is free")
}

// endsMeanwhile is a context that ends while the lock is waited for.
type endsMeanwhile struct {
	context.Context
	ended atomic.Bool
}

func (c *endsMeanwhile) Done() <-chan struct{} {
	c.ended.Store(true)
	done := make(chan struct{})
	close(done)
	return done
}

func (c *endsMeanwhile) Err() error {
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

func TestMemoryAContextThatEndsBeforeTheLockIsHeld(t *testing.T) {
	store := tokenstore.Memory()
	for range 100 { // a select between the free lock and the ended context would take either
		require.Equal(t, context.Canceled, store.Update(&endsMeanwhile{Context: t.Context()}, key, never(t)))
	}
	require.NoError(t, store.Update(t.Context(), key, set("next")), "the lock is free")
}

func TestMemoryARecordIsWrittenAlthoughTheContextHasEnded(t *testing.T) {
	store := tokenstore.Memory()
	ctx, cancel := context.WithCancel(t.Context())
	assert.NoError(t, store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		cancel()
		return set("rotated")(ctx, old)
	}))
	assertStored(t, store, key, "rotated")
}

func TestMemoryChangeGetsTheContext(t *testing.T) {
	type word struct{}
	ctx := context.WithValue(t.Context(), word{}, "value")
	require.NoError(t, tokenstore.Memory().Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		assert.Equal(t, "value", ctx.Value(word{}))
		return old, nil
	}))
}

func TestMemoryAPanicFreesTheLock(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("in change") }, "Goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			store := tokenstore.Memory()
			require.NoError(t, store.Update(t.Context(), key, set("before")))
			var panicked any
			var wg sync.WaitGroup
			wg.Go(func() {
				defer func() { panicked = recover() }()
				_ = store.Update(t.Context(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
					old.AccessToken = "scribbled"
					leave()
					return old, nil
				})
			})
			wg.Wait()
			if name == "panic" {
				assert.Equal(t, "in change", panicked, "it is the caller's to handle")
			}
			assertStored(t, store, key, "before")
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, store.Update(ctx, key, set("after")))
			assertStored(t, store, key, "after")
		})
	}
}

// Whatever is done in whatever order, each key holds what the last successful change returned.
func TestMemoryIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		store, model := tokenstore.Memory(), map[tokenstore.Key]string{}
		anyKey := rapid.SampledFrom([]tokenstore.Key{{Digest: "a"}, {Digest: "b"}, {Digest: "c"}})
		update := func(key tokenstore.Key, result *tokenstore.Record, err error) {
			got := store.Update(context.Background(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				if want, ok := model[key]; ok {
					assert.Equal(t, want, old.AccessToken)
				} else {
					assert.Nil(t, old)
				}
				return result, err
			})
			assert.Equal(t, err, got)
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				key, token := anyKey.Draw(t, "key"), rapid.StringN(1, 5, -1).Draw(t, "token")
				update(key, &tokenstore.Record{AccessToken: token}, nil)
				model[key] = token
			},
			"delete": func(t *rapid.T) {
				key := anyKey.Draw(t, "key")
				update(key, nil, nil)
				delete(model, key)
			},
			"fail": func(t *rapid.T) { update(anyKey.Draw(t, "key"), &tokenstore.Record{AccessToken: "lost"}, errRefused) },
			"": func(t *rapid.T) {
				for _, key := range []tokenstore.Key{{Digest: "a"}, {Digest: "b"}, {Digest: "c"}} {
					assertStored(t, store, key, model[key])
				}
			},
		})
	})
}

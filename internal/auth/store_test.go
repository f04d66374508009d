package auth

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestSharedStoreSharesTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		for range 10 {
			value, err := w.another().Authorize(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "Bearer tok-1", value)
		}
		assert.Equal(t, 1, w.tokenRequests())
		assert.Equal(t, 11, w.flights(), "each of them had to look")
	})
}

func TestSharedStoreAskedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		var crowds []*crowd
		for range 8 {
			crowds = append(crowds, ask(w.another(), 100, background))
		}
		synctest.Wait()
		require.Equal(t, 1, w.tokenRequests(), "one holds the lock, the others wait for it")
		endpoint.open()
		for _, c := range crowds {
			c.allGot(t, 100, "tok-1", nil)
		}
		assert.Equal(t, 1, w.tokenRequests())
	})
}

// Sources with one store and one token see its end at the same time, over and over.
func TestSharedStoreOverManyLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting("1"))
		const sources, seconds = 8, 60
		var wg sync.WaitGroup
		for i := range sources {
			s := w.another()
			wg.Go(func() {
				for n := range seconds * 20 {
					value, err := s.Authorize(t.Context())
					if !assert.NoError(t, err) || !assert.NotEmpty(t, value) {
						return
					}
					time.Sleep(time.Second/20 + time.Duration(i*n%7)*time.Millisecond)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Equal(t, int64(w.tokenRequests()), record.Generation, "no generation was written over another")
		assert.Equal(t, "tok-"+strconv.Itoa(w.tokenRequests()), record.AccessToken)
		// A token is renewed after 0.8 s at the earliest; the loops take 60 to 67 s.
		assert.LessOrEqual(t, w.tokenRequests(), 67*10/8+1)
	})
}

// The renewal in the background finds that another has done it.
func TestRenewalOfAnotherIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		other := w.another()
		w.authorize()
		_, err := other.Authorize(t.Context())
		require.NoError(t, err)
		time.Sleep(halfAnHour - softLimit)
		w.authorize()
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests())
		_, err = other.Authorize(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		value, err := other.Authorize(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "Bearer tok-2", value)
		assert.Equal(t, 2, w.tokenRequests())
	})
}

// A record is used if a caller need not wait for another soon, by the same threshold as one's own.
func TestStoredRecords(t *testing.T) {
	for _, c := range []struct {
		name string
		left time.Duration // of half an hour
		used bool
	}{
		{"fresh", halfAnHour, true}, {"half", halfAnHour / 2, true}, {"soft", softLimit - time.Second, true},
		{"just before hard", hardLimit + 1, true}, {"hard", hardLimit, false}, {"a second left", time.Second, false},
		{"ended", 0, false}, {"long ended", -24 * time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				expiry := time.Now().Add(c.left)
				put(t, w, tokenstore.Record{AccessToken: "stored", IssuedAt: expiry.Add(-halfAnHour), Expiry: expiry, Generation: 3})
				want, requests := "tok-1", 1
				if c.used {
					want, requests = "stored", 0
				}
				assert.Equal(t, want, w.authorize())
				assert.Equal(t, requests, w.tokenRequests())
			})
		})
	}
}

// A record of an odd shape is not a token, or no reason to ask without end.
func TestOddStoredRecords(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		record tokenstore.Record
		want   string
	}{
		"empty":              {tokenstore.Record{}, "tok-1"},
		"no access token":    {tokenstore.Record{RefreshToken: "r", Expiry: now.Add(time.Hour)}, "tok-1"},
		"no times":           {tokenstore.Record{AccessToken: "stored"}, "stored"},
		"no time of issue":   {tokenstore.Record{AccessToken: "stored", Expiry: now.Add(100 * 365 * 24 * time.Hour)}, "stored"},
		"issued after":       {tokenstore.Record{AccessToken: "stored", IssuedAt: now.Add(time.Hour), Expiry: now.Add(-100 * 365 * 24 * time.Hour)}, "tok-1"},
		"a line break":       {tokenstore.Record{AccessToken: "stored\r\nX: y", Expiry: now.Add(100 * 365 * 24 * time.Hour)}, "tok-1"},
		"a generation below": {tokenstore.Record{AccessToken: "", Generation: -5}, "tok-1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				put(t, w, c.record)
				for range 100 {
					require.Equal(t, c.want, w.authorize())
				}
				assert.LessOrEqual(t, w.tokenRequests(), 1)
			})
		})
	}
}

// A store that mixes its keys up must not make one client send the token of another: that is
// how a token reaches the wrong server.
func TestRecordOfAnotherLoginIsNotUsed(t *testing.T) {
	for name, change := range map[string]func(*tokenstore.Record){
		"another client": func(r *tokenstore.Record) { r.ClientID = "another" },
		"another server": func(r *tokenstore.Record) { r.Issuer = "https://authentication.example/tenants/other/connect/token" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				record := tokenstore.Record{
					AccessToken: "stored", ClientID: clientID, Issuer: tokenURL, IssuedAt: time.Now(), Expiry: time.Now().Add(time.Hour),
				}
				change(&record)
				put(t, w, record)
				value, err := w.source.Authorize(t.Context())
				if err != nil {
					authError(t, err)
				}
				assert.NotContains(t, value, "stored")
			})
		})
	}
}

func TestGenerations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, lasting("100"))
		for n := range 20 {
			w.authorize()
			record, err := w.store.Load(t.Context(), w.key)
			require.NoError(t, err)
			require.Equal(t, int64(n+1), record.Generation)
			time.Sleep(100 * time.Second)
		}
		put(t, w, tokenstore.Record{AccessToken: "old", Expiry: time.Now(), IssuedAt: time.Now(), Generation: 41})
		w.authorize()
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Equal(t, int64(42), record.Generation)
	})
}

// flaky is a store that can be made to fail.
type flaky struct {
	tokenstore.Store
	before, after func(ctx context.Context) error // nil: nothing
}

func (f *flaky) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	if f.before != nil {
		if err := f.before(ctx); err != nil {
			return err
		}
	}
	return f.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		r, err := change(ctx, old)
		if err == nil && f.after != nil {
			err = f.after(ctx)
		}
		return r, err
	})
}

func failing(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// A token that could not be saved is still a token: it was paid for.
func TestStoreThatCannotSave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &flaky{Store: tokenstore.Memory(), after: failing(errors.New("disk full"))}
		w := newWorld(t, storing(store))
		for range 100 {
			require.Equal(t, "tok-1", w.authorize())
		}
		require.Equal(t, 1, w.tokenRequests())
		_, err := store.Load(t.Context(), w.key)
		require.ErrorIs(t, err, tokenstore.ErrNotFound)

		time.Sleep(halfAnHour - softLimit)
		w.authorize()
		synctest.Wait()
		assert.Equal(t, "tok-2", w.authorize(), "renewed in time all the same")

		store.after = nil
		time.Sleep(halfAnHour - softLimit)
		w.authorize()
		synctest.Wait()
		record, err := store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Equal(t, "tok-3", record.AccessToken, "saved as soon as that is possible")
	})
}

// The token that could not replace a refused one in the store must not be replaced by it.
func TestRefusedTokenInTheStoreIsNotTakenUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &flaky{Store: tokenstore.Memory()}
		w := newWorld(t, storing(store), serving(refusing("tok-1")))
		w.authorize()
		store.after = failing(errors.New("read-only"))
		resp, err := w.call(t.Context(), w.source, "")
		require.NoError(t, err)
		resp.Release()
		require.Equal(t, "tok-2", w.authorize())

		w.mu.Lock()
		w.api = refusing("tok-1", "tok-2")
		w.mu.Unlock()
		time.Sleep(2 * forcedPause)
		resp, err = w.call(t.Context(), w.source, "")
		require.NoError(t, err, "tok-1 is in the store still, but has been refused")
		resp.Release()
		assert.Equal(t, "tok-3", w.authorize())
	})
}

func TestStoreThatCannotBeRead(t *testing.T) {
	for name, failure := range map[string]error{
		"plain": errors.New("permission denied"), "a context's": context.Canceled, "its own sentinel": tokenstore.ErrNotFound,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &flaky{Store: tokenstore.Memory(), before: failing(failure)}
				w := newWorld(t, storing(store))
				callers := ask(w.source, 100, background)
				callers.wg.Wait()
				for _, r := range callers.returned() {
					require.ErrorIs(t, r.err, failure)
					authError(t, r.err)
				}
				assert.Zero(t, w.tokenRequests(), "what cannot be locked is not renewed")

				store.before = nil
				time.Sleep(failureShare)
				require.Equal(t, "tok-1", w.authorize())
				store.before = failing(failure)
				time.Sleep(halfAnHour - softLimit)
				for range 100 {
					require.Equal(t, "tok-1", w.authorize(), "a living token goes on serving")
				}
			})
		})
	}
}

// A store may do as it likes: callers get an error, never a hang or a token without a value.
func TestStoreThatBreaksItsContract(t *testing.T) {
	for name, misbehave := range map[string]func(context.Context) error{
		"panics":               func(context.Context) error { panic(clientSecret) },
		"panics with an error": func(context.Context) error { panic(errors.New(clientSecret)) },
		"exits":                func(context.Context) error { runtime.Goexit(); return nil },
		"blocks":               func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		for place, put := range map[string]func(*flaky){
			"before": func(f *flaky) { f.before = misbehave }, "after": func(f *flaky) { f.after = misbehave },
		} {
			t.Run(name+" "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &flaky{Store: tokenstore.Memory()}
					put(store)
					w := newWorld(t, storing(store))
					callers := ask(w.source, 100, background)
					callers.wg.Wait()
					for _, r := range callers.returned() {
						if place == "after" {
							require.NoError(t, r.err, "a token that could not be saved is still a token: it was paid for")
							require.Equal(t, "Bearer tok-1", r.value)
							continue
						}
						require.Empty(t, r.value)
						authError(t, r.err)
						require.NotErrorIs(t, r.err, context.DeadlineExceeded, "no caller set one")
						require.NotContains(t, r.err.Error(), clientSecret)
					}
					*store = flaky{Store: store.Store}
					time.Sleep(failureShare)
					assert.NotEmpty(t, w.authorize(), "the next flight is not held up")
				})
			})
		}
	}
}

// idle is a store whose Update does nothing.
type idle struct{}

func (idle) Load(context.Context, tokenstore.Key) (tokenstore.Record, error) {
	return tokenstore.Record{}, tokenstore.ErrNotFound
}

func (idle) Update(context.Context, tokenstore.Key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	return nil
}

func TestStoreThatDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, storing(idle{}))
		value, err := w.source.Authorize(t.Context())
		assert.Empty(t, value)
		assert.Error(t, authError(t, err).Err, "it says what is wrong")
	})
}

// One that never returns, whatever its context says, holds nobody for ever.
func TestStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		store := &flaky{Store: tokenstore.Memory(), before: func(context.Context) error { <-stuck; return nil }}
		w := newWorld(t, storing(store))
		callers := ask(w.source, 100, background)
		synctest.Wait()
		require.Empty(t, callers.returned())

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.source.Authorize(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		callers.wg.Wait()
		for _, r := range callers.returned() {
			authError(t, r.err)
			require.ErrorIs(t, r.err, worktime.ErrUnavailable)
			require.NotErrorIs(t, r.err, context.DeadlineExceeded)
		}
		began := time.Now()
		_, err = w.source.Authorize(t.Context())
		require.ErrorIs(t, err, worktime.ErrUnavailable)
		assert.Zero(t, time.Since(began), "who comes later does not wait as long again")
		_, err = w.source.Refused(t.Context(), "Bearer x", http.Header{})
		require.ErrorIs(t, err, worktime.ErrUnavailable)

		close(stuck)
		synctest.Wait()
		time.Sleep(failureShare)
		assert.Equal(t, "tok-1", w.authorize(), "it came to itself")
	})
}

// A living token is served while the store hangs.
func TestStoreThatHangsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		store := &flaky{Store: tokenstore.Memory()}
		w := newWorld(t, storing(store))
		began := time.Now()
		w.authorize()
		store.before = func(context.Context) error { <-stuck; return nil }
		time.Sleep(halfAnHour - softLimit)
		for time.Since(began) < halfAnHour-hardLimit-time.Second {
			require.Equal(t, "tok-1", w.authorize())
			time.Sleep(time.Second)
		}
		close(stuck)
	})
}

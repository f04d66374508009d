package auth

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

var errDisk = errors.New("no space left on device")

// full is a store whose disk can be full before or after the change, and which counts.
type full struct {
	tokenstore.Store
	before, after bool
	updates       int
}

func (f *full) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	f.updates++
	if f.before {
		return errDisk
	}
	var unsaved *tokenstore.Record
	err := f.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		r, err := change(ctx, old)
		if err == nil && f.after {
			unsaved = r
			return nil, errDisk
		}
		return r, err
	})
	if unsaved != nil {
		return &tokenstore.SaveError{Path: "/tokens/acme.json", Record: *unsaved, Err: errDisk}
	}
	return err
}

// A store that cannot write says so before anything is spent (F8).
func TestFullBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &full{Store: tokenstore.Memory()}
		l := newLogin(t, softLimit, storing(store))
		l.authorize()
		store.before = true
		for range 9 {
			require.Equal(t, at(0), l.authorize(), "a living token goes on serving")
			time.Sleep(softLimit / 10)
		}
		time.Sleep(softLimit)
		for range 3 {
			_, err := l.source.Authorize(t.Context())
			require.ErrorIs(t, err, errDisk)
			authError(t, err)
			time.Sleep(failureShare)
		}
		assert.Zero(t, l.tokenRequests(), "nothing is spent")
		store.before = false
		assert.Equal(t, at(1), l.authorize())
		l.kept(t)
	})
}

// The disk fills while the answer is under way: the new token serves, is saved as soon as that is
// possible, and is tried no more often than every 30 s.
func TestFullAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &full{Store: tokenstore.Memory()}
		l := newLogin(t, 0, storing(store))
		store.after = true
		ask(l.source, 100, background).allGot(t, 100, at(1), nil)
		last := l.refreshed()[0]
		require.Error(t, last.Err, "the trace says that it is not saved")
		assert.ErrorIs(t, last.Err, errDisk)
		assert.ErrorContains(t, last.Err, "/tokens/acme.json")
		noCanary(t, last.Err)
		assert.Equal(t, rt(0), l.stored(t).RefreshToken)

		before := store.updates
		for range 100 {
			require.Equal(t, at(1), l.authorize())
			time.Sleep(3 * time.Second)
		}
		synctest.Wait()
		assert.InDelta(t, 10, store.updates-before, 1)
		assert.Equal(t, 1, l.tokenRequests(), "there is only something to save")

		store.after = false
		time.Sleep(failurePause)
		l.authorize()
		synctest.Wait()
		record := l.stored(t)
		assert.Equal(t, rt(1), record.RefreshToken)
		assert.Equal(t, at(1), record.AccessToken)
		require.NoError(t, l.refreshed()[l.flights()-1].Err)
		before = store.updates
		time.Sleep(time.Minute)
		l.authorize()
		synctest.Wait()
		assert.Equal(t, before, store.updates, "it is saved")
		l.kept(t)
	})
}

// A disk that stays full for several lives of the token: each refresh goes on from the newest one,
// which nobody has but this process.
func TestFullForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &full{Store: tokenstore.Memory()}
		l := newLogin(t, 0, storing(store))
		store.after = true
		for n := range 10 {
			require.Equal(t, at(n+1), l.authorize())
			time.Sleep(halfAnHour + time.Minute)
		}
		_, _, reused := l.peer.state()
		require.Zero(t, reused)
		assert.Equal(t, rt(0), l.stored(t).RefreshToken)
		store.after = false
		assert.Equal(t, at(11), l.authorize())
		l.kept(t)
	})
}

// The server is out of reach, too: what could not be saved is saved all the same.
func TestSavedDuringAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &full{Store: tokenstore.Memory()}
		l := newLogin(t, 0, storing(store))
		store.after = true
		require.Equal(t, at(1), l.authorize())
		store.after = false
		time.Sleep(2 * halfAnHour)
		l.peer.asked = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			reply(w, http.StatusServiceUnavailable, "")
			return true
		}
		_, err := l.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrUnavailable)
		assert.Equal(t, rt(1), l.stored(t).RefreshToken)
		time.Sleep(failureShare)
		l.kept(t)
	})
}

// With the disk full, an access token refused and the answer lost, the copy in the store is the
// older one, and must not be taken for somebody else's.
func TestOldCopyIsNotTakenForTheirs(t *testing.T) {
	for name, fault := range map[string]func(http.ResponseWriter, *http.Request, int) bool{
		"lost request": func(_ http.ResponseWriter, _ *http.Request, n int) bool {
			if n == 2 {
				panic(http.ErrAbortHandler)
			}
			return false
		},
		"invalid_grant": func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n == 2 {
				reply(w, 400, `{"error":"invalid_grant"}`)
			}
			return n == 2
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &full{Store: tokenstore.Memory()}
				l := newLogin(t, softLimit, storing(store), serving(refusing(at(1))))
				store.after = true
				l.authorize()
				l.authorize() // ahead of the end of at-0
				synctest.Wait()
				require.Equal(t, at(1), l.authorize())
				l.peer.mu.Lock()
				l.peer.asked = fault
				l.peer.mu.Unlock()
				resp, err := l.call(t.Context(), l.source, "")
				if name == "invalid_grant" {
					assertIs(t, err, worktime.ErrLoginRequired)
				} else if assert.NoError(t, err) {
					assert.Contains(t, string(resp.Body), at(2))
					resp.Release()
				}
				_, _, reused := l.peer.state()
				assert.Zero(t, reused)
				store.after = false
				time.Sleep(failurePause)
				_, _ = l.source.Authorize(t.Context())
				synctest.Wait()
				if name == "invalid_grant" {
					assert.NotEmpty(t, l.stored(t).Problem)
					assert.Equal(t, rt(1), l.stored(t).RefreshToken)
					return
				}
				l.kept(t)
			})
		})
	}
}

// Close saves what is not saved, without a request, or says why it cannot.
func TestCloseSaves(t *testing.T) {
	for _, idle := range []time.Duration{0, time.Minute, 2 * halfAnHour} {
		synctest.Test(t, func(t *testing.T) {
			store := &full{Store: tokenstore.Memory()}
			l := newLogin(t, 0, storing(store))
			store.after = true
			require.Equal(t, at(1), l.authorize())
			time.Sleep(idle)
			for range 2 {
				err := l.source.Close(t.Context())
				require.ErrorIs(t, err, errDisk)
				authError(t, err)
				require.ErrorContains(t, err, "/tokens/acme.json")
				noCanary(t, err)
			}
			store.after = false
			require.NoError(t, l.source.Close(t.Context()))
			require.NoError(t, l.source.Close(t.Context()))
			assert.Equal(t, 1, l.tokenRequests(), "no token is asked for")
			l.kept(t)
		})
	}
}

// Somebody logs in again while ours is not saved: theirs is the login now.
func TestAnotherLoginReplacesTheUnsaved(t *testing.T) {
	for name, read := range map[string]func(*login){
		"by the next call": func(l *login) { time.Sleep(failurePause); l.authorize(); synctest.Wait() },
		"by Close":         func(l *login) { assert.NoError(l.t, l.source.Close(context.Background())) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &full{Store: tokenstore.Memory()}
				l := newLogin(t, 0, storing(store))
				store.after = true
				require.Equal(t, at(1), l.authorize())
				store.after = false
				time.Sleep(time.Second)
				theirs := l.stored(t)
				theirs.AccessToken, theirs.RefreshToken, theirs.Generation = "at-theirs", "c4n4ry-rt-theirs", 1
				theirs.IssuedAt, theirs.Expiry = time.Now(), time.Now().Add(halfAnHour)
				put(t, l.world, theirs)
				l.peer.mu.Lock()
				l.peer.live = theirs.RefreshToken
				l.peer.mu.Unlock()
				read(l)
				assert.Equal(t, theirs.RefreshToken, l.stored(t).RefreshToken)
				if name == "by the next call" {
					assert.Equal(t, "at-theirs", l.authorize())
				}
				assert.Equal(t, 1, l.tokenRequests())
				l.kept(t)
			})
		})
	}
}

// A store that panics, exits or hangs costs no login: before the change nothing is spent, after
// it the new token serves, and is saved when the store has come to itself (F25).
func TestRefreshOverABadStore(t *testing.T) {
	for name, misbehave := range map[string]func(context.Context) error{
		"panics": func(context.Context) error { panic(rt(0) + rt(1)) },
		"exits":  func(context.Context) error { runtime.Goexit(); return nil },
		"blocks": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"fails":  func(context.Context) error { return errDisk },
	} {
		for _, place := range []string{"before", "after"} {
			t.Run(name+" "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					store := &flaky{Store: tokenstore.Memory()}
					l := newLogin(t, 0, storing(store), options(func(o *worktime.Options) {
						o.Logger = slog.New(slog.NewTextHandler(&log, nil))
					}))
					store.before = misbehave
					if place == "after" {
						store.before, store.after = nil, misbehave
					}
					callers := ask(l.source, 100, background)
					callers.wg.Wait()
					for _, r := range callers.returned() {
						if place == "after" {
							require.NoError(t, r.err)
							require.Equal(t, "Bearer "+at(1), r.value)
							continue
						}
						authError(t, r.err)
						noCanary(t, r.err)
					}
					synctest.Wait()
					*store = flaky{Store: store.Store}
					time.Sleep(failurePause)
					require.Equal(t, at(1), l.authorize())
					synctest.Wait()
					assert.Equal(t, 1, l.tokenRequests())
					assert.NotContains(t, log.String(), canary)
					assert.Contains(t, log.String(), "token refresh")
					l.kept(t)
				})
			})
		}
	}
}

// A store that never comes back from saving, whatever its context says, keeps nobody from the token.
func TestStoreHangsWhileSaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &flaky{Store: tokenstore.Memory()}
		l := newLogin(t, 0, storing(store))
		stuck := make(chan struct{})
		store.after = func(context.Context) error { <-stuck; return nil }
		ask(l.source, 100, background).allGot(t, 100, at(1), nil)
		began := time.Now()
		require.Equal(t, at(1), l.authorize())
		assert.Zero(t, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.source.Close(ctx), context.DeadlineExceeded)
		close(stuck)
		require.NoError(t, l.source.Close(t.Context()))
		l.kept(t)
	})
}

package transport

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const quotaWindow = 5 * time.Minute

// quotaServer counts requests in fixed windows, the first of which begins with the first request.
type quotaServer struct {
	mu     sync.Mutex
	limit  int
	silent bool // says nothing of it, but with a 429
	began  time.Time
	used   int
	full   int // answers 429
}

func (s *quotaServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.began.Add(quotaWindow)) {
		s.began, s.used = now, 0
	}
	if s.used >= s.limit || !s.silent {
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
		w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.limit-s.used-1)))
	}
	if s.used >= s.limit {
		s.full++
		w.Header().Set("Retry-After", strconv.Itoa(int((time.Until(s.began.Add(quotaWindow))+time.Second-1)/time.Second)))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	s.used++
}

// call is one that counts.
func (q *Quota) call(w *world, class Class) *Call {
	call := w.call(class)
	call.Quota = q
	return call
}

// A paced job of many windows meets no 429, whether it is alone from the beginning of a window or
// not, and by one goroutine or several.
func TestQuotaPaced(t *testing.T) {
	for name, c := range map[string]struct{ limit, before, goroutines int }{
		"alone":            {500, 0, 1},
		"larger plan":      {2000, 0, 1},
		"four goroutines":  {500, 0, 4},
		"much is used":     {500, 480, 2},
		"nearly all used":  {500, 499, 1},
		"smaller than any": {20, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &quotaServer{limit: c.limit, began: time.Now(), used: c.before}
				w := newWorld(t, server.ServeHTTP)
				quota := NewQuota(quotaWindow, min(500, c.limit), true)
				var group sync.WaitGroup
				for range c.goroutines {
					group.Go(func() {
						for range 3 * c.limit / c.goroutines {
							_, err := w.do(t.Context(), quota.call(w, Safe))
							assert.NoError(t, err)
						}
					})
				}
				group.Wait()
				assert.Zero(t, server.full, "answers 429")
				assert.Less(t, w.now(), 5*quotaWindow)
				state := quota.State()
				assert.True(t, state.Known)
				assert.Equal(t, c.limit, state.Limit)
				assert.Equal(t, c.limit-server.used, state.Remaining)
			})
		})
	}
}

// Calls are spread: nobody stands still at the end of a window.
func TestQuotaSpreads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 500}
		w := newWorld(t, server.ServeHTTP)
		quota := NewQuota(quotaWindow, 500, true)
		for range 1000 {
			_, err := w.do(t.Context(), quota.call(w, Safe))
			require.NoError(t, err)
		}
		var before time.Duration
		for i, s := range w.seen() {
			assert.Less(t, s.At-before, 5*time.Second, "request %d", i)
			before = s.At
		}
	})
}

// Without the pacer the quota is only watched, and a 429 is waited out once by all.
func TestQuotaUnpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 500}
		w := newWorld(t, server.ServeHTTP, options(func(o *worktime.Options) { o.Retry.MaxWait = quotaWindow }))
		quota := NewQuota(quotaWindow, 500, false)
		for range 500 {
			_, err := w.do(t.Context(), quota.call(w, Safe))
			require.NoError(t, err)
		}
		assert.Zero(t, w.now())
		assert.Zero(t, quota.State().Remaining)
		_, err := w.do(t.Context(), quota.call(w, Safe))
		require.NoError(t, err)
		assert.Equal(t, 1, server.full)
		assert.Greater(t, w.now(), quotaWindow)
		assert.Equal(t, 499, quota.State().Remaining)
	})
}

// A turn that comes after the caller's deadline is not waited for.
func TestQuotaDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 1}
		w := newWorld(t, server.ServeHTTP)
		quota := NewQuota(quotaWindow, 500, true)
		_, err := w.do(t.Context(), quota.call(w, Safe))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		before := w.now()
		_, err = w.do(ctx, quota.call(w, Safe))
		require.ErrorIs(t, err, worktime.ErrRateLimited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, before, w.now())
	})
}

// A server that tells nothing is paced by what was assumed, and unreadable words are no news.
func TestQuotaUntold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-RateLimit-Limit", "many")
			w.Header().Set("X-RateLimit-Remaining", "-1")
		})
		quota := NewQuota(quotaWindow, 500, true)
		for range 501 {
			_, err := w.do(t.Context(), quota.call(w, Safe))
			require.NoError(t, err)
		}
		assert.Equal(t, quotaWindow, w.now().Round(time.Millisecond))
		assert.Zero(t, quota.State())
	})
}

// Calls that got no answer do not slow down those that come later.
func TestQuotaAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 500, began: time.Now()}
		var down atomic.Bool
		w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
			if down.Load() {
				panic(http.ErrAbortHandler)
			}
			server.ServeHTTP(rw, r)
		})
		quota := NewQuota(quotaWindow, 500, true)
		_, err := w.do(t.Context(), quota.call(w, Once))
		require.NoError(t, err)
		down.Store(true)
		for range 200 {
			_, err = w.do(t.Context(), quota.call(w, Once))
			require.Error(t, err)
		}
		for range 100 { // and some that leave when it is their turn to wait
			ctx, cancel := context.WithCancel(t.Context())
			go func() { time.Sleep(time.Millisecond); cancel() }()
			_, err = w.do(ctx, quota.call(w, Once))
			require.Error(t, err)
		}
		down.Store(false)
		quota.mu.Lock()
		flying := quota.flying
		quota.mu.Unlock()
		assert.Zero(t, flying)
	})
}

// More calls at once than the quota has left wait for no longer than the quota takes.
func TestQuotaOfManyGoroutines(t *testing.T) {
	for name, c := range map[string]struct{ before, goroutines, each, windows int }{
		"more than the limit":     {0, 600, 3, 4},
		"more than what was left": {490, 40, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &quotaServer{limit: 500, began: time.Now(), used: c.before}
				w := newWorld(t, server.ServeHTTP)
				quota := NewQuota(quotaWindow, 500, true)
				do := func() {
					_, err := w.do(t.Context(), quota.call(w, Safe))
					assert.NoError(t, err)
				}
				do() // tells what is left
				var group sync.WaitGroup
				for range c.goroutines {
					group.Go(func() {
						for range c.each {
							do()
						}
					})
				}
				group.Wait()
				assert.Zero(t, server.full, "answers 429")
				assert.Less(t, w.now(), time.Duration(c.windows)*quotaWindow)
			})
		})
	}
}

// Callers that do not wait for their turn take no time from those that do.
func TestQuotaOfThoseWhoLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 500}
		w := newWorld(t, server.ServeHTTP)
		call := NewQuota(quotaWindow, 500, true).call(w, Safe)
		for range 3 {
			_, err := w.do(t.Context(), call)
			require.NoError(t, err)
		}
		soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		before := w.now()
		for range 1000 {
			_, err := w.do(soon, call)
			require.ErrorIs(t, err, worktime.ErrRateLimited)
		}
		assert.Equal(t, before, w.now(), "at once")
		leaving, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				_, err := w.do(leaving, call)
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		synctest.Wait()
		leave()
		group.Wait()
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
		assert.Less(t, w.now()-before, time.Second)
	})
}

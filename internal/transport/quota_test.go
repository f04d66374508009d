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
				w.host.Quota = NewQuota(quotaWindow, min(500, c.limit), true)
				var group sync.WaitGroup
				for range c.goroutines {
					group.Go(func() {
						for range 3 * c.limit / c.goroutines {
							_, err := w.do(t.Context(), w.call(Safe))
							assert.NoError(t, err)
						}
					})
				}
				group.Wait()
				assert.Zero(t, server.full, "answers 429")
				assert.Less(t, w.now(), 5*quotaWindow)
				state := w.host.Quota.State()
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
		w.host.Quota = NewQuota(quotaWindow, 500, true)
		for range 1000 {
			_, err := w.do(t.Context(), w.call(Safe))
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
		w.host.Quota = NewQuota(quotaWindow, 500, false)
		for range 500 {
			_, err := w.do(t.Context(), w.call(Safe))
			require.NoError(t, err)
		}
		assert.Zero(t, w.now())
		assert.Zero(t, w.host.Quota.State().Remaining)
		_, err := w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		assert.Equal(t, 1, server.full)
		assert.Greater(t, w.now(), quotaWindow)
		assert.Equal(t, 499, w.host.Quota.State().Remaining)
	})
}

// A turn that comes after the caller's deadline is not waited for.
func TestQuotaDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &quotaServer{limit: 1}
		w := newWorld(t, server.ServeHTTP)
		w.host.Quota = NewQuota(quotaWindow, 500, true)
		_, err := w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		before := w.now()
		_, err = w.do(ctx, w.call(Safe))
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
		w.host.Quota = NewQuota(quotaWindow, 500, true)
		for range 501 {
			_, err := w.do(t.Context(), w.call(Safe))
			require.NoError(t, err)
		}
		assert.Equal(t, quotaWindow, w.now().Round(time.Millisecond))
		assert.Zero(t, w.host.Quota.State())
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
		w.host.Quota = NewQuota(quotaWindow, 500, true)
		_, err := w.do(t.Context(), w.call(Once))
		require.NoError(t, err)
		down.Store(true)
		for range 200 {
			_, err = w.do(t.Context(), w.call(Once))
			require.Error(t, err)
		}
		for range 100 { // and some that leave when it is their turn to wait
			ctx, cancel := context.WithCancel(t.Context())
			go func() { time.Sleep(time.Millisecond); cancel() }()
			_, err = w.do(ctx, w.call(Once))
			require.Error(t, err)
		}
		down.Store(false)
		w.host.Quota.mu.Lock()
		flying := w.host.Quota.flying
		w.host.Quota.mu.Unlock()
		assert.Zero(t, flying)
	})
}

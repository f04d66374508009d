package auth

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestCloseWaitsForTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		callers := ask(w.source, 100, background)
		synctest.Wait()
		closed := make(chan error, 3)
		for range 3 {
			go func() { closed <- w.source.Close(context.Background()) }()
		}
		synctest.Wait()
		require.Empty(t, closed, "the endpoint is still blocked")
		endpoint.open()
		for range 3 {
			require.NoError(t, <-closed)
		}
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Equal(t, "tok-1", record.AccessToken, "it is saved by now")
		callers.allGot(t, 100, "tok-1", nil)
	})
}

func TestCloseWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		callers := ask(w.source, 10, background)
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, w.source.Close(ctx), context.DeadlineExceeded)
		ended, end := context.WithCancel(t.Context())
		end()
		require.ErrorIs(t, w.source.Close(ended), context.Canceled)

		endpoint.open()
		callers.allGot(t, 10, "tok-1", nil)
		assert.NoError(t, w.source.Close(t.Context()))
		assert.NoError(t, w.source.Close(ended), "there is nothing left to wait for")
	})
}

func TestCloseWithAStoreThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &flaky{Store: tokenstore.Memory(), before: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		w := newWorld(t, storing(store))
		callers := ask(w.source, 10, background)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, w.source.Close(ctx), context.DeadlineExceeded)
		require.NoError(t, w.source.Close(t.Context()), "the flight has limits of its own")
		callers.wg.Wait()
	})
}

func TestCloseStartsNoFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		for range 3 {
			require.NoError(t, w.source.Close(t.Context()))
		}
		began := time.Now()
		for time.Since(began) < halfAnHour-time.Second { // also past both thresholds
			require.Equal(t, "tok-1", w.authorize(), "what is there still serves, after %v", time.Since(began))
			time.Sleep(time.Second)
		}
		value, err := w.source.Refused(t.Context(), "Bearer tok-1", nil)
		require.NoError(t, err)
		require.Empty(t, value)

		time.Sleep(time.Second)
		for range 10 {
			_, err = w.source.Authorize(t.Context())
			authError(t, err)
			require.ErrorContains(t, err, "closed")
		}
		_, err = w.source.TokenSource(t.Context()).Token()
		require.ErrorContains(t, err, "closed")
		synctest.Wait()
		assert.Equal(t, 1, w.tokenRequests())
	})
}

// After Close nothing of the source's runs any more, its events included.
func TestCloseReturnsAfterTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan struct{}, 1)
		w := newWorld(t, options(func(o *worktime.Options) {
			o.Trace = &worktime.Trace{TokenRefreshed: func(context.Context, worktime.TokenRefreshedInfo) {
				time.Sleep(time.Second)
				told <- struct{}{}
			}}
		}))
		callers := ask(w.source, 1, background)
		time.Sleep(time.Second / 2) // the token is there, and being told of
		require.NoError(t, w.source.Close(t.Context()))
		after := len(told)
		time.Sleep(time.Second)
		assert.Equal(t, 1, after)
		callers.allGot(t, 1, "tok-1", nil)
	})
}

func TestCloseOfAnUnusedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		require.NoError(t, w.source.Close(t.Context()))
		_, err := w.source.Authorize(t.Context())
		authError(t, err)
		assert.Zero(t, w.tokenRequests())
	})
}

// A flight that began in the background counts too, and closing one source leaves another of the
// same login alone.
func TestCloseDuringABackgroundRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.granting()))
		other := w.another()
		w.authorize()
		time.Sleep(halfAnHour - softLimit)
		w.authorize()
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- w.source.Close(context.Background()) }()
		synctest.Wait()
		require.Empty(t, closed)
		endpoint.open()
		require.NoError(t, <-closed)
		value, err := other.Authorize(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "Bearer tok-2", value)
		assert.Equal(t, 2, w.tokenRequests())
	})
}

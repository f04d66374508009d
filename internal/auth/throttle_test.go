package auth

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// throttled answers 429 to the first n requests and grants the others.
func throttled(n int, retryAfter string) setting {
	return answering(func(w http.ResponseWriter, _ *http.Request, i int) {
		if i <= n {
			reply(w, http.StatusTooManyRequests, "", "Retry-After", retryAfter)
			return
		}
		grant(w, i)
	})
}

func TestThrottledEndpointIsAskedOnceAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled(3, "20"))
		began := time.Now()
		callers := ask(w.source, 1000, background)
		time.Sleep(50 * time.Second) // some come later, and are held too
		later := ask(w.source, 1000, background)
		synctest.Wait()
		require.Empty(t, callers.returned())
		require.Empty(t, later.returned())
		callers.allGot(t, 1000, "tok-4", nil)
		later.allGot(t, 1000, "tok-4", nil)

		require.Equal(t, 4, w.tokenRequests())
		for i := 1; i < 4; i++ {
			pause := w.tokens[i].At.Sub(w.tokens[i-1].At)
			assert.GreaterOrEqual(t, pause, 20*time.Second)
			assert.LessOrEqual(t, pause, 22*time.Second)
		}
		assert.Equal(t, w.tokens[3].At.Sub(began), time.Since(began), "and are let go at once")
		assert.Equal(t, 1, w.flights())
	})
}

func TestThrottledForLongerThanTheCap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled(1, "120"))
		began := time.Now()
		callers := ask(w.source, 1000, background)
		callers.wg.Wait()
		require.Zero(t, time.Since(began), "nobody waits to fail")
		require.Len(t, callers.returned(), 1000)
		for _, r := range callers.returned() {
			require.ErrorIs(t, r.err, worktime.ErrRateLimited)
			a := authError(t, r.err)
			require.Equal(t, 2*time.Minute, a.RetryAfter)
			require.NotErrorIs(t, r.err, context.DeadlineExceeded)
		}

		for range 59 { // while more is left than the cap
			time.Sleep(time.Second)
			_, err := w.source.Authorize(t.Context())
			assertIs(t, err, worktime.ErrRateLimited)
			a := authError(t, err)
			require.Equal(t, 2*time.Minute-time.Since(began), a.RetryAfter, "it tells what is left")
			require.Zero(t, a.Attempts, "nothing was sent")
		}
		require.Equal(t, 1, w.tokenRequests())

		time.Sleep(2 * time.Second)
		callers = ask(w.source, 1000, background)
		callers.allGot(t, 1000, "tok-2", nil)
		require.Equal(t, 2, w.tokenRequests())
		assert.GreaterOrEqual(t, w.tokens[1].At.Sub(began), 2*time.Minute)
	})
}

// The cap is the caller's to set.
func TestCapOfThrottling(t *testing.T) {
	for _, c := range []struct {
		maxWait time.Duration
		waits   bool
	}{{2 * time.Minute, true}, {time.Minute, false}, {time.Second, false}, {-1, false}} {
		t.Run(c.maxWait.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, throttled(1, "90"), options(func(o *worktime.Options) { o.Retry.MaxWait = c.maxWait }))
				_, err := w.source.Authorize(t.Context())
				if c.waits {
					require.NoError(t, err)
					return
				}
				assertIs(t, err, worktime.ErrRateLimited)
				assert.Equal(t, 90*time.Second, authError(t, err).RetryAfter)
			})
		})
	}
}

func TestCallersLeaveAThrottledEndpointOnTheirDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled(1, "30"))
		began := time.Now()
		hurried := func(i int) bool { return i%10 == 0 }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		callers := ask(w.source, 1000, func(i int) context.Context {
			if hurried(i) {
				return ctx
			}
			return context.Background()
		})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Len(t, callers.returned(), 100)
		for i, r := range callers.returned() {
			require.True(t, hurried(i))
			require.ErrorIs(t, r.err, context.DeadlineExceeded)
		}
		callers.allGot(t, 1000, "tok-2", hurried)
		assert.GreaterOrEqual(t, time.Since(began), 30*time.Second)
		assert.Equal(t, 2, w.tokenRequests())
	})
}

// A flight that has no time left for another window says what the server said.
func TestThrottledToTheEndOfTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled(1000, "55"))
		began := time.Now()
		_, err := w.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrRateLimited)
		a := authError(t, err)
		assert.Equal(t, 55*time.Second, a.RetryAfter)
		assert.Equal(t, w.tokenRequests(), a.Attempts)
		assert.LessOrEqual(t, time.Since(began), flightLimit)
	})
}

// The same for an endpoint that is down and asks for patience.
func TestOverdueAfter503(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusServiceUnavailable, "", "Retry-After", "59")),
			options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{MaxAttempts: 100} }))
		began := time.Now()
		_, err := w.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrUnavailable)
		assert.Equal(t, http.StatusServiceUnavailable, authError(t, err).StatusCode)
		assert.Less(t, time.Since(began), flightLimit)
		assert.LessOrEqual(t, w.tokenRequests(), 6)
	})
}

// A 429 is no reason to take a token away that still lives, and none to hold the API.
func TestThrottledEndpointHoldsNoLivingToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		w.set(always(http.StatusTooManyRequests, "", "Retry-After", "50"))
		began := time.Now()
		for time.Since(began) < halfAnHour-hardLimit-time.Second {
			time.Sleep(time.Second)
			at := time.Now()
			resp, err := w.call(t.Context(), w.source, "")
			require.NoError(t, err)
			resp.Release()
			require.Zero(t, time.Since(at), "after %v", time.Since(began))
		}
		synctest.Wait()
		for i := 2; i < len(w.tokens); i++ {
			assert.GreaterOrEqual(t, w.tokens[i].At.Sub(w.tokens[i-1].At), 50*time.Second)
		}
		assert.LessOrEqual(t, w.tokenRequests(), 1+int(softLimit/(50*time.Second))+1)
	})
}

// Two logins at one login server share its window.
func TestLoginsOfOneServerShareTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, throttled(1, "40"))
		began := time.Now()
		first := ask(w.source, 100, background)
		synctest.Wait()
		require.Equal(t, 1, w.tokenRequests())
		w.key.Digest += "another"
		other := w.another()
		second := ask(other, 100, background)
		time.Sleep(40*time.Second - 1)
		synctest.Wait()
		require.Equal(t, 1, w.tokenRequests())
		first.wg.Wait()
		second.wg.Wait()
		assert.Equal(t, 3, w.tokenRequests(), "one for each login")
		assert.GreaterOrEqual(t, w.tokens[1].At.Sub(began), 40*time.Second)
	})
}

// Without a Retry-After the pauses grow, and the tenth 429 is the last.
func TestThrottledWithoutAWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusTooManyRequests, "")))
		callers := ask(w.source, 1000, background)
		callers.wg.Wait()
		assert.Equal(t, 10, w.tokenRequests())
		for _, r := range callers.returned() {
			require.ErrorIs(t, r.err, worktime.ErrRateLimited)
		}
		for i := 1; i < len(w.tokens); i++ {
			assert.GreaterOrEqual(t, w.tokens[i].At.Sub(w.tokens[i-1].At), time.Second, strconv.Itoa(i))
		}
	})
}

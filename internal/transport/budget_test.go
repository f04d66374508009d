package transport

import (
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// counted answers with the status that status holds, and counts.
type counted struct{ status, sent atomic.Int64 }

func (c *counted) RoundTrip(*http.Request) (*http.Response, error) {
	c.sent.Add(1)
	return canned(int(c.status.Load()), ""), nil
}

func noDelay(o *worktime.Options) { o.Retry.BaseDelay = -1 }

// A thousand calls to a dead host send a thousand requests and about a hundred repetitions.
func TestBudgetInAnOutage(t *testing.T) {
	host := &counted{}
	host.status.Store(503)
	client, call := stubbed(t, host, noDelay)
	for range 1000 {
		_, err := client.Do(t.Context(), call)
		requireIs(t, err, worktime.ErrUnavailable)
	}
	require.LessOrEqual(t, host.sent.Load(), int64(1100))
	require.Greater(t, host.sent.Load(), int64(1050), "the budget serves for a while")

	// No breaker: with an empty budget each call still goes out, once.
	before := host.sent.Load()
	for range 100 {
		_, err := client.Do(t.Context(), call)
		require.Equal(t, 1, failure(t, err).Attempts)
	}
	require.Equal(t, before+100, host.sent.Load())
}

// The same from many goroutines, which must not spend more than there is.
func TestBudgetConcurrently(t *testing.T) {
	host := &counted{}
	host.status.Store(503)
	client, call := stubbed(t, host, noDelay)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				_, _ = client.Do(t.Context(), call)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1000+budgetFull/budgetRetry, host.sent.Load())
}

// Successes bring it back: five for one repetition, and never more than a full one.
func TestBudgetRecovers(t *testing.T) {
	host := &counted{}
	client, call := stubbed(t, host, noDelay)
	run := func(status int64, n int) (sent int64) {
		host.status.Store(status)
		before := host.sent.Load()
		for range n {
			resp, err := client.Do(t.Context(), call)
			if err == nil {
				resp.Release()
			}
		}
		return host.sent.Load() - before
	}
	run(503, 200)
	require.EqualValues(t, 10, run(503, 10), "empty")
	require.EqualValues(t, 50, run(200, 50))
	require.EqualValues(t, 20+10, run(503, 20), "50 successes pay for 10 repetitions")
	run(200, 5000)
	require.EqualValues(t, 1000+100, run(503, 1000), "full again, and no fuller")
}

// Refusals, 429 and the repetition after a 401 cost nothing; only successes give back.
func TestBudgetOtherOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(404), answer(429), answer(401), answer(200), answer(503), answer(503), answer(400)))
		require.Error(t, second(w.do(t.Context(), w.call(Safe)))) // 404
		require.Zero(t, w.host.budget.spent.Load())
		call := w.call(Safe)
		call.Auth = &login{value: "Bearer first-token", refused: answerWith("Bearer second-token")}
		require.NoError(t, second(w.do(t.Context(), call))) // 429, 401, 200
		require.Zero(t, w.host.budget.spent.Load())
		require.Error(t, second(w.do(t.Context(), w.call(Safe)))) // 503, 503, 400
		require.EqualValues(t, 2*budgetRetry, w.host.budget.spent.Load())
		require.Error(t, second(w.do(t.Context(), w.call(Safe)))) // 400
		require.EqualValues(t, 2*budgetRetry, w.host.budget.spent.Load())
	})
}

func second[T any](_ T, err error) error { return err }

// Another host has a budget of its own.
func TestBudgetIsTheHosts(t *testing.T) {
	host := &counted{}
	host.status.Store(503)
	client, call := stubbed(t, host, noDelay)
	for range 200 {
		_, _ = client.Do(t.Context(), call)
	}
	elsewhere := *call
	elsewhere.URL = mustURL(t, "http://localhost/")
	elsewhere.Host = NewHost(elsewhere.URL)
	_, err := client.Do(t.Context(), &elsewhere)
	require.Equal(t, 4, failure(t, err).Attempts)
}

// Full jitter: the waits are evenly spread between zero and the limit.
func TestFullJitter(t *testing.T) {
	const draws = 100_000
	p := newRetryPolicy(worktime.RetryPolicy{BaseDelay: time.Second, MaxWait: 5 * time.Second})
	for n, limit := range []float64{1, 2, 4, 5, 5} {
		sum, squares, lowest, highest := 0.0, 0.0, math.Inf(1), 0.0
		for range draws {
			d := p.backoff(n).Seconds()
			sum += d
			squares += d * d
			lowest, highest = min(lowest, d), max(highest, d)
		}
		mean := sum / draws
		spread := math.Sqrt(squares/draws - mean*mean)
		require.InEpsilon(t, limit/2, mean, 0.01)
		require.InEpsilon(t, limit/math.Sqrt(12), spread, 0.01)
		require.GreaterOrEqual(t, lowest, 0.0)
		require.Less(t, lowest, limit/100)
		require.LessOrEqual(t, highest, limit)
		require.Greater(t, highest, limit*0.99)
	}
}

// Whatever the policy and however many attempts, a wait is neither negative nor over the cap.
func TestBackoffBounds(t *testing.T) {
	for _, base := range []time.Duration{-1, 0, 1, time.Second, 24 * time.Hour, math.MaxInt64} {
		for _, most := range []time.Duration{-1, 0, 1, time.Second, 24 * time.Hour, math.MaxInt64} {
			p := newRetryPolicy(worktime.RetryPolicy{BaseDelay: base, MaxWait: most})
			for _, n := range []int{0, 1, 10, 19, 20, 21, 62, 63, 64, 1000} {
				for range 20 {
					d := p.backoff(n)
					require.GreaterOrEqual(t, d, time.Duration(0))
					require.LessOrEqual(t, d, p.maxWait)
				}
			}
		}
	}
}

// Two programs that start together and meet the same outage do not come back in step.
func TestTwoClientsDoNotRetryInStep(t *testing.T) {
	together := 0
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			var second [2]time.Duration
			var wg sync.WaitGroup
			for i := range second {
				began, n := time.Now(), 0
				client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
					if n++; n == 1 {
						return canned(503, ""), nil
					}
					second[i] = time.Since(began)
					return canned(200, ""), nil
				}))
				wg.Go(func() {
					resp, err := client.Do(t.Context(), call)
					if err == nil {
						resp.Release()
					}
				})
			}
			wg.Wait()
			if (second[0] - second[1]).Abs() < time.Millisecond {
				together++
			}
		})
	}
	require.Less(t, together, 10)
}

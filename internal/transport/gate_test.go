package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// limitedHost is a server that answers 429 at times, without a connection, so that a thousand
// callers cost nothing.
type limitedHost struct {
	mu     sync.Mutex
	began  time.Time
	status func(n int) (after string) // "" for a success
	sent   []time.Duration
}

func newLimitedHost(after func(n int) string) *limitedHost {
	return &limitedHost{began: time.Now(), status: after}
}

func (h *limitedHost) RoundTrip(*http.Request) (*http.Response, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent = append(h.sent, time.Since(h.began))
	if after := h.status(len(h.sent)); after != "" {
		return canned(429, "", "Retry-After", after), nil
	}
	return canned(200, ""), nil
}

// herd makes n calls at once and returns their errors.
func herd(ctx context.Context, client *Client, call *Call, n int) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			resp, err := client.Do(ctx, call)
			if errs[i] = err; err == nil {
				resp.Release()
			}
		})
	}
	wg.Wait()
	return errs
}

func requireNone(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// requireStaggered checks that requests went out one by one.
func requireStaggered(t *testing.T, sent []time.Duration) {
	t.Helper()
	for i := 1; i < len(sent); i++ {
		require.GreaterOrEqual(t, sent[i]-sent[i-1], spacing, "requests %d and %d went together", i-1, i)
	}
}

// One 429, then 50 callers: none goes before Retry-After, and they do not go together.
func TestGateHoldsLaterCallers(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			host := newLimitedHost(func(n int) string {
				if n == 1 {
					return "5"
				}
				return ""
			})
			client, call := stubbed(t, host)
			requireNone(t, herdAfterFirst(t, client, call, 49))

			require.Len(t, host.sent, 51)
			require.GreaterOrEqual(t, host.sent[1], 5*time.Second)
			require.LessOrEqual(t, host.sent[1], 5500*time.Millisecond)
			requireStaggered(t, host.sent[1:])
			require.LessOrEqual(t, host.sent[50], 5500*time.Millisecond+50*spacing)
		})
	}
}

// All 50 are under way when the server says 429 to each: the same holds for their repetitions.
func TestGateHoldsCallersUnderWay(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			host := newLimitedHost(func(n int) string {
				if n <= 50 {
					return "5"
				}
				return ""
			})
			client, call := stubbed(t, slow{host, time.Second})
			requireNone(t, herd(t.Context(), client, call, 50))

			require.Len(t, host.sent, 100)
			require.GreaterOrEqual(t, host.sent[50], 6*time.Second, "5 s after the answer")
			requireStaggered(t, host.sent[50:])
			require.LessOrEqual(t, host.sent[99], 1*time.Second+5500*time.Millisecond+1*time.Second+51*spacing)
		})
	}
}

// slow takes its time before the request arrives.
type slow struct {
	http.RoundTripper
	d time.Duration
}

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(s.d)
	return s.RoundTripper.RoundTrip(r)
}

// A server that answers 429 again while the callers leave one by one holds the rest again.
func TestGateClosesAgain(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			host := newLimitedHost(func(n int) string {
				switch n {
				case 1:
					return "5"
				case 11:
					return "20" // to the tenth that was let through
				}
				return ""
			})
			client, call := stubbed(t, host)
			requireNone(t, herdAfterFirst(t, client, call, 49))

			require.Len(t, host.sent, 52)
			again := host.sent[10] + 20*time.Second
			for _, at := range host.sent[11:] {
				require.GreaterOrEqual(t, at, again)
			}
			requireStaggered(t, host.sent[11:])
			require.LessOrEqual(t, host.sent[11], again+2*time.Second)
		})
	}
}

// meets429 makes a call that meets the first 429 and returns when it waits. The result comes
// later.
func meets429(t *testing.T, client *Client, call *Call) <-chan error {
	result := make(chan error, 1)
	go func() { result <- herd(t.Context(), client, call, 1)[0] }()
	synctest.Wait()
	return result
}

// herdAfterFirst lets one call meet the first 429 before n others come.
func herdAfterFirst(t *testing.T, client *Client, call *Call, n int) []error {
	first := meets429(t, client, call)
	return append(herd(t.Context(), client, call, n), <-first)
}

// A shorter Retry-After does not open a gate that another answer has closed for longer.
func TestGateKeepsTheLongerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newLimitedHost(func(n int) string {
			return map[int]string{1: "30", 2: "1"}[n]
		})
		client, call := stubbed(t, slow{host, time.Second})
		requireNone(t, herd(t.Context(), client, call, 2))
		require.Len(t, host.sent, 4)
		require.GreaterOrEqual(t, host.sent[2], 31*time.Second)
	})
}

// A thousand waiters leave within some seconds of the opening, spread over the time.
func TestGateManyWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newLimitedHost(func(n int) string { return map[int]string{1: "5"}[n] })
		client, call := stubbed(t, host)
		requireNone(t, herdAfterFirst(t, client, call, 1000))
		sent := host.sent[1:]
		require.Len(t, sent, 1001)
		require.GreaterOrEqual(t, sent[0], 5*time.Second)
		require.LessOrEqual(t, sent[1000], 8*time.Second)
		together := map[time.Duration]int{}
		for _, at := range sent {
			together[at.Truncate(spacing)]++
		}
		for at, n := range together {
			require.LessOrEqual(t, n, 50, "a herd at %v", at)
		}
	})
}

// A caller that cannot wait for the opening learns so at once, having sent nothing.
func TestGateCannotWait(t *testing.T) {
	for name, tt := range map[string]struct {
		deadline time.Duration
		maxWait  time.Duration
		is       []error
	}{
		"deadline":         {20 * time.Second, 0, []error{worktime.ErrRateLimited, context.DeadlineExceeded}},
		"cap":              {0, 10 * time.Second, []error{worktime.ErrRateLimited}},
		"no waits at all":  {0, -1, []error{worktime.ErrRateLimited}},
		"deadline and cap": {20 * time.Second, 10 * time.Second, []error{worktime.ErrRateLimited}},
	} {
		for _, class := range []Class{Safe, Once} {
			t.Run(name+"/"+className(class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, script(answer(429, "Retry-After", "30"), answer(200)))
					other := w.with(worktime.Options{Retry: worktime.RetryPolicy{MaxWait: tt.maxWait}})
					first := meets429(t, w.client, w.call(Safe))

					time.Sleep(time.Second)
					ctx := t.Context()
					if tt.deadline != 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, tt.deadline)
						defer cancel()
					}
					auth := &login{value: "Bearer first-token"}
					call := w.call(class)
					call.Auth = auth
					_, err := other.Do(ctx, call)
					require.Equal(t, time.Second, w.now(), "it waited to fail")
					requireIs(t, err, tt.is...)
					f := failure(t, err)
					require.Zero(t, f.Attempts)
					require.Zero(t, f.StatusCode)
					require.Equal(t, 29*time.Second, f.RetryAfter, "how long the gate stays closed from now")
					require.Zero(t, auth.authorized, "no credential is obtained for nothing")
					require.Len(t, w.seen(), 1)
					require.NoError(t, <-first)
				})
			})
		}
	}
}

// A caller whose context ends at the gate leaves at once; the others' places stay.
func TestGateWaiterCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newLimitedHost(func(n int) string { return map[int]string{1: "30"}[n] })
		client, call := stubbed(t, host)
		first := meets429(t, client, call)
		others, cancelled := make(chan []error, 1), make(chan []error, 1)
		go func() { others <- herd(t.Context(), client, call, 10) }()
		write := *call
		write.Class = Once
		ctx, cancel := context.WithCancel(t.Context())
		go func() { cancelled <- herd(ctx, client, &write, 10) }()

		time.Sleep(10 * time.Second)
		cancel()
		for _, err := range <-cancelled {
			requireIs(t, err, context.Canceled, worktime.ErrRateLimited)
			require.Zero(t, failure(t, err).Attempts)
		}
		require.Equal(t, 10*time.Second, time.Since(host.began), "they left at once")
		host.mu.Lock()
		require.Len(t, host.sent, 1)
		host.mu.Unlock()

		requireNone(t, append(<-others, <-first))
		require.Len(t, host.sent, 12)
		require.GreaterOrEqual(t, host.sent[1], 30*time.Second)
	})
}

// The gate belongs to the host: clients of the family share it, other hosts have their own.
func TestGateIsTheHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(rw http.ResponseWriter, r *http.Request) {
			if r.Host == "127.0.0.1" && r.Method == http.MethodPost {
				answer(429, "Retry-After", "30")(rw, r)
				return
			}
			answer(200)(rw, r)
		}, options(func(o *worktime.Options) { o.Retry.MaxAttempts = -1 }))
		_, err := w.do(t.Context(), w.call(Once))
		requireIs(t, err, worktime.ErrRateLimited)

		elsewhere := w.call(Safe)
		elsewhere.URL = mustURL(t, "http://localhost/v1/things")
		elsewhere.Host = NewHost(elsewhere.URL)
		_, err = w.do(t.Context(), elsewhere)
		require.NoError(t, err)
		require.Zero(t, w.now(), "another host is not held")

		login := w.call(Safe)
		login.Host = NewHost(login.URL) // the login server on the API's origin
		_, err = w.do(t.Context(), login)
		require.NoError(t, err)
		require.Zero(t, w.now(), "the login server has a gate of its own")

		derived := w.with(worktime.Options{})
		resp, err := derived.Do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		resp.Release()
		require.GreaterOrEqual(t, w.now(), 30*time.Second, "a derived client is held")
	})
}

// An absurd Retry-After is told to the caller that got it, and does not end the client.
func TestGateClamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(429, "Retry-After", "315360000"), answer(200)))
		_, err := w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrRateLimited)
		require.Equal(t, 315360000*time.Second, failure(t, err).RetryAfter)

		_, err = w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrRateLimited)
		require.Zero(t, failure(t, err).Attempts)
		require.Zero(t, w.now())

		time.Sleep(maxClosed + maxClosed/10 + ranks*spacing)
		_, err = w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
	})
}

// A gate that has opened costs nothing, and nobody waits at it.
func TestGateOpensForGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newLimitedHost(func(n int) string { return map[int]string{1: "5"}[n] })
		client, call := stubbed(t, host)
		requireNone(t, herd(t.Context(), client, call, 1))
		time.Sleep(10 * time.Second)
		before := time.Since(host.began)
		requireNone(t, herd(t.Context(), client, call, 100))
		require.Equal(t, before, time.Since(host.began))
		require.False(t, call.Host.gate.closed.Load())
	})
}

// A tenth of jitter spreads several programs that got the same Retry-After.
func TestGateJitter(t *testing.T) {
	var first []time.Duration
	for range 400 {
		synctest.Test(t, func(t *testing.T) {
			host := newLimitedHost(func(n int) string { return map[int]string{1: "10"}[n] })
			client, call := stubbed(t, host)
			requireNone(t, herd(t.Context(), client, call, 1))
			first = append(first, host.sent[1])
		})
	}
	require.GreaterOrEqual(t, slices.Min(first), 10*time.Second)
	require.LessOrEqual(t, slices.Max(first), 11*time.Second)
	require.Less(t, slices.Min(first), 10100*time.Millisecond)
	require.Greater(t, slices.Max(first), 10900*time.Millisecond)
}

// The tenth 429 is the last; the wait before each costs neither attempts nor budget.
func TestThrottledForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newLimitedHost(func(int) string { return "1" })
		client, call := stubbed(t, host)
		_, err := client.Do(t.Context(), call)
		requireIs(t, err, worktime.ErrRateLimited)
		require.Equal(t, time.Second, failure(t, err).RetryAfter)
		require.Len(t, host.sent, 10)
		require.Zero(t, call.Host.budget.spent.Load())
	})
}

// With MaxAttempts negative nothing is repeated, a 429 included, but others are still held.
func TestRetriesOffAfter429(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(429, "Retry-After", "5"), answer(200)),
			options(func(o *worktime.Options) { o.Retry.MaxAttempts = -1 }))
		_, err := w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrRateLimited)
		require.Equal(t, 5*time.Second, failure(t, err).RetryAfter)
		require.Zero(t, w.now())
		_, err = w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		require.GreaterOrEqual(t, w.now(), 5*time.Second)
	})
}

package auth

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
)

const manyCallers = 10_000

func TestExpiredTokenIsFetchedOnceForTenThousandCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.granting()))
		require.Equal(t, "tok-1", w.authorize())
		time.Sleep(halfAnHour)

		leaver := func(i int) bool { return i%100 == 7 }
		leaving, leave := context.WithCancel(t.Context())
		callers := ask(w.source, manyCallers, func(i int) context.Context {
			if leaver(i) {
				return leaving
			}
			return context.Background()
		})
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests())
		require.Empty(t, callers.returned(), "nobody is given the expired token")

		leave()
		synctest.Wait() // the endpoint is still blocked
		left := callers.returned()
		require.Len(t, left, manyCallers/100)
		for i, r := range left {
			require.True(t, leaver(i))
			require.ErrorIs(t, r.err, context.Canceled)
			require.Empty(t, r.value)
		}

		endpoint.open()
		callers.allGot(t, manyCallers, "tok-2", leaver)
		assert.Equal(t, 2, w.tokenRequests())
		assert.Equal(t, "tok-2", w.authorize())
		assert.Equal(t, 2, w.flights())
	})
}

func TestFirstTokenIsFetchedOnceForTenThousandCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		callers := ask(w.source, manyCallers, background)
		synctest.Wait()
		endpoint.open()
		callers.allGot(t, manyCallers, "tok-1", nil)
		assert.Equal(t, 1, w.tokenRequests())
	})
}

// The first caller is the one in whose name the others wait, in designs where that matters.
func TestCancellingTheFirstCallerHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		leaving, leave := context.WithCancel(t.Context())
		first := ask(w.source, 1, func(int) context.Context { return leaving })
		synctest.Wait()
		require.Equal(t, 1, w.tokenRequests())
		others := ask(w.source, 19, background)
		synctest.Wait()

		leave()
		synctest.Wait()
		require.ErrorIs(t, first.returned()[0].err, context.Canceled)
		require.Empty(t, others.returned())

		endpoint.open()
		others.allGot(t, 19, "tok-1", nil)
		assert.Equal(t, 1, w.tokenRequests())
	})
}

func TestRefusalIsSharedByTenThousandCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		refusal := always(http.StatusBadRequest, `{"error":"invalid_client","error_description":"unknown client"}`)
		w := newWorld(t, answering(endpoint.before(refusal)), options(func(o *worktime.Options) {
			o.Retry = worktime.RetryPolicy{} // the default, which would repeat what may be repeated
		}))
		callers := ask(w.source, manyCallers, background)
		synctest.Wait()
		require.Empty(t, callers.returned())
		endpoint.open()
		callers.wg.Wait()

		assert.Equal(t, 1, w.tokenRequests())
		shared := authError(t, callers.returned()[0].err)
		assert.Equal(t, "invalid_client", shared.Code)
		assert.Equal(t, http.StatusBadRequest, shared.StatusCode)
		assertIs(t, shared, worktime.ErrUnauthorized)
		for i, r := range callers.returned() {
			require.Same(t, shared, r.err, "caller %d", i)
		}
	})
}

// Who asks just after a failure is told the same, so that a busy program does not send one request
// after the other to an endpoint that refuses.
func TestFailureIsSharedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusUnauthorized, `{"error":"invalid_client"}`)))
		_, first := w.source.Authorize(t.Context())
		for range 999 {
			_, err := w.source.Authorize(t.Context())
			require.Same(t, first, err)
			time.Sleep(failureShare / 1000)
		}
		require.Equal(t, 1, w.tokenRequests())
		time.Sleep(failureShare / 1000)
		_, err := w.source.Authorize(t.Context())
		require.NotSame(t, first, err)
		require.Equal(t, 2, w.tokenRequests())
		w.recover()
		assert.Equal(t, "tok-3", w.authorize())
	})
}

// What a client credentials request can be repeated for is repeated within the flight, once
// for all.
func TestOutageIsSharedByTenThousandCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.before(always(http.StatusServiceUnavailable, ""))),
			options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{MaxAttempts: 4} }))
		callers := ask(w.source, manyCallers, background)
		synctest.Wait()
		endpoint.open()
		callers.wg.Wait()

		assert.Equal(t, 4, w.tokenRequests())
		shared := authError(t, callers.returned()[0].err)
		assert.Equal(t, 4, shared.Attempts)
		assertIs(t, shared, worktime.ErrUnavailable)
		for i, r := range callers.returned() {
			require.Same(t, shared, r.err, "caller %d", i)
		}
	})
}

// A caller that leaves must not cost the token that the server is about to hand out.
func TestCancellingAtAnyPointLosesNoToken(t *testing.T) {
	const points, answerTakes = 20, time.Second
	for point := range points {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
				time.Sleep(answerTakes / 2)
				w.Header().Set("Content-Type", "application/json")
				_ = http.NewResponseController(w).Flush() // the header, then half a second of nothing
				time.Sleep(answerTakes / 2)
				grant(w, n)
			}))
			began := time.Now()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Duration(point)*answerTakes/points, cancel)
			if point == 0 {
				cancel()
			}
			_, err := w.source.Authorize(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, time.Duration(point)*answerTakes/points, time.Since(began), "it left at once")

			assert.Equal(t, "tok-1", w.authorize())
			assert.Equal(t, 1, w.tokenRequests())
			assert.Equal(t, answerTakes, time.Since(began), "the second caller found the first one's flight under way")
		})
	}
}

// The deadline of a request is kept behind a slow token endpoint too.
func TestDeadlineIsKeptBehindASlowEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			time.Sleep(1500 * time.Millisecond)
			grant(w, n)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := w.source.Authorize(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(began))
		assert.Equal(t, "tok-1", w.authorize())
	})
}

// A context that has ended starts no flight: nobody would wait for it.
func TestEndedContextAsksForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("a reason"))
		for range 100 {
			_, err := w.source.Authorize(ctx)
			require.ErrorIs(t, err, context.Canceled)
		}
		synctest.Wait()
		assert.Zero(t, w.tokenRequests())
	})
}

// The endpoint is not reachable at all, and nothing ever comes back: the flight has limits
// of its own, which must not look like a deadline of the caller, who set none.
func TestSilentEndpointEndsTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }),
			options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }))
		callers := ask(w.source, 10, background)
		time.Sleep(flightLimit - time.Second)
		synctest.Wait()
		require.Empty(t, callers.returned(), "the answer is waited for as long as it may be on its way")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Len(t, callers.returned(), 10)
		for _, r := range callers.returned() {
			authError(t, r.err)
			assertIs(t, r.err, worktime.ErrUnavailable)
		}
	})
}

// A token source takes no context, so a flight must be able to end without it.
func TestSourceThatNeverReturnsEndsTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
			<-stuck
			return nil, errors.New("too late")
		}))))
		callers := ask(w.source, 10, background)
		time.Sleep(flightLimit + time.Minute)
		synctest.Wait()
		returned := callers.returned()
		close(stuck)
		callers.wg.Wait()
		require.Len(t, returned, 10, "callers without a deadline hang for ever")
		for _, r := range returned {
			authError(t, r.err)
		}
	})
}

// A Goexit, as that of testing.T.FailNow, unwinds the flight like a panic.
func TestGoexitInTheTokenSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exit := true
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
			if exit {
				runtime.Goexit()
			}
			return &oauth2.Token{AccessToken: "tok-2"}, nil
		}))))
		callers := ask(w.source, 100, background)
		callers.wg.Wait()
		for _, r := range callers.returned() {
			authError(t, r.err)
			assert.Empty(t, r.value)
		}
		exit = false
		time.Sleep(failureShare)
		assert.Equal(t, "tok-2", w.authorize(), "the next flight is not held up by the last")
	})
}

// A panic of the caller's own code becomes an error, without its value, which may hold anything.
func TestPanicInTheTokenSource(t *testing.T) {
	for name, value := range map[string]any{
		"string": clientSecret, "error": errors.New(clientSecret), "nil": nil, "struct": struct{ Secret string }{clientSecret},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				explode := true
				w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
					if explode {
						panic(value)
					}
					return &oauth2.Token{AccessToken: "tok-2"}, nil
				}))))
				callers := ask(w.source, 100, background)
				callers.wg.Wait()
				require.Len(t, callers.returned(), 100)
				for _, r := range callers.returned() {
					assert.Empty(t, r.value)
					assert.Contains(t, authError(t, r.err).Error(), "panic")
					assertHidden(t, r.err, clientSecret)
				}
				explode = false
				time.Sleep(failureShare)
				assert.Equal(t, "tok-2", w.authorize())
			})
		})
	}
}

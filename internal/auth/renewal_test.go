package auth

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

// thresholds are, for some lifetimes, when the background renewal begins and when callers wait.
var thresholds = []struct{ lifetime, soft, hard time.Duration }{
	{time.Second, 800 * time.Millisecond, 950 * time.Millisecond},
	{10 * time.Second, 8 * time.Second, 9500 * time.Millisecond},
	{600 * time.Second, 480 * time.Second, 570 * time.Second},
	{1500 * time.Second, 1200 * time.Second, 1470 * time.Second},
	{1800 * time.Second, 1500 * time.Second, 1770 * time.Second},
	{24 * time.Hour, 24*time.Hour - 5*time.Minute, 24*time.Hour - 30*time.Second},
}

func TestThresholds(t *testing.T) {
	for _, c := range thresholds {
		t.Run(c.lifetime.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				second, third := newGate(1), newGate(2)
				w := newWorld(t, answering(second.before(third.before(func(w http.ResponseWriter, _ *http.Request, n int) {
					grantFor(w, n, strconv.Itoa(int(c.lifetime.Seconds())))
				}))))
				began := time.Now()
				at := func(d time.Duration) { time.Sleep(d - time.Since(began)) }
				require.Equal(t, "tok-1", w.authorize())
				at(c.soft - 1)
				require.Equal(t, "tok-1", w.authorize())
				synctest.Wait()
				require.Equal(t, 1, w.tokenRequests(), "just before the soft threshold")

				at(c.soft)
				for range 100 {
					require.Equal(t, "tok-1", w.authorize())
				}
				require.Equal(t, c.soft, time.Since(began), "nobody is held by the renewal in the background")
				synctest.Wait()
				require.Equal(t, 2, w.tokenRequests(), "at the soft threshold")
				second.open()
				synctest.Wait()

				began = time.Now()
				require.Equal(t, "tok-2", w.authorize())
				at(c.hard - 1)
				require.Equal(t, "tok-2", w.authorize(), "just before the hard threshold")
				at(c.hard)
				callers := ask(w.source, 100, background)
				synctest.Wait()
				require.Empty(t, callers.returned(), "at the hard threshold callers wait")
				third.open()
				callers.allGot(t, 100, "tok-3", nil)
				assert.Equal(t, 3, w.tokenRequests())
				assert.Equal(t, 3, w.flights(), "callers that come during a renewal do not begin another")
			})
		})
	}
}

func TestBackgroundRenewalReplacesTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		for n := 2; n <= 10; n++ {
			time.Sleep(halfAnHour - softLimit)
			require.Equal(t, "tok-"+strconv.Itoa(n-1), w.authorize())
			synctest.Wait()
			require.Equal(t, "tok-"+strconv.Itoa(n), w.authorize())
			require.Equal(t, n, w.tokenRequests())
		}
	})
}

// A source that nobody asks makes no request: a program that sleeps costs nothing.
func TestIdleSourceRenewsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		require.Equal(t, 1, w.tokenRequests())
		assert.Equal(t, "tok-2", w.authorize(), "it waits for the new one, rather than serve the old")
	})
}

// outage hands out one token and then answers 503.
func outage(w http.ResponseWriter, _ *http.Request, n int) {
	if n == 1 {
		grant(w, n)
		return
	}
	reply(w, http.StatusServiceUnavailable, "<html>")
}

func TestFailedRenewalKeepsTheTokenAndPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(outage))
		w.authorize()
		time.Sleep(halfAnHour - softLimit)
		require.Equal(t, "tok-1", w.authorize())
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests())

		for range 29 {
			time.Sleep(time.Second)
			require.Equal(t, "tok-1", w.authorize())
		}
		time.Sleep(time.Second - time.Nanosecond)
		require.Equal(t, "tok-1", w.authorize())
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests(), "30 s without another try")
		time.Sleep(time.Nanosecond)
		require.Equal(t, "tok-1", w.authorize())
		synctest.Wait()
		assert.Equal(t, 3, w.tokenRequests(), "and then one")

		w.recover()
		time.Sleep(failurePause)
		w.authorize()
		synctest.Wait()
		assert.Equal(t, "tok-4", w.authorize())
	})
}

// While the token endpoint is down the token serves to its last moment, also in the time in which
// callers would wait for a new one, and then the error says so.
func TestOutageOfTheTokenEndpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(outage))
		began := time.Now()
		w.authorize()
		for time.Since(began) < halfAnHour-time.Second {
			time.Sleep(time.Second)
			require.Equal(t, "tok-1", w.authorize(), "after %v", time.Since(began))
		}
		synctest.Wait()
		assert.Equal(t, 1+int(softLimit/failurePause), w.tokenRequests())

		time.Sleep(time.Second)
		_, err := w.source.Authorize(t.Context())
		authError(t, err)
		assertIs(t, err, worktime.ErrUnavailable)

		w.recover()
		assert.Equal(t, "tok-13", w.authorize(), "the next flight ends the outage")
	})
}

// Between the hard threshold and the end a caller waits for the renewal, and is given the old
// token if that fails.
func TestHardThresholdFallsBackToTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.before(outage)))
		w.authorize()
		time.Sleep(halfAnHour - hardLimit/2)
		callers := ask(w.source, 100, background)
		synctest.Wait()
		require.Empty(t, callers.returned())
		endpoint.open()
		callers.allGot(t, 100, "tok-1", nil)
		assert.Equal(t, 2, w.tokenRequests())
		assert.Equal(t, "tok-1", w.authorize(), "and at once while the pause lasts")
		synctest.Wait()
		assert.Equal(t, 2, w.tokenRequests())
	})
}

// The old token may come to its end while the renewal is waited for.
func TestTokenThatEndsDuringTheRenewalIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.before(outage)))
		w.authorize()
		time.Sleep(halfAnHour - hardLimit/2)
		callers := ask(w.source, 100, background)
		time.Sleep(hardLimit)
		endpoint.open()
		callers.wg.Wait()
		for _, r := range callers.returned() {
			require.ErrorIs(t, r.err, worktime.ErrUnavailable)
			require.Empty(t, r.value)
		}
	})
}

// A caller may have found the token due just before the renewal failed, and come to wait just after.
func TestCallerThatMeetsAFailureIsGivenTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(outage))
		w.authorize()
		time.Sleep(halfAnHour - hardLimit/2)
		found := w.source.current.Load()
		require.Equal(t, "tok-1", w.authorize()) // the failure
		require.Equal(t, 2, w.tokenRequests())
		got, err := w.source.wait(t.Context(), found)
		require.NoError(t, err)
		assert.Equal(t, "Bearer tok-1", got.header)
	})
}

// A caller may have found the token due just before its successor came, and come to wait just after.
func TestCallerThatMeetsASuccessIsGivenTheSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		found := w.source.current.Load()
		time.Sleep(halfAnHour - hardLimit)
		require.Equal(t, "tok-2", w.authorize())
		got, err := w.source.wait(t.Context(), found)
		require.NoError(t, err)
		assert.Equal(t, "Bearer tok-2", got.header)
		w.source.renewAhead(found, time.Now())
		assert.Equal(t, 2, w.flights(), "and begins no other flight")
	})
}

// The definitive refusal of a new token does not take the old one away either.
func TestRefusedRenewalKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.authorize()
		w.set(always(http.StatusUnauthorized, `{"error":"invalid_client"}`))
		time.Sleep(halfAnHour - softLimit)
		for range 100 {
			require.Equal(t, "tok-1", w.authorize())
			synctest.Wait()
		}
		assert.Equal(t, 2, w.tokenRequests())
	})
}

// A failure counts against the failed token only: its successor is renewed in its time.
func TestSuccessEndsThePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 2 {
				reply(w, http.StatusServiceUnavailable, "")
				return
			}
			grantFor(w, n, "10")
		}))
		w.authorize()
		time.Sleep(8 * time.Second)
		w.authorize()
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests(), "this one failed")
		time.Sleep(2 * time.Second)
		require.Equal(t, "tok-3", w.authorize())
		time.Sleep(8 * time.Second)
		require.Equal(t, "tok-3", w.authorize())
		synctest.Wait()
		assert.Equal(t, "tok-4", w.authorize())
	})
}

// Under load a token is renewed once a life, however short that is.
func TestRequestsPerLifetime(t *testing.T) {
	for _, c := range thresholds {
		t.Run(c.lifetime.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, lasting(strconv.Itoa(int(c.lifetime.Seconds()))))
				const lives, calls = 20, 50
				for range lives * calls {
					w.authorize()
					time.Sleep(c.lifetime / calls)
				}
				synctest.Wait()
				// Each life is as long as its soft threshold, or a call later.
				assert.GreaterOrEqual(t, w.tokenRequests(), lives)
				assert.LessOrEqual(t, w.tokenRequests(), 1+int(lives*c.lifetime/c.soft))
			})
		})
	}
}

// The monotonic clock of Linux and macOS stops while a machine sleeps, so no time that is
// compared may hold a reading of it.
func TestTimesAreThoseOfTheWallClock(t *testing.T) {
	now := time.Now() // with a monotonic reading
	require.Contains(t, now.String(), " m=")
	tok := newToken(tokenstore.Record{AccessToken: "a", IssuedAt: now, Expiry: now.Add(halfAnHour)})
	for name, at := range map[string]time.Time{"soft": tok.soft, "hard": tok.hard, "expiry": tok.expiry} {
		assert.NotContains(t, at.String(), " m=", name)
	}
	record, err := readToken([]byte(`{"access_token":"a","expires_in":1800}`), now, 0)
	require.NoError(t, err)
	assert.NotContains(t, record.IssuedAt.String(), " m=")
	assert.NotContains(t, record.Expiry.String(), " m=")
	assert.Equal(t, halfAnHour, record.Expiry.Sub(record.IssuedAt))
}

// A record that another machine wrote, whose clock is wrong, or that this one wrote before its
// clock was set: at most one request too many, and the API's 401 corrects the rest.
func TestSkewedRecord(t *testing.T) {
	for _, skew := range []time.Duration{
		-24 * time.Hour, -time.Hour, -30 * time.Minute, -29 * time.Minute, -10 * time.Minute, -time.Minute, -time.Second, 0,
		time.Second, time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 24 * time.Hour,
	} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, serving(refusing("stored")))
				issued := time.Now().Add(skew)
				put(t, w, tokenstore.Record{AccessToken: "stored", IssuedAt: issued, Expiry: issued.Add(halfAnHour), Generation: 7})
				for range 100 {
					resp, err := w.call(t.Context(), w.source, "")
					require.NoError(t, err)
					assert.NotContains(t, string(resp.Body), "stored")
					resp.Release()
					synctest.Wait()
				}
				assert.Equal(t, 1, w.tokenRequests())
				assert.LessOrEqual(t, w.apiRequests(), 101)
			})
		})
	}
}

// put stores a record as another program would have.
func put(t testing.TB, w *world, r tokenstore.Record) {
	t.Helper()
	require.NoError(t, w.store.Update(t.Context(), w.key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &r, nil
	}))
}

// Only a 401 tells when a token without a known end has ended.
func TestTokenWithoutExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusOK, `{"access_token":"eternal"}`)))
		w.endpoint.DefaultLifetime = 0
		for range 100 {
			require.Equal(t, "eternal", w.authorize())
			time.Sleep(24 * time.Hour)
		}
		require.Equal(t, 1, w.tokenRequests())
		require.True(t, w.refreshed()[0].Expiry.IsZero())

		w.recover()
		value, err := w.source.Refused(t.Context(), "Bearer eternal", http.Header{})
		require.NoError(t, err)
		assert.Equal(t, "tok-2", strings.TrimPrefix(value, "Bearer "))
	})
}

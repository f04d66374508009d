package auth

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
)

// refusing answers 401 to the tokens in stale, after the milliseconds that the query names, and
// 200 to others.
func refusing(stale ...string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if slices.Contains(stale, token) {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			reply(w, http.StatusUnauthorized, "", "WWW-Authenticate", `Bearer error="invalid_token"`)
			return
		}
		reply(w, http.StatusOK, `{"token":"`+token+`"}`)
	}
}

func refuseAll(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, http.StatusUnauthorized, "") }

// A request without its credential must not go out.
func TestNoTokenNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusUnauthorized, `{"error":"invalid_client"}`)))
		for range 10 {
			_, err := w.call(t.Context(), w.source, "")
			assert.Equal(t, "invalid_client", authError(t, err).Code)
			assertIs(t, err, worktime.ErrUnauthorized)
			time.Sleep(time.Minute)
		}
		assert.Zero(t, w.apiRequests())
		assert.Equal(t, 10, w.tokenRequests(), "and a refusal by the token endpoint is no 401 of the API")
	})
}

// The 401s come before, during and after the renewal that the first of them forces.
func TestStaggered401sOfOneStaleTokenCostOneRenewal(t *testing.T) {
	for _, callers := range []int{20, 200} {
		t.Run(strconv.Itoa(callers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, serving(refusing("tok-1")), answering(func(w http.ResponseWriter, _ *http.Request, n int) {
					time.Sleep(300 * time.Millisecond)
					grant(w, n)
				}))
				w.authorize()
				var wg sync.WaitGroup
				for i := range callers {
					wg.Go(func() {
						resp, err := w.call(t.Context(), w.source, fmt.Sprintf("?ms=%d", 1+i*1000/callers))
						if assert.NoError(t, err) {
							assert.JSONEq(t, `{"token":"tok-2"}`, string(resp.Body))
							resp.Release()
						}
					})
				}
				wg.Wait()
				assert.Equal(t, 2, w.tokenRequests(), "one for the stale token and one for its successor")
				assert.Equal(t, 2*callers, w.apiRequests(), "each request is sent once more")
			})
		})
	}
}

func TestServerThatAlwaysAnswers401(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, serving(refuseAll))
		_, err := w.call(t.Context(), w.source, "")
		assertIs(t, err, worktime.ErrUnauthorized)
		require.Equal(t, 2, w.apiRequests())
		require.Equal(t, 2, w.tokenRequests())

		time.Sleep(59 * time.Second) // still the same minute
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				_, err := w.call(t.Context(), w.source, "?i="+strconv.Itoa(i))
				assert.ErrorIs(t, err, worktime.ErrUnauthorized)
			})
		}
		wg.Wait()
		assert.Equal(t, 2, w.tokenRequests(), "no further token in the same minute")
		assert.Equal(t, 1002, w.apiRequests(), "and nothing is repeated without one")

		time.Sleep(time.Second)
		for range 10 {
			_, err = w.call(t.Context(), w.source, "")
			assertIs(t, err, worktime.ErrUnauthorized)
		}
		assert.Equal(t, 3, w.tokenRequests(), "one more after the minute")
		assert.Equal(t, 1002+2+9, w.apiRequests())
	})
}

func TestInsufficientScopeForcesNothing(t *testing.T) {
	for _, c := range []struct {
		challenges []string
		forces     bool
	}{
		{nil, true},
		{[]string{"Bearer"}, true},
		{[]string{`Bearer error="invalid_token"`}, true},
		{[]string{`Bearer realm="acme", error="insufficient_scope", scope="things.write"`}, false},
		{[]string{`Bearer error=insufficient_scope`}, false},
		{[]string{`Basic realm="acme"`, `Bearer error="insufficient_scope"`}, false},
	} {
		t.Run(strings.Join(c.challenges, " and "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, serving(func(rw http.ResponseWriter, _ *http.Request, _ int) {
					for _, challenge := range c.challenges {
						rw.Header().Add("WWW-Authenticate", challenge)
					}
					rw.WriteHeader(http.StatusUnauthorized)
				}))
				_, err := w.call(t.Context(), w.source, "")
				assertIs(t, err, worktime.ErrUnauthorized)
				want := 1
				if c.forces {
					want = 2
				}
				assert.Equal(t, want, w.tokenRequests())
				assert.Equal(t, want, w.apiRequests())
			})
		})
	}
}

// A request is not repeated with the token that was refused, wherever it comes from.
func TestRefusedTokenReturnedAgainIsNotReplayed(t *testing.T) {
	asked := 0
	constant := fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
		asked++
		return &oauth2.Token{AccessToken: "constant", Expiry: time.Now().Add(time.Hour)}, nil
	})))
	for name, from := range map[string]setting{
		"a source of the caller's": constant,
		"the token endpoint":       answering(func(w http.ResponseWriter, _ *http.Request, _ int) { grant(w, 1) }),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked = 0
				w := newWorld(t, from, serving(refuseAll))
				_, err := w.call(t.Context(), w.source, "")
				assertIs(t, err, worktime.ErrUnauthorized)
				assert.Equal(t, 1, w.apiRequests())
				assert.Equal(t, 2, asked+w.tokenRequests(), "it was asked for another")
				for range 100 {
					_, err = w.call(t.Context(), w.source, "")
					assertIs(t, err, worktime.ErrUnauthorized)
				}
				assert.Equal(t, 101, w.apiRequests())
				assert.Equal(t, 2, asked+w.tokenRequests())
			})
		})
	}
}

// A 401 names the token it is about. One that comes late must not throw away the successor,
// nor wait for a renewal that it does not need.
func TestLate401UsesTheSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(2)
		w := newWorld(t, answering(endpoint.granting()))
		w.authorize()
		value, err := w.source.Refused(t.Context(), "Bearer tok-1", nil)
		require.NoError(t, err)
		require.Equal(t, "Bearer tok-2", value)

		for range 100 {
			value, err = w.source.Refused(t.Context(), "Bearer tok-1", nil)
			require.NoError(t, err)
			require.Equal(t, "Bearer tok-2", value)
		}
		require.Equal(t, 2, w.tokenRequests())

		time.Sleep(halfAnHour - softLimit) // tok-2 is being renewed while one more arrives
		require.Equal(t, "tok-2", w.authorize())
		synctest.Wait()
		require.Equal(t, 3, w.tokenRequests())
		value, err = w.source.Refused(t.Context(), "Bearer tok-1", nil)
		require.NoError(t, err)
		assert.Equal(t, "Bearer tok-2", value)
		endpoint.open()
	})
}

// A renewal under way is what the 401 would have forced, so it is waited for and not counted.
func Test401JoinsTheRenewalUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.granting()), serving(refusing("tok-1", "tok-2")))
		w.authorize()
		time.Sleep(halfAnHour - softLimit)
		w.authorize() // begins the renewal in the background
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests())

		done := make(chan string)
		go func() {
			value, err := w.source.Refused(context.Background(), "Bearer tok-1", nil)
			assert.NoError(t, err)
			done <- value
		}()
		synctest.Wait()
		select {
		case value := <-done:
			t.Fatalf("returned %q while the endpoint was blocked", value)
		default:
		}
		endpoint.open()
		assert.Equal(t, "Bearer tok-2", <-done)
		assert.Equal(t, 2, w.tokenRequests())

		resp, err := w.call(t.Context(), w.source, "") // the first renewal that a 401 forces
		require.NoError(t, err)
		assert.JSONEq(t, `{"token":"tok-3"}`, string(resp.Body))
		resp.Release()
		assert.Equal(t, 3, w.tokenRequests())
	})
}

func TestCallerLeavesTheRenewalItForced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(1)
		w := newWorld(t, answering(endpoint.granting()), serving(refusing("tok-1")))
		w.authorize()
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := w.call(ctx, w.source, "")
			failed <- err
		}()
		synctest.Wait()
		require.Equal(t, 2, w.tokenRequests())
		cancel()
		err := <-failed // the endpoint is still blocked
		assertIs(t, err, context.Canceled, worktime.ErrUnauthorized)

		endpoint.open()
		synctest.Wait()
		assert.Equal(t, "tok-2", w.authorize(), "the renewal went on without its caller")
		assert.Equal(t, 2, w.tokenRequests())
	})
}

// That the token could not be renewed is what the caller has to know, and nothing is sent in vain.
func TestRenewalForcedBy401Fails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, serving(refuseAll), answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				grant(w, n)
				return
			}
			reply(w, http.StatusServiceUnavailable, "")
		}))
		_, err := w.call(t.Context(), w.source, "")
		a := authError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, a.StatusCode)
		assertIs(t, err, worktime.ErrUnavailable)
		assert.Equal(t, 1, w.apiRequests())

		for range 100 {
			_, err = w.call(t.Context(), w.source, "")
			require.Error(t, err)
		}
		assert.Equal(t, 2, w.tokenRequests(), "a refusing API and a failing endpoint do not feed each other")
	})
}

// Several logins see a 401 of the token they share: the second finds the first one's successor.
func Test401OfASharedTokenCostsOneRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, serving(refusing("tok-1")))
		sources := []*Source{w.source, w.another(), w.another(), w.another()}
		for _, s := range sources {
			value, err := s.Authorize(t.Context())
			require.NoError(t, err)
			require.Equal(t, "Bearer tok-1", value)
		}
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				resp, err := w.call(t.Context(), sources[i%4], "?ms="+strconv.Itoa(1+i))
				if assert.NoError(t, err) {
					assert.JSONEq(t, `{"token":"tok-2"}`, string(resp.Body))
					resp.Release()
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 2, w.tokenRequests())
		assert.Equal(t, 80, w.apiRequests())
	})
}

// If the endpoint cannot be reached while a 401 asks for a new token, a token that the API still
// takes goes on serving the others.
func TestFailedForcedRenewalKeepsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				grant(w, n)
				return
			}
			reply(w, http.StatusBadGateway, "<html>")
		}), serving(func(w http.ResponseWriter, r *http.Request, _ int) {
			if r.URL.RawQuery == "forbidden" {
				refuseAll(w, r, 0)
			}
		}))
		_, err := w.call(t.Context(), w.source, "?forbidden")
		require.Error(t, err)
		resp, err := w.call(t.Context(), w.source, "")
		require.NoError(t, err)
		resp.Release()
		assert.Equal(t, 2, w.tokenRequests())
	})
}

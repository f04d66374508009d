package auth

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

const lostText = "the answer to a refresh was lost after the server had replaced the refresh token"

// unseen loses the first n requests before the server acts on them.
func unseen(n int) func(http.ResponseWriter, *http.Request, int) bool {
	return func(_ http.ResponseWriter, _ *http.Request, i int) bool {
		if i <= n {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// lost sends no more than the first bytes of the first n answers.
func lost(n int, upTo string) func(w http.ResponseWriter, i, status int, body string) {
	return func(w http.ResponseWriter, i, status int, body string) {
		if i > n {
			reply(w, status, body)
			return
		}
		at := strings.Index(body, upTo)
		if upTo == "" || at < 0 {
			drop(w, i, status, body)
		}
		cut(w, status, at, body)
	}
}

// The server never saw the request: it is sent again, once and at once, and nothing is lost (F6).
func TestLostRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.asked = unseen(1)
		began := time.Now()
		assert.Equal(t, at(1), l.authorize())
		assert.Zero(t, time.Since(began), "at once")
		require.Len(t, l.tokens, 2)
		assert.Equal(t, l.tokens[0].Body, l.tokens[1].Body)
		l.kept(t)
	})
}

// Two losses in a row are an outage: the login stays.
func TestLostRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.asked = unseen(2)
		_, err := l.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrUnavailable)
		assert.ErrorContains(t, err, "the login is kept")
		noCanary(t, err)
		assert.Equal(t, 2, l.tokenRequests(), "sent again once")
		assert.Empty(t, l.stored(t).Problem)
		time.Sleep(failureShare)
		assert.Equal(t, at(1), l.authorize())
		l.kept(t)
	})
}

// The server has acted and its answer is lost, whole or in part. The resend finds out, and the error
// says what happened. Nothing is deleted.
func TestLostAnswer(t *testing.T) {
	for name, upTo := range map[string]string{
		"whole": "", "after the header": "{", "in the access token": "1\",", "before the refresh token": `"refresh_token"`,
		"in its name": `token":"c4`, "before its value": `"c4n4ry`, "in its value": `n4ry-`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				l.peer.answer = lost(1, upTo)
				_, err := l.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrLoginRequired)
				assert.Equal(t, "invalid_grant", authError(t, err).Code)
				assert.Contains(t, err.Error(), lostText)
				assert.Contains(t, err.Error(), "log in again")
				noCanary(t, err)
				assert.Equal(t, 2, l.tokenRequests())

				record := l.stored(t)
				assert.Equal(t, rt(0), record.RefreshToken, "nothing is deleted")
				assert.Equal(t, lostText, record.Problem)
				assert.Equal(t, at(0), record.AccessToken)
				assert.WithinDuration(t, time.Now(), record.ProblemAt, time.Minute)

				for _, s := range []*Source{l.source, l.another()} {
					time.Sleep(time.Minute)
					_, err = s.Authorize(t.Context())
					assertIs(t, err, worktime.ErrLoginRequired)
					assert.Contains(t, err.Error(), lostText)
				}
				assert.Equal(t, 2, l.tokenRequests(), "there is nothing left to ask")
			})
		})
	}
}

// A page in the place of the answer, such as a captive portal's, hides whether the server has acted.
func TestPageInsteadOfTheAnswer(t *testing.T) {
	for name, acted := range map[string]bool{"before the server": false, "after the server": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				page := func(w http.ResponseWriter) { reply(w, http.StatusOK, "<html>Welcome to the hotel</html>") }
				if !acted {
					l.peer.asked = func(w http.ResponseWriter, _ *http.Request, n int) bool {
						if n == 1 {
							page(w)
						}
						return n == 1
					}
					assert.Equal(t, at(1), l.authorize())
					assert.Equal(t, 2, l.tokenRequests())
					l.kept(t)
					return
				}
				l.peer.answer = func(w http.ResponseWriter, n, status int, body string) {
					if n == 1 {
						page(w)
						return
					}
					reply(w, status, body)
				}
				_, err := l.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrLoginRequired)
				assert.Contains(t, err.Error(), lostText)
				assert.Equal(t, lostText, l.stored(t).Problem)
			})
		})
	}
}

// An answer that broke off after the new refresh token has not lost it.
func TestBrokenAnswerWithTheToken(t *testing.T) {
	for name, upTo := range map[string]string{"right after it": `,"x":`, "in the next member": `":1}`, "before the end": `}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				l.peer.after = `,"x":1`
				l.peer.answer = lost(1, upTo)
				_, err := l.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrUnavailable)
				noCanary(t, err)
				assert.Equal(t, 1, l.tokenRequests(), "what has arrived need not be asked again")
				assert.Equal(t, rt(1), l.stored(t).RefreshToken)
				time.Sleep(failureShare)
				assert.Equal(t, at(2), l.authorize(), "the next refresh goes on from it")
				l.kept(t)
			})
		})
	}
}

// An answer that never comes is given up after two minutes, and counts as lost.
func TestAnswerThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.asked = func(_ http.ResponseWriter, r *http.Request, n int) bool {
			if n == 1 {
				<-r.Context().Done()
			}
			return n == 1
		}
		began := time.Now()
		assert.Equal(t, at(1), l.authorize())
		assert.Equal(t, 2*time.Minute, time.Since(began))
		l.kept(t)
	})
}

// If both answers are lost nobody knows, so the login stays; if it turns out to be lost, the
// record says how.
func TestBothAnswersLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.answer = lost(2, "")
		_, err := l.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrUnavailable)
		record := l.stored(t)
		assert.Empty(t, record.Problem)
		assert.Equal(t, rt(0), record.RefreshToken)

		time.Sleep(failureShare)
		_, err = l.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrLoginRequired)
		assert.Contains(t, err.Error(), "a refresh was cut short at "+record.Interrupted.Format(time.RFC3339))
		assert.Equal(t, 3, l.tokenRequests())
	})
}

// While the answer was under way somebody else has stored another token, as can happen if a lease
// expires. It is used, and ours is not sent again: that would end the login (F17, F20).
func TestOthersWereQuicker(t *testing.T) {
	for name, usable := range map[string]bool{"with a good access token": true, "with an old access token": false} {
		for fault, want := range map[string]int{"lost answer": 1, "invalid_grant": 1} {
			t.Run(fault+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &overtaken{Store: tokenstore.Memory()}
					l := newLogin(t, 0, storing(store))
					theirs := l.stored(t)
					theirs.AccessToken, theirs.RefreshToken, theirs.Generation, theirs.IssuedAt = "at-theirs", "c4n4ry-rt-theirs", 2, time.Now()
					theirs.Expiry = theirs.IssuedAt.Add(halfAnHour)
					if !usable {
						theirs.IssuedAt, theirs.Expiry = theirs.IssuedAt.Add(-halfAnHour), theirs.IssuedAt
					}
					l.peer.asked = func(w http.ResponseWriter, _ *http.Request, n int) bool {
						if n > 1 {
							return false
						}
						store.theirs = &theirs
						l.peer.mu.Lock()
						l.peer.spent[rt(0)], l.peer.live = true, theirs.RefreshToken
						l.peer.mu.Unlock()
						if fault == "lost answer" {
							panic(http.ErrAbortHandler)
						}
						reply(w, 400, `{"error":"invalid_grant"}`)
						return true
					}
					if usable {
						assert.Equal(t, "at-theirs", l.authorize())
						assert.Equal(t, want, l.tokenRequests())
					} else {
						assert.Equal(t, at(1), l.authorize(), "refreshed with theirs")
						assert.Equal(t, want+1, l.tokenRequests())
					}
					store.theirs = nil
					l.kept(t)
				})
			})
		}
	}
}

// overtaken is a store whose record others change while an Update runs.
type overtaken struct {
	tokenstore.Store
	theirs *tokenstore.Record
}

func (o *overtaken) Load(ctx context.Context, key tokenstore.Key) (tokenstore.Record, error) {
	if o.theirs != nil {
		return *o.theirs, nil
	}
	return o.Store.Load(ctx, key)
}

// invalid_grant ends a login, with a mark and without further requests.
func TestInvalidGrant(t *testing.T) {
	at0 := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, c := range map[string]struct {
		status      int
		interrupted time.Time
		text        string
	}{
		"400":         {400, time.Time{}, "the server no longer accepts the login"},
		"401":         {401, time.Time{}, "the server no longer accepts the login"},
		"interrupted": {400, at0, "a refresh was cut short at 2026-01-02T03:04:05Z, before the new token was stored"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				before := l.stored(t)
				before.Interrupted = c.interrupted
				put(t, l.world, before)
				l.peer.asked = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
					reply(w, c.status, `{"error":"invalid_grant","error_description":"Token c4n4ry-rt-0 has expired."}`)
					return true
				}
				_, err := l.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrLoginRequired)
				assert.Contains(t, err.Error(), c.text)
				noCanary(t, err)
				after := l.stored(t)
				assert.Contains(t, after.Problem, c.text)
				assert.Equal(t, rt(0), after.RefreshToken, "nothing is deleted")
				assert.Equal(t, c.interrupted, after.Interrupted)
				for range 10 {
					time.Sleep(time.Hour)
					_, err = l.source.Authorize(t.Context())
					assertIs(t, err, worktime.ErrLoginRequired)
					assert.Contains(t, err.Error(), c.text)
				}
				assert.Equal(t, 1, l.tokenRequests())

				l.peer.mu.Lock()
				l.peer.asked = nil
				l.peer.mu.Unlock()
				l.put(t, 0) // somebody logs in again
				assert.Equal(t, at(1), func() string { time.Sleep(failureShare); return l.authorize() }())
				l.kept(t)
			})
		})
	}
}

// An access token that still lives goes on being served when the login is over.
func TestInvalidGrantBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, softLimit)
		l.peer.ended = true
		for range 9 {
			require.Equal(t, at(0), l.authorize())
			require.Equal(t, at(0), func() string {
				value, err := l.another().Authorize(t.Context())
				require.NoError(t, err)
				return strings.TrimPrefix(value, "Bearer ")
			}())
			time.Sleep(softLimit / 10)
		}
		assert.Equal(t, 1, l.tokenRequests())
		time.Sleep(softLimit)
		_, err := l.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrLoginRequired)
		assert.Equal(t, 1, l.tokenRequests())
	})
}

package auth

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

// stop is a place at which a refresh waits, until the test has cancelled its callers.
type stop struct{ reached, release chan struct{} }

func newStop() *stop { return &stop{make(chan struct{}, 100), make(chan struct{})} }

func (s *stop) here() {
	s.reached <- struct{}{}
	<-s.release
}

// Callers that leave at any step of a refresh leave at once, and cost the login nothing (F5).
func TestCallersLeave(t *testing.T) {
	// Each returns when the refresh is at its step, and how it goes on from there.
	steps := map[string]func(l *login, store *flaky) *stop{
		"before the lock": func(_ *login, store *flaky) *stop {
			s := newStop()
			store.before = func(context.Context) error { s.here(); return nil }
			return s
		},
		"waiting for the lock": func(l *login, _ *flaky) *stop {
			s, held := newStop(), make(chan struct{})
			go func() {
				_ = l.store.Update(context.Background(), l.key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
					close(held)
					<-s.release
					return old, nil
				})
			}()
			<-held
			s.reached <- struct{}{}
			return s
		},
		"before the connection": func(l *login, _ *flaky) *stop {
			s := newStop()
			dial := l.rt.DialContext
			l.rt.CloseIdleConnections()
			l.rt.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				s.here()
				return dial(ctx, network, addr)
			}
			return s
		},
		"before the server acts": func(l *login, _ *flaky) *stop {
			s := newStop()
			l.peer.asked = func(http.ResponseWriter, *http.Request, int) bool { s.here(); return false }
			return s
		},
		"before the answer": func(l *login, _ *flaky) *stop {
			s := newStop()
			l.peer.answer = func(w http.ResponseWriter, _, status int, body string) { s.here(); reply(w, status, body) }
			return s
		},
		"after the header": func(l *login, _ *flaky) *stop {
			s := newStop()
			l.peer.answer = func(w http.ResponseWriter, _, status int, body string) {
				w.WriteHeader(status)
				_ = http.NewResponseController(w).Flush()
				s.here()
				_, _ = w.Write([]byte(body))
			}
			return s
		},
		"in the body": func(l *login, _ *flaky) *stop {
			s := newStop()
			l.peer.answer = func(w http.ResponseWriter, _, _ int, body string) {
				_, _ = w.Write([]byte(body[:40]))
				_ = http.NewResponseController(w).Flush()
				s.here()
				_, _ = w.Write([]byte(body[40:]))
			}
			return s
		},
		"while it is saved": func(_ *login, store *flaky) *stop {
			s := newStop()
			store.after = func(context.Context) error { s.here(); return nil }
			return s
		},
		"before the resend": func(l *login, _ *flaky) *stop {
			s := newStop()
			l.peer.asked = func(_ http.ResponseWriter, _ *http.Request, n int) bool {
				if n == 1 {
					panic(http.ErrAbortHandler)
				}
				s.here()
				return false
			}
			return s
		},
	}
	for name, step := range steps {
		for _, how := range []string{"cancelled", "deadline"} {
			t.Run(name+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					store := &flaky{Store: tokenstore.Memory()}
					l := newLogin(t, 0, storing(store))
					s := step(l, store)
					ctx, cancel := context.WithCancel(t.Context())
					want := context.Canceled
					if how == "deadline" {
						ctx, cancel = context.WithTimeout(t.Context(), time.Second)
						want = context.DeadlineExceeded
					}
					defer cancel()
					leaving := ask(l.source, 100, func(int) context.Context { return ctx })
					staying := ask(l.source, 1, background)
					<-s.reached
					synctest.Wait()
					require.Empty(t, leaving.returned())
					if how == "deadline" {
						time.Sleep(time.Second)
					} else {
						cancel()
					}
					synctest.Wait()
					require.Len(t, leaving.returned(), 100, "all have left, and the refresh is where it was")
					for _, r := range leaving.returned() {
						require.ErrorIs(t, r.err, want)
						require.Empty(t, r.value)
					}
					require.Empty(t, staying.returned())
					close(s.release)
					staying.allGot(t, 1, at(1), nil)
					assert.Equal(t, rt(1), l.stored(t).RefreshToken)
					*store = flaky{Store: store.Store}
					l.kept(t)
				})
			})
		}
	}
}

// Nobody is left to wait; the refresh comes to its end all the same, and Close waits for it.
func TestCloseAfterAllCallersLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		s := newStop()
		l.peer.answer = func(w http.ResponseWriter, _, status int, body string) { s.here(); reply(w, status, body) }
		ctx, cancel := context.WithCancel(t.Context())
		callers := ask(l.source, 10, func(int) context.Context { return ctx })
		<-s.reached
		cancel()
		callers.wg.Wait()
		closed := make(chan error, 1)
		go func() { closed <- l.source.Close(t.Context()) }()
		synctest.Wait()
		require.Empty(t, closed)
		close(s.release)
		require.NoError(t, <-closed)
		assert.Equal(t, rt(1), l.stored(t).RefreshToken)
		l.kept(t)
	})
}

// Who has waited long for the lock does not begin a refresh that could not be waited for to its end:
// the answer to it would be lost.
func TestLockHeldForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		held, release := make(chan struct{}), make(chan struct{})
		go func() {
			_ = l.store.Update(t.Context(), l.key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				close(held)
				<-release
				return old, nil
			})
		}()
		<-held
		l.peer.answer = func(w http.ResponseWriter, _, status int, body string) {
			time.Sleep(2*time.Minute - time.Second)
			reply(w, status, body)
		}
		callers := ask(l.source, 10, background)
		time.Sleep(flightLimit - time.Second)
		close(release)
		callers.wg.Wait()
		for _, r := range callers.returned() {
			require.Error(t, r.err)
			authError(t, r.err)
		}
		assert.Zero(t, l.tokenRequests(), "nothing is spent")
		time.Sleep(failureShare)
		assert.Equal(t, at(1), l.authorize())
		l.kept(t)
	})
}

package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// ending makes a context that ends on demand, in one of the two ways.
type ending struct {
	name string
	is   error
	make func(context.Context) (ctx context.Context, end func())
}

func endings() []ending {
	return []ending{
		{"cancelled", context.Canceled, func(parent context.Context) (context.Context, func()) {
			return context.WithCancel(parent)
		}},
		{"expired", context.DeadlineExceeded, func(parent context.Context) (context.Context, func()) {
			// A deadline cannot be moved, so this one is made to pass.
			ctx, cancel := context.WithTimeout(parent, time.Hour)
			context.AfterFunc(parent, cancel)
			return ctx, func() {
				time.Sleep(time.Hour)
				<-ctx.Done()
			}
		}},
	}
}

// The end of the caller's context at each stage: the error is always that of the context,
// beside the last 429 or 5xx, and ErrUnknownOutcome if a write may have been applied.
func TestContextEnds(t *testing.T) {
	type stage struct {
		name     string
		world    func(t *testing.T, end func()) *world
		auth     func(end func()) Authorizer
		sends    int
		attempts int
		is       []error // besides the context's
		unknown  bool
		status   int
		waiting  bool // a wait does not begin if it would outlive the deadline
	}
	dialled := func(end func()) setting {
		return dialling(func(ctx context.Context, _ int) (net.Conn, error) {
			end()
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}
	stages := []stage{
		{name: "before anything", world: func(t *testing.T, end func()) *world {
			w := newWorld(t, answer(200))
			end()
			return w
		}},
		{name: "while a credential is obtained", world: func(t *testing.T, _ func()) *world { return newWorld(t, answer(200)) },
			auth: func(end func()) Authorizer {
				return &login{authorize: func(ctx context.Context) (string, error) {
					end()
					return "", ctx.Err()
				}}
			}},
		{name: "as a credential is obtained", world: func(t *testing.T, _ func()) *world { return newWorld(t, answer(200)) },
			auth: func(end func()) Authorizer {
				return &login{authorize: func(context.Context) (string, error) {
					end()
					return "Bearer first-token", nil
				}}
			}},
		{name: "while dialling", world: func(t *testing.T, end func()) *world {
			return newWorld(t, answer(200), dialled(end))
		}, attempts: 1},
		{name: "during the TLS handshake", world: func(t *testing.T, end func()) *world {
			dial := tlsServer(func(c net.Conn) {
				end()
				_, _ = io.Copy(io.Discard, c)
			})
			return newWorld(t, answer(200), overTLS(), dialling(func(ctx context.Context, _ int) (net.Conn, error) { return dial(ctx) }))
		}, attempts: 1},
		{name: "after the request was sent", world: func(t *testing.T, end func()) *world {
			return newWorld(t, func(w http.ResponseWriter, r *http.Request) {
				end()
				hang(w, r)
			})
		}, sends: 1, attempts: 1, unknown: true},
		{name: "in the body of a 200", world: func(t *testing.T, end func()) *world {
			return newWorld(t, inBody(200, end))
		}, sends: 1, attempts: 1, unknown: true, status: 200},
		{name: "in the body of a 404", world: func(t *testing.T, end func()) *world {
			return newWorld(t, inBody(404, end))
		}, sends: 1, attempts: 1, status: 404, is: []error{worktime.ErrNotFound}},
		{name: "in the body of a 503", world: func(t *testing.T, end func()) *world {
			return newWorld(t, inBody(503, end))
		}, sends: 1, attempts: 1, unknown: true, status: 503, is: []error{worktime.ErrUnavailable}},
		{name: "in the wait after a 429", world: func(t *testing.T, end func()) *world {
			return newWorld(t, answer(429, "Retry-After", "2"), ends(end))
		}, sends: 1, attempts: 1, status: 429, is: []error{worktime.ErrRateLimited}, waiting: true},
		{name: "in the body of a 429", world: func(t *testing.T, end func()) *world {
			return newWorld(t, inBody(429, end))
		}, sends: 1, attempts: 1, status: 429, is: []error{worktime.ErrRateLimited}},
		{name: "in the wait after a dial error", world: func(t *testing.T, end func()) *world {
			return newWorld(t, answer(200), ends(end),
				dialling(func(context.Context, int) (net.Conn, error) { return dialError(errors.New("refused"))(nil) }))
		}, attempts: 1, is: []error{worktime.ErrUnavailable}, waiting: true},
		{name: "while asking for another credential", world: func(t *testing.T, _ func()) *world { return newWorld(t, answer(401)) },
			auth: func(end func()) Authorizer {
				return &login{value: "Bearer first-token", refused: func(ctx context.Context, _ string) (string, error) {
					end()
					return "", ctx.Err()
				}}
			}, sends: 1, attempts: 1, status: 401, is: []error{worktime.ErrUnauthorized}},
	}
	for _, s := range stages {
		for _, e := range endings() {
			if s.waiting && e.is == context.DeadlineExceeded {
				continue
			}
			for _, class := range []Class{Safe, Idempotent, Once} {
				t.Run(s.name+"/"+e.name+"/"+className(class), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, end := e.make(t.Context())
						w := s.world(t, end)
						w.client.timeout = 0 // only the caller's own end is wanted
						call := w.call(class)
						if s.auth != nil {
							call.Auth = s.auth(end)
						}
						_, err := w.do(ctx, call)
						want := append([]error{e.is}, s.is...)
						if class == Once && s.unknown {
							want = append(want, worktime.ErrUnknownOutcome)
						}
						requireIs(t, err, want...)
						require.Len(t, w.seen(), s.sends)
						f := failure(t, err)
						require.Equal(t, s.attempts, f.Attempts)
						require.Equal(t, s.status, f.StatusCode)
					})
				})
			}
		}
	}
}

// inBody calls end when the client has the header of the answer and waits for the body.
func inBody(status int, end func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		synctest.Wait()
		end()
		hang(w, r)
	}
}

// ends calls end as a wait begins.
func ends(end func()) setting {
	return options(func(o *worktime.Options) {
		o.Trace = &worktime.Trace{Wait: func(context.Context, worktime.WaitInfo) { end() }}
	})
}

// The wait after a 503 keeps the 503 in the error.
func TestContextEndsInBackoff(t *testing.T) {
	for _, class := range []Class{Safe, Idempotent} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			w := newWorld(t, answer(503, "X-Request-Id", "r1"), ends(cancel))
			_, err := w.do(ctx, w.call(class))
			requireIs(t, err, context.Canceled, worktime.ErrUnavailable)
			f := failure(t, err)
			require.Equal(t, 503, f.StatusCode)
			require.Equal(t, "r1", f.Header.Get("X-Request-Id"))
			require.JSONEq(t, `{"answer":true}`, string(f.Body))
			require.Zero(t, w.now(), "it did not wait")
			require.Len(t, w.seen(), 1)
		})
	}
}

// The context ends as the answer has arrived whole: a success is a success, and a failure is not lost.
func TestContextEndsWithAnswerInHand(t *testing.T) {
	for status, is := range map[int]error{
		200: nil, 400: worktime.ErrBadRequest, 404: worktime.ErrNotFound, 409: worktime.ErrConflict,
		429: worktime.ErrRateLimited, 500: worktime.ErrUnavailable, 503: worktime.ErrUnavailable,
	} {
		for _, class := range []Class{Safe, Once} {
			ctx, cancel := context.WithCancel(t.Context())
			client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
				cancel()
				return canned(status, "{}", "Retry-After", "7"), nil
			}))
			call.Class = class
			resp, err := client.Do(ctx, call)
			if is == nil {
				require.NoError(t, err)
				resp.Release()
				continue
			}
			require.ErrorIs(t, err, is)
			require.Equal(t, class == Once && status >= 500, errors.Is(err, worktime.ErrUnknownOutcome))
			if status >= 429 {
				require.ErrorIs(t, err, context.Canceled)
			}
			require.Equal(t, status, failure(t, err).StatusCode)
			if status == 429 {
				require.Equal(t, 7*time.Second, failure(t, err).RetryAfter)
			}
		}
	}
}

// The context ends while the credential for a repetition is obtained: the 503 is not lost.
func TestContextEndsBeforeRepetition(t *testing.T) {
	for status, is := range map[int]error{429: worktime.ErrRateLimited, 503: worktime.ErrUnavailable} {
		for _, givesUp := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				w := newWorld(t, answer(status))
				call := w.call(Safe)
				n := 0
				call.Auth = &login{authorize: func(ctx context.Context) (string, error) {
					if n++; n == 2 {
						cancel()
						if givesUp {
							return "", ctx.Err()
						}
					}
					return "Bearer first-token", nil
				}}
				_, err := w.do(ctx, call)
				requireIs(t, err, context.Canceled, is)
				require.Equal(t, 1, failure(t, err).Attempts)
				require.Equal(t, status, failure(t, err).StatusCode)
			})
		}
	}
}

// An attempt's own timeout, and those of the connection, are failures of the server and not
// the end of the caller's context, whose end they resemble.
func TestTimeoutIsNotTheCallers(t *testing.T) {
	seconds := options(func(o *worktime.Options) { o.Timeout = 2 * time.Second })
	for name, tt := range map[string]struct {
		settings []setting
		handler  http.HandlerFunc
		unsent   bool
	}{
		"answer":           {[]setting{seconds}, hang, false},
		"body":             {[]setting{seconds}, slowBody, false},
		"dial":             {[]setting{seconds, dialling(blackHole)}, nil, true},
		"handshake":        {[]setting{seconds, overTLS(), dialling(deafTLS)}, nil, true},
		"client's timeout": {[]setting{func(_ *world, o *worktime.Options) { o.HTTPClient.Timeout = 3 * time.Second }}, hang, false},
		"header timeout": {[]setting{func(w *world, _ *worktime.Options) {
			w.rt.ResponseHeaderTimeout = time.Second
		}}, hang, false},
		"handshake timeout": {[]setting{overTLS(), dialling(deafTLS), func(w *world, _ *worktime.Options) {
			w.rt.TLSHandshakeTimeout = time.Second
		}}, nil, true},
		"dialler's timeout": {[]setting{dialling(func(context.Context, int) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dialTimeout{}}
		})}, nil, true},
	} {
		for _, class := range []Class{Safe, Once} {
			t.Run(name+"/"+className(class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, tt.handler, tt.settings...)
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					defer cancel()
					_, err := w.do(ctx, w.call(class))
					want, attempts := []error{worktime.ErrUnavailable}, 4
					if class == Once && !tt.unsent {
						want, attempts = append(want, worktime.ErrUnknownOutcome), 1
					}
					requireIs(t, err, want...)
					require.Equal(t, attempts, failure(t, err).Attempts)
					require.NoError(t, ctx.Err())
					require.NotContains(t, err.Error(), "deadline exceeded", "whose?")
					if name == "answer" {
						require.ErrorContains(t, err, "no complete answer within 2s")
					}
				})
			})
		}
	}
}

func blackHole(ctx context.Context, _ int) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// deafTLS accepts the connection and says nothing.
func deafTLS(ctx context.Context, _ int) (net.Conn, error) {
	return tlsServer(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })(ctx)
}

// dialTimeout is like the error of net.Dialer, which says that it is a DeadlineExceeded.
type dialTimeout struct{}

func (dialTimeout) Error() string        { return "i/o timeout" }
func (dialTimeout) Timeout() bool        { return true }
func (dialTimeout) Is(target error) bool { return target == context.DeadlineExceeded }

// How long an attempt may take, by default and by option.
func TestAttemptTimeout(t *testing.T) {
	for name, tt := range map[string]struct {
		own, client time.Duration
		want        time.Duration
	}{
		"default":              {0, 0, time.Minute},
		"the http.Client's":    {0, 7 * time.Second, 7 * time.Second},
		"the option's":         {5 * time.Second, 7 * time.Second, 5 * time.Second},
		"off":                  {-1, 0, 24 * time.Hour},
		"off in spite of that": {-1, 7 * time.Second, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, hang, func(_ *world, o *worktime.Options) {
					o.Timeout, o.HTTPClient.Timeout, o.Retry.MaxAttempts = tt.own, tt.client, -1
				})
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				_, err := w.do(ctx, w.call(Safe))
				require.Error(t, err)
				require.Equal(t, tt.want, w.now())
				require.Equal(t, tt.own == -1, errors.Is(err, context.DeadlineExceeded))
			})
		})
	}
}

// An attempt that times out is repeated, and the next may succeed.
func TestTimeoutIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(hang, answer(200)), options(func(o *worktime.Options) { o.Timeout = time.Second }))
		_, err := w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		require.Len(t, w.seen(), 2)
	})
}

// SentAt is when the attempt that was answered began, not the first one.
func TestSentAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(429, "Retry-After", "20"), func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(5 * time.Second)
			answer(200)(w, r)
		}))
		resp, err := w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		require.Equal(t, 2, resp.Attempts)
		require.Equal(t, w.seen()[1].At, resp.SentAt.Sub(w.began))
		require.Equal(t, resp.SentAt.Add(5*time.Second), time.Now())
	})
}

// The caller's deadline ends the wait for an answer, even if the attempt had more time.
func TestCallersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, hang)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := w.do(ctx, w.call(Once))
		requireIs(t, err, context.DeadlineExceeded, worktime.ErrUnknownOutcome)
		require.Equal(t, 3*time.Second, w.now())
	})
}

// A server that switches protocols hands over the connection, whose reads no context ends.
func TestSwitchingProtocols(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: rot13\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		})
		_, err := w.do(t.Context(), w.call(Once))
		requireIs(t, err, worktime.ErrBadRequest, worktime.ErrUnknownOutcome)
		require.Equal(t, 101, failure(t, err).StatusCode)
		require.Zero(t, w.now())
	})
}

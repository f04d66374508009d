package transport

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// Each attempt sends the same 10 MiB, whatever became of the one before.
func TestBodyIsReplayed(t *testing.T) {
	body := make([]byte, 10<<20)
	fill := rand.NewChaCha8([32]byte{1})
	_, _ = fill.Read(body)
	want := sha256.Sum256(body)

	var sums [][32]byte
	attempts := []http.HandlerFunc{
		answer(503), answer(429), lost, answer(401), truncated(200), answer(200),
	}
	synctest.Test(t, func(t *testing.T) {
		handler := script(attempts...)
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			h := sha256.New()
			n, err := io.Copy(h, r.Body)
			if err != nil || n != int64(len(body)) || r.ContentLength != n {
				t.Errorf("%d bytes of %d arrived, announced %d: %v", n, len(body), r.ContentLength, err)
			}
			sums = append(sums, [32]byte(h.Sum(nil)))
			handler(w, r)
		}, func(w *world, _ *worktime.Options) { w.keep = false })
		call := w.call(Idempotent)
		call.Body = body
		call.Auth = &login{value: "Bearer first-token", refused: answerWith("Bearer second-token")}
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
	})
	require.Len(t, sums, len(attempts))
	for i, sum := range sums {
		require.Equal(t, want, sum, "attempt %d", i+1)
	}
}

// A connection lost in the middle of the body is replayed from its beginning.
func TestBodyLostHalfway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var arrived [][]byte
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			if len(arrived) == 0 {
				_, _ = io.ReadFull(r.Body, make([]byte, 1000))
				arrived = append(arrived, nil)
				lost(w, r)
			}
			b, _ := io.ReadAll(r.Body)
			arrived = append(arrived, b)
			answer(200)(w, r)
		}, func(w *world, _ *worktime.Options) { w.keep = false })
		call := w.call(Idempotent)
		call.Body = bytes.Repeat([]byte("0123456789"), 100_000)
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
		require.Len(t, arrived, 2)
		require.Equal(t, call.Body, arrived[1])
	})
}

// No body and an empty one are not the same on the wire.
func TestBodyNilAndEmpty(t *testing.T) {
	for name, tt := range map[string]struct {
		body   []byte
		length string
	}{
		"nil": {nil, "0"}, "empty": {[]byte{}, "0"}, "one byte": {[]byte("x"), "1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, script(answer(503), answer(200)))
				call := w.call(Idempotent)
				call.Body = tt.body
				_, err := w.do(t.Context(), call)
				require.NoError(t, err)
				for _, r := range w.seen() {
					require.Equal(t, tt.length, r.Header.Get("Content-Length"))
					require.Empty(t, r.Header.Get("Transfer-Encoding"))
					require.Equal(t, string(tt.body), string(r.Body))
				}
			})
		})
	}
}

// bodies counts the answers whose bodies are open.
type bodies struct {
	next         http.RoundTripper
	opened, open atomic.Int64
}

func (b *bodies) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	b.opened.Add(1)
	b.open.Add(1)
	resp.Body = &openBody{resp.Body, b, atomic.Bool{}}
	return resp, nil
}

type openBody struct {
	io.ReadCloser
	of     *bodies
	closed atomic.Bool
}

func (b *openBody) Close() error {
	if b.closed.CompareAndSwap(false, true) {
		b.of.open.Add(-1)
	}
	return b.ReadCloser.Close()
}

// A thousand repeated calls use one connection, and leave no body open: what is left of an
// unsuccessful answer is drained.
func TestConnectionsAreReused(t *testing.T) {
	for name, status := range map[string]http.HandlerFunc{
		"503":             answer(503),
		"429":             answer(429, "Retry-After", "1"),
		"100 KiB of HTML": page(503, 100<<10),
		"200 KiB of HTML": page(503, 200<<10),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				open := &bodies{}
				w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
					if n++; n%2 == 1 {
						status(w, r)
						return
					}
					page(200, 5000)(w, r)
				}, wrap(func(next http.RoundTripper) http.RoundTripper {
					open.next = next
					return open
				}))
				calls, most := 1000, 2
				if strings.HasPrefix(name, "200") {
					calls, most = 10, 11 // more than is drained: closed instead
				}
				for range calls {
					w.host.budget.spent.Store(0) // else it would be used up
					_, err := w.do(t.Context(), w.call(Safe))
					require.NoError(t, err)
				}
				require.LessOrEqual(t, len(w.dials()), most)
				require.EqualValues(t, 2*calls, open.opened.Load())
				require.Zero(t, open.open.Load())
			})
		})
	}
}

// page sends a body of that size.
func page(status, size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(bytes.Repeat([]byte("x"), size))
	}
}

// Every way to fail leaves no body open.
func TestNoBodyIsLeftOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		max     int64
	}{
		"success": {answer(200), 0}, "refusal": {answer(404), 0}, "redirect": {answer(302, "Location", "/"), 0},
		"401": {answer(401), 0}, "429 over the cap": {answer(429, "Retry-After", "999"), 0}, "503": {answer(503), 0},
		"truncated": {truncated(200), 0}, "announced too large": {page(200, 2000), 100}, "endless": {endless(200), 100},
		"endless error": {endless(500), 0}, "no content": {answer(204), 0}, "slow": {slowBody, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				open := &bodies{}
				w := newWorld(t, tt.handler, wrap(func(next http.RoundTripper) http.RoundTripper {
					open.next = next
					return open
				}))
				call := w.call(Safe)
				call.MaxBytes = tt.max
				_, _ = w.do(t.Context(), call)
				require.NotZero(t, open.opened.Load())
				require.Zero(t, open.open.Load())
			})
		})
	}
}

// endless sends a body without end.
func endless(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		block := make([]byte, 32<<10)
		for {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// A write on a kept connection that the server has closed meanwhile is not sent twice, and
// where not a byte was written it is sent at all.
func TestStaleConnection(t *testing.T) {
	for name, closes := range map[string]http.HandlerFunc{
		"closed before the request": func(w http.ResponseWriter, r *http.Request) { answer(200)(w, r) },
		"closed upon the request":   lost,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var conns []net.Conn
				w := newWorld(t, script(answer(200), closes, answer(200)))
				w.onDial = func(ctx context.Context, _ int) (net.Conn, error) {
					c, err := w.ln.dial(ctx)
					conns = append(conns, c)
					return c, err
				}
				_, err := w.do(t.Context(), w.call(Safe))
				require.NoError(t, err)
				if name == "closed before the request" {
					conns[0].Close()
				}
				synctest.Wait()
				_, err = w.do(t.Context(), w.call(Once))
				require.LessOrEqual(t, len(w.seen()), 2)
				if name == "closed before the request" {
					require.NoError(t, err)
					return
				}
				requireIs(t, err, worktime.ErrUnavailable, worktime.ErrUnknownOutcome)
			})
		})
	}
}

package auth

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// A code is never used twice (RFC 6749, section 4.1.2): whatever the network does, it is sent once, and
// a person is asked to log in again. The retry policy is the default one, which would resend a read.
func TestCodeIsSentOnce(t *testing.T) {
	hijack := func(w http.ResponseWriter, answer string) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = io.WriteString(conn, answer)
			_ = conn.Close()
		}
	}
	stall := func(w http.ResponseWriter, r *http.Request, answer string) {
		_, _ = io.WriteString(w, answer)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	for name, fault := range map[string]func(w http.ResponseWriter, r *http.Request, body string){
		"closed without an answer":      func(http.ResponseWriter, *http.Request, string) { panic(http.ErrAbortHandler) },
		"closed within the header":      func(w http.ResponseWriter, _ *http.Request, _ string) { hijack(w, "HTTP/1.1 200 OK\r\nContent-Ty") },
		"closed within the body":        func(w http.ResponseWriter, _ *http.Request, body string) { cut(w, 200, 20, body) },
		"closed at the end of the body": func(w http.ResponseWriter, _ *http.Request, body string) { cut(w, 200, len(body)-1, body) },
		"garbage": func(w http.ResponseWriter, _ *http.Request, _ string) {
			hijack(w, "\x16\x03\x01\x02\x00garbage\r\n\r\n")
		},
		"no answer":             func(_ http.ResponseWriter, r *http.Request, _ string) { <-r.Context().Done() },
		"an answer that stalls": func(w http.ResponseWriter, r *http.Request, body string) { stall(w, r, body[:10]) },
		"502 of a gateway":      func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 502, "<html>Bad Gateway</html>") },
		"503 with Retry-After":  func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 503, "", "Retry-After", "1") },
		"504":                   func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 504, "") },
		"500":                   func(w http.ResponseWriter, _ *http.Request, _ string) { reply(w, 500, "") },
	} {
		for kind, open := range map[string]func(testing.TB, ...func(*loginServer)) *loginServer{"hybrid": newHybrid, "public client": newPKCE} {
			bubble(t, name+", "+kind, func(t *testing.T) {
				s := open(t, func(s *loginServer) { s.answer = fault })
				tx, answer := s.begin(t, "")
				err := s.logins.Finish(t.Context(), tx, posted(answer))
				assertIs(t, err, worktime.ErrLoginRequired, worktime.ErrUnavailable)
				assert.Equal(t, "code exchange", authError(t, err).Operation)
				assert.Equal(t, 1, s.tokenRequests())
				assertHidden(t, err, answer.Get("code"), tx.verifier, clientSecret)
				assert.Zero(t, s.store.written())

				s.instead(nil, nil)
				assertIs(t, s.logins.Finish(t.Context(), tx, posted(answer)), worktime.ErrLoginRequired)
				assert.Equal(t, 1, s.tokenRequests())
				_, err = s.bearer("")
				assertIs(t, err, worktime.ErrLoginRequired)
				s.login(t, "") // and then it works
			})
		}
	}
}

// A connection that could not be made has carried no code.
func TestCodeIsSentAfterAFailedDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		var failures atomic.Int32
		dial := s.rt.DialContext
		s.rt.CloseIdleConnections()
		s.rt.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if failures.Add(1) <= 2 {
				return nil, &net.OpError{Op: "dial", Net: network, Err: io.EOF}
			}
			return dial(ctx, network, addr)
		}
		require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		assert.Equal(t, 1, s.tokenRequests())
	})
}

func TestCodeIsSentOnceByACancelledCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newHybrid(t, func(s *loginServer) {
			s.answer = func(_ http.ResponseWriter, r *http.Request, _ string) {
				cancel()
				<-r.Context().Done()
			}
		})
		tx, answer := s.begin(t, "")
		err := s.logins.Finish(ctx, tx, posted(answer))
		assertIs(t, err, context.Canceled)
		require.NoError(t, s.logins.Close(t.Context()))
		assert.Equal(t, 1, s.tokenRequests())
		assert.Zero(t, s.store.written())
	})
}

// A 429 says that nothing was done, so the code is still good.
func TestCodeAfterTooManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		s.set(func(w http.ResponseWriter, r *http.Request, n int) {
			if n == 1 {
				reply(w, http.StatusTooManyRequests, "", "Retry-After", "10")
				return
			}
			s.token(w, r, n)
		})
		began := time.Now()
		require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		assert.Equal(t, 2, s.tokenRequests())
		assert.GreaterOrEqual(t, time.Since(began), 10*time.Second)
	})
}

// What the server itself says about the code is told as it is.
func TestCodeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   []error
	}{
		"invalid_grant":  {400, `{"error":"invalid_grant"}`, []error{worktime.ErrLoginRequired}},
		"invalid_client": {401, `{"error":"invalid_client"}`, []error{worktime.ErrUnauthorized}},
		"not JSON":       {200, `<html>`, []error{worktime.ErrBadResponse}},
		"no token":       {200, `{}`, []error{worktime.ErrBadResponse}},
		"another type":   {200, `{"access_token":"a","token_type":"mac"}`, []error{worktime.ErrBadResponse}},
		"a redirect":     {307, ``, []error{worktime.ErrRedirect}},
	} {
		bubble(t, name, func(t *testing.T) {
			s := newHybrid(t, func(s *loginServer) {
				s.answer = func(w http.ResponseWriter, _ *http.Request, _ string) {
					reply(w, c.status, c.body, "Location", "http://127.0.0.2/steal")
				}
			})
			tx, answer := s.begin(t, "")
			err := s.logins.Finish(t.Context(), tx, posted(answer))
			assertIs(t, err, c.want...)
			assert.Equal(t, 1, s.tokenRequests())
			assert.Zero(t, s.store.written())
			if name == "a redirect" {
				assert.Contains(t, err.Error(), "127.0.0.2", "where to")
				assert.Equal(t, []string{"127.0.0.1:80"}, unique(s.dialled))
			}
		})
	}
}

func unique(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

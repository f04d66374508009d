package fake

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnyHostIsReached(t *testing.T) {
	s, _ := start(t)
	for _, url := range []string{"http://127.0.0.1:1/x", "https://acme.example/x", "http://[::1]/x", "https://nowhere.example:8443/x"} {
		assert.JSONEq(t, `{"lines":"first"}`, do(t, s, "GET", url, "").body, url)
	}
}

func TestRequestsAreRecordedAsTheyArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := start(t)
		began := time.Now()
		time.Sleep(time.Minute)
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://api.example/a%20b/c?x=1%2C2&flag", strings.NewReader("body"))
		require.NoError(t, err)
		req.Header.Set("X-Custom", "v")
		resp, err := s.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		do(t, s, "POST", "http://login.example/token", "grant")

		all := s.Requests()
		require.Len(t, all, 2)
		r := all[0]
		assert.Equal(t, began.Add(time.Minute), r.Time)
		assert.Equal(t, "POST", r.Method)
		assert.Equal(t, "api.example", r.Host)
		assert.Equal(t, "/a%20b/c?x=1%2C2&flag", r.URI)
		assert.Equal(t, "/a b/c", r.Path)
		assert.Equal(t, "v", r.Header.Get("X-Custom"))
		assert.Equal(t, "body", string(r.Body))
		assert.False(t, r.Token)
		assert.True(t, all[1].Token)
		assert.Equal(t, [2]int{1, 1}, [2]int{s.APIRequests(), s.TokenRequests()})

		r.Header.Set("X-Custom", "changed")
		r.Body[0] = 'B'
		again := s.Requests()[0]
		assert.Equal(t, "v", again.Header.Get("X-Custom"), "not a copy")
		assert.Equal(t, "body", string(again.Body), "not a copy")
	})
}

func TestServedElsewhere(t *testing.T) {
	s, _ := start(t)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/x?y", nil))
	assert.JSONEq(t, `{"lines":"first"}`, w.Body.String())
	assert.Equal(t, "/x?y", s.Requests()[0].URI)

	r := httptest.NewRequest("GET", "/x", nil)
	r.RequestURI = ""
	s.ServeHTTP(httptest.NewRecorder(), r)
	assert.Equal(t, "/x", s.Requests()[1].URI)
}

func TestLoopback(t *testing.T) {
	s, _ := start(t)
	addr, err := s.Listen()
	require.NoError(t, err)
	resp, err := http.Get("http://" + addr + "/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	assert.Equal(t, http.StatusOK, do(t, s, "GET", "http://"+addr+"/", "").status)
	assert.Equal(t, addr, s.Requests()[1].Host)
	s.Close()
	_, err = net.Dial("tcp", addr)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestClosedServer(t *testing.T) {
	s, _ := start(t)
	do(t, s, "GET", "http://api.example/", "")
	s.Close()
	s.Close()
	assert.ErrorIs(t, do(t, s, "GET", "http://api.example/", "").err, syscall.ECONNREFUSED)
	var op *net.OpError
	require.ErrorAs(t, do(t, s, "POST", "http://api.example/", "x").err, &op)
	assert.Equal(t, "dial", op.Op, "a client must see that the request was not sent")
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	})
	_, err := s.pipes.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
	assert.Len(t, s.Requests(), 1)
}

// Everything that can wait in a handler ends when the server is closed, also under a handler of another server.
func TestCloseEndsWhatWaits(t *testing.T) {
	for name, fault := range map[string]func() Fault{
		"delay": func() Fault { return Delay(time.Hour) },
		"hold":  func() Fault { return Hold(make(chan struct{})) }, // of the bubble
		"stall": Stall,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := start(t)
				s.Fail(fault().Always())
				began := time.Now()
				results := make(chan error)
				go func() {
					resp, err := s.Client().Get("http://api.example/")
					if err == nil {
						_, err = io.ReadAll(resp.Body)
					}
					results <- err
				}()
				elsewhere := make(chan any)
				go func() {
					defer func() { elsewhere <- recover() }()
					s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
				}()
				synctest.Wait()
				go s.Close()
				assert.Error(t, <-results)
				assert.Equal(t, http.ErrAbortHandler, <-elsewhere)
				assert.Equal(t, began, time.Now(), "waited")
				s.Close()
			})
		})
	}
}

func TestDialLeavesWithItsContext(t *testing.T) {
	p := newPipes()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.dial(ctx, "", "")
	require.ErrorIs(t, err, context.Canceled)

	pending := make(chan error)
	go func() {
		_, err := p.dial(t.Context(), "", "")
		pending <- err
	}()
	require.NoError(t, p.Close())
	require.ErrorIs(t, <-pending, syscall.ECONNREFUSED)
	assert.Equal(t, "pipe pipe", p.Addr().Network()+" "+p.Addr().String())
}

// A client that leaves while its body is read is no request that could be handled.
func TestClientLeavesInTheMiddleOfItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, api := start(t)
		conn, err := s.pipes.dial(t.Context(), "", "")
		require.NoError(t, err)
		_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: api.example\r\nContent-Length: 10\r\n\r\nhalf")
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		synctest.Wait()
		require.Len(t, s.Requests(), 1)
		assert.Equal(t, "half", string(s.Requests()[0].Body))
		assert.Equal(t, []string{"first"}, api.lines)
	})
}

func TestCloseWaitsForHandlers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := Start(Handlers{
			API:     http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }),
			IsToken: func(*http.Request) bool { return false },
		})
		go func() {
			resp, err := s.Client().Get("http://api.example/")
			if err == nil {
				resp.Body.Close()
			}
		}()
		synctest.Wait()
		s.Close()
		assert.Equal(t, began.Add(time.Minute), time.Now())
	})
}

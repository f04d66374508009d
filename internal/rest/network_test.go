package rest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// canary is the credential of every test. It has characters that encoders spell in their own ways.
const canary = "s3cr3t/c4n4ry+t0k3n=="

// fixed is an Authorizer with one credential.
type fixed string

func (f fixed) Authorize(context.Context) (string, error) { return "Bearer " + string(f), nil }

func (fixed) Refused(context.Context, string, http.Header) (string, error) { return "", nil }

// watch counts the answers whose body is open and the requests that are not answered yet.
type watch struct {
	http.RoundTripper
	open, inFlight atomic.Int64
}

func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	w.inFlight.Add(1)
	defer w.inFlight.Add(-1)
	resp, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		w.open.Add(1)
		resp.Body = &watchedBody{ReadCloser: resp.Body, open: &w.open}
	}
	return resp, err
}

type watchedBody struct {
	io.ReadCloser
	open *atomic.Int64
	once sync.Once
}

func (b *watchedBody) Close() error {
	b.once.Do(func() { b.open.Add(-1) })
	return b.ReadCloser.Close()
}

// newWatch fails the test if an answer is left open at its end.
func newWatch(t testing.TB, rt http.RoundTripper) *watch {
	w := &watch{RoundTripper: rt}
	t.Cleanup(func() {
		assert.Zero(t, w.open.Load(), "bodies left open")
		assert.Zero(t, w.inFlight.Load(), "requests left in flight")
	})
	return w
}

// direct is a RoundTripper that calls a handler, without connections and goroutines. If the
// request's context ended meanwhile, it notices that only after lag.
type direct struct {
	http.Handler
	lag time.Duration
}

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	arrived := r.Clone(r.Context())
	arrived.RequestURI = r.URL.RequestURI()
	if arrived.Body == nil {
		arrived.Body = http.NoBody
	}
	d.ServeHTTP(rec, arrived)
	if err := r.Context().Err(); err != nil {
		if d.lag > 0 {
			time.Sleep(d.lag)
		}
		return nil, err
	}
	return rec.Result(), nil
}

// network is an in-memory network: the API's origin, and everywhere else a foreign server that
// records what reaches it, with or without TLS.
type network struct {
	*watch
	mu      sync.Mutex
	arrived []string // targets of the API's requests, as they came over the wire
	foreign []string // requests that went astray
}

func newNetwork(t testing.TB, api http.HandlerFunc) *network {
	n := &network{}
	here := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.arrived = append(n.arrived, r.RequestURI)
		n.mu.Unlock()
		api(w, r)
	})
	astray := n.serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.mu.Lock()
		n.foreign = append(n.foreign, fmt.Sprintf("%s %s%s %v", r.Method, r.Host, r.RequestURI, r.Header))
		n.mu.Unlock()
		writePage(w, "", 666)
	})
	dial := func(home string) func(context.Context, string, string) (net.Conn, error) {
		return func(_ context.Context, _, addr string) (net.Conn, error) {
			if addr == home {
				return here.dial()
			}
			return astray.dial()
		}
	}
	// What these dials return counts as encrypted or not as the URL says.
	rt := &http.Transport{DialTLSContext: dial("api.example.test:443"), DialContext: dial("")}
	t.Cleanup(rt.CloseIdleConnections)
	n.watch = newWatch(t, rt)
	return n
}

func (n *network) serve(t testing.TB, h http.HandlerFunc) *pipes {
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	srv := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return l
}

// targets returns the request targets that reached the API so far.
func (n *network) targets() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.arrived)
}

// assertHome checks that nothing left the API's origin.
func (n *network) assertHome(t testing.TB) {
	t.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	assert.Empty(t, n.foreign, "requests at another origin")
}

// pipes is a listener of in-memory connections.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "memory"} }

func (l *pipes) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// failWith answers with the vendor's error envelope.
func failWith(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"code": code, "message": "no luck"}})
}

// roundTrip is a RoundTripper of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

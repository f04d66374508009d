package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// The tests run real servers and a real http.Transport over in-memory connections, so that
// they can live in a testing/synctest bubble, where time is free and exact.

const (
	apiURL   = "http://127.0.0.1/v1/things?q=1" // loopback, so that http is allowed
	provider = "acme"
)

// pipeListener accepts the server ends of in-memory connections.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

func (l *pipeListener) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// seen is a request that arrived at the server, its body read whole.
type seen struct {
	Method, Path, Host, Auth string
	Header                   http.Header
	Body                     []byte
	At                       time.Duration // since the world began
}

// world is a server, an http.Transport to it and a Client.
type world struct {
	t       testing.TB
	began   time.Time
	ln      *pipeListener
	rt      *http.Transport
	url     string
	tls     *tls.Config
	family  *Family
	host    *Host
	client  *Client
	keep    bool // keep the bodies of requests
	onDial  func(ctx context.Context, n int) (net.Conn, error)
	handler http.Handler

	running  sync.WaitGroup // grows under mu and only before closed
	mu       sync.Mutex
	closed   bool
	requests []seen
	dialled  []string
}

type setting func(*world, *worktime.Options)

func options(change func(*worktime.Options)) setting {
	return func(_ *world, o *worktime.Options) { change(o) }
}

// wrap puts a RoundTripper between the client and the transport.
func wrap(around func(http.RoundTripper) http.RoundTripper) setting {
	return func(w *world, o *worktime.Options) {
		o.HTTPClient = &http.Client{Transport: around(w.rt)}
	}
}

// dialling answers dials, counted from 1, in place of the listener, unless it returns neither
// a connection nor an error.
func dialling(f func(ctx context.Context, n int) (net.Conn, error)) setting {
	return func(w *world, _ *worktime.Options) { w.onDial = f }
}

// newWorld must be called in a bubble if time matters. It is torn down at the end of t.
func newWorld(t testing.TB, handler http.HandlerFunc, settings ...setting) *world {
	t.Helper()
	w := &world{t: t, began: time.Now(), ln: newPipeListener(), handler: handler, keep: true, url: apiURL}
	w.rt = &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 100}
	o := worktime.Options{HTTPClient: &http.Client{Transport: w.rt}}
	for _, set := range settings {
		set(w, &o)
	}
	srv := &http.Server{Handler: http.HandlerFunc(w.serve), ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	var ln net.Listener = w.ln
	if w.tls != nil {
		ln = tls.NewListener(ln, w.tls)
	}
	go func() { defer close(served); _ = srv.Serve(ln) }()
	t.Cleanup(func() {
		w.rt.CloseIdleConnections()
		_ = srv.Close()
		<-served
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.running.Wait()
	})
	w.family = NewFamily(o.HTTPClient)
	w.host = NewHost(mustURL(t, w.url))
	w.client = w.with(o)
	return w
}

// with makes another client of the same family.
func (w *world) with(o worktime.Options) *Client {
	w.t.Helper()
	c, err := New(w.family, provider, o)
	require.NoError(w.t, err)
	return c
}

func (w *world) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	w.mu.Lock()
	w.dialled = append(w.dialled, addr)
	n := len(w.dialled)
	w.mu.Unlock()
	if w.onDial != nil {
		if c, err := w.onDial(ctx, n); c != nil || err != nil {
			return c, err
		}
	}
	return w.ln.dial(ctx)
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.running.Add(1)
	w.mu.Unlock()
	defer w.running.Done()
	s := seen{Method: r.Method, Path: r.URL.RequestURI(), Host: r.Host, Auth: r.Header.Get("Authorization"),
		Header: r.Header, At: time.Since(w.began)}
	if w.keep {
		s.Body, _ = io.ReadAll(r.Body)
	}
	w.mu.Lock()
	w.requests = append(w.requests, s)
	w.mu.Unlock()
	w.handler.ServeHTTP(rw, r)
}

func (w *world) seen() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

func (w *world) dials() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.dialled)
}

// now is the time since the world began.
func (w *world) now() time.Duration { return time.Since(w.began) }

func (w *world) call(class Class) *Call {
	method := map[Class]string{Safe: http.MethodGet, Idempotent: http.MethodPut, Once: http.MethodPost}[class]
	call := &Call{Operation: "try thing", Class: class, Method: method, URL: mustURL(w.t, w.url), Host: w.host}
	if class != Safe {
		call.Body = []byte(`{"hours":8}`)
	}
	return call
}

// do makes the call and releases the answer, if there is one.
func (w *world) do(ctx context.Context, call *Call) (*Response, error) {
	resp, err := w.client.Do(ctx, call)
	if err != nil {
		require.Nil(w.t, resp)
		return nil, err
	}
	require.NotNil(w.t, resp)
	resp.Body = slices.Clone(resp.Body)
	body := resp.Body
	resp.Release()
	resp.Body = body
	return resp, nil
}

func mustURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

// script answers the n-th request with the n-th handler, and goes on with the last.
func script(handlers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	n := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := handlers[min(n, len(handlers)-1)]
		n++
		mu.Unlock()
		h(w, r)
	}
}

// answer sends a status with header fields (name, value, …) and a small body.
func answer(status int, fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setFields(w, fields)
		w.WriteHeader(status)
		if status != http.StatusNoContent && status != http.StatusNotModified {
			_, _ = io.WriteString(w, `{"answer":true}`)
		}
	}
}

func setFields(w http.ResponseWriter, fields []string) {
	for i := 0; i < len(fields); i += 2 {
		w.Header().Add(fields[i], fields[i+1])
	}
}

// truncated sends a status and a part of the body it announces, and drops the connection.
func truncated(status int, fields ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		setFields(w, fields)
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"half":`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// lost drops the connection after the request has arrived.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// hang does not answer until the client is gone.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// roundTripper is an http.RoundTripper made of a func.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// canned is an answer without a connection.
func canned(status int, body string, fields ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h.Add(fields[i], fields[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, ContentLength: int64(len(body)), Body: readCloser(body)}
}

func readCloser(s string) io.ReadCloser { return io.NopCloser(&onceReader{s: s}) }

// onceReader is a strings.Reader that cannot be rewound or written out at once.
type onceReader struct{ s string }

func (r *onceReader) Read(p []byte) (int, error) {
	if r.s == "" {
		return 0, io.EOF
	}
	n := copy(p, r.s)
	r.s = r.s[n:]
	return n, nil
}

// stubbed makes a client on a RoundTripper without connections.
func stubbed(t testing.TB, rt http.RoundTripper, change ...func(*worktime.Options)) (*Client, *Call) {
	t.Helper()
	o := worktime.Options{HTTPClient: &http.Client{Transport: rt}}
	for _, f := range change {
		f(&o)
	}
	family := NewFamily(o.HTTPClient)
	c, err := New(family, provider, o)
	require.NoError(t, err)
	u := mustURL(t, apiURL)
	return c, &Call{Operation: "try thing", Class: Safe, Method: http.MethodGet, URL: u, Host: NewHost(u)}
}

// untraced hides the httptrace of a request, as a RoundTripper does that makes its own
// context or its own request.
func untraced(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		return next.RoundTrip(r.WithContext(withoutValues{r.Context()}))
	})
}

type withoutValues struct{ context.Context }

func (withoutValues) Value(any) any { return nil }

// login is an Authorizer.
type login struct {
	mu        sync.Mutex
	value     string
	authorize func(ctx context.Context) (string, error)
	refused   func(ctx context.Context, value string) (string, error)

	authorized int
	refusals   []string
	header     http.Header
}

func (l *login) Authorize(ctx context.Context) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.authorized++
	if l.authorize != nil {
		return l.authorize(ctx)
	}
	return l.value, nil
}

func (l *login) Refused(ctx context.Context, value string, header http.Header) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals, l.header = append(l.refusals, value), header
	if l.refused != nil {
		return l.refused(ctx, value)
	}
	return "", nil
}

var sentinels = map[string]error{
	"ErrBadRequest": worktime.ErrBadRequest, "ErrUnauthorized": worktime.ErrUnauthorized,
	"ErrForbidden": worktime.ErrForbidden, "ErrNotFound": worktime.ErrNotFound, "ErrConflict": worktime.ErrConflict,
	"ErrRateLimited": worktime.ErrRateLimited, "ErrUnavailable": worktime.ErrUnavailable,
	"ErrLoginRequired": worktime.ErrLoginRequired, "ErrUnknownOutcome": worktime.ErrUnknownOutcome,
	"ErrCrossOrigin": worktime.ErrCrossOrigin, "ErrRedirect": worktime.ErrRedirect,
	"ErrBadResponse": worktime.ErrBadResponse, "ErrPageCycle": worktime.ErrPageCycle,
	"ErrCursorExpired": worktime.ErrCursorExpired, "ErrTooLarge": worktime.ErrTooLarge,
	"Canceled": context.Canceled, "DeadlineExceeded": context.DeadlineExceeded,
}

// requireIs checks that err is these sentinels and no other.
func requireIs(t testing.TB, err error, want ...error) {
	t.Helper()
	require.Error(t, err)
	var got, expected []string
	for _, name := range slices.Sorted(maps.Keys(sentinels)) {
		if errors.Is(err, sentinels[name]) {
			got = append(got, name)
		}
		if slices.Contains(want, sentinels[name]) {
			expected = append(expected, name)
		}
	}
	require.Equal(t, expected, got, "sentinels of: %v", err)
}

func failure(t testing.TB, err error) *Failure {
	t.Helper()
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.Error(t, f.Err)
	require.NotEmpty(t, f.Error())
	return f
}

package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// The tests run a real token endpoint, a real API and a real http.Transport over in-memory
// connections, so that they can live in a testing/synctest bubble, where time is free and
// exact. "While the endpoint is blocked" is then a fact and not a matter of luck.

const (
	provider = "acme"
	// Loopback, so that http is allowed; the token endpoint and the API are one server.
	tokenURL = "http://127.0.0.1/tenants/acme/connect/token"
	apiURL   = "http://127.0.0.1/v1/things"

	clientID     = "worktime-tests"
	clientSecret = "s3cr3t-c4n4ry"
	scope        = "things.read"

	halfAnHour = 1800 * time.Second // the life of the tokens that the endpoint hands out by itself
	assumed    = 20 * time.Minute   // Endpoint.DefaultLifetime
)

// world is a login server with an API, and a Source that talks to it.
type world struct {
	t  testing.TB
	rt *http.Transport

	// token answers the n-th token request, from 1; nil hands out tok-n for half an hour.
	token func(w http.ResponseWriter, r *http.Request, n int)
	// api answers the n-th API request; nil accepts every credential.
	api func(w http.ResponseWriter, r *http.Request, n int)

	options  worktime.Options
	store    tokenstore.Store
	key      tokenstore.Key
	fetch    Fetch // nil: client credentials
	issuer   string
	clientID string
	client   *transport.Client
	endpoint *Endpoint
	source   *Source
	sources  []*Source

	handlers sync.WaitGroup // grows under mu and only before closed
	closed   bool

	mu       sync.Mutex
	tokens   []seen // token requests
	calls    []seen // API requests
	dialled  []string
	finished []worktime.TokenRefreshedInfo
}

// seen is a request that arrived, its body read whole.
type seen struct {
	Method, Target, Host string
	Header               http.Header
	Body                 string
	At                   time.Time
}

type setting func(*world)

// newWorld must be called in a bubble if time matters. It is torn down at the end of t.
// A failed request is not repeated, unless a setting says so: then requests are flights.
func newWorld(t testing.TB, settings ...setting) *world {
	t.Helper()
	ln := newPipeListener()
	w := &world{t: t, store: tokenstore.Memory(), key: tokenstore.Grant{Vendor: provider, ClientID: clientID}.Key()}
	w.rt = &http.Transport{
		MaxIdleConnsPerHost: 1000,
		DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			w.mu.Lock()
			w.dialled = append(w.dialled, addr)
			w.mu.Unlock()
			return ln.dial(ctx)
		},
	}
	w.options = worktime.Options{
		HTTPClient: &http.Client{Transport: w.rt},
		Retry:      worktime.RetryPolicy{MaxAttempts: 1},
		Trace: &worktime.Trace{TokenRefreshed: func(_ context.Context, info worktime.TokenRefreshedInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.finished = append(w.finished, info)
		}},
	}
	for _, set := range settings {
		set(w)
	}
	srv := &http.Server{Handler: http.HandlerFunc(w.serve), ErrorLog: log.New(io.Discard, "", 0)}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.Serve(ln) }()
	t.Cleanup(func() {
		for _, s := range w.sources { // a flight may still wait for its next window
			assert.NoError(t, s.Close(context.Background()))
		}
		w.rt.CloseIdleConnections()
		_ = srv.Close()
		<-served
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		w.handlers.Wait() // Close does not
	})

	var err error
	w.client, err = transport.New(transport.NewFamily(w.options.HTTPClient), provider, w.options)
	require.NoError(t, err)
	u := mustURL(t, tokenURL)
	w.endpoint = &Endpoint{Client: w.client, URL: u, Host: transport.NewHost(u), DefaultLifetime: assumed}
	if w.fetch == nil {
		w.use(clientID, clientSecret, scope)
	}
	w.source = w.another()
	return w
}

// use makes these credentials those of the login.
func (w *world) use(id, secret, scope string) {
	w.fetch, w.clientID, w.issuer = ClientCredentials(w.endpoint, id, secret, scope), id, tokenURL
	w.source = w.another()
}

// another is a second Source of the same login, with the same store.
func (w *world) another() *Source {
	s := NewSource(Login{Key: w.key, Store: w.store, Issuer: w.issuer, ClientID: w.clientID, Fetch: w.fetch}, &w.client.Observer)
	w.sources = append(w.sources, s)
	return s
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.handlers.Add(1)
	w.mu.Unlock()
	defer w.handlers.Done()
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	s := seen{Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header, Body: string(body), At: time.Now()}
	isToken := strings.HasSuffix(r.URL.Path, "/connect/token")
	w.mu.Lock()
	list, handler := &w.calls, w.api
	if isToken {
		list, handler = &w.tokens, w.token
	}
	*list = append(*list, s)
	n := len(*list)
	w.mu.Unlock()
	switch {
	case handler != nil:
		handler(rw, r, n)
	case isToken:
		grant(rw, n)
	}
}

// set replaces the answers of the token endpoint in mid-run.
func (w *world) set(token func(w http.ResponseWriter, r *http.Request, n int)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token = token
}

// recover lets the token endpoint grant from now on, and waits until the last failure is no longer
// shared.
func (w *world) recover() {
	w.set(func(rw http.ResponseWriter, _ *http.Request, n int) { grant(rw, n) })
	time.Sleep(failureShare)
}

func (w *world) tokenRequests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.tokens)
}

func (w *world) apiRequests() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.calls)
}

// flights is how many renewals have come to their end. It must be called in a bubble.
func (w *world) flights() int { return len(w.refreshed()) }

func (w *world) refreshed() []worktime.TokenRefreshedInfo {
	synctest.Wait() // an event may come after the token
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.finished)
}

// authorize fails the test if there is no token.
func (w *world) authorize() string {
	w.t.Helper()
	value, err := w.source.Authorize(context.Background())
	require.NoError(w.t, err)
	return strings.TrimPrefix(value, "Bearer ")
}

// call makes an API request, target being added to the path.
func (w *world) call(ctx context.Context, auth transport.Authorizer, target string) (*transport.Response, error) {
	u := mustURL(w.t, apiURL+target)
	return w.client.Do(ctx, &transport.Call{
		Operation: "get thing", Class: transport.Safe, Method: http.MethodGet, URL: u, Host: transport.NewHost(u), Auth: auth,
	})
}

// grant answers with token tok-n, which lives for half an hour.
func grant(w http.ResponseWriter, n int) { grantFor(w, n, "1800") }

// grantFor answers with token tok-n and this expires_in.
func grantFor(w http.ResponseWriter, n int, expiresIn string) {
	reply(w, http.StatusOK, fmt.Sprintf(`{"access_token":"tok-%d","expires_in":%s,"token_type":"Bearer","scope":"things.read"}`, n, expiresIn))
}

func reply(w http.ResponseWriter, status int, body string, fields ...string) {
	w.Header().Set("Content-Type", "application/json")
	for i := 0; i < len(fields); i += 2 {
		w.Header().Set(fields[i], fields[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// always answers every token request in the same way.
func always(status int, body string, fields ...string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) { reply(w, status, body, fields...) }
}

// lasting hands out tokens with this expires_in.
func lasting(expiresIn string) setting {
	return func(w *world) {
		w.token = func(rw http.ResponseWriter, _ *http.Request, n int) { grantFor(rw, n, expiresIn) }
	}
}

// answering has the token endpoint answer by f.
func answering(f func(w http.ResponseWriter, r *http.Request, n int)) setting {
	return func(w *world) { w.token = f }
}

// serving has the API answer by f.
func serving(f func(w http.ResponseWriter, r *http.Request, n int)) setting {
	return func(w *world) { w.api = f }
}

// storing puts another store below the Source.
func storing(s tokenstore.Store) setting { return func(w *world) { w.store = s } }

// fetching has the tokens come from elsewhere.
func fetching(f Fetch) setting { return func(w *world) { w.fetch = f } }

func options(change func(*worktime.Options)) setting {
	return func(w *world) { change(&w.options) }
}

// gate holds back the token endpoint after the first free requests, until it is opened.
type gate struct {
	free    int
	release chan struct{}
}

func newGate(free int) *gate { return &gate{free: free, release: make(chan struct{})} }

func (g *gate) open() { close(g.release) }

// before has f answer once the gate is open.
func (g *gate) before(f func(http.ResponseWriter, *http.Request, int)) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		if n > g.free {
			<-g.release
		}
		f(w, r, n)
	}
}

// granting is before with tokens of half an hour.
func (g *gate) granting() func(http.ResponseWriter, *http.Request, int) {
	return g.before(func(w http.ResponseWriter, _ *http.Request, n int) { grant(w, n) })
}

// result is what one of many callers got.
type result struct {
	value string
	err   error
}

// crowd is n goroutines that ask for the token at once. Each result is put in its own place,
// so that who has returned can be seen.
type crowd struct {
	mu      sync.Mutex
	results map[int]result
	wg      sync.WaitGroup
}

// ask starts n callers; ctx gives each its context.
func ask(s *Source, n int, ctx func(i int) context.Context) *crowd {
	c := &crowd{results: map[int]result{}}
	for i := range n {
		c.wg.Go(func() {
			value, err := s.Authorize(ctx(i))
			c.mu.Lock()
			defer c.mu.Unlock()
			c.results[i] = result{value, err}
		})
	}
	return c
}

func background(int) context.Context { return context.Background() }

func (c *crowd) returned() map[int]result {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.results)
}

// allGot checks that all n have returned with the token, those in except aside.
func (c *crowd) allGot(t testing.TB, n int, token string, except func(i int) bool) {
	t.Helper()
	c.wg.Wait()
	results := c.returned()
	require.Len(t, results, n)
	for i, r := range results {
		if except == nil || !except(i) {
			require.NoError(t, r.err, "caller %d", i)
			require.Equal(t, "Bearer "+token, r.value, "caller %d", i)
		}
	}
}

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
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

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

func mustURL(t testing.TB, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

var sentinels = map[string]error{
	"ErrBadRequest": worktime.ErrBadRequest, "ErrUnauthorized": worktime.ErrUnauthorized,
	"ErrForbidden": worktime.ErrForbidden, "ErrNotFound": worktime.ErrNotFound, "ErrConflict": worktime.ErrConflict,
	"ErrRateLimited": worktime.ErrRateLimited, "ErrUnavailable": worktime.ErrUnavailable,
	"ErrLoginRequired": worktime.ErrLoginRequired, "ErrUnknownOutcome": worktime.ErrUnknownOutcome,
	"ErrCrossOrigin": worktime.ErrCrossOrigin, "ErrRedirect": worktime.ErrRedirect,
	"ErrBadResponse": worktime.ErrBadResponse, "ErrTooLarge": worktime.ErrTooLarge,
	"Canceled": context.Canceled, "DeadlineExceeded": context.DeadlineExceeded,
}

// assertIs checks that err is these sentinels and no other.
func assertIs(t testing.TB, err error, want ...error) {
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
	assert.Equal(t, expected, got, "sentinels of: %v", err)
}

// authError returns the AuthError that err is, and checks that it names the provider and has
// a text of one line.
func authError(t testing.TB, err error) *worktime.AuthError {
	t.Helper()
	var a *worktime.AuthError
	require.ErrorAs(t, err, &a)
	assert.Equal(t, provider, a.Provider)
	assert.NotEmpty(t, a.Operation)
	assert.NotContains(t, a.Error(), "\n")
	return a
}

// renderings returns v in every way in which a program prints, logs or marshals it.
func renderings(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", v)
	}
	j, err := json.Marshal(v)
	require.NoError(t, err)
	b.Write(j)
	slog.New(slog.NewTextHandler(&b, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("m", "v", v)
	return b.String()
}

// assertHidden checks that none of the secrets is in any rendering of v.
func assertHidden(t testing.TB, v any, secrets ...string) {
	t.Helper()
	text := renderings(t, v)
	for _, secret := range secrets {
		assert.NotContains(t, text, secret)
		assert.NotContains(t, text, fmt.Sprintf("%x", secret))
	}
}

// tokenFunc is an oauth2.TokenSource made of a func.
type tokenFunc func() (*oauth2.Token, error)

func (f tokenFunc) Token() (*oauth2.Token, error) { return f() }

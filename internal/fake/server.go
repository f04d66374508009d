package fake

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Handlers are what a vendor's fake is made of.
type Handlers struct {
	API, Token http.Handler
	// IsToken reports whether a request is meant for the token endpoint.
	IsToken func(*http.Request) bool
	// Login has the other paths of the login server, such as that of its keys, and IsLogin tells which requests
	// those are. Both are nil if there are none.
	Login   http.Handler
	IsLogin func(*http.Request) bool
}

// Server stands between a vendor's handlers and the network. It is a handler itself, so that it may be served
// elsewhere too.
type Server struct {
	recorder
	faults

	handlers Handlers
	http     *http.Server
	pipes    *pipes
	client   *http.Client

	closing context.Context //nolint:containedctx // ends what waits in a handler
	close   context.CancelFunc
	serving sync.WaitGroup // loops that accept

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup // handlers; grows under mu and only before closed
}

// Start returns a server that is reached by its [Server.Client] only.
func Start(handlers Handlers) *Server {
	s := &Server{handlers: handlers, pipes: newPipes()}
	s.closing, s.close = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.client = &http.Client{Transport: s.pipes.transport()}
	s.serve(s.pipes)
	return s
}

// Hosts returns the hosts of a vendor's API and login server. With loopback they are sockets; else nothing listens there,
// so that who does not use [Server.Client] reaches nobody.
func (s *Server) Hosts(loopback bool) (api, login string, err error) {
	if !loopback {
		return "127.0.0.1:1", "127.0.0.1:2", nil
	}
	if api, err = s.Listen(); err == nil {
		login, err = s.Listen()
	}
	return api, login, err
}

// Listen opens a socket of the loopback interface and returns its address. The client then dials as usual.
func (s *Server) Listen() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.client.Transport = &http.Transport{MaxIdleConnsPerHost: 100}
	s.serve(l)
	return l.Addr().String(), nil
}

func (s *Server) serve(l net.Listener) {
	s.serving.Go(func() {
		_ = s.http.Serve(l) // always ends with an error, that of Close
	})
}

// Client returns the client that reaches the server.
func (s *Server) Client() *http.Client { return s.client }

// Close ends all connections and waits for the handlers.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.close()
	_ = s.pipes.Close() // also if serve has not come so far as to tell s.http of it
	_ = s.http.Close()
	s.serving.Wait()
	s.running.Wait()
	s.client.CloseIdleConnections()
}

// begin reports whether a handler may run; it must then call s.running.Done.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// ServeHTTP records the request and hands it to the vendor's handler or to a fault.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		panic(http.ErrAbortHandler)
	}
	defer s.running.Done()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	r = r.WithContext(ctx)

	token := s.handlers.IsToken(r)
	login := !token && s.handlers.IsLogin != nil && s.handlers.IsLogin(r)
	body, err := io.ReadAll(r.Body)
	s.recorder.add(r, body, token, login)
	if err != nil {
		panic(http.ErrAbortHandler) // the client left
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	handler := s.handlers.API
	switch {
	case token:
		handler = s.handlers.Token
	case login:
		handler = s.handlers.Login
	}
	if fault, ok := s.faults.next(r, token, login); ok {
		fault.serve(w, r, handler)
		return
	}
	handler.ServeHTTP(w, r)
}

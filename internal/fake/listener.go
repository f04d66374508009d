package fake

import (
	"context"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// pipes is a listener whose connections are those of [net.Pipe]. Unlike sockets they may block inside a bubble
// of testing/synctest.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	close    func()
}

func newPipes() *pipes {
	p := &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	return p
}

// Accept implements [net.Listener].
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (p *pipes) Close() error {
	p.close()
	return nil
}

// Addr implements [net.Listener].
func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// dial connects to the listener, whatever the address. A closed one refuses as a socket would.
func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{}, Err: err}
	}
	select {
	case <-p.closed: // also where a dead listener and a living context would both do
		return fail(syscall.ECONNREFUSED)
	default:
	}
	client, server := net.Pipe()
	select {
	case p.accepted <- server:
		return client, nil
	case <-p.closed:
		return fail(syscall.ECONNREFUSED)
	case <-ctx.Done():
		return fail(ctx.Err())
	}
}

// transport returns one that reaches the listener under every host name. For https it leaves TLS out, so
// that a client of the vendor's own addresses can be tested.
func (p *pipes) transport() *http.Transport {
	return &http.Transport{DialContext: p.dial, DialTLSContext: p.dial, MaxIdleConnsPerHost: 100}
}

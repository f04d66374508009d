package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// A server that speaks just enough HTTP/2 (RFC 9113) to fail in the middle of it.

const (
	frameData, frameHeaders, frameReset, frameSettings, framePing, frameGoAway = 0, 1, 3, 4, 6, 7

	flagEndStream, flagAck, flagEndHeaders = 1, 1, 4

	codeNone, codeProtocol, codeInternal, codeRefused, codeCancel = 0, 1, 2, 7, 8
)

// h2conn is the server's end of a connection.
type h2conn struct {
	net.Conn
	out chan []byte // written by one goroutine, since a pipe has no room
}

func (c *h2conn) frame(kind, flags byte, stream uint32, payload []byte) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	c.out <- append(b, payload...)
}

func (c *h2conn) code(kind byte, stream uint32, values ...uint32) {
	var payload []byte
	for _, v := range values {
		payload = binary.BigEndian.AppendUint32(payload, v)
	}
	c.frame(kind, 0, stream, payload)
}

// status200 is ":status: 200" as HPACK has it in its static table.
var status200 = []byte{0x88}

func (c *h2conn) succeed(stream uint32) {
	c.frame(frameHeaders, flagEndHeaders|flagEndStream, stream, status200)
}

// h2server hands each request that has arrived whole, counted from 1, to a func.
type h2server struct {
	request func(c *h2conn, stream uint32, n int)

	mu       sync.Mutex
	arrived  int
	conns    []*h2conn
	closed   bool
	finished sync.WaitGroup // grows under mu and only before closed
}

func (s *h2server) dial(context.Context, int) (net.Conn, error) {
	client, server := net.Pipe()
	c := &h2conn{tls.Server(server, &tls.Config{Certificates: []tls.Certificate{certificate().cert}, NextProtos: []string{"h2"}}), make(chan []byte, 100)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, net.ErrClosed
	}
	s.conns = append(s.conns, c)
	s.finished.Go(func() { s.serve(c) })
	s.finished.Go(func() {
		for b := range c.out {
			if b == nil {
				c.Close()
				continue
			}
			_, _ = c.Write(b)
		}
	})
	return client, nil
}

func (s *h2server) serve(c *h2conn) {
	defer close(c.out)
	defer c.Close()
	preface := make([]byte, 24)
	if _, err := io.ReadFull(c, preface); err != nil {
		return
	}
	c.frame(frameSettings, 0, 0, nil)
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head)>>8)
		if _, err := io.ReadFull(c, payload); err != nil {
			return
		}
		kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:])
		switch {
		case kind == frameSettings && flags&flagAck == 0:
			c.frame(frameSettings, flagAck, 0, nil)
		case kind == framePing && flags&flagAck == 0:
			c.frame(framePing, flagAck, 0, payload)
		case (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0:
			s.mu.Lock()
			s.arrived++
			n := s.arrived
			s.mu.Unlock()
			s.request(c, stream, n)
		}
	}
}

func (s *h2server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.arrived
}

// close ends all connections.
func (s *h2server) close() {
	s.mu.Lock()
	s.closed = true
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.finished.Wait()
}

func newH2World(t *testing.T, request func(c *h2conn, stream uint32, n int)) (*world, *h2server) {
	s := &h2server{request: request}
	w := newWorld(t, answer(500), overTLS("h2"), dialling(s.dial), func(w *world, _ *worktime.Options) {
		w.rt.ForceAttemptHTTP2 = true
	})
	t.Cleanup(s.close)
	return w, s
}

func TestHTTP2Works(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newH2World(t, func(c *h2conn, stream uint32, _ int) { c.succeed(stream) })
		for _, class := range []Class{Safe, Idempotent, Once} {
			for range 10 {
				_, err := w.do(t.Context(), w.call(class))
				require.NoError(t, err)
			}
		}
		require.Equal(t, 30, s.count())
		require.Len(t, w.dials(), 1)
	})
}

// What HTTP/2 can do to a request: a once write is never processed twice, and others succeed.
func TestHTTP2Faults(t *testing.T) {
	reset := func(code uint32) func(*h2conn, uint32) {
		return func(c *h2conn, stream uint32) { c.code(frameReset, stream, code) }
	}
	hangUp := func(c *h2conn) { c.out <- nil }
	for name, tt := range map[string]struct {
		fail      func(c *h2conn, stream uint32)
		processed bool // the request may have been carried out
	}{
		"refused stream":          {reset(codeRefused), false},
		"reset as cancelled":      {reset(codeCancel), true},
		"reset as internal error": {reset(codeInternal), true},
		"reset as protocol error": {reset(codeProtocol), true},
		"reset in the body": {func(c *h2conn, stream uint32) {
			c.frame(frameHeaders, flagEndHeaders, stream, status200)
			c.frame(frameData, 0, stream, []byte(`{"half":`))
			c.code(frameReset, stream, codeInternal)
		}, true},
		"connection lost": {func(c *h2conn, _ uint32) { hangUp(c) }, true},
		"connection lost in the body": {func(c *h2conn, stream uint32) {
			c.frame(frameHeaders, flagEndHeaders, stream, status200)
			c.frame(frameData, 0, stream, []byte(`{"half":`))
			hangUp(c)
		}, true},
		"going away, not processed": {func(c *h2conn, _ uint32) {
			c.code(frameGoAway, 0, 0, codeNone)
			hangUp(c)
		}, false},
		"going away, perhaps processed": {func(c *h2conn, stream uint32) {
			c.code(frameGoAway, 0, stream, codeNone)
			hangUp(c)
		}, true},
		"going away with an error": {func(c *h2conn, _ uint32) {
			c.code(frameGoAway, 0, 0, codeInternal)
			hangUp(c)
		}, true},
	} {
		for _, class := range []Class{Safe, Idempotent, Once} {
			for _, body := range []bool{true, false} {
				label := name + "/" + className(class)
				if !body {
					label += " without a body"
				}
				t.Run(label, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						w, s := newH2World(t, func(c *h2conn, stream uint32, n int) {
							if n == 1 {
								tt.fail(c, stream)
								return
							}
							c.succeed(stream)
						})
						call := w.call(class)
						if call.Body = nil; body && class != Safe {
							call.Body = bytes.Repeat([]byte("x"), 1000)
						}
						_, err := w.do(t.Context(), call)
						if class != Once {
							require.NoError(t, err)
							require.Equal(t, 2, s.count())
							return
						}
						if tt.processed {
							require.Equal(t, 1, s.count(), "a write was sent twice")
							requireIs(t, err, worktime.ErrUnavailable, worktime.ErrUnknownOutcome)
							return
						}
						// The server said that it did nothing: sending it again would do no harm, and
						// not sending it is an unknown outcome at worst.
						require.Equal(t, err == nil, s.count() == 2)
						if err != nil {
							require.ErrorIs(t, err, worktime.ErrUnavailable)
						}
					})
				})
			}
		}
	}
}

// A connection that went away between two requests is replaced, and the write sent once.
func TestHTTP2IdleClose(t *testing.T) {
	for name, leave := range map[string]func(*h2conn){
		"closed": func(c *h2conn) { c.out <- nil },
		"going away": func(c *h2conn) {
			c.code(frameGoAway, 0, 1, codeNone)
			c.out <- nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, s := newH2World(t, func(c *h2conn, stream uint32, _ int) { c.succeed(stream) })
				_, err := w.do(t.Context(), w.call(Safe))
				require.NoError(t, err)
				leave(s.conns[0])
				synctest.Wait()
				_, err = w.do(t.Context(), w.call(Once))
				require.NoError(t, err)
				require.Equal(t, 2, s.count())
				require.Len(t, w.dials(), 2)
			})
		})
	}
}

// The caller's context ends a stream, and the connection goes on being used.
func TestHTTP2ContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newH2World(t, func(c *h2conn, stream uint32, n int) {
			if n > 1 {
				c.succeed(stream)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := w.do(ctx, w.call(Once))
		requireIs(t, err, context.DeadlineExceeded, worktime.ErrUnknownOutcome)
		require.Equal(t, time.Second, w.now())
		_, err = w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		require.Equal(t, 2, s.count())
		require.Len(t, w.dials(), 1)
	})
}

// A server that refuses every stream: the call ends.
func TestHTTP2RefusedForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, s := newH2World(t, func(c *h2conn, stream uint32, _ int) { c.code(frameReset, stream, codeRefused) })
		_, err := w.do(t.Context(), w.call(Safe))
		require.Error(t, err)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
		require.Equal(t, 4, failure(t, err).Attempts)
		require.LessOrEqual(t, s.count(), 4*10, "net/http repeats a few times by itself")
	})
}

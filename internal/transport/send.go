package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/worktime-go/worktime"
)

const (
	errorBody = 64 << 10 // how much of an unsuccessful answer is kept
	drain     = 64 << 10 // how much more is read to keep the connection

	patientWrite  = 30 * time.Second
	patientAnswer = 2 * time.Minute
)

// attempt is one request and what came of it.
type attempt struct {
	status  int // 0: no answer
	header  http.Header
	body    []byte
	buf     *bytes.Buffer // holds body; nil if there is none
	err     error         // why there is no answer, or not all of it
	unsent  bool          // the request provably did not reach the server
	final   bool          // trying again will not help
	began   time.Time
	outcome Outcome
}

// send makes one attempt: observed, under a deadline of its own, with the answer read up to
// the limit.
func (x *exchange) send(ctx context.Context) {
	if x.attempts > 0 {
		x.client.retrying(ctx, x.call, x)
		x.resent = x.resent || x.maybeDone()
	}
	putBuffer(x.buf)
	x.attempt = attempt{began: time.Now()}
	x.attempts++
	x.client.requestStart(ctx, x.call, x.attempts)

	actx, cancel := x.attemptContext(ctx)
	defer cancel()
	var conn *connTrace
	if x.call.Class != Safe || x.call.Patient {
		conn = &connTrace{}
		if x.call.Class == Once {
			conn.again = cancel
		}
		if x.call.Patient {
			defer conn.limit(cancel)()
		}
		actx = httptrace.WithClientTrace(actx, conn.hooks())
	}
	resp, err := x.client.family.transport.RoundTrip(x.request(actx, conn))
	if err == nil && resp != nil {
		x.call.Quota.read(resp.Header, time.Now())
	}
	x.done() // after that: a turn must not be free before it is known to be spent
	switch {
	case err != nil:
		x.unsent = conn != nil && conn.unsent(err)
	case resp == nil:
		err = errors.New("the RoundTripper returned no answer and no error")
	default:
		x.status, x.header = resp.StatusCode, resp.Header
		err = x.read(resp)
	}
	x.final = err != nil && permanent(err)
	switch {
	case err == nil || ctx.Err() != nil:
	case actx.Err() != nil:
		// Not the caller's deadline, so it must not look like it.
		err = fmt.Errorf("no complete answer within %v", time.Since(x.began).Round(time.Millisecond))
	case ended(err): // a time limit of the connection's says that it is a DeadlineExceeded
		err = errors.New(Sanitize(err).Error())
	}
	x.err = x.sanitize(err)
	x.outcome = x.classify()
	x.client.requestEnd(ctx, x.call, x, time.Since(x.began))
}

func (x *exchange) attemptContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if x.call.Patient || x.client.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, x.client.timeout)
}

func (x *exchange) request(ctx context.Context, conn *connTrace) *http.Request {
	header := make(http.Header, len(x.call.Header)+2)
	maps.Copy(header, x.call.Header)
	header["User-Agent"] = x.client.userAgent
	if x.credential != "" {
		header["Authorization"] = []string{x.credential}
	}
	req := (&http.Request{
		Method: x.call.Method, URL: x.call.URL, Host: x.call.URL.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	if body := x.call.Body; body != nil {
		req.ContentLength = int64(len(body))
		req.Body = io.NopCloser(bytes.NewReader(body))
		if len(body) == 0 {
			req.Body = http.NoBody
		}
		// GetBody lets net/http move a write to another connection if not a byte of it
		// has left. Over HTTP/2 net/http does so also after a reset that proves nothing
		// (PROTOCOL_ERROR), so there a once operation is not moved.
		req.GetBody = func() (io.ReadCloser, error) {
			if x.call.Class == Once && conn.http2.Load() {
				return nil, errors.New("the stream was reset")
			}
			return io.NopCloser(bytes.NewReader(body)), nil
		}
	}
	return req
}

// read takes in the body and leaves the connection fit for the next request.
func (x *exchange) read(resp *http.Response) error {
	if resp.Body == nil {
		return nil
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is lost with a body that was read
	if resp.StatusCode < 200 || x.call.Method == http.MethodHead {
		return nil // after 101 the body is the connection, which ends with no context
	}

	limit := int64(errorBody)
	success := resp.StatusCode >= 200 && resp.StatusCode < 300
	if success {
		limit = min(orDefault(x.call.MaxBytes, x.client.maxBytes), math.MaxInt64-1)
	}
	if success && limit > 0 && resp.ContentLength > limit {
		return fmt.Errorf("%w: %d bytes, the limit is %d", worktime.ErrTooLarge, resp.ContentLength, limit)
	}
	x.buf = getBuffer(resp.ContentLength)
	var err error
	if limit > 0 {
		_, err = x.buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	} else {
		_, err = x.buf.ReadFrom(resp.Body)
	}
	x.body = x.buf.Bytes()
	if limit > 0 && int64(len(x.body)) > limit {
		x.body = x.body[:limit]
		if success {
			return fmt.Errorf("%w: more than %d bytes", worktime.ErrTooLarge, limit)
		}
		_, _ = io.CopyN(io.Discard, resp.Body, drain)
	}
	return err
}

const maxPooled = 4 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// getBuffer returns an empty buffer with room for a body of the announced length, within
// reason: a header is not worth more than a megabyte.
func getBuffer(length int64) *bytes.Buffer {
	buf, _ := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	if length > 0 {
		buf.Grow(int(min(length, 1<<20)) + bytes.MinRead)
	}
	return buf
}

func putBuffer(buf *bytes.Buffer) {
	if buf != nil && buf.Cap() <= maxPooled {
		buffers.Put(buf)
	}
}

// connTrace collects evidence of how far a request got.
type connTrace struct {
	wanted, got, wrote, http2 atomic.Bool
	written                   func() // set before the request is made
	again                     func() // called before a written request is written again
}

func (t *connTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { t.wanted.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			t.got.Store(true)
			c, ok := info.Conn.(*tls.Conn)
			t.http2.Store(ok && c.ConnectionState().NegotiatedProtocol == "h2")
			if t.again != nil && t.http2.Load() && t.wrote.Load() {
				t.again()
			}
		},
		WroteRequest: func(httptrace.WroteRequestInfo) {
			t.wrote.Store(true)
			if t.written != nil {
				t.written()
			}
		},
	}
}

// unsent reports whether the request provably did not leave: no connection was obtained,
// TLS handshake included. A RoundTripper that drops the trace leaves only the error
// to go by, and what that does not prove counts as sent.
func (t *connTrace) unsent(err error) bool {
	if t.got.Load() {
		return false
	}
	if t.wanted.Load() {
		return true
	}
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial"
}

// limit cancels a patient request that is not written in time, or whose answer does not come
// in time. Without a trace it counts as written.
func (t *connTrace) limit(cancel context.CancelFunc) (stop func()) {
	answer := time.AfterFunc(patientWrite+patientAnswer, cancel)
	t.written = func() { answer.Reset(patientAnswer) }
	write := time.AfterFunc(patientWrite, func() {
		if t.wanted.Load() && !t.wrote.Load() {
			cancel()
		}
	})
	return func() {
		answer.Stop()
		write.Stop()
	}
}

// sanitize takes the URL and the credential out of the error of a RoundTripper.
func (x *exchange) sanitize(err error) error {
	if err == nil {
		return nil
	}
	err = Sanitize(err)
	for _, s := range []string{secret(x.credential), x.call.URL.RawQuery} {
		if s != "" && strings.Contains(err.Error(), s) {
			err = errors.New(strings.ReplaceAll(err.Error(), s, redacted))
		}
	}
	return err
}

// Sanitize takes the URL out of an error, which may hold a code or a token.
func Sanitize(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

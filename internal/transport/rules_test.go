package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// A fault is one way in which an attempt can go. Exactly one of its fields is set.
type fault struct {
	dial    func(context.Context) (net.Conn, error) // instead of a connection
	tls     func(net.Conn)                          // instead of a handshake
	handler http.HandlerFunc                        // the request arrives
}

// cell is a row of the retry rules: what an attempt meets, and for each class how often the
// request is sent if it always meets that.
type cell struct {
	name string
	fault
	// sends is for Safe, Idempotent and Once.
	sends [3]int
	// is are the sentinels of the error, the only ones; none: it is no error.
	is []error
	// unknown: for Once it is ErrUnknownOutcome, too.
	unknown bool
	// hidden is set where the row differs for a RoundTripper that drops the httptrace: then a
	// Once request counts as sent.
	hidden bool

	asked    time.Duration // RetryAfter of the failure
	auth     Authorizer
	classify func(int, http.Header, []byte) Outcome
	maxBytes int64
}

var (
	everyTime  = [3]int{4, 4, 4}    // the server provably did not act
	notOnce    = [3]int{4, 4, 1}    // it may have acted
	never      = [3]int{1, 1, 1}    // it would not help
	throttling = [3]int{10, 10, 10} // no attempt of the policy's, but there is an end
)

func dialError(err error) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
}

func refuseAll(int, http.Header, []byte) Outcome { return Refused }

// large is twice the limit of the "too large" cell.
func large(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) }

func retryRules() []cell {
	unavailable, limited := []error{worktime.ErrUnavailable}, []error{worktime.ErrRateLimited}
	on := func(h http.HandlerFunc) fault { return fault{handler: h} }
	status := func(code int) fault { return on(answer(code)) }
	rows := []cell{
		// Nothing was sent.
		{name: "dial error", fault: fault{dial: dialError(errors.New("connection refused"))}, sends: everyTime, is: unavailable},
		{name: "DNS temporary", fault: fault{dial: dialError(&net.DNSError{Err: "server misbehaving", IsTemporary: true})}, sends: everyTime, is: unavailable},
		{name: "DNS timeout", fault: fault{dial: dialError(&net.DNSError{Err: "i/o timeout", IsTimeout: true})}, sends: everyTime, is: unavailable},
		{name: "NXDOMAIN", fault: fault{dial: dialError(&net.DNSError{Err: "no such host", IsNotFound: true})}, sends: never, is: unavailable},
		{name: "TLS handshake failure", fault: fault{tls: brokenHandshake}, sends: everyTime, is: unavailable, hidden: true},
		{name: "TLS connection lost", fault: fault{tls: func(net.Conn) {}}, sends: everyTime, is: unavailable, hidden: true},
		{name: "certificate error", fault: fault{tls: foreignCertificate}, sends: never, is: unavailable, hidden: true},
		{name: "no connection in time", fault: fault{dial: func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}, sends: everyTime, is: unavailable, hidden: true},

		// It was sent, and the answer did not come, or not whole.
		{name: "connection lost", fault: on(lost), sends: notOnce, is: unavailable, unknown: true},
		{name: "attempt timeout", fault: on(hang), sends: notOnce, is: unavailable, unknown: true},
		{name: "200 truncated", fault: on(truncated(200)), sends: notOnce, is: unavailable, unknown: true},
		{name: "201 truncated", fault: on(truncated(201)), sends: notOnce, is: unavailable, unknown: true},
		{name: "200 with slow body", fault: on(slowBody), sends: notOnce, is: unavailable, unknown: true},
		{name: "404 truncated", fault: on(truncated(404)), sends: never, is: []error{worktime.ErrNotFound}},
		{name: "422 truncated", fault: on(truncated(422)), sends: never, is: []error{worktime.ErrBadRequest}},
		{name: "500 truncated", fault: on(truncated(500)), sends: [3]int{4, 2, 1}, is: unavailable, unknown: true},
		{name: "503 truncated", fault: on(truncated(503)), sends: notOnce, is: unavailable, unknown: true},
		{name: "429 truncated", fault: on(truncated(429, "Retry-After", "2")), sends: throttling, is: limited, asked: 2 * time.Second},
		{name: "too large", fault: on(large), sends: never, is: []error{worktime.ErrTooLarge}, unknown: true, maxBytes: 1000},
		{name: "not HTTP", fault: fault{dial: tlsServer(func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "SSH-2.0-OpenSSH\r\n")
		})}, sends: notOnce, is: unavailable, unknown: true},

		{name: "200", fault: status(200), sends: never},
		{name: "201", fault: status(201), sends: never},
		{name: "202", fault: status(202), sends: never},
		{name: "204", fault: status(204), sends: never},

		{name: "401", fault: status(401), sends: never, is: []error{worktime.ErrUnauthorized}},
		{name: "401 with another credential", fault: status(401), sends: [3]int{2, 2, 2}, is: []error{worktime.ErrUnauthorized},
			auth: &login{value: "Bearer first-token", refused: func(context.Context, string) (string, error) { return "Bearer second-token", nil }}},
		{name: "401 without another credential", fault: status(401), sends: never, is: []error{worktime.ErrUnauthorized}, auth: &login{value: "Bearer first-token"}},

		{name: "408", fault: status(408), sends: notOnce, is: unavailable, unknown: true},
		{name: "425", fault: status(425), sends: notOnce, is: unavailable},
		{name: "429", fault: status(429), sends: throttling, is: limited},
		{name: "429 with Retry-After", fault: on(answer(429, "Retry-After", "3")), sends: throttling, is: limited, asked: 3 * time.Second},
		{name: "429 with Retry-After over the cap", fault: on(answer(429, "Retry-After", "300")), sends: never, is: limited, asked: 300 * time.Second},

		{name: "500", fault: status(500), sends: [3]int{4, 2, 1}, is: unavailable, unknown: true},
		{name: "500 classified as refused", fault: status(500), sends: never, is: []error{worktime.ErrBadRequest}, classify: refuseAll},
		{name: "501", fault: status(501), sends: never, is: unavailable, unknown: true},
		{name: "502", fault: status(502), sends: notOnce, is: unavailable, unknown: true},
		{name: "503", fault: status(503), sends: notOnce, is: unavailable, unknown: true},
		{name: "503 with Retry-After", fault: on(answer(503, "Retry-After", "4")), sends: notOnce, is: unavailable, unknown: true, asked: 4 * time.Second},
		{name: "503 with Retry-After over the cap", fault: on(answer(503, "Retry-After", "300")), sends: never, is: unavailable, unknown: true, asked: 300 * time.Second},
		{name: "504", fault: status(504), sends: notOnce, is: unavailable, unknown: true},
		{name: "505", fault: status(505), sends: never, is: unavailable, unknown: true},
		{name: "520", fault: status(520), sends: notOnce, is: unavailable, unknown: true},
		{name: "599", fault: status(599), sends: notOnce, is: unavailable, unknown: true},
	}
	for code, sentinel := range map[int]error{
		400: worktime.ErrBadRequest, 402: worktime.ErrForbidden, 403: worktime.ErrForbidden, 404: worktime.ErrNotFound,
		405: worktime.ErrBadRequest, 406: worktime.ErrBadRequest, 409: worktime.ErrConflict, 410: worktime.ErrNotFound,
		411: worktime.ErrBadRequest, 412: worktime.ErrConflict, 413: worktime.ErrBadRequest, 414: worktime.ErrBadRequest,
		415: worktime.ErrBadRequest, 421: worktime.ErrBadRequest, 422: worktime.ErrBadRequest, 431: worktime.ErrBadRequest,
		451: worktime.ErrBadRequest,
	} {
		rows = append(rows, cell{name: http.StatusText(code), fault: status(code), sends: never, is: []error{sentinel}})
	}
	for _, code := range []int{300, 301, 302, 303, 304, 307, 308} {
		// A redirect often follows a form that was accepted, so a write's outcome is unknown.
		rows = append(rows, cell{name: http.StatusText(code), fault: on(answer(code, "Location", "/elsewhere")),
			sends: never, is: []error{worktime.ErrRedirect}, unknown: true})
	}
	return rows
}

// slowBody sends a byte a second.
func slowBody(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(time.Second)
	}
}

func className(c Class) string { return [...]string{"once", "idempotent", "safe"}[c] }

// world starts a server on which the first faulty attempts meet the fault, and the others
// success.
func (c cell) world(t *testing.T, faulty int, settings ...setting) *world {
	var meets func(context.Context) (net.Conn, error)
	handler := script(append(slices.Repeat([]http.HandlerFunc{c.handler}, faulty), answer(http.StatusOK))...)
	if c.handler == nil {
		handler = answer(http.StatusOK)
		meets = c.dial
	}
	if c.tls != nil {
		settings = append([]setting{overTLS()}, settings...)
		meets = tlsServer(c.tls)
	}
	if c.name == "certificate error" {
		// The working server of a later attempt has to be distrusted as well, since it is
		// the same one; no attempt may come that far.
		settings = append(settings, func(w *world, _ *worktime.Options) { w.rt.TLSClientConfig = nil })
	}
	if meets != nil {
		settings = append(settings, dialling(func(ctx context.Context, n int) (net.Conn, error) {
			if n > faulty {
				return nil, nil
			}
			return meets(ctx)
		}))
	}
	return newWorld(t, handler, settings...)
}

// sent is how often the request was sent, or a connection for it was asked for.
func (c cell) sent(w *world) int {
	if c.handler == nil {
		return len(w.dials())
	}
	return len(w.seen())
}

func (c cell) call(w *world, class Class) *Call {
	call := w.call(class)
	call.Auth, call.Classify, call.MaxBytes = c.auth, c.classify, c.maxBytes
	return call
}

const always = 20 // more than any call sends

func TestRetryRules(t *testing.T) {
	for _, c := range retryRules() {
		for i, class := range []Class{Safe, Idempotent, Once} {
			for _, traced := range []bool{true, false} {
				name := c.name + "/" + className(class)
				var settings []setting
				row := c
				if !traced {
					name += "/without httptrace"
					settings = append(settings, wrap(untraced))
					if c.hidden {
						row.sends[2], row.unknown = 1, true
					}
				}
				t.Run(name+"/always", func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { row.testAlways(t, class, row.sends[i], settings) })
				})
				t.Run(name+"/at first", func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { row.testAtFirst(t, class, row.sends[i], settings) })
				})
			}
		}
	}
}

// testAlways: each attempt meets the fault.
func (c cell) testAlways(t *testing.T, class Class, sends int, settings []setting) {
	w := c.world(t, always, settings...)
	resp, err := w.do(t.Context(), c.call(w, class))
	require.Equal(t, sends, c.sent(w))
	if c.handler == nil && c.name != "not HTTP" {
		require.Empty(t, w.seen())
	}
	if len(c.is) == 0 {
		require.NoError(t, err)
		require.False(t, resp.Resent)
		return
	}
	want := c.is
	if class == Once && c.unknown {
		want = append(slices.Clone(want), worktime.ErrUnknownOutcome)
	}
	requireIs(t, err, want...)
	f := failure(t, err)
	require.Equal(t, sends, f.Attempts)
	require.Equal(t, c.asked, f.RetryAfter)
	if class == Once {
		require.False(t, f.Resent, "a write was sent again")
	}
}

// testAtFirst: only the first attempt does.
func (c cell) testAtFirst(t *testing.T, class Class, sends int, settings []setting) {
	w := c.world(t, 1, settings...)
	resp, err := w.do(t.Context(), c.call(w, class))
	require.Equal(t, min(sends, 2), c.sent(w))
	if sends > 1 || len(c.is) == 0 {
		require.NoError(t, err)
		require.Equal(t, 2, resp.StatusCode/100)
		return
	}
	require.Error(t, err)
	require.Equal(t, class == Once && c.unknown, errors.Is(err, worktime.ErrUnknownOutcome))
}

// Resent says that an earlier attempt may have been carried out. A DELETE that met 404 is taken
// for a success on the strength of it.
func TestResent(t *testing.T) {
	may := map[string]bool{
		"connection lost": true, "attempt timeout": true, "200 truncated": true, "201 truncated": true, "200 with slow body": true,
		"500": true, "502": true, "503": true, "504": true, "520": true, "599": true, "408": true, "500 truncated": true,
		"503 truncated": true, "503 with Retry-After": true, "not HTTP": true,
	}
	for _, c := range retryRules() {
		if c.sends[1] == 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := c.world(t, 1)
				resp, err := w.do(t.Context(), c.call(w, Idempotent))
				require.NoError(t, err)
				require.Equal(t, may[c.name], resp.Resent)
			})
		})
	}
	t.Run("of a failure", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, script(answer(503), answer(404)))
			_, err := w.do(t.Context(), w.call(Idempotent))
			requireIs(t, err, worktime.ErrNotFound)
			require.True(t, failure(t, err).Resent)
		})
	})
	t.Run("no repetition followed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answer(http.StatusServiceUnavailable, "Retry-After", "300"))
			_, err := w.do(t.Context(), w.call(Idempotent))
			require.Equal(t, 1, failure(t, err).Attempts)
			require.False(t, failure(t, err).Resent, "there was only one attempt")
		})
	})
}

// One 500 is forgiven to an idempotent request, also if it is not the first failure.
func TestIdempotent500AfterAnotherFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(503), answer(500), answer(200)))
		_, err := w.do(t.Context(), w.call(Idempotent))
		require.NoError(t, err)
		require.Len(t, w.seen(), 3)
	})
}

// What MaxAttempts means for each kind of repetition.
func TestMaxAttempts(t *testing.T) {
	for name, tt := range map[string]struct {
		max           int
		handler       http.HandlerFunc
		sends         int
		is            []error
		credentialFor int
	}{
		"default":           {0, answer(503), 4, []error{worktime.ErrUnavailable}, 0},
		"six":               {6, answer(503), 6, []error{worktime.ErrUnavailable}, 0},
		"one":               {1, answer(503), 1, []error{worktime.ErrUnavailable}, 0},
		"off":               {-1, answer(503), 1, []error{worktime.ErrUnavailable}, 0},
		"one waits for 429": {1, script(answer(429), answer(429), answer(200)), 3, nil, 0},
		"a 429 is no attempt": {2, script(answer(503), answer(429), answer(429), answer(503)), 4,
			[]error{worktime.ErrUnavailable}, 0},
		"a 401 is no attempt": {1, script(answer(401), answer(200)), 2, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, tt.handler, options(func(o *worktime.Options) { o.Retry.MaxAttempts = tt.max }))
				call := w.call(Safe)
				call.Auth = &login{value: "Bearer first-token", refused: func(context.Context, string) (string, error) { return "Bearer second-token", nil }}
				_, err := w.do(t.Context(), call)
				require.Len(t, w.seen(), tt.sends)
				if tt.is == nil {
					require.NoError(t, err)
					return
				}
				requireIs(t, err, tt.is...)
			})
		})
	}
}

// A RoundTripper of the user's own may report what it likes: only what proves that nothing
// was sent lets a write be sent again.
func TestOnceWithOddRoundTrippers(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	dns := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	for name, tt := range map[string]struct {
		err   error
		trace []string // the events it reports
		sends int32
	}{
		"dial error, no events":                {dial, nil, 4},
		"wrapped dial error, no events":        {errors.Join(errors.New("try"), dial), nil, 4},
		"DNS error, no events":                 {dns, nil, 4},
		"dial error after a connection":        {dial, []string{"GetConn", "GotConn"}, 1},
		"DNS error after a connection":         {dns, []string{"GetConn", "GotConn"}, 1},
		"connection without being asked for":   {dial, []string{"GotConn"}, 1},
		"any error without a connection":       {errors.New("broken"), []string{"GetConn"}, 4},
		"any error, no events":                 {errors.New("broken"), nil, 1},
		"read error, no events":                {&net.OpError{Op: "read", Err: errors.New("reset")}, nil, 1},
		"write error, no events":               {&net.OpError{Op: "write", Err: errors.New("broken pipe")}, nil, 1},
		"EOF, no events":                       {io.EOF, nil, 1},
		"timeout, no events":                   {timeoutError{}, nil, 1},
		"context error though none has ended":  {context.Canceled, nil, 1},
		"deadline though none has passed":      {context.DeadlineExceeded, nil, 1},
		"second connection failed":             {dial, []string{"GetConn", "GotConn", "GetConn"}, 1},
		"neither answer nor error, no events":  {nil, nil, 1},
		"neither answer nor error, connection": {nil, []string{"GetConn", "GotConn"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sends atomic.Int32
				client, call := stubbed(t, roundTripper(func(r *http.Request) (*http.Response, error) {
					sends.Add(1)
					fire(r.Context(), tt.trace)
					return nil, tt.err
				}))
				call.Class, call.Method = Once, http.MethodPost
				_, err := client.Do(t.Context(), call)
				f := failure(t, err)
				require.Equal(t, tt.sends, sends.Load())
				// Also not the end of a context, since none has ended.
				want := []error{worktime.ErrUnavailable}
				if tt.sends == 1 {
					want = append(want, worktime.ErrUnknownOutcome)
				}
				requireIs(t, err, want...)
				require.Equal(t, int(tt.sends), f.Attempts)
				require.Zero(t, f.StatusCode)
			})
		})
	}
}

type timeoutError struct{}

func (timeoutError) Error() string { return "i/o timeout" }
func (timeoutError) Timeout() bool { return true }

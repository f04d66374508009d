package transport

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// zeros is a body of n bytes that counts how much of it is read.
type zeros struct {
	n      int64
	read   atomic.Int64
	closed atomic.Bool
}

func (z *zeros) Read(p []byte) (int, error) {
	n := min(int64(len(p)), z.n-z.read.Load())
	if n <= 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	z.read.Add(n)
	return int(n), nil
}

func (z *zeros) Close() error { z.closed.Store(true); return nil }

// allocates is how much f allocates in all.
func allocates(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// An answer of a gigabyte is read up to the limit and no further, whatever length it announces.
func TestSizeLimit(t *testing.T) {
	const gigabyte = 1 << 30
	for name, tt := range map[string]struct {
		announced int64
		limit     int64 // of the call; 0: the client's
		client    int64
		reads     int64 // at most
	}{
		"announced":              {gigabyte, 0, 0, 0},
		"not announced":          {-1, 0, 0, 33 << 20},
		"lying":                  {100, 0, 0, 33 << 20},
		"limit of the client":    {-1, 0, 1 << 20, 2 << 20},
		"limit of the call":      {-1, 1 << 20, 0, 2 << 20},
		"the call's counts":      {-1, 1 << 20, 16 << 20, 2 << 20},
		"call's, client without": {-1, 1 << 20, -1, 2 << 20},
	} {
		for _, status := range []int{200, 201, 299} {
			t.Run(name+strconv.Itoa(status), func(t *testing.T) {
				body := &zeros{n: gigabyte}
				var sent int
				client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
					sent++
					return &http.Response{StatusCode: status, ContentLength: tt.announced, Body: body}, nil
				}), func(o *worktime.Options) { o.MaxResponseBytes = tt.client })
				call.MaxBytes = tt.limit
				var err error
				memory := allocates(func() { _, err = client.Do(t.Context(), call) })
				requireIs(t, err, worktime.ErrTooLarge)
				require.Equal(t, 1, sent)
				require.LessOrEqual(t, body.read.Load(), tt.reads)
				require.True(t, body.closed.Load())
				require.LessOrEqual(t, len(failure(t, err).Body), errorBody)
				require.Less(t, memory, uint64(320<<20), "it doubles a buffer up to the limit, and the race detector keeps more")
			})
		}
	}
}

// An endless answer holds no more than a buffer that was doubled beyond the limit of 32 MiB.
func TestBombMemory(t *testing.T) {
	for _, announced := range []int64{-1, 100} {
		var base, peak uint64
		inUse := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
			base = inUse()
			body := &watched{Reader: &zeros{n: 1 << 30}, seen: func() { peak = max(peak, inUse()) }}
			return &http.Response{StatusCode: 200, ContentLength: announced, Body: body}, nil
		}))
		_, err := client.Do(t.Context(), call)
		requireIs(t, err, worktime.ErrTooLarge)
		require.Less(t, peak-base, uint64(72<<20))
	}
}

// watched calls seen at each Read.
type watched struct {
	io.Reader
	seen func()
}

func (w *watched) Read(p []byte) (int, error) {
	w.seen()
	return w.Reader.Read(p[:min(len(p), 1<<20)])
}

func (w *watched) Close() error { return nil }

// The limit is inclusive.
func TestSizeLimitIsExact(t *testing.T) {
	for size, ok := range map[int64]bool{0: true, 999: true, 1000: true, 1001: false, 5000: false} {
		for _, announced := range []int64{-1, size} {
			client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: announced, Body: &zeros{n: size}}, nil
			}), func(o *worktime.Options) { o.MaxResponseBytes = 1000 })
			resp, err := client.Do(t.Context(), call)
			require.Equal(t, ok, err == nil, "%d bytes: %v", size, err)
			if ok {
				require.Len(t, resp.Body, int(size))
				resp.Release()
			} else {
				require.ErrorIs(t, err, worktime.ErrTooLarge)
			}
		}
	}
}

// Negative is no limit, and the largest limit is none that overflows.
func TestNoSizeLimit(t *testing.T) {
	for _, tt := range []struct{ client, call, size int64 }{
		{-1, 0, 33 << 20}, {math.MinInt64, 0, 5000}, {math.MaxInt64, 0, 5000}, {math.MaxInt64 - 1, 0, 5000},
		{1000, -1, 5000}, {1000, math.MinInt64, 5000}, {1000, math.MaxInt64, 5000}, {1000, 5000, 5000},
	} {
		for _, announced := range []int64{-1, tt.size} {
			client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: announced, Body: &zeros{n: tt.size}}, nil
			}), func(o *worktime.Options) { o.MaxResponseBytes = tt.client })
			call.MaxBytes = tt.call
			resp, err := client.Do(t.Context(), call)
			require.NoError(t, err)
			require.Len(t, resp.Body, int(tt.size))
			resp.Release()
		}
	}
}

// A quarter of a megabyte of gzip that holds a gigabyte is not unpacked.
func TestGzipBomb(t *testing.T) {
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, _ = zip.Write(make([]byte, 1<<20))
	require.NoError(t, zip.Close())
	bytesOf1GiB := bytes.Repeat(bomb.Bytes(), 1024) // members follow one another (RFC 1952, 2.2)

	for _, status := range []int{200, 400, 500} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				w.WriteHeader(status)
				_, _ = w.Write(bytesOf1GiB)
			}, options(func(o *worktime.Options) { o.Retry.MaxAttempts = -1 }))
			var err error
			memory := allocates(func() { _, err = w.do(t.Context(), w.call(Safe)) })
			require.Less(t, memory, uint64(320<<20))
			if status == 200 {
				requireIs(t, err, worktime.ErrTooLarge)
				return
			}
			requireIs(t, err, Sentinel(status))
			require.Len(t, failure(t, err).Body, errorBody)
		})
	}
}

// An unsuccessful answer is kept up to 64 KiB, which is not an error of its own.
func TestErrorBodyIsCapped(t *testing.T) {
	for name, size := range map[string]int64{"small": 10, "exact": errorBody, "one more": errorBody + 1, "1 GiB": 1 << 30} {
		for _, status := range []int{302, 400, 401, 500} {
			t.Run(name+strconv.Itoa(status), func(t *testing.T) {
				body := &zeros{n: size}
				client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: status, ContentLength: size, Body: body}, nil
				}), func(o *worktime.Options) { o.Retry.MaxAttempts, o.MaxResponseBytes = -1, 10 })
				_, err := client.Do(t.Context(), call)
				requireIs(t, err, Sentinel(status))
				require.Len(t, failure(t, err).Body, int(min(size, errorBody)))
				require.LessOrEqual(t, body.read.Load(), int64(errorBody+drain+1), "the rest is not read")
				require.True(t, body.closed.Load())
			})
		}
	}
}

// An announced length is no reason to reserve memory.
func TestAnnouncedLengthIsNotBelieved(t *testing.T) {
	for _, status := range []int{200, 500} {
		client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, ContentLength: 1 << 40, Body: &zeros{n: 10}}, nil
		}), func(o *worktime.Options) { o.Retry.MaxAttempts, o.MaxResponseBytes = -1, -1 })
		memory := allocates(func() {
			if resp, err := client.Do(t.Context(), call); err == nil {
				resp.Release()
			}
		})
		require.Less(t, memory, uint64(4<<20))
	}
}

// A wrong Content-Length is a truncated answer, or one that ends where it said it would.
func TestLyingContentLength(t *testing.T) {
	send := func(announced, sent int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(announced)+"\r\n\r\n")
			_, _ = c.Write(bytes.Repeat([]byte("x"), sent))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, send(100, 50))
		_, err := w.do(t.Context(), w.call(Once))
		requireIs(t, err, worktime.ErrUnavailable, worktime.ErrUnknownOutcome)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, send(50, 100))
		resp, err := w.do(t.Context(), w.call(Once))
		require.NoError(t, err)
		require.Len(t, resp.Body, 50)
		_, err = w.do(t.Context(), w.call(Safe))
		require.NoError(t, err, "the surplus is not the next answer")
	})
}

// HEAD announces the length of a body that does not come.
func TestHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999999") })
		call := w.call(Safe)
		call.Method = http.MethodHead
		resp, err := w.do(t.Context(), call)
		require.NoError(t, err)
		require.Empty(t, resp.Body)
		require.Len(t, w.seen(), 1)
	})
}

// A body of a byte a second ends by the attempt's timeout, and by the caller's deadline.
func TestTrickle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, slowBody, options(func(o *worktime.Options) { o.Retry.MaxAttempts = -1 }))
		_, err := w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrUnavailable)
		require.Equal(t, time.Minute, w.now())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = w.do(ctx, w.call(Safe))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 70*time.Second, w.now())
	})
}

// Bodies do not mix, though their memory is used again.
func TestBuffersAreNotShared(t *testing.T) {
	client, call := stubbed(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		return canned(200, r.URL.RawQuery), nil
	}))
	ask := func(q string) *Response {
		c := *call
		c.URL = mustURL(t, "http://127.0.0.1/?"+q)
		resp, err := client.Do(t.Context(), &c)
		require.NoError(t, err)
		return resp
	}
	first, second := ask("first"), ask("second")
	require.Equal(t, "first", string(first.Body))
	require.Equal(t, "second", string(second.Body))
	first.Release()
	first.Release()
	require.Nil(t, first.Body)
	third, fourth := ask("third"), ask("fourth")
	require.Equal(t, "second", string(second.Body))
	require.Equal(t, "third", string(third.Body), "released twice, used twice")
	require.Equal(t, "fourth", string(fourth.Body))
}

// The body of a failure is the failure's own.
func TestFailureBodyIsACopy(t *testing.T) {
	client, call := stubbed(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		return canned(404, r.URL.RawQuery), nil
	}))
	var failures []*Failure
	for _, q := range []string{"first", "second", "third"} {
		c := *call
		c.URL = mustURL(t, "http://127.0.0.1/?"+q)
		_, err := client.Do(t.Context(), &c)
		failures = append(failures, failure(t, err))
	}
	for i, q := range []string{"first", "second", "third"} {
		require.Equal(t, q, string(failures[i].Body))
	}
}

// An answer without a Body, which only a RoundTripper of the user's can make.
func TestNilBody(t *testing.T) {
	for _, status := range []int{200, 404} {
		client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status}, nil
		}))
		resp, err := client.Do(t.Context(), call)
		require.Equal(t, status == 200, err == nil)
		if err == nil {
			require.Empty(t, resp.Body)
			resp.Release()
		}
	}
}

// A body that fails to read after some bytes is not a whole one.
func TestBrokenBody(t *testing.T) {
	broken := errors.New("broken")
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, ContentLength: -1,
			Body: io.NopCloser(io.MultiReader(bytes.NewReader([]byte("{")), errReader{broken}))}, nil
	}), noDelay)
	_, err := client.Do(t.Context(), call)
	requireIs(t, err, worktime.ErrUnavailable)
	require.ErrorIs(t, err, broken)
	require.Equal(t, 4, failure(t, err).Attempts)
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

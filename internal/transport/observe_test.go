package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// recorder is a Trace that writes down what it is told, one line an event.
type recorder struct {
	mu     sync.Mutex
	events []string
}

func (r *recorder) addf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *recorder) trace() *worktime.Trace {
	return &worktime.Trace{
		RequestStart: func(_ context.Context, i worktime.RequestStartInfo) {
			r.addf("start %s/%s %s #%d", i.Provider, i.Operation, i.Method, i.Attempt)
		},
		RequestEnd: func(_ context.Context, i worktime.RequestEndInfo) {
			r.addf("end %s/%s %s #%d: %d, %d bytes, %v, %v", i.Provider, i.Operation, i.Method, i.Attempt, i.StatusCode, i.Bytes, i.Duration, i.Err)
		},
		Retry: func(_ context.Context, i worktime.RetryInfo) {
			r.addf("retry %s/%s #%d: %d, %v", i.Provider, i.Operation, i.Attempt, i.StatusCode, i.Err)
		},
		Wait: func(_ context.Context, i worktime.WaitInfo) {
			r.addf("wait %s/%s %v, limited %v", i.Provider, i.Operation, i.Duration.Truncate(10*time.Second), i.RateLimited)
		},
		TokenRefreshed: func(_ context.Context, i worktime.TokenRefreshedInfo) {
			r.addf("token %s %v %v %v", i.Provider, i.Duration, i.Expiry.IsZero(), i.Err)
		},
		Page: func(_ context.Context, i worktime.PageInfo) {
			r.addf("page %s/%s #%d: %d items, last %v", i.Provider, i.Operation, i.Index, i.Items, i.Last)
		},
	}
}

// The events of a call in their order, and everything they say.
func TestTrace(t *testing.T) {
	const start, end, retry = "start acme/try thing GET #", "end acme/try thing GET #", "retry acme/try thing #"
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		auth    bool
		want    []string
	}{
		"success": {answer(200), false, []string{
			start + "1", end + "1: 200, 15 bytes, 0s, <nil>",
		}},
		"slow success": {func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(3 * time.Second)
			answer(200)(w, r)
		}, false, []string{
			start + "1", end + "1: 200, 15 bytes, 3s, <nil>",
		}},
		"refusal": {answer(404), false, []string{
			start + "1", end + "1: 404, 15 bytes, 0s, <nil>",
		}},
		"503, then 429, then success": {script(answer(503), answer(429, "Retry-After", "20"), answer(204)), false, []string{
			start + "1", end + "1: 503, 15 bytes, 0s, <nil>",
			"wait acme/try thing 0s, limited false", retry + "1: 503, <nil>",
			start + "2", end + "2: 429, 15 bytes, 0s, <nil>",
			"wait acme/try thing 20s, limited true", retry + "2: 429, <nil>",
			start + "3", end + "3: 204, 0 bytes, 0s, <nil>",
		}},
		"401": {script(answer(401), answer(200)), true, []string{
			start + "1", end + "1: 401, 15 bytes, 0s, <nil>",
			retry + "1: 401, <nil>",
			start + "2", end + "2: 200, 15 bytes, 0s, <nil>",
		}},
		"truncated": {script(truncated(200), answer(200)), false, []string{
			start + "1", end + "1: 200, 8 bytes, 0s, unexpected EOF",
			"wait acme/try thing 0s, limited false", retry + "1: 200, unexpected EOF",
			start + "2", end + "2: 200, 15 bytes, 0s, <nil>",
		}},
		"lost": {script(lost, answer(200)), false, []string{
			start + "1", end + "1: 0, 0 bytes, 0s, EOF",
			"wait acme/try thing 0s, limited false", retry + "1: 0, EOF",
			start + "2", end + "2: 200, 15 bytes, 0s, <nil>",
		}},
		"over the cap": {answer(429, "Retry-After", "3600"), false, []string{
			start + "1", end + "1: 429, 15 bytes, 0s, <nil>",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				w := newWorld(t, tt.handler, options(func(o *worktime.Options) { o.Trace = rec.trace() }))
				call := w.call(Safe)
				if tt.auth {
					call.Auth = &login{value: "Bearer first-token", refused: answerWith("Bearer second-token")}
				}
				_, _ = w.do(t.Context(), call)
				require.Equal(t, tt.want, rec.events)
			})
		})
	}
}

// Trace gets the caller's context.
func TestTraceContext(t *testing.T) {
	type key struct{}
	var got []any
	client, call := stubbed(t, &counted{}, noDelay, func(o *worktime.Options) {
		o.Trace = &worktime.Trace{
			RequestStart: func(ctx context.Context, _ worktime.RequestStartInfo) { got = append(got, ctx.Value(key{})) },
			RequestEnd:   func(ctx context.Context, _ worktime.RequestEndInfo) { got = append(got, ctx.Value(key{})) },
			Retry:        func(ctx context.Context, _ worktime.RetryInfo) { got = append(got, ctx.Value(key{})) },
			Wait:         func(ctx context.Context, _ worktime.WaitInfo) { got = append(got, ctx.Value(key{})) },
		}
	})
	_, err := client.Do(context.WithValue(t.Context(), key{}, "mine"), call)
	require.Error(t, err)
	require.GreaterOrEqual(t, len(got), 4)
	for _, v := range got {
		require.Equal(t, "mine", v)
	}
}

// The Logger gets the same events at debug level: names and numbers, nothing of the request or
// the answer.
func TestLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		w := newWorld(t, script(answer(503, "X-Secret-Header", "planted-header"), answer(429, "Retry-After", "20"), lost, answer(200)),
			options(func(o *worktime.Options) {
				o.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime}))
			}))
		call := w.call(Idempotent)
		call.URL = mustURL(t, "http://127.0.0.1/v1/planted-path?filter=planted-query")
		call.Header = http.Header{"X-Planted": {"planted-field"}}
		call.Body = []byte("planted-body")
		call.Auth = &login{value: "Bearer planted-token"}
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)

		require.NotContains(t, out.String(), "planted")
		var messages []string
		for line := range strings.Lines(out.String()) {
			require.Contains(t, line, "level=DEBUG")
			require.Contains(t, line, "provider=acme")
			require.Contains(t, line, `operation="try thing"`)
			_, message, _ := strings.Cut(line, "msg=")
			message, _, _ = strings.Cut(message, " ")
			if message == "wait" && messages[len(messages)-1] == "wait" {
				continue // a back-off within the stagger of the gate takes two
			}
			messages = append(messages, message)
		}
		require.Equal(t, strings.Fields("request answer wait retry request answer wait retry request answer wait retry request answer"), messages)
		require.Contains(t, out.String(), "msg=answer provider=acme operation=\"try thing\" attempt=1 status=503 duration=0s bytes=15\n")
		require.Contains(t, out.String(), "msg=retry provider=acme operation=\"try thing\" attempt=3 status=0 error=EOF\n")
		require.Contains(t, out.String(), "rateLimited=true")
	})
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// What the upper layers report goes the same two ways; a login that failed is a warning.
func TestObserver(t *testing.T) {
	var rec recorder
	var out bytes.Buffer
	level := new(slog.LevelVar)
	level.Set(slog.LevelDebug)
	client, _ := stubbed(t, &counted{}, func(o *worktime.Options) {
		o.Trace, o.Logger = rec.trace(), slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime}))
	})
	require.Equal(t, "acme", client.Provider())
	failed := errors.New("refused")
	client.TokenRefreshed(t.Context(), time.Second, time.Time{}, failed)
	client.TokenRefreshed(t.Context(), time.Second, time.Unix(1, 0), nil)
	client.Page(t.Context(), "list things", 2, 50, true)
	require.Equal(t, []string{"token acme 1s true refused", "token acme 1s false <nil>", "page acme/list things #2: 50 items, last true"}, rec.events)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "level=WARN")
	require.Contains(t, lines[0], "error=refused")
	require.Contains(t, lines[1], "level=DEBUG")
	require.Contains(t, lines[2], "index=2 items=50 last=true")

	out.Reset()
	level.Set(slog.LevelInfo)
	client.TokenRefreshed(t.Context(), time.Second, time.Time{}, failed)
	client.Page(t.Context(), "list things", 2, 50, true)
	require.Equal(t, 1, strings.Count(out.String(), "\n"), "only the warning")
}

// A Trace is copied: what is changed afterwards has no effect on a client in use.
func TestTraceIsCopied(t *testing.T) {
	var rec recorder
	trace := rec.trace()
	client, call := stubbed(t, roundTripper(func(*http.Request) (*http.Response, error) { return canned(200, ""), nil }),
		func(o *worktime.Options) { o.Trace = trace })
	*trace = worktime.Trace{}
	resp, err := client.Do(t.Context(), call)
	require.NoError(t, err)
	resp.Release()
	require.Len(t, rec.events, 2)
}

// Each func may be missing.
func TestTraceWithGaps(t *testing.T) {
	for i := range 5 {
		synctest.Test(t, func(t *testing.T) {
			var rec recorder
			trace := rec.trace()
			switch i {
			case 0:
				trace.RequestStart = nil
			case 1:
				trace.RequestEnd = nil
			case 2:
				trace.Retry = nil
			case 3:
				trace.Wait = nil
			case 4:
				*trace = worktime.Trace{}
			}
			w := newWorld(t, script(answer(503), answer(429), answer(200)), options(func(o *worktime.Options) { o.Trace = trace }))
			_, err := w.do(t.Context(), w.call(Safe))
			require.NoError(t, err)
			gone := []string{"start", "end", "retry", "wait", ""}[i]
			require.False(t, slices.ContainsFunc(rec.events, func(e string) bool { return strings.HasPrefix(e, gone) }))
		})
	}
}

// silent is a Logger that is there but off.
func silent() *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))
}

// What nobody asked for costs no allocation, neither alone nor in a whole call.
func TestObservationThatIsOffIsFree(t *testing.T) {
	off := map[string]func(*worktime.Options){
		"nothing":       func(*worktime.Options) {},
		"empty trace":   func(o *worktime.Options) { o.Trace = &worktime.Trace{} },
		"silent logger": func(o *worktime.Options) { o.Logger = silent() },
		"both":          func(o *worktime.Options) { o.Trace, o.Logger = &worktime.Trace{}, silent() },
	}
	resp := &http.Response{StatusCode: 200, Header: http.Header{}} // no body, so no pool
	rt := roundTripper(func(*http.Request) (*http.Response, error) { return resp, nil })
	ctx := t.Context()
	do := func(change func(*worktime.Options)) float64 {
		client, call := stubbed(t, rt, change)
		return testing.AllocsPerRun(1000, func() { _, _ = client.Do(ctx, call) })
	}
	baseline := do(off["nothing"])
	for name, change := range off {
		require.Equal(t, baseline, do(change), name)

		client, call := stubbed(t, rt, change)
		x := &exchange{client: client, call: call}
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			client.requestStart(ctx, call, 1)
			client.requestEnd(ctx, call, x, time.Second)
			client.retrying(ctx, call, x)
			client.wait(ctx, call, time.Second, true)
			client.TokenRefreshed(ctx, time.Second, time.Time{}, nil)
			client.Page(ctx, "list", 1, 1, true)
		}), name)
	}
	logging := do(func(o *worktime.Options) {
		o.Logger = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	require.Greater(t, logging, baseline, "the measure sees a logger that is on")
}

package transport

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/worktime-go/worktime"
)

// benchmark measures Do on a canned answer, so that only our own part counts.
func benchmark(b *testing.B, class Class, size int, change func(*worktime.Options)) {
	body := strings.Repeat("x", size)
	header := http.Header{"Content-Type": {"application/json"}}
	client, call := stubbed(b, roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: header, ContentLength: int64(size), Body: io.NopCloser(strings.NewReader(body))}, nil
	}), change)
	call.Class = class
	call.Header = http.Header{"Accept": {"application/json"}}
	call.Auth = &login{value: "Bearer first-token"}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		resp, err := client.Do(b.Context(), call)
		if err != nil {
			b.Fatal(err)
		}
		resp.Release()
	}
}

func BenchmarkDo(b *testing.B) {
	off := func(*worktime.Options) {}
	b.Run("safe", func(b *testing.B) { benchmark(b, Safe, 1000, off) })
	b.Run("once", func(b *testing.B) { benchmark(b, Once, 1000, off) })
	b.Run("1MiB", func(b *testing.B) { benchmark(b, Safe, 1<<20, off) })
	b.Run("off", func(b *testing.B) {
		benchmark(b, Safe, 1000, func(o *worktime.Options) { o.Trace, o.Logger = &worktime.Trace{}, silent() })
	})
	b.Run("traced", func(b *testing.B) {
		benchmark(b, Safe, 1000, func(o *worktime.Options) {
			o.Trace = &worktime.Trace{
				RequestStart: func(context.Context, worktime.RequestStartInfo) {},
				RequestEnd:   func(context.Context, worktime.RequestEndInfo) {},
			}
		})
	})
}

func BenchmarkRetryAfter(b *testing.B) {
	header := http.Header{"Retry-After": {"Sat, 01 Jan 2000 12:01:30 GMT"}, "Date": {"Sat, 01 Jan 2000 12:00:00 GMT"}}
	x := exchange{attempt: attempt{status: 429, header: header, outcome: Throttled}}
	b.ReportAllocs()
	for b.Loop() {
		_ = x.asked()
	}
}

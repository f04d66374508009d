package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/protime"
)

// readers returns all ways of reading clockings, over one transport.
func readers(tb testing.TB, url string, transport http.RoundTripper) []named[client] {
	tb.Helper()
	prefetching, err := newProtime(url, transport, nil)
	require.NoError(tb, err)
	sequential, err := newProtime(url, transport, func(c *protime.Config) { c.Options.Prefetch = -1 })
	require.NoError(tb, err)
	return []named[client]{
		{"discard", discard{url, transport, io.Discard}},
		{"encoding-json", byHand{url, &http.Client{Transport: transport}}},
		{"azcore", newAzure(url, transport, credential(staticCredential))},
		{"worktime", ours{prefetching}},
		{"worktime-sequential", ours{sequential}},
	}
}

// network returns a transport with connections of its own.
func network(tb testing.TB) *http.Transport {
	tb.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	tb.Cleanup(transport.CloseIdleConnections)
	return transport
}

// checkWalk fails unless the peer reads all clockings in their order, and says so after each page.
func checkWalk(tb testing.TB, c client) {
	tb.Helper()
	var got, want []protime.Clocking
	for n := range pages * pageSize {
		want = append(want, clocking(n))
	}
	var ends []int
	if d, ok := c.(discard); ok {
		var bodies bytes.Buffer
		d.sink = &bodies
		require.NoError(tb, d.walk(tb.Context(), nil, func() {
			var page envelope
			require.NoError(tb, json.Unmarshal(bodies.Bytes(), &page))
			got, ends = append(got, page.Value...), append(ends, len(got)+len(page.Value))
			bodies.Reset()
		}))
	} else {
		require.NoError(tb, c.walk(tb.Context(),
			func(v protime.Clocking) { got = append(got, v) }, func() { ends = append(ends, len(got)) }))
	}
	require.Len(tb, got, len(want))
	for i := range want {
		require.Equal(tb, want[i], got[i])
	}
	require.Len(tb, ends, pages)
	for n, end := range ends {
		require.Equal(tb, (n+1)*pageSize, end)
	}
}

// checkGet fails unless the peer reads the clocking.
func checkGet(tb testing.TB, c client) {
	tb.Helper()
	if d, ok := c.(discard); ok {
		var got bytes.Buffer
		d.sink = &got
		_, err := d.get(tb.Context())
		require.NoError(tb, err)
		require.Equal(tb, string(body(clocking(0))), got.String())
		return
	}
	got, err := c.get(tb.Context())
	require.NoError(tb, err)
	require.Equal(tb, clocking(0), got)
}

func TestReadersAgree(t *testing.T) {
	url := startServer(t, 0)
	for _, p := range readers(t, url, network(t)) {
		t.Run(p.name, func(t *testing.T) {
			checkWalk(t, p.peer)
			checkGet(t, p.peer)
		})
	}
	for _, p := range readers(t, url, newMemory()) {
		t.Run(p.name+" in memory", func(t *testing.T) { checkGet(t, p.peer) })
	}
}

// BenchmarkWalk reads 10 pages of 1,000 clockings: at full speed, and from a server that takes 20 ms for a page,
// for a consumer that does too.
func BenchmarkWalk(b *testing.B) {
	for _, delay := range []time.Duration{0, 20 * time.Millisecond} {
		b.Run(fmt.Sprintf("server=%v/consumer=%v", delay, delay), func(b *testing.B) {
			sideBySide(b, readers(b, startServer(b, delay), network(b)), func(b *testing.B, c client) {
				checkWalk(b, c)
				b.ReportAllocs()
				for b.Loop() {
					var sum int64
					err := c.walk(b.Context(), func(v protime.Clocking) { sum += v.ID }, func() { time.Sleep(delay) })
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkGet reads one clocking: what a request costs besides its way.
func BenchmarkGet(b *testing.B) {
	measure := func(b *testing.B, c client) {
		checkGet(b, c)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.get(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("memory", func(b *testing.B) { sideBySide(b, readers(b, "http://127.0.0.1:1", newMemory())[:4], measure) })
	b.Run("loopback", func(b *testing.B) { sideBySide(b, readers(b, startServer(b, 0), network(b))[:4], measure) })
}

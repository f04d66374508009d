package protime

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// benchmarkEvent is the n-th request of a vendor that never repeats itself.
func benchmarkEvent(n int) []byte {
	body := fmt.Appendf(nil, `{"changeType":"InsertOrUpdate","data":{"changeVersion":"%020X","id":%d,"calculatedTimeOfDayInMinutes":510,`+
		`"isGenerated":false,"status":"Active","person":{"id":1},"date":"2026-01-02","timeOfDayInMinutes":510,"terminal":{"id":42},"kind":"InOut"}}`, n, n)
	return fmt.Appendf(nil, "POST /protime/clockings HTTP/1.1\r\nHost: example.com\r\nContent-Type: application/json\r\n%s: %x\r\nContent-Length: %d\r\n\r\n%s",
		signatureHeader, mac(sha256.New, webhookKey, string(body)), len(body), body)
}

// BenchmarkWebhookHandler receives one event after the other on one core, each in a delivery of
// its own: checking the request, HMAC, decoding, and looking for replays among as many as are
// remembered. The sender works on the same core; over the socket it is no more than a connection.
func BenchmarkWebhookHandler(b *testing.B) {
	run := func(b *testing.B, sender func(b *testing.B, h http.Handler) func(request []byte) int) {
		b.Helper()
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		took, n := 0, 0
		handler := newReceiver(b, func(c *WebhookConfig[Clocking]) {
			c.Handle = func(context.Context, Change[Clocking]) error { took++; return nil }
		})
		send := sender(b, handler)
		b.ReportAllocs()
		for b.Loop() {
			n++
			if code := send(benchmarkEvent(n)); code != http.StatusNoContent {
				b.Fatal(code)
			}
		}
		if took != n {
			b.Fatalf("%d of %d events", took, n)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
	}
	b.Run("handler", func(b *testing.B) {
		run(b, func(b *testing.B, h http.Handler) func([]byte) int {
			b.Helper()
			return func(raw []byte) int {
				request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
				if err != nil {
					b.Fatal(err)
				}
				return respond(h, request).Code
			}
		})
	})
	b.Run("server", func(b *testing.B) {
		run(b, func(b *testing.B, h http.Handler) func([]byte) int {
			b.Helper()
			server := httptest.NewServer(h)
			b.Cleanup(server.Close)
			conn, err := new(net.Dialer).DialContext(b.Context(), "tcp", server.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = conn.Close() })
			answers := bufio.NewReader(conn)
			return func(raw []byte) int {
				if _, err := conn.Write(raw); err != nil {
					b.Fatal(err)
				}
				resp, err := http.ReadResponse(answers, nil)
				if err != nil {
					b.Fatal(err)
				}
				_ = resp.Body.Close()
				return resp.StatusCode
			}
		})
	})
}

package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/tokenstore"
)

// cached returns the ways of getting a token that is there already.
func cached(tb testing.TB) []named[func() (string, error)] {
	tb.Helper()
	var snapshot atomic.Pointer[oauth2.Token]
	snapshot.Store(&oauth2.Token{AccessToken: bearer, Expiry: time.Now().Add(time.Hour)})
	reuse := oauth2.ReuseTokenSource(snapshot.Load(), nil)

	record := &tokenstore.Record{AccessToken: bearer, IssuedAt: time.Now(), Expiry: snapshot.Load().Expiry}
	source := auth.NewSource(auth.Login{
		Key: tokenstore.Grant{Vendor: "bench"}.Key(), Store: tokenstore.Memory(),
		Fetch: func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return record, nil },
	}, &transport.Observer{})
	ctx := tb.Context()
	foreign := source.TokenSource(ctx)

	access := func(t *oauth2.Token, err error) (string, error) {
		if err != nil {
			return "", err
		}
		return t.AccessToken, nil
	}
	return []named[func() (string, error)]{
		{"atomic-load", func() (string, error) { return snapshot.Load().AccessToken, nil }},
		{"oauth2-ReuseTokenSource", func() (string, error) { return access(reuse.Token()) }},
		{"atomic-load-and-clock", func() (string, error) {
			if t := snapshot.Load(); time.Now().Before(t.Expiry) {
				return t.AccessToken, nil
			}
			return "", context.DeadlineExceeded
		}},
		{"worktime", func() (string, error) { return source.Authorize(ctx) }},
		{"worktime-TokenSource", func() (string, error) { return access(foreign.Token()) }},
	}
}

func checkToken(tb testing.TB, token func() (string, error)) {
	tb.Helper()
	got, err := token()
	require.NoError(tb, err)
	require.Equal(tb, bearer, strings.TrimPrefix(got, "Bearer "))
}

func TestTokensAgree(t *testing.T) {
	for _, p := range cached(t) {
		t.Run(p.name, func(t *testing.T) { checkToken(t, p.peer) })
	}
}

// BenchmarkToken gets a token that is there already: what each request pays.
func BenchmarkToken(b *testing.B) {
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			sideBySide(b, cached(b), func(b *testing.B, token func() (string, error)) {
				checkToken(b, token)
				b.ReportAllocs()
				b.ResetTimer()
				var all sync.WaitGroup
				for i := range goroutines {
					all.Go(func() {
						for range (b.N + i) / goroutines { // b.N in all
							_, _ = token()
						}
					})
				}
				all.Wait()
			})
		})
	}
}

// endpoint is a token endpoint with an API behind it, both in memory.
type endpoint struct {
	memory
	status   int
	body     []byte
	delay    time.Duration
	waiting  sync.WaitGroup // callers yet to come
	requests atomic.Int64   // for tokens
}

func (e *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost {
		return e.memory.RoundTrip(req)
	}
	e.requests.Add(1)
	e.waiting.Wait()
	time.Sleep(e.delay)
	return &http.Response{
		StatusCode: e.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: e.header, Request: req,
		ContentLength: int64(len(e.body)), Body: io.NopCloser(bytes.NewReader(e.body)),
	}, nil
}

// herders are the ways of obtaining tokens; each makes a client without a token, and returns what a caller calls.
func herders() []named[func(testing.TB, http.RoundTripper) func() error] {
	const url = "http://127.0.0.1:1"
	grant := func(transport http.RoundTripper) (context.Context, *clientcredentials.Config) {
		return context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: transport}),
			&clientcredentials.Config{
				ClientID: "bench", ClientSecret: "a secret", TokenURL: url + "/tenants/acme/connect/token",
				AuthStyle: oauth2.AuthStyleInParams, // without it each failure is tried in two styles
			}
	}
	return []named[func(testing.TB, http.RoundTripper) func() error]{
		{"oauth2-clientcredentials", func(_ testing.TB, transport http.RoundTripper) func() error {
			ctx, config := grant(transport)
			source := config.TokenSource(ctx)
			return func() error { _, err := source.Token(); return err }
		}},
		{"azcore", func(tb testing.TB, transport http.RoundTripper) func() error {
			ctx, config := grant(transport)
			c := newAzure(url, transport, credential(func(context.Context) (azcore.AccessToken, error) {
				t, err := config.Token(ctx)
				if err != nil {
					return azcore.AccessToken{}, err
				}
				return azcore.AccessToken{Token: t.AccessToken, ExpiresOn: t.Expiry}, nil
			}))
			return func() error { _, err := c.get(tb.Context()); return err }
		}},
		{"worktime", func(tb testing.TB, transport http.RoundTripper) func() error {
			client, err := newProtime(url, transport, func(c *protime.Config) { c.Options.Retry.BaseDelay = -1 })
			require.NoError(tb, err)
			source := client.TokenSource(tb.Context())
			return func() error { _, err := source.Token(); return err }
		}},
	}
}

const herdSize = 100

// herd lets 100 goroutines ask for a token at once. It returns how many token requests that took and how
// many of the goroutines failed.
func herd(e *endpoint, call func() error) (requests, failures int64) {
	var failed atomic.Int64
	var all sync.WaitGroup
	e.requests.Store(0)
	e.waiting.Add(herdSize)
	for range herdSize {
		all.Go(func() {
			e.waiting.Done()
			if call() != nil {
				failed.Add(1)
			}
		})
	}
	all.Wait()
	return e.requests.Load(), failed.Load()
}

// outcomes are what a token endpoint may answer, with the number of requests that 100 goroutines make of it. A
// refusal is final; after a 503 worktime tries four times, once for all.
var outcomes = []struct {
	name   string
	status int
	body   []byte
	want   map[string]int64
}{
	{"healthy", http.StatusOK, tokenBody(), map[string]int64{"oauth2-clientcredentials": 1, "azcore": 1, "worktime": 1}},
	{"refused", http.StatusBadRequest, []byte(`{"error":"invalid_client"}`),
		map[string]int64{"oauth2-clientcredentials": 100, "azcore": 100, "worktime": 1}},
	{"unavailable", http.StatusServiceUnavailable, nil,
		map[string]int64{"oauth2-clientcredentials": 100, "azcore": 100, "worktime": 4}},
}

func TestHerd(t *testing.T) {
	for _, o := range outcomes {
		for _, p := range herders() {
			t.Run(o.name+"/"+p.name, func(t *testing.T) {
				e := &endpoint{memory: newMemory(), status: o.status, body: o.body}
				check := func(t *testing.T) {
					requests, failures := herd(e, p.peer(t, e))
					assert.Equal(t, o.want[p.name], requests)
					assert.Equal(t, o.status != http.StatusOK, failures == herdSize)
				}
				if p.name != "worktime" {
					check(t) // one caller after the other, so the number does not depend on time
					return
				}
				synctest.Test(t, func(t *testing.T) {
					e.delay = time.Second // in the bubble: until all callers wait
					check(t)
				})
			})
		}
	}
}

// BenchmarkHerd lets 100 goroutines ask at once for a token that must be fetched, which takes 5 ms.
func BenchmarkHerd(b *testing.B) {
	for _, o := range outcomes {
		b.Run("endpoint="+o.name, func(b *testing.B) {
			sideBySide(b, herders(), func(b *testing.B, newPeer func(testing.TB, http.RoundTripper) func() error) {
				e := &endpoint{memory: newMemory(), status: o.status, body: o.body, delay: 5 * time.Millisecond}
				var total int64
				for b.Loop() {
					requests, _ := herd(e, newPeer(b, e))
					total += requests
				}
				b.ReportMetric(float64(total)/float64(b.N), "requests/op")
			})
		})
	}
}

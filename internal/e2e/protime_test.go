package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/tokenstore"
)

// tenantAPI stands for the API of one tenant. It takes any token and notes which came.
type tenantAPI struct {
	*httptest.Server

	refuse func() bool // whether to answer 401

	mu     sync.Mutex
	tokens map[string]bool
}

func newTenantAPI(t *testing.T, refuse func() bool) *tenantAPI {
	t.Helper()
	a := &tenantAPI{refuse: refuse, tokens: map[string]bool{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *tenantAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	a.mu.Lock()
	a.tokens[token] = true
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch {
	case a.refuse != nil && a.refuse():
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodPost:
		w.Header().Set("Location", r.URL.Path+"/8192")
		w.WriteHeader(http.StatusCreated)
	case strings.HasSuffix(r.URL.Path, "/clockings"):
		_, _ = io.WriteString(w, `{"value":[{"id":8192}]}`)
	default:
		_, _ = io.WriteString(w, `{"id":8192}`)
	}
}

// seen returns the tokens that came.
func (a *tenantAPI) seen() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.tokens))
}

// onlyToken returns the token that came, or "" if there were several.
func (a *tenantAPI) onlyToken() string {
	if all := a.seen(); len(all) == 1 {
		return all[0]
	}
	return ""
}

// protimeConfig is that of a client of one of the peer's tenants.
func protimeConfig(t *testing.T, p *peer, tenant, apiURL string) protime.Config {
	t.Helper()
	i := p.Protime[tenant]
	login, err := url.Parse(i.TokenEndpoint)
	require.NoError(t, err)
	return protime.Config{
		Tenant: tenant, ClientID: i.ClientID, ClientSecret: i.ClientSecret,
		Scopes: []protime.Scope{protime.ScopeClockingsRead, protime.ScopeClockingsWrite},
		APIURL: apiURL, AuthURL: login.Scheme + "://" + login.Host,
		Options: worktime.Options{UserAgent: "EndToEnd/v1 (Worktime)"},
	}
}

func openProtime(t *testing.T, config protime.Config) *protime.Client {
	t.Helper()
	client, err := protime.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.Background())) })
	return client
}

// limited returns an HTTP client with at most that many connections to a host.
func limited(t *testing.T, connections int) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// together calls do n times, all at once, and returns the errors by their text.
func together(n int, do func(i int) error) map[string]int {
	var mu sync.Mutex
	failed := map[string]int{}
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			if err := do(i); err != nil {
				mu.Lock()
				failed[err.Error()]++
				mu.Unlock()
			}
		})
	}
	close(begin)
	all.Wait()
	return failed
}

func TestProtimeOneTokenForAll(t *testing.T) {
	p := startPeer(t, peerOptions{})
	acme := p.Protime["acme"]
	acme.fault(t, fault{Kind: "delay", Millis: 300}) // so that most callers find the request under way
	api := newTenantAPI(t, nil)
	config := protimeConfig(t, p, "acme", api.URL)
	config.Options.HTTPClient = limited(t, 32)
	client := openProtime(t, config)

	const callers = 10_000
	failed := together(callers, func(int) error {
		got, err := client.Clockings.Get(t.Context(), 8192)
		if err == nil && got.ID != 8192 {
			err = fmt.Errorf("got clocking %d", got.ID)
		}
		return err
	})
	assert.Empty(t, failed)
	assert.Equal(t, 1, acme.stats(t).Requests["/connect/token"])
	who, ok := acme.whoami(t, api.onlyToken())
	assert.True(t, ok)
	assert.Equal(t, owner{Subject: acme.ClientID, ClientID: acme.ClientID, Scope: "connector-protimeapi-clockings.read connector-protimeapi-clockings.write"}, who)
}

// TestProtimeRateLimit: a 429 of the token endpoint holds all callers for as long as it says. The peer counts: had
// one of them not waited, or not long enough, it would have refused a second time.
func TestProtimeRateLimit(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"seconds", "date"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			p := startPeer(t, peerOptions{Protime: protimeOptions{TokenLimit: 1, TokenWindow: 5, RetryAfter: form}})
			acme := p.Protime["acme"]
			api := newTenantAPI(t, nil)
			config := protimeConfig(t, p, "acme", api.URL)
			config.Options.HTTPClient = limited(t, 32)
			require.Equal(t, http.StatusOK, acme.clientCredentials(t, nil).Status) // somebody else was quicker
			client := openProtime(t, config)

			assert.Empty(t, together(1000, func(int) error {
				_, err := client.Clockings.Get(t.Context(), 8192)
				return err
			}))
			got := acme.stats(t)
			assert.Equal(t, 1, got.RateLimited)
			assert.Equal(t, 2, got.Granted["client_credentials"])
			assert.NotEmpty(t, api.onlyToken())
		})
	}
}

// TestProtimeRateLimitTooLong: who cannot wait for so long gets to know at once, and nobody asks again meanwhile.
func TestProtimeRateLimitTooLong(t *testing.T) {
	p := startPeer(t, peerOptions{Protime: protimeOptions{TokenLimit: 1, TokenWindow: 3600}})
	acme := p.Protime["acme"]
	require.Equal(t, http.StatusOK, acme.clientCredentials(t, nil).Status)
	api := newTenantAPI(t, nil)
	client := openProtime(t, protimeConfig(t, p, "acme", api.URL))
	for range 100 {
		_, err := client.Clockings.Get(t.Context(), 8192)
		require.ErrorIs(t, err, worktime.ErrRateLimited)
		var refused *worktime.AuthError
		require.ErrorAs(t, err, &refused)
		require.InDelta(t, time.Hour.Seconds(), refused.RetryAfter.Seconds(), 300)
	}
	assert.Equal(t, 1, acme.stats(t).RateLimited)
	assert.Empty(t, api.seen())
}

// TestProtimeTenantsApart: many clients of two tenants, with the same client id, scopes, connections and token
// store, and tokens that are refused now and then: no token ever goes to the other tenant.
func TestProtimeTenantsApart(t *testing.T) {
	p := startPeer(t, peerOptions{})
	var refusals atomic.Int64
	refuse := func() bool {
		refused := rand.N(25) == 0
		if refused {
			refusals.Add(1)
		}
		return refused
	}
	apis := map[string]*tenantAPI{"acme": newTenantAPI(t, refuse), "globex": newTenantAPI(t, refuse)}
	connections, shared := limited(t, 16), tokenstore.Memory()
	var clients []*protime.Client
	for n := range 20 {
		tenant := []string{"acme", "globex"}[n%2]
		config := protimeConfig(t, p, tenant, apis[tenant].URL)
		config.Options.HTTPClient = connections
		if n < 10 {
			config.Store = shared // else one of its own
		}
		clients = append(clients, openProtime(t, config))
	}

	const calls = 1000
	var refused atomic.Int64
	failed := together(calls, func(int) error {
		err := randomCall(t.Context(), clients[rand.N(len(clients))])
		if errors.Is(err, worktime.ErrUnauthorized) {
			refused.Add(1)
			return nil // one refusal in a minute is answered by a new token, no more
		}
		return err
	})
	assert.Empty(t, failed)
	assert.Less(t, refused.Load(), refusals.Load(), "some were answered by a new token")

	for tenant, api := range apis {
		tokens := api.seen()
		assert.Greater(t, len(tokens), 6, "the five clients with a store of their own and the shared store have one each")
		for _, token := range tokens {
			assert.Equal(t, p.Protime[tenant].URL, unverified(t, token)["iss"])
			_, ok := p.Protime[tenant].whoami(t, token)
			assert.True(t, ok)
		}
	}
}

func randomCall(ctx context.Context, client *protime.Client) error {
	day, err := worktime.ParseDate("2026-01-02")
	if err != nil {
		return err
	}
	switch rand.N(4) {
	case 0:
		_, err = client.Clockings.Get(ctx, 8192)
	case 1:
		_, err = worktime.Collect(client.Clockings.All(ctx, protime.ClockingQuery{From: day, To: day}))
	case 2:
		_, err = client.Clockings.Create(ctx, protime.NewClocking{Person: protime.Ref{ID: 1}, Date: day, Kind: protime.ClockingInOut})
	case 3:
		err = client.Do(ctx, worktime.Request{Method: http.MethodGet, Path: "/people/1"}, nil)
	}
	return err
}

// unverified returns the claims of a JWT.
func unverified(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

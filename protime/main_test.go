package protime

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exchange is what arrived at the server, as it stood on the wire.
type exchange struct {
	Method, Target, Body string
	Header               http.Header
}

// vendor is a server that gives fixed answers and writes down what arrived.
type vendor struct {
	*httptest.Server

	mu  sync.Mutex
	got []exchange
}

// answer is one fixed answer of the API.
type answer struct {
	status int
	header map[string]string
	body   string
}

const tokenAnswer = `{"access_token":"canary-access-token","expires_in":1800,"token_type":"Bearer","scope":"connector-protimeapi-clockings.read"}`

// newVendor serves a token, and answers the requests of the API in their order; the last
// answer is repeated.
func newVendor(t *testing.T, answers ...answer) *vendor {
	t.Helper()
	v := &vendor{}
	served := 0
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		v.got = append(v.got, exchange{r.Method, r.RequestURI, string(body), r.Header.Clone()})
		a := answers[min(served, len(answers)-1)]
		if r.URL.Path == "/tenants/acme/connect/token" {
			a = answer{status: http.StatusOK, body: tokenAnswer}
		} else {
			served++
		}
		v.mu.Unlock()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for name, value := range a.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(v.Server.Close)
	return v
}

// api returns the requests but for those for tokens.
func (v *vendor) api() []exchange {
	v.mu.Lock()
	defer v.mu.Unlock()
	var api []exchange
	for _, e := range v.got {
		if e.Target != "/tenants/acme/connect/token" {
			api = append(api, e)
		}
	}
	return api
}

func (v *vendor) config() Config {
	return Config{
		Tenant: "acme", ClientID: "my-client", ClientSecret: "canary-client-secret",
		Scopes: []Scope{ScopeClockingsRead, ScopeClockingsWrite}, APIURL: v.URL, AuthURL: v.URL,
		Options: worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)", Retry: worktime.RetryPolicy{MaxAttempts: -1}},
	}
}

func (v *vendor) client(t *testing.T) *Client {
	t.Helper()
	return open(t, v.config())
}

func open(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.Background())) })
	return client
}

func day(s string) worktime.Date {
	d, err := worktime.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

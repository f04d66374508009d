package timeneye

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const canary = "canary-access-token"

// exchange is what arrived at the server, as it stood on the wire.
type exchange struct {
	Method, Target, Body string
	Header               http.Header
}

// vendor is an API that gives fixed answers and writes down what arrived.
type vendor struct {
	*httptest.Server

	mu  sync.Mutex
	got []exchange
}

// answer is one fixed answer of the API; status 0 is 200.
type answer struct {
	status int
	header map[string]string
	body   string
}

// newVendor answers the requests in their order; the last answer is repeated.
func newVendor(t *testing.T, answers ...answer) *vendor {
	t.Helper()
	v := &vendor{}
	v.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		a := answers[min(len(v.got), len(answers)-1)]
		v.got = append(v.got, exchange{r.Method, r.RequestURI, string(body), r.Header.Clone()})
		v.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		for name, value := range a.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(max(a.status, http.StatusOK))
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(v.Server.Close)
	return v
}

// requests returns what arrived so far.
func (v *vendor) requests() []exchange {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]exchange(nil), v.got...)
}

// targets returns the methods and targets of what arrived so far.
func (v *vendor) targets() (targets []string) {
	for _, e := range v.requests() {
		targets = append(targets, e.Method+" "+e.Target)
	}
	return targets
}

func (v *vendor) config() Config {
	return Config{
		BaseURL: v.URL + "/api/v1", Auth: PersonalAccessToken(canary),
		Options: worktime.Options{Retry: worktime.RetryPolicy{MaxAttempts: -1}},
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

// july selects the entries of a month.
func july() EntryQuery { return EntryQuery{From: day("2026-07-01"), To: day("2026-07-31")} }

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var e *worktime.FieldError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, field, e.Field)
	require.ErrorIs(t, err, worktime.ErrBadRequest)
	require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
}

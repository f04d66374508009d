package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The provider of these tests: items behind envelopes like Protime's.
const (
	provider = "acme"
	origin   = "https://api.example.test"
	basePath = "/connector/api/v1"
	itemPath = "/items"
)

type Item struct {
	ID int `json:"id"`
}

type itemQuery struct {
	Walks  []url.Values // one walk each; nil: one without parameters
	Cursor worktime.Cursor
}

type itemPage struct {
	Value    []json.RawMessage `json:"value"`
	NextLink string            `json:"nextLink,omitempty"`
}

var listItems = List[Item, itemQuery]{
	Op: Op{Name: "list items", Class: transport.Safe, Method: http.MethodGet, Path: itemPath},
	Queries: func(_ *url.URL, q itemQuery) ([]url.Values, error) {
		if q.Walks == nil {
			return []url.Values{nil}, nil
		}
		return q.Walks, nil
	},
	Cursor: func(q itemQuery) worktime.Cursor { return q.Cursor },
	Decode: decodeItems,
}

func decodeItems(body []byte) (items []Item, next Next, err error) {
	var p itemPage
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, next, err
	}
	if p.Value == nil {
		return nil, next, errors.New("the answer has no value array")
	}
	for i, raw := range p.Value {
		var item Item
		if err := json.Unmarshal(raw, &item); err != nil {
			return items, next, fmt.Errorf("item %d: %w", i, err)
		}
		items = append(items, item)
	}
	return items, Next{Link: p.NextLink}, nil
}

// explain reads {"error":{"code":…,"message":…,"reasons":[…]}}.
func explain(body []byte) (code, message string, details []string) {
	var f struct {
		Error struct {
			Code    string   `json:"code"`
			Message string   `json:"message"`
			Reasons []string `json:"reasons"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &f)
	return f.Error.Code, f.Error.Message, f.Error.Reasons
}

var acme = Vendor{Explain: explain, Expired: func(status int) bool { return status == http.StatusConflict }}

// newClient returns a client of the test's provider on base, which sends through rt.
func newClient(t testing.TB, rt http.RoundTripper, base string, o worktime.Options) *Client {
	t.Helper()
	u, err := url.Parse(base)
	require.NoError(t, err)
	o.HTTPClient = &http.Client{Transport: rt}
	sender, err := transport.New(transport.NewFamily(o.HTTPClient), provider, o)
	require.NoError(t, err)
	return &Client{
		Transport: sender, Host: transport.NewHost(&url.URL{Scheme: u.Scheme, Host: u.Host}), Base: u,
		Auth: fixed(canary), Vendor: acme,
	}
}

// all reads a list to its end and returns what came before the error.
func all(t testing.TB, c *Client, q itemQuery) ([]int, error) {
	t.Helper()
	return ids(worktime.Collect(All(t.Context(), c, listItems, q)))
}

func ids(items []Item, err error) ([]int, error) {
	list := make([]int, len(items))
	for i, item := range items {
		list[i] = item.ID
	}
	return list, err
}

func raws(ids ...int) []json.RawMessage {
	list := make([]json.RawMessage, len(ids))
	for i, id := range ids {
		list[i] = json.RawMessage(fmt.Sprintf(`{"id":%d}`, id))
	}
	return list
}

// writePage answers with a page.
func writePage(w http.ResponseWriter, nextLink string, ids ...int) {
	writeJSON(w, http.StatusOK, itemPage{Value: raws(ids...), NextLink: nextLink})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// requireError checks that err is a worktime.Error of the operation and matches the sentinels.
func requireError(t testing.TB, err error, operation string, sentinels ...error) *worktime.Error {
	t.Helper()
	var e *worktime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, provider, e.Provider)
	require.Equal(t, operation, e.Operation)
	for _, s := range sentinels {
		require.ErrorIs(t, err, s)
	}
	return e
}

func requireField(t testing.TB, err error, field string) *worktime.FieldError {
	t.Helper()
	var e *worktime.FieldError
	require.ErrorAs(t, err, &e)
	require.Equal(t, field, e.Field)
	require.Equal(t, provider, e.Provider)
	require.NotEmpty(t, e.Reason)
	return e
}

package timelog

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
)

// wireRow is an operation: what is sent, and what becomes of an answer in the shape of the
// reference, over HTTP.
type wireRow struct {
	op      string
	call    func(context.Context, *Client) (any, error)
	request string // method and target
	body    string
	answer  string
	want    any // nil: the call has no result
}

// wire has the rows of each resource.
var wire = map[string]map[string]wireRow{
	"customers":         customerRows,
	"projects":          projectRows,
	"tasks":             taskRows,
	"task searches":     taskSearchRows,
	"timeregistrations": timeRegistrationRows,
	"timetrackingitems": timeTrackingItemRows,
	"users":             userRows,
}

// listed is the target of a list's first page: listed("/v1/user") or listed("/v1/task", "projectID=1").
func listed(path string, parameters ...string) string {
	return "GET /acme/api" + path + "?" + strings.Join(append([]string{"$page=1&$pagesize=500"}, parameters...), "&")
}

// firstPage returns the items of the first page.
func firstPage[T any](pages iter.Seq2[worktime.Page[T], error]) ([]T, error) {
	for page, err := range pages {
		return page.Items, err
	}
	return nil, nil
}

// nothing is the result of a call that has none.
func nothing(err error) (any, error) { return nil, err }

func TestWire(t *testing.T) {
	shown := map[string]bool{}
	for resource, rows := range wire {
		for name, row := range rows {
			t.Run(resource+"/"+name, row.run)
			shown[row.op] = true
		}
	}
	for op, methods := range conformance.Operations(t, ".") {
		assert.True(t, shown[op], "%s of %v has no row", op, methods)
		delete(shown, op)
	}
	assert.Empty(t, shown, "rows without an operation")
}

func (row wireRow) run(t *testing.T) {
	v := newVendor(t, answer{body: row.answer})
	got, err := row.call(t.Context(), v.client(t))
	require.NoError(t, err)
	assert.Equal(t, row.want, got)
	require.Len(t, v.requests(), 1)
	sent := v.requests()[0]
	assert.Equal(t, row.request, sent.Method+" "+sent.Target)
	assert.Equal(t, "Bearer "+canary, sent.Header.Get("Authorization"))
	assert.Equal(t, "application/json", sent.Header.Get("Accept"))
	if row.body == "" {
		assert.Empty(t, sent.Body)
	} else {
		assert.JSONEq(t, row.body, sent.Body)
		assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
	}
}

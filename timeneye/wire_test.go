package timeneye

import (
	"context"
	"encoding/json"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
)

// wireRow is an operation: what is sent, and what becomes of an answer in the shape of the vendor's, over HTTP.
type wireRow struct {
	op      string
	call    func(context.Context, *Client) (any, error)
	request string // method and target
	body    string
	answer  string
	want    any
}

const (
	anEntry = `{ "entry_id": 9001, "user_id": 42, "project_id": 310, "phase_id": 77, "client_id": 15, "todo_id": null,
		"entry_date": "2026-07-14", "entry_minutes": 95, "notes": "Review", "billed": 1, "cost": "47.50", "revenue": "95.00", "profit": "47.50",
		"source_url": "https://trello.example/c/7", "source_text": "Card 7",
		"created_date": "2026-07-14T08:00:00.000Z", "updated_date": "2026-07-15T09:30:00.000Z" }`
	aProject = `{ "project_id": 310, "name": "Website", "phases": [
		{ "phase_id": 77, "project_id": 310, "name": "Design", "is_open": 1, "phase_category_id": 4, "budget_minutes": 1200 } ] }`
	aNewEntry = `{ "project_id": 310, "phase_id": 77, "minutes": 95, "date": "2026-07-14", "notes": "Review" }`
)

func theEntry() Entry {
	return Entry{
		ID: 9001, UserID: 42, ProjectID: 310, PhaseID: 77, ClientID: 15, Date: day("2026-07-14"), Minutes: 95, Notes: "Review", Billed: true,
		Cost: "47.50", Revenue: "95.00", Profit: "47.50", SourceURL: "https://trello.example/c/7", SourceText: "Card 7",
		Created: time.Date(2026, 7, 14, 8, 0, 0, 0, time.UTC), Updated: time.Date(2026, 7, 15, 9, 30, 0, 0, time.UTC), Raw: json.RawMessage(anEntry),
	}
}

func theNewEntry() NewEntry {
	return NewEntry{ProjectID: 310, PhaseID: 77, Minutes: 95, Date: day("2026-07-14"), Notes: "Review"}
}

func theProject() Project {
	budget := 1200
	return Project{
		ID: 310, Name: "Website", Raw: json.RawMessage(aProject),
		Phases: []Phase{{ID: 77, ProjectID: 310, Name: "Design", IsOpen: true, CategoryID: 4, BudgetMinutes: &budget}},
	}
}

// onePage is a page of a list that has no other.
func onePage(items string) string {
	return `{ "data": [ ` + items + ` ], "meta": { "current_page": 1, "last_page": 1, "total": 1 } }`
}

var wire = map[string]wireRow{
	"entries": {
		"GET /entries",
		func(ctx context.Context, c *Client) (any, error) { return worktime.Collect(c.Entries.All(ctx, july())) },
		"GET /api/v1/entries?date_from=2026-07-01&date_to=2026-07-31&page=1&per_page=100", "", onePage(anEntry), []Entry{theEntry()},
	},
	"pages of entries": {
		"GET /entries",
		func(ctx context.Context, c *Client) (any, error) {
			q := july()
			q.Members, q.SortBy, q.Descending, q.PerPage = []int64{42, 43, 42}, SortByUpdated, true, 20
			q.Extra = map[string][]string{"project_ids[]": {"310", "311"}}
			return firstPage(c.Entries.Pages(ctx, q))
		},
		"GET /api/v1/entries?date_from=2026-07-01&date_to=2026-07-31&direction=desc&member_ids%5B%5D=42&member_ids%5B%5D=43&page=1&per_page=20" +
			"&project_ids%5B%5D=310&project_ids%5B%5D=311&sort_by=updated_date",
		"", onePage(anEntry), []Entry{theEntry()},
	},
	"entries that were changed": {
		"GET /entries",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Entries.UpdatedSince(ctx, time.Date(2026, 7, 15, 0, 0, 0, 0, time.UTC), july())
		},
		"GET /api/v1/entries?date_from=2026-07-01&date_to=2026-07-31&direction=desc&page=1&per_page=100&sort_by=updated_date", "",
		onePage(anEntry), []Entry{theEntry()},
	},
	"create an entry": {
		"POST /entries",
		func(ctx context.Context, c *Client) (any, error) { return c.Entries.Create(ctx, theNewEntry()) },
		"POST /api/v1/entries", aNewEntry, `{ "data": ` + anEntry + ` }`, theEntry(),
	},
	"projects": {
		"GET /projects",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Projects.All(ctx, ProjectQuery{}))
		},
		"GET /api/v1/projects?load%5B%5D=phases&page=1", "", `{ "data": [ ` + aProject + ` ] }`, []Project{theProject()},
	},
	"pages of projects": {
		"GET /projects",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Projects.Pages(ctx, ProjectQuery{WithoutPhases: true, Extra: map[string][]string{"is_active": {"1"}}}))
		},
		"GET /api/v1/projects?is_active=1&page=1", "", `[ ` + aProject + ` ]`, []Project{theProject()},
	},
	"create a client": {
		"POST /clients",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Clients.Create(ctx, NewCustomerClient{Name: "Acme Ltd"})
		},
		"POST /api/v1/clients", `{ "name": "Acme Ltd" }`, `{ "client_id": 15, "name": "Acme Ltd." }`,
		CustomerClient{ID: 15, Name: "Acme Ltd.", Raw: json.RawMessage(`{ "client_id": 15, "name": "Acme Ltd." }`)},
	},
}

// firstPage returns the items of the first page.
func firstPage[T any](pages iter.Seq2[worktime.Page[T], error]) ([]T, error) {
	for page, err := range pages {
		return page.Items, err
	}
	return nil, nil
}

func TestWire(t *testing.T) {
	shown := map[string]bool{}
	for name, row := range wire {
		t.Run(name, row.run)
		shown[row.op] = true
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
		assert.Empty(t, sent.Header.Get("Content-Type"))
	} else {
		assert.JSONEq(t, row.body, sent.Body)
		assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
	}
}

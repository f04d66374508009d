package timeneyetest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func TestListEntries(t *testing.T) {
	c := newCaller(t, timeneyetest.WithMaxPageSize(3), timeneyetest.WithUsers(timeneyetest.User{ID: 42}, timeneyetest.User{ID: 43}),
		timeneyetest.WithEntries(on(42, monday), on(43, monday.AddDays(1)), on(42, monday.AddDays(2)), on(43, monday.AddDays(3))))
	c.srv.EditEntry(2, func(e *timeneye.Entry) { e.Notes, e.Updated = "Late", e.Updated.Add(time.Hour) })
	for target, want := range map[string][]any{
		"/entries":                    {1., 2., 3.},
		"/entries?page=2":             {4.},
		"/entries?page=9":             {},
		"/entries?page=2&per_page=1":  {2.},
		"/entries?page=x&per_page=-1": {1., 2., 3.},
		"/entries?date_from=2026-06-09&date_to=2026-06-10":        {2., 3.},
		"/entries?member_ids%5B%5D=43":                            {2., 4.},
		"/entries?member_ids[]=43&member_ids[]=42&per_page=100":   {1., 2., 3.},
		"/entries?sort_by=entry_date&direction=desc":              {4., 3., 2.},
		"/entries?sort_by=updated_date&direction=desc&per_page=1": {2.},
		"/entries?sort_by=created_date&unheard_of=1":              {1., 2., 3.},
	} {
		assert.Equal(t, want, c.get(target).column("entry_id"), target)
	}
	assert.Equal(t, object{"current_page": 2., "last_page": 2., "per_page": 3., "total": 4.}, c.get("/entries?page=2").json()["meta"])
	for _, target := range []string{"/entries?date_from=today", "/entries?sort_by=mood"} {
		assert.Equal(t, 422, c.get(target).status, target)
	}
	row := c.get("/entries?per_page=1").json()["data"].([]any)[0].(object)
	created := row["created_date"]
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`, created)
	assert.Equal(t, object{
		"entry_id": 1., "user_id": 42., "project_id": 310., "phase_id": 77., "client_id": nil, "todo_id": nil, "entry_date": "2026-06-08", "entry_minutes": 95.,
		"notes": nil, "billed": 0., "cost": "47.50", "revenue": "95.00", "profit": "47.50", "source_url": nil, "source_text": nil,
		"created_date": created, "updated_date": created,
	}, row)
}

func TestRoles(t *testing.T) {
	for role, want := range map[timeneyetest.Role][]any{
		timeneyetest.Owner:  {"47.50", "95.00", "47.50", 2, 200},
		timeneyetest.Admin:  {nil, "95.00", nil, 2, 200},
		timeneyetest.Member: {nil, nil, nil, 1, 403},
	} {
		c := newCaller(t, timeneyetest.WithUsers(timeneyetest.User{ID: 1, Role: role}, timeneyetest.User{ID: 2}),
			timeneyetest.WithEntries(on(1, monday), on(2, monday)))
		r := c.get("/entries")
		assert.Equal(t, want, []any{
			r.column("cost")[0], r.column("revenue")[0], r.column("profit")[0], len(r.column("entry_id")), c.post("/clients", `{"name":"x"}`).status,
		})
		assert.Equal(t, want[3] == 2, len(c.get("/entries?member_ids[]=2").column("entry_id")) == 1)
	}
}

func TestCreate(t *testing.T) {
	const body = `{"project_id": 310, "phase_id": 77, "minutes": 30, "date": "2026-06-08", "notes": "x"}`
	for answer, want := range map[timeneyetest.CreateAnswer]string{
		timeneyetest.InData: `{"data":{"billed":`, timeneyetest.Bare: `{"billed":`, timeneyetest.OnlyID: `{"id":1}`, timeneyetest.NoBody: ``,
	} {
		c := newCaller(t, project(), timeneyetest.WithCreateAnswer(answer))
		r := c.post("/entries", body)
		assert.Equal(t, 200, r.status)
		require.Len(t, r.body[:min(len(want), len(r.body))], len(want))
		assert.Equal(t, want, r.body[:len(want)])
		require.Len(t, c.srv.Entries(), 1)
		e := c.srv.Entries()[0]
		assert.Equal(t, []any{int64(1), int64(42), int64(310), int64(77), 30, monday, "x"}, []any{e.ID, e.UserID, e.ProjectID, e.PhaseID, e.Minutes, e.Date, e.Notes})
	}
	c := newCaller(t, project())
	for body, field := range map[string]string{
		`{"phase_id": 77, "minutes": 30, "date": "2026-06-08"}`:                             "project_id",
		`{"project_id": 310, "phase_id": 79, "minutes": 30, "date": "2026-06-08"}`:          "phase_id",
		`{"project_id": 310, "phase_id": 78, "minutes": 30, "date": "2026-06-08"}`:          "phase_id", // it is closed
		`{"project_id": 310, "phase_id": 77, "minutes": "1h", "date": "2026-06-08"}`:        "minutes",
		`{"project_id": 310, "phase_id": 77, "minutes": 0, "date": "2026-06-08"}`:           "minutes",
		`{"project_id": 310, "phase_id": 77, "minutes": 30, "date": "8 June"}`:              "date",
		`{"project_id": 310, "phase_id": 77, "entry_minutes": 30, "entry_date": "2026-06"}`: "date",
		`{"project_id": 310, "phase_id": 77, "minutes": 30, "date": null, "notes": 7}`:      "notes",
		`nonsense`: "minutes",
	} {
		r := c.post("/entries", body)
		assert.Equal(t, 422, r.status, body)
		assert.Contains(t, r.json()["errors"], field, body)
	}
	assert.Equal(t, 422, c.do("POST", c.srv.BaseURL()+"/entries", "text/plain", body).status)
	assert.Empty(t, c.srv.Entries())

	assert.Equal(t, 422, c.post("/clients", `{"name": " "}`).status)
	assert.Equal(t, object{"data": object{"client_id": 1., "name": "Acme"}}, c.post("/clients", `{"name": "Acme"}`).json())
	assert.Equal(t, []timeneye.CustomerClient{{ID: 1, Name: "Acme"}}, c.srv.Clients())
}

func TestProjects(t *testing.T) {
	const plain = `[{"name":"Website","project_id":310}]`
	for shape, want := range map[timeneyetest.ProjectList]string{
		timeneyetest.DataList: `{"data":` + plain + `}`, timeneyetest.BareList: plain,
		timeneyetest.PagedList: `{"data":` + plain + `,"links":{"next":null,"prev":null},"meta":{"current_page":1,"last_page":1,"per_page":15,"total":1}}`,
	} {
		assert.Equal(t, want, newCaller(t, project(), timeneyetest.WithProjectList(shape)).get("/projects").body)
	}
	assert.JSONEq(t, `{"data":[{"name":"Website","project_id":310,"phases":[
		{"phase_id":77,"project_id":310,"name":"Design","is_open":1,"phase_category_id":4,"budget_minutes":null},
		{"phase_id":78,"project_id":310,"name":"Print","is_open":0,"phase_category_id":null,"budget_minutes":null}]}]}`,
		newCaller(t, project()).get("/projects?load[]=phases").body)
	loose := newCaller(t, project(), timeneyetest.WithLooseTypes()).get("/projects?load[]=phases").body
	assert.Contains(t, loose, `"is_open":true`)
	assert.Contains(t, loose, `"phase_id":"77"`)
	assert.Contains(t, loose, `"unheard_of"`)
}

func TestSample(t *testing.T) {
	srv := timeneyetest.NewServer(t, timeneyetest.WithSample(monday))
	all := srv.Entries()
	assert.Greater(t, len(all), 100)
	minutes := map[int64]int{}
	for _, e := range all {
		require.Positive(t, e.Minutes)
		require.False(t, e.Date.Before(monday))
		require.True(t, e.Date.Before(monday.AddDays(14)))
		require.False(t, e.Updated.Before(e.Created))
		minutes[e.UserID] += e.Minutes
	}
	assert.Len(t, minutes, 5)
	for user, sum := range minutes {
		assert.InDelta(t, 76*60, sum, 6*60, user)
	}
	assert.Equal(t, all, timeneyetest.NewServer(t, timeneyetest.WithSample(monday)).Entries(), "always the same")
}

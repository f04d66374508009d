package protimetest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// The exchange of https://documentation.myprotime.eu/protimeapi/tutorials/getting-started/
func TestDocumentedList(t *testing.T) {
	calculated := protime.TimeOfDay(510)
	seed := on(1, 2, 510)
	seed.ChangeVersion, seed.ID, seed.CalculatedTimeOfDay, seed.Terminal = "0000090200004BD0000A", 18601, &calculated, &protime.Ref{ID: 42}
	srv := protimetest.NewServer(t, protimetest.WithClockings(seed, on(2, 2, 510)))
	c := newCaller(t, srv, read)
	for _, target := range []string{
		"/clockings?filter=person%20in%20(1)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'",
		"/clockings?filter=person+in+(1)+and+date+ge+%272026-01-01%27+and+date+le+%272026-01-31%27",
	} {
		r := c.get(target)
		require.Equal(t, 200, r.status, r.body)
		assert.Equal(t, "application/json", r.header.Get("Content-Type"))
		assert.JSONEq(t, `{ "value": [ { "changeVersion": "0000090200004BD0000A", "id": 18601, "calculatedTimeOfDayInMinutes": 510,
			"isGenerated": false, "status": "Active", "person": {"id": 1}, "date": "2026-01-02",
			"timeOfDayInMinutes": 510, "terminal": {"id": 42}, "kind": "InOut" } ],
			"nextLink": null }`, r.body)
	}
	assert.Equal(t, base+"/clockings?filter=person%20in%20(1)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", srv.Requests()[1].URI)
}

func TestAllMembers(t *testing.T) {
	original, open := protime.TimeOfDay(-30), true
	full := on(1, 2, 1800)
	full.OriginalTimeOfDay, full.IsGenerated, full.IsOpen = &original, true, &open
	full.Geolocation = &protime.Geolocation{Longitude: 4.392225, Latitude: 51.144127}
	full.Kind, full.Status, full.Reason = protime.ClockingReason, protime.ClockingDeleted, &protime.Ref{ID: 12}
	full.ActivityLevels = []protime.ActivityLevel{{Level: 1, ActivityDefinition: protime.DefinitionRef{ID: "38fc2206-7es2cc8c3281"}}}
	c := newCaller(t, protimetest.NewServer(t, protimetest.WithClockings(full)), read)
	assert.JSONEq(t, `{ "changeVersion": "0000090200004BD0000A", "id": 1, "person": {"id": 1}, "date": "2026-01-02",
		"timeOfDayInMinutes": 1800, "originalTimeOfDayInMinutes": -30, "isGenerated": true, "isOpen": true,
		"geolocation": {"longitude": 4.392225, "latitude": 51.144127}, "kind": "Reason", "status": "Deleted", "reason": {"id": 12},
		"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206-7es2cc8c3281"}} ] }`, c.get("/clockings/1").body)
}

func TestGetOne(t *testing.T) {
	c := newCaller(t, protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510))), read)
	r := c.get("/clockings/1")
	assert.Equal(t, 200, r.status)
	assert.JSONEq(t, `{"changeVersion":"0000090200004BD0000A","id":1,"person":{"id":1},"date":"2026-01-02","timeOfDayInMinutes":510,
		"isGenerated":false,"kind":"InOut","status":"Active"}`, r.body, "bare, without an envelope")
	refused(t, c.get("/clockings/2"), 404, "NotFound", "")
	refused(t, c.get("/clockings/-1"), 404, "NotFound", "")
	refused(t, c.get("/clockings/abc"), 400, "BadRequest", "not the id")
	refused(t, c.get("/clockings/1?expand=x"), 400, "BadRequest", "'expand' is not known")
	refused(t, c.get("/clockings/1?externalReferences=(people)"), 400, "BadRequest", "externalReferences")
}

func TestRoutes(t *testing.T) {
	srv := protimetest.NewServer(t)
	c := newCaller(t, srv, both)
	for _, path := range []string{"", "/", "/clockings/", "/clockings/1/", "/clockings/1/x", "/clockingsx", "/delta/jobs", "/delta", "//clockings",
		"/usages", "/activity-definitions", "/department-histories/1", "/people/1/x-history", "/people/1/department-histories",
		"/activity-structure-versions", "/activity-structure-versions/v/levels/0/activity-definitions"} {
		refused(t, c.get(path), 404, "NotFound", "")
	}
	refused(t, c.do("GET", srv.URL()+"/", "", ""), 404, "NotFound", "")
	for target, allow := range map[string]string{
		"PUT /clockings": "GET, POST", "DELETE /clockings": "GET, POST", "PATCH /clockings": "GET, POST",
		"PUT /clockings/1": "GET", "DELETE /clockings/1": "GET", "POST /clockings/1": "GET", "PATCH /clockings/1": "GET",
	} {
		method, path, _ := strings.Cut(target, " ")
		r := c.do(method, srv.URL()+base+path, "", "")
		refused(t, r, 405, "MethodNotAllowed", "")
		assert.Equal(t, allow, r.header.Get("Allow"), target)
	}
}

func TestBadQueries(t *testing.T) {
	c := newCaller(t, protimetest.NewServer(t), read)
	for query, text := range map[string]string{
		"":                        "'date' is required",
		"?filter=":                "'date' is required",
		"?filter=%zz":             "cannot be read",
		january + "&$top=5":       "'$top' is not known",
		january + "&delta=":       "'delta' has no value",
		january + "&filter=x":     "given twice",
		"?filter=person%20eq%201": "'date' is required",
		"?filter=date%20ge%20'2026-01-01'%20and%20date%20le%20'2027-01-03'":   "The provided date range is invalid",
		january + "&externalReferences=people,@badge-number":                  "externalReferences",
		january + "&externalReferences=(people,@badge-number),(terminals,@x)": "externalReferences",
		january + "&externalReferences=(people,@birthday)":                    "'@birthday' is not",
		january + "&externalReferences=(terminals,@badge-number)":             "'@badge-number' is not",
		january + "&externalReferences=(sectors,HRMID)":                       "'sectors' has no",
		january + "&externalReferences=(people,@badge-number)(people,)":       "'' is not",
		january + "&externalReferences=(people,@badge-number":                 "externalReferences",
	} {
		refused(t, c.get("/clockings"+query), 400, "BadRequest", text)
	}
}

func TestURILimit(t *testing.T) {
	c := newCaller(t, protimetest.NewServer(t), read)
	target := func(length int) string {
		filter := "/clockings" + january + "%20and%20person%20in%20(1"
		return filter + strings.Repeat("0", length-len(base+filter)-1) + ")"
	}
	r := c.get(target(4096))
	refused(t, r, 400, "BadRequest", "so large") // was read
	refused(t, c.get(target(4097)), 414, "RequestURITooLong", "")
}

// pages walks a list by hand, with each raw link escaped as a browser would escape it, and "+" besides.
func pages(c *caller, target string) (all []map[string]any, links []string) {
	c.t.Helper()
	for {
		r := c.get(target)
		require.Equal(c.t, 200, r.status, r.body)
		all = append(all, r.json())
		link, more := r.json()["nextLink"].(string)
		if !more {
			assert.True(c.t, strings.HasSuffix(r.body, `"nextLink":null}`), r.body)
			return all, links
		}
		links = append(links, link)
		target = strings.NewReplacer(" ", "%20", "+", "%2B").Replace(strings.TrimPrefix(link, base))
	}
}

// ids returns the ids on the pages.
func ids(all []map[string]any) (list [][]int) {
	for _, page := range all {
		row := []int{}
		for _, item := range page["value"].([]any) {
			row = append(row, int(item.(map[string]any)["id"].(float64)))
		}
		list = append(list, row)
	}
	return list
}

func five() protimetest.Option {
	return protimetest.WithClockings(on(1, 2, 510), on(1, 2, 720), on(2, 2, 500), on(1, 3, 510), on(1, 3, 720), on(1, 4, 510))
}

func TestPaging(t *testing.T) {
	for name, test := range map[string]struct {
		size, empty int
		want        [][]int
	}{
		"one page":                {100, 0, [][]int{{1, 2, 4, 5, 6}}},
		"just full":               {5, 0, [][]int{{1, 2, 4, 5, 6}}},
		"three":                   {2, 0, [][]int{{1, 2}, {4, 5}, {6}}},
		"each empty one first":    {2, 1, [][]int{{}, {1, 2}, {}, {4, 5}, {}, {6}}},
		"each third":              {2, 2, [][]int{{}, {1, 2}, {4, 5}, {}, {6}}},
		"the first only is empty": {100, 3, [][]int{{}, {1, 2, 4, 5, 6}}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCaller(t, protimetest.NewServer(t, five(), protimetest.WithPageSize(test.size), protimetest.WithEmptyPages(test.empty)), read)
			target := "/clockings" + january + "%20and%20person%20eq%201&externalReferences=(people,@badge-number)"
			all, links := pages(c, target)
			if len(links) > 0 {
				assert.Contains(t, c.get(target).body, ")&continuationToken=+", "printed without escapes of JSON")
			}
			assert.Equal(t, test.want, ids(all))
			for _, link := range links {
				prefix := base + "/clockings?filter=date ge '2026-01-01' and date le '2026-01-31' and person eq 1" +
					"&externalReferences=(people,@badge-number)&continuationToken="
				require.True(t, strings.HasPrefix(link, prefix), "printed as the vendor does: %s", link)
				for _, char := range []string{"+", "/", "="} {
					assert.Contains(t, strings.TrimPrefix(link, prefix), char)
				}
			}
		})
	}
}

func TestNothingFound(t *testing.T) {
	c := newCaller(t, protimetest.NewServer(t), read)
	assert.JSONEq(t, `{"value":[],"nextLink":null}`, c.get("/clockings"+january).body)
	c = newCaller(t, protimetest.NewServer(t, protimetest.WithEmptyPages(1)), read)
	all, _ := pages(c, "/clockings"+january)
	assert.Equal(t, [][]int{{}, {}}, ids(all))
}

// Rows that come while a list is walked shift nothing.
func TestCreateDuringAWalk(t *testing.T) {
	srv := protimetest.NewServer(t, five(), protimetest.WithPageSize(2))
	c := newCaller(t, srv, both)
	first := c.get("/clockings" + january)
	assert.Equal(t, 201, c.post(`{"person":{"id":1},"date":"2026-01-01","timeOfDayInMinutes":0,"kind":"InOut"}`).status)
	link := strings.NewReplacer(" ", "%20", "+", "%2B", base, "").Replace(first.json()["nextLink"].(string))
	all, _ := pages(c, link)
	assert.Equal(t, [][]int{{3, 4}, {5, 6}, {7}}, ids(all))
}

func TestContinuationTokens(t *testing.T) {
	srv := protimetest.NewServer(t, five(), protimetest.WithPageSize(2))
	c := newCaller(t, srv, read)
	follow := func(c *caller, query, token string) answer {
		return c.get("/clockings" + query + "&continuationToken=" + token)
	}
	_, token, _ := strings.Cut(c.get("/clockings" + january).json()["nextLink"].(string), "continuationToken=")
	good := url.QueryEscape(token)
	require.Equal(t, 200, follow(c, january, good).status)
	for name, r := range map[string]answer{
		"plus read as a blank": follow(c, january, token),
		"cut":                  follow(c, january, url.QueryEscape(token[:len(token)-6])),
		"empty":                follow(c, january, ""),
		"not Base64":           follow(c, january, "%00"),
		"too short":            follow(c, january, "AAAA"),
		"forged":               follow(c, january, strings.Replace(good, "AAAAAA", "AAAAAB", 1)),
		"of another filter":    follow(c, january+"%20and%20person%20eq%201", good),
		"of other references":  follow(c, january+"&externalReferences=(people,@badge-number)", good),
		"of another server":    follow(newCaller(t, protimetest.NewServer(t, five()), read), january, good),
	} {
		t.Run(name, func(t *testing.T) { refused(t, r, 409, "Conflict", "continuation token") })
	}
	srv.ExpireContinuations()
	refused(t, follow(c, january, good), 409, "Conflict", "expired")
}

// The client understands what the server prints.
func TestClientWalks(t *testing.T) {
	srv := protimetest.NewServer(t, five(), protimetest.WithPageSize(2), protimetest.WithEmptyPages(1))
	client := newClient(t, srv.Config())
	query := protime.ClockingQuery{From: worktime.NewDate(2026, 1, 1), To: worktime.NewDate(2026, 1, 31), Persons: []int64{1, 2}}
	all, err := worktime.Collect(client.Clockings.All(t.Context(), query))
	require.NoError(t, err)
	assert.Equal(t, srv.Clockings(), all)

	for page, err := range client.Clockings.Pages(t.Context(), query) {
		require.NoError(t, err)
		query.Cursor = page.Cursor
		break
	}
	srv.ExpireContinuations()
	_, err = worktime.Collect(client.Clockings.All(t.Context(), query))
	assert.ErrorIs(t, err, worktime.ErrCursorExpired)
}

func TestExternalReferences(t *testing.T) {
	clocking := on(123152, 5, 480)
	clocking.ID = 39577408
	activity := on(1, 5, 480)
	activity.Kind, activity.Terminal = protime.ClockingActivity, &protime.Ref{ID: 42}
	activity.Reason = &protime.Ref{ID: 12, ExternalReferences: map[string]string{"@absence-code": "SICK"}}
	activity.ActivityLevels = []protime.ActivityLevel{{Level: 1, ActivityDefinition: protime.DefinitionRef{
		ID: "38fc", ExternalReferences: map[string]string{"@data-entry-code": "INST"}}}}
	srv := protimetest.NewServer(t, protimetest.WithClockings(clocking, activity),
		protimetest.WithReferences(protime.PersonBadgeNumber, map[int64]string{123152: "6767676"}),
		protimetest.WithReferences(protime.CustomReference("people", "HRM ID"), map[int64]string{1: "h1", 123152: ""}),
		protimetest.WithReferences(protime.TerminalExternalCode, map[int64]string{42: "GATE"}),
		protimetest.WithReferences(protime.ActivityExternalReference, map[string]string{"38fc": "ext"}))
	c := newCaller(t, srv, read)
	members := func(query string) (person, terminal, reason, definition any) {
		t.Helper()
		rows := c.get("/clockings" + january + query).json()["value"].([]any)
		require.Len(t, rows, 2)
		references := func(object any) any { return object.(map[string]any)["externalReferences"] }
		second := rows[1].(map[string]any)
		return references(rows[0].(map[string]any)["person"]), references(second["terminal"]), references(second["reason"]),
			references(second["activityLevels"].([]any)[0].(map[string]any)["activityDefinition"])
	}
	person, terminal, reason, definition := members("")
	assert.Equal(t, []any{nil, nil, nil, nil}, []any{person, terminal, reason, definition}, "not asked for")

	person, terminal, _, _ = members("&externalReferences=(people,@badge-number)(terminals,@external-code)")
	assert.Equal(t, map[string]any{"@badge-number": "6767676"}, person)
	assert.Equal(t, map[string]any{"@external-code": "GATE"}, terminal)

	person, _, reason, definition = members("&externalReferences=(people,HRM%20ID)(absence-definitions,@absence-code)(activity-definitions,@data-entry-code)")
	assert.Nil(t, person, "an empty value is no reference")
	assert.Equal(t, map[string]any{"@absence-code": "SICK"}, reason)
	assert.Equal(t, map[string]any{"@data-entry-code": "INST"}, definition)
	_, _, _, definition = members("&externalReferences=(activity-definitions,@external-reference)")
	assert.Equal(t, map[string]any{"@external-reference": "ext"}, definition)
	person, _, _, _ = members("&externalReferences=(people,@employee-number)")
	assert.Nil(t, person)

	// The sample of https://documentation.myprotime.eu/protimeapi/how-to/use-external-references/
	r := c.get("/clockings/39577408?externalReferences=(people,@badge-number)(people,Unknown)")
	assert.Equal(t, map[string]any{"id": 123152.0, "externalReferences": map[string]any{"@badge-number": "6767676"}}, r.json()["person"])
	for _, clocking := range srv.Clockings() {
		assert.Empty(t, clocking.Person.ExternalReferences)
	}
}

func TestGroups(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 1), on(2, 2, 2), on(3, 2, 3), on(4, 2, 4)),
		protimetest.WithCircle(2, 1), protimetest.WithCircle(8, 3), protimetest.WithCircle(2, 4), protimetest.WithOrgGroup(2, 2))
	c := newCaller(t, srv, read)
	for filter, want := range map[string][]int{
		"person in circle(2)":                            {1, 4},
		"person in circle (2, 8)":                        {1, 3, 4},
		"person in org-group(2,121)":                     {2},
		"person in circle(9)":                            {},
		"person in circle(2) and person in (4,2)":        {4},
		"person in circle(2) and person in org-group(2)": {},
	} {
		all, _ := pages(c, fmt.Sprintf("/clockings%s%%20and%%20%s", january, strings.ReplaceAll(filter, " ", "%20")))
		assert.Equal(t, [][]int{want}, ids(all), filter)
	}
}

package protimetest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// everything asks for all that the client may have.
func everything(t *testing.T, srv *protimetest.Server) *caller {
	t.Helper()
	c := &caller{t: t, srv: srv, header: map[string][]string{"User-Agent": {"YourService/v1 (YourCompany)"}}}
	token, _ := c.token("grant_type=client_credentials&client_id=protimetest&client_secret=protimetest-secret").json()["access_token"].(string)
	c.header.Set("Authorization", "Bearer "+token)
	return c
}

// send sends JSON below the base path.
func (c *caller) send(method, target, body string) answer {
	c.t.Helper()
	return c.do(method, c.srv.URL()+base+target, "application/json", body)
}

// objects returns the items of a list.
func (a answer) objects() []map[string]any {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, a.body)
	var page struct{ Value []map[string]any }
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &page))
	return page.Value
}

const sampleDays = "filter=date%20ge%20'2026-01-05'%20and%20date%20le%20'2026-01-18'"

func sampleServer(t *testing.T, opts ...protimetest.Option) *protimetest.Server {
	return protimetest.NewServer(t, append(opts, protimetest.WithSample(worktime.NewDate(2026, 1, 5)))...)
}

// What the endpoint index of the reference says of the collections that have paths of their own.
var index = []struct {
	name, scope  string
	dated        bool
	single       bool
	delta        bool
	own          string // a reference that a path takes, and its value
	value        string
	refused      string // references that the list does not take
	wants        string // members that some object has
	filter       string // which lets something, but not all, pass
	unfiltered   bool
	unreferenced bool
}{
	{name: "clockings", dated: true, single: true, delta: true, refused: "(shift-definitions,x)", wants: "timeOfDayInMinutes terminal kind status", filter: "kind eq 'Activity'"},
	{name: "access-clockings", dated: true, single: true, delta: true, refused: "(absence-definitions,x)", wants: "terminal status", filter: "person in (1,2)"},
	{name: "people", single: true, delta: true, own: "@employee-number", value: "E-4822", refused: "(contracts,x)", wants: "pinCode socialSecurityNumber bankAccount", filter: "person eq 2"},
	{name: "contracts", single: true, delta: true, refused: "(departments,x)", wants: "kind parentContract contractPercentage", filter: "person eq 3"},
	{name: "departments", single: true, own: "HRMID", value: "D-2", unfiltered: true, unreferenced: true, wants: "name externalCode"},
	{name: "employers", single: true, unfiltered: true, unreferenced: true, wants: "bankAccount companyRegistrationNumber"},
	{name: "jobs", single: true, unfiltered: true, unreferenced: true, wants: "name"},
	{name: "job-categories", single: true, unfiltered: true, unreferenced: true, wants: "externalCode"},
	{name: "sectors", single: true, unfiltered: true, unreferenced: true, wants: "name"},
	{name: "work-locations", single: true, unfiltered: true, unreferenced: true, wants: "description"},
	{name: "department-histories", scope: "people-historical-data", unfiltered: true, refused: "(people,x)", wants: "person from department"},
	{name: "employer-histories", scope: "people", unfiltered: true, wants: "employer"},
	{name: "job-histories", scope: "people", unfiltered: true, wants: "job"},
	{name: "job-category-histories", scope: "people", unfiltered: true, wants: "jobCategory"},
	{name: "sector-histories", scope: "people", unfiltered: true, wants: "sector"},
	{name: "work-location-histories", scope: "people", unfiltered: true, wants: "workLocation until"},
	{name: "absences", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "request approvalLevel resultingAbsenceDefinition"},
	{name: "absence-definitions", single: true, delta: true, own: "@absence-code", value: "DOC", refused: "(people,x)", unfiltered: true, wants: "code absenceGroup allowedDurations"},
	{name: "absence-groups", single: true, delta: true, unfiltered: true, unreferenced: true, wants: "type"},
	{name: "activity-durations", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "activityLevels counterDefinitions"},
	{name: "assignments", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "from until isRejected"},
	{name: "counters", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "numberOfInstances durationInMinutes", filter: "counter-definitions in (21)"},
	{name: "counter-definitions", single: true, delta: true, own: "@counter-code", value: "MEAL", wants: "unit counterGroup", filter: "(counter-group eq 1) and enabled eq true", unreferenced: true},
	{name: "counter-groups", single: true, delta: true, unfiltered: true, unreferenced: true, wants: "name"},
	{name: "calculated-totals", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "flextimeBalanceInMinutes"},
	{name: "paid-presences", scope: "calculated-totals", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "durationInMinutes"},
	{name: "breaks", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "breakDefinition isBreakTaken"},
	{name: "break-definitions", single: true, delta: true, unfiltered: true, unreferenced: true, wants: "hasToBeTakenUninterrupted"},
	{name: "work-interruptions", dated: true, single: true, delta: true, refused: "(terminals,x)", wants: "durationInMinutes"},
	{name: "shift-definitions", single: true, delta: true, own: "@shift-code", value: "NIGHT", unfiltered: true, unreferenced: true, wants: "code isEnabled"},
}

func TestEachCollection(t *testing.T) {
	srv := sampleServer(t, protimetest.WithPageSize(7))
	all := everything(t, srv)
	for _, test := range index {
		t.Run(test.name, func(t *testing.T) {
			scope := test.scope
			if scope == "" {
				scope = test.name
			}
			c := newCaller(t, srv, "connector-protimeapi-"+scope+".read")
			target, condition := "/"+test.name, "?filter="
			if test.dated {
				target += "?" + sampleDays
				condition = "&filter="
				refused(t, c.get("/"+test.name), 400, "BadRequest", "'date' is required")
				refused(t, c.get("/"+test.name+"?filter=date%20ge%20'2026-01-05'%20and%20date%20le%20'2027-02-18'"), 400, "BadRequest", "date range")
			}
			wrong := newCaller(t, srv, "connector-protimeapi-webhooks.read")
			refused(t, wrong.get(target), 403, "Forbidden", "read is required")

			list, links := pages(c, target)
			rows := slices.Concat(objectsOf(list)...)
			want, err := srv.Snapshot(test.name, "")
			require.NoError(t, err)
			require.Len(t, rows, len(want))
			require.NotEmpty(t, rows)
			assert.Equal(t, len(want) > 7, len(links) > 0)
			members := map[string]bool{}
			for i, row := range rows {
				assert.Contains(t, row, "changeVersion")
				text, err := json.Marshal(row)
				require.NoError(t, err)
				assert.JSONEq(t, string(want[i]), string(text))
				for member := range row {
					members[member] = true
				}
			}
			assert.Subset(t, slices.Collect(maps.Keys(members)), strings.Fields(test.wants))

			if test.filter != "" {
				filter := url.PathEscape(test.filter)
				if test.dated {
					filter = url.PathEscape(" and " + test.filter)
					condition = ""
				}
				some := all.get(target + condition + filter).objects()
				assert.True(t, len(some) > 0 && len(some) < len(rows), "%d of %d", len(some), len(rows))
			}
			other := "?filter=nothing%20eq%201"
			if test.dated {
				other = "?" + sampleDays + "%20and%20nothing%20eq%201"
			}
			if test.unfiltered {
				refused(t, c.get("/"+test.name+other), 400, "BadRequest", "has no filters")
			} else {
				refused(t, c.get("/"+test.name+other), 400, "BadRequest", "'nothing' is not known")
			}
			checkSingle(t, c, test.name, rows[0]["id"], test.single)
			checkReferences(t, c, target, test.refused, test.unreferenced)
			if test.own != "" {
				one := c.get(fmt.Sprintf("/%s/%s?externalReferences=(%s,%s)", test.name, test.value, test.name, test.own))
				require.Equal(t, 200, one.status, one.body)
				assert.Equal(t, test.value, one.json()["externalReferences"].(map[string]any)[test.own])
				refused(t, c.get(fmt.Sprintf("/%s/x-%s?externalReferences=(%s,%s)", test.name, test.value, test.name, test.own)), 404, "NotFound", "")
			}
			if !test.delta {
				separator := "?"
				if strings.Contains(target, "?") {
					separator = "&"
				}
				refused(t, c.get(target+separator+"delta"), 400, "BadRequest", "'delta' is not known")
				refused(t, c.get("/delta/"+test.name+"?deltaToken=x"), 404, "NotFound", "")
			}
			assert.Equal(t, 405, all.send("PATCH", "/"+test.name, "{}").status)
		})
	}
}

func objectsOf(list []map[string]any) (all [][]map[string]any) {
	for _, page := range list {
		var rows []map[string]any
		for _, row := range page["value"].([]any) {
			rows = append(rows, row.(map[string]any))
		}
		all = append(all, rows)
	}
	return all
}

func checkSingle(t *testing.T, c *caller, name string, id any, single bool) {
	t.Helper()
	one := c.get(fmt.Sprintf("/%s/%v", name, id))
	if !single {
		refused(t, one, 404, "NotFound", "")
		return
	}
	require.Equal(t, 200, one.status, one.body)
	assert.Equal(t, id, one.json()["id"])
	refused(t, c.get("/"+name+"/987654321"), 404, "NotFound", "")
	refused(t, c.get("/"+name+"/x"), 400, "BadRequest", "is not the id")
}

func checkReferences(t *testing.T, c *caller, target, names string, none bool) {
	t.Helper()
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	if none {
		names = "(people,@badge-number)"
	}
	if names != "" {
		refused(t, c.get(target+separator+"externalReferences="+names), 400, "BadRequest", "has no external references here")
	}
}

// Each person's own history, also by a reference.
func TestHistories(t *testing.T) {
	c := everything(t, sampleServer(t, protimetest.WithPageSize(1)))
	all, links := pages(c, "/people/3/work-location-history")
	assert.Len(t, links, 1)
	assert.Contains(t, links[0], base+"/people/3/work-location-history?continuationToken=")
	assert.Contains(t, links[0], "continuationToken=+/+/", "as it is, also where nothing else in the link shows that it is unencoded")
	rows := slices.Concat(objectsOf(all)...)
	require.Len(t, rows, 2)
	assert.Equal(t, []any{"2022-12-31", nil}, []any{rows[0]["until"], rows[1]["until"]})
	assert.Equal(t, map[string]any{"id": 2.0}, rows[0]["workLocation"])

	r := c.get("/people/6767702/department-history?externalReferences=(people,@badge-number)")
	assert.Equal(t, map[string]any{"id": 3.0, "externalReferences": map[string]any{"@badge-number": "6767702"}}, r.objects()[0]["person"])
	refused(t, c.get("/people/99/department-history"), 404, "NotFound", "")
	refused(t, c.get("/people/x/department-history"), 400, "BadRequest", "is not the id")
	refused(t, c.get("/people/3/department-history?externalReferences=(departments,HRMID)"), 400, "BadRequest", "'departments'")

	r = c.get("/department-histories?externalReferences=(departments,HRMID)")
	assert.Equal(t, map[string]any{"id": 1.0, "externalReferences": map[string]any{"HRMID": "D-1"}}, r.objects()[0]["department"])
}

// References come from what the test gives and from the members that they stand for.
func TestReferencesOfObjects(t *testing.T) {
	c := everything(t, sampleServer(t, protimetest.WithReferences("absence-groups,CODE", map[int64]string{1: "ABS"})))
	r := c.get("/absences?" + sampleDays + "&externalReferences=(people,@employee-number)(shift-definitions,@shift-code)(absence-definitions,@absence-code)").objects()[0]
	for member, want := range map[string]map[string]any{
		"person": {"@employee-number": "E-4822"}, "shiftDefinition": {"@shift-code": "DAY"}, "resultingAbsenceDefinition": {"@absence-code": "HOL"},
		"requestedAbsenceDefinition": {"@absence-code": "HOL"},
	} {
		assert.Equal(t, want, r[member].(map[string]any)["externalReferences"], member)
	}
	r = c.get("/counters?" + sampleDays + "&externalReferences=(counter-definitions,@counter-code)").objects()[0]
	assert.Equal(t, map[string]any{"id": 22.0, "externalReferences": map[string]any{"@counter-code": "MEAL"}}, r["counterDefinition"])
	r = c.get("/absence-definitions?externalReferences=(absence-groups,CODE)").objects()[0]
	assert.Equal(t, map[string]any{"id": 1.0, "externalReferences": map[string]any{"CODE": "ABS"}}, r["absenceGroup"])
	one := c.get("/absence-groups/ABS?externalReferences=(absence-groups,CODE)")
	assert.Equal(t, []any{1.0, map[string]any{"CODE": "ABS"}}, []any{one.json()["id"], one.json()["externalReferences"]})
	r = c.get("/people?externalReferences=(people,@badge-number)").objects()[1]
	assert.Equal(t, map[string]any{"@badge-number": "6767681"}, r["externalReferences"])
}

// Unknown members and values go through, whether they are given as a struct or as JSON.
func TestObjectsAreKept(t *testing.T) {
	srv := protimetest.NewServer(t,
		protimetest.WithObjects("sectors", json.RawMessage(`{"id": 7, "future": [1.50, 12345678901234567890], "kind": "FutureKind"}`)),
		protimetest.WithObjects("jobs", struct {
			Name string `json:"name"`
		}{"x"}))
	c := everything(t, srv)
	assert.JSONEq(t, `{"changeVersion": "0000090200004BD0000A", "id": 7, "future": [1.50, 12345678901234567890], "kind": "FutureKind"}`, c.get("/sectors/7").body)
	assert.Contains(t, c.get("/sectors/7").body, "12345678901234567890")
	assert.JSONEq(t, `{"changeVersion": "0000090200004BD0000B", "id": 1, "name": "x"}`, c.get("/jobs/1").body)

	for _, opt := range []protimetest.Option{
		protimetest.WithObjects("nothing", map[string]any{}), protimetest.WithObjects("jobs", 1), protimetest.WithObjects("jobs", json.RawMessage("null")),
		protimetest.WithObjects("jobs", map[string]any{"id": "x"}), protimetest.WithObjects("jobs", map[string]any{"id": -1}),
		protimetest.WithObjects("jobs", map[string]any{"id": 1}, map[string]any{"id": 1}), protimetest.WithObjects("jobs", make(chan int)),
		protimetest.WithRepeatedPolls(500), protimetest.WithDelivery(protimetest.Delivery{Validity: -1}),
	} {
		_, err := protimetest.Start(opt)
		assert.ErrorContains(t, err, "protimetest: ")
	}
	_, err := srv.Put("nothing", map[string]any{})
	assert.ErrorContains(t, err, "no collection")
	assert.ErrorContains(t, srv.Remove("jobs", "9"), `jobs has no "9"`)
	_, err = srv.Snapshot("nothing", "")
	assert.ErrorContains(t, err, "no collection")
	_, err = srv.Snapshot("clockings", "kind")
	assert.ErrorContains(t, err, "invalid at position")
}

func TestSampleIsDeterministic(t *testing.T) {
	first, second := sampleServer(t), sampleServer(t)
	for _, test := range index {
		a, err := first.Snapshot(test.name, "")
		require.NoError(t, err)
		b, err := second.Snapshot(test.name, "")
		require.NoError(t, err)
		assert.Equal(t, a, b, test.name)
	}
}

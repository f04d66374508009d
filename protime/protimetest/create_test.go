package protimetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// The exchange of https://documentation.myprotime.eu/protimeapi/how-to/create-update-delete/
func TestDocumentedCreate(t *testing.T) {
	last := on(1, 2, 510)
	last.ID = 8191
	srv := protimetest.NewServer(t, protimetest.WithClockings(last))
	c := newCaller(t, srv, both)
	r := c.post(`{ "person": {"id": 76547}, "date": "2024-01-05", "timeOfDayInMinutes": 480,
		"terminal": {"id": 765}, "geolocation": {"longitude": 4.392225, "latitude": 51.144127}, "kind": "InOut" }`)
	assert.Equal(t, 201, r.status, r.body)
	assert.Equal(t, "/connector/protimeapi/api/v1/clockings/8192", r.header.Get("Location"))
	assert.Empty(t, r.body)
	assert.JSONEq(t, `{"changeVersion":"0000090200004BD0000B","id":8192,"person":{"id":76547},"date":"2024-01-05","timeOfDayInMinutes":480,
		"calculatedTimeOfDayInMinutes":480,"isGenerated":false,"terminal":{"id":765},"geolocation":{"longitude":4.392225,"latitude":51.144127},
		"kind":"InOut","status":"Active"}`, c.get("/clockings/8192").body)
	assert.Len(t, srv.Clockings(), 2)
}

func TestCreateKinds(t *testing.T) {
	srv := protimetest.NewServer(t,
		protimetest.WithReferences(protime.PersonEmployeeNumber, map[int64]string{7: "E-4821"}),
		protimetest.WithReferences(protime.AbsenceCode, map[int64]string{12: "DOC"}),
		protimetest.WithReferences(protime.ActivityDataEntryCode, map[string]string{"38fc2206-aa": "INST"}))
	c := newCaller(t, srv, both)
	const common = `"date": "2026-01-15", "timeOfDayInMinutes": -1440,`
	for i, body := range []string{
		`{ "person": {"id": 1}, ` + common + ` "kind": "Reason", "reason": {"id": 12}, "isOpen": true }`,
		`{ "person": {"externalReferences": {"@employee-number": "E-4821"}}, ` + common + ` "kind": "Reason",
			"reason": {"externalReferences": {"@absence-code": "DOC"}} }`,
		`{ "person": {"id": 1}, ` + common + ` "kind": "Activity",
			"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206-bb"}},
				{"level": 2, "activityDefinition": {"externalReferences": {"@data-entry-code": "INST"}}} ] }`,
		`{ "id": 99, "status": "Deleted", "changeVersion": "x", "newMember": 1, "person": {"id": 1}, ` + common + ` "kind": "ActivityEnd" }`,
		`{ "person": {"id": 1}, "date": "2026-01-15", "timeOfDayInMinutes": 2880, "kind": "InOut" }`,
	} {
		r := c.post(body)
		require.Equal(t, 201, r.status, r.body)
		require.Equal(t, fmt.Sprintf("%s/clockings/%d", base, i+1), r.header.Get("Location"))
	}
	all := srv.Clockings()
	assert.Equal(t, []any{protime.ByID(12), true}, []any{*all[0].Reason, *all[0].IsOpen})
	assert.Equal(t, []any{protime.ByID(7), protime.ByID(12)}, []any{all[1].Person, *all[1].Reason})
	assert.Equal(t, []protime.ActivityLevel{
		{Level: 1, ActivityDefinition: protime.DefinitionRef{ID: "38fc2206-bb"}},
		{Level: 2, ActivityDefinition: protime.DefinitionRef{ID: "38fc2206-aa"}},
	}, all[2].ActivityLevels)
	assert.Equal(t, protime.ClockingActive, all[3].Status, "read-only members are ignored")
}

// Each row changes one member of a good body.
func TestCreateRefusals(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithReferences(protime.PersonEmployeeNumber, map[int64]string{7: "E-4821"}))
	c := newCaller(t, srv, both)
	good := map[string]string{"person": `{"id": 1}`, "date": `"2026-01-15"`, "timeOfDayInMinutes": `510`, "kind": `"InOut"`}
	for _, test := range []struct{ member, value, want string }{
		{"person", ``, "person: is required"},
		{"person", `{}`, "person: must have an id or one"},
		{"person", `{"id": 0}`, "person.id: must be"},
		{"person", `{"id": -1}`, "person.id: must be"},
		{"person", `{"id": "1"}`, "person.id: must be"},
		{"person", `{"id": 1.5}`, "person.id: must be"},
		{"person", `{"id": null}`, "person.id: must be"},
		{"person", `1`, "the JSON cannot be read"},
		{"person", `{"id": 7, "externalReferences": {"@employee-number": "E-4821"}}`, "person: must not have both"},
		{"person", `{"externalReferences": {"@employee-number": "E-4822"}}`, "nothing in people has the @employee-number 'E-4822'"},
		{"person", `{"externalReferences": {"@badge-number": "E-4821"}}`, "nothing in people has"},
		{"person", `{"externalReferences": {"@employee-number": "E-4822", "HRMID": "1"}}`, "person: must have an id or one"},
		{"date", ``, "date: is required"},
		{"date", `null`, "date: is required"},
		{"date", `""`, "date: is required"},
		{"date", `"2026-02-30"`, "the JSON cannot be read"},
		{"date", `"15/01/2026"`, "the JSON cannot be read"},
		{"timeOfDayInMinutes", ``, "timeOfDayInMinutes: is required"},
		{"timeOfDayInMinutes", `-1441`, "timeOfDayInMinutes: must be between"},
		{"timeOfDayInMinutes", `2881`, "timeOfDayInMinutes: must be between"},
		{"timeOfDayInMinutes", `510.5`, "the JSON cannot be read"},
		{"timeOfDayInMinutes", `"510"`, "the JSON cannot be read"},
		{"kind", ``, "kind: is required"},
		{"kind", `"inout"`, "kind: 'inout' is not"},
		{"terminal", `{"id": 0}`, "terminal.id: must be"},
		{"geolocation", `{"longitude": 4.3}`, "geolocation.latitude"},
		{"geolocation", `{"longitude": 181, "latitude": 1}`, "geolocation.longitude"},
		{"geolocation", `{"longitude": -1, "latitude": -91}`, "geolocation.latitude"},
		{"geolocation", `{"longitude": "4.3", "latitude": "51"}`, "the JSON cannot be read"},
		{"reason", `{"id": 12}`, "reason: belongs to the kind Reason"},
		{"isOpen", `true`, "reason: belongs to the kind Reason"},
		{"activityLevels", `[]`, "activityLevels: belong to the kind Activity"},
		{"", ``, "the JSON cannot be read"},
	} {
		body := ""
		if test.member != "" {
			members := map[string]string{test.member: test.value}
			for member, value := range good {
				if member != test.member {
					members[member] = value
				}
			}
			var parts []string
			for member, value := range members {
				if value != "" {
					parts = append(parts, fmt.Sprintf("%q: %s", member, value))
				}
			}
			body = "{" + strings.Join(parts, ", ") + "}"
		}
		unwrapped(t, c.post(body), test.want)
	}
	activity := `{"person":{"id":1},"date":"2026-01-15","timeOfDayInMinutes":510,"kind":"Activity","activityLevels":[%s]}`
	for _, level := range []string{`{}`, `{"level":0,"activityDefinition":{"id":"x"}}`, `{"level":1}`} {
		unwrapped(t, c.post(fmt.Sprintf(activity, level)), "activityLevels[0]: must have")
	}
	for _, definition := range []string{`{"id":1}`, `{"id":""}`} {
		unwrapped(t, c.post(fmt.Sprintf(activity, `{"level":1,"activityDefinition":`+definition+`}`)), "activityLevels[0].activityDefinition.id: must be")
	}
	unwrapped(t, c.do("POST", srv.URL()+base+"/clockings", "text/plain", `{}`), "Content-Type")
	refused(t, c.do("POST", srv.URL()+base+"/clockings?x=1", "application/json", `{}`), 400, "BadRequest", "'x' is not known")
	assert.Empty(t, srv.Clockings(), "something was created")

	r := c.post(`{}`)
	assert.Len(t, r.json()["validationErrors"], 4, "all that is wrong is told")
}

// unwrapped checks the error of a body, which comes without the envelope of the others.
func unwrapped(t *testing.T, r answer, want string) {
	t.Helper()
	require.Equal(t, 400, r.status, want)
	assert.NotContains(t, r.json(), "error")
	assert.Equal(t, "BadRequest", r.json()["code"])
	invalid, _ := r.json()["validationErrors"].([]any)
	require.Len(t, invalid, 1, want)
	assert.Contains(t, invalid[0], want)
}

func TestClientCreates(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithReferences(protime.PersonBadgeNumber, map[int64]string{7: "6767"}))
	client := newClient(t, srv.Config())
	id, err := client.Clockings.Create(t.Context(), protime.NewClocking{
		Person: protime.ByExternal("@badge-number", "6767"), Date: worktime.NewDate(2026, 1, 15), TimeOfDay: 510, Kind: protime.ClockingInOut,
	})
	require.NoError(t, err)
	got, err := client.Clockings.Get(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, srv.Clockings()[0], got)
	assert.Equal(t, int64(7), got.Person.ID)

	_, err = client.Clockings.Create(t.Context(), protime.NewClocking{
		Person: protime.ByExternal("@badge-number", "unknown"), Date: worktime.NewDate(2026, 1, 15), Kind: protime.ClockingInOut,
	})
	var e *worktime.Error
	require.ErrorAs(t, err, &e)
	assert.ErrorIs(t, err, worktime.ErrBadRequest)
	assert.Contains(t, e.Details[0], "nothing in people has the @badge-number 'unknown'")
}

func TestConcurrentUse(t *testing.T) {
	srv := protimetest.NewServer(t, five(), protimetest.WithPageSize(3))
	client := newClient(t, srv.Config())
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			_, err := client.Clockings.Create(t.Context(), protime.NewClocking{
				Person: protime.ByID(int64(n + 1)), Date: worktime.NewDate(2026, 1, 15), TimeOfDay: protime.TimeOfDay(n), Kind: protime.ClockingInOut,
			})
			assert.NoError(t, err)
			_, err = worktime.Collect(client.Clockings.All(t.Context(), protime.ClockingQuery{From: worktime.NewDate(2026, 1, 1)}))
			assert.NoError(t, err)
			srv.Fail(protimetest.Delay(0))
			_ = srv.Requests()
		})
	}
	group.Wait()
	all := srv.Clockings()
	assert.Len(t, all, 14)
	for i := 1; i < len(all); i++ {
		assert.Less(t, all[i-1].ID, all[i].ID)
		assert.Less(t, all[i-1].ChangeVersion, all[i].ChangeVersion)
	}
}

package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const anAssignment = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}},
	"from": "2026-01-02", "until": "2026-01-03", "startTimeInMinutes": -120, "endTimeInMinutes": 1800, "breakDurationInMinutes": 30, "comments": "Morning shift",
	"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206-7es2cc8c3281", "externalReferences": {"@data-entry-code": "100"}}} ], "isRejected": true }`

func theAssignment() Assignment {
	start, end, pause := TimeOfDay(-120), TimeOfDay(1800), 30
	return Assignment{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}},
		From: day("2026-01-02"), Until: day("2026-01-03"), StartTime: &start, EndTime: &end, BreakDurationMinutes: &pause, Comments: "Morning shift",
		ActivityLevels: []ActivityLevel{{Level: 1, ActivityDefinition: DefinitionRef{"38fc2206-7es2cc8c3281", map[string]string{"@data-entry-code": "100"}}}},
		IsRejected:     true,
	}
}

// newAssignment is the sample of the reference.
func newAssignment() NewAssignment {
	start, end, pause := TimeOfDay(480), TimeOfDay(1020), 30
	return NewAssignment{
		Person: ByID(1234), From: day("2025-03-10"), Until: day("2025-03-10"), StartTime: &start, EndTime: &end, BreakDurationMinutes: &pause,
		Comments: "Morning shift", ActivityLevels: []ActivityLevel{{Level: 1, ActivityDefinition: DefinitionByID("38fc2206")}},
	}
}

const assignmentBody = `{ "person": {"id": 1234}, "from": "2025-03-10", "until": "2025-03-10", "startTimeInMinutes": 480, "endTimeInMinutes": 1020,
	"breakDurationInMinutes": 30, "comments": "Morning shift", "activityLevels": [ { "level": 1, "activityDefinition": { "id": "38fc2206" } } ] }`

var assignmentRows = map[string]wireRow{
	"list": {
		"GET /assignments",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Assignments.All(ctx, AssignmentQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber, ActivityDataEntryCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/assignments?externalReferences=(people,@badge-number)(activity-definitions,@data-entry-code)" +
			"&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + anAssignment + `, { "id": 2, "until": null, "startTimeInMinutes": 0, "breakDurationInMinutes": 0 }, { "id": 3, "until": "" } ] }`},
		[]Assignment{theAssignment(), {ID: 2, StartTime: new(TimeOfDay), BreakDurationMinutes: new(int)}, {ID: 3}},
	},
	"pages": {
		"GET /assignments",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Assignments.Pages(ctx, AssignmentQuery{From: day("2026-01-01"), OrgGroups: []int64{121}}))
		},
		"GET /connector/protimeapi/api/v1/assignments?filter=person%20in%20org-group(121)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + anAssignment + ` ] }`},
		[]Assignment{theAssignment()},
	},
	"get": {
		"GET /assignments/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Assignments.Get(ctx, 18601, PersonEmployeeNumber)
		},
		"GET /connector/protimeapi/api/v1/assignments/18601?externalReferences=(people,@employee-number)", "",
		answer{status: 200, body: anAssignment},
		theAssignment(),
	},
	"changes": {
		"GET /assignments?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Assignments.Changes(ctx, "", AssignmentQuery{From: day(deltaDay)}))
		},
		"GET /connector/protimeapi/api/v1/assignments?delta&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + anAssignment + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/assignments?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Assignment]{{ChangeInsertOrUpdate, theAssignment()}},
	},
	"create": {
		"POST /assignments",
		func(ctx context.Context, c *Client) (any, error) { return c.Assignments.Create(ctx, newAssignment()) },
		"POST /connector/protimeapi/api/v1/assignments", assignmentBody,
		answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/assignments/931"}},
		int64(931),
	},
	"create by references": {
		"POST /assignments",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Assignments.Create(ctx, NewAssignment{
				Person: ByExternal("@employee-number", "E-4821"), From: day("2025-03-10"), StartTime: new(TimeOfDay), BreakDurationMinutes: new(int),
				ActivityLevels: []ActivityLevel{{Level: 2, ActivityDefinition: DefinitionByExternal("@data-entry-code", "100")}},
			})
		},
		"POST /connector/protimeapi/api/v1/assignments", `{ "person": {"externalReferences": {"@employee-number": "E-4821"}}, "from": "2025-03-10",
			"startTimeInMinutes": 0, "breakDurationInMinutes": 0,
			"activityLevels": [ {"level": 2, "activityDefinition": {"externalReferences": {"@data-entry-code": "100"}}} ] }`,
		answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/assignments/932"}},
		int64(932),
	},
	"update": {
		"PUT /assignments/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Assignments.Update(ctx, 931, newAssignment())
		},
		"PUT /connector/protimeapi/api/v1/assignments/931", assignmentBody,
		answer{status: 200},
		nil,
	},
	"delete": {
		"DELETE /assignments/{id}",
		func(ctx context.Context, c *Client) (any, error) { return nil, c.Assignments.Delete(ctx, 931) },
		"DELETE /connector/protimeapi/api/v1/assignments/931", "",
		answer{status: 200},
		nil,
	},
}

// A tenant that plans in another way is told from other refusals, with each operation.
func TestAssignmentsUnavailable(t *testing.T) {
	for name, row := range assignmentRows {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 403, body: `{ "error": { "code": "Forbidden", "message": "Planning Flex" } }`}, answer{status: 400})
			client := v.client(t)
			_, err := row.call(t.Context(), client)
			require.ErrorIs(t, err, ErrAssignmentsUnavailable)
			require.ErrorIs(t, err, worktime.ErrForbidden)
			require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
			require.ErrorContains(t, err, "Planning Flex")

			_, err = row.call(t.Context(), client)
			require.ErrorIs(t, err, worktime.ErrBadRequest)
			require.NotErrorIs(t, err, ErrAssignmentsUnavailable)
		})
	}
}

// Breaking out of a loop over assignments ends it.
func TestAssignmentsLeft(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{ "value": [ {"id": 1}, {"id": 2} ] }`})
	n := 0
	for a, err := range v.client(t).Assignments.All(t.Context(), AssignmentQuery{From: day("2026-01-01")}) {
		require.NoError(t, err)
		assert.Equal(t, int64(1), a.ID)
		n++
		break
	}
	assert.Equal(t, 1, n)
}

// Whether a write is sent again after an outage, and what is then known.
func TestAssignmentWritesAgain(t *testing.T) {
	create := func(ctx context.Context, c *Client) error {
		_, err := c.Assignments.Create(ctx, newAssignment())
		return err
	}
	update := func(ctx context.Context, c *Client) error { return c.Assignments.Update(ctx, 1, newAssignment()) }
	remove := func(ctx context.Context, c *Client) error { return c.Assignments.Delete(ctx, 1) }
	for name, c := range map[string]struct {
		call     func(context.Context, *Client) error
		statuses []int
		is       error
		sent     int
	}{
		"create is not":             {create, []int{503, 201}, worktime.ErrUnknownOutcome, 1},
		"update is":                 {update, []int{503, 200}, nil, 2},
		"update of nothing":         {update, []int{404}, worktime.ErrNotFound, 1},
		"delete is":                 {remove, []int{503, 204}, nil, 2},
		"deleted the first time":    {remove, []int{503, 404}, nil, 2},
		"delete of nothing":         {remove, []int{404}, worktime.ErrNotFound, 1},
		"delete of nothing, as 400": {remove, []int{400}, worktime.ErrBadRequest, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v, client := newPatient(t, c.statuses...)
			err := c.call(t.Context(), client)
			require.ErrorIs(t, err, c.is)
			assert.Len(t, v.api(), c.sent)
		})
	}
}

// newPatient is a vendor that answers with statuses, and a client that sends again at once.
func newPatient(t *testing.T, statuses ...int) (*vendor, *Client) {
	t.Helper()
	answers := make([]answer, len(statuses))
	for i, status := range statuses {
		answers[i] = answer{status: status, header: map[string]string{"Location": "/connector/protimeapi/api/v1/assignments/7"}}
	}
	v := newVendor(t, answers...)
	config := v.config()
	config.Options.Retry = worktime.RetryPolicy{MaxAttempts: 3, BaseDelay: -1}
	return v, open(t, config)
}

func TestAssignmentsRefuseBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	early, late := MinTimeOfDay-1, MaxTimeOfDay+1
	for field, spoil := range map[string]func(*NewAssignment){
		"Person":                  func(n *NewAssignment) { n.Person = Ref{} },
		"From":                    func(n *NewAssignment) { n.From = worktime.Date{} },
		"StartTime":               func(n *NewAssignment) { n.StartTime = &early },
		"EndTime":                 func(n *NewAssignment) { n.EndTime = &late },
		"ActivityLevels[0].Level": func(n *NewAssignment) { n.ActivityLevels[0].Level = 0 },
		"ActivityLevels[0].ActivityDefinition": func(n *NewAssignment) {
			n.ActivityLevels[0].ActivityDefinition = DefinitionRef{"38fc2206", map[string]string{"@data-entry-code": "100"}}
		},
	} {
		assignment := newAssignment()
		spoil(&assignment)
		_, err := client.Assignments.Create(t.Context(), assignment)
		requireField(t, err, "NewAssignment."+field)
		requireField(t, client.Assignments.Update(t.Context(), 1, assignment), "NewAssignment."+field)
	}
	requireField(t, client.Assignments.Update(t.Context(), 0, newAssignment()), "id")
	requireField(t, client.Assignments.Delete(t.Context(), -1), "id")
	assert.Empty(t, v.got)
}

// A 201 without an id in its Location was carried out, but for whom?
func TestCreatedAssignmentsWithoutID(t *testing.T) {
	for _, location := range []string{"", "/connector/protimeapi/api/v1/assignments/", "/connector/protimeapi/api/v1/assignments/x", "/connector/protimeapi/api/v1/assignments/0", "https://evil.example/connector/protimeapi/api/v1/assignments/7"} {
		v := newVendor(t, answer{status: 201, header: map[string]string{"Location": location}})
		_, err := v.client(t).Assignments.Create(t.Context(), newAssignment())
		require.ErrorIs(t, err, worktime.ErrBadResponse)
		require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
	}
}

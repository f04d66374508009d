package protime_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

var (
	topLevel = protime.StructureLevel{Version: "0f5e", Level: 1}
	nextDown = protime.StructureLevel{Version: "0f5e", Level: 2}
)

func newFake(t *testing.T, options ...protimetest.Option) *protime.Client {
	t.Helper()
	server := protimetest.NewServer(t, options...)
	client, err := protime.NewClient(server.Config())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.Background())) })
	return client
}

func date(t *testing.T, s string) worktime.Date {
	t.Helper()
	d, err := worktime.ParseDate(s)
	require.NoError(t, err)
	return d
}

// The life of a definition, with its usages and restrictions, against a server that keeps it.
func TestDefinitionLifecycle(t *testing.T) {
	client, ctx := newFake(t), t.Context()
	project, err := client.ActivityDefinitions.Create(ctx, topLevel, protime.NewActivityDefinition{Name: protime.Text{Default: "House"}, DataEntryCode: "H"})
	require.NoError(t, err)
	task, parent := protime.DefinitionByExternal("@data-entry-code", "P"), protime.DefinitionByID(project)
	painting := protime.NewActivityDefinition{Name: protime.Text{Default: "Painting"}, Parent: &parent, Info: "walls"}
	created, err := client.ActivityDefinitions.Upsert(ctx, nextDown, task, painting)
	require.NoError(t, err)
	assert.Equal(t, protime.UpsertCreated, created.Result)
	painting.Info = ""
	updated, err := client.ActivityDefinitions.Upsert(ctx, nextDown, task, painting)
	require.NoError(t, err)
	assert.Equal(t, protime.Upserted{Result: protime.UpsertUpdated}, updated)

	usage := protime.Usage{Kind: protime.UsagePerson, Reference: protime.ByID(1), From: date(t, "2026-01-01")}
	require.NoError(t, client.Usages.Create(ctx, nextDown, task, usage))
	require.ErrorIs(t, client.Usages.Create(ctx, nextDown, task, usage), worktime.ErrBadRequest, "they would overlap")
	other := protime.Usage{Kind: protime.UsageCircle, Reference: protime.ByID(2), From: date(t, "2026-01-01"), Until: date(t, "2026-01-31")}
	require.NoError(t, client.Usages.Create(ctx, nextDown, task, other))
	require.NoError(t, client.Usages.Delete(ctx, nextDown, task, other))
	restrictions := []protime.Restriction{{Level: 2, ActivityDefinitions: []protime.DefinitionRef{protime.DefinitionByID(created.ID)}}}
	require.NoError(t, client.Restrictions.Update(ctx, topLevel, parent, restrictions))
	restricted, err := client.Restrictions.Get(ctx, topLevel, parent)
	require.NoError(t, err)
	assert.Equal(t, restrictions, restricted.Restrictions)
	assert.Equal(t, parent, restricted.ActivityDefinition)

	got, err := client.ActivityDefinitions.Get(ctx, nextDown, task, []protime.Expansion{protime.ExpandUsages, protime.ExpandRestrictions})
	require.NoError(t, err)
	assert.Equal(t, created.ID, got.ID)
	assert.Equal(t, "Painting", got.Name.String())
	assert.Empty(t, got.Info)
	assert.Equal(t, project, got.Parent.ID)
	assert.Equal(t, []protime.Usage{usage}, got.Usages)
	list, err := worktime.Collect(client.ActivityDefinitions.All(ctx, nextDown, protime.ActivityDefinitionQuery{}))
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, created.ID, list[0].ID)
	_, err = client.ActivityDefinitions.Upsert(ctx, nextDown, protime.DefinitionByID("none"), painting)
	require.ErrorIs(t, err, worktime.ErrNotFound)
}

func TestAssignmentLifecycle(t *testing.T) {
	client, ctx := newFake(t, protimetest.WithObjects("activity-definitions", protime.ActivityDefinition{
		ID: "38fc", StructureVersion: "0f5e", Level: 1, Name: protime.Text{Default: "House"}, DataEntryCode: "H",
	})), t.Context()
	start := protime.TimeOfDay(480)
	assignment := protime.NewAssignment{
		Person: protime.ByID(1), From: date(t, "2026-03-10"), StartTime: &start, Comments: "early",
		ActivityLevels: []protime.ActivityLevel{{Level: 1, ActivityDefinition: protime.DefinitionByExternal("@data-entry-code", "H")}},
	}
	id, err := client.Assignments.Create(ctx, assignment)
	require.NoError(t, err)
	assignment.StartTime, assignment.Comments = nil, ""
	require.NoError(t, client.Assignments.Update(ctx, id, assignment))
	got, err := client.Assignments.Get(ctx, id, protime.ActivityDataEntryCode)
	require.NoError(t, err)
	assert.Nil(t, got.StartTime)
	assert.Empty(t, got.Comments)
	assert.Equal(t, protime.DefinitionRef{ID: "38fc", ExternalReferences: map[string]string{"@data-entry-code": "H"}}, got.ActivityLevels[0].ActivityDefinition)
	require.NoError(t, client.Assignments.Delete(ctx, id))
	list, err := worktime.Collect(client.Assignments.All(ctx, protime.AssignmentQuery{From: date(t, "2026-03-01"), Persons: []int64{1}}))
	require.NoError(t, err)
	assert.Empty(t, list)

	client = newFake(t, protimetest.WithPlanningFlex())
	_, err = client.Assignments.Create(ctx, assignment)
	require.ErrorIs(t, err, protime.ErrAssignmentsUnavailable)
}

// Filters that only some collections have.
func TestCounterFilters(t *testing.T) {
	client, ctx := newFake(t,
		protimetest.WithObjects("counters",
			protime.Counter{ID: 1, Person: protime.ByID(1), Date: date(t, "2026-03-10"), CounterDefinition: &protime.Ref{ID: 5}, Status: protime.CounterAuto},
			protime.Counter{ID: 2, Person: protime.ByID(1), Date: date(t, "2026-03-10"), CounterDefinition: &protime.Ref{ID: 6}, Status: protime.CounterAuto},
			protime.Counter{ID: 3, Person: protime.ByID(1), Date: date(t, "2026-03-10"), CounterDefinition: &protime.Ref{ID: 5}, Status: protime.CounterCalendar}),
		protimetest.WithObjects("counter-definitions",
			protime.CounterDefinition{ID: 5, Code: "OT", IsEnabled: true, CounterGroup: &protime.Ref{ID: 7}},
			protime.CounterDefinition{ID: 6, Code: "XX", CounterGroup: &protime.Ref{ID: 7}})), t.Context()
	for _, field := range []string{"", "counter-definition"} {
		got, err := worktime.Collect(client.Counters.All(ctx, protime.CounterQuery{
			From: date(t, "2026-03-01"), CounterDefinitions: []int64{5}, CounterDefinitionField: field, Statuses: []protime.CounterStatus{protime.CounterAuto, protime.CounterManual},
		}))
		require.NoError(t, err)
		require.Len(t, got, 1)
		assert.Equal(t, int64(1), got[0].ID)
	}
	definitions, err := worktime.Collect(client.CounterDefinitions.All(ctx, protime.CounterDefinitionQuery{CounterGroups: []int64{7}, Enabled: new(bool)}))
	require.NoError(t, err)
	require.Len(t, definitions, 1)
	assert.Equal(t, int64(6), definitions[0].ID)
	definition, err := client.CounterDefinitions.Get(ctx, protime.ByExternal("@counter-code", "OT"))
	require.NoError(t, err)
	assert.Equal(t, int64(5), definition.ID)
}

package protimetest_test

import (
	"context"
	"encoding/json"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// walked is what the client's list of a collection and its initial delta load have.
type walked struct {
	items, loaded []any
}

func walk[T, Q any](t *testing.T, all func(context.Context, Q) iter.Seq2[T, error],
	changes func(context.Context, worktime.Cursor, Q) iter.Seq2[worktime.Page[protime.Change[T]], error], q Q) walked {
	t.Helper()
	var w walked
	for item, err := range all(t.Context(), q) {
		require.NoError(t, err)
		w.items = append(w.items, item)
	}
	if changes == nil {
		return w
	}
	cursor := worktime.Cursor("")
	for page, err := range changes(t.Context(), cursor, q) {
		require.NoError(t, err)
		for _, change := range page.Items {
			w.loaded = append(w.loaded, change.Data)
		}
		cursor = page.Cursor
	}
	for page, err := range changes(t.Context(), cursor, q) {
		require.NoError(t, err)
		assert.Empty(t, page.Items)
	}
	assert.Equal(t, w.items, w.loaded)
	return w
}

// The client reads each collection of the sample, and loses nothing that it has a field for.
func TestClientReadsTheSample(t *testing.T) {
	srv := sampleServer(t, protimetest.WithPageSize(7), protimetest.WithEmptyPages(3))
	c := newClient(t, srv.Config())
	days := protime.PeriodQuery{From: worktime.NewDate(2026, 1, 5)}
	for name, w := range map[string]walked{
		"clockings":               walk(t, c.Clockings.All, c.Clockings.Changes, protime.ClockingQuery{From: days.From}),
		"access-clockings":        walk(t, c.AccessClockings.All, c.AccessClockings.Changes, days),
		"absences":                walk(t, c.Absences.All, c.Absences.Changes, days),
		"absence-definitions":     walk(t, c.AbsenceDefinitions.All, c.AbsenceDefinitions.Changes, protime.AbsenceDefinitionQuery{}),
		"absence-groups":          walk(t, c.AbsenceGroups.All, c.AbsenceGroups.Changes, protime.AbsenceGroupQuery{}),
		"people":                  walk(t, c.People.All, c.People.Changes, protime.PersonQuery{}),
		"contracts":               walk(t, c.Contracts.All, c.Contracts.Changes, protime.ContractQuery{}),
		"departments":             walk(t, c.Departments.All, nil, protime.CatalogQuery{}),
		"employers":               walk(t, c.Employers.All, nil, protime.CatalogQuery{}),
		"jobs":                    walk(t, c.Jobs.All, nil, protime.CatalogQuery{}),
		"job-categories":          walk(t, c.JobCategories.All, nil, protime.CatalogQuery{}),
		"sectors":                 walk(t, c.Sectors.All, nil, protime.CatalogQuery{}),
		"work-locations":          walk(t, c.WorkLocations.All, nil, protime.CatalogQuery{}),
		"department-histories":    walk(t, c.DepartmentHistories.All, nil, protime.HistoryQuery{}),
		"employer-histories":      walk(t, c.EmployerHistories.All, nil, protime.HistoryQuery{}),
		"job-histories":           walk(t, c.JobHistories.All, nil, protime.HistoryQuery{}),
		"job-category-histories":  walk(t, c.JobCategoryHistories.All, nil, protime.HistoryQuery{}),
		"sector-histories":        walk(t, c.SectorHistories.All, nil, protime.HistoryQuery{}),
		"work-location-histories": walk(t, c.WorkLocationHistories.All, nil, protime.HistoryQuery{}),
		"activity-durations":      walk(t, c.ActivityDurations.All, c.ActivityDurations.Changes, days),
		"assignments":             walk(t, c.Assignments.All, c.Assignments.Changes, days),
		"counters":                walk(t, c.Counters.All, c.Counters.Changes, protime.CounterQuery{From: days.From}),
		"counter-definitions":     walk(t, c.CounterDefinitions.All, c.CounterDefinitions.Changes, protime.CounterDefinitionQuery{}),
		"counter-groups":          walk(t, c.CounterGroups.All, c.CounterGroups.Changes, protime.CounterGroupQuery{}),
		"calculated-totals":       walk(t, c.CalculatedTotals.All, c.CalculatedTotals.Changes, days),
		"paid-presences":          walk(t, c.PaidPresences.All, c.PaidPresences.Changes, days),
		"breaks":                  walk(t, c.Breaks.All, c.Breaks.Changes, days),
		"break-definitions":       walk(t, c.BreakDefinitions.All, c.BreakDefinitions.Changes, protime.BreakDefinitionQuery{}),
		"work-interruptions":      walk(t, c.WorkInterruptions.All, c.WorkInterruptions.Changes, days),
		"shift-definitions":       walk(t, c.ShiftDefinitions.All, c.ShiftDefinitions.Changes, protime.ShiftDefinitionQuery{}),
	} {
		want, err := srv.Snapshot(name, "")
		require.NoError(t, err)
		require.Len(t, w.items, len(want), name)
		for i, item := range w.items {
			var members, decoded map[string]any
			require.NoError(t, json.Unmarshal(want[i], &members))
			require.NoError(t, json.Unmarshal(encoded(t, item), &decoded))
			for member, value := range members {
				if value != nil && name != "people" { // whose sensitive members are not marshalled
					assert.Equal(t, value, decoded[member], "%s: %s", name, member)
				}
			}
		}
	}
}

// The client's writes do what they say.
func TestClientWrites(t *testing.T) {
	srv := sampleServer(t)
	c := newClient(t, srv.Config())
	ctx := t.Context()
	in := protime.StructureLevel{Version: protimetest.StructureVersion, Level: 1}
	named := protime.DefinitionRef{ExternalReferences: map[string]string{"@external-reference": "X-NEW"}}
	definition := protime.NewActivityDefinition{Name: protime.Text{Default: "New"}, DataEntryCode: "NEW"}
	first, err := c.ActivityDefinitions.Upsert(ctx, in, named, definition)
	require.NoError(t, err)
	second, err := c.ActivityDefinitions.Upsert(ctx, in, named, definition)
	require.NoError(t, err)
	assert.Equal(t, []any{protime.UpsertCreated, protime.UpsertUpdated}, []any{first.Result, second.Result})

	usage := protime.Usage{Kind: protime.UsagePerson, Reference: protime.ByID(1), From: worktime.NewDate(2026, 1, 1)}
	require.NoError(t, c.Usages.Create(ctx, in, named, usage))
	assert.ErrorIs(t, c.Usages.Create(ctx, in, named, usage), worktime.ErrBadRequest)
	require.NoError(t, c.Usages.Update(ctx, in, named, protime.UsageChange{Kind: usage.Kind, Reference: usage.Reference, OriginalFrom: usage.From, UpdatedFrom: usage.From.AddDays(1)}))
	assert.ErrorIs(t, c.Usages.Delete(ctx, in, named, usage), worktime.ErrBadRequest)
	require.NoError(t, c.Restrictions.Update(ctx, in, named, []protime.Restriction{{Level: 2, ActivityDefinitions: []protime.DefinitionRef{{ID: custom}}}}))
	got, err := c.ActivityDefinitions.Get(ctx, in, named, []protime.Expansion{protime.ExpandUsages, protime.ExpandRestrictions})
	require.NoError(t, err)
	assert.Equal(t, []any{1, worktime.NewDate(2026, 1, 2), custom, first.ID},
		[]any{len(got.Usages), got.Usages[0].From, got.Restrictions[0].ActivityDefinitions[0].ID, got.ID})
	usage.From = usage.From.AddDays(1)
	require.NoError(t, c.Usages.Delete(ctx, in, named, usage))
	usages, err := c.Usages.Get(ctx, in, protime.DefinitionRef{ID: first.ID})
	require.NoError(t, err)
	assert.Empty(t, usages.Usages)

	assignment := protime.NewAssignment{Person: protime.ByExternal("@badge-number", "6767740"), From: worktime.NewDate(2026, 2, 1),
		ActivityLevels: []protime.ActivityLevel{{Level: 1, ActivityDefinition: protime.DefinitionRef{ID: first.ID}}}}
	id, err := c.Assignments.Create(ctx, assignment)
	require.NoError(t, err)
	assignment.Comments = "changed"
	require.NoError(t, c.Assignments.Update(ctx, id, assignment))
	stored, err := c.Assignments.Get(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, []any{"changed", int64(6)}, []any{stored.Comments, stored.Person.ID})
	require.NoError(t, c.Assignments.Delete(ctx, id))
	_, err = c.Assignments.Get(ctx, id)
	assert.ErrorIs(t, err, worktime.ErrNotFound)

	hook, err := c.Webhooks.Create(ctx, protime.NewWebhook{DestinationURL: "https://a.example/", CollectionName: protime.WebhookClockings,
		ExternalReferences: []protime.ReferenceName{protime.PersonBadgeNumber}})
	require.NoError(t, err)
	assert.NotEmpty(t, hook.Key)
	require.NoError(t, c.Webhooks.Delete(ctx, hook.ID))
	_, err = c.Webhooks.Get(ctx, hook.ID)
	assert.ErrorIs(t, err, worktime.ErrNotFound)

	person, err := c.People.Get(ctx, protime.ByExternal("@employee-number", "E-4823"))
	require.NoError(t, err)
	assert.Equal(t, int64(3), person.ID)
	history, err := worktime.Collect(c.WorkLocationHistories.OfPerson(ctx, protime.ByID(3)))
	require.NoError(t, err)
	assert.Len(t, history, 2)

	flex := newClient(t, protimetest.NewServer(t, protimetest.WithPlanningFlex()).Config())
	_, err = flex.Assignments.Create(ctx, assignment)
	assert.ErrorIs(t, err, worktime.ErrForbidden)
}

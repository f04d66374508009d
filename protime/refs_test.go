package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// In a request a reference is either an id or one external reference, whatever its object is.
func TestReferencesInRequests(t *testing.T) {
	one, two := map[string]string{"HRMID": "x"}, map[string]string{"HRMID": "x", "@badge-number": "6767"}
	for name, c := range map[string]struct {
		id       int64
		guid     string
		external map[string]string
		ok       bool
	}{
		"id":             {1, "38fc2206-7es2cc8c3281", nil, true},
		"external":       {0, "", one, true},
		"nothing":        {0, "", nil, false},
		"empty map":      {0, "", map[string]string{}, false},
		"both":           {1, "38fc2206", one, false},
		"two":            {0, "", two, false},
		"without a name": {0, "", map[string]string{"": "x"}, false},
		"without value":  {0, "", map[string]string{"HRMID": ""}, false},
	} {
		t.Run(name, func(t *testing.T) {
			person, definition := Ref{c.id, c.external}, DefinitionRef{c.guid, c.external}
			if c.ok {
				require.NoError(t, checkRef("f", &person))
				require.NoError(t, checkDefinitionRef("f", &definition))
				return
			}
			requireField(t, checkRef("f", &person), "f")
			requireField(t, checkDefinitionRef("f", &definition), "f")
		})
	}
	requireField(t, checkRef("f", &Ref{ID: -1}), "f")
	require.NoError(t, checkRef("f", nil))
	require.NoError(t, checkDefinitionRef("f", nil))
	assert.Equal(t, DefinitionRef{ID: "38fc2206"}, DefinitionByID("38fc2206"))
	assert.Equal(t, DefinitionRef{ExternalReferences: one}, DefinitionByExternal("HRMID", "x"))
}

// The predefined references, as the reference spells them.
func TestReferenceNames(t *testing.T) {
	names, err := encodeReferences([]ReferenceName{
		AbsenceCode, ActivityDataEntryCode, ActivityExternalReference, CounterCode, PersonBadgeNumber, PersonEmployeeNumber, ShiftCode, TerminalExternalCode,
		RestrictionDataEntryCode, RestrictionExternalReference, CustomReference("circles", "HRMID"),
	})
	require.NoError(t, err)
	assert.Equal(t, "(absence-definitions,@absence-code)(activity-definitions,@data-entry-code)(activity-definitions,@external-reference)"+
		"(counter-definitions,@counter-code)(people,@badge-number)(people,@employee-number)(shift-definitions,@shift-code)(terminals,@external-code)"+
		"(activity-restrictions,@data-entry-code)(activity-restrictions,@external-reference)(circles,HRMID)", names)
}

// A path takes a reference in place of an id where the vendor documents it; one that cannot be a
// path segment is refused, and so is a name that cannot be one.
func TestBadReferencesInPaths(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	calls := map[string]func(context.Context, Ref) error{
		"counter definitions": func(ctx context.Context, r Ref) error {
			_, err := client.CounterDefinitions.Get(ctx, r)
			return err
		},
		"counter groups": func(ctx context.Context, r Ref) error {
			_, err := client.CounterGroups.Get(ctx, r)
			return err
		},
		"break definitions": func(ctx context.Context, r Ref) error {
			_, err := client.BreakDefinitions.Get(ctx, r)
			return err
		},
		"shift definitions": func(ctx context.Context, r Ref) error {
			_, err := client.ShiftDefinitions.Get(ctx, r)
			return err
		},
		"activity definitions": func(ctx context.Context, r Ref) error {
			_, err := client.ActivityDefinitions.Get(ctx, aLevel, DefinitionRef{ExternalReferences: r.ExternalReferences}, nil)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			requireField(t, call(t.Context(), Ref{}), "ref")
			requireField(t, call(t.Context(), ByExternal("HRMID", "..")), "path")
			requireField(t, call(t.Context(), ByExternal("HRMID", "a\nb")), "path")
			requireField(t, call(t.Context(), ByExternal("HRM ID)", "1")), "references")
		})
	}
	assert.Empty(t, v.got)
}

// With a reference of the path's own collection Protime reads the segment as its value, so that an
// id would find another object or none.
func TestIDsBesideReferencesOfTheirCollection(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client, person, definition := v.client(t), ByID(1), DefinitionByID("38fc2206")
	for name, call := range map[string]func(context.Context) error{
		"people": func(ctx context.Context) error {
			_, err := client.People.Get(ctx, person, TerminalExternalCode, PersonBadgeNumber)
			return err
		},
		"contracts": func(ctx context.Context) error {
			_, err := client.Contracts.Get(ctx, ByID(1), CustomReference("contracts", "HRMID"))
			return err
		},
		"absence definitions": func(ctx context.Context) error {
			_, err := client.AbsenceDefinitions.Get(ctx, ByID(1), AbsenceCode)
			return err
		},
		"histories": func(ctx context.Context) error {
			_, err := worktime.Collect(client.JobHistories.OfPerson(ctx, person, PersonBadgeNumber))
			return err
		},
		"activity definitions": func(ctx context.Context) error {
			_, err := client.ActivityDefinitions.Get(ctx, aLevel, definition, nil, ActivityDataEntryCode)
			return err
		},
		"usages": func(ctx context.Context) error {
			_, err := client.Usages.Get(ctx, aLevel, definition, ActivityDataEntryCode)
			return err
		},
		"restrictions": func(ctx context.Context) error {
			_, err := client.Restrictions.Get(ctx, aLevel, definition, RestrictionDataEntryCode, ActivityDataEntryCode)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { requireField(t, call(t.Context()), "references") })
	}
	assert.Empty(t, v.got)
}

package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	restrictionOp   = definitionOp + "/{activityDefinitionReference}/restrictions"
	restrictionPath = levelPath + "/38fc/restrictions"
)

var restrictionRows = map[string]wireRow{
	"get": {
		"GET " + restrictionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return c.Restrictions.Get(ctx, aLevel, DefinitionByExternal("@data-entry-code", "101"), RestrictionDataEntryCode)
		},
		"GET " + levelPath + "/101/restrictions?externalReferences=(activity-definitions,@data-entry-code)(activity-restrictions,@data-entry-code)", "",
		answer{status: 200, body: `{ "changeVersion": "0000090200004BD0000A", "activityDefinitionId": {"id": "38fc", "externalReferences": {"@data-entry-code": "101"}},
			"restrictions": [ {"level": 1, "activityDefinitions": [ {"id": "22bb", "externalReferences": {"@data-entry-code": "200"}}, {"id": "33cc"} ]}, {"level": 3, "activityDefinitions": []} ] }`},
		DefinitionRestrictions{
			ChangeVersion: "0000090200004BD0000A", ActivityDefinition: DefinitionRef{"38fc", map[string]string{"@data-entry-code": "101"}},
			Restrictions: []Restriction{{1, []DefinitionRef{{"22bb", map[string]string{"@data-entry-code": "200"}}, {ID: "33cc"}}}, {3, []DefinitionRef{}}},
		},
	},
	"update": {
		"PUT " + restrictionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Restrictions.Update(ctx, aLevel, DefinitionByExternal("HRMID", "D1"), []Restriction{
				{1, []DefinitionRef{DefinitionByID("22bb"), DefinitionByExternal("@data-entry-code", "200")}}, {Level: 3},
			})
		},
		"PUT " + levelPath + "/D1/restrictions?externalReferences=(activity-definitions,HRMID)",
		`[ {"level": 1, "activityDefinitions": [ {"id": "22bb"}, {"externalReferences": {"@data-entry-code": "200"}} ]}, {"level": 3, "activityDefinitions": []} ]`,
		answer{status: 200},
		nil,
	},
	"update to none": {
		"PUT " + restrictionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Restrictions.Update(ctx, aLevel, someDefinition, nil)
		},
		"PUT " + restrictionPath, `[]`,
		answer{status: 200},
		nil,
	},
}

// The whole is replaced by the same again: nothing is lost by sending it twice.
func TestRestrictionsAreSentAgain(t *testing.T) {
	v, client := newPatient(t, 503, 200)
	require.NoError(t, client.Restrictions.Update(t.Context(), aLevel, someDefinition, nil))
	assert.Len(t, v.api(), 2)
}

func TestRestrictionsRefuseBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	good := Restriction{1, []DefinitionRef{someDefinition}}
	for field, bad := range map[string]Restriction{
		"restrictions[1].Level":                  {0, nil},
		"restrictions[1].ActivityDefinitions[1]": {2, []DefinitionRef{someDefinition, {}}},
	} {
		requireField(t, client.Restrictions.Update(t.Context(), aLevel, someDefinition, []Restriction{good, bad}), field)
	}
	requireField(t, client.Restrictions.Update(t.Context(), aLevel, DefinitionRef{}, nil), "ref")
	_, err := client.Restrictions.Get(t.Context(), aLevel, DefinitionRef{"a", map[string]string{"b": "c"}})
	requireField(t, err, "ref")
	assert.Empty(t, v.got)
}

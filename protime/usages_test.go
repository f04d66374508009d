package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	usageOp   = definitionOp + "/{activityDefinitionReference}/usages"
	usagePath = levelPath + "/38fc/usages"
)

var someDefinition = DefinitionByID("38fc")

func theUsages() DefinitionUsages {
	return DefinitionUsages{
		ChangeVersion: "0000090200004BD0000A", ActivityDefinition: DefinitionRef{"38fc", map[string]string{"@data-entry-code": "101"}},
		Usages: []Usage{
			{Kind: UsageCircle, Reference: ByID(13), From: day("2025-01-01")},
			{Kind: UsageGroup, Reference: ByID(14), From: day("2025-01-02")},
			{Kind: UsagePerson, Reference: Ref{1, map[string]string{"HRMID": "x"}}, From: day("2025-01-01"), Until: day("2025-12-31")},
			{Kind: UsagePerson, Reference: ByID(1), From: day("2026-01-01")},
		},
	}
}

var usageRows = map[string]wireRow{
	"get": {
		"GET " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return c.Usages.Get(ctx, aLevel, DefinitionByExternal("@data-entry-code", "101"), CustomReference("people", "HRMID"), CustomReference("circles", "HRMID"))
		},
		"GET " + levelPath + "/101/usages?externalReferences=(activity-definitions,@data-entry-code)(people,HRMID)(circles,HRMID)", "",
		answer{status: 200, body: `{ "changeVersion": "0000090200004BD0000A", "activityDefinitionId": {"id": "38fc", "externalReferences": {"@data-entry-code": "101"}},
			"usages": [ {"activityUsageKind": "Circle", "usageReference": {"id": 13}, "from": "2025-01-01"},
				{"activityUsageKind": "Group", "usageReference": {"id": 14}, "from": "2025-01-02", "until": null},
				{"activityUsageKind": "Person", "usageReference": {"id": 1, "externalReferences": {"HRMID": "x"}}, "from": "2025-01-01", "until": "2025-12-31"},
				{"activityUsageKind": "Person", "usageReference": {"id": 1}, "from": "2026-01-01", "until": ""} ] }`},
		theUsages(),
	},
	"create": {
		"POST " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Create(ctx, aLevel, someDefinition, Usage{UsagePerson, ByID(1), day("2026-01-01"), day("2026-12-31")})
		},
		"POST " + usagePath, `{ "activityUsageKind": "Person", "usageReference": {"id": 1}, "from": "2026-01-01", "until": "2026-12-31" }`,
		answer{status: 200},
		nil,
	},
	"create without an end, by references": {
		"POST " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Create(ctx, aLevel, DefinitionByExternal("HRMID", "D1"), Usage{Kind: UsageCircle, Reference: ByExternal("HRMID", "C1"), From: day("2026-01-01")})
		},
		"POST " + levelPath + "/D1/usages?externalReferences=(activity-definitions,HRMID)",
		`{ "activityUsageKind": "Circle", "usageReference": {"externalReferences": {"HRMID": "C1"}}, "from": "2026-01-01" }`,
		answer{status: 200},
		nil,
	},
	"update": {
		"PUT " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Update(ctx, aLevel, someDefinition, UsageChange{UsageGroup, ByID(1), day("2026-01-01"), day("2026-06-30"), day("2026-02-01"), day("2026-12-31")})
		},
		"PUT " + usagePath, `{ "activityUsageKind": "Group", "usageReference": {"id": 1}, "originalFrom": "2026-01-01", "originalUntil": "2026-06-30",
			"updatedFrom": "2026-02-01", "updatedUntil": "2026-12-31" }`,
		answer{status: 200},
		nil,
	},
	"update without an end": {
		"PUT " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Update(ctx, aLevel, someDefinition, UsageChange{Kind: UsageGroup, Reference: ByID(1), OriginalFrom: day("2026-01-01"), UpdatedFrom: day("2026-02-01")})
		},
		"PUT " + usagePath, `{ "activityUsageKind": "Group", "usageReference": {"id": 1}, "originalFrom": "2026-01-01", "updatedFrom": "2026-02-01" }`,
		answer{status: 204},
		nil,
	},
	"delete": {
		"DELETE " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Delete(ctx, aLevel, someDefinition, Usage{Kind: UsageCircle, Reference: ByID(13), From: day("2025-01-01")})
		},
		"DELETE " + usagePath, `{ "activityUsageKind": "Circle", "usageReference": {"id": 13}, "from": "2025-01-01" }`,
		answer{status: 204},
		nil,
	},
	"delete one with an end": {
		"DELETE " + usageOp,
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Usages.Delete(ctx, aLevel, someDefinition, Usage{UsageCircle, ByID(13), day("2025-01-01"), day("2025-02-01")})
		},
		"DELETE " + usagePath, `{ "activityUsageKind": "Circle", "usageReference": {"id": 13}, "from": "2025-01-01", "until": "2025-02-01" }`,
		answer{status: 204},
		nil,
	},
}

// Each write names the state that it changes: sent twice it would miss it, or change what
// somebody else has made of it since.
func TestUsageWritesAreSentOnce(t *testing.T) {
	for name, row := range usageRows {
		if name == "get" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			v, client := newPatient(t, 503, 200)
			_, err := row.call(t.Context(), client)
			require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
			require.ErrorIs(t, err, worktime.ErrUnavailable)
			assert.Len(t, v.api(), 1)

			v, client = newPatient(t, 400, 200)
			_, err = row.call(t.Context(), client)
			require.ErrorIs(t, err, worktime.ErrBadRequest, "an overlap, or another key")
			require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
			assert.Len(t, v.api(), 1)

			_, client = newPatient(t, 404)
			_, err = row.call(t.Context(), client)
			require.ErrorIs(t, err, worktime.ErrNotFound)
		})
	}
}

func TestUsagesRefuseBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	ctx, good := t.Context(), Usage{UsagePerson, ByID(1), day("2026-01-01"), worktime.Date{}}
	for field, spoil := range map[string]func(*Usage){
		"Kind":      func(u *Usage) { u.Kind = "" },
		"Reference": func(u *Usage) { u.Reference = Ref{} },
		"From":      func(u *Usage) { u.From = worktime.Date{} },
	} {
		usage := good
		spoil(&usage)
		requireField(t, client.Usages.Create(ctx, aLevel, someDefinition, usage), "Usage."+field)
		requireField(t, client.Usages.Delete(ctx, aLevel, someDefinition, usage), "Usage."+field)
	}
	for field, spoil := range map[string]func(*UsageChange){
		"Kind":         func(u *UsageChange) { u.Kind = "" },
		"Reference":    func(u *UsageChange) { u.Reference = Ref{1, map[string]string{"HRMID": "x"}} },
		"OriginalFrom": func(u *UsageChange) { u.OriginalFrom = worktime.Date{} },
		"UpdatedFrom":  func(u *UsageChange) { u.UpdatedFrom = worktime.Date{} },
	} {
		change := UsageChange{Kind: UsagePerson, Reference: ByID(1), OriginalFrom: day("2026-01-01"), UpdatedFrom: day("2026-02-01")}
		spoil(&change)
		requireField(t, client.Usages.Update(ctx, aLevel, someDefinition, change), "UsageChange."+field)
	}
	requireField(t, client.Usages.Create(ctx, aLevel, DefinitionRef{}, good), "ref")
	requireField(t, client.Usages.Delete(ctx, StructureLevel{"0f5e", -1}, someDefinition, good), "StructureLevel.Level")
	_, err := client.Usages.Get(ctx, aLevel, DefinitionRef{})
	requireField(t, err, "ref")
	assert.Empty(t, v.got)
}

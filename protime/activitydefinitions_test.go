package protime

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// aLevel is where the definitions of these tests are; its path is levelPath.
var aLevel = StructureLevel{"0f5e", 2}

const (
	levelPath    = "/connector/protimeapi/api/v1/activity-structure-versions/0f5e/levels/2/activity-definitions"
	aDefinition  = `{ ` + definitionRow + ` }`
	definitionOp = "/activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions"

	definitionRow = `"id": "38fc2206-7es2cc8c3281", "structureVersion": "0f5e", "level": 2, "changeVersion": "0000090200004BD0000A",
		"canConfigureRestrictions": true, "name": {"default": "Painting", "translations": {"nl-NL": "Schilderen"}},
		"parent": {"id": "11aa", "externalReferences": {"@data-entry-code": "100"}}, "shortCode": "PNT", "dataEntryCode": "101",
		"externalReference": "EXT-101", "info": "walls", "activeFrom": "2026-01-01", "activeUntil": "2026-12-31",
		"externalReferences": {"@data-entry-code": "101"}`
	usageArray       = `[ {"activityUsageKind": "Circle", "usageReference": {"id": 13}, "from": "2025-01-01"} ]`
	restrictionArray = `[ {"level": 3, "activityDefinitions": [ {"id": "22bb"} ]} ]`
	expandedRow      = `{ ` + definitionRow + `, "usages": ` + usageArray + `, "restrictions": ` + restrictionArray + ` }`
)

func theDefinition() ActivityDefinition {
	return ActivityDefinition{
		ID: "38fc2206-7es2cc8c3281", StructureVersion: "0f5e", Level: 2, ChangeVersion: "0000090200004BD0000A", CanConfigureRestrictions: true,
		Name:      Text{"Painting", map[string]string{"nl-NL": "Schilderen"}},
		Parent:    &DefinitionRef{"11aa", map[string]string{"@data-entry-code": "100"}},
		ShortCode: "PNT", DataEntryCode: "101", ExternalReference: "EXT-101", Info: "walls", ActiveFrom: day("2026-01-01"), ActiveUntil: day("2026-12-31"),
		ExternalReferences: map[string]string{"@data-entry-code": "101"},
	}
}

func theExpandedDefinition() ActivityDefinition {
	d := theDefinition()
	d.Usages = []Usage{{Kind: UsageCircle, Reference: ByID(13), From: day("2025-01-01")}}
	d.Restrictions = []Restriction{{3, []DefinitionRef{DefinitionByID("22bb")}}}
	return d
}

func newDefinition() NewActivityDefinition {
	return NewActivityDefinition{
		Name: Text{"Painting", map[string]string{"nl-NL": "Schilderen"}}, Parent: &DefinitionRef{ID: "11aa"}, ShortCode: "PNT",
		DataEntryCode: "0123456789abcdef", ExternalReference: "éééééééééééééééé", Info: "walls", ActiveFrom: day("2026-01-01"), ActiveUntil: day("2026-12-31"),
	}
}

const definitionBody = `{ "name": {"default": "Painting", "translations": {"nl-NL": "Schilderen"}}, "parent": {"id": "11aa"}, "shortCode": "PNT",
	"dataEntryCode": "0123456789abcdef", "externalReference": "éééééééééééééééé", "info": "walls", "activeFrom": "2026-01-01", "activeUntil": "2026-12-31" }`

var activityDefinitionRows = map[string]wireRow{
	"list": {
		"GET " + definitionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.ActivityDefinitions.All(ctx, aLevel, ActivityDefinitionQuery{ExternalReferences: []ReferenceName{ActivityDataEntryCode}}))
		},
		"GET " + levelPath + "?externalReferences=(activity-definitions,@data-entry-code)", "",
		answer{status: 200, body: `{ "value": [ ` + aDefinition + `, { "id": "2", "parent": null, "activeFrom": null, "activeUntil": "" } ] }`},
		[]ActivityDefinition{theDefinition(), {ID: "2"}},
	},
	"pages": {
		"GET " + definitionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.ActivityDefinitions.Pages(ctx, StructureLevel{"0f/5e", 1}, ActivityDefinitionQuery{}))
		},
		"GET " + strings.Replace(levelPath, "0f5e/levels/2", "0f%2F5e/levels/1", 1), "",
		answer{status: 200, body: `{ "value": [ ` + aDefinition + ` ] }`},
		[]ActivityDefinition{theDefinition()},
	},
	"get": {
		"GET " + definitionOp + "/{activityDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDefinitions.Get(ctx, aLevel, DefinitionByID("38fc2206-7es2cc8c3281"), nil)
		},
		"GET " + levelPath + "/38fc2206-7es2cc8c3281", "",
		answer{status: 200, body: aDefinition},
		theDefinition(),
	},
	"get with its parts": {
		"GET " + definitionOp + "/{activityDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDefinitions.Get(ctx, aLevel, DefinitionByExternal("@external-reference", "EXT 101"), []Expansion{ExpandUsages, ExpandRestrictions}, ActivityDataEntryCode)
		},
		"GET " + levelPath + "/EXT%20101?expand=usage,restrictions&externalReferences=(activity-definitions,@external-reference)(activity-definitions,@data-entry-code)", "",
		answer{status: 200, body: expandedRow},
		theExpandedDefinition(),
	},
	"create": {
		"POST " + definitionOp,
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDefinitions.Create(ctx, aLevel, newDefinition())
		},
		"POST " + levelPath, definitionBody,
		answer{status: 201, header: map[string]string{"Location": levelPath + "/38fc2206-7es2cc8c3281"}},
		"38fc2206-7es2cc8c3281",
	},
	"create below a reference": {
		"POST " + definitionOp,
		func(ctx context.Context, c *Client) (any, error) {
			parent := DefinitionByExternal("HRMID", "P1")
			return c.ActivityDefinitions.Create(ctx, aLevel, NewActivityDefinition{Name: Text{Default: "Painting"}, Parent: &parent})
		},
		"POST " + levelPath, `{ "name": {"default": "Painting"}, "parent": {"externalReferences": {"HRMID": "P1"}} }`,
		answer{status: 201, header: map[string]string{"Location": levelPath + "/38fc"}},
		"38fc",
	},
	"update": {
		"PUT " + definitionOp + "/{activityDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDefinitions.Upsert(ctx, aLevel, DefinitionByID("38fc"), newDefinition())
		},
		"PUT " + levelPath + "/38fc", definitionBody,
		answer{status: 200},
		Upserted{Result: UpsertUpdated},
	},
	"upsert": {
		"PUT " + definitionOp + "/{activityDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDefinitions.Upsert(ctx, aLevel, DefinitionByExternal("@data-entry-code", "101"), newDefinition())
		},
		"PUT " + levelPath + "/101?externalReferences=(activity-definitions,@data-entry-code)", definitionBody,
		answer{status: 201, header: map[string]string{"Location": levelPath + "/38fc"}},
		Upserted{UpsertCreated, "38fc"},
	},
}

// What an upsert came to, also after an attempt whose answer was lost.
func TestUpserted(t *testing.T) {
	byID, byCode := DefinitionByID("38fc"), DefinitionByExternal("@data-entry-code", "101")
	for name, c := range map[string]struct {
		ref      DefinitionRef
		statuses []int
		want     Upserted
	}{
		"updated":             {byCode, []int{200}, Upserted{UpsertUpdated, ""}},
		"created":             {byCode, []int{201}, Upserted{UpsertCreated, "7"}},
		"updated at last":     {byCode, []int{503, 200}, Upserted{UpsertUnknown, ""}},
		"created at last":     {byCode, []int{503, 201}, Upserted{UpsertCreated, "7"}},
		"an id never creates": {byID, []int{503, 200}, Upserted{UpsertUpdated, ""}},
		"no content":          {byCode, []int{204}, Upserted{UpsertUpdated, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			v, client := newPatient(t, c.statuses...)
			got, err := client.ActivityDefinitions.Upsert(t.Context(), aLevel, c.ref, newDefinition())
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Len(t, v.api(), len(c.statuses))
		})
	}
	// That a created definition is named is not documented: without it, it was created all the same.
	v := newVendor(t, answer{status: 201})
	got, err := v.client(t).ActivityDefinitions.Upsert(t.Context(), aLevel, byCode, newDefinition())
	require.NoError(t, err)
	assert.Equal(t, Upserted{Result: UpsertCreated}, got)

	// An answer that breaks off has said all, but not more than that.
	broken := map[string]string{"Content-Length": "100"}
	v = newVendor(t, answer{status: 201, header: broken, body: "{"}, answer{status: 200, header: broken, body: "{"})
	config := v.config()
	config.Options.Retry = worktime.RetryPolicy{MaxAttempts: 2, BaseDelay: -1}
	got, err = open(t, config).ActivityDefinitions.Upsert(t.Context(), aLevel, byCode, newDefinition())
	require.NoError(t, err)
	require.Len(t, v.api(), 2)
	assert.Equal(t, Upserted{Result: UpsertUnknown}, got)

	_, client := newPatient(t, 404)
	got, err = client.ActivityDefinitions.Upsert(t.Context(), aLevel, byID, newDefinition())
	require.ErrorIs(t, err, worktime.ErrNotFound)
	assert.Empty(t, got)
}

func TestCreateDefinitionIsSentOnce(t *testing.T) {
	v, client := newPatient(t, 503, 201)
	_, err := client.ActivityDefinitions.Create(t.Context(), aLevel, newDefinition())
	require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
	assert.Len(t, v.api(), 1)

	v = newVendor(t, answer{status: 201, header: map[string]string{"Location": levelPath + "/"}})
	_, err = v.client(t).ActivityDefinitions.Create(t.Context(), aLevel, newDefinition())
	require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
	require.ErrorIs(t, err, worktime.ErrBadResponse)
}

// The vendor does not say what expanded members look like: each plain way is understood, and
// anything else is no answer without them.
func TestExpandedShapes(t *testing.T) {
	for name, body := range map[string]string{
		"arrays":                         expandedRow,
		"under the name of the query":    `{ ` + definitionRow + `, "usage": ` + usageArray + `, "restrictions": ` + restrictionArray + ` }`,
		"as in their own answers":        `{ ` + definitionRow + `, "usages": {"changeVersion": "0", "activityDefinitionId": {"id": "38fc"}, "usages": ` + usageArray + `}, "restrictions": {"restrictions": ` + restrictionArray + `} }`,
		"an object under the query name": `{ ` + definitionRow + `, "usage": {"usages": ` + usageArray + `}, "restrictions": ` + restrictionArray + ` }`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 200, body: body})
			got, err := v.client(t).ActivityDefinitions.Get(t.Context(), aLevel, DefinitionByID("38fc"), []Expansion{ExpandUsages})
			require.NoError(t, err)
			assert.Equal(t, theExpandedDefinition(), got)
		})
	}
	for name, member := range map[string]string{"an object": `"usages": {"items": []}`, "text": `"restrictions": "none"`, "numbers": `"usage": [1]`} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 200, body: `{ ` + definitionRow + `, ` + member + ` }`})
			_, err := v.client(t).ActivityDefinitions.Get(t.Context(), aLevel, DefinitionByID("38fc"), []Expansion{ExpandUsages})
			require.ErrorIs(t, err, worktime.ErrBadResponse)
		})
	}
	v := newVendor(t, answer{status: 200, body: `{ ` + definitionRow + `, "usages": null, "restrictions": null }`})
	got, err := v.client(t).ActivityDefinitions.Get(t.Context(), aLevel, DefinitionByID("38fc"), nil)
	require.NoError(t, err)
	assert.Equal(t, theDefinition(), got)
}

// The cursor of one level is none of another.
func TestDefinitionCursors(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{ "value": [ {"id": "1"} ], "nextLink": "` + levelPath + `?continuationToken=ab" }`}, answer{status: 200, body: `{ "value": [ {"id": "2"} ] }`})
	client := v.sequential(t)
	var cursor worktime.Cursor
	for page, err := range client.ActivityDefinitions.Pages(t.Context(), aLevel, ActivityDefinitionQuery{}) {
		require.NoError(t, err)
		cursor = page.Cursor
		break
	}
	_, err := firstPage(client.ActivityDefinitions.Pages(t.Context(), StructureLevel{"0f5e", 1}, ActivityDefinitionQuery{Cursor: cursor}))
	requireField(t, err, "Cursor")
	got, err := worktime.Collect(client.ActivityDefinitions.All(t.Context(), aLevel, ActivityDefinitionQuery{Cursor: cursor}))
	require.NoError(t, err)
	assert.Equal(t, []ActivityDefinition{{ID: "2"}}, got)
	assert.Equal(t, []string{levelPath, levelPath + "?continuationToken=ab"}, v.targets())
}

func TestDefinitionsRefuseBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	ctx, ref := t.Context(), DefinitionByID("38fc")
	for field, spoil := range map[string]func(*NewActivityDefinition){
		"Name.Default":      func(n *NewActivityDefinition) { n.Name.Default = "" },
		"Parent":            func(n *NewActivityDefinition) { n.Parent = &DefinitionRef{} },
		"DataEntryCode":     func(n *NewActivityDefinition) { n.DataEntryCode += "x" },
		"ExternalReference": func(n *NewActivityDefinition) { n.ExternalReference += "é" },
	} {
		definition := newDefinition()
		spoil(&definition)
		_, err := client.ActivityDefinitions.Create(ctx, aLevel, definition)
		requireField(t, err, "NewActivityDefinition."+field)
		_, err = client.ActivityDefinitions.Upsert(ctx, aLevel, ref, definition)
		requireField(t, err, "NewActivityDefinition."+field)
	}
	for field, level := range map[string]StructureLevel{"Version": {"", 1}, "Level": {"0f5e", 0}} {
		_, err := worktime.Collect(client.ActivityDefinitions.All(ctx, level, ActivityDefinitionQuery{}))
		requireField(t, err, "StructureLevel."+field)
		_, err = firstPage(client.ActivityDefinitions.Pages(ctx, level, ActivityDefinitionQuery{}))
		requireField(t, err, "StructureLevel."+field)
		_, err = client.ActivityDefinitions.Create(ctx, level, newDefinition())
		requireField(t, err, "StructureLevel."+field)
		_, err = client.Usages.Get(ctx, level, ref)
		requireField(t, err, "StructureLevel."+field)
		_, err = client.Restrictions.Get(ctx, level, ref)
		requireField(t, err, "StructureLevel."+field)
	}
	_, err := worktime.Collect(client.ActivityDefinitions.All(ctx, StructureLevel{"..", 1}, ActivityDefinitionQuery{}))
	requireField(t, err, "path")
	_, err = client.ActivityDefinitions.Get(ctx, aLevel, ref, []Expansion{"usage,x"})
	requireField(t, err, "expand")
	_, err = client.ActivityDefinitions.Get(ctx, aLevel, ref, nil, "people")
	requireField(t, err, "references")
	_, err = client.ActivityDefinitions.Upsert(ctx, aLevel, DefinitionRef{}, newDefinition())
	requireField(t, err, "ref")
	assert.Empty(t, v.got)
}

// Whatever an answer holds, what was read of it is read again the same.
func FuzzActivityDefinition(f *testing.F) {
	for _, seed := range []string{aDefinition, expandedRow, `{"usage":` + usageArray + `,"usages":null}`, `{"restrictions":{"restrictions":` + restrictionArray + `}}`, `null`, `[]`, `{"usages":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var d, again ActivityDefinition
		if json.Unmarshal(data, &d) != nil {
			return
		}
		text, err := json.Marshal(d)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &again), string(text))
		second, err := json.Marshal(again)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(second))
	})
}

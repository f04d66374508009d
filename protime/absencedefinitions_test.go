package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const anAbsenceDefinition = `{ "changeVersion": "0000090200004BD0000A", "id": 12, "code": "HOL",
	"name": { "default": "Holiday", "translations": { "en-GB": "Annual leave", "nl-NL": "Verlof" } },
	"friendlyName": { "default": "Day off", "translations": { "nl-NL": "Vrije dag" } }, "friendlyCode": { "default": "OFF", "translations": {} },
	"allowedDurations": [ "FullDay", "HalfDay", "Interval", "Duration" ], "isEnabled": true, "isReasonForClocking": true,
	"absenceGroup": { "id": 3, "externalReferences": { "HRMID": "LEAVE" } } }`

func theAbsenceDefinition() AbsenceDefinition {
	return AbsenceDefinition{
		ChangeVersion: "0000090200004BD0000A", ID: 12, Code: "HOL",
		Name:         Text{"Holiday", map[string]string{"en-GB": "Annual leave", "nl-NL": "Verlof"}},
		FriendlyName: Text{"Day off", map[string]string{"nl-NL": "Vrije dag"}}, FriendlyCode: Text{"OFF", map[string]string{}},
		AllowedDurations: []AllowedDuration{AllowedFullDay, AllowedHalfDay, AllowedInterval, AllowedAnyDuration},
		IsEnabled:        true, IsReasonForClocking: true, AbsenceGroup: &Ref{ID: 3, ExternalReferences: map[string]string{"HRMID": "LEAVE"}},
	}
}

var absenceDefinitionRows = map[string]wireRow{
	"list": {
		"GET /absence-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.AbsenceDefinitions.All(ctx, AbsenceDefinitionQuery{ExternalReferences: []ReferenceName{CustomReference("absence-groups", "HRMID")}}))
		},
		"GET /connector/protimeapi/api/v1/absence-definitions?externalReferences=(absence-groups,HRMID)", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceDefinition + ` ], "nextLink": null }`},
		[]AbsenceDefinition{theAbsenceDefinition()},
	},
	"pages": {
		"GET /absence-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AbsenceDefinitions.Pages(ctx, AbsenceDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/absence-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceDefinition + ` ] }`},
		[]AbsenceDefinition{theAbsenceDefinition()},
	},
	"get": {
		"GET /absence-definitions/{absenceDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) { return c.AbsenceDefinitions.Get(ctx, ByID(12)) },
		"GET /connector/protimeapi/api/v1/absence-definitions/12", "",
		answer{status: 200, body: anAbsenceDefinition},
		theAbsenceDefinition(),
	},
	"get by code": {
		"GET /absence-definitions/{absenceDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.AbsenceDefinitions.Get(ctx, ByExternal("@absence-code", "HOL/1"), CustomReference("absence-groups", "HRMID"))
		},
		"GET /connector/protimeapi/api/v1/absence-definitions/HOL%2F1?externalReferences=(absence-definitions,@absence-code)(absence-groups,HRMID)", "",
		answer{status: 200, body: anAbsenceDefinition},
		theAbsenceDefinition(),
	},
	"changes": {
		"GET /absence-definitions?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AbsenceDefinitions.Changes(ctx, "", AbsenceDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/absence-definitions?delta", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceDefinition + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/absence-definitions?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[AbsenceDefinition]{{ChangeInsertOrUpdate, theAbsenceDefinition()}},
	},
}

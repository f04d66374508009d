package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aShiftDefinition = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "code": "EARLY", "name": {"default": "Early", "translations": {"nl-NL": "Vroeg"}}, "friendlyName": {"default": "Early shift", "translations": {"nl-NL": "Vroege dienst"}}, "isEnabled": true }`

func theShiftDefinition() ShiftDefinition {
	return ShiftDefinition{ChangeVersion: "0000090200004BD0000A", ID: 18601, Code: "EARLY", Name: Text{"Early", map[string]string{"nl-NL": "Vroeg"}}, FriendlyName: Text{"Early shift", map[string]string{"nl-NL": "Vroege dienst"}}, IsEnabled: true}
}

var shiftDefinitionRows = map[string]wireRow{
	"list": {
		"GET /shift-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.ShiftDefinitions.All(ctx, ShiftDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/shift-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + aShiftDefinition + `, { "id": 2 } ], "nextLink": null }`},
		[]ShiftDefinition{theShiftDefinition(), {ID: 2}},
	},
	"pages": {
		"GET /shift-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.ShiftDefinitions.Pages(ctx, ShiftDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/shift-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + aShiftDefinition + ` ] }`},
		[]ShiftDefinition{theShiftDefinition()},
	},
	"get": {
		"GET /shift-definitions/{shiftDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ShiftDefinitions.Get(ctx, ByExternal("@shift-code", "EARLY 1"))
		},
		"GET /connector/protimeapi/api/v1/shift-definitions/EARLY%201?externalReferences=(shift-definitions,@shift-code)", "",
		answer{status: 200, body: aShiftDefinition},
		theShiftDefinition(),
	},
	"changes": {
		"GET /shift-definitions?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.ShiftDefinitions.Changes(ctx, "", ShiftDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/shift-definitions?delta", "",
		answer{status: 200, body: `{ "value": [ ` + aShiftDefinition + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/shift-definitions?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[ShiftDefinition]{{ChangeInsertOrUpdate, theShiftDefinition()}},
	},
}

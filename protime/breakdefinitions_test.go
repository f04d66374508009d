package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aBreakDefinition = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "name": {"default": "Lunch", "translations": {"nl-NL": "Lunch"}}, "friendlyName": {"default": "Lunch break", "translations": {"nl-NL": "Lunchpauze"}}, "paidDurationInMinutes": 5,
	"minimumDurationInMinutes": 15, "maximumDurationInMinutes": 60, "ifNotClockedDurationInMinutes": 30, "hasToBeTakenUninterrupted": true }`

func theBreakDefinition() BreakDefinition {
	return BreakDefinition{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Name: Text{"Lunch", map[string]string{"nl-NL": "Lunch"}}, FriendlyName: Text{"Lunch break", map[string]string{"nl-NL": "Lunchpauze"}}, PaidDurationMinutes: 5,
		MinimumDurationMinutes: 15, MaximumDurationMinutes: 60, IfNotClockedDurationMinutes: 30, HasToBeTakenUninterrupted: true,
	}
}

var breakDefinitionRows = map[string]wireRow{
	"list": {
		"GET /break-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.BreakDefinitions.All(ctx, BreakDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/break-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + aBreakDefinition + `, { "id": 2 } ], "nextLink": null }`},
		[]BreakDefinition{theBreakDefinition(), {ID: 2}},
	},
	"pages": {
		"GET /break-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.BreakDefinitions.Pages(ctx, BreakDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/break-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + aBreakDefinition + ` ] }`},
		[]BreakDefinition{theBreakDefinition()},
	},
	"get": {
		"GET /break-definitions/{breakDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) { return c.BreakDefinitions.Get(ctx, ByID(18601)) },
		"GET /connector/protimeapi/api/v1/break-definitions/18601", "",
		answer{status: 200, body: aBreakDefinition},
		theBreakDefinition(),
	},
	"changes": {
		"GET /break-definitions?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.BreakDefinitions.Changes(ctx, "", BreakDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/break-definitions?delta", "",
		answer{status: 200, body: `{ "value": [ ` + aBreakDefinition + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/break-definitions?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[BreakDefinition]{{ChangeInsertOrUpdate, theBreakDefinition()}},
	},
}

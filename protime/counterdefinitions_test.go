package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aCounterDefinition = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "code": "OT", "name": {"default": "Overtime", "translations": {"nl-NL": "Overwerk"}}, "friendlyName": {"default": "Extra hours", "translations": {"nl-NL": "Extra uren"}},
	"friendlyCode": {"default": "XH", "translations": {"nl-NL": "XU"}}, "isEnabled": true, "counterGroup": {"id": 3}, "unit": "Duration" }`

func theCounterDefinition() CounterDefinition {
	return CounterDefinition{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Code: "OT", Name: Text{"Overtime", map[string]string{"nl-NL": "Overwerk"}}, FriendlyName: Text{"Extra hours", map[string]string{"nl-NL": "Extra uren"}},
		FriendlyCode: Text{"XH", map[string]string{"nl-NL": "XU"}}, IsEnabled: true, CounterGroup: &Ref{ID: 3}, Unit: CounterUnitDuration,
	}
}

var counterDefinitionRows = map[string]wireRow{
	"list": {
		"GET /counter-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.CounterDefinitions.All(ctx, CounterDefinitionQuery{CounterGroups: []int64{3, 4}, Enabled: new(bool)}))
		},
		"GET /connector/protimeapi/api/v1/counter-definitions?filter=counter-group%20in%20(3,4)%20and%20enabled%20eq%20false", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterDefinition + `, { "id": 2, "counterGroup": null } ], "nextLink": null }`},
		[]CounterDefinition{theCounterDefinition(), {ID: 2}},
	},
	"pages": {
		"GET /counter-definitions",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CounterDefinitions.Pages(ctx, CounterDefinitionQuery{}))
		},
		"GET /connector/protimeapi/api/v1/counter-definitions", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterDefinition + ` ] }`},
		[]CounterDefinition{theCounterDefinition()},
	},
	"get": {
		"GET /counter-definitions/{counterDefinitionReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.CounterDefinitions.Get(ctx, ByExternal("@counter-code", "OT/1"))
		},
		"GET /connector/protimeapi/api/v1/counter-definitions/OT%2F1?externalReferences=(counter-definitions,@counter-code)", "",
		answer{status: 200, body: aCounterDefinition},
		theCounterDefinition(),
	},
	"changes": {
		"GET /counter-definitions?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CounterDefinitions.Changes(ctx, "", CounterDefinitionQuery{CounterGroups: []int64{3}}))
		},
		"GET /connector/protimeapi/api/v1/counter-definitions?delta&filter=counter-group%20in%20(3)", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterDefinition + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/counter-definitions?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[CounterDefinition]{{ChangeInsertOrUpdate, theCounterDefinition()}},
	},
}

package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aCounterGroup = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "name": {"default": "Bonuses", "translations": {"nl-NL": "Premies"}} }`

func theCounterGroup() CounterGroup {
	return CounterGroup{ChangeVersion: "0000090200004BD0000A", ID: 18601, Name: Text{"Bonuses", map[string]string{"nl-NL": "Premies"}}}
}

var counterGroupRows = map[string]wireRow{
	"list": {
		"GET /counter-groups",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.CounterGroups.All(ctx, CounterGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/counter-groups", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterGroup + `, { "id": 2 } ], "nextLink": null }`},
		[]CounterGroup{theCounterGroup(), {ID: 2}},
	},
	"pages": {
		"GET /counter-groups",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CounterGroups.Pages(ctx, CounterGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/counter-groups", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterGroup + ` ] }`},
		[]CounterGroup{theCounterGroup()},
	},
	"get": {
		"GET /counter-groups/{counterGroupReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.CounterGroups.Get(ctx, ByExternal("HRMID", "bonus"))
		},
		"GET /connector/protimeapi/api/v1/counter-groups/bonus?externalReferences=(counter-groups,HRMID)", "",
		answer{status: 200, body: aCounterGroup},
		theCounterGroup(),
	},
	"changes": {
		"GET /counter-groups?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CounterGroups.Changes(ctx, "", CounterGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/counter-groups?delta", "",
		answer{status: 200, body: `{ "value": [ ` + aCounterGroup + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/counter-groups?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[CounterGroup]{{ChangeInsertOrUpdate, theCounterGroup()}},
	},
}

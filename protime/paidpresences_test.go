package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aPaidPresence = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "date": "2026-01-02", "durationInMinutes": 95, "shiftDefinition": {"id": 14, "externalReferences": {"@shift-code": "EARLY"}} }`

func thePaidPresence() PaidPresence {
	return PaidPresence{ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, Date: day("2026-01-02"), DurationMinutes: 95, ShiftDefinition: &Ref{ID: 14, ExternalReferences: map[string]string{"@shift-code": "EARLY"}}}
}

var paidPresenceRows = map[string]wireRow{
	"list": {
		"GET /paid-presences",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.PaidPresences.All(ctx, PaidPresenceQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber, ShiftCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/paid-presences?externalReferences=(people,@badge-number)(shift-definitions,@shift-code)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + aPaidPresence + `, { "id": 2 } ], "nextLink": null }`},
		[]PaidPresence{thePaidPresence(), {ID: 2}},
	},
	"pages": {
		"GET /paid-presences",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.PaidPresences.Pages(ctx, PaidPresenceQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/paid-presences?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + aPaidPresence + ` ] }`},
		[]PaidPresence{thePaidPresence()},
	},
	"get": {
		"GET /paid-presences/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.PaidPresences.Get(ctx, 18601, PersonBadgeNumber, ShiftCode)
		},
		"GET /connector/protimeapi/api/v1/paid-presences/18601?externalReferences=(people,@badge-number)(shift-definitions,@shift-code)", "",
		answer{status: 200, body: aPaidPresence},
		thePaidPresence(),
	},
	"changes": {
		"GET /paid-presences?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.PaidPresences.Changes(ctx, "", PaidPresenceQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber, ShiftCode}}))
		},
		"GET /connector/protimeapi/api/v1/paid-presences?delta&externalReferences=(people,@badge-number)(shift-definitions,@shift-code)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + aPaidPresence + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/paid-presences?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[PaidPresence]{{ChangeInsertOrUpdate, thePaidPresence()}},
	},
}

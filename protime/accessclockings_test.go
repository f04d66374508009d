package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const anAccessClocking = `{ "changeVersion": "0000090200004BD0000A", "id": 501, "person": {"id": 1, "externalReferences": {"@badge-number": "6767676"}},
	"date": "2026-01-02", "timeOfDayInMinutes": 511, "terminal": {"id": 42}, "status": "AccessOk" }`

func theAccessClocking() AccessClocking {
	return AccessClocking{
		ChangeVersion: "0000090200004BD0000A", ID: 501, Person: &Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767676"}},
		Date: day("2026-01-02"), TimeOfDay: 511, Terminal: &Ref{ID: 42}, Status: AccessOK,
	}
}

var accessClockingRows = map[string]wireRow{
	"list": {
		"GET /access-clockings",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.AccessClockings.All(ctx, AccessClockingQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber},
			}))
		},
		"GET /connector/protimeapi/api/v1/access-clockings?externalReferences=(people,@badge-number)" +
			"&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + anAccessClocking + `, { "id": 502, "timeOfDayInMinutes": 0, "status": "UnknownBadgeNumber" } ], "nextLink": null }`},
		[]AccessClocking{theAccessClocking(), {ID: 502, Status: AccessUnknownBadgeNumber}},
	},
	"pages": {
		"GET /access-clockings",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AccessClockings.Pages(ctx, AccessClockingQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/access-clockings?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + anAccessClocking + ` ] }`},
		[]AccessClocking{theAccessClocking()},
	},
	"get": {
		"GET /access-clockings/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.AccessClockings.Get(ctx, 501, PersonBadgeNumber, TerminalExternalCode)
		},
		"GET /connector/protimeapi/api/v1/access-clockings/501?externalReferences=(people,@badge-number)(terminals,@external-code)", "",
		answer{status: 200, body: anAccessClocking},
		theAccessClocking(),
	},
	"changes": {
		"GET /access-clockings?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AccessClockings.Changes(ctx, "", AccessClockingQuery{From: day(deltaDay)}))
		},
		"GET /connector/protimeapi/api/v1/access-clockings?delta&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + anAccessClocking + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/access-clockings?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[AccessClocking]{{ChangeInsertOrUpdate, theAccessClocking()}},
	},
}

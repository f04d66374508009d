package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aBreak = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "breakDefinition": {"id": 7}, "date": "2026-01-02", "calculatedDurationInMinutes": 30,
	"clockedDurationInMinutes": 34, "startTimeInMinutes": 690, "endTimeInMinutes": 840, "isBreakTaken": true }`

func theBreak() Break {
	start, end := TimeOfDay(690), TimeOfDay(840)
	return Break{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, BreakDefinition: &Ref{ID: 7}, Date: day("2026-01-02"), CalculatedDurationMinutes: 30,
		ClockedDurationMinutes: 34, StartTime: &start, EndTime: &end, IsBreakTaken: true,
	}
}

var breakRows = map[string]wireRow{
	"list": {
		"GET /breaks",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Breaks.All(ctx, BreakQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber},
			}))
		},
		"GET /connector/protimeapi/api/v1/breaks?externalReferences=(people,@badge-number)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + aBreak + `, { "id": 2, "startTimeInMinutes": null } ], "nextLink": null }`},
		[]Break{theBreak(), {ID: 2}},
	},
	"pages": {
		"GET /breaks",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Breaks.Pages(ctx, BreakQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/breaks?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + aBreak + ` ] }`},
		[]Break{theBreak()},
	},
	"get": {
		"GET /breaks/{id}",
		func(ctx context.Context, c *Client) (any, error) { return c.Breaks.Get(ctx, 18601, PersonBadgeNumber) },
		"GET /connector/protimeapi/api/v1/breaks/18601?externalReferences=(people,@badge-number)", "",
		answer{status: 200, body: aBreak},
		theBreak(),
	},
	"changes": {
		"GET /breaks?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Breaks.Changes(ctx, "", BreakQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber}}))
		},
		"GET /connector/protimeapi/api/v1/breaks?delta&externalReferences=(people,@badge-number)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + aBreak + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/breaks?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Break]{{ChangeInsertOrUpdate, theBreak()}},
	},
}

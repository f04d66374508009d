package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aWorkInterruption = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "date": "2026-01-02", "durationInMinutes": 20, "startTimeInMinutes": 600, "endTimeInMinutes": 620 }`

func theWorkInterruption() WorkInterruption {
	start, end := TimeOfDay(600), TimeOfDay(620)
	return WorkInterruption{ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, Date: day("2026-01-02"), DurationMinutes: 20, StartTime: &start, EndTime: &end}
}

var workInterruptionRows = map[string]wireRow{
	"list": {
		"GET /work-interruptions",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.WorkInterruptions.All(ctx, WorkInterruptionQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber},
			}))
		},
		"GET /connector/protimeapi/api/v1/work-interruptions?externalReferences=(people,@badge-number)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + aWorkInterruption + `, { "id": 2 } ], "nextLink": null }`},
		[]WorkInterruption{theWorkInterruption(), {ID: 2}},
	},
	"pages": {
		"GET /work-interruptions",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.WorkInterruptions.Pages(ctx, WorkInterruptionQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/work-interruptions?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + aWorkInterruption + ` ] }`},
		[]WorkInterruption{theWorkInterruption()},
	},
	"get": {
		"GET /work-interruptions/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.WorkInterruptions.Get(ctx, 18601, PersonBadgeNumber)
		},
		"GET /connector/protimeapi/api/v1/work-interruptions/18601?externalReferences=(people,@badge-number)", "",
		answer{status: 200, body: aWorkInterruption},
		theWorkInterruption(),
	},
	"changes": {
		"GET /work-interruptions?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.WorkInterruptions.Changes(ctx, "", WorkInterruptionQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber}}))
		},
		"GET /connector/protimeapi/api/v1/work-interruptions?delta&externalReferences=(people,@badge-number)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + aWorkInterruption + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/work-interruptions?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[WorkInterruption]{{ChangeInsertOrUpdate, theWorkInterruption()}},
	},
}

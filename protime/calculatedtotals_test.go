package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const aCalculatedTotal = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "date": "2026-01-02", "normalTimeDurationInMinutes": 456, "timePresentDurationInMinutes": 480,
	"calculatedPresenceDurationInMinutes": 470, "weeklyHours1DurationInMinutes": 1, "weeklyHours2DurationInMinutes": 2, "weeklyHours3DurationInMinutes": 3,
	"payPeriodHoursDurationInMinutes": 4, "flextimeDurationInMinutes": 14, "flextimeBalanceInMinutes": -90, "shiftDefinition": {"id": 14, "externalReferences": {"@shift-code": "EARLY"}} }`

func theCalculatedTotal() CalculatedTotal {
	return CalculatedTotal{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, Date: day("2026-01-02"), NormalTimeDurationMinutes: 456, TimePresentDurationMinutes: 480,
		CalculatedPresenceDurationMinutes: 470, WeeklyHours1DurationMinutes: 1, WeeklyHours2DurationMinutes: 2, WeeklyHours3DurationMinutes: 3,
		PayPeriodHoursDurationMinutes: 4, FlextimeDurationMinutes: 14, FlextimeBalanceMinutes: -90, ShiftDefinition: &Ref{ID: 14, ExternalReferences: map[string]string{"@shift-code": "EARLY"}},
	}
}

var calculatedTotalRows = map[string]wireRow{
	"list": {
		"GET /calculated-totals",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.CalculatedTotals.All(ctx, CalculatedTotalQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber, ShiftCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/calculated-totals?externalReferences=(people,@badge-number)(shift-definitions,@shift-code)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + aCalculatedTotal + `, { "id": 2 } ], "nextLink": null }`},
		[]CalculatedTotal{theCalculatedTotal(), {ID: 2}},
	},
	"pages": {
		"GET /calculated-totals",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CalculatedTotals.Pages(ctx, CalculatedTotalQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/calculated-totals?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + aCalculatedTotal + ` ] }`},
		[]CalculatedTotal{theCalculatedTotal()},
	},
	"get": {
		"GET /calculated-totals/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.CalculatedTotals.Get(ctx, 18601, PersonBadgeNumber, ShiftCode)
		},
		"GET /connector/protimeapi/api/v1/calculated-totals/18601?externalReferences=(people,@badge-number)(shift-definitions,@shift-code)", "",
		answer{status: 200, body: aCalculatedTotal},
		theCalculatedTotal(),
	},
	"changes": {
		"GET /calculated-totals?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.CalculatedTotals.Changes(ctx, "", CalculatedTotalQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber, ShiftCode}}))
		},
		"GET /connector/protimeapi/api/v1/calculated-totals?delta&externalReferences=(people,@badge-number)(shift-definitions,@shift-code)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + aCalculatedTotal + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/calculated-totals?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[CalculatedTotal]{{ChangeInsertOrUpdate, theCalculatedTotal()}},
	},
}

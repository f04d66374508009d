package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/worktime-go/worktime"
)

const aCounter = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "shiftDefinition": {"id": 14, "externalReferences": {"@shift-code": "EARLY"}}, "numberOfInstances": 3, "request": {"id": "17-1-4711"}, "status": "Calendar", "isAuthorized": true,
	"person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "periodType": "PayPeriod", "counterDefinition": {"id": 5, "externalReferences": {"@counter-code": "OT"}}, "date": "2026-01-02",
	"startTimeInMinutes": -30, "endTimeInMinutes": 1500, "durationInMinutes": 95 }`

func theCounter() Counter {
	start, end := TimeOfDay(-30), TimeOfDay(1500)
	return Counter{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, ShiftDefinition: &Ref{ID: 14, ExternalReferences: map[string]string{"@shift-code": "EARLY"}}, NumberOfInstances: 3, Request: &RequestRef{"17-1-4711"}, Status: CounterCalendar, IsAuthorized: true,
		Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, PeriodType: PeriodPayPeriod, CounterDefinition: &Ref{ID: 5, ExternalReferences: map[string]string{"@counter-code": "OT"}}, Date: day("2026-01-02"),
		StartTime: &start, EndTime: &end, DurationMinutes: 95,
	}
}

var counterRows = map[string]wireRow{
	"list": {
		"GET /counters",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Counters.All(ctx, CounterQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, CounterDefinitions: []int64{5, 6},
				Statuses: []CounterStatus{CounterAuto, CounterManual}, ExternalReferences: []ReferenceName{PersonBadgeNumber, ShiftCode, CounterCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/counters?externalReferences=(people,@badge-number)(shift-definitions,@shift-code)(counter-definitions,@counter-code)" +
			"&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'%20and%20counter-definitions%20in%20(5,6)%20and%20(status%20eq%20'Auto'%20or%20status%20eq%20'Manual')", "",
		answer{status: 200, body: `{ "value": [ ` + aCounter + `, { "id": 2, "startTimeInMinutes": 0, "endTimeInMinutes": null, "request": null } ], "nextLink": null }`},
		[]Counter{theCounter(), {ID: 2, StartTime: new(TimeOfDay)}},
	},
	"pages": {
		"GET /counters",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Counters.Pages(ctx, CounterQuery{From: day("2026-01-01"), OrgGroups: []int64{121, 122}, Statuses: []CounterStatus{CounterCalendar}}))
		},
		"GET /connector/protimeapi/api/v1/counters?filter=person%20in%20org-group(121,122)%20and%20date%20ge%20'2026-01-01'%20and%20status%20eq%20'Calendar'", "",
		answer{status: 200, body: `{ "value": [ ` + aCounter + ` ] }`},
		[]Counter{theCounter()},
	},
	"get": {
		"GET /counters/{id}",
		func(ctx context.Context, c *Client) (any, error) { return c.Counters.Get(ctx, 18601, CounterCode) },
		"GET /connector/protimeapi/api/v1/counters/18601?externalReferences=(counter-definitions,@counter-code)", "",
		answer{status: 200, body: aCounter},
		theCounter(),
	},
	"changes": {
		"GET /counters?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Counters.Changes(ctx, "", CounterQuery{From: day(deltaDay), CounterDefinitions: []int64{5}, CounterDefinitionField: "counter-definition"}))
		},
		"GET /connector/protimeapi/api/v1/counters?delta&filter=date%20ge%20'" + deltaDay + "'%20and%20counter-definition%20in%20(5)", "",
		answer{status: 200, body: `{ "value": [ ` + aCounter + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/counters?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Counter]{{ChangeInsertOrUpdate, theCounter()}},
	},
}

func TestCounterQueries(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	for field, spoil := range map[string]func(*CounterQuery){
		"From":                   func(q *CounterQuery) { q.From = worktime.Date{} },
		"To":                     func(q *CounterQuery) { q.To = day("2025-12-31") },
		"Persons":                func(q *CounterQuery) { q.Persons = []int64{} },
		"Circles":                func(q *CounterQuery) { q.Circles = []int64{0} },
		"OrgGroups":              func(q *CounterQuery) { q.OrgGroups = []int64{-1} },
		"CounterDefinitions":     func(q *CounterQuery) { q.CounterDefinitions = []int64{} },
		"CounterDefinitionField": func(q *CounterQuery) { q.CounterDefinitionField = "date ge '2000-01-01' or x" },
		"Statuses":               func(q *CounterQuery) { q.Statuses = []CounterStatus{"Auto' or"} },
		"ExternalReferences":     func(q *CounterQuery) { q.ExternalReferences = []ReferenceName{"people"} },
	} {
		q := CounterQuery{From: day("2026-01-01")}
		spoil(&q)
		_, err := worktime.Collect(client.Counters.All(t.Context(), q))
		requireField(t, err, "CounterQuery."+field)
	}
	q := CounterQuery{From: day(deltaDay), Persons: []int64{1}}
	_, err := firstPage(client.Counters.Changes(t.Context(), "", q))
	requireField(t, err, "CounterQuery")
	_, err = worktime.Collect(client.CounterDefinitions.All(t.Context(), CounterDefinitionQuery{CounterGroups: []int64{}}))
	requireField(t, err, "CounterDefinitionQuery.CounterGroups")
	assert.Empty(t, v.got)
}

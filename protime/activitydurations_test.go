package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const anActivityDuration = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "person": {"id": 1, "externalReferences": {"@badge-number": "6767"}}, "date": "2026-01-02", "durationInMinutes": 95,
	"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206-7es2cc8c3281", "externalReferences": {"@data-entry-code": "100"}}}, {"level": 2, "activityDefinition": {"id": "4"}} ],
	"absenceDefinition": {"id": 12}, "request": {"id": "17-1-4711"}, "counterDefinitions": [ {"id": 5}, {"id": 6} ], "shiftDefinition": {"id": 14, "externalReferences": {"@shift-code": "EARLY"}},
	"status": "Manual", "isAuthorized": true }`

func theActivityDuration() ActivityDuration {
	return ActivityDuration{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1, ExternalReferences: map[string]string{"@badge-number": "6767"}}, Date: day("2026-01-02"), DurationMinutes: 95,
		ActivityLevels: []ActivityLevel{
			{Level: 1, ActivityDefinition: DefinitionRef{"38fc2206-7es2cc8c3281", map[string]string{"@data-entry-code": "100"}}},
			{Level: 2, ActivityDefinition: DefinitionByID("4")},
		},
		AbsenceDefinition: &Ref{ID: 12}, Request: &RequestRef{"17-1-4711"}, CounterDefinitions: []Ref{{ID: 5}, {ID: 6}}, ShiftDefinition: &Ref{ID: 14, ExternalReferences: map[string]string{"@shift-code": "EARLY"}},
		Status: ActivityDurationManual, IsAuthorized: true,
	}
}

var activityDurationRows = map[string]wireRow{
	"list": {
		"GET /activity-durations",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.ActivityDurations.All(ctx, ActivityDurationQuery{
				From: day("2026-01-01"), To: day("2026-01-31"), Persons: []int64{1, 2}, ExternalReferences: []ReferenceName{PersonBadgeNumber, ActivityDataEntryCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/activity-durations?externalReferences=(people,@badge-number)(activity-definitions,@data-entry-code)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", "",
		answer{status: 200, body: `{ "value": [ ` + anActivityDuration + `, { "id": 2, "shiftDefinition": null, "absenceDefinition": null, "status": "Calendar" } ], "nextLink": null }`},
		[]ActivityDuration{theActivityDuration(), {ID: 2, Status: ActivityDurationCalendar}},
	},
	"pages": {
		"GET /activity-durations",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.ActivityDurations.Pages(ctx, ActivityDurationQuery{From: day("2026-01-01"), Circles: []int64{2, 8}}))
		},
		"GET /connector/protimeapi/api/v1/activity-durations?filter=person%20in%20circle(2,8)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + anActivityDuration + ` ] }`},
		[]ActivityDuration{theActivityDuration()},
	},
	"get": {
		"GET /activity-durations/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.ActivityDurations.Get(ctx, 18601, PersonBadgeNumber, ActivityDataEntryCode)
		},
		"GET /connector/protimeapi/api/v1/activity-durations/18601?externalReferences=(people,@badge-number)(activity-definitions,@data-entry-code)", "",
		answer{status: 200, body: anActivityDuration},
		theActivityDuration(),
	},
	"changes": {
		"GET /activity-durations?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.ActivityDurations.Changes(ctx, "", ActivityDurationQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber, ActivityDataEntryCode}}))
		},
		"GET /connector/protimeapi/api/v1/activity-durations?delta&externalReferences=(people,@badge-number)(activity-definitions,@data-entry-code)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + anActivityDuration + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/activity-durations?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[ActivityDuration]{{ChangeInsertOrUpdate, theActivityDuration()}},
	},
}

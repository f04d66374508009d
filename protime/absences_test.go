package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const anAbsence = `{ "changeVersion": "0000090200004BD0000A", "id": 9001, "person": {"id": 1},
	"resultingAbsenceDefinition": {"id": 12, "externalReferences": {"@absence-code": "HOL"}}, "requestedAbsenceDefinition": {"id": 13},
	"shiftDefinition": {"id": 14}, "date": "2026-01-02", "startTimeInMinutes": 510, "durationInMinutes": 240, "calculatedDurationInMinutes": 228,
	"dayPart": "First", "request": {"id": "17-1-4711"}, "status": "Calendar", "approvalLevel": "Approved", "isLocked": true, "periodType": "Day" }`

func theAbsence() Absence {
	start := TimeOfDay(510)
	return Absence{
		ChangeVersion: "0000090200004BD0000A", ID: 9001, Person: ByID(1),
		ResultingAbsenceDefinition: &Ref{ID: 12, ExternalReferences: map[string]string{"@absence-code": "HOL"}}, RequestedAbsenceDefinition: &Ref{ID: 13},
		ShiftDefinition: &Ref{ID: 14}, Date: day("2026-01-02"), StartTime: &start, DurationMinutes: 240, CalculatedDurationMinutes: 228,
		DayPart: DayPartFirst, Request: &RequestRef{"17-1-4711"}, Status: AbsenceCalendar, ApprovalLevel: ApprovalApproved, IsLocked: true, PeriodType: PeriodDay,
	}
}

var absenceRows = map[string]wireRow{
	"list": {
		"GET /absences",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Absences.All(ctx, AbsenceQuery{
				From: day("2026-01-01"), To: day("2026-12-31"), OrgGroups: []int64{121, 122}, ExternalReferences: []ReferenceName{AbsenceCode},
			}))
		},
		"GET /connector/protimeapi/api/v1/absences?externalReferences=(absence-definitions,@absence-code)" +
			"&filter=person%20in%20org-group(121,122)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-12-31'", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsence + `, { "id": 9002, "startTimeInMinutes": null, "request": null } ], "nextLink": null }`},
		[]Absence{theAbsence(), {ID: 9002}},
	},
	"pages": {
		"GET /absences",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Absences.Pages(ctx, AbsenceQuery{From: day("2026-01-01"), Persons: []int64{1}}))
		},
		"GET /connector/protimeapi/api/v1/absences?filter=person%20in%20(1)%20and%20date%20ge%20'2026-01-01'", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsence + ` ] }`},
		[]Absence{theAbsence()},
	},
	"get": {
		"GET /absences/{id}",
		func(ctx context.Context, c *Client) (any, error) { return c.Absences.Get(ctx, 9001, AbsenceCode) },
		"GET /connector/protimeapi/api/v1/absences/9001?externalReferences=(absence-definitions,@absence-code)", "",
		answer{status: 200, body: anAbsence},
		theAbsence(),
	},
	"changes": {
		"GET /absences?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Absences.Changes(ctx, "", AbsenceQuery{From: day(deltaDay), ExternalReferences: []ReferenceName{PersonBadgeNumber}}))
		},
		"GET /connector/protimeapi/api/v1/absences?delta&externalReferences=(people,@badge-number)&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsence + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/absences?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Absence]{{ChangeInsertOrUpdate, theAbsence()}},
	},
}

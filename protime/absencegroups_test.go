package protime

import (
	"context"

	"github.com/worktime-go/worktime"
)

const anAbsenceGroup = `{ "changeVersion": "0000090200004BD0000A", "id": 3,
	"name": { "default": "Leave", "translations": { "fr-FR": "Congés" } }, "type": "WorkingElsewhere" }`

func theAbsenceGroup() AbsenceGroup {
	return AbsenceGroup{ChangeVersion: "0000090200004BD0000A", ID: 3, Name: Text{"Leave", map[string]string{"fr-FR": "Congés"}}, Type: AbsenceGroupWorkingElsewhere}
}

var absenceGroupRows = map[string]wireRow{
	"list": {
		"GET /absence-groups",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.AbsenceGroups.All(ctx, AbsenceGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/absence-groups", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceGroup + `, { "id": 4, "name": "Plain", "type": "Absence" } ] }`},
		[]AbsenceGroup{theAbsenceGroup(), {ID: 4, Name: Text{Default: "Plain"}, Type: AbsenceGroupAbsence}},
	},
	"pages": {
		"GET /absence-groups",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AbsenceGroups.Pages(ctx, AbsenceGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/absence-groups", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceGroup + ` ] }`},
		[]AbsenceGroup{theAbsenceGroup()},
	},
	"get": {
		"GET /absence-groups/{absenceGroupReference}",
		func(ctx context.Context, c *Client) (any, error) { return c.AbsenceGroups.Get(ctx, ByID(3)) },
		"GET /connector/protimeapi/api/v1/absence-groups/3", "",
		answer{status: 200, body: anAbsenceGroup},
		theAbsenceGroup(),
	},
	"get by reference": { // the sample of the reference
		"GET /absence-groups/{absenceGroupReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.AbsenceGroups.Get(ctx, ByExternal("customAbsenceGroupCode", "SICK-LEAVE"))
		},
		"GET /connector/protimeapi/api/v1/absence-groups/SICK-LEAVE?externalReferences=(absence-groups,customAbsenceGroupCode)", "",
		answer{status: 200, body: anAbsenceGroup},
		theAbsenceGroup(),
	},
	"changes": {
		"GET /absence-groups?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.AbsenceGroups.Changes(ctx, "", AbsenceGroupQuery{}))
		},
		"GET /connector/protimeapi/api/v1/absence-groups?delta", "",
		answer{status: 200, body: `{ "value": [ ` + anAbsenceGroup + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/absence-groups?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[AbsenceGroup]{{ChangeInsertOrUpdate, theAbsenceGroup()}},
	},
}

package protime

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
)

const (
	aClocking = `{ "changeVersion": "0000090200004BD0000A", "id": 18601, "originalTimeOfDayInMinutes": 512, "calculatedTimeOfDayInMinutes": 510,
		"isGenerated": true, "status": "Active", "person": {"id": 1}, "date": "2026-01-02", "timeOfDayInMinutes": 511, "terminal": {"id": 42},
		"geolocation": {"longitude": 4.392225, "latitude": 51.144127}, "kind": "Reason", "reason": {"id": 12}, "isOpen": true,
		"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206"}} ] }`
	januaryFilter = "filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'%20and%20(kind%20eq%20'InOut'%20or%20kind%20eq%20'Reason')"
)

func theClocking() Clocking {
	original, calculated, open := TimeOfDay(512), TimeOfDay(510), true
	return Clocking{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: Ref{ID: 1}, Date: day("2026-01-02"), TimeOfDay: 511,
		OriginalTimeOfDay: &original, CalculatedTimeOfDay: &calculated, IsGenerated: true, Terminal: &Ref{ID: 42},
		Geolocation: &Geolocation{Longitude: 4.392225, Latitude: 51.144127}, Kind: ClockingReason, Status: ClockingActive,
		Reason: &Ref{ID: 12}, IsOpen: &open, ActivityLevels: []ActivityLevel{{Level: 1, ActivityDefinition: DefinitionRef{ID: "38fc2206"}}},
	}
}

func januaryQuery() ClockingQuery {
	return ClockingQuery{Persons: []int64{1, 2}, From: day("2026-01-01"), To: day("2026-01-31"), Kinds: []ClockingKind{ClockingInOut, ClockingReason},
		ExternalReferences: []ReferenceName{PersonBadgeNumber, CustomReference("terminals", "HRMID")}}
}

// wireRow is an operation: what is sent, and what becomes of an answer in the shape of the
// reference, over HTTP.
type wireRow struct {
	op      string
	call    func(context.Context, *Client) (any, error)
	request string // method and target
	body    string
	answer  answer
	want    any
}

// wire has the rows of each resource.
var wire = map[string]map[string]wireRow{
	"clockings":               clockingRows,
	"access-clockings":        accessClockingRows,
	"absences":                absenceRows,
	"absence-definitions":     absenceDefinitionRows,
	"absence-groups":          absenceGroupRows,
	"people":                  peopleRows,
	"contracts":               contractRows,
	"departments":             departmentRows,
	"employers":               employerRows,
	"jobs":                    jobRows,
	"job-categories":          jobCategoryRows,
	"sectors":                 sectorRows,
	"work-locations":          workLocationRows,
	"department-histories":    departmentHistoryRows,
	"employer-histories":      employerHistoryRows,
	"job-histories":           jobHistoryRows,
	"job-category-histories":  jobCategoryHistoryRows,
	"sector-histories":        sectorHistoryRows,
	"work-location-histories": workLocationHistoryRows,
	"webhooks":                webhookRows,
}

var clockingRows = map[string]wireRow{
	"list": {
		"GET /clockings",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Clockings.All(ctx, januaryQuery()))
		},
		"GET /connector/protimeapi/api/v1/clockings?externalReferences=(people,@badge-number)(terminals,HRMID)&" + januaryFilter, "",
		answer{status: 200, body: `{ "value": [ ` + aClocking + ` ], "nextLink": null }`},
		[]Clocking{theClocking()},
	},
	"pages": {
		"GET /clockings",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Clockings.Pages(ctx, januaryQuery()))
		},
		"GET /connector/protimeapi/api/v1/clockings?externalReferences=(people,@badge-number)(terminals,HRMID)&" + januaryFilter, "",
		answer{status: 200, body: `{ "value": [ ` + aClocking + ` ] }`},
		[]Clocking{theClocking()},
	},
	"get": {
		"GET /clockings/{id}",
		func(ctx context.Context, c *Client) (any, error) { return c.Clockings.Get(ctx, 18601) },
		"GET /connector/protimeapi/api/v1/clockings/18601", "",
		answer{status: 200, body: aClocking},
		theClocking(),
	},
	"changes": {
		"GET /clockings?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Clockings.Changes(ctx, "", ClockingQuery{From: day(deltaDay)}))
		},
		"GET /connector/protimeapi/api/v1/clockings?delta&filter=date%20ge%20'" + deltaDay + "'", "",
		answer{status: 200, body: `{ "value": [ ` + aClocking + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/clockings?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Clocking]{{ChangeInsertOrUpdate, theClocking()}},
	},
	"create": {
		"POST /clockings",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Clockings.Create(ctx, NewClocking{Person: ByID(1), Date: day("2026-01-15"), TimeOfDay: 510, Kind: ClockingInOut})
		},
		"POST /connector/protimeapi/api/v1/clockings", `{ "person": {"id": 1}, "date": "2026-01-15", "timeOfDayInMinutes": 510, "kind": "InOut" }`,
		answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/clockings/8192"}},
		int64(8192),
	},
}

// deltaDay is the first day of last year: the earliest that a delta may begin at.
var deltaDay = worktime.NewDate(time.Now().UTC().Add(-12*time.Hour).Year()-1, time.January, 1).String()

// firstPage returns the items of the first page.
func firstPage[T any](pages iter.Seq2[worktime.Page[T], error]) ([]T, error) {
	for page, err := range pages {
		return page.Items, err
	}
	return nil, nil
}

func TestWire(t *testing.T) {
	shown := map[string]bool{}
	for resource, rows := range wire {
		for name, row := range rows {
			t.Run(resource+"/"+name, row.run)
			shown[row.op] = true
		}
	}
	for op, methods := range conformance.Operations(t, ".") {
		assert.True(t, shown[op], "%s of %v has no row", op, methods)
		delete(shown, op)
	}
	assert.Empty(t, shown, "rows without an operation")
}

func (row wireRow) run(t *testing.T) {
	v := newVendor(t, row.answer)
	got, err := row.call(t.Context(), v.client(t))
	require.NoError(t, err)
	assert.Equal(t, row.want, got)
	require.Len(t, v.api(), 1)
	sent := v.api()[0]
	assert.Equal(t, row.request, sent.Method+" "+sent.Target)
	assert.Equal(t, "Bearer canary-access-token", sent.Header.Get("Authorization"))
	assert.Equal(t, "application/json", sent.Header.Get("Accept"))
	if row.body == "" {
		assert.Empty(t, sent.Body)
	} else {
		assert.JSONEq(t, row.body, sent.Body)
		assert.Equal(t, "application/json", sent.Header.Get("Content-Type"))
	}
}

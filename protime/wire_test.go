package protime

import (
	"context"
	"iter"
	"reflect"
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
	"activity-definitions":    activityDefinitionRows,
	"usages":                  usageRows,
	"restrictions":            restrictionRows,
	"activity-durations":      activityDurationRows,
	"assignments":             assignmentRows,
	"counters":                counterRows,
	"counter-definitions":     counterDefinitionRows,
	"counter-groups":          counterGroupRows,
	"calculated-totals":       calculatedTotalRows,
	"paid-presences":          paidPresenceRows,
	"breaks":                  breakRows,
	"break-definitions":       breakDefinitionRows,
	"work-interruptions":      workInterruptionRows,
	"shift-definitions":       shiftDefinitionRows,
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

// Each member of each record is in an answer of the table, and so compared.
func TestWireHasEveryField(t *testing.T) {
	filled := map[reflect.Type]map[string]bool{}
	for _, rows := range wire {
		for _, row := range rows {
			fill(filled, reflect.ValueOf(row.want))
		}
	}
	for record, fields := range filled {
		for field := range record.Fields() {
			assert.True(t, fields[field.Name] || !field.IsExported(), "%s.%s is in no answer", record, field.Name)
		}
	}
}

// fill notes which fields of the structs in v are set.
func fill(filled map[reflect.Type]map[string]bool, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			fill(filled, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(filled, v.Index(i))
		}
	case reflect.Struct:
		if filled[v.Type()] == nil {
			filled[v.Type()] = map[string]bool{}
		}
		for field, value := range v.Fields() {
			if !value.IsZero() {
				filled[v.Type()][field.Name] = true
				fill(filled, value)
			}
		}
	default: // a value of its own
	}
}

package protime

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func theHistoryPeriod() HistoryPeriod {
	return HistoryPeriod{
		ID: 31, ChangeVersion: "0000090200004BD0000A", Person: Ref{ID: 1238, ExternalReferences: map[string]string{"@employee-number": "E-4821"}},
		From: day("2024-01-01"), Until: day("2025-06-30"),
	}
}

// historyRowsOf shows the operations of one history.
func historyRowsOf[T any](category, catalog, field string, service func(*Client) *HistoryService[T], want T) map[string]wireRow {
	record := `{ "id": 31, "changeVersion": "0000090200004BD0000A", "person": { "id": 1238, "externalReferences": { "@employee-number": "E-4821" } },
		"from": "2024-01-01", "until": "2025-06-30", "` + field + `": { "id": 176 } }`
	list := answer{status: 200, body: `{ "value": [ ` + record + ` ], "nextLink": null }`}
	const base = "GET /connector/protimeapi/api/v1"
	return map[string]wireRow{
		"list": {
			"GET /" + category + "-histories",
			func(ctx context.Context, c *Client) (any, error) {
				return worktime.Collect(service(c).All(ctx, HistoryQuery{ExternalReferences: []ReferenceName{CustomReference(catalog, "HRMID")}}))
			},
			base + "/" + category + "-histories?externalReferences=(" + catalog + ",HRMID)", "", list, []T{want},
		},
		"pages": {
			"GET /" + category + "-histories",
			func(ctx context.Context, c *Client) (any, error) {
				return firstPage(service(c).Pages(ctx, HistoryQuery{}))
			},
			base + "/" + category + "-histories", "", list, []T{want},
		},
		"of person": {
			"GET /people/{PersonReference}/" + category + "-history",
			func(ctx context.Context, c *Client) (any, error) {
				return worktime.Collect(service(c).OfPerson(ctx, ByID(1238)))
			},
			base + "/people/1238/" + category + "-history", "", list, []T{want},
		},
		"of person by reference": {
			"GET /people/{PersonReference}/" + category + "-history",
			func(ctx context.Context, c *Client) (any, error) {
				return worktime.Collect(service(c).OfPerson(ctx, ByExternal("@employee-number", "E/4821"), PersonBadgeNumber))
			},
			base + "/people/E%2F4821/" + category + "-history?externalReferences=(people,@employee-number)(people,@badge-number)", "", list, []T{want},
		},
	}
}

var (
	departmentHistoryRows = historyRowsOf("department", "departments", "department", func(c *Client) *HistoryService[DepartmentHistory] { return c.DepartmentHistories },
		DepartmentHistory{theHistoryPeriod(), ByID(176)})
	employerHistoryRows = historyRowsOf("employer", "employers", "employer", func(c *Client) *HistoryService[EmployerHistory] { return c.EmployerHistories },
		EmployerHistory{theHistoryPeriod(), ByID(176)})
	jobHistoryRows = historyRowsOf("job", "jobs", "job", func(c *Client) *HistoryService[JobHistory] { return c.JobHistories },
		JobHistory{theHistoryPeriod(), ByID(176)})
	jobCategoryHistoryRows = historyRowsOf("job-category", "job-categories", "jobCategory", func(c *Client) *HistoryService[JobCategoryHistory] { return c.JobCategoryHistories },
		JobCategoryHistory{theHistoryPeriod(), ByID(176)})
	sectorHistoryRows = historyRowsOf("sector", "sectors", "sector", func(c *Client) *HistoryService[SectorHistory] { return c.SectorHistories },
		SectorHistory{theHistoryPeriod(), ByID(176)})
	workLocationHistoryRows = historyRowsOf("work-location", "work-locations", "workLocation", func(c *Client) *HistoryService[WorkLocationHistory] { return c.WorkLocationHistories },
		WorkLocationHistory{theHistoryPeriod(), ByID(176)})
)

// A history of a person may have pages, and no end in three spellings.
func TestHistoryOfPerson(t *testing.T) {
	v := newVendor(t,
		answer{status: 200, body: `{"value":[{"id":1,"until":""}],"nextLink":"/connector/protimeapi/api/v1/people/7/job-history?continuationToken=a"}`},
		answer{status: 200, body: `{"value":[{"id":2,"until":null},{"id":3}]}`})
	client := v.client(t)
	got, err := worktime.Collect(client.JobHistories.OfPerson(t.Context(), ByID(7)))
	require.NoError(t, err)
	assert.Equal(t, []JobHistory{{HistoryPeriod: HistoryPeriod{ID: 1}}, {HistoryPeriod: HistoryPeriod{ID: 2}}, {HistoryPeriod: HistoryPeriod{ID: 3}}}, got)

	stored, err := json.Marshal(JobHistory{theHistoryPeriod(), ByID(176)})
	require.NoError(t, err)
	assert.JSONEq(t, `{ "id": 31, "changeVersion": "0000090200004BD0000A", "person": { "id": 1238, "externalReferences": { "@employee-number": "E-4821" } },
		"from": "2024-01-01", "until": "2025-06-30", "job": { "id": 176 } }`, string(stored))

	sent := len(v.api())
	for field, refused := range map[string]func() ([]JobHistory, error){
		"person": func() ([]JobHistory, error) {
			return worktime.Collect(client.JobHistories.OfPerson(t.Context(), Ref{}))
		},
		"references": func() ([]JobHistory, error) {
			return worktime.Collect(client.JobHistories.OfPerson(t.Context(), ByID(7), "people"))
		},
		"path": func() ([]JobHistory, error) {
			return worktime.Collect(client.JobHistories.OfPerson(t.Context(), ByExternal("@badge-number", "..")))
		},
	} {
		_, err := refused()
		requireField(t, err, field)
	}
	assert.Len(t, v.api(), sent, "nothing was sent")
}

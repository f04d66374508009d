package protime

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// catalogFields are those that all catalogs have.
const catalogFields = `"changeVersion": "0001E7C5000098FA0013", "id": 176,
	"name": { "default": "Blue collar worker", "translations": { "en-GB": "Blue collar worker", "fr-FR": "Ouvrier" } }`

func theCatalogName() Text {
	return Text{"Blue collar worker", map[string]string{"en-GB": "Blue collar worker", "fr-FR": "Ouvrier"}}
}

// catalogRowsOf shows the operations of one catalog.
func catalogRowsOf[T any](catalog string, service func(*Client) *CatalogService[T], body string, want T) map[string]wireRow {
	target := "GET /connector/protimeapi/api/v1/" + catalog
	return map[string]wireRow{
		"list": {
			"GET /" + catalog,
			func(ctx context.Context, c *Client) (any, error) {
				return worktime.Collect(service(c).All(ctx, CatalogQuery{}))
			},
			target, "", answer{status: 200, body: `{ "value": [ ` + body + ` ], "nextLink": null }`}, []T{want},
		},
		"pages": {
			"GET /" + catalog,
			func(ctx context.Context, c *Client) (any, error) {
				return firstPage(service(c).Pages(ctx, CatalogQuery{}))
			},
			target, "", answer{status: 200, body: `{ "value": [ ` + body + ` ] }`}, []T{want},
		},
		"get": {
			"GET /" + catalog + "/{reference}",
			func(ctx context.Context, c *Client) (any, error) { return service(c).Get(ctx, ByID(176)) },
			target + "/176", "", answer{status: 200, body: body}, want,
		},
		"get by reference": {
			"GET /" + catalog + "/{reference}",
			func(ctx context.Context, c *Client) (any, error) {
				return service(c).Get(ctx, ByExternal("CustomReferenceName", "FD789"))
			},
			target + "/FD789?externalReferences=(" + catalog + ",CustomReferenceName)", "", answer{status: 200, body: body}, want,
		},
	}
}

var (
	departmentRows = catalogRowsOf("departments", func(c *Client) *CatalogService[Department] { return c.Departments },
		`{ `+catalogFields+`, "externalCode": "PayRollCode123" }`,
		Department{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName(), ExternalCode: "PayRollCode123"})
	employerRows = catalogRowsOf("employers", func(c *Client) *CatalogService[Employer] { return c.Employers },
		`{ `+catalogFields+`, "externalCode": "E1", "address": "Main street 1", "town": "Ghent", "postalCode": "9000", "bankAccount": "BE68 5390 0754 7034", "companyRegistrationNumber": "0403.170.701" }`,
		Employer{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName(), ExternalCode: "E1", Address: "Main street 1", Town: "Ghent", PostalCode: "9000", BankAccount: "BE68 5390 0754 7034", CompanyRegistrationNumber: "0403.170.701"})
	jobRows = catalogRowsOf("jobs", func(c *Client) *CatalogService[Job] { return c.Jobs },
		`{ `+catalogFields+` }`,
		Job{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName()})
	jobCategoryRows = catalogRowsOf("job-categories", func(c *Client) *CatalogService[JobCategory] { return c.JobCategories },
		`{ `+catalogFields+`, "externalCode": "PayRollCode123" }`,
		JobCategory{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName(), ExternalCode: "PayRollCode123"})
	sectorRows = catalogRowsOf("sectors", func(c *Client) *CatalogService[Sector] { return c.Sectors },
		`{ `+catalogFields+` }`,
		Sector{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName()})
	workLocationRows = catalogRowsOf("work-locations", func(c *Client) *CatalogService[WorkLocation] { return c.WorkLocations },
		`{ `+catalogFields+`, "description": { "default": "By the river", "translations": { "nl-NL": "Aan de rivier" } } }`,
		WorkLocation{ChangeVersion: "0001E7C5000098FA0013", ID: 176, Name: theCatalogName(), Description: Text{"By the river", map[string]string{"nl-NL": "Aan de rivier"}}})
)

// The pages of a catalog are linked, and its cursor goes on in another client.
func TestCatalogPages(t *testing.T) {
	v := newVendor(t,
		answer{status: 200, body: `{"value":[{"id":1}],"nextLink":"/connector/protimeapi/api/v1/job-categories?continuationToken=a/b=="}`},
		answer{status: 200, body: `{"value":[],"nextLink":"/connector/protimeapi/api/v1/job-categories?continuationToken=c"}`},
		answer{status: 200, body: `{"value":[{"id":2}]}`})
	var cursor worktime.Cursor
	for page, err := range v.sequential(t).JobCategories.Pages(t.Context(), CatalogQuery{}) {
		require.NoError(t, err)
		assert.Equal(t, []JobCategory{{ID: 1}}, page.Items)
		cursor = page.Cursor
		break
	}
	got, err := worktime.Collect(v.client(t).JobCategories.All(t.Context(), CatalogQuery{Cursor: cursor}))
	require.NoError(t, err)
	assert.Equal(t, []JobCategory{{ID: 2}}, got)
	assert.Equal(t, []string{
		"/connector/protimeapi/api/v1/job-categories",
		"/connector/protimeapi/api/v1/job-categories?continuationToken=a/b==",
		"/connector/protimeapi/api/v1/job-categories?continuationToken=c",
	}, v.targets())

	_, err = worktime.Collect(v.client(t).Jobs.All(t.Context(), CatalogQuery{Cursor: cursor}))
	requireField(t, err, "Cursor")
}

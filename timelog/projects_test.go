package timelog

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	aProjectGUID = "0d5b3f5c-9a55-4a4e-8d2b-5f1b7c9d1201"
	aProject     = `{ "ProjectID": 1201, "ID": "` + aProjectGUID + `", "Name": "Website relaunch", "No": "P26-014", "ExpenseIsBillable": true,
		"CustomerID": 7, "Customer": ` + aCustomer + `, "ContactID": 3, "Description": "d", "DepartmentID": 2, "ProjectManagerID": 82,
		"AccountManagerID": 83, "PartnerID": 5, "ProjectTypeID": 1, "ProjectCategoryID": 4, "BudgetWorkHours": 400.5, "BudgetWorkAmount": 380000,
		"StartDate": "2026-07-01T00:00:00", "EndDate": "2026-12-31T00:00:00" }`
	bareProject = `{ "ProjectID": 1203, "ID": "` + aProjectGUID + `", "Name": "n", "No": "1", "ExpenseIsBillable": false, "CustomerID": 7, "Customer": null,
		"ContactID": null, "Description": null, "DepartmentID": null, "ProjectManagerID": 82, "AccountManagerID": null, "PartnerID": null,
		"ProjectTypeID": null, "ProjectCategoryID": null, "BudgetWorkHours": 0.0, "BudgetWorkAmount": 0.0,
		"StartDate": "0001-01-01T00:00:00", "EndDate": null }`
	aNewProject = `{ "ProjectTemplateID": 12, "Name": "Website relaunch", "ProjectNo": "P26-014", "CustomerID": 7, "ProjectManagerID": 82,
		"ProjectTypeID": 1, "ProjectCategoryID": 4, "CurrencyID": 9, "ProjectStartDate": "2026-07-01T00:00:00",
		"ProjectEndDate": "2026-12-31T00:00:00", "LegalEntityID": 10, "DepartmentID": 2, "Description": "d", "AccountManagerID": 83,
		"PartnerID": 5, "ContactID": 3, "InvoicingCustomerReferenceID": 11, "LanguageID": 6 }`
	changedProject = `{ "Name": "Website relaunch", "ProjectNo": "P26-014", "CustomerID": 7, "ContactID": 3, "Description": "d", "DepartmentID": 2,
		"ProjectManagerID": 82, "AccountManagerID": 83, "PartnerID": 5, "ProjectTypeID": 1, "ProjectCategoryID": 4,
		"BudgetWorkHours": 400.5, "BudgetWorkAmount": 380000, "LanguageID": 6 }`
)

func theProject() Project {
	return Project{
		ID: 1201, GUID: aProjectGUID, Name: "Website relaunch", No: "P26-014", ExpenseIsBillable: true, CustomerID: 7,
		Customer: new(theCustomer()), ContactID: 3, Description: "d", DepartmentID: 2, ProjectManagerID: 82, AccountManagerID: 83, PartnerID: 5,
		ProjectTypeID: 1, ProjectCategoryID: 4, BudgetWorkHours: 400.5, BudgetWorkAmount: 380000,
		StartDate: at("2026-07-01"), EndDate: at("2026-12-31"),
	}
}

func theNewProject() NewProject {
	return NewProject{
		ProjectTemplateID: 12, Name: "Website relaunch", No: "P26-014", CustomerID: 7, ProjectManagerID: 82, ProjectTypeID: 1,
		ProjectCategoryID: 4, CurrencyID: 9, StartDate: at("2026-07-01"), EndDate: at("2026-12-31"), LegalEntityID: 10, DepartmentID: 2,
		Description: "d", AccountManagerID: 83, PartnerID: 5, ContactID: 3, InvoicingCustomerReferenceID: 11, LanguageID: 6,
	}
}

var projectRows = map[string]wireRow{
	"list": {
		"GET /v1/project/get-all",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Projects.All(ctx, ProjectQuery{CustomerID: 7, IsActive: new(false), Paging: Paging{Expand: []string{"customer"}}}))
		},
		"GET /acme/api/v1/project/get-all?$expand=customer&$page=1&$pagesize=500&customerID=7&isActive=false", "",
		list(aProject, bareProject),
		[]Project{theProject(), {ID: 1203, GUID: aProjectGUID, Name: "n", No: "1", CustomerID: 7, ProjectManagerID: 82}},
	},
	"pages": {
		"GET /v1/project/get-all",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Projects.Pages(ctx, ProjectQuery{}))
		},
		listed("/v1/project/get-all"), "", list(aProject), []Project{theProject()},
	},
	"get": {
		"GET /v1/project/{projectID}",
		func(ctx context.Context, c *Client) (any, error) { return c.Projects.Get(ctx, 1201) },
		"GET /acme/api/v1/project/1201", "", single(aProject), theProject(),
	},
	"create": {
		"POST /v1/project/create-from-template",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Projects.CreateFromTemplate(ctx, theNewProject())
			return created.ID, err
		},
		"POST /acme/api/v1/project/create-from-template", aNewProject,
		`{ "Properties": ` + aNewProject + `, "Links": [ { "Href": "https://app4.timelog.com/acme/api/v1/project/1201", "Rel": "self" } ] }`,
		ProjectID(1201),
	},
	"validate": {
		"POST /v1/project/validate-create-from-template",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.Projects.ValidateCreateFromTemplate(ctx, theNewProject()))
		},
		"POST /acme/api/v1/project/validate-create-from-template", aNewProject, `null`, nil,
	},
	"update": {
		"PUT /v1/project/{projectID}",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.Projects.Update(ctx, 1201, theProject().Changes(6)))
		},
		"PUT /acme/api/v1/project/1201", changedProject, ``, nil,
	},
	"update status": {
		"PUT /v1/project/{projectID}/status",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.Projects.UpdateStatus(ctx, 1201, ProjectStatusChanges{new(ProjectQuote), new(false)}))
		},
		"PUT /acme/api/v1/project/1201/status", `{ "ProjectStatus": 0, "AllowTimeTracking": false }`, `"OK"`, nil,
	},
}

// Every page repeats the filter.
func TestProjectPagesRepeatTheFilter(t *testing.T) {
	first := `{ "Properties": { "TotalRecord": "2", "TotalPage": "2", "PageNumber": "1" }, "Entities": [
		{ "Properties": { "ProjectID": 1200 } }, { "Properties": ` + aProject + ` } ] }`
	second := `{ "Properties": { "TotalRecord": "2", "TotalPage": "2", "PageNumber": "2" }, "Entities": [ { "Properties": ` + aProject + ` }, { "Properties": ` + bareProject + ` } ] }`
	v := newVendor(t, answer{body: first}, answer{body: second})
	projects, err := worktime.Collect(v.client(t).Projects.All(t.Context(), ProjectQuery{CustomerID: 7, IsActive: new(true), Paging: Paging{PageSize: 1}}))
	require.NoError(t, err)
	require.Len(t, projects, 3, "the one that slipped to the second page comes once")
	assert.Equal(t, []ProjectID{1200, 1201, 1203}, []ProjectID{projects[0].ID, projects[1].ID, projects[2].ID})
	assert.Equal(t, []string{
		"GET /acme/api/v1/project/get-all?$page=1&$pagesize=1&customerID=7&isActive=true",
		"GET /acme/api/v1/project/get-all?$page=2&$pagesize=1&customerID=7&isActive=true",
	}, v.targets())
}

// Without a word TimeLog hides the inactive ones, so that true, false and nothing must all get through.
func TestProjectListHidesInactiveOnesByDefault(t *testing.T) {
	v := newVendor(t, answer{body: list()})
	projects := v.client(t).Projects
	for _, isActive := range []*bool{nil, new(true), new(false)} {
		_, err := worktime.Collect(projects.All(t.Context(), ProjectQuery{IsActive: isActive}))
		require.NoError(t, err)
	}
	assert.Equal(t, []string{
		listed("/v1/project/get-all"), listed("/v1/project/get-all", "isActive=true"), listed("/v1/project/get-all", "isActive=false"),
	}, v.targets())
}

// An update empties what is not sent, so whatever can be read and written must be kept, and the language, which
// cannot be read, is asked for.
func TestProjectUpdateKeepsWhatWasRead(t *testing.T) {
	v := newVendor(t, answer{body: single(aProject)}, answer{}, answer{body: single(bareProject)}, answer{})
	projects := v.client(t).Projects
	project, err := projects.Get(t.Context(), 1201)
	require.NoError(t, err)
	changes := project.Changes(6)
	changes.Description = ""
	require.NoError(t, projects.Update(t.Context(), project.ID, changes))

	project, err = projects.Get(t.Context(), 1203)
	require.NoError(t, err)
	require.NoError(t, projects.Update(t.Context(), project.ID, project.Changes(0)))

	sent := v.requests()
	assert.JSONEq(t, `{ "Name": "Website relaunch", "ProjectNo": "P26-014", "CustomerID": 7, "ContactID": 3, "DepartmentID": 2,
		"ProjectManagerID": 82, "AccountManagerID": 83, "PartnerID": 5, "ProjectTypeID": 1, "ProjectCategoryID": 4,
		"BudgetWorkHours": 400.5, "BudgetWorkAmount": 380000, "LanguageID": 6 }`, sent[1].Body)
	assert.JSONEq(t, `{ "Name": "n", "ProjectNo": "1", "CustomerID": 7, "ProjectManagerID": 82 }`, sent[3].Body, "what was null must not become 0")
}

// The answer to a create promises no id; the vendor's reference shows what was sent, and nothing else.
func TestProjectCreateLooksForTheID(t *testing.T) {
	namesake := `{ "ProjectID": 1300, "Name": "Website relaunch", "No": "P26-015" }`
	v := newVendor(t, answer{body: single(aNewProject)}, answer{body: list(namesake, aProject)})
	created, err := v.client(t).Projects.CreateFromTemplate(t.Context(), theNewProject())
	require.NoError(t, err)
	assert.Equal(t, ProjectID(1201), created.ID)
	assert.JSONEq(t, single(aNewProject), string(created.Answer))
	assert.Equal(t, []string{"POST /acme/api/v1/project/create-from-template", listed("/v1/project/get-all", "customerID=7")}, v.targets())

	v = newVendor(t, answer{body: `null`}, answer{body: list(namesake)})
	created, err = v.client(t).Projects.CreateFromTemplate(t.Context(), theNewProject())
	require.NoError(t, err)
	assert.Zero(t, created.ID)
}

// The business rules of a create come under 500, and are known not to have created anything.
func TestProjectCreateRefusedByRule(t *testing.T) {
	v := newVendor(t, answer{status: 500, body: `{ "Code": 102, "Message": "Business rule error",
		"Details": [ { "Message": "There is no price list", "ErrorCode": 30097 } ] }`})
	projects := v.client(t).Projects
	_, err := projects.CreateFromTemplate(t.Context(), theNewProject())
	require.ErrorIs(t, err, worktime.ErrBadRequest)
	require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
	assert.True(t, HasRule(err, RuleNoPriceList))
	err = projects.ValidateCreateFromTemplate(t.Context(), theNewProject())
	require.ErrorIs(t, err, worktime.ErrBadRequest)
	assert.True(t, HasRule(err, RuleNoPriceList))
	assert.Len(t, v.requests(), 2)
}

// patient is a client that repeats requests, at once.
func (v *vendor) patient(t *testing.T) *Client {
	t.Helper()
	config := v.config()
	config.Options.Retry = worktime.RetryPolicy{BaseDelay: -1}
	return open(t, config)
}

// What may have created a project is not repeated; what leaves the same project behind is.
func TestProjectWritesRepeated(t *testing.T) {
	v := newVendor(t, answer{status: 502}, answer{})
	_, err := v.patient(t).Projects.CreateFromTemplate(t.Context(), theNewProject())
	require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
	assert.Len(t, v.requests(), 1)

	for name, write := range map[string]func(context.Context, *ProjectService) error{
		"validate": func(ctx context.Context, s *ProjectService) error {
			return s.ValidateCreateFromTemplate(ctx, theNewProject())
		},
		"update": func(ctx context.Context, s *ProjectService) error {
			return s.Update(ctx, 1201, theProject().Changes(6))
		},
		"status": func(ctx context.Context, s *ProjectService) error {
			return s.UpdateStatus(ctx, 1201, ProjectStatusChanges{new(ProjectQuote), new(false)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 502}, answer{})
			require.NoError(t, write(t.Context(), v.patient(t).Projects))
			assert.Len(t, v.requests(), 2)
		})
	}
}

// members are those of the JSON object that is sent for v.
func members(t *testing.T, v any) map[string]any {
	t.Helper()
	body, err := json.Marshal(v)
	require.NoError(t, err)
	var object map[string]any
	require.NoError(t, json.Unmarshal(body, &object))
	return object
}

// What is written has other names than what is read.
func TestProjectWriteNames(t *testing.T) {
	sent := members(t, theNewProject())
	assert.Equal(t, []any{"P26-014", "2026-07-01T00:00:00", "2026-12-31T00:00:00"}, []any{sent["ProjectNo"], sent["ProjectStartDate"], sent["ProjectEndDate"]})
	for _, name := range []string{"No", "StartDate", "EndDate"} {
		assert.NotContains(t, sent, name)
	}
	sent = members(t, theProject().Changes(6))
	assert.Equal(t, []any{"P26-014", nil}, []any{sent["ProjectNo"], sent["No"]})
}

// The year 1 is no date, and is never sent, since validators refuse it.
func TestProjectWithoutDates(t *testing.T) {
	v := newVendor(t, answer{body: single(bareProject)})
	project, err := v.client(t).Projects.Get(t.Context(), 1203)
	require.NoError(t, err)
	assert.True(t, project.StartDate.IsZero())
	assert.True(t, project.EndDate.IsZero())
	assert.NotContains(t, members(t, project), "StartDate")
}

// A status that nobody knows yet is sent as it is.
func TestProjectStatusUnknown(t *testing.T) {
	v := newVendor(t, answer{})
	err := v.client(t).Projects.UpdateStatus(t.Context(), 1201, ProjectStatusChanges{new(ProjectStatus(42)), new(true)})
	require.NoError(t, err)
	assert.JSONEq(t, `{ "ProjectStatus": 42, "AllowTimeTracking": true }`, v.requests()[0].Body)
}

func TestProjectInput(t *testing.T) {
	v := newVendor(t, answer{body: `null`})
	projects := v.client(t).Projects
	for field, spoil := range map[string]func(*NewProject){
		"NewProject.ProjectTemplateID": func(n *NewProject) { n.ProjectTemplateID = 0 },
		"NewProject.Name":              func(n *NewProject) { n.Name = "\t" },
		"NewProject.No":                func(n *NewProject) { n.No = "" },
		"NewProject.CustomerID":        func(n *NewProject) { n.CustomerID = -7 },
		"NewProject.ProjectManagerID":  func(n *NewProject) { n.ProjectManagerID = 0 },
		"NewProject.ProjectTypeID":     func(n *NewProject) { n.ProjectTypeID = 0 },
		"NewProject.ProjectCategoryID": func(n *NewProject) { n.ProjectCategoryID = 0 },
		"NewProject.CurrencyID":        func(n *NewProject) { n.CurrencyID = 0 },
		"NewProject.StartDate":         func(n *NewProject) { n.StartDate = DateTime{} },
		"NewProject.EndDate":           func(n *NewProject) { n.EndDate = DateTime{} },
	} {
		project := theNewProject()
		spoil(&project)
		_, err := projects.CreateFromTemplate(t.Context(), project)
		requireField(t, err, field)
		requireField(t, projects.ValidateCreateFromTemplate(t.Context(), project), field)
	}
	for field, spoil := range map[string]func(*ProjectChanges){
		"ProjectChanges.Name":             func(p *ProjectChanges) { p.Name = "" },
		"ProjectChanges.CustomerID":       func(p *ProjectChanges) { p.CustomerID = 0 },
		"ProjectChanges.ProjectManagerID": func(p *ProjectChanges) { p.ProjectManagerID = 0 },
	} {
		changes := theProject().Changes(6)
		spoil(&changes)
		requireField(t, projects.Update(t.Context(), 1201, changes), field)
	}
	requireField(t, projects.Update(t.Context(), 0, theProject().Changes(6)), "projectID")
	requireField(t, projects.UpdateStatus(t.Context(), 0, ProjectStatusChanges{new(ProjectQuote), new(true)}), "projectID")
	requireField(t, projects.UpdateStatus(t.Context(), 1201, ProjectStatusChanges{AllowTimeTracking: new(true)}), "ProjectStatusChanges.ProjectStatus")
	requireField(t, projects.UpdateStatus(t.Context(), 1201, ProjectStatusChanges{ProjectStatus: new(ProjectQuote)}), "ProjectStatusChanges.AllowTimeTracking")
	_, err := projects.Get(t.Context(), 0)
	requireField(t, err, "projectID")
	_, err = worktime.Collect(projects.All(t.Context(), ProjectQuery{Paging: Paging{PageSize: -1}}))
	requireField(t, err, "ProjectQuery.PageSize")
	assert.Empty(t, v.requests())
}

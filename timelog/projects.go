package timelog

import (
	"cmp"
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Project is what tasks and contracts belong to. TimeLog does not tell its status here, nor its language: see
// [ProjectService.UpdateStatus] and [Project.Changes]. See https://api.timelog.com/rest/service/project
type Project struct {
	ID                ProjectID   `json:"ProjectID"`
	GUID              ProjectGUID `json:"ID,omitzero"`
	Name              string      `json:"Name"`
	No                string      `json:"No"`
	ExpenseIsBillable bool        `json:"ExpenseIsBillable"`
	CustomerID        CustomerID  `json:"CustomerID"`
	// Customer is nil unless it is asked for: Paging{Expand: []string{"customer"}}.
	Customer          *Customer         `json:"Customer,omitzero"`
	ContactID         ContactID         `json:"ContactID,omitzero"`
	Description       string            `json:"Description"`
	DepartmentID      DepartmentID      `json:"DepartmentID,omitzero"`
	ProjectManagerID  UserID            `json:"ProjectManagerID,omitzero"`
	AccountManagerID  UserID            `json:"AccountManagerID,omitzero"`
	PartnerID         int64             `json:"PartnerID,omitzero"` // of what is not documented
	ProjectTypeID     ProjectTypeID     `json:"ProjectTypeID,omitzero"`
	ProjectCategoryID ProjectCategoryID `json:"ProjectCategoryID,omitzero"`
	BudgetWorkHours   float64           `json:"BudgetWorkHours"`
	BudgetWorkAmount  float64           `json:"BudgetWorkAmount"`
	// StartDate and EndDate are days. Sites told them from March 2026 on, and no update changes them.
	StartDate DateTime `json:"StartDate,omitzero"`
	EndDate   DateTime `json:"EndDate,omitzero"`
}

func (p Project) key() int64 { return int64(p.ID) }

// Changes returns the update that keeps everything, to be changed further: what an update leaves out is emptied. The
// language of invoices cannot be read, so that it must be known from elsewhere; 0 empties it.
func (p Project) Changes(language LanguageID) ProjectChanges {
	return ProjectChanges{
		Name: p.Name, No: p.No, CustomerID: p.CustomerID, ContactID: p.ContactID, Description: p.Description,
		DepartmentID: p.DepartmentID, ProjectManagerID: p.ProjectManagerID, AccountManagerID: p.AccountManagerID,
		PartnerID: p.PartnerID, ProjectTypeID: p.ProjectTypeID, ProjectCategoryID: p.ProjectCategoryID,
		BudgetWorkHours: p.BudgetWorkHours, BudgetWorkAmount: p.BudgetWorkAmount, LanguageID: language,
	}
}

// ProjectHeader is the part of a project that other objects hold. See https://api.timelog.com/rest/service/projectheader
type ProjectHeader struct {
	ID                ProjectID   `json:"ProjectID"`
	GUID              ProjectGUID `json:"ID,omitzero"`
	Name              string      `json:"Name"`
	No                string      `json:"No"`
	ExpenseIsBillable bool        `json:"ExpenseIsBillable"`
	CustomerID        CustomerID  `json:"CustomerID"`
	Customer          *Customer   `json:"Customer,omitzero"`
	MainContractID    ContractID  `json:"MainContractId,omitzero"`
}

// NewProject is a project to be created from a template, which brings tasks and contracts along. All but the
// fields said to be optional were seen to be required, and are checked before anything is sent. TimeLog gives
// no numbers of its own, so No is required too.
type NewProject struct {
	ProjectTemplateID ProjectTemplateID `json:"ProjectTemplateID"`
	Name              string            `json:"Name"`
	No                string            `json:"ProjectNo"`
	CustomerID        CustomerID        `json:"CustomerID"`
	ProjectManagerID  UserID            `json:"ProjectManagerID"`
	ProjectTypeID     ProjectTypeID     `json:"ProjectTypeID"`
	ProjectCategoryID ProjectCategoryID `json:"ProjectCategoryID"`
	// CurrencyID is one with a price list: see [RuleNoPriceList].
	CurrencyID CurrencyID `json:"CurrencyID"`
	StartDate  DateTime   `json:"ProjectStartDate"` // a day
	EndDate    DateTime   `json:"ProjectEndDate"`   // a day
	// LegalEntityID and DepartmentID are optional, but the vendor's own importer always sends them.
	LegalEntityID LegalEntityID `json:"LegalEntityID,omitzero"`
	DepartmentID  DepartmentID  `json:"DepartmentID,omitzero"`
	// Description and what follows are optional.
	Description                  string    `json:"Description,omitzero"`
	AccountManagerID             UserID    `json:"AccountManagerID,omitzero"`
	PartnerID                    int64     `json:"PartnerID,omitzero"` // of what is not documented
	ContactID                    ContactID `json:"ContactID,omitzero"`
	InvoicingCustomerReferenceID int64     `json:"InvoicingCustomerReferenceID,omitzero"` // of what is not documented
	// LanguageID is that of invoices. Keep it: it cannot be read, and every update needs it.
	LanguageID LanguageID `json:"LanguageID,omitzero"`
}

func (n NewProject) check() error {
	return cmp.Or(
		checkID("NewProject.ProjectTemplateID", n.ProjectTemplateID),
		checkText("NewProject.Name", n.Name),
		checkText("NewProject.No", n.No),
		checkID("NewProject.CustomerID", n.CustomerID),
		checkID("NewProject.ProjectManagerID", n.ProjectManagerID),
		checkID("NewProject.ProjectTypeID", n.ProjectTypeID),
		checkID("NewProject.ProjectCategoryID", n.ProjectCategoryID),
		checkID("NewProject.CurrencyID", n.CurrencyID),
		checkText("NewProject.StartDate", n.StartDate.String()),
		checkText("NewProject.EndDate", n.EndDate.String()),
	)
}

// ProjectChanges is everything that an update stores of a project: TimeLog empties what is not sent, so begin with
// [Project.Changes]. Name, CustomerID and ProjectManagerID are required and checked before anything is sent.
type ProjectChanges struct {
	Name             string     `json:"Name"`
	No               string     `json:"ProjectNo,omitzero"`
	CustomerID       CustomerID `json:"CustomerID"`
	ContactID        ContactID  `json:"ContactID,omitzero"`
	Description      string     `json:"Description,omitzero"`
	ProjectManagerID UserID     `json:"ProjectManagerID"`
	// DepartmentID, AccountManagerID and PartnerID are documented, but sites were seen that do not offer to
	// change them.
	DepartmentID      DepartmentID      `json:"DepartmentID,omitzero"`
	AccountManagerID  UserID            `json:"AccountManagerID,omitzero"`
	PartnerID         int64             `json:"PartnerID,omitzero"` // of what is not documented
	ProjectTypeID     ProjectTypeID     `json:"ProjectTypeID,omitzero"`
	ProjectCategoryID ProjectCategoryID `json:"ProjectCategoryID,omitzero"`
	BudgetWorkHours   float64           `json:"BudgetWorkHours,omitzero"`
	BudgetWorkAmount  float64           `json:"BudgetWorkAmount,omitzero"`
	// LanguageID is that of invoices. It cannot be read, and 0 empties it.
	LanguageID LanguageID `json:"LanguageID,omitzero"`
}

func (p ProjectChanges) check() error {
	return cmp.Or(
		checkText("ProjectChanges.Name", p.Name),
		checkID("ProjectChanges.CustomerID", p.CustomerID),
		checkID("ProjectChanges.ProjectManagerID", p.ProjectManagerID),
	)
}

// ProjectStatus is how far a project is. Unknown values are kept as they are.
type ProjectStatus int

// The statuses of projects. There is no operation that deletes a project: archive or cancel it.
const (
	ProjectQuote      ProjectStatus = 0
	ProjectApproved   ProjectStatus = 1
	ProjectInProgress ProjectStatus = 2
	ProjectOnHold     ProjectStatus = 3
	ProjectCompleted  ProjectStatus = 4
	ProjectArchived   ProjectStatus = 5
	ProjectCancelled  ProjectStatus = 6
)

// ProjectStatusChanges is the status of a project. Both are required, since TimeLog takes what is not
// sent for a quote on which nobody may register time: new(ProjectCompleted), new(false).
type ProjectStatusChanges struct {
	ProjectStatus     *ProjectStatus `json:"ProjectStatus"`
	AllowTimeTracking *bool          `json:"AllowTimeTracking"`
}

func (p ProjectStatusChanges) check() error {
	switch {
	case p.ProjectStatus == nil:
		return badField("ProjectStatusChanges.ProjectStatus", "is required")
	case p.AllowTimeTracking == nil:
		return badField("ProjectStatusChanges.AllowTimeTracking", "is required")
	}
	return nil
}

// ProjectQuery selects projects.
type ProjectQuery struct {
	// CustomerID selects those of one customer; 0 those of all.
	CustomerID CustomerID `url:"customerID,omitempty"`
	// IsActive is true if it is nil: inactive projects are listed with new(false), and no query lists both.
	IsActive *bool `url:"isActive,omitempty"`
	Paging
}

// ProjectService reads, creates and changes projects.
type ProjectService struct{ client *rest.Client }

var (
	listProjects        = listOf[Project, ProjectQuery]("list projects", "/v1/project/get-all")
	getProject          = safe("get project", "GET /v1/project/{projectID}")
	createProject       = once("create project from template", "POST /v1/project/create-from-template")
	validateProject     = safe("validate project", "POST /v1/project/validate-create-from-template")
	updateProject       = idempotent("update project", "PUT /v1/project/{projectID}")
	updateProjectStatus = idempotent("update project status", "PUT /v1/project/{projectID}/status")
)

// All walks the projects, page after page; see [UserService.All]. Without IsActive it walks the active ones.
//
// See [GET /v1/project/get-all].
//
// [GET /v1/project/get-all]: https://api.timelog.com/rest/method/project_getall
//
//api:op GET /v1/project/get-all
func (s *ProjectService) All(ctx context.Context, q ProjectQuery) iter.Seq2[Project, error] {
	return rest.All(ctx, s.client, listProjects, q)
}

// Pages is [ProjectService.All] by pages, each with the cursor of the position after it.
//
// See [GET /v1/project/get-all].
//
// [GET /v1/project/get-all]: https://api.timelog.com/rest/method/project_getall
//
//api:op GET /v1/project/get-all
func (s *ProjectService) Pages(ctx context.Context, q ProjectQuery) iter.Seq2[worktime.Page[Project], error] {
	return rest.Pages(ctx, s.client, listProjects, q)
}

// Get returns one project. What TimeLog answers if there is none is not documented: see [LooksNotFound].
//
// See [GET /v1/project/{projectID}].
//
// [GET /v1/project/{projectID}]: https://api.timelog.com/rest/method/project_getbyid
//
//api:op GET /v1/project/{projectID}
func (s *ProjectService) Get(ctx context.Context, id ProjectID) (Project, error) {
	return get[Project](ctx, s.client, getProject, nil, id)
}

// CreateFromTemplate creates a project with the tasks and contracts of its template, which are there when
// it returns. It is sent again only if TimeLog provably did not act; [worktime.ErrUnknownOutcome] means that the project
// may have been created. If the answer does not tell the new number, it is looked for by No and Name among
// the active projects of the customer.
//
// See [POST /v1/project/create-from-template].
//
// [POST /v1/project/create-from-template]: https://api.timelog.com/rest/method/project_createfromtemplate
//
//api:op POST /v1/project/create-from-template
func (s *ProjectService) CreateFromTemplate(ctx context.Context, project NewProject) (Created[ProjectID], error) {
	return create[ProjectID](ctx, s.client, createProject, project, "ProjectID", func(ctx context.Context) int64 {
		return lookUp(s.All(ctx, ProjectQuery{CustomerID: project.CustomerID}), func(p Project) bool {
			return p.No == project.No && p.Name == project.Name
		})
	})
}

// ValidateCreateFromTemplate checks what [ProjectService.CreateFromTemplate] would, business rules included, and stores
// nothing. What is wrong is a [worktime.Error] with Details; of several broken rules TimeLog names the first.
//
// See [POST /v1/project/validate-create-from-template].
//
// [POST /v1/project/validate-create-from-template]: https://api.timelog.com/rest/method/project_validatenewproject
//
//api:op POST /v1/project/validate-create-from-template
func (s *ProjectService) ValidateCreateFromTemplate(ctx context.Context, project NewProject) error {
	return act(ctx, s.client, validateProject, project)
}

// Update replaces everything that can be changed of a project, and empties what is not given: read the project, change its
// [Project.Changes] and send those. TimeLog has no way to notice that somebody else changed it meanwhile. Sending it
// twice changes nothing further, so it may be sent again.
//
// See [PUT /v1/project/{projectID}].
//
// [PUT /v1/project/{projectID}]: https://api.timelog.com/rest/method/project_update
//
//api:op PUT /v1/project/{projectID}
func (s *ProjectService) Update(ctx context.Context, id ProjectID, project ProjectChanges) error {
	return act(ctx, s.client, updateProject, project, id)
}

// UpdateStatus sets the status of a project and whether time may be registered on it. Sending it twice changes
// nothing further, so it may be sent again.
//
// See [PUT /v1/project/{projectID}/status].
//
// [PUT /v1/project/{projectID}/status]: https://api.timelog.com/rest/method/project_updatestatus
//
//api:op PUT /v1/project/{projectID}/status
func (s *ProjectService) UpdateStatus(ctx context.Context, id ProjectID, status ProjectStatusChanges) error {
	return act(ctx, s.client, updateProjectStatus, status, id)
}

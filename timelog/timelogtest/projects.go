package timelogtest

import (
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

// projectOperations are those of https://api.timelog.com/rest/service/project
func projectOperations() map[string]operation {
	return map[string]operation{
		"GET /project/get-all":               listProjects,
		"GET /project/{projectID}":           getProject,
		"PUT /project/{projectID}":           updateProject,
		"PUT /project/{projectID}/status":    updateProjectStatus,
		"POST /project/create-from-template": createProject,
		"POST /project/validate-create-from-template": func(c *call) (any, *refusal) {
			_, refused := readProject(c)
			return nil, refused
		},
	}
}

func (c *call) projectEntity(p *Project) entity {
	return c.row("/project/", p.ProjectID, object{
		"ProjectID": p.ProjectID, "ID": p.ID, "Name": p.Name, "No": p.No, "ExpenseIsBillable": p.ExpenseIsBillable,
		"CustomerID": p.CustomerID, "Customer": c.customerOf(p), "ContactID": fake.OrNull(p.ContactID), "Description": p.Description,
		"DepartmentID": fake.OrNull(p.DepartmentID), "ProjectManagerID": fake.OrNull(p.ProjectManagerID),
		"AccountManagerID": fake.OrNull(p.AccountManagerID), "PartnerID": fake.OrNull(p.PartnerID),
		"ProjectTypeID": fake.OrNull(p.ProjectTypeID), "ProjectCategoryID": fake.OrNull(p.ProjectCategoryID),
		"BudgetWorkHours": p.BudgetWorkHours, "BudgetWorkAmount": p.BudgetWorkAmount,
		"StartDate": midnight(p.StartDate), "EndDate": midnight(p.EndDate),
	})
}

// customerOf is null unless the client expands it.
func (c *call) customerOf(p *Project) any {
	if cu := c.customers.get(p.CustomerID); cu != nil && c.expands("customer") {
		return customerModel(cu)
	}
	return nil
}

// listProjects hides the inactive ones unless it is asked for them, and then the active ones.
func listProjects(c *call) (any, *refusal) {
	active, refused := c.flag("isActive", true)
	if refused != nil {
		return nil, refused
	}
	customer, refused := c.number("customerID", false)
	if refused != nil {
		return nil, refused
	}
	return entities(c.projects.all(func(p *Project) bool {
		return p.active() == active && (customer == 0 || p.CustomerID == customer)
	}), c.projectEntity), nil
}

func (c *call) pathProject() (*Project, *refusal) {
	id, refused := c.pathID("projectID")
	if refused != nil {
		return nil, refused
	}
	p := c.projects.get(id)
	if p == nil {
		return nil, absent("Project", id)
	}
	return p, nil
}

func getProject(c *call) (any, *refusal) {
	p, refused := c.pathProject()
	if refused != nil {
		return nil, refused
	}
	return c.projectEntity(p), nil
}

// readProject reads a create model: first all that validation finds, then the first business rule that is broken.
func readProject(c *call) (Project, *refusal) {
	f := c.form("Name", "CustomerID", "ProjectTemplateID", "ProjectManagerID", "ProjectStartDate", "ProjectEndDate",
		"ProjectTypeID", "CurrencyID")
	p := Project{
		Name: f.text("Name"), No: f.text("ProjectNo"), Description: f.text("Description"), CustomerID: f.id("CustomerID"),
		ProjectManagerID: f.id("ProjectManagerID"), ContactID: f.id("ContactID"), DepartmentID: f.id("DepartmentID"),
		AccountManagerID: f.id("AccountManagerID"), PartnerID: f.id("PartnerID"), ProjectTypeID: f.id("ProjectTypeID"),
		ProjectCategoryID: f.id("ProjectCategoryID"), CurrencyID: f.id("CurrencyID"), LanguageID: f.id("LanguageID"),
		StartDate: f.day("ProjectStartDate"), EndDate: f.day("ProjectEndDate"), Status: 1,
	}
	f.id("ProjectTemplateID")
	if refused := f.refused(); refused != nil {
		return p, refused
	}
	switch {
	case p.No == "":
		return p, rule(ruleProjectNo, "ProjectNo must be set")
	case p.ProjectCategoryID < 1:
		return p, rule(ruleCategory, "ProjectCategoryID must be greater than 0")
	case p.CurrencyID > maxCurrencyID:
		return p, rule(ruleNoPriceList, "There is no price list for the currency")
	}
	refused := c.projectPeople(&p)
	return p, refused
}

// maxCurrencyID is the last currency that has a price list.
const maxCurrencyID = 3

func (c *call) projectPeople(p *Project) *refusal {
	switch {
	case c.customers.get(p.CustomerID) == nil:
		return absent("Customer", p.CustomerID)
	case c.users.get(p.ProjectManagerID) == nil:
		return absent("User", p.ProjectManagerID)
	}
	return nil
}

// createProject stores the project and what the template has: two tasks, whatever the template.
func createProject(c *call) (any, *refusal) {
	p, refused := readProject(c)
	if refused != nil {
		return nil, refused
	}
	id := c.projects.add(p).ProjectID
	for _, name := range []string{"Planning", "Delivery"} {
		c.tasks.add(Task{ProjectID: id, Name: name, IsBillable: true, StartDate: p.StartDate, EndDate: p.EndDate})
	}
	return c.created("/project/", "ProjectID", id), nil
}

// updateProject replaces everything that can be updated: what is not sent is emptied.
func updateProject(c *call) (any, *refusal) {
	p, refused := c.pathProject()
	if refused != nil {
		return nil, refused
	}
	f := c.form("Name", "CustomerID", "ProjectManagerID")
	next := Project{
		ProjectID: p.ProjectID, ID: p.ID, StartDate: p.StartDate, EndDate: p.EndDate, Status: p.Status, NoTimeTracking: p.NoTimeTracking,
		CurrencyID: p.CurrencyID, ExpenseIsBillable: p.ExpenseIsBillable,
		Name: f.text("Name"), No: f.text("ProjectNo"), Description: f.text("Description"), CustomerID: f.id("CustomerID"),
		ProjectManagerID: f.id("ProjectManagerID"), ContactID: f.id("ContactID"), DepartmentID: f.id("DepartmentID"),
		AccountManagerID: f.id("AccountManagerID"), PartnerID: f.id("PartnerID"), ProjectTypeID: f.id("ProjectTypeID"),
		ProjectCategoryID: f.id("ProjectCategoryID"), LanguageID: f.id("LanguageID"),
		BudgetWorkHours: f.number("BudgetWorkHours"), BudgetWorkAmount: f.number("BudgetWorkAmount"),
	}
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if refused := c.projectPeople(&next); refused != nil {
		return nil, refused
	}
	*p = next
	return empty{}, nil
}

func updateProjectStatus(c *call) (any, *refusal) {
	p, refused := c.pathProject()
	if refused != nil {
		return nil, refused
	}
	f := c.form()
	status, tracking := f.among("ProjectStatus", 0, 6), f.flag("AllowTimeTracking")
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	p.Status, p.NoTimeTracking = status, !tracking
	return empty{}, nil
}

// lasts reports whether a period has a day in common with a project or a task that has these dates.
func lasts(from, to, start, end worktime.Date) bool {
	return (from.IsZero() || end.IsZero() || !end.Before(from)) && (to.IsZero() || start.IsZero() || !start.After(to))
}

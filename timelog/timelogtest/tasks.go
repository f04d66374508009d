package timelogtest

import (
	"slices"

	"github.com/worktime-go/worktime/internal/fake"
)

// taskOperations are those of https://api.timelog.com/rest/service/task but the searches.
func taskOperations() map[string]operation {
	return map[string]operation{
		"GET /task":                  listTasks,
		"GET /task/{taskID}":         getTask,
		"GET /task/filter":           filterTasks,
		"POST /task":                 func(c *call) (any, *refusal) { return createTask(c, false) },
		"POST /task/create-sub-task": func(c *call) (any, *refusal) { return createTask(c, true) },
		"POST /task/validate-new-task": func(c *call) (any, *refusal) {
			_, refused := readTask(c)
			return nil, refused
		},
		"POST /task/registration": registerOnTask,
	}
}

func (c *call) taskEntity(t *Task) entity {
	return c.row("/task/", t.TaskID, object{
		"TaskID": t.TaskID, "ID": t.ID, "Name": t.Name, "No": t.No, "IsFixedPrice": t.IsFixedPrice,
		"IsDefaultBillable": t.IsBillable, "AdditionalTextIsRequired": t.AdditionalTextIsRequired,
		"ParentFullName": c.parentName(t), "ProjectID": t.ProjectID, "Project": c.projectOf(t),
		"ParentTaskID": fake.OrNull(t.ParentTaskID), "IsTravelTimeTask": t.IsTravelTimeTask,
		"IsFavourite": c.favourites[favourite{c.user.UserID, groupProject, t.TaskID}],
	})
}

// parentName is the names of the tasks above, the uppermost first.
func (c *call) parentName(t *Task) string {
	name := ""
	for parent := c.tasks.get(t.ParentTaskID); parent != nil; parent = c.tasks.get(parent.ParentTaskID) {
		if name != "" {
			name = " / " + name
		}
		name = parent.Name + name
	}
	return name
}

// projectOf is the header of the project; null unless the client expands it.
func (c *call) projectOf(t *Task) any {
	if !c.expands("project") {
		return nil
	}
	p := c.projects.get(t.ProjectID)
	return object{
		"ProjectID": p.ProjectID, "ID": p.ID, "Name": p.Name, "No": p.No, "ExpenseIsBillable": p.ExpenseIsBillable,
		"CustomerID": p.CustomerID, "Customer": c.customerOf(p), "MainContractId": nil,
	}
}

func listTasks(c *call) (any, *refusal) {
	project, refused := c.number("projectID", true)
	if refused != nil {
		return nil, refused
	}
	return entities(c.tasks.all(func(t *Task) bool { return t.ProjectID == project }), c.taskEntity), nil
}

func getTask(c *call) (any, *refusal) {
	id, refused := c.pathID("taskID")
	if refused != nil {
		return nil, refused
	}
	t := c.tasks.get(id)
	if t == nil {
		return nil, absent("Task", id)
	}
	return c.taskEntity(t), nil
}

// filterTasks answers with rows whose model is not in the reference: these are the members that were seen.
func filterTasks(c *call) (any, *refusal) {
	f := newTaskFilter(c)
	if len(f.refusals) > 0 {
		return nil, f.refusals[0]
	}
	return entities(c.tasks.all(f.match), func(t *Task) entity {
		return c.row("/task/", t.TaskID, object{
			"TaskID": t.TaskID, "ID": t.ID, "TaskName": t.Name, "TaskNo": t.No, "ProjectID": t.ProjectID,
			"IsActive": !t.Inactive, "ParentFullName": c.parentName(t),
		})
	}), nil
}

// taskFilter is the query of /task/filter.
type taskFilter struct {
	match    func(*Task) bool
	refusals []*refusal
}

func newTaskFilter(c *call) taskFilter {
	var f taskFilter
	number := func(name string) int64 {
		n, refused := c.number(name, false)
		f.note(refused)
		return n
	}
	flag := func(name string) func(bool) bool {
		wanted, refused := c.flag(name, false)
		f.note(refused)
		return func(is bool) bool { return !c.query.Has(name) || is == wanted }
	}
	project, task, guid := number("projectId"), number("taskId"), c.query.Get("taskGuid")
	number("taskStatus") // rows have none here
	active, billable := flag("isActive"), flag("isBillable")
	from, to := c.optionalDay("startDate", &f), c.optionalDay("endDate", &f)
	f.match = func(t *Task) bool {
		return (project == 0 || t.ProjectID == project) && (task == 0 || t.TaskID == task) && (guid == "" || t.ID == guid) &&
			active(!t.Inactive) && billable(t.IsBillable) && lasts(from, to, t.StartDate, t.EndDate)
	}
	return f
}

func (f *taskFilter) note(refused *refusal) {
	if refused != nil {
		f.refusals = append(f.refusals, refused)
	}
}

// readTask reads a create model. A project that is 0 or not there is a fault of the vendor's, not a validation error.
func readTask(c *call) (Task, *refusal) {
	f := c.form("TaskName", "HourlyRateID", "StartDate", "EndDate")
	for _, name := range []string{"BudgetHours", "BudgetAmount"} {
		if f.values != nil && !f.has(name) {
			f.invalid = append(f.invalid, mustNotBeEmpty(name))
		}
		f.number(name)
	}
	t := Task{
		Name: f.text("TaskName"), No: f.text("TaskNo"), ProjectID: f.id("ProjectID"), ParentTaskID: f.id("ParentTaskID"),
		StartDate: f.day("StartDate"), EndDate: f.day("EndDate"), BudgetHours: f.number("BudgetHours"),
		IsBillable: f.flag("IsBillable"), AdditionalTextIsRequired: f.flag("AdditionalTextIsRequired"),
	}
	f.among("PaymentRecognitionModel", 0, 2)
	if refused := f.refused(); refused != nil {
		return t, refused
	}
	switch parent := c.tasks.get(t.ParentTaskID); {
	case c.projects.get(t.ProjectID) == nil:
		return t, absent("Project", t.ProjectID)
	case t.ParentTaskID != 0 && (parent == nil || parent.ProjectID != t.ProjectID):
		return t, absent("Task", t.ParentTaskID)
	case t.EndDate.Before(t.StartDate):
		return t, rule(ruleOther, "The task ends before it starts")
	}
	return t, nil
}

func createTask(c *call, sub bool) (any, *refusal) {
	t, refused := readTask(c)
	if refused != nil {
		return nil, refused
	}
	switch {
	case !sub:
		t.ParentTaskID = 0 // belongs to sub-tasks
	case t.ParentTaskID == 0:
		return nil, absent("Task", t.ParentTaskID)
	}
	return c.created("/task/", "TaskID", c.tasks.add(t).TaskID), nil
}

// registrable reports whether the caller may register time on a task.
func (c *call) registrable(t *Task, all bool) bool {
	p := c.projects.get(t.ProjectID)
	return !t.Inactive && p.active() && !p.NoTimeTracking &&
		(all || len(t.UserIDs) == 0 || slices.Contains(t.UserIDs, c.user.UserID))
}

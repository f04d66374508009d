package timelogtest

import (
	"cmp"
	"slices"

	"github.com/worktime-go/worktime"
)

// taskSearches list tasks that the caller may register time on.
func taskSearches() map[string]operation {
	const prefix = "GET /task/search-for-time-tracking"
	return map[string]operation{
		"GET /task/get-recently-registered": taskSearch{recent: true, registered: true}.run,
		"GET /task/search-by-customer":      taskSearch{in: customerText}.run,
		"GET /task/search-by-project":       taskSearch{in: projectText}.run,
		prefix:                              taskSearch{}.run,
		prefix + "-by-customer-id":          taskSearch{customer: true}.run,
		prefix + "-by-customer-id-order-by-recent-registration": taskSearch{customer: true, recent: true}.run,
		prefix + "-by-project-id":                               taskSearch{project: true}.run,
		prefix + "-by-project-id-order-by-recent-registration":  taskSearch{project: true, recent: true}.run,
		prefix + "-by-project-id-order-by-travel-time-task":     taskSearch{project: true, travelFirst: true}.run,
		prefix + "-order-by-recent-registration":                taskSearch{recent: true}.run,
		"GET /task/travel-time-task-for-time-tracking":          taskSearch{project: true, travelOnly: true}.run,
	}
}

// searchedText is which names a text is searched in.
type searchedText int

const (
	taskText searchedText = iota
	customerText
	projectText
)

// taskSearch is how one of the searches differs from the others.
type taskSearch struct {
	in                      searchedText
	customer, project       bool // within one, whose id is required
	recent, registered      bool // in the order of registrations, and only those with one
	travelFirst, travelOnly bool
}

func (s taskSearch) run(c *call) (any, *refusal) {
	customer, refused := c.number("customerID", s.customer)
	if refused != nil {
		return nil, refused
	}
	project, refused := c.number("projectID", s.project)
	if refused != nil {
		return nil, refused
	}
	all, refused := c.flag("searchAll", false)
	if refused != nil {
		return nil, refused
	}
	favouriteOnly, refused := c.flag("includeFavouriteOnly", false)
	if refused != nil {
		return nil, refused
	}
	found := c.tasks.all(func(t *Task) bool {
		p := c.projects.get(t.ProjectID)
		return c.registrable(t, all || s.registered) &&
			(!s.customer || p.CustomerID == customer) && (!s.project || p.ProjectID == project) &&
			(!s.registered || c.latest(sameTask(t)) != "") && (!s.travelOnly || t.IsTravelTimeTask) &&
			(!favouriteOnly || c.favourites[favourite{c.user.UserID, groupProject, t.TaskID}]) && s.has(c, t, p)
	})
	slices.SortStableFunc(found, func(a, b Task) int {
		switch {
		case s.recent:
			return cmp.Compare(c.latest(sameTask(&b)), c.latest(sameTask(&a)))
		case s.travelFirst && a.IsTravelTimeTask != b.IsTravelTimeTask:
			if a.IsTravelTimeTask {
				return -1
			}
			return 1
		}
		return 0
	})
	return entities(found, c.taskEntity), nil
}

func (s taskSearch) has(c *call, t *Task, p *Project) bool {
	text := c.query.Get("searchText")
	switch cu := c.customers.get(p.CustomerID); {
	case s.in == projectText:
		return contains(text, p.Name, p.No)
	case s.in == taskText:
		return contains(text, t.Name, t.No)
	case cu == nil:
		return text == ""
	default:
		return contains(text, cu.Name, cu.No)
	}
}

func sameTask(t *Task) func(*Task) bool {
	return func(other *Task) bool { return other.TaskID == t.TaskID }
}

// latest is when the caller last registered on one of the tasks; empty if never.
func (c *call) latest(match func(*Task) bool) string {
	latest := ""
	for _, r := range c.registrations.rows {
		if t := c.tasks.get(r.TaskID); t != nil && r.UserID == c.user.UserID && match(t) {
			latest = max(latest, r.Created)
		}
	}
	return latest
}

// optionalDay is a day in the query that may be missing.
func (c *call) optionalDay(name string, f *taskFilter) worktime.Date {
	if !c.query.Has(name) {
		return worktime.Date{}
	}
	day, refused := c.day(name)
	f.note(refused)
	return day
}

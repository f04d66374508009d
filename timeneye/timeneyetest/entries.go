package timeneyetest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/timeneye"
)

// entry is what a user is shown of an entry. Costs are the owner's, revenues the admins' too:
// https://help.timeneye.com/user-roles-who-can-do-what
func (c *call) entry(e *timeneye.Entry) object {
	cost, revenue, profit := fake.OrNull(e.Cost), fake.OrNull(e.Revenue), fake.OrNull(e.Profit)
	if c.user.Role != Owner {
		cost, profit = nil, nil
	}
	if c.user.Role == Member {
		revenue = nil
	}
	return object{
		"entry_id": e.ID, "user_id": e.UserID, "project_id": fake.OrNull(e.ProjectID), "phase_id": fake.OrNull(e.PhaseID),
		"client_id": fake.OrNull(e.ClientID), "todo_id": fake.OrNull(e.TodoID), "entry_date": e.Date.String(), "entry_minutes": e.Minutes,
		"notes": fake.OrNull(e.Notes), "billed": flag(e.Billed), "cost": cost, "revenue": revenue, "profit": profit,
		"source_url": fake.OrNull(e.SourceURL), "source_text": fake.OrNull(e.SourceText),
		"created_date": timestamp(e.Created), "updated_date": timestamp(e.Updated),
	}
}

// order is that of a column to sort by. Only updated_date was seen.
func order(column string) func(a, b *timeneye.Entry) int {
	switch column {
	case "updated_date":
		return func(a, b *timeneye.Entry) int { return a.Updated.Compare(b.Updated) }
	case "created_date":
		return func(a, b *timeneye.Entry) int { return a.Created.Compare(b.Created) }
	case "entry_date":
		return func(a, b *timeneye.Entry) int { return cmp.Compare(a.Date.String(), b.Date.String()) }
	default:
		return nil
	}
}

// listEntries shows a Member their own entries, whatever is asked for: https://help.timeneye.com/getting-started-with-the-timeneye-apis
// does not say whether to ask for others is an error.
func listEntries(c *call) (any, *refusal) {
	from, to := worktime.Date{}, worktime.NewDate(9999, time.December, 31)
	for name, day := range map[string]*worktime.Date{"date_from": &from, "date_to": &to} {
		if !c.query.Has(name) {
			continue
		}
		var err error
		if *day, err = worktime.ParseDate(c.query.Get(name)); err != nil {
			return nil, invalid("The "+name+" is not a valid date.", object{name: []string{"The " + name + " is not a valid date."}})
		}
	}
	members := c.query["member_ids[]"]
	entries := make([]*timeneye.Entry, 0, len(c.entries))
	for i := range c.entries {
		e := &c.entries[i]
		if e.Date.Before(from) || to.Before(e.Date) || c.user.Role == Member && e.UserID != c.user.ID ||
			members != nil && !slices.Contains(members, strconv.FormatInt(e.UserID, 10)) {
			continue
		}
		entries = append(entries, e)
	}
	if c.query.Has("sort_by") {
		compare := order(c.query.Get("sort_by"))
		if compare == nil {
			return nil, invalid("The selected sort by is invalid.", object{"sort_by": "The selected sort by is invalid."})
		}
		slices.SortStableFunc(entries, compare)
		if c.query.Get("direction") == "desc" {
			slices.Reverse(entries)
		}
	}
	return page(c, entries, c.entry), nil
}

// createEntry books time for the caller.
func createEntry(c *call) (any, *refusal) {
	var e timeneye.Entry
	problems := object{}
	read := func(name, label string, out any) {
		raw, ok := c.form[name]
		switch {
		case !ok || string(raw) == "null":
			problems[name] = []string{"The " + label + " field is required."}
		case json.Unmarshal(raw, out) != nil:
			problems[name] = []string{"The " + label + " is invalid."}
		}
	}
	read("project_id", "project id", &e.ProjectID)
	read("phase_id", "phase id", &e.PhaseID)
	read("minutes", "minutes", &e.Minutes)
	read("date", "date", &e.Date)
	if _, ok := c.form["notes"]; ok {
		read("notes", "notes", &e.Notes)
	}
	phase := c.phase(e.ProjectID, e.PhaseID)
	switch {
	case len(problems) > 0:
	case e.Minutes < 1:
		problems["minutes"] = []string{"The minutes must be at least 1."}
	case phase == nil || !phase.IsOpen:
		problems["phase_id"] = []string{"The selected phase id is invalid."}
	}
	if len(problems) > 0 {
		return nil, invalid("The given data was invalid.", problems)
	}
	e.ID, e.UserID = c.nextEntry(), c.user.ID
	e.Created = time.Now().UTC().Truncate(time.Millisecond)
	e.Updated = e.Created
	c.entries = append(c.entries, e)
	return c.created(c.entry(&e), e.ID), nil
}

// listProjects shows all projects to everybody: what a role may see is not known.
func listProjects(c *call) (any, *refusal) {
	withPhases := slices.Contains(c.query["load[]"], "phases")
	write := func(p timeneye.Project) object {
		row := object{"project_id": p.ID, "name": p.Name}
		if withPhases {
			row["phases"] = written(p.Phases, phase)
		}
		return row
	}
	switch c.settings.projectList {
	case BareList:
		return written(c.projects, write), nil
	case PagedList:
		return page(c, c.projects, write), nil
	default:
		return object{"data": written(c.projects, write)}, nil
	}
}

func phase(p timeneye.Phase) object {
	o := object{
		"phase_id": p.ID, "project_id": p.ProjectID, "name": p.Name, "is_open": flag(p.IsOpen),
		"phase_category_id": fake.OrNull(p.CategoryID), "budget_minutes": nil,
	}
	if p.BudgetMinutes != nil {
		o["budget_minutes"] = *p.BudgetMinutes
	}
	return o
}

// createClient refuses Members.
func createClient(c *call) (any, *refusal) {
	if c.user.Role == Member {
		return nil, &refusal{status: http.StatusForbidden, message: "This action is unauthorized."}
	}
	var name string
	if json.Unmarshal(c.form["name"], &name) != nil || strings.TrimSpace(name) == "" {
		return nil, invalid("The name field is required.", object{"name": []string{"The name field is required."}})
	}
	created := timeneye.CustomerClient{ID: int64(len(c.clients) + 1), Name: name}
	c.clients = append(c.clients, created)
	return c.created(object{"client_id": created.ID, "name": name}, created.ID), nil
}

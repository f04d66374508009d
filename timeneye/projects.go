package timeneye

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Project is what entries are booked on, by way of its phases.
//
// See https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
type Project struct {
	ID   int64  `json:"project_id"`
	Name string `json:"name"`
	// Phases are nil if the vendor did not send them, and empty if there are none.
	Phases []Phase `json:"phases,omitzero"`
	// Raw is the project as it came, with the members that are not known here: whether it is
	// archived, its client, its budget.
	Raw json.RawMessage `json:"-"`
}

// Phase is a part of a project.
type Phase struct {
	ID        int64  `json:"phase_id"`
	ProjectID int64  `json:"project_id,omitzero"`
	Name      string `json:"name"`
	// IsOpen: a phase that is closed may take no time.
	IsOpen bool `json:"is_open"`
	// CategoryID groups phases of all projects; 0: none.
	CategoryID int64 `json:"phase_category_id,omitzero"`
	// BudgetMinutes is nil if the vendor did not tell, which may be for want of a role.
	BudgetMinutes *int `json:"budget_minutes,omitempty"`
}

// UnmarshalJSON reads a project in every form that the vendor may give its members.
func (p *Project) UnmarshalJSON(data []byte) error {
	*p = Project{Raw: append(json.RawMessage(nil), data...)}
	f := readFields("project", data)
	f.require("project_id")
	f.id("project_id", &p.ID)
	f.text("name", &p.Name)
	f.read("phases", func(raw json.RawMessage) error { return json.Unmarshal(raw, &p.Phases) })
	return f.err
}

// UnmarshalJSON reads a phase in every form that the vendor may give its members.
func (p *Phase) UnmarshalJSON(data []byte) error {
	*p = Phase{}
	f := readFields("phase", data)
	f.require("phase_id")
	f.id("phase_id", &p.ID)
	f.id("project_id", &p.ProjectID)
	f.text("name", &p.Name)
	f.flag("is_open", &p.IsOpen)
	f.read("phase_category_id", func(raw json.RawMessage) (err error) {
		p.CategoryID, err = integer(raw)
		p.CategoryID = max(p.CategoryID, 0) // the old API had -1 for none
		return err
	})
	f.read("budget_minutes", func(json.RawMessage) error {
		p.BudgetMinutes = new(int)
		return nil
	})
	if p.BudgetMinutes != nil {
		f.count("budget_minutes", p.BudgetMinutes)
	}
	return f.err
}

// ProjectQuery selects projects. No filter is documented.
type ProjectQuery struct {
	// WithoutPhases leaves the phases out, which makes answers small.
	WithoutPhases bool
	// Extra are further parameters, for what the vendor documents to you.
	Extra url.Values
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

// ProjectService reads projects.
type ProjectService struct{ client *rest.Client }

var listProjects = rest.List[Project, ProjectQuery]{
	Op: rest.Op{Name: "list projects", Class: transport.Safe, Method: http.MethodGet, Path: "/projects"},
	Queries: func(_ *url.URL, q ProjectQuery) ([]url.Values, error) {
		values := url.Values{}
		if !q.WithoutPhases {
			values.Set("load[]", "phases")
		}
		return addExtra("ProjectQuery.Extra", values, q.Extra)
	},
	Cursor:   func(q ProjectQuery) worktime.Cursor { return q.Cursor },
	Numbered: &rest.Numbered[Project]{Page: "page", Decode: decodePage[Project], Key: func(p Project) int64 { return p.ID }},
}

// All walks the projects that the user may see, with their phases. That a list is short may be
// for want of a role: nothing in the answer tells. An error ends the loop; items before it may
// have come. What is wrong with q is a [worktime.FieldError], everything else a [worktime.Error]
// or a [worktime.AuthError].
//
// The phases are asked for by load[]=phases in the query, where clients of others send a body
// with the GET, which many proxies drop. See [GET /projects].
//
// [GET /projects]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op GET /projects
func (s *ProjectService) All(ctx context.Context, q ProjectQuery) iter.Seq2[Project, error] {
	return rest.All(ctx, s.client, listProjects, q)
}

// Pages is [ProjectService.All] by pages, each with the cursor of the position after it. Errors
// are the same; no page comes with one.
//
// See [GET /projects].
//
// [GET /projects]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op GET /projects
func (s *ProjectService) Pages(ctx context.Context, q ProjectQuery) iter.Seq2[worktime.Page[Project], error] {
	return rest.Pages(ctx, s.client, listProjects, q)
}

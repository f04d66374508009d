package protimetest

import (
	"net/http"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// newAssignment is the body of a POST or PUT.
type newAssignment struct {
	Person         *reference     `json:"person"`
	From           *worktime.Date `json:"from"`
	Until          worktime.Date  `json:"until"`
	StartTime      *int           `json:"startTimeInMinutes"`
	EndTime        *int           `json:"endTimeInMinutes"`
	Break          *int           `json:"breakDurationInMinutes"`
	Comments       string         `json:"comments"`
	ActivityLevels []newLevel     `json:"activityLevels"`
}

// assignment is what comes of it.
type assignment struct {
	ID             int64                   `json:"id,omitzero"`
	Person         protime.Ref             `json:"person"`
	From           worktime.Date           `json:"from"`
	Until          worktime.Date           `json:"until,omitzero"`
	StartTime      *int                    `json:"startTimeInMinutes,omitempty"`
	EndTime        *int                    `json:"endTimeInMinutes,omitempty"`
	Break          *int                    `json:"breakDurationInMinutes,omitempty"`
	Comments       string                  `json:"comments,omitzero"`
	ActivityLevels []protime.ActivityLevel `json:"activityLevels,omitempty"`
	IsRejected     bool                    `json:"isRejected"`
}

// readAssignment makes the assignment that a body describes, or says what is wrong with it. See
// https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/post/
func (s *Server) readAssignment(request *http.Request) (assignment, *refusal) {
	if _, refused := parameters(request); refused != nil {
		return assignment{}, refused
	}
	var n newAssignment
	r := s.read(request, &n)
	if r.invalid != nil {
		return assignment{}, r.refusal()
	}
	a := assignment{
		Person: r.person(n.Person), From: r.day("from", n.From), Until: n.Until,
		StartTime: n.StartTime, EndTime: n.EndTime, Break: n.Break, Comments: n.Comments,
	}
	r.period("until", a.From, a.Until)
	r.minutes("startTimeInMinutes", n.StartTime)
	r.minutes("endTimeInMinutes", n.EndTime)
	if n.Break != nil && *n.Break < 0 {
		r.complainf("breakDurationInMinutes", "is negative")
	}
	if len(n.ActivityLevels) == 0 {
		r.complainf("activityLevels", "are required")
	}
	a.ActivityLevels = r.levels(n.ActivityLevels)
	return a, r.refusal()
}

func (s *Server) createAssignment(w http.ResponseWriter, r *http.Request) *refusal {
	a, refused := s.readAssignment(r)
	if refused != nil {
		return refused
	}
	return s.created(w, assignments, a)
}

func (s *Server) updateAssignment(_ http.ResponseWriter, r *http.Request, id string) *refusal {
	found, refused := s.lookUp(s.store.tables[assignments].collection, id, nil)
	if refused != nil {
		return refused
	}
	a, refused := s.readAssignment(r)
	if refused != nil {
		return refused
	}
	a.ID = found.seq
	return s.stored(assignments, a)
}

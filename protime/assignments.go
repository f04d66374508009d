package protime

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"strconv"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Assignment is work that is planned for a person. Dates and times are the tenant's wall clock.
//
// See https://documentation.myprotime.eu/protimeapi/tutorials/first-assignment-integration/
type Assignment struct {
	// ChangeVersion orders the states of one assignment: compare as text, the larger is newer.
	ChangeVersion string        `json:"changeVersion,omitzero"`
	ID            int64         `json:"id,omitzero"`
	Person        Ref           `json:"person"`
	From          worktime.Date `json:"from,omitzero"`
	// Until is zero if not sent.
	Until worktime.Date `json:"until,omitzero"`
	// StartTime and EndTime are in minutes, -1440 to 2880; nil if not sent.
	StartTime *TimeOfDay `json:"startTimeInMinutes,omitempty"`
	EndTime   *TimeOfDay `json:"endTimeInMinutes,omitempty"`
	// BreakDurationMinutes is nil if not sent.
	BreakDurationMinutes *int            `json:"breakDurationInMinutes,omitempty"`
	Comments             string          `json:"comments,omitzero"`
	ActivityLevels       []ActivityLevel `json:"activityLevels,omitempty"`
	IsRejected           bool            `json:"isRejected"`
}

func (a Assignment) version() (int64, string) { return a.ID, a.ChangeVersion }

// NewAssignment is an assignment to be created, or what one is replaced by. Person and From are
// required; what is not set is left out of the request.
type NewAssignment struct {
	Person Ref           `json:"person"`
	From   worktime.Date `json:"from"`
	Until  worktime.Date `json:"until,omitzero"`
	// StartTime and EndTime are in minutes, -1440 to 2880.
	StartTime            *TimeOfDay      `json:"startTimeInMinutes,omitempty"`
	EndTime              *TimeOfDay      `json:"endTimeInMinutes,omitempty"`
	BreakDurationMinutes *int            `json:"breakDurationInMinutes,omitempty"`
	Comments             string          `json:"comments,omitzero"`
	ActivityLevels       []ActivityLevel `json:"activityLevels,omitempty"`
}

func (n NewAssignment) check() error {
	if err := checkRef("NewAssignment.Person", &n.Person); err != nil {
		return err
	}
	if n.From.IsZero() {
		return badField("NewAssignment.From", "is required")
	}
	return cmp.Or(
		checkTimeOfDay("NewAssignment.StartTime", n.StartTime),
		checkTimeOfDay("NewAssignment.EndTime", n.EndTime),
		checkActivityLevels("NewAssignment.ActivityLevels", n.ActivityLevels),
	)
}

// ErrAssignmentsUnavailable means that the tenant plans with Planning Flex or Shift, where Protime
// answers every call for assignments with 403. A token without the scope is answered with 403 too,
// and the reference has nothing to tell the two apart: see the message. The error matches
// [worktime.ErrForbidden] as well.
var ErrAssignmentsUnavailable = errors.New("assignments unavailable: the tenant uses Planning Flex or Shift, or the scope is missing")

// unavailable adds ErrAssignmentsUnavailable to a 403.
func unavailable(err error) error {
	e, ok := errors.AsType[*worktime.Error](err)
	if ok && e.StatusCode == http.StatusForbidden {
		e.Err = transport.Join(ErrAssignmentsUnavailable, e.Err)
	}
	return err
}

// orUnavailable is unavailable for the errors of an iterator.
func orUnavailable[T any](items iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range items {
			if !yield(item, unavailable(err)) {
				return
			}
		}
	}
}

// AssignmentQuery selects assignments by day and person: From and To are compared with
// [Assignment.From]. External references: of people and activity-definitions.
type AssignmentQuery = PeriodQuery

// AssignmentService reads and plans assignments. It needs [ScopeAssignmentsRead], and
// [ScopeAssignmentsWrite] to create, update and delete. Tenants with Planning Flex or Shift have
// no assignments: [ErrAssignmentsUnavailable].
type AssignmentService struct{ client *rest.Client }

const assignmentsPath = "/assignments"

var (
	listAssignments     = listOf[Assignment, AssignmentQuery]("assignments", assignmentsPath)
	changesOfAssignment = feedOf[Assignment, AssignmentQuery]("assignments", assignmentsPath)
	getAssignment       = getOf("assignment", assignmentsPath+"/{id}")
	createAssignment    = rest.Op{Name: "create assignment", Class: transport.Once, Method: http.MethodPost, Path: assignmentsPath, NoBody: true}
	updateAssignment    = rest.Op{Name: "update assignment", Class: transport.Idempotent, Method: http.MethodPut, Path: assignmentsPath + "/{id}", NoBody: true}
	deleteAssignment    = rest.Op{Name: "delete assignment", Class: transport.Idempotent, Method: http.MethodDelete, Path: assignmentsPath + "/{id}", NoBody: true}
)

// All walks the assignments that q selects, page after page. Errors are those of
// [ClockingService.All], and [ErrAssignmentsUnavailable].
//
// See [GET /assignments].
//
// [GET /assignments]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/get-list/
//
//api:op GET /assignments
func (s *AssignmentService) All(ctx context.Context, q AssignmentQuery) iter.Seq2[Assignment, error] {
	return orUnavailable(rest.All(ctx, s.client, listAssignments, q))
}

// Pages is [AssignmentService.All] by pages, each with the cursor of the position after it.
//
// See [GET /assignments].
//
// [GET /assignments]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/get-list/
//
//api:op GET /assignments
func (s *AssignmentService) Pages(ctx context.Context, q AssignmentQuery) iter.Seq2[worktime.Page[Assignment], error] {
	return orUnavailable(rest.Pages(ctx, s.client, listAssignments, q))
}

// Get returns one assignment, with the external references that are named. One that does not exist
// is [worktime.ErrNotFound].
//
// See [GET /assignments/{id}].
//
// [GET /assignments/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/get/
//
//api:op GET /assignments/{id}
func (s *AssignmentService) Get(ctx context.Context, id int64, references ...ReferenceName) (Assignment, error) {
	a, err := byID[Assignment](ctx, s.client, getAssignment, id, references)
	return a, unavailable(err)
}

// Changes walks the changes of assignments from cursor on: see [ClockingService.Changes].
//
// See [GET /assignments?delta].
//
// [GET /assignments?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/delta/
//
//api:op GET /assignments?delta
func (s *AssignmentService) Changes(ctx context.Context, cursor worktime.Cursor, q AssignmentQuery) iter.Seq2[worktime.Page[Change[Assignment]], error] {
	return orUnavailable(changes(ctx, s.client, changesOfAssignment, cursor, q))
}

// Create plans an assignment and returns its id. It is sent again only if Protime provably did
// not plan it. [worktime.ErrUnknownOutcome] means that it may have been planned: list the
// assignments of that person and day before planning again.
//
// See [POST /assignments].
//
// [POST /assignments]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/post/
//
//api:op POST /assignments
func (s *AssignmentService) Create(ctx context.Context, assignment NewAssignment) (int64, error) {
	if err := assignment.check(); err != nil {
		return 0, err
	}
	var id int64
	err := s.client.Send(ctx, createAssignment, nil, assignment, func(a rest.Answer) (err error) {
		id, err = createdID(s.client, a)
		return err
	})
	return id, unavailable(err)
}

// Update replaces an assignment by another. What is not set is emptied: read the assignment, and
// send back what shall stay. One that does not exist is [worktime.ErrNotFound].
//
// See [PUT /assignments/{id}].
//
// [PUT /assignments/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/put/
//
//api:op PUT /assignments/{id}
func (s *AssignmentService) Update(ctx context.Context, id int64, assignment NewAssignment) error {
	if err := cmp.Or(checkID(id), assignment.check()); err != nil {
		return err
	}
	return unavailable(s.client.Send(ctx, updateAssignment, nil, assignment, ignore, strconv.FormatInt(id, 10)))
}

// Delete removes an assignment. One that does not exist is refused: the reference has 400 for it,
// which is [worktime.ErrBadRequest]; 404 is [worktime.ErrNotFound], but no error if an earlier
// attempt of this call may have removed it.
//
// See [DELETE /assignments/{id}].
//
// [DELETE /assignments/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/assignments/delete/
//
//api:op DELETE /assignments/{id}
func (s *AssignmentService) Delete(ctx context.Context, id int64) error {
	if err := checkID(id); err != nil {
		return err
	}
	return unavailable(s.client.Send(ctx, deleteAssignment, nil, nil, ignore, strconv.FormatInt(id, 10)))
}

package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// WorkInterruption is an interruption of a person's work on one day.
type WorkInterruption struct {
	// ChangeVersion orders the states of one interruption: compare as text, the larger is newer.
	ChangeVersion   string        `json:"changeVersion,omitzero"`
	ID              int64         `json:"id,omitzero"`
	Person          Ref           `json:"person"`
	Date            worktime.Date `json:"date,omitzero"`
	DurationMinutes int           `json:"durationInMinutes"`
	// StartTime and EndTime are nil if not sent.
	StartTime *TimeOfDay `json:"startTimeInMinutes,omitempty"`
	EndTime   *TimeOfDay `json:"endTimeInMinutes,omitempty"`
}

func (w WorkInterruption) version() (int64, string) { return w.ID, w.ChangeVersion }

// WorkInterruptionQuery selects work interruptions by day and person. External references: of
// people.
type WorkInterruptionQuery = PeriodQuery

// WorkInterruptionService reads work interruptions. It needs [ScopeWorkInterruptionsRead].
type WorkInterruptionService struct{ client *rest.Client }

const workInterruptionsPath = "/work-interruptions"

var (
	listWorkInterruptions     = listOf[WorkInterruption, WorkInterruptionQuery]("work interruptions", workInterruptionsPath)
	changesOfWorkInterruption = feedOf[WorkInterruption, WorkInterruptionQuery]("work interruptions", workInterruptionsPath)
	getWorkInterruption       = getOf("work interruption", workInterruptionsPath+"/{id}")
)

// All walks the work interruptions that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /work-interruptions].
//
// [GET /work-interruptions]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/work-interruptions/get-list/
//
//api:op GET /work-interruptions
func (s *WorkInterruptionService) All(ctx context.Context, q WorkInterruptionQuery) iter.Seq2[WorkInterruption, error] {
	return rest.All(ctx, s.client, listWorkInterruptions, q)
}

// Pages is [WorkInterruptionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /work-interruptions].
//
// [GET /work-interruptions]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/work-interruptions/get-list/
//
//api:op GET /work-interruptions
func (s *WorkInterruptionService) Pages(ctx context.Context, q WorkInterruptionQuery) iter.Seq2[worktime.Page[WorkInterruption], error] {
	return rest.Pages(ctx, s.client, listWorkInterruptions, q)
}

// Get returns one work interruption, with the external references that are named. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /work-interruptions/{id}].
//
// [GET /work-interruptions/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/work-interruptions/get/
//
//api:op GET /work-interruptions/{id}
func (s *WorkInterruptionService) Get(ctx context.Context, id int64, references ...ReferenceName) (WorkInterruption, error) {
	return byID[WorkInterruption](ctx, s.client, getWorkInterruption, id, references)
}

// Changes walks the changes of work interruptions from cursor on: see [ClockingService.Changes].
//
// See [GET /work-interruptions?delta].
//
// [GET /work-interruptions?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/work-interruptions/delta/
//
//api:op GET /work-interruptions?delta
func (s *WorkInterruptionService) Changes(ctx context.Context, cursor worktime.Cursor, q WorkInterruptionQuery) iter.Seq2[worktime.Page[Change[WorkInterruption]], error] {
	return changes(ctx, s.client, changesOfWorkInterruption, cursor, q)
}

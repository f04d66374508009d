package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Break is a break of a person on one day.
type Break struct {
	// ChangeVersion orders the states of one break: compare as text, the larger is newer.
	ChangeVersion             string        `json:"changeVersion,omitzero"`
	ID                        int64         `json:"id,omitzero"`
	Person                    Ref           `json:"person"`
	BreakDefinition           *Ref          `json:"breakDefinition,omitempty"`
	Date                      worktime.Date `json:"date,omitzero"`
	CalculatedDurationMinutes int           `json:"calculatedDurationInMinutes"`
	ClockedDurationMinutes    int           `json:"clockedDurationInMinutes"`
	// StartTime is the earliest start that the definition allows, EndTime the latest end: not when
	// the break was taken. They are nil if not sent.
	StartTime    *TimeOfDay `json:"startTimeInMinutes,omitempty"`
	EndTime      *TimeOfDay `json:"endTimeInMinutes,omitempty"`
	IsBreakTaken bool       `json:"isBreakTaken"`
}

func (b Break) version() (int64, string) { return b.ID, b.ChangeVersion }

// BreakQuery selects breaks by day and person. Which external references Protime takes here is not
// documented.
type BreakQuery = PeriodQuery

// BreakService reads breaks. It needs [ScopeBreaksRead].
type BreakService struct{ client *rest.Client }

const breaksPath = "/breaks"

var (
	listBreaks     = listOf[Break, BreakQuery]("breaks", breaksPath)
	changesOfBreak = feedOf[Break, BreakQuery]("breaks", breaksPath)
	getBreak       = getOf("break", breaksPath+"/{id}")
)

// All walks the breaks that q selects, page after page. Errors are those of [ClockingService.All].
//
// See [GET /breaks].
//
// [GET /breaks]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/breaks/get-list/
//
//api:op GET /breaks
func (s *BreakService) All(ctx context.Context, q BreakQuery) iter.Seq2[Break, error] {
	return rest.All(ctx, s.client, listBreaks, q)
}

// Pages is [BreakService.All] by pages, each with the cursor of the position after it.
//
// See [GET /breaks].
//
// [GET /breaks]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/breaks/get-list/
//
//api:op GET /breaks
func (s *BreakService) Pages(ctx context.Context, q BreakQuery) iter.Seq2[worktime.Page[Break], error] {
	return rest.Pages(ctx, s.client, listBreaks, q)
}

// Get returns one break, with the external references that are named. One that does not exist is
// [worktime.ErrNotFound].
//
// See [GET /breaks/{id}].
//
// [GET /breaks/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/breaks/get/
//
//api:op GET /breaks/{id}
func (s *BreakService) Get(ctx context.Context, id int64, references ...ReferenceName) (Break, error) {
	return byID[Break](ctx, s.client, getBreak, id, references)
}

// Changes walks the changes of breaks from cursor on: see [ClockingService.Changes].
//
// See [GET /breaks?delta].
//
// [GET /breaks?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/breaks/delta/
//
//api:op GET /breaks?delta
func (s *BreakService) Changes(ctx context.Context, cursor worktime.Cursor, q BreakQuery) iter.Seq2[worktime.Page[Change[Break]], error] {
	return changes(ctx, s.client, changesOfBreak, cursor, q)
}

package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// PaidPresence is time of a person on one day that is paid. There may be several for a person and
// day: one for each shift, if the time is split over shifts.
type PaidPresence struct {
	// ChangeVersion orders the states of one presence: compare as text, the larger is newer.
	ChangeVersion   string        `json:"changeVersion,omitzero"`
	ID              int64         `json:"id,omitzero"`
	Person          Ref           `json:"person"`
	Date            worktime.Date `json:"date,omitzero"`
	DurationMinutes int           `json:"durationInMinutes"`
	ShiftDefinition *Ref          `json:"shiftDefinition,omitempty"`
}

func (p PaidPresence) version() (int64, string) { return p.ID, p.ChangeVersion }

// PaidPresenceQuery selects paid presences by day and person. External references: of people and
// shift-definitions.
type PaidPresenceQuery = PeriodQuery

// PaidPresenceService reads paid presences. It needs [ScopeCalculatedTotalsRead]: there is
// no scope of their own.
type PaidPresenceService struct{ client *rest.Client }

const paidPresencesPath = "/paid-presences"

var (
	listPaidPresences     = listOf[PaidPresence, PaidPresenceQuery]("paid presences", paidPresencesPath)
	changesOfPaidPresence = feedOf[PaidPresence, PaidPresenceQuery]("paid presences", paidPresencesPath)
	getPaidPresence       = getOf("paid presence", paidPresencesPath+"/{id}")
)

// All walks the paid presences that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /paid-presences].
//
// [GET /paid-presences]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /paid-presences
func (s *PaidPresenceService) All(ctx context.Context, q PaidPresenceQuery) iter.Seq2[PaidPresence, error] {
	return rest.All(ctx, s.client, listPaidPresences, q)
}

// Pages is [PaidPresenceService.All] by pages, each with the cursor of the position after it.
//
// See [GET /paid-presences].
//
// [GET /paid-presences]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /paid-presences
func (s *PaidPresenceService) Pages(ctx context.Context, q PaidPresenceQuery) iter.Seq2[worktime.Page[PaidPresence], error] {
	return rest.Pages(ctx, s.client, listPaidPresences, q)
}

// Get returns one paid presence, with the external references that are named. One that does not
// exist is [worktime.ErrNotFound].
//
// See [GET /paid-presences/{id}].
//
// [GET /paid-presences/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /paid-presences/{id}
func (s *PaidPresenceService) Get(ctx context.Context, id int64, references ...ReferenceName) (PaidPresence, error) {
	return byID[PaidPresence](ctx, s.client, getPaidPresence, id, references)
}

// Changes walks the changes of paid presences from cursor on: see [ClockingService.Changes].
//
// See [GET /paid-presences?delta].
//
// [GET /paid-presences?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /paid-presences?delta
func (s *PaidPresenceService) Changes(ctx context.Context, cursor worktime.Cursor, q PaidPresenceQuery) iter.Seq2[worktime.Page[Change[PaidPresence]], error] {
	return changes(ctx, s.client, changesOfPaidPresence, cursor, q)
}

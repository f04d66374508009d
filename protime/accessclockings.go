package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// AccessClocking is an attempt to open a door. It counts for no working time. Dates and times are
// the tenant's wall clock.
type AccessClocking struct {
	// ChangeVersion orders the states of one record: compare as text, the larger is newer.
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	// Person is nil if nobody is known to have the badge.
	Person *Ref          `json:"person,omitempty"`
	Date   worktime.Date `json:"date,omitzero"`
	// TimeOfDay is in minutes, 0 to 1439.
	TimeOfDay TimeOfDay    `json:"timeOfDayInMinutes"`
	Terminal  *Ref         `json:"terminal,omitempty"`
	Status    AccessStatus `json:"status,omitzero"`
}

func (a AccessClocking) version() (int64, string) { return a.ID, a.ChangeVersion }

// AccessStatus is how an attempt ended. Unknown values are kept as they are.
type AccessStatus string

// The ends of an attempt to open a door.
const (
	AccessOK                 AccessStatus = "AccessOk"
	AccessRefused            AccessStatus = "AccessRefused"
	AccessWrongPinCode       AccessStatus = "WrongPinCode"
	AccessAlarmCode          AccessStatus = "AlarmCode"
	AccessAntiPassbackError  AccessStatus = "AntiPassbackError"
	AccessOutZone            AccessStatus = "OutZone"
	AccessUnknownBadgeNumber AccessStatus = "UnknownBadgeNumber"
	AccessUnknownBadge       AccessStatus = "UnknownBadge" // the same in older pages of the reference
)

// AccessClockingQuery selects access clockings by day and person. External references: of people
// and terminals.
type AccessClockingQuery = PeriodQuery

// AccessClockingService reads access clockings. It needs [ScopeAccessClockingsRead].
type AccessClockingService struct{ client *rest.Client }

const accessClockingsPath = "/access-clockings"

var (
	listAccessClockings     = listOf[AccessClocking, AccessClockingQuery]("access clockings", accessClockingsPath)
	changesOfAccessClocking = feedOf[AccessClocking, AccessClockingQuery]("access clockings", accessClockingsPath)
	getAccessClocking       = getOf("access clocking", accessClockingsPath+"/{id}")
)

// All walks the access clockings that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /access-clockings].
//
// [GET /access-clockings]: https://documentation.myprotime.eu/protimeapi/reference/collections/access-clockings/get-list/
//
//api:op GET /access-clockings
func (s *AccessClockingService) All(ctx context.Context, q AccessClockingQuery) iter.Seq2[AccessClocking, error] {
	return rest.All(ctx, s.client, listAccessClockings, q)
}

// Pages is [AccessClockingService.All] by pages, each with the cursor of the position after it.
//
// See [GET /access-clockings].
//
// [GET /access-clockings]: https://documentation.myprotime.eu/protimeapi/reference/collections/access-clockings/get-list/
//
//api:op GET /access-clockings
func (s *AccessClockingService) Pages(ctx context.Context, q AccessClockingQuery) iter.Seq2[worktime.Page[AccessClocking], error] {
	return rest.Pages(ctx, s.client, listAccessClockings, q)
}

// Get returns one access clocking, with the external references that are named. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /access-clockings/{id}].
//
// [GET /access-clockings/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/access-clockings/get/
//
//api:op GET /access-clockings/{id}
func (s *AccessClockingService) Get(ctx context.Context, id int64, references ...ReferenceName) (AccessClocking, error) {
	return byID[AccessClocking](ctx, s.client, getAccessClocking, id, references)
}

// Changes walks the changes of access clockings from cursor on: see [ClockingService.Changes].
//
// See [GET /access-clockings?delta].
//
// [GET /access-clockings?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/access-clockings/delta/
//
//api:op GET /access-clockings?delta
func (s *AccessClockingService) Changes(ctx context.Context, cursor worktime.Cursor, q AccessClockingQuery) iter.Seq2[worktime.Page[Change[AccessClocking]], error] {
	return changes(ctx, s.client, changesOfAccessClocking, cursor, q)
}

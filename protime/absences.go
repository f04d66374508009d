package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Absence is an absence on one day of a person. Absences cannot be written, and the requests
// that they come from are known by their ids only. Dates and times are the tenant's wall clock.
type Absence struct {
	// ChangeVersion orders the states of one absence: compare as text, the larger is newer.
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Person        Ref    `json:"person"`
	// ResultingAbsenceDefinition is what the absence became, RequestedAbsenceDefinition what was
	// asked for.
	ResultingAbsenceDefinition *Ref          `json:"resultingAbsenceDefinition,omitempty"`
	RequestedAbsenceDefinition *Ref          `json:"requestedAbsenceDefinition,omitempty"`
	ShiftDefinition            *Ref          `json:"shiftDefinition,omitempty"`
	Date                       worktime.Date `json:"date,omitzero"`
	// StartTime is nil if not sent.
	StartTime *TimeOfDay `json:"startTimeInMinutes,omitempty"`
	// DurationMinutes is as requested, CalculatedDurationMinutes as counted.
	DurationMinutes           int           `json:"durationInMinutes"`
	CalculatedDurationMinutes int           `json:"calculatedDurationInMinutes"`
	DayPart                   DayPart       `json:"dayPart,omitzero"`
	Request                   *RequestRef   `json:"request,omitempty"`
	Status                    AbsenceStatus `json:"status,omitzero"`
	ApprovalLevel             ApprovalLevel `json:"approvalLevel,omitzero"`
	IsLocked                  bool          `json:"isLocked"`
	PeriodType                PeriodType    `json:"periodType,omitzero"`
}

func (a Absence) version() (int64, string) { return a.ID, a.ChangeVersion }

// RequestRef points to a request of a person. Requests have no collection of their own.
type RequestRef struct {
	ID string `json:"id,omitzero"` // {TenantId}-{PersonId}-{RequestId}
}

// DayPart is a half of a day. Unknown values are kept as they are.
type DayPart string

// The halves of a day.
const (
	DayPartUnknown DayPart = "Unknown"
	DayPartFirst   DayPart = "First"
	DayPartSecond  DayPart = "Second"
)

// AbsenceStatus is how an absence came to be. Unknown values are kept as they are.
type AbsenceStatus string

// The states of an absence.
const (
	AbsenceUnknown   AbsenceStatus = "Unknown"
	AbsenceManual    AbsenceStatus = "Manual"
	AbsenceAuto      AbsenceStatus = "Auto"
	AbsenceBeginOpen AbsenceStatus = "BeginOpen"
	AbsenceOpen      AbsenceStatus = "Open"
	AbsenceTerminal  AbsenceStatus = "Terminal"
	AbsenceCalendar  AbsenceStatus = "Calendar"
)

// ApprovalLevel is how far the approval of an absence got. Unknown values are kept as they are.
type ApprovalLevel string

// The levels of approval.
const (
	ApprovalUnknown                   ApprovalLevel = "Unknown"
	ApprovalAwaiting                  ApprovalLevel = "AwaitingApproval"
	ApprovalApproved                  ApprovalLevel = "Approved"
	ApprovalNotApproved               ApprovalLevel = "NotApproved"
	ApprovalNotApprovedByPriorities   ApprovalLevel = "NotApprovedByPriorities"
	ApprovalNotApprovedByCalculations ApprovalLevel = "NotApprovedByCalculations"
)

// PeriodType is the period that a record counts for. Unknown values are kept as they are.
type PeriodType string

// The types of a period.
const (
	PeriodUnknown   PeriodType = "Unknown"
	PeriodDay       PeriodType = "Day"
	PeriodWeek      PeriodType = "Week"
	PeriodPayPeriod PeriodType = "PayPeriod"
)

// AbsenceQuery selects absences by day and person. External references: of people,
// shift-definitions and absence-definitions.
type AbsenceQuery = PeriodQuery

// AbsenceService reads absences. It needs [ScopeAbsencesRead].
type AbsenceService struct{ client *rest.Client }

const absencesPath = "/absences"

var (
	listAbsences     = listOf[Absence, AbsenceQuery]("absences", absencesPath)
	changesOfAbsence = feedOf[Absence, AbsenceQuery]("absences", absencesPath)
	getAbsence       = getOf("absence", absencesPath+"/{id}")
)

// All walks the absences that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /absences].
//
// [GET /absences]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-instances/get-list/
//
//api:op GET /absences
func (s *AbsenceService) All(ctx context.Context, q AbsenceQuery) iter.Seq2[Absence, error] {
	return rest.All(ctx, s.client, listAbsences, q)
}

// Pages is [AbsenceService.All] by pages, each with the cursor of the position after it.
//
// See [GET /absences].
//
// [GET /absences]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-instances/get-list/
//
//api:op GET /absences
func (s *AbsenceService) Pages(ctx context.Context, q AbsenceQuery) iter.Seq2[worktime.Page[Absence], error] {
	return rest.Pages(ctx, s.client, listAbsences, q)
}

// Get returns one absence, with the external references that are named. One that does not
// exist is [worktime.ErrNotFound].
//
// See [GET /absences/{id}].
//
// [GET /absences/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-instances/get/
//
//api:op GET /absences/{id}
func (s *AbsenceService) Get(ctx context.Context, id int64, references ...ReferenceName) (Absence, error) {
	return byID[Absence](ctx, s.client, getAbsence, id, references)
}

// Changes walks the changes of absences from cursor on: see [ClockingService.Changes].
//
// See [GET /absences?delta].
//
// [GET /absences?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-instances/delta/
//
//api:op GET /absences?delta
func (s *AbsenceService) Changes(ctx context.Context, cursor worktime.Cursor, q AbsenceQuery) iter.Seq2[worktime.Page[Change[Absence]], error] {
	return changes(ctx, s.client, changesOfAbsence, cursor, q)
}

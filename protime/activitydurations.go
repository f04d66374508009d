package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// ActivityDuration is how long a person was at an activity, or away for a reason, on one day.
type ActivityDuration struct {
	// ChangeVersion orders the states of one duration: compare as text, the larger is newer.
	ChangeVersion   string        `json:"changeVersion,omitzero"`
	ID              int64         `json:"id,omitzero"`
	Person          Ref           `json:"person"`
	Date            worktime.Date `json:"date,omitzero"`
	DurationMinutes int           `json:"durationInMinutes"`
	// ActivityLevels are the activity, one for each level of the structure.
	ActivityLevels    []ActivityLevel `json:"activityLevels,omitempty"`
	AbsenceDefinition *Ref            `json:"absenceDefinition,omitempty"`
	Request           *RequestRef     `json:"request,omitempty"`
	// CounterDefinitions are of the counters that the duration counts for.
	CounterDefinitions []Ref `json:"counterDefinitions,omitempty"`
	// ShiftDefinition is nil for the shift of the schedule, which is not repeated here.
	ShiftDefinition *Ref                   `json:"shiftDefinition,omitempty"`
	Status          ActivityDurationStatus `json:"status,omitzero"`
	IsAuthorized    bool                   `json:"isAuthorized"`
}

func (a ActivityDuration) version() (int64, string) { return a.ID, a.ChangeVersion }

// ActivityDurationStatus is how a duration came to be. Unknown values are kept as they are.
type ActivityDurationStatus string

// The states of an activity duration. The last three are in older pages of the vendor only.
const (
	ActivityDurationUnknown  ActivityDurationStatus = "Unknown"
	ActivityDurationAuto     ActivityDurationStatus = "Auto"
	ActivityDurationManual   ActivityDurationStatus = "Manual"
	ActivityDurationCalendar ActivityDurationStatus = "Calendar"
	ActivityDurationDeleted  ActivityDurationStatus = "Deleted"
	ActivityDurationDefault  ActivityDurationStatus = "Default"
)

// ActivityDurationQuery selects activity durations by day and person. External references: of
// people and activity-definitions; an older page has absence-definitions and counter-definitions
// too.
type ActivityDurationQuery = PeriodQuery

// ActivityDurationService reads activity durations. It needs [ScopeActivityDurationsRead].
type ActivityDurationService struct{ client *rest.Client }

const activityDurationsPath = "/activity-durations"

var (
	listActivityDurations     = listOf[ActivityDuration, ActivityDurationQuery]("activity durations", activityDurationsPath)
	changesOfActivityDuration = feedOf[ActivityDuration, ActivityDurationQuery]("activity durations", activityDurationsPath)
	getActivityDuration       = getOf("activity duration", activityDurationsPath+"/{id}")
)

// All walks the activity durations that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /activity-durations].
//
// [GET /activity-durations]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-durations/get-list/
//
//api:op GET /activity-durations
func (s *ActivityDurationService) All(ctx context.Context, q ActivityDurationQuery) iter.Seq2[ActivityDuration, error] {
	return rest.All(ctx, s.client, listActivityDurations, q)
}

// Pages is [ActivityDurationService.All] by pages, each with the cursor of the position after it.
//
// See [GET /activity-durations].
//
// [GET /activity-durations]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-durations/get-list/
//
//api:op GET /activity-durations
func (s *ActivityDurationService) Pages(ctx context.Context, q ActivityDurationQuery) iter.Seq2[worktime.Page[ActivityDuration], error] {
	return rest.Pages(ctx, s.client, listActivityDurations, q)
}

// Get returns one activity duration, with the external references that are named. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /activity-durations/{id}].
//
// [GET /activity-durations/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-durations/get/
//
//api:op GET /activity-durations/{id}
func (s *ActivityDurationService) Get(ctx context.Context, id int64, references ...ReferenceName) (ActivityDuration, error) {
	return byID[ActivityDuration](ctx, s.client, getActivityDuration, id, references)
}

// Changes walks the changes of activity durations from cursor on: see [ClockingService.Changes].
//
// See [GET /activity-durations?delta].
//
// [GET /activity-durations?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-durations/delta/
//
//api:op GET /activity-durations?delta
func (s *ActivityDurationService) Changes(ctx context.Context, cursor worktime.Cursor, q ActivityDurationQuery) iter.Seq2[worktime.Page[Change[ActivityDuration]], error] {
	return changes(ctx, s.client, changesOfActivityDuration, cursor, q)
}

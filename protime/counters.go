package protime

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Counter is what was counted for a person on one day. Which of the duration, the number of
// instances and the interval have a meaning depends on the unit of its definition.
type Counter struct {
	// ChangeVersion orders the states of one counter: compare as text, the larger is newer.
	ChangeVersion     string        `json:"changeVersion,omitzero"`
	ID                int64         `json:"id,omitzero"`
	ShiftDefinition   *Ref          `json:"shiftDefinition,omitempty"`
	NumberOfInstances int           `json:"numberOfInstances"`
	Request           *RequestRef   `json:"request,omitempty"`
	Status            CounterStatus `json:"status,omitzero"`
	IsAuthorized      bool          `json:"isAuthorized"`
	Person            Ref           `json:"person"`
	PeriodType        PeriodType    `json:"periodType,omitzero"`
	CounterDefinition *Ref          `json:"counterDefinition,omitempty"`
	Date              worktime.Date `json:"date,omitzero"`
	// StartTime and EndTime are nil if not sent.
	StartTime       *TimeOfDay `json:"startTimeInMinutes,omitempty"`
	EndTime         *TimeOfDay `json:"endTimeInMinutes,omitempty"`
	DurationMinutes int        `json:"durationInMinutes"`
}

func (c Counter) version() (int64, string) { return c.ID, c.ChangeVersion }

// CounterStatus is how a counter came to be. Unknown values are kept as they are.
type CounterStatus string

// The states of a counter.
const (
	CounterUnknown  CounterStatus = "Unknown"
	CounterAuto     CounterStatus = "Auto"
	CounterManual   CounterStatus = "Manual"
	CounterCalendar CounterStatus = "Calendar"
)

// CounterQuery selects counters. All conditions that are set must hold. A list of persons that is
// too long for one request is split; the counters then come in the order of the list.
type CounterQuery struct {
	// From is required; it and To are included and at most 366 days apart. Without To
	// everything from From on is listed.
	From, To worktime.Date
	// Persons are ids in Protime; nil for all. Duplicates are dropped.
	Persons []int64
	// Circles and OrgGroups select the persons in them; nil for no such condition.
	Circles   []int64
	OrgGroups []int64
	// CounterDefinitions are ids in Protime; nil for all.
	CounterDefinitions []int64
	// CounterDefinitionField is the name of that condition in the filter: counter-definitions if
	// empty. Protime's page of the delta calls it counter-definition.
	CounterDefinitionField string
	// Statuses to list; nil for all.
	Statuses []CounterStatus
	// ExternalReferences to have in the answers: of people, shift-definitions and
	// counter-definitions.
	ExternalReferences []ReferenceName
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q CounterQuery) position() worktime.Cursor { return q.Cursor }

func (q CounterQuery) selection() (selection, error) {
	period := PeriodQuery{q.From, q.To, q.Persons, q.Circles, q.OrgGroups, q.ExternalReferences, q.Cursor}
	s, err := period.named("CounterQuery")
	if err != nil {
		return s, err
	}
	field := cmp.Or(q.CounterDefinitionField, "counter-definitions")
	if !enumName(strings.ReplaceAll(field, "-", "")) {
		return s, badField("CounterQuery.CounterDefinitionField", fmt.Sprintf("is %.40q, which cannot be the name of a field", field))
	}
	if err := checkIDs("CounterQuery.CounterDefinitions", q.CounterDefinitions); err != nil {
		return s, err
	}
	s.filter.named(field, "", q.CounterDefinitions)
	if err := anyOf(&s.filter, "status", q.Statuses); err != nil {
		return s, badField("CounterQuery.Statuses", err.Error())
	}
	return s, nil
}

// CounterService reads counters. It needs [ScopeCountersRead].
type CounterService struct{ client *rest.Client }

const countersPath = "/counters"

var (
	listCounters     = listOf[Counter, CounterQuery]("counters", countersPath)
	changesOfCounter = feedOf[Counter, CounterQuery]("counters", countersPath)
	getCounter       = getOf("counter", countersPath+"/{id}")
)

// All walks the counters that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /counters].
//
// [GET /counters]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-instances/get-list/
//
//api:op GET /counters
func (s *CounterService) All(ctx context.Context, q CounterQuery) iter.Seq2[Counter, error] {
	return rest.All(ctx, s.client, listCounters, q)
}

// Pages is [CounterService.All] by pages, each with the cursor of the position after it.
//
// See [GET /counters].
//
// [GET /counters]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-instances/get-list/
//
//api:op GET /counters
func (s *CounterService) Pages(ctx context.Context, q CounterQuery) iter.Seq2[worktime.Page[Counter], error] {
	return rest.Pages(ctx, s.client, listCounters, q)
}

// Get returns one counter, with the external references that are named. One that does not exist is
// [worktime.ErrNotFound].
//
// See [GET /counters/{id}].
//
// [GET /counters/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-instances/get/
//
//api:op GET /counters/{id}
func (s *CounterService) Get(ctx context.Context, id int64, references ...ReferenceName) (Counter, error) {
	return byID[Counter](ctx, s.client, getCounter, id, references)
}

// Changes walks the changes of counters from cursor on: see [ClockingService.Changes].
//
// See [GET /counters?delta].
//
// [GET /counters?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-instances/delta/
//
//api:op GET /counters?delta
func (s *CounterService) Changes(ctx context.Context, cursor worktime.Cursor, q CounterQuery) iter.Seq2[worktime.Page[Change[Counter]], error] {
	return changes(ctx, s.client, changesOfCounter, cursor, q)
}

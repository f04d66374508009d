package protime

import (
	"context"
	"iter"
	"strconv"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// CounterDefinition is a kind of counter that the tenant has.
type CounterDefinition struct {
	// ChangeVersion orders the states of one definition: compare as text, the larger is newer.
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Code          string `json:"code,omitzero"`
	Name          Text   `json:"name"`
	FriendlyName  Text   `json:"friendlyName"`
	FriendlyCode  Text   `json:"friendlyCode"`
	IsEnabled     bool   `json:"isEnabled"`
	CounterGroup  *Ref   `json:"counterGroup,omitempty"`
	// Unit says what its counters count.
	Unit CounterUnit `json:"unit,omitzero"`
}

func (c CounterDefinition) version() (int64, string) { return c.ID, c.ChangeVersion }

// CounterUnit is what a counter counts. Unknown values are kept as they are.
type CounterUnit string

// The units of a counter.
const (
	CounterUnitUnknown  CounterUnit = "Unknown"
	CounterUnitInterval CounterUnit = "Interval"
	CounterUnitDuration CounterUnit = "Duration"
	CounterUnitInstance CounterUnit = "Instance"
)

// CounterDefinitionQuery selects counter definitions. All conditions that are set must hold.
// Neither the list nor its changes take external references. An older page of the vendor has no
// conditions for changes.
type CounterDefinitionQuery struct {
	// CounterGroups are ids in Protime; nil for all.
	CounterGroups []int64
	// Enabled selects by [CounterDefinition.IsEnabled]; nil for both.
	Enabled *bool
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q CounterDefinitionQuery) position() worktime.Cursor { return q.Cursor }

func (q CounterDefinitionQuery) selection() (selection, error) {
	s := selection{name: "CounterDefinitionQuery"}
	s.filter.named("counter-group", "", q.CounterGroups)
	if q.Enabled != nil {
		s.filter = append(s.filter, "enabled eq "+strconv.FormatBool(*q.Enabled))
	}
	return s, checkIDs("CounterDefinitionQuery.CounterGroups", q.CounterGroups)
}

// CounterDefinitionService reads counter definitions. It needs [ScopeCounterDefinitionsRead].
type CounterDefinitionService struct{ client *rest.Client }

const counterDefinitionsPath = "/counter-definitions"

var (
	listCounterDefinitions     = listOf[CounterDefinition, CounterDefinitionQuery]("counter definitions", counterDefinitionsPath)
	changesOfCounterDefinition = feedOf[CounterDefinition, CounterDefinitionQuery]("counter definitions", counterDefinitionsPath)
	getCounterDefinition       = getOf("counter definition", counterDefinitionsPath+"/{counterDefinitionReference}")
)

// All walks the counter definitions that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /counter-definitions].
//
// [GET /counter-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-definitions/get-list/
//
//api:op GET /counter-definitions
func (s *CounterDefinitionService) All(ctx context.Context, q CounterDefinitionQuery) iter.Seq2[CounterDefinition, error] {
	return rest.All(ctx, s.client, listCounterDefinitions, q)
}

// Pages is [CounterDefinitionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /counter-definitions].
//
// [GET /counter-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-definitions/get-list/
//
//api:op GET /counter-definitions
func (s *CounterDefinitionService) Pages(ctx context.Context, q CounterDefinitionQuery) iter.Seq2[worktime.Page[CounterDefinition], error] {
	return rest.Pages(ctx, s.client, listCounterDefinitions, q)
}

// Get returns one counter definition, by its id or by a reference: that of [CounterCode], or one
// of the integrator's. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /counter-definitions/{counterDefinitionReference}].
//
// [GET /counter-definitions/{counterDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-definitions/get/
//
//api:op GET /counter-definitions/{counterDefinitionReference}
func (s *CounterDefinitionService) Get(ctx context.Context, ref Ref) (CounterDefinition, error) {
	return byRef[CounterDefinition](ctx, s.client, getCounterDefinition, "counter-definitions", ref, nil)
}

// Changes walks the changes of counter definitions from cursor on: see [ClockingService.Changes].
//
// See [GET /counter-definitions?delta].
//
// [GET /counter-definitions?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-definitions/delta/
//
//api:op GET /counter-definitions?delta
func (s *CounterDefinitionService) Changes(ctx context.Context, cursor worktime.Cursor, q CounterDefinitionQuery) iter.Seq2[worktime.Page[Change[CounterDefinition]], error] {
	return changes(ctx, s.client, changesOfCounterDefinition, cursor, q)
}

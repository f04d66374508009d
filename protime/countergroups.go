package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// CounterGroup is a group of counter definitions.
type CounterGroup struct {
	// ChangeVersion orders the states of one group: compare as text, the larger is newer. When a
	// user saves one group, all of them change.
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
}

func (c CounterGroup) version() (int64, string) { return c.ID, c.ChangeVersion }

// CounterGroupQuery lists all counter groups. Neither the list nor its changes take external
// references.
type CounterGroupQuery = CatalogQuery

// CounterGroupService reads counter groups. It needs [ScopeCounterGroupsRead].
type CounterGroupService struct{ client *rest.Client }

const counterGroupsPath = "/counter-groups"

var (
	listCounterGroups     = listOf[CounterGroup, CounterGroupQuery]("counter groups", counterGroupsPath)
	changesOfCounterGroup = feedOf[CounterGroup, CounterGroupQuery]("counter groups", counterGroupsPath)
	getCounterGroup       = getOf("counter group", counterGroupsPath+"/{counterGroupReference}")
)

// All walks the counter groups, page after page. Errors are those of [ClockingService.All].
//
// See [GET /counter-groups].
//
// [GET /counter-groups]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-groups/get-list/
//
//api:op GET /counter-groups
func (s *CounterGroupService) All(ctx context.Context, q CounterGroupQuery) iter.Seq2[CounterGroup, error] {
	return rest.All(ctx, s.client, listCounterGroups, q)
}

// Pages is [CounterGroupService.All] by pages, each with the cursor of the position after it.
//
// See [GET /counter-groups].
//
// [GET /counter-groups]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-groups/get-list/
//
//api:op GET /counter-groups
func (s *CounterGroupService) Pages(ctx context.Context, q CounterGroupQuery) iter.Seq2[worktime.Page[CounterGroup], error] {
	return rest.Pages(ctx, s.client, listCounterGroups, q)
}

// Get returns one counter group, by its id or by a reference of the integrator's. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /counter-groups/{counterGroupReference}].
//
// [GET /counter-groups/{counterGroupReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-groups/get/
//
//api:op GET /counter-groups/{counterGroupReference}
func (s *CounterGroupService) Get(ctx context.Context, ref Ref) (CounterGroup, error) {
	return byRef[CounterGroup](ctx, s.client, getCounterGroup, "counter-groups", ref, nil)
}

// Changes walks the changes of counter groups from cursor on: see [ClockingService.Changes].
//
// See [GET /counter-groups?delta].
//
// [GET /counter-groups?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/counters/counter-groups/delta/
//
//api:op GET /counter-groups?delta
func (s *CounterGroupService) Changes(ctx context.Context, cursor worktime.Cursor, q CounterGroupQuery) iter.Seq2[worktime.Page[Change[CounterGroup]], error] {
	return changes(ctx, s.client, changesOfCounterGroup, cursor, q)
}

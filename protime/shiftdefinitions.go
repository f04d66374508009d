package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// ShiftDefinition is a shift that the tenant has.
type ShiftDefinition struct {
	// ChangeVersion orders the states of one definition: compare as text, the larger is newer.
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Code          string `json:"code,omitzero"`
	Name          Text   `json:"name"`
	FriendlyName  Text   `json:"friendlyName"`
	IsEnabled     bool   `json:"isEnabled"`
}

func (s ShiftDefinition) version() (int64, string) { return s.ID, s.ChangeVersion }

// ShiftDefinitionQuery lists all shift definitions. Neither the list nor its changes take external
// references.
type ShiftDefinitionQuery = CatalogQuery

// ShiftDefinitionService reads shift definitions. It needs [ScopeShiftDefinitionsRead].
type ShiftDefinitionService struct{ client *rest.Client }

const shiftDefinitionsPath = "/shift-definitions"

var (
	listShiftDefinitions     = listOf[ShiftDefinition, ShiftDefinitionQuery]("shift definitions", shiftDefinitionsPath)
	changesOfShiftDefinition = feedOf[ShiftDefinition, ShiftDefinitionQuery]("shift definitions", shiftDefinitionsPath)
	getShiftDefinition       = getOf("shift definition", shiftDefinitionsPath+"/{shiftDefinitionReference}")
)

// All walks the shift definitions, page after page. Errors are those of [ClockingService.All].
//
// See [GET /shift-definitions].
//
// [GET /shift-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/shift-definitions/get-list/
//
//api:op GET /shift-definitions
func (s *ShiftDefinitionService) All(ctx context.Context, q ShiftDefinitionQuery) iter.Seq2[ShiftDefinition, error] {
	return rest.All(ctx, s.client, listShiftDefinitions, q)
}

// Pages is [ShiftDefinitionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /shift-definitions].
//
// [GET /shift-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/shift-definitions/get-list/
//
//api:op GET /shift-definitions
func (s *ShiftDefinitionService) Pages(ctx context.Context, q ShiftDefinitionQuery) iter.Seq2[worktime.Page[ShiftDefinition], error] {
	return rest.Pages(ctx, s.client, listShiftDefinitions, q)
}

// Get returns one shift definition, by its id or by a reference: that of [ShiftCode], or one of
// the integrator's. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /shift-definitions/{shiftDefinitionReference}].
//
// [GET /shift-definitions/{shiftDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/shift-definitions/get/
//
//api:op GET /shift-definitions/{shiftDefinitionReference}
func (s *ShiftDefinitionService) Get(ctx context.Context, ref Ref) (ShiftDefinition, error) {
	return byRef[ShiftDefinition](ctx, s.client, getShiftDefinition, "shift-definitions", ref, nil)
}

// Changes walks the changes of shift definitions from cursor on: see [ClockingService.Changes].
//
// See [GET /shift-definitions?delta].
//
// [GET /shift-definitions?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/shift-definitions/delta/
//
//api:op GET /shift-definitions?delta
func (s *ShiftDefinitionService) Changes(ctx context.Context, cursor worktime.Cursor, q ShiftDefinitionQuery) iter.Seq2[worktime.Page[Change[ShiftDefinition]], error] {
	return changes(ctx, s.client, changesOfShiftDefinition, cursor, q)
}

package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// BreakDefinition is a kind of break that the tenant has. All durations are in minutes.
type BreakDefinition struct {
	// ChangeVersion orders the states of one definition: compare as text, the larger is newer.
	ChangeVersion          string `json:"changeVersion,omitzero"`
	ID                     int64  `json:"id,omitzero"`
	Name                   Text   `json:"name"`
	FriendlyName           Text   `json:"friendlyName"`
	PaidDurationMinutes    int    `json:"paidDurationInMinutes"`
	MinimumDurationMinutes int    `json:"minimumDurationInMinutes"`
	MaximumDurationMinutes int    `json:"maximumDurationInMinutes"`
	// IfNotClockedDurationMinutes is what counts for a break that was not clocked.
	IfNotClockedDurationMinutes int  `json:"ifNotClockedDurationInMinutes"`
	HasToBeTakenUninterrupted   bool `json:"hasToBeTakenUninterrupted"`
}

func (b BreakDefinition) version() (int64, string) { return b.ID, b.ChangeVersion }

// BreakDefinitionQuery lists all break definitions. Neither the list nor its changes take external
// references.
type BreakDefinitionQuery = CatalogQuery

// BreakDefinitionService reads break definitions. It needs [ScopeBreakDefinitionsRead].
type BreakDefinitionService struct{ client *rest.Client }

const breakDefinitionsPath = "/break-definitions"

var (
	listBreakDefinitions     = listOf[BreakDefinition, BreakDefinitionQuery]("break definitions", breakDefinitionsPath)
	changesOfBreakDefinition = feedOf[BreakDefinition, BreakDefinitionQuery]("break definitions", breakDefinitionsPath)
	getBreakDefinition       = getOf("break definition", breakDefinitionsPath+"/{breakDefinitionReference}")
)

// All walks the break definitions, page after page. Errors are those of [ClockingService.All].
//
// See [GET /break-definitions].
//
// [GET /break-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/break-definitions/get-list/
//
//api:op GET /break-definitions
func (s *BreakDefinitionService) All(ctx context.Context, q BreakDefinitionQuery) iter.Seq2[BreakDefinition, error] {
	return rest.All(ctx, s.client, listBreakDefinitions, q)
}

// Pages is [BreakDefinitionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /break-definitions].
//
// [GET /break-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/break-definitions/get-list/
//
//api:op GET /break-definitions
func (s *BreakDefinitionService) Pages(ctx context.Context, q BreakDefinitionQuery) iter.Seq2[worktime.Page[BreakDefinition], error] {
	return rest.Pages(ctx, s.client, listBreakDefinitions, q)
}

// Get returns one break definition, by its id or by a reference of the integrator's. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /break-definitions/{breakDefinitionReference}].
//
// [GET /break-definitions/{breakDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/break-definitions/get/
//
//api:op GET /break-definitions/{breakDefinitionReference}
func (s *BreakDefinitionService) Get(ctx context.Context, ref Ref) (BreakDefinition, error) {
	return byRef[BreakDefinition](ctx, s.client, getBreakDefinition, "break-definitions", ref, nil)
}

// Changes walks the changes of break definitions from cursor on: see [ClockingService.Changes].
//
// See [GET /break-definitions?delta].
//
// [GET /break-definitions?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/breaks/break-definitions/delta/
//
//api:op GET /break-definitions?delta
func (s *BreakDefinitionService) Changes(ctx context.Context, cursor worktime.Cursor, q BreakDefinitionQuery) iter.Seq2[worktime.Page[Change[BreakDefinition]], error] {
	return changes(ctx, s.client, changesOfBreakDefinition, cursor, q)
}

package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// AbsenceDefinition is a kind of absence that the tenant has, such as a holiday.
type AbsenceDefinition struct {
	// ChangeVersion orders the states of one definition: compare as text, the larger is newer.
	ChangeVersion    string            `json:"changeVersion,omitzero"`
	ID               int64             `json:"id,omitzero"`
	Code             string            `json:"code,omitzero"`
	Name             Text              `json:"name"`
	FriendlyName     Text              `json:"friendlyName"`
	FriendlyCode     Text              `json:"friendlyCode"`
	AllowedDurations []AllowedDuration `json:"allowedDurations,omitempty"`
	IsEnabled        bool              `json:"isEnabled"`
	// IsReasonForClocking: a clocking of kind Reason may name it.
	IsReasonForClocking bool `json:"isReasonForClocking"`
	AbsenceGroup        *Ref `json:"absenceGroup,omitempty"`
}

func (a AbsenceDefinition) version() (int64, string) { return a.ID, a.ChangeVersion }

// AllowedDuration is a way to say how long an absence lasts. Unknown values are kept as they are.
type AllowedDuration string

// The ways to say how long an absence lasts.
const (
	AllowedUnknown     AllowedDuration = "Unknown"
	AllowedFullDay     AllowedDuration = "FullDay"
	AllowedHalfDay     AllowedDuration = "HalfDay"
	AllowedInterval    AllowedDuration = "Interval"
	AllowedAnyDuration AllowedDuration = "Duration"
)

// AbsenceDefinitionQuery lists all absence definitions. External references: of absence-groups.
type AbsenceDefinitionQuery = ListQuery

// AbsenceDefinitionService reads absence definitions. It needs [ScopeAbsenceDefinitionsRead].
type AbsenceDefinitionService struct{ client *rest.Client }

const absenceDefinitionsPath = "/absence-definitions"

var (
	listAbsenceDefinitions     = listOf[AbsenceDefinition, AbsenceDefinitionQuery]("absence definitions", absenceDefinitionsPath)
	changesOfAbsenceDefinition = feedOf[AbsenceDefinition, AbsenceDefinitionQuery]("absence definitions", absenceDefinitionsPath)
	getAbsenceDefinition       = getOf("absence definition", absenceDefinitionsPath+"/{absenceDefinitionReference}")
)

// All walks the absence definitions, page after page. Errors are those of [ClockingService.All].
//
// See [GET /absence-definitions].
//
// [GET /absence-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-definitions/get-list/
//
//api:op GET /absence-definitions
func (s *AbsenceDefinitionService) All(ctx context.Context, q AbsenceDefinitionQuery) iter.Seq2[AbsenceDefinition, error] {
	return rest.All(ctx, s.client, listAbsenceDefinitions, q)
}

// Pages is [AbsenceDefinitionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /absence-definitions].
//
// [GET /absence-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-definitions/get-list/
//
//api:op GET /absence-definitions
func (s *AbsenceDefinitionService) Pages(ctx context.Context, q AbsenceDefinitionQuery) iter.Seq2[worktime.Page[AbsenceDefinition], error] {
	return rest.Pages(ctx, s.client, listAbsenceDefinitions, q)
}

// Get returns one absence definition, by its id or by a reference: [AbsenceCode]'s, or one of
// the integrator's. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /absence-definitions/{absenceDefinitionReference}].
//
// [GET /absence-definitions/{absenceDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-definitions/get/
//
//api:op GET /absence-definitions/{absenceDefinitionReference}
func (s *AbsenceDefinitionService) Get(ctx context.Context, ref Ref, references ...ReferenceName) (AbsenceDefinition, error) {
	return byRef[AbsenceDefinition](ctx, s.client, getAbsenceDefinition, "absence-definitions", ref, references)
}

// Changes walks the changes of absence definitions from cursor on: see [ClockingService.Changes].
//
// See [GET /absence-definitions?delta].
//
// [GET /absence-definitions?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-definitions/delta/
//
//api:op GET /absence-definitions?delta
func (s *AbsenceDefinitionService) Changes(ctx context.Context, cursor worktime.Cursor, q AbsenceDefinitionQuery) iter.Seq2[worktime.Page[Change[AbsenceDefinition]], error] {
	return changes(ctx, s.client, changesOfAbsenceDefinition, cursor, q)
}

package protime

import (
	"context"
	"fmt"
	"net/http"

	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// DefinitionRestrictions are the restrictions of one activity definition.
type DefinitionRestrictions struct {
	// ChangeVersion orders the states of the restrictions: compare as text, the larger is newer.
	ChangeVersion      string        `json:"changeVersion,omitzero"`
	ActivityDefinition DefinitionRef `json:"activityDefinitionId"`
	Restrictions       []Restriction `json:"restrictions"`
}

// Restriction says which definitions of another level may be combined with a definition.
type Restriction struct {
	Level               int             `json:"level"` // from 1
	ActivityDefinitions []DefinitionRef `json:"activityDefinitions"`
}

// RestrictionService reads and replaces the restrictions of activity definitions. It needs
// [ScopeActivityDefinitionsRead], and [ScopeActivityDefinitionsWrite] to replace them.
type RestrictionService struct{ client *rest.Client }

const restrictionsPath = activityDefinitionPath + "/restrictions"

var (
	getRestrictions    = getOf("restrictions", restrictionsPath)
	updateRestrictions = rest.Op{Name: "update restrictions", Class: transport.Idempotent, Method: http.MethodPut, Path: restrictionsPath, NoBody: true}
)

// Get returns the restrictions of an activity definition, with the external references that are
// named: of the definitions in the restrictions, which have a key of their own
// ([RestrictionDataEntryCode], [RestrictionExternalReference]), and of activity-definitions if the
// definition is not named by its id. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions].
//
// [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/restrictions/get/
//
//api:op GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions
func (s *RestrictionService) Get(ctx context.Context, in StructureLevel, definition DefinitionRef, references ...ReferenceName) (DefinitionRestrictions, error) {
	args, query, err := in.definition(definition, references)
	if err != nil {
		return DefinitionRestrictions{}, err
	}
	return rest.Get[DefinitionRestrictions](ctx, s.client, getRestrictions, query, args...)
}

// Update replaces all restrictions of an activity definition; with none it has none afterwards.
//
// See [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions].
//
// [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/restrictions/put/
//
//api:op PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/restrictions
func (s *RestrictionService) Update(ctx context.Context, in StructureLevel, definition DefinitionRef, restrictions []Restriction) error {
	args, query, err := in.definition(definition, nil)
	if err != nil {
		return err
	}
	// The body is the array itself; an older page of the vendor has an object around it.
	body := make([]Restriction, len(restrictions))
	for i, r := range restrictions {
		field := fmt.Sprintf("restrictions[%d]", i)
		if r.Level < 1 {
			return badField(field+".Level", fmt.Sprintf("is %d: levels begin at 1", r.Level))
		}
		body[i] = Restriction{r.Level, append([]DefinitionRef{}, r.ActivityDefinitions...)} // [], not null
		for j := range r.ActivityDefinitions {
			if err := checkDefinitionRef(fmt.Sprintf("%s.ActivityDefinitions[%d]", field, j), &r.ActivityDefinitions[j]); err != nil {
				return err
			}
		}
	}
	return s.client.Send(ctx, updateRestrictions, query, body, ignore, args...)
}

package protime

import (
	"cmp"
	"context"
	"net/http"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// DefinitionUsages are the usages of one activity definition.
type DefinitionUsages struct {
	// ChangeVersion orders the states of the usages: compare as text, the larger is newer.
	ChangeVersion      string        `json:"changeVersion,omitzero"`
	ActivityDefinition DefinitionRef `json:"activityDefinitionId"`
	Usages             []Usage       `json:"usages"`
}

// Usage says who may register on an activity definition, and when. Usages have no ids: all its
// fields together are the key. Those of the same kind and reference may not overlap.
type Usage struct {
	Kind UsageKind `json:"activityUsageKind"`
	// Reference is a person, group or circle. Its external references are the integrator's own.
	Reference Ref           `json:"usageReference"`
	From      worktime.Date `json:"from"`
	// Until is included; zero for no end.
	Until worktime.Date `json:"until,omitzero"`
}

// UsageKind is what a usage refers to. Unknown values are kept as they are.
type UsageKind string

// The kinds of a usage.
const (
	UsagePerson UsageKind = "Person"
	UsageGroup  UsageKind = "Group"
	UsageCircle UsageKind = "Circle"
)

func (u Usage) check() error {
	err := checkUsage("Usage", u.Kind, u.Reference)
	if err == nil && u.From.IsZero() {
		return badField("Usage.From", "is required")
	}
	return err
}

func checkUsage(name string, kind UsageKind, reference Ref) error {
	if kind == "" {
		return badField(name+".Kind", "is required")
	}
	return checkRef(name+".Reference", &reference)
}

// UsageChange moves the days of a usage. Kind, Reference and the original days are its key, and
// must be those that Protime has.
type UsageChange struct {
	Kind         UsageKind     `json:"activityUsageKind"`
	Reference    Ref           `json:"usageReference"`
	OriginalFrom worktime.Date `json:"originalFrom"`
	// OriginalUntil is zero if the usage has no end. It is then left out of the request, since
	// Protime would compare it.
	OriginalUntil worktime.Date `json:"originalUntil,omitzero"`
	UpdatedFrom   worktime.Date `json:"updatedFrom"`
	// UpdatedUntil is zero for no end.
	UpdatedUntil worktime.Date `json:"updatedUntil,omitzero"`
}

func (u UsageChange) check() error {
	err := checkUsage("UsageChange", u.Kind, u.Reference)
	switch {
	case err != nil:
		return err
	case u.OriginalFrom.IsZero():
		return badField("UsageChange.OriginalFrom", "is required")
	case u.UpdatedFrom.IsZero():
		return badField("UsageChange.UpdatedFrom", "is required")
	}
	return nil
}

// UsageService reads and writes the usages of activity definitions. It needs
// [ScopeActivityDefinitionsRead], and [ScopeActivityDefinitionsWrite] to write.
//
// A write is sent again only if Protime provably did not act, since it names a state that it
// changes: sent twice, it would miss it. After [worktime.ErrUnknownOutcome] get the usages
// and see.
type UsageService struct{ client *rest.Client }

const usagesPath = activityDefinitionPath + "/usages"

var (
	getUsages   = getOf("usages", usagesPath)
	createUsage = rest.Op{Name: "create usage", Class: transport.Once, Method: http.MethodPost, Path: usagesPath, NoBody: true}
	updateUsage = rest.Op{Name: "update usage", Class: transport.Once, Method: http.MethodPut, Path: usagesPath, NoBody: true}
	deleteUsage = rest.Op{Name: "delete usage", Class: transport.Once, Method: http.MethodDelete, Path: usagesPath, NoBody: true}
)

// Get returns the usages of an activity definition, with the external references that are named:
// of circles, groups and people, and of activity-definitions if the definition is not named by its id.
// One that does not exist is [worktime.ErrNotFound].
//
// See [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages].
//
// [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/usages/get/
//
//api:op GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages
func (s *UsageService) Get(ctx context.Context, in StructureLevel, definition DefinitionRef, references ...ReferenceName) (DefinitionUsages, error) {
	args, query, err := in.definition(definition, references)
	if err != nil {
		return DefinitionUsages{}, err
	}
	return rest.Get[DefinitionUsages](ctx, s.client, getUsages, query, args...)
}

// Create adds a usage to an activity definition. One that overlaps with another of the same kind
// and reference is refused: shorten or delete that one first.
//
// See [POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages].
//
// [POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/usages/post/
//
//api:op POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages
func (s *UsageService) Create(ctx context.Context, in StructureLevel, definition DefinitionRef, usage Usage) error {
	return s.write(ctx, createUsage, in, definition, usage.check(), usage)
}

// Update moves the days of a usage. One that does not exist is refused.
//
// See [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages].
//
// [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/usages/put/
//
//api:op PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages
func (s *UsageService) Update(ctx context.Context, in StructureLevel, definition DefinitionRef, change UsageChange) error {
	return s.write(ctx, updateUsage, in, definition, change.check(), change)
}

// Delete removes a usage, which must be given with all its fields as Protime has them.
//
// See [DELETE /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages].
//
// [DELETE /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/usages/delete/
//
//api:op DELETE /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}/usages
func (s *UsageService) Delete(ctx context.Context, in StructureLevel, definition DefinitionRef, usage Usage) error {
	return s.write(ctx, deleteUsage, in, definition, usage.check(), usage)
}

// write sends a body that was checked. The answer has nothing in it.
func (s *UsageService) write(ctx context.Context, op rest.Op, in StructureLevel, definition DefinitionRef, bad error, body any) error {
	args, query, err := in.definition(definition, nil)
	if err := cmp.Or(err, bad); err != nil {
		return err
	}
	return s.client.Send(ctx, op, query, body, ignore, args...)
}

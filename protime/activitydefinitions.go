package protime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// StructureLevel is where activity definitions are: on a level of a version of the tenant's
// activity structure. Versions cannot be listed: their ids are in the configuration of myProtime.
//
// See https://documentation.myprotime.eu/protimeapi/concepts/activity-structure-model/
type StructureLevel struct {
	Version string // the GUID of the structure version
	Level   int    // from 1
}

func (l StructureLevel) check() error {
	switch {
	case l.Version == "":
		return badField("StructureLevel.Version", "is empty: it is the id of an activity structure version")
	case l.Level < 1:
		return badField("StructureLevel.Level", fmt.Sprintf("is %d: levels begin at 1", l.Level))
	}
	return nil
}

// args are those of the path of the level, and of what is below it.
func (l StructureLevel) args(below ...string) []string {
	return append([]string{l.Version, strconv.Itoa(l.Level)}, below...)
}

// definition returns the arguments of a definition's path, and its parameters.
func (l StructureLevel) definition(ref DefinitionRef, references []ReferenceName) ([]string, params, error) {
	if err := cmp.Or(l.check(), checkDefinitionRef("ref", &ref)); err != nil {
		return nil, params{}, err
	}
	segment, query, err := pathSegment("activity-definitions", ref.ID, ref.ExternalReferences, references)
	return l.args(segment), query, err
}

// ActivityDefinition is an activity that people can register on, or a part of one: a project on one
// level and a task on the next, for example.
type ActivityDefinition struct {
	ID               string `json:"id,omitzero"`               // a GUID
	StructureVersion string `json:"structureVersion,omitzero"` // a GUID
	Level            int    `json:"level,omitzero"`            // from 1
	// ChangeVersion orders the states of one definition: compare as text, the larger is newer.
	ChangeVersion            string         `json:"changeVersion,omitzero"`
	CanConfigureRestrictions bool           `json:"canConfigureRestrictions"`
	Name                     Text           `json:"name"`
	Parent                   *DefinitionRef `json:"parent,omitempty"` // on the level above
	ShortCode                string         `json:"shortCode,omitzero"`
	// DataEntryCode is what people type at a terminal; unique on its level.
	DataEntryCode string `json:"dataEntryCode,omitzero"`
	// ExternalReference is the predefined one; unique on its level.
	ExternalReference string `json:"externalReference,omitzero"`
	Info              string `json:"info,omitzero"`
	// ActiveFrom and ActiveUntil are the days on which it can be used; zero for no limit.
	ActiveFrom  worktime.Date `json:"activeFrom,omitzero"`
	ActiveUntil worktime.Date `json:"activeUntil,omitzero"`
	// ExternalReferences are the definition's own that were asked for.
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`

	// Usages and Restrictions are those that were expanded: see [ExpandUsages].
	Usages       []Usage       `json:"usages,omitempty"`
	Restrictions []Restriction `json:"restrictions,omitempty"`
}

// UnmarshalJSON implements [json.Unmarshaler]. The shape of expanded members is not documented: an
// array is taken, or an object that has it, under the name of the member or of the expansion.
func (d *ActivityDefinition) UnmarshalJSON(data []byte) error {
	type plain ActivityDefinition
	members := struct {
		*plain

		Usage        part[Usage]       `json:"usage"`
		Usages       part[Usage]       `json:"usages"`
		Restrictions part[Restriction] `json:"restrictions"`
	}{plain: (*plain)(d)}
	*d = ActivityDefinition{}
	err := json.Unmarshal(data, &members)
	d.Usages, d.Restrictions = members.Usages, members.Restrictions
	if members.Usage != nil {
		d.Usages = members.Usage
	}
	return err
}

// part is what an expansion adds.
type part[T any] []T

// UnmarshalJSON reads an array, or that in an object.
func (p *part[T]) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, (*[]T)(p))
	}
	var object struct {
		Usages       *json.RawMessage `json:"usages"`
		Restrictions *json.RawMessage `json:"restrictions"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	rows := cmp.Or(object.Usages, object.Restrictions)
	if rows == nil {
		return errors.New("an expanded member is neither an array nor an object that has one")
	}
	return json.Unmarshal(*rows, (*[]T)(p))
}

// Expansion is a part of an activity definition that can be asked for with it.
type Expansion string

// The expansions. The shape of what they add is not documented: what cannot be understood is
// [worktime.ErrBadResponse], and [Client.Do] has the body as it is.
const (
	ExpandUsages       Expansion = "usage"
	ExpandRestrictions Expansion = "restrictions"
)

// definitionParams are the parameters of a single definition.
type definitionParams struct {
	Expand string `url:"expand,omitempty"`
	params
}

// NewActivityDefinition is an activity definition to be created, or what one is replaced by.
// Name.Default is required.
type NewActivityDefinition struct {
	Name Text `json:"name"`
	// Parent has effect on creation only; it cannot be changed later.
	Parent    *DefinitionRef `json:"parent,omitempty"`
	ShortCode string         `json:"shortCode,omitzero"`
	// DataEntryCode has at most 16 characters. Whether it is required or assigned by Protime is
	// the tenant's configuration.
	DataEntryCode string `json:"dataEntryCode,omitzero"`
	// ExternalReference has at most 16 characters.
	ExternalReference string `json:"externalReference,omitzero"`
	Info              string `json:"info,omitzero"`
	// ActiveFrom and ActiveUntil are the days on which it can be used; zero for no limit.
	ActiveFrom  worktime.Date `json:"activeFrom,omitzero"`
	ActiveUntil worktime.Date `json:"activeUntil,omitzero"`
}

// maxCode is the length of the codes of a definition, in characters.
const maxCode = 16

func (n NewActivityDefinition) check() error {
	if n.Name.Default == "" {
		return badField("NewActivityDefinition.Name.Default", "is required")
	}
	return cmp.Or(
		checkDefinitionRef("NewActivityDefinition.Parent", n.Parent),
		checkCode("NewActivityDefinition.DataEntryCode", n.DataEntryCode),
		checkCode("NewActivityDefinition.ExternalReference", n.ExternalReference),
	)
}

func checkCode(field, code string) error {
	if length := utf8.RuneCountInString(code); length > maxCode {
		return badField(field, fmt.Sprintf("has %d characters: Protime takes %d", length, maxCode))
	}
	return nil
}

// Upserted is what an upsert came to.
type Upserted struct {
	Result UpsertResult
	// ID is that of a definition that was created, if Protime told it.
	ID string
}

// UpsertResult tells created from updated.
type UpsertResult string

// The results of an upsert. In each of them the definition is now as it was sent.
const (
	UpsertCreated UpsertResult = "created"
	UpsertUpdated UpsertResult = "updated"
	// UpsertUnknown: the request was sent again after an attempt whose answer was lost, and
	// Protime says that it updated; that attempt may have created the definition.
	UpsertUnknown UpsertResult = "unknown"
)

// ActivityDefinitionQuery lists all activity definitions of a level. External references: of
// activity-definitions.
type ActivityDefinitionQuery = ListQuery

// ActivityDefinitionService reads and writes activity definitions. It needs
// [ScopeActivityDefinitionsRead], and [ScopeActivityDefinitionsWrite] to create and upsert.
// Definitions cannot be deleted: end one with ActiveUntil.
type ActivityDefinitionService struct{ client *rest.Client }

const (
	activityDefinitionsPath = "/activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions"
	activityDefinitionPath  = activityDefinitionsPath + "/{activityDefinitionReference}"
)

var (
	getActivityDefinition    = getOf("activity definition", activityDefinitionPath)
	createActivityDefinition = rest.Op{Name: "create activity definition", Class: transport.Once, Method: http.MethodPost, Path: activityDefinitionsPath, NoBody: true}
	upsertActivityDefinition = rest.Op{Name: "upsert activity definition", Class: transport.Idempotent, Method: http.MethodPut, Path: activityDefinitionPath, NoBody: true}
)

// listActivityDefinitions is the list of a level.
func listActivityDefinitions(in StructureLevel) rest.List[ActivityDefinition, ActivityDefinitionQuery] {
	list := listOf[ActivityDefinition, ActivityDefinitionQuery]("activity definitions", activityDefinitionsPath)
	list.Args = in.args()
	queries := list.Queries
	list.Queries = func(base *url.URL, q ActivityDefinitionQuery) ([]url.Values, error) {
		if err := in.check(); err != nil {
			return nil, err
		}
		return queries(base, q)
	}
	return list
}

// All walks the activity definitions of a level, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions].
//
// [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/get-list/
//
//api:op GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions
func (s *ActivityDefinitionService) All(ctx context.Context, in StructureLevel, q ActivityDefinitionQuery) iter.Seq2[ActivityDefinition, error] {
	return rest.All(ctx, s.client, listActivityDefinitions(in), q)
}

// Pages is [ActivityDefinitionService.All] by pages, each with the cursor of the position after it.
//
// See [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions].
//
// [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/get-list/
//
//api:op GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions
func (s *ActivityDefinitionService) Pages(ctx context.Context, in StructureLevel, q ActivityDefinitionQuery) iter.Seq2[worktime.Page[ActivityDefinition], error] {
	return rest.Pages(ctx, s.client, listActivityDefinitions(in), q)
}

// Get returns one activity definition, by its id or by a reference: that of [ActivityDataEntryCode] or
// [ActivityExternalReference], or one of the integrator's. What expand names comes with it; nil for
// nothing. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}].
//
// [GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/get/
//
//api:op GET /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}
func (s *ActivityDefinitionService) Get(ctx context.Context, in StructureLevel, ref DefinitionRef, expand []Expansion, references ...ReferenceName) (ActivityDefinition, error) {
	args, query, err := in.definition(ref, references)
	if err != nil {
		return ActivityDefinition{}, err
	}
	names := make([]string, len(expand))
	for i, name := range expand {
		if names[i] = string(name); !enumName(names[i]) {
			return ActivityDefinition{}, badField("expand", fmt.Sprintf("has %.40q, which cannot be an expansion", names[i]))
		}
	}
	return rest.Get[ActivityDefinition](ctx, s.client, getActivityDefinition, definitionParams{strings.Join(names, ","), query}, args...)
}

// Create makes an activity definition and returns its id. It is sent again only if Protime
// provably did not make it; after [worktime.ErrUnknownOutcome] it may exist. With a reference of
// the caller's own, [ActivityDefinitionService.Upsert] has no such doubt.
//
// See [POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions].
//
// [POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/post/
//
//api:op POST /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions
func (s *ActivityDefinitionService) Create(ctx context.Context, in StructureLevel, definition NewActivityDefinition) (string, error) {
	if err := cmp.Or(in.check(), definition.check()); err != nil {
		return "", err
	}
	var id string
	err := s.client.Send(ctx, createActivityDefinition, nil, definition, func(a rest.Answer) (err error) {
		id, err = created(s.client, a)
		if err == nil && id == "" {
			err = errors.New("the Location ends without an id")
		}
		return err
	}, in.args()...)
	return id, err
}

// Upsert replaces an activity definition; what is not set is emptied, except for the parent, which
// stays. One that an external reference names is created if it does not exist. One that an id
// names must exist, else it is [worktime.ErrNotFound]. It may be sent several times, which
// changes nothing but what is known of the result.
//
// See [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}].
//
// [PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/put/
//
//api:op PUT /activity-structure-versions/{structureVersionId}/levels/{level}/activity-definitions/{activityDefinitionReference}
func (s *ActivityDefinitionService) Upsert(ctx context.Context, in StructureLevel, ref DefinitionRef, definition NewActivityDefinition) (Upserted, error) {
	args, query, err := in.definition(ref, nil)
	if err := cmp.Or(err, definition.check()); err != nil {
		return Upserted{}, err
	}
	var upserted Upserted
	err = s.client.Send(ctx, upsertActivityDefinition, query, definition, func(a rest.Answer) error {
		upserted = Upserted{Result: UpsertUpdated}
		switch {
		case a.StatusCode == http.StatusCreated:
			upserted.Result = UpsertCreated
			upserted.ID, _ = created(s.client, a) // that an upsert tells it is not documented
		case a.Resent && ref.ID == "":
			upserted.Result = UpsertUnknown
		}
		return nil
	}, args...)
	return upserted, err
}

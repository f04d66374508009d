package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// AbsenceGroup is a group of absence definitions.
type AbsenceGroup struct {
	// ChangeVersion orders the states of one group: compare as text, the larger is newer. When a
	// user saves one group, all of them change.
	ChangeVersion string           `json:"changeVersion,omitzero"`
	ID            int64            `json:"id,omitzero"`
	Name          Text             `json:"name"`
	Type          AbsenceGroupType `json:"type,omitzero"`
}

func (a AbsenceGroup) version() (int64, string) { return a.ID, a.ChangeVersion }

// AbsenceGroupType is what the absences of a group are. Unknown values are kept as they are.
type AbsenceGroupType string

// The types of an absence group.
const (
	AbsenceGroupUnknown          AbsenceGroupType = "Unknown"
	AbsenceGroupAbsence          AbsenceGroupType = "Absence"
	AbsenceGroupWorkingElsewhere AbsenceGroupType = "WorkingElsewhere"
)

// AbsenceGroupQuery lists all absence groups. Neither the list nor its changes take external
// references.
type AbsenceGroupQuery = CatalogQuery

// AbsenceGroupService reads absence groups. It needs [ScopeAbsenceGroupsRead].
type AbsenceGroupService struct{ client *rest.Client }

const absenceGroupsPath = "/absence-groups"

var (
	listAbsenceGroups     = listOf[AbsenceGroup, AbsenceGroupQuery]("absence groups", absenceGroupsPath)
	changesOfAbsenceGroup = feedOf[AbsenceGroup, AbsenceGroupQuery]("absence groups", absenceGroupsPath)
	getAbsenceGroup       = getOf("absence group", absenceGroupsPath+"/{absenceGroupReference}")
)

// All walks the absence groups, page after page. Errors are those of [ClockingService.All].
//
// See [GET /absence-groups].
//
// [GET /absence-groups]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-groups/get-list/
//
//api:op GET /absence-groups
func (s *AbsenceGroupService) All(ctx context.Context, q AbsenceGroupQuery) iter.Seq2[AbsenceGroup, error] {
	return rest.All(ctx, s.client, listAbsenceGroups, q)
}

// Pages is [AbsenceGroupService.All] by pages, each with the cursor of the position after it.
//
// See [GET /absence-groups].
//
// [GET /absence-groups]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-groups/get-list/
//
//api:op GET /absence-groups
func (s *AbsenceGroupService) Pages(ctx context.Context, q AbsenceGroupQuery) iter.Seq2[worktime.Page[AbsenceGroup], error] {
	return rest.Pages(ctx, s.client, listAbsenceGroups, q)
}

// Get returns one absence group, by its id or by a reference of the integrator's. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /absence-groups/{absenceGroupReference}].
//
// [GET /absence-groups/{absenceGroupReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-groups/get/
//
//api:op GET /absence-groups/{absenceGroupReference}
func (s *AbsenceGroupService) Get(ctx context.Context, ref Ref) (AbsenceGroup, error) {
	return byRef[AbsenceGroup](ctx, s.client, getAbsenceGroup, "absence-groups", ref, nil)
}

// Changes walks the changes of absence groups from cursor on: see [ClockingService.Changes].
//
// See [GET /absence-groups?delta].
//
// [GET /absence-groups?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/absences/absence-groups/delta/
//
//api:op GET /absence-groups?delta
func (s *AbsenceGroupService) Changes(ctx context.Context, cursor worktime.Cursor, q AbsenceGroupQuery) iter.Seq2[worktime.Page[Change[AbsenceGroup]], error] {
	return changes(ctx, s.client, changesOfAbsenceGroup, cursor, q)
}

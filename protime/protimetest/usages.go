package protimetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/protime"
)

// The parts of an activity definition: its usages and its restrictions. Each is one document for a definition.

// expansions reads the query parameter expand, in which the usages are spelled in the singular.
func expansions(text string) (parts []string, reason string) {
	if text == "" {
		return nil, ""
	}
	for name := range strings.SplitSeq(text, ",") {
		switch name {
		case "usage":
			parts = append(parts, usages)
		case restrictions:
			parts = append(parts, restrictions)
		default:
			return nil, fmt.Sprintf("'%s' cannot be expanded", name)
		}
	}
	return parts, ""
}

// usageTarget is the collection that a usage of a kind points to.
func usageTarget(kind string) string {
	switch kind {
	case "Person":
		return people
	case "Group":
		return "groups"
	case "Circle":
		return "circles"
	}
	return ""
}

// ofParts reads the query of a request to a part.
func ofParts(r *http.Request) ([]protime.ReferenceName, *refusal) {
	values, refused := parameters(r, "externalReferences")
	if refused != nil {
		return nil, refused
	}
	return parseReferences(values.Get("externalReferences"), activityDefinitions, "activity-restrictions", "circles", "groups", people)
}

// part returns that of a definition; one that was never saved is empty.
func (s *Server) part(name, definition string) document {
	if r := s.store.get(name, definition); r != nil {
		return r.doc
	}
	return document{
		"changeVersion": s.store.get(activityDefinitions, definition).version, name: []any{},
		"activityDefinitionId": map[string]any{"id": definition},
	}
}

func (s *Server) getPart(name string) func(http.ResponseWriter, *http.Request, *row) *refusal {
	return func(w http.ResponseWriter, r *http.Request, definition *row) *refusal {
		asked, refused := ofParts(r)
		if refused != nil {
			return refused
		}
		answer(w, http.StatusOK, s.store.shape(s.part(name, definition.id), "", asked))
		return nil
	}
}

// putPart saves that of a definition.
func (s *Server) putPart(name, definition string, rows any) *refusal {
	return s.stored(name, document{"activityDefinitionId": map[string]any{"id": definition}, name: rows})
}

// usage is who may use a definition, and when.
type usage struct {
	Kind      string        `json:"activityUsageKind"`
	Reference protime.Ref   `json:"usageReference"`
	From      worktime.Date `json:"from"`
	Until     worktime.Date `json:"until,omitzero"`
}

// overlaps reports whether two usages are of the same and have a day in common.
func (u usage) overlaps(other usage) bool {
	return u.Kind == other.Kind && u.Reference.ID == other.Reference.ID &&
		(u.Until.IsZero() || !u.Until.Before(other.From)) && (other.Until.IsZero() || !other.Until.Before(u.From))
}

// same is the natural key, which has both dates in it.
func (u usage) same(other usage) bool {
	return u.Kind == other.Kind && u.Reference.ID == other.Reference.ID && u.From == other.From && u.Until == other.Until
}

func (s *Server) usagesOf(definition string) []usage {
	var part struct {
		Usages []usage `json:"usages"`
	}
	_ = json.Unmarshal(fake.JSON(s.part(usages, definition)), &part) // was stored from the same type
	return part.Usages
}

// newUsage is the body of a POST, PUT or DELETE.
type newUsage struct {
	Kind          string         `json:"activityUsageKind"`
	Reference     *reference     `json:"usageReference"`
	From          *worktime.Date `json:"from"`
	Until         worktime.Date  `json:"until"`
	OriginalFrom  *worktime.Date `json:"originalFrom"`
	OriginalUntil worktime.Date  `json:"originalUntil"`
	UpdatedFrom   *worktime.Date `json:"updatedFrom"`
	UpdatedUntil  worktime.Date  `json:"updatedUntil"`
}

// readUsage reads the members that the bodies have in common.
func (s *Server) readUsage(request *http.Request) (newUsage, usage, *reader) {
	var n newUsage
	r := s.read(request, &n)
	if r.invalid != nil {
		return n, usage{}, r
	}
	u := usage{Kind: n.Kind}
	switch {
	case usageTarget(n.Kind) == "":
		r.complainf("activityUsageKind", "must be Person, Group or Circle")
	case n.Reference == nil:
		r.complainf("usageReference", "is required")
	default:
		u.Reference = *r.ref("usageReference", usageTarget(n.Kind), n.Reference)
	}
	return n, u, r
}

func (s *Server) addUsage(_ http.ResponseWriter, request *http.Request, definition *row) *refusal {
	n, u, r := s.readUsage(request)
	if len(r.invalid) == 0 {
		u.From, u.Until = r.day("from", n.From), n.Until
		r.period("until", u.From, u.Until)
	}
	if refused := r.refusal(); refused != nil {
		return refused
	}
	return s.saveUsages(definition, s.usagesOf(definition.id), u)
}

func (s *Server) changeUsage(_ http.ResponseWriter, request *http.Request, definition *row) *refusal {
	n, u, r := s.readUsage(request)
	if len(r.invalid) == 0 {
		u.From, u.Until = r.day("originalFrom", n.OriginalFrom), n.OriginalUntil
	}
	updated := u
	if len(r.invalid) == 0 {
		updated.From, updated.Until = r.day("updatedFrom", n.UpdatedFrom), n.UpdatedUntil
		r.period("updatedUntil", updated.From, updated.Until)
	}
	if refused := r.refusal(); refused != nil {
		return refused
	}
	rest, refused := s.without(definition, u)
	if refused != nil {
		return refused
	}
	return s.saveUsages(definition, rest, updated)
}

func (s *Server) deleteUsage(w http.ResponseWriter, request *http.Request, definition *row) *refusal {
	n, u, r := s.readUsage(request)
	if len(r.invalid) == 0 {
		u.From, u.Until = r.day("from", n.From), n.Until
	}
	if refused := r.refusal(); refused != nil {
		return refused
	}
	rest, refused := s.without(definition, u)
	if refused != nil {
		return refused
	}
	if refused := s.putPart(usages, definition.id, rest); refused != nil {
		return refused
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// without returns the usages of a definition but one, which must be there.
func (s *Server) without(definition *row, u usage) ([]usage, *refusal) {
	all := s.usagesOf(definition.id)
	i := slices.IndexFunc(all, u.same)
	if i < 0 {
		return nil, badRequest("There is no such usage: kind, reference and both dates must be those of the stored one")
	}
	return slices.Delete(all, i, i+1), nil
}

// saveUsages adds a usage, which must not overlap with others.
func (s *Server) saveUsages(definition *row, others []usage, u usage) *refusal {
	if slices.ContainsFunc(others, u.overlaps) {
		return badRequest("The period overlaps with another usage of the same %s", u.Kind)
	}
	return s.putPart(usages, definition.id, append(others, u))
}

// replaceRestrictions takes a list of levels with the definitions that can be combined with this one.
func (s *Server) replaceRestrictions(_ http.ResponseWriter, request *http.Request, definition *row) *refusal {
	var given []struct {
		Level       int         `json:"level"`
		Definitions []reference `json:"activityDefinitions"`
	}
	r := s.read(request, &given)
	rows := make([]any, len(given))
	for i, level := range given {
		ids := make([]any, len(level.Definitions))
		for j := range level.Definitions {
			member := fmt.Sprintf("[%d].activityDefinitions[%d]", i, j)
			id := r.definition(member, &level.Definitions[j])
			ids[j] = map[string]any{"id": id}
			p := place{definition.doc.text("structureVersion"), level.Level}
			if found := s.store.get(activityDefinitions, id); found == nil || !p.has(found.doc) {
				r.complainf(member, "there is no definition '%s' on level %d", id, level.Level)
			}
		}
		rows[i] = map[string]any{"level": level.Level, "activityDefinitions": ids}
	}
	if refused := r.refusal(); refused != nil {
		return refused
	}
	return s.putPart(restrictions, definition.id, rows)
}

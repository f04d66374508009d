package protimetest

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// activityOperations returns what can be done at a path below activity-structure-versions: with the definitions of
// one version and level, and with the usages and restrictions of each. See
// https://documentation.myprotime.eu/protimeapi/concepts/activity-structure-model/
func (s *Server) activityOperations(path []string) operations {
	if len(path) < 4 || len(path) > 6 || path[1] != "levels" || path[3] != activityDefinitions {
		return nil
	}
	level, err := strconv.Atoi(path[2])
	if err != nil || level < 1 {
		return nil
	}
	c := s.store.tables[activityDefinitions].collection
	p := place{version: path[0], level: level}
	if len(path) == 4 {
		return operations{
			"GET": reading(c, func(w http.ResponseWriter, r *http.Request) *refusal {
				return s.list(w, r, listing{collection: c, path: p.path(), refs: c.refs, within: p.has})
			}),
			"POST": writing(c, func(w http.ResponseWriter, r *http.Request) *refusal { return s.createDefinition(w, r, p) }),
		}
	}
	if len(path) == 5 {
		return operations{
			"GET": reading(c, func(w http.ResponseWriter, r *http.Request) *refusal { return s.getDefinition(w, r, p, path[4]) }),
			"PUT": writing(c, func(w http.ResponseWriter, r *http.Request) *refusal { return s.saveDefinition(w, r, p, path[4]) }),
		}
	}
	all := operations{}
	of := func(run func(http.ResponseWriter, *http.Request, *row) *refusal) handler {
		return func(w http.ResponseWriter, r *http.Request) *refusal {
			asked, refused := ofParts(r)
			if refused != nil {
				return refused
			}
			definition, refused := s.definition(p, path[4], asked)
			if refused != nil {
				return refused
			}
			return run(w, r, definition)
		}
	}
	switch path[5] {
	case usages:
		all["GET"] = reading(c, of(s.getPart(usages)))
		all["POST"] = writing(c, of(s.addUsage))
		all["PUT"] = writing(c, of(s.changeUsage))
		all["DELETE"] = writing(c, of(s.deleteUsage))
	case restrictions:
		all["GET"] = reading(c, of(s.getPart(restrictions)))
		all["PUT"] = writing(c, of(s.replaceRestrictions))
	}
	return all
}

// place is where definitions are: a version of the structure and a level in it.
type place struct {
	version string
	level   int
}

func (p place) path() string {
	return fmt.Sprintf("/activity-structure-versions/%s/levels/%d/%s", url.PathEscape(p.version), p.level, activityDefinitions)
}

func (p place) has(doc document) bool {
	return doc.text("structureVersion") == p.version && doc.text("level") == strconv.Itoa(p.level)
}

// definition finds the one that a path names.
func (s *Server) definition(p place, reference string, asked []protime.ReferenceName) (*row, *refusal) {
	found, refused := s.lookUp(s.store.tables[activityDefinitions].collection, reference, asked)
	if refused == nil && !p.has(found.doc) {
		return nil, &refusal{status: http.StatusNotFound}
	}
	return found, refused
}

func (s *Server) getDefinition(w http.ResponseWriter, r *http.Request, p place, reference string) *refusal {
	values, refused := parameters(r, "externalReferences", "expand")
	if refused != nil {
		return refused
	}
	asked, refused := parseReferences(values.Get("externalReferences"), activityDefinitions)
	if refused != nil {
		return refused
	}
	found, refused := s.definition(p, reference, asked)
	if refused != nil {
		return refused
	}
	expanded, reason := expansions(values.Get("expand"))
	if reason != "" {
		return badRequest("%s", reason)
	}
	object, _ := s.store.shape(found.doc, activityDefinitions, asked).(map[string]any)
	for _, part := range expanded { // the members are not documented: here they are named as in the parts' own answers
		object[part] = s.part(part, found.id)[part]
	}
	answer(w, http.StatusOK, object)
	return nil
}

// newDefinition is the body of a POST or PUT.
type newDefinition struct {
	Name *struct {
		Default      string            `json:"default"`
		Translations map[string]string `json:"translations,omitempty"`
	} `json:"name"`
	Parent            *reference    `json:"parent"`
	ShortCode         string        `json:"shortCode"`
	DataEntryCode     string        `json:"dataEntryCode"`
	ExternalReference string        `json:"externalReference"`
	Info              string        `json:"info"`
	ActiveFrom        worktime.Date `json:"activeFrom"`
	ActiveUntil       worktime.Date `json:"activeUntil"`
}

// maxCode is the length of the codes of a definition.
const maxCode = 16

// readDefinition makes the definition that a body describes. known is that which it replaces, whose parent stays;
// named are the members that the path gives.
func (s *Server) readDefinition(request *http.Request, p place, known *row, named map[string]string) (document, *refusal) {
	var n newDefinition
	r := s.read(request, &n)
	if r.invalid != nil {
		return nil, r.refusal()
	}
	doc := document{"structureVersion": p.version, "level": p.level, "canConfigureRestrictions": p.level == 1}
	if n.Name == nil || n.Name.Default == "" {
		r.complainf("name.default", "is required")
	}
	doc["name"] = n.Name
	r.period("activeUntil", n.ActiveFrom, n.ActiveUntil)
	for member, value := range map[string]string{
		"shortCode": n.ShortCode, "dataEntryCode": n.DataEntryCode, "externalReference": n.ExternalReference, "info": n.Info,
		"activeFrom": n.ActiveFrom.String(), "activeUntil": n.ActiveUntil.String(),
	} {
		if value == "" {
			value = named[member]
		}
		if value != "" {
			doc[member] = value
		}
	}
	if n.ActiveFrom.IsZero() {
		delete(doc, "activeFrom")
	}
	if n.ActiveUntil.IsZero() {
		delete(doc, "activeUntil")
	}
	s.readCodes(r, doc, p, known)
	switch {
	case known != nil:
		doc["id"], doc["parent"] = known.id, known.doc["parent"]
	case n.Parent != nil:
		doc["parent"] = map[string]any{"id": r.definition("parent", n.Parent)}
	}
	if doc["parent"] == nil {
		delete(doc, "parent")
	}
	return doc, r.refusal()
}

// readCodes checks the codes, which are unique among the definitions of a place.
func (s *Server) readCodes(r *reader, doc document, p place, known *row) {
	others, _ := s.store.page(activityDefinitions, 0, math.MaxInt, p.has)
	for _, member := range []string{"dataEntryCode", "externalReference"} {
		code := doc.text(member)
		if utf8.RuneCountInString(code) > maxCode {
			r.complainf(member, "must have %d characters at most", maxCode)
		}
		if code != "" && slices.ContainsFunc(others, func(o *row) bool { return o != known && o.doc.text(member) == code }) {
			r.complainf(member, "'%s' is taken", code)
		}
	}
	switch {
	case doc["dataEntryCode"] != nil:
	case s.settings.manualCodes:
		r.complainf("dataEntryCode", "is required")
	case known != nil:
		doc["dataEntryCode"] = known.doc.text("dataEntryCode")
	default:
		doc["dataEntryCode"] = fmt.Sprintf("A%05d", len(others)+1)
	}
}

func (s *Server) createDefinition(w http.ResponseWriter, r *http.Request, p place) *refusal {
	if _, refused := parameters(r); refused != nil {
		return refused
	}
	doc, refused := s.readDefinition(r, p, nil, nil)
	if refused != nil {
		return refused
	}
	return s.createdAt(w, p.path(), activityDefinitions, doc)
}

// saveDefinition updates a definition. One that a reference names is created if it does not exist. See
// https://documentation.myprotime.eu/protimeapi/reference/collections/activities/activity-definitions/definitions/put/
func (s *Server) saveDefinition(w http.ResponseWriter, r *http.Request, p place, reference string) *refusal {
	values, refused := parameters(r, "externalReferences")
	if refused != nil {
		return refused
	}
	asked, refused := parseReferences(values.Get("externalReferences"), activityDefinitions)
	if refused != nil {
		return refused
	}
	known, missing := s.definition(p, reference, asked)
	if missing != nil && len(asked) == 0 {
		return missing
	}
	named := map[string]string{}
	members, _ := predefined(activityDefinitions)
	for _, name := range asked {
		if member := members[referenceName(name)]; member != "" {
			named[member] = reference
		}
	}
	doc, refused := s.readDefinition(r, p, known, named)
	if refused != nil {
		return refused
	}
	if known != nil {
		return s.stored(activityDefinitions, doc)
	}
	if len(named) == 0 { // the integrator's own reference
		doc["externalReferences"] = map[string]any{referenceName(asked[0]): reference}
	}
	return s.createdAt(w, p.path(), activityDefinitions, doc)
}

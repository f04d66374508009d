package protimetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/worktime-go/worktime/protime"
)

// The collections with predefined references, as they are spelled in external references.
const (
	people              = "people"
	terminals           = "terminals"
	activityDefinitions = "activity-definitions"
	absenceDefinitions  = "absence-definitions"
	counterDefinitions  = "counter-definitions"
	shiftDefinitions    = "shift-definitions"
)

// predefined returns the predefined references of a collection and the members that they stand for; false if the
// collection has no references at all. See
// https://documentation.myprotime.eu/protimeapi/reference/external-references/
func predefined(collection string) (members map[string]string, ok bool) {
	switch collection {
	case people:
		return map[string]string{"@badge-number": "badgeNumber", "@employee-number": "employeeNumber"}, true
	case terminals:
		return map[string]string{"@external-code": "externalCode"}, true
	case activityDefinitions, "activity-restrictions":
		return map[string]string{"@data-entry-code": "dataEntryCode", "@external-reference": "externalReference"}, true
	case absenceDefinitions:
		return map[string]string{"@absence-code": "code"}, true
	case counterDefinitions:
		return map[string]string{"@counter-code": "code"}, true
	case shiftDefinitions:
		return map[string]string{"@shift-code": "code"}, true
	case "absence-groups", "counter-groups", "contracts", "break-definitions", "departments", "employers", "jobs",
		"job-categories", "sectors", "work-locations", "circles", "groups":
		return nil, true
	}
	return nil, false
}

// referenceOf and referenceName are the two parts of a reference.
func referenceOf(reference protime.ReferenceName) string {
	collection, _, _ := strings.Cut(string(reference), ",")
	return collection
}

func referenceName(reference protime.ReferenceName) string {
	_, name, _ := strings.Cut(string(reference), ",")
	return name
}

// knownReference is a value that an object is known by, also if its id is a number.
type knownReference struct {
	name      protime.ReferenceName
	id, value string
}

// references are values by reference and id.
type references map[protime.ReferenceName]map[string]string

func (r references) add(k knownReference) error {
	collection, name, _ := strings.Cut(string(k.name), ",")
	if reason := badReference(collection, name); reason != "" {
		return fmt.Errorf("protimetest: reference %q: %s", k.name, reason)
	}
	if r[k.name] == nil {
		r[k.name] = map[string]string{}
	}
	for id, value := range r[k.name] {
		if value == k.value && id != k.id {
			return fmt.Errorf("protimetest: reference %q: the value %q is not unique", k.name, k.value)
		}
	}
	r[k.name][k.id] = k.value
	return nil
}

// id returns that of the object with a value, which it was given or has in the member that the reference stands for.
func (s *store) id(collection, name, value string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for id, known := range s.references[protime.ReferenceName(collection+","+name)] {
		if known == value {
			return id, true
		}
	}
	members, _ := predefined(collection)
	if members[name] == "" || value == "" || s.tables[collection] == nil {
		return "", false
	}
	for _, row := range s.tables[collection].rows {
		if row.doc.text(members[name]) == value {
			return row.id, true
		}
	}
	return "", false
}

// values returns those of an object under the names that were asked for; nil if there are none.
func (s *store) values(collection, id string, asked []protime.ReferenceName) map[string]any {
	var values map[string]any
	for _, reference := range asked {
		name := referenceName(reference)
		if referenceOf(reference) != collection {
			continue
		}
		if value := s.value(collection, id, name); value != "" {
			if values == nil {
				values = map[string]any{}
			}
			values[name] = value
		}
	}
	return values
}

// value returns one; "" if the object has none.
func (s *store) value(collection, id, name string) string {
	if collection == "activity-restrictions" { // another key for the same objects
		collection = activityDefinitions
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if value, given := s.references[protime.ReferenceName(collection+","+name)][id]; given {
		return value
	}
	members, _ := predefined(collection)
	if t := s.tables[collection]; t != nil && members[name] != "" {
		if row := t.find(id); row != nil {
			return row.doc.text(members[name])
		}
	}
	return ""
}

// customName is what is accepted as the integrator's own name of a reference; the vendor's rule is not documented.
var customName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]*$`)

// badReference says what is wrong with a reference, if anything is.
func badReference(collection, name string) string {
	members, ok := predefined(collection)
	if !ok {
		return fmt.Sprintf("The collection '%s' has no external references", collection)
	}
	if members[name] == "" && !customName.MatchString(name) {
		return fmt.Sprintf("'%s' is not an external reference of '%s'", name, collection)
	}
	return ""
}

// parseReferences reads the query parameter externalReferences: pairs in parentheses with nothing between, of
// collections that the operation takes.
func parseReferences(text string, allowed ...string) (asked []protime.ReferenceName, refused *refusal) {
	for text != "" {
		pair, rest, closed := strings.Cut(text, ")")
		pair, opened := strings.CutPrefix(pair, "(")
		collection, name, comma := strings.Cut(pair, ",")
		if !closed || !opened || !comma {
			return nil, badRequest("externalReferences must have the form (collection,name)(collection,name)")
		}
		if !slices.Contains(allowed, collection) {
			return nil, badRequest("The collection '%s' has no external references here", collection)
		}
		if reason := badReference(collection, name); reason != "" {
			return nil, badRequest("%s", reason)
		}
		asked, text = append(asked, protime.ReferenceName(pair)), rest
	}
	return asked, nil
}

// shape returns a document with the references that were asked for.
func (s *store) shape(doc document, collection string, asked []protime.ReferenceName) any {
	return mapped(map[string]any(doc), "", func(member string, object map[string]any) {
		target := pointsTo(member)
		if member == "" {
			target = collection // an object has references to itself too
		}
		if inner, ok := object["usageReference"].(map[string]any); ok {
			kind, _ := object["activityUsageKind"].(string)
			target, object = usageTarget(kind), inner
		}
		if values := s.values(target, identity(object), asked); values != nil {
			object["externalReferences"] = values
		}
	})
}

// learn returns the document without the external references in it, which are kept.
func (s *store) learn(collection string, doc document) (document, error) {
	var failed error
	plain, _ := mapped(map[string]any(doc), "", func(member string, object map[string]any) {
		values, ok := object["externalReferences"].(map[string]any)
		target := pointsTo(member)
		if member == "" {
			target = collection
		}
		if !ok || target == "" || target == webhooks {
			return
		}
		delete(object, "externalReferences")
		for name, value := range values {
			known := knownReference{protime.ReferenceName(target + "," + name), identity(object), fmt.Sprint(value)}
			if err := s.references.add(known); err != nil && failed == nil {
				failed = err
			}
		}
	}).(map[string]any)
	return plain, failed
}

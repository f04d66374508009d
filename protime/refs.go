package protime

import (
	"fmt"
	"strings"
)

// Ref points to an object of another collection: by its id, or by an external reference, a value
// that another system knows it by. In answers ID is set, and ExternalReferences holds
// what the query asked for. In requests set exactly one; see [ByID] and [ByExternal].
//
// See https://documentation.myprotime.eu/protimeapi/reference/external-references/
type Ref struct {
	ID                 int64             `json:"id,omitzero"`
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`
}

// ByID refers to an object by its id in Protime.
func ByID(id int64) Ref { return Ref{ID: id} }

// ByExternal refers to an object by an external reference: name is predefined
// ("@badge-number") or the integrator's own ("HRMID").
func ByExternal(name, value string) Ref {
	return Ref{ExternalReferences: map[string]string{name: value}}
}

// checkRef checks a reference in a request; nil is no reference.
func checkRef(field string, r *Ref) error {
	switch {
	case r == nil:
		return nil
	case r.ID != 0 && len(r.ExternalReferences) > 0:
		return badField(field, "has both an id and an external reference: only one can be sent")
	case r.ID == 0 && len(r.ExternalReferences) != 1:
		return badField(field, "must have an id or one external reference")
	case r.ID < 0:
		return badField(field, "has a negative id")
	}
	for name, value := range r.ExternalReferences {
		if name == "" || value == "" {
			return badField(field, "has an external reference without a name or a value")
		}
	}
	return nil
}

// DefinitionRef points to an activity definition, whose id is a GUID; otherwise it is as [Ref].
type DefinitionRef struct {
	ID                 string            `json:"id,omitzero"`
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`
}

// ReferenceName asks for an external reference in answers: a collection and the name of a
// reference on it, joined by a comma.
type ReferenceName string

// The predefined references, each a field of Protime.
const (
	AbsenceCode          ReferenceName = "absence-definitions,@absence-code"
	ActivityDataCode     ReferenceName = "activity-definitions,@data-entry-code"
	ActivityExternalCode ReferenceName = "activity-definitions,@external-reference"
	PersonBadgeNumber    ReferenceName = "people,@badge-number"
	PersonEmployeeNumber ReferenceName = "people,@employee-number"
	TerminalExternalCode ReferenceName = "terminals,@external-code"
)

// CustomReference is a reference that the integrator keeps: CustomReference("people", "HRMID").
func CustomReference(collection, name string) ReferenceName {
	return ReferenceName(collection + "," + name)
}

// encodeReferences writes the names as the query parameter wants them: pairs in parentheses
// with nothing between.
func encodeReferences(names []ReferenceName) (string, error) {
	var b strings.Builder
	for _, pair := range names {
		collection, name, _ := strings.Cut(string(pair), ",")
		if collection == "" || name == "" || strings.ContainsAny(string(pair), "()'\"") || strings.Contains(name, ",") ||
			strings.ContainsFunc(string(pair), func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return "", fmt.Errorf(`has %.40q, which is not of the form "collection,name"`, string(pair))
		}
		fmt.Fprintf(&b, "(%s)", pair)
	}
	return b.String(), nil
}

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
	case r.ID < 0:
		return badField(field, "has a negative id")
	}
	return checkOne(field, r.ID != 0, r.ExternalReferences)
}

// checkOne checks that a reference is either an id or one external reference.
func checkOne(field string, id bool, external map[string]string) error {
	switch {
	case id && len(external) > 0:
		return badField(field, "has both an id and an external reference: only one can be sent")
	case !id && len(external) != 1:
		return badField(field, "must have an id or one external reference")
	}
	for name, value := range external {
		if name == "" || value == "" {
			return badField(field, "has an external reference without a name or a value")
		}
	}
	return nil
}

// DefinitionRef points to an activity definition, whose id is a GUID; otherwise it is as [Ref].
// See [DefinitionByID] and [DefinitionByExternal].
type DefinitionRef struct {
	ID                 string            `json:"id,omitzero"`
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`
}

// DefinitionByID refers to an activity definition by its id in Protime.
func DefinitionByID(id string) DefinitionRef { return DefinitionRef{ID: id} }

// DefinitionByExternal refers to an activity definition by an external reference: name is
// predefined ("@data-entry-code", "@external-reference") or the integrator's own.
func DefinitionByExternal(name, value string) DefinitionRef {
	return DefinitionRef{ExternalReferences: map[string]string{name: value}}
}

// checkDefinitionRef checks a reference in a request; nil is no reference.
func checkDefinitionRef(field string, r *DefinitionRef) error {
	if r == nil {
		return nil
	}
	return checkOne(field, r.ID != "", r.ExternalReferences)
}

// checkActivityLevels checks the activities in a request.
func checkActivityLevels(field string, levels []ActivityLevel) error {
	for i, level := range levels {
		if level.Level < 1 {
			return badField(fmt.Sprintf("%s[%d].Level", field, i), fmt.Sprintf("is %d: levels begin at 1", level.Level))
		}
		if err := checkDefinitionRef(fmt.Sprintf("%s[%d].ActivityDefinition", field, i), &level.ActivityDefinition); err != nil {
			return err
		}
	}
	return nil
}

// ReferenceName asks for an external reference in answers: a collection and the name of a
// reference on it, joined by a comma.
type ReferenceName string

// The predefined references, each a field of Protime.
const (
	AbsenceCode               ReferenceName = "absence-definitions,@absence-code"
	ActivityDataEntryCode     ReferenceName = "activity-definitions,@data-entry-code"
	ActivityExternalReference ReferenceName = "activity-definitions,@external-reference"
	CounterCode               ReferenceName = "counter-definitions,@counter-code"
	PersonBadgeNumber         ReferenceName = "people,@badge-number"
	PersonEmployeeNumber      ReferenceName = "people,@employee-number"
	ShiftCode                 ReferenceName = "shift-definitions,@shift-code"
	TerminalExternalCode      ReferenceName = "terminals,@external-code"

	// The definitions in the restrictions of another one have a key of their own.
	RestrictionDataEntryCode     ReferenceName = "activity-restrictions,@data-entry-code"
	RestrictionExternalReference ReferenceName = "activity-restrictions,@external-reference"
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

package protimetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// document is an object of a collection as JSON has it; numbers are of type [json.Number]. One that is
// stored never changes.
type document map[string]any

// newDocument reads what encodes as a JSON object.
func newDocument(object any) (document, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc document
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, errors.New("the object is null")
	}
	return doc, nil
}

// at returns a member, of which the path has dots; nil if it is not there.
func (d document) at(path string) any {
	var value any = map[string]any(d)
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// text is a member that is a string or a number; "" if it is not there.
func (d document) text(path string) string {
	switch value := d.at(path).(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}

// clone returns a copy that may be changed.
func (d document) clone() document {
	doc, _ := mapped(map[string]any(d), "", func(string, map[string]any) {}).(map[string]any)
	return doc
}

// mapped returns a copy of a JSON value in which all objects went through edit, which gets the name of the
// nearest member above and may change its copy.
func mapped(value any, member string, edit func(member string, object map[string]any)) any {
	switch value := value.(type) {
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, inner := range value {
			object[name] = mapped(inner, name, edit)
		}
		edit(member, object)
		return object
	case []any:
		list := make([]any, len(value))
		for i, inner := range value {
			list[i] = mapped(inner, member, edit)
		}
		return list
	}
	return value
}

// pointsTo returns the collection that a member points into; "" if it is no reference.
func pointsTo(member string) string {
	switch member {
	case "person":
		return people
	case "terminal":
		return terminals
	case "reason", "absenceDefinition", "resultingAbsenceDefinition", "requestedAbsenceDefinition":
		return absenceDefinitions
	case "activityDefinition", "activityDefinitionId", "parent":
		return activityDefinitions
	case "activityDefinitions": // in restrictions
		return "activity-restrictions"
	case "counterDefinition", "counterDefinitions":
		return counterDefinitions
	case "parentContract":
		return "contracts"
	case "jobCategory":
		return "job-categories"
	case "workLocation":
		return "work-locations"
	case "shiftDefinition", "breakDefinition":
		return strings.TrimSuffix(member, "Definition") + "-definitions"
	case "absenceGroup", "counterGroup":
		return strings.TrimSuffix(member, "Group") + "-groups"
	case "department", "employer", "job", "sector":
		return member + "s"
	}
	return ""
}

// identity is the id of a reference as text; "" if it has none.
func identity(object map[string]any) string {
	if id := object["id"]; id != nil {
		return fmt.Sprint(id)
	}
	return ""
}

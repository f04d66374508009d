package protimetest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/protime"
)

// The collections whose objects clockings point to, as they are spelled in external references.
const (
	people              = "people"
	terminals           = "terminals"
	activityDefinitions = "activity-definitions"
	absenceDefinitions  = "absence-definitions"
)

// predefined returns the predefined references of a collection, each a field of Protime. See
// https://documentation.myprotime.eu/protimeapi/reference/external-references/
func predefined(collection string) (names []string, ok bool) {
	switch collection {
	case people:
		return []string{"@badge-number", "@employee-number"}, true
	case terminals:
		return []string{"@external-code"}, true
	case activityDefinitions:
		return []string{"@data-entry-code", "@external-reference"}, true
	case absenceDefinitions:
		return []string{"@absence-code"}, true
	}
	return nil, false
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

// id returns that of the object with a value.
func (r references) id(collection, name, value string) (string, bool) {
	for id, known := range r[protime.ReferenceName(collection+","+name)] {
		if known == value {
			return id, true
		}
	}
	return "", false
}

// of returns the values of an object under the names that were asked for; nil if there are none.
func (r references) of(collection, id string, asked []protime.ReferenceName) map[string]string {
	var values map[string]string
	for _, reference := range asked {
		name, ok := strings.CutPrefix(string(reference), collection+",")
		if value := r[reference][id]; ok && value != "" {
			if values == nil {
				values = map[string]string{}
			}
			values[name] = value
		}
	}
	return values
}

// customName is what is accepted as the integrator's own name of a reference; the vendor's rule is not documented.
var customName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]*$`)

// badReference says what is wrong with a reference, if anything is.
func badReference(collection, name string) string {
	names, ok := predefined(collection)
	if !ok {
		return fmt.Sprintf("The collection '%s' has no external references here", collection)
	}
	if !slices.Contains(names, name) && !customName.MatchString(name) {
		return fmt.Sprintf("'%s' is not an external reference of '%s'", name, collection)
	}
	return ""
}

// parseReferences reads the query parameter externalReferences: pairs in parentheses with nothing between.
func parseReferences(text string) (asked []protime.ReferenceName, reason string) {
	for text != "" {
		pair, rest, closed := strings.Cut(text, ")")
		pair, opened := strings.CutPrefix(pair, "(")
		collection, name, comma := strings.Cut(pair, ",")
		if !closed || !opened || !comma {
			return nil, "externalReferences must have the form (collection,name)(collection,name)"
		}
		if reason := badReference(collection, name); reason != "" {
			return nil, reason
		}
		asked, text = append(asked, protime.ReferenceName(pair)), rest
	}
	return asked, ""
}

// shape gives a clocking the references that were asked for.
func (r references) shape(c *protime.Clocking, asked []protime.ReferenceName) {
	point := func(ref *protime.Ref, collection string) {
		if ref != nil {
			ref.ExternalReferences = r.of(collection, strconv.FormatInt(ref.ID, 10), asked)
		}
	}
	point(&c.Person, people)
	point(c.Terminal, terminals)
	point(c.Reason, absenceDefinitions)
	for i := range c.ActivityLevels {
		definition := &c.ActivityLevels[i].ActivityDefinition
		definition.ExternalReferences = r.of(activityDefinitions, definition.ID, asked)
	}
}

// learn takes the references out of a clocking that is stored.
func (r references) learn(c *protime.Clocking) error {
	take := func(collection, id string, values map[string]string) error {
		for name, value := range values {
			if err := r.add(knownReference{protime.ReferenceName(collection + "," + name), id, value}); err != nil {
				return err
			}
		}
		return nil
	}
	point := func(ref *protime.Ref, collection string) error {
		if ref == nil {
			return nil
		}
		return take(collection, strconv.FormatInt(ref.ID, 10), ref.ExternalReferences)
	}
	for _, err := range []error{point(&c.Person, people), point(c.Terminal, terminals), point(c.Reason, absenceDefinitions)} {
		if err != nil {
			return err
		}
	}
	for _, level := range c.ActivityLevels {
		if err := take(activityDefinitions, level.ActivityDefinition.ID, level.ActivityDefinition.ExternalReferences); err != nil {
			return err
		}
	}
	r.shape(c, nil)
	return nil
}

package protimetest

import "slices"

// collection is what the reference says of one collection. See
// https://documentation.myprotime.eu/protimeapi/reference/collections/
type collection struct {
	name string
	// scopes are alternatives: any of them allows to read.
	scopes []string
	guid   bool // the ids are GUIDs
	// fields that lists can be filtered by; without any, the parameter filter is refused.
	fields []field
	// refs are the external references that lists and deltas take; getRefs are those of a single GET besides.
	refs, getRefs []string

	delta, webhook bool
	// noGet and noList: the collection has no such path of its own.
	noGet, noList bool
	writable      bool
	// together: to save one object is to save them all.
	together bool
	// stays: a user's deletion leaves the object, with the status Deleted.
	stays bool
}

type fieldKind string

const (
	persons  fieldKind = "persons"
	days     fieldKind = "days" // required; the only kind that takes "ge" and "le"
	integers fieldKind = "integers"
	texts    fieldKind = "strings"
	bools    fieldKind = "booleans"
)

// field is a field of filters.
type field struct {
	name   string
	kind   fieldKind
	path   string   // of the member, with dots
	values []string // that strings can have; nil: any
	// multiple: the field is of the constraint category Multiple, so that it may stand below an "or".
	multiple bool
}

func person() field { return field{name: "person", kind: persons, path: "person.id"} }

func ofPerson(day string) []field {
	return []field{person(), {name: "date", kind: days, path: day}}
}

func choice(name, path string, values ...string) field {
	return field{name: name, kind: texts, path: path, values: values, multiple: true}
}

// dated is whether lists demand a filter on days.
func (c *collection) dated() bool {
	return slices.ContainsFunc(c.fields, func(f field) bool { return f.kind == days })
}

// idPath is the member that has the id.
func (c *collection) idPath() string {
	if c.name == usages || c.name == restrictions {
		return "activityDefinitionId.id"
	}
	return "id"
}

// The names of collections that are more than a row of the table. Usages and restrictions are documents that
// belong to an activity definition.
const (
	clockings    = "clockings"
	assignments  = "assignments"
	webhooks     = "webhooks"
	usages       = "usages"
	restrictions = "restrictions"
)

// scopePrefix stands before the name of a collection.
const scopePrefix = "connector-protimeapi-"

// catalogs of people, each of which has a history.
func catalogs() map[string]string {
	return map[string]string{
		"departments": "department", "employers": "employer", "jobs": "job",
		"job-categories": "job-category", "sectors": "sector", "work-locations": "work-location",
	}
}

func newCollections() map[string]*collection {
	all := daily()
	all = append(all, definitionsAndPeople()...)
	for catalog, category := range catalogs() {
		all = append(all,
			collection{name: catalog, getRefs: []string{catalog}},
			collection{name: category + "-histories", scopes: []string{"people", "people-historical-data"}, refs: []string{catalog}, noGet: true})
	}
	byName := make(map[string]*collection, len(all))
	for _, c := range all {
		if c.scopes == nil {
			c.scopes = []string{c.name}
		}
		for i := range c.scopes {
			c.scopes[i] = scopePrefix + c.scopes[i] + ".read"
		}
		byName[c.name] = &c
	}
	return byName
}

// daily are the collections of what happens on days.
func daily() []collection {
	kinds := choice("kind", "kind", "InOut", "Reason", "Activity", "ActivityEnd")
	states := choice("status", "status", "Unknown", "Auto", "Manual", "Calendar")
	// The pages of the list and of the delta spell this filter differently.
	counted := field{name: "counter-definitions", kind: integers, path: "counterDefinition.id", multiple: true}
	alias := counted
	alias.name = "counter-definition"
	all := []collection{
		{name: clockings, fields: append(ofPerson("date"), kinds), refs: []string{people, terminals, activityDefinitions, absenceDefinitions}, writable: true, stays: true},
		{name: "access-clockings", fields: ofPerson("date"), refs: []string{people, terminals}},
		{name: "absences", fields: ofPerson("date"), refs: []string{people, shiftDefinitions, absenceDefinitions}},
		{name: "activity-durations", fields: ofPerson("date"), refs: []string{people, activityDefinitions, absenceDefinitions, counterDefinitions}},
		{name: assignments, fields: ofPerson("from"), refs: []string{people, activityDefinitions}, writable: true},
		{name: "counters", fields: append(ofPerson("date"), counted, alias, states), refs: []string{people, shiftDefinitions, counterDefinitions}},
		{name: "calculated-totals", fields: ofPerson("date"), refs: []string{people, shiftDefinitions}},
		{name: "paid-presences", scopes: []string{"calculated-totals"}, fields: ofPerson("date"), refs: []string{people, shiftDefinitions}},
		{name: "breaks", fields: ofPerson("date"), refs: []string{people}},
		{name: "work-interruptions", fields: ofPerson("date"), refs: []string{people}},
	}
	for i := range all {
		all[i].delta, all[i].webhook = true, true
	}
	return all
}

func definitionsAndPeople() []collection {
	all := []collection{
		{name: people, fields: []field{{name: "person", kind: persons, path: "id"}}, refs: []string{people}},
		{name: "contracts", fields: []field{person()}, refs: []string{"contracts", people}},
		{name: absenceDefinitions, refs: []string{"absence-groups"}, getRefs: []string{absenceDefinitions}},
		{name: "absence-groups", getRefs: []string{"absence-groups"}, together: true},
		{name: counterDefinitions, getRefs: []string{counterDefinitions}, fields: []field{
			{name: "counter-group", kind: integers, path: "counterGroup.id", multiple: true},
			{name: "enabled", kind: bools, path: "isEnabled"},
		}},
		{name: "counter-groups", getRefs: []string{"counter-groups"}, together: true},
		{name: "break-definitions", getRefs: []string{"break-definitions"}},
		{name: shiftDefinitions, getRefs: []string{shiftDefinitions}},
	}
	for i := range all {
		all[i].delta, all[i].webhook = true, true
	}
	definitions := func() []string { return []string{activityDefinitions} }
	return append(all,
		collection{name: activityDefinitions, guid: true, refs: []string{activityDefinitions}, noGet: true, noList: true, writable: true},
		collection{name: usages, scopes: definitions(), guid: true, noGet: true, noList: true},
		collection{name: restrictions, scopes: definitions(), guid: true, noGet: true, noList: true},
		collection{name: webhooks, guid: true, writable: true, fields: []field{
			choice("status", "status", "Enabled", "Disabled"),
			{name: "collection-name", kind: texts, path: "collectionName", multiple: true},
		}})
}

// allScopes are those of the collections.
func allScopes(all map[string]*collection) []string {
	scopes := []string{scopePrefix + "external-references.read", scopePrefix + "external-references.write"}
	for _, c := range all {
		scopes = append(scopes, c.scopes...)
		if c.writable {
			scopes = append(scopes, scopePrefix+c.name+".write")
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

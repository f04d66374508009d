package protimetest

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/worktime-go/worktime"
)

// maxRange is the longest range of days that a list takes.
const maxRange = 366

// complaint is why a filter is refused, in a sentence like the vendor's.
type complaint string

func (c complaint) Error() string { return string(c) }

func reason(format string, args ...any) error { return complaint(fmt.Sprintf(format, args...)) }

// The vendor's own words.
const errRange complaint = "The provided date range is invalid"

// predicate tells whether an object passes.
type predicate func(document) bool

// checker checks an expression against the fields of a collection.
type checker struct {
	collection *collection
	groups     groups
	// earliest is the first day that a delta may begin with; zero: it is not for a delta.
	earliest worktime.Date

	from, to worktime.Date // the days that pass all conditions; zero: no bound
	dated    bool
}

// filter returns what a filter lets pass, or the reason why the vendor refuses it.
func (c *checker) filter(input string) (predicate, error) {
	match := predicate(anything)
	switch {
	case input != "" && c.collection.fields == nil:
		return nil, reason("The collection '%s' has no filters", c.collection.name)
	case input != "":
		n, err := parseFilter(input)
		if err != nil {
			return nil, err
		}
		if match, err = c.compile(n, false); err != nil {
			return nil, err
		}
	}
	if !c.collection.dated() {
		return match, nil
	}
	return match, c.checkRange()
}

// checkRange checks the days, of which there must be a year at most. A range without an end is allowed, as the vendor's
// tutorials have it; one without a beginning is too long.
func (c *checker) checkRange() error {
	switch {
	case !c.dated:
		return reason("A filter on 'date' is required")
	case !c.to.IsZero() && (c.to.Before(c.from) || c.to.DaysSince(c.from) > maxRange), c.from.Before(c.earliest):
		return errRange
	}
	return nil
}

// compile checks a node and returns what it lets pass. Below an "or" only fields of the constraint category Multiple
// may stand.
func (c *checker) compile(n *node, belowOr bool) (predicate, error) {
	if n.operands == nil {
		return c.comparison(n, belowOr)
	}
	matches := make([]predicate, len(n.operands))
	for i, operand := range n.operands {
		var err error
		if matches[i], err = c.compile(operand, belowOr || n.op == "or"); err != nil {
			return nil, err
		}
	}
	decisive := n.op == "or" // the result of one operand that decides
	return func(doc document) bool {
		for _, match := range matches {
			if match(doc) == decisive {
				return decisive
			}
		}
		return !decisive
	}, nil
}

func (c *checker) comparison(n *node, belowOr bool) (predicate, error) {
	i := slices.IndexFunc(c.collection.fields, func(f field) bool { return f.name == n.field })
	if i < 0 {
		return nil, reason("The filter field '%s' is not known", n.field)
	}
	f := c.collection.fields[i]
	switch {
	case belowOr && !f.multiple:
		return nil, reason("'or' is not allowed with the filter field '%s'", n.field)
	case n.list != (n.op == "in"):
		return nil, reason("'in' takes a list, the other operators a single value")
	case n.group != "" && f.kind != persons:
		return nil, reason("'%s' is not allowed with the filter field '%s'", n.group, n.field)
	case f.kind == persons && !c.earliest.IsZero():
		return nil, reason("The filter field '%s' is not allowed in a delta", n.field)
	}
	if f.kind != days && (n.op == "ge" || n.op == "le") {
		return nil, reason("'%s' is not allowed with the filter field '%s'", n.op, n.field)
	}
	switch f.kind {
	case days:
		return c.days(n, f)
	case persons, integers:
		return c.integers(n, f)
	case bools:
		return equal(n, "booleans", func(doc document) bool {
			value, _ := doc.at(f.path).(bool)
			return value
		})
	case texts:
		return c.texts(n, f)
	}
	return nil, reason("The filter field '%s' is not known", n.field)
}

func (c *checker) texts(n *node, f field) (predicate, error) {
	all, err := constants[string](n, "strings")
	for _, text := range all {
		if f.values != nil && !slices.Contains(f.values, text) {
			return nil, reason("'%s' is not a %s of %s", text, f.name, c.collection.name)
		}
	}
	return func(doc document) bool { return slices.Contains(all, doc.text(f.path)) }, err
}

// constants returns the constants of a comparison, which must all be of one type.
func constants[T any](n *node, kind string) ([]T, error) {
	all := make([]T, len(n.constants))
	for i, value := range n.constants {
		var ok bool
		if all[i], ok = value.(T); !ok {
			return nil, reason("The filter field '%s' takes %s", n.field, kind)
		}
	}
	return all, nil
}

// equal compares a value of documents with constants of the same type.
func equal[T comparable](n *node, kind string, value func(document) T) (predicate, error) {
	all, err := constants[T](n, kind)
	return func(doc document) bool { return slices.Contains(all, value(doc)) }, err
}

func (c *checker) integers(n *node, f field) (predicate, error) {
	value := func(doc document) int64 {
		number, _ := doc.at(f.path).(json.Number)
		i, _ := number.Int64()
		return i
	}
	switch n.group {
	case "":
		return equal(n, "integers", value)
	case "circle", "org-group":
		ids, err := constants[int64](n, "integers")
		return func(doc document) bool { return c.groups.has(n.group, ids, value(doc)) }, err
	}
	return nil, reason("The collection '%s' is not known", n.group)
}

func (c *checker) days(n *node, f field) (predicate, error) {
	texts, err := constants[string](n, "dates in quotes")
	if err != nil {
		return nil, err
	}
	if n.op == "in" {
		return nil, reason("'in' is not allowed with the filter field '%s'", n.field)
	}
	day, err := worktime.ParseDate(texts[0])
	if err != nil || day.IsZero() {
		return nil, reason("'%s' is not a date of the form YYYY-MM-DD", texts[0])
	}
	c.dated = true
	if n.op != "le" && day.After(c.from) {
		c.from = day
	}
	if n.op != "ge" && (c.to.IsZero() || day.Before(c.to)) {
		c.to = day
	}
	text := day.String()
	return func(doc document) bool { // dates of this form are ordered as text
		value := doc.text(f.path)
		return (n.op == "le" || value >= text) && (n.op == "ge" || value <= text)
	}, nil
}

package protimetest

import (
	"fmt"
	"slices"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// maxRange is the longest range of days that a list takes.
const maxRange = 366

// complaint is why a filter is refused, in a sentence like the vendor's.
type complaint string

func (c complaint) Error() string { return string(c) }

func reason(format string, args ...any) error { return complaint(fmt.Sprintf(format, args...)) }

// The vendor's own words.
const errRange complaint = "The provided date range is invalid"

// newFilter returns what a filter lets pass, or the reason why the vendor refuses it.
func newFilter(input string, groups groups) (func(*protime.Clocking) bool, error) {
	if input == "" {
		return nil, reason("A filter on 'date' is required")
	}
	n, err := parseFilter(input)
	if err != nil {
		return nil, err
	}
	c := &checker{groups: groups}
	match, err := c.compile(n, false)
	if err != nil {
		return nil, err
	}
	return match, c.checkRange()
}

// checker checks an expression against the fields of clockings.
type checker struct {
	groups   groups
	from, to worktime.Date // the days that pass all conditions; zero: no bound
	dated    bool
}

// checkRange checks the days, of which there must be a year at most. A range without an end is allowed, as the vendor's
// tutorials have it; one without a beginning is too long.
func (c *checker) checkRange() error {
	switch {
	case !c.dated:
		return reason("A filter on 'date' is required")
	case !c.to.IsZero() && (c.to.Before(c.from) || c.to.DaysSince(c.from) > maxRange):
		return errRange
	}
	return nil
}

// compile checks a node and returns what it lets pass. Below an "or" only fields of the constraint category Multiple
// may stand, which of the fields here "kind" is.
func (c *checker) compile(n *node, belowOr bool) (func(*protime.Clocking) bool, error) {
	if n.operands == nil {
		return c.comparison(n, belowOr)
	}
	matches := make([]func(*protime.Clocking) bool, len(n.operands))
	for i, operand := range n.operands {
		var err error
		if matches[i], err = c.compile(operand, belowOr || n.op == "or"); err != nil {
			return nil, err
		}
	}
	decisive := n.op == "or" // the result of one operand that decides
	return func(row *protime.Clocking) bool {
		for _, match := range matches {
			if match(row) == decisive {
				return decisive
			}
		}
		return !decisive
	}, nil
}

func (c *checker) comparison(n *node, belowOr bool) (func(*protime.Clocking) bool, error) {
	compile, ok := map[string]func(*node) (func(*protime.Clocking) bool, error){
		"person": c.person, "date": c.date, "kind": c.kind,
	}[n.field]
	switch {
	case !ok:
		return nil, reason("The filter field '%s' is not known", n.field)
	case belowOr && n.field != "kind":
		return nil, reason("'or' is not allowed with the filter field '%s'", n.field)
	case n.list != (n.op == "in"):
		return nil, reason("'in' takes a list, the other operators a single value")
	case n.group != "" && n.field != "person":
		return nil, reason("'%s' is not allowed with the filter field '%s'", n.group, n.field)
	}
	return compile(n)
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

func (c *checker) person(n *node) (func(*protime.Clocking) bool, error) {
	ids, err := constants[int64](n, "integers")
	switch {
	case err != nil:
		return nil, err
	case n.op == "ge" || n.op == "le":
		return nil, reason("'%s' is not allowed with the filter field 'person'", n.op)
	case n.group == "":
		return func(row *protime.Clocking) bool { return slices.Contains(ids, row.Person.ID) }, nil
	case n.group == "circle" || n.group == "org-group":
		return func(row *protime.Clocking) bool { return c.groups.has(n.group, ids, row.Person.ID) }, nil
	}
	return nil, reason("The collection '%s' is not known", n.group)
}

func (c *checker) date(n *node) (func(*protime.Clocking) bool, error) {
	texts, err := constants[string](n, "dates in quotes")
	if err != nil {
		return nil, err
	}
	if n.op == "in" {
		return nil, reason("'in' is not allowed with the filter field 'date'")
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
	return func(row *protime.Clocking) bool {
		return (n.op == "le" || !row.Date.Before(day)) && (n.op == "ge" || !row.Date.After(day))
	}, nil
}

func (c *checker) kind(n *node) (func(*protime.Clocking) bool, error) {
	kinds, err := constants[string](n, "strings")
	if err != nil {
		return nil, err
	}
	if n.op == "ge" || n.op == "le" {
		return nil, reason("'%s' is not allowed with the filter field 'kind'", n.op)
	}
	for _, kind := range kinds {
		if !knownKind(protime.ClockingKind(kind)) {
			return nil, reason("'%s' is not a kind of clocking", kind)
		}
	}
	return func(row *protime.Clocking) bool { return slices.Contains(kinds, string(row.Kind)) }, nil
}

func knownKind(kind protime.ClockingKind) bool {
	switch kind {
	case protime.ClockingInOut, protime.ClockingReason, protime.ClockingActivity, protime.ClockingActivityEnd:
		return true
	}
	return false
}

package protime

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

var testBase = &url.URL{Scheme: "https", Host: "acme.myprotime.eu", Path: basePath}

// walksOf returns the parameters of the list requests that a query takes.
func walksOf(q ClockingQuery, base *url.URL) ([]url.Values, error) {
	return listClockings.Queries(base, q)
}

func filters(t *testing.T, q ClockingQuery) []string {
	t.Helper()
	all, err := walksOf(q, testBase)
	require.NoError(t, err)
	var out []string
	for _, values := range all {
		out = append(out, values.Get("filter"))
	}
	return out
}

func TestFilter(t *testing.T) {
	from, to := day("2026-01-01"), day("2026-01-31")
	for want, q := range map[string]ClockingQuery{
		"date ge '2026-01-01'": {From: from},
		"person in (3,1,2) and date ge '2026-01-01' and date le '2026-01-31'":    {From: from, To: to, Persons: []int64{3, 1, 3, 2, 1}},
		"person in circle(2,8) and date ge '2026-01-01'":                         {From: from, Circles: []int64{2, 8}},
		"person in org-group(121,122) and date ge '2026-01-01'":                  {From: from, OrgGroups: []int64{121, 122}},
		"person in (1) and person in circle(2) and date ge '2026-01-01'":         {From: from, Persons: []int64{1}, Circles: []int64{2}},
		"date ge '2026-01-01' and kind eq 'Reason'":                              {From: from, Kinds: []ClockingKind{ClockingReason}},
		"date ge '2026-01-01' and (kind eq 'Activity' or kind eq 'ActivityEnd')": {From: from, Kinds: []ClockingKind{ClockingActivity, ClockingActivityEnd}},
	} {
		assert.Equal(t, []string{want}, filters(t, q))
	}
}

func TestQueryRefusals(t *testing.T) {
	from := day("2024-01-01")
	for name, c := range map[string]struct {
		q     ClockingQuery
		field string
	}{
		"no from":           {ClockingQuery{To: from}, "From"},
		"to before from":    {ClockingQuery{From: from, To: from.AddDays(-1)}, "To"},
		"over a year":       {ClockingQuery{From: from, To: from.AddDays(367)}, "To"},
		"no persons left":   {ClockingQuery{From: from, Persons: []int64{}}, "Persons"},
		"person zero":       {ClockingQuery{From: from, Persons: []int64{1, 0}}, "Persons"},
		"no circles left":   {ClockingQuery{From: from, Circles: []int64{}}, "Circles"},
		"negative group":    {ClockingQuery{From: from, OrgGroups: []int64{-1}}, "OrgGroups"},
		"quote in a kind":   {ClockingQuery{From: from, Kinds: []ClockingKind{"x' or kind eq 'y"}}, "Kinds"},
		"empty kind":        {ClockingQuery{From: from, Kinds: []ClockingKind{""}}, "Kinds"},
		"reference":         {ClockingQuery{From: from, ExternalReferences: []ReferenceName{"people"}}, "ExternalReferences"},
		"reference escapes": {ClockingQuery{From: from, ExternalReferences: []ReferenceName{"people,a)(b,c"}}, "ExternalReferences"},
	} {
		_, err := walksOf(c.q, testBase)
		t.Run(name, func(t *testing.T) { requireField(t, err, "ClockingQuery."+c.field) })
	}
	_, err := walksOf(ClockingQuery{From: from, To: from.AddDays(366)}, testBase)
	require.NoError(t, err)

	tooMany := make([]int64, 1000)
	for i := range tooMany {
		tooMany[i] = int64(100000 + i)
	}
	_, err = walksOf(ClockingQuery{From: from, Circles: tooMany}, testBase)
	requireField(t, err, "ClockingQuery")
	require.ErrorContains(t, err, "4096")
}

// A list of persons that does not fit one URI is split: the union is exact and in order, every
// URI leaves room for the tokens of further pages, and no walk is shorter than it must be.
func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		persons := rapid.SliceOfN(rapid.Int64Range(1, 1<<rapid.IntRange(1, 62).Draw(t, "bits")), 1, 2000).Draw(t, "persons")
		q := ClockingQuery{From: day("2026-01-01"), To: day("2026-12-31"), Persons: persons,
			Kinds: []ClockingKind{ClockingInOut, ClockingReason}, ExternalReferences: []ReferenceName{PersonBadgeNumber}}
		all, err := walksOf(q, testBase)
		require.NoError(t, err)
		var union []int64
		previous := 0
		for i, values := range all {
			length := len(testBase.String()+clockingsPath+"?") + len(rest.Encode(values))
			require.LessOrEqual(t, length, maxURI-linkRoom)
			list, _, _ := strings.Cut(strings.TrimPrefix(values.Get("filter"), "person in ("), ")")
			parts := strings.Split(list, ",")
			if i > 0 {
				require.Greater(t, previous+1+len(parts[0]), maxURI-linkRoom, "the first person here would have fitted before")
			}
			previous = length
			for _, part := range parts {
				id, err := strconv.ParseInt(part, 10, 64)
				require.NoError(t, err)
				union = append(union, id)
			}
		}
		require.Equal(t, unique(persons), union)
		sorted := slices.Compact(slices.Sorted(slices.Values(persons)))
		require.Equal(t, sorted, slices.Sorted(slices.Values(union)))
	})
}

// condition is one of the conditions that a filter joins with "and": a comparison, or a choice
// between several that it joins with "or".
type condition struct {
	field, op, group string // group is the identifier before a list
	constants        []string
	choice           []condition
}

// grammar reads a filter expression by the vendor's grammar, and nothing else:
//
//	expression       = term { "or" term }
//	term             = condition { "and" condition }
//	condition        = simple-condition | "(" expression ")"
//	simple-condition = identifier rel-op factor
//	rel-op           = "eq" | "ge" | "le" | "in"
//	factor           = constant | list
//	constant         = integer | string | bool
//	list             = [identifier] "(" constant { "," constant } ")"
//
// See https://documentation.myprotime.eu/protimeapi/reference/filtering/
type grammar struct{ rest string }

var (
	grammarIdentifier = regexp.MustCompile(`^[a-z]+(-[a-z]+)*`)
	grammarOperator   = regexp.MustCompile(`^(eq|ge|le|in) `)
	grammarConstant   = regexp.MustCompile(`^(\d+|'[^'\x00-\x1f\x7f]*'|true|false)`)
)

// take returns what the pattern matches next, and the blank after it is skipped.
func (g *grammar) take(pattern *regexp.Regexp) (string, bool) {
	found := pattern.FindStringIndex(g.rest)
	if found == nil {
		return "", false
	}
	text := g.rest[:found[1]]
	g.rest = strings.TrimPrefix(g.rest[found[1]:], " ")
	return strings.TrimSuffix(text, " "), true
}

func (g *grammar) word(word string) bool {
	after, ok := strings.CutPrefix(g.rest, word)
	if ok {
		g.rest = strings.TrimPrefix(after, " ")
	}
	return ok
}

func (g *grammar) expression() (terms [][]condition, err error) {
	for {
		term, err := g.term()
		if err != nil {
			return nil, err
		}
		if terms = append(terms, term); !g.word("or ") {
			return terms, nil
		}
	}
}

func (g *grammar) term() (conditions []condition, err error) {
	for {
		c, err := g.condition()
		if err != nil {
			return nil, err
		}
		if conditions = append(conditions, c); !g.word("and ") {
			return conditions, nil
		}
	}
}

func (g *grammar) condition() (c condition, err error) {
	if !g.word("(") {
		return g.comparison()
	}
	terms, err := g.expression()
	if err != nil {
		return c, err
	}
	for _, term := range terms {
		if len(term) != 1 {
			return c, errors.New("an \"and\" within an \"or\"")
		}
		c.choice = append(c.choice, term[0])
	}
	if !g.word(")") {
		return c, fmt.Errorf("no ) before %q", g.rest)
	}
	return c, nil
}

func (g *grammar) comparison() (c condition, err error) {
	var ok bool
	if c.field, ok = g.take(grammarIdentifier); !ok {
		return c, fmt.Errorf("no identifier before %q", g.rest)
	}
	if c.op, ok = g.take(grammarOperator); !ok {
		return c, fmt.Errorf("no operator before %q", g.rest)
	}
	if constant, ok := g.take(grammarConstant); ok {
		c.constants = []string{constant}
		return c, nil
	}
	c.group, _ = g.take(grammarIdentifier)
	if !g.word("(") {
		return c, fmt.Errorf("no list before %q", g.rest)
	}
	for {
		constant, ok := g.take(grammarConstant)
		if !ok {
			return c, fmt.Errorf("no constant before %q", g.rest)
		}
		if c.constants = append(c.constants, constant); !g.word(",") {
			break
		}
	}
	if !g.word(")") {
		return c, fmt.Errorf("no ) before %q", g.rest)
	}
	return c, nil
}

// conditionsOf reads a filter whose conditions must all hold.
func conditionsOf(filter string) ([]condition, error) {
	g := &grammar{filter}
	terms, err := g.expression()
	switch {
	case err != nil:
		return nil, err
	case g.rest != "":
		return nil, fmt.Errorf("%q at the end", g.rest)
	case len(terms) != 1:
		// "or" is allowed between conditions on a field of the category Multiple only, and there are dates.
		return nil, errors.New("an \"or\" outside of parentheses")
	}
	return terms[0], nil
}

// The reader of the grammar takes what the vendor's pages show, and refuses what they forbid.
func TestGrammar(t *testing.T) {
	for _, good := range []string{
		"kind eq 'Activity'", "date ge '2024-01-01'", "person in (1, 2, 3)", "person in circle(2, 8)", "person in circle (1,2,3)",
		"person in org-group(121, 122)", "enabled eq true", "(kind eq 'Activity' or kind eq 'Absence') and date ge '2024-01-01'",
	} {
		_, err := conditionsOf(good)
		require.NoError(t, err, good)
	}
	for _, bad := range []string{
		"", "kind", "kind eq", "kind eq Activity", "kind ne 'Activity'", "date gt '2024-01-01'", "person in ()", "person in (1,)", "person in 1,2",
		"person in (1", "kind eq 'a' or kind eq 'b'", "kind eq 'a' and", "kind eq 'a'b'", "(kind eq 'a'", "kind eq 'a')", "not kind eq 'a'",
		"kind eq 'a'  and date ge '2024-01-01'", "person in (-1)", "date ge \"2024-01-01\"",
	} {
		_, err := conditionsOf(bad)
		require.Error(t, err, bad)
	}
}

// FuzzFilter: whatever a caller puts into a query, it is refused, or what is sent has the vendor's
// grammar and says what was asked for, no more and no less.
func FuzzFilter(f *testing.F) {
	f.Add(int64(1), int64(2), int64(3), "InOut", "Reason", "people,@badge-number", 31)
	f.Add(int64(0), int64(1), int64(1), "x' or date ge '2020-01-01", "", "people,a)(b,c", -1)
	f.Add(int64(-5), int64(1), int64(1), "é", "a b", ",", 400)
	f.Add(int64(34), int64(-1), int64(0), "(", "eq", "0,0", 331)
	f.Add(int64(1)<<62, int64(7), int64(8), "true", "7", "people,x&y=z#", 0)
	f.Fuzz(func(t *testing.T, person, circle, group int64, kind, second, reference string, days int) {
		from := worktime.NewDate(2026, 1, 1)
		to := from.AddDays(days % 1000)
		references := []ReferenceName{ReferenceName(reference)}
		persons := []condition{
			{field: "person", op: "in", constants: constantsOf(person, person+1)},
			{field: "person", op: "in", group: "circle", constants: constantsOf(circle)},
			{field: "person", op: "in", group: "org-group", constants: constantsOf(group)},
		}
		dates := []condition{
			{field: "date", op: "ge", constants: []string{"'2026-01-01'"}},
			{field: "date", op: "le", constants: []string{"'" + to.String() + "'"}},
		}

		all, err := listClockings.Queries(testBase, ClockingQuery{From: from, To: to, Persons: []int64{person, person + 1}, Circles: []int64{circle}, OrgGroups: []int64{group},
			Kinds: []ClockingKind{ClockingKind(kind), ClockingKind(second)}, ExternalReferences: references})
		requireFilter(t, all, err, append(slices.Concat(persons, dates), condition{choice: []condition{
			{field: "kind", op: "eq", constants: []string{"'" + kind + "'"}}, {field: "kind", op: "eq", constants: []string{"'" + second + "'"}},
		}}))

		all, err = listAbsences.Queries(testBase, AbsenceQuery{From: from, To: to, Persons: []int64{person, person + 1}, Circles: []int64{circle}, OrgGroups: []int64{group},
			ExternalReferences: references})
		requireFilter(t, all, err, slices.Concat(persons, dates))

		all, err = listContracts.Queries(testBase, ContractQuery{Persons: []int64{person, person + 1}, Circles: []int64{circle}, OrgGroups: []int64{group}, ExternalReferences: references})
		requireFilter(t, all, err, persons)

		all, err = listCounters.Queries(testBase, CounterQuery{From: from, CounterDefinitions: []int64{person, circle}, Statuses: []CounterStatus{CounterStatus(kind)}, ExternalReferences: references})
		requireFilter(t, all, err, []condition{
			dates[0],
			{field: "counter-definitions", op: "in", constants: constantsOf(person, circle)},
			{field: "status", op: "eq", constants: []string{"'" + kind + "'"}},
		})

		enabled := days%2 == 0
		all, err = listCounterDefinitions.Queries(testBase, CounterDefinitionQuery{CounterGroups: []int64{group}, Enabled: &enabled})
		requireFilter(t, all, err, []condition{
			{field: "counter-group", op: "in", constants: constantsOf(group)},
			{field: "enabled", op: "eq", constants: []string{strconv.FormatBool(enabled)}},
		})
	})
}

// requireFilter: one request with the conditions, as a server would read them, or a refusal.
func requireFilter(t *testing.T, all []url.Values, err error, want []condition) {
	t.Helper()
	if err != nil {
		require.ErrorIs(t, err, worktime.ErrBadRequest)
		return
	}
	require.Len(t, all, 1)
	raw := rest.Encode(all[0])
	require.False(t, strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '#' }), raw)
	read, err := url.ParseQuery(raw)
	require.NoError(t, err)
	for name := range read {
		require.Contains(t, []string{"filter", "externalReferences"}, name)
	}
	got, err := conditionsOf(read.Get("filter"))
	require.NoError(t, err, read.Get("filter"))
	require.Equal(t, want, got)
	if references := read.Get("externalReferences"); references != "" {
		require.Regexp(t, `^\([^(),'" ]+,[^(),'" ]+\)$`, references)
	}
}

func constantsOf(ids ...int64) (constants []string) {
	for _, id := range ids {
		constants = append(constants, strconv.FormatInt(id, 10))
	}
	return constants
}

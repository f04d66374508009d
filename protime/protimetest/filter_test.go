package protimetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// written prints an expression with all parentheses.
func (n *node) written() string {
	if n.operands != nil {
		parts := make([]string, len(n.operands))
		for i, operand := range n.operands {
			parts[i] = operand.written()
		}
		return "(" + strings.Join(parts, " "+n.op+" ") + ")"
	}
	parts := make([]string, len(n.constants))
	for i, c := range n.constants {
		if parts[i] = fmt.Sprint(c); fmt.Sprintf("%T", c) == "string" {
			parts[i] = "'" + parts[i] + "'"
		}
	}
	value := strings.Join(parts, ",")
	if n.list {
		value = n.group + "(" + value + ")"
	}
	return n.field + " " + n.op + " " + value
}

// grammatical are expressions and how they are understood.
var grammatical = map[string]string{
	// The samples of the vendor's pages.
	"person in (1) and date ge '2026-01-01' and date le '2026-01-31'": "(person in (1) and date ge '2026-01-01' and date le '2026-01-31')",
	"kind eq 'Activity'":            "kind eq 'Activity'",
	"date ge '2024-01-01'":          "date ge '2024-01-01'",
	"person in (1,2,3)":             "person in (1,2,3)",
	"person in (1, 2, 3)":           "person in (1,2,3)",
	"person in circle(2, 8)":        "person in circle(2,8)",
	"person in circle (1,2)":        "person in circle(1,2)",
	"person in org-group(121, 122)": "person in org-group(121,122)",
	"enabled eq true":               "enabled eq true",
	"status eq 'Disabled'":          "status eq 'Disabled'",
	"(kind eq 'Activity' or kind eq 'Absence') and date ge '2024-01-01'": "((kind eq 'Activity' or kind eq 'Absence') and date ge '2024-01-01')",
	// What else the grammar allows.
	"a eq 1 or b eq 2 and c eq 3":   "(a eq 1 or (b eq 2 and c eq 3))",
	"a eq 1 and b eq 2 or c eq 3":   "((a eq 1 and b eq 2) or c eq 3)",
	"(a eq 1 or b eq 2) and c eq 3": "((a eq 1 or b eq 2) and c eq 3)",
	"((a eq 1))":                    "a eq 1",
	"( a eq 1 )":                    "a eq 1",
	"  a   eq   1  ":                "a eq 1",
	"a in ('x','y')":                "a in ('x','y')",
	"a in (true, 1 , 'x' )":         "a in (true,1,'x')",
	"a ge -5":                       "a ge -5",
	"a eq (1)":                      "a eq (1)",
	"a eq ''":                       "a eq ''",
	"a eq 'ö (and) '":               "a eq 'ö (and) '",
	"in-out eq 1":                   "in-out eq 1",
	"a9-b eq 007":                   "a9-b eq 7",
	"A eq false":                    "A eq false",
}

// ungrammatical are texts that are no expressions, and where the reader gives up.
var ungrammatical = map[string]int{
	"":                               0,
	" ":                              1,
	"person":                         6,
	"person in":                      9,
	"person in ":                     10,
	"person in ()":                   11,
	"person in (1":                   12,
	"person in (1,)":                 13,
	"person in (,1)":                 11,
	"person in (1 2)":                13,
	"person in 1,2":                  11,
	"person in (1))":                 13,
	"person in(1)":                   9,
	"person in circle":               16,
	"person in circle 1":             17,
	"person in circle()":             17,
	"person in in(1)":                10,
	"person = 1":                     7,
	"person gt 1":                    7,
	"person lt 1":                    7,
	"person ne 1":                    7,
	"person EQ 1":                    7,
	"person contains 'x'":            7,
	"not person eq 1":                4,
	"person eq":                      9,
	"person eq one":                  13,
	"person eq null":                 14,
	"person eq 1.5":                  11,
	"person eq +1":                   10,
	"person eq -":                    10,
	"person eq 1e3":                  11,
	"person eq 99999999999999999999": 10,
	"person.id eq 1":                 6,
	"person/id eq 1":                 6,
	"1 eq person":                    0,
	"'person' eq 1":                  0,
	"eq eq 1":                        0,
	"and eq 1":                       0,
	"date ge 2026-01-01":             12,
	"date ge '2026-01-01":            8,
	"date ge \"2026-01-01\"":         8,
	"date ge'2026-01-01'":            7,
	"kind eq 'it''s'":                12,
	"kind eq 'it\\'s'":               13,
	"a eq 1 and":                     10,
	"a eq 1 and ":                    11,
	"and a eq 1":                     0,
	"a eq 1 b eq 2":                  7,
	"a eq 1 AND b eq 2":              7,
	"a eq 1 & b eq 2":                7,
	"a eq 1, b eq 2":                 6,
	"a eq 1 or":                      9,
	"a eq 1 or or b eq 2":            10,
	"a eq 'x'and b eq 2":             8,
	"a in (1)and b eq 2":             8,
	"a eq 1 and(b eq 2)":             10,
	"(a eq 1":                        7,
	"a eq 1)":                        6,
	"()":                             1,
	"(a) eq 1":                       2,
	"a eq 1;":                        6,
	"a\teq 1":                        1,
	"a\neq 1":                        1,
	"a eq 1 ö":                       7,
	"a eq\u00a01":                    4,
	"a eq 1\x00":                     6,
	"_a eq 1":                        0,
	"-a eq 1":                        0,
}

func TestGrammar(t *testing.T) {
	for input, want := range grammatical {
		n, err := parseFilter(input)
		if assert.NoError(t, err, "%q", input) {
			assert.Equal(t, want, n.written(), "%q", input)
		}
	}
	for input, position := range ungrammatical {
		_, err := parseFilter(input)
		assert.ErrorContains(t, err, fmt.Sprintf("invalid at position %d:", position), "%q", input)
	}
	nested := func(n int) string { return strings.Repeat("(", n) + "a eq 1" + strings.Repeat(")", n) }
	_, err := parseFilter(nested(maxDepth))
	require.NoError(t, err)
	_, err = parseFilter(nested(maxDepth + 1))
	assert.ErrorContains(t, err, "less nesting")
	_, err = parseFilter(nested(maxDepth) + " and " + nested(maxDepth))
	assert.NoError(t, err, "depth is not a sum")
}

// newFilter is a filter of clockings.
func newFilter(input string, groups groups) (predicate, error) {
	c := &checker{collection: newCollections()[clockings], groups: groups}
	return c.filter(input)
}

const dated = " and date ge '2026-01-01'"

// What is an expression, but not one that clockings can be filtered by.
func TestRefusedFilters(t *testing.T) {
	for input, want := range map[string]string{
		"":                                    "A filter on 'date' is required",
		"person eq 1":                         "A filter on 'date' is required",
		"kind eq 'InOut' or kind eq 'Reason'": "A filter on 'date' is required",

		"status eq 'Active'" + dated:     "'status' is not known",
		"enabled eq true" + dated:        "'enabled' is not known",
		"Person eq 1" + dated:            "'Person' is not known",
		"person-id eq 1" + dated:         "'person-id' is not known",
		"person ge 1" + dated:            "'ge' is not allowed with the filter field 'person'",
		"person le 1" + dated:            "'le' is not allowed with the filter field 'person'",
		"person eq '1'" + dated:          "'person' takes integers",
		"person in (1,'2')" + dated:      "'person' takes integers",
		"person eq true" + dated:         "'person' takes integers",
		"person eq (1)" + dated:          "'in' takes a list",
		"person eq circle(1)" + dated:    "'in' takes a list",
		"person in 1" + dated:            "'in' takes a list",
		"person in org-tree(1)" + dated:  "'org-tree' is not known",
		"person in circle('1')" + dated:  "'person' takes integers",
		"kind in circle(1)" + dated:      "'circle' is not allowed with the filter field 'kind'",
		"kind eq 1" + dated:              "'kind' takes strings",
		"kind ge 'InOut'" + dated:        "'ge' is not allowed with the filter field 'kind'",
		"kind eq 'inout'" + dated:        "'inout' is not a kind",
		"kind in ('InOut','x')" + dated:  "'x' is not a kind",
		"date in ('2026-01-01')":         "'in' is not allowed with the filter field 'date'",
		"date ge 20260101":               "'date' takes dates in quotes",
		"date ge '2026-02-29'":           "'2026-02-29' is not a date",
		"date ge '2026-1-1'":             "'2026-1-1' is not a date",
		"date ge '2026-01-01T00:00:00Z'": "is not a date",
		"date ge ''":                     "'' is not a date",

		"person eq 1 or person eq 2" + dated:                                          "'or' is not allowed with the filter field 'person'",
		"(person eq 1 or kind eq 'InOut')" + dated:                                    "'or' is not allowed with the filter field 'person'",
		"date ge '2026-01-01' or date le '2026-01-02'":                                "'or' is not allowed with the filter field 'date'",
		"kind eq 'InOut' or kind eq 'Reason'" + dated:                                 "'or' is not allowed with the filter field 'date'",
		"kind eq 'InOut' or (kind eq 'Reason'" + dated + ")":                          "'or' is not allowed with the filter field 'date'",
		"date ge '2026-01-01' and (kind eq 'InOut' or (person eq 1 and person eq 1))": "'or' is not allowed with the filter field 'person'",

		"date le '2026-01-01'":                              string(errRange),
		"date ge '2026-01-02' and date le '2026-01-01'":     string(errRange),
		"date ge '2026-01-01' and date le '2027-01-03'":     string(errRange),
		"date eq '2026-01-01' and date le '2025-12-31'":     string(errRange),
		"(date ge '2026-01-01') and (date le '2028-01-01')": string(errRange),
	} {
		_, err := newFilter(input, nil)
		assert.ErrorContains(t, err, want, "%q", input)
	}
}

// Which of the days and persons pass.
func TestFilters(t *testing.T) {
	rows := []*protime.Clocking{
		{ID: 1, Person: protime.ByID(1), Date: worktime.NewDate(2025, 12, 31), Kind: protime.ClockingInOut},
		{ID: 2, Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 1), Kind: protime.ClockingInOut},
		{ID: 3, Person: protime.ByID(2), Date: worktime.NewDate(2026, 1, 1), Kind: protime.ClockingReason},
		{ID: 4, Person: protime.ByID(3), Date: worktime.NewDate(2026, 1, 2), Kind: protime.ClockingActivity},
		{ID: 5, Person: protime.ByID(1), Date: worktime.NewDate(2027, 1, 2), Kind: protime.ClockingActivityEnd},
	}
	groups := groups{}
	groups.add("circle", 2, []int64{1, 3})
	groups.add("circle", 8, []int64{2})
	groups.add("org-group", 2, []int64{2})
	for input, want := range map[string][]int64{
		"date ge '2026-01-01'":                                                     {2, 3, 4, 5},
		"date ge '2026-01-01' and date le '2026-01-01'":                            {2, 3},
		"date ge '2026-01-01' and date le '2027-01-02'":                            {2, 3, 4, 5},
		"date le '2026-01-01' and date ge '2025-12-31'":                            {1, 2, 3},
		"date eq '2026-01-01'":                                                     {2, 3},
		"date ge '2026-01-01' and date ge '2024-01-01' and date le '2026-02-01'":   {2, 3, 4},
		"date ge '2026-01-01' and date le '2026-02-01' and date le '2030-01-01'":   {2, 3, 4},
		"date ge '2025-01-01' and date ge '2026-01-02'":                            {4, 5},
		"date ge '2026-01-01' and (date le '2027-01-01' and date le '2026-01-01')": {2, 3},
		"person eq 1" + dated:                                                      {2, 5},
		"person in (2,3,4)" + dated:                                                {3, 4},
		"person in (1,2) and person in (2,3)" + dated:                              {3},
		"person in circle(2)" + dated:                                              {2, 4, 5},
		"person in circle(2,8)" + dated:                                            {2, 3, 4, 5},
		"person in circle(3)" + dated:                                              nil,
		"person in org-group(2)" + dated:                                           {3},
		"kind eq 'Reason'" + dated:                                                 {3},
		"kind in ('Reason','Activity')" + dated:                                    {3, 4},
		"(kind eq 'Reason' or kind eq 'Activity')" + dated:                         {3, 4},
		"(kind eq 'Reason' or (kind eq 'InOut' and kind eq 'Reason'))" + dated:     {3},
		"kind eq 'Reason' and kind eq 'Activity'" + dated:                          nil,
	} {
		match, err := newFilter(input, groups)
		if !assert.NoError(t, err, "%q", input) {
			continue
		}
		var got []int64
		for _, row := range rows {
			doc, err := newDocument(row)
			require.NoError(t, err)
			if match(doc) {
				got = append(got, row.ID)
			}
		}
		assert.Equal(t, want, got, "%q", input)
	}
}

// node draws an expression of the given depth.
func drawNode(t *rapid.T, depth int) *node {
	if depth > 0 && rapid.Bool().Draw(t, "nested") {
		op := rapid.SampledFrom([]string{"and", "or"}).Draw(t, "op")
		n := &node{op: op}
		for range rapid.IntRange(2, 4).Draw(t, "operands") {
			n.operands = append(n.operands, drawNode(t, depth-1))
		}
		return n
	}
	n := &node{
		field: rapid.StringMatching(`[a-z][a-z0-9-]{0,8}x`).Draw(t, "field"),
		op:    rapid.SampledFrom([]string{"eq", "ge", "le", "in"}).Draw(t, "op"),
		list:  rapid.Bool().Draw(t, "list"),
	}
	count := 1
	if n.list {
		n.group = rapid.SampledFrom([]string{"", "circle", "org-group"}).Draw(t, "group")
		count = rapid.IntRange(1, 4).Draw(t, "constants")
	}
	for range count {
		n.constants = append(n.constants, rapid.OneOf(
			rapid.Map(rapid.Int64(), func(i int64) constant { return i }),
			rapid.Map(rapid.StringMatching(`[^'\r\n]*`), func(s string) constant { return s }),
			rapid.Map(rapid.Bool(), func(b bool) constant { return b }),
		).Draw(t, "constant"))
	}
	return n
}

// Whatever is written by the grammar is read as what was written.
func TestParseReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawNode(t, 3).written()
		n, err := parseFilter(want)
		require.NoError(t, err, want)
		assert.Equal(t, want, n.written())
	})
}

// What is read can be written and read again, nothing panics, and what passes as a filter has days.
func FuzzFilter(f *testing.F) {
	for input := range grammatical {
		f.Add(input)
		f.Add(input + dated)
	}
	for input := range ungrammatical {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input string) {
		n, err := parseFilter(input)
		if err != nil {
			assert.Contains(t, err.Error(), "The filter is invalid at position ")
			return
		}
		again, err := parseFilter(n.written())
		if strings.Count(input, "(") < maxDepth/2 { // written has more parentheses
			require.NoError(t, err, n.written())
			assert.Equal(t, n.written(), again.written())
		}
		match, err := newFilter(input, groups{})
		if err == nil {
			assert.Contains(t, input, "date")
			match(document{})
		}
	})
}

package protime

import (
	"net/url"
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

// FuzzFilter: whatever a caller puts into a query, what is sent has the vendor's grammar or is refused.
func FuzzFilter(f *testing.F) {
	f.Add(int64(1), "InOut", "people,@badge-number", 31)
	f.Add(int64(0), "x' or date ge '2020-01-01", "people,a)(b,c", -1)
	f.Add(int64(-5), "é", ",", 400)
	f.Add(int64(34), "(", "0,0", 331)
	f.Fuzz(func(t *testing.T, person int64, kind, reference string, days int) {
		from := worktime.NewDate(2026, 1, 1)
		q := ClockingQuery{From: from, To: from.AddDays(days % 1000), Persons: []int64{person}, Kinds: []ClockingKind{ClockingKind(kind)},
			ExternalReferences: []ReferenceName{ReferenceName(reference)}}
		all, err := walksOf(q, testBase)
		if err != nil {
			require.ErrorIs(t, err, worktime.ErrBadRequest)
			return
		}
		require.Len(t, all, 1)
		got := all[0].Get("filter")
		require.Equal(t, 6, strings.Count(got, "'"), "three quoted constants in %q", got)
		require.Equal(t, 1, strings.Count(got, "("), got)
		require.Equal(t, 1, strings.Count(all[0].Get("externalReferences"), "("))
		parsed, err := url.ParseQuery(rest.Encode(all[0]))
		require.NoError(t, err)
		require.Equal(t, all[0], parsed)
	})
}

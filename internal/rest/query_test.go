package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

func TestEncode(t *testing.T) {
	for name, c := range map[string]struct {
		values url.Values
		want   string
	}{
		"nothing":            {nil, ""},
		"no values":          {url.Values{"a": nil}, ""},
		"one":                {url.Values{"a": {"1"}}, "a=1"},
		"sorted by name":     {url.Values{"b": {"2"}, "a": {"1"}, "c": {"3"}}, "a=1&b=2&c=3"},
		"repeated, in order": {url.Values{"a": {"2", "1", "2"}, "b": {"x"}}, "a=2&a=1&a=2&b=x"},
		"blank":              {url.Values{"a b": {"c d  e"}}, "a%20b=c%20d%20%20e"},
		"vendor's marks":     {url.Values{"filter": {"(),'@$:"}}, "filter=(),'@$:"},
		"marks in a name":    {url.Values{"$filter": {"x"}, "@ref": {"y"}}, "$filter=x&@ref=y"},
		"unreserved":         {url.Values{"a": {"AZaz09-._~"}}, "a=AZaz09-._~"},
		"delimiters":         {url.Values{"a": {"+&=#%"}}, "a=%2B%26%3D%23%25"},
		"delimiters in name": {url.Values{"a&b=c": {"1"}}, "a%26b%3Dc=1"},
		"other ASCII":        {url.Values{"a": {"!*/?;[]{}|\\^`\"<>"}}, "a=%21%2A%2F%3F%3B%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E"},
		"control characters": {url.Values{"a": {"\x00\t\r\n\x7f"}}, "a=%00%09%0D%0A%7F"},
		"not ASCII":          {url.Values{"é": {"Zoë 🕗"}}, "%C3%A9=Zo%C3%AB%20%F0%9F%95%97"},
		"not UTF-8":          {url.Values{"a": {"\xff"}}, "a=%FF"},
		"already escaped":    {url.Values{"a": {"%20"}}, "a=%2520"},
		"bare flag":          {url.Values{"delta": {""}}, "delta"},
		"bare among others":  {url.Values{"a": {"1"}, "delta": {""}, "z": {"", "2"}}, "a=1&delta&z&z=2"},
		"Protime's sample": {
			url.Values{"filter": {"person in (1) and date ge '2026-01-01' and date le '2026-01-31'"}},
			"filter=person%20in%20(1)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'",
		},
		"references": {url.Values{"externalReferences": {"(people,@badge-number)"}}, "externalReferences=(people,@badge-number)"},
		"times":      {url.Values{"at": {"2026-01-02T08:30:00"}}, "at=2026-01-02T08:30:00"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, Encode(c.values)) })
	}
}

// What a server reads with the rules of HTML forms is what was put in.
func TestEncodeRoundTrip(t *testing.T) {
	text := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.RuneFrom([]rune(" +&=#%(),'@$:;/?\"\\<>{}|é\x00"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(t *rapid.T) {
		values := url.Values{}
		for name, list := range rapid.MapOf(text, rapid.SliceOfN(text, 1, 4)).Draw(t, "values") {
			if name != "" {
				values[name] = list
			}
		}
		encoded := Encode(values)
		got, err := url.ParseQuery(encoded)
		require.NoError(t, err)
		require.Equal(t, values, got)
		require.NotContains(t, encoded, "+")
		require.Equal(t, -1, strings.IndexFunc(encoded, illegalInTarget), "%q cannot stand in a request line", encoded)

		var names []string // sorted, whatever the order of the map
		for pair := range strings.SplitSeq(encoded, "&") {
			name, _, _ := strings.Cut(pair, "=")
			plain, err := url.QueryUnescape(name)
			require.NoError(t, err)
			names = append(names, plain)
		}
		require.True(t, slices.IsSorted(names), "%q", names)
	})
}

// illegalInTarget reports what RFC 3986 does not let stand in path and query of a URL.
func illegalInTarget(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}#", r)
}

func TestValues(t *testing.T) {
	type query struct {
		Filter string   `url:"filter,omitempty"`
		Expand []string `url:"expand,comma,omitempty"`
		Pages  []int    `url:"page,omitempty"`
	}
	for name, c := range map[string]struct {
		query any
		want  string
	}{
		"nil":         {nil, ""},
		"url.Values":  {url.Values{"b": {"x y"}, "a": {""}}, "a&b=x%20y"},
		"zero struct": {query{}, ""},
		"struct":      {query{"kind eq 'InOut'", []string{"usage", "restrictions"}, []int{2, 1}}, "expand=usage,restrictions&filter=kind%20eq%20'InOut'&page=2&page=1"},
		"pointer":     {&query{Filter: "a"}, "filter=a"},
		"nil pointer": {(*query)(nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			values, err := Values(c.query)
			require.NoError(t, err)
			assert.Equal(t, c.want, Encode(values))
		})
	}
}

// A query that is no struct is refused by name, and nothing is sent.
func TestQueryIsChecked(t *testing.T) {
	n := newNetwork(t, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, Item{}) })
	c := newClient(t, n, origin+basePath, worktime.Options{})
	_, err := Get[Item](t.Context(), c, Op{Name: "get item", Path: itemPath}, 42)
	requireField(t, err, "query")
	assert.Empty(t, n.targets())
}

// The encoded query goes over the wire byte for byte.
func TestQueryOnTheWire(t *testing.T) {
	n := newNetwork(t, func(w http.ResponseWriter, _ *http.Request) { writePage(w, "") })
	c := newClient(t, n, origin+basePath, worktime.Options{})
	_, err := all(t, c, itemQuery{Walks: []url.Values{{
		"filter": {"person in (1,2) and date ge '2026-01-01'"}, "externalReferences": {"(people,@badge-number)"}, "delta": {""}, "plus": {"a+b"},
	}}})
	require.NoError(t, err)
	assert.Equal(t, []string{basePath + itemPath +
		"?delta&externalReferences=(people,@badge-number)&filter=person%20in%20(1,2)%20and%20date%20ge%20'2026-01-01'&plus=a%2Bb"}, n.targets())
}

package rest

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

// Each link as the vendor prints it, and the target of the request that it makes.
var links = map[string]struct{ link, target string }{
	// Unencoded: with a raw blank or quote.
	"Protime's sample": {
		"/connector/api/v1/items?filter=person in (1,2,3) and date ge '2024-01-01' and date le '2024-01-31'&continuationToken=eyJhIjoxfQ==",
		"/connector/api/v1/items?filter=person%20in%20(1,2,3)%20and%20date%20ge%20'2024-01-01'%20and%20date%20le%20'2024-01-31'&continuationToken=eyJhIjoxfQ==",
	},
	"raw: plus of a token":       {"/connector/api/v1/items?filter=a b&token=x+y/z=", "/connector/api/v1/items?filter=a%20b&token=x%2By/z="},
	"raw: lone percent signs":    {"/connector/api/v1/items?filter=a b&x=50%&y=%zz&z=%4", "/connector/api/v1/items?filter=a%20b&x=50%25&y=%25zz&z=%254"},
	"raw: escaped stays":         {"/connector/api/v1/items?filter=a b&x=%2B%2b%25%20", "/connector/api/v1/items?filter=a%20b&x=%2B%2b%25%20"},
	"raw: percent before escape": {"/connector/api/v1/items?filter=a b&x=%%41", "/connector/api/v1/items?filter=a%20b&x=%25%41"},
	"raw: double quotes":         {`/connector/api/v1/items?filter="a"+b`, "/connector/api/v1/items?filter=%22a%22%2Bb"},
	"raw: single quotes alone":   {"/connector/api/v1/items?filter=kind%20eq%20'A'&token=x+y%", "/connector/api/v1/items?filter=kind%20eq%20'A'&token=x%2By%25"},
	"raw: not ASCII":             {"/connector/api/v1/items?filter=name eq 'Zoë'", "/connector/api/v1/items?filter=name%20eq%20'Zo%C3%AB'"},
	"raw: illegal bytes":         {"/connector/api/v1/items?filter=a b<>^`{|}#c", "/connector/api/v1/items?filter=a%20b%3C%3E%5E%60%7B%7C%7D%23c"},
	"raw: in the path":           {"/connector/api/v1/items/a b+c%?x=y+z", "/connector/api/v1/items/a%20b%2Bc%25?x=y%2Bz"},
	"raw: absolute":              {"https://api.example.test/connector/api/v1/items?filter=a eq 'b'", "/connector/api/v1/items?filter=a%20eq%20'b'"},
	"raw: leading blank value":   {"/connector/api/v1/items?filter= ", "/connector/api/v1/items?filter=%20"},
	"raw: question marks":        {"/connector/api/v1/items?filter=a b?c?d", "/connector/api/v1/items?filter=a%20b?c?d"},

	// Encoded: verbatim.
	"plus":                    {"/connector/api/v1/items?filter=a+b&token=x%2By", "/connector/api/v1/items?filter=a+b&token=x%2By"},
	"bad escapes":             {"/connector/api/v1/items?x=50%&y=%zz&z=%4", "/connector/api/v1/items?x=50%&y=%zz&z=%4"},
	"escapes in either case":  {"/connector/api/v1/items?x=%c3%A9%2f%2F", "/connector/api/v1/items?x=%c3%A9%2f%2F"},
	"needlessly escaped":      {"/connector/api/v1/%69tems?%66ilter=%61", "/connector/api/v1/%69tems?%66ilter=%61"},
	"order and empty parts":   {"/connector/api/v1/items?b=2&a=1&&b=&=c&delta&", "/connector/api/v1/items?b=2&a=1&&b=&=c&delta&"},
	"all that may stand":      {"/connector/api/v1/items;v=1,2!$&()*+=:@[x]~?a=!$&()*+,;=:@/?[]~-._", "/connector/api/v1/items;v=1,2!$&()*+=:@[x]~?a=!$&()*+,;=:@/?[]~-._"},
	"escaped slash in a name": {"/connector/api/v1/items/a%2Fb%3F?x", "/connector/api/v1/items/a%2Fb%3F?x"},
	"slash at the end":        {"/connector/api/v1/items/?x", "/connector/api/v1/items/?x"},
	"empty query":             {"/connector/api/v1/items?", "/connector/api/v1/items?"},
	"no query":                {"/connector/api/v1/items/2", "/connector/api/v1/items/2"},
	"another URL as a value":  {"/connector/api/v1/items?u=https://evil.example//x/../y&v=//evil", "/connector/api/v1/items?u=https://evil.example//x/../y&v=//evil"},
	"absolute":                {"https://api.example.test/connector/api/v1/items?p=2", "/connector/api/v1/items?p=2"},
	"absolute with its port":  {"https://api.example.test:443/connector/api/v1/items?p=2", "/connector/api/v1/items?p=2"},
	"absolute in capitals":    {"HTTPS://API.EXAMPLE.TEST/connector/api/v1/items?p=2", "/connector/api/v1/items?p=2"},
	"below another list":      {"/connector/api/v1/delta/items?deltaToken=x", "/connector/api/v1/delta/items?deltaToken=x"},
	"three dots":              {"/connector/api/v1/items/.../x..y?p", "/connector/api/v1/items/.../x..y?p"},

	// Encoded but for single bytes that no URL can hold: only those are escaped.
	"not ASCII":     {"/connector/api/v1/items?q=Zoë+b%", "/connector/api/v1/items?q=Zo%C3%AB+b%"},
	"illegal bytes": {"/connector/api/v1/items?q=<a|b>+c%zz", "/connector/api/v1/items?q=%3Ca%7Cb%3E+c%zz"},
}

// What arrives at the server is compared byte for byte.
func TestLinkOnTheWire(t *testing.T) {
	var link string
	n := newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "api.example.test", r.Host)
		assert.Equal(t, "Bearer "+canary, r.Header.Get("Authorization"))
		if r.RequestURI == basePath+itemPath {
			writePage(w, link, 1)
			return
		}
		writePage(w, "", 2)
	})
	c := newClient(t, n, origin+basePath, worktime.Options{})
	for name, l := range links {
		t.Run(name, func(t *testing.T) {
			link = l.link
			got, err := all(t, c, itemQuery{})
			require.NoError(t, err)
			assert.Equal(t, []int{1, 2}, got)
			targets := n.targets()
			assert.Equal(t, l.target, targets[len(targets)-1])
			n.assertHome(t)
		})
	}
}

// linkGen draws links that are mostly good and hold all that matters for their encoding.
func linkGen() *rapid.Generator[string] {
	text := rapid.OneOf(
		rapid.StringOf(rapid.SampledFrom([]rune("ab+%412zZ '\"?&=/#<>[]{}|^`\\~;.é"))),
		rapid.StringMatching(`[a-z0-9+/%'(),=& .;-]*`),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		front := rapid.SampledFrom([]string{"", origin, "https://API.example.test:443"}).Draw(t, "front")
		path := rapid.SampledFrom([]string{"/items", "/items/", "/items/" + text.Draw(t, "segment")}).Draw(t, "path")
		return front + basePath + path + rapid.SampledFrom([]string{"", "?", "?filter="}).Draw(t, "mark") + text.Draw(t, "query")
	})
}

// A link that was resolved stays as it is when it is resolved again, as from a cursor.
func TestResolveIsIdempotent(t *testing.T) {
	c := newClient(t, http.DefaultTransport, origin+basePath, worktime.Options{})
	rapid.Check(t, func(rt *rapid.T) { requireSound(rt, c, linkGen().Draw(rt, "link")) })
}

// FuzzResolve: whatever passes stays on the origin and below the base, and makes a request line
// that says the same to every server.
func FuzzResolve(f *testing.F) {
	for _, link := range astray {
		f.Add(link[:min(len(link), 4096)])
	}
	for _, l := range links {
		f.Add(l.link)
	}
	c := newClient(f, http.DefaultTransport, origin+basePath, worktime.Options{})
	root := newClient(f, http.DefaultTransport, origin, worktime.Options{})
	f.Fuzz(func(t *testing.T, link string) {
		requireSound(t, c, link)
		requireSound(t, root, link)
	})
}

func requireSound(t require.TestingT, c *Client, link string) {
	u, err := c.Resolve(link)
	if err != nil {
		require.ErrorIs(t, err, worktime.ErrCrossOrigin)
		return
	}
	require.Equal(t, "https", u.Scheme)
	require.Equal(t, "api.example.test", u.Host)
	require.Nil(t, u.User)
	require.Empty(t, u.Opaque)
	require.Empty(t, u.Fragment)

	target := u.RequestURI()
	require.Equal(t, -1, strings.IndexFunc(target, illegalInTarget), "%q cannot stand in a request line", target)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: api.example.test\r\n\r\n")))
	require.NoError(t, err)
	require.Equal(t, target, r.RequestURI)

	path, _, _ := strings.Cut(target, "?")
	below, ok := strings.CutPrefix(path, c.Base.Path+"/")
	require.True(t, ok, "%q is not below the base", path)
	plain, err := url.PathUnescape(below)
	require.NoError(t, err)
	for _, below := range []string{below, plain} { // a server may unescape first
		for segment := range strings.FieldsFuncSeq(below, func(r rune) bool { return r == '/' || r == '\\' }) {
			name, _, _ := strings.Cut(segment, ";")
			require.NotContains(t, []string{".", ".."}, name, "%q", target)
		}
		require.False(t, strings.HasPrefix(below, "/") || strings.Contains(below, "//"), "%q has an empty segment", target)
	}

	again, err := c.Resolve(target)
	require.NoError(t, err)
	require.Equal(t, target, again.RequestURI())
	requireVerbatim(t, link, target)
}

// requireVerbatim: a link that is a URL as it stands, without the raw quotes of Protime, is the target.
func requireVerbatim(t require.TestingT, link, target string) {
	if strings.IndexFunc(link, illegalInTarget) < 0 && !strings.Contains(link, "'") {
		require.True(t, strings.HasSuffix(link, target), "%q was sent as %q", link, target)
	}
}

package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// astray are links out of the API's origin and base path, or such that some client or server
// would read so.
var astray = map[string]string{
	// Another host.
	"other host":                   "https://evil.example/connector/api/v1/items",
	"no scheme":                    "//evil.example/connector/api/v1/items",
	"three slashes":                "///evil.example/connector/api/v1/items",
	"scheme and three slashes":     "https:///evil.example/connector/api/v1/items",
	"scheme and one slash":         "https:/evil.example/connector/api/v1/items",
	"scheme and no slash":          "https:evil.example/connector/api/v1/items",
	"own host after one slash":     "https:/api.example.test/connector/api/v1/items",
	"slash backslash":              `/\evil.example/connector/api/v1/items`,
	"backslashes":                  `\\evil.example\connector\api\v1\items`,
	"scheme and backslashes":       `https:\\evil.example/connector/api/v1/items`,
	"backslash after the host":     `https://api.example.test\.evil.example/connector/api/v1/items`,
	"own host as userinfo":         "https://api.example.test@evil.example/connector/api/v1/items",
	"own origin as userinfo":       "https://api.example.test:443@evil.example/connector/api/v1/items",
	"escaped at sign":              "https://api.example.test%40evil.example/connector/api/v1/items",
	"userinfo on the own host":     "https://user@api.example.test/connector/api/v1/items",
	"password on the own host":     "https://user:pw@api.example.test/connector/api/v1/items",
	"empty userinfo":               "https://@api.example.test/connector/api/v1/items",
	"own host as a prefix":         "https://api.example.test.evil.example/connector/api/v1/items",
	"own host as a suffix":         "https://evil-api.example.test/connector/api/v1/items",
	"subdomain":                    "https://x.api.example.test/connector/api/v1/items",
	"parent domain":                "https://example.test/connector/api/v1/items",
	"trailing dot":                 "https://api.example.test./connector/api/v1/items",
	"escaped dot":                  "https://api.example.test%2eevil.example/connector/api/v1/items",
	"escaped letter":               "https://%61pi.example.test/connector/api/v1/items",
	"escaped NUL":                  "https://api.example.test%00.evil.example/connector/api/v1/items",
	"fragment before the host":     "https://api.example.test#@evil.example/connector/api/v1/items",
	"query before the host":        "https://api.example.test?@evil.example/connector/api/v1/items",
	"semicolon in the host":        "https://api.example.test;evil.example/connector/api/v1/items",
	"comma in the host":            "https://api.example.test,evil.example/connector/api/v1/items",
	"blank in the host":            "https://api.example.test evil.example/connector/api/v1/items",
	"loopback":                     "https://127.0.0.1/connector/api/v1/items",
	"IPv6":                         "https://[::1]/connector/api/v1/items",
	"IPv6 with a zone":             "https://[::1%25evil]/connector/api/v1/items",
	"unclosed bracket":             "https://[api.example.test/connector/api/v1/items",
	"no host":                      "https://:443/connector/api/v1/items",
	"no path":                      "https://api.example.test",
	"letter that folds to s":       "https://api.example.teſt/connector/api/v1/items",
	"Cyrillic letter":              "https://аpi.example.test/connector/api/v1/items",
	"ideographic full stop":        "https://api。example.test/connector/api/v1/items",
	"fullwidth slash":              "https://api.example.test／evil.example/connector/api/v1/items",
	"zero-width joiner":            "https://api.example\u200d.test/connector/api/v1/items",
	"punycode":                     "https://xn--pi-7kc.example.test/connector/api/v1/items",
	"other port":                   "https://api.example.test:8443/connector/api/v1/items",
	"port of http":                 "https://api.example.test:80/connector/api/v1/items",
	"port zero":                    "https://api.example.test:0/connector/api/v1/items",
	"negative port":                "https://api.example.test:-443/connector/api/v1/items",
	"port with letters":            "https://api.example.test:443x/connector/api/v1/items",
	"port out of range":            "https://api.example.test:65979/connector/api/v1/items", // 443 + 65536
	"two ports":                    "https://api.example.test:443:80/connector/api/v1/items",
	"http":                         "http://api.example.test/connector/api/v1/items",
	"http on the port of https":    "http://api.example.test:443/connector/api/v1/items",
	"other scheme":                 "ftp://api.example.test/connector/api/v1/items",
	"web socket":                   "wss://api.example.test/connector/api/v1/items",
	"file":                         "file:///connector/api/v1/items",
	"unix socket":                  "http+unix://api.example.test/connector/api/v1/items",
	"script":                       "javascript:alert(1)//connector/api/v1/items",
	"script with a host":           "javascript://api.example.test/connector/api/v1/items",
	"data":                         "data:application/json,{}",
	"no scheme before the colon":   "://api.example.test/connector/api/v1/items",
	"blank before the scheme":      " https://api.example.test/connector/api/v1/items",
	"blank before the path":        " /connector/api/v1/items",
	"line feed in the scheme":      "ht\ntps://api.example.test/connector/api/v1/items",
	"header injection":             "/connector/api/v1/items HTTP/1.1\r\nHost: evil.example\r\n\r\n",
	"line feed at the end":         "/connector/api/v1/items\n",
	"tab":                          "/connector/api/v1/\titems",
	"NUL":                          "/connector/api/v1/items\x00",
	"delete":                       "/connector/api/v1/items\x7f",
	"tab between slashes":          "/\t/evil.example/connector/api/v1/items",
	"relative":                     "items?page=2",
	"relative with a dot":          "./items?page=2",
	"relative, up":                 "../../../admin",
	"query only":                   "?page=2",
	"fragment only":                "#page2",
	"blank":                        " ",
	"word":                         "null",
	"own host without a scheme":    "api.example.test/connector/api/v1/items",
	"another URL in front":         "https://evil.example/https://api.example.test/connector/api/v1/items",
	"own origin in another's path": "https://evil.example/?https://api.example.test/connector/api/v1/items",

	// The own host, but not below the base path.
	"root":                       "/",
	"other path":                 "/admin",
	"part of the base":           "/connector/api",
	"the base itself":            "/connector/api/v1",
	"the base with a query":      "/connector/api/v1?page=2",
	"longer last segment":        "/connector/api/v1X/items",
	"another version":            "/connector/api/v10/items",
	"other case":                 "/Connector/API/v1/items",
	"dots":                       "/connector/api/v1/../../../admin",
	"dots at the end":            "/connector/api/v1/items/..",
	"dots before the base":       "/x/../connector/api/v1/items",
	"one dot":                    "/connector/api/v1/./items",
	"escaped dots":               "/connector/api/v1/%2e%2e/%2E%2E/admin",
	"half escaped dots":          "/connector/api/v1/.%2e/%2e./admin",
	"dots and escaped slash":     "/connector/api/v1/..%2fadmin",
	"escaped dots and slash":     "/connector/api/v1/%2e%2e%2fadmin",
	"dots and escaped backslash": "/connector/api/v1/..%5cadmin",
	"dots and parameter":         "/connector/api/v1/..;/admin",
	"dots and named parameter":   "/connector/api/v1/..;a=b/admin",
	"escaped dots and parameter": "/connector/api/v1/%2e%2e%3b/admin",
	"one dot and parameter":      "/connector/api/v1/.;/items",
	"empty segment":              "/connector/api/v1//items",
	"host after the base":        "/connector/api/v1//evil.example/items",
	"escaped empty segment":      "/connector/api/v1/%2f%2fevil.example/items",
	"escaped slash in the base":  "/connector%2fapi/v1/items",
	"escaped slash after it":     "/connector/api/v1%2fitems",
	"escaped letter in it":       "/connector/api/%761/items",
	"slashes after the origin":   "https://api.example.test//evil.example/connector/api/v1/items",
	"dots after the origin":      "https://api.example.test/connector/api/v1/../../../admin",
	"fragment in the path":       "/connector/api/v1/items#page=2",
	"bad escape in the path":     "/connector/api/v1/items/%zz",
	"cut escape in the path":     "/connector/api/v1/items/%2",
	"raw and out of the base":    "/connector/api/v1/../x y?filter=kind eq 'InOut'",
	"1 MiB long":                 "/connector/api/v1/items?token=" + strings.Repeat("x", 1<<20),
	"1 MiB of host":              "https://" + strings.Repeat("evil.", 1<<18) + "example/connector/api/v1/items",
}

// A next link that leads astray is never called, whether it comes in a page or in a cursor. The
// items of the page that held it come first.
func TestLinkAstray(t *testing.T) {
	require.GreaterOrEqual(t, len(astray), 40)
	var link string
	n := newNetwork(t, func(w http.ResponseWriter, _ *http.Request) { writePage(w, link, 1, 2) })
	requests := 0
	for _, prefetch := range []int{-1, 1} {
		c := newClient(t, n, origin+basePath, worktime.Options{Prefetch: prefetch})
		refused := func(t *testing.T, err error) {
			e := requireError(t, err, "list items", worktime.ErrCrossOrigin)
			assert.Less(t, len(e.Error()), 1000)
			assert.NotContains(t, e.Error(), "\n")
			assert.Len(t, n.targets(), requests, "requests")
			n.assertHome(t)
		}
		for name, hostile := range astray {
			if link = hostile; len(hostile) > 1<<20 && prefetch < 0 {
				continue // as slow as it is long
			}
			t.Run(fmt.Sprintf("%s, prefetch %d", name, prefetch), func(t *testing.T) {
				requests++
				got, err := all(t, c, itemQuery{})
				assert.Equal(t, []int{1, 2}, got)
				refused(t, err)

				requests++
				pages, err := worktime.Collect(Pages(t.Context(), c, listItems, itemQuery{}))
				require.Len(t, pages, 1)
				assert.Equal(t, []Item{{1}, {2}}, pages[0].Items)
				refused(t, err)

				_, err = c.Resolve(hostile)
				require.ErrorIs(t, err, worktime.ErrCrossOrigin)
				if len(hostile) > maxLink {
					return // a cursor of that length is refused as such
				}
				got, err = all(t, c, itemQuery{Cursor: forge(t, c, position{Link: hostile})})
				assert.Empty(t, got)
				refused(t, err)
			})
		}
	}
}

// The origin's root as a base leaves no prefix to hold on to.
func TestLinkBelowTheRoot(t *testing.T) {
	c := newClient(t, http.DefaultTransport, origin, worktime.Options{})
	for _, link := range []string{"//evil.example/items", "https://api.example.test//evil.example/items", "/%2fevil.example/items", "/../items", "/..;/items", "/."} {
		u, err := c.Resolve(link)
		require.ErrorIs(t, err, worktime.ErrCrossOrigin, "%s became %v", link, u)
	}
	u, err := c.Resolve("/items?page=2")
	require.NoError(t, err)
	assert.Equal(t, origin+"/items?page=2", u.String())
}

// Not UTF-8: JSON cannot carry it, but a header field can.
func TestLinkNotUTF8(t *testing.T) {
	base := &url.URL{Scheme: "https", Host: "api.\xffexample.test", Path: basePath}
	c := &Client{Base: base, Host: transport.NewHost(base)}
	_, err := c.Resolve("https://api.\xfeexample.test" + basePath + "/items")
	require.ErrorIs(t, err, worktime.ErrCrossOrigin)

	c = newClient(t, http.DefaultTransport, origin+basePath, worktime.Options{})
	u, err := c.Resolve(basePath + "/items?q=\xff\xfe")
	require.NoError(t, err)
	assert.Equal(t, basePath+"/items?q=%FF%FE", u.RequestURI())
}

// A chain of links that comes back to a page seen before ends, after one request for each page.
func TestLinkCycle(t *testing.T) {
	first := basePath + itemPath
	for name, c := range map[string]struct {
		next  map[string]string // by request target
		items []int
	}{
		"to itself":               {map[string]string{first: first}, []int{0}},
		"to itself, absolute":     {map[string]string{first: "HTTPS://API.example.test:443" + first}, []int{0}},
		"second page to itself":   {map[string]string{first: first + "?p=1", first + "?p=1": first + "?p=1"}, []int{0, 1}},
		"of three to the first":   {map[string]string{first: first + "?p=1", first + "?p=1": first + "?p=2", first + "?p=2": first}, []int{0, 1, 2}},
		"of three to the second":  {map[string]string{first: first + "?p=1", first + "?p=1": first + "?p=2", first + "?p=2": first + "?p=1"}, []int{0, 1, 2}},
		"raw and escaped are one": {map[string]string{first: first + "?p=a b", first + "?p=a%20b": first + "?p=a%20b"}, []int{0, 1}},
	} {
		for _, prefetch := range []int{-1, 1, 3} {
			t.Run(fmt.Sprintf("%s, prefetch %d", name, prefetch), func(t *testing.T) {
				requests := 0
				api := direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					writePage(w, c.next[r.RequestURI], requests)
					requests++
				})}
				client := newClient(t, newWatch(t, api), origin+basePath, worktime.Options{Prefetch: prefetch})
				got, err := all(t, client, itemQuery{})
				assert.Equal(t, c.items, got)
				requireError(t, err, "list items", worktime.ErrPageCycle)
				assert.Equal(t, len(c.items), requests)
			})
		}
	}
}

// Two walks may share links: only a link that comes back within one walk is a cycle.
func TestLinkSharedByWalks(t *testing.T) {
	c := newClient(t, direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("w") {
			writePage(w, basePath+"/items?shared", 1)
			return
		}
		writePage(w, "", 2)
	})}, origin+basePath, worktime.Options{})
	got, err := all(t, c, itemQuery{Walks: []url.Values{{"w": {"1"}}, {"w": {"2"}}}})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 1, 2}, got)
}

// Length alone is no cycle.
func TestTenThousandPages(t *testing.T) {
	const pages = 10_000
	b := &book{pages: make([][]int, pages)}
	for i := range b.pages {
		b.pages[i] = []int{i}
	}
	c := newClient(t, newWatch(t, direct{Handler: b}), origin+basePath, worktime.Options{})
	count := 0
	for item, err := range All(t.Context(), c, listItems, itemQuery{}) {
		require.NoError(t, err)
		require.Equal(t, count, item.ID)
		count++
	}
	assert.Equal(t, pages, count)
	assert.Len(t, b.requests(), pages)
}

package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func TestParseOrigin(t *testing.T) {
	for raw, ok := range map[string]bool{
		"https://api.example.com":               true,
		"https://api.example.com/":              true,
		"https://api.example.com/v1/":           true,
		"https://api.example.com:8443/v1":       true,
		"HTTPS://API.EXAMPLE.COM":               true,
		"https://192.0.2.1":                     true,
		"https://[2001:db8::1]:8443":            true,
		"https://xn--bcher-kva.example":         true,
		"https://localhost":                     true,
		"http://localhost":                      true,
		"http://LocalHost:8080/v1":              true,
		"http://127.0.0.1:1":                    true,
		"http://127.8.9.10":                     true,
		"http://[::1]:8080":                     true,
		"http://[0:0:0:0:0:0:0:1]":              true,
		"":                                      false,
		"api.example.com":                       false,
		"api.example.com:443":                   false,
		"//api.example.com":                     false,
		"/v1":                                   false,
		"https:":                                false,
		"https:/v1":                             false,
		"https:///v1":                           false,
		"https:api.example.com":                 false,
		"https://":                              false,
		"https://:443":                          false,
		"https://api.example.com:":              false,
		"https://api.example.com:https":         false,
		"https://api.example.com:443:443":       false,
		"https://user@api.example.com":          false,
		"https://user:hunter2@api.example.com":  false,
		"https://@api.example.com":              false,
		"https://:@api.example.com":             false,
		"https://api.example.com?":              false,
		"https://api.example.com?q":             false,
		"https://api.example.com#f":             false,
		"https://api example.com":               false,
		" https://api.example.com":              false,
		"https://api.example.com\n":             false,
		"https://api.example.com\x00":           false,
		"https://api.example.com\\@evil.test":   false,
		"https://api.example.com%2eevil.test":   false,
		"https://api.example.com%00":            false,
		"https://bücher.example":                false,
		"https://b%C3%BCcher.example":           false,
		"https://api\u3002example.com":          false, // an ideographic full stop
		"https://a%ff.example":                  false,
		"https://[::1":                          false,
		"https://::1":                           false,
		"https://[127.0.0.1]":                   false,
		"https://[localhost]":                   false,
		"http://api.example.com":                false,
		"http://localhost.evil.test":            false,
		"http://localhost.":                     false,
		"http://127.0.0.1.evil.test":            false,
		"http://127.0.0.1.":                     false,
		"http://127.1":                          false,
		"http://0x7f.0.0.1":                     false,
		"http://2130706433":                     false,
		"http://0.0.0.0":                        false,
		"http://[::]":                           false,
		"http://192.168.0.1":                    false,
		"http://10.0.0.1":                       false,
		"http://169.254.169.254":                false,
		"http://localhost@evil.test":            false,
		"http://evil.test#localhost":            false,
		"ftp://localhost":                       false,
		"file:///etc/passwd":                    false,
		"javascript:alert(1)":                   false,
		"ws://localhost":                        false,
		"https+unix://socket":                   false,
		"https://api.example.com/%zz":           false,
		"https://api.example.com/\x7f":          false,
		"https://" + strings.Repeat("a", 1<<20): true,
	} {
		u, err := ParseOrigin(raw)
		require.Equal(t, ok, err == nil, "%.80q: %v", raw, err)
		if err != nil {
			require.Nil(t, u)
			require.NotContains(t, err.Error(), "hunter2", "the URL may hold a password")
			continue
		}
		require.NoError(t, NewHost(u).Check(u), raw)
	}
}

// base is the origin of the tables below.
const base = "https://api.example.com/v1/"

// hostile are links that must not get a credential for base.
var hostile = []string{
	"http://api.example.com/v1/", "https://api.example.com:8443/", "https://api.example.com:80/", "https://api.example.com:0443/",
	"http://api.example.com:443/", "https://evil.test/", "//evil.test/v1", "https://evil.test:443/v1",
	"https://api.example.com.evil.test/", "https://evil.test/api.example.com", "https://sub.api.example.com/", "https://example.com/",
	"https://api.example.co/", "https://api.example.com.", "https://api.example.com./v1", "https://apiexample.com/",
	"https://api.example.com@evil.test/", "https://api.example.com:443@evil.test/", "https://user@api.example.com/",
	"https://user:hunter2@api.example.com/", "https://@api.example.com/", "https://evil.test@api.example.com/",
	"https://api.example.com%40evil.test/", "https://api.example.com%2fevil.test/", "https://evil.test%2eapi.example.com/",
	"https://api.example.com%00.evil.test/", "https://api.example.com%09.evil.test", "https://[api.example.com]/", "https://[::1]/",
	"https://api\uff0eexample\uff0ecom/", "https://\u0430pi.example.com/", "https://ap\u0131.example.com/", "https://api.ex\u00adample.com/",
	"https://api.example.com\u2044.evil.test/", "https://api.e\u200bxample.com/", "https://\uff41pi.example.com/",
	"https://xn--pi-7lc.example.com/", "https://api%2eexample%2ecom/", "https://api_example.com/", "https://api.example.com,evil.test/",
	"https://api.example.com;evil.test/", "https://api.example.com$evil.test/", "https://api.example.com!evil.test/",
	"https:api.example.com/v1", "https:/evil.test", "https:///evil.test", "ftp://api.example.com/", "javascript:alert(1)", "data:,x",
	"mailto:a@api.example.com", "https://", "http:", "https://2130706433/", "https://0x7f.1/", "wss://api.example.com/",
	"//api.example.com:8443/v1", "//user@api.example.com/", "//api.example.com@evil.test/",
}

// unreadable are links of the same kind that are not even URLs.
var unreadable = []string{
	`https:\\evil.test\v1`, `https://api.example.com\@evil.test/`, `https://api.example.com\.evil.test/`,
	"https://api.example.com\t.evil.test/", "https://api.example.com\r\n.evil.test", "https://api.example.com\x00/", "https://api.example.com:x/",
	"https://api.example.com:443:8443/", "https://api.example.com:-1/", " https://api.example.com/", "https://exa mple.com/",
	"https://[::1/", "https://%zz/", "http://[fe80::%31%25en0]/",
}

// harmless are links that stay.
var harmless = []string{
	"https://api.example.com/", "https://api.example.com", "https://api.example.com:443/v1?a=b#c", "HTTPS://API.Example.COM/v1",
	"//api.example.com/v1", "//api.example.com:443/", "/v1/things", "/", "", "?q=1", "#f", "things/1", "../v2", "/../..", "///evil.test/", "/v1//evil.test",
	"/\\evil.test", `\\evil.test\v1`, "/@evil.test", "/v1/https://evil.test/", "/v1?next=https://evil.test/", "./a:b", "https://api.example.com:/",
}

func TestHostCheck(t *testing.T) {
	origin, err := ParseOrigin(base)
	require.NoError(t, err)
	host := NewHost(origin)
	require.GreaterOrEqual(t, len(hostile)+len(unreadable), 40)

	check := func(link string) (*url.URL, error) {
		u, err := origin.Parse(link)
		if err != nil {
			return nil, err
		}
		return u, host.Check(u)
	}
	for _, link := range hostile {
		u, err := check(link)
		require.Error(t, err, "%q became %v", link, u)
		if u != nil {
			requireIs(t, err, worktime.ErrCrossOrigin)
			require.NotContains(t, err.Error(), "hunter2")
			require.Contains(t, err.Error(), "https://api.example.com:443", "the error names the origin")
		}
	}
	for _, link := range unreadable {
		u, err := check(link)
		require.Error(t, err, "%q became %v", link, u)
	}
	for _, link := range harmless {
		u, err := check(link)
		require.NoError(t, err, link)
		require.Equal(t, "https", u.Scheme)
		require.True(t, strings.EqualFold(u.Hostname(), "api.example.com"))
	}
}

// Letters that Unicode folds into ASCII are other letters, also in a URL that was not parsed.
func TestHostCheckFolding(t *testing.T) {
	host := NewHost(mustURL(t, "https://worktime.kiosk.example"))
	for _, h := range []string{
		"wor\u212Atime.kiosk.example", "worktime.\u212Aiosk.example", "worktime.kio\u017Fk.example", "WORKTIME.KIO\u017FK.EXAMPLE",
	} {
		require.Error(t, host.Check(&url.URL{Scheme: "https", Host: h}), h)
	}
	require.NoError(t, host.Check(&url.URL{Scheme: "https", Host: "WORKTIME.KIOSK.EXAMPLE"}))
	invalid := NewHost(&url.URL{Scheme: "https", Host: "a\xff.example"})
	require.Error(t, invalid.Check(&url.URL{Scheme: "https", Host: "a\xfe.example"}))
}

// An opaque URL says one host and asks for another.
func TestHostCheckOpaque(t *testing.T) {
	host := NewHost(mustURL(t, base))
	require.Error(t, host.Check(&url.URL{Scheme: "https", Host: "api.example.com", Opaque: "//evil.test/v1"}))
}

// The port written out is the port left out, for each scheme.
func TestHostCheckPorts(t *testing.T) {
	for origin, same := range map[string][]string{
		"https://api.example.com":      {"https://api.example.com:443"},
		"https://api.example.com:443":  {"https://api.example.com"},
		"https://api.example.com:8443": {"https://api.example.com:8443"},
		"http://127.0.0.1":             {"http://127.0.0.1:80"},
		"http://127.0.0.1:8080":        {"http://127.0.0.1:8080"},
		"http://[::1]:80":              {"http://[::1]"},
	} {
		host := NewHost(mustURL(t, origin))
		for _, s := range same {
			require.NoError(t, host.Check(mustURL(t, s)), s)
		}
		for _, other := range []string{"https://api.example.com:80", "http://127.0.0.1:443", "http://[::1]:81", "https://api.example.com:8444", "http://localhost"} {
			require.Error(t, host.Check(mustURL(t, other)), "%s and %s", origin, other)
		}
	}
}

// A call to another origin than its Host's is refused before anything is sent.
func TestOriginGuard(t *testing.T) {
	for _, raw := range []string{
		"http://localhost/v1", "http://127.0.0.1:8080/v1", "https://127.0.0.1/v1", "http://127.0.0.2/", "http://user@127.0.0.1/",
		"http://evil.test/", "//127.0.0.1/v1", "/v1", "http:127.0.0.1", "http://127.0.0.1./",
	} {
		for _, class := range []Class{Safe, Once} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answer(200))
				call := w.call(class)
				call.URL = mustURL(t, raw)
				call.Auth = &login{value: "Bearer first-token"}
				_, err := w.do(t.Context(), call)
				requireIs(t, err, worktime.ErrCrossOrigin)
				require.Zero(t, failure(t, err).Attempts)
				require.Empty(t, w.dials())
				require.Empty(t, w.seen())
				require.NotContains(t, err.Error(), "first-token")
			})
		}
	}
}

// Twelve redirects: none is followed, whatever its kind, and no credential goes elsewhere.
func TestRedirects(t *testing.T) {
	kinds := map[string]string{
		"other host":            "https://evil.test/v1",
		"subdomain":             "https://sub.api.example.com/v1",
		"parent domain":         "https://example.com/v1",
		"other port":            "https://api.example.com:8443/v1",
		"scheme down":           "http://api.example.com/v1",
		"userinfo":              "https://user:hunter2@api.example.com/v1",
		"userinfo as host":      "https://api.example.com@evil.test/v1",
		"protocol-relative":     "//evil.test/v1",
		"relative":              "things/2",
		"absolute path":         "/v1/things/2",
		"loop":                  "",
		"same origin":           tlsURL,
		"back by another host":  "https://evil.test/?next=" + url.QueryEscape(tlsURL),
		"unreadable":            "https://[::1",
		"not a URL of the web":  "file:///etc/passwd",
		"with a backslash":      `https:\\evil.test`,
		"with a token in query": "https://evil.test/?access_token=x",
	}
	for name, location := range kinds {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, class := range []Class{Safe, Once} {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, func(w http.ResponseWriter, _ *http.Request) {
						w.Header()["Location"] = []string{location}
						w.WriteHeader(status)
					}, overTLS())
					call := w.call(class)
					call.Auth = &login{value: "Bearer first-token"}
					_, err := w.do(t.Context(), call)
					require.ErrorIs(t, err, worktime.ErrRedirect, "%s, %d", name, status)
					require.Equal(t, []string{"api.example.com:443"}, w.dials())
					require.Len(t, w.seen(), 1)
					require.Equal(t, "Bearer first-token", w.seen()[0].Auth)
					f := failure(t, err)
					require.Equal(t, status, f.StatusCode)
					require.Equal(t, []string{location}, f.Header["Location"], "the caller may look at it")
					require.NotContains(t, f.Error(), "evil.test")
				})
			}
		}
	}
}

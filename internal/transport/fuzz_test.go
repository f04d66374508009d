package transport

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// No header makes the wait negative or the reader panic, and what is read means what it says.
func FuzzRetryAfter(f *testing.F) {
	for _, tt := range retryAfterCases() {
		after := append(tt.header["Retry-After"], "", "")
		f.Add(after[0], after[1], tt.header.Get("X-RateLimit-Reset"), tt.header.Get("Date"))
	}
	f.Fuzz(func(t *testing.T, first, second, reset, date string) {
		header := http.Header{"Retry-After": {first, second}, "X-Ratelimit-Reset": {reset}, "Date": {date}}
		for _, o := range []Outcome{Unknown, Done, Refused, Throttled, Unavailable} {
			x := exchange{attempt: attempt{status: 429, header: header, outcome: o}}
			if d := x.asked(); d < 0 {
				t.Fatalf("%v for %v of %q", d, o, header)
			}
		}
		now := time.Unix(1_000_000_000, 0)
		one, two, both := retryAfter([]string{first}, now), retryAfter([]string{second}, now), retryAfter([]string{first, second}, now)
		if both != max(one, two) {
			t.Fatalf("%v and %v together are %v", one, two, both)
		}
		if d, ok := seconds(first); ok {
			if d < 0 || d%time.Second != 0 && d != 1<<63-1 {
				t.Fatalf("%q is %v", first, d)
			}
			if strings.ContainsFunc(first, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }) {
				t.Fatalf("%q is a number", first)
			}
		}
	})
}

// A link that passes the check is, for net/url, of the same origin.
func FuzzOrigin(f *testing.F) {
	for _, list := range [][]string{hostile, unreadable, harmless} {
		for _, link := range list {
			f.Add(base, link)
		}
	}
	f.Add("http://[::1]:80", "http://[::1]/")
	f.Add("https://a%ff.example", "https://a%fe.example/")
	f.Add("https://wor\u212Atime.example", "https://worktime.example/")
	f.Add("https://ki\u017Fk.example", "https://kisk.example/")
	f.Fuzz(func(t *testing.T, from, link string) {
		origin, err := ParseOrigin(from)
		if err != nil {
			return
		}
		if origin.Scheme != "https" && !(origin.Scheme == "http" && loopback(origin.Hostname())) {
			t.Fatalf("%q may have credentials", from)
		}
		if origin.User != nil || origin.Host == "" {
			t.Fatalf("%q is an origin", from)
		}
		host := NewHost(origin)
		if host.Check(origin) != nil {
			t.Fatalf("%q is not of its own origin", from)
		}
		u, err := origin.Parse(link)
		if err != nil || host.Check(u) != nil {
			return
		}
		// What is sent is what the URL says once it is written out.
		written, err := url.Parse(u.String())
		if err != nil {
			t.Fatalf("%q passed and is no URL: %v", link, err)
		}
		for _, v := range []*url.URL{u, written} {
			if v.Scheme != origin.Scheme || !strings.EqualFold(v.Hostname(), origin.Hostname()) || port(v) != port(origin) || v.User != nil {
				t.Fatalf("%q passed for %q: %v", link, from, v)
			}
		}
		for _, b := range []byte(u.Host) {
			if b <= ' ' || b > '~' {
				t.Fatalf("%q passed with the host %q", link, u.Host)
			}
		}
	})
}

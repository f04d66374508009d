package rest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// maxLink is far above the 4,096 characters that Protime takes.
const maxLink = 16 << 10

// Resolve turns a link that the vendor returned (nextLink, Location) into a URL that may be
// called with credentials: root-relative or absolute, on the API's own origin and below
// its base path. Anything else is [worktime.ErrCrossOrigin], and nothing is sent.
//
// Protime prints links unencoded. A link with a raw blank or quote is taken for such a one:
// its illegal bytes are escaped, and so are "+", which servers read as a blank, and a "%" that
// escapes nothing. In any other link only bytes that no URL can hold are escaped.
func (c *Client) Resolve(link string) (*url.URL, error) {
	refuse := func(reason string) error {
		return transport.Join(worktime.ErrCrossOrigin, fmt.Errorf("the link %.80q %s", link, reason))
	}
	if len(link) > maxLink {
		return nil, refuse(fmt.Sprintf("is longer than %d bytes", maxLink))
	}
	if strings.ContainsFunc(link, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return nil, refuse("has a backslash or control characters")
	}
	rest, err := c.cutOrigin(link)
	if err != nil {
		return nil, refuse(err.Error())
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	raw := strings.ContainsAny(rest, ` '"`)
	u := *c.Base
	u.RawPath, u.RawQuery = escapeLink(path, raw), escapeLink(query, raw)
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return nil, refuse("has a path that is not properly escaped")
	}
	// Compared as it is sent: %2F is no slash.
	if !strings.HasPrefix(u.EscapedPath(), c.Base.EscapedPath()+"/") || dotSegment(u.Path) || strings.Contains(u.Path, "//") || strings.Contains(path, "#") {
		return nil, refuse("does not stay below " + c.Base.Path)
	}
	u.ForceQuery = hasQuery && query == ""
	return &u, nil
}

// cutOrigin returns what follows the origin of link.
func (c *Client) cutOrigin(link string) (string, error) {
	if strings.HasPrefix(link, "/") && !strings.HasPrefix(link, "//") {
		return link, nil
	}
	scheme, rest, ok := strings.Cut(link, "://")
	if !ok {
		return "", errors.New("is neither root-relative nor absolute")
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 || rest[end] != '/' {
		return "", errors.New("has no path")
	}
	origin, err := url.Parse(scheme + "://" + rest[:end])
	if err != nil {
		return "", errors.New("has no readable host")
	}
	if err := c.Host.Check(origin); err != nil {
		return "", errors.New("leads to another origin")
	}
	return rest[end:], nil
}

// escapeLink escapes what cannot stand in a request line; if the link is raw, also what would
// be misread.
func escapeLink(s string, raw bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		literal := c > ' ' && c < 0x7f && strings.IndexByte("\"<>#^`{|}", c) < 0
		if raw && (c == '+' || c == '%' && !escaped(s[i:])) {
			literal = false
		}
		escape(&b, s[i:i+1], func(byte) bool { return literal })
	}
	return b.String()
}

func escaped(s string) bool {
	isHex := func(c byte) bool {
		return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	}
	return len(s) >= 3 && isHex(s[1]) && isHex(s[2])
}

package transport

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/worktime-go/worktime"
)

// Host is one origin (scheme, host, port) that a family talks to, with what its calls
// share: after a 429 they wait together, and in an outage they do not double the load.
type Host struct {
	scheme, host, port string
	gate               gate
	budget             budget
	// Slots is set before the first call, if there is a limit. Several hosts may share it.
	Slots Slots
}

// NewHost returns the host with the origin of u, which must have passed [ParseOrigin]. Clients
// of one family share it; a login server has one of its own, also on the API's origin.
func NewHost(u *url.URL) *Host {
	return &Host{scheme: u.Scheme, host: strings.ToLower(u.Hostname()), port: port(u)}
}

func (h *Host) origin() string { return h.scheme + "://" + net.JoinHostPort(h.host, h.port) }

// Check reports, with [worktime.ErrCrossOrigin], that u is not of this origin.
func (h *Host) Check(u *url.URL) error {
	if u.Scheme == h.scheme && u.User == nil && u.Opaque == "" && ascii(u.Host) && strings.EqualFold(u.Hostname(), h.host) && port(u) == h.port {
		return nil
	}
	return Join(worktime.ErrCrossOrigin, fmt.Errorf("the link does not stay on %s", h.origin()))
}

// ascii: strings.EqualFold also folds letters that no host name has, such as the Kelvin sign.
func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "http":
		return "80"
	default:
		return "443"
	}
}

// ParseOrigin reads the URL of a server that credentials may be sent to: https, or http
// where the host is loopback, without userinfo, query or fragment.
func ParseOrigin(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL") // url.Parse quotes its input, which may hold a password
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("must be an absolute https URL")
	case u.User != nil:
		return nil, errors.New("must not hold a user name or password")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("has no host")
	case !ascii(u.Host):
		return nil, errors.New("has a host that is not ASCII: write it in its xn-- form")
	case strings.HasSuffix(u.Host, ":"):
		return nil, errors.New("has an empty port")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("must not have a query or a fragment")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("must be https: http is allowed for loopback hosts only")
	}
	return u, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

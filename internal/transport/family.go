package transport

import (
	"net/http"
	"time"
)

// Family is what a client and all clients derived from it share.
type Family struct {
	transport http.RoundTripper
	own       *http.Transport // if it is ours to close
	timeout   time.Duration   // of the caller's http.Client
}

// NewFamily returns a family that sends through hc, or, if hc is nil, through connections of
// its own. The Transport is called directly: all that http.Client would add is redirects,
// cookies and a timeout, which are off or ours, and URLs in its errors.
func NewFamily(hc *http.Client) *Family {
	f := &Family{}
	if hc != nil {
		f.transport, f.timeout = hc.Transport, hc.Timeout
		if f.transport == nil {
			f.transport = http.DefaultTransport
		}
		return f
	}
	if def, ok := http.DefaultTransport.(*http.Transport); ok {
		f.own = def.Clone()
	} else {
		f.own = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	f.transport = f.own
	return f
}

// CloseIdleConnections closes the idle connections, if they are not the caller's.
func (f *Family) CloseIdleConnections() {
	if f.own != nil {
		f.own.CloseIdleConnections()
	}
}

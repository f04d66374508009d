package timelog

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// maxResolved limits the answer of ResolveUri, which is one URL.
const maxResolved = 64 << 10

// resolver asks the login server for the site of an account, once for each login.
// See https://login.timelog.com/documentation
type resolver struct {
	access hybrid
	source *auth.Source
	hosts  func(*url.URL) *transport.Host // of the API

	turn  chan struct{} // holds one value while nobody asks
	known atomic.Pointer[place]
}

// place is where the API of a login is.
type place struct {
	login string // whose; see [auth.Source.LoginID]
	base  *url.URL
	host  *transport.Host
}

func newResolver(access hybrid, account string, hosts func(*url.URL) *transport.Host) *resolver {
	r := &resolver{access: access, source: access.Source(account), hosts: hosts, turn: make(chan struct{}, 1)}
	r.turn <- struct{}{}
	return r
}

// locate returns the place of the API. A failure is not kept: the next caller asks again.
func (r *resolver) locate(ctx context.Context) (*url.URL, *transport.Host, error) {
	if _, err := r.source.Authorize(ctx); err != nil { // before it is known whose login it is
		return nil, nil, err
	}
	if p := r.known.Load(); p != nil && p.login == r.source.LoginID() {
		return p.base, p.host, nil
	}
	select {
	case <-r.turn:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() { r.turn <- struct{}{} }()
	login := r.source.LoginID()
	if p := r.known.Load(); p != nil && p.login == login {
		return p.base, p.host, nil
	}
	site, err := r.ask(ctx)
	if err != nil {
		return nil, nil, err
	}
	p := &place{login: login, base: site.JoinPath("api"), host: r.hosts(site)}
	r.known.Store(p)
	return p.base, p.host, nil
}

func (r *resolver) ask(ctx context.Context) (*url.URL, error) {
	address := r.access.url.JoinPath("api", "ResolveUri")
	address.Path = "/" + strings.TrimPrefix(address.Path, "/") // JoinPath leaves the slash out behind an empty path
	resp, err := r.access.sender.Do(ctx, &transport.Call{
		Operation: "resolve site", Class: transport.Safe, Method: http.MethodGet,
		URL: address, Host: r.access.server.Host(r.access.url), Header: http.Header{"Accept": {"application/json"}}, Auth: r.source, MaxBytes: maxResolved,
	})
	if err != nil {
		f, ok := errors.AsType[*transport.Failure](err)
		if !ok || ctx.Err() != nil {
			return nil, err
		}
		return nil, &worktime.AuthError{Provider: provider, Operation: "resolve site", StatusCode: f.StatusCode, RetryAfter: f.RetryAfter, Attempts: f.Attempts, Err: transport.Join(f.Err, r.access.server.Explain(f))}
	}
	defer resp.Release()
	var answer struct {
		URL string `json:"url"`
	}
	refused := func(errs ...error) error {
		return &worktime.AuthError{Provider: provider, Operation: "resolve site", StatusCode: resp.StatusCode, Attempts: resp.Attempts, Err: transport.Join(errs...)}
	}
	if err := rest.Decode(rest.Answer{StatusCode: resp.StatusCode, Header: resp.Header, Body: resp.Body}, &answer); err != nil {
		return nil, refused(worktime.ErrBadResponse, errors.New("the answer is not a JSON object with a url"))
	}
	site, err := r.trusted(answer.URL)
	if err != nil {
		return nil, refused(worktime.ErrCrossOrigin, err)
	}
	return site, nil
}

// trusted reads the URL of a site, to which the credential will be sent: https, a host of the vendor's, and nothing
// but the name of the site in the path. A login server on loopback may tell its own host.
func (r *resolver) trusted(raw string) (*url.URL, error) {
	if strings.ContainsFunc(raw, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' || c == '%' }) {
		return nil, errors.New("the site that the login server names is not a plain URL")
	}
	u, err := transport.ParseOrigin(raw)
	if err != nil {
		return nil, errors.New("the site that the login server names " + err.Error())
	}
	host, login := strings.ToLower(u.Hostname()), r.access.url
	_, notLocal := transport.ParseOrigin("http://" + login.Host) // which only loopback hosts may have
	switch {
	case notLocal == nil && u.Scheme == login.Scheme && strings.EqualFold(host, login.Hostname()):
	case u.Scheme != "https":
		return nil, errors.New("the site that the login server names is not https")
	case u.Port() != "":
		return nil, errors.New("the site that the login server names has a port")
	case !vendorHost(host):
		return nil, errors.New("the site that the login server names is not below timelog.com")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	if name := strings.TrimPrefix(u.Path, "/"); name == "" || strings.ContainsAny(name, "/;") || strings.Trim(name, ".") == "" {
		return nil, errors.New("the site that the login server names has no name in its path, or more than that")
	}
	return u, nil
}

// vendorHost reports whether a host is one of the vendor's, in letters that everybody reads alike.
func vendorHost(host string) bool {
	if !strings.HasSuffix(host, ".timelog.com") {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, ".timelog.com"), ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}

// Site returns the URL of the site that the client speaks to, such as https://app4.timelog.com/acme. Without a
// Config.SiteURL the login server is asked for it, once.
func (c *Client) Site(ctx context.Context) (string, error) {
	base := c.rest.Base
	if base == nil {
		var err error
		if base, _, err = c.rest.Locate(ctx); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(base.String(), "/api"), nil
}

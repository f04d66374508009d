package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// ProviderConfig is what a [Provider] is made of.
type ProviderConfig struct {
	Client *transport.Client
	// Issuer is the URL of the login server as it was configured. What the server calls itself
	// must be equal to it, byte for byte (OpenID Connect Discovery 1.0, section 4.3).
	Issuer string
	// Override replaces what discovery says, field by field. With Issuer, Authorization, Token
	// and Keys the discovery document is not asked for at all.
	Override Metadata
	// Algorithms are those an ID token may be signed with; nil means RS256, which every
	// provider has (OpenID Connect Discovery 1.0, section 3).
	Algorithms []string
	// Moved may be nil. It is told the host that a redirect leads to, and returns what to
	// configure, or "".
	Moved func(host string) string
}

// Provider is an OpenID provider: where its endpoints are, and which keys it signs with. Clients
// that share connections share it.
type Provider struct {
	client     *transport.Client
	base       string
	issuer     string
	override   Metadata
	algorithms []jose.SignatureAlgorithm
	moved      func(host string) string
	login      *transport.Host

	metadata memo[Metadata]
	keys     memo[keySet]
	useless  time.Time // when keys were last fetched in vain; belongs to who has the turn of keys

	mu    sync.Mutex
	hosts []*transport.Host // of endpoints elsewhere
}

// Metadata says where a provider's endpoints are.
type Metadata struct {
	Issuer                     string
	Authorization, Token, Keys *url.URL
	Revocation                 *url.URL // nil if there is none
	// ResponseIssuer: the provider says that its authorization answers have an iss (RFC 9207).
	ResponseIssuer bool
}

// NewProvider returns a provider and makes no request. The error is a [worktime.FieldError].
func NewProvider(c ProviderConfig) (*Provider, error) {
	bad := func(field, reason string) error {
		return &worktime.FieldError{Provider: c.Client.Provider(), Field: field, Reason: reason}
	}
	base, err := transport.ParseOrigin(c.Issuer)
	if err != nil {
		return nil, bad("Issuer", err.Error())
	}
	p := &Provider{
		client: c.Client, base: c.Issuer, issuer: c.Issuer, override: c.Override, moved: c.Moved, login: transport.NewHost(base),
		metadata: newMemo[Metadata](), keys: newMemo[keySet](),
	}
	if c.Override.Issuer != "" {
		p.issuer = c.Override.Issuer
	}
	for _, name := range c.Algorithms {
		if hashOf(name) == 0 {
			return nil, bad("Algorithms", "must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA")
		}
		p.algorithms = append(p.algorithms, jose.SignatureAlgorithm(name))
	}
	if len(p.algorithms) == 0 {
		p.algorithms = []jose.SignatureAlgorithm{jose.RS256}
	}
	return p, nil
}

// ParseEndpoint reads the URL of an endpoint: as [transport.ParseOrigin], with a query allowed
// (RFC 6749, section 3.1).
func ParseEndpoint(raw string) (*url.URL, error) {
	before, query, has := strings.Cut(raw, "?")
	u, err := transport.ParseOrigin(before)
	switch {
	case err != nil:
		return nil, err
	case strings.ContainsFunc(query, func(r rune) bool { return r <= ' ' || r > '~' || r == '#' }):
		return nil, errors.New("has a fragment, or characters that no URL has")
	}
	u.RawQuery, u.ForceQuery = query, has && query == ""
	return u, nil
}

// Host returns what calls to the origin of u share.
func (p *Provider) Host(u *url.URL) *transport.Host {
	if p.login.Check(u) == nil {
		return p.login
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hosts {
		if h.Check(u) == nil {
			return h
		}
	}
	h := transport.NewHost(u)
	p.hosts = append(p.hosts, h)
	return h
}

// Metadata returns where the endpoints are. The discovery document is fetched once. The error is
// a [worktime.AuthError].
func (p *Provider) Metadata(ctx context.Context) (Metadata, error) {
	if o := p.override; o.Issuer != "" && o.Authorization != nil && o.Token != nil && o.Keys != nil {
		return o, nil
	}
	m, err := p.metadata.after(ctx, nil, func(ctx context.Context) (*Metadata, error) {
		u, err := ParseEndpoint(strings.TrimSuffix(p.base, "/") + "/.well-known/openid-configuration")
		if err != nil {
			return nil, p.fail("discovery", err)
		}
		var m *Metadata
		err = p.get(ctx, "discovery", u, func(body []byte) error {
			m, err = p.readMetadata(body)
			return err
		})
		return m, err
	})
	if err != nil {
		return Metadata{}, p.fail("discovery", err)
	}
	return *m, nil
}

// readMetadata reads a discovery document (OpenID Connect Discovery 1.0, section 3). A server
// that is asked for one must speak for itself alone: its endpoints stay on its own origin, because
// secrets are sent there.
func (p *Provider) readMetadata(body []byte) (*Metadata, error) {
	members, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	m := p.override
	m.Issuer = text(members["issuer"])
	if m.Issuer != p.issuer {
		return nil, fmt.Errorf("the login server calls itself %q and not %q: one of them must be configured, exactly so", printable(m.Issuer, 200), p.issuer)
	}
	for _, e := range []struct {
		name     string
		endpoint **url.URL
		required bool
	}{
		{"authorization_endpoint", &m.Authorization, true},
		{"token_endpoint", &m.Token, true},
		{"jwks_uri", &m.Keys, true},
		{"revocation_endpoint", &m.Revocation, false},
	} {
		raw := text(members[e.name])
		switch {
		case *e.endpoint != nil, raw == "" && !e.required:
			continue
		case raw == "":
			return nil, fmt.Errorf("the discovery document has no %s", e.name)
		}
		u, err := ParseEndpoint(raw)
		if err != nil {
			return nil, fmt.Errorf("the %s of the discovery document %w", e.name, err)
		}
		if err := p.login.Check(u); err != nil {
			return nil, fmt.Errorf("the %s of the discovery document: %w", e.name, err)
		}
		*e.endpoint = u
	}
	if raw := members["authorization_response_iss_parameter_supported"]; raw != nil {
		_ = json.Unmarshal(raw, &m.ResponseIssuer) // another type counts as absent
	}
	return &m, nil
}

// get fetches a public document of the login server, which read must not keep.
func (p *Provider) get(ctx context.Context, operation string, u *url.URL, read func(body []byte) error) error {
	resp, err := p.client.Do(ctx, &transport.Call{
		Operation: operation, Class: transport.Safe, Method: http.MethodGet, URL: u, Host: p.Host(u),
		Header: http.Header{"Accept": {"application/json"}}, MaxBytes: maxAnswer,
	})
	if f, ok := errors.AsType[*transport.Failure](err); ok {
		why := p.Explain(f)
		if f.StatusCode == http.StatusNotFound {
			why = errors.New("no OpenID provider answers there: check the URL of the login server")
		}
		return &worktime.AuthError{
			Provider: p.client.Provider(), Operation: operation, StatusCode: f.StatusCode, RetryAfter: f.RetryAfter, Attempts: f.Attempts,
			Err: transport.Join(f.Err, why),
		}
	}
	if err != nil {
		return p.fail(operation, err)
	}
	defer resp.Release()
	if err := read(resp.Body); err != nil {
		return &worktime.AuthError{
			Provider: p.client.Provider(), Operation: operation, StatusCode: resp.StatusCode, Attempts: resp.Attempts,
			Err: transport.Join(worktime.ErrBadResponse, err),
		}
	}
	return nil
}

// Explain says where a redirect leads and what to configure instead; nil if f is none.
func (p *Provider) Explain(f *transport.Failure) error {
	var host string
	if u, err := url.Parse(f.Header.Get("Location")); err == nil && f.StatusCode/100 == 3 {
		host = strings.ToLower(u.Hostname())
	}
	if host == "" {
		return nil
	}
	why := "the login server redirects to " + printable(host, 100)
	if p.moved != nil {
		if hint := p.moved(host); hint != "" {
			why += ": " + hint
		}
	}
	return errors.New(why)
}

// fail makes an AuthError of err, unless it is one.
func (p *Provider) fail(operation string, err error) error {
	if _, ok := errors.AsType[*worktime.AuthError](err); ok {
		return err
	}
	return &worktime.AuthError{Provider: p.client.Provider(), Operation: operation, Err: err}
}

// memo is a value that is fetched by one caller at a time, each on its own context: one that
// leaves makes way for the next.
type memo[T any] struct {
	turn  chan struct{}
	value *atomic.Pointer[T]
	last  *failure // belongs to who has the turn
}

type failure struct {
	at  time.Time
	err error
}

func newMemo[T any]() memo[T] {
	return memo[T]{turn: make(chan struct{}, 1), value: &atomic.Pointer[T]{}, last: &failure{}}
}

// after returns a value other than seen, of which nil is the first. A failure is shared by those
// who have waited for it.
func (m *memo[T]) after(ctx context.Context, seen *T, fetch func(context.Context) (*T, error)) (*T, error) {
	if v := m.value.Load(); v != seen {
		return v, nil
	}
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-m.turn }()
	if v := m.value.Load(); v != seen {
		return v, nil
	}
	if m.last.err != nil && time.Since(m.last.at) < failureShare {
		return nil, m.last.err
	}
	v, err := fetch(ctx)
	if err != nil {
		// The end of a context is the caller's, also if it is only foreseen.
		if ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
			*m.last = failure{time.Now(), err}
		}
		return nil, err
	}
	*m.last = failure{}
	m.value.Store(v)
	return v, nil
}

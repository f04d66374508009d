package protimetest

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/protime"
)

// Server is an in-memory Protime: the API of one tenant and the authentication server. It may be used by several
// goroutines at once.
type Server struct {
	settings settings
	fake     *fake.Server
	tokens   *fake.TokenEndpoint
	links    *continuations
	store    *store
	deltas   *deltas
	hooks    *hooks
	writing  sync.Mutex // one request at a time changes something

	apiHost, authHost string
}

// NewServer starts a server that is closed when the test ends. An option that makes no sense fails the test.
func NewServer(t testing.TB, opts ...Option) *Server {
	t.Helper()
	s, err := Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Start starts a server outside of tests. Close it after use.
func Start(opts ...Option) (*Server, error) {
	settings, err := newSettings(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{settings: settings, links: newContinuations(), deltas: newDeltas()}
	if s.store, err = newStore(settings); err != nil {
		return nil, err
	}
	s.tokens = fake.NewTokenEndpoint(fake.TokenRules{
		ClientID: settings.clientID, ClientSecret: settings.clientSecret,
		Scopes: allScopes(newCollections()), Lifetime: settings.tokenLifetime, Limit: settings.tokenLimit, Window: settings.tokenWindow,
	})
	s.hooks = startHooks(s)
	s.fake = fake.Start(fake.Handlers{
		API: http.HandlerFunc(s.serveAPI), Token: http.HandlerFunc(s.serveAuth), IsToken: s.isAuth,
	})
	if s.apiHost, s.authHost, err = s.fake.Hosts(settings.loopback); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections and waits until no request is being handled. Closing again does nothing.
func (s *Server) Close() {
	s.hooks.close()
	s.fake.Close()
}

// Config returns a complete configuration for [protime.NewClient], which may be changed.
func (s *Server) Config() protime.Config {
	var scopes []protime.Scope
	for _, scope := range allScopes(newCollections()) {
		scopes = append(scopes, protime.Scope(scope))
	}
	return protime.Config{
		Tenant: s.settings.tenant, ClientID: s.settings.clientID, ClientSecret: s.settings.clientSecret,
		Scopes: scopes,
		APIURL: s.URL(), AuthURL: s.AuthURL(),
		Options: worktime.Options{HTTPClient: s.Client(), UserAgent: "ProtimeTest/v1 (worktime)"},
	}
}

// URL returns the origin of the API. It can be reached with [Server.Client] only, unless [WithLoopback] is given.
func (s *Server) URL() string { return "http://" + s.apiHost }

// AuthURL returns the origin of the authentication server; see [Server.URL].
func (s *Server) AuthURL() string { return "http://" + s.authHost }

// Client returns an HTTP client that reaches this server under any host name, also the vendor's own with https.
// With [WithLoopback] it is an ordinary one.
func (s *Server) Client() *http.Client { return s.fake.Client() }

// ServeHTTP handles a request of the API or of the authentication server, so that the server can also be mounted
// somewhere else. Some faults end a request with [http.ErrAbortHandler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.fake.ServeHTTP(w, r) }

// Requests returns copies of all requests that arrived, in their order.
func (s *Server) Requests() []Request { return s.fake.Requests() }

// APIRequests returns how many requests went to the API.
func (s *Server) APIRequests() int { return s.fake.APIRequests() }

// TokenRequests returns how many requests went to the authentication server.
func (s *Server) TokenRequests() int { return s.fake.TokenRequests() }

// Clockings returns a copy of the present clockings by ascending id, without external references.
func (s *Server) Clockings() []protime.Clocking {
	rows, _ := s.store.page(clockings, 0, math.MaxInt, anything)
	all := make([]protime.Clocking, len(rows))
	for i, r := range rows {
		_ = json.Unmarshal(r.raw, &all[i]) // was made from one, or is what the test said
	}
	return all
}

// Put stores an object, a struct with the members of the API or a [json.RawMessage], under its id or, without one, under
// a new id, which is returned. It gets a new changeVersion. To save one of the absence-groups or counter-groups is to
// save them all, as in Protime. Deltas and webhooks tell of it.
func (s *Server) Put(collection string, object any) (id string, err error) {
	r, err := s.store.put(collection, object)
	if err != nil {
		return "", err
	}
	return r.id, nil
}

// Remove deletes an object. A clocking stays with the status Deleted, as if a user had deleted it.
func (s *Server) Remove(collection, id string) error {
	if !s.store.remove(collection, id) {
		return fmt.Errorf("protimetest: %s has no %q", collection, id)
	}
	return nil
}

// Snapshot returns the present objects of a collection that pass a filter, by ascending id and without external
// references. The filter is of the vendor's grammar, but nothing is required of it; "" lets all pass.
func (s *Server) Snapshot(collection, filter string) ([]json.RawMessage, error) {
	t := s.store.tables[collection]
	if t == nil {
		return nil, fmt.Errorf("protimetest: there is no collection %q", collection)
	}
	s.store.sweep()
	match := predicate(anything)
	if filter != "" {
		n, err := parseFilter(filter)
		if err == nil {
			match, err = (&checker{collection: t.collection, groups: s.settings.groups}).compile(n, false)
		}
		if err != nil {
			return nil, fmt.Errorf("protimetest: Snapshot: %w", err)
		}
	}
	rows, _ := s.store.page(collection, 0, math.MaxInt, match)
	return s.items(rows, collection, nil), nil
}

// Fail makes the faults happen. Of those that a request meets, the first that was given and is not used up happens;
// the others do not count the request.
func (s *Server) Fail(faults ...Fault) { s.fake.Fail(faults...) }

// ClearFaults forgets all faults.
func (s *Server) ClearFaults() { s.fake.ClearFaults() }

// RevokeTokens makes all tokens invalid that were issued so far: the API answers them with 401.
func (s *Server) RevokeTokens() { s.tokens.Revoke() }

// ExpireContinuations makes all links to next pages invalid that were sent so far: the API answers them with 409.
func (s *Server) ExpireContinuations() { s.links.expire() }

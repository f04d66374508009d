package timelogtest

import (
	"net/http"
	"testing"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/tokenstore"
)

// Server is an in-memory TimeLog: the API of one site and the login server. It may be used by several goroutines
// at once.
type Server struct {
	settings settings
	fake     *fake.Server
	login    *loginServer
	store    *store
	api      *http.ServeMux

	apiHost, loginHost string
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
	s := &Server{settings: settings}
	if s.store, err = newStore(settings); err != nil {
		return nil, err
	}
	s.login = newLoginServer(s)
	s.api = s.routes()
	s.fake = fake.Start(fake.Handlers{
		API:   http.HandlerFunc(s.serveAPI),
		Token: s.login.grants, IsToken: func(r *http.Request) bool { return s.isLogin(r) && r.URL.Path == tokenPath },
		Login: s.login.routes(), IsLogin: s.isLogin,
	})
	if s.apiHost, s.loginHost, err = s.fake.Hosts(settings.loopback); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections and waits until no request is being handled. Closing again does nothing.
func (s *Server) Close() { s.fake.Close() }

// Config returns a complete configuration for [timelog.NewClient] with the personal access token, which may be changed.
func (s *Server) Config() timelog.Config {
	return timelog.Config{
		SiteURL: s.SiteURL(), Auth: timelog.PersonalAccessToken(s.settings.pat),
		Options: worktime.Options{HTTPClient: s.Client()},
	}
}

// HybridLogin returns a complete login for the field Auth of a [timelog.Config], which may be changed. Its browser is
// [Server.Browse], which needs a socket of the loopback interface: in a bubble of testing/synctest use
// [timelog.Client.BeginLogin], [Server.Visit] and [timelog.Client.FinishLogin].
func (s *Server) HybridLogin(store tokenstore.Store) timelog.HybridLogin {
	return timelog.HybridLogin{
		ClientID: s.settings.clientID, ClientSecret: s.settings.clientSecret, LoginURL: s.LoginURL(),
		RedirectURL: "http://127.0.0.1:0/callback", Store: store, Open: s.Browse,
	}
}

// SiteURL returns the URL of the site; that of the API has /api behind it. It can be reached with [Server.Client]
// only, unless [WithLoopback] is given.
func (s *Server) SiteURL() string { return "http://" + s.apiHost + "/" + s.settings.site }

// LoginURL returns the origin of the login server, which is its issuer too; see [Server.SiteURL].
func (s *Server) LoginURL() string { return "http://" + s.loginHost }

// ClientID returns the client id that the login server accepts.
func (s *Server) ClientID() string { return s.settings.clientID }

// ClientSecret returns the secret that the login server accepts.
func (s *Server) ClientSecret() string { return s.settings.clientSecret }

// PersonalAccessToken returns the token that the API accepts until [Server.RevokePersonalAccessToken].
func (s *Server) PersonalAccessToken() string { return s.settings.pat }

// Client returns an HTTP client that reaches this server under any host name, also the vendor's own with https.
// With [WithLoopback] it is an ordinary one.
func (s *Server) Client() *http.Client { return s.fake.Client() }

// ServeHTTP handles a request of the API or of the login server, so that the server can also be mounted somewhere
// else. Some faults end a request with [http.ErrAbortHandler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.fake.ServeHTTP(w, r) }

// Requests returns copies of all requests that arrived, in their order.
func (s *Server) Requests() []Request { return s.fake.Requests() }

// APIRequests returns how many requests went to the API.
func (s *Server) APIRequests() int { return s.fake.APIRequests() }

// TokenRequests returns how many requests went to the token endpoint.
func (s *Server) TokenRequests() int { return s.fake.TokenRequests() }

// LoginRequests returns how many requests went to other paths of the login server.
func (s *Server) LoginRequests() int { return s.fake.LoginRequests() }

// Users returns a copy of the present users by ascending id.
func (s *Server) Users() []User { return copies(s, s.store.users) }

// Customers returns a copy of the present customers by ascending id.
func (s *Server) Customers() []Customer { return copies(s, s.store.customers) }

// Projects returns a copy of the present projects by ascending id.
func (s *Server) Projects() []Project { return copies(s, s.store.projects) }

// Tasks returns a copy of the present tasks by ascending id.
func (s *Server) Tasks() []Task { return copies(s, s.store.tasks) }

// Registrations returns a copy of the present registrations by ascending id.
func (s *Server) Registrations() []Registration { return copies(s, s.store.registrations) }

func copies[T any](s *Server, t *table[T]) []T {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return t.all(nil)
}

// Fail makes the faults happen. Of those that a request meets, the first that was given and is not used up happens;
// the others do not count the request.
func (s *Server) Fail(faults ...Fault) { s.fake.Fail(faults...) }

// ClearFaults forgets all faults.
func (s *Server) ClearFaults() { s.fake.ClearFaults() }

package timeneyetest

import (
	"net/http"
	"testing"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/tokenstore"
)

// Server is an in-memory Timeneye: the API of one workspace and the login server. It may be used by several
// goroutines at once.
type Server struct {
	settings settings
	fake     *fake.Server
	login    *loginServer
	store    *store
	quotas   *quotas
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
	s := &Server{settings: settings, quotas: newQuotas(settings.rateLimit)}
	if s.store, err = newStore(settings); err != nil {
		return nil, err
	}
	s.login = newLoginServer(settings)
	s.api = s.routes()
	s.fake = fake.Start(fake.Handlers{
		API:   http.HandlerFunc(s.serveAPI),
		Token: s.login.grants, IsToken: func(r *http.Request) bool { return r.URL.Path == exchangePath },
		Login: http.HandlerFunc(s.login.authorize), IsLogin: func(r *http.Request) bool { return r.URL.Path == authorizePath },
	})
	if s.apiHost, s.loginHost, err = s.fake.Hosts(settings.loopback); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends all connections and waits until no request is being handled. Closing again does nothing.
func (s *Server) Close() { s.fake.Close() }

// Config returns a complete configuration for [timeneye.NewClient] with the personal access token, which may be
// changed.
func (s *Server) Config() timeneye.Config {
	return timeneye.Config{
		Auth: timeneye.PersonalAccessToken(s.settings.pat), BaseURL: s.BaseURL(),
		Options: worktime.Options{HTTPClient: s.Client()},
	}
}

// PKCELogin returns a complete login for the field Auth of a [timeneye.Config], which may be changed. Its browser is
// [Server.Browse], which needs a socket of the loopback interface: in a bubble of testing/synctest use
// [timeneye.Client.BeginLogin], [Server.Visit] and [timeneye.Client.FinishLogin].
func (s *Server) PKCELogin(store tokenstore.Store) timeneye.PKCELogin {
	return timeneye.PKCELogin{
		ClientID: s.settings.clientID, AuthURL: s.AuthURL(), TokenURL: s.TokenURL(), RedirectURL: "http://127.0.0.1:0/callback",
		Store: store, Open: s.Browse,
	}
}

// BaseURL returns the URL of the API. It can be reached with [Server.Client] only, unless [WithLoopback] is given.
func (s *Server) BaseURL() string { return "http://" + s.apiHost + basePath }

// AuthURL returns the authorization endpoint of the login server; see [Server.BaseURL].
func (s *Server) AuthURL() string { return "http://" + s.loginHost + authorizePath }

// TokenURL returns the token endpoint of the login server; see [Server.BaseURL].
func (s *Server) TokenURL() string { return "http://" + s.loginHost + exchangePath }

// ClientID returns the client id that the login server accepts. The client has no secret.
func (s *Server) ClientID() string { return s.settings.clientID }

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

// LoginRequests returns how many requests went to the authorization endpoint.
func (s *Server) LoginRequests() int { return s.fake.LoginRequests() }

// Fail makes the faults happen. Of those that a request meets, the first that was given and is not used up happens;
// the others do not count the request.
func (s *Server) Fail(faults ...Fault) { s.fake.Fail(faults...) }

// ClearFaults forgets all faults.
func (s *Server) ClearFaults() { s.fake.ClearFaults() }

package timelogtest

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// Option changes what a server is like.
type Option func(*settings)

type settings struct {
	site, clientID, clientSecret, pat string
	redirects                         []string
	tokenLifetime                     time.Duration
	maxPageSize                       int
	loopback                          bool
	created                           CreateAnswer
	closedUntil                       worktime.Date

	users         []User
	customers     []Customer
	projects      []Project
	tasks         []Task
	registrations []Registration
}

func newSettings(opts []Option) (settings, error) {
	s := settings{
		site: "acme", clientID: "timelogtest", clientSecret: "timelogtest-secret", pat: "timelogtest-pat",
		tokenLifetime: time.Hour,
	}
	for _, opt := range opts {
		opt(&s)
	}
	for _, redirect := range s.redirects {
		if u, err := url.Parse(redirect); err != nil || !u.IsAbs() {
			return s, fmt.Errorf("timelogtest: WithRedirectURLs: %q is not an absolute URL", redirect)
		}
	}
	switch {
	case s.maxPageSize < 0:
		return s, fmt.Errorf("timelogtest: WithMaxPageSize(%d): a page must have room for a row", s.maxPageSize)
	case s.tokenLifetime < time.Second:
		return s, fmt.Errorf("timelogtest: WithTokenLifetime(%v): clients are told whole seconds", s.tokenLifetime)
	case s.clientID == "" || s.clientSecret == "" || s.pat == "":
		return s, errors.New("timelogtest: a credential is empty")
	case s.site == "" || strings.Contains(s.site, "/"):
		return s, fmt.Errorf("timelogtest: WithSite(%q): the name must be one segment of a path", s.site)
	case s.created < IDInLink || s.created > NoID:
		return s, fmt.Errorf("timelogtest: WithCreateAnswer(%d) is not known", s.created)
	}
	if len(s.users) == 0 {
		s.users = []User{{UserID: 82, FirstName: "Ann", LastName: "Berg", Initials: "ANB", Email: "ann@acme.example", LegalEntityID: 1}}
	}
	return s, nil
}

// WithUsers adds persons; it may be given several times. The first of all is logged in. Without it the site has one,
// whose UserID is 82. Missing ids and GUIDs are given, here and in the other rows, and ids that rows refer to must
// exist.
func WithUsers(users ...User) Option {
	return func(s *settings) { s.users = append(s.users, users...) }
}

// WithCustomers adds customers; it may be given several times.
func WithCustomers(customers ...Customer) Option {
	return func(s *settings) { s.customers = append(s.customers, customers...) }
}

// WithProjects adds projects; it may be given several times.
func WithProjects(projects ...Project) Option {
	return func(s *settings) { s.projects = append(s.projects, projects...) }
}

// WithTasks adds tasks; it may be given several times. ProjectID is required.
func WithTasks(tasks ...Task) Option {
	return func(s *settings) { s.tasks = append(s.tasks, tasks...) }
}

// WithRegistrations adds registrations; it may be given several times. Date is required, and TaskID or
// AbsenceCodeID; a missing UserID is that of the first person.
func WithRegistrations(registrations ...Registration) Option {
	return func(s *settings) { s.registrations = append(s.registrations, registrations...) }
}

// WithClosedUntil closes the timesheets of all days up to a day: registrations of them cannot be made or changed.
func WithClosedUntil(day worktime.Date) Option {
	return func(s *settings) { s.closedUntil = day }
}

// WithMaxPageSize limits how many rows a page has, whatever $pagesize asks for. The default is 10 for clients
// that do not ask, and no limit: the vendor publishes none.
func WithMaxPageSize(n int) Option {
	return func(s *settings) {
		if s.maxPageSize = n; n == 0 {
			s.maxPageSize = -1 // or it would mean no limit
		}
	}
}

// WithCreateAnswer sets where the answers to the creation of users, customers, projects and tasks have the new id;
// the vendor promises none. Default [IDInLink].
func WithCreateAnswer(answer CreateAnswer) Option {
	return func(s *settings) { s.created = answer }
}

// WithTokenLifetime sets how long an access token of the login server is valid; default an hour.
func WithTokenLifetime(d time.Duration) Option {
	return func(s *settings) { s.tokenLifetime = d }
}

// WithSite sets the name of the site, the path of [Server.SiteURL]; default "acme".
func WithSite(name string) Option {
	return func(s *settings) { s.site = name }
}

// WithCredentials sets the client id and the secret that the login server accepts.
func WithCredentials(id, secret string) Option {
	return func(s *settings) { s.clientID, s.clientSecret = id, secret }
}

// WithPersonalAccessToken sets the personal access token that the API accepts, which is the first person's.
func WithPersonalAccessToken(token string) Option {
	return func(s *settings) { s.pat = token }
}

// WithRedirectURLs sets the redirect URLs that are registered for the client. Without it all are accepted; that of
// [Server.HybridLogin] has the port 0, which stands for any.
func WithRedirectURLs(urls ...string) Option {
	return func(s *settings) { s.redirects = append(s.redirects, urls...) }
}

// WithLoopback opens sockets on the loopback interface, so that other programs can reach [Server.SiteURL] and
// [Server.LoginURL]. It cannot be used in a bubble of testing/synctest.
func WithLoopback() Option {
	return func(s *settings) { s.loopback = true }
}

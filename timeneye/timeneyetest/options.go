package timeneyetest

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/worktime-go/worktime/timeneye"
)

// Option changes what a server is like.
type Option func(*settings)

type settings struct {
	clientID, pat string
	redirects     []string
	tokenLifetime time.Duration
	maxPageSize   int
	rateLimit     int
	loopback      bool
	looseTypes    bool
	projectList   ProjectList
	created       CreateAnswer

	users    []User
	entries  []timeneye.Entry
	projects []timeneye.Project
}

func newSettings(opts []Option) (settings, error) {
	s := settings{clientID: "timeneyetest", pat: "timeneyetest-pat", tokenLifetime: 24 * time.Hour, maxPageSize: 100}
	for _, opt := range opts {
		opt(&s)
	}
	for _, redirect := range s.redirects {
		if u, err := url.Parse(redirect); err != nil || !u.IsAbs() {
			return s, fmt.Errorf("timeneyetest: WithRedirectURLs: %q is not an absolute URL", redirect)
		}
	}
	switch {
	case s.maxPageSize < 1:
		return s, fmt.Errorf("timeneyetest: WithMaxPageSize(%d): a page must have room for an entry", s.maxPageSize)
	case s.rateLimit < 0:
		return s, fmt.Errorf("timeneyetest: WithRateLimit(%d): must not be negative", s.rateLimit)
	case s.tokenLifetime < time.Second:
		return s, fmt.Errorf("timeneyetest: WithTokenLifetime(%v): clients are told whole seconds", s.tokenLifetime)
	case s.clientID == "" || s.pat == "":
		return s, errors.New("timeneyetest: a credential is empty")
	case s.projectList < DataList || s.projectList > PagedList:
		return s, fmt.Errorf("timeneyetest: WithProjectList(%d) is not known", s.projectList)
	case s.created < InData || s.created > NoBody:
		return s, fmt.Errorf("timeneyetest: WithCreateAnswer(%d) is not known", s.created)
	}
	if len(s.users) == 0 {
		s.users = []User{{ID: 42, Role: Owner}}
	}
	return s, nil
}

// User is a member of the workspace.
type User struct {
	ID   int64
	Role Role
}

// Role is what a user may do in the workspace.
type Role int

// The roles of https://help.timeneye.com/user-roles-who-can-do-what
const (
	// Owner sees and does everything.
	Owner Role = iota
	// Admin does too, but is shown no costs and profits.
	Admin
	// Member is shown their own entries only, without amounts, and creates no clients.
	Member
)

// WithUsers adds members of the workspace; it may be given several times. The first of all owns the personal access
// token and is at the browser. Without it there is one, the Owner 42.
func WithUsers(users ...User) Option {
	return func(s *settings) { s.users = append(s.users, users...) }
}

// WithEntries adds entries; it may be given several times. Date is required. A missing ID is given, a missing UserID is that
// of the first user, and missing timestamps are those of the start of the server. Raw is ignored.
func WithEntries(entries ...timeneye.Entry) Option {
	return func(s *settings) { s.entries = append(s.entries, entries...) }
}

// WithProjects adds projects with their phases; it may be given several times. IDs are required. Raw is ignored.
func WithProjects(projects ...timeneye.Project) Option {
	return func(s *settings) { s.projects = append(s.projects, projects...) }
}

// WithMaxPageSize limits how many entries a page has, whatever per_page asks for. The default is 100, and 15 for
// clients that do not ask; the vendor publishes neither.
func WithMaxPageSize(n int) Option {
	return func(s *settings) { s.maxPageSize = n }
}

// WithRateLimit sets how many requests of one user the API takes in 5 minutes, which begin with the first of them; 500 and
// 2000 are the vendor's. Its answers then tell the quota. Without it the API takes all, and tells nothing.
func WithRateLimit(requests int) Option {
	return func(s *settings) { s.rateLimit = requests }
}

// ProjectList is a shape of the list of projects; which one is the vendor's is not known.
type ProjectList int

// The shapes of the list of projects.
const (
	// DataList is an object with all projects as data.
	DataList ProjectList = iota
	// BareList is an array of all projects.
	BareList
	// PagedList has pages, as the list of entries.
	PagedList
)

// WithProjectList sets the shape of the list of projects; default [DataList].
func WithProjectList(shape ProjectList) Option {
	return func(s *settings) { s.projectList = shape }
}

// CreateAnswer is what the answer to a create holds; what the vendor's does is not known.
type CreateAnswer int

// The answers to a create. All have the status 200.
const (
	// InData is the created object as data.
	InData CreateAnswer = iota
	// Bare is the created object.
	Bare
	// OnlyID is an object with an id.
	OnlyID
	// NoBody is nothing at all.
	NoBody
)

// WithCreateAnswer sets what the answer to a create holds; default [InData].
func WithCreateAnswer(answer CreateAnswer) Option {
	return func(s *settings) { s.created = answer }
}

// WithLooseTypes makes answers use the other forms of values: numbers as strings, flags as booleans, timestamps
// without a zone and members that nobody knows.
func WithLooseTypes() Option {
	return func(s *settings) { s.looseTypes = true }
}

// WithTokenLifetime sets how long an access token of the login server is valid; default a day.
func WithTokenLifetime(d time.Duration) Option {
	return func(s *settings) { s.tokenLifetime = d }
}

// WithClientID sets the client id that the login server accepts.
func WithClientID(id string) Option {
	return func(s *settings) { s.clientID = id }
}

// WithPersonalAccessToken sets the personal access token that the API accepts, which is the first user's.
func WithPersonalAccessToken(token string) Option {
	return func(s *settings) { s.pat = token }
}

// WithRedirectURLs sets the redirect URLs that are registered for the client. Without it all are accepted.
func WithRedirectURLs(urls ...string) Option {
	return func(s *settings) { s.redirects = append(s.redirects, urls...) }
}

// WithLoopback opens sockets on the loopback interface, so that other programs can reach [Server.BaseURL],
// [Server.AuthURL] and [Server.TokenURL]. It cannot be used in a bubble of testing/synctest.
func WithLoopback() Option {
	return func(s *settings) { s.loopback = true }
}

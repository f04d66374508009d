package protimetest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/worktime-go/worktime/protime"
)

// Option changes what a server is like.
type Option func(*settings)

type settings struct {
	tenant, clientID, clientSecret string
	seeds                          []seed
	pageSize, emptyEvery           int
	tokenLifetime                  time.Duration
	tokenLimit                     int
	tokenWindow                    time.Duration
	loopback                       bool
	groups                         groups
	references                     []knownReference
	planningFlex, manualCodes      bool
	repeatedPolls                  int
	delivery                       Delivery
	wrong                          error // of the first option that makes no sense
}

// seed is an object that is there from the beginning.
type seed struct {
	collection string
	object     any
}

func newSettings(opts []Option) (settings, error) {
	s := settings{
		tenant: "acme", clientID: "protimetest", clientSecret: "protimetest-secret",
		pageSize: 100, tokenLifetime: 30 * time.Minute, groups: groups{},
		repeatedPolls: http.StatusOK,
	}
	for _, opt := range opts {
		opt(&s)
	}
	s.delivery = s.delivery.withDefaults()
	switch {
	case s.wrong != nil:
		return s, s.wrong
	case !slices.Contains([]int{http.StatusOK, http.StatusBadRequest, http.StatusConflict, http.StatusGone}, s.repeatedPolls):
		return s, fmt.Errorf("protimetest: WithRepeatedPolls(%d): must be 200, 400, 409 or 410", s.repeatedPolls)
	case s.delivery.Validity < time.Second || s.delivery.Timeout < 0 || s.delivery.DuplicateEvery < 0:
		return s, errors.New("protimetest: WithDelivery: Validity, Timeout or DuplicateEvery makes no sense")
	case s.pageSize < 1:
		return s, fmt.Errorf("protimetest: WithPageSize(%d): a page must have room for an object", s.pageSize)
	case s.emptyEvery < 0:
		return s, fmt.Errorf("protimetest: WithEmptyPages(%d) is negative", s.emptyEvery)
	case s.tokenLifetime < time.Second:
		return s, fmt.Errorf("protimetest: WithTokenLifetime(%v): clients are told whole seconds", s.tokenLifetime)
	case s.tokenLimit < 0 || s.tokenLimit > 0 && s.tokenWindow <= 0:
		return s, fmt.Errorf("protimetest: WithTokenLimit(%d, %v): both must be positive", s.tokenLimit, s.tokenWindow)
	case s.tenant == "" || s.clientID == "" || s.clientSecret == "":
		return s, errors.New("protimetest: the tenant or a credential is empty")
	}
	return s, nil
}

// WithClockings adds clockings; it may be given several times. Person and Date are required. A missing ID and
// ChangeVersion are given, the ids in the order of the clockings; a missing Kind is InOut and a missing Status Active.
// External references in them are what the server knows of the persons and other objects, as with [WithReferences].
func WithClockings(clockings ...protime.Clocking) Option {
	return func(s *settings) {
		for _, c := range clockings {
			if c.Person.ID < 1 || c.Date.IsZero() || c.ID < 0 {
				s.wrong = cmp.Or(s.wrong, fmt.Errorf("protimetest: WithClockings: clocking %d must have the id of a person and a date", len(s.seeds)))
			}
			c.Kind = cmp.Or(c.Kind, protime.ClockingInOut)
			c.Status = cmp.Or(c.Status, protime.ClockingActive)
			WithObjects("clockings", c)(s)
		}
	}
}

// WithObjects adds objects to a collection, which is named as in its path: structs with the members of the API, or
// [json.RawMessage]. Missing members id and changeVersion are given. External references in the objects are what the
// server knows of them and of the objects that they point to, as with [WithReferences]; predefined ones are also taken from
// the members that they stand for, such as badgeNumber. The documents in "usages" and "restrictions" have the id of
// their definition in activityDefinitionId.
func WithObjects[T any](collection string, objects ...T) Option {
	return func(s *settings) {
		for _, object := range objects {
			s.seeds = append(s.seeds, seed{collection, object})
		}
	}
}

// WithPlanningFlex makes the tenant one that uses Planning Flex: assignments are answered with 403.
func WithPlanningFlex() Option {
	return func(s *settings) { s.planningFlex = true }
}

// WithManualEntryCodes makes the tenant one in which activity definitions must be given a data entry code. Otherwise
// Protime assigns it.
func WithManualEntryCodes() Option {
	return func(s *settings) { s.manualCodes = true }
}

// WithRepeatedPolls sets what a link of a delta is answered with that was answered before, which is not documented:
// 200, the same answer again, which is the default; or 400, 409 or 410.
func WithRepeatedPolls(status int) Option {
	return func(s *settings) { s.repeatedPolls = status }
}

// WithDelivery lets the server deliver events to webhooks.
func WithDelivery(d Delivery) Option {
	return func(s *settings) { s.delivery = d }
}

// WithPageSize sets how many objects a page has; default 100.
func WithPageSize(n int) Option {
	return func(s *settings) { s.pageSize = n }
}

// WithEmptyPages puts an empty page with a next link before the first page and after every n further pages.
func WithEmptyPages(n int) Option {
	return func(s *settings) { s.emptyEvery = n }
}

// WithTokenLifetime sets how long a token is valid; default 30 minutes.
func WithTokenLifetime(d time.Duration) Option {
	return func(s *settings) { s.tokenLifetime = d }
}

// WithTokenLimit lets the authentication server answer n requests in a window, which begins with the first of them.
// More are answered with 429 and a Retry-After of the seconds until the window ends.
func WithTokenLimit(n int, window time.Duration) Option {
	return func(s *settings) { s.tokenLimit, s.tokenWindow = n, window }
}

// WithTenant sets the name of the tenant; default "acme".
func WithTenant(name string) Option {
	return func(s *settings) { s.tenant = name }
}

// WithCredentials sets the client id and the secret that are accepted; [Server.Config] has them.
func WithCredentials(id, secret string) Option {
	return func(s *settings) { s.clientID, s.clientSecret = id, secret }
}

// WithLoopback opens sockets on the loopback interface, so that other programs can reach [Server.URL] and
// [Server.AuthURL]. It cannot be used in a bubble of testing/synctest.
func WithLoopback() Option {
	return func(s *settings) { s.loopback = true }
}

// WithCircle puts persons in a circle, for filters such as "person in circle(2)".
func WithCircle(id int64, persons ...int64) Option {
	return func(s *settings) { s.groups.add("circle", id, persons) }
}

// WithOrgGroup puts persons in an organisational group, for filters such as "person in org-group(121)".
func WithOrgGroup(id int64, persons ...int64) Option {
	return func(s *settings) { s.groups.add("org-group", id, persons) }
}

// WithReferences says which values an external reference has, by the ids of the objects: int64, or string for
// activity definitions. They appear in answers to requests for the reference, and stand for the id in bodies and
// paths.
func WithReferences[ID int64 | string](name protime.ReferenceName, values map[ID]string) Option {
	return func(s *settings) {
		for id, value := range values {
			s.references = append(s.references, knownReference{name, fmt.Sprint(id), value})
		}
	}
}

// groups are the persons in the circles and organisational groups, by the kind of group and its id.
type groups map[string]map[int64][]int64

func (g groups) add(kind string, id int64, persons []int64) {
	if g[kind] == nil {
		g[kind] = map[int64][]int64{}
	}
	g[kind][id] = append(g[kind][id], persons...)
}

// has reports whether a person is in one of the groups.
func (g groups) has(kind string, ids []int64, person int64) bool {
	return slices.ContainsFunc(ids, func(id int64) bool { return slices.Contains(g[kind][id], person) })
}

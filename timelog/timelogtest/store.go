package timelogtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/worktime-go/worktime"
)

// store has the rows of the site.
type store struct {
	mu sync.Mutex // held for the whole of a request

	users         *table[User]
	customers     *table[Customer]
	projects      *table[Project]
	tasks         *table[Task]
	registrations *table[Registration]

	owner       int64 // the UserID of the first person
	closedUntil worktime.Date
	favourites  map[favourite]bool
	trackers    map[int64]int64 // registrations by TimeTrackerID
	lastTracker int64
}

// favourite is a task, or an absence code, that a person marked.
type favourite struct {
	user, groupType, reference int64
}

func newStore(set settings) (*store, error) {
	s := &store{
		closedUntil: set.closedUntil, favourites: map[favourite]bool{}, trackers: map[int64]int64{},
		users:         newTable(1, 82, func(u *User) (*int64, *string) { return &u.UserID, &u.ID }),
		customers:     newTable(2, 310, func(c *Customer) (*int64, *string) { return &c.CustomerID, &c.ID }),
		projects:      newTable(3, 1201, func(p *Project) (*int64, *string) { return &p.ProjectID, &p.ID }),
		tasks:         newTable(4, 5501, func(t *Task) (*int64, *string) { return &t.TaskID, &t.ID }),
		registrations: newTable(5, 90001, func(r *Registration) (*int64, *string) { return &r.TimeRegistrationID, &r.ID }),
	}
	for _, err := range []error{
		s.users.seed("WithUsers", set.users), s.customers.seed("WithCustomers", set.customers),
		s.projects.seed("WithProjects", set.projects), s.tasks.seed("WithTasks", set.tasks),
		s.registrations.seed("WithRegistrations", set.registrations),
	} {
		if err != nil {
			return nil, err
		}
	}
	s.owner = cmp.Or(set.users[0].UserID, s.users.first)
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// check gives what is missing in the rows and looks for what cannot be.
func (s *store) check() error {
	for i := range s.users.rows {
		u := &s.users.rows[i]
		u.License = cmp.Or(u.License, 2)
		u.UserName = cmp.Or(u.UserName, strings.ToLower(u.Initials))
	}
	for _, p := range s.projects.rows {
		if p.CustomerID != 0 && s.customers.get(p.CustomerID) == nil {
			return fmt.Errorf("timelogtest: WithProjects: project %d: there is no customer %d", p.ProjectID, p.CustomerID)
		}
	}
	for _, t := range s.tasks.rows {
		if s.projects.get(t.ProjectID) == nil {
			return fmt.Errorf("timelogtest: WithTasks: task %d: there is no project %d", t.TaskID, t.ProjectID)
		}
		if t.ParentTaskID != 0 && (t.ParentTaskID >= t.TaskID || s.tasks.get(t.ParentTaskID) == nil) {
			return fmt.Errorf("timelogtest: WithTasks: task %d: there is no earlier task %d", t.TaskID, t.ParentTaskID)
		}
	}
	for i := range s.registrations.rows {
		r := &s.registrations.rows[i]
		r.UserID = cmp.Or(r.UserID, s.owner)
		switch {
		case r.Date.IsZero():
			return fmt.Errorf("timelogtest: WithRegistrations: registration %d must have a date", r.TimeRegistrationID)
		case s.users.get(r.UserID) == nil:
			return fmt.Errorf("timelogtest: WithRegistrations: registration %d: there is no user %d", r.TimeRegistrationID, r.UserID)
		case s.tasks.get(r.TaskID) == nil && r.AbsenceCodeID == 0:
			return fmt.Errorf("timelogtest: WithRegistrations: registration %d: there is no task %d", r.TimeRegistrationID, r.TaskID)
		}
		r.Created = cmp.Or(r.Created, r.Date.String()+"T12:00:00")
	}
	return nil
}

// table has the rows of one kind by ascending id.
type table[T any] struct {
	kind  int   // stands in the GUIDs that are given
	first int64 // the id that is given first
	keys  func(*T) (id *int64, guid *string)
	rows  []T
}

func newTable[T any](kind int, first int64, keys func(*T) (id *int64, guid *string)) *table[T] {
	return &table[T]{kind: kind, first: first, keys: keys}
}

func (t *table[T]) seed(option string, rows []T) error {
	rows = slices.Clone(rows)
	next := t.first
	for i := range rows {
		id, _ := t.keys(&rows[i])
		if *id < 0 {
			return fmt.Errorf("timelogtest: %s: row %d has a negative id", option, i)
		}
		next = max(next, *id+1)
	}
	t.first = next
	for i := range rows {
		id, guid := t.keys(&rows[i])
		if *id == 0 {
			*id = next
			next++
		}
		if t.get(*id) != nil {
			return fmt.Errorf("timelogtest: %s: two rows have the id %d", option, *id)
		}
		*guid = cmp.Or(strings.ToLower(*guid), t.guid(*id))
		if t.byGUID(*guid) != nil {
			return fmt.Errorf("timelogtest: %s: two rows have the GUID %s", option, *guid)
		}
		t.insert(rows[i])
	}
	return nil
}

// guid is that of a row which came without.
func (t *table[T]) guid(id int64) string { return fmt.Sprintf("%08x-7465-4d6c-8f01-%012x", t.kind, id) }

func (t *table[T]) insert(row T) *T {
	id, _ := t.keys(&row)
	i, _ := t.search(*id)
	t.rows = slices.Insert(t.rows, i, row)
	return &t.rows[i]
}

// add stores a new row with the next id, and with a GUID unless it has one.
func (t *table[T]) add(row T) *T {
	id, guid := t.keys(&row)
	*id = t.first
	if n := len(t.rows); n > 0 {
		last, _ := t.keys(&t.rows[n-1])
		*id = max(*id, *last+1)
	}
	*guid = cmp.Or(*guid, t.guid(*id))
	return t.insert(row)
}

func (t *table[T]) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(t.rows, id, func(row T, id int64) int {
		key, _ := t.keys(&row)
		return cmp.Compare(*key, id)
	})
}

// get returns a row to read or to change; nil if there is none.
func (t *table[T]) get(id int64) *T {
	if i, ok := t.search(id); ok {
		return &t.rows[i]
	}
	return nil
}

// byGUID returns a row by its other key.
func (t *table[T]) byGUID(guid string) *T {
	i := slices.IndexFunc(t.rows, func(row T) bool {
		_, key := t.keys(&row)
		return strings.EqualFold(*key, guid)
	})
	if i < 0 {
		return nil
	}
	return &t.rows[i]
}

// all returns copies of the rows that match; nil matches all.
func (t *table[T]) all(match func(*T) bool) []T {
	rows := []T{}
	for i := range t.rows {
		if match == nil || match(&t.rows[i]) {
			rows = append(rows, t.rows[i])
		}
	}
	return rows
}

func (t *table[T]) remove(id int64) {
	if i, ok := t.search(id); ok {
		t.rows = slices.Delete(t.rows, i, i+1)
	}
}

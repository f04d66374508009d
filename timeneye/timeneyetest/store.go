package timeneyetest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/worktime-go/worktime/timeneye"
)

// store is the state of the workspace.
type store struct {
	mu       sync.Mutex
	entries  []timeneye.Entry // by ascending id
	projects []timeneye.Project
	clients  []timeneye.CustomerClient
}

func newStore(settings settings) (*store, error) {
	s := &store{}
	for _, p := range settings.projects {
		if p.ID < 1 || slices.ContainsFunc(s.projects, func(other timeneye.Project) bool { return other.ID == p.ID }) {
			return nil, fmt.Errorf("timeneyetest: WithProjects: the ID %d is missing or given twice", p.ID)
		}
		p.Phases = slices.Clone(p.Phases)
		for i := range p.Phases {
			if p.Phases[i].ID < 1 {
				return nil, fmt.Errorf("timeneyetest: WithProjects: a phase of %d has no ID", p.ID)
			}
			p.Phases[i].ProjectID = p.ID
		}
		s.projects = append(s.projects, p)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	for _, e := range settings.entries {
		if e.Date.IsZero() {
			return nil, fmt.Errorf("timeneyetest: WithEntries: the entry %d has no Date", e.ID)
		}
		e.UserID = cmp.Or(e.UserID, settings.users[0].ID)
		if e.Created.IsZero() {
			e.Created = now
		}
		if e.Updated.IsZero() {
			e.Updated = now
		}
		if e.ID == 0 {
			e.ID = s.nextEntry()
		}
		at, taken := s.find(e.ID)
		if taken {
			return nil, fmt.Errorf("timeneyetest: WithEntries: the ID %d is given twice", e.ID)
		}
		s.entries = slices.Insert(s.entries, at, e)
	}
	return s, nil
}

func (s *store) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(s.entries, id, func(e timeneye.Entry, id int64) int { return cmp.Compare(e.ID, id) })
}

func (s *store) nextEntry() int64 {
	if len(s.entries) == 0 {
		return 1
	}
	return s.entries[len(s.entries)-1].ID + 1
}

// phase returns a phase of a project, nil if there is none.
func (s *store) phase(project, phase int64) *timeneye.Phase {
	for _, p := range s.projects {
		for i := range p.Phases {
			if p.ID == project && p.Phases[i].ID == phase {
				return &p.Phases[i]
			}
		}
	}
	return nil
}

// Entries returns a copy of the present entries by ascending ID.
func (s *Server) Entries() []timeneye.Entry {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return slices.Clone(s.store.entries)
}

// Clients returns a copy of the clients that were created, by ascending ID.
func (s *Server) Clients() []timeneye.CustomerClient {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	return slices.Clone(s.store.clients)
}

// EditEntry changes an entry, as somebody else who uses the product: its Updated becomes the present time. It panics
// if there is no such entry, or its ID is changed.
func (s *Server) EditEntry(id int64, change func(*timeneye.Entry)) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	at, ok := s.store.find(id)
	if !ok {
		panic(fmt.Sprintf("timeneyetest: EditEntry(%d): there is no such entry", id))
	}
	e := s.store.entries[at]
	e.Updated = time.Now().UTC().Truncate(time.Millisecond)
	change(&e)
	if e.ID != id {
		panic(fmt.Sprintf("timeneyetest: EditEntry(%d): the ID cannot be changed", id))
	}
	s.store.entries[at] = e
}

package protimetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/worktime-go/worktime/protime"
)

// store has the clockings.
type store struct {
	references references

	mu      sync.RWMutex
	rows    []protime.Clocking // by ascending id
	version int64
}

// firstVersion is that of the vendor's sample, 0000090200004BD0000A.
const firstVersion = 0x90200004BD0000A

func newStore(set settings) (*store, error) {
	s := &store{references: references{}, version: firstVersion}
	for _, known := range set.references {
		if err := s.references.add(known); err != nil {
			return nil, err
		}
	}
	var last int64
	for _, c := range set.clockings {
		last = max(last, c.ID)
	}
	for i, c := range set.clockings {
		c = clone(c)
		if c.Person.ID < 1 || c.Date.IsZero() || c.ID < 0 {
			return nil, fmt.Errorf("protimetest: WithClockings: clocking %d must have the id of a person and a date", i)
		}
		if err := s.references.learn(&c); err != nil {
			return nil, err
		}
		if c.ID == 0 {
			last++
			c.ID = last
		}
		c.Kind = cmp.Or(c.Kind, protime.ClockingInOut)
		c.Status = cmp.Or(c.Status, protime.ClockingActive)
		c.ChangeVersion = cmp.Or(c.ChangeVersion, s.nextVersion())
		s.rows = append(s.rows, c)
	}
	slices.SortFunc(s.rows, func(a, b protime.Clocking) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(s.rows); i++ {
		if s.rows[i].ID == s.rows[i-1].ID {
			return nil, fmt.Errorf("protimetest: WithClockings: two clockings have the id %d", s.rows[i].ID)
		}
	}
	return s, nil
}

// nextVersion returns a change version; later ones are larger as text.
func (s *store) nextVersion() string {
	version := fmt.Sprintf("%020X", s.version)
	s.version++
	return version
}

// create stores a clocking and returns its id.
func (s *store) create(c protime.Clocking) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.ID = 1
	if n := len(s.rows); n > 0 {
		c.ID = s.rows[n-1].ID + 1
	}
	c.ChangeVersion = s.nextVersion()
	s.rows = append(s.rows, c)
	return c.ID
}

// get returns a copy of a clocking.
func (s *store) get(id int64) (protime.Clocking, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i, ok := s.search(id)
	if !ok {
		return protime.Clocking{}, false
	}
	return clone(s.rows[i]), true
}

func (s *store) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(s.rows, id, func(c protime.Clocking, id int64) int { return cmp.Compare(c.ID, id) })
}

// page returns copies of the first n clockings with a larger id than after that match, and whether there are more.
func (s *store) page(after int64, n int, match func(*protime.Clocking) bool) (rows []protime.Clocking, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	rows = []protime.Clocking{}
	i, _ := s.search(after + 1)
	for ; i < len(s.rows); i++ {
		switch {
		case !match(&s.rows[i]):
		case len(rows) == n:
			return rows, true
		default:
			rows = append(rows, clone(s.rows[i]))
		}
	}
	return rows, false
}

func (s *store) all() []protime.Clocking {
	rows, _ := s.page(0, math.MaxInt, func(*protime.Clocking) bool { return true })
	return rows
}

// clone copies a clocking with all that it points to.
func clone(c protime.Clocking) protime.Clocking {
	c.OriginalTimeOfDay, c.CalculatedTimeOfDay = pointerTo(c.OriginalTimeOfDay), pointerTo(c.CalculatedTimeOfDay)
	c.Terminal, c.Reason = pointerTo(c.Terminal), pointerTo(c.Reason)
	c.Geolocation, c.IsOpen = pointerTo(c.Geolocation), pointerTo(c.IsOpen)
	c.ActivityLevels = slices.Clone(c.ActivityLevels)
	return c
}

// pointerTo copies what p points to.
func pointerTo[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

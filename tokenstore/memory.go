package tokenstore

import (
	"context"
	"sync"
)

// Memory returns a store that lives as long as the process. Clients may share it.
func Memory() Store { return &memory{slots: map[string]*slot{}} }

type memory struct {
	mu    sync.Mutex
	slots map[string]*slot
}

// slot is the place of one key. Its lock is a channel, so that waiting for it can end
// with a context.
type slot struct {
	lock   chan struct{}
	mu     sync.Mutex
	record *Record
}

func (m *memory) slot(key Key) *slot {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.slots[key.Digest]
	if s == nil {
		s = &slot{lock: make(chan struct{}, 1)}
		m.slots[key.Digest] = s
	}
	return s
}

func (m *memory) Load(_ context.Context, key Key) (Record, error) {
	s := m.slot(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.record == nil {
		return Record{}, ErrNotFound
	}
	return *s.record, nil
}

func (m *memory) Update(ctx context.Context, key Key, change func(ctx context.Context, old *Record) (*Record, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := m.slot(key)
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.lock }()
	if err := ctx.Err(); err != nil { // both were ready, and select takes either
		return err
	}

	old := s.record
	if old != nil {
		cp := *old
		old = &cp
	}
	record, err := change(ctx, old)
	if err != nil {
		return err
	}
	if record != nil {
		cp := *record
		record = &cp
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.record = record
	return nil
}

package auth

import (
	"context"
	"errors"

	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// change makes the stored login what f returns, nil for none: a person logs in or out. It is a
// flight like a renewal, so that none of the two can land on top of the other. If ctx ends when it has
// begun, the change goes on.
func (s *Source) change(ctx context.Context, f func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		other := s.flight
		if other == nil {
			break
		}
		s.mu.Unlock()
		if err := s.landing(ctx, other); err != nil {
			return err
		}
	}
	if s.closed {
		s.mu.Unlock()
		return s.newError(errClosed)
	}
	own := s.launch(s.current.Load())
	own.change = f
	s.mu.Unlock()
	if err := s.landing(ctx, own); err != nil {
		return err
	}
	if own.err != nil {
		return own.err
	}
	if own.lost != nil {
		return s.newError(transport.Join(errors.New("logged in, but the login is not saved and will be lost with this program"), own.lost))
	}
	return nil
}

// landing waits until a flight has landed, whatever its result.
func (s *Source) landing(ctx context.Context, f *flight) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-f.over:
	}
	select {
	case <-f.done:
		return nil
	default:
		return s.overdue(nil)
	}
}

// afterChange waits until a person has logged in or out, and then for the token.
func (s *Source) afterChange(ctx context.Context, f *flight, seen *token) (*token, error) {
	if err := s.landing(ctx, f); err != nil {
		return nil, err
	}
	return s.wait(ctx, seen)
}

// alter carries the change of a flight out, under the store's lock.
func (s *Source) alter(ctx context.Context, f *flight, seen *token) error {
	err := s.login.Store.Update(ctx, s.login.Key, func(ctx context.Context, stored *tokenstore.Record) (*tokenstore.Record, error) {
		if err := s.login.owns(stored); err != nil {
			return nil, err
		}
		old := s.resume(stored)
		record, err := f.change(ctx, old)
		if err != nil {
			return nil, err
		}
		s.unsaved.Store(nil)
		f.changed = true
		if record == nil {
			return nil, nil
		}
		record.Generation = seen.generation() + 1
		if old != nil {
			record.Generation = max(record.Generation, old.Generation+1)
		}
		f.got = record
		s.keep(record, stored)
		return record, nil
	})
	if err == nil {
		s.unsaved.Store(nil)
	}
	if f.changed {
		s.notSaved(err)
	}
	if err == nil && !f.changed {
		return errors.New("the token store did not carry out the change")
	}
	return err
}

// usable reports why a login could not be stored, as far as that shows without writing.
func (s *Source) usable(ctx context.Context) error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return s.newError(errClosed)
	}
	record, err := s.login.Store.Load(ctx, s.login.Key)
	switch {
	case err == nil:
		err = s.login.owns(&record)
	case errors.Is(err, tokenstore.ErrNotFound):
		return nil
	}
	if err != nil && ctx.Err() == nil {
		return s.newError(err)
	}
	return err
}

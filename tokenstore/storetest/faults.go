package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/worktime-go/worktime/tokenstore"
)

func (s *suite) testPrepared(t *testing.T) {
	if s.breakIt == nil {
		skip(t, "WithBreak")
	}
	store := s.open(t)
	update(t, store, keyOf(t, "old"), set(1))
	mend := s.breakIt(t)
	for _, account := range []string{"old", "new"} {
		if err := store.Update(bounded(t), keyOf(t, account), never(t, "though the store cannot write")); err == nil {
			t.Error("Update returned no error, though the store cannot write")
		}
	}
	mend()
	for _, account := range []string{"old", "new"} {
		update(t, store, keyOf(t, account), set(2))
		wantStored(t, store, keyOf(t, account), 2)
	}
}

func (s *suite) testFailedCommit(t *testing.T) {
	if s.breakIt == nil {
		skip(t, "WithBreak")
	}
	for _, before := range []int64{0, 1} {
		store, key := s.open(t), keyOf(t, strconv.FormatInt(before, 10))
		if before > 0 {
			update(t, store, key, set(before))
		}
		var mend func()
		err := store.Update(bounded(t), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
			mend = s.breakIt(t)
			return full(2), nil
		})
		if mend == nil {
			t.Fatalf("Update: %v", err)
		}
		mend()
		if err == nil {
			wantStored(t, s.reopened(t, store), key, 2) // it could, in spite of all
			continue
		}
		var save *tokenstore.SaveError
		if !errors.As(err, &save) {
			t.Errorf("the error does not carry the record: %v", err)
			continue
		}
		wantRecord(t, "SaveError", &save.Record, 2)
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, canary) {
			t.Error("the error shows a token")
		}
		update(t, store, key, set(2)) // how the caller saves it in the end
		wantStored(t, store, key, 2)
	}
}

// reopened returns another store on the same records, if there can be one.
func (s *suite) reopened(t *testing.T, store tokenstore.Store) tokenstore.Store {
	t.Helper()
	if s.shared {
		return s.open(t)
	}
	return store
}

func (s *suite) testLostLock(t *testing.T) {
	if s.stealIt == nil || !s.shared {
		skip(t, "WithSteal, with WithProcesses,")
	}
	stores := s.several(t)
	key := keyOf(t, "")
	update(t, stores[0], key, set(1))
	var second error
	first := stores[0].Update(bounded(t), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		s.stealIt(t, key)
		ctx, cancel := context.WithTimeout(t.Context(), moment)
		defer cancel()
		second = stores[1].Update(ctx, key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			wantRecord(t, "change", old, 1)
			return full(22), nil
		})
		return full(2), nil
	})
	if second != nil { // the first is still the owner
		if first != nil || !errors.Is(second, context.DeadlineExceeded) {
			t.Errorf("the owner got %v, the other one %v", first, second)
		}
		wantStored(t, stores[1], key, 2)
		return
	}
	// Its predecessor is gone, so it must not replace the other's.
	wantStored(t, stores[0], key, 22)
	var save *tokenstore.SaveError
	if !errors.As(first, &save) {
		t.Errorf("the owner that lost its lock got %v, want a SaveError", first)
		return
	}
	wantRecord(t, "SaveError", &save.Record, 2)
}

func (s *suite) testDamage(t *testing.T) {
	store := s.open(t)
	damages := map[string]func(stored []byte) []byte{
		"empty":         func([]byte) []byte { return nil },
		"half":          func(b []byte) []byte { return b[:len(b)/2] },
		"end cut off":   func(b []byte) []byte { return b[:len(strings.TrimRight(string(b), "\n"))-1] },
		"zeros":         func(b []byte) []byte { return make([]byte, len(b)) },
		"half zeros":    func(b []byte) []byte { return append(b[:len(b)/2:len(b)/2], make([]byte, len(b)-len(b)/2)...) },
		"text":          func([]byte) []byte { return []byte("<html>504 Gateway Time-out</html>") },
		"old tail":      func(b []byte) []byte { return append(b, b[len(b)/2:]...) },
		"later version": func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), `"version":1`, `"version":99`)) },
	}
	for name, damage := range damages {
		key := keyOf(t, name)
		update(t, store, key, set(1))
		var damaged, after []byte
		s.alterIt(t, key, func(stored []byte) []byte {
			damaged = damage(bytes.Clone(stored))
			return damaged
		})
		if record, err := store.Load(bounded(t), key); err == nil || errors.Is(err, tokenstore.ErrNotFound) {
			t.Errorf("%s: Load returned %v, %v; want an error that is not ErrNotFound", name, record, err)
		}
		if err := store.Update(bounded(t), key, never(t, "with a damaged record ("+name+")")); err == nil {
			t.Errorf("%s: Update returned no error", name)
		}
		s.alterIt(t, key, func(stored []byte) []byte {
			after = bytes.Clone(stored)
			return stored
		})
		if !bytes.Equal(after, damaged) {
			t.Errorf("%s: the damaged record was overwritten", name)
		}
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// source is a collection that tells its changes: an initial load of two records a page, then polls.
type source struct {
	records map[int64]int // versions
	events  []entry
	expired int // so many requests for a link are refused
}

func newSource() *source {
	s := &source{records: map[int64]int{}}
	for id := range int64(5) {
		s.put(id + 1)
	}
	return s
}

func (s *source) put(id int64) {
	s.records[id] = len(s.events) + 1
	s.events = append(s.events, s.entry(id))
}

func (s *source) remove(id int64) {
	delete(s.records, id)
	s.events = append(s.events, entry{id, record{version: fmt.Sprintf("%04d", len(s.events)+1)}})
}

func (s *source) entry(id int64) entry {
	version := fmt.Sprintf("%04d", s.records[id])
	return entry{id, record{version, fmt.Appendf(nil, `{"id":%d,"changeVersion":%q}`, id, version)}}
}

// pages is the source's feed. A cursor is "load", the number of events when the load began and the last id that
// came, or "poll" and the number of events.
func (s *source) pages(_ context.Context, at worktime.Cursor, _ worktime.Date) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		if at != "" && s.expired > 0 {
			s.expired--
			yield(page{}, protime.ErrDeltaExpired)
			return
		}
		began, last := len(s.events), int64(0)
		if n, _ := fmt.Sscanf(string(at), "poll %d", &began); n == 1 {
			yield(page{s.events[began:], worktime.Cursor(fmt.Sprintf("poll %d", len(s.events)))}, nil)
			return
		}
		_, _ = fmt.Sscanf(string(at), "load %d %d", &began, &last)
		ids := slices.DeleteFunc(slices.Sorted(maps.Keys(s.records)), func(id int64) bool { return id <= last })
		for more := true; more; {
			var out page
			for len(ids) > 0 && len(out.entries) < 2 {
				out.entries, last, ids = append(out.entries, s.entry(ids[0])), ids[0], ids[1:]
			}
			out.cursor = worktime.Cursor(fmt.Sprintf("load %d %d", began, last))
			if more = len(ids) > 0; !more {
				out.cursor = worktime.Cursor(fmt.Sprintf("poll %d", began))
			}
			if !yield(out, nil) {
				return
			}
		}
	}
}

func (s *source) requireMirrored(t *testing.T, m *mirror) {
	t.Helper()
	var want strings.Builder
	for _, id := range slices.Sorted(maps.Keys(s.records)) {
		want.Write(append(s.entry(id).line, '\n'))
	}
	got, err := os.ReadFile(m.path(".jsonl"))
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got))
	require.Len(t, m.records, len(s.records))
}

// A disk that is full, at whatever write of whatever update, costs time and nothing else: in the same process,
// and in the next one.
func TestDiskFull(t *testing.T) {
	for _, file := range []string{".loading.jsonl", ".jsonl.tmp", ".state.json.tmp"} {
		for failing := range 4 {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s at %d, restart %v", file, failing, restart), func(t *testing.T) {
					s, dir := newSource(), t.TempDir()
					m, err := openMirror(dir, "people")
					require.NoError(t, err)
					obstacle := m.path(file) // no file can be made where a directory is
					for round := range 6 {
						if round == failing {
							require.NoError(t, os.RemoveAll(obstacle))
							require.NoError(t, os.Mkdir(obstacle, 0o700))
						}
						_, _ = catchUp(t.Context(), m, s.pages, io.Discard)
						if round == failing {
							_ = os.Remove(obstacle)
							if restart {
								m, err = openMirror(dir, "people")
								require.NoError(t, err)
							}
						}
						s.put(int64(round%3 + 1))
						s.remove(int64(round + 2))
						s.put(int64(10 + round))
					}
					_, err = catchUp(t.Context(), m, s.pages, io.Discard)
					require.NoError(t, err)
					s.requireMirrored(t, m)
					m, err = openMirror(dir, "people")
					require.NoError(t, err)
					s.requireMirrored(t, m)
				})
			}
		}
	}
}

// What the last page of a load led to is only taken when the load is in place: a poll is no part of it.
func TestEndOfLoadFails(t *testing.T) {
	s := newSource()
	m, err := openMirror(t.TempDir(), "people")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(m.path(".jsonl.tmp"), 0o700))
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.Error(t, err)
	assert.NotContains(t, m.state.Cursor, "poll")
	require.NoError(t, os.Remove(m.path(".jsonl.tmp")))
	s.remove(2)
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.NoError(t, err)
	s.requireMirrored(t, m)
}

// A delta that expires twice in a row ends the round; the next one loads.
func TestExpiredTwice(t *testing.T) {
	s := newSource()
	m, err := openMirror(t.TempDir(), "people")
	require.NoError(t, err)
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.NoError(t, err)
	s.remove(1)
	s.expired = 2
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.ErrorIs(t, err, protime.ErrDeltaExpired)
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.NoError(t, err)
	s.requireMirrored(t, m)
}

// Whoever deletes the records wants them anew, and not what changes from now on.
func TestRecordsDeleted(t *testing.T) {
	s, dir := newSource(), t.TempDir()
	m, err := openMirror(dir, "people")
	require.NoError(t, err)
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.NoError(t, err)
	require.NoError(t, os.Remove(m.path(".jsonl")))
	m, err = openMirror(dir, "people")
	require.NoError(t, err)
	_, err = catchUp(t.Context(), m, s.pages, io.Discard)
	require.NoError(t, err)
	s.requireMirrored(t, m)
}

// A file is replaced as a whole, and nothing is left of what could not be written.
func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	err := replace(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return io.ErrShortWrite
	})
	require.Error(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
	assert.NoFileExists(t, path+".tmp")
}

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// mirror is a local copy of one collection, in three files:
//
//	absences.jsonl          the records, sorted by id; always whole, replaced by a rename
//	absences.loading.jsonl  what an initial load has brought so far; exists only during one
//	absences.state.json     the cursor to go on at
//
// The records are written before the cursor that they led to. A crash in between repeats the last
// page, which does no harm: a record is replaced by a newer version of itself only.
type mirror struct {
	dir, name string
	state     state
	records   map[int64]record
	resumed   bool // the cursor is an earlier run's, and nothing was asked for since
}

// state is what the next run must know.
type state struct {
	Cursor worktime.Cursor `json:"cursor"`
	// From is the first day that is mirrored. It stays the same as long as the delta lives.
	From worktime.Date `json:"from"`
	// Loading: an initial load is under way, and Loaded bytes of its file belong to the cursor.
	Loading bool  `json:"loading"`
	Loaded  int64 `json:"loaded"`
}

// record is a line of the file.
type record struct {
	version string // changeVersion: the larger is newer
	line    []byte // nil: deleted
}

// entry is what a page says of one record.
type entry struct {
	id int64
	record
}

// openMirror reads what an earlier run left, also if it was killed.
func openMirror(dir, name string) (*mirror, error) {
	m := &mirror{dir: dir, name: name, records: map[int64]record{}}
	data, err := os.ReadFile(m.path(".state.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, nil
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(data, &m.state); err != nil {
		return nil, fmt.Errorf("%s cannot be read; delete it to begin a new initial load: %w", m.path(".state.json"), err)
	}
	m.resumed = true
	if !m.state.Loading { // a run that was killed may not have come to this
		if err := os.Remove(m.path(".loading.jsonl")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	file, err := os.Open(m.path(".jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		if !m.state.Loading {
			m.state = state{} // somebody deleted the records to have them anew
		}
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := m.read(file); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *mirror) path(suffix string) string { return filepath.Join(m.dir, m.name+suffix) }

// read adds the lines of a file to the records. Later lines and newer versions win.
func (m *mirror) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var key struct {
			ID            int64  `json:"id"`
			ChangeVersion string `json:"changeVersion"`
		}
		if err := json.Unmarshal(lines.Bytes(), &key); err != nil || key.ID == 0 {
			return fmt.Errorf("the mirror of %s has a line that is not a record; delete its files to begin anew", m.name)
		}
		m.apply(entry{key.ID, record{key.ChangeVersion, bytes.Clone(lines.Bytes())}})
	}
	return lines.Err()
}

// apply puts a record into the copy, unless it is older than what is there.
func (m *mirror) apply(e entry) {
	switch old, known := m.records[e.id]; {
	case known && old.version > e.version:
	case e.line == nil:
		delete(m.records, e.id)
	default:
		m.records[e.id] = e.record
	}
}

// update brings the copy up to date: it goes on with the initial load, or polls once.
func (m *mirror) update(ctx context.Context, pages feed, progress func(records int)) error {
	if m.state.Cursor == "" {
		if err := m.begin(); err != nil {
			return err
		}
	}
	// The last page of a load is only known by the end of the walk, and is kept until then: it is
	// saved together with the end of the load.
	var last *page
	for page, err := range pages(ctx, m.state.Cursor, m.state.From) {
		if errors.Is(err, protime.ErrDeltaExpired) {
			return errors.Join(err, m.begin()) // the caller updates again
		}
		switch {
		case err != nil:
		case !m.state.Loading:
			err = m.poll(page)
		default:
			if last != nil {
				err = m.load(*last)
			}
			last = &page
		}
		if err != nil {
			return err
		}
		progress(len(page.entries))
	}
	if last != nil {
		return m.loaded(*last)
	}
	return nil
}

// begin makes the next update a new initial load. The present copy stays until that is complete; what lies before the
// first day that Protime allows then, 1 January of last year, is in the old copy only.
func (m *mirror) begin() error {
	today := worktime.DateOf(time.Now())
	m.state = state{Loading: true, From: worktime.NewDate(today.Year()-1, time.January, 1)}
	return m.save()
}

// load appends a page to the file of the initial load, and saves its cursor.
func (m *mirror) load(page page) error {
	size, err := m.append(page)
	if err != nil {
		return err
	}
	m.state.Cursor, m.state.Loaded = page.cursor, size
	return m.save()
}

// append adds a page to the file of the load, after what belongs to the cursor, and returns the
// size of the file.
func (m *mirror) append(page page) (size int64, err error) {
	file, err := os.OpenFile(m.path(".loading.jsonl"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var lines bytes.Buffer
	for _, e := range page.entries {
		lines.Write(e.line)
		lines.WriteByte('\n')
	}
	if err := file.Truncate(m.state.Loaded); err != nil {
		return 0, err
	}
	if _, err := file.WriteAt(lines.Bytes(), m.state.Loaded); err != nil {
		return 0, err
	}
	return m.state.Loaded + int64(lines.Len()), file.Sync()
}

// loaded adds the last page and puts the load in place of the copy. What it does not have was
// deleted.
func (m *mirror) loaded(page page) error {
	if _, err := m.append(page); err != nil {
		return err
	}
	file, err := os.Open(m.path(".loading.jsonl"))
	if err != nil {
		return err
	}
	defer file.Close()
	m.records = map[int64]record{}
	if err := m.read(file); err != nil {
		return err
	}
	if err := m.write(); err != nil {
		return err
	}
	m.state = state{Cursor: page.cursor, From: m.state.From}
	if err := m.save(); err != nil {
		return err
	}
	return os.Remove(m.path(".loading.jsonl"))
}

// poll applies the changes of a poll.
func (m *mirror) poll(page page) error {
	for _, e := range page.entries {
		m.apply(e)
	}
	if len(page.entries) > 0 {
		if err := m.write(); err != nil {
			return err
		}
	}
	m.state.Cursor = page.cursor
	return m.save()
}

func (m *mirror) write() error {
	return replace(m.path(".jsonl"), func(w io.Writer) error {
		for _, id := range slices.Sorted(maps.Keys(m.records)) {
			if _, err := fmt.Fprintf(w, "%s\n", m.records[id].line); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *mirror) save() error {
	return replace(m.path(".state.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(m.state) })
}

// replace writes a file whole or not at all, and returns when it is on the disk.
func replace(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path+".tmp", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(path + ".tmp") }() // on a full disk half of a file only takes room
	buffer := bufio.NewWriter(file)
	err = cmp.Or(write(buffer), buffer.Flush(), file.Sync(), file.Close()) // of all, also after an error
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil || runtime.GOOS == "windows" { // which cannot sync directories
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

package protimetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/worktime-go/worktime/internal/fake"
)

// row is a stored object; it never changes.
type row struct {
	seq     int64 // its place in lists: the id, or with GUIDs a running number
	id      string
	version string
	doc     document
	raw     json.RawMessage
}

// change is what happened to an object.
type change struct {
	id, version string
	old, new    *row // nil: was not there, or is not any more
}

// table is a collection with its objects.
type table struct {
	*collection
	rows []*row // by ascending seq
	ids  map[string]*row
	last int64    // seq that was given
	log  []change // since the server began
}

// find returns the row with an id; nil if there is none.
func (t *table) find(id string) *row { return t.ids[id] }

func (t *table) search(seq int64) (int, bool) {
	return slices.BinarySearchFunc(t.rows, seq, func(r *row, seq int64) int { return cmp.Compare(r.seq, seq) })
}

// store has the objects of all collections.
type store struct {
	mu         sync.RWMutex
	references references
	tables     map[string]*table
	version    string
	// changed is called with each change, in their order, with mu held.
	changed func(*table, change)
}

// firstVersion is that of the vendor's sample.
const firstVersion = "0000090200004BD0000A"

func newStore(set settings) (*store, error) {
	s := &store{references: references{}, tables: map[string]*table{}, version: firstVersion, changed: func(*table, change) {}}
	for name, c := range newCollections() {
		s.tables[name] = &table{collection: c, ids: map[string]*row{}}
	}
	for _, known := range set.references {
		if err := s.references.add(known); err != nil {
			return nil, err
		}
	}
	docs := make([]document, len(set.seeds))
	for i, seed := range set.seeds {
		doc, err := newDocument(seed.object)
		if err != nil {
			return nil, fmt.Errorf("protimetest: an object for %s: %w", seed.collection, err)
		}
		t := s.tables[seed.collection]
		if t == nil {
			return nil, fmt.Errorf("protimetest: WithObjects: there is no collection %q", seed.collection)
		}
		if n, err := strconv.ParseInt(doc.text(t.idPath()), 10, 64); err == nil && !t.guid {
			t.last = max(t.last, n) // missing ids follow the largest
		}
		docs[i] = doc
	}
	for i, seed := range set.seeds {
		if err := s.seed(s.tables[seed.collection], docs[i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// seed stores an object that is there from the beginning, and whose version is respected.
func (s *store) seed(t *table, doc document) error {
	next := s.next()
	r, err := s.newRow(t, doc, cmp.Or(doc.text("changeVersion"), next))
	if err != nil {
		return err
	}
	if t.find(r.id) != nil {
		return fmt.Errorf("protimetest: two objects of %s have the id %s", t.name, r.id)
	}
	t.insert(r)
	return nil
}

// newRow makes the row of an object, which gets an id if it has none.
func (s *store) newRow(t *table, doc document, version string) (*row, error) {
	r := &row{id: doc.text(t.idPath()), version: version}
	known := t.find(r.id)
	switch {
	case known != nil:
		r.seq = known.seq
	case t.guid:
		r.seq = t.last + 1
		if r.id == "" {
			r.id = fmt.Sprintf("%08x-5ea1-4fed-8c1e-%012x", len(t.name), r.seq)
			doc["id"] = r.id
		}
	case r.id == "":
		r.seq = t.last + 1
		r.id = strconv.FormatInt(r.seq, 10)
		doc["id"] = json.Number(r.id)
	default:
		seq, err := strconv.ParseInt(r.id, 10, 64)
		if err != nil || seq < 1 || strconv.FormatInt(seq, 10) != r.id {
			return nil, fmt.Errorf("protimetest: %.40q is not an id of %s", r.id, t.name)
		}
		r.seq = seq
	}
	var err error
	if r.doc, err = s.learn(t.name, doc); err != nil {
		return nil, err
	}
	t.last = max(t.last, r.seq)
	if t.name != webhooks {
		r.doc["changeVersion"] = version
	}
	r.raw = fake.JSON(r.doc)
	return r, nil
}

// insert puts a row in its place.
func (t *table) insert(r *row) {
	i, known := t.search(r.seq)
	if known {
		t.rows[i] = r
	} else {
		t.rows = slices.Insert(t.rows, i, r)
	}
	t.ids[r.id] = r
}

// next returns a change version; later ones are larger as text.
func (s *store) next() string {
	version := s.version
	s.version = successor(version)
	return version
}

// newer returns a change version that is larger than that of r too.
func (s *store) newer(r *row) string {
	if r != nil && r.version >= s.version {
		s.version = successor(r.version)
	}
	return s.next()
}

// successor counts in upper-case hexadecimal.
func successor(version string) string {
	digits := []byte(version)
	for i := len(digits) - 1; i >= 0; i-- {
		switch c := digits[i]; {
		case c == '9':
			digits[i] = 'A'
		case c < 'F':
			digits[i]++
		default:
			digits[i] = '0'
			continue
		}
		break
	}
	return string(digits)
}

// put stores an object under its id, or under a new one.
func (s *store) put(name string, object any) (*row, error) {
	doc, err := newDocument(object)
	if err != nil {
		return nil, fmt.Errorf("protimetest: an object for %s: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.putLocked(name, doc)
}

func (s *store) putLocked(name string, doc document) (*row, error) {
	t := s.tables[name]
	if t == nil {
		return nil, fmt.Errorf("protimetest: there is no collection %q", name)
	}
	old := t.find(doc.text(t.idPath()))
	r, err := s.newRow(t, doc, s.newer(old))
	if err != nil {
		return nil, err
	}
	s.save(t, old, r)
	if t.together {
		for _, other := range slices.Clone(t.rows) {
			if other != r {
				again, err := s.newRow(t, other.doc, s.newer(other))
				if err != nil {
					return nil, err
				}
				s.save(t, other, again)
			}
		}
	}
	return r, nil
}

func (s *store) save(t *table, old, r *row) {
	t.insert(r)
	s.note(t, change{id: r.id, version: r.version, old: old, new: r})
}

func (s *store) note(t *table, c change) {
	t.log = append(t.log, c)
	s.changed(t, c)
}

// remove deletes an object; false if it is not there.
func (s *store) remove(name, id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[name]
	if t == nil || t.find(id) == nil {
		return false
	}
	old := t.find(id)
	if t.stays {
		doc := old.doc.clone()
		doc["status"] = "Deleted"
		_, err := s.putLocked(name, doc)
		return err == nil
	}
	i, _ := t.search(old.seq)
	t.rows = slices.Delete(t.rows, i, i+1)
	delete(t.ids, id)
	s.note(t, change{id: id, version: s.newer(old), old: old})
	return true
}

// get returns an object; nil if it is not there.
func (s *store) get(name, id string) *row {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tables[name].find(id)
}

// page returns the first n objects after a place in the list that match, and whether there are more.
func (s *store) page(name string, after int64, n int, match func(document) bool) (rows []*row, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[name]
	i, _ := t.search(after + 1)
	for ; i < len(t.rows); i++ {
		switch {
		case !match(t.rows[i].doc):
		case len(rows) == n:
			return rows, true
		default:
			rows = append(rows, t.rows[i])
		}
	}
	return rows, false
}

// anything matches.
func anything(document) bool { return true }

// number is the id of an object whose ids are integers, in JSON; else it is text.
func (c *collection) number(id string) any {
	if c.guid {
		return id
	}
	return json.Number(id)
}

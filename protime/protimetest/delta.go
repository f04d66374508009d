package protimetest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/protime"
)

// deltaLifetime is how long a delta waits for the next request. See
// https://documentation.myprotime.eu/protimeapi/reference/delta/
const deltaLifetime = 72 * time.Hour

// deltas are the running ones, of which a collection has one at most.
type deltas struct {
	mu     sync.Mutex
	key    string // of this server, so that it refuses the links of another
	last   int
	active map[string]*delta // by collection
}

// delta is an initial load and the polls after it.
type delta struct {
	id         int
	collection string
	key        string
	first      string // token of the first poll, which stands in the links of the initial load too
	match      predicate
	asked      []protime.ReferenceName

	used  time.Time // when it was asked last
	polls []poll    // the last is the present one
}

// poll is a link and what it was answered with; nil: not yet.
type poll struct {
	cursor int // in the log of the table
	token  string
	answer []byte
}

func newDeltas() *deltas {
	return &deltas{key: rand.Text(), last: 30079, active: map[string]*delta{}}
}

// earliest is the first day that a delta may begin with.
func earliest() worktime.Date { return worktime.NewDate(time.Now().Year()-1, time.January, 1) }

// link is where to ask for changes.
func (d *delta) link(token string) string {
	return basePath + "/delta/" + d.collection + "?deltaToken=" + token
}

// add appends a poll. Its token has the vendor's form: Base64 of JSON, in which there is no "+". The Check is ours: it
// makes the token unique.
func (d *delta) add(cursor int) string {
	token := fake.JSON(struct {
		DeltaID        int       `json:"DeltaId"`
		StartingCursor int       `json:"StartingCursor"`
		TimeStamp      time.Time `json:"TimeStamp"`
		Check          string    `json:"Check"`
	}{d.id, 45522 + cursor, time.Now().UTC(), fmt.Sprintf("%d.%s", len(d.polls), d.key)})
	if len(token)%3 == 0 { // a "=" at the end, too
		token = append(token, ' ')
	}
	p := poll{cursor: cursor, token: base64.StdEncoding.EncodeToString(token)}
	d.polls = append(d.polls, p)
	return p.token
}

// deltaPage is the envelope of the pages of a delta; the last of the initial load has a deltaLink, and so has each poll.
type deltaPage struct {
	Value     []json.RawMessage `json:"value"`
	NextLink  *string           `json:"nextLink,omitempty"`
	DeltaLink string            `json:"deltaLink,omitempty"`
}

// page makes a page of the initial load.
func (d *delta) page(p page) deltaPage {
	body := deltaPage{Value: p.Value, NextLink: p.NextLink}
	if p.NextLink == nil {
		body.DeltaLink = d.link(d.first)
	}
	return body
}

// startDelta begins a delta, which ends the one that the collection had.
func (s *Server) startDelta(r *http.Request, c *collection, match predicate, asked []protime.ReferenceName) (*delta, *refusal) {
	switch {
	case !slices.Contains(strings.Split(r.URL.RawQuery, "&"), "delta"):
		return nil, badRequest("The query parameter 'delta' has no value")
	case r.URL.Query().Has("deltaToken"), r.URL.Query().Has("continuationToken"):
		return nil, badRequest("The query parameter 'delta' starts a delta, a token goes on with one")
	}
	s.deltas.mu.Lock()
	defer s.deltas.mu.Unlock()
	s.deltas.last++
	d := &delta{id: s.deltas.last, collection: c.name, key: s.deltas.key, match: match, asked: asked, used: time.Now()}
	d.first = d.add(s.store.cursor(c.name))
	s.deltas.active[c.name] = d
	return d, nil
}

// findDelta returns the delta that a token belongs to, and counts as a request of it.
func (s *Server) findDelta(c *collection, token string) (*delta, *refusal) {
	s.deltas.mu.Lock()
	defer s.deltas.mu.Unlock()
	d, _, refused := s.deltas.find(c.name, token)
	return d, refused
}

// find is findDelta with mu held; it returns which of the polls has the token, too.
func (ds *deltas) find(collection, token string) (*delta, int, *refusal) {
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil || !json.Valid(text) {
		return nil, 0, badRequest("The delta token is invalid")
	}
	d := ds.active[collection]
	n := -1
	if d != nil && time.Since(d.used) < deltaLifetime {
		n = slices.IndexFunc(d.polls, func(p poll) bool { return p.token == token })
	}
	if n < 0 {
		return nil, 0, &refusal{status: http.StatusGone, reasons: []string{"The delta token has expired"}}
	}
	d.used = time.Now()
	return d, n, nil
}

// poll answers with what changed since the last time.
func (s *Server) poll(w http.ResponseWriter, r *http.Request, c *collection) *refusal {
	values, refused := parameters(r, "deltaToken")
	if refused != nil {
		return refused
	}
	s.deltas.mu.Lock()
	defer s.deltas.mu.Unlock()
	d, n, refused := s.deltas.find(c.name, values.Get("deltaToken"))
	if refused != nil {
		return refused
	}
	p := &d.polls[n]
	switch {
	case p.answer == nil:
		changes, cursor := s.store.since(c.name, p.cursor, d.match)
		body := deltaPage{Value: make([]json.RawMessage, len(changes))}
		for i, change := range changes {
			body.Value[i] = s.event(c, change, d.asked)
		}
		body.DeltaLink = d.link(d.add(cursor))
		p = &d.polls[n] // add may have moved them
		p.answer = fake.JSON(body)
	case s.settings.repeatedPolls != http.StatusOK:
		return &refusal{status: s.settings.repeatedPolls, reasons: []string{"The delta token was used before"}}
	}
	answer(w, http.StatusOK, json.RawMessage(p.answer))
	return nil
}

// event is a change as a poll or a webhook tells it.
func (s *Server) event(c *collection, what change, asked []protime.ReferenceName) json.RawMessage {
	var body struct {
		Type string          `json:"changeType"`
		Data json.RawMessage `json:"data"`
	}
	if what.new != nil {
		body.Type, body.Data = inserted, s.item(what.new, c.name, asked)
	} else {
		body.Type, body.Data = deleted, fake.JSON(map[string]any{"changeVersion": what.version, "id": c.number(what.id)})
	}
	return fake.JSON(body)
}

// The types of changes.
const (
	inserted = "InsertOrUpdate"
	deleted  = "Delete"
)

// cursor is the present end of a collection's log.
func (s *store) cursor(name string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.tables[name].log)
}

// since returns what happened to the objects that match since a place in the log: one change for each, in the order
// of their last. The vendor does not tell what becomes of an object that no longer matches: here it is deleted.
func (s *store) since(name string, cursor int, match predicate) ([]change, int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	log := s.tables[name].log
	seen, last := map[string]bool{}, map[string]int{}
	for i, c := range log[cursor:] {
		seen[c.id] = seen[c.id] || c.old != nil && match(c.old.doc)
		last[c.id] = i
	}
	var changes []change
	for i, c := range log[cursor:] {
		switch {
		case last[c.id] != i:
		case c.new != nil && match(c.new.doc):
			changes = append(changes, c)
		case seen[c.id]:
			c.new = nil
			changes = append(changes, c)
		}
	}
	return changes, len(log)
}

// ExpireDeltas ends all deltas: the API answers their links with 410.
func (s *Server) ExpireDeltas() {
	s.deltas.mu.Lock()
	defer s.deltas.mu.Unlock()
	clear(s.deltas.active)
}

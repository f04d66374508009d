package protimetest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/protime"
)

// page is the envelope of a list.
type page struct {
	Value    []json.RawMessage `json:"value"`
	NextLink *string           `json:"nextLink"`
}

// listing is a list that can be asked for.
type listing struct {
	collection *collection
	path       string // below basePath
	refs       []string
	within     predicate // the objects that the path leads to
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, l listing) *refusal {
	known := []string{"filter", "externalReferences", "continuationToken"}
	if l.collection.delta {
		known = append(known, "delta", "deltaToken")
	}
	values, refused := parameters(r, known...)
	if refused != nil {
		return refused
	}
	asked, refused := parseReferences(values.Get("externalReferences"), l.refs...)
	if refused != nil {
		return refused
	}
	check := &checker{collection: l.collection, groups: s.settings.groups}
	if values.Has("delta") || values.Has("deltaToken") {
		check.earliest = earliest()
	}
	match, err := check.filter(values.Get("filter"))
	if err != nil {
		return badRequest("%v", err)
	}
	var load *delta
	switch {
	case values.Has("delta"):
		load, refused = s.startDelta(r, l.collection, match, asked)
	case values.Has("deltaToken"):
		load, refused = s.findDelta(l.collection, values.Get("deltaToken"))
	}
	if refused != nil {
		return refused
	}
	var at position
	if values.Has("continuationToken") {
		var ok bool
		if at, ok = s.links.read(l.path, values); !ok {
			return &refusal{status: http.StatusConflict, reasons: []string{"The continuation token is invalid or expired"}}
		}
	}
	rows, more, next := s.nextRows(l, at, match)
	body := page{Value: s.items(rows, l.collection.name, asked)}
	if more {
		if load != nil {
			values.Set("deltaToken", load.first)
		}
		link := s.links.next(l.path, values, next)
		body.NextLink = &link
	}
	if load != nil {
		answer(w, http.StatusOK, load.page(body))
	} else {
		answer(w, http.StatusOK, body)
	}
	return nil
}

// nextRows returns the rows of the page at a position, whether a page follows, and its position.
func (s *Server) nextRows(l listing, at position, match predicate) (rows []*row, more bool, next position) {
	size := s.settings.pageSize
	if every := s.settings.emptyEvery; every > 0 && at.page%uint32(every+1) == 0 {
		size = 0
	}
	rows, more = s.store.page(l.collection.name, at.after, size, func(doc document) bool { return l.within(doc) && match(doc) })
	next = position{after: at.after, page: at.page + 1}
	if len(rows) > 0 {
		next.after = rows[len(rows)-1].seq
	}
	return rows, more || size == 0, next
}

// items are the objects as they are sent.
func (s *Server) items(rows []*row, collection string, asked []protime.ReferenceName) []json.RawMessage {
	all := make([]json.RawMessage, len(rows))
	for i, r := range rows {
		all[i] = s.item(r, collection, asked)
	}
	return all
}

func (s *Server) item(r *row, collection string, asked []protime.ReferenceName) json.RawMessage {
	if len(asked) == 0 {
		return r.raw
	}
	return fake.JSON(s.store.shape(r.doc, collection, asked))
}

// get answers with one object, which is named by its id or by a reference.
func (s *Server) get(w http.ResponseWriter, r *http.Request, c *collection, reference string) *refusal {
	values, refused := parameters(r, "externalReferences")
	if refused != nil {
		return refused
	}
	asked, refused := parseReferences(values.Get("externalReferences"), slices.Concat(c.refs, c.getRefs)...)
	if refused != nil {
		return refused
	}
	found, refused := s.lookUp(c, reference, asked)
	if refused != nil {
		return refused
	}
	answer(w, http.StatusOK, s.item(found, c.name, asked))
	return nil
}

// lookUp finds the object that a segment of a path names: by a reference if the query names one of the collection,
// else by the id.
func (s *Server) lookUp(c *collection, segment string, asked []protime.ReferenceName) (*row, *refusal) {
	id := segment
	own := slices.IndexFunc(asked, func(name protime.ReferenceName) bool { return referenceOf(name) == c.name })
	switch {
	case own >= 0:
		var ok bool
		if id, ok = s.store.id(c.name, referenceName(asked[own]), segment); !ok {
			return nil, &refusal{status: http.StatusNotFound}
		}
	case !c.guid:
		if _, err := strconv.ParseInt(segment, 10, 64); err != nil {
			return nil, badRequest("'%s' is not the id of one of the %s", segment, c.name)
		}
	}
	found := s.store.get(c.name, id)
	if found == nil {
		return nil, &refusal{status: http.StatusNotFound}
	}
	return found, nil
}

// history lists what one person belonged to over time.
func (s *Server) history(w http.ResponseWriter, r *http.Request, c *collection, reference string) *refusal {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badRequest("The query cannot be read")
	}
	asked, refused := parseReferences(values.Get("externalReferences"), people)
	if refused != nil {
		return refused
	}
	found, refused := s.lookUp(s.store.tables[people].collection, reference, asked)
	if refused != nil {
		return refused
	}
	return s.list(w, r, listing{
		collection: c, path: strings.TrimPrefix(r.URL.EscapedPath(), basePath), refs: []string{people},
		within: func(doc document) bool { return doc.text("person.id") == found.id },
	})
}

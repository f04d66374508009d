package protimetest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/worktime-go/worktime/protime"
)

// page is the envelope of a list.
type page struct {
	Value    []protime.Clocking `json:"value"`
	NextLink *string            `json:"nextLink"`
}

func (s *Server) listClockings(w http.ResponseWriter, r *http.Request) *refusal {
	values, refused := parameters(r, "filter", "externalReferences", "continuationToken")
	if refused != nil {
		return refused
	}
	match, err := newFilter(values.Get("filter"), s.settings.groups)
	if err != nil {
		return badRequest("%v", err)
	}
	asked, reason := parseReferences(values.Get("externalReferences"))
	if reason != "" {
		return badRequest("%s", reason)
	}
	var at position
	if values.Has("continuationToken") {
		var ok bool
		if at, ok = s.links.read(values); !ok {
			return &refusal{status: http.StatusConflict, reasons: []string{"The continuation token is invalid or expired"}}
		}
	}
	size := s.settings.pageSize
	if every := s.settings.emptyEvery; every > 0 && at.page%uint32(every+1) == 0 {
		size = 0
	}
	rows, more := s.store.page(at.after, size, match)
	next := position{after: at.after, page: at.page + 1}
	for i := range rows {
		next.after = rows[i].ID
		s.store.references.shape(&rows[i], asked)
	}
	body := page{Value: rows}
	if more || size == 0 {
		link := s.links.next(basePath+"/clockings", values, next)
		body.NextLink = &link
	}
	answer(w, http.StatusOK, body)
	return nil
}

func (s *Server) getClocking(w http.ResponseWriter, r *http.Request, reference string) *refusal {
	values, refused := parameters(r, "externalReferences")
	if refused != nil {
		return refused
	}
	asked, reason := parseReferences(values.Get("externalReferences"))
	if reason != "" {
		return badRequest("%s", reason)
	}
	id, err := strconv.ParseInt(reference, 10, 64)
	if err != nil {
		return badRequest("'%s' is not the id of a clocking", reference)
	}
	c, ok := s.store.get(id)
	if !ok {
		return &refusal{status: http.StatusNotFound}
	}
	s.store.references.shape(&c, asked)
	answer(w, http.StatusOK, c)
	return nil
}

func (s *Server) createClocking(w http.ResponseWriter, r *http.Request) *refusal {
	if _, refused := parameters(r); refused != nil {
		return refused
	}
	body, _ := io.ReadAll(r.Body) // in memory
	c, invalid := readClocking(r.Header.Get("Content-Type"), body, s.store.references)
	if invalid != nil {
		return &refusal{status: http.StatusBadRequest, invalid: invalid}
	}
	w.Header().Set("Location", fmt.Sprintf("%s/clockings/%d", basePath, s.store.create(c)))
	w.WriteHeader(http.StatusCreated)
	return nil
}

package protimetest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// operation is what a method does at a path.
type operation struct {
	scopes []string // any of them is enough
	run    func(w http.ResponseWriter, r *http.Request) *refusal
}

// operations are those of a path, by method.
type operations map[string]operation

// route finds the operation, checks its scope and carries it out.
func (s *Server) route(w http.ResponseWriter, r *http.Request, scopes []string) *refusal {
	segments, ok := segments(r)
	if !ok {
		return &refusal{status: http.StatusNotFound}
	}
	all := s.operations(segments)
	if len(all) == 0 {
		return &refusal{status: http.StatusNotFound}
	}
	op, ok := all[r.Method]
	if !ok {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		return &refusal{status: http.StatusMethodNotAllowed}
	}
	if !slices.ContainsFunc(op.scopes, func(scope string) bool { return slices.Contains(scopes, scope) }) {
		return forbidden("The scope %s is required", strings.Join(op.scopes, " or "))
	}
	if r.Method != http.MethodGet { // what is checked must still hold when it is stored
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	if segments[0] == webhooks {
		s.store.sweep()
	}
	return op.run(w, r)
}

func forbidden(format string, args ...any) *refusal {
	return &refusal{status: http.StatusForbidden, reasons: []string{fmt.Sprintf(format, args...)}}
}

// segments splits the path below basePath. A segment may have an escaped "/" in it.
func segments(r *http.Request) ([]string, bool) {
	path, below := strings.CutPrefix(r.URL.EscapedPath(), basePath+"/")
	all := strings.Split(path, "/")
	for i := range all {
		var err error
		if all[i], err = url.PathUnescape(all[i]); err != nil || all[i] == "" {
			return nil, false
		}
	}
	return all, below
}

// operations returns what can be done at a path; none if there is no such path.
func (s *Server) operations(path []string) operations {
	switch {
	case path[0] == "delta" && len(path) == 2:
		if t := s.store.tables[path[1]]; t != nil && t.delta {
			return operations{"GET": reading(t.collection, func(w http.ResponseWriter, r *http.Request) *refusal {
				return s.poll(w, r, t.collection)
			})}
		}
	case path[0] == people && len(path) == 3:
		category, _ := strings.CutSuffix(path[2], "-history")
		if t := s.store.tables[category+"-histories"]; t != nil && category != path[2] {
			return operations{"GET": reading(t.collection, func(w http.ResponseWriter, r *http.Request) *refusal {
				return s.history(w, r, t.collection, path[1])
			})}
		}
	case path[0] == "activity-structure-versions":
		return s.activityOperations(path[1:])
	case len(path) == 1:
		if t := s.store.tables[path[0]]; t != nil && !t.noList {
			return s.listOperations(t.collection)
		}
	case len(path) == 2:
		if t := s.store.tables[path[0]]; t != nil && !t.noGet {
			return s.objectOperations(t.collection, path[1])
		}
	}
	return nil
}

type handler = func(w http.ResponseWriter, r *http.Request) *refusal

func reading(c *collection, run handler) operation { return operation{c.scopes, run} }

func writing(c *collection, run handler) operation {
	return operation{[]string{scopePrefix + c.name + ".write"}, run}
}

func (s *Server) listOperations(c *collection) operations {
	all := operations{"GET": reading(c, func(w http.ResponseWriter, r *http.Request) *refusal {
		return s.list(w, r, listing{collection: c, path: "/" + c.name, refs: c.refs, within: anything})
	})}
	switch c.name {
	case clockings:
		all["POST"] = writing(c, s.createClocking)
	case assignments:
		all["GET"] = s.unlessFlex(all["GET"])
		all["POST"] = s.unlessFlex(writing(c, s.createAssignment))
	case webhooks:
		all["POST"] = writing(c, s.createWebhook)
	}
	return all
}

func (s *Server) objectOperations(c *collection, reference string) operations {
	all := operations{"GET": reading(c, func(w http.ResponseWriter, r *http.Request) *refusal {
		return s.get(w, r, c, reference)
	})}
	switch c.name {
	case assignments:
		all["GET"] = s.unlessFlex(all["GET"])
		all["PUT"] = s.unlessFlex(writing(c, func(w http.ResponseWriter, r *http.Request) *refusal {
			return s.updateAssignment(w, r, reference)
		}))
		all["DELETE"] = s.unlessFlex(writing(c, func(_ http.ResponseWriter, r *http.Request) *refusal {
			return s.deleteObject(r, c, reference)
		}))
	case webhooks:
		all["DELETE"] = writing(c, func(_ http.ResponseWriter, r *http.Request) *refusal {
			return s.deleteObject(r, c, reference)
		})
	}
	return all
}

// deleteObject deletes and answers with 200 and no body.
func (s *Server) deleteObject(r *http.Request, c *collection, id string) *refusal {
	if _, refused := parameters(r); refused != nil {
		return refused
	}
	found, refused := s.lookUp(c, id, nil)
	if refused != nil {
		return refused
	}
	if !s.store.remove(c.name, found.id) {
		return &refusal{status: http.StatusNotFound} // somebody else was faster
	}
	return nil
}

// unlessFlex refuses assignments for a tenant that plans in another way. See
// https://documentation.myprotime.eu/protimeapi/tutorials/first-assignment-integration/
func (s *Server) unlessFlex(op operation) operation {
	if s.settings.planningFlex {
		op.run = func(http.ResponseWriter, *http.Request) *refusal {
			return forbidden("Assignments are not available with Planning Flex or Shift")
		}
	}
	return op
}

package protime

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// PeriodQuery selects the records of persons on the days of a period. All conditions that are
// set must hold. A list of persons that is too long for one request is split; the records then
// come in the order of the list.
type PeriodQuery struct {
	// From is required; it and To are included and at most 366 days apart. Without To
	// everything from From on is listed.
	From, To worktime.Date
	// Persons are ids in Protime; nil for all. Duplicates are dropped.
	Persons []int64
	// Circles and OrgGroups select the persons in them; nil for no such condition.
	Circles   []int64
	OrgGroups []int64
	// ExternalReferences to have in the answers.
	ExternalReferences []ReferenceName
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q PeriodQuery) position() worktime.Cursor { return q.Cursor }

func (q PeriodQuery) selection() (selection, error) { return q.named("PeriodQuery") }

// named returns the selection with errors that name the fields of the given type.
func (q PeriodQuery) named(name string) (selection, error) {
	s := selection{name: name, from: q.From, references: q.ExternalReferences}
	err := cmp.Or(checkRange(name, q.From, q.To), s.selectPersons(q.Persons, q.Circles, q.OrgGroups))
	s.filter.dates(q.From, q.To)
	return s, err
}

// ListQuery is for collections that are listed as a whole.
type ListQuery struct {
	// ExternalReferences to have in the answers.
	ExternalReferences []ReferenceName
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q ListQuery) position() worktime.Cursor { return q.Cursor }

func (q ListQuery) selection() (selection, error) { //nolint:unparam // other queries have errors
	return selection{name: "ListQuery", references: q.ExternalReferences}, nil
}

// query selects the records of a collection.
type query interface {
	// selection checks the query; the error names a field.
	selection() (selection, error)
	position() worktime.Cursor
}

// selection is what a query comes to.
type selection struct {
	name       string        // of the query's type, for errors
	from       worktime.Date // zero for collections without dates
	byPerson   bool          // persons are selected, in whatever way
	filter     filter        // all conditions but that of the persons
	persons    []int64       // nil for all
	references []ReferenceName
}

// selectPersons adds the conditions on persons; those that are nil are none.
func (s *selection) selectPersons(persons, circles, orgGroups []int64) error {
	s.persons = persons
	s.filter.named("person", "circle", circles)
	s.filter.named("person", "org-group", orgGroups)
	s.byPerson = len(persons)+len(circles)+len(orgGroups) > 0
	return cmp.Or(
		checkIDs(s.name+".Persons", persons),
		checkIDs(s.name+".Circles", circles),
		checkIDs(s.name+".OrgGroups", orgGroups),
	)
}

// walks returns the parameters of the requests that the selection takes.
func (s *selection) walks(base *url.URL, path string, delta bool) ([]url.Values, error) {
	references, err := encodeReferences(s.references)
	if err != nil {
		return nil, badField(s.name+".ExternalReferences", err.Error())
	}
	all, err := s.filter.walks(base, path, s.persons, references, delta)
	if err != nil {
		return nil, badField(s.name, err.Error())
	}
	return all, nil
}

// listOf is the list of the records at a path. The name is the collection's in errors and traces.
func listOf[T any, Q query](name, path string) rest.List[T, Q] {
	return rest.List[T, Q]{
		Op: rest.Op{Name: "list " + name, Class: transport.Safe, Method: http.MethodGet, Path: path},
		Queries: func(base *url.URL, q Q) ([]url.Values, error) {
			s, err := q.selection()
			if err != nil {
				return nil, err
			}
			return s.walks(base, path, false)
		},
		Cursor: Q.position,
		Decode: decodePage[T],
	}
}

// getOf reads the record at a path with one place for its id or reference.
func getOf(name, path string) rest.Op {
	return rest.Op{Name: "get " + name, Class: transport.Safe, Method: http.MethodGet, Path: path}
}

// byID reads a record by its id in Protime.
func byID[T any](ctx context.Context, c *rest.Client, op rest.Op, id int64, references []ReferenceName) (T, error) {
	names, err := encodeReferences(references)
	if err != nil {
		err = badField("references", err.Error())
	}
	if err := cmp.Or(checkID(id), err); err != nil {
		return *new(T), err
	}
	return rest.Get[T](ctx, c, op, params{ExternalReferences: names}, strconv.FormatInt(id, 10))
}

func checkID(id int64) error {
	if id < 1 {
		return badField("id", fmt.Sprintf("is %d: ids begin at 1", id))
	}
	return nil
}

// byRef reads a record by its id, or by an external reference on the collection.
func byRef[T any](ctx context.Context, c *rest.Client, op rest.Op, collection string, ref Ref, references []ReferenceName) (T, error) {
	segment, query, err := pathRef("ref", collection, ref, references)
	if err != nil {
		return *new(T), err
	}
	return rest.Get[T](ctx, c, op, query, segment)
}

// pathRef returns the path segment that stands for an object, and the parameters that say how
// to read it.
func pathRef(field, collection string, ref Ref, references []ReferenceName) (segment string, query params, err error) {
	if err := checkRef(field, &ref); err != nil {
		return "", params{}, err
	}
	id := ""
	if ref.ID != 0 {
		id = strconv.FormatInt(ref.ID, 10)
	}
	return pathSegment(collection, id, ref.ExternalReferences, references)
}

// pathSegment is pathRef for a reference that was checked. The name of an external reference in the
// path comes first among the references; with one of its collection Protime would read an id as its
// value.
func pathSegment(collection, id string, external map[string]string, references []ReferenceName) (segment string, query params, err error) {
	segment = id
	for name, value := range external {
		own := CustomReference(collection, name)
		references = append([]ReferenceName{own}, slices.DeleteFunc(slices.Clone(references), func(r ReferenceName) bool { return r == own })...)
		segment = value
	}
	names, err := encodeReferences(references)
	if err != nil {
		return "", params{}, badField("references", err.Error())
	}
	for _, r := range references {
		if id != "" && strings.HasPrefix(string(r), collection+",") {
			return "", params{}, badField("references", fmt.Sprintf("has %.40q beside an id, which Protime would read as a value of that reference", string(r)))
		}
	}
	return segment, params{ExternalReferences: names}, nil
}

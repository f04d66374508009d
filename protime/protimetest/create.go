package protimetest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// reference is how a body points to an object: by one of the two.
type reference struct {
	ID                 json.RawMessage   `json:"id"`
	ExternalReferences map[string]string `json:"externalReferences"`
}

// newClocking is the body of a POST, in which what is missing can be told from zero. Read-only and
// unknown members are ignored.
type newClocking struct {
	Person      *reference            `json:"person"`
	Date        *worktime.Date        `json:"date"`
	Minutes     *int                  `json:"timeOfDayInMinutes"`
	Kind        *protime.ClockingKind `json:"kind"`
	Terminal    *reference            `json:"terminal"`
	Geolocation *struct {
		Longitude *float64 `json:"longitude"`
		Latitude  *float64 `json:"latitude"`
	} `json:"geolocation"`
	Reason         *reference `json:"reason"`
	IsOpen         *bool      `json:"isOpen"`
	ActivityLevels []newLevel `json:"activityLevels"`
}

type newLevel struct {
	Level              int        `json:"level"`
	ActivityDefinition *reference `json:"activityDefinition"`
}

func (s *Server) createClocking(w http.ResponseWriter, r *http.Request) *refusal {
	if _, refused := parameters(r); refused != nil {
		return refused
	}
	c, refused := s.readClocking(r)
	if refused != nil {
		return refused
	}
	return s.created(w, clockings, c)
}

// created stores a new object and answers with its Location.
func (s *Server) created(w http.ResponseWriter, collection string, object any) *refusal {
	return s.createdAt(w, "/"+collection, collection, object)
}

func (s *Server) createdAt(w http.ResponseWriter, path, collection string, object any) *refusal {
	r, err := s.store.put(collection, object)
	if err != nil {
		return badRequest("%v", err)
	}
	w.Header().Set("Location", basePath+path+"/"+r.id)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// stored stores an object in place of another and answers with 200 and no body.
func (s *Server) stored(collection string, object any) *refusal {
	if _, err := s.store.put(collection, object); err != nil {
		return badRequest("%v", err)
	}
	return nil
}

// reader collects what is wrong with a body. The shape of the vendor's validationErrors is not documented: here
// they are sentences that begin with the member.
type reader struct {
	store   *store
	invalid []string
}

// read decodes the body of a request.
func (s *Server) read(r *http.Request, into any) *reader {
	reader := &reader{store: s.store}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/json" {
		reader.invalid = []string{"the Content-Type must be application/json"}
		return reader
	}
	body, _ := io.ReadAll(r.Body) // in memory
	if err := json.Unmarshal(body, into); err != nil {
		reader.invalid = []string{"the JSON cannot be read: " + err.Error()}
	}
	return reader
}

func (r *reader) complainf(member, format string, args ...any) {
	r.invalid = append(r.invalid, member+": "+fmt.Sprintf(format, args...))
}

// readClocking makes the clocking that a body describes, or says what is wrong with it. See
// https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/post/
func (s *Server) readClocking(request *http.Request) (protime.Clocking, *refusal) {
	var n newClocking
	r := s.read(request, &n)
	if r.invalid != nil {
		return protime.Clocking{}, r.refusal()
	}
	c := protime.Clocking{Status: protime.ClockingActive}
	c.Person = r.person(n.Person)
	c.Terminal = r.ref("terminal", terminals, n.Terminal)
	r.when(&c, &n)
	r.where(&c, &n)
	r.what(&c, &n)
	return c, r.refusal()
}

func (r *reader) when(c *protime.Clocking, n *newClocking) {
	c.Date = r.day("date", n.Date)
	r.minutes("timeOfDayInMinutes", n.Minutes)
	if n.Minutes == nil {
		r.complainf("timeOfDayInMinutes", "is required")
		return
	}
	c.TimeOfDay = protime.TimeOfDay(*n.Minutes)
	c.CalculatedTimeOfDay = &c.TimeOfDay
}

// day reads a date that is required.
func (r *reader) day(member string, given *worktime.Date) worktime.Date {
	if given == nil || given.IsZero() {
		r.complainf(member, "is required")
		return worktime.Date{}
	}
	return *given
}

// period checks that a day, if it is given, is not before the first.
func (r *reader) period(member string, from, until worktime.Date) {
	if !until.IsZero() && until.Before(from) {
		r.complainf(member, "is before the first day")
	}
}

// minutes checks a time of day, if it is given.
func (r *reader) minutes(member string, given *int) {
	if given != nil && (*given < int(protime.MinTimeOfDay) || *given > int(protime.MaxTimeOfDay)) {
		r.complainf(member, "must be between -1440 and 2880")
	}
}

// refusal returns what is wrong with the body; nil if nothing is.
func (r *reader) refusal() *refusal {
	if r.invalid == nil {
		return nil
	}
	return &refusal{status: http.StatusBadRequest, invalid: r.invalid}
}

func (r *reader) where(c *protime.Clocking, n *newClocking) {
	switch g := n.Geolocation; {
	case g == nil:
	case g.Longitude == nil || *g.Longitude < -180 || *g.Longitude > 180:
		r.complainf("geolocation.longitude", "must be between -180 and 180")
	case g.Latitude == nil || *g.Latitude < -90 || *g.Latitude > 90:
		r.complainf("geolocation.latitude", "must be between -90 and 90")
	default:
		c.Geolocation = &protime.Geolocation{Longitude: *g.Longitude, Latitude: *g.Latitude}
	}
}

// what reads the kind and the members that belong to one kind.
func (r *reader) what(c *protime.Clocking, n *newClocking) {
	switch {
	case n.Kind == nil:
		r.complainf("kind", "is required")
		return
	case !slices.Contains([]protime.ClockingKind{protime.ClockingInOut, protime.ClockingReason, protime.ClockingActivity, protime.ClockingActivityEnd}, *n.Kind):
		r.complainf("kind", "'%s' is not a kind of clocking", *n.Kind)
		return
	}
	c.Kind = *n.Kind
	if (n.Reason != nil || n.IsOpen != nil) && c.Kind != protime.ClockingReason {
		r.complainf("reason", "belongs to the kind Reason, and so does isOpen")
	}
	if n.ActivityLevels != nil && c.Kind != protime.ClockingActivity {
		r.complainf("activityLevels", "belong to the kind Activity")
	}
	c.Reason, c.IsOpen = r.ref("reason", absenceDefinitions, n.Reason), n.IsOpen
	c.ActivityLevels = r.levels(n.ActivityLevels)
}

// levels reads the activities of a clocking or an assignment.
func (r *reader) levels(given []newLevel) []protime.ActivityLevel {
	var levels []protime.ActivityLevel
	for i, level := range given {
		member := fmt.Sprintf("activityLevels[%d]", i)
		if level.Level < 1 || level.ActivityDefinition == nil {
			r.complainf(member, "must have a level from 1 and an activityDefinition")
			continue
		}
		levels = append(levels, protime.ActivityLevel{
			Level:              level.Level,
			ActivityDefinition: protime.DefinitionRef{ID: r.definition(member+".activityDefinition", level.ActivityDefinition)},
		})
	}
	return levels
}

// person reads a reference that is required.
func (r *reader) person(given *reference) protime.Ref {
	if given == nil {
		r.complainf("person", "is required")
		return protime.Ref{}
	}
	return *r.ref("person", people, given)
}

// ref resolves a reference to an object whose id is an integer; nil is none.
func (r *reader) ref(member, collection string, given *reference) *protime.Ref {
	if given == nil {
		return nil
	}
	id, err := strconv.ParseInt(r.id(member, collection, given), 10, 64)
	if given.ID != nil && (err != nil || id < 1) {
		r.complainf(member+".id", "must be an integer from 1")
	}
	return &protime.Ref{ID: id}
}

// definition resolves a reference to an activity definition, whose id is a string.
func (r *reader) definition(member string, given *reference) string {
	id := r.id(member, activityDefinitions, given)
	if given.ID == nil {
		return id
	}
	var plain string
	if json.Unmarshal([]byte(id), &plain) != nil || plain == "" {
		r.complainf(member+".id", "must be a string")
	}
	return plain
}

// id returns the id that a reference has, as JSON, or that its external reference stands for.
func (r *reader) id(member, collection string, given *reference) string {
	if given.ID != nil {
		if given.ExternalReferences != nil {
			r.complainf(member, "must not have both an id and external references")
		}
		return string(given.ID)
	}
	if len(given.ExternalReferences) != 1 {
		r.complainf(member, "must have an id or one external reference")
		return ""
	}
	for name, value := range given.ExternalReferences {
		id, ok := r.store.id(collection, name, value)
		if !ok {
			r.complainf(member+".externalReferences", "nothing in %s has the %s '%s'", collection, name, value)
		}
		return id
	}
	return ""
}

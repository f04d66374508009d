package protimetest

import (
	"encoding/json"
	"fmt"
	"mime"
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
	ActivityLevels []struct {
		Level              int        `json:"level"`
		ActivityDefinition *reference `json:"activityDefinition"`
	} `json:"activityLevels"`
}

// reader collects what is wrong with a body. The shape of the vendor's validationErrors is not documented: here
// they are sentences that begin with the member.
type reader struct {
	references references
	invalid    []string
}

func (r *reader) complainf(member, format string, args ...any) {
	r.invalid = append(r.invalid, member+": "+fmt.Sprintf(format, args...))
}

// readClocking makes the clocking that a body describes, or says what is wrong with it. See
// https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/post/
func readClocking(contentType string, body []byte, known references) (protime.Clocking, []string) {
	if media, _, _ := mime.ParseMediaType(contentType); media != "application/json" {
		return protime.Clocking{}, []string{"the Content-Type must be application/json"}
	}
	var n newClocking
	if err := json.Unmarshal(body, &n); err != nil {
		return protime.Clocking{}, []string{"the JSON cannot be read: " + err.Error()}
	}
	r := &reader{references: known}
	c := protime.Clocking{Status: protime.ClockingActive}
	if n.Person == nil {
		r.complainf("person", "is required")
	} else {
		c.Person = *r.ref("person", people, n.Person)
	}
	c.Terminal = r.ref("terminal", terminals, n.Terminal)
	r.when(&c, &n)
	r.where(&c, &n)
	r.what(&c, &n)
	return c, r.invalid
}

func (r *reader) when(c *protime.Clocking, n *newClocking) {
	if n.Date == nil || n.Date.IsZero() {
		r.complainf("date", "is required")
	} else {
		c.Date = *n.Date
	}
	switch {
	case n.Minutes == nil:
		r.complainf("timeOfDayInMinutes", "is required")
	case *n.Minutes < int(protime.MinTimeOfDay) || *n.Minutes > int(protime.MaxTimeOfDay):
		r.complainf("timeOfDayInMinutes", "must be between -1440 and 2880")
	default:
		c.TimeOfDay = protime.TimeOfDay(*n.Minutes)
		c.CalculatedTimeOfDay = pointerTo(&c.TimeOfDay)
	}
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
	case !knownKind(*n.Kind):
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
	for i, level := range n.ActivityLevels {
		member := fmt.Sprintf("activityLevels[%d]", i)
		if level.Level < 1 || level.ActivityDefinition == nil {
			r.complainf(member, "must have a level from 1 and an activityDefinition")
			continue
		}
		c.ActivityLevels = append(c.ActivityLevels, protime.ActivityLevel{
			Level:              level.Level,
			ActivityDefinition: protime.DefinitionRef{ID: r.definition(member+".activityDefinition", level.ActivityDefinition)},
		})
	}
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
		id, ok := r.references.id(collection, name, value)
		if !ok {
			r.complainf(member+".externalReferences", "nothing in %s has the %s '%s'", collection, name, value)
		}
		return id
	}
	return ""
}

package protime

import (
	"cmp"
	"context"
	"iter"
	"net/http"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Clocking is a person's registration at a terminal or by another way: in or out, a reason,
// or the beginning or end of an activity. Dates and times are the tenant's wall clock.
//
// See https://documentation.myprotime.eu/protimeapi/concepts/clocking-model/
type Clocking struct {
	// ChangeVersion orders the states of one clocking: compare as text, the larger is newer.
	ChangeVersion string        `json:"changeVersion,omitzero"`
	ID            int64         `json:"id,omitzero"`
	Person        Ref           `json:"person"`
	Date          worktime.Date `json:"date,omitzero"`
	// TimeOfDay is in minutes, -1440 to 2880. It may lie on another day than Date, and both
	// may differ from what was posted: the schedule decides to which day a clocking belongs.
	TimeOfDay TimeOfDay `json:"timeOfDayInMinutes"`
	// OriginalTimeOfDay is what was clocked before somebody edited it; nil if nobody did.
	OriginalTimeOfDay *TimeOfDay `json:"originalTimeOfDayInMinutes,omitempty"`
	// CalculatedTimeOfDay is what the system makes of it, after rounding for example.
	CalculatedTimeOfDay *TimeOfDay `json:"calculatedTimeOfDayInMinutes,omitempty"`
	// IsGenerated: made by the system.
	IsGenerated bool           `json:"isGenerated"`
	Terminal    *Ref           `json:"terminal,omitempty"`
	Geolocation *Geolocation   `json:"geolocation,omitempty"`
	Kind        ClockingKind   `json:"kind,omitzero"`
	Status      ClockingStatus `json:"status,omitzero"`
	// Reason is an absence definition; with kind Reason.
	Reason *Ref `json:"reason,omitempty"`
	// IsOpen belongs to kind Reason; nil if not sent.
	IsOpen *bool `json:"isOpen,omitempty"`
	// ActivityLevels belong to kind Activity.
	ActivityLevels []ActivityLevel `json:"activityLevels,omitempty"`
}

func (c Clocking) version() (int64, string) { return c.ID, c.ChangeVersion }

// ClockingKind is what a clocking registers. Unknown values are kept as they are.
type ClockingKind string

// The kinds of a clocking.
const (
	ClockingInOut       ClockingKind = "InOut"       // coming or going
	ClockingReason      ClockingKind = "Reason"      // going for a reason
	ClockingActivity    ClockingKind = "Activity"    // beginning an activity
	ClockingActivityEnd ClockingKind = "ActivityEnd" // ending it
)

// ClockingStatus is the state of a clocking. Unknown values are kept as they are.
type ClockingStatus string

// The states of a clocking. A deleted one stays, and is listed with the others.
const (
	ClockingUnknown ClockingStatus = "Unknown"
	ClockingActive  ClockingStatus = "Active"
	ClockingDeleted ClockingStatus = "Deleted"
)

// Geolocation is a place in degrees.
type Geolocation struct {
	Longitude float64 `json:"longitude"` // -180 to 180
	Latitude  float64 `json:"latitude"`  // -90 to 90
}

// ActivityLevel is the activity on one level of the activity structure.
type ActivityLevel struct {
	Level              int           `json:"level"` // from 1
	ActivityDefinition DefinitionRef `json:"activityDefinition"`
}

// NewClocking is a clocking to be created. Person, Date, TimeOfDay and Kind are required. They, and the
// form of all references, are checked before anything is sent; the rest is for Protime to judge.
type NewClocking struct {
	Person Ref           `json:"person"`
	Date   worktime.Date `json:"date"`
	// TimeOfDay is in minutes, -1440 to 2880. Send what the clock showed, 0 to 1439, on its
	// own date, also for night shifts; values beyond override the schedule.
	TimeOfDay      TimeOfDay       `json:"timeOfDayInMinutes"`
	Kind           ClockingKind    `json:"kind"`
	Terminal       *Ref            `json:"terminal,omitempty"`
	Geolocation    *Geolocation    `json:"geolocation,omitempty"`
	Reason         *Ref            `json:"reason,omitempty"` // with kind Reason
	IsOpen         *bool           `json:"isOpen,omitempty"` // with kind Reason
	ActivityLevels []ActivityLevel `json:"activityLevels,omitempty"`
}

func (n NewClocking) check() error {
	if err := checkRef("NewClocking.Person", &n.Person); err != nil {
		return err
	}
	switch {
	case n.Date.IsZero():
		return badField("NewClocking.Date", "is required")
	case n.Kind == "":
		return badField("NewClocking.Kind", "is required")
	}
	return cmp.Or(
		checkTimeOfDay("NewClocking.TimeOfDay", &n.TimeOfDay),
		checkRef("NewClocking.Terminal", n.Terminal),
		checkRef("NewClocking.Reason", n.Reason),
		checkActivityLevels("NewClocking.ActivityLevels", n.ActivityLevels),
	)
}

// ClockingQuery selects clockings. All conditions that are set must hold. A list of
// persons that is too long for one request is split; the clockings then come in the
// order of the list. Deleted clockings are listed too: see [Clocking.Status].
type ClockingQuery struct {
	// From is required; it and To are included and at most 366 days apart. Without To
	// everything from From on is listed.
	From, To worktime.Date
	// Persons are ids in Protime; nil for all. Duplicates are dropped.
	Persons []int64
	// Circles and OrgGroups select the persons in them; nil for no such condition.
	Circles   []int64
	OrgGroups []int64
	// Kinds to list; nil for all.
	Kinds []ClockingKind
	// ExternalReferences to have in the answers: of people, terminals, activity-definitions
	// and absence-definitions.
	ExternalReferences []ReferenceName
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q ClockingQuery) position() worktime.Cursor { return q.Cursor }

func (q ClockingQuery) selection() (selection, error) {
	period := PeriodQuery{q.From, q.To, q.Persons, q.Circles, q.OrgGroups, q.ExternalReferences, q.Cursor}
	s, err := period.named("ClockingQuery")
	if err != nil {
		return s, err
	}
	if err := anyOf(&s.filter, "kind", q.Kinds); err != nil {
		return s, badField("ClockingQuery.Kinds", err.Error())
	}
	return s, nil
}

// ClockingService reads and creates clockings. It needs [ScopeClockingsRead], and
// [ScopeClockingsWrite] to create.
type ClockingService struct{ client *rest.Client }

const clockingsPath = "/clockings"

var (
	listClockings     = listOf[Clocking, ClockingQuery]("clockings", clockingsPath)
	changesOfClocking = feedOf[Clocking, ClockingQuery]("clockings", clockingsPath)
	getClocking       = getOf("clocking", clockingsPath+"/{id}")
	createClocking    = rest.Op{Name: "create clocking", Class: transport.Once, Method: http.MethodPost, Path: clockingsPath, NoBody: true}
)

// All walks the clockings that q selects, page after page. An error ends the loop; items
// before it may have come. What is wrong with q is a [worktime.FieldError], everything else a
// [worktime.Error] or a [worktime.AuthError].
//
// See [GET /clockings].
//
// [GET /clockings]: https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/get-list/
//
//api:op GET /clockings
func (s *ClockingService) All(ctx context.Context, q ClockingQuery) iter.Seq2[Clocking, error] {
	return rest.All(ctx, s.client, listClockings, q)
}

// Pages is [ClockingService.All] by pages, each with the cursor of the position after it. Errors
// are the same; no page comes with one.
//
// See [GET /clockings].
//
// [GET /clockings]: https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/get-list/
//
//api:op GET /clockings
func (s *ClockingService) Pages(ctx context.Context, q ClockingQuery) iter.Seq2[worktime.Page[Clocking], error] {
	return rest.Pages(ctx, s.client, listClockings, q)
}

// Get returns one clocking, with the external references that are named. A clocking that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /clockings/{id}].
//
// [GET /clockings/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/get/
//
//api:op GET /clockings/{id}
func (s *ClockingService) Get(ctx context.Context, id int64, references ...ReferenceName) (Clocking, error) {
	return byID[Clocking](ctx, s.client, getClocking, id, references)
}

// Changes walks the changes of clockings from cursor on. An empty cursor begins an initial load:
// all that q selects, page after page. The cursor after its last page polls: one page with
// what changed since, which may be empty, because its cursor has moved. Save each page
// together with its cursor, and go on from there within 72 hours; [ErrDeltaExpired] means
// a new initial load. Protime keeps one delta per collection: a new one ends the other.
//
// The query must be the same throughout, must not select persons, and begins at 1 January of last
// year at the earliest. A clocking that a user deletes comes as [ChangeInsertOrUpdate]
// with [ClockingDeleted]. See [GET /clockings?delta].
//
// [GET /clockings?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/delta/
//
//api:op GET /clockings?delta
func (s *ClockingService) Changes(ctx context.Context, cursor worktime.Cursor, q ClockingQuery) iter.Seq2[worktime.Page[Change[Clocking]], error] {
	return changes(ctx, s.client, changesOfClocking, cursor, q)
}

// Create books a clocking and returns its id. It is sent again only if Protime provably
// did not book it. [worktime.ErrUnknownOutcome] means that it may have been booked: look
// at [ClockingService.Candidates] before booking again.
//
// See [POST /clockings].
//
// [POST /clockings]: https://documentation.myprotime.eu/protimeapi/reference/collections/clockings/post/
//
//api:op POST /clockings
func (s *ClockingService) Create(ctx context.Context, clocking NewClocking) (int64, error) {
	if err := clocking.check(); err != nil {
		return 0, err
	}
	var id int64
	err := s.client.Send(ctx, createClocking, nil, clocking, func(a rest.Answer) (err error) {
		id, err = createdID(s.client, a)
		return err
	})
	return id, err
}

// Candidates lists the clockings that may have come of a Create with an unknown outcome: of the
// same person, kind and time of day, on the same date or a day beside it, not deleted. They
// are candidates and no answer, for two reasons: an equal clocking may have been booked by
// somebody else, and one that is still being processed may not be listed yet, so that none found
// does not prove that nothing was booked. Call it after a pause of some seconds, with a
// context that has time left, and let a person or a rule of yours decide.
func (s *ClockingService) Candidates(ctx context.Context, sent NewClocking) ([]Clocking, error) {
	if err := sent.check(); err != nil {
		return nil, err
	}
	q := ClockingQuery{From: sent.Date.AddDays(-1), To: sent.Date.AddDays(1), Kinds: []ClockingKind{sent.Kind}}
	if sent.Person.ID != 0 {
		q.Persons = []int64{sent.Person.ID}
	}
	for name := range sent.Person.ExternalReferences {
		q.ExternalReferences = []ReferenceName{CustomReference("people", name)} // filters take ids only
	}
	var found []Clocking
	for c, err := range s.All(ctx, q) {
		if err != nil {
			return found, err
		}
		if c.Kind == sent.Kind && c.Status != ClockingDeleted && samePerson(c.Person, sent.Person) && sent.sameTime(c) {
			found = append(found, c)
		}
	}
	return found, nil
}

func samePerson(got, sent Ref) bool {
	for name, value := range sent.ExternalReferences {
		return got.ExternalReferences[name] == value
	}
	return got.ID == sent.ID
}

// sameTime: the same minutes, or the same moment with the date moved to another day.
func (n NewClocking) sameTime(c Clocking) bool {
	return c.TimeOfDay == n.TimeOfDay ||
		c.Date.AddDays(c.TimeOfDay.day()) == n.Date.AddDays(n.TimeOfDay.day()) && c.TimeOfDay.String()[:5] == n.TimeOfDay.String()[:5]
}

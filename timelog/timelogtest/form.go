package timelogtest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// layout is that of the site's local times.
const layout = "2006-01-02T15:04:05"

// form reads a body by the names of its members and collects what is wrong with it. Members that it is not asked
// for are ignored.
type form struct {
	values  map[string]json.RawMessage
	invalid []string
}

// form reads the body, in which the named members must be.
func (c *call) form(required ...string) *form {
	f := &form{}
	if media, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); media != "application/json" {
		f.invalid = []string{"The Content-Type must be application/json."}
		return f
	}
	if json.Unmarshal(c.body, &f.values) != nil || f.values == nil {
		f.invalid = []string{"The body could not be read as JSON."}
		return f
	}
	for _, name := range required {
		switch value := string(f.values[name]); value {
		case "", "null", `""`, "0", "0.0", `"0001-01-01T00:00:00"`:
			f.invalid = append(f.invalid, mustNotBeEmpty(name))
		}
	}
	return f
}

func mustNotBeEmpty(name string) string { return "'" + name + "' must not be empty." }

// refused returns the answer if something is wrong.
func (f *form) refused() *refusal {
	if len(f.invalid) == 0 {
		return nil
	}
	return invalid(f.invalid...)
}

// has reports whether a member is there and not null.
func (f *form) has(name string) bool {
	value := f.values[name]
	return value != nil && string(value) != "null"
}

// read returns a member; the zero value if it is not there.
func read[T any](f *form, name string) T {
	var value T
	if f.has(name) && json.Unmarshal(f.values[name], &value) != nil {
		f.complain(name)
	}
	return value
}

// complain says that a member has a value that cannot be.
func (f *form) complain(name string) {
	f.invalid = append(f.invalid, "The value of '"+name+"' is not valid.")
}

func (f *form) text(name string) string    { return read[string](f, name) }
func (f *form) id(name string) int64       { return read[int64](f, name) }
func (f *form) number(name string) float64 { return read[float64](f, name) }
func (f *form) flag(name string) bool      { return read[bool](f, name) }

// among is an enum with the values from one to another.
func (f *form) among(name string, from, to int) int {
	value := read[int](f, name)
	if f.has(name) && (value < from || value > to) {
		f.complain(name)
	}
	return value
}

// time is a local time; empty if it is not there. The year 1 means no value, and validators reject it.
func (f *form) time(name string) string {
	text := f.text(name)
	if text == "" {
		return ""
	}
	if len(text) == len(time.DateOnly) {
		text += "T00:00:00"
	}
	if at, err := time.Parse(layout, text); err != nil || at.Year() == 1 {
		if !slices.Contains(f.invalid, mustNotBeEmpty(name)) {
			f.complain(name)
		}
		return ""
	}
	return text
}

// day is the day of a local time.
func (f *form) day(name string) worktime.Date {
	text, _, _ := strings.Cut(f.time(name), "T")
	day, err := worktime.ParseDate(text)
	if err != nil {
		return worktime.Date{} // was complained of, or is not there
	}
	return day
}

// day is a day in the query.
func (c *call) day(name string) (worktime.Date, *refusal) {
	text := c.query.Get(name)
	if text == "" {
		return worktime.Date{}, invalid(mustNotBeEmpty(name))
	}
	if len(text) == len(time.DateOnly) {
		text += "T00:00:00"
	}
	at, err := time.Parse(layout, text)
	if err != nil || at.Year() == 1 {
		return worktime.Date{}, notANumber(name, text)
	}
	return worktime.DateOf(at), nil
}

// midnight is a day as the vendor writes it; the zero day is the year 1, which means no value.
func midnight(day worktime.Date) string {
	if day.IsZero() {
		return "0001-01-01T00:00:00"
	}
	return day.String() + "T00:00:00"
}

// now is the present local time of the site, whose zone is UTC.
func now() string { return time.Now().UTC().Format(layout) }

// CreateAnswer is where an answer has the id of what was created.
type CreateAnswer int

// The places that clients have to look at.
const (
	// IDInLink: the create model comes back, and the link self ends in the id.
	IDInLink CreateAnswer = iota
	// IDInProperties: the create model comes back with the id in it, without links.
	IDInProperties
	// IDAtTop: the create model comes back with the id in it, without an envelope.
	IDAtTop
	// NoID: the create model comes back as the vendor's reference shows it, without an id.
	NoID
)

// created answers with the create model that was sent.
func (c *call) created(path, name string, id int64) any {
	var model object
	_ = json.Unmarshal(c.body, &model) // was read already
	e := entity{Properties: model, Links: []link{}, Actions: []object{}}
	switch c.server.settings.created {
	case IDInLink:
		e = c.row(path, id, model)
	case IDInProperties:
		model[name] = id
	case IDAtTop:
		model[name] = id
		return bare{model}
	case NoID:
	}
	return e
}

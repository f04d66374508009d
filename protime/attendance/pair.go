package attendance

import (
	"cmp"
	"slices"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

const (
	// LongestSpan is how many minutes may lie between a coming and its going. In the European Union people have 11 hours of rest
	// in each 24 (Directive 2003/88/EC, article 3), which leaves 13.
	LongestSpan = 13 * 60
	// DoubleRead is how many minutes two readings of a badge may be apart to be one.
	DoubleRead = 1
)

// Span is a time at work: from a clocking to the one that ended it. One of the two may be missing, never both.
type Span struct {
	Person int64 // id in Protime
	// In is the coming; nil if there is a going only.
	In *protime.Clocking
	// Out is the going; nil if there is none. Out.Reason says why, if it is of kind Reason.
	Out *protime.Clocking
}

// Start returns when the span began; the zero Moment if that is missing.
func (s Span) Start() Moment { return momentOf(s.In) }

// End returns when the span ended; the zero Moment if that is missing.
func (s Span) End() Moment { return momentOf(s.Out) }

// Date returns the day that the span counts for: the Date of the coming, or of the going if that is all there is.
func (s Span) Date() worktime.Date {
	if c := s.first(); c != nil {
		return c.Date
	}
	return worktime.Date{}
}

// Paired reports whether coming and going are there.
func (s Span) Paired() bool { return s.In != nil && s.Out != nil }

// Minutes returns how long the span is on the clock, 0 to [LongestSpan]; 0 if it is not paired.
func (s Span) Minutes() int {
	if !s.Paired() {
		return 0
	}
	return s.End().Sub(s.Start())
}

func (s Span) first() *protime.Clocking { return cmp.Or(s.In, s.Out) }

func momentOf(c *protime.Clocking) Moment {
	if c == nil {
		return Moment{}
	}
	return MomentOf(c.Date, c.TimeOfDay)
}

// Pair makes spans of clockings by the rules of the package, sorted by person and then by the clock. The clockings may be in
// any order and of any number of persons; they are neither changed nor kept. Those without a date are left out.
func Pair(clockings []protime.Clocking) []Span {
	var spans []Span
	var last *protime.Clocking // that came or went
	open := false              // last is the coming of the last span
	for _, c := range inOrder(clockings) {
		if last != nil && last.Person.ID != c.Person.ID {
			last, open = nil, false
		}
		gap := 0
		if last != nil {
			gap = momentOf(c).Sub(momentOf(last))
		}
		if last != nil && gap <= DoubleRead && last.Kind == protime.ClockingInOut && c.Kind == protime.ClockingInOut {
			continue
		}
		switch ends := open && gap <= LongestSpan; {
		case ends:
			spans[len(spans)-1].Out, open = c, false
		case c.Kind == protime.ClockingReason:
			spans, open = append(spans, Span{Person: c.Person.ID, Out: c}), false
		default:
			spans, open = append(spans, Span{Person: c.Person.ID, In: c}), true
		}
		last = c
	}
	return spans
}

// inOrder returns copies of the clockings that count, by person and then by the clock. The order of what is the same on the clock
// is fixed too, so that the result does not depend on that of the input.
func inOrder(clockings []protime.Clocking) []*protime.Clocking {
	newest := map[int64]*protime.Clocking{} // by id
	rows := make([]*protime.Clocking, 0, len(clockings))
	for _, c := range clockings {
		if c.ID == 0 { // not told: cannot be a state of another
			rows = append(rows, &c)
		} else if known := newest[c.ID]; known == nil || compareStates(&c, known) > 0 {
			newest[c.ID] = &c
		}
	}
	for _, c := range newest {
		rows = append(rows, c)
	}
	rows = slices.DeleteFunc(rows, func(c *protime.Clocking) bool {
		return c.Status == protime.ClockingDeleted || momentOf(c) == Moment{} ||
			c.Kind != protime.ClockingInOut && c.Kind != protime.ClockingReason
	})
	slices.SortFunc(rows, func(a, b *protime.Clocking) int {
		return cmp.Or(cmp.Compare(a.Person.ID, b.Person.ID), momentOf(a).Compare(momentOf(b)), cmp.Compare(a.ID, b.ID), compareStates(a, b))
	})
	return rows
}

// compareStates orders the states of a clocking by their age, and those of the same age in some way that is always the same.
func compareStates(a, b *protime.Clocking) int {
	return cmp.Or(
		cmp.Compare(a.ChangeVersion, b.ChangeVersion), a.Date.Compare(b.Date), cmp.Compare(a.TimeOfDay, b.TimeOfDay),
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Person.ID, b.Person.ID),
	)
}

package attendance

import (
	"cmp"
	"slices"

	"github.com/worktime-go/worktime"
)

// Day is what one person worked on one day.
type Day struct {
	Person int64 // id in Protime
	Date   worktime.Date
	Spans  []Span // in the order of the clock, at least one
}

// Days groups spans, sorted by date and then by person. Days without a span are not among them.
func Days(spans []Span) []Day {
	type key struct {
		date   worktime.Date
		person int64
	}
	grouped := map[key][]Span{}
	for _, s := range spans {
		k := key{s.Date(), s.Person}
		grouped[k] = append(grouped[k], s)
	}
	days := make([]Day, 0, len(grouped))
	for k, spans := range grouped {
		slices.SortStableFunc(spans, func(a, b Span) int { return momentOf(a.first()).Compare(momentOf(b.first())) })
		days = append(days, Day{k.person, k.date, spans})
	}
	slices.SortFunc(days, func(a, b Day) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Person, b.Person))
	})
	return days
}

// Worked returns the minutes of the spans together, breaks not among them.
func (d Day) Worked() int {
	minutes := 0
	for _, s := range d.Spans {
		minutes += s.Minutes()
	}
	return minutes
}

// Breaks returns the minutes between the spans of the day, as far as both ends of a break are known.
func (d Day) Breaks() int {
	minutes := 0
	for i := 1; i < len(d.Spans); i++ {
		if before, after := d.Spans[i-1], d.Spans[i]; before.Out != nil && after.In != nil {
			minutes += after.Start().Sub(before.End())
		}
	}
	return minutes
}

// Unpaired returns how many spans of the day lack their coming or their going.
func (d Day) Unpaired() int {
	n := 0
	for _, s := range d.Spans {
		if !s.Paired() {
			n++
		}
	}
	return n
}

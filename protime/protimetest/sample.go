package protimetest

import (
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// SampleClockings returns the clockings of a small company in the two weeks from a date on, always the same for
// the same date, for [WithClockings]. Four persons (1 to 4) clock in and out with a break, person 5 works at night, and
// person 6 clocks activities at customers'. Among them are a visit to a doctor, a correction, and a clocking that was
// deleted and one that the system made. All have badge and employee numbers.
func SampleClockings(from worktime.Date) []protime.Clocking {
	var b sample
	for day := range 14 {
		b.date, b.day = from.AddDays(day), day
		b.weekend = b.date.Weekday() == time.Saturday || b.date.Weekday() == time.Sunday
		for b.person = 1; b.person <= 6; b.person++ {
			b.work()
		}
		if !b.weekend {
			b.workday++
		}
	}
	return b.rows
}

// sample builds the rows.
type sample struct {
	rows []protime.Clocking

	// Of the next row:
	person  int64
	date    worktime.Date
	day     int // from 0
	workday int // from 0, Monday to Friday
	weekend bool

	nights int  // how many began
	manual bool // the end of the last is clocked already
}

func sampleBadges() []string {
	return []string{"6767676", "6767681", "6767702", "6767719", "6767733", "6767740"}
}

// add appends a clocking, with the time rounded by the system to five minutes, and returns it.
func (b *sample) add(minutes protime.TimeOfDay, kind protime.ClockingKind) *protime.Clocking {
	badges := sampleBadges()
	calculated := (minutes + 2) / 5 * 5
	b.rows = append(b.rows, protime.Clocking{
		Person: protime.Ref{ID: b.person, ExternalReferences: map[string]string{
			"@badge-number":    badges[b.person-1],
			"@employee-number": "E-482" + string(rune('0'+b.person)),
		}},
		Date: b.date, TimeOfDay: minutes, CalculatedTimeOfDay: &calculated, Kind: kind,
		Status:   protime.ClockingActive,
		Terminal: &protime.Ref{ID: 42, ExternalReferences: map[string]string{"@external-code": "GATE-A"}},
	})
	return &b.rows[len(b.rows)-1]
}

// drift is some minutes, different for each person and day.
func (b *sample) drift(n int) protime.TimeOfDay {
	return protime.TimeOfDay((int(b.person)*37 + b.day*53 + n*29) % 23)
}

// work is one day of one person.
func (b *sample) work() {
	switch {
	case b.person == 5:
		b.night()
	case b.weekend:
	case b.person == 6:
		b.outside()
	case b.person == 3 && b.workday == 7:
		b.doctor()
	default:
		b.office()
	}
}

// office: in, a break, out. Sometimes somebody forgets to go out, clocks twice or is corrected.
func (b *sample) office() {
	b.add(8*60+b.drift(0), protime.ClockingInOut)
	b.add(12*60+b.drift(1), protime.ClockingInOut)
	b.add(12*60+30+b.drift(2), protime.ClockingInOut)
	if b.person == 2 && b.workday == 3 {
		b.add(12*60+31+b.drift(2), protime.ClockingInOut).Status = protime.ClockingDeleted
	}
	out := b.add(16*60+40+b.drift(3), protime.ClockingInOut)
	switch {
	case b.person == 4 && b.workday == 1:
		original := out.TimeOfDay
		out.OriginalTimeOfDay = &original
		out.TimeOfDay += 45
		*out.CalculatedTimeOfDay = out.TimeOfDay
	case b.person == 1 && b.workday == 8:
		out.IsGenerated, out.Terminal = true, nil
	}
}

// doctor: leaves in the afternoon and stays away.
func (b *sample) doctor() {
	b.add(8*60+b.drift(0), protime.ClockingInOut)
	reason := b.add(14*60+b.drift(1), protime.ClockingReason)
	reason.Reason = &protime.Ref{ID: 12, ExternalReferences: map[string]string{"@absence-code": "DOC"}}
	open := true
	reason.IsOpen = &open
}

// night begins on four evenings a week and ends on the next morning, which is a clocking of its own date; once it was
// entered by hand on the evening's.
func (b *sample) night() {
	begins := func(weekday time.Weekday) bool { return weekday >= time.Monday && weekday <= time.Thursday }
	if begins((b.date.Weekday()+6)%7) && b.nights > 0 && !b.manual {
		b.add(6*60+b.drift(0)%10, protime.ClockingInOut)
	}
	b.manual = false
	if !begins(b.date.Weekday()) {
		return
	}
	b.nights++
	b.add(22*60-b.drift(1)%10, protime.ClockingInOut)
	if b.nights == 2 {
		b.manual = true
		b.add(24*60+6*60, protime.ClockingInOut).Terminal = nil
	}
}

// outside: works at customers' and clocks activities on a phone.
func (b *sample) outside() {
	place := protime.Geolocation{Longitude: 4.392225, Latitude: 51.144127}
	definition := []protime.DefinitionRef{
		{ID: "38fc2206-6c1d-4c55-9a2e-0f5f6d1b7a01", ExternalReferences: map[string]string{"@data-entry-code": "INSTALL"}},
		{ID: "b1f0a7de-52e4-4d0f-8f63-7a1c9be0c402", ExternalReferences: map[string]string{"@data-entry-code": "REPAIR"}},
	}[b.day%2]
	first := len(b.rows)
	b.add(7*60+30+b.drift(0), protime.ClockingInOut)
	b.add(8*60+15+b.drift(1), protime.ClockingActivity).ActivityLevels = []protime.ActivityLevel{{Level: 1, ActivityDefinition: definition}}
	b.add(15*60+b.drift(2), protime.ClockingActivityEnd)
	b.add(15*60+50+b.drift(3), protime.ClockingInOut)
	for i := first; i < len(b.rows); i++ {
		at := place
		b.rows[i].Terminal, b.rows[i].Geolocation = nil, &at
	}
}

package timeneyetest

import (
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
)

// WithSample adds a small agency: the Owner 42, an Admin and three Members, four projects with their phases, one of
// which is closed, and the entries of the two weeks from a date on. They are always the same for the same date.
func WithSample(from worktime.Date) Option {
	return func(s *settings) {
		s.users = append(s.users, User{42, Owner}, User{43, Admin}, User{44, Member}, User{45, Member}, User{46, Member})
		s.projects = append(s.projects, sampleProjects()...)
		s.entries = append(s.entries, sampleEntries(from)...)
	}
}

func sampleProjects() []timeneye.Project {
	budget := func(minutes int) *int { return &minutes }
	phase := func(id int64, name string) timeneye.Phase {
		return timeneye.Phase{ID: id, Name: name, IsOpen: true, CategoryID: id % 10}
	}
	projects := []timeneye.Project{
		{ID: 310, Name: "Website", Phases: []timeneye.Phase{phase(771, "Design"), phase(772, "Development"), phase(773, "Content")}},
		{ID: 311, Name: "Mobile app", Phases: []timeneye.Phase{phase(781, "Design"), phase(782, "Development"), phase(784, "Testing")}},
		{ID: 312, Name: "Annual report", Phases: []timeneye.Phase{phase(793, "Writing"), phase(795, "Print")}},
		{ID: 313, Name: "Internal", Phases: []timeneye.Phase{phase(806, "Meetings"), phase(807, "Administration")}},
	}
	projects[0].Phases[0].BudgetMinutes = budget(1200)
	projects[0].Phases[1].BudgetMinutes = budget(9600)
	projects[2].Phases[1].IsOpen = false
	return projects
}

// sampleEntries are two or three a day for each person, on Monday to Friday.
func sampleEntries(from worktime.Date) []timeneye.Entry {
	places := [][3]int64{{310, 771, 15}, {310, 772, 15}, {311, 782, 16}, {312, 793, 17}, {311, 784, 16}} // project, phase, client
	notes := []string{"Workshop with the client", "Review", "", "Implementation"}
	var entries []timeneye.Entry
	for i := range 14 {
		day := from.AddDays(i)
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			continue
		}
		for user := range 5 {
			first := 150 + 15*((user*7+i*5)%8)
			minutes := []int{first, 435 - first + 15*(i%3), 30}
			for n, m := range minutes[:2+(user+i)%2] {
				place := places[(user+n)%len(places)]
				if n == 2 {
					place = [3]int64{313, 806, 0}
				}
				at := time.Date(day.Year(), day.Month(), day.Day(), 9+3*n, 5*user, 0, 0, time.UTC)
				entries = append(entries, timeneye.Entry{
					ID: int64(9001 + len(entries)), UserID: int64(42 + user), ProjectID: place[0], PhaseID: place[1], ClientID: place[2],
					Date: day, Minutes: m, Notes: notes[(user+i+n)%4], Billed: i < 4 && n == 0,
					Cost: timeneye.Decimal(fmt.Sprintf("%d.%02d", m/2, m%2*50)), Revenue: timeneye.Decimal(fmt.Sprintf("%d.00", m)),
					Profit:  timeneye.Decimal(fmt.Sprintf("%d.%02d", m/2, m%2*50)),
					Created: at, Updated: at.Add(time.Duration(i) * time.Minute),
				})
			}
		}
	}
	return entries
}

package main

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

//go:embed page.html
var pageTemplate string

func titles() map[string]string {
	return map[string]string{"protime": "Protime", "timelog": "TimeLog", "timeneye": "Timeneye"}
}

// page is what the template shows.
type page struct {
	Period, Total, By string
	People            int
	Providers         []legend
	Failed            string
	Weeks             []week
	Lines             []pageLine // if they are not by day: days stand in the weeks
	Missing           []pageLine
}

type legend struct{ Class, Title, Total string }

type pageLine struct {
	line
	Worked string
}

type week struct {
	Number int
	Period string
	Chart  chart
	Days   []weekDay
	Rows   []weekRow
	Total  string
}

type weekDay struct{ Name, Number, Total string }

type weekRow struct {
	Class, Person, Total string
	Cells                []cell
}

type cell struct {
	Worked  string
	Missing string
}

// writePage writes one page that needs nothing else: no script, no font, no network.
func (s sheet) writePage(w io.Writer) error {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return err
	}
	return t.Execute(w, s.page())
}

func (s sheet) page() page {
	p := page{Period: period(s.From, s.To), Total: clock(sum(s.Lines, all)), By: s.By}
	for _, l := range total(s.days, "person") {
		p.People++
		for _, missing := range l.Missing {
			l.Missing = []string{missing}
			p.Missing = append(p.Missing, pageLine{line: l})
		}
	}
	for _, provider := range s.present {
		minutes := sum(s.Lines, func(l line) bool { return l.Provider == provider })
		p.Providers = append(p.Providers, legend{provider, titles()[provider], clock(minutes)})
	}
	var failed []string
	for _, provider := range s.Failed {
		failed = append(failed, titles()[provider])
	}
	p.Failed = strings.Join(failed, ", ")
	most := 0
	for _, l := range s.days {
		most = max(most, sum(s.days, func(other line) bool { return other.Day == l.Day }))
	}
	for monday := firstOfWeek(s.From); !monday.After(s.To); monday = monday.AddDays(7) {
		p.Weeks = append(p.Weeks, s.week(monday, most))
	}
	if s.By != "day" {
		for _, l := range s.Lines {
			p.Lines = append(p.Lines, pageLine{l, clock(l.Minutes)})
		}
	}
	return p
}

// week draws the chart of a week and, if lines are by day, a table with a row for each person. Days on which there is nothing of
// anybody have no column, so that a week fits on a phone.
func (s sheet) week(monday worktime.Date, most int) week {
	_, number := monday.In(time.UTC).ISOWeek()
	w := week{Number: number, Period: period(monday, monday.AddDays(6))}
	lines := slices.DeleteFunc(slices.Clone(s.days), func(l line) bool { return l.Day.Before(monday) || l.Day.After(monday.AddDays(6)) })
	w.Chart = newChart(lines, s.present, monday, most)
	w.Total = clock(sum(lines, all))
	if s.By != "day" {
		return w
	}
	people := total(lines, "person")
	for _, p := range people {
		w.Rows = append(w.Rows, weekRow{Class: p.Provider, Person: p.Person, Total: clock(p.Minutes)})
	}
	for i := range 7 {
		day := monday.AddDays(i)
		if !slices.ContainsFunc(lines, func(l line) bool { return l.Day == day }) {
			continue
		}
		at := day.In(time.UTC)
		w.Days = append(w.Days, weekDay{at.Format("Mon"), at.Format("2"), ""})
		if minutes := sum(lines, func(l line) bool { return l.Day == day }); minutes > 0 {
			w.Days[len(w.Days)-1].Total = clock(minutes)
		}
		for row, p := range people {
			var c cell
			for _, l := range lines {
				if l.Day != day || l.Provider != p.Provider || l.PersonID != p.PersonID {
					continue
				}
				c.Missing = strings.Join(l.Missing, "; ")
				if l.Minutes > 0 || c.Missing == "" {
					c.Worked = clock(l.Minutes)
				}
			}
			w.Rows[row].Cells = append(w.Rows[row].Cells, c)
		}
	}
	return w
}

// period writes two days with a month and a year that are not said twice.
func period(from, to worktime.Date) string {
	layout := "2 January 2006"
	switch {
	case from.Year() == to.Year() && from.Month() == to.Month():
		layout = "2"
	case from.Year() == to.Year():
		layout = "2 January"
	}
	return from.In(time.UTC).Format(layout) + " – " + to.In(time.UTC).Format("2 January 2006")
}

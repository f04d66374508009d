package main

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/worktime-go/worktime"
)

// line is time of one person, in the words of no provider.
type line struct {
	Provider  string        `json:"provider"`
	PersonID  int64         `json:"personId"`
	Person    string        `json:"person"`
	Day       worktime.Date `json:"day,omitzero"`
	ProjectID int64         `json:"projectId,omitzero"` // 0 where the vendor has no projects
	Project   string        `json:"project,omitzero"`
	Minutes   int           `json:"minutes"`
	// Missing says which clockings lack their other end. They are no part of Minutes.
	Missing []string `json:"missing,omitempty"`
}

// total adds lines up: by person, by day and person, or by project and person.
func total(lines []line, by string) []line {
	type key struct {
		provider        string
		person, project int64
		day             worktime.Date
	}
	sums := map[key]*line{}
	for _, l := range lines {
		if by != "day" {
			l.Day = worktime.Date{}
		}
		if by != "project" {
			l.ProjectID, l.Project = 0, ""
		}
		k := key{l.Provider, l.PersonID, l.ProjectID, l.Day}
		sum := sums[k]
		if sum == nil {
			l.Missing = slices.Clone(l.Missing)
			sums[k] = &l
			continue
		}
		sum.Minutes += l.Minutes
		sum.Missing = append(sum.Missing, l.Missing...)
	}
	out := make([]line, 0, len(sums))
	for _, l := range sums {
		slices.Sort(l.Missing)
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b line) int {
		return cmp.Or(
			a.Day.Compare(b.Day), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Project, b.Project), cmp.Compare(a.ProjectID, b.ProjectID),
			cmp.Compare(a.Person, b.Person), cmp.Compare(a.PersonID, b.PersonID),
		)
	})
	return out
}

// sum returns the minutes of all lines that a condition holds for.
func sum(lines []line, holds func(line) bool) int {
	minutes := 0
	for _, l := range lines {
		if holds(l) {
			minutes += l.Minutes
		}
	}
	return minutes
}

func all(line) bool { return true }

// clock writes minutes as hours and minutes, 7:05.
func clock(minutes int) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }

// sheet is what is written.
type sheet struct {
	From, To worktime.Date
	By       string
	Lines    []line   // added up
	days     []line   // added up by day, for the page
	Failed   []string // providers that could not be read
	present  []string // the others
}

func newSheet(o options, results []result) sheet {
	s := sheet{From: o.from, To: o.to, By: o.by}
	var lines []line
	for _, r := range results {
		if r.err != nil {
			s.Failed = append(s.Failed, r.provider)
			continue
		}
		s.present = append(s.present, r.provider)
		lines = append(lines, r.lines...)
	}
	s.Lines, s.days = total(lines, o.by), total(lines, "day")
	return s
}

func (s sheet) write(w io.Writer, format string) error {
	buffer := bufio.NewWriter(w)
	var err error
	switch format {
	case "jsonl":
		encoder := json.NewEncoder(buffer)
		for _, l := range s.Lines {
			err = cmp.Or(err, encoder.Encode(l))
		}
	case "csv":
		err = s.writeCSV(buffer)
	case "html":
		err = s.writePage(buffer)
	default:
		err = s.writeTable(buffer)
	}
	return cmp.Or(err, buffer.Flush())
}

// writeCSV has the same columns whatever the lines are by.
func (s sheet) writeCSV(w io.Writer) error {
	rows := [][]string{{"provider", "person_id", "person", "day", "project_id", "project", "minutes", "missing"}}
	for _, l := range s.Lines {
		project := ""
		if l.ProjectID != 0 {
			project = strconv.FormatInt(l.ProjectID, 10)
		}
		rows = append(rows, []string{
			l.Provider, strconv.FormatInt(l.PersonID, 10), l.Person, l.Day.String(), project, l.Project,
			strconv.Itoa(l.Minutes), strings.Join(l.Missing, "; "),
		})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

// writeTable has the columns that there is something to say in.
func (s sheet) writeTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(day, provider, person, project, worked, missing string) {
		cells := []string{provider, person}
		switch s.By {
		case "day":
			cells = append([]string{day}, cells...)
		case "project":
			cells = []string{provider, project, person}
		}
		fmt.Fprintln(table, strings.TrimRight(strings.Join(append(cells, worked, missing), "\t"), "\t"))
	}
	row("DAY", "PROVIDER", "PERSON", "PROJECT", " WORKED", "MISSING")
	for _, l := range s.Lines {
		row(l.Day.String(), l.Provider, l.Person, cmp.Or(l.Project, "-"), fmt.Sprintf("%7s", clock(l.Minutes)), strings.Join(l.Missing, "; "))
	}
	row("", "TOTAL", "", "", fmt.Sprintf("%7s", clock(sum(s.Lines, all))), "")
	return table.Flush()
}

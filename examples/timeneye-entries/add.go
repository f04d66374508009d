package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
)

// addition is the entry of -add.
type addition struct {
	entry          timeneye.NewEntry
	project, phase string // names to be looked up; empty: the entry has the id
}

// parseAddition reads "2h30m project phase note".
func parseAddition(s string) (*addition, error) {
	words := strings.Fields(s)
	if len(words) < 3 {
		return nil, errors.New("want a duration, a project, a phase, and perhaps a note")
	}
	duration, err := time.ParseDuration(words[0])
	if err != nil {
		return nil, err
	}
	minutes, err := timeneye.Minutes(duration)
	switch {
	case err != nil:
		return nil, err
	case minutes < 1:
		return nil, fmt.Errorf("%v is no time to book", duration)
	}
	a := &addition{entry: timeneye.NewEntry{Minutes: minutes, Date: worktime.DateOf(time.Now()), Notes: strings.Join(words[3:], " ")}}
	if a.entry.ProjectID, err = strconv.ParseInt(words[1], 10, 64); err != nil {
		a.project = words[1]
	} else if a.entry.ProjectID < 1 {
		return nil, fmt.Errorf("%q is not the id of a project", words[1])
	}
	if a.entry.PhaseID, err = strconv.ParseInt(words[2], 10, 64); err != nil {
		a.phase = words[2]
	} else if a.entry.PhaseID < 1 {
		return nil, fmt.Errorf("%q is not the id of a phase", words[2])
	}
	return a, nil
}

// book adds the entry and yields it.
func (a *addition) book(ctx context.Context, client *timeneye.Client) iter.Seq2[timeneye.Entry, error] {
	return func(yield func(timeneye.Entry, error) bool) {
		if err := a.lookUp(ctx, client); err != nil {
			yield(timeneye.Entry{}, err)
			return
		}
		yield(client.Entries.Create(ctx, a.entry))
	}
}

// lookUp finds the ids of names. A name that two have is refused: the time would be booked on any of them.
func (a *addition) lookUp(ctx context.Context, client *timeneye.Client) error {
	if a.project == "" && a.phase == "" {
		return nil
	}
	var found []timeneye.Project
	for project, err := range client.Projects.All(ctx, timeneye.ProjectQuery{}) {
		if err != nil {
			return err
		}
		if project.ID == a.entry.ProjectID || a.project != "" && strings.EqualFold(project.Name, a.project) {
			found = append(found, project)
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("there is no project %q that you may see (set -add)", cmp.Or(a.project, strconv.FormatInt(a.entry.ProjectID, 10)))
	case 1:
		a.entry.ProjectID = found[0].ID
	default:
		return fmt.Errorf("the projects %d and %d are both called %q: give the id (set -add)", found[0].ID, found[1].ID, a.project)
	}
	for _, phase := range found[0].Phases {
		switch {
		case a.phase == "" || !strings.EqualFold(phase.Name, a.phase):
		case a.entry.PhaseID != 0:
			return fmt.Errorf("the phases %d and %d are both called %q: give the id (set -add)", a.entry.PhaseID, phase.ID, a.phase)
		default:
			a.entry.PhaseID = phase.ID
		}
	}
	if a.entry.PhaseID == 0 {
		return fmt.Errorf("project %d %q has no phase %q (set -add)", found[0].ID, found[0].Name, a.phase)
	}
	return nil
}

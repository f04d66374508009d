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
	}
	if a.entry.PhaseID, err = strconv.ParseInt(words[2], 10, 64); err != nil {
		a.phase = words[2]
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

// lookUp finds the ids of names.
func (a *addition) lookUp(ctx context.Context, client *timeneye.Client) error {
	if a.project == "" && a.phase == "" {
		return nil
	}
	for project, err := range client.Projects.All(ctx, timeneye.ProjectQuery{}) {
		if err != nil {
			return err
		}
		if project.ID != a.entry.ProjectID && (a.project == "" || !strings.EqualFold(project.Name, a.project)) {
			continue
		}
		a.entry.ProjectID = project.ID
		for _, phase := range project.Phases {
			if a.phase != "" && strings.EqualFold(phase.Name, a.phase) {
				a.entry.PhaseID = phase.ID
			}
		}
		if a.entry.PhaseID == 0 {
			return fmt.Errorf("project %d %q has no phase %q", project.ID, project.Name, a.phase)
		}
		return nil
	}
	return fmt.Errorf("there is no project %q that you may see", cmp.Or(a.project, strconv.FormatInt(a.entry.ProjectID, 10)))
}

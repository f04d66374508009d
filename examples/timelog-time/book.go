package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
)

// book books the hours, unless it is a dry run, and returns how many registrations that made.
func book(ctx context.Context, client *timelog.Client, o options, tasks []timelog.Task, stderr io.Writer) (int, error) {
	i := slices.IndexFunc(tasks, func(t timelog.Task) bool { return t.ID == o.task })
	if i < 0 {
		return 0, fmt.Errorf("task %d is none that you may register time on", o.task)
	}
	task := tasks[i]
	spent := timelog.Spent(o.worked, 0)
	if task.IsDefaultBillable {
		spent = timelog.Spent(o.worked, o.worked)
	}
	registration := timelog.TaskTime(task.ID, o.day, spent)
	registration.Comment = o.comment
	if task.AdditionalTextIsRequired {
		registration.AdditionalTextField = o.comment
	}
	what := fmt.Sprintf("%.2f hours, %.2f of them billable, on task %d %q on %s", spent.Hours, spent.BillableHours, task.ID, task.Name, o.day)
	if o.dryRun {
		fmt.Fprintln(stderr, "Dry run, not booked:", what)
		return 0, nil
	}
	_, err := client.TimeRegistrations.Create(ctx, registration)
	switch {
	case timelog.HasRule(err, timelog.RuleDateClosed):
		return 0, fmt.Errorf("not booked, since the timesheet of %s is closed: %w", o.day, err)
	case errors.Is(err, worktime.ErrUnknownOutcome):
		if err := settle(ctx, client, registration, err); err != nil {
			return 0, err
		}
	case err != nil:
		return 0, fmt.Errorf("not booked: %w", err)
	}
	fmt.Fprintln(stderr, "Booked:", what)
	return 1, nil
}

// settle finds out whether a booking took place whose answer was lost. It does not book again: TimeLog may still be at it.
func settle(ctx context.Context, client *timelog.Client, registration timelog.NewTimeRegistration, lost error) error {
	_, booked, err := client.TimeRegistrations.Find(ctx, registration)
	switch {
	case err != nil:
		return fmt.Errorf("perhaps booked, so look before you book again: %w, and looking failed: %w", lost, err)
	case !booked:
		return fmt.Errorf("not booked so far, so look before you book again: %w", lost)
	}
	return nil
}

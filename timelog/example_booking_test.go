package timelog_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// The tasks on which a person may register time, to pick one from.
func ExampleTaskService_SearchForTimeTracking() {
	_, client, stop := consultancy()
	defer stop()

	query := timelog.TaskSearch{SearchText: "an", Paging: timelog.Paging{Expand: []string{"project"}}}
	for task, err := range client.Tasks.SearchForTimeTracking(context.Background(), query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(task.ID, task.Project.Name, "/", task.Name)
	}
	// Output: 5501 Website relaunch / Analysis
}

// Time is booked with a GUID of the client's, by which it can be found whatever happened to the answer.
func ExampleTimeRegistrationService_Create() {
	srv, client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	// An hour and a half, of which the customer pays one.
	registration := timelog.TaskTime(5501, worktime.NewDate(2026, time.June, 19), timelog.Spent(90*time.Minute, time.Hour))
	registration.Comment = "Interviews"
	srv.Fail(timelogtest.LoseAnswer()) // as a bad network would
	_, err := client.TimeRegistrations.Create(ctx, registration)
	switch {
	case err == nil:
		fmt.Println("booked")
	case errors.Is(err, worktime.ErrUnknownOutcome):
		// Do not book again: look.
		found, booked, err := client.TimeRegistrations.Find(ctx, registration)
		fmt.Println(booked, err, found.Minutes, found.BillableMinutes, found.Comment)
	default:
		fmt.Println("not booked:", err)
	}
	// Output: true <nil> 90 60 Interviews
}

// Three refusals of a booking: a closed week, wrong fields and another rule. None of them has booked anything.
func ExampleRules() {
	_, client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	day := worktime.NewDate(2026, time.June, 19)
	closed := timelog.TaskTime(5501, day.AddDays(-14), timelog.Spent(time.Hour, time.Hour))
	tooLong := timelog.TaskTime(5501, day, timelog.Spent(25*time.Hour, 0))
	ofNobody := timelog.TaskTime(5501, day, timelog.Spent(time.Hour, time.Hour))
	ofNobody.UserID = 4711
	for _, registration := range []timelog.NewTimeRegistration{closed, tooLong, ofNobody} {
		_, err := client.TimeRegistrations.Create(ctx, registration)
		e, ok := errors.AsType[*worktime.Error](err)
		switch {
		case timelog.HasRule(err, timelog.RuleDateClosed):
			fmt.Println("the week is closed")
		case ok && e.Code == timelog.CodeValidation:
			fmt.Println("wrong fields:", e.Details)
		default:
			fmt.Println("rules:", timelog.Rules(err))
		}
	}
	// Output:
	// the week is closed
	// wrong fields: [The value of 'Hours' is not valid.]
	// rules: [{37040 There is no user with the UserID 4711}]
}

// An update empties what it does not send, so it begins with what was read.
func ExampleTimeRegistration_Changes() {
	_, client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	day := worktime.NewDate(2026, time.June, 19)
	for item, err := range client.TimeTrackingItems.ByDate(ctx, timelog.TimeTrackingItemQuery{StartDate: day, EndDate: day}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if item.Comment != "Stand-up" {
			continue
		}
		registration, err := client.TimeRegistrations.Get(ctx, item.ID) // which has the GUID
		if err != nil {
			fmt.Println(err)
			return
		}
		changes := registration.Changes()
		changes.TimeSpent = timelog.Spent(45*time.Minute, 0)
		if err := client.TimeRegistrations.Update(ctx, changes); err != nil {
			fmt.Println(err)
			return
		}
		item, err = client.TimeTrackingItems.Get(ctx, item.ID)
		fmt.Println(item.TaskName, item.Hours, item.Comment, err)
	}
	// Output: Meetings 0.75 Stand-up <nil>
}

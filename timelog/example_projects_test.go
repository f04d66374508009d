package timelog_test

import (
	"context"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// consultancy is a TimeLog with some projects and tasks, in the place of yours.
func consultancy() (*timelog.Client, func()) {
	srv, err := timelogtest.Start(timelogtest.WithSample(worktime.NewDate(2026, time.June, 8)))
	if err != nil {
		panic(err)
	}
	client, err := timelog.NewClient(srv.Config())
	if err != nil {
		panic(err)
	}
	return client, func() {
		_ = client.Close(context.Background())
		srv.Close()
	}
}

// TimeLog hides inactive projects unless they are asked for, and never lists both.
func ExampleProjectService_All() {
	client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	for _, active := range []bool{true, false} {
		query := timelog.ProjectQuery{CustomerID: 310, IsActive: &active, Paging: timelog.Paging{Expand: []string{"customer"}}}
		for project, err := range client.Projects.All(ctx, query) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(project.ID, project.No, project.Name, "for", project.Customer.Name)
		}
	}
	// Output:
	// 1201 P26-001 Website relaunch for Nordic Shipping A/S
	// 1202 P26-002 Container tracking for Nordic Shipping A/S
}

// An update empties what it does not hold, so it begins with what was read. The language of invoices cannot be
// read: a program that does not know it would empty it.
func ExampleProjectService_Update() {
	client, stop := consultancy()
	defer stop()
	ctx := context.Background()
	const english = timelog.LanguageID(1)

	project, err := client.Projects.Get(ctx, 1201)
	if err != nil {
		fmt.Println(err)
		return
	}
	changes := project.Changes(english)
	changes.BudgetWorkHours += 100
	if err := client.Projects.Update(ctx, project.ID, changes); err != nil {
		fmt.Println(err)
		return
	}
	project, err = client.Projects.Get(ctx, 1201)
	fmt.Println(project.No, project.BudgetWorkHours, err)
	// Output:
	// P26-001 500 <nil>
}

// The tasks of which a person may pick when they register time, and the time that they spent on one.
func ExampleTaskService_SearchForTimeTracking() {
	client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	var picked timelog.Task
	for task, err := range client.Tasks.SearchForTimeTracking(ctx, timelog.TaskSearch{SearchText: "analysis"}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(task.ID, task.No, task.Name)
		picked = task
	}
	created, err := client.Tasks.CreateRegistration(ctx, timelog.NewTaskRegistration{
		TaskID: picked.ID, Date: timelog.Midnight(worktime.NewDate(2026, time.June, 19)), Comment: "Interviews",
		TimeSpent: timelog.Spent(90*time.Minute, 90*time.Minute),
	})
	fmt.Println(created.ID > 0, err)
	// Output:
	// 5501 10 Analysis
	// true <nil>
}

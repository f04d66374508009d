package timelog_test

import (
	"context"
	"fmt"

	"github.com/worktime-go/worktime/timelog"
)

// TimeLog hides inactive projects unless they are asked for, and never lists both.
func ExampleProjectService_All() {
	_, client, stop := consultancy()
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
	_, client, stop := consultancy()
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

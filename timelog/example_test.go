package timelog_test

import (
	"context"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// consultancy is a TimeLog with some persons, customers, projects and tasks, in the place of yours. The timesheets
// before June 8 are closed.
func consultancy() (*timelogtest.Server, *timelog.Client, func()) {
	monday := worktime.NewDate(2026, time.June, 8)
	srv, err := timelogtest.Start(timelogtest.WithSample(monday), timelogtest.WithClosedUntil(monday.AddDays(-1)))
	if err != nil {
		panic(err)
	}
	client, err := timelog.NewClient(srv.Config())
	if err != nil {
		panic(err)
	}
	return srv, client, func() {
		_ = client.Close(context.Background())
		srv.Close()
	}
}

func Example() {
	srv, err := timelogtest.Start(timelogtest.WithCustomers(timelogtest.Customer{Name: "Acme", No: "C-1"}, timelogtest.Customer{Name: "Bolt", No: "C-2"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	ctx := context.Background()

	config := srv.Config() // Config{SiteURL: "https://app4.timelog.com/acme", Auth: PersonalAccessToken(os.Getenv("TIMELOG_PAT"))}
	client, err := timelog.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(ctx) }()

	me, err := client.Users.Me(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(me.ID, me.Initials)
	for customer, err := range client.Customers.All(ctx, timelog.CustomerQuery{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(customer.No, customer.Name)
	}
	// Output:
	// 82 ANB
	// C-1 Acme
	// C-2 Bolt
}

// An update sends what is set: new makes the pointers.
func ExampleCustomerService_Update() {
	_, client, stop := consultancy()
	defer stop()
	ctx := context.Background()

	found, err := client.Customers.ByNumber(ctx, "10001")
	if err != nil || len(found) != 1 {
		fmt.Println(len(found), err)
		return
	}
	changes := timelog.CustomerChanges{ID: found[0].ID, Name: new("Nordic Shipping ASA"), No: new("10001"), VATNo: new("DK2")}
	customer, err := client.Customers.Update(ctx, changes)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(customer.Name, customer.VATNo)
	// Output: Nordic Shipping ASA DK2
}

// Whether an object exists is only told in words, under status 500.
func ExampleLooksNotFound() {
	_, client, stop := consultancy()
	defer stop()

	_, err := client.Users.Get(context.Background(), 4711)
	fmt.Println(timelog.LooksNotFound(err))
	// Output: true
}

package timelog_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// site is a TimeLog with one person and two customers, in the place of yours.
func site() (timelog.Config, func()) {
	srv, err := timelogtest.Start(timelogtest.WithCustomers(
		timelogtest.Customer{Name: "Acme", No: "C-1", VATNo: "DK1"}, timelogtest.Customer{Name: "Bolt", No: "C-2"},
	))
	if err != nil {
		panic(err)
	}
	return srv.Config(), srv.Close
}

func Example() {
	config, stop := site() // Config{SiteURL: "https://app4.timelog.com/acme", Auth: PersonalAccessToken(os.Getenv("TIMELOG_PAT"))}
	defer stop()
	ctx := context.Background()
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
	config, stop := site()
	defer stop()
	ctx := context.Background()
	client, err := timelog.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(ctx) }()

	found, err := client.Customers.ByNumber(ctx, "C-1")
	if err != nil || len(found) != 1 {
		fmt.Println(len(found), err)
		return
	}
	customer, err := client.Customers.Update(ctx, timelog.CustomerChanges{ID: found[0].ID, Name: new("Acme Corp"), No: new("C-1"), VATNo: new("DK2")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(customer.Name, customer.VATNo)
	// Output: Acme Corp DK2
}

// What is wrong is told by fields, by rules, or only by words.
func ExampleRules() {
	config, stop := site()
	defer stop()
	ctx := context.Background()
	client, err := timelog.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(ctx) }()

	_, err = client.Users.Get(ctx, 4711)
	switch {
	case timelog.HasRule(err, timelog.RuleDateClosed):
		fmt.Println("the week is closed")
	case timelog.LooksNotFound(err):
		fmt.Println("no such person")
	case errors.Is(err, worktime.ErrBadRequest):
		fmt.Println(timelog.Rules(err))
	}
	// Output: no such person
}

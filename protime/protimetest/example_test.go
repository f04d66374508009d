package protimetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// present is a function of a user's: who was there on a day?
func present(ctx context.Context, client *protime.Client, day worktime.Date) (map[int64]bool, error) {
	persons := map[int64]bool{}
	for clocking, err := range client.Clockings.All(ctx, protime.ClockingQuery{From: day, To: day}) {
		if err != nil {
			return nil, err
		}
		if clocking.Status != protime.ClockingDeleted {
			persons[clocking.Person.ID] = true
		}
	}
	return persons, nil
}

func Example() {
	day := worktime.NewDate(2026, 1, 2)
	srv, err := protimetest.Start( // in a test: protimetest.NewServer(t, …)
		protimetest.WithClockings(
			protime.Clocking{Person: protime.ByID(1), Date: day, TimeOfDay: 510},
			protime.Clocking{Person: protime.ByID(1), Date: day, TimeOfDay: 1020},
			protime.Clocking{Person: protime.ByID(2), Date: day, TimeOfDay: 480, Status: protime.ClockingDeleted},
			protime.Clocking{Person: protime.ByID(3), Date: day.AddDays(1), TimeOfDay: 540},
		),
		protimetest.WithPageSize(2),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	client, err := protime.NewClient(srv.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	fmt.Println(present(ctx, client, day))
	fmt.Println(srv.APIRequests(), "requests of the API,", srv.TokenRequests(), "for a token")

	srv.Fail(protimetest.Status(403))
	_, err = present(ctx, client, day)
	fmt.Println(errors.Is(err, worktime.ErrForbidden))
	// Output:
	// map[1:true] <nil>
	// 2 requests of the API, 1 for a token
	// true
}

// A clocking whose answer is lost is booked all the same, and must not be sent again.
func ExampleServer_Fail() {
	srv, err := protimetest.Start()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	client, err := protime.NewClient(srv.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	srv.Fail(protimetest.LoseAnswer().On("POST", "/clockings"))
	_, err = client.Clockings.Create(ctx, protime.NewClocking{
		Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 15), TimeOfDay: 510, Kind: protime.ClockingInOut,
	})
	fmt.Println(errors.Is(err, worktime.ErrUnknownOutcome))
	for _, clocking := range srv.Clockings() {
		fmt.Println(clocking.ID, clocking.Date, clocking.TimeOfDay)
	}
	// Output:
	// true
	// 1 2026-01-15 08:30
}

// A program that keeps a copy of the clockings gets what a user of Protime changes.
func ExampleServer_Put() {
	srv, err := protimetest.Start(protimetest.WithSample(worktime.DateOf(time.Now()).AddDays(-13)))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	client, err := protime.NewClient(srv.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	query := protime.ClockingQuery{From: worktime.DateOf(time.Now()).AddDays(-13)}
	var cursor worktime.Cursor
	copied := map[int64]protime.Clocking{}
	poll := func() (changed int) {
		for page, err := range client.Clockings.Changes(ctx, cursor, query) {
			if err != nil {
				log.Fatal(err)
			}
			for _, change := range page.Items {
				copied[change.Data.ID] = change.Data
			}
			changed += len(page.Items)
			cursor = page.Cursor
		}
		return changed
	}
	poll() // the initial load
	_, err = srv.Put("clockings", protime.Clocking{Person: protime.ByID(1), Date: query.From, TimeOfDay: 510})
	if err != nil {
		log.Fatal(err)
	}
	if err := srv.Remove("clockings", "1"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(poll(), "changes")
	fmt.Println(copied[1].Status)
	fmt.Println(len(copied) == len(srv.Clockings()))
	// Output:
	// 2 changes
	// Deleted
	// true
}

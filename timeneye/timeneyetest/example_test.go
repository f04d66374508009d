package timeneyetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

// total is a function of a user's: how long did everybody work on a day?
func total(ctx context.Context, client *timeneye.Client, day worktime.Date) (minutes int, err error) {
	for entry, err := range client.Entries.All(ctx, timeneye.EntryQuery{From: day, To: day}) {
		if err != nil {
			return 0, err
		}
		minutes += entry.Minutes
	}
	return minutes, nil
}

func Example() {
	day := worktime.NewDate(2026, 7, 14)
	srv, err := timeneyetest.Start( // in a test: timeneyetest.NewServer(t, …)
		timeneyetest.WithEntries(
			timeneye.Entry{ProjectID: 310, PhaseID: 77, Date: day, Minutes: 95},
			timeneye.Entry{ProjectID: 310, PhaseID: 77, Date: day, Minutes: 240},
			timeneye.Entry{ProjectID: 310, PhaseID: 77, Date: day.AddDays(1), Minutes: 30},
		),
		timeneyetest.WithMaxPageSize(1),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	client, err := timeneye.NewClient(srv.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	fmt.Println(total(ctx, client, day))
	fmt.Println(srv.APIRequests(), "requests")

	srv.Fail(timeneyetest.Status(403))
	_, err = total(ctx, client, day)
	fmt.Println(errors.Is(err, worktime.ErrForbidden))
	// Output:
	// 335 <nil>
	// 2 requests
	// true
}

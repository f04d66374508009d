package protime_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// start runs an in-memory Protime with three clockings of one day. A program would call
// [protime.NewClient] with a Config of its own.
func start(options ...protimetest.Option) (*protimetest.Server, *protime.Client) {
	date := worktime.NewDate(2026, time.January, 2)
	options = append(options, protimetest.WithClockings(
		protime.Clocking{Person: protime.ByID(1), Date: date, TimeOfDay: 510, Kind: protime.ClockingInOut},
		protime.Clocking{Person: protime.ByID(1), Date: date, TimeOfDay: 720, Kind: protime.ClockingInOut},
		protime.Clocking{Person: protime.ByID(2), Date: date, TimeOfDay: 1320, Kind: protime.ClockingInOut},
	))
	server, err := protimetest.Start(options...)
	if err != nil {
		panic(err)
	}
	client, err := protime.NewClient(server.Config())
	if err != nil {
		panic(err)
	}
	return server, client
}

func january() protime.ClockingQuery {
	return protime.ClockingQuery{
		From: worktime.NewDate(2026, time.January, 1),
		To:   worktime.NewDate(2026, time.January, 31),
	}
}

func ExampleClockingService_All() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	query := january()
	query.Persons = []int64{1}
	for clocking, err := range client.Clockings.All(ctx, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(clocking.Date, clocking.TimeOfDay, clocking.Kind)
	}
	// Output:
	// 2026-01-02 08:30 InOut
	// 2026-01-02 12:00 InOut
}

// A long export saves the cursor of each page with the page's items, and goes on from there
// after a restart.
func ExampleClockingService_Pages() {
	ctx := context.Background()
	server, client := start(protimetest.WithPageSize(2))
	defer server.Close()
	defer client.Close(ctx)

	var saved worktime.Cursor
	query := january()
	for page, err := range client.Clockings.Pages(ctx, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("first run:", len(page.Items), "clockings")
		saved = page.Cursor
		break // the program ends here, and is started again
	}

	query.Cursor = saved
	for page, err := range client.Clockings.Pages(ctx, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("second run:", len(page.Items), "clockings")
	}
	// Output:
	// first run: 2 clockings
	// second run: 1 clockings
}

// A copy of the contracts: the first walk loads them all, each further one asks once what changed.
// A program saves the copy and the cursor together. Collections with dates take a From, which
// stays the same as long as the cursor lives.
func ExampleContractService_Changes() {
	ctx := context.Background()
	server, client := start(protimetest.WithPageSize(2), protimetest.WithSample(worktime.DateOf(time.Now())))
	defer server.Close()
	defer client.Close(ctx)

	var cursor worktime.Cursor
	contracts := map[int64]protime.Contract{}
	for walk := range 3 {
		changes := 0
		for page, err := range client.Contracts.Changes(ctx, cursor, protime.ContractQuery{}) {
			if err != nil { // with ErrDeltaExpired: begin anew, with an empty cursor
				fmt.Println(err)
				return
			}
			for _, change := range protime.Latest(page.Items) {
				if change.Type == protime.ChangeDelete {
					delete(contracts, change.Data.ID)
				} else {
					contracts[change.Data.ID] = change.Data
				}
			}
			changes += len(page.Items)
			cursor = page.Cursor
		}
		fmt.Println("walk", walk, "has", changes, "changes, the copy", len(contracts), "contracts")
		if walk == 0 {
			_ = server.Remove("contracts", "1") // somebody deletes one
		}
	}
	// Output:
	// walk 0 has 7 changes, the copy 7 contracts
	// walk 1 has 1 changes, the copy 6 contracts
	// walk 2 has 0 changes, the copy 6 contracts
}

// When the answer to a create is lost, the clocking may have been booked. Nothing is sent
// again: look first.
func ExampleClockingService_Candidates() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	server.Fail(protimetest.LoseAnswer().On("POST", "/clockings"))
	clocking := protime.NewClocking{
		Person: protime.ByID(2), Date: worktime.NewDate(2026, time.January, 15), TimeOfDay: 510, Kind: protime.ClockingInOut,
	}
	_, err := client.Clockings.Create(ctx, clocking)
	if !errors.Is(err, worktime.ErrUnknownOutcome) {
		fmt.Println(err)
		return
	}
	candidates, err := client.Clockings.Candidates(ctx, clocking)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range candidates {
		fmt.Println("perhaps this one:", c.ID, c.Date, c.TimeOfDay)
	}
	// Output:
	// perhaps this one: 4 2026-01-15 08:30
}

func ExampleNewClient_errors() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	server.Fail(protimetest.Status(429).RetryAfter(time.Hour))
	_, err := client.Clockings.Get(ctx, 1)
	var e *worktime.Error
	switch {
	case errors.Is(err, worktime.ErrNotFound):
		fmt.Println("no such clocking")
	case errors.Is(err, worktime.ErrRateLimited) && errors.As(err, &e):
		fmt.Println("come back in", e.RetryAfter)
	default:
		fmt.Println(err)
	}
	// Output:
	// come back in 1h0m0s
}

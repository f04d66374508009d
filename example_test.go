package worktime_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
)

func ExampleDate() {
	from := worktime.NewDate(2026, time.January, 30)
	for day := from; day.Before(from.AddDays(3)); day = day.AddDays(1) {
		fmt.Println(day, day.Weekday())
	}
	// Output:
	// 2026-01-30 Friday
	// 2026-01-31 Saturday
	// 2026-02-01 Sunday
}

func ExampleParseDate() {
	day, err := worktime.ParseDate("2026-02-28")
	fmt.Println(day.AddDays(1), err)

	_, err = worktime.ParseDate("28 February")
	fmt.Println(err)
	// Output:
	// 2026-03-01 <nil>
	// worktime: "28 February" is not a date of the form 2006-01-02
}

// A day begins where the clocks say so: in São Paulo this one had no midnight.
func ExampleDate_In() {
	saoPaulo, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(worktime.NewDate(2018, time.November, 4).In(saoPaulo).Format(time.DateTime))
	// Output: 2018-11-04 01:00:00
}

func ExampleDate_DaysSince() {
	hired, today := worktime.NewDate(2025, time.November, 3), worktime.NewDate(2026, time.January, 2)
	fmt.Println(today.DaysSince(hired), "days")
	// Output: 60 days
}

// A program decides by sentinel and reads the details from the error itself.
func ExampleError() {
	err := fmt.Errorf("sync: %w", &worktime.Error{
		Provider: "protime", Operation: "list clockings", Method: "GET", Path: "/clockings",
		StatusCode: 429, RetryAfter: 90 * time.Second, Attempts: 1, Err: worktime.ErrRateLimited,
	})

	var failure *worktime.Error
	if errors.Is(err, worktime.ErrRateLimited) && errors.As(err, &failure) {
		fmt.Println("again in", failure.RetryAfter)
	}
	fmt.Println(err)
	// Output:
	// again in 1m30s
	// sync: protime: list clockings: GET /clockings: 429 Too Many Requests: rate limited (retry after 1m30s); wait before calling again
}

// Collect is for lists that are known to be short; range over the iterator otherwise.
func ExampleCollect() {
	days := func(yield func(worktime.Date, error) bool) {
		for day := range 3 {
			if !yield(worktime.NewDate(2026, time.January, day+1), nil) {
				return
			}
		}
	}
	all, err := worktime.Collect(days)
	fmt.Println(all, err)
	// Output: [2026-01-01 2026-01-02 2026-01-03] <nil>
}

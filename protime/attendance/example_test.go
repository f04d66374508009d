package attendance_test

import (
	"context"
	"fmt"
	"log"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/attendance"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func ExamplePair() {
	from := worktime.NewDate(2026, 1, 5)
	server, err := protimetest.Start(protimetest.WithClockings(protimetest.SampleClockings(from)...))
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := protime.NewClient(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	defer client.Close(ctx)

	clockings, err := worktime.Collect(client.Clockings.All(ctx, protime.ClockingQuery{Persons: []int64{5}, From: from, To: from.AddDays(6)}))
	if err != nil {
		log.Fatal(err)
	}
	for _, span := range attendance.Pair(clockings) {
		fmt.Println(span.Start(), "to", span.End(), "is", span.Minutes(), "minutes")
	}
	// Output:
	// 2026-01-05 21:53 to 2026-01-06 06:08 is 495 minutes
	// 2026-01-06 21:56 to 2026-01-07 06:00 is 484 minutes
	// 2026-01-07 21:59 to 2026-01-08 06:02 is 483 minutes
	// 2026-01-08 21:55 to 2026-01-09 06:06 is 491 minutes
}

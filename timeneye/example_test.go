package timeneye_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
	"github.com/worktime-go/worktime/tokenstore"
)

// start runs an in-memory Timeneye with two entries. A program would call [timeneye.NewClient] with a Config of its own.
func start(options ...timeneyetest.Option) (*timeneyetest.Server, *timeneye.Client) {
	date := worktime.NewDate(2026, time.July, 14)
	options = append(options,
		timeneyetest.WithProjects(timeneye.Project{ID: 310, Name: "Website", Phases: []timeneye.Phase{{ID: 77, Name: "Design", IsOpen: true}}}),
		timeneyetest.WithEntries(
			timeneye.Entry{ID: 9001, UserID: 42, ProjectID: 310, PhaseID: 77, Date: date, Minutes: 95, Notes: "Review"},
			timeneye.Entry{ID: 9002, UserID: 43, ProjectID: 310, PhaseID: 77, Date: date, Minutes: 240},
		))
	server, err := timeneyetest.Start(options...)
	if err != nil {
		panic(err)
	}
	client, err := timeneye.NewClient(server.Config())
	if err != nil {
		panic(err)
	}
	return server, client
}

func ExampleEntryService_All() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	query := timeneye.EntryQuery{From: worktime.NewDate(2026, time.July, 1), To: worktime.NewDate(2026, time.July, 31)}
	for entry, err := range client.Entries.All(ctx, query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(entry.Date, entry.UserID, entry.Minutes, entry.Notes)
	}
	// Output:
	// 2026-07-14 42 95 Review
	// 2026-07-14 43 240
}

func ExampleEntryService_Create() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	minutes, err := timeneye.Minutes(2*time.Hour + 30*time.Minute)
	if err != nil {
		fmt.Println(err)
		return
	}
	entry, err := client.Entries.Create(ctx, timeneye.NewEntry{
		ProjectID: 310, PhaseID: 77, Minutes: minutes, Date: worktime.NewDate(2026, time.July, 15), Notes: "Sketches",
	})
	switch {
	case errors.Is(err, worktime.ErrUnknownOutcome):
		fmt.Println("it may have been booked: look first")
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println(entry.ID, entry.Date, entry.Minutes)
	}
	// Output:
	// 9003 2026-07-15 150
}

// A program that keeps a copy of the entries saves them by ID, and asks for what was changed since the last of them.
func ExampleEntryService_UpdatedSince() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	query := timeneye.EntryQuery{From: worktime.NewDate(2026, time.July, 1), To: worktime.NewDate(2026, time.July, 31)}
	saved := map[int64]timeneye.Entry{}
	var since time.Time
	for range 2 { // once a day, say
		changed, err := client.Entries.UpdatedSince(ctx, since, query)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, entry := range changed {
			saved[entry.ID] = entry
			since = entry.Updated
		}
		fmt.Printf("%d entries, notes of 9002: %q\n", len(saved), saved[9002].Notes)
		server.EditEntry(9002, func(e *timeneye.Entry) { e.Notes = "Layout" }) // by somebody else
	}
	// Output:
	// 2 entries, notes of 9002: ""
	// 2 entries, notes of 9002: "Layout"
}

func ExampleProjectService_All() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	for project, err := range client.Projects.All(ctx, timeneye.ProjectQuery{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, phase := range project.Phases {
			fmt.Println(project.ID, project.Name, phase.ID, phase.Name)
		}
	}
	// Output:
	// 310 Website 77 Design
}

// What is not typed here is a type and a call.
func ExampleClient_Do() {
	ctx := context.Background()
	server, client := start()
	defer server.Close()
	defer client.Close(ctx)

	type project struct {
		ID   int64  `json:"project_id"`
		Name string `json:"name"`
	}
	var out struct {
		Data []project `json:"data"`
	}
	if err := client.Do(ctx, worktime.Request{Path: "/projects"}, &out); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(out.Data)

	var raw []byte // to see what there is
	if err := client.Do(ctx, worktime.Request{Path: "/projects"}, &raw); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(raw))
	// Output:
	// [{310 Website}]
	// {"data":[{"name":"Website","project_id":310}]}
}

func ExampleClient_RateLimit() {
	ctx := context.Background()
	server, client := start(timeneyetest.WithRateLimit(2000))
	defer server.Close()
	defer client.Close(ctx)

	for _, err := range client.Projects.All(ctx, timeneye.ProjectQuery{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	quota := client.RateLimit()
	fmt.Println(quota.Remaining, "of", quota.Limit)
	// Output:
	// 1999 of 2000
}

// What a Member may not do is told apart from what went wrong.
func ExampleClientService_Create() {
	ctx := context.Background()
	server, client := start(timeneyetest.WithUsers(timeneyetest.User{ID: 42, Role: timeneyetest.Member}))
	defer server.Close()
	defer client.Close(ctx)

	_, err := client.Clients.Create(ctx, timeneye.NewCustomerClient{Name: "Acme Ltd"})
	if errors.Is(err, worktime.ErrForbidden) {
		fmt.Println("ask an admin to do that")
	}
	// Output:
	// ask an admin to do that
}

// A program at a terminal logs its user in once, and goes on with the stored login at the next start.
func ExampleClient_Login() {
	ctx := context.Background()
	server, err := timeneyetest.Start(timeneyetest.WithLoopback())
	if err != nil {
		panic(err)
	}
	defer server.Close()
	client, err := timeneye.NewClient(timeneye.Config{
		BaseURL: server.BaseURL(), // left out in a program
		Auth: timeneye.PKCELogin{
			ClientID: server.ClientID(), AuthURL: server.AuthURL(), TokenURL: server.TokenURL(),
			RedirectURL: "http://127.0.0.1:0/callback",
			Store:       tokenstore.Memory(), // tokenstore.File(dir) in a program
			Open:        server.Browse,       // left out in a program
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	if _, err := client.TokenSource(ctx).Token(); errors.Is(err, worktime.ErrLoginRequired) {
		err = client.Login(ctx)
		fmt.Println("logged in:", err == nil)
	}
	// Output:
	// logged in: true
}

package worktime_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

// What a client does is logged by the names of operations, never with a URL or a body. Calls do not wait until it is
// logged that a token was refreshed.
func ExampleOptions_logger() {
	server, err := protimetest.Start(protimetest.WithClockings(protime.Clocking{
		Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 2), TimeOfDay: 510, Kind: protime.ClockingInOut,
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	config := server.Config() // protime.Config{Tenant: "acme", …}
	config.Options.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, slog.LevelKey, "duration", "bytes", "expiry":
				return slog.Attr{} // differs each time, or is not of interest here
			}
			return a
		},
	}))
	client, err := protime.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = client.Close(ctx) }()
	january := protime.ClockingQuery{From: worktime.NewDate(2026, 1, 1), To: worktime.NewDate(2026, 1, 31)}
	if _, err := worktime.Collect(client.Clockings.All(ctx, january)); err != nil {
		fmt.Println(err)
	}
	// Unordered output:
	// msg=request provider=protime operation="client credentials" method=POST attempt=1
	// msg=answer provider=protime operation="client credentials" attempt=1 status=200
	// msg="token refreshed" provider=protime
	// msg=request provider=protime operation="list clockings" method=GET attempt=1
	// msg=answer provider=protime operation="list clockings" attempt=1 status=200
	// msg=page provider=protime operation="list clockings" index=0 items=1 last=true
}

// Other code can use a client's login: it gets access tokens, never the refresh token, and they are renewed
// for it.
func Example_sharedLogin() {
	server, err := protimetest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	config := server.Config() // protime.Config{Tenant: "acme", …}
	client, err := protime.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = client.Close(ctx) }()

	ctx = context.WithValue(ctx, oauth2.HTTPClient, config.Options.HTTPClient) // only to reach the in-memory server
	other := oauth2.NewClient(ctx, client.TokenSource(ctx))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, config.APIURL+"/connector/protimeapi/api/v1/people", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("User-Agent", "Other/v1 (Acme Corp)")
	response, err := other.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.Status, response.Body.Close())
	// Output: 200 OK <nil>
}

// A login that is kept in a file is there for the next start, and for other processes.
func Example_tokenFile() {
	server, err := timelogtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	home, err := os.MkdirTemp("", "worktime-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()
	dir := filepath.Join(home, "logins")
	ctx := context.Background()

	open := func() (*timelog.Client, error) {
		login := server.HybridLogin(tokenstore.File(dir)) // timelog.HybridLogin{ClientID: …, Store: tokenstore.File(dir)}
		login.RedirectURL = "http://127.0.0.1:8085/callback"
		config := server.Config()
		config.Auth = login
		return timelog.NewClient(config)
	}
	client, err := open()
	if err != nil {
		fmt.Println(err)
		return
	}
	address, transaction, err := client.BeginLogin(ctx) // a program with a browser calls client.Login(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := client.FinishLogin(ctx, transaction, browse(ctx, server, address)); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Close(ctx))

	client, err = open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = client.Close(ctx) }()
	me, err := client.Users.Me(ctx)
	fmt.Println(me.ID, err)
	// Output:
	// <nil>
	// 82 <nil>
}

// browse plays the person who logs in, and returns the request that their browser ends with.
func browse(ctx context.Context, server *timelogtest.Server, address string) *http.Request {
	callback, err := server.Visit(ctx, address)
	if err != nil {
		panic(err)
	}
	request, err := callback.Request(ctx)
	if err != nil {
		panic(err)
	}
	return request
}

// A web application logs people in with a handler, each under the label that its own session knows them by.
func Example_webLogin() {
	server, err := timelogtest.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	login := server.HybridLogin(tokenstore.Memory()) // timelog.HybridLogin{ClientID: …, Store: …}
	login.RedirectURL = "https://app.example/timelog/callback"
	config := server.Config()
	config.Auth = login
	client, err := timelog.NewClient(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = client.Close(ctx) }()

	handler, err := client.LoginHandler(timelog.LoginHandlerConfig{
		StartPath: "/timelog/login",
		Account:   func(*http.Request) (string, error) { return "ann", nil }, // from your session
		Finished: func(w http.ResponseWriter, r *http.Request, account string, err error) {
			if err != nil {
				http.Error(w, "You are not logged in.", http.StatusForbidden)
				return
			}
			fmt.Println("logged in:", account)
			http.Redirect(w, r, "/", http.StatusSeeOther)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// What a browser does with it.
	start := httptest.NewRecorder()
	handler.ServeHTTP(start, httptest.NewRequest(http.MethodGet, "https://app.example/timelog/login", nil))
	answer := browse(ctx, server, start.Header().Get("Location"))
	for _, cookie := range start.Result().Cookies() {
		answer.AddCookie(cookie)
	}
	handler.ServeHTTP(httptest.NewRecorder(), answer)

	me, err := client.Account("ann").Users.Me(ctx)
	fmt.Println(me.ID, err)
	// Output:
	// logged in: ann
	// 82 <nil>
}

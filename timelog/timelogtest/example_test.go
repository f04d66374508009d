package timelogtest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func Example() {
	srv, err := timelogtest.Start(timelogtest.WithSample(worktime.NewDate(2026, 6, 8))) // in a test: timelogtest.NewServer(t, …)
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	ctx := context.Background()
	client, err := timelog.NewClient(srv.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(ctx)

	me, err := client.Users.Me(ctx)
	fmt.Println(me.FirstName, me.LastName, err)
	fmt.Println(srv.APIRequests(), "request of the API")

	srv.Fail(timelogtest.Status(403))
	_, err = client.Users.Me(ctx)
	fmt.Println(err != nil)
	// Output:
	// Ann Berg <nil>
	// 1 request of the API
	// true
}

// A browser brings the answer of the login server to the redirect URL, here as a form.
func ExampleServer_Visit() {
	srv, err := timelogtest.Start(timelogtest.WithCredentials("key", "secret"))
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	callback, err := srv.Visit(context.Background(), srv.LoginURL()+"/connect/authorize?client_id=key&response_type=code%20id_token"+
		"&response_mode=form_post&scope=openid%20tlp&nonce=n&state=s&redirect_uri=https://app.example/callback")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(callback.Mode, callback.RedirectURL, callback.Params.Get("state"))

	req, err := http.NewRequest(http.MethodPost, srv.LoginURL()+"/connect/token", strings.NewReader(
		"grant_type=authorization_code&client_id=key&client_secret=secret&redirect_uri=https://app.example/callback&code="+callback.Params.Get("code")))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := srv.Client().Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	// Output:
	// form_post https://app.example/callback s
	// 200
}

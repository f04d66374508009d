package timelogtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	row := timelogtest.Registration{TaskID: 5501, Date: monday}
	site := []timelogtest.Option{timelogtest.WithProjects(timelogtest.Project{}), timelogtest.WithTasks(timelogtest.Task{ProjectID: 1201})}
	for want, opts := range map[string][]timelogtest.Option{
		"WithMaxPageSize":                  {timelogtest.WithMaxPageSize(0)},
		"WithTokenLifetime":                {timelogtest.WithTokenLifetime(time.Millisecond)},
		"a credential is empty":            {timelogtest.WithCredentials("id", "")},
		"credential is empty":              {timelogtest.WithPersonalAccessToken("")},
		"WithSite":                         {timelogtest.WithSite("a/b")},
		`WithSite("")`:                     {timelogtest.WithSite("")},
		"WithCreateAnswer":                 {timelogtest.WithCreateAnswer(4)},
		"WithRedirectURLs":                 {timelogtest.WithRedirectURLs("/relative")},
		"WithUsers: row 0 has a negative":  {timelogtest.WithUsers(timelogtest.User{UserID: -1})},
		"two rows have the id 7":           {timelogtest.WithCustomers(timelogtest.Customer{CustomerID: 7}, timelogtest.Customer{CustomerID: 7})},
		"two rows have the GUID ab":        {timelogtest.WithCustomers(timelogtest.Customer{ID: "AB"}, timelogtest.Customer{ID: "ab"})},
		"project 1201: there is no":        {timelogtest.WithProjects(timelogtest.Project{CustomerID: 1})},
		"task 5501: there is no project 0": {timelogtest.WithTasks(timelogtest.Task{})},
		"there is no earlier task 5502":    append(site[:1:1], timelogtest.WithTasks(timelogtest.Task{ProjectID: 1201, ParentTaskID: 5502}, timelogtest.Task{ProjectID: 1201})),
		"90001 must have a date":           append(site[:2:2], timelogtest.WithRegistrations(timelogtest.Registration{TaskID: 5501})),
		"90001: there is no task 5501":     {timelogtest.WithRegistrations(row)},
		"registration 90001: there is no user 7": append(site[:2:2],
			timelogtest.WithRegistrations(timelogtest.Registration{TaskID: 5501, Date: monday, UserID: 7})),
	} {
		srv, err := timelogtest.Start(opts...)
		require.ErrorContains(t, err, want)
		assert.Nil(t, srv)
	}
}

func TestMissingIDsAreGiven(t *testing.T) {
	srv := timelogtest.NewServer(t, timelogtest.WithUsers(timelogtest.User{Initials: "A"}, timelogtest.User{UserID: 90, ID: "ABCD", Initials: "B"}),
		timelogtest.WithUsers(timelogtest.User{Initials: "C"}))
	assert.Equal(t, []timelogtest.User{
		{UserID: 90, ID: "abcd", Initials: "B", UserName: "b", License: 2},
		{UserID: 91, ID: "00000001-7465-4d6c-8f01-00000000005b", Initials: "A", UserName: "a", License: 2},
		{UserID: 92, ID: "00000001-7465-4d6c-8f01-00000000005c", Initials: "C", UserName: "c", License: 2},
	}, srv.Users())
	c := &caller{t, srv, srv.PersonalAccessToken()}
	assert.Equal(t, "A", c.get("/user/me").properties()["Initials"], "the first is logged in")
}

// What comes out of the server is its own.
func TestRowsAreCopies(t *testing.T) {
	srv := timelogtest.NewServer(t)
	srv.Users()[0].FirstName = "changed"
	assert.Equal(t, "Ann", srv.Users()[0].FirstName)
}

func TestRoutes(t *testing.T) {
	c := newCaller(t)
	for target, status := range map[string]int{
		"/acme/api/v1/user/me": 200, "/acme/api/v1/nothing": 404, "/acme/api/v1/user/me/more": 404, "/acme/api/v1/": 404, "/acme": 404,
		"/other/api/v1/user/me": 404, "/connect/token": 404,
	} {
		r := c.do("GET", "http://127.0.0.1:1"+target, "", "")
		assert.Equal(t, status, r.status, target)
		if status == 404 {
			assert.Contains(t, r.json()["Message"], "No HTTP resource was found")
		}
	}
	assert.Equal(t, 404, c.do("GET", c.srv.LoginURL()+"/acme/api/v1/user/me", "", "").status, "another origin")
	r := c.send("DELETE", "/user/create", "")
	assert.Equal(t, []any{405, []string{"GET", "POST"}}, []any{r.status, r.header["Allow"]})
	assert.Contains(t, r.json()["Message"], "DELETE")
	c.token = ""
	assert.Equal(t, 401, c.get("/nothing").status)
	r = c.do("GET", c.srv.SiteURL()+"/api/v3/user/me", "", "")
	failure, _ := r.json()["Error"].(object)
	assert.Equal(t, []any{404, "UnsupportedApiVersion"}, []any{r.status, failure["Code"]}, "decided before the token")
}

func TestSeparateOriginsThatNobodyElseServes(t *testing.T) {
	srv := timelogtest.NewServer(t)
	for _, url := range []string{srv.SiteURL(), srv.LoginURL()} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		require.NoError(t, err)
		_, err = (&http.Transport{}).RoundTrip(req)
		assert.ErrorContains(t, err, "refused", "a client without the server's own http.Client")
	}
}

func TestLoopback(t *testing.T) {
	srv, err := timelogtest.Start(timelogtest.WithLoopback())
	require.NoError(t, err)
	defer srv.Close()
	assert.NotContains(t, srv.SiteURL(), "127.0.0.1:1/")
	c := &caller{t, srv, srv.LogIn().AccessToken}
	assert.Equal(t, 200, c.get("/user/me").status)
	discovery := c.do("GET", srv.LoginURL()+"/.well-known/openid-configuration", "", "").json()
	assert.Equal(t, srv.LoginURL(), discovery["issuer"])
	assert.JSONEq(t, `{"url":"`+srv.SiteURL()+`"}`, c.do("GET", srv.LoginURL()+"/api/ResolveUri", "", "").body)
	config := srv.Config()
	config.Options.HTTPClient = nil // as another program would have it
	client, err := timelog.NewClient(config)
	require.NoError(t, err)
	defer func() { assert.NoError(t, client.Close(t.Context())) }()
	me, err := client.Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Ann", me.FirstName)
}

func TestMountedElsewhere(t *testing.T) {
	srv := timelogtest.NewServer(t)
	elsewhere := httptest.NewServer(srv)
	defer elsewhere.Close()
	read := func(path, token string) object {
		req, err := http.NewRequestWithContext(t.Context(), "GET", elsewhere.URL+path, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := elsewhere.Client().Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		var body object
		require.NoError(t, json.Unmarshal(b, &body), string(b))
		return body
	}
	assert.Equal(t, elsewhere.URL, read("/.well-known/openid-configuration", "")["issuer"])
	assert.Equal(t, object{"url": elsewhere.URL + "/acme"}, read("/api/ResolveUri", srv.LogIn().AccessToken))
	assert.Contains(t, read("/acme/api/v1/user/me", srv.PersonalAccessToken()), "Properties")
}

func TestConfig(t *testing.T) {
	srv := timelogtest.NewServer(t, timelogtest.WithSample(monday), timelogtest.WithPersonalAccessToken("pat"), timelogtest.WithSite("beta"))
	client, err := timelog.NewClient(srv.Config())
	require.NoError(t, err)
	defer func() { assert.NoError(t, client.Close(t.Context())) }()
	me, err := client.Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Berg", me.LastName)
	request := srv.Requests()[0]
	assert.Equal(t, []string{"/beta/api/v1/user/me", "Bearer pat"}, []string{request.Path, request.Header.Get("Authorization")})
}

func TestNewServerFailsTheTest(t *testing.T) {
	recorder := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		timelogtest.NewServer(recorder, timelogtest.WithMaxPageSize(0))
	}()
	assert.True(t, recorder.failed)
}

type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Fatal(...any) {
	f.failed = true
	panic("stop")
}

func TestClosedServer(t *testing.T) {
	srv := timelogtest.NewServer(t)
	srv.Close()
	srv.Close()
	_, err := srv.Visit(t.Context(), srv.LoginURL())
	require.ErrorContains(t, err, "refused")
	assert.Empty(t, srv.Requests())
}

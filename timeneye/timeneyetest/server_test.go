package timeneyetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	entry := on(42, monday)
	entry.ID = 5
	for name, opts := range map[string][]timeneyetest.Option{
		"WithMaxPageSize":        {timeneyetest.WithMaxPageSize(0)},
		"WithRateLimit":          {timeneyetest.WithRateLimit(-1)},
		"WithTokenLifetime":      {timeneyetest.WithTokenLifetime(time.Millisecond)},
		"a credential":           {timeneyetest.WithClientID("")},
		"a credential is":        {timeneyetest.WithPersonalAccessToken("")},
		"WithProjectList":        {timeneyetest.WithProjectList(7)},
		"WithCreateAnswer":       {timeneyetest.WithCreateAnswer(-1)},
		"WithRedirectURLs":       {timeneyetest.WithRedirectURLs("callback")},
		"has no Date":            {timeneyetest.WithEntries(timeneye.Entry{})},
		"the ID 5 is given":      {timeneyetest.WithEntries(entry, entry)},
		"the ID 0 is missing":    {timeneyetest.WithProjects(timeneye.Project{})},
		"the ID 310 is missing":  {project(), project()},
		"a phase of 1 has no ID": {timeneyetest.WithProjects(timeneye.Project{ID: 1, Phases: []timeneye.Phase{{}}})},
	} {
		srv, err := timeneyetest.Start(opts...)
		require.ErrorContains(t, err, name)
		assert.Nil(t, srv)
	}
}

func TestCommon(t *testing.T) {
	c := newCaller(t, project())
	r := c.get("/timers")
	assert.Equal(t, 404, r.status)
	assert.NotEmpty(t, r.json()["message"])
	assert.Equal(t, 404, c.do("GET", strings.Replace(c.srv.BaseURL(), "/api/v1", "/api/3/entries", 1), "", "").status)
	r = c.do("DELETE", c.srv.BaseURL()+"/entries", "", "")
	assert.Equal(t, 405, r.status)
	assert.Equal(t, []string{"GET", "POST"}, r.header["Allow"])
	assert.Empty(t, r.header.Get("X-RateLimit-Limit"), "no quota was set")

	c.token = "another"
	r = c.get("/entries")
	assert.Equal(t, 401, r.status)
	assert.Equal(t, object{"message": "Unauthenticated."}, r.json())
	c.accept = "text/html"
	r = c.get("/entries")
	assert.Equal(t, 302, r.status)
	assert.Equal(t, "/login", r.header.Get("Location"))
	assert.Contains(t, r.header.Get("Content-Type"), "text/html")
	c.token, c.accept = c.srv.PersonalAccessToken(), ""
	assert.Equal(t, 302, c.get("/entries").status)

	c.srv.RevokePersonalAccessToken()
	c.accept = "application/json"
	assert.Equal(t, 401, c.get("/entries").status)
	assert.Equal(t, 7, c.srv.APIRequests())
	assert.Zero(t, c.srv.TokenRequests())
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, timeneyetest.WithRateLimit(3), timeneyetest.WithUsers(timeneyetest.User{ID: 1}, timeneyetest.User{ID: 2}))
		began := time.Now()
		for left := 2; left >= 0; left-- {
			r := c.get("/projects")
			assert.Equal(t, []string{"3", strconv.Itoa(left), "", ""}, quota(r), "the others come with a 429 only")
			time.Sleep(time.Minute)
		}
		r := c.get("/projects")
		assert.Equal(t, 429, r.status)
		assert.Equal(t, []string{"3", "0", "120", fmt.Sprint(began.Add(5 * time.Minute).Unix())}, quota(r))

		c.srv.SignInAs(2)
		other := *c
		other.token = c.srv.LogIn().AccessToken
		assert.Equal(t, []string{"3", "2", "", ""}, quota(other.get("/projects")), "a user does not use up another's")
		time.Sleep(2 * time.Minute)
		assert.Equal(t, []string{"3", "2", "", ""}, quota(c.get("/projects")))
		assert.Equal(t, []string{"3", "1", "", ""}, quota(other.get("/projects")))
	})
}

func quota(r answer) (values []string) {
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "Retry-After", "X-RateLimit-Reset"} {
		values = append(values, r.header.Get(name))
	}
	return values
}

func TestFaults(t *testing.T) {
	c := newCaller(t, timeneyetest.WithMaxPageSize(1), timeneyetest.WithEntries(on(42, monday), on(42, monday)))
	c.srv.Fail(timeneyetest.LoginPage())
	r := c.get("/entries")
	assert.Equal(t, 302, r.status)
	assert.Equal(t, "/login", r.header.Get("Location"))

	c.srv.Fail(timeneyetest.Status(403))
	r = c.get("/entries")
	assert.Equal(t, 403, r.status)
	assert.Equal(t, object{"message": "Forbidden"}, r.json())

	c.srv.Fail(timeneyetest.WithoutMeta())
	assert.NotContains(t, c.get("/entries").json(), "meta")
	c.srv.Fail(timeneyetest.OtherPage())
	assert.InDelta(t, 7, c.get("/entries").json()["meta"].(object)["current_page"], 0)
	c.srv.Fail(timeneyetest.EmptyPage())
	r = c.get("/entries")
	assert.Empty(t, r.column("entry_id"))
	assert.InDelta(t, 2, r.json()["meta"].(object)["last_page"], 0)
	c.srv.Fail(timeneyetest.EmptyPage())
	assert.Equal(t, object{"data": []any{}}, c.get("/projects").json(), "a list without pages is left as it is")

	c.srv.Fail(timeneyetest.HTML(502).Times(2), timeneyetest.TokenError("invalid_grant"))
	c.srv.ClearFaults()
	assert.Equal(t, 200, c.get("/entries").status)
}

// What goes wrong is what the client makes of it.
func TestFaultsOfTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timeneyetest.NewServer(t, project())
		config := srv.Config()
		config.Options.Retry.MaxAttempts, config.Options.MaxResponseBytes = -1, 1<<20
		client, err := timeneye.NewClient(config)
		require.NoError(t, err)
		defer client.Close(t.Context())
		for name, c := range map[string]struct {
			fault  timeneyetest.Fault
			is     error
			booked int
		}{
			"reply":        {timeneyetest.Reply(409, "text/plain", "twice"), worktime.ErrConflict, 0},
			"content type": {timeneyetest.ContentType("text/plain"), worktime.ErrBadResponse, 1},
			"delay":        {timeneyetest.Delay(time.Second), nil, 1},
			"timeout":      {timeneyetest.Delay(time.Hour), worktime.ErrUnknownOutcome, 0},
			"truncated":    {timeneyetest.Truncate(), worktime.ErrUnknownOutcome, 1},
			"stall":        {timeneyetest.Stall(), worktime.ErrUnknownOutcome, 1},
			"malformed":    {timeneyetest.Malformed(), worktime.ErrBadResponse, 1},
			"dropped":      {timeneyetest.Drop(), worktime.ErrUnknownOutcome, 0},
			"lost answer":  {timeneyetest.LoseAnswer(), worktime.ErrUnknownOutcome, 1},
			"huge":         {timeneyetest.HugeBody(1 << 30), worktime.ErrTooLarge, 0},
			"gzip bomb":    {timeneyetest.GzipBomb(1 << 30), worktime.ErrTooLarge, 0},
		} {
			before := len(srv.Entries())
			srv.Fail(c.fault)
			_, err := client.Entries.Create(t.Context(), timeneye.NewEntry{ProjectID: 310, PhaseID: 77, Minutes: 30, Date: monday})
			if c.is == nil {
				require.NoError(t, err, name)
			} else {
				require.ErrorIs(t, err, c.is, name)
			}
			assert.Equal(t, c.booked, len(srv.Entries())-before, name)
		}
		release := make(chan struct{})
		srv.Fail(timeneyetest.Hold(release))
		time.AfterFunc(time.Second, func() { close(release) })
		began := time.Now()
		_, err = worktime.Collect(client.Projects.All(t.Context(), timeneye.ProjectQuery{}))
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

// The server can be mounted elsewhere, or listen itself.
func TestPlaces(t *testing.T) {
	srv := timeneyetest.NewServer(t)
	elsewhere := httptest.NewServer(srv)
	defer elsewhere.Close()
	config := srv.Config()
	config.BaseURL, config.Options.HTTPClient = elsewhere.URL+"/api/v1", nil
	requireEntries(t, config)
	config = srv.Config()
	config.BaseURL = "" // the vendor's
	requireEntries(t, config)
	listening := timeneyetest.NewServer(t, timeneyetest.WithLoopback())
	config = listening.Config()
	config.Options.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	requireEntries(t, config)
	assert.NotEqual(t, strings.TrimSuffix(listening.BaseURL(), "/api/v1"), strings.TrimSuffix(listening.TokenURL(), "/oauth/token"))
}

func requireEntries(t *testing.T, config timeneye.Config) {
	t.Helper()
	client, err := timeneye.NewClient(config)
	require.NoError(t, err)
	defer client.Close(t.Context())
	_, err = worktime.Collect(client.Entries.All(t.Context(), timeneye.EntryQuery{From: monday, To: monday}))
	require.NoError(t, err)
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server that other programs could reach, with two tasks that the caller may register on, one that they may not,
// and registrations on Monday, June 8th, and on the Sundays before it and at the end of its week. All before June is
// closed.
func start(t *testing.T) (server *timelogtest.Server, environ []string) {
	t.Helper()
	registration := func(date worktime.Date, task int64) timelogtest.Registration {
		return timelogtest.Registration{TaskID: task, UserID: 82, Date: date, Hours: 1.5, Comment: "a\x1b[2J\nb"}
	}
	absence := timelogtest.Registration{AbsenceCodeID: 2, UserID: 82, Date: worktime.NewDate(2026, 6, 9), Hours: 7.5}
	server = timelogtest.NewServer(t, timelogtest.WithLoopback(), timelogtest.WithClosedUntil(worktime.NewDate(2026, 5, 31)),
		timelogtest.WithUsers(timelogtest.User{UserID: 82}, timelogtest.User{UserID: 83}),
		timelogtest.WithProjects(timelogtest.Project{ProjectID: 1201, Name: "Website", Status: 2}),
		timelogtest.WithTasks(
			timelogtest.Task{TaskID: 5501, ProjectID: 1201, Name: "Analysis", IsBillable: true},
			timelogtest.Task{TaskID: 5502, ProjectID: 1201, Name: "Meetings", AdditionalTextIsRequired: true, UserIDs: []int64{82}},
			timelogtest.Task{TaskID: 5503, ProjectID: 1201, Name: "Design", UserIDs: []int64{83}},
		),
		timelogtest.WithRegistrations(
			registration(worktime.NewDate(2026, 6, 7), 5501), registration(worktime.NewDate(2026, 6, 8), 5501), absence,
			registration(worktime.NewDate(2026, 6, 14), 5502), registration(worktime.NewDate(2026, 6, 15), 5501),
		))
	return server, []string{"TIMELOG_SITE_URL=" + server.SiteURL(), "TIMELOG_PAT=" + server.PersonalAccessToken()}
}

// exec returns the status, stdout and the lines of stderr.
func exec(t *testing.T, environ []string, args ...string) (status int, stdout string, stderr []string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, environ, &out, &log)
	return status, out.String(), strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
}

const wednesday = "2026-06-10"

func TestFormats(t *testing.T) {
	server, environ := start(t)
	for _, day := range []string{"2026-06-08", wednesday, "2026-06-14"} {
		status, table, stderr := exec(t, environ, "-week", day)
		assert.Zero(t, status)
		assert.Equal(t, []string{"2 tasks, 3 registrations, 0 booked, 2 pages, 2 requests, 0 token requests, 0 retries"}, stderr)
		assert.Equal(t, 6, strings.Count(table, "\n"))
		assert.Contains(t, table, "task                        5501  Website               Analysis\n")
		assert.Contains(t, table, "registration  2026-06-08    5501  Website               Analysis                1.50      0.00")
		assert.Contains(t, table, " a [2J b\n")
	}

	_, text, _ := exec(t, environ, "-week", wednesday, "-format", "csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	absence := rows[4]
	assert.Equal(t, [][]string{
		{"kind", "date", "task", "project", "name", "hours", "billable", "id", "comment"},
		{"task", "", "5501", "Website", "Analysis", "", "", "", ""},
		{"task", "", "5502", "Website", "Meetings", "", "", "", ""},
		{"registration", "2026-06-08", "5501", "Website", "Analysis", "1.50", "0.00", rows[3][7], "a\x1b[2J\nb"},
		{"absence", "2026-06-09", "", "", absence[4], "7.50", "0.00", absence[7], ""},
		{"registration", "2026-06-14", "5502", "Website", "Meetings", "1.50", "0.00", rows[5][7], "a\x1b[2J\nb"},
	}, rows)
	assert.NotEmpty(t, absence[4])

	_, lines, _ := exec(t, environ, "-week", wednesday, "-format", "jsonl")
	decoder := json.NewDecoder(strings.NewReader(lines))
	var got []row
	for {
		var r row
		err := decoder.Decode(&r)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		got = append(got, r)
	}
	require.Len(t, got, 5)
	assert.Equal(t, row{Kind: "task", Task: 5501, Project: "Website", Name: "Analysis"}, got[0])
	assert.Equal(t, row{
		Kind: "registration", Date: worktime.NewDate(2026, 6, 8), Task: 5501, Project: "Website", Name: "Analysis", Hours: 1.5,
		ID: timelog.TimeRegistrationID(server.Registrations()[1].TimeRegistrationID), Comment: "a\x1b[2J\nb",
	}, got[2])
	assert.Equal(t, "timelog-time/v1 (worktime example)", server.Requests()[0].Header.Get("User-Agent"))
}

func TestBook(t *testing.T) {
	server, environ := start(t)
	before := len(server.Registrations())
	status, stdout, stderr := exec(t, environ, "-week", wednesday, "-task", "5501", "-hours", "1.67", "-comment", "Workshop", "-format", "csv")
	assert.Zero(t, status)
	assert.Equal(t, []string{
		`Booked: 1.67 hours, 1.67 of them billable, on task 5501 "Analysis" on 2026-06-10`,
		"2 tasks, 4 registrations, 1 booked, 2 pages, 3 requests, 0 token requests, 0 retries",
	}, stderr)
	assert.Contains(t, stdout, "registration,2026-06-10,5501,Website,Analysis,1.67,1.67,")
	rows := server.Registrations()
	require.Len(t, rows, before+1)
	booked := rows[before]
	assert.Equal(t, []any{int64(82), int64(5501), "2026-06-10", true, "Workshop", ""},
		[]any{booked.UserID, booked.TaskID, booked.Date.String(), booked.Billable, booked.Comment, booked.AdditionalComment})
	assert.InDelta(t, 100.0/60, booked.Hours, 1e-9)

	// What the customer does not pay, on a task that wants an additional text.
	status, _, stderr = exec(t, environ, "-week", wednesday, "-task", "5502", "-hours", "2", "-comment", "Stand-up")
	assert.Zero(t, status, stderr)
	booked = server.Registrations()[before+1]
	assert.Equal(t, []any{2.0, 0.0, false, "Stand-up"}, []any{booked.Hours, booked.BillableHours, booked.Billable, booked.AdditionalComment})
}

func TestDryRun(t *testing.T) {
	server, environ := start(t)
	before := server.Registrations()
	status, stdout, stderr := exec(t, environ, "-week", wednesday, "-task", "5501", "-hours", "1.5", "-dry-run")
	assert.Zero(t, status)
	assert.Equal(t, []string{
		`Dry run, not booked: 1.50 hours, 1.50 of them billable, on task 5501 "Analysis" on 2026-06-10`,
		"2 tasks, 3 registrations, 0 booked, 2 pages, 2 requests, 0 token requests, 0 retries",
	}, stderr)
	assert.Equal(t, 6, strings.Count(stdout, "\n"))
	assert.Equal(t, before, server.Registrations())
	for _, r := range server.Requests() {
		assert.Equal(t, http.MethodGet, r.Method)
	}
}

// A booking whose answer is lost is looked for and not repeated.
func TestBookUnknownOutcome(t *testing.T) {
	server, environ := start(t)
	booking := []string{"-week", wednesday, "-task", "5501", "-hours", "1"}
	before := len(server.Registrations())
	for name, c := range map[string]struct {
		faults []timelogtest.Fault
		status int
		booked int
		says   string
	}{
		"booked": {[]timelogtest.Fault{timelogtest.LoseAnswer()}, 0, 1, "Booked: 1.00 hours"},
		"lost":   {[]timelogtest.Fault{timelogtest.Drop()}, 1, 0, "not booked so far, so look before you book again"},
		"nobody knows": {
			[]timelogtest.Fault{timelogtest.LoseAnswer(), timelogtest.Status(http.StatusForbidden).On(http.MethodGet, "/get-by-date")},
			1, 1, "perhaps booked, so look before you book again",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.ClearFaults()
			sent := posts(server)
			c.faults[0] = c.faults[0].On(http.MethodPost, "/time-registration")
			server.Fail(c.faults...)
			status, stdout, stderr := exec(t, environ, booking...)
			assert.Equal(t, c.status, status)
			assert.Contains(t, stderr[0], c.says)
			assert.Equal(t, c.status == 0, stdout != "")
			assert.Equal(t, sent+1, posts(server))
			assert.Len(t, server.Registrations(), before+c.booked)
			before += c.booked
		})
	}
}

func posts(server *timelogtest.Server) (n int) {
	for _, r := range server.Requests() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

func TestNothingConfigured(t *testing.T) {
	for _, args := range [][]string{nil, {"-task", "5510", "-hours", "0.5"}} {
		status, stdout, stderr := exec(t, []string{"HOME=/", "TIMELOG_PAT="}, args...)
		assert.Zero(t, status)
		assert.Greater(t, strings.Count(stdout, "\n"), 8)
		assert.Contains(t, stderr[0], "No TIMELOG_* variable is set")
		assert.Regexp(t, `^\d+ tasks, \d+ registrations, [01] booked, 2 pages, [23] requests, 0 token requests, 0 retries$`, stderr[len(stderr)-1])
	}
}

func TestStoredLogin(t *testing.T) {
	server, _ := start(t)
	dir := t.TempDir()
	environ := []string{
		"TIMELOG_CLIENT_ID=" + server.ClientID(), "TIMELOG_CLIENT_SECRET=" + server.ClientSecret(), "TIMELOG_LOGIN_URL=" + server.LoginURL(),
	}
	status, stdout, stderr := exec(t, environ, "-week", wednesday, "-store", dir)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "log in with timelog-login")

	config := server.Config()
	config.Auth = server.HybridLogin(tokenstore.File(dir))
	client, err := timelog.NewClient(config)
	require.NoError(t, err)
	require.NoError(t, client.Login(t.Context()))
	require.NoError(t, client.Close(context.Background()))

	status, _, stderr = exec(t, environ, "-week", wednesday, "-store", dir)
	assert.Zero(t, status)
	assert.Regexp(t, `^2 tasks, 3 registrations, .* 0 token requests, 0 retries$`, stderr[0])
	server.RevokeTokens()
	status, _, stderr = exec(t, environ, "-week", wednesday, "-store", dir)
	assert.Zero(t, status)
	assert.Regexp(t, `^2 tasks, 3 registrations, .* 1 token requests, `, stderr[0])
}

func TestFailures(t *testing.T) {
	server, environ := start(t)
	server.Fail(timelogtest.Status(http.StatusServiceUnavailable).Header("Retry-After", "0"))
	status, _, stderr := exec(t, environ, "-week", wednesday)
	assert.Zero(t, status)
	assert.Equal(t, []string{"2 tasks, 3 registrations, 0 booked, 2 pages, 3 requests, 0 token requests, 1 retries"}, stderr)

	for name, c := range map[string]struct {
		environ []string
		args    []string
		says    string
	}{
		"token":       {append(environ, "TIMELOG_PAT=canary"), nil, "Authorization has been denied"},
		"no site":     {environ[1:], nil, "(set TIMELOG_SITE_URL)"},
		"site":        {append(environ, "TIMELOG_SITE_URL=https://app.timelog.com"), nil, "(set TIMELOG_SITE_URL)"},
		"spoilt pat":  {append(environ, "TIMELOG_PAT=canary two"), nil, "(set TIMELOG_PAT)"},
		"no login":    {environ[:1], nil, "set TIMELOG_PAT, or TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET"},
		"no secret":   {[]string{"TIMELOG_CLIENT_ID=key"}, nil, "set TIMELOG_PAT, or TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET"},
		"no store":    {[]string{"TIMELOG_CLIENT_ID=key", "TIMELOG_CLIENT_SECRET=canary"}, nil, "want -store"},
		"login url":   {[]string{"TIMELOG_CLIENT_ID=key", "TIMELOG_CLIENT_SECRET=canary", "TIMELOG_LOGIN_URL=ftp://x"}, []string{"-store", "x"}, "(set TIMELOG_LOGIN_URL)"},
		"client id":   {[]string{"TIMELOG_CLIENT_ID=k\x01", "TIMELOG_CLIENT_SECRET=canary"}, []string{"-store", "x"}, "(set TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET)"},
		"task":        {environ, []string{"-task", "5503", "-hours", "1"}, "task 5503 is none that you may register time on"},
		"closed week": {environ, []string{"-week", "2026-05-29", "-task", "5501", "-hours", "1"}, "not booked, since the timesheet of 2026-05-29 is closed"},
		"rule":        {environ, []string{"-week", wednesday, "-task", "5502", "-hours", "1"}, "not booked: timelog"},
	} {
		t.Run(name, func(t *testing.T) {
			before := server.Registrations()
			status, stdout, stderr := exec(t, c.environ, c.args...)
			assert.Equal(t, 1, status)
			assert.Empty(t, stdout)
			require.Len(t, stderr, 1)
			assert.Contains(t, stderr[0], c.says)
			assert.NotContains(t, stderr[0], "canary")
			assert.Equal(t, before, server.Registrations())
		})
	}

	release := make(chan struct{})
	defer close(release)
	server.Fail(timelogtest.Hold(release))
	status, _, stderr = exec(t, environ, "-timeout", "50ms")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr[0], "deadline exceeded")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-format", "xml"}, {"-week", "yesterday"}, {"-week", ""}, {"-task", "x", "-hours", "1"}, {"-task", "0", "-hours", "1"}, {"-task", "5501"}, {"-hours", "1"},
		{"-task", "5501", "-hours", "0"}, {"-task", "5501", "-hours", "-1"}, {"-task", "5501", "-hours", "NaN"}, {"-task", "5501", "-hours", "25"},
		{"-task", "5501", "-hours", "1h"}, {"-comment", "text"}, {"-dry-run"}, {"extra"}, {"-unknown"}, {"-timeout", "soon"},
	} {
		status, stdout, stderr := exec(t, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout)
		assert.NotEmpty(t, stderr)
	}
	status, stdout, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	for _, name := range []string{
		"TIMELOG_SITE_URL", "TIMELOG_PAT", "TIMELOG_CLIENT_ID", "TIMELOG_CLIENT_SECRET", "TIMELOG_LOGIN_URL",
		"-week", "-task", "-hours", "-comment", "-dry-run", "-format", "-store", "-timeout",
	} {
		assert.Contains(t, strings.Join(stderr, "\n"), name)
	}
}

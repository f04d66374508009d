package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var newYear = worktime.NewDate(2026, 1, 5)

// start runs a server that other programs could reach, with 5 entries of users 42, 43, 42, 43, 42, and returns the
// environment with its personal access token.
func start(t *testing.T) (server *timeneyetest.Server, environ []string) {
	t.Helper()
	entries := make([]timeneye.Entry, 5)
	for i := range entries {
		entries[i] = timeneye.Entry{UserID: int64(42 + i%2), ProjectID: 310, PhaseID: 77, Date: newYear, Minutes: 30 + i, Notes: "a\x1b[2J\nb"}
	}
	server = timeneyetest.NewServer(t, timeneyetest.WithLoopback(), timeneyetest.WithMaxPageSize(2), timeneyetest.WithEntries(entries...),
		timeneyetest.WithProjects(
			timeneye.Project{ID: 310, Name: "Website", Phases: []timeneye.Phase{{ID: 76, Name: "Print", IsOpen: true}, {ID: 77, Name: "Design", IsOpen: true}}},
			timeneye.Project{ID: 312, Name: "Twins", Phases: []timeneye.Phase{{ID: 79, Name: "Design", IsOpen: true}}},
			timeneye.Project{ID: 313, Name: "twins", Phases: []timeneye.Phase{{ID: 80, Name: "Design", IsOpen: true}}},
			timeneye.Project{ID: 314, Name: "Press", Phases: []timeneye.Phase{{ID: 81, Name: "Print", IsOpen: true}, {ID: 82, Name: "Print", IsOpen: true}}},
			timeneye.Project{ID: 311, Name: "Blog", Phases: []timeneye.Phase{{ID: 78, Name: "Design", IsOpen: true}}},
		))
	return server, []string{"TIMENEYE_PAT=" + server.PersonalAccessToken(), apiURL(server)}
}

func apiURL(server *timeneyetest.Server) string {
	return "TIMENEYE_API_URL=" + strings.TrimSuffix(server.BaseURL(), "/api/v1")
}

// exec returns the status, stdout and the lines of stderr.
func exec(t *testing.T, environ []string, args ...string) (status int, stdout string, stderr []string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, environ, &out, &log)
	return status, out.String(), strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
}

var january = []string{"-from", "2026-01-01", "-to", "2026-01-31"}

func TestFormats(t *testing.T) {
	server, environ := start(t)
	status, table, stderr := exec(t, environ, january...)
	assert.Zero(t, status)
	assert.Equal(t, []string{"5 entries, 3 pages, 3 requests, 0 token requests, 0 retries"}, stderr)
	assert.Equal(t, 6, strings.Count(table, "\n"))
	assert.Contains(t, table, "2026-01-05       30        42       310        77  false          1  a [2J b\n")

	_, text, _ := exec(t, environ, append(january, "-format", "csv", "-member", "43")...)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"date", "minutes", "user", "project", "phase", "billed", "id", "notes"},
		{"2026-01-05", "31", "43", "310", "77", "false", "2", "a\x1b[2J\nb"}, {"2026-01-05", "33", "43", "310", "77", "false", "4", "a\x1b[2J\nb"},
	}, rows)

	_, lines, _ := exec(t, environ, append(january, "-format", "jsonl", "-member", "42, 43")...)
	decoder := json.NewDecoder(strings.NewReader(lines))
	var got []timeneye.Entry
	for {
		var e timeneye.Entry
		err := decoder.Decode(&e)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		e.Raw = nil
		got = append(got, e)
	}
	assert.Equal(t, server.Entries(), got)
	assert.Contains(t, lines, `"entry_minutes":30`)
}

func TestNothingConfigured(t *testing.T) {
	status, stdout, stderr := exec(t, []string{"HOME=/", "TIMENEYE_PAT="})
	assert.Zero(t, status)
	assert.Greater(t, strings.Count(stdout, "\n"), 50)
	require.Len(t, stderr, 2)
	assert.Contains(t, stderr[0], "No TIMENEYE_* variable is set")
	assert.Regexp(t, `^\d+ entries, \d+ pages, \d+ requests, 0 token requests, 0 retries$`, stderr[1])
}

func TestAdd(t *testing.T) {
	server, environ := start(t)
	status, stdout, stderr := exec(t, environ, "-add", "2h30m website design Sketches  for home", "-format", "csv")
	assert.Zero(t, status)
	assert.Equal(t, []string{"1 entries, 1 pages, 2 requests, 0 token requests, 0 retries"}, stderr)
	assert.Contains(t, stdout, ",150,42,310,77,false,6,Sketches for home\n")
	added := server.Entries()[5]
	assert.Equal(t, []any{150, int64(310), int64(77), "Sketches for home"}, []any{added.Minutes, added.ProjectID, added.PhaseID, added.Notes})

	_, _, stderr = exec(t, environ, "-add", "45m 310 76")
	assert.Equal(t, []string{"1 entries, 0 pages, 1 requests, 0 token requests, 0 retries"}, stderr, "ids need not be looked up")
	assert.Equal(t, int64(76), server.Entries()[6].PhaseID)
	_, _, _ = exec(t, environ, "-add", "45m 311 Design")
	assert.Equal(t, int64(78), server.Entries()[7].PhaseID)

	for add, want := range map[string]string{
		"1h Nothing Design": `there is no project "Nothing"`, "1h 999 Design": `there is no project "999"`, "1h Blog Print": `has no phase "Print"`,
		"1h 310 99": "422", "1h TWINS Design": "the projects 312 and 313 are both called", "1h 314 print": "the phases 81 and 82 are both called",
	} {
		status, _, stderr := exec(t, environ, "-add", add)
		assert.Equal(t, 1, status, add)
		require.Len(t, stderr, 1)
		assert.Contains(t, stderr[0], want)
	}
	server.Fail(timeneyetest.LoseAnswer().On("POST", "/entries"))
	status, _, stderr = exec(t, environ, "-add", "1h 310 77")
	assert.Equal(t, 1, status)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "look before")
	assert.Len(t, server.Entries(), 9)
}

// terminal is a person who reads stderr and opens the address that is printed there.
type terminal struct {
	bytes.Buffer
	server *timeneyetest.Server
	opened sync.WaitGroup
}

func (p *terminal) Write(b []byte) (int, error) {
	if url, ok := strings.CutPrefix(string(b), "open: "); ok {
		p.opened.Go(func() { _ = p.server.Browse(context.Background(), strings.TrimSuffix(url, "\n")) })
	}
	return p.Buffer.Write(b)
}

func TestLogin(t *testing.T) {
	server, _ := start(t)
	environ := []string{"TIMENEYE_CLIENT_ID=" + server.ClientID(), "TIMENEYE_AUTH_URL=" + server.AuthURL(), "TIMENEYE_TOKEN_URL=" + server.TokenURL(), apiURL(server)}
	args := append(january, "-no-browser", "-store", t.TempDir())
	stderr := &terminal{server: server}
	var stdout bytes.Buffer
	require.Zero(t, run(t.Context(), args, environ, &stdout, stderr), stderr.String())
	stderr.opened.Wait()
	lines := strings.Split(strings.TrimSuffix(stderr.String(), "\n"), "\n")
	require.Len(t, lines, 2)
	assert.True(t, strings.HasPrefix(lines[0], "open: "+server.AuthURL()+"?"), lines[0])
	assert.Equal(t, "5 entries, 3 pages, 3 requests, 1 token requests, 0 retries", lines[1])

	status, _, again := exec(t, environ, args...)
	assert.Zero(t, status)
	assert.Equal(t, []string{"5 entries, 3 pages, 3 requests, 0 token requests, 0 retries"}, again, "the login is kept")
	server.RevokeTokens()
	_, _, again = exec(t, environ, args...)
	assert.Equal(t, []string{"5 entries, 3 pages, 4 requests, 1 token requests, 1 retries"}, again, "and renewed")
}

func TestFailures(t *testing.T) {
	server, environ := start(t)
	server.Fail(timeneyetest.Status(http.StatusServiceUnavailable).Header("Retry-After", "0"))
	status, _, stderr := exec(t, environ, january...)
	assert.Zero(t, status)
	assert.Equal(t, []string{"5 entries, 3 pages, 4 requests, 0 token requests, 1 retries"}, stderr)

	server.Fail(timeneyetest.Status(http.StatusForbidden))
	status, stdout, stderr := exec(t, environ, january...)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "the role of the user")

	for want, environ := range map[string][]string{
		"cannot be renewed": {"TIMENEYE_PAT=wrong", apiURL(server)},
		"(set TIMENEYE_PAT, or TIMENEYE_CLIENT_ID, TIMENEYE_AUTH_URL and TIMENEYE_TOKEN_URL)": {apiURL(server)},
		"(set TIMENEYE_AUTH_URL)":  {"TIMENEYE_CLIENT_ID=x"},
		"(set TIMENEYE_TOKEN_URL)": {"TIMENEYE_CLIENT_ID=x", "TIMENEYE_AUTH_URL=" + server.AuthURL()},
		"(set TIMENEYE_API_URL)":   {"TIMENEYE_PAT=x", "TIMENEYE_API_URL=https://track.timeneye.com"},
	} {
		status, stdout, stderr := exec(t, environ, january...)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		require.Len(t, stderr, 1)
		assert.Contains(t, stderr[0], want)
		assert.NotContains(t, stderr[0], "wrong")
		assert.Equal(t, strings.TrimSpace(stderr[0]), stderr[0], "no blank at the end")
	}

	server.Fail(timeneyetest.Status(http.StatusTooManyRequests).RetryAfter(3 * time.Minute))
	status, _, stderr = exec(t, environ, append(january, "-timeout", "1m")...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr[0], "retry after")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-format", "xml"}, {"-from", "yesterday"}, {"-member", "1,x"}, {"-member", "0"}, {"extra"}, {"-unknown"}, {"-port", "70000"},
		{"-from", "2026-02-01", "-to", "2026-01-01"},
		{"-add", ""}, {"-add", "1h 310"}, {"-add", "soon 310 77"}, {"-add", "90s 310 77"}, {"-add", "0m 310 77"}, {"-add", "-1h 310 77"},
		{"-add", "1h 0 77"}, {"-add", "1h 310 -7"}, {"-timeout", "soon"},
	} {
		status, stdout, stderr := exec(t, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout)
		assert.NotEmpty(t, stderr)
	}
	status, stdout, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Contains(t, strings.Join(stderr, "\n"), "-no-browser")
}

package main

import (
	"bytes"
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
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server that other programs could reach, with 5 clockings of persons 1, 2, 1, 2, 1.
func start(t *testing.T) (server *protimetest.Server, environ []string) {
	t.Helper()
	clockings := make([]protime.Clocking, 5)
	for i := range clockings {
		clockings[i] = protime.Clocking{Person: protime.ByID(int64(1 + i%2)), Date: worktime.NewDate(2026, 1, 5), TimeOfDay: protime.TimeOfDay(510 + i), Kind: protime.ClockingInOut}
	}
	server = protimetest.NewServer(t, protimetest.WithLoopback(), protimetest.WithPageSize(2), protimetest.WithClockings(clockings...))
	config := server.Config()
	return server, []string{
		"PROTIME_TENANT=" + config.Tenant, "PROTIME_CLIENT_ID=" + config.ClientID, "PROTIME_CLIENT_SECRET=" + config.ClientSecret,
		"PROTIME_SCOPES=" + string(protime.ScopeClockingsRead) + " " + string(protime.ScopeClockingsWrite),
		"PROTIME_ENVIRONMENT=sandbox", "PROTIME_USER_AGENT=Script/v3 (Acme)",
		"PROTIME_API_URL=" + server.URL(), "PROTIME_AUTH_URL=" + server.AuthURL(),
	}
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
	assert.Equal(t, []string{"5 clockings, 3 pages, 3 requests, 1 token requests, 0 retries"}, stderr)
	assert.Equal(t, 6, strings.Count(table, "\n"))
	assert.Contains(t, table, "2026-01-05  08:30           1  InOut")

	_, text, _ := exec(t, environ, append(january, "-format", "csv", "-person", "2")...)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"date", "time", "person", "kind", "status", "id"},
		{"2026-01-05", "08:31", "2", "InOut", "Active", "2"}, {"2026-01-05", "08:33", "2", "InOut", "Active", "4"},
	}, rows)

	_, lines, _ := exec(t, environ, append(january, "-format", "jsonl", "-person", "1,2")...)
	decoder := json.NewDecoder(strings.NewReader(lines))
	var got []protime.Clocking
	for {
		var c protime.Clocking
		err := decoder.Decode(&c)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		got = append(got, c)
	}
	assert.Equal(t, server.Clockings(), got)
	assert.Contains(t, lines, `"timeOfDayInMinutes":510`)

	assert.Equal(t, "Script/v3 (Acme)", server.Requests()[0].Header.Get("User-Agent"))
	assert.Contains(t, string(server.Requests()[0].Body), "scope=connector-protimeapi-clockings.read+connector-protimeapi-clockings.write")
}

func TestNothingConfigured(t *testing.T) {
	status, stdout, stderr := exec(t, []string{"HOME=/", "PROTIME_TENANT="})
	assert.Zero(t, status)
	assert.Greater(t, strings.Count(stdout, "\n"), 50)
	require.Len(t, stderr, 2)
	assert.Contains(t, stderr[0], "No PROTIME_* variable is set")
	assert.Regexp(t, `^\d+ clockings, \d+ pages, \d+ requests, 1 token requests, 0 retries$`, stderr[1])
}

func TestFailures(t *testing.T) {
	server, environ := start(t)
	server.Fail(protimetest.Status(http.StatusServiceUnavailable).Header("Retry-After", "0"))
	status, _, stderr := exec(t, environ, january...)
	assert.Zero(t, status)
	assert.Equal(t, []string{"5 clockings, 3 pages, 4 requests, 1 token requests, 1 retries"}, stderr)

	server.Fail(protimetest.Status(http.StatusForbidden))
	status, stdout, stderr := exec(t, environ, january...)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "check the scopes")

	status, _, stderr = exec(t, append(environ, "PROTIME_CLIENT_SECRET=wrong"), january...)
	assert.Equal(t, 1, status)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "invalid_client")
	assert.NotContains(t, stderr[0], "wrong")

	status, _, stderr = exec(t, []string{"PROTIME_TENANT=acme"})
	assert.Equal(t, 1, status)
	assert.Equal(t, []string{"protime-clockings: protime: Config.ClientID is empty (set PROTIME_CLIENT_ID)"}, stderr)

	release := make(chan struct{})
	defer close(release)
	server.Fail(protimetest.Hold(release))
	status, _, stderr = exec(t, environ, append(january, "-timeout", "50ms")...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr[0], "deadline exceeded")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-format", "xml"}, {"-from", "yesterday"}, {"-person", "1,x"}, {"-person", "0"}, {"extra"}, {"-unknown"}, {"-timeout", "soon"},
		{"-from", "2026-02-01", "-to", "2026-01-01"}, {"-from", "2024-01-01", "-to", "2026-01-01"},
	} {
		status, stdout, stderr := exec(t, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout)
		assert.NotEmpty(t, stderr)
	}
	status, stdout, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Contains(t, strings.Join(stderr, "\n"), "-person")
}

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exec returns the status, stdout and the lines of stderr.
func exec(t *testing.T, environ []string, args ...string) (status int, stdout string, stderr []string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, environ, &out, &log, nil)
	return status, out.String(), strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
}

var (
	monday = worktime.NewDate(2026, 6, 8)
	june   = []string{"-from", "2026-06-08", "-to", "2026-06-21"}
)

// vendors are servers that other programs could reach.
type vendors struct {
	protime  *protimetest.Server
	timelog  *timelogtest.Server
	timeneye *timeneyetest.Server
	environ  []string
}

// start has a person, a day and an absence or a shift over midnight at each vendor's.
func start(t *testing.T) vendors {
	t.Helper()
	clocking := func(day int, minutes protime.TimeOfDay) protime.Clocking {
		return protime.Clocking{Person: protime.ByID(1), Date: monday.AddDays(day), TimeOfDay: minutes, Kind: protime.ClockingInOut}
	}
	v := vendors{
		protime: protimetest.NewServer(t, protimetest.WithLoopback(),
			protimetest.WithObjects("people", map[string]any{"id": 1, "firstName": "Anna", "lastName": "<Peeters>"}),
			protimetest.WithClockings(
				clocking(-1, 22*60), clocking(0, 6*60), // counts for the day before the period
				clocking(0, 22*60), clocking(1, 6*60),
				clocking(5, 9*60+12),                      // and no out
				clocking(13, 21*60), clocking(14, 4*60+5), // ends after the period
				clocking(14, 22*60),
			)),
		timelog: timelogtest.NewServer(t, timelogtest.WithLoopback(), timelogtest.WithSample(monday)),
		timeneye: timeneyetest.NewServer(t, timeneyetest.WithLoopback(),
			timeneyetest.WithProjects(timeneye.Project{ID: 310, Name: "Website"}),
			timeneyetest.WithEntries(
				timeneye.Entry{ProjectID: 310, Date: monday, Minutes: 90}, timeneye.Entry{ProjectID: 311, Date: monday, Minutes: 15},
			)),
	}
	config := v.protime.Config()
	v.environ = []string{
		"PROTIME_TENANT=" + config.Tenant, "PROTIME_CLIENT_ID=" + config.ClientID, "PROTIME_CLIENT_SECRET=" + config.ClientSecret,
		"PROTIME_SCOPES=" + string(protime.ScopeClockingsRead) + " " + string(protime.ScopePeopleRead),
		"PROTIME_API_URL=" + v.protime.URL(), "PROTIME_AUTH_URL=" + v.protime.AuthURL(),
		"TIMELOG_SITE_URL=" + v.timelog.SiteURL(), "TIMELOG_PAT=" + v.timelog.PersonalAccessToken(),
		"TIMENEYE_API_URL=" + strings.TrimSuffix(v.timeneye.BaseURL(), "/api/v1"), "TIMENEYE_PAT=" + v.timeneye.PersonalAccessToken(),
	}
	return v
}

func TestConfigured(t *testing.T) {
	v := start(t)
	status, stdout, stderr := exec(t, v.environ, append(june, "-by", "project", "-format", "csv")...)
	assert.Zero(t, status)
	assert.Equal(t, []string{"protime: 8 clockings", "timelog: 30 registrations", "timeneye: 2 entries"}, stderr)
	rows, err := csv.NewReader(strings.NewReader(stdout)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"provider", "person_id", "person", "day", "project_id", "project", "minutes", "missing"},
		{"protime", "1", "Anna <Peeters>", "", "", "", "905", "2026-06-13 09:12: no clock-out"},
		{"timelog", "82", "Ann Berg", "", "1205", "Administration", "300", ""},
		{"timelog", "82", "Ann Berg", "", "1201", "Website relaunch", "4650", ""},
		{"timeneye", "42", "User 42", "", "311", "Project 311", "15", ""},
		{"timeneye", "42", "User 42", "", "310", "Website", "90", ""},
	}, rows)

	_, stdout, _ = exec(t, v.environ, append(june, "-format", "jsonl", "-providers", "timeneye,protime")...)
	assert.Equal(t, strings.Join([]string{
		`{"provider":"protime","personId":1,"person":"Anna \u003cPeeters\u003e","day":"2026-06-08","minutes":480}`,
		`{"provider":"timeneye","personId":42,"person":"User 42","day":"2026-06-08","minutes":105}`,
		`{"provider":"protime","personId":1,"person":"Anna \u003cPeeters\u003e","day":"2026-06-13","minutes":0,"missing":["2026-06-13 09:12: no clock-out"]}`,
		`{"provider":"protime","personId":1,"person":"Anna \u003cPeeters\u003e","day":"2026-06-21","minutes":425}`, "",
	}, "\n"), stdout)

	_, stdout, _ = exec(t, v.environ, append(june, "-by", "person")...)
	assert.Equal(t, `PROVIDER  PERSON           WORKED  MISSING
protime   Anna <Peeters>    15:05  2026-06-13 09:12: no clock-out
timelog   Ann Berg          82:30
timeneye  User 42            1:45
TOTAL                       99:20
`, stdout)
	assert.Contains(t, v.protime.Requests()[1].Header.Get("User-Agent"), "timesheet/")
}

// Without the scope for people the sheet goes without names.
func TestWithoutNames(t *testing.T) {
	v := start(t)
	v.protime.Fail(protimetest.Status(http.StatusForbidden).On(http.MethodGet, "/people").Always())
	status, stdout, _ := exec(t, v.environ, append(june, "-by", "person", "-providers", "protime")...)
	assert.Zero(t, status)
	assert.Contains(t, stdout, "Person 1")
}

// An absence is no work.
func TestAbsencesAreLeftOut(t *testing.T) {
	v := start(t)
	server := timelogtest.NewServer(t, timelogtest.WithLoopback(), timelogtest.WithUsers(timelogtest.User{UserID: 7, FirstName: "Bo"}),
		timelogtest.WithRegistrations(timelogtest.Registration{UserID: 7, AbsenceCodeID: 7, Date: monday, Hours: 7.5}))
	status, stdout, stderr := exec(t, append(v.environ, "TIMELOG_SITE_URL="+server.SiteURL()), append(june, "-providers", "timelog", "-format", "jsonl")...)
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Equal(t, []string{"timelog: 1 registrations"}, stderr)
}

func TestNothingConfigured(t *testing.T) {
	status, stdout, stderr := exec(t, []string{"HOME=/", "TIMELOG_PAT="})
	assert.Zero(t, status)
	require.Len(t, stderr, 4)
	assert.Contains(t, stderr[0], "No variable is set")
	for i, want := range []string{"^protime: 216 clockings$", "^timelog: 30 registrations$", "^timeneye: 125 entries$"} {
		assert.Regexp(t, want, stderr[i+1])
	}
	assert.Contains(t, stdout, "Dirk De Smet")
	assert.Contains(t, stdout, " 09:12: no clock-out\n")
	assert.Regexp(t, `\n +TOTAL +942:45\n$`, stdout)
}

// Whatever the lines are by, the time is the same.
func TestTotals(t *testing.T) {
	totals := map[string]int{}
	for _, by := range []string{"person", "day", "project"} {
		_, stdout, _ := exec(t, nil, append(june, "-by", by, "-format", "jsonl")...)
		decoder := json.NewDecoder(strings.NewReader(stdout))
		for decoder.More() {
			var l line
			require.NoError(t, decoder.Decode(&l))
			totals[by] += l.Minutes
		}
	}
	assert.Equal(t, map[string]int{"person": 56565, "day": 56565, "project": 56565}, totals)
}

func TestFailures(t *testing.T) {
	v := start(t)
	v.timelog.Fail(timelogtest.Status(http.StatusForbidden).Always())
	file := filepath.Join(t.TempDir(), "sheet.html")
	status, stdout, stderr := exec(t, v.environ, append(june, "-format", "html", "-o", file)...)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 3)
	assert.Equal(t, "protime: 8 clockings", stderr[0])
	assert.Regexp(t, `^timesheet: timelog: .*403.*TIMELOG_SITE_URL and TIMELOG_PAT may not read this\)$`, stderr[1])
	html, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(html), "This sheet is incomplete: TimeLog could not be read.")
	assert.Contains(t, string(html), "Anna &lt;Peeters&gt;")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())

	status, stdout, stderr = exec(t, append(v.environ, "PROTIME_CLIENT_SECRET=wrong", "TIMENEYE_PAT=wrong"), june...)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout, "nothing could be read")
	require.Len(t, stderr, 3)
	assert.Contains(t, stderr[0], "(look at PROTIME_TENANT, PROTIME_CLIENT_ID and PROTIME_CLIENT_SECRET)")
	assert.Contains(t, stderr[2], "(look at TIMENEYE_PAT)")
	assert.NotContains(t, strings.Join(stderr, ""), "wrong")

	status, _, stderr = exec(t, []string{"PROTIME_TENANT=acme", "TIMENEYE_PAT=x", "TIMENEYE_API_URL=ftp://x"}, june...)
	assert.Equal(t, 1, status)
	require.Len(t, stderr, 2, "only what is configured is read: %q", stderr)
	assert.Contains(t, stderr[0], "(set PROTIME_CLIENT_ID)")
	assert.Contains(t, stderr[1], "(set TIMENEYE_API_URL)")

	named := append([]string{"-providers", "timeneye,timelog,protime"}, june...)
	status, _, stderr = exec(t, []string{"PROTIME_TENANT=acme", "TIMENEYE_PAT=x", "TIMENEYE_API_URL=ftp://x"}, named...)
	assert.Equal(t, 1, status)
	require.Len(t, stderr, 3)
	assert.Contains(t, stderr[0], "(set PROTIME_CLIENT_ID)")
	assert.Contains(t, stderr[1], "timelog is not configured: set TIMELOG_SITE_URL and TIMELOG_PAT, or leave it out of -providers")
	assert.Contains(t, stderr[2], "(set TIMENEYE_API_URL)")

	status, _, stderr = exec(t, nil, append(june, "-o", filepath.Join(t.TempDir(), "none", "sheet"))...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr[4], "no such file")
}

// writer calls itself with each text.
type writer func(text string)

func (w writer) Write(b []byte) (int, error) {
	w(string(b))
	return len(b), nil
}

// One provider that hangs does not keep the others from being read: here it hangs until another is.
func TestSideBySide(t *testing.T) {
	v := start(t)
	release := make(chan struct{})
	v.protime.Fail(protimetest.Hold(release))
	var once sync.Once
	progress := writer(func(text string) {
		if strings.Contains(text, "timelog 20") {
			once.Do(func() { close(release) })
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // of one after the other
	defer cancel()
	var log bytes.Buffer
	assert.Zero(t, run(ctx, june, v.environ, &bytes.Buffer{}, &log, progress), "%s", &log)
}

func TestProgress(t *testing.T) {
	var progress bytes.Buffer
	assert.Zero(t, run(t.Context(), june, nil, &bytes.Buffer{}, &bytes.Buffer{}, &progress))
	assert.Regexp(t, `\r\x1b\[KReading: .*protime \d+`, progress.String())
	assert.True(t, strings.HasSuffix(progress.String(), "\r\x1b[K"), "nothing is left of it")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-unknown"}, {"-from", "2026-02-01", "-to", "2026-01-01"}, {"-from", "2025-01-01", "-to", "2026-01-01"},
		{"-format", "xml"}, {"-from", "yesterday"}, {"-from", ""}, {"-by", "week"}, {"-providers", "protime,acme"}, {"-providers", ","}, {"extra"},
	} {
		status, stdout, stderr := exec(t, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout)
		assert.Contains(t, strings.Join(stderr, "\n"), "Usage: timesheet")
	}
	status, stdout, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	for _, want := range []string{"-from", "-to", "-by", "-providers", "-format", "-o", "PROTIME_TENANT", "TIMELOG_PAT", "TIMENEYE_PAT"} {
		assert.Contains(t, strings.Join(stderr, "\n"), want)
	}
}

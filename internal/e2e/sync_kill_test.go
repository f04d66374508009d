package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// mirrored are the collections that protime-sync keeps, each with a function that brings a record to the form in
// which the program writes it.
var mirrored = map[string]func(*testing.T, []byte) string{
	"absence-definitions": written[protime.AbsenceDefinition], "absence-groups": written[protime.AbsenceGroup],
	"absences": written[protime.Absence], "access-clockings": written[protime.AccessClocking],
	"activity-durations": written[protime.ActivityDuration], "assignments": written[protime.Assignment],
	"break-definitions": written[protime.BreakDefinition], "breaks": written[protime.Break],
	"calculated-totals": written[protime.CalculatedTotal], "clockings": written[protime.Clocking],
	"contracts": written[protime.Contract], "counter-definitions": written[protime.CounterDefinition],
	"counter-groups": written[protime.CounterGroup], "counters": written[protime.Counter],
	"paid-presences": written[protime.PaidPresence], "people": written[protime.Person],
	"shift-definitions": written[protime.ShiftDefinition], "work-interruptions": written[protime.WorkInterruption],
}

func written[T any](t *testing.T, raw []byte) string {
	t.Helper()
	var record T
	require.NoError(t, json.Unmarshal(raw, &record))
	line, err := json.Marshal(record)
	require.NoError(t, err)
	return string(line)
}

// protime-sync is killed at random moments while things change, whatever the server makes of a link that it has
// answered before. In the end its copy is what the server has: nothing is missing, nothing is stale.
func TestSyncKilled(t *testing.T) {
	program := filepath.Join(t.TempDir(), "protime-sync")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, "./examples/protime-sync")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))

	kills := fromEnvironment(t, "WORKTIME_E2E_SYNC_KILLS", 25)
	for name, status := range map[string]int{"a link is answered twice": 200, "it is gone": 410, "it conflicts": 409} {
		t.Run(name, func(t *testing.T) {
			s := newSyncing(t, program, status)
			changing, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.server.Changes(1).Run(changing, 3*time.Millisecond) }()
			began := 0
			for range (kills + 2) / 3 {
				began += s.killAtRandom(t)
			}
			stop()
			<-done
			s.once(t)
			compared := s.compare(t)
			t.Logf("%d kills, %d copies begun, %d records compared", (kills+2)/3, began, compared)
		})
	}
}

// syncing is a server and the copy of it.
type syncing struct {
	program string
	dir     string
	server  *protimetest.Server
	environ []string
}

func newSyncing(t *testing.T, program string, repeated int) *syncing {
	t.Helper()
	server := protimetest.NewServer(t, protimetest.WithLoopback(), protimetest.WithPageSize(20),
		protimetest.WithRepeatedPolls(repeated), protimetest.WithSample(worktime.DateOf(time.Now()).AddDays(-13)))
	config := server.Config()
	return &syncing{program: program, dir: t.TempDir(), server: server, environ: append(os.Environ(),
		"PROTIME_TENANT="+config.Tenant, "PROTIME_CLIENT_ID="+config.ClientID, "PROTIME_CLIENT_SECRET="+config.ClientSecret,
		"PROTIME_API_URL="+server.URL(), "PROTIME_AUTH_URL="+server.AuthURL(),
	)}
}

func (s *syncing) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	command := exec.Command(s.program, append([]string{"-dir", s.dir}, args...)...)
	var stderr bytes.Buffer
	command.Env, command.Stderr = s.environ, &stderr
	return command, &stderr
}

// killAtRandom starts the program and kills it some time later. It returns 1 if a new load was begun.
func (s *syncing) killAtRandom(t *testing.T) int {
	t.Helper()
	command, stderr := s.command("-interval", "10ms")
	require.NoError(t, command.Start())
	time.Sleep(rand.N(300 * time.Millisecond))
	require.NoError(t, command.Process.Kill())
	err := command.Wait()
	require.Equal(t, -1, command.ProcessState.ExitCode(), "it ended by itself: %v\n%s", err, stderr)
	return min(1, strings.Count(stderr.String(), "loading everything again"))
}

func (s *syncing) once(t *testing.T) {
	t.Helper()
	command, stderr := s.command("-once")
	require.NoError(t, command.Run(), stderr.String())
}

// compare checks each file against the server's present state and returns the number of records.
func (s *syncing) compare(t *testing.T) int {
	t.Helper()
	all := 0
	for name, form := range mirrored {
		raw, err := s.server.Snapshot(name, "")
		require.NoError(t, err)
		var want []string
		for _, document := range raw {
			want = append(want, form(t, document))
		}
		file, err := os.Open(filepath.Join(s.dir, name+".jsonl"))
		require.NoError(t, err)
		var got []string
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			got = append(got, lines.Text())
		}
		require.NoError(t, lines.Err())
		require.NoError(t, file.Close())
		assert.Equal(t, want, got, name)
		assert.NoFileExists(t, filepath.Join(s.dir, name+".loading.jsonl"))
		all += len(want)
	}
	return all
}

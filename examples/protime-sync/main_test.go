package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server that other programs could reach.
func start(t *testing.T, options ...protimetest.Option) (server *protimetest.Server, environ []string) {
	t.Helper()
	server = protimetest.NewServer(t, append(options, protimetest.WithLoopback(), protimetest.WithPageSize(7),
		protimetest.WithSample(worktime.DateOf(time.Now()).AddDays(-13)))...)
	config := server.Config()
	return server, []string{
		"PROTIME_TENANT=" + config.Tenant, "PROTIME_CLIENT_ID=" + config.ClientID, "PROTIME_CLIENT_SECRET=" + config.ClientSecret,
		"PROTIME_API_URL=" + server.URL(), "PROTIME_AUTH_URL=" + server.AuthURL(), "PROTIME_ENVIRONMENT=sandbox",
	}
}

// exec returns the status, stdout and stderr.
func exec(t *testing.T, environ []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, environ, &out, &log)
	return status, out.String(), log.String()
}

func kept(t *testing.T, dir, name string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name+".jsonl"))
	require.NoError(t, err)
	return bytes.Count(data, []byte("\n"))
}

func count(t *testing.T, server *protimetest.Server, name string) int {
	t.Helper()
	records, err := server.Snapshot(name, "")
	require.NoError(t, err)
	return len(records)
}

// The first run loads everything, the next ones bring what changed.
func TestOnce(t *testing.T) {
	server, environ := start(t)
	dir := filepath.Join(t.TempDir(), "copy")
	status, stdout, stderr := exec(t, environ, "-dir", dir, "-once")
	require.Zero(t, status, stderr)
	assert.Empty(t, stderr)
	assert.Equal(t, len(collections), strings.Count(stdout, "\n"))
	for _, c := range collections {
		assert.Equal(t, count(t, server, c.name), kept(t, dir, c.name), c.name)
		assert.NotZero(t, kept(t, dir, c.name), c.name)
	}

	require.NoError(t, server.Remove("people", "1"))
	status, stdout, _ = exec(t, environ, "-dir", dir, "-once")
	assert.Zero(t, status)
	assert.Equal(t, "people                    5 records      1 changes\n", stdout)
	assert.Equal(t, 5, kept(t, dir, "people"))

	status, stdout, stderr = exec(t, environ, "-dir", dir, "-once")
	assert.Zero(t, status)
	assert.Empty(t, stdout+stderr, "nothing changed")
}

// What Protime no longer knows is loaded anew; what it does not have any more then goes.
func TestExpired(t *testing.T) {
	server, environ := start(t)
	dir := t.TempDir()
	args := []string{"-dir", dir, "-once", "-collections", "people, contracts"}
	status, _, _ := exec(t, environ, args...)
	require.Zero(t, status)
	require.NoError(t, server.Remove("people", "1"))
	server.ExpireDeltas()
	status, _, stderr := exec(t, environ, args...)
	assert.Zero(t, status)
	assert.Equal(t, 2, strings.Count(stderr, "loading everything again"))
	assert.Equal(t, 5, kept(t, dir, "people"))
	assert.Equal(t, count(t, server, "contracts"), kept(t, dir, "contracts"))
}

// One collection that fails does not hold up the others.
func TestOneFails(t *testing.T) {
	server, environ := start(t)
	server.Fail(protimetest.Status(http.StatusForbidden).On(http.MethodGet, "/people").Always())
	dir := t.TempDir()
	status, _, stderr := exec(t, environ, "-dir", dir, "-once", "-collections", "people,contracts")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "people: ")
	assert.Contains(t, stderr, "403")
	assert.Equal(t, count(t, server, "contracts"), kept(t, dir, "contracts"))
}

// A webhook wakes a poll long before the interval is over, also after a start with another destination.
func TestWebhook(t *testing.T) {
	server, environ := start(t, protimetest.WithDelivery(protimetest.Delivery{Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}))
	dir := t.TempDir()
	var last string
	for i, secret := range []string{"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"} {
		ctx, cancel := context.WithCancel(t.Context())
		var stdout, stderr syncBuffer
		done := make(chan int)
		address := freeAddress(t)
		go func() {
			done <- run(ctx, []string{"-dir", dir, "-collections", "people", "-interval", "10h", "-listen", address,
				"-destination", "http://" + address + "/hooks/" + secret}, environ, &stdout, &stderr)
		}()
		id := ""
		require.Eventually(t, func() bool {
			data, _ := os.ReadFile(filepath.Join(dir, "people.webhook"))
			id = string(data)
			return id != last && id != "" && (i > 0 || strings.Contains(stdout.String(), "people"))
		}, 10*time.Second, time.Millisecond, &stderr)
		require.NoError(t, server.Remove("people", strconv.Itoa(i+1)))
		assert.Eventually(t, func() bool { return kept(t, dir, "people") == 5-i }, 10*time.Second, time.Millisecond, &stderr)
		cancel()
		assert.Zero(t, <-done)
		enabled, err := server.Snapshot("webhooks", "status eq 'Enabled'")
		require.NoError(t, err)
		require.Len(t, enabled, 1, "nothing is left of the last destination")
		last = id
	}
}

func TestWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-collections", "peple"}, `"peple" is not one of`},
		{[]string{"-interval", "0s"}, "-interval"},
		{[]string{"-interval", "72h"}, "72 hours"},
		{[]string{"-listen", ":0"}, "belong together"},
		{[]string{"copy"}, "unexpected argument"},
		{[]string{"-once", "-listen", ":0", "-destination", "https://hooks.example/0123456789abcdef0123456789abcdef"}, "-once"},
		{[]string{"-listen", ":0", "-destination", "https://hooks.example/short"}, "32"},
		{[]string{"-listen", ":0", "-destination", "https://hooks.example/0123456789abcdef0123456789abcdef?a=b"}, "-destination"},
		{[]string{"-listen", ":0", "-destination", "https://hooks.example/{0123456789abcdef0123456789abcdef}"}, "-destination"},
	} {
		status, stdout, stderr := exec(t, nil, c.args...)
		assert.Equal(t, 2, status)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, c.says)
	}
	status, _, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Contains(t, stderr, "PROTIME_TENANT")
	status, _, stderr = exec(t, []string{"PROTIME_TENANT=acme"}, "-once")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "-dir")
}

// A collection that is named twice is copied once: two deltas of one would end each other.
func TestNamedTwice(t *testing.T) {
	f, err := parse([]string{"-collections", "people,contracts,people", "-collections", "contracts"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"people", "contracts"}, names(f.collections))
}

// With nothing configured it copies a server of its own.
func TestUnconfigured(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := exec(t, nil, "-dir", dir, "-once", "-collections", "clockings")
	assert.Zero(t, status)
	assert.Contains(t, stdout, "clockings")
	assert.Contains(t, stderr, "No PROTIME_* variable is set")
}

// A directory that something else wrote to is not overwritten.
func TestDamaged(t *testing.T) {
	_, environ := start(t)
	for name, text := range map[string]string{"people.state.json": "{", "people.jsonl": "hello\n"} {
		dir := t.TempDir()
		if name == "people.jsonl" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "people.state.json"), []byte("{}"), 0o600))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		status, _, stderr := exec(t, environ, "-dir", dir, "-once", "-collections", "people")
		assert.Equal(t, 1, status)
		assert.Contains(t, stderr, "people")
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, text, string(data))
	}
}

// A run that was killed before it could save a cursor has left a link that is answered a second time in
// the same way. What changed since then is there after one run all the same.
func TestAnsweredTwice(t *testing.T) {
	server, environ := start(t, protimetest.WithRepeatedPolls(http.StatusOK))
	dir := t.TempDir()
	args := []string{"-dir", dir, "-once", "-collections", "people"}
	status, _, stderr := exec(t, environ, args...)
	require.Zero(t, status, stderr)
	block := filepath.Join(dir, "people.state.json.tmp")
	require.NoError(t, os.Mkdir(block, 0o700))
	require.NoError(t, server.Remove("people", "1"))
	status, _, _ = exec(t, environ, args...)
	require.Equal(t, 1, status, "the poll was answered, and its cursor not saved")
	require.NoError(t, os.Remove(block))
	require.NoError(t, server.Remove("people", "2"))
	status, _, stderr = exec(t, environ, args...)
	require.Zero(t, status, stderr)
	assert.Equal(t, count(t, server, "people"), kept(t, dir, "people"))
}

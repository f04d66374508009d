package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exec returns the status, the results and stderr.
func exec(t *testing.T, environ []string, args ...string) (status int, results []result, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	status = run(t.Context(), args, environ, &out, &log)
	for line := range strings.Lines(out.String()) {
		var r result
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		assert.NoError(t, d.Decode(&r))
		results = append(results, r)
	}
	assert.NotContains(t, out.String()+log.String(), "s3cr3t")
	return status, results, log.String()
}

// server is a login server whose refresh tokens are good for one use; the second ends the login.
type server struct {
	mu            sync.Mutex
	live          string
	n, reused     int
	grants        map[string]int
	clientSecrets map[string]bool
}

func start(t *testing.T) (*server, []string) {
	t.Helper()
	s := &server{live: "s3cr3t-rt-0", grants: map[string]int{}, clientSecrets: map[string]bool{}}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, []string{"WORKTIME_TOKEN_URL=" + web.URL + "/token", "WORKTIME_CLIENT_ID=me"}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	grant, next := r.PostFormValue("grant_type"), ""
	s.grants[grant]++
	s.clientSecrets[r.PostFormValue("client_secret")] = true
	w.Header().Set("Content-Type", "application/json")
	if grant == "refresh_token" {
		if r.PostFormValue("refresh_token") != s.live {
			s.reused++
			s.live = ""
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
			return
		}
		s.live = fmt.Sprintf("s3cr3t-rt-%d", s.n+1)
		next = `,"refresh_token":"` + s.live + `"`
	}
	s.n++
	_, _ = fmt.Fprintf(w, `{"access_token":"s3cr3t-at-%d","expires_in":3600,"token_type":"Bearer"%s}`, s.n, next)
}

func TestNothingConfigured(t *testing.T) {
	status, results, stderr := exec(t, []string{"HOME=/", "WORKTIME_CLIENT_ID="}, "-n", "2", "-refresh")
	assert.Zero(t, status)
	require.Len(t, results, 2)
	assert.Equal(t, int64(1), results[0].Generation)
	assert.Equal(t, int64(2), results[1].Generation)
	assert.InDelta(t, 1800, results[1].ExpiresIn, 60)
	assert.Contains(t, stderr, "No WORKTIME_* variable is set")
	assert.Contains(t, stderr, "generation 2")
	assert.Contains(t, stderr, "tokens redacted")
}

func TestClientCredentials(t *testing.T) {
	s, environ := start(t)
	environ = append(environ, "WORKTIME_CLIENT_SECRET=s3cr3t")
	dir := filepath.Join(t.TempDir(), "store")
	for run, args := range [][]string{{"-n", "3"}, {}, {"-refresh"}} {
		status, results, stderr := exec(t, environ, append(args, "-store", dir)...)
		require.Zero(t, status, stderr)
		last := results[len(results)-1]
		assert.Equal(t, run == 2, last.Refreshed)
		assert.Equal(t, map[bool]int64{false: 1, true: 2}[run == 2], last.Generation)
	}
	assert.Equal(t, map[string]int{"client_credentials": 2}, s.grants)
	assert.Equal(t, map[string]bool{"s3cr3t": true}, s.clientSecrets)
}

// The seed is used once; from then on the store has the login.
func TestRefreshToken(t *testing.T) {
	s, environ := start(t)
	seeded := append(environ, "WORKTIME_REFRESH_TOKEN=s3cr3t-rt-0")
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	for run, environ := range [][]string{seeded, seeded, environ} {
		status, results, stderr := exec(t, environ, "-store", dir, "-refresh", "-n", "2")
		require.Zero(t, status, stderr)
		assert.Equal(t, []int64{int64(2*run + 1), int64(2*run + 2)}, []int64{results[0].Generation, results[1].Generation})
		assert.True(t, results[0].Refreshed)
		assert.InDelta(t, 3600, results[0].ExpiresIn, 60)
	}
	status, results, _ := exec(t, environ, "-store", dir)
	assert.Zero(t, status)
	assert.Equal(t, []bool{false}, []bool{results[0].Refreshed})
	assert.Equal(t, map[string]int{"refresh_token": 6}, s.grants)
	assert.Zero(t, s.reused)
}

// As many programs as like to, each with a store of its own over one directory.
func TestInParallel(t *testing.T) {
	s, environ := start(t)
	environ = append(environ, "WORKTIME_REFRESH_TOKEN=s3cr3t-rt-0")
	dir := filepath.Join(t.TempDir(), "store")
	const programs, runs = 4, 5
	var wg sync.WaitGroup
	var mu sync.Mutex
	generations := map[int64]int{}
	for range programs {
		wg.Go(func() {
			status, results, stderr := exec(t, environ, "-store", dir, "-refresh", "-n", fmt.Sprint(runs))
			assert.Zero(t, status, stderr)
			mu.Lock()
			defer mu.Unlock()
			for _, r := range results {
				assert.True(t, r.Refreshed)
				generations[r.Generation]++
			}
		})
	}
	wg.Wait()
	assert.Len(t, generations, programs*runs, "each has refreshed, none for another")
	assert.Equal(t, programs*runs, s.n)
	assert.Zero(t, s.reused)
}

func TestFailures(t *testing.T) {
	s, environ := start(t)
	s.live = "another"
	seeded := append(environ, "WORKTIME_REFRESH_TOKEN=s3cr3t-rt-0")
	dir := filepath.Join(t.TempDir(), "store")
	for range 2 {
		status, results, stderr := exec(t, seeded, "-store", dir)
		assert.Equal(t, 1, status)
		assert.Empty(t, results)
		assert.Contains(t, stderr, "the server no longer accepts the login")
		assert.Contains(t, stderr, "log in again")
	}
	assert.Equal(t, 1, s.n+s.reused, "the second run knows it from the store")

	for _, c := range []struct {
		environ []string
		want    string
	}{
		{[]string{"WORKTIME_CLIENT_ID=me"}, "set WORKTIME_TOKEN_URL"},
		{environ[:1], "set WORKTIME_CLIENT_ID"},
		{[]string{"WORKTIME_CLIENT_ID=me", "WORKTIME_TOKEN_URL=http://login.example/token"}, "WORKTIME_TOKEN_URL must be https"},
		{[]string{"WORKTIME_CLIENT_ID=me", "WORKTIME_TOKEN_URL=nowhere"}, "WORKTIME_TOKEN_URL must be an absolute https URL"},
		{[]string{"WORKTIME_CLIENT_ID=me", "WORKTIME_TOKEN_URL=http://127.0.0.1:1/token", "WORKTIME_REFRESH_TOKEN=s3cr3t"}, "connection refused"},
	} {
		status, _, stderr := exec(t, c.environ)
		assert.Equal(t, 1, status)
		assert.Contains(t, stderr, c.want)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
	open := t.TempDir()
	require.NoError(t, os.Chmod(open, 0o777)) // what others can write is refused
	status, _, stderr := exec(t, seeded, "-store", open)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, open)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-n", "x"}, {"extra"}, {"-unknown"}, {"-store"}} {
		status, results, stderr := exec(t, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, results)
		assert.NotEmpty(t, stderr)
	}
	status, results, stderr := exec(t, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, results)
	assert.Contains(t, stderr, "-refresh")
}

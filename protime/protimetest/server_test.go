package protimetest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func TestOptionsThatMakeNoSense(t *testing.T) {
	person := protimetest.WithReferences(protime.PersonBadgeNumber, map[int64]string{1: "x"})
	twice := on(1, 2, 0)
	twice.ID = 5
	negative := on(1, 2, 0)
	negative.ID = -5
	named := on(1, 2, 0)
	named.Person.ExternalReferences = map[string]string{"@birthday": "x"}
	level := on(1, 2, 0)
	level.ActivityLevels = []protime.ActivityLevel{{ActivityDefinition: protime.DefinitionRef{ExternalReferences: map[string]string{"@x": "x"}}}}
	for name, opts := range map[string][]protimetest.Option{
		"WithPageSize":                           {protimetest.WithPageSize(0)},
		"WithEmptyPages":                         {protimetest.WithEmptyPages(-1)},
		"WithTokenLifetime":                      {protimetest.WithTokenLifetime(time.Millisecond)},
		"WithTokenLimit(-1":                      {protimetest.WithTokenLimit(-1, time.Second)},
		"WithTokenLimit(1":                       {protimetest.WithTokenLimit(1, 0)},
		"the tenant":                             {protimetest.WithTenant("")},
		"a credential":                           {protimetest.WithCredentials("id", "")},
		"clocking 1 must":                        {protimetest.WithClockings(on(1, 2, 0), protime.Clocking{})},
		"clocking 0 must":                        {protimetest.WithClockings(negative)},
		"two objects of clockings have the id 5": {protimetest.WithClockings(twice, twice)},
		"'@birthday' is not":                     {protimetest.WithClockings(named)},
		"'@x' is not":                            {protimetest.WithClockings(level)},
		`"x" is not unique`:                      {person, protimetest.WithReferences(protime.PersonBadgeNumber, map[int64]string{2: "x"})},
		"'circuses' has no":                      {protimetest.WithReferences("circuses,x", map[int64]string{2: "x"})},
		"reference \"people\"":                   {protimetest.WithReferences("people", map[int64]string{2: "x"})},
	} {
		srv, err := protimetest.Start(opts...)
		require.ErrorContains(t, err, name)
		assert.Nil(t, srv)
	}
}

func TestMissingMembersAreGiven(t *testing.T) {
	own := on(2, 2, 0)
	own.ID, own.ChangeVersion, own.Kind, own.Status = 41, "0001E7C5000098FA0013", "FutureKind", protime.ClockingDeleted
	srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 0)), protimetest.WithClockings(own, on(3, 2, 0)))
	all := srv.Clockings()
	require.Len(t, all, 3)
	assert.Equal(t, own, all[0])
	for i, want := range []protime.Clocking{
		{ID: 42, ChangeVersion: "0000090200004BD0000A", Person: protime.ByID(1)},
		{ID: 43, ChangeVersion: "0000090200004BD0000C", Person: protime.ByID(3)},
	} {
		want.Date, want.Kind, want.Status = worktime.NewDate(2026, 1, 2), protime.ClockingInOut, protime.ClockingActive
		assert.Equal(t, want, all[i+1])
	}
}

// What goes into the server and what comes out of it is its own.
func TestClockingsAreCopies(t *testing.T) {
	terminal := &protime.Ref{ID: 42}
	seed := on(1, 2, 0)
	seed.Terminal, seed.ActivityLevels = terminal, []protime.ActivityLevel{{Level: 1}}
	srv := protimetest.NewServer(t, protimetest.WithClockings(seed))
	terminal.ID, seed.ActivityLevels[0].Level = 1, 9
	got := srv.Clockings()[0]
	assert.Equal(t, []any{int64(42), 1}, []any{got.Terminal.ID, got.ActivityLevels[0].Level})
	got.Terminal.ID, got.ActivityLevels[0].Level = 1, 9
	got = srv.Clockings()[0]
	assert.Equal(t, []any{int64(42), 1}, []any{got.Terminal.ID, got.ActivityLevels[0].Level})
}

func TestSeparateOriginsThatNobodyElseServes(t *testing.T) {
	srv := protimetest.NewServer(t)
	assert.NotEqual(t, srv.URL(), srv.AuthURL())
	for _, url := range []string{srv.URL(), srv.AuthURL()} {
		transport := &http.Transport{}
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		require.NoError(t, err)
		_, err = transport.RoundTrip(req)
		assert.ErrorContains(t, err, "refused", "a client without the server's own http.Client")
	}
}

func TestLoopback(t *testing.T) {
	srv, err := protimetest.Start(protimetest.WithLoopback(), protimetest.WithClockings(on(1, 2, 510)))
	require.NoError(t, err)
	defer srv.Close()
	assert.NotEqual(t, srv.URL(), srv.AuthURL())
	config := srv.Config()
	config.Options.HTTPClient = nil // as another program would have it
	client := newClient(t, config)
	_, err = client.Clockings.Get(t.Context(), 1)
	require.NoError(t, err)
	_, err = newClient(t, srv.Config()).Clockings.Get(t.Context(), 1)
	require.NoError(t, err)

	curl, err := exec.LookPath("curl")
	if err != nil {
		return
	}
	out, err := exec.CommandContext(t.Context(), curl, "-s", "-d", "grant_type=client_credentials&client_id=protimetest&client_secret=protimetest-secret",
		srv.AuthURL()+"/tenants/acme/connect/token").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), `"access_token"`)
}

func TestMountedElsewhere(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510)))
	elsewhere := httptest.NewServer(srv)
	defer elsewhere.Close()
	config := srv.Config()
	config.APIURL, config.AuthURL, config.Options.HTTPClient = elsewhere.URL, elsewhere.URL, elsewhere.Client()
	_, err := newClient(t, config).Clockings.Get(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, [2]int{1, 1}, [2]int{srv.TokenRequests(), srv.APIRequests()})

	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", base+"/clockings/1", nil)
	r.RequestURI = "" // made by a program
	srv.ServeHTTP(w, r)
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), "User-Agent")
}

func TestNewServerFailsTheTest(t *testing.T) {
	recorder := &failing{TB: t}
	func() {
		defer func() { _ = recover() }()
		protimetest.NewServer(recorder, protimetest.WithPageSize(0))
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
	srv := protimetest.NewServer(t)
	c := newCaller(t, srv, both)
	srv.Close()
	srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL(), nil)
	require.NoError(t, err)
	resp, err := c.srv.Client().Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	assert.Error(t, err)
	assert.Empty(t, srv.Clockings())
}

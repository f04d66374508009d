package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a server that other programs could reach.
func start(t *testing.T) (server *timelogtest.Server, environ []string) {
	t.Helper()
	server = timelogtest.NewServer(t, timelogtest.WithLoopback())
	return server, []string{
		"TIMELOG_CLIENT_ID=" + server.ClientID(), "TIMELOG_CLIENT_SECRET=" + server.ClientSecret(), "TIMELOG_LOGIN_URL=" + server.LoginURL(),
	}
}

// person reads what the program writes to stderr, and visits the address that it is told to open.
type person struct {
	visit func(address string)

	mu   sync.Mutex // the address comes from a goroutine of the login
	text strings.Builder
}

func (p *person) Write(text []byte) (int, error) {
	p.mu.Lock()
	p.text.Write(text)
	p.mu.Unlock()
	if address, ok := strings.CutPrefix(string(text), "open: "); ok && p.visit != nil {
		p.visit(strings.TrimSuffix(address, "\n"))
	}
	return len(text), nil
}

func (p *person) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Split(strings.TrimSuffix(p.text.String(), "\n"), "\n")
}

// exec returns the status, stdout and the lines of stderr.
func exec(t *testing.T, server *timelogtest.Server, environ []string, args ...string) (status int, stdout string, stderr []string) {
	t.Helper()
	var out bytes.Buffer
	at := &person{}
	browsed := make(chan error, 1)
	browsed <- nil
	if server != nil {
		at.visit = func(address string) {
			<-browsed
			go func() { browsed <- server.Browse(context.Background(), address) }()
		}
	}
	status = run(t.Context(), args, environ, &out, at)
	require.NoError(t, <-browsed)
	return status, out.String(), at.lines()
}

// line reads what a login prints.
func line(t *testing.T, stdout string) (got struct {
	Subject, Site string
	Expires       time.Time
},
) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(stdout))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&got), stdout)
	require.ErrorIs(t, decoder.Decode(new(any)), io.EOF, "one line")
	return got
}

func TestLoginRefreshLogout(t *testing.T) {
	server, environ := start(t)
	dir := t.TempDir() + "/store"
	for _, mode := range []string{"form_post", "fragment"} {
		status, stdout, stderr := exec(t, server, environ, "-store", dir, "-no-browser", "-response-mode", mode)
		require.Zero(t, status, stderr)
		require.Len(t, stderr, 2)
		assert.Regexp(t, `^open: http://\S+response_mode=`+mode+`\S*$`, stderr[0])
		assert.Equal(t, "Logged in as Ann Berg (ANB).", stderr[1])
		got := line(t, stdout)
		assert.Equal(t, "local:82", got.Subject)
		assert.Equal(t, server.SiteURL(), got.Site)
		assert.WithinDuration(t, time.Now().Add(time.Hour), got.Expires, 5*time.Minute)
	}
	requests := server.TokenRequests()
	status, stdout, stderr := exec(t, nil, environ, "-store", dir, "-refresh")
	require.Zero(t, status, stderr)
	assert.Equal(t, []string{"Logged in as Ann Berg (ANB)."}, stderr)
	assert.Equal(t, "local:82", line(t, stdout).Subject)
	assert.Equal(t, requests+1, server.TokenRequests())

	status, stdout, stderr = exec(t, nil, environ, "-store", dir, "-logout")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Equal(t, []string{"Logged out."}, stderr)

	status, stdout, stderr = exec(t, nil, environ, "-store", dir, "-refresh")
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 1)
	assert.Contains(t, stderr[0], "nobody is logged in")
}

func TestPort(t *testing.T) {
	server, environ := start(t)
	var asked []string
	ctx, cancel := context.WithCancel(t.Context())
	at := &person{visit: func(address string) {
		asked = append(asked, address)
		cancel() // nobody logs in
	}}
	assert.Equal(t, 1, run(ctx, []string{"-no-browser", "-port", "18416"}, environ, io.Discard, at))
	require.Len(t, asked, 1)
	assert.Contains(t, asked[0], "redirect_uri=http%3A%2F%2F127.0.0.1%3A18416%2Fcallback")
	assert.Contains(t, strings.Join(at.lines(), "\n"), "context canceled")
	assert.Zero(t, server.TokenRequests())
}

func TestNothingConfigured(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		stderr int // lines
		silent bool
	}{
		"plain":      {nil, 2, false},
		"no browser": {[]string{"-no-browser"}, 3, false},
		"refresh":    {[]string{"-refresh", "-store", "unused"}, 2, false},
		"logout":     {[]string{"-logout", "-store", "unused"}, 2, true},
	} {
		status, stdout, stderr := exec(t, nil, []string{"HOME=/", "TIMELOG_PAT="}, test.args...)
		assert.Zero(t, status, name)
		require.Len(t, stderr, test.stderr, name)
		assert.Contains(t, stderr[0], "No TIMELOG_* variable is set", name)
		assert.NoDirExists(t, "unused")
		if test.silent {
			assert.Empty(t, stdout, name)
			continue
		}
		assert.Equal(t, "local:82", line(t, stdout).Subject, name)
	}
}

func TestSiteOutOfReach(t *testing.T) {
	server, environ := start(t)
	for name, test := range map[string]struct {
		fault timelogtest.Fault
		site  string
	}{
		"the API":          {timelogtest.Status(http.StatusForbidden), server.SiteURL()},
		"the login server": {timelogtest.Status(http.StatusForbidden).OnLogin().On("GET", "/ResolveUri"), ""},
	} {
		server.Fail(test.fault)
		status, stdout, stderr := exec(t, server, environ, "-no-browser")
		assert.Zero(t, status, name)
		got := line(t, stdout)
		assert.Equal(t, "local:82", got.Subject, name)
		assert.Equal(t, test.site, got.Site, name)
		require.Len(t, stderr, 2, name)
		assert.Contains(t, stderr[1], "Logged in, but the API of the site could not be reached: ", name)
	}
}

func TestPersonalAccessToken(t *testing.T) {
	server, _ := start(t)
	environ := []string{"TIMELOG_PAT=" + server.PersonalAccessToken(), "TIMELOG_SITE_URL=" + server.SiteURL()}
	status, stdout, stderr := exec(t, nil, environ)
	assert.Zero(t, status, stderr)
	assert.Equal(t, []string{"Logged in as Ann Berg (ANB)."}, stderr)
	assert.JSONEq(t, `{"subject":"82","site":"`+server.SiteURL()+`","expires":null}`, stdout)

	server.RevokePersonalAccessToken()
	status, stdout, stderr = exec(t, nil, environ)
	assert.Equal(t, 1, status)
	assert.Empty(t, stdout)
	require.Len(t, stderr, 1)
	assert.NotContains(t, stderr[0], server.PersonalAccessToken())
}

func TestFailures(t *testing.T) {
	server, environ := start(t)
	for name, test := range map[string]struct {
		environ []string
		args    []string
		says    string
	}{
		"no id":          {[]string{"TIMELOG_LOGIN_URL=" + server.LoginURL()}, nil, "set TIMELOG_CLIENT_ID and"},
		"no secret":      {[]string{"TIMELOG_CLIENT_ID=a"}, nil, "set TIMELOG_CLIENT_ID and"},
		"bad id":         {append(environ, "TIMELOG_CLIENT_ID=a\nb"), nil, "(set TIMELOG_CLIENT_ID)"},
		"login URL":      {append(environ, "TIMELOG_LOGIN_URL=http://login.timelog.com"), nil, "(set TIMELOG_LOGIN_URL)"},
		"site URL":       {append(environ, "TIMELOG_SITE_URL=https://app4.timelog.com"), nil, "(set TIMELOG_SITE_URL)"},
		"PAT and site":   {[]string{"TIMELOG_PAT=a"}, nil, "(set TIMELOG_SITE_URL)"},
		"PAT and key":    {append(environ, "TIMELOG_PAT=a"), nil, "not all of them"},
		"PAT refreshed":  {[]string{"TIMELOG_PAT=a"}, []string{"-store", "unused", "-refresh"}, "neither refreshed nor logged out"},
		"PAT logged out": {[]string{"TIMELOG_PAT=a"}, []string{"-store", "unused", "-logout"}, "neither refreshed nor logged out"},
		"wrong secret":   {append(environ, "TIMELOG_CLIENT_SECRET=wrong-secret"), []string{"-no-browser"}, "invalid_client"},
	} {
		status, stdout, stderr := exec(t, server, test.environ, test.args...)
		assert.Equal(t, 1, status, name)
		assert.Empty(t, stdout, name)
		assert.Contains(t, stderr[len(stderr)-1], "timelog-login: ", name)
		assert.Contains(t, stderr[len(stderr)-1], test.says, name)
		assert.NotContains(t, stderr[len(stderr)-1], "wrong-secret", name)
	}
	server.RefuseLogin("access_denied", "no")
	status, _, stderr := exec(t, server, environ, "-no-browser")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr[1], "access_denied")
	_, err := os.Stat("unused")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-response-mode", "query"}, {"-port", "-1"}, {"-port", "65536"}, {"-port", "x"}, {"extra"}, {"-unknown"}, {"-refresh"}, {"-logout"},
		{"-refresh", "-logout", "-store", "unused"},
	} {
		status, stdout, stderr := exec(t, nil, nil, args...)
		assert.Equal(t, 2, status, args)
		assert.Empty(t, stdout)
		assert.NotEmpty(t, stderr)
	}
	status, stdout, stderr := exec(t, nil, nil, "-h")
	assert.Zero(t, status)
	assert.Empty(t, stdout)
	assert.Contains(t, strings.Join(stderr, "\n"), "-response-mode")
}

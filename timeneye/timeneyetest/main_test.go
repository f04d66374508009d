package timeneyetest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var monday = worktime.NewDate(2026, 6, 8)

type object = map[string]any

// caller makes requests by hand, without the client of this module.
type caller struct {
	t      testing.TB
	srv    *timeneyetest.Server
	token  string
	accept string
}

func newCaller(t *testing.T, opts ...timeneyetest.Option) *caller {
	t.Helper()
	srv := timeneyetest.NewServer(t, opts...)
	return &caller{t, srv, srv.PersonalAccessToken(), "application/json"}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

func (a answer) json() (m object) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

// column is one member of the rows of a list.
func (a answer) column(name string) []any {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, a.body)
	var list struct{ Data []object }
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &list), a.body)
	values := []any{}
	for _, row := range list.Data {
		values = append(values, row[name])
	}
	return values
}

func (c *caller) do(method, target, contentType, body string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	require.NoError(c.t, err)
	for name, value := range map[string]string{"Authorization": "Bearer " + c.token, "Accept": c.accept, "Content-Type": contentType} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	client := *c.srv.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return answer{c.t, resp.StatusCode, resp.Header, string(b)}
}

// get sends a target below the base as it stands.
func (c *caller) get(target string) answer {
	c.t.Helper()
	return c.do("GET", c.srv.BaseURL()+target, "", "")
}

func (c *caller) post(path, body string) answer {
	c.t.Helper()
	return c.do("POST", c.srv.BaseURL()+path, "application/json", body)
}

func project() timeneyetest.Option {
	return timeneyetest.WithProjects(timeneye.Project{ID: 310, Name: "Website", Phases: []timeneye.Phase{
		{ID: 77, Name: "Design", IsOpen: true, CategoryID: 4}, {ID: 78, Name: "Print"},
	}})
}

func on(user int64, day worktime.Date) timeneye.Entry {
	return timeneye.Entry{UserID: user, ProjectID: 310, PhaseID: 77, Date: day, Minutes: 95, Cost: "47.50", Revenue: "95.00", Profit: "47.50"}
}

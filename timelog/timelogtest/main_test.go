package timelogtest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller makes requests by hand, without the client of this module.
type caller struct {
	t     testing.TB
	srv   *timelogtest.Server
	token string
}

func newCaller(t *testing.T, opts ...timelogtest.Option) *caller {
	t.Helper()
	srv := timelogtest.NewServer(t, opts...)
	return &caller{t, srv, srv.PersonalAccessToken()}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   string
}

type object = map[string]any

func (a answer) json() object {
	a.t.Helper()
	var m object
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

// properties are those of a single envelope.
func (a answer) properties() object {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, a.body)
	m, ok := a.json()["Properties"].(object)
	require.True(a.t, ok, a.body)
	return m
}

// rows are the properties of the entities of a list.
func (a answer) rows() []object {
	a.t.Helper()
	require.Equal(a.t, 200, a.status, a.body)
	entities, ok := a.json()["Entities"].([]any)
	require.True(a.t, ok, a.body)
	rows := []object{}
	for _, e := range entities {
		row, ok := e.(object)["Properties"].(object)
		require.True(a.t, ok, a.body)
		rows = append(rows, row)
	}
	return rows
}

// column is one field of the rows of a list.
func (a answer) column(name string) []any {
	a.t.Helper()
	values := []any{}
	for _, row := range a.rows() {
		values = append(values, row[name])
	}
	return values
}

func (c *caller) do(method, target, contentType, body string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	require.NoError(c.t, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
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

// get sends a target below /v1 as it stands.
func (c *caller) get(target string) answer {
	c.t.Helper()
	return c.do("GET", c.srv.SiteURL()+"/api/v1"+target, "", "")
}

// send sends a body, which may be an object or JSON.
func (c *caller) send(method, target string, body any) answer {
	c.t.Helper()
	text, ok := body.(string)
	if !ok {
		b, err := json.Marshal(body)
		require.NoError(c.t, err)
		text = string(b)
	}
	return c.do(method, c.srv.SiteURL()+"/api/v1"+target, "application/json", text)
}

// login sends a form to the login server.
func (c *caller) login(path string, form url.Values) answer {
	c.t.Helper()
	return c.do("POST", c.srv.LoginURL()+path, "application/x-www-form-urlencoded", form.Encode())
}

// refused checks the vendor's error object, and that one of its details has the text.
func refused(t testing.TB, r answer, status int, code float64, text string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	failure := r.json()
	assert.Equal(t, code, failure["Code"], r.body)
	assert.NotEmpty(t, failure["Message"])
	assert.NotEmpty(t, failure["Url"])
	b, err := json.Marshal([]any{failure["Details"], failure["Message"]})
	require.NoError(t, err)
	assert.Contains(t, string(b), text)
}

// broken checks the error of a business rule.
func broken(t testing.TB, r answer, status int, errorCode float64) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	assert.InDelta(t, 102, r.json()["Code"], 0)
	details, _ := r.json()["Details"].([]any)
	require.Len(t, details, 1, r.body)
	detail, _ := details[0].(object)
	assert.Equal(t, errorCode, detail["ErrorCode"], r.body)
	assert.NotEmpty(t, detail["Message"])
}

// with returns a copy with other members; nil takes one away.
func with(body, changes object) object {
	next := maps.Clone(body)
	for name, value := range changes {
		if next[name] = value; value == nil {
			delete(next, name)
		}
	}
	return next
}

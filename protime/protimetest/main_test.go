package protimetest_test

import (
	"context"
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

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	base = "/connector/protimeapi/api/v1"
	read = "connector-protimeapi-clockings.read"
	both = read + " connector-protimeapi-clockings.write"
	// january is a filter that lets most rows of these tests pass.
	january = "?filter=date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'"
)

// caller makes requests by hand, without the client of this module.
type caller struct {
	t      *testing.T
	srv    *protimetest.Server
	header http.Header // Authorization and User-Agent, to begin with
}

func newCaller(t *testing.T, srv *protimetest.Server, scope string) *caller {
	t.Helper()
	c := &caller{t, srv, http.Header{"User-Agent": {"YourService/v1 (YourCompany)"}}}
	r := c.token("grant_type=client_credentials&client_id=protimetest&client_secret=protimetest-secret&scope=" + url.QueryEscape(scope))
	require.Equal(t, 200, r.status, r.body)
	token, _ := r.json()["access_token"].(string)
	c.header.Set("Authorization", "Bearer "+token)
	return c
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.body), &m), a.body)
	return m
}

func (c *caller) do(method, target, contentType, body string) answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	require.NoError(c.t, err)
	maps.Copy(req.Header, c.header)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.srv.Client().Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return answer{c.t, resp.StatusCode, resp.Header, string(b)}
}

// get sends a target below the base path as it stands.
func (c *caller) get(target string) answer {
	c.t.Helper()
	return c.do("GET", c.srv.URL()+base+target, "", "")
}

func (c *caller) post(body string) answer {
	c.t.Helper()
	return c.do("POST", c.srv.URL()+base+"/clockings", "application/json", body)
}

func (c *caller) token(form string) answer {
	c.t.Helper()
	return c.do("POST", c.srv.AuthURL()+"/tenants/acme/connect/token", "application/x-www-form-urlencoded", form)
}

// refused checks an answer with the vendor's error object, and that one of its reasons has the text.
func refused(t *testing.T, r answer, status int, code, text string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	failure, _ := r.json()["error"].(map[string]any)
	assert.Len(t, r.json(), 1, "besides error")
	assert.Equal(t, code, failure["code"])
	assert.NotEmpty(t, failure["message"])
	if text == "" {
		return
	}
	reasons, _ := failure["reasons"].([]any)
	require.Len(t, reasons, 1)
	assert.Contains(t, reasons[0], text)
}

// on returns a clocking at a time of a day in January 2026.
func on(person int64, day int, minutes protime.TimeOfDay) protime.Clocking {
	return protime.Clocking{Person: protime.ByID(person), Date: worktime.NewDate(2026, 1, day), TimeOfDay: minutes}
}

func newClient(t *testing.T, config protime.Config) *protime.Client {
	t.Helper()
	client, err := protime.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close(context.Background())) })
	return client
}

package timelogtest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func TestFaultsOfTheThreeKindsOfRequests(t *testing.T) {
	c := newCaller(t)
	c.srv.Fail(timelogtest.Status(503), timelogtest.Status(502).OnToken(), timelogtest.Status(504).OnLogin())
	api := func() int { return c.get("/user/me").status }
	token := func() int { return c.grant("password").status }
	keys := func() int {
		return c.do("GET", c.srv.LoginURL()+"/.well-known/openid-configuration/jwks", "", "").status
	}
	assert.Equal(t, []int{502, 504, 503}, []int{token(), keys(), api()})
	assert.Equal(t, []int{400, 200, 200}, []int{token(), keys(), api()})
	assert.Equal(t, []int{2, 2, 2}, []int{c.srv.APIRequests(), c.srv.TokenRequests(), c.srv.LoginRequests()})
	c.srv.Fail(timelogtest.Status(503).Always(), timelogtest.Status(503).On("GET", "/jwks").OnLogin().Always())
	assert.Equal(t, []int{400, 503, 503}, []int{token(), keys(), api()})
	c.srv.ClearFaults()
	assert.Equal(t, []int{400, 200, 200}, []int{token(), keys(), api()})
}

func TestErrorsOfFaults(t *testing.T) {
	c := newCaller(t)
	c.srv.Fail(timelogtest.Status(500), timelogtest.Status(401), timelogtest.Status(429).RetryAfter(30*time.Second),
		timelogtest.BusinessRule(500, 30012, "Date is closed by 100%"), timelogtest.TokenError("invalid_grant"))
	r := c.get("/user/me")
	assert.JSONEq(t, `{"Code":100,"Details":[],"Message":"Internal Server Error","Parameters":"","Url":"","DeveloperNote":null}`, r.body)
	r = c.get("/user/me")
	assert.Equal(t, 401, r.status)
	assert.JSONEq(t, `{"Message":"Authorization has been denied for this request."}`, r.body)
	r = c.get("/user/me")
	assert.Equal(t, []any{429, "30", ""}, []any{r.status, r.header.Get("Retry-After"), r.body})
	r = c.get("/user/me")
	broken(t, r, 500, 30012)
	assert.Contains(t, r.body, "closed by 100%")
	oauthError(t, c.refresh(c.srv.LogIn().RefreshToken), "invalid_grant")
}

// Hours whose answer is lost are booked all the same, and a refresh token whose answer is lost is spent.
func TestLostAnswers(t *testing.T) {
	c := acme(t)
	c.srv.Fail(timelogtest.Drop().On("POST", "/time-registration"), timelogtest.LoseAnswer().On("POST", "/time-registration"),
		timelogtest.LoseAnswer().OnToken())
	for want := range 2 {
		require.Panics(t, func() { (&caller{panicking{t}, c.srv, c.token}).send("POST", "/time-registration", booking()) })
		assert.Len(t, c.srv.Registrations(), want)
	}
	token := c.srv.LogIn().RefreshToken
	require.Panics(t, func() { (&caller{panicking{t}, c.srv, ""}).refresh(token) })
	oauthError(t, c.refresh(token), "invalid_grant")
}

func TestBodiesOfFaults(t *testing.T) {
	c := newCaller(t)
	c.srv.Fail(timelogtest.Reply(200, "text/plain", "x"), timelogtest.HTML(200), timelogtest.ContentType("text/html"), timelogtest.Malformed(),
		timelogtest.HugeBody(1000), timelogtest.GzipBomb(1000), timelogtest.Delay(0))
	assert.Equal(t, "x", c.get("/user/me").body)
	assert.Contains(t, c.get("/user/me").body, "<html>")
	r := c.get("/user/me")
	assert.Equal(t, "text/html", r.header.Get("Content-Type"))
	assert.Contains(t, r.body, `"Ann"`)
	whole := len(r.body)
	assert.Len(t, c.get("/user/me").body, whole/2)
	assert.Len(t, c.get("/user/me").body, 1000)
	assert.Len(t, c.get("/user/me").body, 64<<10)
	assert.Len(t, c.get("/user/me").body, whole)
	c.srv.Fail(timelogtest.Truncate(), timelogtest.Stall().Times(0))
	require.Panics(t, func() { (&caller{panicking{t}, c.srv, c.token}).get("/user/me") })
	release := make(chan struct{})
	close(release)
	c.srv.Fail(timelogtest.Hold(release))
	assert.Equal(t, 200, c.get("/user/me").status)
}

// panicking is a test that a failed requirement does not end.
type panicking struct{ testing.TB }

func (panicking) Errorf(string, ...any) {}
func (panicking) FailNow()              { panic("failed") }

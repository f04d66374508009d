package protimetest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

const newBody = `{"person":{"id":1},"date":"2026-01-15","timeOfDayInMinutes":510,"kind":"InOut"}`

// try is do, with the errors of the connection returned.
func (c *caller) try(method, target, body string) (r answer, sendErr, readErr error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.srv.URL()+base+target, strings.NewReader(body))
	require.NoError(c.t, err)
	req.Header = c.header.Clone()
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.srv.Client().Do(req)
	if err != nil {
		return answer{t: c.t}, err, nil
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{c.t, resp.StatusCode, resp.Header, string(b)}, nil, err
}

// Every fault as a client without this module sees it, for a list and for a new clocking.
func TestFaultsOnTheWire(t *testing.T) {
	list := "/clockings" + january
	for name, test := range map[string]struct {
		fault   protimetest.Fault
		method  string
		check   func(t *testing.T, r answer, sendErr, readErr error)
		created int
	}{
		"status": {protimetest.Status(503).RetryAfter(time.Minute), "POST", func(t *testing.T, r answer, _, _ error) {
			refused(t, r, 503, "ServiceUnavailable", "")
			assert.Equal(t, "60", r.header.Get("Retry-After"))
		}, 0},
		"status 429 with a date": {protimetest.Status(429).RetryAfterDate(time.Minute, time.RFC850), "GET", func(t *testing.T, r answer, _, _ error) {
			refused(t, r, 429, "TooManyRequests", "")
			assert.Contains(t, r.header.Get("Retry-After"), "GMT")
		}, 0},
		"status 401": {protimetest.Status(401), "GET", func(t *testing.T, r answer, _, _ error) {
			refused(t, r, 401, "Unauthorized", "")
		}, 0},
		"reply": {protimetest.Reply(422, "text/plain", "no"), "POST", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, []any{422, "text/plain", "no"}, []any{r.status, r.header.Get("Content-Type"), r.body})
		}, 0},
		"html": {protimetest.HTML(200), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, 200, r.status)
			assert.Contains(t, r.header.Get("Content-Type"), "text/html")
			assert.Contains(t, r.body, "<html>")
		}, 0},
		"content type": {protimetest.ContentType("text/plain"), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, "text/plain", r.header.Get("Content-Type"))
			assert.Len(t, r.json()["value"], 100)
		}, 0},
		"truncate": {protimetest.Truncate(), "GET", func(t *testing.T, r answer, _, readErr error) {
			assert.Equal(t, 200, r.status)
			assert.ErrorIs(t, readErr, io.ErrUnexpectedEOF)
		}, 0},
		"malformed": {protimetest.Malformed(), "GET", func(t *testing.T, r answer, _, readErr error) {
			assert.Equal(t, "application/json", r.header.Get("Content-Type"))
			assert.True(t, strings.HasPrefix(r.body, `{"value":[{`) && !strings.HasSuffix(r.body, "}"))
			assert.NoError(t, readErr)
		}, 0},
		"drop": {protimetest.Drop(), "POST", func(t *testing.T, _ answer, sendErr, _ error) {
			assert.ErrorIs(t, sendErr, io.EOF)
		}, 0},
		"lose answer": {protimetest.LoseAnswer(), "POST", func(t *testing.T, _ answer, sendErr, _ error) {
			assert.ErrorIs(t, sendErr, io.EOF)
		}, 1},
		"truncate after creating": {protimetest.Truncate(), "POST", func(t *testing.T, r answer, _, readErr error) {
			assert.Equal(t, 201, r.status)
			assert.ErrorIs(t, readErr, io.ErrUnexpectedEOF)
		}, 1},
		"foreign next link": {protimetest.NextLink("https://evil.example/x?a=b&c='d e'"), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, "https://evil.example/x?a=b&c='d e'", r.json()["nextLink"])
			assert.Len(t, r.json()["value"], 100)
		}, 0},
		"looping next link": {protimetest.LoopingNextLink(), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, base+list, r.json()["nextLink"])
		}, 0},
		"location": {protimetest.Location("//evil.example/1"), "POST", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, []any{201, "//evil.example/1"}, []any{r.status, r.header.Get("Location")})
		}, 1},
		"huge body": {protimetest.HugeBody(1 << 20), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Len(t, r.body, 1<<20)
			assert.Equal(t, "application/json", r.header.Get("Content-Type"))
		}, 0},
		"gzip bomb": {protimetest.GzipBomb(1 << 20), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Len(t, r.body, 1<<20)
		}, 0},
		"header": {protimetest.Status(500).Header("X-Request-Id", "r1"), "GET", func(t *testing.T, r answer, _, _ error) {
			assert.Equal(t, "r1", r.header.Get("X-Request-Id"))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			srv := protimetest.NewServer(t, protimetest.WithClockings(protimetest.SampleClockings(worktime.NewDate(2026, 1, 1))...))
			before := len(srv.Clockings())
			c := newCaller(t, srv, both)
			srv.Fail(test.fault.On(test.method, "/clockings"))
			target, body := list, ""
			if test.method == "POST" {
				target, body = "/clockings", newBody
			}
			r, sendErr, readErr := c.try(test.method, target, body)
			test.check(t, r, sendErr, readErr)
			assert.Equal(t, test.created, len(srv.Clockings())-before)
			r, sendErr, _ = c.try("GET", list, "")
			require.NoError(t, sendErr)
			assert.Equal(t, 200, r.status, "it happens once")
		})
	}
}

func TestNextLinkOnlyInLists(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510)))
	c := newCaller(t, srv, read)
	srv.Fail(protimetest.NextLink("/x").Always())
	assert.NotContains(t, c.get("/clockings/1").json(), "nextLink")
	refused(t, c.get("/clockings/2"), 404, "NotFound", "")
}

// What the client makes of them, in the time of a bubble.
func TestFaultsAndTheClient(t *testing.T) {
	get := func(ctx context.Context, client *protime.Client) error {
		_, err := client.Clockings.Get(ctx, 1)
		return err
	}
	create := func(ctx context.Context, client *protime.Client) error {
		_, err := client.Clockings.Create(ctx, protime.NewClocking{
			Person: protime.ByID(1), Date: worktime.NewDate(2026, 1, 15), TimeOfDay: 510, Kind: protime.ClockingInOut})
		return err
	}
	all := func(ctx context.Context, client *protime.Client) error {
		_, err := worktime.Collect(client.Clockings.All(ctx, protime.ClockingQuery{From: worktime.NewDate(2026, 1, 1)}))
		return err
	}
	for name, test := range map[string]struct {
		fault    protimetest.Fault
		call     func(context.Context, *protime.Client) error
		want     error // nil: success
		requests int   // of the API
		created  int
	}{
		"429 is waited out":                {protimetest.Status(429).RetryAfter(30 * time.Second), create, nil, 2, 1},
		"401 is answered by a new token":   {protimetest.Status(401), create, nil, 2, 1},
		"503 of a read":                    {protimetest.Status(503).Times(2), get, nil, 3, 0},
		"503 of a write":                   {protimetest.Status(503), create, worktime.ErrUnknownOutcome, 1, 0},
		"lost request":                     {protimetest.Drop(), create, worktime.ErrUnknownOutcome, 1, 0},
		"lost answer":                      {protimetest.LoseAnswer(), create, worktime.ErrUnknownOutcome, 1, 1},
		"page of a proxy":                  {protimetest.HTML(200), get, worktime.ErrBadResponse, 1, 0},
		"malformed":                        {protimetest.Malformed(), get, worktime.ErrBadResponse, 1, 0},
		"truncated":                        {protimetest.Truncate(), get, nil, 2, 0},
		"slow":                             {protimetest.Delay(time.Hour), get, nil, 2, 0},
		"stalled":                          {protimetest.Stall(), get, nil, 2, 0},
		"loop":                             {protimetest.LoopingNextLink().Always(), all, worktime.ErrPageCycle, 1, 0},
		"foreign link":                     {protimetest.NextLink("https://evil.example" + base + "/clockings"), all, worktime.ErrCrossOrigin, 1, 0},
		"foreign location":                 {protimetest.Location("https://evil.example/1"), create, worktime.ErrUnknownOutcome, 1, 1},
		"bomb":                             {protimetest.GzipBomb(1 << 18), get, worktime.ErrTooLarge, 1, 0},
		"conflict on the second page":      {protimetest.Status(409).After(1), all, worktime.ErrCursorExpired, 2, 0},
		"the token endpoint is busy":       {protimetest.Status(429).OnToken().RetryAfterDate(time.Minute, time.ANSIC), get, nil, 1, 0},
		"the token endpoint has a problem": {protimetest.HTML(500).OnToken().Always(), get, worktime.ErrUnavailable, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := protimetest.NewServer(t, protimetest.WithClockings(on(1, 2, 510), on(1, 2, 720)), protimetest.WithPageSize(1))
				srv.Fail(test.fault)
				config := srv.Config()
				config.Options.MaxResponseBytes = 1 << 17
				err := test.call(t.Context(), newClient(t, config))
				assert.ErrorIs(t, err, test.want)
				assert.Equal(t, test.requests, srv.APIRequests())
				assert.Equal(t, test.created, len(srv.Clockings())-2)
			})
		})
	}
}

func TestHold(t *testing.T) {
	srv := protimetest.NewServer(t)
	c := newCaller(t, srv, both)
	release, arrived := make(chan struct{}), make(chan struct{})
	srv.Fail(protimetest.Hold(release).When(func(*http.Request) bool {
		close(arrived)
		return true
	}))
	done := make(chan answer)
	go func() { done <- c.post(newBody) }()
	<-arrived
	assert.Empty(t, srv.Clockings())
	close(release)
	assert.Equal(t, 201, (<-done).status)
	srv.Fail(protimetest.Status(500).Always())
	srv.ClearFaults()
	assert.Equal(t, 201, c.post(newBody).status)
	assert.Len(t, srv.Clockings(), 2)
}

package timelog_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

const monday = "2026-06-08"

func date(t *testing.T, s string) worktime.Date {
	t.Helper()
	d, err := worktime.ParseDate(s)
	require.NoError(t, err)
	return d
}

// booking is a site with one task that is free, and its client.
type booking struct {
	*timelogtest.Server

	client   *timelog.Client
	dialFail int // so many connections are refused; negative: all
}

// newBooking starts a site, in a bubble.
func newBooking(t *testing.T, opts ...timelogtest.Option) *booking {
	t.Helper()
	b := &booking{Server: timelogtest.NewServer(t, append(opts,
		timelogtest.WithProjects(timelogtest.Project{ProjectID: 1201, Name: "Website", Status: 2}),
		timelogtest.WithTasks(timelogtest.Task{TaskID: 5501, ProjectID: 1201, Name: "Analysis", IsBillable: true}))...)}
	reach, ok := b.Client().Transport.(*http.Transport)
	require.True(t, ok)
	unreliable := reach.Clone()
	unreliable.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if b.dialFail != 0 {
			b.dialFail--
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
		}
		return reach.DialContext(ctx, network, address)
	}
	config := b.Config()
	config.Options.HTTPClient = &http.Client{Transport: unreliable}
	var err error
	b.client, err = timelog.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, b.client.Close(context.Background()))
		unreliable.CloseIdleConnections()
	})
	return b
}

// posts counts how often the booking arrived.
func (b *booking) posts() (n int) {
	for _, r := range b.Requests() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

// What is booked is booked once, or nobody knows and the error says so. It is never booked twice, which the number
// of requests shows: the server here would take the same GUID for the same booking.
func TestBookingUnderFaults(t *testing.T) {
	const api = "/time-registration"
	for name, c := range map[string]struct {
		faults []timelogtest.Fault
		dials  int
		posts  int     // how often it arrives
		booked int     // rows in the end
		want   error   // nil: success
		not    []error // what the error is not
	}{
		"no fault":                {posts: 1, booked: 1},
		"unreachable at first":    {dials: 2, posts: 1, booked: 1},
		"unreachable":             {dials: -1, want: worktime.ErrUnavailable, not: []error{worktime.ErrUnknownOutcome}},
		"dropped before it acted": {faults: []timelogtest.Fault{timelogtest.Drop()}, posts: 1, want: worktime.ErrUnknownOutcome},
		"answer lost":             {faults: []timelogtest.Fault{timelogtest.LoseAnswer()}, posts: 1, booked: 1, want: worktime.ErrUnknownOutcome},
		"answer truncated":        {faults: []timelogtest.Fault{timelogtest.Truncate()}, posts: 1, booked: 1, want: worktime.ErrUnknownOutcome},
		"answer stalls":           {faults: []timelogtest.Fault{timelogtest.Stall()}, posts: 1, booked: 1, want: worktime.ErrUnknownOutcome},
		"answer malformed":        {faults: []timelogtest.Fault{timelogtest.Malformed()}, posts: 1, booked: 1, want: worktime.ErrUnknownOutcome},
		"answer is no JSON":       {faults: []timelogtest.Fault{timelogtest.ContentType("text/html")}, posts: 1, booked: 1, want: worktime.ErrUnknownOutcome},
		"answer never ends":       {faults: []timelogtest.Fault{timelogtest.HugeBody(1 << 26)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"answer explodes":         {faults: []timelogtest.Fault{timelogtest.GzipBomb(1 << 26)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"timeout":                 {faults: []timelogtest.Fault{timelogtest.Delay(time.Hour)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"slow":                    {faults: []timelogtest.Fault{timelogtest.Delay(20 * time.Second)}, posts: 1, booked: 1},
		"page under 200":          {faults: []timelogtest.Fault{timelogtest.HTML(200)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"page under 500":          {faults: []timelogtest.Fault{timelogtest.HTML(500)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"object under 500":        {faults: []timelogtest.Fault{timelogtest.Status(500)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"502":                     {faults: []timelogtest.Fault{timelogtest.HTML(502)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"503":                     {faults: []timelogtest.Fault{timelogtest.Status(503)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"503 that asks to wait":   {faults: []timelogtest.Fault{timelogtest.Status(503).RetryAfter(time.Second)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"504":                     {faults: []timelogtest.Fault{timelogtest.HTML(504)}, posts: 1, want: worktime.ErrUnknownOutcome},
		"429":                     {faults: []timelogtest.Fault{timelogtest.Status(429)}, posts: 2, booked: 1},
		"429 that asks to wait":   {faults: []timelogtest.Fault{timelogtest.Status(429).RetryAfter(7 * time.Second).Times(3)}, posts: 4, booked: 1},
		"429 and answer lost":     {faults: []timelogtest.Fault{timelogtest.Status(429), timelogtest.LoseAnswer()}, posts: 2, booked: 1, want: worktime.ErrUnknownOutcome},
		"429 for ever":            {faults: []timelogtest.Fault{timelogtest.Status(429).RetryAfter(time.Second).Always()}, posts: 10, want: worktime.ErrRateLimited, not: []error{worktime.ErrUnknownOutcome}},
		"401":                     {faults: []timelogtest.Fault{timelogtest.Status(401)}, posts: 1, want: worktime.ErrUnauthorized, not: []error{worktime.ErrUnknownOutcome}},
		"403":                     {faults: []timelogtest.Fault{timelogtest.Status(403)}, posts: 1, want: worktime.ErrForbidden, not: []error{worktime.ErrUnknownOutcome}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBooking(t)
				for i := range c.faults {
					c.faults[i] = c.faults[i].On(http.MethodPost, api)
				}
				b.Fail(c.faults...)
				b.dialFail = c.dials
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				registration := timelog.TaskTime(5501, date(t, monday), timelog.Spent(90*time.Minute, 90*time.Minute))
				_, err := b.client.TimeRegistrations.Create(ctx, registration)
				require.ErrorIs(t, err, c.want)
				for _, not := range c.not {
					require.NotErrorIs(t, err, not)
				}
				assert.Equal(t, c.posts, b.posts())
				require.Len(t, b.Registrations(), c.booked)

				// Whatever happened, it can be found out.
				b.ClearFaults()
				b.dialFail = 0
				found, ok, err := b.client.TimeRegistrations.Find(t.Context(), registration)
				require.NoError(t, err)
				assert.Equal(t, c.booked == 1, ok)
				if ok {
					assert.Equal(t, registration.GUID, found.GUID)
					assert.Equal(t, b.Registrations()[0].TimeRegistrationID, int64(found.ID))
				}
			})
		})
	}
}

// A caller who gives up while the booking is under way does not know; one who gives up before it is sent does.
func TestBookingGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBooking(t)
		registration := timelog.TaskTime(5501, date(t, monday), timelog.Spent(time.Hour, 0))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.client.TimeRegistrations.Create(ctx, registration)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
		assert.Zero(t, b.posts())

		ctx, cancel = context.WithCancel(t.Context())
		defer cancel()
		release := make(chan struct{})
		b.Fail(timelogtest.Hold(release))
		go func() {
			synctest.Wait() // until it is at the server
			cancel()
		}()
		_, err = b.client.TimeRegistrations.Create(ctx, registration)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
		close(release)
		synctest.Wait()
		assert.Equal(t, 1, b.posts())
	})
}

// A closed week, fields that are wrong and rules under 500 are told apart. None is sent again, and nothing is
// booked.
func TestBookingRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*timelog.NewTimeRegistration)
		status int
		code   string
		rules  []int
		detail string
	}{
		"closed week": {
			func(n *timelog.NewTimeRegistration) { n.Date = timelog.Midnight(worktime.NewDate(2026, 6, 5)) },
			422, timelog.CodeRule, []int{timelog.RuleDateClosed}, "Date is closed by Timesheet (30012)",
		},
		"validation": {
			func(n *timelog.NewTimeRegistration) { n.TimeSpent = timelog.Spent(25*time.Hour, 0) },
			400, timelog.CodeValidation, nil, "Hours",
		},
		"rule under 500": {
			func(n *timelog.NewTimeRegistration) { n.UserID = 4711 },
			500, timelog.CodeRule, []int{timelog.RuleNoUser}, "4711",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBooking(t, timelogtest.WithClosedUntil(date(t, "2026-06-07")))
				registration := timelog.TaskTime(5501, date(t, monday), timelog.Spent(time.Hour, time.Hour))
				c.change(&registration)
				_, err := b.client.TimeRegistrations.Create(t.Context(), registration)
				require.ErrorIs(t, err, worktime.ErrBadRequest)
				for _, other := range []error{worktime.ErrUnknownOutcome, worktime.ErrUnavailable, worktime.ErrNotFound} {
					require.NotErrorIs(t, err, other)
				}
				var e *worktime.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, c.status, e.StatusCode)
				assert.Equal(t, c.code, e.Code)
				assert.Equal(t, 1, e.Attempts)
				assert.Contains(t, fmt.Sprint(e.Details), c.detail)
				var rules []int
				for _, rule := range timelog.Rules(err) {
					rules = append(rules, rule.Code)
				}
				assert.Equal(t, c.rules, rules)
				assert.Equal(t, c.code == timelog.CodeRule && c.status == 422, timelog.HasRule(err, timelog.RuleDateClosed))
				assert.Equal(t, 1, b.posts())
				assert.Empty(t, b.Registrations())
			})
		})
	}
}

// A registration is read by its number and changed and deleted by its GUID.
func TestBookReadChangeDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBooking(t)
		ctx, s := t.Context(), b.client.TimeRegistrations
		registration := timelog.TaskTime(5501, date(t, monday), timelog.Spent(100*time.Minute, 0))
		registration.Comment, registration.AdditionalTextField = "Workshop", "more"
		_, err := s.Create(ctx, registration)
		require.NoError(t, err)

		week := timelog.TimeTrackingItemQuery{StartDate: date(t, monday), EndDate: date(t, "2026-06-14")}
		items, err := worktime.Collect(b.client.TimeTrackingItems.ByDate(ctx, week))
		require.NoError(t, err)
		require.Len(t, items, 1)
		assert.Equal(t, 100, items[0].Minutes)
		assert.Zero(t, items[0].BillableHours)
		assert.Equal(t, "more", items[0].AdditionalTextField)

		read, err := s.Get(ctx, items[0].ID)
		require.NoError(t, err)
		assert.Equal(t, registration.GUID, read.GUID)
		changes := read.Changes()
		changes.TimeSpent = timelog.Spent(2*time.Hour, time.Hour)
		require.NoError(t, s.Update(ctx, changes))
		times := read.TimeChanges()
		times.TimeSpent, times.EndTime = timelog.Spent(3*time.Hour, time.Hour), timelog.NewDateTime(date(t, monday), 17, 0, 0)
		require.NoError(t, s.UpdateTime(ctx, times))
		row := b.Registrations()[0]
		assert.Equal(t, []any{3.0, 1.0, true, "Workshop", "more", "2026-06-08T17:00:00"},
			[]any{row.Hours, row.BillableHours, row.Billable, row.Comment, row.AdditionalComment, row.EndTime})

		weeks, err := worktime.Collect(b.client.TimeTrackingItems.WeeklyRegistrations(ctx, timelog.WeeklyRegistrationQuery{StartDate: date(t, monday)}))
		require.NoError(t, err)
		require.Len(t, weeks, 1)
		assert.InDelta(t, 3, weeks[0].TotalRegisteredHours, 0)
		assert.Equal(t, 180, weeks[0].Tasks[0].TaskInfos[0].Registrations[0].Minutes)

		require.NoError(t, b.client.TimeTrackingItems.SaveFavourite(ctx, timelog.TaskFavourite(5501)))
		item, err := b.client.TimeTrackingItems.Get(ctx, read.ID)
		require.NoError(t, err)
		assert.True(t, item.IsFavourite)

		require.NoError(t, s.Delete(ctx, read.GUID))
		assert.Empty(t, b.Registrations())
		require.ErrorIs(t, s.Delete(ctx, read.GUID), worktime.ErrNotFound)
		_, err = s.Get(ctx, read.ID)
		assert.True(t, timelog.LooksNotFound(err))
	})
}

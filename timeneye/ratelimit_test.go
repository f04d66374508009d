package timeneye_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
	"github.com/worktime-go/worktime/tokenstore"
)

const (
	window = 5 * time.Minute
	pages  = 3000
)

// bulk is a server with pages of one entry, 500 of which can be had in 5 minutes, and a client that counts the answers 429.
func bulk(t *testing.T, pages int, change func(*timeneye.Config)) (srv *timeneyetest.Server, client *timeneye.Client, refused func() int) {
	t.Helper()
	srv = timeneyetest.NewServer(t, timeneyetest.WithRateLimit(500), timeneyetest.WithMaxPageSize(1), timeneyetest.WithEntries(entries(pages, 42)...))
	var mu sync.Mutex
	n := 0
	client = open(t, srv, func(c *timeneye.Config) {
		c.Options.Trace = &worktime.Trace{RequestEnd: func(_ context.Context, info worktime.RequestEndInfo) {
			mu.Lock()
			defer mu.Unlock()
			if info.StatusCode == 429 {
				n++
			}
		}}
		if change != nil {
			change(c)
		}
	})
	return srv, client, func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

// walk reads all entries, and checks that none is lost or repeated.
func walk(t *testing.T, client *timeneye.Client) {
	t.Helper()
	want := int64(1)
	for e, err := range client.Entries.All(t.Context(), july()) {
		if err != nil || e.ID != want {
			t.Fatalf("entry %d instead of %d: %v", e.ID, want, err)
		}
		want++
	}
	assert.EqualValues(t, pages, want-1)
}

func TestBulkPaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, refused := bulk(t, pages, func(c *timeneye.Config) { c.Pace = true })
		began := time.Now()
		walk(t, client)
		assert.Zero(t, refused())
		assert.Equal(t, pages, srv.APIRequests())
		assert.Less(t, time.Since(began), 7*window, "it takes hardly longer than the quota does: 6 windows")
		var last time.Time
		for _, r := range srv.Requests()[1:] {
			if !last.IsZero() && r.Time.Sub(last) > 10*time.Second {
				t.Fatalf("the job stood still for %v", r.Time.Sub(last))
			}
			last = r.Time
		}
	})
}

// Without the pacer each 429 is waited out once.
func TestBulkUnpaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, client, refused := bulk(t, pages, nil)
		began := time.Now()
		walk(t, client)
		assert.Equal(t, pages/500-1, refused())
		assert.Equal(t, pages+refused(), srv.APIRequests())
		assert.Less(t, time.Since(began), 6*window)
	})
}

// A 429 holds all goroutines of the client, of those derived from it and of its accounts.
func TestBulkTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, client, refused := bulk(t, 300, nil)
		derived, err := client.With(func(o *worktime.Options) {
			o.UserAgent = "Other/v2"
			o.Retry = worktime.RetryPolicy{} // waits as long as the first client does
		})
		require.NoError(t, err)
		const each = 150
		got := make([][]int64, 8)
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() {
				c := []*timeneye.Client{client, derived}[i%2]
				q := july()
				q.PerPage = 1
				for e, err := range c.Entries.All(t.Context(), q) {
					if !assert.NoError(t, err) {
						return
					}
					if got[i] = append(got[i], e.ID); len(got[i]) == each {
						return
					}
				}
			})
		}
		group.Wait()
		for _, ids := range got {
			assert.Len(t, ids, each)
			assert.True(t, slices.IsSorted(ids))
			assert.Equal(t, int64(each), ids[each-1], "nothing lost or repeated")
		}
		// Those that were under way when the quota was spent are refused too: one for each goroutine at most, and its prefetch.
		assert.LessOrEqual(t, refused(), 2*2*len(got))
		var last time.Time
		stops := 0
		for _, r := range srv.Requests() {
			if !last.IsZero() && r.Time.Sub(last) > time.Minute {
				stops++
			}
			last = r.Time
		}
		assert.Equal(t, 2, stops, "1,200 requests and more are three windows: all stood still twice, together")
	})
}

// A deadline before the end of the wait is not waited for.
func TestBulkDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, client, _ := bulk(t, 600, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		began := time.Now()
		got, err := worktime.Collect(client.Entries.All(ctx, july()))
		require.ErrorIs(t, err, worktime.ErrRateLimited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var e *worktime.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, window, e.RetryAfter)
		assert.Zero(t, time.Since(began), "at once")
		assert.Len(t, got, 500, "what came before is not lost")
		assert.Equal(t, 501, srv.APIRequests())

		_, err = client.Entries.Create(ctx, timeneye.NewEntry{ProjectID: 310, PhaseID: 77, Minutes: 30, Date: worktime.NewDate(2026, 7, 1)})
		require.ErrorIs(t, err, worktime.ErrRateLimited)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
		assert.Equal(t, 501, srv.APIRequests(), "the others are told without a request")
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timeneyetest.NewServer(t, timeneyetest.WithRateLimit(2000), timeneyetest.WithEntries(entries(1, 42)...))
		client := open(t, srv, nil)
		derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "Other/v2" })
		require.NoError(t, err)
		assert.Zero(t, client.RateLimit())
		began := time.Now()
		collect(t, client)
		time.Sleep(time.Minute)
		collect(t, derived)
		for _, c := range []*timeneye.Client{client, derived, client.Account("")} {
			got := c.RateLimit()
			assert.Equal(t, []int{2000, 1998}, []int{got.Limit, got.Remaining})
			assert.Equal(t, began.Add(time.Minute), got.Seen)
			assert.Equal(t, began.Add(window), got.Reset)
		}
		time.Sleep(window)
		collect(t, client)
		got := client.RateLimit()
		assert.Equal(t, []int{2000, 1999}, []int{got.Limit, got.Remaining})
		assert.Equal(t, time.Now().Add(window), got.Reset)
	})
	srv := timeneyetest.NewServer(t)
	client := open(t, srv, nil)
	collect(t, client)
	assert.Zero(t, client.RateLimit(), "the vendor need not tell")
}

// The vendor counts each user by itself: a login that has little left does not slow down the others, nor do they
// hide that.
func TestRateLimitOfAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timeneyetest.NewServer(t, timeneyetest.WithRateLimit(500), timeneyetest.WithEntries(entries(1, 42)...),
			timeneyetest.WithUsers(timeneyetest.User{ID: 42}, timeneyetest.User{ID: 43}))
		client := open(t, srv, func(c *timeneye.Config) {
			login := srv.PKCELogin(tokenstore.Memory())
			login.RedirectURL = "http://127.0.0.1:8400/callback"
			c.Auth, c.Pace = login, true
		})
		for label, user := range map[string]int64{"ann": 42, "bob": 43} {
			srv.SignInAs(user)
			address, transaction, err := client.Account(label).BeginLogin(t.Context())
			require.NoError(t, err)
			answer, err := srv.Visit(t.Context(), address)
			require.NoError(t, err)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, answer, nil)
			require.NoError(t, err)
			require.NoError(t, client.FinishLogin(t.Context(), transaction, r))
		}
		ann, bob := client.Account("ann"), client.Account("bob")
		began := time.Now()
		for range 250 {
			collect(t, ann)
		}
		collect(t, bob)
		assert.Equal(t, 250, ann.RateLimit().Remaining)
		assert.Equal(t, 250, client.Account("ann").RateLimit().Remaining)
		assert.Equal(t, 499, bob.RateLimit().Remaining)
		assert.Zero(t, client.RateLimit())
		var group sync.WaitGroup
		for _, c := range []*timeneye.Client{ann, bob} {
			group.Go(func() {
				for range 250 {
					collect(t, c)
				}
			})
		}
		group.Wait()
		assert.Equal(t, 751, srv.APIRequests(), "no 429")
		assert.InDelta(t, window.Seconds(), time.Since(began).Seconds(), 20, "both at their own pace, at once")
	})
}

// Those who share a pacer share the quota.
func TestPaceTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timeneyetest.NewServer(t, timeneyetest.WithRateLimit(500), timeneyetest.WithEntries(entries(1, 42)...))
		client := open(t, srv, func(c *timeneye.Config) { c.Pace = true })
		derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "Other/v2" })
		require.NoError(t, err)
		began := time.Now()
		var group sync.WaitGroup
		for _, c := range []*timeneye.Client{client, derived} {
			group.Go(func() {
				for range 250 {
					_, err := worktime.Collect(c.Entries.All(t.Context(), july()))
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		assert.Equal(t, 500, srv.APIRequests(), "no 429")
		assert.InDelta(t, window.Seconds(), time.Since(began).Seconds(), 20, "spread over the whole window")
	})
}

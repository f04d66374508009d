package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/tokenstore"
)

// working is a program that uses a stored login of TimeLog until it has refreshed it N times.
type working struct {
	Dir, LoginURL, SiteURL, ClientID, ClientSecret string
	N                                              int
}

func timelogTasks() map[string]task { return map[string]task{"timelog": typed(timelogTask)} }

func timelogTask(ctx context.Context, in working, tell func(any)) error {
	refreshes := 0
	for refreshes < in.N {
		if err := in.use(ctx, func() { refreshes++ }); err != nil {
			return fmt.Errorf("after %d refreshes: %w", refreshes, err)
		}
	}
	tell(refreshes)
	return nil
}

// use is one life of the program: it reads the store, asks who it is, and does that again if the API wants a new token.
func (in working) use(ctx context.Context, refreshed func()) error {
	c, err := in.open(worktime.Options{
		UserAgent: fmt.Sprintf("worker/%d", os.Getpid()),
		Trace: &worktime.Trace{RequestStart: func(_ context.Context, info worktime.RequestStartInfo) {
			if info.Operation == "refresh" {
				refreshed()
			}
		}},
	}, nil)
	if err != nil {
		return err
	}
	err = c.Do(ctx, anyRequest, nil)
	if closeErr := c.Close(ctx); err == nil {
		err = closeErr
	}
	return err
}

func (in working) open(options worktime.Options, browse func(context.Context, string) error) (*timelog.Client, error) {
	return timelog.NewClient(timelog.Config{
		SiteURL: in.SiteURL, Options: options,
		Auth: timelog.HybridLogin{
			ClientID: in.ClientID, ClientSecret: in.ClientSecret, RedirectURL: loopback, LoginURL: in.LoginURL,
			Store: tokenstore.File(in.Dir), Open: browse,
		},
	})
}

// A login outlives the process that made it, and lasts for as many refreshes as one likes, by processes that
// come and go and share its files two at a time.
func TestTimeLogLoginLasts(t *testing.T) {
	const generations, processes = 5, 2
	total := fromEnvironment(t, "WORKTIME_E2E_REFRESHES", 1000)
	each := max(1, total/generations/processes)
	total = each * generations * processes

	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	in := working{Dir: loginDir(t), LoginURL: i.URL, SiteURL: newVendorAPI(t).URL + "/acme", ClientID: i.ClientID, ClientSecret: i.ClientSecret, N: each}
	c, err := in.open(i.options(), func(_ context.Context, address string) error {
		i.respond(t, address, "ann", "form_post")
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, c.Login(t.Context()))
	require.NoError(t, c.Close(t.Context()))
	i.reset(t)

	began := time.Now()
	for range generations {
		for _, worker := range startProcesses(t, processes, "timelog", func(int) any { return in }) {
			done, err := reports[int](t, worker)
			require.NoError(t, err)
			assert.Equal(t, []int{each}, done)
		}
	}
	s := i.stats(t)
	t.Logf("%d refreshes in %v", s.Granted["refresh_token"], time.Since(began))
	assert.Equal(t, map[string]int{"refresh_token": total}, s.Granted)
	assert.Empty(t, s.Refused)
	assert.Zero(t, s.ReuseDetected)

	c, err = in.open(i.options(), nil)
	require.NoError(t, err)
	i.goesOn(t, c, "ann")
	require.NoError(t, c.Close(t.Context()))
}

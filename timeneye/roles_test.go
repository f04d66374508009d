package timeneye_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

// For want of a role a list comes short, without an error; a create is refused, and says that nothing was created; another
// call is refused, and says no such thing.
func TestRoles(t *testing.T) {
	for role, want := range map[timeneyetest.Role]struct {
		entries int
		create  bool
	}{
		timeneyetest.Owner: {5, true}, timeneyetest.Admin: {5, true}, timeneyetest.Member: {2, false},
	} {
		srv := timeneyetest.NewServer(t, timeneyetest.WithUsers(timeneyetest.User{ID: 44, Role: role}, timeneyetest.User{ID: 45}),
			timeneyetest.WithEntries(entries(2, 44)...), timeneyetest.WithEntries(entries(3, 45)...))
		client := open(t, srv, nil)
		assert.Len(t, collect(t, client), want.entries)

		_, err := client.Clients.Create(t.Context(), timeneye.NewCustomerClient{Name: "Acme Ltd"})
		if want.create {
			require.NoError(t, err)
			assert.Equal(t, "Acme Ltd", srv.Clients()[0].Name)
			continue
		}
		require.ErrorIs(t, err, worktime.ErrForbidden)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
		require.ErrorContains(t, err, "no client was created: Members may not")
		assert.Equal(t, "create client", operation(err))
		assert.Empty(t, srv.Clients())

		srv.Fail(timeneyetest.Status(403))
		_, err = worktime.Collect(client.Entries.All(t.Context(), july()))
		require.ErrorIs(t, err, worktime.ErrForbidden)
		assert.Equal(t, "list entries", operation(err))
		require.ErrorContains(t, err, "the role of the user does not allow this call")
		assert.NotContains(t, err.Error(), "created")
	}
}

func operation(err error) string {
	var e *worktime.Error
	if !errors.As(err, &e) {
		return ""
	}
	return e.Operation
}

// Whatever the vendor's types and envelopes are, the client reads the same out of them.
func TestLooseTypes(t *testing.T) {
	var all [2][]timeneye.Entry
	for i, opts := range [][]timeneyetest.Option{{}, {timeneyetest.WithLooseTypes()}} {
		opts = append(opts, timeneyetest.WithSample(july().From), timeneyetest.WithProjectList(timeneyetest.PagedList))
		srv := timeneyetest.NewServer(t, opts...)
		client := open(t, srv, nil)
		got, err := worktime.Collect(client.Entries.All(t.Context(), july()))
		require.NoError(t, err)
		for n := range got {
			got[n].Raw = nil
		}
		assert.Equal(t, srv.Entries(), got)
		all[i] = got
		projects, err := worktime.Collect(client.Projects.All(t.Context(), timeneye.ProjectQuery{}))
		require.NoError(t, err)
		assert.Len(t, projects, 4)
		assert.Equal(t, []bool{true, false}, []bool{projects[2].Phases[0].IsOpen, projects[2].Phases[1].IsOpen})
		assert.Equal(t, 1200, *projects[0].Phases[0].BudgetMinutes)
		assert.Nil(t, projects[1].Phases[0].BudgetMinutes)
		created, err := client.Entries.Create(t.Context(), timeneye.NewEntry{ProjectID: 310, PhaseID: 771, Minutes: 95, Date: july().From})
		require.NoError(t, err)
		assert.Equal(t, srv.Entries()[len(srv.Entries())-1].ID, created.ID)
		assert.Equal(t, int64(42), created.UserID)
	}
	assert.Equal(t, all[0], all[1])
}

// A program that asks for changes again and again misses none, and is not given all of them again.
func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := entries(250, 42)
		for i := range all {
			all[i].Updated = time.Now().Add(time.Duration(i-len(all)) * time.Hour)
		}
		srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(all...))
		client := open(t, srv, nil)
		stored := map[int64]string{}
		var since time.Time
		update := func() (n int) {
			changed, err := client.Entries.UpdatedSince(t.Context(), since, july())
			require.NoError(t, err)
			for _, e := range changed {
				stored[e.ID] = e.Notes
				since = e.Updated
			}
			return len(changed)
		}
		assert.Equal(t, 250, update())
		time.Sleep(time.Hour)
		for _, id := range []int64{3, 249, 77} {
			srv.EditEntry(id, func(e *timeneye.Entry) { e.Notes = "edited" })
			time.Sleep(2 * time.Minute)
		}
		before := srv.APIRequests()
		assert.Equal(t, 4, update(), "and the last once more")
		assert.LessOrEqual(t, srv.APIRequests()-before, 2, "not all pages are read")
		assert.Equal(t, 1, update())
		for _, e := range srv.Entries() {
			assert.Equal(t, e.Notes, stored[e.ID])
		}
	})
}

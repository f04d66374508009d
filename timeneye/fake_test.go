package timeneye_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

// open returns a client of a server, with a changed configuration.
func open(t *testing.T, srv *timeneyetest.Server, change func(*timeneye.Config)) *timeneye.Client {
	t.Helper()
	config := srv.Config()
	if change != nil {
		change(&config)
	}
	client, err := timeneye.NewClient(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close(context.Background())) })
	return client
}

func july() timeneye.EntryQuery {
	return timeneye.EntryQuery{From: worktime.NewDate(2026, 7, 1), To: worktime.NewDate(2026, 7, 31)}
}

// entries are n of one user, with ids from 1.
func entries(n int, user int64) []timeneye.Entry {
	all := make([]timeneye.Entry, n)
	for i := range all {
		all[i] = timeneye.Entry{UserID: user, ProjectID: 310, PhaseID: 77, Date: worktime.NewDate(2026, 7, 1), Minutes: 30}
	}
	return all
}

func website() timeneye.Project {
	return timeneye.Project{ID: 310, Name: "Website", Phases: []timeneye.Phase{{ID: 77, ProjectID: 310, Name: "Design", IsOpen: true}, {ID: 78, ProjectID: 310, Name: "Print"}}}
}

func collect(t *testing.T, client *timeneye.Client) []int64 {
	t.Helper()
	got, err := worktime.Collect(client.Entries.All(t.Context(), july()))
	require.NoError(t, err)
	ids := []int64{}
	for _, e := range got {
		ids = append(ids, e.ID)
	}
	return ids
}

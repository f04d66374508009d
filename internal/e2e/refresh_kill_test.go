package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime/tokenstore"
)

// fullVariable asks for the full number of trials.
const fullVariable = "WORKTIME_E2E_FULL"

// A process that does nothing but refresh is killed at a random moment, over and over. Never is a file torn or a lock
// left behind. The login is lost only where the server had rotated the token and the answer was not saved, and then the
// next process says so.
func TestRefreshKilled(t *testing.T) {
	p := startPeer(t, peerOptions{})
	trials := 100
	if os.Getenv(fullVariable) == "1" {
		trials = 500
	}
	dir, logins, lost, refreshes := loginDir(t), 0, 0, 0
	logIn := func() refreshing {
		logins++
		return p.TimeLog.store(t, dir, p.logInTimeLog(t, user(logins)), 0)
	}
	in := logIn()
	for trial := range trials {
		worker := startProcess(t, "refresh")
		time.AfterFunc(rand.N(120*time.Millisecond), worker.kill)
		worker.give(t, in)
		done, err := reports[refreshReport](t, worker)
		require.ErrorIs(t, err, errKilled, "trial %d", trial)
		refreshes += len(done)
		p.TimeLog.settled(t)
		record, err := tokenstore.File(in.Dir).Load(t.Context(), in.key())
		require.NoError(t, err, "trial %d: the file is torn", trial)
		require.Empty(t, record.Problem)

		l, err := in.open()
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err = l.refresh(ctx)
		require.NoError(t, ctx.Err(), "trial %d: the lock is stuck", trial)
		cancel()
		l.family.CloseIdleConnections()

		log := p.TimeLog.log(t)
		last := log[len(log)-1]
		used := digest(l.store.before.RefreshToken) // also if what a dead process had written was taken up
		require.Equal(t, used, last.Spent, "trial %d", trial)
		granted := 0
		for _, r := range log[:len(log)-1] {
			if r.Spent == used && r.Issued != "" {
				granted++
			}
		}
		if err == nil {
			require.Zero(t, granted, "trial %d: a token was used twice and nobody noticed", trial)
			require.False(t, last.Reuse)
			continue
		}
		// Not a loss that could have been avoided: the server had handed out a successor that no file has.
		lost++
		require.Equal(t, 1, granted, "trial %d: %v", trial, err)
		require.True(t, last.Reuse)
		require.ErrorContains(t, err, cutShort, "trial %d", trial)
		require.ErrorContains(t, err, "log in again")
		require.Contains(t, in.load(t).Problem, cutShort)
		p.TimeLog.reset(t)
		in = logIn()
	}
	t.Logf("%d kills among %d refreshes: 0 torn files, 0 stuck locks, %d logins lost between rotation and save", trials, refreshes, lost)
	assert.LessOrEqual(t, logins, lost+1)
}

// settled waits until the requests of a dead process are carried out.
func (i *issuer) settled(t *testing.T) {
	t.Helper()
	for before := -1; ; time.Sleep(10 * time.Millisecond) {
		n := len(i.log(t))
		if n == before {
			return
		}
		before = n
	}
}

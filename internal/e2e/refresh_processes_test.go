package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// How the engine reports a login that a kill has cost, and one that the server has ended.
const (
	cutShort = "a refresh was cut short at"
	endedFor = "the server no longer accepts the login"
)

// Processes that share a login by a directory: each refresh works, and no refresh token is used twice.
func TestRefreshBetweenProcesses(t *testing.T) {
	p := startPeer(t, peerOptions{})
	for name, login := range map[string]struct {
		issuer *issuer
		first  func(*testing.T, string) tokens
	}{"TimeLog": {p.TimeLog, p.logInTimeLog}, "Timeneye": {p.Timeneye, p.logInTimeneye}} {
		t.Run(name, func(t *testing.T) {
			const processes, refreshes = 8, 25
			in := login.issuer.store(t, loginDir(t), login.first(t, "ann"), refreshes)
			login.issuer.reset(t)
			began := time.Now()
			generations := map[int64]bool{}
			for _, worker := range startProcesses(t, processes, "refresh", func(int) any { return in }) {
				list, err := reports[refreshReport](t, worker)
				require.NoError(t, err)
				assert.Len(t, list, refreshes)
				for _, r := range list {
					generations[r.Generation] = true
				}
			}
			record, s := in.load(t), login.issuer.stats(t)
			t.Logf("%d of %d refreshes, reuse detected %d, in %v", s.Granted["refresh_token"], processes*refreshes, s.ReuseDetected, time.Since(began))
			assert.Len(t, generations, processes*refreshes)
			assert.Equal(t, processes*refreshes, s.Granted["refresh_token"])
			assert.Zero(t, s.ReuseDetected)
			assert.Empty(t, s.Refused)
			assert.Equal(t, int64(processes*refreshes+1), record.Generation)
			assert.Equal(t, newest(login.issuer.log(t), "ann"), digest(record.RefreshToken))
			who, ok := login.issuer.whoami(t, record.AccessToken)
			assert.True(t, ok)
			assert.Equal(t, "ann", who.Subject)
		})
	}
}

// One of the processes is killed in between. The others finish their work; only if the kill fell between the server's
// rotation and the save they cannot, and then all of them say so.
func TestRefreshWhileAHolderIsKilled(t *testing.T) {
	p := startPeer(t, peerOptions{})
	const processes, refreshes, rounds = 8, 25, 3
	for round := range rounds {
		in := p.TimeLog.store(t, loginDir(t), p.logInTimeLog(t, user(round)), refreshes)
		p.TimeLog.reset(t)
		workers := startProcesses(t, processes, "refresh", func(int) any { return in })
		victim := workers[rand.N(processes)]
		_, _ = report[refreshReport](t, victim) // it is at work
		time.AfterFunc(rand.N(200*time.Millisecond), victim.kill)
		finished, worked := 0, 0
		var failures []error
		for _, worker := range workers {
			list, err := reports[refreshReport](t, worker)
			worked += len(list)
			switch {
			case worker == victim:
				worked++ // the one that was read
			case err == nil:
				finished++
			default:
				failures = append(failures, err)
			}
		}
		record, s := in.load(t), p.TimeLog.stats(t)
		saved := newest(p.TimeLog.log(t), user(round)) == digest(record.RefreshToken)
		t.Logf("%d refreshes worked, %d of %d others finished, login lost: %t", worked, finished, processes-1, !saved)
		if saved {
			assert.Empty(t, failures)
			assert.Equal(t, processes-1, finished)
			assert.Zero(t, s.ReuseDetected)
			continue
		}
		assert.Equal(t, 1, s.ReuseDetected, "one has found out, the others have read it")
		assert.Contains(t, record.Problem, cutShort)
		for _, err := range failures {
			require.ErrorContains(t, err, cutShort)
		}
	}
}

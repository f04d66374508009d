package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime/tokenstore"
)

// The tests of this file share one tokenstore.File between processes. In the place of a login server is a log
// of the generations that were handed out, which says what must be stored.

var storeKey = tokenstore.Grant{Vendor: "timelog", Tenant: "e2e"}.Key()

// rotating is the input of a worker that refreshes a login.
type rotating struct {
	Dir   string // of the store
	Log   string
	Times int // 0: until it is released
}

// rotation is one refresh, as it was found and done.
type rotation struct {
	Generation int64
	Lost       bool // the one before had been handed out and never stored
}

// rotateTask refreshes a login again and again, as different processes do.
func rotateTask(ctx context.Context, in rotating, report func(any)) error {
	store := tokenstore.File(in.Dir)
	for n := 1; ctx.Err() == nil; n++ {
		done, err := rotate(ctx, store, in.Log)
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // released
			}
			return err
		}
		report(done)
		if n == in.Times {
			return nil
		}
	}
	return nil
}

// rotate is one refresh: the log hands out the next generation, whoever asks for it.
func rotate(ctx context.Context, store tokenstore.Store, log string) (rotation, error) {
	var done rotation
	err := store.Update(ctx, storeKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		// A second owner would find the mark of the first. One that was killed leaves it behind.
		owner := log + ".owner"
		if alive(owner) {
			return nil, errors.New("two owners at once")
		}
		if err := os.WriteFile(owner, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
			return nil, err
		}
		handedOut, err := lastLine(log)
		if err != nil {
			return nil, err
		}
		var stored int64
		if old != nil {
			stored = old.Generation
			if old.AccessToken != storeToken(stored) {
				return nil, fmt.Errorf("generation %d has another's token", stored)
			}
		}
		switch {
		case stored == handedOut:
		case stored == handedOut-1 && old != nil && !old.Interrupted.IsZero():
			done.Lost = true
		default:
			return nil, fmt.Errorf("generation %d was handed out, and %d is stored, without a word: %v", handedOut, stored, old)
		}
		done.Generation = handedOut + 1
		if err := os.Remove(owner); err != nil {
			return nil, err
		}
		// From here on until the store has written it, a kill loses the new generation.
		if err := appendLine(log, done.Generation); err != nil {
			return nil, err
		}
		return &tokenstore.Record{AccessToken: storeToken(done.Generation), Generation: done.Generation}, nil
	})
	return done, err
}

func storeToken(generation int64) string { return fmt.Sprint("token-", generation) }

// alive reports whether the process that the file names lives.
func alive(file string) bool {
	text, err := os.ReadFile(file)
	pid, convErr := strconv.Atoi(string(text))
	if err != nil || convErr != nil || pid == os.Getpid() {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func lastLine(log string) (int64, error) {
	text, err := os.ReadFile(log)
	if err != nil {
		return 0, err
	}
	lines := strings.Fields(string(text))
	if len(lines) == 0 {
		return 0, nil
	}
	return strconv.ParseInt(lines[len(lines)-1], 10, 64)
}

func appendLine(log string, n int64) error {
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, n)
	return errors.Join(err, f.Close())
}

// newRotating returns a new store and its log.
func newRotating(t *testing.T) rotating {
	t.Helper()
	base := t.TempDir()
	log := filepath.Join(base, "log")
	require.NoError(t, os.WriteFile(log, nil, 0o600))
	return rotating{Dir: filepath.Join(base, "tokens"), Log: log}
}

// fromEnvironment returns a count that CI, or a patient person, can raise.
func fromEnvironment(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}

// assertClean checks that nothing is left over, and that the store still works.
func assertClean(t *testing.T, in rotating) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := rotate(ctx, tokenstore.File(in.Dir), in.Log)
	require.NoError(t, err, "a stuck lock?")
	entries, err := os.ReadDir(in.Dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	assert.ElementsMatch(t, []string{storeKey.Digest + ".json", storeKey.Digest + ".lock"}, names)
}

func TestStoreProcessesTakeTurns(t *testing.T) {
	const workers, times = 8, 25
	in := newRotating(t)
	in.Times = times
	began := time.Now()
	var all []int64
	for _, p := range startProcesses(t, workers, "store-rotate", func(int) any { return in }) {
		done, err := reports[rotation](t, p)
		require.NoError(t, err)
		for _, d := range done {
			assert.False(t, d.Lost)
			all = append(all, d.Generation)
		}
	}
	t.Logf("%d refreshes by %d processes in %v", len(all), workers, time.Since(began).Round(time.Millisecond))
	slices.Sort(all)
	require.Len(t, all, workers*times)
	for i, generation := range all {
		require.EqualValues(t, i+1, generation, "each generation once")
	}
	record, err := tokenstore.File(in.Dir).Load(t.Context(), storeKey)
	require.NoError(t, err)
	assert.EqualValues(t, workers*times, record.Generation)
	assertClean(t, in)
}

// As above, while some program deletes the lock file whenever it sees it.
func TestStoreProcessesTakeTurnsWithoutALockFile(t *testing.T) {
	const workers, times = 4, 15
	in := newRotating(t)
	in.Times = times
	processes := startProcesses(t, workers, "store-rotate", func(int) any { return in })
	stop, stopped, deleted := make(chan struct{}), make(chan struct{}), 0
	go func() {
		defer close(stopped)
		for {
			if os.Remove(filepath.Join(in.Dir, storeKey.Digest+".lock")) == nil {
				deleted++
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	total := 0
	for _, p := range processes {
		done, err := reports[rotation](t, p)
		require.NoError(t, err)
		total += len(done)
	}
	close(stop)
	<-stopped
	assert.Equal(t, workers*times, total)
	handedOut, err := lastLine(in.Log)
	require.NoError(t, err)
	assert.EqualValues(t, workers*times, handedOut)
	t.Logf("%d refreshes, and the lock file deleted %d times", total, deleted)
	assertClean(t, in)
}

// Holders die at random moments. WORKTIME_E2E_KILLS is how many; the promise is kept for any number.
func TestStoreKilledAtRandom(t *testing.T) {
	kills := fromEnvironment(t, "WORKTIME_E2E_KILLS", 20)
	in := newRotating(t)
	survivor := startProcess(t, "store-rotate") // there is always another one
	survivor.give(t, in)
	rotated, lost := 0, 0
	count := func(done []rotation) {
		for _, d := range done {
			rotated++
			lost += map[bool]int{true: 1}[d.Lost]
		}
	}
	for range kills {
		victim := startProcess(t, "store-rotate")
		victim.give(t, in)
		first, ok := report[rotation](t, victim)
		require.True(t, ok, "it never had its turn: a stuck lock?")
		time.AfterFunc(rand.N(60*time.Millisecond), victim.kill)
		done, err := reports[rotation](t, victim)
		require.ErrorIs(t, err, errKilled)
		count(append(done, first))
		_, err = tokenstore.File(in.Dir).Load(t.Context(), storeKey)
		require.NoError(t, err, "a torn file?")
	}
	survivor.release()
	done, err := reports[rotation](t, survivor)
	require.NoError(t, err)
	count(done)
	handedOut, err := lastLine(in.Log)
	require.NoError(t, err)
	// What was handed out to a victim right before its end was not reported.
	assert.InDelta(t, handedOut, rotated, float64(kills))
	t.Logf("%d kills, %d refreshes, %d logins lost and each told of, 0 torn files, 0 stuck locks", kills, handedOut, lost)
	assertClean(t, in)
}

// A holder that hangs holds up those who want to refresh, and nobody else; when it dies, they go on.
func TestStoreHolderHangs(t *testing.T) {
	in := newRotating(t)
	store := tokenstore.File(in.Dir)
	_, err := rotate(t.Context(), store, in.Log)
	require.NoError(t, err)
	holder := startProcess(t, "store-hold")
	holder.give(t, in)
	_, ok := report[bool](t, holder)
	require.True(t, ok)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = rotate(ctx, store, in.Log)
	require.Equal(t, context.DeadlineExceeded, err)
	record, err := store.Load(t.Context(), storeKey)
	require.NoError(t, err)
	assert.EqualValues(t, 1, record.Generation)

	holder.kill()
	require.ErrorIs(t, holder.wait(), errKilled)
	var interrupted time.Time
	require.NoError(t, store.Update(t.Context(), storeKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		interrupted = old.Interrupted
		return old, nil
	}))
	assert.WithinDuration(t, time.Now(), interrupted, time.Minute, "the next owner is told")
	assertClean(t, in)
}

// holdTask holds the lock, deaf to its context, as a program does that hangs.
func holdTask(_ context.Context, in rotating, report func(any)) error {
	return tokenstore.File(in.Dir).Update(context.Background(), storeKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		report(true)
		select {}
	})
}

// storeTasks are what the workers of the store's tests can do.
func storeTasks() map[string]task {
	return map[string]task{
		"store-rotate": typed(rotateTask),
		"store-hold":   typed(holdTask),
		"store-fault":  typed(faultTask),
	}
}

package e2e

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests of this file show that the harness for worker processes does what the others take for granted.

// counting is the input of a worker that counts in a file under a lock.
type counting struct {
	File  string
	Times int  // 0: until it is released
	Hold  bool // keeps the lock after the last time, until it is released
}

// countTask raises the number in a file, and reports each that it has written.
func countTask(ctx context.Context, in counting, report func(any)) error {
	lock := flock.New(in.File + ".lock")
	for n := 1; ctx.Err() == nil; n++ {
		if err := lock.Lock(); err != nil {
			return err
		}
		count, err := readCount(in.File)
		if err != nil {
			return err
		}
		count++
		next := in.File + "." + strconv.Itoa(os.Getpid())
		if err := os.WriteFile(next, []byte(strconv.Itoa(count)), 0o600); err != nil {
			return err
		}
		if err := os.Rename(next, in.File); err != nil {
			return err
		}
		report(count)
		if n == in.Times && in.Hold {
			<-ctx.Done()
		}
		if err := lock.Unlock(); err != nil {
			return err
		}
		if n == in.Times {
			return nil
		}
	}
	return nil
}

func readCount(file string) (int, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}

func TestProcessesTakeTurns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count")
	const workers, times = 8, 25
	var all []int
	for _, p := range startProcesses(t, workers, "count", func(int) any { return counting{File: file, Times: times} }) {
		counts, err := reports[int](t, p)
		require.NoError(t, err)
		assert.Len(t, counts, times)
		all = append(all, counts...)
	}
	slices.Sort(all)
	want := make([]int, workers*times)
	for i := range want {
		want[i] = i + 1
	}
	assert.Equal(t, want, all)
}

func TestKilledHolderFreesLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count")
	holder := startProcess(t, "count")
	holder.give(t, counting{File: file, Times: 1, Hold: true})
	count, ok := report[int](t, holder)
	require.True(t, ok)
	assert.Equal(t, 1, count)

	free, err := flock.New(file + ".lock").TryLock()
	require.NoError(t, err)
	require.False(t, free, "another process has it")
	waiter := startProcess(t, "count")
	waiter.give(t, counting{File: file, Times: 1})
	holder.kill()
	counts, err := reports[int](t, waiter)
	require.NoError(t, err)
	assert.Equal(t, []int{2}, counts)
	require.ErrorIs(t, holder.wait(), errKilled)
}

// TestKillsAtRandom: what was reported before a kill is known, and no kill leaves anything locked or torn.
func TestKillsAtRandom(t *testing.T) {
	file := filepath.Join(t.TempDir(), "count")
	for range 5 {
		workers := startProcesses(t, 4, "count", func(int) any { return counting{File: file} })
		_, ok := report[int](t, workers[0])
		require.True(t, ok)
		for _, p := range workers {
			time.AfterFunc(rand.N(20*time.Millisecond), p.kill)
		}
		reported := 0
		for _, p := range workers {
			counts, err := reports[int](t, p)
			require.ErrorIs(t, err, errKilled)
			reported = max(reported, slices.Max(append(counts, 0)))
		}
		count, err := readCount(file)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, count, reported)
		assert.Positive(t, count)
	}
}

func TestReleaseEndsTask(t *testing.T) {
	p := startProcess(t, "count")
	p.give(t, counting{File: filepath.Join(t.TempDir(), "count")})
	_, ok := report[int](t, p)
	require.True(t, ok)
	p.release()
	_, err := reports[int](t, p)
	require.NoError(t, err)
}

// complaint is the input of a worker that fails.
type complaint struct{ Error, Panic, Variable string }

func complainTask(_ context.Context, in complaint, report func(any)) error {
	if in.Panic != "" {
		panic(in.Panic)
	}
	report(os.Getenv(in.Variable))
	return errors.New(in.Error)
}

func TestWorkerFailures(t *testing.T) {
	p := startProcess(t, "complain", func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "SOME_VARIABLE=set") })
	p.give(t, complaint{Error: "out of paper", Variable: "SOME_VARIABLE"})
	got, err := reports[string](t, p)
	require.EqualError(t, err, "out of paper")
	assert.Equal(t, []string{"set"}, got, "and what was reported before is known")

	p = startProcess(t, "complain")
	p.give(t, complaint{Panic: "paper jam"})
	require.ErrorContains(t, p.wait(), "paper jam")

	p = startProcess(t, "complain")
	p.give(t, "not an object")
	require.ErrorContains(t, p.wait(), "cannot unmarshal string")
}

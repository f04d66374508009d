package tokenstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

// The order is the promise: nothing has its name before it is durable, and all that can fail is tried
// before change is called.
func TestFileOrderOfSteps(t *testing.T) {
	replace := []string{"write", "sync", "rename", "sync directory"}
	for _, tt := range []struct {
		name          string
		stored        int64
		change        change
		before, after []string
	}{
		{"first record", 0, generation(1), []string{"mkdir", "lock", "create", "reserve", "sync", "sync directory", "begin"}, replace},
		{
			"next record", 1, generation(2),
			[]string{"mkdir", "lock", "create", "read", "reserve", "sync", "create", "write", "sync", "rename", "sync directory", "begin"}, replace,
		},
		{
			"same record", 1, generation(1),
			[]string{"mkdir", "lock", "create", "read", "reserve", "sync", "create", "write", "sync", "rename", "sync directory", "begin"}, nil,
		},
		{
			"no record", 1, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, nil },
			[]string{"mkdir", "lock", "create", "read", "reserve", "sync", "create", "write", "sync", "rename", "sync directory", "begin"},
			[]string{"remove", "sync directory"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := newDir(t)
			if tt.stored > 0 {
				save(t, file(dir), tt.stored)
			}
			var steps []string
			store := tokenstore.FileOn(dir, func(step string, do func() error) error {
				steps = append(steps, step)
				return do()
			})
			require.NoError(t, store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				assert.Equal(t, tt.before, steps)
				steps = nil
				return tt.change(ctx, old)
			}))
			assert.Equal(t, tt.after, steps)
		})
	}
}

// Whatever step fails, for whatever reason: either change is not called and the refresh token is unspent, or
// the error has the new record. Afterwards all is well again.
func TestFileFaultAtEachStep(t *testing.T) {
	for _, cause := range []error{syscall.EDQUOT, syscall.EIO} {
		for _, stored := range []int64{0, 1} {
			at := 1
			for !failAt(t, cause, stored, at) {
				at++
			}
			assert.Greater(t, at, 10, "that many steps were tried")
		}
	}
}

// failAt makes the step of that number fail, and reports whether there was no such step.
func failAt(t *testing.T, cause error, stored int64, at int) (done bool) {
	t.Helper()
	dir := newDir(t)
	if stored > 0 {
		save(t, file(dir), stored)
	}
	steps, failed, called := 0, "", false
	err := tokenstore.FileOn(dir, func(step string, do func() error) error {
		if steps++; steps == at {
			failed = step
			return &fs.PathError{Op: step, Path: "relative", Err: cause}
		}
		return do()
	}).Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		called = true
		return count(ctx, old)
	})
	if failed == "" {
		assert.NoError(t, err)
		return true
	}
	what := fmt.Sprintf("%v at step %d, %s, with generation %d stored", cause, at, failed, stored)
	assert.ErrorIs(t, err, cause, what)
	assert.ErrorContains(t, err, dir, what)
	assert.NotContains(t, err.Error(), "relative", what)
	assert.NotContains(t, err.Error(), canary, what)
	if carried, ok := errors.AsType[*tokenstore.SaveError](err); ok {
		assert.True(t, called, what)
		assert.Equal(t, stored+1, carried.Record.Generation, what)
		assert.Equal(t, recordPath(dir), carried.Path, what)
	} else {
		assert.False(t, called, what)
	}

	store := file(dir)
	if record, err := store.Load(t.Context(), fileKey); failed == "sync directory" && called {
		assert.NoError(t, err, what) // in place, though perhaps not for good
		assert.Equal(t, stored+1, record.Generation, what)
	} else {
		assertGeneration(t, store, stored)
	}
	save(t, store, 7)
	assertGeneration(t, store, 7)
	assert.Len(t, contents(t, dir), 2, what)
	return false
}

func TestFileFaultsOfADeletion(t *testing.T) {
	for _, failing := range []string{"remove", "sync directory"} {
		dir := newDir(t)
		save(t, file(dir), 1)
		called := false
		store := tokenstore.FileOn(dir, func(step string, do func() error) error {
			if step == failing && called {
				return syscall.EIO
			}
			return do()
		})
		err := store.Update(t.Context(), fileKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
			called = true
			return nil, nil
		})
		require.EqualError(t, err, "tokenstore: delete "+recordPath(dir)+": input/output error")
	}
}

// crash is what a directory holds when the process is killed before a step.
type crash struct {
	step   string
	called bool // change has been called
	made   bool // and has returned a record
	files  map[string]string
}

// crashes returns the crash points of one Update.
func crashes(t *testing.T, stored int64) []crash {
	t.Helper()
	dir := newDir(t)
	if stored > 0 {
		save(t, file(dir), stored)
	}
	var all []crash
	called, made := false, false
	note := func(step string) {
		if _, err := os.Stat(dir); err == nil {
			all = append(all, crash{step, called, made, contents(t, dir)})
		}
	}
	store := tokenstore.FileOn(dir, func(step string, do func() error) error {
		note(step)
		return do()
	})
	require.NoError(t, store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		called = true
		note("change")
		made = true
		return count(ctx, old)
	}))
	note("end")
	return all
}

// plant makes a directory as a crash has left it. Temporary files are of a known age.
func plant(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = newDir(t)
	require.NoError(t, os.Mkdir(dir, 0o700))
	for name, data := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(data), 0o600))
		require.NoError(t, os.Chtimes(path, killed, killed))
	}
	return dir
}

var killed = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// A process that is killed at any step leaves the old record or the new one. The new one is found even if it had
// not been put in its place; if it had not been written, the old one tells so.
func TestFileKilledAtEachStep(t *testing.T) {
	for _, stored := range []int64{0, 1} {
		points := crashes(t, stored)
		require.Greater(t, len(points), 10)
		written := false
		for _, point := range points {
			what := fmt.Sprintf("killed before %s, change called: %t, generation %d stored", point.step, point.called, stored)
			dir := plant(t, point.files)
			store := file(dir)
			loaded, err := store.Load(t.Context(), fileKey)
			if err != nil {
				require.ErrorIs(t, err, tokenstore.ErrNotFound, what)
			}
			inPlace := point.step == "end" || point.made && point.step == "sync directory"
			assert.Equal(t, stored+b2i(inPlace), loaded.Generation, what)

			written = written || point.made && point.step == "sync"
			var got tokenstore.Record
			require.NoError(t, store.Update(t.Context(), fileKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				if old != nil {
					got = *old
				}
				return old, nil
			}), what)
			assert.Equal(t, stored+b2i(written), got.Generation, what)
			assert.Equal(t, stored > 0 && point.called && !written, got.Interrupted.Equal(killed), what)
			assert.Equal(t, stored > 0 && point.called && !written, !got.Interrupted.IsZero(), what)
			loaded, err = store.Load(t.Context(), fileKey)
			assert.Equal(t, got, loaded, "%s: it lasts: %v", what, err)
			for name := range contents(t, dir) {
				assert.NotContains(t, name, ".tmp", what)
			}
		}
		assert.True(t, written)
	}
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// The new record counts from the moment it is written, before the room behind it is given back. Half of it does not.
func TestFileKilledWhileWriting(t *testing.T) {
	name := fileKey.Digest + ".json"
	dir := newDir(t)
	save(t, file(dir), 1)
	first := contents(t, dir)[name]
	save(t, file(dir), 2)
	second := contents(t, dir)[name]
	room := strings.Repeat("\x00", 1<<14)
	for left, want := range map[string]int64{
		second + room: 2, second: 2, second[:len(second)-1] + room: 2, second[:len(second)-2] + room: 1, second[:100] + room: 1,
		"change began\n" + room: 1, "change began\n" + second[13:] + room: 1,
	} {
		store := file(plant(t, map[string]string{name: first, fileKey.Digest + ".LEFT.tmp": left}))
		require.NoError(t, store.Update(t.Context(), fileKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			assert.Equal(t, want, old.Generation, "%.120q", left)
			assert.Equal(t, want == 1, !old.Interrupted.IsZero(), "%.120q", left)
			return old, nil
		}))
		assertGeneration(t, store, want)
	}
}

// What a power failure leaves of a file that was not synced may be its length alone.
func TestFilePowerFailureAtEachStep(t *testing.T) {
	for _, stored := range []int64{0, 1} {
		for _, point := range crashes(t, stored) {
			for name, data := range point.files {
				if strings.HasSuffix(name, ".tmp") {
					point.files[name] = strings.Repeat("\x00", len(data))
				}
			}
			store := file(plant(t, point.files))
			inPlace := point.step == "end" || point.made && point.step == "sync directory"
			require.NoError(t, store.Update(t.Context(), fileKey, count))
			assertGeneration(t, store, 1+stored+b2i(inPlace))
		}
	}
}

// The mark of an interrupted change stays with the refresh token it is about.
func TestFileInterrupted(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	left := filepath.Join(dir, fileKey.Digest+".XYZ.tmp")
	require.NoError(t, os.WriteFile(left, []byte("change began\n"), 0o600))
	require.NoError(t, os.Chtimes(left, killed, killed))

	refuse := func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		assert.True(t, old.Interrupted.Equal(killed))
		return nil, errRefused
	}
	for range 2 {
		require.Equal(t, errRefused, store.Update(t.Context(), fileKey, refuse), "also after a change that failed")
		assert.NoFileExists(t, left)
	}
	require.NoError(t, store.Update(t.Context(), fileKey, count))
	record, err := store.Load(t.Context(), fileKey)
	require.NoError(t, err)
	assert.Zero(t, record.Interrupted, "a new token is a new beginning")
}

// What was left over by an owner that is long superseded, or belongs to another key, is not taken for news.
func TestFileStaleLeftovers(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	first := contents(t, dir)[fileKey.Digest+".json"]
	save(t, store, 2)
	second := contents(t, dir)[fileKey.Digest+".json"]
	save(t, store, 3)
	require.NoError(t, store.Update(t.Context(), otherKey, generation(9)))
	foreign := contents(t, dir)[otherKey.Digest+".json"]
	for i, data := range []string{first, second, "", strings.Repeat("\x00", 99)} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint(fileKey.Digest, ".", i, ".tmp")), []byte(data), 0o600))
	}
	others := filepath.Join(dir, otherKey.Digest+".0.tmp")
	require.NoError(t, os.WriteFile(others, []byte(second), 0o600))

	require.NoError(t, store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		assert.EqualValues(t, 3, old.Generation)
		assert.Zero(t, old.Interrupted)
		return count(ctx, old)
	}))
	assertGeneration(t, store, 4)
	assert.FileExists(t, others, "it is another key's")
	require.NoError(t, store.Update(t.Context(), otherKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		assert.EqualValues(t, 9, old.Generation, "a record of another key is not adopted")
		return old, nil
	}))
	assert.NotEqual(t, foreign, second)
	assert.NoFileExists(t, others)
}

// mutate changes a file as bad disks, editors and copies do.
func mutate(r *rand.Rand, stored []byte) []byte {
	b := bytes.Clone(stored)
	at := r.IntN(len(b))
	to := at + 1 + r.IntN(len(b)-at)
	switch r.IntN(9) {
	case 0: // a bit
		b[at] ^= 1 << r.IntN(8)
	case 1: // a byte
		b[at] = byte(r.IntN(256))
	case 2: // cut off
		b = b[:at]
	case 3: // a part is missing
		b = append(b[:at], b[to:]...)
	case 4: // a part twice
		b = append(b[:to:to], b[at:]...)
	case 5: // zeros
		clear(b[at:to])
	case 6: // the tail of a longer file
		b = append(b, b[at:]...)
	case 7: // line ends of another system
		b = bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
	case 8: // noise
		for i := at; i < to; i++ {
			b[i] = byte(r.IntN(256))
		}
	}
	return b
}

// overwrite makes a new file: file systems flush one that is truncated and written, which takes its time.
func overwrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	require.NoError(t, os.WriteFile(path, data, 0o600))
}

// No damaged record is taken for another one, and none is overwritten.
func TestFileMutatedRecords(t *testing.T) {
	const seed, mutants = 42, 1000
	r := rand.New(rand.NewPCG(seed, 0))
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	stored, err := os.ReadFile(recordPath(dir))
	require.NoError(t, err)
	want, err := store.Load(t.Context(), fileKey)
	require.NoError(t, err)

	refused := 0
	for i := range mutants {
		mutant := mutate(r, stored)
		overwrite(t, recordPath(dir), mutant)
		got, err := store.Load(t.Context(), fileKey)
		if err == nil {
			require.Equal(t, want, got, "mutant %d: %q", i, mutant)
			continue
		}
		refused++
		require.NotErrorIs(t, err, tokenstore.ErrNotFound, "mutant %d", i)
		if !errors.Is(err, tokenstore.ErrCorrupt) {
			require.ErrorIs(t, err, tokenstore.ErrVersion, "mutant %d: %q", i, mutant)
		}
		require.ErrorContains(t, err, recordPath(dir))
		require.NotContains(t, err.Error(), canary)
		require.EqualError(t, store.Update(t.Context(), fileKey, never(t)), err.Error())
		after, err := os.ReadFile(recordPath(dir))
		require.NoError(t, err)
		require.Equal(t, string(mutant), string(after), "mutant %d was overwritten", i)
	}
	assert.Greater(t, refused, mutants*8/10)
	t.Logf("%d mutants, %d refused, 0 overwritten", mutants, refused)
}

// FuzzFile reads the content of a file; what File does with it is above.
func FuzzFile(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "tokens")
	store := file(dir)
	require.NoError(f, store.Update(f.Context(), fileKey, generation(1)))
	require.NoError(f, store.Update(f.Context(), fileKey, generation(2)))
	stored, err := os.ReadFile(recordPath(dir))
	require.NoError(f, err)
	for _, seed := range []string{string(stored), "", "{}", "null", "[]", `{"version":1}`, `{"version":2}`, `{"version":1,"record":null}`, "\x00\x00"} {
		f.Add([]byte(seed))
	}
	want, err := store.Load(f.Context(), fileKey)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := tokenstore.ReadFile(fileKey, data)
		if err == nil {
			// Nobody finds another record with the right sum by chance.
			require.Equal(t, want, record)
			return
		}
		require.Zero(t, record)
		require.True(t, errors.Is(err, tokenstore.ErrCorrupt) || errors.Is(err, tokenstore.ErrVersion), "%v", err)
		require.NotContains(t, err.Error(), canary)
	})
}

// Whoever puts a file in the place of the temporary one has not written a record by it.
func TestFileTemporaryFileReplaced(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	first := contents(t, dir)[fileKey.Digest+".json"]
	save(t, store, 2)
	err := store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		temps, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
		require.NoError(t, err)
		require.Len(t, temps, 1)
		require.NoError(t, os.Remove(temps[0]))
		require.NoError(t, os.WriteFile(temps[0], []byte(first), 0o600))
		return count(ctx, old)
	})
	var carried *tokenstore.SaveError
	require.ErrorAs(t, err, &carried)
	assert.EqualValues(t, 3, carried.Record.Generation)
	assertGeneration(t, store, 2)
}

// An owner whose mark is deleted before it is set is none yet, and tries again.
func TestFileTemporaryFileDeletedAtOnce(t *testing.T) {
	dir := newDir(t)
	created := 0
	store := tokenstore.FileOn(dir, func(step string, do func() error) error {
		err := unsynced(step, do)
		if step == "create" {
			if created++; created <= 2 {
				temps, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
				require.NoError(t, err)
				require.Len(t, temps, 1)
				require.NoError(t, os.Remove(temps[0]))
			}
		}
		return err
	})
	save(t, store, 1)
	assert.Equal(t, 3, created)
	assertGeneration(t, store, 1)
}

package tokenstore_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

var (
	fileKey  = tokenstore.Grant{Vendor: "timelog", Account: "first"}.Key()
	otherKey = tokenstore.Grant{Vendor: "timelog", Account: "second"}.Key()
)

// file returns a store on a disk that never fails, so that there is no need to wait for it.
func file(dir string) tokenstore.Store { return tokenstore.FileOn(dir, unsynced) }

func unsynced(step string, do func() error) error {
	if step == "sync" || step == "sync directory" {
		return nil
	}
	return do()
}

// newDir returns the name of a directory for a store, which does not exist yet.
func newDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "tokens")
}

func recordPath(dir string) string { return filepath.Join(dir, fileKey.Digest+".json") }
func lockPath(dir string) string   { return filepath.Join(dir, fileKey.Digest+".lock") }

// generation is a change that stores the record of a generation. Its tokens are secrets.
func generation(n int64) change {
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{AccessToken: canary, RefreshToken: fmt.Sprint(canary, n), Generation: n}, nil
	}
}

// count is a change that counts generations.
func count(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
	if old == nil {
		return generation(1)(ctx, old)
	}
	return generation(old.Generation+1)(ctx, old)
}

func save(t *testing.T, store tokenstore.Store, n int64) {
	t.Helper()
	require.NoError(t, store.Update(t.Context(), fileKey, generation(n)))
}

func assertGeneration(t *testing.T, store tokenstore.Store, want int64) {
	t.Helper()
	record, err := store.Load(context.Background(), fileKey)
	if want == 0 {
		assert.ErrorIs(t, err, tokenstore.ErrNotFound)
		return
	}
	assert.NoError(t, err)
	assert.Equal(t, want, record.Generation)
	assert.Equal(t, fmt.Sprint(canary, want), record.RefreshToken)
}

// contents returns the files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := map[string]string{}
	for _, entry := range entries {
		if entry.Type().IsRegular() {
			data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
			require.NoError(t, err)
			all[entry.Name()] = string(data)
		} else {
			all[entry.Name()] = entry.Type().String()
		}
	}
	return all
}

// A program that only reads leaves no traces.
func TestFileLoadCreatesNothing(t *testing.T) {
	dir := newDir(t)
	assertGeneration(t, file(dir), 0)
	assert.NoDirExists(t, dir)

	save(t, file(dir), 1)
	before := contents(t, dir)
	_, err := file(dir).Load(t.Context(), otherKey)
	require.ErrorIs(t, err, tokenstore.ErrNotFound)
	assert.Equal(t, before, contents(t, dir))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = file(dir).Load(ctx, fileKey)
	assert.Equal(t, context.Canceled, err)
}

func TestFileLeavesOnlyRecordsAndLocks(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	remove := func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, nil }
	refuse := func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return nil, errRefused }
	names := func() []string {
		var all []string
		for name := range contents(t, dir) {
			all = append(all, name)
		}
		return all
	}
	for range 3 {
		require.NoError(t, store.Update(t.Context(), fileKey, count))
		assert.Equal(t, errRefused, store.Update(t.Context(), fileKey, refuse), "as it is")
		assert.Panics(t, func() {
			_ = store.Update(t.Context(), fileKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { panic("in change") })
		})
		require.NoError(t, store.Update(t.Context(), fileKey, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) { return old, nil }))
		assert.ElementsMatch(t, []string{fileKey.Digest + ".json", fileKey.Digest + ".lock"}, names())
	}
	require.NoError(t, store.Update(t.Context(), fileKey, remove))
	assert.Equal(t, []string{fileKey.Digest + ".lock"}, names(), "the lock file is never deleted")
	require.NoError(t, store.Update(t.Context(), fileKey, remove))
}

// What the file looks like is a promise to later versions, and to people who look into it.
func TestFileFormat(t *testing.T) {
	const stored = `{"version":1,"key":"ebb355ce350649b5a2ce2172e27a763666a674b0f7c66314c1a0828bd8c13be9","label":"timelog-first",` +
		`"sha256":"3f20f4994f0e71d161cdc8c02040a2648c0744225986875d478c3d8dbcc0cef1","record":{"version":1,"access_token":"access","issuer":"","client_id":"","issued_at":"0001-01-01T00:00:00Z","generation":1}}` + "\n"
	dir := newDir(t)
	require.NoError(t, file(dir).Update(t.Context(), fileKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{AccessToken: "access", Generation: 1}, nil
	}))
	assert.Equal(t, stored, contents(t, dir)[fileKey.Digest+".json"])
}

func TestFileRefusesWhatIsNoKeyOrNoDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, store := range map[string]tokenstore.Store{
		"no directory":    file(""),
		"no digest":       file("tokens"),
		"a path":          file("tokens"),
		"upper case":      file("tokens"),
		"one digit short": file("tokens"),
	} {
		key := map[string]tokenstore.Key{
			"no directory": fileKey, "a path": {Digest: strings.Repeat("../", 21) + "x"},
			"upper case": {Digest: strings.ToUpper(fileKey.Digest)}, "one digit short": {Digest: fileKey.Digest[1:]},
		}[name]
		_, err := store.Load(t.Context(), key)
		assert.ErrorContains(t, err, "tokenstore: ", name)
		assert.Equal(t, err, store.Update(t.Context(), key, never(t)), name)
		assert.NoDirExists(t, "tokens")
	}
}

func TestFileStaysWhereItWas(t *testing.T) {
	before := t.TempDir()
	t.Chdir(before)
	store := file("tokens")
	t.Chdir(t.TempDir())
	save(t, store, 1)
	assertGeneration(t, file(filepath.Join(before, "tokens")), 1)
}

func TestFileRefusesTheRecordOfAnotherKey(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	copied := filepath.Join(dir, otherKey.Digest+".json")
	require.NoError(t, os.Link(recordPath(dir), copied))
	before := contents(t, dir)

	_, loadErr := store.Load(t.Context(), otherKey)
	for _, err := range []error{loadErr, store.Update(t.Context(), otherKey, never(t))} {
		require.ErrorIs(t, err, tokenstore.ErrWrongKey)
		assert.ErrorContains(t, err, copied)
		assert.ErrorContains(t, err, fileKey.String(), "it says whose it is")
	}
	delete(before, otherKey.Digest+".lock")
	after := contents(t, dir)
	delete(after, otherKey.Digest+".lock")
	assert.Equal(t, before, after)
}

func TestFileRefusesALaterVersion(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	later := strings.Replace(contents(t, dir)[fileKey.Digest+".json"], `"version":1`, `"version":2`, 1)
	require.NoError(t, os.WriteFile(recordPath(dir), []byte(later), 0o600))

	_, loadErr := store.Load(t.Context(), fileKey)
	for _, err := range []error{loadErr, store.Update(t.Context(), fileKey, never(t))} {
		require.ErrorIs(t, err, tokenstore.ErrVersion)
		require.NotErrorIs(t, err, tokenstore.ErrCorrupt)
		assert.EqualError(t, err, "tokenstore: read "+recordPath(dir)+": the record is of a later version; use a later version of this program, "+
			"or remove it and log in again (it has version 2, this program knows only 1)")
	}
	assert.Equal(t, later, contents(t, dir)[fileKey.Digest+".json"])
}

// Two stores on one directory are as one, and so are two processes.
func TestFileWaitsNoLongerThanItsLimit(t *testing.T) {
	for _, sameStore := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			dir := newDir(t)
			holder := file(dir)
			waiter := holder
			if !sameStore {
				waiter = file(dir)
			}
			release := hold(t, holder, fileKey)
			began := time.Now()
			err := waiter.Update(context.Background(), fileKey, never(t))
			require.ErrorIs(t, err, tokenstore.ErrLocked)
			assert.ErrorContains(t, err, lockPath(dir))
			assert.Equal(t, tokenstore.LockLimit, time.Since(began))
			release()
			require.NoError(t, waiter.Update(context.Background(), fileKey, count))
		})
	}
}

// Waiting for the disk is no reason to spend a token that the caller has given up on.
func TestFileSlowDisk(t *testing.T) {
	slow := func(steps *atomic.Int32) func(string, func() error) error {
		return func(_ string, do func() error) error {
			steps.Add(1)
			time.Sleep(time.Minute)
			return do()
		}
	}
	synctest.Test(t, func(t *testing.T) {
		dir := newDir(t)
		save(t, file(dir), 1)
		var steps atomic.Int32
		store := tokenstore.FileOn(dir, slow(&steps))

		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		assert.Equal(t, context.DeadlineExceeded, store.Update(ctx, fileKey, never(t)))
		assertGeneration(t, file(dir), 1)

		ctx, cancel = context.WithCancel(t.Context())
		require.NoError(t, store.Update(ctx, fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
			cancel()
			steps.Store(0)
			return count(ctx, old)
		}))
		assert.Positive(t, steps.Load(), "the disk was slow")
		assertGeneration(t, file(dir), 2)
	})
}

// A program that deletes lock files, such as a cleaner of temporary directories, makes no second owner.
func TestFileLockFileDeletedInALoop(t *testing.T) {
	const workers, rounds = 4, 10
	dir := newDir(t)
	save(t, file(dir), 1)
	stop := make(chan struct{})
	var deleter, wg sync.WaitGroup
	var deleted, inside atomic.Int32
	deleter.Go(func() {
		for {
			if os.Remove(lockPath(dir)) == nil {
				deleted.Add(1)
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	})
	for range workers {
		store := file(dir)
		wg.Go(func() {
			for range rounds {
				assert.NoError(t, store.Update(context.Background(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
					assert.EqualValues(t, 1, inside.Add(1), "two owners")
					defer inside.Add(-1)
					return count(ctx, old)
				}))
			}
		})
	}
	wg.Wait()
	close(stop)
	deleter.Wait()
	assertGeneration(t, file(dir), 1+workers*rounds)
	assert.Positive(t, deleted.Load())
}

// Once is not enough: the lock file is deleted while an owner lives, and each waiter gets a new one.
func TestFileLockFileDeletedUnderItsOwner(t *testing.T) {
	dir := newDir(t)
	store, other := file(dir), file(dir)
	require.NoError(t, store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		for range 3 {
			require.NoError(t, os.Remove(lockPath(dir)))
			waiting, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			assert.Equal(t, context.DeadlineExceeded, other.Update(waiting, fileKey, never(t)))
			cancel()
		}
		return count(ctx, old)
	}))
	require.NoError(t, other.Update(t.Context(), fileKey, count))
	assertGeneration(t, store, 2)
}

// Who waits for a lock file that is deleted meanwhile does not end up with the deleted one.
func TestFileLockFileReplacedBetweenOpenAndLock(t *testing.T) {
	dir := newDir(t)
	save(t, file(dir), 1)
	replaced := 0
	store := tokenstore.FileOn(dir, func(step string, do func() error) error {
		err := do()
		if step == "lock" && replaced < 3 {
			replaced++
			require.NoError(t, os.Remove(lockPath(dir)))
			if replaced == 2 { // once with a new one in its place
				require.NoError(t, os.WriteFile(lockPath(dir), nil, 0o600))
			}
		}
		return err
	})
	require.NoError(t, store.Update(t.Context(), fileKey, count))
	assert.Equal(t, 3, replaced)
	assertGeneration(t, store, 2)
}

// A record that cannot be written in JSON shows only when it is there.
func TestFileKeepsARecordThatCannotBeEncoded(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	for name, record := range map[string]tokenstore.Record{
		"year 10000": {AccessToken: canary, Expiry: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"too long":   {AccessToken: canary, RefreshToken: strings.Repeat("x", 9<<20)},
	} {
		err := store.Update(t.Context(), fileKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return &record, nil })
		var carried *tokenstore.SaveError
		require.ErrorAs(t, err, &carried, name)
		assert.Equal(t, record, carried.Record, name)
		assert.ErrorContains(t, err, recordPath(dir), name)
		assertGeneration(t, store, 1)
	}
}

// A file of any length is no reason to run out of memory.
func TestFileRefusesAnEndlessFile(t *testing.T) {
	dir := newDir(t)
	store := file(dir)
	save(t, store, 1)
	require.NoError(t, os.Truncate(recordPath(dir), 1<<30)) // takes no room on the disk
	_, loadErr := store.Load(t.Context(), fileKey)
	for _, err := range []error{loadErr, store.Update(t.Context(), fileKey, never(t))} {
		require.ErrorIs(t, err, tokenstore.ErrCorrupt)
		assert.ErrorContains(t, err, "it is longer than 8388608 bytes")
	}
	info, err := os.Stat(recordPath(dir))
	require.NoError(t, err)
	assert.EqualValues(t, 1<<30, info.Size())
}

func TestFileFailsOnAnUnreadableDirectory(t *testing.T) {
	dir := newDir(t)
	require.NoError(t, os.WriteFile(dir, nil, 0o600))
	for _, dir := range []string{dir, filepath.Join(dir, "below")} {
		_, loadErr := file(dir).Load(t.Context(), fileKey)
		for _, err := range []error{loadErr, file(dir).Update(t.Context(), fileKey, never(t))} {
			var path *fs.PathError
			require.ErrorAs(t, err, &path)
			assert.Equal(t, dir, path.Path)
			assert.NotErrorIs(t, err, tokenstore.ErrNotFound)
		}
	}
}

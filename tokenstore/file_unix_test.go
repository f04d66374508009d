//go:build unix

package tokenstore_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return info.Mode()
}

// Whatever a program's umask is, nobody else can read what is written, at no moment.
func TestFileModes(t *testing.T) {
	for _, umask := range []int{0o000, 0o022, 0o077} {
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			parent := filepath.Join(t.TempDir(), "parent")
			dir := filepath.Join(parent, "tokens")
			look := func() {
				assert.Equal(t, fs.ModeDir|0o700, mode(t, parent), "umask %03o", umask)
				assert.Equal(t, fs.ModeDir|0o700, mode(t, dir), "umask %03o", umask)
				for name := range contents(t, dir) {
					assert.Equal(t, fs.FileMode(0o600), mode(t, filepath.Join(dir, name)), "%s under umask %03o", name, umask)
				}
			}
			store := tokenstore.FileOn(dir, func(step string, do func() error) error {
				err := do()
				if step != "mkdir" {
					look()
				}
				return err
			})
			for range 2 {
				require.NoError(t, store.Update(t.Context(), fileKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
					look()
					return count(ctx, old)
				}))
			}
			look()
			assertGeneration(t, store, 2)
		}()
	}
}

func tempPath(dir string) string { return filepath.Join(dir, fileKey.Digest+".LEFT.tmp") }

// Files that others can read or write have told their tokens already, or are not ours.
func TestFileRefusesWhatOthersHaveAccessTo(t *testing.T) {
	same := func(dir string) string { return dir }
	for name, tt := range map[string]struct {
		path    func(dir string) string
		mode    fs.FileMode
		loads   bool // Load does not need it
		accepts bool
	}{
		"record readable by the group":     {recordPath, 0o640, false, false},
		"record readable by all":           {recordPath, 0o604, false, false},
		"record writable by the group":     {recordPath, 0o620, false, false},
		"record executable by all":         {recordPath, 0o601, false, false},
		"record that its owner cannot use": {recordPath, 0o644, false, false},
		"lock readable by all":             {lockPath, 0o644, true, false},
		"lock writable by the group":       {lockPath, 0o660, true, false},
		"leftover readable by all":         {tempPath, 0o644, true, false},
		"directory writable by all":        {same, 0o777, false, false},
		"directory writable by the group":  {same, 0o770, false, false},
		"directory, others may look":       {same, 0o755, true, true},
		"directory, as we make it":         {same, 0o700, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			store := file(dir)
			save(t, store, 1)
			require.NoError(t, os.WriteFile(tempPath(dir), nil, 0o600))
			before := contents(t, dir)
			require.NoError(t, os.Chmod(tt.path(dir), tt.mode))
			_, loadErr := store.Load(t.Context(), fileKey)
			if tt.accepts {
				require.NoError(t, loadErr)
				require.NoError(t, store.Update(t.Context(), fileKey, count))
				return
			}
			updateErr := store.Update(t.Context(), fileKey, never(t))
			for _, err := range []error{loadErr, updateErr} {
				if err == nil && tt.loads {
					continue
				}
				require.ErrorIs(t, err, tokenstore.ErrUnsafe)
				require.ErrorContains(t, err, tt.path(dir))
			}
			require.Error(t, updateErr)
			assert.Equal(t, before, contents(t, dir))
		})
	}
}

// Links and special files where ours should be are not followed, not opened, not deleted. A named pipe would
// hang an open for ever.
func TestFileRefusesLinksAndSpecialFiles(t *testing.T) {
	places := map[string]func(dir string) string{"record": recordPath, "lock": lockPath, "leftover": tempPath}
	plants := map[string]func(t *testing.T, path, outside string){
		"link to the outside": func(t *testing.T, path, outside string) {
			t.Helper()
			require.NoError(t, os.Symlink(outside, path))
		},
		"link to the inside": func(t *testing.T, path, _ string) {
			t.Helper()
			require.NoError(t, os.Symlink("good", path))
		},
		"dangling link": func(t *testing.T, path, outside string) {
			t.Helper()
			require.NoError(t, os.Symlink(outside+"-missing", path))
		},
		"pipe": func(t *testing.T, path, _ string) {
			t.Helper()
			require.NoError(t, syscall.Mkfifo(path, 0o600))
		},
		"directory": func(t *testing.T, path, _ string) {
			t.Helper()
			require.NoError(t, os.Mkdir(path, 0o700))
		},
	}
	for place, path := range places {
		for what, put := range plants {
			t.Run(place+" is a "+what, func(t *testing.T) {
				dir := newDir(t)
				store := file(dir)
				save(t, store, 1)
				outside := filepath.Join(t.TempDir(), "outside")
				good, err := os.ReadFile(recordPath(dir))
				require.NoError(t, err)
				for _, name := range []string{outside, filepath.Join(dir, "good")} {
					require.NoError(t, os.WriteFile(name, good, 0o600))
				}
				require.NoError(t, os.RemoveAll(path(dir)))
				put(t, path(dir), outside)
				before, planted := contents(t, dir), mode(t, path(dir))

				_, loadErr := store.Load(t.Context(), fileKey)
				updateErr := store.Update(t.Context(), fileKey, never(t))
				for _, err := range []error{loadErr, updateErr} {
					if place != "record" && err == nil {
						continue
					}
					require.ErrorIs(t, err, tokenstore.ErrUnsafe)
					require.ErrorContains(t, err, path(dir))
				}
				require.Error(t, updateErr)
				after := contents(t, dir)
				delete(after, fileKey.Digest+".lock")
				delete(before, fileKey.Digest+".lock")
				assert.Equal(t, before, after)
				assert.Equal(t, planted, mode(t, path(dir)))
				assert.NoFileExists(t, outside+"-missing")
				untouched, err := os.ReadFile(outside)
				require.NoError(t, err)
				assert.Equal(t, string(good), string(untouched))
			})
		}
	}
}

// What was fine before the lock was taken may not be any more.
func TestFileLockFileOpenedToOthersMeanwhile(t *testing.T) {
	dir := newDir(t)
	save(t, file(dir), 1)
	store := tokenstore.FileOn(dir, func(step string, do func() error) error {
		if step == "lock" {
			require.NoError(t, os.Chmod(lockPath(dir), 0o666))
		}
		return do()
	})
	err := store.Update(t.Context(), fileKey, never(t))
	require.ErrorIs(t, err, tokenstore.ErrUnsafe)
	require.ErrorContains(t, err, lockPath(dir))
	require.NoError(t, os.Chmod(lockPath(dir), 0o600))
	require.NoError(t, file(dir).Update(t.Context(), fileKey, count), "the lock was not kept")
}

// A link of the user's own says where the directory is.
func TestFileDirectoryBehindALink(t *testing.T) {
	dir, link := newDir(t), filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	_, err := tokenstore.File(link).Load(t.Context(), fileKey)
	require.ErrorIs(t, err, tokenstore.ErrNotFound)
	require.NoError(t, os.Mkdir(dir, 0o700))
	save(t, file(link), 1)
	assertGeneration(t, file(dir), 1)

	require.NoError(t, os.Chmod(dir, 0o777))
	require.ErrorIs(t, file(link).Update(t.Context(), fileKey, never(t)), tokenstore.ErrUnsafe)
}

// A record that is replaced while it is read is read again, not taken for a trick.
func TestFileReadWhileReplaced(t *testing.T) {
	dir := newDir(t)
	writer := file(dir)
	save(t, writer, 1)
	reads := 0
	reader := tokenstore.FileOn(dir, func(step string, do func() error) error {
		if step == "read" {
			if reads++; reads <= 3 {
				save(t, writer, int64(reads+1))
			}
		}
		return do()
	})
	assertGeneration(t, reader, 4)
	assert.Equal(t, 4, reads)

	reads = 0
	reader = tokenstore.FileOn(dir, func(step string, do func() error) error {
		if step == "read" {
			reads++
			stored, err := os.ReadFile(recordPath(dir))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "copy"), stored, 0o600))
			require.NoError(t, os.Remove(recordPath(dir)))
			require.NoError(t, os.Symlink("copy", recordPath(dir)))
		}
		return do()
	})
	_, err := reader.Load(t.Context(), fileKey)
	require.ErrorIs(t, err, tokenstore.ErrUnsafe, "a link that takes its place")
	assert.Equal(t, 1, reads)
}

// Neither success nor failure leaves a file open.
func TestFileDescriptorsAreClosed(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/dev/fd")
		require.NoError(t, err)
		return len(entries)
	}
	dir := newDir(t)
	store := file(dir)
	round := func() {
		require.NoError(t, store.Update(t.Context(), fileKey, count))
		_, err := store.Load(t.Context(), fileKey)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(tempPath(dir), []byte("change began\n"), 0o600))
		assert.Panics(t, func() {
			_ = store.Update(t.Context(), fileKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { panic("in change") })
		})
		for at := range 14 {
			steps := 0
			_ = tokenstore.FileOn(dir, func(_ string, do func() error) error {
				if steps++; steps == at {
					return syscall.EIO
				}
				return do()
			}).Update(t.Context(), fileKey, count)
		}
	}
	round()
	before := open()
	for range 3 {
		round()
	}
	assert.Equal(t, before, open())
}

// Some file systems have nothing to sync in a directory, and say so by an error.
func TestFileSystemThatSyncsNoDirectories(t *testing.T) {
	if runtime.GOOS != "linux" {
		return // it is /proc that does not
	}
	proc, err := os.OpenRoot("/proc")
	require.NoError(t, err)
	defer proc.Close()
	f, err := proc.Open(".")
	require.NoError(t, err)
	defer f.Close()
	require.ErrorIs(t, f.Sync(), syscall.EINVAL)
	assert.NoError(t, tokenstore.SyncDirectory(proc))
}

// stat is what a file system tells of somebody's file.
type stat struct {
	fs.FileInfo
	mode fs.FileMode
	sys  any
}

func (s stat) Mode() fs.FileMode { return s.mode }
func (s stat) Sys() any          { return s.sys }

// Files of another user are refused whatever their mode; only root could make some for a test.
func TestFileOwners(t *testing.T) {
	for name, check := range map[string]func(fs.FileInfo) error{
		"link": tokenstore.CheckOwner, "file": tokenstore.CheckPrivate, "directory": tokenstore.CheckDirectory,
	} {
		mine, others := &syscall.Stat_t{}, &syscall.Stat_t{}
		mine.Uid, others.Uid = uint32(os.Geteuid()), uint32(os.Geteuid()+1)
		assert.NoError(t, check(stat{mode: 0o700 &^ 0o100, sys: mine}), name)
		assert.ErrorIs(t, check(stat{mode: 0o600, sys: others}), tokenstore.ErrUnsafe, name)
		assert.ErrorIs(t, check(stat{mode: 0o600}), tokenstore.ErrUnsafe, name)
	}
}

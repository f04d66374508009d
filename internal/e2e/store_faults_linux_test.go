package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime/tokenstore"
)

// The tests of this file break the disk under a store, as far as a kernel can be asked to. Each fault is tried
// in a worker process, which may have namespaces of its own, or no privileges.

// nobody is a user without privileges and files.
const nobody = 65534

// storeFault is one way to break a disk.
type storeFault struct {
	name string
	// mount makes the place for the store; nil is an ordinary directory. It needs a mount namespace.
	mount func(base string) error
	// unprivileged drops root's privileges, for which permissions do not count.
	unprivileged bool
	// foreign, before that, gives the store to nobody, but for these files.
	foreign func(dir string) []string
	// during is when the disk breaks while change runs; else before Update.
	during bool
	// harm breaks the disk, and mend repairs it as far as that is possible.
	harm func(dir string) (mend func() error, err error)
	// size is that of the token that change returns.
	size int
	// want is the cause that the error must have; nil: none in particular.
	want error
	// works is when the store needs no working disk for this.
	works bool
}

// faulty is the input of the worker.
type faulty struct{ Name, Base string }

// faultReport is what came of it.
type faultReport struct {
	Unavailable string // why the fault cannot be made here
	Problems    []string
	Error       string
	Called      bool
}

func (r *faultReport) complainf(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func TestStoreFaults(t *testing.T) {
	for _, fault := range storeFaults() {
		t.Run(fault.name, func(t *testing.T) {
			base, err := os.MkdirTemp("", "store") //nolint:usetesting // t.TempDir lets no other user in
			require.NoError(t, err)
			t.Cleanup(func() { _ = os.RemoveAll(base) })
			require.NoError(t, os.Chmod(base, 0o777))
			var attr syscall.SysProcAttr
			if fault.mount != nil {
				attr.Cloneflags = syscall.CLONE_NEWNS
				if os.Geteuid() != 0 {
					attr.Cloneflags |= syscall.CLONE_NEWUSER
					attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
					attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
				}
				requireNamespaces(t, attr)
			}
			if fault.foreign != nil && os.Geteuid() != 0 {
				unavailable(t, "giving files away needs root")
			}
			worker := startProcess(t, "store-fault", func(cmd *exec.Cmd) { cmd.SysProcAttr = &attr })
			worker.give(t, faulty{fault.name, base})
			result, ok := report[faultReport](t, worker)
			require.NoError(t, worker.wait())
			require.True(t, ok)
			if result.Unavailable != "" {
				unavailable(t, result.Unavailable)
			}
			assert.Empty(t, result.Problems)
			t.Logf("change called: %t; %s", result.Called, result.Error)
		})
	}
}

// unavailable skips a test that cannot be made on this machine, unless it must be.
func unavailable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("WORKTIME_E2E_REQUIRED") == "1" {
		t.Fatalf("WORKTIME_E2E_REQUIRED=1, but %s", why)
	}
	t.Skip(why) //nolint:forbidigo // what a kernel or a user cannot do is said, and can be made a failure
}

func requireNamespaces(t *testing.T, attr syscall.SysProcAttr) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self, "-test.run=^$")
	cmd.SysProcAttr = &attr
	if err := cmd.Run(); err != nil {
		unavailable(t, fmt.Sprintf("there are no mount namespaces: %v", err))
	}
}

// faultTask tries one fault.
func faultTask(ctx context.Context, in faulty, tell func(any)) error {
	for _, fault := range storeFaults() {
		if fault.name == in.Name {
			result, err := fault.try(ctx, in.Base)
			if err != nil {
				result.Unavailable = err.Error()
			}
			tell(result)
			return nil
		}
	}
	return fmt.Errorf("there is no fault %q", in.Name)
}

// try returns an error if the fault cannot be made here.
func (f *storeFault) try(ctx context.Context, base string) (faultReport, error) {
	var r faultReport
	if f.mount != nil {
		// Nothing of it reaches the rest of the machine.
		if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			return r, fmt.Errorf("mount: %w", err)
		}
		if err := f.mount(base); err != nil {
			return r, fmt.Errorf("mount: %w", err)
		}
	}
	if f.unprivileged && f.foreign == nil {
		if err := dropPrivileges(); err != nil {
			return r, err
		}
		base = filepath.Join(base, "parent") // its own
		if err := os.Mkdir(base, 0o700); err != nil {
			return r, err
		}
	}
	dir := filepath.Join(base, "tokens")
	store := tokenstore.File(dir)
	if err := store.Update(ctx, storeKey, generationOf(1, 1)); err != nil {
		r.complainf("the first record: %v", err)
		return r, nil
	}
	if f.foreign != nil {
		if err := f.giveAway(base, dir); err != nil {
			return r, err
		}
	}
	mend := func() error { return nil }
	var harmErr error
	if !f.during {
		if mend, harmErr = f.harm(dir); harmErr != nil {
			return r, harmErr
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := store.Update(ctx, storeKey, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		r.Called = true
		if f.during {
			mend, harmErr = f.harm(dir)
		}
		return generationOf(2, f.size)(ctx, old)
	})
	if harmErr != nil {
		return r, harmErr
	}
	f.judge(&r, dir, err)
	if mendErr := mend(); mendErr != nil {
		r.complainf("mend: %v", mendErr)
	} else if f.foreign == nil {
		f.afterwards(ctx, &r, dir, err)
	}
	return r, nil
}

// generationOf is a change that stores a generation with a token of some size.
func generationOf(n int64, size int) func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
	return func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{AccessToken: strings.Repeat("x", size), RefreshToken: storeToken(n), Generation: n}, nil
	}
}

// judge: either nothing was spent, or the error has what was got for it.
func (f *storeFault) judge(r *faultReport, dir string, err error) {
	if err == nil {
		if !f.works {
			r.complainf("there was no error")
		}
		return
	}
	r.Error = err.Error()
	if f.works {
		r.complainf("it could have worked: %v", err)
	}
	if f.want != nil && !errors.Is(err, f.want) {
		r.complainf("the cause is not %v: %v", f.want, err)
	}
	if !strings.Contains(err.Error(), dir) {
		r.complainf("the path is not named: %v", err)
	}
	var save *tokenstore.SaveError
	switch carried := errors.As(err, &save); {
	case r.Called && !carried:
		r.complainf("change was called, and its record is lost: %v", err)
	case r.Called && save.Record.RefreshToken != storeToken(2):
		r.complainf("the error carries another record: %v", save.Record)
	case !r.Called && f.during:
		r.complainf("change was not called: %v", err)
	case r.Called && !f.during:
		r.complainf("change was called though the disk was broken: %v", err)
	}
}

// afterwards the login goes on as if nothing had been.
func (f *storeFault) afterwards(ctx context.Context, r *faultReport, dir string, err error) {
	store := tokenstore.File(dir)
	want := int64(1)
	if save, ok := errors.AsType[*tokenstore.SaveError](err); ok {
		err := store.Update(ctx, storeKey, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) { return &save.Record, nil })
		if err != nil {
			r.complainf("saving it again: %v", err)
		}
		want = 2
	} else if r.Called {
		want = 2
	}
	record, loadErr := store.Load(ctx, storeKey)
	if loadErr != nil || record.RefreshToken != storeToken(want) {
		r.complainf("afterwards %v is stored, want generation %d: %v", record, want, loadErr)
	}
	if err := store.Update(ctx, storeKey, generationOf(3, 1)); err != nil {
		r.complainf("afterwards: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		r.complainf("left over: %v", left)
	}
}

func storeFaults() []storeFault {
	const small = "size=256k"
	return []storeFault{
		{name: "disk full", mount: tmpfs(small), harm: fill, want: syscall.ENOSPC},
		{name: "disk full while change runs", mount: tmpfs(small), during: true, harm: fill, size: 1000, works: true},
		{name: "disk full while change runs, and a record of unforeseen size", mount: tmpfs(small), during: true, harm: fill, size: 60_000, want: syscall.ENOSPC},
		{name: "no inodes", mount: tmpfs(small + ",nr_inodes=8"), want: syscall.ENOSPC, harm: func(dir string) (func() error, error) {
			for i := 0; ; i++ {
				if os.WriteFile(filepath.Join(dir, fmt.Sprint("inode", i)), nil, 0o600) == nil {
					continue
				}
				return func() error {
					for ; i > 0; i-- {
						_ = os.Remove(filepath.Join(dir, fmt.Sprint("inode", i-1)))
					}
					return nil
				}, nil
			}
		}},
		{name: "mounted read-only", mount: tmpfs(small), harm: remountReadOnly, want: syscall.EROFS},
		{name: "mounted away while change runs", mount: tmpfs(small), during: true, works: true, harm: func(dir string) (func() error, error) {
			// Another file system over the directory: the open one is still the right one.
			if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+small); err != nil {
				return nil, err
			}
			return func() error { return syscall.Unmount(dir, syscall.MNT_DETACH) }, nil
		}},
		{name: "record mounted as a single file", mount: tmpfs(small), harm: bindOver(storeFile(".json")), want: syscall.EBUSY},
		{name: "record mounted as a single file while change runs", mount: tmpfs(small), during: true, harm: bindOver(storeFile(".json")), want: syscall.EBUSY},
		{name: "lock mounted as a single file", mount: tmpfs(small), harm: bindOver(storeFile(".lock")), works: true},
		{name: "overlay of an image", mount: overlay, harm: nothing, works: true},
		{name: "record immutable", harm: func(dir string) (func() error, error) { return immutable(storeFile(".json")(dir)) }, want: syscall.EPERM},
		{name: "directory immutable while change runs", during: true, harm: immutable, want: syscall.EPERM},

		{name: "directory not writable", unprivileged: true, harm: chmod(storeDir, 0o500), want: syscall.EACCES},
		{name: "directory not writable while change runs", unprivileged: true, during: true, harm: chmod(storeDir, 0o500), want: syscall.EACCES},
		{name: "directory not searchable", unprivileged: true, harm: chmod(storeDir, 0o600), want: syscall.EACCES},
		{name: "record not readable", unprivileged: true, harm: chmod(storeFile(".json"), 0), want: syscall.EACCES},
		{name: "lock not writable", unprivileged: true, harm: chmod(storeFile(".lock"), 0o400), want: syscall.EACCES},
		{name: "directory missing, and its parent not writable", unprivileged: true, want: syscall.EACCES, harm: func(dir string) (func() error, error) {
			parent := filepath.Dir(dir)
			moved := filepath.Join(filepath.Dir(parent), "moved")
			if err := os.Rename(dir, moved); err != nil {
				return nil, err
			}
			mend, err := chmod(storeDir, 0o500)(parent)
			return func() error { return errors.Join(mend(), os.Rename(moved, dir)) }, err
		}},

		{name: "record of another user", unprivileged: true, foreign: foreign(storeFile(".json")), harm: nothing, want: tokenstore.ErrUnsafe},
		{name: "lock of another user", unprivileged: true, foreign: foreign(storeFile(".lock")), harm: nothing, want: tokenstore.ErrUnsafe},
		{name: "leftover of another user", unprivileged: true, foreign: foreign(storeFile(".LEFT.tmp")), harm: nothing, want: tokenstore.ErrUnsafe},
		{name: "directory of another user", unprivileged: true, foreign: foreign(storeDir), harm: nothing, want: tokenstore.ErrUnsafe},

		{name: "link to the directory by another user", unprivileged: true, harm: nothing, want: tokenstore.ErrUnsafe, foreign: func(dir string) []string {
			if os.Rename(dir, dir+"-moved") != nil || os.Symlink(dir+"-moved", dir) != nil {
				return nil
			}
			return []string{dir}
		}},

		{name: "directory deleted while change runs", during: true, harm: func(dir string) (func() error, error) {
			return func() error { return nil }, os.RemoveAll(dir)
		}},
		{name: "files deleted while change runs", during: true, harm: func(dir string) (func() error, error) {
			all, err := filepath.Glob(filepath.Join(dir, "*"))
			for _, name := range all {
				err = errors.Join(err, os.Remove(name))
			}
			return func() error { return nil }, err
		}},
		{name: "file size limit", harm: func(dir string) (func() error, error) {
			signal.Ignore(syscall.SIGXFSZ)
			return limit(syscall.RLIMIT_FSIZE, fixed(8<<10))(dir)
		}, want: syscall.EFBIG},
		{name: "file size limit, and a record of unforeseen size", during: true, size: 60_000, harm: func(dir string) (func() error, error) {
			signal.Ignore(syscall.SIGXFSZ)
			return limit(syscall.RLIMIT_FSIZE, fixed(32<<10))(dir)
		}, want: syscall.EFBIG},
		{name: "no file descriptors", harm: limit(syscall.RLIMIT_NOFILE, fixed(0)), want: syscall.EMFILE},
		{name: "no file descriptors while change runs", during: true, harm: limit(syscall.RLIMIT_NOFILE, fixed(0)), want: syscall.EMFILE},
	}
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"github.com/worktime-go/worktime/tokenstore"
)

// The ways to break a disk that the faults of store_faults_linux_test.go are made of.

func dropPrivileges() error {
	if os.Geteuid() != 0 {
		return nil
	}
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// giveAway makes all files nobody's, and this process nobody.
func (f *storeFault) giveAway(base, dir string) error {
	kept := f.foreign(dir)
	for _, name := range kept {
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = os.WriteFile(name, nil, 0o600)
		case err == nil && info.IsDir():
			err = os.Chmod(name, 0o755)
		}
		if err != nil {
			return err
		}
	}
	err := filepath.WalkDir(base, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	})
	for _, name := range kept {
		err = errors.Join(err, os.Lchown(name, 0, 0))
	}
	return errors.Join(err, dropPrivileges())
}

// tmpfs makes the place of the store a small disk of its own.
func tmpfs(options string) func(base string) error {
	return func(base string) error {
		dir := filepath.Join(base, "tokens")
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		return syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,"+options)
	}
}

// fill writes until the disk is full.
func fill(dir string) (mend func() error, err error) {
	name := filepath.Join(dir, "fill")
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return nil, err
	}
	return func() error { return os.Remove(name) }, nil
}

// chmod returns a harm that changes a mode.
func chmod(path func(dir string) string, mode fs.FileMode) func(dir string) (func() error, error) {
	return func(dir string) (func() error, error) {
		info, err := os.Lstat(path(dir))
		if err != nil {
			return nil, err
		}
		return func() error { return os.Chmod(path(dir), info.Mode().Perm()) }, os.Chmod(path(dir), mode)
	}
}

// limit returns a harm that sets a resource limit.
func limit(resource int, value func(dir string) uint64) func(dir string) (func() error, error) {
	return func(dir string) (func() error, error) {
		var old syscall.Rlimit
		if err := syscall.Getrlimit(resource, &old); err != nil {
			return nil, err
		}
		low := old
		low.Cur = value(dir)
		return func() error { return syscall.Setrlimit(resource, &old) }, syscall.Setrlimit(resource, &low)
	}
}

func fixed(value uint64) func(string) uint64 { return func(string) uint64 { return value } }

func nothing(string) (func() error, error) { return func() error { return nil }, nil }

func storeFile(suffix string) func(dir string) string {
	return func(dir string) string { return filepath.Join(dir, storeKey.Digest+suffix) }
}

func storeDir(dir string) string { return dir }

func foreign(path func(dir string) string) func(dir string) []string {
	return func(dir string) []string { return []string{path(dir)} }
}

// bindOver mounts a file over itself, as containers do with single files.
func bindOver(path func(dir string) string) func(dir string) (func() error, error) {
	return func(dir string) (func() error, error) {
		if err := syscall.Mount(path(dir), path(dir), "", syscall.MS_BIND, ""); err != nil {
			return nil, err
		}
		return func() error { return syscall.Unmount(path(dir), syscall.MNT_DETACH) }, nil
	}
}

func remountReadOnly(dir string) (func() error, error) {
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		return nil, err
	}
	return func() error { return syscall.Mount("", dir, "", syscall.MS_REMOUNT, "") }, nil
}

// immutable sets the attribute of chattr +i.
func immutable(path string) (func() error, error) {
	const getFlags, setFlags, immutableFlag = 0x80086601, 0x40086602, 0x10 // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	var flags int
	control := func(request uintptr) error {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(&flags))); errno != 0 {
			return fmt.Errorf("chattr: %w", errno)
		}
		return nil
	}
	if err := control(getFlags); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	flags |= immutableFlag
	if err := control(setFlags); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		flags &^= immutableFlag
		return errors.Join(control(setFlags), f.Close())
	}, nil
}

// overlay makes the place of the store a writable layer over an image that has a record already.
func overlay(base string) error {
	for _, name := range []string{"layers", "tokens"} {
		if err := os.Mkdir(filepath.Join(base, name), 0o700); err != nil {
			return err
		}
	}
	layers := filepath.Join(base, "layers")
	if err := syscall.Mount("tmpfs", layers, "tmpfs", 0, "mode=0700"); err != nil {
		return err
	}
	for _, name := range []string{"upper", "work"} {
		if err := os.Mkdir(filepath.Join(layers, name), 0o700); err != nil {
			return err
		}
	}
	lower := filepath.Join(layers, "lower")
	if err := tokenstore.File(lower).Update(context.Background(), storeKey, generationOf(1, 1)); err != nil {
		return err
	}
	return syscall.Mount("overlay", filepath.Join(base, "tokens"), "overlay", 0,
		fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, layers, layers))
}

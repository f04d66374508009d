//go:build unix

package tokenstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// openFlags keep an open from following a link and from waiting for the other end of a pipe.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// checkOwner refuses what belongs to somebody else.
func checkOwner(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("%w: its owner is unknown", ErrUnsafe)
	}
	if uid := os.Geteuid(); int(st.Uid) != uid {
		return fmt.Errorf("%w: it belongs to user %d, and this is user %d", ErrUnsafe, st.Uid, uid)
	}
	return nil
}

// checkPrivate refuses a file that others can read or write.
func checkPrivate(info fs.FileInfo) error {
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("%w: others have access to it (mode %04o, not 0600)", ErrUnsafe, perm)
	}
	return checkOwner(info)
}

// checkDirectory refuses a directory in which others can replace files.
func checkDirectory(info fs.FileInfo) error {
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		return fmt.Errorf("%w: others can write to it (mode %04o, not 0700)", ErrUnsafe, perm)
	}
	return checkOwner(info)
}

func syncDirectory(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	err = f.Sync()
	// Some file systems have nothing to sync in a directory and say so.
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

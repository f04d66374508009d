//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package tokenstore

import (
	"errors"
	"os"
	"syscall"
)

// tryHold locks an open file until it is closed, and reports whether that was possible.
func tryHold(f *os.File) (bool, error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false, err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(failed, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil && failed == nil, errors.Join(err, failed)
}

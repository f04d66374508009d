//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package tokenstore

import "os"

// tryHold does nothing: Windows does not let go of a lock file that is open, and elsewhere the
// lock file alone must do.
func tryHold(*os.File) (bool, error) { return true, nil }

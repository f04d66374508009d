//go:build !unix

package tokenstore

import (
	"io/fs"
	"os"
)

// openFlags: there is nothing to add where links and pipes are no ordinary files.
const openFlags = 0

// Access is a matter of inherited lists here, which a mode does not show.

func checkOwner(fs.FileInfo) error     { return nil }
func checkPrivate(fs.FileInfo) error   { return nil }
func checkDirectory(fs.FileInfo) error { return nil }

// syncDirectory: a rename is durable when it returns, or cannot be made so.
func syncDirectory(*os.Root) error { return nil }

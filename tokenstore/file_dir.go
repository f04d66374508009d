package tokenstore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// maxFile limits what is read. A token endpoint's answer is at most 1 MiB; JSON may
// write a byte as six.
const maxFile = 8 << 20

// directory is the open directory of a store. All but the lock file, which gofrs/flock opens,
// is reached through its handle, so nothing is written elsewhere if the path changes.
type directory struct {
	name string // absolute
	root *os.Root
	disk func(step string, do func() error) error
}

// open opens the directory if nobody else can put files into it.
func (s *fileStore) open() (*directory, error) {
	fail := func(err error) (*directory, error) {
		return nil, &fs.PathError{Op: "tokenstore: open", Path: s.dir, Err: cause(err)}
	}
	info, err := os.Lstat(s.dir)
	if err != nil {
		return fail(err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		// A link of the user's own is a way to say where; one of somebody else's is a trap.
		if err := checkOwner(info); err != nil {
			return fail(err)
		}
		if info, err = os.Stat(s.dir); err != nil {
			return fail(err)
		}
	}
	if !info.IsDir() {
		return fail(syscall.ENOTDIR)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return fail(err)
	}
	d := &directory{s.dir, root, s.disk}
	if info, err = root.Lstat("."); err == nil {
		err = checkDirectory(info)
	}
	if err != nil {
		d.close()
		return fail(err)
	}
	return d, nil
}

func (d *directory) close() { _ = d.root.Close() } // a handle that is only read

func (d *directory) path(name string) string { return filepath.Join(d.name, name) }

// vouch refuses what is not a regular file that only the user can read.
func vouch(info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: it is a symbolic link", ErrUnsafe)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", ErrUnsafe)
	}
	return checkPrivate(info)
}

// read returns the content of a file, nil if there is none. Neither os.Root nor O_NOFOLLOW
// through it keeps from following a link that stays inside the directory, so what the name
// stands for is looked at before and compared after.
func (d *directory) read(name string) ([]byte, fs.FileInfo, error) {
	for range 100 {
		before, err := d.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, nil
		}
		if err == nil {
			err = vouch(before)
		}
		if err != nil {
			return nil, nil, err
		}
		var data []byte
		var opened fs.FileInfo
		err = d.disk("read", func() (err error) {
			data, opened, err = d.readFile(name)
			return err
		})
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since
		}
		if err != nil {
			return nil, nil, err
		}
		if os.SameFile(before, opened) {
			return data, opened, nil
		}
		// A writer has replaced it since. Look again.
	}
	return nil, nil, errors.New("it is replaced all the time")
}

func (d *directory) readFile(name string) ([]byte, fs.FileInfo, error) {
	f, err := d.root.OpenFile(name, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%w: it is longer than %d bytes", ErrCorrupt, maxFile)
	}
	return data, info, err
}

// load returns what is stored for key, nil if nothing is.
func (d *directory) load(key Key) (*sealed, error) {
	data, _, err := d.read(recordName(key))
	if err == nil && data == nil {
		return nil, nil
	}
	var stored *sealed
	if err == nil {
		stored, err = unseal(key, data)
	}
	if err != nil {
		return nil, d.fail(opRead, recordName(key), err)
	}
	return stored, nil
}

func (d *directory) remove(key Key) error {
	err := d.disk("remove", func() error { return d.root.Remove(recordName(key)) })
	if err == nil {
		err = d.sync()
	}
	if err != nil {
		return d.fail(opDelete, recordName(key), err)
	}
	return nil
}

// sync makes the names in the directory durable.
func (d *directory) sync() error {
	return d.disk("sync directory", func() error { return syncDirectory(d.root) })
}

package tokenstore

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"strings"
)

const tempSuffix = ".tmp"

// temp is a file that will take the place of a record. Its name cannot be foreseen, so that
// nobody can put a link in its place.
type temp struct {
	d    *directory
	f    *os.File
	name string
}

func (d *directory) newTemp(key Key) (*temp, error) {
	t := &temp{d: d, name: key.Digest + "." + rand.Text() + tempSuffix}
	err := d.disk("create", func() (err error) {
		t.f, err = d.root.OpenFile(t.name, os.O_RDWR|os.O_CREATE|os.O_EXCL|openFlags, 0o600)
		return err
	})
	if err != nil {
		return nil, err
	}
	info, err := t.f.Stat()
	if err == nil {
		err = vouch(info) // some file systems have no owners or modes
	}
	if err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}

// reserve makes room for size bytes, on the disk and in the quota. A file system that copies on
// write may ask for it again; then the commit fails, and says so.
func (t *temp) reserve(size int) error {
	err := t.d.disk("reserve", func() error {
		_, err := t.f.WriteAt(make([]byte, size), 0)
		return err
	})
	if err != nil {
		return err
	}
	return t.sync()
}

// replace puts data in the place of a file, durably and in one step.
func (t *temp) replace(target string, data []byte) error {
	if err := t.write(data); err != nil {
		return err
	}
	if err := t.sync(); err != nil {
		return err
	}
	if !t.inPlace() {
		return errors.New("the temporary file was deleted by someone else")
	}
	if err := t.d.disk("rename", func() error { return t.d.root.Rename(t.name, target) }); err != nil {
		return err
	}
	t.name = target
	return t.d.sync()
}

// write writes data before all else, and all at once: if the process is killed right afterwards,
// the next owner finds it.
func (t *temp) write(data []byte) error {
	return t.d.disk("write", func() error {
		if _, err := t.f.WriteAt(data, 0); err != nil {
			return err
		}
		return t.f.Truncate(int64(len(data)))
	})
}

func (t *temp) sync() error { return t.d.disk("sync", t.f.Sync) }

// inPlace reports whether the file still has its name.
func (t *temp) inPlace() bool {
	opened, err := t.f.Stat()
	if err != nil {
		return false
	}
	named, err := t.d.root.Lstat(t.name)
	return err == nil && os.SameFile(opened, named)
}

// discard closes the file, and deletes it unless it has become a record. Errors do no harm: the
// next owner of the lock deletes what is left over.
func (t *temp) discard() {
	if strings.HasSuffix(t.name, tempSuffix) {
		_ = t.d.root.Remove(t.name)
	}
	_ = t.f.Close()
}

// temps returns the names of the temporary files of key.
func (d *directory) temps(key Key) ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	all, err := f.Readdirnames(-1)
	var names []string
	for _, name := range all {
		if strings.HasPrefix(name, key.Digest+".") && strings.HasSuffix(name, tempSuffix) {
			names = append(names, name)
		}
	}
	return names, err
}

// held reports whether a temporary file belongs to a process that lives.
func (d *directory) held(name string) (bool, error) {
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = vouch(info)
	}
	if err != nil {
		return false, err
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // nothing was written to it
	free, err := tryHold(f)
	return !free, err
}

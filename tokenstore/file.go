package tokenstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// File returns a store that keeps each record in a file of dir, for all processes of one user
// that share the directory. It is created with mode 0700, the files with 0600; a problem with it
// is reported by Load and Update.
//
// Update holds a lock file while it reads, calls change and writes, and proves first that it can
// write, so a full or read-only disk costs no login. A record is replaced in one step: whoever
// reads it, and whatever crashes, sees the old one or the new one. A record that is corrupt, of
// a later version, of another login, readable by others, another user's or behind a symbolic link
// is refused with the name of the file, and left as it is.
//
// Use one directory on one machine: file systems that are shared between machines do not lock
// reliably, and a copy of the directory is a second owner of tokens that are good for one use.
// On Windows the permissions of the parent directory apply; owners and modes are not checked.
func File(dir string) Store {
	s := &fileStore{disk: func(_ string, do func() error) error { return do() }, locks: map[string]chan struct{}{}}
	if dir == "" {
		s.err = errors.New("tokenstore: File needs the name of a directory")
		return s
	}
	// Absolute, so that a later change of the working directory does not move the store.
	s.dir, s.err = filepath.Abs(dir)
	return s
}

type fileStore struct {
	dir string
	err error // why dir cannot be used
	// disk does each step that touches the disk; tests replace it to make steps fail or wait.
	disk func(step string, do func() error) error

	mu    sync.Mutex
	locks map[string]chan struct{} // of the keys, within this process
}

func (s *fileStore) Load(ctx context.Context, key Key) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	if err := s.check(key); err != nil {
		return Record{}, err
	}
	d, err := s.open()
	if errors.Is(err, fs.ErrNotExist) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, err
	}
	defer d.close()
	stored, err := d.load(key)
	if err != nil {
		return Record{}, err
	}
	if stored == nil {
		return Record{}, ErrNotFound
	}
	return stored.record, nil
}

func (s *fileStore) Update(ctx context.Context, key Key, change func(ctx context.Context, old *Record) (*Record, error)) error {
	if err := s.check(key); err != nil {
		return err
	}
	w := newWait()
	defer w.stop()
	leave, err := s.enter(ctx, w, key)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.create(); err != nil {
		return err
	}
	d, err := s.open()
	if err != nil {
		return err
	}
	defer d.close()
	claim, err := d.claim(ctx, w, key)
	if err != nil {
		return err
	}
	defer claim.release()
	stored, err := claim.prepare(key)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}

	var old *Record
	if stored != nil {
		old = &stored.record // nobody looks at it afterwards
	}
	record, err := change(ctx, old)
	switch {
	case err != nil:
		return err
	case record == nil && stored == nil:
		return nil
	case record == nil:
		return d.remove(key)
	}
	if err := claim.commit(key, *record, stored); err != nil {
		return &SaveError{Path: d.path(recordName(key)), Record: *record, Err: cause(err)}
	}
	return nil
}

// check refuses keys that no Grant has made: the digest becomes the name of a file.
func (s *fileStore) check(key Key) error {
	if s.err != nil {
		return s.err
	}
	if len(key.Digest) != 64 {
		return errKey
	}
	for _, c := range key.Digest {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return errKey
		}
	}
	return nil
}

var errKey = errors.New("tokenstore: the key has no SHA-256 digest; make it with Grant.Key")

// enter waits for the turn among the goroutines of this store, which then need not poll.
func (s *fileStore) enter(ctx context.Context, w *wait, key Key) (leave func(), err error) {
	s.mu.Lock()
	lock := s.locks[key.Digest]
	if lock == nil {
		lock = make(chan struct{}, 1)
		s.locks[key.Digest] = lock
	}
	s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case lock <- struct{}{}:
		return func() { <-lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-w.limit.C:
		return nil, &fs.PathError{Op: opLock, Path: filepath.Join(s.dir, lockName(key)), Err: ErrLocked}
	}
}

// create makes the directory if it is missing.
func (s *fileStore) create() error {
	err := s.disk("mkdir", func() error { return os.MkdirAll(s.dir, 0o700) })
	if err != nil {
		return &fs.PathError{Op: opPrepare, Path: s.dir, Err: cause(err)}
	}
	return nil
}

// The operations that errors name.
const (
	opLock    = "tokenstore: lock"
	opRead    = "tokenstore: read"
	opPrepare = "tokenstore: prepare to write" // the login is untouched
	opDelete  = "tokenstore: delete"
)

func recordName(key Key) string { return key.Digest + ".json" }
func lockName(key Key) string   { return key.Digest + ".lock" }

// fail names the operation and the file, unless err does already.
func (d *directory) fail(op, name string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok && strings.HasPrefix(e.Op, "tokenstore: ") {
		return e
	}
	return &fs.PathError{Op: op, Path: d.path(name), Err: cause(err)}
}

// cause drops the file names of os.Root, which lack the directory.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	return err
}

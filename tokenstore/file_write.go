package tokenstore

import (
	"bytes"
	"errors"
	"io/fs"
	"time"
)

// began is written into the temporary file before change is called. If it is still there
// when the owner is dead, change was cut short.
const began = "change began\n"

// prepare returns what is stored, nil if nothing is, after it has proved that a successor can be
// written: there is room for it, and the stored record could be replaced, by itself. A mounted
// file, an immutable one or a file system without rename shows here, before a token is spent.
func (c *claim) prepare(key Key) (*sealed, error) {
	stored, err := c.d.load(key)
	if err != nil {
		return nil, err
	}
	size := reserveSize
	if stored != nil {
		size += 2 * len(stored.data)
	}
	if err = c.spare.reserve(size); err == nil {
		stored, err = c.recover(key, stored)
	}
	if err == nil {
		err = c.rehearse(key, stored)
	}
	for i := 0; err == nil && i < len(c.left); i++ {
		err = c.drop(c.left[i])
	}
	if err == nil {
		err = c.begin()
	}
	if err != nil {
		return nil, c.d.fail(opPrepare, recordName(key), err)
	}
	return stored, nil
}

// recover looks at what owners have left that died in the middle of a change. If one had
// written its record and only not put it in place, that is done now. If one had begun, and
// nobody knows how far it came, the stored record tells so.
func (c *claim) recover(key Key, stored *sealed) (*sealed, error) {
	var cut time.Time
	for _, name := range c.left {
		data, info, err := c.d.read(name)
		if err != nil {
			return nil, c.d.fail(opRead, name, err)
		}
		// It may be cut short before the rest of the room is given back.
		next, err := unseal(key, bytes.TrimRight(data, "\x00"))
		switch {
		case err == nil && next.follows(stored):
			return next, nil
		case err == nil, len(data) == 0, data[0] == 0: // a rehearsal, or before change
		case info.ModTime().After(cut):
			cut = info.ModTime()
		}
	}
	cut = cut.UTC().Truncate(time.Second)
	if stored == nil || !cut.After(stored.record.Interrupted) {
		return stored, nil
	}
	record := stored.record
	record.Interrupted = cut
	return seal(key, record, stored.previous)
}

// rehearse replaces the stored record by itself, in all the steps of a commit.
func (c *claim) rehearse(key Key, stored *sealed) error {
	if stored == nil {
		return c.d.sync()
	}
	t, err := c.d.newTemp(key)
	if err != nil {
		return err
	}
	defer t.discard()
	return t.replace(recordName(key), stored.data)
}

// begin marks that change is about to be called.
func (c *claim) begin() error {
	return c.d.disk("begin", func() error {
		_, err := c.spare.f.WriteAt([]byte(began), 0)
		return err
	})
}

// drop deletes what an owner has left over.
func (c *claim) drop(name string) error {
	err := c.d.disk("drop", func() error { return c.d.root.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// commit puts record in the place of what is stored.
func (c *claim) commit(key Key, record Record, stored *sealed) error {
	previous := ""
	if stored != nil {
		previous = stored.sum
	}
	next, err := seal(key, record, previous)
	if err != nil {
		return err
	}
	if stored != nil && bytes.Equal(next.raw, stored.raw) {
		return nil // prepare has just written it
	}
	return c.spare.replace(recordName(key), next.data)
}

package tokenstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// Why a store gives no record, or takes none, for [errors.Is]. None of them is ever cured by
// writing over what is stored, so no store does that.
var (
	// ErrNotFound: the key has no record.
	ErrNotFound = errors.New("tokenstore: no record")
	// ErrCorrupt: what is stored is cut off, was altered, or is no record at all.
	ErrCorrupt = errors.New("the record is corrupt; restore it, or remove it and log in again")
	// ErrVersion: the record was written by a later version of this module.
	ErrVersion = errors.New("the record is of a later version; use a later version of this program, or remove it and log in again")
	// ErrWrongKey: the record belongs to another key; somebody has copied or renamed it.
	ErrWrongKey = errors.New("the record belongs to another login; remove it and log in again")
	// ErrUnsafe: others than the user could read or replace what is stored.
	ErrUnsafe = errors.New("unsafe to use")
	// ErrLocked: someone else has held the record for longer than any refresh takes.
	ErrLocked = errors.New("locked by someone else for too long")
)

// SaveError is returned by [Store.Update] when change has returned a record that could not be
// made durable. The record in it may be the only copy of a login: keep it, and save it by another
// Update. It shows no tokens, under whatever verb or encoding.
type SaveError struct {
	Path   string // the file, or another name of the place
	Record Record // what was not saved
	Err    error  // the cause
}

// Error names the place and the cause.
func (e *SaveError) Error() string {
	return fmt.Sprintf("tokenstore: save %s: %v; the new record is not stored", e.Path, e.Err)
}

// Unwrap returns Err.
func (e *SaveError) Unwrap() error { return e.Err }

// Format implements [fmt.Formatter] with the text of Error under every verb.
func (e *SaveError) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.Error())) }

// LogValue implements [slog.LogValuer].
func (e *SaveError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalJSON implements [encoding/json.Marshaler] with the text of Error.
func (e *SaveError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// kindError has words of its own and matches kind.
type kindError struct {
	text string
	kind error
}

func (e *kindError) Error() string { return e.text }
func (e *kindError) Unwrap() error { return e.kind }

// versionError refuses a version that is not ours; none at all is damage, not progress.
func versionError(got int) error {
	return &kindError{fmt.Sprintf("tokenstore: record has version %d, this program knows only %d", got, version), versionKind(got)}
}

func versionKind(got int) error {
	if got < version {
		return ErrCorrupt
	}
	return ErrVersion
}

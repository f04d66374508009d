package tokenstore

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// envelope is the content of a file. It says what the record belongs to, so that a copy under
// another name is refused, and has a sum, so that damage is not taken for a token.
type envelope struct {
	Version  int             `json:"version"`
	Key      string          `json:"key"`
	Label    string          `json:"label,omitempty"`    // for people
	Previous string          `json:"previous,omitempty"` // sum of the file that this one replaced
	SHA256   string          `json:"sha256"`             // of key, previous and record
	Record   json.RawMessage `json:"record"`
}

func (e *envelope) sum() string {
	sum := sha256.Sum256([]byte(e.Key + "\n" + e.Previous + "\n" + string(e.Record)))
	return hex.EncodeToString(sum[:])
}

// sealed is a record in its stored form.
type sealed struct {
	record   Record
	raw      []byte // the record alone
	data     []byte // the whole file
	sum      string
	previous string
}

func seal(key Key, record Record, previous string) (*sealed, error) {
	raw, err := record.Encode()
	if err != nil {
		return nil, err
	}
	e := envelope{Version: version, Key: key.Digest, Label: key.Label, Previous: previous, Record: raw}
	e.SHA256 = e.sum()
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("tokenstore: encode record: %w", err)
	}
	if len(data) >= maxFile {
		return nil, fmt.Errorf("the record is longer than %d bytes", maxFile)
	}
	return &sealed{record, raw, append(data, '\n'), e.SHA256, previous}, nil
}

func unseal(key Key, data []byte) (*sealed, error) {
	var e envelope
	if json.Unmarshal(data, &e) != nil {
		return nil, fmt.Errorf("%w: it is not JSON", ErrCorrupt)
	}
	if e.Version != version {
		return nil, fmt.Errorf("%w (it has version %d, this program knows only %d)", versionKind(e.Version), e.Version, version)
	}
	if e.SHA256 != e.sum() {
		return nil, fmt.Errorf("%w: its sum is wrong", ErrCorrupt)
	}
	if e.Key != key.Digest {
		return nil, fmt.Errorf("%w: it is that of %s", ErrWrongKey, Key{e.Key, e.Label})
	}
	record, err := Decode(e.Record)
	if err != nil {
		return nil, err
	}
	return &sealed{record, e.Record, data, e.SHA256, e.Previous}, nil
}

// follows reports whether s was made to replace stored.
func (s *sealed) follows(stored *sealed) bool {
	if stored == nil {
		return s.previous == ""
	}
	return s.previous == stored.sum
}

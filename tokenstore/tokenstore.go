// Package tokenstore keeps logins. A [Store] holds one [Record] for each [Key] and lets one
// owner at a time change it, which is what single-use refresh tokens need: a
// program that loads a token, refreshes it and then saves it races with every other
// program that does the same, and the loser's login is revoked. Here the three steps are
// one call, Update, made under the store's lock.
//
// [Memory] is a store for one process, [File] one for all processes of a user on one machine.
// A store of your own passes the tests of package storetest.
package tokenstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// Store keeps one Record for each Key. It is safe for use by several goroutines.
type Store interface {
	// Load returns the stored record, or [ErrNotFound]. It takes no lock.
	Load(ctx context.Context, key Key) (Record, error)
	// Update calls change with the stored record, nil if there is none, while nobody
	// else who shares the store can run one for the same key, and makes its result durable
	// before it returns. A nil result deletes the record; an error of change leaves it as
	// it was and is returned. If ctx ends before the lock is held, change is not called and
	// ctx.Err() is returned; once change has returned a record, it is written even if ctx
	// has ended. A panic in change frees the lock.
	//
	// A store that can fail to write finds out before it calls change, because change spends
	// what cannot be had again. If writing fails afterwards all the same, the error is a
	// [*SaveError], which carries the record.
	Update(ctx context.Context, key Key, change func(ctx context.Context, old *Record) (*Record, error)) error
}

// Grant names what a login is for. Two grants that differ in any field never share a record.
type Grant struct {
	Vendor   string // "protime", "timelog" or "timeneye"
	Issuer   string // URL of the login server
	ClientID string
	Tenant   string
	Account  string // the label given to a further login of the same configuration
	Scopes   []string
}

// Key returns the key of the grant. The order of the scopes does not matter.
func (g Grant) Key() Key {
	scopes := slices.Compact(slices.Sorted(slices.Values(g.Scopes)))
	// Quoting keeps the parts apart whatever they contain, also bytes that are not UTF-8.
	parts := fmt.Sprintf("%q %q", []string{g.Vendor, g.Issuer, g.ClientID, g.Tenant, g.Account}, scopes)
	sum := sha256.Sum256([]byte(parts))
	label := g.Vendor
	for _, part := range []string{g.Tenant, g.Account} {
		if part != "" {
			label += "-" + part
		}
	}
	return Key{Digest: hex.EncodeToString(sum[:]), Label: label}
}

// Key names a record. It holds no secret.
type Key struct {
	Digest string // SHA-256 of the grant, 64 hexadecimal digits
	Label  string // for people; not part of the identity
}

// String returns the label and the beginning of the digest.
func (k Key) String() string { return fmt.Sprintf("%s-%.12s", k.Label, k.Digest) }

// Record is a stored login. It redacts itself when printed, logged or marshalled; a store
// writes and reads it with [Record.Encode] and [Decode].
type Record struct {
	AccessToken  string
	RefreshToken string
	IDToken      string
	TokenType    string
	Scope        string // as granted, space-separated
	Subject      string
	Issuer       string
	ClientID     string
	IssuedAt     time.Time // when the token was asked for
	Expiry       time.Time // of the access token; zero if unknown
	// Generation counts the tokens of this login, from 1.
	Generation int64
	// Problem says why the login no longer works, and ProblemAt since when; empty while it
	// does. A login that the server refuses is marked, never deleted.
	Problem   string
	ProblemAt time.Time
	// Interrupted is when a change of this record was last cut short, by a crash or a kill: the
	// server may have handed out a successor of RefreshToken that was never stored. A store
	// that can tell sets it; the next token clears it.
	Interrupted time.Time
}

// version is that of the encoded form. A record with a higher one is refused, not guessed at.
const version = 1

// encoded is the stored form of a Record.
type encoded struct {
	Version      int       `json:"version"`
	AccessToken  string    `json:"access_token"`
	RefreshToken string    `json:"refresh_token,omitempty"`
	IDToken      string    `json:"id_token,omitempty"`
	TokenType    string    `json:"token_type,omitempty"`
	Scope        string    `json:"scope,omitempty"`
	Subject      string    `json:"subject,omitempty"`
	Issuer       string    `json:"issuer"`
	ClientID     string    `json:"client_id"`
	IssuedAt     time.Time `json:"issued_at"`
	Expiry       time.Time `json:"expiry,omitzero"`
	Generation   int64     `json:"generation"`
	Problem      string    `json:"problem,omitempty"`
	ProblemAt    time.Time `json:"problem_at,omitzero"`
	Interrupted  time.Time `json:"interrupted,omitzero"`
}

// Encode returns the record as versioned JSON, secrets included, for a store to keep.
func (r Record) Encode() ([]byte, error) {
	b, err := json.Marshal(encoded{version, r.AccessToken, r.RefreshToken, r.IDToken, r.TokenType, r.Scope, r.Subject,
		r.Issuer, r.ClientID, r.IssuedAt, r.Expiry, r.Generation, r.Problem, r.ProblemAt, r.Interrupted})
	if err != nil {
		return nil, fmt.Errorf("tokenstore: encode record: %w", err)
	}
	return b, nil
}

// Decode reads what [Record.Encode] wrote. It refuses anything else with [ErrCorrupt], and
// records of a later version with [ErrVersion].
func Decode(data []byte) (Record, error) {
	var e encoded
	if err := json.Unmarshal(data, &e); err != nil {
		// The error of encoding/json may quote the data, which is secret.
		return Record{}, &kindError{"tokenstore: record is not valid JSON of the expected shape", ErrCorrupt}
	}
	if e.Version != version {
		return Record{}, versionError(e.Version)
	}
	return Record{e.AccessToken, e.RefreshToken, e.IDToken, e.TokenType, e.Scope, e.Subject,
		e.Issuer, e.ClientID, e.IssuedAt, e.Expiry, e.Generation, e.Problem, e.ProblemAt, e.Interrupted}, nil
}

// String shows the record without its tokens.
func (r Record) String() string {
	problem := ""
	if r.Problem != "" {
		problem = fmt.Sprintf(", problem %q", r.Problem)
	}
	return fmt.Sprintf("{issuer %s, client %s, scope %q, generation %d, expiry %s%s, tokens redacted}",
		r.Issuer, r.ClientID, r.Scope, r.Generation, r.Expiry.Format(time.RFC3339), problem)
}

// Format implements [fmt.Formatter] with the text of String under every verb.
func (r Record) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }

// LogValue implements [slog.LogValuer] without the tokens.
func (r Record) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON implements [json.Marshaler] with the text of String; to store a record use Encode.
func (r Record) MarshalJSON() ([]byte, error) { return json.Marshal(r.String()) }

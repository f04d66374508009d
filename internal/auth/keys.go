package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxKeys    = 100
	minRSABits = 2048 // RFC 7518, section 3.3

	// keysLifetime is how long keys are believed. New ones are noticed at once, by tokens that
	// are signed with them; this is for those that were withdrawn.
	keysLifetime = 24 * time.Hour
	// keysCoolDown is how long no keys are fetched for unknown ones after that was in vain:
	// else whoever can send tokens can have the login server asked as often.
	keysCoolDown = time.Minute
)

// keySet is a provider's keys for signatures.
type keySet struct {
	keys    []jose.JSONWebKey
	fetched time.Time
}

// verify returns the payload of a token that one of the provider's keys has signed, or nil if none
// has. Keys are fetched anew for a token that none of those at hand fits, which is how a rotation
// shows (OpenID Connect Core 1.0, section 10.1.1).
func (p *Provider) verify(ctx context.Context, location Metadata, token *jose.JSONWebSignature) ([]byte, error) {
	seen := p.keys.value.Load()
	current := seen != nil && time.Since(seen.fetched) < keysLifetime
	if current {
		if payload := seen.verify(token); payload != nil {
			return payload, nil
		}
	}
	set, err := p.keys.after(ctx, seen, func(ctx context.Context) (*keySet, error) {
		if time.Since(p.useless) < keysCoolDown {
			return seen, nil
		}
		set := &keySet{fetched: time.Now()}
		err := p.get(ctx, "keys", location.Keys, func(body []byte) (err error) {
			set.keys, err = readKeys(body)
			return err
		})
		if err != nil {
			return nil, err
		}
		if set.verify(token) == nil {
			p.useless = time.Now()
		}
		return set, nil
	})
	if err != nil {
		return nil, p.fail("keys", err)
	}
	return set.verify(token), nil
}

// verify tries the keys with the id that the token names, or all if it names none. Whether the
// type of a key goes with the algorithm is go-jose's to check.
func (s *keySet) verify(token *jose.JSONWebSignature) []byte {
	header := token.Signatures[0].Protected
	for _, key := range s.keys {
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := token.Verify(key); err == nil {
			return payload
		}
	}
	return nil
}

// jsonWebKey is what matters of a key (RFC 7517). Certificates are left out, since TLS vouches for
// the key set, and a broken one must not make its key useless.
type jsonWebKey struct {
	Type       string          `json:"kty"`
	ID         string          `json:"kid,omitempty"`
	Use        string          `json:"use,omitempty"`
	Operations []string        `json:"key_ops,omitempty"`
	Algorithm  string          `json:"alg,omitempty"`
	Curve      string          `json:"crv,omitempty"`
	N          string          `json:"n,omitempty"`
	E          string          `json:"e,omitempty"`
	X          string          `json:"x,omitempty"`
	Y          string          `json:"y,omitempty"`
	Private    json.RawMessage `json:"d,omitempty"`
}

// readKeys reads a JSON Web Key Set. Keys of unknown types and for other purposes are ignored
// (RFC 7517, section 5), and so are secret ones: those of which the world knows the secret.
func readKeys(body []byte) ([]jose.JSONWebKey, error) {
	members, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	if json.Unmarshal(members["keys"], &all) != nil || all == nil {
		return nil, errors.New("the answer has no keys")
	}
	if len(all) > maxKeys {
		return nil, fmt.Errorf("the key set has %d keys, the limit is %d", len(all), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range all {
		var k jsonWebKey
		if json.Unmarshal(raw, &k) != nil || k.Private != nil || k.Use != "" && k.Use != "sig" ||
			k.Operations != nil && !slices.Contains(k.Operations, "verify") {
			continue
		}
		raw, _ = json.Marshal(k) // strings only
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && fit(key.Key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// fit reports whether a key is public, asymmetric and strong enough.
func fit(key any) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

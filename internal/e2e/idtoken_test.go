package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPeerMutations: each mutation of an ID Token is seen by who knows the rules, and befalls one token only.
func TestPeerMutations(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	issued := func(where string) string {
		if where == "front" {
			return i.browse(t, p.hybridQuery()).redirected(t).Get("id_token")
		}
		got := p.logInTimeLog(t, "ann")
		if where == "refresh" {
			return i.refresh(t, got.RefreshToken).IDToken
		}
		return got.IDToken
	}
	for _, sig := range []string{"bad", "none", "hs256", "other-key", "unknown-kid", "rs384"} {
		i.mutate(t, mutation{Where: "front", Sig: sig})
		_, err := i.verify(t, issued("front"))
		assert.Error(t, err, sig)
	}
	i.mutate(t, mutation{Where: "front", Sig: "no-kid"})
	i.verified(t, issued("front"))
	for _, where := range []string{"front", "back", "refresh"} {
		before := i.verified(t, issued(where))
		i.mutate(t, mutation{Where: where, Set: map[string]any{"iss": "https://evil.example"}, Remove: []string{"sub"}, Shift: map[string]int{"exp": -86400}})
		changed := i.verified(t, issued(where))
		assert.Equal(t, "https://evil.example", changed["iss"], where)
		assert.NotContains(t, changed, "sub", where)
		assert.Less(t, changed["exp"], before["exp"], where)
		assert.Equal(t, i.URL, i.verified(t, issued(where))["iss"], where)
	}
}

func TestPeerKeyRotation(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	login := p.logInTimeLog(t, "ann")
	kid := func(token string) string {
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		return jws.Signatures[0].Header.KeyID
	}
	i.rotateKeys(t, false)
	i.verified(t, login.IDToken)
	next := i.refresh(t, login.RefreshToken)
	assert.Equal(t, http.StatusOK, next.Status, "logins outlive the keys")
	assert.NotEqual(t, kid(login.IDToken), kid(next.IDToken))

	i.rotateKeys(t, true)
	_, err := i.verify(t, next.IDToken)
	assert.Error(t, err, "the old key is forgotten")
	i.verified(t, i.refresh(t, next.RefreshToken).IDToken)
}

// halfHash is c_hash and at_hash for RS256 (OpenID Connect Core, section 3.3.2.11).
func halfHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// verified returns the claims of an ID Token whose signature holds.
func (i *issuer) verified(t *testing.T, token string) map[string]any {
	t.Helper()
	claims, err := i.verify(t, token)
	require.NoError(t, err)
	return claims
}

func (i *issuer) verify(t *testing.T, token string) (map[string]any, error) {
	t.Helper()
	var keys jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(i.get(t, i.JWKSURI).Body, &keys))
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, err
	}
	for _, key := range keys.Keys {
		if kid := jws.Signatures[0].Header.KeyID; kid != "" && kid != key.KeyID {
			continue
		}
		payload, err := jws.Verify(key)
		if err != nil {
			return nil, err
		}
		var claims map[string]any
		err = json.Unmarshal(payload, &claims)
		return claims, err
	}
	return nil, fmt.Errorf("no key with id %q", jws.Signatures[0].Header.KeyID)
}

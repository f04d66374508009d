package timelogtest_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// idToken is a token whose signature was checked against the key set, or was not good.
type idToken struct {
	header, claims object
	good           bool
}

func (c *caller) verify(jwt string) idToken {
	c.t.Helper()
	parts := strings.Split(jwt, ".")
	require.Len(c.t, parts, 3)
	decode := func(part string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(part)
		require.NoError(c.t, err)
		return b
	}
	var token idToken
	require.NoError(c.t, json.Unmarshal(decode(parts[0]), &token.header))
	require.NoError(c.t, json.Unmarshal(decode(parts[1]), &token.claims))
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	for _, key := range c.keys() {
		public := rsa.PublicKey{N: new(big.Int).SetBytes(decode(text(key, "n"))), E: int(new(big.Int).SetBytes(decode(text(key, "e"))).Int64())}
		if key["kid"] == token.header["kid"] && token.header["alg"] == "RS256" {
			token.good = rsa.VerifyPKCS1v15(&public, crypto.SHA256, digest[:], decode(parts[2])) == nil
		}
	}
	return token
}

func (c *caller) keys() []object {
	c.t.Helper()
	discovery := c.do("GET", c.srv.LoginURL()+"/.well-known/openid-configuration", "", "").json()
	all, _ := c.do("GET", text(discovery, "jwks_uri"), "", "").json()["keys"].([]any)
	keys := []object{}
	for _, key := range all {
		keys = append(keys, key.(object))
	}
	return keys
}

func halfHash(value string) string {
	digest := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(digest[:16])
}

func TestKeysRotate(t *testing.T) {
	c := newCaller(t)
	old := c.srv.LogIn().IDToken
	before := c.keys()
	assert.True(t, c.verify(old).good)
	c.srv.RotateKeys()
	after := c.keys()
	require.Len(t, after, 1)
	assert.NotEqual(t, before[0]["kid"], after[0]["kid"])
	assert.NotEqual(t, before[0]["n"], after[0]["n"])
	assert.Equal(t, "AQAB", after[0]["e"])
	assert.False(t, c.verify(old).good)
	assert.True(t, c.verify(c.srv.LogIn().IDToken).good)
	assert.Equal(t, after, c.keys())
}

func TestEditsOfIDTokens(t *testing.T) {
	c := newCaller(t)
	for name, edit := range map[string]func(*timelogtest.IDToken){
		"iss": timelogtest.WrongIssuer, "aud": timelogtest.WrongAudience, "sub": timelogtest.WrongSubject, "nonce": timelogtest.WrongNonce,
		"c_hash": timelogtest.WrongCodeHash, "at_hash": timelogtest.WrongTokenHash, "exp": timelogtest.Expired,
	} {
		c.srv.EditIDTokens(nil)
		before := c.verify(c.visit().Params.Get("id_token"))
		c.srv.EditIDTokens(edit)
		after := c.verify(c.visit().Params.Get("id_token"))
		assert.True(t, after.good, name)
		assert.NotEqual(t, before.claims[name], after.claims[name])
	}
	for name, edit := range map[string]func(*timelogtest.IDToken){
		"broken":  func(t *timelogtest.IDToken) { t.Signature = timelogtest.SignatureBroken },
		"foreign": func(t *timelogtest.IDToken) { t.Signature = timelogtest.SignatureForeign },
		"none":    func(t *timelogtest.IDToken) { t.Signature = timelogtest.SignatureNone },
		"unknown": timelogtest.UnknownKey,
	} {
		c.srv.EditIDTokens(edit)
		token := c.verify(c.visit().Params.Get("id_token"))
		assert.False(t, token.good, name)
		assert.Equal(t, name == "none", token.header["alg"] == "none")
		assert.Equal(t, name == "unknown", token.header["kid"] == "no-such-key")
	}
	var channels []timelogtest.Channel
	c.srv.EditIDTokens(func(t *timelogtest.IDToken) { channels = append(channels, t.Channel) })
	r := c.exchange(c.visit().Params.Get("code"))
	c.refresh(text(r.json(), "refresh_token"))
	assert.Equal(t, []timelogtest.Channel{timelogtest.Front, timelogtest.Back, timelogtest.Refresh}, channels)
}

package protime

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Each hash, the other encoding, and a signed text that is more than the body.
func TestSignatures(t *testing.T) {
	prefixed := func(value string) ([]byte, error) {
		return base64.StdEncoding.DecodeString(strings.TrimPrefix(value, "v1="))
	}
	withTime := func(r *http.Request, body []byte) ([]byte, error) {
		return append([]byte(r.Header.Get("X-Test-Time")+"."), body...), nil
	}
	for hash, newHash := range map[crypto.Hash]func() hash.Hash{crypto.SHA256: sha256.New, crypto.SHA384: sha512.New384, crypto.SHA512: sha512.New} {
		r := newReceiver(t, func(c *WebhookConfig[Clocking]) {
			c.Signature = WebhookSignature{Header: strings.ToLower(signatureHeader), Hash: hash, Decode: prefixed, Signed: withTime}
		})
		request := delivery(aChange)
		request.Header.Set("X-Test-Time", "1767342600")
		request.Header.Set(signatureHeader, "v1="+base64.StdEncoding.EncodeToString(mac(newHash, webhookKey, "1767342600."+aChange)))
		assert.Equal(t, http.StatusNoContent, respond(r, request).Code, hash)
		assert.Len(t, r.got, 1)

		again := delivery(aChange)
		again.Header = request.Header.Clone()
		again.Header.Set("X-Test-Time", "1767342601")
		assert.Equal(t, http.StatusForbidden, respond(r, again).Code, "the time is signed")
	}
}

func TestSecretPath(t *testing.T) {
	r := newReceiver(t, unsigned)
	request := delivery(aChange)
	request.Header.Del(signatureHeader)
	request.URL.Path = secretPath
	assert.Equal(t, http.StatusNoContent, respond(r, request).Code)
	assert.Len(t, r.got, 1)
	requireField(t, r.SetKeys(webhookKey), "keys")
}

package timelogtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"math/big"
	"net/http"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Channel is the way an ID token reaches the client.
type Channel int

// The channels.
const (
	Front   Channel = iota // in the answer to the authorization request, by way of the browser
	Back                   // in the answer to the code exchange
	Refresh                // in the answer to a refresh
)

// Signature is how an ID token is signed.
type Signature int

// The signatures.
const (
	SignatureGood    Signature = iota
	SignatureBroken            // one bit is wrong
	SignatureForeign           // by a key that the login server does not publish, under the kid of one that it does
	SignatureNone              // empty; the header says none
)

// IDToken is an ID token before it is signed. See [Server.EditIDTokens].
type IDToken struct {
	Channel   Channel
	Header    map[string]any
	Claims    map[string]any
	Signature Signature
}

// The edits that follow make ID tokens that clients must refuse: for [Server.EditIDTokens], or for calls in an edit
// of one's own.

// WrongIssuer names an issuer that is not the login server.
func WrongIssuer(t *IDToken) { t.Claims["iss"] = "https://login.example" }

// WrongAudience is meant for another client.
func WrongAudience(t *IDToken) { t.Claims["aud"] = "another-client" }

// WrongSubject names another person.
func WrongSubject(t *IDToken) { t.Claims["sub"] = "local:1" }

// WrongNonce is of another login.
func WrongNonce(t *IDToken) { t.Claims["nonce"] = "another-nonce" }

// WrongCodeHash is of another code.
func WrongCodeHash(t *IDToken) { t.Claims["c_hash"] = halfHash("another-code") }

// WrongTokenHash is of another access token.
func WrongTokenHash(t *IDToken) { t.Claims["at_hash"] = halfHash("another-token") }

// Expired was valid until an hour ago.
func Expired(t *IDToken) { t.Claims["exp"] = time.Now().Add(-time.Hour).Unix() }

// UnknownKey is signed by a key whose kid the login server does not publish.
func UnknownKey(t *IDToken) { t.Header["kid"], t.Signature = "no-such-key", SignatureForeign }

// EditIDTokens calls edit with each ID token before it is signed. Only one edit is in force; nil ends it.
func (s *Server) EditIDTokens(edit func(*IDToken)) {
	s.login.mu.Lock()
	defer s.login.mu.Unlock()
	s.login.edit = edit
}

// RotateKeys makes a new signing key with a kid of its own. The old one is published no longer.
func (s *Server) RotateKeys() {
	s.login.mu.Lock()
	defer s.login.mu.Unlock()
	s.login.keys.rotations++
	s.login.keys.current = nil
}

// halfHash is c_hash and at_hash: OpenID Connect Core 1.0, section 3.3.2.11.
func halfHash(text string) string {
	digest := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(digest[:16])
}

// claims are those that an ID token has in every channel.
func (l *loginServer) claims(issuer string, login fake.Login) map[string]any {
	issued := time.Now().Unix()
	return map[string]any{
		"iss": issuer, "aud": l.server.settings.clientID, "sub": login.Subject,
		"iat": issued, "nbf": issued, "exp": issued + 300, "auth_time": login.Time.Unix(),
		"sid": "b1c7d8f0a5e24d3f", "idp": "local", "amr": []string{"pwd"},
	}
}

func (l *loginServer) frontIDToken(issuer string, login fake.Login, code string) string {
	claims := l.claims(issuer, login)
	claims["nonce"], claims["c_hash"] = login.Nonce, halfHash(code)
	return l.sign(Front, claims)
}

// idTokenOf is the ID token of a token answer. That of a refresh has no nonce: OpenID Connect Core 1.0, section 12.2.
func (l *loginServer) idTokenOf(issuer string, t fake.Tokens) string {
	claims, channel := l.claims(issuer, t.Login), Back
	claims["at_hash"] = halfHash(t.Access)
	switch {
	case t.Refreshed:
		channel = Refresh
	case t.Login.Nonce != "":
		claims["nonce"] = t.Login.Nonce
	}
	return l.sign(channel, claims)
}

// sign makes the compact form of RFC 7515, section 3.1, by the standard library alone: what clients verify with
// is not what signed.
func (l *loginServer) sign(channel Channel, claims map[string]any) string {
	l.mu.Lock()
	key, kid := l.keys.get()
	edit := l.edit
	l.mu.Unlock()
	t := &IDToken{
		Channel: channel, Claims: maps.Clone(claims), Header: map[string]any{"alg": "RS256", "kid": kid, "typ": "JWT"},
	}
	if edit != nil {
		edit(t)
	}
	switch t.Signature {
	case SignatureForeign:
		key = fixedKey(foreignPrimes())
	case SignatureNone:
		t.Header["alg"] = "none"
	case SignatureGood, SignatureBroken:
	}
	input := base64.RawURLEncoding.EncodeToString(fake.JSON(t.Header)) + "." + base64.RawURLEncoding.EncodeToString(fake.JSON(t.Claims))
	if t.Signature == SignatureNone {
		return input + "."
	}
	digest := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		panic(err) // the keys are ours and large enough
	}
	if t.Signature == SignatureBroken {
		signature[17] ^= 1
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// keySet is the JSON Web Key Set of RFC 7517, section 5.
func (l *loginServer) keySet(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	key, kid := l.keys.get()
	l.mu.Unlock()
	writeJSON(w, http.StatusOK, object{"keys": []object{{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid,
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}}})
}

// keys has the signing key, which is made when it is needed first.
type keys struct {
	rotations int
	current   *rsa.PrivateKey
	kid       string
}

func (k *keys) get() (*rsa.PrivateKey, string) {
	if k.current != nil {
		return k.current, k.kid
	}
	if k.rotations == 0 {
		k.current = fixedKey(signingPrimes())
	} else {
		var err error
		if k.current, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err) // never happens: crypto/rand does not fail
		}
	}
	// The thumbprint of RFC 7638 would do; this is shorter and as good a name.
	digest := sha256.Sum256(k.current.N.Bytes())
	k.kid = base64.RawURLEncoding.EncodeToString(digest[:16])
	return k.current, k.kid
}

// fixedKey is a key that is no secret. Making one takes a tenth of a second, more than the rest of most tests.
func fixedKey(p, q string) *rsa.PrivateKey {
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int), E: 65537}, D: new(big.Int)}
	one := big.NewInt(1)
	phi := big.NewInt(1)
	key.N.SetInt64(1)
	for _, text := range []string{p, q} {
		prime, _ := new(big.Int).SetString(text, 16)
		key.Primes = append(key.Primes, prime)
		key.N.Mul(key.N, prime)
		phi.Mul(phi, new(big.Int).Sub(prime, one))
	}
	key.D.ModInverse(big.NewInt(int64(key.E)), phi)
	key.Precompute()
	return key
}

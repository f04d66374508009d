package auth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The OpenID provider of these tests makes its tokens and its key set with the standard library, so
// that a slip of go-jose's, or in its use, is not shared by both sides.

const (
	issuerURL = "http://127.0.0.1/op" // with a path, as some have
	discovery = "/op/.well-known/openid-configuration"
	jwksPath  = "/op/jwks"

	subject     = "local:82"
	nonce       = "n0nc3-c4n4ry-n0nc3"
	code        = "c0d3-c4n4ry-c0d3"
	accessToken = "4cc3ss-c4n4ry-4cc3ss"
)

// signer is a key of the provider's.
type signer struct {
	kid, alg string
	private  crypto.Signer
}

func rsaKey(kid string) signer {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return signer{kid, "RS256", private}
}

func ecKey(kid, alg string, curve elliptic.Curve) signer {
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return signer{kid, alg, private}
}

// edKey is the same key for the same kid, also in another process.
func edKey(kid string) signer {
	return signer{kid, "EdDSA", ed25519.NewKeyFromSeed(digest(crypto.SHA256, kid))}
}

// Making RSA keys takes long, so the tests share them.
var (
	keyA = sync.OnceValue(func() signer { return rsaKey("a") })
	keyB = sync.OnceValue(func() signer { return rsaKey("b") })
)

// as is the same key used with another algorithm.
func (s signer) as(alg string) signer { s.alg = alg; return s }

func (s signer) named(kid string) signer { s.kid = kid; return s }

func hashFor(alg string) crypto.Hash {
	switch {
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	case strings.HasSuffix(alg, "512") || alg == "EdDSA":
		return crypto.SHA512
	}
	return crypto.SHA256
}

func digest(h crypto.Hash, data string) []byte {
	w := h.New()
	_, _ = io.WriteString(w, data)
	return w.Sum(nil)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// half is c_hash and at_hash.
func half(alg, value string) string {
	sum := digest(hashFor(alg), value)
	return b64(sum[:len(sum)/2])
}

// signature signs by the letter of RFC 7518 and RFC 8037.
func (s signer) signature(alg, input string) []byte {
	h := hashFor(alg)
	var sig []byte
	var err error
	switch private := s.private.(type) {
	case *rsa.PrivateKey:
		if strings.HasPrefix(alg, "PS") {
			sig, err = rsa.SignPSS(rand.Reader, private, h, digest(h, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		} else {
			sig, err = rsa.SignPKCS1v15(nil, private, h, digest(h, input))
		}
	case *ecdsa.PrivateKey:
		var r, z *big.Int
		r, z, err = ecdsa.Sign(rand.Reader, private, digest(h, input))
		size := (private.Params().BitSize + 7) / 8
		sig = append(r.FillBytes(make([]byte, size)), z.FillBytes(make([]byte, size))...)
	case ed25519.PrivateKey:
		sig = ed25519.Sign(private, []byte(input))
	}
	if err != nil {
		panic(err)
	}
	return sig
}

// jwk is the public half as the key set has it.
func (s signer) jwk(further ...any) map[string]any {
	k := map[string]any{"kid": s.kid, "use": "sig", "alg": s.alg}
	switch public := s.private.Public().(type) {
	case *rsa.PublicKey:
		k["kty"], k["n"], k["e"] = "RSA", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			panic(err)
		}
		size := len(point) / 2
		k["kty"], k["crv"], k["x"], k["y"] = "EC", public.Params().Name, b64(point[1:1+size]), b64(point[1+size:])
	case ed25519.PublicKey:
		k["kty"], k["crv"], k["x"] = "OKP", "Ed25519", b64(public)
	}
	for i := 0; i < len(further); i += 2 {
		if k[further[i].(string)] = further[i+1]; further[i+1] == nil {
			delete(k, further[i].(string))
		}
	}
	return k
}

// draft is an ID token in the making.
type draft struct {
	by     signer
	header map[string]any
	claims map[string]any
	// payload replaces the claims, and finish changes the finished token.
	payload string
	finish  func(token string) string
	// sign replaces the signature.
	sign func(input string) []byte
	want Expectation
}

// newDraft is a good token for a channel, with the claims of an IdentityServer, and what is expected of it.
func newDraft(channel Channel, by signer) *draft {
	now := time.Now()
	d := &draft{
		by:     by,
		header: map[string]any{"alg": by.alg, "kid": by.kid, "typ": "JWT", "x5t": "8mMVfy"},
		claims: map[string]any{
			"iss": issuerURL, "sub": subject, "aud": clientID, "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "iat": now.Unix(),
			"nonce": nonce, "auth_time": now.Add(-time.Minute).Unix(), "sid": "5ad1", "idp": "local", "amr": []string{"pwd"},
		},
		want: Expectation{Channel: channel, ClientID: clientID, Begun: now.Add(-2 * time.Minute), Nonce: nonce, Code: code},
	}
	first := Claims{Issuer: issuerURL, Subject: subject, Audience: []string{clientID}, Nonce: nonce, IssuedAt: now, AuthTime: time.Unix(now.Add(-time.Minute).Unix(), 0)}
	switch channel {
	case FrontChannel:
		d.claims["c_hash"] = half(by.alg, code)
	case BackChannel:
		d.want.First, d.want.AccessToken = &first, accessToken
		d.claims["at_hash"] = half(by.alg, accessToken)
	case RefreshChannel:
		first.IssuedAt = now.Add(-time.Hour)
		d.want.First, d.want.AccessToken, d.want.Code, d.want.Nonce = &first, accessToken, "", ""
		d.claims["at_hash"] = half(by.alg, accessToken)
	}
	return d
}

func (d *draft) token() string {
	header, _ := json.Marshal(d.header)
	payload := []byte(d.payload)
	if d.payload == "" {
		payload, _ = json.Marshal(d.claims)
	}
	input := b64(header) + "." + b64(payload)
	var sig []byte
	alg, _ := d.header["alg"].(string)
	if d.sign != nil {
		sig = d.sign(input)
	} else {
		sig = d.by.signature(alg, input)
	}
	token := input + "." + b64(sig)
	if d.finish != nil {
		token = d.finish(token)
	}
	return token
}

func hmacOf(h crypto.Hash, key []byte) func(string) []byte {
	return func(input string) []byte {
		m := hmac.New(h.New, key)
		_, _ = io.WriteString(m, input)
		return m.Sum(nil)
	}
}

// openID is an OpenID provider on the wire, and a client's view of it.
type openID struct {
	*world
	provider *Provider
	config   ProviderConfig

	lock     sync.Mutex
	document map[string]any
	keys     []any
	answer   map[string]http.HandlerFunc // instead of the usual one, by path
}

func newOpenID(t testing.TB, change ...func(*openID)) *openID {
	t.Helper()
	o := &openID{answer: map[string]http.HandlerFunc{}}
	o.world = newWorld(t, serving(o.serve))
	o.document = map[string]any{
		"issuer": issuerURL, "authorization_endpoint": issuerURL + "/authorize", "token_endpoint": issuerURL + "/token",
		"jwks_uri": issuerURL + "/jwks", "revocation_endpoint": issuerURL + "/revoke", "end_session_endpoint": issuerURL + "/end",
		"userinfo_endpoint": "https://elsewhere.example/userinfo", "authorization_response_iss_parameter_supported": true,
	}
	o.publish(keyA())
	o.config = ProviderConfig{Client: o.world.client, Issuer: issuerURL}
	for _, f := range change {
		f(o)
	}
	o.provider = o.client()
	return o
}

// client is another client of the provider, which knows nothing yet.
func (o *openID) client() *Provider {
	p, err := NewProvider(o.config)
	require.NoError(o.t, err)
	return p
}

func (o *openID) publish(keys ...signer) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.keys = nil
	for _, k := range keys {
		o.keys = append(o.keys, k.jwk())
	}
}

func (o *openID) publishRaw(keys ...any) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.keys = keys
}

// instead has a path answered by f; nil ends that.
func (o *openID) instead(path string, f http.HandlerFunc) {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.answer[path] = f; f == nil {
		delete(o.answer, path)
	}
}

func (o *openID) serve(w http.ResponseWriter, r *http.Request, _ int) {
	o.lock.Lock()
	special, document, keys := o.answer[r.URL.Path], maps.Clone(o.document), o.keys
	o.lock.Unlock()
	switch {
	case special != nil:
		special(w, r)
	case r.Method != http.MethodGet || r.Header.Get("Authorization") != "":
		w.WriteHeader(http.StatusTeapot)
	case r.URL.Path == discovery:
		_ = json.NewEncoder(w).Encode(document)
	case r.URL.Path == jwksPath:
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// fetched is how often a path was asked for.
func (o *openID) fetched(path string) int {
	o.world.mu.Lock()
	defer o.world.mu.Unlock()
	n := 0
	for _, call := range o.world.calls {
		if call.Target == path {
			n++
		}
	}
	return n
}

func (o *openID) check(d *draft) (Claims, error) {
	return o.provider.Check(context.Background(), d.token(), d.want)
}

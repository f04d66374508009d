package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// offline is a provider whose metadata and key are known, and which cannot ask for more.
func offline(f *testing.F, key signer) *Provider {
	f.Helper()
	hc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("offline") })}
	client, err := transport.New(transport.NewFamily(hc), provider, worktime.Options{HTTPClient: hc, Retry: worktime.RetryPolicy{MaxAttempts: 1}})
	if err != nil {
		f.Fatal(err)
	}
	p, err := NewProvider(ProviderConfig{Client: client, Issuer: issuerURL, Algorithms: []string{key.alg}})
	if err != nil {
		f.Fatal(err)
	}
	body, _ := json.Marshal(map[string]any{"keys": []any{key.jwk()}})
	keys, err := readKeys(body)
	if err != nil || len(keys) != 1 {
		f.Fatal("the key cannot be read", err)
	}
	p.metadata.value.Store(&Metadata{Issuer: issuerURL})
	p.keys.value.Store(&keySet{keys: keys, fetched: time.Now().Add(keysLifetime)})
	p.useless = time.Now().Add(keysLifetime) // nothing is fetched before that
	return p
}

// plain reports whether an error's text has only what is ours.
func plain(err error) bool {
	return len(err.Error()) < 400 && !strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' })
}

// FuzzIDToken: whatever comes as an ID token, only those that the provider has made are accepted, in their
// one spelling.
func FuzzIDToken(f *testing.F) {
	key := edKey("ed")
	p := offline(f, key)
	for _, channel := range everywhere {
		d := newDraft(channel, key)
		token := d.token()
		f.Add(token)
		f.Add(token + "=")
		f.Add(strings.ToLower(token))
		delete(d.header, "kid")
		f.Add(d.token())
	}
	for _, v := range brokenForm() {
		d := newDraft(FrontChannel, key)
		v.make(d)
		if token := d.token(); len(token) < 4096 {
			f.Add(token)
		}
	}
	public, _ := key.private.Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, token string) {
		for _, channel := range everywhere {
			claims, err := p.Check(context.Background(), token, newDraft(channel, key).want)
			if err == nil {
				last := strings.LastIndexByte(token, '.')
				sig, err := base64.RawURLEncoding.DecodeString(token[last+1:])
				if err != nil || !ed25519.Verify(public, []byte(token[:last]), sig) || b64(sig) != token[last+1:] || claims.Subject != subject {
					t.Fatalf("accepted: %q", token)
				}
			}
			var e *worktime.AuthError
			if err != nil && (!errors.As(err, &e) || e.Check == "" || !plain(err)) {
				t.Fatalf("not a plain refusal: %v", err)
			}
		}
		_, _ = ReadClaims(token)
	})
}

// FuzzIDTokenClaims: whatever a provider signs, what is accepted says what was expected, also to a reader
// of another kind.
func FuzzIDTokenClaims(f *testing.F) {
	key := edKey("ed")
	p := offline(f, key)
	for _, list := range [][]variant{brokenClaims(), brokenBindings()} {
		for _, v := range list {
			for _, channel := range v.where {
				d := newDraft(channel, key)
				v.make(d)
				if d.payload == "" {
					payload, _ := json.Marshal(d.claims)
					d.payload = string(payload)
				}
				f.Add(d.payload)
			}
		}
	}
	for _, channel := range everywhere {
		payload, _ := json.Marshal(newDraft(channel, key).claims)
		f.Add(string(payload))
	}
	f.Fuzz(func(t *testing.T, payload string) {
		for _, channel := range everywhere {
			d := newDraft(channel, key)
			if d.payload = payload; payload == "" {
				return
			}
			claims, err := p.Check(context.Background(), d.token(), d.want)
			if err != nil {
				var e *worktime.AuthError
				if !errors.As(err, &e) || e.Check == "" || !plain(err) {
					t.Fatalf("not a plain refusal: %v", err)
				}
				continue
			}
			var seen map[string]any
			if err := json.Unmarshal([]byte(payload), &seen); err != nil {
				t.Fatalf("accepted, though it is no JSON: %v", err)
			}
			_, several := seen["aud"].([]any)
			exp, _ := seen["exp"].(float64)
			iat, _ := seen["iat"].(float64)
			now := float64(time.Now().Unix())
			switch {
			case seen["iss"] != issuerURL, seen["sub"] != subject && channel != FrontChannel, claims.Subject != seen["sub"], claims.Subject == "",
				seen["aud"] != clientID && !several, !slices.Equal(claims.Audience, []string{clientID}),
				seen["azp"] != nil && seen["azp"] != clientID, seen["nonce"] != nonce && (channel != RefreshChannel || seen["nonce"] != nil),
				exp < now-clockSkew.Seconds()-1, iat < now-86400, iat > now+clockSkew.Seconds()+1,
				channel == FrontChannel && seen["c_hash"] != half(key.alg, code),
				channel != FrontChannel && seen["at_hash"] != nil && seen["at_hash"] != half(key.alg, accessToken):
				t.Fatalf("accepted in the %s: %s", channel.operation(), payload)
			}
		}
	})
}

// FuzzKeySet: whatever comes as a key set, its keys are public and strong, and none verifies a token that
// its owner did not sign.
func FuzzKeySet(f *testing.F) {
	add := func(keys ...any) {
		body, _ := json.Marshal(map[string]any{"keys": keys})
		f.Add(body)
	}
	ed := edKey("ed")
	add(keyB().jwk(), ed.jwk(), nil, 7)
	add(keyB().jwk("use", "enc"), keyB().jwk("d", "AQAB"), keyB().jwk("key_ops", []string{"sign"}), keyB().jwk("e", "Ag"), keyB().jwk("n", "AQ"))
	add(map[string]any{"kty": "oct", "k": "AAAA", "kid": "a"}, map[string]any{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"})
	for _, body := range []string{"", "{}", `{"keys":null}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":""}]}`, `{"keys":[[[]]]}`, `{"keys":[{"kty":"RSA","n":"AA","e":"AA"}]}`} {
		f.Add([]byte(body))
	}
	p := offline(f, keyA())
	token, _, reason := p.parse(newDraft(FrontChannel, keyA()).token())
	if reason != "" {
		f.Fatal(reason)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := readKeys(body)
		if err != nil && (keys != nil || !plain(err)) {
			t.Fatalf("beside an error: %d keys, %v", len(keys), err)
		}
		if len(keys) > maxKeys {
			t.Fatalf("%d keys", len(keys))
		}
		for _, k := range keys {
			if !k.Valid() || !k.IsPublic() || k.Use != "" && k.Use != "sig" || !fit(k.Key) {
				t.Fatalf("a key of type %T for %q", k.Key, k.Use)
			}
		}
		if (&keySet{keys: keys}).verify(token) != nil {
			t.Fatal("verified by the key of somebody else")
		}
	})
}

// FuzzDiscovery: whatever comes as a discovery document, secrets stay on the origin that was configured.
func FuzzDiscovery(f *testing.F) {
	for _, endpoint := range []string{
		issuerURL + "/token", "http://127.0.0.1:80/x?y", "https://evil.example", "//evil.example", "http://127.0.0.1@evil.example", "http://127.0.0.1\\@evil.example",
		"http://127.0.0.1#@evil.example", "http://[::ffff:127.0.0.1]/", "HTTP://127.0.0.1/", "http://127.0.0.1/%2e%2e/x", "",
	} {
		for _, issuer := range []string{issuerURL, issuerURL + "/", ""} {
			body, _ := json.Marshal(map[string]any{
				"issuer": issuer, "authorization_endpoint": endpoint, "token_endpoint": issuerURL + "/token", "jwks_uri": endpoint, "revocation_endpoint": endpoint,
				"end_session_endpoint": endpoint, "authorization_response_iss_parameter_supported": true,
			})
			f.Add(body)
		}
	}
	p := offline(f, keyA())
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := p.readMetadata(body)
		if err != nil {
			if m != nil || strings.ContainsFunc(p.fail("discovery", err).Error(), func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("beside an error: %v, %q", m, err)
			}
			return
		}
		if m.Issuer != issuerURL || m.Authorization == nil || m.Token == nil || m.Keys == nil {
			t.Fatalf("accepted: %s", body)
		}
		for _, u := range []*url.URL{m.Authorization, m.Token, m.Keys, m.Revocation} {
			if u == nil {
				continue
			}
			again, err := url.Parse(u.String()) // as it would be sent to a browser
			if err != nil || again.Scheme != "http" || again.Host != "127.0.0.1" && again.Host != "127.0.0.1:80" || again.User != nil || again.Fragment != "" {
				t.Fatalf("leads to %s: %v", u, err)
			}
		}
	})
}

package auth

import (
	"context"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// unknownKey is a token that names a key nobody has.
func unknownKey(channel Channel, kid string) *draft {
	d := newDraft(channel, keyB())
	d.header["kid"] = kid
	return d
}

func requireCheck(t testing.TB, want worktime.Check, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want, authError(t, err).Check, "%v", err)
}

// TestKeysUnknown: who can have tokens checked cannot have the login server asked for keys as often.
func TestKeysUnknown(t *testing.T) {
	const tokens = 1000
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		flood := func() {
			forged := unknownKey(BackChannel, "x")
			good := newDraft(BackChannel, keyA())
			for i := range tokens {
				d := *forged
				d.header = map[string]any{"alg": "RS256", "kid": string(rune('a'+i%26)) + "-unknown"}
				d.sign = func(string) []byte { return make([]byte, 256) }
				_, err := o.check(&d)
				requireCheck(t, worktime.CheckSignature, err)
			}
			_, err := o.check(good)
			require.NoError(t, err, "good tokens pass meanwhile")
		}
		flood()
		assert.Equal(t, 1, o.fetched(jwksPath), "nothing was known before")
		flood()
		assert.Equal(t, 1, o.fetched(jwksPath), "within one cool-down")
		time.Sleep(keysCoolDown)
		flood()
		assert.Equal(t, 2, o.fetched(jwksPath), "within the next")
		assert.Equal(t, 1, o.fetched(discovery))
		t.Logf("%d forged tokens, %d fetches in two cool-downs", 3*tokens, o.fetched(jwksPath))
	})
}

// TestKeysUnknownTogether is the same with all tokens at once, and with good ones among them.
func TestKeysUnknownTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		_, err := o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		release := make(chan struct{})
		o.instead(jwksPath, func(w http.ResponseWriter, _ *http.Request) {
			<-release
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{keyA().jwk()}})
		})
		forged, good := unknownKey(FrontChannel, "x"), newDraft(FrontChannel, keyA())
		forgedToken, goodToken := forged.token(), good.token()
		var refused, passed sync.WaitGroup
		for range 1000 {
			refused.Go(func() {
				_, err := o.provider.Check(t.Context(), forgedToken, forged.want)
				requireCheck(t, worktime.CheckSignature, err)
			})
		}
		synctest.Wait() // one asks, and the others wait for it
		passed.Go(func() {
			_, err := o.provider.Check(t.Context(), goodToken, good.want)
			assert.NoError(t, err, "known keys wait for nobody")
		})
		passed.Wait()
		close(release)
		refused.Wait()
		assert.Equal(t, 2, o.fetched(jwksPath))
	})
}

// TestKeysBadSignature: forged signatures under a known key's id are no way around the cool-down.
func TestKeysBadSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		for range 50 {
			_, err := o.check(newDraft(FrontChannel, keyB().named("a")))
			requireCheck(t, worktime.CheckSignature, err)
		}
		assert.Equal(t, 1, o.fetched(jwksPath))
	})
}

// TestKeysRotation: keys that change while a login lives are noticed at once, as often as they change,
// whether or not the old ones are still published, and also under the old id.
func TestKeysRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		_, err := o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		for i, published := range [][]signer{{keyA(), keyB()}, {edKey("c"), keyB().named("d")}, {keyA()}, {keyB().named("a")}} {
			newest := published[len(published)-1]
			o.publish(published...)
			_, err = o.check(newDraft(BackChannel, newest))
			require.NoError(t, err, "rotation %d", i)
			_, err = o.check(newDraft(RefreshChannel, newest))
			require.NoError(t, err, "rotation %d", i)
			assert.Equal(t, i+2, o.fetched(jwksPath))
		}
		_, err = o.check(newDraft(RefreshChannel, keyA()))
		requireCheck(t, worktime.CheckSignature, err) // a key that is no longer published
		_, err = o.check(newDraft(RefreshChannel, keyB().named("a")))
		require.NoError(t, err)
	})
}

// TestKeysAfterCoolDown: a rotation in a cool-down is noticed when that is over.
func TestKeysAfterCoolDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		_, err := o.check(unknownKey(FrontChannel, "b"))
		requireCheck(t, worktime.CheckSignature, err)
		o.publish(keyA(), keyB())
		time.Sleep(keysCoolDown - time.Nanosecond)
		_, err = o.check(newDraft(FrontChannel, keyB()))
		requireCheck(t, worktime.CheckSignature, err)
		time.Sleep(time.Nanosecond)
		_, err = o.check(newDraft(FrontChannel, keyB()))
		require.NoError(t, err)
		assert.Equal(t, 2, o.fetched(jwksPath))
	})
}

// TestKeysLifetime: a key that was withdrawn is not believed for ever.
func TestKeysLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		_, err := o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		o.publish(keyB())
		time.Sleep(keysLifetime - time.Nanosecond)
		_, err = o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		assert.Equal(t, 1, o.fetched(jwksPath))
		time.Sleep(time.Nanosecond)
		_, err = o.check(newDraft(FrontChannel, keyA()))
		requireCheck(t, worktime.CheckSignature, err)
		_, err = o.check(newDraft(FrontChannel, keyB()))
		require.NoError(t, err)
		assert.Equal(t, 2, o.fetched(jwksPath))
	})
}

// TestKeysTogether: a crowd that needs the first keys causes one request for them, and one that leaves
// takes nobody along.
func TestKeysTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		_, err := o.provider.Metadata(t.Context())
		require.NoError(t, err)
		release := make(chan struct{})
		o.instead(jwksPath, func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
				_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{keyA().jwk()}})
			case <-r.Context().Done():
			}
		})
		d := newDraft(FrontChannel, keyA())
		token := d.token()
		first, leave := context.WithCancel(t.Context())
		var leaver, crowd sync.WaitGroup
		leaver.Go(func() {
			_, err := o.provider.Check(first, token, d.want)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Empty(t, authError(t, err).Check)
		})
		synctest.Wait()
		for range 200 {
			crowd.Go(func() {
				_, err := o.provider.Check(t.Context(), token, d.want)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, 1, o.fetched(jwksPath))
		leave()
		leaver.Wait()
		synctest.Wait()
		assert.Equal(t, 2, o.fetched(jwksPath), "the next in the row asks again")
		close(release)
		crowd.Wait()
		assert.Equal(t, 2, o.fetched(jwksPath))
	})
}

// TestKeysIgnored: what is in the key set and cannot be used does not disturb, and is not used.
func TestKeysIgnored(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	weak := signer{"weak", "RS256", small}
	secret := base64.RawURLEncoding.EncodeToString([]byte(clientSecret + clientSecret))
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t, func(o *openID) { o.config.Algorithms = []string{"RS256", "RS384", "ES256"} })
		ec := ecKey("off", "ES256", elliptic.P256())
		offCurve := ec.jwk()
		offCurve["x"], offCurve["y"] = offCurve["y"], offCurve["x"]
		o.publishRaw(
			7, nil, "key", []any{}, map[string]any{}, map[string]any{"kty": "RSA", "kid": "a"}, map[string]any{"kty": "AKP", "kid": "a", "alg": "ML-DSA-44", "pub": "AA"},
			map[string]any{"kty": "oct", "kid": "a", "k": secret}, map[string]any{"kty": []any{"RSA"}, "kid": 7},
			map[string]any{"kty": "RSA", "kid": "a", "n": "!", "e": "AQAB"}, map[string]any{"kty": "RSA", "kid": "a", "n": strings.Repeat("_", 100_000), "e": "AQAB"},
			weak.jwk(), offCurve,
			keyB().jwk("kid", "encryption", "use", "enc"), keyB().jwk("kid", "other alg", "alg", "RS384"),
			keyB().jwk("kid", "private", "d", "AQAB"), keyB().jwk("kid", "operations", "key_ops", []string{"encrypt"}),
			keyA().jwk("x5c", []string{"no certificate"}, "x5t", "!", "x5u", ":", "key_ops", []string{"verify"}, "further", 1),
		)
		_, err := o.check(newDraft(FrontChannel, keyA()))
		require.NoError(t, err)
		noID := newDraft(FrontChannel, keyA())
		delete(noID.header, "kid")
		_, err = o.check(noID)
		require.NoError(t, err)
		for _, s := range []signer{
			weak, ec, keyB().named("encryption"), keyB().named("other alg"), keyB().named("private"), keyB().named("operations"),
		} {
			_, err := o.check(newDraft(FrontChannel, s))
			requireCheck(t, worktime.CheckSignature, err)
			nameless := newDraft(FrontChannel, s)
			delete(nameless.header, "kid")
			if s.alg != "RS384" {
				_, err = o.check(nameless)
				requireCheck(t, worktime.CheckSignature, err)
			}
		}
		other := newDraft(FrontChannel, keyB().named("other alg").as("RS384"))
		_, err = o.check(other)
		require.NoError(t, err, "the algorithm that the key is for")
	})
}

// TestKeysWithoutID: a token that names no key is tried with each that fits.
func TestKeysWithoutID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		o.publishRaw(edKey("ed").jwk(), keyA().jwk("kid", nil), keyB().jwk("alg", nil, "use", nil))
		for _, s := range []signer{keyA(), keyB()} {
			d := newDraft(BackChannel, s)
			delete(d.header, "kid")
			_, err := o.check(d)
			require.NoError(t, err)
		}
		d := newDraft(BackChannel, keyA()) // its key has lost its id
		_, err := o.check(d)
		requireCheck(t, worktime.CheckSignature, err)
		_, err = o.check(newDraft(BackChannel, keyB()))
		require.NoError(t, err)
	})
}

// TestKeysBadAnswers: a key set that cannot be had or read is no refusal of the token, is told to
// those who come at the same moment, and is forgotten after that.
func TestKeysBadAnswers(t *testing.T) {
	many := make([]any, maxKeys+1)
	for i := range many {
		many[i] = keyA().jwk()
	}
	tooMany, err := json.Marshal(map[string]any{"keys": many})
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"server error", 500, "", worktime.ErrUnavailable},
		{"throttled", 429, "", worktime.ErrRateLimited},
		{"not found", 404, "", worktime.ErrNotFound},
		{"HTML", 200, "<html>Sign in to the hotel's network</html>", worktime.ErrBadResponse},
		{"a list", 200, `[]`, worktime.ErrBadResponse},
		{"no keys", 200, `{}`, worktime.ErrBadResponse},
		{"keys is null", 200, `{"keys":null}`, worktime.ErrBadResponse},
		{"keys is an object", 200, `{"keys":{}}`, worktime.ErrBadResponse},
		{"cut short", 200, `{"keys":[{"kty":"RSA"`, worktime.ErrBadResponse},
		{"too many keys", 200, string(tooMany), worktime.ErrBadResponse},
		{"too long", 200, `{"keys":[` + strings.Repeat(" ", maxAnswer) + `]}`, worktime.ErrTooLarge},
		{"deep", 200, `{"keys":` + strings.Repeat("[", 500_000), worktime.ErrBadResponse},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOpenID(t)
			o.instead(jwksPath, func(w http.ResponseWriter, _ *http.Request) {
				if c.status == 429 {
					w.Header().Set("Retry-After", "3600")
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			d := newDraft(RefreshChannel, keyA())
			for range 3 {
				_, err := o.check(d)
				assertIs(t, err, c.want)
				e := authError(t, err)
				assert.Empty(t, e.Check, c.name)
				assert.Equal(t, "keys", e.Operation, c.name)
				assert.Equal(t, c.status, e.StatusCode, c.name)
				assert.NotContains(t, err.Error(), "hotel")
			}
			assert.Equal(t, 1, o.fetched(jwksPath), "%s: asked once for all three", c.name)
			o.instead(jwksPath, nil)
			time.Sleep(2 * time.Hour) // longer than any of them lasts
			d = newDraft(RefreshChannel, keyA())
			_, err = o.check(d)
			require.NoError(t, err, c.name)
		})
	}
	synctest.Test(t, func(t *testing.T) { // no key of use
		o := newOpenID(t)
		o.publishRaw([]any{}...)
		_, err := o.check(newDraft(FrontChannel, keyA()))
		requireCheck(t, worktime.CheckSignature, err)
	})
}

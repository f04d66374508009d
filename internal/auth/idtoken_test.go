package auth

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

var (
	everywhere = []Channel{FrontChannel, BackChannel, RefreshChannel}
	atLogin    = []Channel{FrontChannel, BackChannel}
	atTokens   = []Channel{BackChannel, RefreshChannel}
	inFront    = []Channel{FrontChannel}
	inBack     = []Channel{BackChannel}
	onRefresh  = []Channel{RefreshChannel}
)

// variant is a change to a good token; check is what sees it.
type variant struct {
	name  string
	where []Channel
	check worktime.Check
	make  func(d *draft)
}

func claim(name string, value any) func(*draft) { return func(d *draft) { d.claims[name] = value } }

func without(name string) func(*draft) { return func(d *draft) { delete(d.claims, name) } }

func header(name string, value any) func(*draft) { return func(d *draft) { d.header[name] = value } }

func finish(f func(token string) string) func(*draft) { return func(d *draft) { d.finish = f } }

// dated shifts a claim that is a date, from now.
func dated(name string, from time.Duration) func(*draft) {
	return func(d *draft) { d.claims[name] = time.Now().Add(from).Unix() }
}

// rawClaim puts a value into the payload as it is spelled.
func rawClaim(name, value string) func(*draft) {
	return func(d *draft) { d.claims[name] = json.RawMessage(value) }
}

func signedBy(s signer) func(*draft) { return func(d *draft) { d.by = s } }

// brokenForm are the tokens that no claim can save.
func brokenForm() []variant {
	const format, alg, sig = worktime.CheckFormat, worktime.CheckAlgorithm, worktime.CheckSignature
	part := func(i int, f func(string) string) func(*draft) {
		return finish(func(token string) string {
			parts := strings.Split(token, ".")
			parts[i] = f(parts[i])
			return strings.Join(parts, ".")
		})
	}
	public, _ := x509.MarshalPKIXPublicKey(keyA().private.Public())
	hs := func(key []byte) func(*draft) {
		return func(d *draft) { d.header["alg"], d.sign = "HS256", hmacOf(crypto.SHA256, key) }
	}
	noSignature := func(string) []byte { return nil }
	return []variant{
		{"empty", everywhere, format, finish(func(string) string { return "" })},
		{"dots only", everywhere, alg, finish(func(string) string { return ".." })},
		{"two parts", everywhere, format, finish(func(s string) string { return s[:strings.LastIndexByte(s, '.')] })},
		{"four parts", everywhere, format, finish(func(s string) string { return s + "." })},
		{"encrypted, as it seems", everywhere, format, finish(func(s string) string { return s + ".AA.AA" })},
		{"JSON serialisation", everywhere, format, finish(func(s string) string {
			p := strings.Split(s, ".")
			return fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, p[0], p[1], p[2])
		})},
		{"a million dots", everywhere, format, finish(func(string) string { return strings.Repeat(".", 1_000_000) })},
		{"too long", everywhere, format, claim("filler", strings.Repeat("x", maxIDToken))},
		{"not base64url", everywhere, format, part(1, func(s string) string { return "+/" + s[2:] })},
		{"padded", everywhere, format, part(2, func(s string) string { return s + "==" })},
		{"blank before", everywhere, format, finish(func(s string) string { return " " + s })},
		{"line break within", everywhere, format, part(1, func(s string) string { return s[:8] + "\r\n" + s[8:] })},
		{"another spelling of the signature", everywhere, format, part(2, func(s string) string {
			const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
			last := strings.IndexByte(alphabet, s[len(s)-1]) // 256 bytes leave four bits over
			return s[:len(s)-1] + string(alphabet[last^1])
		})},
		{"header is no JSON", everywhere, format, part(0, func(string) string { return b64([]byte("{alg:RS256}")) })},
		{"header is a list", everywhere, format, part(0, func(string) string { return b64([]byte(`["RS256"]`)) })},
		{"header names alg twice", everywhere, format, part(0, func(string) string { return b64([]byte(`{"alg":"RS256","alg":"none"}`)) })},
		{"header is deep", everywhere, format, part(0, func(string) string {
			return b64([]byte(`{"alg":"RS256","x":` + strings.Repeat("[", 30_000) + `}`))
		})},
		{"crit", everywhere, format, header("crit", []string{"exp"})},
		{"b64", everywhere, format, func(d *draft) { d.header["b64"], d.header["crit"] = false, []string{"b64"} }},
		{"b64 without crit", everywhere, format, header("b64", false)},
		{"an access token by its type", everywhere, format, header("typ", "at+jwt")},
		{"a logout token by its type", everywhere, format, header("typ", "logout+jwt")},
		{"type is a number", everywhere, format, header("typ", 7)},
		{"kid is a number", everywhere, format, header("kid", 7)},
		{"claims are no JSON", everywhere, format, func(d *draft) { d.payload = "hello" }},
		{"claims are a list", everywhere, format, func(d *draft) { d.payload = `["iss"]` }},
		{"claims are null", everywhere, format, func(d *draft) { d.payload = "null" }},
		{"a claim comes twice", everywhere, format, func(d *draft) {
			d.payload = `{"iss":"` + issuerURL + `","iss":"` + issuerURL + `"}`
		}},

		{"alg none", everywhere, alg, func(d *draft) { d.header["alg"], d.sign = "none", noSignature }},
		{"alg None", everywhere, alg, func(d *draft) { d.header["alg"], d.sign = "None", noSignature }},
		{"alg none with a signature", everywhere, alg, header("alg", "none")},
		{"alg missing", everywhere, alg, func(d *draft) { delete(d.header, "alg") }},
		{"alg is a list", everywhere, alg, header("alg", []string{"RS256"})},
		{"alg in lower case", everywhere, alg, header("alg", "rs256")},
		{"HS256 with the client secret", everywhere, alg, hs([]byte(clientSecret))},
		{"HS256 with the public key", everywhere, alg, hs(public)},
		{"RS384, which was not agreed", everywhere, alg, header("alg", "RS384")},
		{"PS256, which was not agreed", everywhere, alg, header("alg", "PS256")},
		{"ES256, which was not agreed", everywhere, alg, func(d *draft) {
			d.by = ecKey("a", "ES256", elliptic.P256())
			d.header["alg"] = "ES256"
		}},

		{"signature is bad", everywhere, sig, part(2, func(s string) string { return "AAAA" + s[4:] })},
		{"signature is empty", everywhere, sig, part(2, func(string) string { return "" })},
		{"signature is cut", everywhere, sig, part(2, func(s string) string { return s[:len(s)-2] })},
		{"claims were changed after signing", everywhere, sig, part(1, func(string) string { return b64([]byte(`{"sub":"admin"}`)) })},
		{"header was changed after signing", everywhere, sig, part(0, func(string) string { return b64([]byte(`{"alg":"RS256","kid":"a"}`)) })},
		{"another key under this kid", everywhere, sig, signedBy(keyB())},
		{"unknown kid", everywhere, sig, header("kid", "zzz")},
		{"kid in other letters", everywhere, sig, header("kid", "A")},
		{"a key of its own in the header", everywhere, sig, func(d *draft) { d.by, d.header["jwk"] = keyB(), keyB().jwk() }},
		{"a key set of its own in the header", everywhere, sig, func(d *draft) {
			d.by, d.header["jku"] = keyB(), "https://evil.example/jwks"
		}},
		{"a certificate of its own in the header", everywhere, sig, func(d *draft) { d.by, d.header["x5u"] = keyB(), "https://evil.example/x5u" }},
		{"kid that is a path", everywhere, sig, header("kid", "../../../../dev/null")},
	}
}

// brokenClaims are well signed.
func brokenClaims() []variant {
	const iss, aud, azp, date, sub = worktime.CheckIssuer, worktime.CheckAudience, worktime.CheckParty, worktime.CheckTime, worktime.CheckSubject
	trusted := func(list ...string) func(*draft) {
		return func(d *draft) {
			d.claims["aud"], d.want.Audiences = append([]string{clientID}, list...), []string{"tlpapi"}
		}
	}
	return []variant{
		{"iss of somebody else", everywhere, iss, claim("iss", "https://evil.example")},
		{"iss missing", everywhere, iss, without("iss")},
		{"iss with a slash more", everywhere, iss, claim("iss", issuerURL+"/")},
		{"iss without the path", everywhere, iss, claim("iss", "http://127.0.0.1")},
		{"iss in capitals", everywhere, iss, claim("iss", strings.ToUpper(issuerURL))},
		{"iss by another name", everywhere, iss, func(d *draft) { delete(d.claims, "iss"); d.claims["Iss"] = issuerURL }},
		{"iss is a list", everywhere, iss, claim("iss", []string{issuerURL})},
		{"iss is null", everywhere, iss, claim("iss", nil)},
		{"no claims at all", everywhere, iss, func(d *draft) { d.payload = "{}" }},
		{"iss is not that of the first token", atTokens, iss, func(d *draft) { d.want.First.Issuer = "https://evil.example" }},

		{"aud of somebody else", everywhere, aud, claim("aud", "other")},
		{"aud missing", everywhere, aud, without("aud")},
		{"aud is empty", everywhere, aud, claim("aud", "")},
		{"aud is an empty list", everywhere, aud, claim("aud", []string{})},
		{"aud is a number", everywhere, aud, claim("aud", 7)},
		{"aud is a list with a number", everywhere, aud, claim("aud", []any{clientID, 7})},
		{"aud is a list with null", everywhere, aud, claim("aud", []any{clientID, nil})},
		{"aud in other letters", everywhere, aud, claim("aud", strings.ToUpper(clientID))},
		{"aud begins like the client", everywhere, aud, claim("aud", clientID+"2")},
		{"aud names a stranger too", everywhere, aud, claim("aud", []string{clientID, "stranger"})},
		{"aud names a stranger beside a friend", everywhere, aud, trusted("tlpapi", "stranger")},
		{"aud is a friend alone", everywhere, aud, func(d *draft) { d.claims["aud"], d.want.Audiences = "tlpapi", []string{"tlpapi"} }},
		{"aud lacks one of the login's", onRefresh, aud, func(d *draft) { d.want.First.Audience = []string{clientID, "tlpapi"} }},
		{"no client is expected", everywhere, aud, func(d *draft) { d.claims["aud"], d.want.ClientID = "", "" }},

		{"azp of somebody else", everywhere, azp, claim("azp", "other")},
		{"azp is empty", everywhere, azp, claim("azp", "")},
		{"azp is a list", everywhere, azp, claim("azp", []string{clientID})},
		{"azp missing with several aud", everywhere, azp, trusted("tlpapi")},
		{"azp is not as at the login", onRefresh, azp, claim("azp", clientID)},
		{"azp was there at the login", onRefresh, azp, func(d *draft) { d.want.First.AuthorizedParty = clientID }},

		{"expired", everywhere, date, dated("exp", -24*time.Hour)},
		{"expired by the leeway", everywhere, date, dated("exp", -clockSkew)},
		{"exp missing", everywhere, date, without("exp")},
		{"exp is a string", everywhere, date, rawClaim("exp", `"4102444800"`)},
		{"exp in milliseconds", everywhere, date, rawClaim("exp", "1767225600000")},
		{"exp is infinite", everywhere, date, rawClaim("exp", "1e400")},
		{"exp is negative", everywhere, date, claim("exp", -1)},
		{"exp is a list", everywhere, date, rawClaim("exp", "[4102444800]")},
		{"iat missing", everywhere, date, without("iat")},
		{"iat a day ahead", everywhere, date, dated("iat", 24*time.Hour)},
		{"iat just ahead of the leeway", everywhere, date, dated("iat", clockSkew+time.Second)},
		{"iat is a string", everywhere, date, rawClaim("iat", `"1767225600"`)},
		{"iat before the login began", everywhere, date, dated("iat", -2*time.Minute-clockSkew-time.Second)},
		{"nbf a day ahead", everywhere, date, dated("nbf", 24*time.Hour)},
		{"nbf is a string", everywhere, date, claim("nbf", "now")},
		{"nobody knows when it began", everywhere, date, func(d *draft) { d.want.Begun = time.Time{} }},
		{"iat before that of the login", onRefresh, date, func(d *draft) { d.want.First.IssuedAt = time.Now().Add(clockSkew + time.Minute) }},
		{"auth_time is not that of the login", onRefresh, date, dated("auth_time", 0)},
		{"auth_time is a string", onRefresh, date, claim("auth_time", "yesterday")},

		{"sub missing", everywhere, sub, without("sub")},
		{"sub is empty", everywhere, sub, claim("sub", "")},
		{"sub is null", everywhere, sub, claim("sub", nil)},
		{"sub is a number", everywhere, sub, claim("sub", 82)},
		{"sub is too long", everywhere, sub, claim("sub", strings.Repeat("s", 256))},
		{"sub is not ASCII", everywhere, sub, claim("sub", "løcal:82")},
		{"sub with a line break", everywhere, sub, claim("sub", "local:82\n")},
		{"sub of another user", atTokens, sub, claim("sub", "local:83")},
		{"sub in other letters", atTokens, sub, claim("sub", "LOCAL:82")},
	}
}

// brokenBindings are well signed and about the right user, but belong to another login.
func brokenBindings() []variant {
	const non, ch, ath = worktime.CheckNonce, worktime.CheckCodeHash, worktime.CheckTokenHash
	full := func(value string) string { return b64(digest(crypto.SHA256, value)) }
	return []variant{
		{"nonce missing", atLogin, non, without("nonce")},
		{"nonce of another login", everywhere, non, claim("nonce", "another")},
		{"nonce is cut", everywhere, non, claim("nonce", nonce[:10])},
		{"nonce is empty", everywhere, non, claim("nonce", "")},
		{"nonce is null", atLogin, non, claim("nonce", nil)},
		{"nonce is a list", everywhere, non, claim("nonce", []string{nonce})},
		{"no nonce was sent", atLogin, non, func(d *draft) { d.claims["nonce"], d.want.Nonce = "", "" }},
		{"a nonce that the login had not", onRefresh, non, func(d *draft) { d.want.First.Nonce = "" }},

		{"c_hash missing", inFront, ch, without("c_hash")},
		{"c_hash is null", inFront, ch, claim("c_hash", nil)},
		{"c_hash is empty", inFront, ch, claim("c_hash", "")},
		{"c_hash of another code", atLogin, ch, claim("c_hash", half("RS256", "another"))},
		{"c_hash is the whole hash", atLogin, ch, claim("c_hash", full(code))},
		{"c_hash with padding", atLogin, ch, claim("c_hash", half("RS256", code)+"==")},
		{"c_hash by another algorithm's hash", atLogin, ch, claim("c_hash", half("RS512", code))},
		{"c_hash is a number", atLogin, ch, claim("c_hash", 7)},
		{"c_hash, and no code", inFront, ch, func(d *draft) { d.claims["c_hash"], d.want.Code = half("RS256", ""), "" }},

		{"at_hash of another token", atTokens, ath, claim("at_hash", half("RS256", "another"))},
		{"at_hash is the whole hash", atTokens, ath, claim("at_hash", full(accessToken))},
		{"at_hash by another algorithm's hash", atTokens, ath, claim("at_hash", half("RS384", accessToken))},
		{"at_hash is empty", atTokens, ath, claim("at_hash", "")},
		{"at_hash is a number", atTokens, ath, claim("at_hash", 7)},
		{"at_hash is c_hash", inBack, ath, claim("at_hash", half("RS256", code))},
	}
}

// TestIDTokenRefused: every kind of broken token is refused wherever it can come, by the check that is
// for it, and the error repeats nothing of it.
func TestIDTokenRefused(t *testing.T) {
	kinds, judged := 0, 0
	for _, list := range [][]variant{brokenForm(), brokenClaims(), brokenBindings()} {
		for _, v := range list {
			kinds++
			for _, channel := range v.where {
				judged++
				synctest.Test(t, func(t *testing.T) {
					name := fmt.Sprintf("%s, %s", v.name, channel.operation())
					o := newOpenID(t)
					d := newDraft(channel, keyA())
					v.make(d)
					token := d.token()
					claims, err := o.provider.Check(context.Background(), token, d.want)
					require.Error(t, err, name)
					e := authError(t, err)
					assert.Equal(t, v.check, e.Check, "%s: %v", name, err)
					assert.Equal(t, channel.operation(), e.Operation, name)
					assert.Empty(t, claims, name)
					if channel == RefreshChannel {
						assertIs(t, err, worktime.ErrBadResponse)
					} else {
						assertIs(t, err, worktime.ErrLoginRequired)
					}
					secrets := []string{nonce, code, accessToken, subject}
					for part := range strings.SplitSeq(token, ".") {
						if len(part) > 8 {
							secrets = append(secrets, part[:min(len(part), 200)])
						}
					}
					assertHidden(t, err, secrets...)
					if v.check == worktime.CheckFormat && d.payload == "" || v.check == worktime.CheckAlgorithm {
						assert.Zero(t, o.apiRequests(), "%s: judged without a request", name)
					}
				})
			}
		}
	}
	t.Logf("%d kinds, %d refusals", kinds, judged)
	assert.Greater(t, kinds, 100)
}

// TestIDTokenAccepted: what only looks odd is accepted.
func TestIDTokenAccepted(t *testing.T) {
	judged := 0
	for _, v := range []variant{
		{name: "plain", where: everywhere, make: func(*draft) {}},
		{name: "no kid", where: everywhere, make: func(d *draft) { delete(d.header, "kid") }},
		{name: "empty kid", where: everywhere, make: header("kid", "")},
		{name: "no type", where: everywhere, make: func(d *draft) { delete(d.header, "typ") }},
		{name: "type in lower case", where: everywhere, make: header("typ", "jwt")},
		{name: "type as a media type", where: everywhere, make: header("typ", "application/jwt")},
		{name: "unknown header", where: everywhere, make: header("x", map[string]any{"y": 1})},
		{name: "unknown claims", where: everywhere, make: claim("https://example.org/x", []any{1, "a", nil})},
		{name: "claims that differ by letters", where: everywhere, make: claim("SUB", "other")},
		{name: "aud as a list", where: everywhere, make: claim("aud", []string{clientID})},
		{name: "azp is this client", where: atLogin, make: claim("azp", clientID)},
		{name: "azp is null", where: everywhere, make: claim("azp", nil)},
		{name: "azp as at the login", where: onRefresh, make: func(d *draft) { d.claims["azp"], d.want.First.AuthorizedParty = clientID, clientID }},
		{name: "an audience that is trusted", where: atLogin, make: func(d *draft) {
			d.claims["aud"], d.claims["azp"], d.want.Audiences = []string{"tlpapi", clientID}, clientID, []string{"tlpapi"}
		}},
		{name: "no nbf", where: everywhere, make: without("nbf")},
		{name: "no auth_time", where: everywhere, make: without("auth_time")},
		{name: "fractions of a second", where: everywhere, make: func(d *draft) {
			d.claims["iat"] = json.Number(fmt.Sprintf("%d.75", time.Now().Unix()))
		}},
		{name: "exponent", where: everywhere, make: rawClaim("exp", "4.1024448e9")},
		{name: "the server's clock is ahead", where: everywhere, make: func(d *draft) { dated("iat", clockSkew)(d); dated("nbf", clockSkew)(d) }},
		{name: "the server's clock is behind", where: everywhere, make: func(d *draft) { dated("iat", -clockSkew)(d); dated("exp", time.Second-clockSkew)(d) }},
		{name: "expired within the leeway", where: everywhere, make: dated("exp", time.Second-clockSkew)},
		{name: "issued just when it began", where: everywhere, make: dated("iat", -2*time.Minute)},
		{name: "the longest sub", where: inFront, make: claim("sub", strings.Repeat("s", 255))},
		{name: "no at_hash", where: atTokens, make: without("at_hash")},
		{name: "at_hash of what did not come along", where: inFront, make: claim("at_hash", "whatever")},
		{name: "c_hash from the token endpoint", where: inBack, make: claim("c_hash", half("RS256", code))},
		{name: "c_hash where no code is known", where: onRefresh, make: claim("c_hash", "whatever")},
		{name: "no front channel before it", where: inBack, make: func(d *draft) { d.want.First = nil }},
		{name: "no nonce on a refresh", where: onRefresh, make: without("nonce")},
		{name: "auth_time was not told at the login", where: onRefresh, make: func(d *draft) { d.want.First.AuthTime = time.Time{} }},
	} {
		for _, channel := range v.where {
			judged++
			synctest.Test(t, func(t *testing.T) {
				o := newOpenID(t)
				d := newDraft(channel, keyA())
				v.make(d)
				claims, err := o.check(d)
				require.NoError(t, err, "%s, %s", v.name, channel.operation())
				assert.Equal(t, d.claims["sub"], claims.Subject)
				assert.Equal(t, issuerURL, claims.Issuer)
			})
		}
	}
	t.Logf("%d variants", judged)
}

func TestIDTokenClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		d := newDraft(FrontChannel, keyA())
		d.claims["azp"] = clientID
		claims, err := o.check(d)
		require.NoError(t, err)
		now := time.Unix(time.Now().Unix(), 0)
		for _, c := range []Claims{claims, func() Claims { c, err := ReadClaims(d.token()); require.NoError(t, err); return c }()} {
			assert.Equal(t, subject, c.Subject)
			assert.Equal(t, issuerURL, c.Issuer)
			assert.Equal(t, []string{clientID}, c.Audience)
			assert.Equal(t, clientID, c.AuthorizedParty)
			assert.Equal(t, nonce, c.Nonce)
			assert.True(t, c.IssuedAt.Equal(now), c.IssuedAt)
			assert.True(t, c.Expiry.Equal(now.Add(5*time.Minute)), c.Expiry)
			assert.True(t, c.AuthTime.Equal(now.Add(-time.Minute)), c.AuthTime)
		}
		for _, bad := range []string{"", "a", "a.b", "a.!.c", "a." + b64([]byte("[]")) + ".c", "a." + b64([]byte("null")) + ".c"} {
			_, err := ReadClaims(bad)
			assert.Error(t, err, bad)
		}
	})
}

// TestIDTokenAlgorithms: those that are configured are accepted, with their own hash, and no other.
func TestIDTokenAlgorithms(t *testing.T) {
	ec256, ec384, ec521 := ecKey("e256", "ES256", elliptic.P256()), ecKey("e384", "ES384", elliptic.P384()), ecKey("e521", "ES512", elliptic.P521())
	ed := edKey("ed")
	signers := []signer{
		keyA(), keyA().as("RS384"), keyA().as("RS512"), keyA().as("PS256"), keyA().as("PS384"), keyA().as("PS512"), ec256, ec384, ec521, ed,
	}
	for _, configured := range signers {
		synctest.Test(t, func(t *testing.T) {
			o := newOpenID(t, func(o *openID) { o.config.Algorithms = []string{configured.alg} })
			o.publishRaw(keyA().jwk("alg", nil), ec256.jwk("alg", nil), ec384.jwk("alg", nil), ec521.jwk(), ed.jwk())
			for _, used := range signers {
				for _, channel := range everywhere {
					_, err := o.check(newDraft(channel, used))
					if used.alg == configured.alg {
						require.NoError(t, err, used.alg)
						continue
					}
					require.Error(t, err)
					assert.Equal(t, worktime.CheckAlgorithm, authError(t, err).Check)
				}
			}
			wrong := newDraft(FrontChannel, configured)
			wrong.claims["c_hash"] = half(map[bool]string{true: "RS512", false: "RS256"}[hashFor(configured.alg) != crypto.SHA512], code)
			_, err := o.check(wrong)
			require.Error(t, err, configured.alg)
			assert.Equal(t, worktime.CheckCodeHash, authError(t, err).Check)
		})
	}
	// A key whose type does not go with the algorithm makes no signature.
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t, func(o *openID) { o.config.Algorithms = []string{"RS256", "ES256", "EdDSA"} })
		o.publishRaw(keyA().jwk("alg", nil, "kid", "x"), ec384.jwk("alg", nil, "kid", "x"), ed.jwk("alg", nil, "kid", "x"))
		for _, d := range []*draft{newDraft(FrontChannel, ec384), newDraft(FrontChannel, keyA()), newDraft(FrontChannel, ed)} {
			d.header["kid"] = "x"
			_, err := o.check(d)
			if d.by.alg == "ES384" {
				assert.Equal(t, worktime.CheckAlgorithm, authError(t, err).Check)
				d.header["alg"] = "ES256" // by a key of another curve
				_, err = o.check(d)
				assert.Equal(t, worktime.CheckSignature, authError(t, err).Check)
				continue
			}
			require.NoError(t, err, d.by.alg)
		}
	})
}

// TestIDTokenEveryCharacter: a token has one spelling. Whatever single character is changed, it is refused.
func TestIDTokenEveryCharacter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ed := edKey("ed")
		o := newOpenID(t, func(o *openID) { o.config.Algorithms = []string{"EdDSA"} })
		o.publish(ed)
		d := newDraft(FrontChannel, ed)
		token := d.token()
		_, err := o.provider.Check(t.Context(), token, d.want)
		require.NoError(t, err)
		for i := range token {
			for _, c := range []byte{token[i] ^ 1, token[i] ^ 4, 'A', '.', '\n'} {
				if c == token[i] {
					continue
				}
				_, err := o.provider.Check(t.Context(), token[:i]+string(rune(c))+token[i+1:], d.want)
				require.Error(t, err, "character %d", i)
				require.NotEmpty(t, authError(t, err).Check)
			}
		}
		assert.LessOrEqual(t, o.fetched(jwksPath), 2)
	})
}

// TestIDTokenNeverNothing: an expectation of nothing accepts nothing, and nothing panics.
func TestIDTokenNeverNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOpenID(t)
		for _, channel := range everywhere {
			d := newDraft(channel, keyA())
			_, err := o.provider.Check(t.Context(), d.token(), Expectation{Channel: channel})
			require.Error(t, err)
			assert.NotEmpty(t, authError(t, err).Check)
			d.payload = "{}"
			_, err = o.provider.Check(t.Context(), d.token(), Expectation{Channel: channel})
			require.Error(t, err)
		}
	})
}

// TestIDTokenNotJudged: without metadata or keys there is an error, but not a refusal.
func TestIDTokenNotJudged(t *testing.T) {
	for _, path := range []string{discovery, jwksPath} {
		synctest.Test(t, func(t *testing.T) {
			o := newOpenID(t)
			o.instead(path, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
			d := newDraft(RefreshChannel, keyA())
			_, err := o.check(d)
			assertIs(t, err, worktime.ErrUnavailable)
			assert.Empty(t, authError(t, err).Check)

			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			time.Sleep(failureShare)
			_, err = o.provider.Check(ctx, d.token(), d.want)
			assert.ErrorIs(t, err, context.Canceled)

			o.instead(path, nil)
			_, err = o.check(d)
			require.NoError(t, err)
		})
	}
}

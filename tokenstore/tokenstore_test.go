package tokenstore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime/tokenstore"
)

var grant = tokenstore.Grant{
	Vendor: "protime", Issuer: "https://auth.example/acme", ClientID: "client", Tenant: "acme", Account: "second", Scopes: []string{"b", "a"},
}

func TestKeyOfAGrant(t *testing.T) {
	k := grant.Key()
	assert.Regexp(t, `^[0-9a-f]{64}$`, k.Digest)
	assert.Equal(t, "protime-acme-second", k.Label)
	assert.Equal(t, "protime-acme-second-"+k.Digest[:12], k.String())
	assert.Equal(t, k, grant.Key())
	assert.Equal(t, []string{"b", "a"}, grant.Scopes, "the scopes are not sorted in place")

	assert.Equal(t, "timeneye", tokenstore.Grant{Vendor: "timeneye"}.Key().Label)
	assert.Equal(t, "-", tokenstore.Key{}.String())
}

func TestKeyIgnoresOrderAndRepetitionOfScopes(t *testing.T) {
	for _, scopes := range [][]string{{"a", "b"}, {"b", "a"}, {"a", "b", "a"}} {
		other := grant
		other.Scopes = scopes
		assert.Equal(t, grant.Key(), other.Key(), scopes)
	}
	none, empty := grant, grant
	none.Scopes, empty.Scopes = nil, []string{}
	assert.Equal(t, none.Key(), empty.Key())
}

func TestKeyDiffersInEveryField(t *testing.T) {
	digests := map[string]string{grant.Key().Digest: "the grant itself"}
	for name, alter := range map[string]func(*tokenstore.Grant){
		"Vendor":      func(g *tokenstore.Grant) { g.Vendor = "timelog" },
		"Issuer":      func(g *tokenstore.Grant) { g.Issuer += "/" },
		"ClientID":    func(g *tokenstore.Grant) { g.ClientID = "Client" },
		"Tenant":      func(g *tokenstore.Grant) { g.Tenant = "" },
		"Account":     func(g *tokenstore.Grant) { g.Account = "third" },
		"more scopes": func(g *tokenstore.Grant) { g.Scopes = []string{"a", "b", "c"} },
		"less scopes": func(g *tokenstore.Grant) { g.Scopes = []string{"a"} },
		"no scopes":   func(g *tokenstore.Grant) { g.Scopes = nil },
		"swapped":     func(g *tokenstore.Grant) { g.Tenant, g.Account = g.Account, g.Tenant },
	} {
		other := grant
		alter(&other)
		digest := other.Key().Digest
		assert.Empty(t, digests[digest], "%s makes no difference", name)
		digests[digest] = name
	}
}

// Grants whose parts hold separators, quotes and bytes that are not text never meet in one key.
func TestKeysAreEqualOnlyForEqualGrants(t *testing.T) {
	part := rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "-", ",", `"`, `\`, "[", "]", " ", "\x00", "\n", "null", "\xff", "\xfe", "\ufffd"}), 0, 3),
		func(pieces []string) string { return strings.Join(pieces, "") })
	anyGrant := rapid.Custom(func(t *rapid.T) tokenstore.Grant {
		return tokenstore.Grant{
			Vendor: part.Draw(t, "vendor"), Issuer: part.Draw(t, "issuer"), ClientID: part.Draw(t, "client"),
			Tenant: part.Draw(t, "tenant"), Account: part.Draw(t, "account"), Scopes: rapid.SliceOfN(part, 0, 3).Draw(t, "scopes"),
		}
	})
	identity := func(g tokenstore.Grant) []string {
		return append([]string{g.Vendor, g.Issuer, g.ClientID, g.Tenant, g.Account}, slices.Compact(slices.Sorted(slices.Values(g.Scopes)))...)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyGrant.Draw(t, "a"), anyGrant.Draw(t, "b")
		assert.Equal(t, slices.Equal(identity(a), identity(b)), a.Key().Digest == b.Key().Digest)

		// Text moved over the border between two parts, with whatever separates them, is another grant.
		separator := part.Draw(t, "separator")
		left, right := a, a
		left.Tenant, left.Account = a.Tenant+separator+b.Tenant, a.Account
		right.Tenant, right.Account = a.Tenant, b.Tenant+separator+a.Account
		assert.Equal(t, slices.Equal(identity(left), identity(right)), left.Key().Digest == right.Key().Digest)
		joined := a
		joined.Scopes = []string{strings.Join(a.Scopes, " ")}
		assert.Equal(t, slices.Equal(identity(a), identity(joined)), a.Key().Digest == joined.Key().Digest)
		// One byte that is not text is not another.
		first, second := a, a
		first.Tenant, second.Tenant = "\xff"+a.Tenant, "\xfe"+a.Tenant
		assert.NotEqual(t, first.Key().Digest, second.Key().Digest)
	})
}

func fullRecord() tokenstore.Record {
	return tokenstore.Record{
		AccessToken: "access", RefreshToken: "refresh", IDToken: "id", TokenType: "Bearer", Scope: "a b", Subject: "subject",
		Issuer: "https://auth.example", ClientID: "client", IssuedAt: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Expiry: time.Date(2026, 1, 2, 3, 34, 5, 6, time.UTC), Generation: 7,
	}
}

// The stored form outlives the program that wrote it, so it must not change under one version number.
func TestRecordStoredForm(t *testing.T) {
	const full = `{"version":1,"access_token":"access","refresh_token":"refresh","id_token":"id","token_type":"Bearer","scope":"a b",` +
		`"subject":"subject","issuer":"https://auth.example","client_id":"client","issued_at":"2026-01-02T03:04:05.000000006Z",` +
		`"expiry":"2026-01-02T03:34:05.000000006Z","generation":7}`
	const least = `{"version":1,"access_token":"access","issuer":"i","client_id":"c","issued_at":"2026-01-02T00:00:00Z","generation":1}`
	for stored, record := range map[string]tokenstore.Record{
		full:  fullRecord(),
		least: {AccessToken: "access", Issuer: "i", ClientID: "c", IssuedAt: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Generation: 1},
	} {
		b, err := record.Encode()
		require.NoError(t, err)
		assert.Equal(t, stored, string(b))
		back, err := tokenstore.Decode([]byte(stored))
		require.NoError(t, err)
		assert.Equal(t, record, back)
	}
}

func TestRecordRoundTrips(t *testing.T) {
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		offset := rapid.IntRange(-23*60, 23*60).Draw(t, "offset") * 60
		return time.Unix(rapid.Int64Range(-62135596800, 253402214400-86400).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).
			In(time.FixedZone("", offset))
	})
	text := rapid.String()
	rapid.Check(t, func(t *rapid.T) {
		r := tokenstore.Record{
			AccessToken: text.Draw(t, "access"), RefreshToken: text.Draw(t, "refresh"), IDToken: text.Draw(t, "id"), TokenType: text.Draw(t, "type"),
			Scope: text.Draw(t, "scope"), Subject: text.Draw(t, "subject"), Issuer: text.Draw(t, "issuer"), ClientID: text.Draw(t, "client"),
			IssuedAt: instant.Draw(t, "issued"), Generation: rapid.Int64().Draw(t, "generation"),
		}
		if rapid.Bool().Draw(t, "expires") {
			r.Expiry = instant.Draw(t, "expiry")
		}
		b, err := r.Encode()
		require.NoError(t, err)
		back, err := tokenstore.Decode(b)
		require.NoError(t, err)
		assertSame(t, r, back)
	})
}

// assertSame compares records by the instants of their times, whose zones are not kept.
func assertSame(t assert.TestingT, want, got tokenstore.Record) {
	assert.True(t, want.IssuedAt.Equal(got.IssuedAt), "issued at %v, not %v", got.IssuedAt, want.IssuedAt)
	assert.True(t, want.Expiry.Equal(got.Expiry), "expiry %v, not %v", got.Expiry, want.Expiry)
	assert.Equal(t, want.Expiry.IsZero(), got.Expiry.IsZero(), "a zero expiry is unknown")
	want.IssuedAt, want.Expiry, got.IssuedAt, got.Expiry = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	assert.True(t, want == got, "a field differs")
}

func TestEncodeNamesWhatItRefuses(t *testing.T) {
	r := fullRecord()
	r.AccessToken, r.Expiry = canary, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	_, err := r.Encode()
	require.ErrorContains(t, err, "tokenstore: encode record")
	assert.NotContains(t, err.Error(), canary)
}

func TestDecodeIgnoresUnknownFields(t *testing.T) {
	r, err := tokenstore.Decode([]byte(`{"version":1,"access_token":"a","note":{"x":[1]}}`))
	require.NoError(t, err)
	assert.Equal(t, "a", r.AccessToken)
}

func TestDecodeRefusesOtherVersions(t *testing.T) {
	for stored, version := range map[string]string{
		`{"version":2,"access_token":"` + canary + `"}`:  "2",
		`{"version":99,"access_token":"` + canary + `"}`: "99",
		`{"version":0,"access_token":"` + canary + `"}`:  "0",
		`{"version":-1,"access_token":"` + canary + `"}`: "-1",
		`{"access_token":"` + canary + `"}`:              "0",
		`null`:                                           "0",
		`{}`:                                             "0",
	} {
		r, err := tokenstore.Decode([]byte(stored))
		require.EqualError(t, err, "tokenstore: record has version "+version+", this program knows only 1", stored)
		assert.True(t, r == tokenstore.Record{}, stored)
	}
}

func TestDecodeRefusesGarbageWithoutQuotingIt(t *testing.T) {
	for _, stored := range []string{
		"", " ", canary, `"` + canary + `"`, `[` + `"` + canary + `"]`, `{"version":1,"access_token":"` + canary,
		`{"version":1,"access_token":"` + canary + `"}{`, `{"version":1,"access_token":"` + canary + `"}` + canary,
		`{"version":"` + canary + `"}`, `{"version":1,"access_token":["` + canary + `"]}`, `{"version":1,"issued_at":"` + canary + `"}`,
		`{"version":1,"generation":"` + canary + `"}`, `{"version":1,"generation":1.5}`, `{"version":1e40}`, "\x00\x00\x00\x00", "\xef\xbb\xbf{}",
		`<html>` + canary + `</html>`, strings.Repeat("[", 1<<16),
	} {
		r, err := tokenstore.Decode([]byte(stored))
		require.EqualError(t, err, "tokenstore: record is not valid JSON of the expected shape", "%.60q", stored)
		assert.True(t, r == tokenstore.Record{}, "%.60q", stored)
	}
}

// canary is a planted secret.
const canary = "s3cr3t-c4n4ry"

func TestRecordHidesItsTokens(t *testing.T) {
	r := fullRecord()
	r.AccessToken, r.RefreshToken, r.IDToken, r.Subject = canary, canary, canary, canary
	text := r.String()
	assert.Equal(t, `{issuer https://auth.example, client client, scope "a b", generation 7, expiry 2026-01-02T03:34:05Z, tokens redacted}`, text)

	for _, v := range []any{r, &r} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%b", "%o", "%c", "%U", "%e", "%9.3f", "%-99v"} {
			assert.Equal(t, text, fmt.Sprintf(verb, v), "%T %s", v, verb)
		}
		b, err := json.Marshal(v)
		require.NoError(t, err)
		var unquoted string
		require.NoError(t, json.Unmarshal(b, &unquoted))
		assert.Equal(t, text, unquoted)
	}
	for name, v := range map[string]any{
		"value": r, "pointer": &r, "slice": []tokenstore.Record{r}, "map": map[string]*tokenstore.Record{"k": &r},
		"struct": struct{ Record tokenstore.Record }{r}, "embedded": struct{ tokenstore.Record }{r}, "error": fmt.Errorf("refused %v", r),
	} {
		var shown bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		require.NoError(t, json.NewEncoder(&shown).Encode(v))
		slog.New(slog.NewTextHandler(&shown, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&shown, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
		for spelling, secret := range map[string]string{
			"plain": canary, "hex": fmt.Sprintf("%x", canary), "spaced hex": fmt.Sprintf("% X", canary),
			"decimal": strings.Trim(fmt.Sprint([]byte(canary)), "[]"),
		} {
			assert.NotContains(t, shown.String(), secret, "%s %s", name, spelling)
		}
	}
}

func shownByJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func shownBySlog(v any) string {
	var shown bytes.Buffer
	slog.New(slog.NewTextHandler(&shown, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("m", "v", v)
	return shown.String()
}

func FuzzDecode(f *testing.F) {
	full, err := fullRecord().Encode()
	require.NoError(f, err)
	for _, seed := range []string{string(full), `{"version":1}`, `{"version":2}`, `{}`, `null`, ``, `[1]`, `{"version":1,"issued_at":"2026-01-02T03:04:05+23:59"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := tokenstore.Decode(data)
		if err != nil {
			assert.Regexp(t, `^tokenstore: record (is not valid JSON of the expected shape|has version -?\d+, this program knows only 1)$`, err.Error())
			assert.True(t, r == tokenstore.Record{}, "a refused record is empty")
			return
		}
		b, err := r.Encode()
		require.NoError(t, err, "what was read can be written")
		back, err := tokenstore.Decode(b)
		require.NoError(t, err)
		assertSame(t, r, back)
	})
}

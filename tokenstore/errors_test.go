package tokenstore_test

import (
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

// A login that no longer works is kept with the reason, which later programs read.
func TestRecordOfALostLogin(t *testing.T) {
	const stored = `{"version":1,"access_token":"` + canary + `","issuer":"i","client_id":"c","issued_at":"2026-01-02T03:04:05Z","generation":3,` +
		`"problem":"revoked","problem_at":"2026-01-02T04:04:05Z","interrupted":"2026-01-02T05:04:05Z"}`
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	record := tokenstore.Record{
		AccessToken: canary, Issuer: "i", ClientID: "c", IssuedAt: at, Generation: 3,
		Problem: "revoked", ProblemAt: at.Add(time.Hour), Interrupted: at.Add(2 * time.Hour),
	}
	b, err := record.Encode()
	require.NoError(t, err)
	assert.Equal(t, stored, string(b))
	back, err := tokenstore.Decode(b)
	require.NoError(t, err)
	assert.Equal(t, record, back)
	assert.Equal(t, `{issuer i, client c, scope "", generation 3, expiry 0001-01-01T00:00:00Z, problem "revoked", tokens redacted}`, record.String())
}

// Damage and progress are told apart: the one needs a backup, the other a newer program.
func TestDecodeErrorsMatch(t *testing.T) {
	for stored, want := range map[string]error{
		"": tokenstore.ErrCorrupt, "[]": tokenstore.ErrCorrupt, "{}": tokenstore.ErrCorrupt, `{"version":-1}`: tokenstore.ErrCorrupt,
		`{"version":2}`: tokenstore.ErrVersion, `{"version":99}`: tokenstore.ErrVersion,
	} {
		_, err := tokenstore.Decode([]byte(stored))
		for _, kind := range []error{tokenstore.ErrCorrupt, tokenstore.ErrVersion, tokenstore.ErrNotFound} {
			if kind == want {
				assert.ErrorIs(t, err, kind, stored)
			} else {
				assert.NotErrorIs(t, err, kind, stored)
			}
		}
	}
}

func TestSaveErrorHidesTheTokens(t *testing.T) {
	err := error(&tokenstore.SaveError{
		Path: "/tokens/x.json", Record: tokenstore.Record{AccessToken: canary, RefreshToken: canary, IDToken: canary}, Err: fs.ErrPermission,
	})
	assert.EqualError(t, err, "tokenstore: save /tokens/x.json: permission denied; the new record is not stored")
	require.ErrorIs(t, err, fs.ErrPermission)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %q %x %d", err, err, err, err, err, err, err), shownByJSON(t, err), shownBySlog(err)} {
		assert.NotContains(t, shown, canary)
		assert.NotContains(t, shown, fmt.Sprintf("%x", canary))
		assert.Contains(t, shown, "/tokens/x.json")
	}
	var carried *tokenstore.SaveError
	require.ErrorAs(t, fmt.Errorf("wrapped: %w", err), &carried)
	assert.Equal(t, canary, carried.Record.RefreshToken)
}

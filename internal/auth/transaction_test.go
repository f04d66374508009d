package auth

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// A transaction survives a restart, and is good in another process.
func TestTransactionIsSerialisable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "ann")
		data, err := tx.Encode()
		require.NoError(t, err)
		again, err := DecodeTransaction(data)
		require.NoError(t, err)
		assert.True(t, tx.begun.Equal(again.begun))
		again.begun = tx.begun
		assert.True(t, tx == again)
		require.NoError(t, s.process(t).Finish(t.Context(), again, posted(answer)))
		record, err := s.stored("ann")
		require.NoError(t, err)
		assert.Equal(t, subject, record.Subject)
	})
}

func TestTransactionHidesItsSecrets(t *testing.T) {
	s := newHybrid(t)
	tx, _ := s.begin(t, "ann")
	assertHidden(t, tx, tx.state, tx.nonce, tx.verifier)
	assertHidden(t, &tx, tx.state, tx.nonce, tx.verifier)
	assertHidden(t, struct{ T Transaction }{tx}, tx.state, tx.nonce, tx.verifier)
	session := struct{ Login Transaction }{tx}
	marshalled, err := json.Marshal(session)
	require.NoError(t, err)
	require.Error(t, json.Unmarshal(marshalled, &session), "kept by its JSON it would be lost, so this must not look as if it worked")
}

func TestDecodeTransaction(t *testing.T) {
	for _, data := range []string{
		"", "null", "{}", "[]", `"text"`, `{"version":2,"state":"s3cr3t-state","redirect_uri":"r","begun":"2026-01-01T00:00:00Z"}`,
		`{"version":1,"redirect_uri":"r","begun":"2026-01-01T00:00:00Z"}`, `{"version":1,"state":"s3cr3t-state","begun":"2026-01-01T00:00:00Z"}`,
		`{"version":1,"state":"s3cr3t-state","redirect_uri":"r"}`, `{"version":1,"state":"s3cr3t-state","redirect_uri":"r","begun":"x"}`, `{"state":"s3cr3t-state`,
	} {
		tx, err := DecodeTransaction([]byte(data))
		require.Error(t, err, data)
		assert.NotContains(t, err.Error(), "s3cr3t")
		assert.True(t, tx == Transaction{})
	}
}

func TestTransactionIsGoodOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		var good atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := s.logins.Finish(context.Background(), tx, posted(answer)); err == nil {
					good.Add(1)
				} else {
					assertIs(t, err, worktime.ErrLoginRequired)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int32(1), good.Load())
		assert.Equal(t, 1, s.tokenRequests())
	})
}

func TestTransactionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPKCE(t)
		tx, answer := s.begin(t, "")
		late, lateAnswer := s.begin(t, "")
		time.Sleep(transactionLife - time.Second)
		require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		time.Sleep(2 * time.Second)
		assertIs(t, s.logins.Finish(t.Context(), late, posted(lateAnswer)), worktime.ErrLoginRequired)
		assert.Equal(t, 1, s.tokenRequests())

		future, futureAnswer := s.begin(t, "")
		future.begun = time.Now().Add(time.Hour)
		assertIs(t, s.logins.Finish(t.Context(), future, posted(futureAnswer)), worktime.ErrLoginRequired)

		for range 100 {
			tx, answer := s.begin(t, "")
			require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		}
		time.Sleep(transactionLife + time.Second)
		tx, answer = s.begin(t, "")
		require.NoError(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		assert.Len(t, s.logins.spent, 1, "what has expired is forgotten")
	})
}

// An answer of one login server never gets to another (RFC 9700, section 4.4).
func TestTransactionOfAnotherLogin(t *testing.T) {
	hybrid, pkce := newHybrid(t), newPKCE(t)
	otherClient := newHybrid(t, func(s *loginServer) { s.flow.ClientID = "another" })
	otherServer := newPKCE(t, func(s *loginServer) { s.flow.Metadata.Token = mustURL(t, "http://127.0.0.1/elsewhere/connect/token") })
	all := []*loginServer{hybrid, pkce, otherClient, otherServer}
	for i, from := range all {
		for j, to := range all {
			if i == j {
				continue
			}
			tx, answer := from.begin(t, "")
			assertIs(t, to.logins.Finish(t.Context(), tx, posted(answer)), worktime.ErrBadRequest)
			assert.Zero(t, to.tokenRequests())
		}
	}
	assertIs(t, hybrid.logins.Finish(t.Context(), Transaction{}, posted(nil)), worktime.ErrBadRequest)
	tx, answer := hybrid.begin(t, "")
	tx.state = ""
	err := hybrid.logins.Finish(t.Context(), tx, posted(with(answer, map[string][]string{"state": nil})))
	assert.Equal(t, worktime.CheckState, authError(t, err).Check, "no state is not the same as no state")
	tx, answer = hybrid.begin(t, "")
	tx.provider = "timeneye"
	assertIs(t, hybrid.logins.Finish(t.Context(), tx, posted(answer)), worktime.ErrBadRequest)
}

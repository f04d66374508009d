package auth

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

// held is a token endpoint that keeps its answer back until it is released.
func held(s *loginServer) (asked, release chan struct{}) {
	asked, release = make(chan struct{}), make(chan struct{})
	s.answer = func(w http.ResponseWriter, _ *http.Request, body string) {
		close(asked)
		<-release
		reply(w, http.StatusOK, body)
	}
	return asked, release
}

// Tokens that were paid for with a code are stored, whatever becomes of the one who waits for that.
func TestLoginGoesOnWithoutItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, release chan struct{}
		s := newHybrid(t, func(s *loginServer) { asked, release = held(s) })
		tx, answer := s.begin(t, "")
		ctx, cancel := context.WithCancel(t.Context())
		finished := make(chan error, 1)
		go func() { finished <- s.logins.Finish(ctx, tx, posted(answer)) }()
		<-asked
		cancel()
		require.ErrorIs(t, <-finished, context.Canceled, "the caller leaves at once")
		assert.Zero(t, s.store.written())
		close(release)
		synctest.Wait()
		record, err := s.stored("")
		require.NoError(t, err)
		assert.Equal(t, rt(1), record.RefreshToken)
		assert.Equal(t, 1, s.tokenRequests())
	})
}

func TestCloseWaitsForALogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, release chan struct{}
		s := newHybrid(t, func(s *loginServer) { asked, release = held(s) })
		tx, answer := s.begin(t, "")
		finished, closed := make(chan error, 1), make(chan error, 1)
		go func() { finished <- s.logins.Finish(t.Context(), tx, posted(answer)) }()
		<-asked
		go func() { closed <- s.logins.Close(t.Context()) }()
		synctest.Wait()
		require.Empty(t, closed, "a code is being exchanged")
		close(release)
		require.NoError(t, <-finished)
		require.NoError(t, <-closed)
		_, err := s.stored("")
		require.NoError(t, err)
	})
}

// A store that cannot be written to is found out before the code is spent.
func TestCodeIsNotSpentOnAStoreThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		s.store.Store = idle{}
		require.Error(t, s.logins.Finish(t.Context(), tx, posted(answer)))
		assert.Zero(t, s.tokenRequests())
		s.store.Store = tokenstore.Memory()
	})
}

// A login that waits for another process's renewal has not spent its code yet.
func TestCodeIsExchangedUnderTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		key := s.logins.Source("").login.Key
		locked, unlock := make(chan struct{}), make(chan struct{})
		go func() {
			_ = s.store.Store.Update(context.Background(), key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
				close(locked)
				<-unlock
				return old, nil
			})
		}()
		<-locked
		finished := make(chan error, 1)
		go func() { finished <- s.logins.Finish(t.Context(), tx, posted(answer)) }()
		time.Sleep(time.Minute)
		assert.Zero(t, s.tokenRequests())
		close(unlock)
		require.NoError(t, <-finished)
	})
}

// Nobody is sent to log in for a client that could not keep it.
func TestClosedClientBeginsNoLogin(t *testing.T) {
	s := newHybrid(t)
	require.NoError(t, s.logins.Close(t.Context()))
	_, _, err := s.logins.Begin(t.Context(), "")
	require.ErrorContains(t, err, "the client is closed")
}

// A login without a refresh token is one, too: who is told that it is stored must find it there.
func TestLoginWithoutRefreshTokenIsNotSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPKCE(t, func(s *loginServer) {
			s.answer = func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, http.StatusOK, `{"access_token":"tok-1","token_type":"Bearer","expires_in":3600}`)
			}
		})
		tx, answer := s.begin(t, "")
		full := errors.New("no space left on device")
		s.store.fail = full
		err := s.logins.Finish(t.Context(), tx, posted(answer))
		require.ErrorIs(t, err, full)
		authError(t, err)
		bearer, err := s.bearer("")
		require.NoError(t, err, "it is of use until the program ends")
		assert.Equal(t, "Bearer tok-1", bearer)
	})
}

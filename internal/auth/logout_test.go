package auth

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestLogout(t *testing.T) {
	answer := func(status int, body string, fields ...string) func(http.ResponseWriter, url.Values) {
		return func(w http.ResponseWriter, _ url.Values) { reply(w, status, body, fields...) }
	}
	// The outcomes of RFC 7009, sections 2.2 and 2.2.1; the login stays while the server has not confirmed.
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, url.Values)
		want   []error // nil: logged out
	}{
		"revoked":          {nil, nil},
		"a body":           {answer(200, `{"anything":true}`), nil},
		"unsupported type": {answer(400, `{"error":"unsupported_token_type"}`), nil},
		"invalid client":   {answer(401, `{"error":"invalid_client"}`), []error{worktime.ErrUnauthorized}},
		"unavailable":      {answer(503, ``, "Retry-After", "1"), []error{worktime.ErrUnavailable}},
		"a gateway":        {answer(502, `<html>`), []error{worktime.ErrUnavailable}},
		"not there":        {answer(404, ``), []error{worktime.ErrNotFound}},
		"dropped":          {func(http.ResponseWriter, url.Values) { panic(http.ErrAbortHandler) }, []error{worktime.ErrUnavailable}},
		"a redirect":       {answer(307, ``, "Location", "http://127.0.0.2/steal"), []error{worktime.ErrRedirect}},
	} {
		for kind, open := range map[string]func(testing.TB, ...func(*loginServer)) *loginServer{"hybrid": newHybrid, "public client": newPKCE} {
			bubble(t, name+", "+kind, func(t *testing.T) {
				s := open(t, func(s *loginServer) { s.revocation = c.answer })
				s.login(t, "")
				s.login(t, "bob")
				err := s.logins.Logout(t.Context(), "")
				first := s.revoked[0]
				assert.Equal(t, rt(1), first.Get("token"))
				assert.Equal(t, "refresh_token", first.Get("token_type_hint"))
				assert.Equal(t, clientID, first.Get("client_id"))
				assert.Equal(t, s.flow.ClientSecret, first.Get("client_secret"))
				if c.want != nil {
					assertIs(t, err, c.want...)
					noCanary(t, err)
					assert.Equal(t, "revocation", authError(t, err).Operation)
					assert.Contains(t, err.Error(), "stays stored")
					_, err = s.bearer("")
					require.NoError(t, err, "the login lives")
					s.instead(nil, nil)
					require.NoError(t, s.logins.Logout(t.Context(), ""), "once more")
				} else {
					require.NoError(t, err)
				}
				_, err = s.stored("")
				require.ErrorIs(t, err, tokenstore.ErrNotFound)
				requests := s.tokenRequests()
				_, err = s.bearer("")
				assertIs(t, err, worktime.ErrLoginRequired)
				assert.Equal(t, requests, s.tokenRequests())
				bobs, err := s.bearer("bob")
				require.NoError(t, err, "the other account stays")
				assert.Equal(t, "Bearer "+at(2), bobs)

				revoked := len(s.revoked)
				require.NoError(t, s.logins.Logout(t.Context(), ""), "nothing to do")
				assert.Len(t, s.revoked, revoked)
				s.login(t, "")
				_, err = s.bearer("")
				require.NoError(t, err)
			})
		}
	}
}

func TestLogoutWithoutRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPKCE(t, func(s *loginServer) { s.flow.Metadata.Revocation = nil })
		s.login(t, "")
		require.NoError(t, s.logins.Logout(t.Context(), ""))
		assert.Empty(t, s.revoked)
		_, err := s.stored("")
		require.ErrorIs(t, err, tokenstore.ErrNotFound)
	})
}

// A login without a refresh token has only its access token to revoke.
func TestLogoutOfAnAccessToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newPKCE(t, func(s *loginServer) {
			s.answer = func(w http.ResponseWriter, _ *http.Request, _ string) {
				reply(w, 200, `{"access_token":"only","expires_in":60}`)
			}
		})
		s.login(t, "")
		require.NoError(t, s.logins.Logout(t.Context(), ""))
		assert.Equal(t, "only", s.revoked[0].Get("token"))
		assert.Equal(t, "access_token", s.revoked[0].Get("token_type_hint"))

		s.login(t, "")
		time.Sleep(time.Hour)
		_, err := s.bearer("")
		assertIs(t, err, worktime.ErrLoginRequired)
		assert.Contains(t, err.Error(), "without a refresh token")
	})
}

// A login or a logout and the renewals of the same login wait for each other.
func TestLoginDuringARenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		s.login(t, "")
		time.Sleep(time.Hour)
		tx, answer := s.begin(t, "")
		g := newGate(0)
		var renewals int
		s.answer = func(w http.ResponseWriter, r *http.Request, body string) {
			if r.PostForm.Get("grant_type") == "refresh_token" {
				renewals++
				<-g.release
			}
			reply(w, 200, body)
		}
		waiting := ask(s.logins.Source(""), 10, background) // a refresh is on its way
		synctest.Wait()
		require.Equal(t, 1, renewals)
		finished := make(chan error, 1)
		go func() { finished <- s.logins.Finish(t.Context(), tx, posted(answer)) }()
		synctest.Wait()
		assert.Empty(t, finished, "the new login waits for the store")
		g.open()
		require.NoError(t, <-finished)
		waiting.wg.Wait()
		record, err := s.stored("")
		require.NoError(t, err)
		bearer, err := s.bearer("")
		require.NoError(t, err)
		assert.Equal(t, "Bearer "+at(3), bearer, "that of the new login")
		assert.Equal(t, at(3), record.AccessToken)
		assert.Equal(t, int64(3), record.Generation)
		assert.Equal(t, 1, renewals)
	})
}

func TestCallersDuringALogout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := newHybrid(t, func(s *loginServer) { s.revocation = func(http.ResponseWriter, url.Values) { <-release } })
		s.login(t, "")
		bearer, err := s.bearer("")
		require.NoError(t, err)
		left := make(chan error, 1)
		time.Sleep(halfAnHour - 10*time.Minute)
		go func() { left <- s.logins.Logout(t.Context(), "") }()
		synctest.Wait()
		s.logins.Source("").current.Store(nil) // as if it were at its end
		waiting := ask(s.logins.Source(""), 10, background)
		refused := make(chan string, 1)
		go func() {
			value, _ := s.logins.Source("").Refused(t.Context(), bearer, nil)
			refused <- value
		}()
		synctest.Wait()
		assert.Empty(t, waiting.returned())
		close(release)
		require.NoError(t, <-left)
		waiting.wg.Wait()
		for _, r := range waiting.returned() {
			assertIs(t, r.err, worktime.ErrLoginRequired)
		}
		assert.Empty(t, <-refused)
		assert.Equal(t, 1, s.tokenRequests(), "nothing was refreshed")
	})
}

// A login that the store cannot take serves this program, which says that it is not saved, and is saved
// as soon as that is possible.
func TestLoginIsNotSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		full := errors.New("no space left on device")
		tx, answer := s.begin(t, "")
		s.store.mu.Lock()
		s.store.fail = full
		s.store.mu.Unlock()
		err := s.logins.Finish(t.Context(), tx, posted(answer))
		require.ErrorIs(t, err, full)
		authError(t, err)
		assert.Contains(t, err.Error(), "not saved")
		noCanary(t, err)
		bearer, err := s.bearer("")
		require.NoError(t, err)
		assert.Equal(t, "Bearer "+at(1), bearer)

		s.store.mu.Lock()
		s.store.fail = nil
		s.store.mu.Unlock()
		time.Sleep(failurePause)
		_, err = s.bearer("")
		require.NoError(t, err)
		synctest.Wait()
		record, err := s.stored("")
		require.NoError(t, err)
		assert.Equal(t, rt(1), record.RefreshToken)
		assert.Equal(t, 1, s.tokenRequests())
	})
}

func TestClosedClientLogsNobodyIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		tx, answer := s.begin(t, "")
		require.NoError(t, s.logins.Close(t.Context()))
		err := s.logins.Finish(t.Context(), tx, posted(answer))
		assert.Contains(t, authError(t, err).Error(), "closed")
		assert.Contains(t, authError(t, s.logins.Logout(t.Context(), "another")).Error(), "closed")
	})
}

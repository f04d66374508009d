package conformance

import (
	"context"
	"net/http"
	"sync"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

var authPromises = map[string]func(*scene){
	"one token for ten thousand callers": func(s *scene) {
		client := s.start(defaultSeed, nil)
		release := make(chan struct{})
		s.Fail(fake.Hold(release).OnToken())

		leaving, leave := context.WithCancel(s.Context())
		var got, left sync.WaitGroup
		for i := range 10_000 {
			if i%100 == 0 {
				left.Go(func() { assert.ErrorIs(s.T, client.Get(leaving), context.Canceled) })
				continue
			}
			got.Go(func() {
				_, err := client.TokenSource(s.Context()).Token()
				assert.NoError(s.T, err)
			})
		}
		synctest.Wait()
		leave()
		left.Wait() // while the token endpoint is still held
		close(release)
		got.Wait()
		assert.Equal(s.T, 1, s.TokenRequests())
	},
	"one refusal for all who asked": func(s *scene) {
		client := s.start(defaultSeed, nil)
		s.Fail(fake.Reply(http.StatusBadRequest, "application/json", `{"error":"invalid_client","error_description":"no such client"}`).OnToken().Always())
		var wg sync.WaitGroup
		for range 10_000 {
			wg.Go(func() {
				var e *worktime.AuthError
				if err := client.Get(s.Context()); assert.ErrorAs(s.T, err, &e) {
					assert.Equal(s.T, "invalid_client", e.Code)
				}
			})
		}
		wg.Wait()
		assert.Equal(s.T, 1, s.TokenRequests())
		assert.Zero(s.T, s.APIRequests())
	},
	"a stale token costs one refresh and no visible 401": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		s.RevokeTokens()
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond) // in the bubble's time
				assert.NoError(s.T, client.Get(s.Context()))
			})
		}
		wg.Wait()
		assert.Equal(s.T, 2, s.TokenRequests())
	},
	"a server that always answers 401 is not asked for ever": func(s *scene) {
		client := s.start(defaultSeed, nil)
		s.Fail(fake.Reply(http.StatusUnauthorized, "", "").Always())
		require.ErrorIs(s.T, client.Get(s.Context()), worktime.ErrUnauthorized)
		assert.Equal(s.T, 2, s.APIRequests())
		for range 1000 {
			require.ErrorIs(s.T, client.Get(s.Context()), worktime.ErrUnauthorized)
			time.Sleep(50 * time.Millisecond)
		}
		assert.LessOrEqual(s.T, s.TokenRequests(), 2)
	},
	"a write is repeated after a 401": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Book(s.Context()))
		s.RevokeTokens()
		require.NoError(s.T, client.Book(s.Context()))
		assert.Equal(s.T, 2, s.Booked())
	},
	"a failing endpoint is an error of its own": func(s *scene) {
		client := s.start(defaultSeed, func(o *worktime.Options) { o.Retry.MaxAttempts = -1 })
		faults := []fake.Fault{fake.Reply(http.StatusInternalServerError, "", ""), fake.HTML(http.StatusForbidden)}
		if !s.provider.Rotating {
			faults = append(faults, fake.HTML(http.StatusOK), fake.Drop(), fake.LoseAnswer(), fake.Malformed())
		}
		for _, fault := range faults {
			s.Fail(fault.OnToken())
			var e *worktime.AuthError
			require.ErrorAs(s.T, client.Get(s.Context()), &e)
			time.Sleep(time.Second) // for which a failure is shared
		}
		assert.Zero(s.T, s.APIRequests())
		require.NoError(s.T, client.Get(s.Context()), "none of them ends the login")
	},
	"a 429 of the endpoint holds all callers": func(s *scene) {
		client := s.start(defaultSeed, nil)
		s.Fail(fake.Reply(http.StatusTooManyRequests, "", "").RetryAfter(20 * time.Second).OnToken())
		began := time.Now()
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() { assert.NoError(s.T, client.Get(s.Context())) })
		}
		wg.Wait()
		assert.Equal(s.T, 2, s.TokenRequests())
		assert.GreaterOrEqual(s.T, time.Since(began), 20*time.Second)
	},
	"a token is renewed ahead of time": func(s *scene) {
		client := s.start(defaultSeed, nil)
		first, err := client.TokenSource(s.Context()).Token()
		require.NoError(s.T, err)
		time.Sleep(time.Until(first.Expiry) - time.Minute)
		release := make(chan struct{})
		s.Fail(fake.Hold(release).OnToken())
		second, err := client.TokenSource(s.Context()).Token()
		require.NoError(s.T, err)
		assert.Equal(s.T, first.AccessToken, second.AccessToken, "nobody waits while the old one lives")
		close(release)
		synctest.Wait()
		third, err := client.TokenSource(s.Context()).Token()
		require.NoError(s.T, err)
		assert.NotEqual(s.T, first.AccessToken, third.AccessToken)
		assert.Empty(s.T, third.RefreshToken, "it is not for other code")
	},
	"closing waits for a token on its way": func(s *scene) {
		client := s.start(defaultSeed, nil)
		release := make(chan struct{})
		s.Fail(fake.Hold(release).OnToken())
		ctx, cancel := context.WithCancel(s.Context())
		go func() { _ = client.Get(ctx) }()
		synctest.Wait()
		cancel()
		brief, stop := context.WithTimeout(s.Context(), time.Second)
		defer stop()
		require.ErrorIs(s.T, client.Close(brief), context.DeadlineExceeded)
		close(release)
		require.NoError(s.T, client.Close(s.Context()))
		assert.Equal(s.T, 1, s.TokenRequests())
	},
}

// fixedPromises are those of a login by a token that nothing renews.
var fixedPromises = map[string]func(*scene){
	"a refused token is not sent again": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		s.RevokeTokens()
		for _, call := range []func(context.Context) error{client.Get, client.Book} {
			before := s.APIRequests()
			err := call(s.Context())
			require.ErrorIs(s.T, err, worktime.ErrUnauthorized)
			require.NotErrorIs(s.T, err, worktime.ErrUnknownOutcome)
			assert.Equal(s.T, before+1, s.APIRequests())
		}
		assert.Zero(s.T, s.TokenRequests())
	},
	"the token is handed to other code": func(s *scene) {
		client := s.start(defaultSeed, nil)
		token, err := client.TokenSource(s.Context()).Token()
		require.NoError(s.T, err)
		assert.Equal(s.T, defaultSeed.Secret, token.AccessToken)
		assert.True(s.T, token.Valid())
		assert.Zero(s.T, s.APIRequests()+s.TokenRequests())
	},
}

package conformance

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

func status(code int) fake.Fault { return fake.Reply(code, "", "") }

var retryPromises = map[string]func(*scene){
	"a read is repeated, a write that may be booked is not": func(s *scene) {
		client := s.start(defaultSeed, nil)
		for name, c := range map[string]struct {
			fault   fake.Fault
			resent  bool  // the write
			write   error // nil: it succeeds, or ErrUnknownOutcome
			applied int   // how often the write was carried out
		}{
			"408":          {status(408), false, worktime.ErrUnknownOutcome, 0},
			"429":          {status(429), true, nil, 1},
			"500":          {status(500), false, worktime.ErrUnknownOutcome, 0},
			"502":          {fake.HTML(502), false, worktime.ErrUnknownOutcome, 0},
			"503":          {status(503).RetryAfter(time.Second), false, worktime.ErrUnknownOutcome, 0},
			"504":          {status(504), false, worktime.ErrUnknownOutcome, 0},
			"lost request": {fake.Drop(), false, worktime.ErrUnknownOutcome, 0},
			"lost answer":  {fake.LoseAnswer(), false, worktime.ErrUnknownOutcome, 1},
			"silence":      {fake.Delay(2 * time.Minute), false, worktime.ErrUnknownOutcome, 0},
		} {
			s.Fail(c.fault)
			before, booked := s.APIRequests(), s.Booked()
			require.NoError(s.T, client.Get(s.Context()), name)
			assert.Equal(s.T, before+2, s.APIRequests(), "%s: a read is sent twice", name)

			s.Fail(c.fault)
			before = s.APIRequests()
			err := client.Book(s.Context())
			want := 1
			if c.resent {
				want = 2
			}
			assert.Equal(s.T, before+want, s.APIRequests(), name)
			if c.write == nil {
				require.NoError(s.T, err, name)
			} else {
				require.ErrorIs(s.T, err, c.write, name)
				require.NotErrorIs(s.T, err, context.DeadlineExceeded, name)
			}
			assert.Equal(s.T, c.applied, s.Booked()-booked, name)
		}
	},
	"what is refused is not repeated": func(s *scene) {
		client := s.start(defaultSeed, nil)
		for code, sentinel := range map[int]error{
			400: worktime.ErrBadRequest, 402: worktime.ErrForbidden, 403: worktime.ErrForbidden, 404: worktime.ErrNotFound,
			409: worktime.ErrConflict, 410: worktime.ErrNotFound, 414: worktime.ErrBadRequest, 422: worktime.ErrBadRequest,
		} {
			for _, call := range []func(context.Context) error{client.Get, client.Book} {
				s.Fail(status(code))
				before := s.APIRequests()
				err := call(s.Context())
				require.ErrorIs(s.T, err, sentinel)
				require.NotErrorIs(s.T, err, worktime.ErrUnknownOutcome)
				assert.Equal(s.T, before+1, s.APIRequests())
			}
		}
	},
	"an outage ends in an error that tells": func(s *scene) {
		client := s.start(defaultSeed, nil)
		s.Fail(status(503).Always())
		err := client.Get(s.Context())
		require.ErrorIs(s.T, err, worktime.ErrUnavailable)
		var e *worktime.Error
		require.ErrorAs(s.T, err, &e)
		assert.Equal(s.T, []any{503, 4, s.provider.Name}, []any{e.StatusCode, e.Attempts, e.Provider})
		assert.Equal(s.T, 4, s.APIRequests())
	},
	"Retry-After is a floor in all its forms": func(s *scene) {
		client := s.start(defaultSeed, nil)
		for _, fault := range []fake.Fault{
			status(429).RetryAfter(30 * time.Second), status(503).RetryAfter(30 * time.Second),
			status(429).RetryAfterDate(30*time.Second, http.TimeFormat), status(429).RetryAfterDate(30*time.Second, time.RFC850), status(429).RetryAfterDate(30*time.Second, time.ANSIC),
		} {
			s.Fail(fault)
			began := time.Now()
			require.NoError(s.T, client.Get(s.Context()))
			waited := time.Since(began)
			assert.GreaterOrEqual(s.T, waited, 29*time.Second) // a date has whole seconds
			assert.LessOrEqual(s.T, waited, 33*time.Second+time.Millisecond)
			time.Sleep(time.Minute)
		}
	},
	"nobody waits to fail": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		s.Fail(status(429).RetryAfter(time.Hour))
		began := time.Now()
		err := client.Get(s.Context())
		require.ErrorIs(s.T, err, worktime.ErrRateLimited)
		var e *worktime.Error
		require.ErrorAs(s.T, err, &e)
		assert.Equal(s.T, time.Hour, e.RetryAfter)

		err = client.Get(s.Context())
		require.ErrorAs(s.T, err, &e)
		assert.Zero(s.T, e.Attempts, "the others are told without a request")
		assert.Zero(s.T, time.Since(began))

		time.Sleep(2 * time.Hour)
		s.Fail(status(503).RetryAfter(30 * time.Second))
		ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
		defer cancel()
		began = time.Now()
		err = client.Get(ctx)
		require.ErrorIs(s.T, err, context.DeadlineExceeded)
		require.ErrorIs(s.T, err, worktime.ErrUnavailable)
		assert.Zero(s.T, time.Since(began))
	},
	"one 429 and fifty callers: no herd": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		s.Fail(status(429).RetryAfter(10 * time.Second))
		began := time.Now()
		require.NoError(s.T, func() error {
			var wg sync.WaitGroup
			var errs [50]error
			for i := range errs {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * time.Millisecond)
					errs[i] = client.Get(s.Context())
				})
			}
			wg.Wait()
			return errors.Join(errs[:]...)
		}())
		together := map[time.Duration]int{}
		for _, r := range s.Requests()[2:] {
			if at := r.Time.Sub(began); at > 0 {
				assert.GreaterOrEqual(s.T, at, 10*time.Second)
				together[at/(20*time.Millisecond)]++
			}
		}
		for at, n := range together {
			assert.LessOrEqual(s.T, n, 2, "requests within 20 ms at %v", at*20*time.Millisecond)
		}
	},
}

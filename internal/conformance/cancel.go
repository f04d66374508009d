package conformance

import (
	"context"
	"iter"
	"runtime"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

// stages are the moments of a walk at which it may end. Each prepares a fake and returns the
// item in whose turn the end comes; 0: before the first.
var stages = map[string]func(s *scene, hold <-chan struct{}) int64{
	"before the first page": func(s *scene, hold <-chan struct{}) int64 { s.Fail(fake.Hold(hold)); return 0 },
	"inside a page":         func(*scene, <-chan struct{}) int64 { return 2 },
	"during a prefetch":     func(s *scene, hold <-chan struct{}) int64 { s.Fail(fake.Hold(hold).After(1)); return 2 },
	"in a stalled body":     func(s *scene, _ <-chan struct{}) int64 { s.Fail(fake.Stall().After(1)); return 2 },
	"during a back-off": func(s *scene, _ <-chan struct{}) int64 {
		s.Fail(status(503).RetryAfter(50 * time.Second).After(1).Always())
		return 2
	},
}

// endings are the ways in which a walk may end early.
var endings = map[string]func(s *scene, seq iter.Seq2[int64, error], cancel func(), at int64){
	"break": func(s *scene, seq iter.Seq2[int64, error], _ func(), at int64) {
		for id, err := range seq {
			require.NoError(s.T, err)
			synctest.Wait() // until the prefetch is where the stage wants it
			if id == at {
				break
			}
		}
	},
	"panic": func(s *scene, seq iter.Seq2[int64, error], _ func(), at int64) {
		require.PanicsWithValue(s.T, "mine", func() {
			for id := range seq {
				synctest.Wait()
				if id == at {
					panic("mine")
				}
			}
		})
	},
	"goexit": func(s *scene, seq iter.Seq2[int64, error], _ func(), at int64) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for id := range seq {
				synctest.Wait()
				if id == at {
					runtime.Goexit()
				}
			}
		}()
		<-done
	},
	"cancel": func(s *scene, seq iter.Seq2[int64, error], cancel func(), at int64) {
		if at == 0 {
			go func() {
				synctest.Wait()
				cancel()
			}()
		}
		var last error
		for id, err := range seq {
			require.NoError(s.T, last, "an error comes once and last")
			if last = err; err == nil && id == at {
				synctest.Wait()
				cancel()
			}
		}
		require.ErrorIs(s.T, last, context.Canceled)
		var e *worktime.Error
		require.ErrorAs(s.T, last, &e)
	},
}

// cancelPromises: whenever and however a loop is left, nothing stays behind. The suite counts open
// bodies, and the bubble does not end while a goroutine is left.
func cancelPromises() map[string]func(*scene) {
	promises := map[string]func(*scene){
		"a caller that leaves a token request": func(s *scene) {
			if s.provider.Fixed {
				return
			}
			client := s.start(defaultSeed, nil)
			release := make(chan struct{})
			s.Fail(fake.Hold(release).OnToken())
			ctx, cancel := context.WithTimeout(s.Context(), time.Second)
			defer cancel()
			require.ErrorIs(s.T, client.Get(ctx), context.DeadlineExceeded)
			close(release)
		},
		"a write after it was sent": func(s *scene) {
			client := s.start(defaultSeed, nil)
			require.NoError(s.T, client.Get(s.Context()))
			s.Fail(fake.Delay(time.Minute))
			ctx, cancel := context.WithTimeout(s.Context(), time.Second)
			defer cancel()
			err := client.Book(ctx)
			require.ErrorIs(s.T, err, context.DeadlineExceeded)
			require.ErrorIs(s.T, err, worktime.ErrUnknownOutcome)
		},
		"a write before it was sent": func(s *scene) {
			client := s.start(defaultSeed, nil)
			ctx, cancel := context.WithCancel(s.Context())
			cancel()
			err := client.Book(ctx)
			require.ErrorIs(s.T, err, context.Canceled)
			require.NotErrorIs(s.T, err, worktime.ErrUnknownOutcome)
			assert.Zero(s.T, s.APIRequests())
		},
		"a write that waits out a 429": func(s *scene) {
			client := s.start(defaultSeed, nil)
			s.Fail(status(429).RetryAfter(30 * time.Second))
			ctx, cancel := context.WithCancel(s.Context())
			time.AfterFunc(time.Second, cancel)
			err := client.Book(ctx)
			require.ErrorIs(s.T, err, context.Canceled)
			require.ErrorIs(s.T, err, worktime.ErrRateLimited)
			require.NotErrorIs(s.T, err, worktime.ErrUnknownOutcome)
		},
	}
	for stage, prepare := range stages {
		for ending, end := range endings {
			if stage == "before the first page" && ending != "cancel" {
				continue // the loop body does not run there
			}
			promises[ending+" "+stage] = func(s *scene) {
				for _, prefetch := range []int{1, -1, 3} {
					client := s.start(Seed{Items: 12, PageSize: 3}, func(o *worktime.Options) { o.Prefetch = prefetch })
					hold := make(chan struct{})
					at := prepare(s, hold)
					ctx, cancel := context.WithCancel(s.Context())
					before := s.APIRequests()
					end(s, client.All(ctx, ""), cancel, at)
					cancel()
					assert.LessOrEqual(s.T, s.APIRequests()-before, 1+max(0, prefetch), "requests beyond the page in hand and those ahead")
					close(hold)
				}
			}
		}
	}
	return promises
}

package protime

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplaysAreHandledOnce(t *testing.T) {
	r := newReceiver(t, nil)
	change := func(kind ChangeType, id int, version string) string {
		return fmt.Sprintf(`{"changeType":%q,"data":{"id":%d,"changeVersion":%q}}`, kind, id, version)
	}
	events := []string{
		change(ChangeInsertOrUpdate, 1, "0A"), change(ChangeInsertOrUpdate, 1, "0B"), // versions of one
		change(ChangeInsertOrUpdate, 2, "0A"), change(ChangeInsertOrUpdate, 12, "0A"), // another
		change(ChangeDelete, 1, "0B"), // a deletion is not the update before it
	}
	for range 3 {
		for _, event := range events {
			assert.Equal(t, http.StatusNoContent, respond(r, delivery(event)).Code)
			assert.Equal(t, http.StatusNoContent, respond(r, delivery("["+event+","+event+"]")).Code, "in another form, and twice in one")
		}
	}
	assert.Len(t, r.got, len(events))

	// Without a version a change cannot be told from the next one, which must not be lost.
	for range 3 {
		respond(r, delivery(change(ChangeInsertOrUpdate, 1, "")))
	}
	assert.Len(t, r.got, len(events)+3)
}

// Two deliveries of one event at once: the second waits for the fate of the first.
func TestReplaysAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		first error
		codes [2]int
		calls int
	}{
		"taken over": {nil, [2]int{http.StatusNoContent, http.StatusNoContent}, 1},
		"failed":     {errors.New("the disk is full"), [2]int{http.StatusInternalServerError, http.StatusNoContent}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				results := make(chan error)
				r := newReceiver(t, func(config *WebhookConfig[Clocking]) {
					config.Handle = func(context.Context, Change[Clocking]) error {
						calls++
						return <-results
					}
				})
				var codes [2]int
				ended := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
				for i := range codes {
					go func() {
						defer close(ended[i])
						codes[i] = respond(r, delivery(aChange)).Code
					}()
					synctest.Wait()
				}
				ctx, cancel := context.WithCancel(t.Context())
				left := make(chan int)
				go func() { left <- respond(r, delivery(aChange).WithContext(ctx)).Code }()
				synctest.Wait()
				cancel()
				assert.Equal(t, http.StatusInternalServerError, <-left, "who hangs up does not wait, and is not told of success")
				assert.Equal(t, 1, calls, "never two at once")

				results <- c.first
				<-ended[0]
				synctest.Wait()
				assert.Equal(t, c.calls, calls)
				if c.calls == 2 {
					results <- nil
				}
				<-ended[1]
				assert.Equal(t, c.codes, codes)
			})
		})
	}
}

// A flood of deliveries, each event several times at once, every third try failing.
func TestReplaysUnderLoad(t *testing.T) {
	const events, deliveries = 50, 8
	var tries atomic.Int64
	var took, running [events + 1]atomic.Int64
	r := newReceiver(t, func(c *WebhookConfig[Clocking]) {
		c.Logger = nil
		c.Handle = func(_ context.Context, change Change[Clocking]) error {
			id := change.Data.ID
			if running[id].Add(1) != 1 {
				t.Error("two at once")
			}
			defer running[id].Add(-1)
			if tries.Add(1)%3 == 0 {
				return errors.New("not now")
			}
			took[id].Add(1)
			return nil
		}
	})
	var all sync.WaitGroup
	for range deliveries {
		all.Go(func() {
			for id := 1; id <= events; id++ {
				body := fmt.Sprintf(`{"changeType":"Delete","data":{"id":%d,"changeVersion":"A"}}`, id)
				code := 0
				for code != http.StatusNoContent { // as the vendor does
					code = respond(r, delivery(body)).Code
				}
			}
		})
	}
	all.Wait()
	for id := 1; id <= events; id++ {
		assert.Equal(t, int64(1), took[id].Load(), id)
	}
}

// What is remembered is bounded: the oldest is forgotten, and only the oldest.
func TestReplaysAreBounded(t *testing.T) {
	const limit = 3
	r := newReplays(limit)
	took := ""
	take := func(names string) {
		for _, name := range names {
			require.NoError(t, r.once(t.Context(), eventOf(ChangeDelete, 1, string(name)), func() error {
				took += string(name)
				return nil
			}))
			assert.LessOrEqual(t, len(r.taken), limit)
			assert.LessOrEqual(t, len(r.order), limit)
			assert.Empty(t, r.running)
		}
	}
	take("abcabc")
	assert.Equal(t, "abc", took)
	take("dbcd") // forgets a
	assert.Equal(t, "abcd", took)
	take("a") // forgets b
	take("cda")
	assert.Equal(t, "abcda", took)
	take("b") // forgets c
	assert.Equal(t, "abcdab", took)
	failed := errors.New("no")
	require.ErrorIs(t, r.once(t.Context(), eventOf(ChangeDelete, 1, "e"), func() error { return failed }), failed)
	take("dab") // what failed takes no place
	assert.Equal(t, "abcdab", took)
}

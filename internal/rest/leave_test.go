package rest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/worktime-go/worktime"
)

// stage is a client whose requests notice the end of their context only after a second, so that
// whoever does not wait for them is seen to leave them behind.
type stage struct {
	*book
	client *Client
	watch  *watch
	waits  atomic.Int64 // pauses begun
}

func newStage(t *testing.T, b *book, o worktime.Options) *stage {
	s := &stage{book: b}
	if o.Trace == nil {
		o.Trace = &worktime.Trace{}
	}
	wait := o.Trace.Wait
	o.Trace.Wait = func(ctx context.Context, info worktime.WaitInfo) {
		s.waits.Add(1)
		if wait != nil {
			wait(ctx, info)
		}
	}
	s.watch = newWatch(t, direct{Handler: b, lag: time.Second})
	s.client = newClient(t, s.watch, origin+basePath, o)
	return s
}

// ending is how a loop ended.
type ending struct {
	items     []int
	err       error
	recovered any
	returned  bool // neither by panic nor by Goexit
}

// loop ranges over the items in a goroutine of its own, calls body for each and checks that
// nothing is left when it has ended, however that came about.
func (s *stage) loop(t *testing.T, ctx context.Context, body func(id int) bool) (e ending) {
	before := goleak.IgnoreCurrent()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			e.recovered = recover()
			assert.Zero(t, s.watch.inFlight.Load(), "requests in flight after the loop")
			assert.Zero(t, s.watch.open.Load(), "bodies open after the loop")
		}()
		for item, err := range All(ctx, s.client, listItems, itemQuery{}) {
			if e.err = err; err != nil {
				continue
			}
			e.items = append(e.items, item.ID)
			if !body(item.ID) {
				break
			}
		}
		e.returned = true
	}()
	<-done
	assert.NoError(t, goleak.Find(before))
	return e
}

// The loop body is left at the second item of the first page, in each way, while the second
// page is there already, hangs, or is waiting to be asked for again.
func TestLeaving(t *testing.T) {
	for _, moment := range []string{"inside a page", "during a prefetch", "during a back-off"} {
		for _, exit := range []string{"break", "panic", "goexit", "cancel", "deadline", "error"} {
			for _, prefetch := range []int{-1, 1, 3} {
				if prefetch < 0 && moment != "inside a page" {
					continue // nothing goes on while the body runs
				}
				t.Run(fmt.Sprintf("%s, %s, prefetch %d", moment, exit, prefetch), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testLeaving(t, moment, exit, prefetch) })
				})
			}
		}
	}
}

func testLeaving(t *testing.T, moment, exit string, prefetch int) {
	release := make(chan struct{})
	b := &book{pages: numbered(3, 3)}
	b.before = func(page, attempt int, w http.ResponseWriter, r *http.Request) bool {
		switch {
		case moment == "inside a page" && exit == "error" && page == 0:
			writeJSON(w, http.StatusOK, itemPage{Value: append(raws(0, 1), []byte(`{"id":"two"}`))})
			return true
		case moment == "during a prefetch" && page == 1:
			select {
			case <-release:
				failWith(w, http.StatusBadRequest, "Released")
			case <-r.Context().Done():
			}
			return true
		case moment == "during a back-off" && page == 1:
			if attempt > 1 {
				failWith(w, http.StatusBadRequest, "Released")
				return true
			}
			w.Header().Set("Retry-After", "30")
			failWith(w, http.StatusServiceUnavailable, "Busy")
			return true
		}
		return false
	}
	s := newStage(t, b, worktime.Options{Prefetch: prefetch, Timeout: -1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	e := s.loop(t, ctx, func(id int) bool {
		synctest.Wait()
		if id != 1 {
			return true
		}
		switch moment {
		case "during a prefetch":
			assert.Equal(t, []int{0, 1}, b.requests())
			assert.EqualValues(t, 1, s.watch.inFlight.Load())
		case "during a back-off":
			assert.Equal(t, []int{0, 1}, b.requests())
			assert.EqualValues(t, 1, s.waits.Load())
		}
		switch exit {
		case "break":
			return false
		case "panic":
			panic("of the body")
		case "goexit":
			runtime.Goexit()
		case "cancel":
			cancel()
		case "deadline":
			<-ctx.Done()
		case "error":
			close(release)
		}
		return true
	})
	assert.Equal(t, exit != "panic" && exit != "goexit", e.returned)
	want := []int{0, 1}
	switch exit {
	case "panic":
		assert.Equal(t, "of the body", e.recovered)
	case "cancel":
		requireError(t, e.err, "list items", context.Canceled)
	case "deadline":
		requireError(t, e.err, "list items", context.DeadlineExceeded)
	case "error":
		if moment == "inside a page" {
			requireError(t, e.err, "list items", worktime.ErrBadResponse)
		} else {
			want = []int{0, 1, 2}
			requireError(t, e.err, "list items", worktime.ErrBadRequest)
		}
	default:
		assert.NoError(t, e.err)
	}
	assert.Equal(t, want, e.items)
}

// While the loop waits for a page, its context can be ended by others: in flight and in a
// back-off, for the first page and for a later one.
func TestEndedWhileWaiting(t *testing.T) {
	for _, moment := range []string{"in flight", "in a back-off"} {
		for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
			for _, at := range []int{0, 1} {
				for _, prefetch := range []int{-1, 1, 3} {
					t.Run(fmt.Sprintf("%s, %v, page %d, prefetch %d", moment, ended, at, prefetch), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { testEndedWhileWaiting(t, moment, ended, at, prefetch) })
					})
				}
			}
		}
	}
}

func testEndedWhileWaiting(t *testing.T, moment string, ended error, at, prefetch int) {
	b := &book{pages: numbered(3, 3)}
	b.before = func(page, _ int, w http.ResponseWriter, r *http.Request) bool {
		if page != at {
			return false
		}
		if moment == "in flight" {
			<-r.Context().Done()
		} else {
			w.Header().Set("Retry-After", "30")
			failWith(w, http.StatusServiceUnavailable, "Busy")
		}
		return true
	}
	s := newStage(t, b, worktime.Options{Prefetch: prefetch, Timeout: -1})
	// The deadline leaves time for one back-off, not for a second.
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	if ended == context.Canceled {
		go func() {
			synctest.Wait()
			cancel()
		}()
	}
	e := s.loop(t, ctx, func(int) bool { return true })
	assert.True(t, e.returned)
	requests := b.requests()
	assert.Equal(t, at, requests[len(requests)-1])
	assert.Equal(t, upTo(3*at), append([]int{}, e.items...))
	failure := requireError(t, e.err, "list items", ended)
	if moment == "in a back-off" {
		assert.ErrorIs(t, failure, worktime.ErrUnavailable, "the last answer is known too")
		assert.Equal(t, http.StatusServiceUnavailable, failure.StatusCode)
	}
}

// A context that has ended sends nothing.
func TestEndedBefore(t *testing.T) {
	for _, prefetch := range []int{-1, 1} {
		s := newStage(t, &book{pages: numbered(1)}, worktime.Options{Prefetch: prefetch})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		requireError(t, s.loop(t, ctx, nil).err, "list items", context.Canceled)
		ctx, cancel = context.WithTimeout(t.Context(), -1)
		cancel()
		e := requireError(t, s.loop(t, ctx, nil).err, "list items", context.DeadlineExceeded)
		assert.Zero(t, e.Attempts)
		assert.Empty(t, s.requests())
	}
}

// With iter.Pull, stop may come at any time.
func TestPulling(t *testing.T) {
	for _, prefetch := range []int{-1, 1, 3} {
		for n := range 8 {
			t.Run(fmt.Sprintf("%d, prefetch %d", n, prefetch), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					before := goleak.IgnoreCurrent()
					s := newStage(t, &book{pages: numbered(2, 2, 2)}, worktime.Options{Prefetch: prefetch})
					next, stop := iter.Pull2(All(t.Context(), s.client, listItems, itemQuery{}))
					for i := range n {
						item, err, ok := next()
						require.NoError(t, err)
						require.Equal(t, i < 6, ok)
						if ok {
							require.Equal(t, i, item.ID)
						}
					}
					stop()
					if n == 0 {
						assert.Empty(t, s.requests())
					}
					assert.Zero(t, s.watch.inFlight.Load())
					assert.NoError(t, goleak.Find(before))
				})
			})
		}
	}
}

// Over connections: the loop is left while the body of the next page is on its way.
func TestLeavingABody(t *testing.T) {
	for _, exit := range []string{"break", "cancel"} {
		for _, prefetch := range []int{-1, 1} {
			if exit == "break" && prefetch < 0 {
				continue // nothing is on its way
			}
			t.Run(fmt.Sprintf("%s, prefetch %d", exit, prefetch), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					halfway := make(chan struct{})
					n := newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Query().Get("page") == "" {
							writePage(w, pageLink(0, 1), 1)
							return
						}
						w.Header().Set("Content-Type", "application/json")
						_, _ = io.WriteString(w, `{"value":[{"id":2}`)
						_ = http.NewResponseController(w).Flush()
						close(halfway)
						if exit == "cancel" && prefetch < 0 {
							cancel()
						}
						<-r.Context().Done()
					})
					c := newClient(t, n, origin+basePath, worktime.Options{Prefetch: prefetch, Timeout: -1})
					var last error
					for _, err := range All(ctx, c, listItems, itemQuery{}) {
						if last = err; prefetch < 0 {
							continue
						}
						<-halfway
						if exit == "break" {
							break
						}
						cancel()
					}
					assert.Zero(t, n.open.Load(), "bodies open after the loop")
					if exit == "cancel" {
						requireError(t, last, "list items", context.Canceled)
					}
				})
			})
		}
	}
}

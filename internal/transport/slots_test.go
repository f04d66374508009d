package transport

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// slowHost is a server that takes a second for an answer, and counts what is under way.
type slowHost struct {
	mu            sync.Mutex
	running, most int
	sent          []time.Duration // since began
	began         time.Time
	status        func(n int) (code int, after string)
}

func (s *slowHost) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.running++
	s.most = max(s.most, s.running)
	s.sent = append(s.sent, time.Since(s.began))
	n := len(s.sent)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.running--
		s.mu.Unlock()
	}()
	select {
	case <-time.After(time.Second):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if s.status != nil {
		if code, after := s.status(n); code != 200 {
			return canned(code, "", "Retry-After", after), nil
		}
	}
	return canned(200, ""), nil
}

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowHost{began: time.Now()}
		w := newWorld(t, nil, wrap(func(http.RoundTripper) http.RoundTripper { return s }))
		w.host.Slots = NewSlots(3)
		call := w.call(Safe)
		requireNone(t, herd(t.Context(), w.client, call, 10))
		assert.Equal(t, 3, s.most)
		assert.Equal(t, 4*time.Second, time.Since(s.began), "and all of them are used")
	})
}

// Whoever has no slot yet leaves with the context, and sends nothing.
func TestSlotsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowHost{began: time.Now()}
		w := newWorld(t, nil, wrap(func(http.RoundTripper) http.RoundTripper { return s }))
		w.host.Slots = NewSlots(1)
		call := w.call(Once)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		go func() { _, _ = w.client.Do(t.Context(), call) }()
		synctest.Wait()
		_, err := w.client.Do(ctx, call)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
		time.Sleep(time.Second)
		assert.Len(t, s.sent, 1)
		_, err = w.client.Do(t.Context(), call)
		require.NoError(t, err, "the slot was given back")
	})
}

// A wait takes no slot, and who waited for one while the gate was closed goes behind it.
func TestSlotsAndGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowHost{began: time.Now(), status: func(n int) (int, string) {
			if n == 1 {
				return 429, "30"
			}
			return 200, ""
		}}
		w := newWorld(t, nil, wrap(func(http.RoundTripper) http.RoundTripper { return s }))
		w.host.Slots = NewSlots(1)
		requireNone(t, herd(t.Context(), w.client, w.call(Safe), 5))
		assert.Equal(t, 1, s.most)
		require.Len(t, s.sent, 6)
		for _, at := range s.sent[1:] {
			assert.GreaterOrEqual(t, at, 30*time.Second)
		}

		s.status = func(n int) (int, string) {
			if n == 7 {
				return 503, "20"
			}
			return 200, ""
		}
		began := time.Now()
		requireNone(t, herd(t.Context(), w.client, w.call(Safe), 3))
		assert.Less(t, time.Since(began), 24*time.Second, "the others went on during the wait of one")
		assert.Len(t, s.sent, 10)
	})
}

// A panic of the caller's transport gives the slot back.
func TestSlotsPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slowHost{began: time.Now()}
		first := true
		w := newWorld(t, nil, wrap(func(http.RoundTripper) http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				if first {
					first = false
					panic("mine")
				}
				return s.RoundTrip(r)
			})
		}))
		w.host.Slots = NewSlots(1)
		assert.Panics(t, func() { _, _ = w.client.Do(t.Context(), w.call(Safe)) })
		_, err := w.client.Do(t.Context(), w.call(Safe))
		require.NoError(t, err)
	})
}

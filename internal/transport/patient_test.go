package transport

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// patient is a call to a token endpoint.
func patient(w *world, class Class) *Call {
	call := w.call(class)
	call.Patient = true
	return call
}

// A patient call has 30 s until it is written and then 2 minutes for the answer.
func TestPatient(t *testing.T) {
	for name, tt := range map[string]struct {
		handler  http.HandlerFunc
		settings []setting
		want     time.Duration
		unknown  bool
	}{
		"no connection": {nil, []setting{dialling(blackHole)}, 30 * time.Second, false},
		"not written": {nil, []setting{dialling(func(context.Context, int) (net.Conn, error) {
			client, _ := net.Pipe() // nobody reads from the other end
			return client, nil
		})}, 30 * time.Second, true},
		"written at once": {hang, nil, 2 * time.Minute, true},
		"slow body":       {slowBody, nil, 2 * time.Minute, true},
		"written after 20 s": {hang, []setting{func(w *world, _ *worktime.Options) {
			w.onDial = func(context.Context, int) (net.Conn, error) {
				time.Sleep(20 * time.Second)
				return nil, nil
			}
		}}, 20*time.Second + 2*time.Minute, true},
	} {
		for _, class := range []Class{Safe, Once} {
			t.Run(name+"/"+className(class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					settings := append(tt.settings, options(func(o *worktime.Options) {
						o.Timeout, o.Retry.MaxAttempts = time.Second, -1
					}))
					w := newWorld(t, tt.handler, settings...)
					call := patient(w, class)
					call.Body = make([]byte, 10_000) // more than net/http keeps in its buffer
					_, err := w.do(t.Context(), call)
					want := []error{worktime.ErrUnavailable}
					if class == Once && tt.unknown {
						want = append(want, worktime.ErrUnknownOutcome)
					}
					requireIs(t, err, want...)
					require.Equal(t, tt.want, w.now())
				})
			})
		}
	}
}

// An answer that takes 119 s is in time, and nothing is left running.
func TestPatientAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(119 * time.Second)
			answer(200)(w, r)
		}, options(func(o *worktime.Options) { o.Timeout = time.Second }))
		_, err := w.do(t.Context(), patient(w, Once))
		require.NoError(t, err)
		require.Len(t, w.seen(), 1)
	})
}

// Without an httptrace a patient call counts as written, and ends all the same.
func TestPatientWithoutTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, hang, wrap(untraced), options(func(o *worktime.Options) { o.Retry.MaxAttempts = -1 }))
		_, err := w.do(t.Context(), patient(w, Once))
		requireIs(t, err, worktime.ErrUnavailable, worktime.ErrUnknownOutcome)
		require.GreaterOrEqual(t, w.now(), 2*time.Minute)
		require.LessOrEqual(t, w.now(), 150*time.Second)
	})
}

// The caller's context ends a patient call too.
func TestPatientCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, hang)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := w.do(ctx, patient(w, Safe))
		requireIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 5*time.Second, w.now())
	})
}

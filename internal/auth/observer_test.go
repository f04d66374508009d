package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
)

func TestEachFlightIsTracedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			time.Sleep(time.Second)
			if n == 2 {
				reply(w, http.StatusBadRequest, `{"error":"invalid_scope"}`)
				return
			}
			grant(w, n)
		}))
		began := time.Now()
		callers := ask(w.source, 1000, background)
		callers.allGot(t, 1000, "tok-1", nil)
		for range 1000 {
			w.authorize()
		}
		require.Equal(t, []worktime.TokenRefreshedInfo{
			{Provider: provider, Duration: time.Second, Expiry: began.Round(0).Add(halfAnHour)},
		}, w.refreshed())

		time.Sleep(halfAnHour)
		_, err := w.source.Authorize(t.Context())
		require.Len(t, w.refreshed(), 2)
		failed := w.refreshed()[1]
		assert.Equal(t, err, failed.Err, "what the callers are told")
		assert.True(t, failed.Expiry.IsZero())
		assert.Equal(t, time.Second, failed.Duration)
	})
}

// logged is one line of a JSON log.
type logged struct {
	Level, Msg, Provider, Operation, Error string
	Expiry                                 time.Time
}

func lines(t *testing.T, log *bytes.Buffer, msg string) []logged {
	t.Helper()
	synctest.Wait() // an event may come after the token
	var all []logged
	for line := range strings.Lines(log.String()) {
		var l logged
		require.NoError(t, json.Unmarshal([]byte(line), &l))
		if strings.HasPrefix(l.Msg, msg) {
			all = append(all, l)
		}
	}
	return all
}

func TestEachFlightIsLoggedOnce(t *testing.T) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		t.Run(level.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				w := newWorld(t, answering(outage), options(func(o *worktime.Options) {
					o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: level}))
				}))
				w.authorize()
				time.Sleep(halfAnHour)
				_, err := w.source.Authorize(t.Context())
				require.Error(t, err)

				got := lines(t, &log, "token refresh")
				var want []string
				if level <= slog.LevelDebug {
					want = append(want, "DEBUG")
				}
				if level <= slog.LevelWarn {
					want = append(want, "WARN")
				}
				var levels []string
				for _, l := range got {
					levels = append(levels, l.Level)
					assert.Equal(t, provider, l.Provider)
				}
				require.Equal(t, want, levels)
				if level <= slog.LevelWarn {
					assert.Equal(t, err.Error(), got[len(got)-1].Error)
				}
				assert.NotContains(t, log.String(), "tok-1")
				assert.NotContains(t, log.String(), clientSecret)
				assert.NotContains(t, log.String(), "/connect/token", "operations are told by name")
			})
		})
	}
}

// A flight that ends by a panic or a Goexit is told too: whoever watches would miss it most.
func TestFlightThatCrashesIsTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) { panic("x") }))))
		_, err := w.source.Authorize(t.Context())
		require.Error(t, err)
		require.Len(t, w.refreshed(), 1)
		assert.Error(t, w.refreshed()[0].Err)
	})
}

// A trace function that panics, wherever in the flight, hangs nobody and takes no program down.
func TestTraceFunctionThatPanics(t *testing.T) {
	for name, set := range map[string]func(*worktime.Trace){
		"TokenRefreshed": func(tr *worktime.Trace) {
			tr.TokenRefreshed = func(context.Context, worktime.TokenRefreshedInfo) { panic(clientSecret) }
		},
		"RequestStart": func(tr *worktime.Trace) {
			tr.RequestStart = func(context.Context, worktime.RequestStartInfo) { panic(clientSecret) }
		},
		"RequestEnd": func(tr *worktime.Trace) {
			tr.RequestEnd = func(context.Context, worktime.RequestEndInfo) { panic(clientSecret) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, options(func(o *worktime.Options) {
					o.Trace = &worktime.Trace{}
					set(o.Trace)
				}))
				for range 3 {
					callers := ask(w.source, 1000, background)
					callers.wg.Wait()
					require.Len(t, callers.returned(), 1000)
					for _, r := range callers.returned() {
						if r.err == nil {
							require.NotEmpty(t, r.value)
							continue
						}
						require.Contains(t, authError(t, r.err).Error(), "panic")
						require.NotContains(t, r.err.Error(), clientSecret)
					}
					time.Sleep(failureShare)
				}
				require.NoError(t, w.source.Close(t.Context()))
			})
		})
	}
}

// A token was obtained and saved when TokenRefreshed is called: its panic must not cost it.
func TestPanicInTokenRefreshedCostsNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options(func(o *worktime.Options) {
			o.Trace = &worktime.Trace{TokenRefreshed: func(context.Context, worktime.TokenRefreshedInfo) { panic("x") }}
		}))
		assert.Equal(t, "tok-1", w.authorize())
		assert.Equal(t, 1, w.tokenRequests())
	})
}

// The event comes after the token can be used, or a trace function that asks for it would wait for
// itself.
func TestTraceFunctionMayUseTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *world
		var got string
		w = newWorld(t, options(func(o *worktime.Options) {
			o.Trace = &worktime.Trace{TokenRefreshed: func(ctx context.Context, _ worktime.TokenRefreshedInfo) {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				got, _ = w.source.Authorize(ctx)
			}}
		}))
		began := time.Now()
		assert.Equal(t, "tok-1", w.authorize())
		synctest.Wait()
		assert.Equal(t, "Bearer tok-1", got)
		assert.Zero(t, time.Since(began))
	})
}

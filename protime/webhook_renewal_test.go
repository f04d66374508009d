package protime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// subscriptions is the vendor's side of webhooks, and a renewal that writes down what happens.
type subscriptions struct {
	start    time.Time
	validity time.Duration
	log      bytes.Buffer

	mu       sync.Mutex
	webhooks map[WebhookID]*Webhook
	made     int
	events   []string
	answer   func(method, path string) int // a status other than 0 is answered instead
}

// eventf notes what happened after how many hours.
func (s *subscriptions) eventf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, fmt.Sprintf("%g h: ", time.Since(s.start).Hours())+fmt.Sprintf(format, args...))
}

// RoundTrip implements [http.RoundTripper].
func (s *subscriptions) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	if r.Body != nil {
		defer func() { _ = r.Body.Close() }()
	}
	path := strings.TrimPrefix(r.URL.Path, basePath)
	if path == r.URL.Path {
		_, _ = w.WriteString(tokenAnswer)
		return w.Result(), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		if status := s.answer(r.Method, path); status != 0 {
			w.WriteHeader(status)
			return w.Result(), nil
		}
	}
	id := WebhookID(strings.TrimPrefix(path, webhooksPath+"/"))
	switch webhook := s.webhooks[id]; {
	case r.Method == http.MethodPost:
		s.made++
		id := WebhookID(fmt.Sprintf("w%d", s.made))
		s.webhooks[id] = &Webhook{ID: id, ValidUntil: time.Now().Add(s.validity), Status: WebhookEnabled}
		w.Header().Set("Location", basePath+webhooksPath+"/"+string(id))
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"key":"canary-%s","validUntil":%q}`, id, s.webhooks[id].ValidUntil.Format(time.RFC3339))
	case webhook == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(s.webhooks, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		body, _ := json.Marshal(webhook)
		_, _ = w.Write(body)
	}
	return w.Result(), nil
}

// renew runs a renewal for so many hours and returns what happened. The present webhook, if there
// is one, has 100 hours left.
func (s *subscriptions) renew(t *testing.T, hours int, present WebhookID, change func(*WebhookRenewal)) []string {
	t.Helper()
	s.start, s.webhooks = time.Now(), map[WebhookID]*Webhook{}
	if s.validity == 0 {
		s.validity = 100 * time.Hour
	}
	if present != "" {
		s.webhooks[present] = &Webhook{ID: present, ValidUntil: time.Now().Add(100 * time.Hour), Status: WebhookEnabled}
	}
	client, err := NewClient(Config{
		Tenant: "acme", ClientID: "my-client", ClientSecret: "canary-client-secret",
		Options: worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)", HTTPClient: &http.Client{Transport: s}, Retry: worktime.RetryPolicy{MaxAttempts: -1}},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, client.Close(t.Context())) }()
	renewal := WebhookRenewal{
		Webhooks: client.Webhooks, Subscription: newWebhook(), ID: present, Check: time.Hour,
		Created: func(_ context.Context, successor CreatedWebhook) error {
			s.eventf("created %s, key %s", successor.ID, string(successor.Key))
			return nil
		},
		Resync: func(context.Context) error { s.eventf("resync"); return nil },
		Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
	}
	if change != nil {
		change(&renewal)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(hours)*time.Hour+time.Minute)
	defer cancel()
	require.ErrorIs(t, renewal.Run(ctx), context.DeadlineExceeded)
	assert.NotContains(t, s.log.String(), "canary")
	return s.events
}

func TestRenewal(t *testing.T) {
	disable := func(s *subscriptions, id WebhookID, hours int) {
		time.AfterFunc(time.Duration(hours)*time.Hour-time.Minute, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.webhooks[id].Status = WebhookDisabled
		})
	}
	for name, c := range map[string]struct {
		hours   int
		present WebhookID
		prepare func(*subscriptions, *WebhookRenewal)
		want    []string
	}{
		"none yet": {
			10, "", func(*subscriptions, *WebhookRenewal) {},
			[]string{"0 h: created w1, key canary-w1", "0 h: resync"},
		},
		"successors, and no gap between": {
			200, "w0", func(*subscriptions, *WebhookRenewal) {},
			[]string{"76 h: created w1, key canary-w1", "152 h: created w2, key canary-w2"},
		},
		"earlier": {
			80, "w0", func(_ *subscriptions, r *WebhookRenewal) { r.Before = 40*time.Hour + time.Minute },
			[]string{fmt.Sprintf("%g h: created w1, key canary-w1", (59*time.Hour + 59*time.Minute).Hours())},
		},
		"never as early as its birth": {
			240, "w0", func(_ *subscriptions, r *WebhookRenewal) { r.Before = 1000 * time.Hour },
			[]string{"50 h: created w1, key canary-w1", "100 h: created w2, key canary-w2", "150 h: created w3, key canary-w3", "200 h: created w4, key canary-w4"},
		},
		"disabled": {
			70, "w0", func(s *subscriptions, _ *WebhookRenewal) { disable(s, "w0", 5) },
			[]string{"5 h: created w1, key canary-w1", "5 h: resync"},
		},
		"gone": {
			70, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				time.AfterFunc(5*time.Hour-time.Minute, func() { s.mu.Lock(); delete(s.webhooks, "w0"); s.mu.Unlock() })
			},
			[]string{"5 h: created w1, key canary-w1", "5 h: resync"},
		},
		"expired while nobody could create": {
			120, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(method, _ string) int {
					if method == http.MethodPost && time.Since(s.start) < 110*time.Hour {
						return http.StatusServiceUnavailable
					}
					return 0
				}
			},
			[]string{"110 h: created w1, key canary-w1", "110 h: resync"},
		},
		"late, but in time": {
			120, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(method, _ string) int {
					if method == http.MethodPost && time.Since(s.start) < 90*time.Hour {
						return http.StatusServiceUnavailable
					}
					return 0
				}
			},
			[]string{"90 h: created w1, key canary-w1"},
		},
		"died just before its successor came": {
			80, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(method, _ string) int {
					if method == http.MethodPost {
						s.webhooks["w0"].Status = WebhookDisabled
					}
					return 0
				}
			},
			[]string{"76 h: created w1, key canary-w1", "76 h: resync"},
		},
		"whether it lived cannot be told": {
			80, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(_, path string) int {
					if s.made > 0 && strings.HasSuffix(path, "w0") {
						return http.StatusServiceUnavailable
					}
					return 0
				}
			},
			[]string{"76 h: created w1, key canary-w1", "76 h: resync"},
		},
		"cannot be looked at": {
			120, "w0", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(method, _ string) int {
					if hours := time.Since(s.start); method == http.MethodGet && 10*time.Hour < hours && hours < 70*time.Hour {
						return http.StatusServiceUnavailable
					}
					return 0
				}
			},
			[]string{"76 h: created w1, key canary-w1"},
		},
		"resync fails": {
			10, "", func(s *subscriptions, r *WebhookRenewal) {
				tries := 0
				r.Resync = func(context.Context) error {
					if tries++; tries < 4 {
						return errors.New("the database is away")
					}
					s.eventf("resync %d", tries)
					return nil
				}
			},
			[]string{"0 h: created w1, key canary-w1", "3 h: resync 4"},
		},
		"ends again while resync fails": {
			30, "w0", func(s *subscriptions, r *WebhookRenewal) {
				disable(s, "w0", 5)
				disable(s, "w1", 10)
				resync := r.Resync
				r.Resync = func(ctx context.Context) error {
					if time.Since(s.start) < 20*time.Hour {
						return errors.New("the database is away")
					}
					return resync(ctx)
				}
			},
			[]string{"5 h: created w1, key canary-w1", "20 h: resync", "20 h: created w2, key canary-w2", "20 h: resync"},
		},
		"due while resync fails": {
			80, "w0", func(s *subscriptions, r *WebhookRenewal) {
				disable(s, "w0", 5)
				s.validity = 50 * time.Hour
				resync := r.Resync
				r.Resync = func(ctx context.Context) error {
					if time.Since(s.start) < 70*time.Hour {
						return errors.New("the database is away")
					}
					return resync(ctx)
				}
			},
			[]string{"5 h: created w1, key canary-w1", "31 h: created w2, key canary-w2", "57 h: created w3, key canary-w3", "70 h: resync"},
		},
		"the key cannot be saved": {
			10, "", func(s *subscriptions, r *WebhookRenewal) {
				created := r.Created
				r.Created = func(ctx context.Context, successor CreatedWebhook) error {
					if s.made < 3 {
						return errors.New("the database is away")
					}
					assert.Len(t, s.webhooks, 1, "those without a key are deleted")
					return created(ctx, successor)
				}
			},
			[]string{"2 h: created w3, key canary-w3", "2 h: resync"},
		},
		"no end in the answer": {
			120, "", func(s *subscriptions, _ *WebhookRenewal) {
				s.answer = func(method, _ string) int {
					if method == http.MethodGet && time.Since(s.start) < 50*time.Hour {
						s.webhooks["w1"].ValidUntil = time.Time{}
					} else if method == http.MethodGet && s.made == 1 {
						s.webhooks["w1"].ValidUntil = s.start.Add(100 * time.Hour)
					}
					return 0
				}
			},
			[]string{"0 h: created w1, key canary-w1", "0 h: resync", "76 h: created w2, key canary-w2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &subscriptions{}
				got := s.renew(t, c.hours, c.present, func(r *WebhookRenewal) { c.prepare(s, r) })
				assert.Equal(t, c.want, got)
			})
		})
	}
}

// What fails is said, without the key.
func TestRenewalLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &subscriptions{answer: func(method, _ string) int {
			if method == http.MethodPost {
				return http.StatusForbidden
			}
			return 0
		}}
		assert.Empty(t, s.renew(t, 3, "", nil))
		assert.Equal(t, 4, strings.Count(s.log.String(), `level=WARN msg="protime: webhook renewal" collection=clockings id="" step=create`), s.log.String())
		assert.Contains(t, s.log.String(), "403 Forbidden")
	})
}

func TestRenewalConfigs(t *testing.T) {
	for field, spoil := range map[string]func(*WebhookRenewal){
		"WebhookRenewal.Webhooks":   func(r *WebhookRenewal) { r.Webhooks = nil },
		"WebhookRenewal.Created":    func(r *WebhookRenewal) { r.Created = nil },
		"WebhookRenewal.Resync":     func(r *WebhookRenewal) { r.Resync = nil },
		"WebhookRenewal.Before":     func(r *WebhookRenewal) { r.Before = -1 },
		"WebhookRenewal.Check":      func(r *WebhookRenewal) { r.Check = -1 },
		"NewWebhook.CollectionName": func(r *WebhookRenewal) { r.Subscription.CollectionName = "" },
	} {
		r := WebhookRenewal{
			Webhooks: &WebhookService{}, Subscription: newWebhook(),
			Created: func(context.Context, CreatedWebhook) error { return nil }, Resync: func(context.Context) error { return nil },
		}
		spoil(&r)
		requireField(t, r.Run(t.Context()), field)
	}
}

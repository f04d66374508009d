package protime_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// mirror is a copy of the clockings that lives on webhooks.
type mirror struct {
	client *protime.Client

	mu        sync.Mutex
	clockings map[int64]protime.Clocking
	away      bool // the mirror's database
	tries     int
	handled   map[string]int
}

func (m *mirror) save(clocking protime.Clocking) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clockings[clocking.ID].ChangeVersion < clocking.ChangeVersion {
		m.clockings[clocking.ID] = clocking
	}
}

func (m *mirror) handle(_ context.Context, change protime.Change[protime.Clocking]) error {
	m.mu.Lock()
	m.tries++
	failing := m.away || m.tries%7 == 0
	if !failing {
		m.handled[change.Data.ChangeVersion]++
	}
	m.mu.Unlock()
	if failing {
		return errors.New("the database is away")
	}
	m.save(change.Data)
	return nil
}

func (m *mirror) load(ctx context.Context) error {
	for clocking, err := range m.client.Clockings.All(ctx, protime.ClockingQuery{From: worktime.NewDate(2026, time.January, 1)}) {
		if err != nil {
			return err
		}
		m.save(clocking)
	}
	return nil
}

// Three months of a service that knows of changes by webhooks alone. They live for a week, every
// third event comes twice, every seventh try to save one fails, and the database is away for a
// day, after which Protime has given up. In the end nothing is missing, and nothing was saved twice.
func TestMirrorByWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mirror{clockings: map[int64]protime.Clocking{}, handled: map[string]int{}}
		handler, err := protime.NewWebhookHandler(protime.WebhookConfig[protime.Clocking]{
			Handle: m.handle,
			Signature: protime.WebhookSignature{
				Header: "X-Signature", Hash: crypto.SHA256, Decode: hex.DecodeString, Signed: protime.SignedBody,
			},
		})
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/protime/clockings", handler)
		server := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{
			Handler: mux, Sign: protimetest.SignHMAC("X-Signature", sha256.New, hex.EncodeToString),
			DuplicateEvery: 3, Validity: 7 * 24 * time.Hour,
		}))
		client, err := protime.NewClient(server.Config())
		require.NoError(t, err)
		m.client = client

		created, resyncs := 0, 0
		var previous protime.WebhookSecret
		renewal := protime.WebhookRenewal{
			Webhooks:     client.Webhooks,
			Check:        time.Hour,
			Subscription: protime.NewWebhook{DestinationURL: "https://people.example/protime/clockings", CollectionName: protime.WebhookClockings},
			Created: func(_ context.Context, successor protime.CreatedWebhook) error {
				created++
				keys := []protime.WebhookSecret{successor.Key}
				if previous != "" {
					keys = append(keys, previous)
				}
				previous = successor.Key
				return handler.SetKeys(keys...)
			},
			Resync: func(ctx context.Context) error {
				m.mu.Lock()
				away := m.away
				m.mu.Unlock()
				if away {
					return errors.New("the database is away")
				}
				resyncs++
				return m.load(ctx)
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- renewal.Run(ctx) }()

		for day := range 90 {
			m.mu.Lock()
			m.away = day == 40
			m.mu.Unlock()
			for hour := 0; hour < 24; hour += 4 {
				_, err := client.Clockings.Create(ctx, protime.NewClocking{
					Person: protime.ByID(1), Date: worktime.NewDate(2026, time.January, 1).AddDays(day), TimeOfDay: protime.TimeOfDay(60 * hour), Kind: protime.ClockingInOut,
				})
				require.NoError(t, err)
				time.Sleep(4 * time.Hour)
			}
		}
		time.Sleep(time.Hour)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)

		want := map[int64]protime.Clocking{}
		for clocking, err := range client.Clockings.All(t.Context(), protime.ClockingQuery{From: worktime.NewDate(2026, time.January, 1)}) {
			require.NoError(t, err)
			want[clocking.ID] = clocking
		}
		assert.Len(t, want, 90*6)
		assert.Equal(t, want, m.clockings)
		for version, times := range m.handled {
			assert.Equal(t, 1, times, version)
		}
		assert.InDelta(t, 90/6+1+2, created, 1, "each lives for six days before its successor comes; the day without database costs two")
		assert.Equal(t, 3, resyncs, "at the beginning, when the database is back, and after the successor that comes then")
		assert.Greater(t, len(server.Deliveries()), 90*6)
		require.NoError(t, client.Close(t.Context()))
		t.Logf("%d clockings, %d deliveries, %d webhooks, %d resyncs", len(want), len(server.Deliveries()), created, resyncs)
	})
}

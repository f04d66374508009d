package protimetest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"hash"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
	"github.com/worktime-go/worktime/protime"
)

// Delivery is how events get to webhooks. Much of it is not documented by the vendor, and so is for the test to say.
type Delivery struct {
	// Handler gets the deliveries over connections in memory, whatever their destination URL; else Client sends them.
	// Without either nothing is delivered.
	Handler http.Handler
	Client  *http.Client
	// Sign puts a signature on a delivery; nil: none. See [SignHMAC].
	Sign func(r *http.Request, key string, body []byte)
	// Body makes the body of a delivery from its event, an object with changeType and data; nil: it is the event.
	Body func(event []byte) []byte
	// KeyName is the member that has the private key when a webhook is created; "" is privateKey.
	KeyName string
	// Retries are the waits after failures, after which the webhook is disabled; nil: 1, 5 and 30 minutes.
	Retries []time.Duration
	// Validity is how long a webhook lives; 0: 90 days.
	Validity time.Duration
	// Timeout is how long an answer may take; 0: 30 seconds.
	Timeout time.Duration
	// DuplicateEvery: each event of this number is delivered twice; 0: none.
	DuplicateEvery int
}

// SignHMAC signs the body with the key of the webhook. The signature is in a header, encoded as text:
// for example by [encoding/hex.EncodeToString].
func SignHMAC(header string, newHash func() hash.Hash, encode func([]byte) string) func(*http.Request, string, []byte) {
	return func(r *http.Request, key string, body []byte) {
		mac := hmac.New(newHash, []byte(key))
		mac.Write(body)
		r.Header.Set(header, encode(mac.Sum(nil)))
	}
}

func (d Delivery) withDefaults() Delivery {
	if d.KeyName == "" {
		d.KeyName = "privateKey"
	}
	if d.Retries == nil {
		d.Retries = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute}
	}
	if d.Validity == 0 {
		d.Validity = 90 * 24 * time.Hour
	}
	if d.Timeout == 0 {
		d.Timeout = 30 * time.Second
	}
	return d
}

// Attempt is one delivery of an event.
type Attempt struct {
	Webhook string // its id
	Number  int    // from 1; more for retries
	Time    time.Time
	Status  int // of the answer; 0 if there was none
	Body    []byte
}

// hooks deliver events to webhooks, one after the other.
type hooks struct {
	server   *Server
	delivery Delivery
	receiver *fake.Server // has the Handler; nil: there is none
	wake     chan struct{}
	stop     context.CancelFunc
	stopped  chan struct{}

	mu       sync.Mutex
	keys     map[string]string
	asked    map[string][]protime.ReferenceName
	due      []delivery
	events   int
	attempts []Attempt
}

// delivery is an event that waits for its time.
type delivery struct {
	at         time.Time
	webhook    string
	collection *collection
	change     change
	failures   int
}

func startHooks(s *Server) *hooks {
	ctx, stop := context.WithCancel(context.Background())
	h := &hooks{
		server: s, delivery: s.settings.delivery, wake: make(chan struct{}, 1), stop: stop, stopped: make(chan struct{}),
		keys: map[string]string{}, asked: map[string][]protime.ReferenceName{},
	}
	if handler := h.delivery.Handler; handler != nil {
		h.receiver = fake.Start(fake.Handlers{API: handler, Token: handler, IsToken: func(*http.Request) bool { return false }})
		h.delivery.Client = h.receiver.Client()
	}
	if h.delivery.Client != nil {
		s.store.changed = h.enqueue
	}
	go h.run(ctx)
	return h
}

func (h *hooks) close() {
	h.stop()
	<-h.stopped
	if h.receiver != nil {
		h.receiver.Close()
	}
}

func (h *hooks) subscribe(id, key string, asked []protime.ReferenceName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[id], h.asked[id] = key, asked
}

// enqueue is called with each change while the store is locked.
func (h *hooks) enqueue(t *table, what change) {
	for _, r := range h.server.store.tables[webhooks].rows {
		if r.doc.text("collectionName") != t.name || !live(r) {
			continue
		}
		d := delivery{at: time.Now(), webhook: r.id, collection: t.collection, change: what}
		h.mu.Lock()
		h.events++
		h.due = append(h.due, d)
		if every := h.delivery.DuplicateEvery; every > 0 && h.events%every == 0 {
			h.due = append(h.due, d)
		}
		h.mu.Unlock()
	}
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run delivers until ctx ends.
func (h *hooks) run(ctx context.Context) {
	defer close(h.stopped)
	for ctx.Err() == nil {
		d, wait := h.next()
		if wait == 0 {
			h.deliver(ctx, d)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-h.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next takes the delivery whose time came first, or returns how long to wait for it.
func (h *hooks) next() (delivery, time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.due) == 0 {
		return delivery{}, 24 * time.Hour
	}
	first := 0
	for i, d := range h.due {
		if d.at.Before(h.due[first].at) {
			first = i
		}
	}
	d := h.due[first]
	if wait := time.Until(d.at); wait > 0 {
		return delivery{}, wait
	}
	h.due = slices.Delete(h.due, first, first+1)
	return d, 0
}

func (h *hooks) deliver(ctx context.Context, d delivery) {
	r := h.server.store.get(webhooks, d.webhook)
	if r == nil || !live(r) {
		return
	}
	h.mu.Lock()
	key, asked := h.keys[r.id], h.asked[r.id]
	h.mu.Unlock()
	body := []byte(h.server.event(d.collection, d.change, asked))
	if h.delivery.Body != nil {
		body = h.delivery.Body(body)
	}
	began := time.Now()
	status := h.send(ctx, r.doc.text("destinationUrl"), key, body)
	if ctx.Err() != nil {
		return
	}
	d.failures++
	h.mu.Lock()
	h.attempts = append(h.attempts, Attempt{Webhook: r.id, Number: d.failures, Time: began, Status: status, Body: body})
	failed := status < 200 || status > 299
	if failed && d.failures <= len(h.delivery.Retries) {
		d.at = time.Now().Add(h.delivery.Retries[d.failures-1])
		h.due = append(h.due, d)
		failed = false
	}
	h.mu.Unlock()
	if failed {
		h.server.store.mu.Lock()
		defer h.server.store.mu.Unlock()
		if r := h.server.store.tables[webhooks].find(r.id); r != nil {
			h.server.store.disable(r)
		}
	}
}

// send returns the status of the answer; 0 if there was none.
func (h *hooks) send(ctx context.Context, url, key string, body []byte) int {
	ctx, cancel := context.WithTimeout(ctx, h.delivery.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/json")
	if h.delivery.Sign != nil {
		h.delivery.Sign(r, key, body)
	}
	resp, err := h.delivery.Client.Do(r)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Deliveries returns the attempts to deliver events so far, in their order.
func (s *Server) Deliveries() []Attempt {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return slices.Clone(s.hooks.attempts)
}

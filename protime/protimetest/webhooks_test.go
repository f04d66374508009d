package protimetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// receiver is a destination of webhooks.
type receiver struct {
	mu     sync.Mutex
	status []int // of the next answers; then 200
	bodies []string
	header []http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies, r.header = append(r.bodies, req.URL.Path+" "+string(body)), append(r.header, req.Header)
	if len(r.status) > 0 {
		w.WriteHeader(r.status[0])
		r.status = r.status[1:]
	}
}

func (r *receiver) answer(status ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// received waits until nothing more happens at once, and returns what came since the last time.
func (r *receiver) received() []string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.bodies
	r.bodies = nil
	return all
}

func subscribe(t *testing.T, c *caller, collection string) (id, key string) {
	t.Helper()
	r := c.send("POST", "/webhooks", fmt.Sprintf(`{"destinationUrl": "https://people.example/%s", "collectionName": %q}`, collection, collection))
	require.Equal(t, 201, r.status, r.body)
	id, _ = r.json()["id"].(string)
	key, _ = r.json()["privateKey"].(string)
	return id, key
}

func TestWebhookSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{KeyName: "secret", Validity: 48 * time.Hour}),
			protimetest.WithTokenLifetime(1000*time.Hour))
		c := everything(t, srv)
		r := c.send("POST", "/webhooks?externalReferences=(people,@employee-number)",
			`{"destinationUrl": "https://www.your-company.com/protime/clockings", "collectionName": "clockings"}`)
		require.Equal(t, 201, r.status, r.body)
		created := r.json()
		id, _ := created["id"].(string)
		assert.Equal(t, base+"/webhooks/"+id, r.header.Get("Location"))
		assert.NotEmpty(t, created["secret"])
		delete(created, "secret") // is told only here
		assert.Equal(t, map[string]any{"id": id, "validUntil": "2000-01-03T02:00:00+02:00", "status": "Enabled", "collectionName": "clockings",
			"destinationUrl": "https://www.your-company.com/protime/clockings", "externalReferences": map[string]any{"people": "@employee-number"}}, created)
		assert.Equal(t, created, c.get("/webhooks/"+id).json())
		assert.Equal(t, []map[string]any{created}, c.get("/webhooks").objects())
		assert.Empty(t, c.get("/webhooks?filter=status%20eq%20'Disabled'").objects())
		assert.Len(t, c.get("/webhooks?filter=collection-name%20eq%20'clockings'%20and%20status%20eq%20'Enabled'").objects(), 1)
		refused(t, c.get("/webhooks?filter=date%20ge%20'2026-01-01'"), 400, "BadRequest", "'date' is not known")

		time.Sleep(48 * time.Hour)
		assert.Equal(t, "Disabled", c.get("/webhooks/" + id).json()["status"])
		assert.Len(t, c.get("/webhooks?filter=status%20eq%20'Disabled'").objects(), 1)

		other, _ := subscribe(t, c, "people")
		assert.NotEqual(t, id, other)
		assert.Equal(t, 200, c.send("DELETE", "/webhooks/"+other, "").status)
		refused(t, c.get("/webhooks/"+other), 404, "NotFound", "")
		refused(t, c.send("DELETE", "/webhooks/"+other, ""), 404, "NotFound", "")

		for body, want := range map[string]string{
			`{"destinationUrl": "https://a.example/", "collectionName": "departments"}`:  "'departments' has no webhooks",
			`{"destinationUrl": "https://a.example/", "collectionName": "Clockings"}`:    "'Clockings' has no webhooks",
			`{"destinationUrl": "https://a.example/"}`:                                   "'' has no webhooks",
			`{"destinationUrl": "http://a.example/", "collectionName": "clockings"}`:     "destination URL",
			`{"destinationUrl": "https://me@a.example/", "collectionName": "clockings"}`: "destination URL",
			`{"destinationUrl": "/protime", "collectionName": "clockings"}`:              "destination URL",
			`{"collectionName": "clockings"}`:                                            "destination URL",
		} {
			refused(t, c.send("POST", "/webhooks", body), 400, "BadRequest", want)
		}
		refused(t, c.send("POST", "/webhooks?externalReferences=(absence-groups,x)", `{"destinationUrl": "https://a.example/", "collectionName": "absence-groups"}`),
			400, "BadRequest", "no external references here")
		unwrapped(t, c.send("POST", "/webhooks", `[]`), "cannot be read")
		assert.Equal(t, 201, c.send("POST", "/webhooks", `{"destinationUrl": "http://127.0.0.1:8080/", "collectionName": "clockings"}`).status)
		reader := newCaller(t, srv, "connector-protimeapi-webhooks.read")
		refused(t, reader.send("POST", "/webhooks", "{}"), 403, "Forbidden", "webhooks.write")
		refused(t, reader.send("DELETE", "/webhooks/"+id, ""), 403, "Forbidden", "webhooks.write")
	})
}

func TestDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		srv := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{
			Handler: r, Sign: protimetest.SignHMAC("X-Signature", sha256.New, hex.EncodeToString)}))
		c := everything(t, srv)
		_, err := srv.Put("clockings", at(1, 1))
		require.NoError(t, err)
		assert.Empty(t, r.received(), "nobody asked")

		id, key := subscribe(t, c, "clockings")
		other, _ := subscribe(t, c, "absence-groups")
		assert.Equal(t, 201, c.post(`{"person":{"id":1},"date":"2000-01-02","timeOfDayInMinutes":0,"kind":"InOut"}`).status)
		got := r.received()
		require.Len(t, got, 1)
		path, body, _ := strings.Cut(got[0], " ")
		assert.Equal(t, "/clockings", path)
		assert.JSONEq(t, `{"changeType": "InsertOrUpdate", "data": {"changeVersion": "0000090200004BD0000D", "id": 2, "person": {"id": 1}, "date": "2000-01-02",
			"timeOfDayInMinutes": 0, "calculatedTimeOfDayInMinutes": 0, "isGenerated": false, "kind": "InOut", "status": "Active"}}`, body)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(body))
		assert.Equal(t, hex.EncodeToString(mac.Sum(nil)), r.header[0].Get("X-Signature"))
		assert.Equal(t, "application/json", r.header[0].Get("Content-Type"))

		require.NoError(t, srv.Remove("clockings", "1"))
		assert.Contains(t, r.received()[0], `"status":"Deleted"`)
		for i := range 3 {
			_, err := srv.Put("absence-groups", map[string]any{"id": i + 1})
			require.NoError(t, err)
		}
		assert.Len(t, r.received(), 1+2+3, "one group is saved with all others")
		require.NoError(t, srv.Remove("absence-groups", "2"))
		assert.Contains(t, r.received()[0], `/absence-groups {"changeType":"Delete","data":{"changeVersion":"`)
		all := srv.Deliveries()
		assert.Equal(t, []any{id, other, 1, 200}, []any{all[0].Webhook, all[3].Webhook, all[0].Number, all[0].Status})
		assert.Equal(t, body, string(all[0].Body))

		assert.Equal(t, 200, c.send("DELETE", "/webhooks/"+id, "").status)
		require.NoError(t, srv.Remove("clockings", "2"))
		assert.Empty(t, r.received(), "unsubscribed")
	})
}

func TestDeliveriesAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		srv := protimetest.NewServer(t, protimetest.WithTokenLifetime(10000*time.Hour), protimetest.WithDelivery(protimetest.Delivery{
			Handler: r, Retries: []time.Duration{time.Minute, time.Hour}, Timeout: 10 * time.Second,
			Body: func(event []byte) []byte { return []byte("[" + string(event) + "]") }}))
		c := everything(t, srv)
		id, _ := subscribe(t, c, "clockings")
		put := func() {
			t.Helper()
			_, err := srv.Put("clockings", at(1, 1))
			require.NoError(t, err)
		}
		r.answer(500, 302)
		put()
		assert.Len(t, r.received(), 1)
		put()
		assert.Len(t, r.received(), 1, "others do not wait")
		r.answer(500)
		time.Sleep(2 * time.Minute)
		assert.Len(t, r.received(), 2)
		time.Sleep(2 * time.Hour)
		again := r.received()
		require.Len(t, again, 1, "one arrived, one did not")
		assert.Contains(t, again[0], "[{")
		assert.Equal(t, "Enabled", c.get("/webhooks/" + id).json()["status"])

		r.answer(500, 404, 503)
		put()
		time.Sleep(2 * time.Hour)
		assert.Len(t, r.received(), 3)
		assert.Equal(t, "Disabled", c.get("/webhooks/" + id).json()["status"])
		put()
		time.Sleep(2 * time.Hour)
		assert.Empty(t, r.received())
		all := srv.Deliveries()
		last := all[len(all)-1]
		assert.Equal(t, []any{3, 503}, []any{last.Number, last.Status})
		assert.Equal(t, time.Hour+time.Minute, last.Time.Sub(all[len(all)-3].Time))
	})
}

// A receiver that hangs or breaks gets no status, and closing the server does not wait for it.
func TestReceiversThatDoNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), Retries: []time.Duration{time.Minute}}))
		c := everything(t, srv)
		subscribe(t, c, "clockings")
		_, err := srv.Put("clockings", at(1, 1))
		require.NoError(t, err)
		time.Sleep(45 * time.Second)
		require.Len(t, srv.Deliveries(), 1)
		assert.Zero(t, srv.Deliveries()[0].Status)
		time.Sleep(50 * time.Second) // the second attempt runs
	})
}

func TestDuplicates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		srv := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{Handler: r, DuplicateEvery: 2, Validity: time.Hour}))
		c := everything(t, srv)
		subscribe(t, c, "clockings")
		for range 4 {
			_, err := srv.Put("clockings", at(1, 1))
			require.NoError(t, err)
		}
		got := r.received()
		require.Len(t, got, 6)
		assert.Equal(t, got[1], got[2])
		time.Sleep(time.Hour)
		_, err := srv.Put("clockings", at(1, 1))
		require.NoError(t, err)
		assert.Empty(t, r.received(), "expired")
	})
}

// References that were chosen when the webhook was created are in its events; a client of one's own reaches a real server.
func TestDeliveryByAClient(t *testing.T) {
	got := make(chan string, 1)
	client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		got <- req.URL.String() + " " + string(body)
		return &http.Response{StatusCode: 202, Body: http.NoBody, Request: req}, err
	})}
	srv := protimetest.NewServer(t, protimetest.WithDelivery(protimetest.Delivery{Client: client}),
		protimetest.WithReferences(protime.PersonBadgeNumber, map[int64]string{1: "6767676"}))
	c := everything(t, srv)
	assert.Equal(t, 201, c.send("POST", "/webhooks?externalReferences=(people,@badge-number)", `{"destinationUrl": "https://a.example/x?y=1", "collectionName": "clockings"}`).status)
	_, err := srv.Put("clockings", at(1, 1))
	require.NoError(t, err)
	event := <-got
	assert.True(t, strings.HasPrefix(event, `https://a.example/x?y=1 {"changeType"`), event)
	assert.Contains(t, event, `"person":{"externalReferences":{"@badge-number":"6767676"},"id":1}`)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

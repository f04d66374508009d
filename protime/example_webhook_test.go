package protime_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// A receiver has a handler for each collection. The name of the header field, hash and encoding
// are on the vendor's page for its customers; those here are made up.
func ExampleNewWebhookHandler() {
	key := protime.WebhookSecret("the private key that Create returned")
	handler, err := protime.NewWebhookHandler(protime.WebhookConfig[protime.Clocking]{
		Handle: func(_ context.Context, change protime.Change[protime.Clocking]) error {
			clocking := change.Data
			fmt.Println(change.Type, clocking.ID, clocking.Date, clocking.TimeOfDay) // save it here
			return nil
		},
		Keys: []protime.WebhookSecret{key},
		Signature: protime.WebhookSignature{
			Header: "X-Signature", Hash: crypto.SHA256, Decode: hex.DecodeString, Signed: protime.SignedBody,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/protime/clockings", handler)

	// What Protime does, a second time because it did not hear the answer, and what others try.
	body := `{"changeType":"InsertOrUpdate","data":{"id":18601,"changeVersion":"0000090200004BD0000A","date":"2026-01-02","timeOfDayInMinutes":510}}`
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	signature := hex.EncodeToString(mac.Sum(nil))
	for _, signature := range []string{signature, signature, strings.Repeat("00", sha256.Size)} {
		request := httptest.NewRequest(http.MethodPost, "/protime/clockings", strings.NewReader(body))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Signature", signature)
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, request)
		fmt.Println(answer.Code)
	}
	// Output:
	// InsertOrUpdate 18601 2026-01-02 08:30
	// 204
	// 204
	// 403
}

// A service that keeps itself subscribed: the receiver begins without a key, and gets one with
// each webhook.
func ExampleWebhookRenewal() {
	background := context.Background()
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	saved := make(chan protime.Clocking)
	handler, err := protime.NewWebhookHandler(protime.WebhookConfig[protime.Clocking]{
		Handle: func(_ context.Context, change protime.Change[protime.Clocking]) error {
			saved <- change.Data
			return nil
		},
		Signature: protime.WebhookSignature{
			Header: "X-Signature", Hash: crypto.SHA256, Decode: hex.DecodeString, Signed: protime.SignedBody,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, client := start(protimetest.WithDelivery(protimetest.Delivery{
		Handler: handler, Sign: protimetest.SignHMAC("X-Signature", sha256.New, hex.EncodeToString),
	}))
	defer server.Close()
	defer client.Close(background)

	var old protime.WebhookSecret // loaded, as ID is, if there was a webhook before
	synced := make(chan bool)
	renewal := protime.WebhookRenewal{
		Webhooks:     client.Webhooks,
		Subscription: protime.NewWebhook{DestinationURL: "https://people.example/protime/clockings", CollectionName: protime.WebhookClockings},
		ID:           "",
		Created: func(_ context.Context, successor protime.CreatedWebhook) error {
			// Save successor.ID and string(successor.Key) here.
			keys := []protime.WebhookSecret{successor.Key}
			if old != "" {
				keys = append(keys, old)
			}
			old = successor.Key
			return handler.SetKeys(keys...)
		},
		Resync: func(ctx context.Context) error {
			clockings, err := worktime.Collect(client.Clockings.All(ctx, january()))
			fmt.Println("loaded", len(clockings), "clockings")
			synced <- true
			return err
		},
	}
	ended := make(chan error)
	go func() { ended <- renewal.Run(ctx) }()
	<-synced

	date := worktime.NewDate(2026, time.January, 5)
	_, err = client.Clockings.Create(ctx, protime.NewClocking{Person: protime.ByID(1), Date: date, TimeOfDay: 480, Kind: protime.ClockingInOut})
	if err != nil {
		fmt.Println(err)
		return
	}
	clocking := <-saved
	fmt.Println("told of", clocking.Date, clocking.TimeOfDay)
	cancel()
	fmt.Println(<-ended)
	// Output:
	// loaded 3 clockings
	// told of 2026-01-05 08:00
	// context canceled
}

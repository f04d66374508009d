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

	"github.com/worktime-go/worktime/protime"
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

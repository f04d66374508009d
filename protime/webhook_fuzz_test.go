package protime

import (
	"context"
	"fmt"
	"net/http"
	"testing"
)

// FuzzWebhookBody: whatever a body holds, it is refused whole or each of its changes is handed
// over with a type and an id, and a second delivery adds nothing that has a version.
func FuzzWebhookBody(f *testing.F) {
	for _, c := range badDeliveries {
		if c.status == http.StatusBadRequest {
			r := c.spoil(delivery(aChange))
			body := make([]byte, min(max(r.ContentLength, 0), 1<<10))
			_, _ = r.Body.Read(body)
			f.Add(body)
		}
	}
	for _, body := range []string{aChange, aDeletion, "[" + aChange + "," + aDeletion + "]", `{"value":[` + aChange + `]}`, "[]", `{"value":[]}`, "\ufeff" + aChange, `[{"changeType":"x","data":{"ID":1}}]`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []Change[Clocking]
		r := newReceiver(t, func(c *WebhookConfig[Clocking]) {
			c.Handle = func(_ context.Context, change Change[Clocking]) error { got = append(got, change); return nil }
		})
		code := respond(r, delivery(string(body))).Code
		if code != http.StatusNoContent && code != http.StatusBadRequest {
			t.Fatalf("status %d", code)
		}
		if code == http.StatusBadRequest && len(got) > 0 {
			t.Fatalf("%d changes of a refused body", len(got))
		}
		versions := map[string]bool{}
		for _, change := range got {
			id, version := change.Data.version()
			if id < 1 || change.Type == "" {
				t.Fatalf("handed over: %v", change)
			}
			key := fmt.Sprintf("%d %q %q", id, change.Type, version)
			if version != "" && versions[key] {
				t.Fatalf("twice: %s", key)
			}
			versions[key] = true
		}
		got = nil
		if again := respond(r, delivery(string(body))).Code; again != code {
			t.Fatalf("status %d, then %d", code, again)
		}
		for _, change := range got {
			if _, version := change.Data.version(); version != "" {
				t.Fatalf("again: %v", change)
			}
		}
	})
}

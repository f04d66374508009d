package protime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	aWebhook = `{ "id": "a7d853ea-89eb-4735-83d1-b891c6fde398", "validUntil": "2025-03-31T12:30:00+02:00", "status": "Enabled",
		"destinationUrl": "https://www.your-company.com/protime/clockings", "collectionName": "clockings",
		"externalReferences": {"people": ["@employee-number"]} }`
	webhookLocation = "/connector/protimeapi/api/v1/webhooks/a7d853ea-89eb-4735-83d1-b891c6fde398"
	webhookKey      = "canary-webhook-key"
)

func validUntil() time.Time {
	return time.Date(2025, time.March, 31, 12, 30, 0, 0, time.FixedZone("", 2*60*60))
}

func theWebhook() Webhook {
	return Webhook{
		ID: "a7d853ea-89eb-4735-83d1-b891c6fde398", ValidUntil: validUntil(), Status: WebhookEnabled,
		ExternalReferences: json.RawMessage(`{"people": ["@employee-number"]}`),
		DestinationURL:     "https://www.your-company.com/protime/clockings", CollectionName: WebhookClockings,
	}
}

func newWebhook() NewWebhook {
	return NewWebhook{DestinationURL: "https://www.your-company.com/protime/clockings", CollectionName: WebhookClockings}
}

var webhookRows = map[string]wireRow{
	"list": {
		"GET /webhooks",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Webhooks.All(ctx, WebhookQuery{}))
		},
		"GET /connector/protimeapi/api/v1/webhooks", "",
		answer{status: 200, body: `{ "value": [ ` + aWebhook + ` ] }`},
		[]Webhook{theWebhook()},
	},
	"list with filters": {
		"GET /webhooks",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Webhooks.All(ctx, WebhookQuery{Status: WebhookDisabled, CollectionName: WebhookAbsenceGroups}))
		},
		"GET /connector/protimeapi/api/v1/webhooks?filter=status%20eq%20'Disabled'%20and%20collection-name%20eq%20'absence-groups'", "",
		answer{status: 200, body: `{ "value": [ { "id": "x", "status": "Frozen" } ] }`},
		[]Webhook{{ID: "x", Status: "Frozen"}},
	},
	"pages": {
		"GET /webhooks",
		func(ctx context.Context, c *Client) (any, error) {
			pages, err := worktime.Collect(c.Webhooks.Pages(ctx, WebhookQuery{Status: WebhookDisabled}))
			if err != nil {
				return nil, err
			}
			return pages[0].Items, nil
		},
		"GET /connector/protimeapi/api/v1/webhooks?filter=status%20eq%20'Disabled'", "",
		answer{status: 200, body: `{ "value": [ ` + aWebhook + ` ] }`},
		[]Webhook{theWebhook()},
	},
	"get": {
		"GET /webhooks/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Webhooks.Get(ctx, "a7d853ea-89eb-4735-83d1-b891c6fde398")
		},
		"GET /connector/protimeapi/api/v1/webhooks/a7d853ea-89eb-4735-83d1-b891c6fde398", "",
		answer{status: 200, body: aWebhook},
		theWebhook(),
	},
	"create": {
		"POST /webhooks",
		func(ctx context.Context, c *Client) (any, error) {
			n := newWebhook()
			n.ExternalReferences = []ReferenceName{PersonEmployeeNumber}
			created, err := c.Webhooks.Create(ctx, n)
			return []any{created.Webhook, string(created.Key), string(created.Body())}, err
		},
		"POST /connector/protimeapi/api/v1/webhooks?externalReferences=(people,@employee-number)",
		`{ "destinationUrl": "https://www.your-company.com/protime/clockings", "collectionName": "clockings" }`,
		answer{status: 201, header: map[string]string{"Location": webhookLocation}, body: `{ "key": "canary-webhook-key", "validUntil": "2025-03-31T12:30:00+02:00" }`},
		[]any{
			Webhook{ID: "a7d853ea-89eb-4735-83d1-b891c6fde398", ValidUntil: validUntil(),
				DestinationURL: "https://www.your-company.com/protime/clockings", CollectionName: WebhookClockings},
			webhookKey, `{ "key": "canary-webhook-key", "validUntil": "2025-03-31T12:30:00+02:00" }`,
		},
	},
	"delete": {
		"DELETE /webhooks/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return nil, c.Webhooks.Delete(ctx, "a7d853ea-89eb-4735-83d1-b891c6fde398")
		},
		"DELETE /connector/protimeapi/api/v1/webhooks/a7d853ea-89eb-4735-83d1-b891c6fde398", "",
		answer{status: 204},
		nil,
	},
}

// The key is shown once, under a name that is not documented, in an answer that is not either:
// whatever can be read of it is returned.
func TestCreateWebhookAnswers(t *testing.T) {
	const key = `"canary-webhook-key"`
	for name, c := range map[string]struct {
		status         int
		location, body string
		id             WebhookID
		key            string
		err            error
	}{
		"key":                  {201, webhookLocation, `{"key":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"webhookKey":           {201, webhookLocation, `{"webhookKey":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"privateKey":           {201, webhookLocation, `{"privateKey":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"privateWebhookKey":    {201, webhookLocation, `{"privateWebhookKey":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"secret":               {201, webhookLocation, `{"secret":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"other case":           {201, webhookLocation, `{"WebhookKey":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"other name":           {201, webhookLocation, `{"signingKey":` + key + `}`, theWebhook().ID, "", nil},
		"id in the body":       {201, "", `{"id":"w1","key":` + key + `}`, "w1", webhookKey, nil},
		"location before body": {201, webhookLocation, `{"id":"w1","key":` + key + `}`, theWebhook().ID, webhookKey, nil},
		"foreign location":     {201, "https://evil.example" + webhookLocation, `{"id":"w1","key":` + key + `}`, "w1", webhookKey, nil},
		"200":                  {200, "", `{"id":"w1","key":` + key + `}`, "w1", webhookKey, nil},
		"no id":                {201, "", `{"key":` + key + `}`, "", webhookKey, worktime.ErrBadResponse},
		"empty id":             {201, "/connector/protimeapi/api/v1/webhooks/", `{"key":` + key + `}`, "", webhookKey, worktime.ErrBadResponse},
		"strange date":         {201, webhookLocation, `{"validUntil":"31/03/2025","key":` + key + `}`, theWebhook().ID, webhookKey, worktime.ErrBadResponse},
		"key is an object":     {201, webhookLocation, `{"key":{"value":` + key + `}}`, theWebhook().ID, "", worktime.ErrBadResponse},
		"not JSON":             {201, webhookLocation, `canary-webhook-key`, theWebhook().ID, "", worktime.ErrBadResponse},
		"empty":                {201, webhookLocation, ``, theWebhook().ID, "", worktime.ErrBadResponse},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: c.status, header: map[string]string{"Location": c.location}, body: c.body})
			got, err := v.client(t).Webhooks.Create(t.Context(), newWebhook())
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, c.id, got.ID)
			assert.Equal(t, c.key, string(got.Key))
			assert.Equal(t, c.body, string(got.Body()))
			if c.err != nil {
				require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
				assert.NotContains(t, fmt.Sprintf("%v %+v", err, err), "canary")
			}
			assert.Len(t, v.api(), 1, "a once operation is sent once")
		})
	}
}

func TestWebhookErrors(t *testing.T) {
	for status, is := range map[int]error{400: worktime.ErrBadRequest, 401: worktime.ErrUnauthorized, 403: worktime.ErrForbidden, 404: worktime.ErrNotFound, 500: worktime.ErrUnavailable} {
		v := newVendor(t, answer{status: status, body: `{ "error": { "code": "Invalid", "message": "Invalid destination URL", "reasons": ["not https"] } }`})
		service := v.client(t).Webhooks
		created, err := service.Create(t.Context(), newWebhook())
		require.ErrorIs(t, err, is)
		var e *worktime.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, []any{"Invalid", "Invalid destination URL", []string{"not https"}}, []any{e.Code, e.Message, e.Details})
		assert.Empty(t, created.ID)
		_, err = service.Get(t.Context(), "w1")
		require.ErrorIs(t, err, is)
		_, err = worktime.Collect(service.All(t.Context(), WebhookQuery{}))
		require.ErrorIs(t, err, is)
		require.ErrorIs(t, service.Delete(t.Context(), "w1"), is)
	}
}

func TestWebhooksRefuseBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	service := v.client(t).Webhooks
	for name, c := range map[string]struct {
		field string
		spoil func(*NewWebhook)
	}{
		"no address":     {"NewWebhook.DestinationURL", func(n *NewWebhook) { n.DestinationURL = "" }},
		"http":           {"NewWebhook.DestinationURL", func(n *NewWebhook) { n.DestinationURL = "http://example.com/canary" }},
		"relative":       {"NewWebhook.DestinationURL", func(n *NewWebhook) { n.DestinationURL = "/canary" }},
		"password":       {"NewWebhook.DestinationURL", func(n *NewWebhook) { n.DestinationURL = "https://u:canary@example.com/" }},
		"not a URL":      {"NewWebhook.DestinationURL", func(n *NewWebhook) { n.DestinationURL = "https://canary%zz" }},
		"no collection":  {"NewWebhook.CollectionName", func(n *NewWebhook) { n.CollectionName = "" }},
		"bad collection": {"NewWebhook.CollectionName", func(n *NewWebhook) { n.CollectionName = "clock'ings" }},
		"references":     {"NewWebhook.ExternalReferences", func(n *NewWebhook) { n.ExternalReferences = []ReferenceName{"people"} }},
	} {
		t.Run(name, func(t *testing.T) {
			n := newWebhook()
			c.spoil(&n)
			_, err := service.Create(t.Context(), n)
			requireField(t, err, c.field)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
	_, err := service.Get(t.Context(), "")
	requireField(t, err, "id")
	requireField(t, service.Delete(t.Context(), ""), "id")
	_, err = worktime.Collect(service.All(t.Context(), WebhookQuery{Status: "a' or 'b"}))
	requireField(t, err, "WebhookQuery.Status")
	_, err = worktime.Collect(service.All(t.Context(), WebhookQuery{CollectionName: "a' or 'b"}))
	requireField(t, err, "WebhookQuery.CollectionName")
	assert.Empty(t, v.got)

	// A query may be what the receiver knows the webhook by; loopback is for tests.
	for _, address := range []string{"https://example.com/hook?tenant=acme", "http://127.0.0.1:8080/hook"} {
		require.NoError(t, NewWebhook{DestinationURL: address, CollectionName: "new-collection"}.check())
	}
}

func TestWebhookSecretsAreNotShown(t *testing.T) {
	v := newVendor(t, answer{status: 201, header: map[string]string{"Location": webhookLocation}, body: `{"key":"canary-webhook-key"}`})
	created, err := v.client(t).Webhooks.Create(t.Context(), newWebhook())
	require.NoError(t, err)
	config := WebhookConfig[Clocking]{Handle: noChange, Keys: []WebhookSecret{webhookKey}, Signature: hexSignature()}
	handler, err := NewWebhookHandler(config)
	require.NoError(t, err)
	path := WebhookConfig[Clocking]{Handle: noChange, SecretPath: "/canary/0123456789abcdef0123456789abcdef"}
	byPath, err := NewWebhookHandler(path)
	require.NoError(t, err)

	var shown bytes.Buffer
	for _, value := range []any{created, &created, []CreatedWebhook{created}, created.Key, &created.Key, config, &config, path, handler, byPath} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&shown, verb, value)
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("", "value", value)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("", "value", value)
		text, _ := json.Marshal(value) // a config has functions, which cannot be marshalled
		shown.Write(text)
	}
	assert.NotContains(t, shown.String(), "canary")
	assert.NotContains(t, shown.String(), fmt.Sprintf("%x", "canary"))
	assert.Contains(t, shown.String(), `"key":"[redacted]"`)
	assert.Empty(t, fmt.Sprint(WebhookSecret("")), "none is not one")

	// What was stored as JSON by mistake must not become a key that everybody knows.
	requireField(t, handler.SetKeys("[redacted]"), "keys")
}

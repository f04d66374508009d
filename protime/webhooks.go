package protime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Webhook is a subscription: Protime posts each change of one collection to an address, until
// ValidUntil. It cannot be prolonged, and one that is disabled cannot be used again: see
// [WebhookRenewal].
//
// See https://documentation.myprotime.eu/protimeapi/concepts/webhook-lifecycle/
type Webhook struct {
	ID         WebhookID     `json:"id,omitzero"`
	ValidUntil time.Time     `json:"validUntil,omitzero"`
	Status     WebhookStatus `json:"status,omitzero"`
	// ExternalReferences are those that were chosen at creation, as they came: their shape is
	// not documented.
	ExternalReferences json.RawMessage   `json:"externalReferences,omitempty"`
	DestinationURL     string            `json:"destinationUrl,omitzero"`
	CollectionName     WebhookCollection `json:"collectionName,omitzero"`
}

// WebhookID is a GUID.
type WebhookID string

// WebhookStatus is the state of a webhook. Unknown values are kept as they are.
type WebhookStatus string

// The states of a webhook.
const (
	WebhookEnabled  WebhookStatus = "Enabled"
	WebhookDisabled WebhookStatus = "Disabled" // Protime gave up delivering, or it has expired
	// WebhookUninitialized is in older pages of the vendor only.
	WebhookUninitialized WebhookStatus = "Uninitialized"
)

// WebhookCollection is the name of a collection that has webhooks. Others can be given as text.
type WebhookCollection string

// The collections that have webhooks, each with the type of its records.
const (
	WebhookAbsences           WebhookCollection = "absences"            // Absence
	WebhookAbsenceDefinitions WebhookCollection = "absence-definitions" // AbsenceDefinition
	WebhookAbsenceGroups      WebhookCollection = "absence-groups"      // AbsenceGroup
	WebhookAccessClockings    WebhookCollection = "access-clockings"    // AccessClocking
	WebhookActivityDurations  WebhookCollection = "activity-durations"  // ActivityDuration
	WebhookAssignments        WebhookCollection = "assignments"         // Assignment
	WebhookBreakDefinitions   WebhookCollection = "break-definitions"   // BreakDefinition
	WebhookBreaks             WebhookCollection = "breaks"              // Break
	WebhookCalculatedTotals   WebhookCollection = "calculated-totals"   // CalculatedTotal
	WebhookClockings          WebhookCollection = "clockings"           // Clocking
	WebhookContracts          WebhookCollection = "contracts"           // Contract
	WebhookCounters           WebhookCollection = "counters"            // Counter
	WebhookCounterDefinitions WebhookCollection = "counter-definitions" // CounterDefinition
	WebhookCounterGroups      WebhookCollection = "counter-groups"      // CounterGroup
	WebhookPaidPresences      WebhookCollection = "paid-presences"      // PaidPresence
	WebhookPeople             WebhookCollection = "people"              // Person
	WebhookShiftDefinitions   WebhookCollection = "shift-definitions"   // ShiftDefinition
	WebhookWorkInterruptions  WebhookCollection = "work-interruptions"  // WorkInterruption
)

// WebhookSecret is the private key of a webhook, or another secret of a receiver. It does not
// show itself when it is printed, logged or marshalled: string(secret) is its text, to be stored.
type WebhookSecret string

const redactedSecret = "[redacted]"

// Format implements [fmt.Formatter] without the secret.
func (s WebhookSecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.redact())) }

// LogValue implements [slog.LogValuer] without the secret.
func (s WebhookSecret) LogValue() slog.Value { return slog.StringValue(s.redact()) }

// MarshalText implements [encoding.TextMarshaler], which JSON and XML go by, without the secret.
func (s WebhookSecret) MarshalText() ([]byte, error) { return []byte(s.redact()), nil }

func (s WebhookSecret) redact() string {
	if s == "" {
		return ""
	}
	return redactedSecret
}

// check refuses what cannot be a secret, without repeating it.
func (s WebhookSecret) check(field string) error {
	switch {
	case strings.TrimSpace(string(s)) == "":
		return badField(field, "is empty: anybody could sign with that")
	case s == redactedSecret:
		return badField(field, "is the word that stands for a secret: store string(secret), not its JSON")
	}
	return nil
}

// NewWebhook is a subscription to be created. Make a full load of the collection first, or
// right after.
type NewWebhook struct {
	// DestinationURL is where Protime posts to: https, and reachable from the internet.
	DestinationURL string            `json:"destinationUrl"`
	CollectionName WebhookCollection `json:"collectionName"`
	// ExternalReferences to have in the events. Absence groups and counter groups have none.
	ExternalReferences []ReferenceName `json:"-"`
}

func (n NewWebhook) check() error {
	address, _, _ := strings.Cut(n.DestinationURL, "?")
	if _, err := transport.ParseOrigin(address); err != nil {
		return badField("NewWebhook.DestinationURL", err.Error())
	}
	return checkCollection("NewWebhook.CollectionName", n.CollectionName)
}

// checkCollection takes names of letters and dashes, as the collections of the reference have.
func checkCollection(field string, name WebhookCollection) error {
	if name == "" {
		return badField(field, "is required")
	}
	if !enumName(strings.ReplaceAll(string(name), "-", "")) {
		return badField(field, fmt.Sprintf("is %.40q, which cannot be the name of a collection", string(name)))
	}
	return nil
}

// CreatedWebhook is a webhook with its private key. It does not show the key when it is
// printed, logged or marshalled.
type CreatedWebhook struct {
	Webhook

	// Key signs the events. Protime shows it this once: store string(Key) before anything else.
	// What the answer calls it is not documented. It is empty if the answer has none of key,
	// webhookKey, privateKey, privateWebhookKey and secret: then look at Body.
	Key WebhookSecret

	body []byte
}

// Body returns the answer as it came, key included.
func (c CreatedWebhook) Body() []byte { return bytes.Clone(c.body) }

// redactedWebhook is what a CreatedWebhook shows of itself.
type redactedWebhook struct {
	Webhook

	Key WebhookSecret `json:"key"`
}

// Format implements [fmt.Formatter] without the key.
func (c CreatedWebhook) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%+v", redactedWebhook{c.Webhook, c.Key})
}

// LogValue implements [slog.LogValuer] without the key.
func (c CreatedWebhook) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON implements [json.Marshaler] without the key.
func (c CreatedWebhook) MarshalJSON() ([]byte, error) {
	return json.Marshal(redactedWebhook{c.Webhook, c.Key})
}

// readCreated takes what it can get, since none of it can be asked for again.
func readCreated(client *rest.Client, sent NewWebhook, a rest.Answer) (CreatedWebhook, error) {
	c := CreatedWebhook{body: bytes.Clone(a.Body)}
	var keys struct {
		Key               WebhookSecret `json:"key"`
		WebhookKey        WebhookSecret `json:"webhookKey"`
		PrivateKey        WebhookSecret `json:"privateKey"`
		PrivateWebhookKey WebhookSecret `json:"privateWebhookKey"`
		Secret            WebhookSecret `json:"secret"`
	}
	unreadable := rest.Decode(a, &keys) // members of another type stay empty
	c.Key = cmp.Or(keys.Key, keys.WebhookKey, keys.PrivateKey, keys.PrivateWebhookKey, keys.Secret)
	if err := rest.Decode(a, &c.Webhook); unreadable == nil {
		unreadable = err
	}
	c.DestinationURL, c.CollectionName = cmp.Or(c.DestinationURL, sent.DestinationURL), cmp.Or(c.CollectionName, sent.CollectionName)
	id, err := created(client, a)
	if err == nil && id != "" {
		c.ID = WebhookID(id)
	}
	if unreadable == nil && c.ID == "" {
		return c, cmp.Or(err, errors.New("the Location ends without an id"))
	}
	return c, unreadable
}

// WebhookQuery selects webhooks. All conditions that are set must hold.
type WebhookQuery struct {
	Status         WebhookStatus
	CollectionName WebhookCollection
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q WebhookQuery) position() worktime.Cursor { return q.Cursor }

func (q WebhookQuery) selection() (selection, error) {
	s := selection{name: "WebhookQuery"}
	if q.Status != "" {
		if err := anyOf(&s.filter, "status", []WebhookStatus{q.Status}); err != nil {
			return s, badField("WebhookQuery.Status", err.Error())
		}
	}
	if q.CollectionName != "" {
		if err := checkCollection("WebhookQuery.CollectionName", q.CollectionName); err != nil {
			return s, err
		}
		s.filter = append(s.filter, "collection-name eq '"+string(q.CollectionName)+"'")
	}
	return s, nil
}

// WebhookService manages the tenant's webhooks. It needs [ScopeWebhooksRead], and
// [ScopeWebhooksWrite] to create and delete.
type WebhookService struct{ client *rest.Client }

const webhooksPath = "/webhooks"

var (
	listWebhooks  = listOf[Webhook, WebhookQuery]("webhooks", webhooksPath)
	getWebhook    = getOf("webhook", webhooksPath+"/{id}")
	createWebhook = rest.Op{Name: "create webhook", Class: transport.Once, Method: http.MethodPost, Path: webhooksPath}
	deleteWebhook = rest.Op{Name: "delete webhook", Class: transport.Idempotent, Method: http.MethodDelete, Path: webhooksPath + "/{id}", NoBody: true}
)

// All walks the webhooks that q selects, without their keys. An error ends the loop; items
// before it may have come. What is wrong with q is a [worktime.FieldError], everything else a
// [worktime.Error] or a [worktime.AuthError].
//
// See [GET /webhooks].
//
// [GET /webhooks]: https://documentation.myprotime.eu/protimeapi/reference/webhooks/
//
//api:op GET /webhooks
func (s *WebhookService) All(ctx context.Context, q WebhookQuery) iter.Seq2[Webhook, error] {
	return rest.All(ctx, s.client, listWebhooks, q)
}

// Pages is [WebhookService.All] by pages, each with the cursor of the position after it. Errors
// are the same; no page comes with one.
//
// See [GET /webhooks].
//
// [GET /webhooks]: https://documentation.myprotime.eu/protimeapi/reference/webhooks/
//
//api:op GET /webhooks
func (s *WebhookService) Pages(ctx context.Context, q WebhookQuery) iter.Seq2[worktime.Page[Webhook], error] {
	return rest.Pages(ctx, s.client, listWebhooks, q)
}

// Get returns one webhook, without its key. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /webhooks/{id}].
//
// [GET /webhooks/{id}]: https://documentation.myprotime.eu/protimeapi/reference/webhooks/
//
//api:op GET /webhooks/{id}
func (s *WebhookService) Get(ctx context.Context, id WebhookID) (Webhook, error) {
	if id == "" {
		return Webhook{}, badField("id", "is empty")
	}
	return rest.Get[Webhook](ctx, s.client, getWebhook, nil, string(id))
}

// Create subscribes and returns the webhook with its private key, which is shown this once.
// Protime may deliver events before Create returns: the receiver refuses what is signed with a
// key that it does not have yet, and Protime sends it again.
//
// It is sent again only if Protime provably did not act. [worktime.ErrUnknownOutcome] means
// that the webhook may exist, with a key that nobody has: find it with [WebhookService.All] and
// delete it. If the answer came and cannot be understood, that is [worktime.ErrBadResponse]
// too, and what could be read of it, [CreatedWebhook.Body] at least, is returned beside the error.
//
// See [POST /webhooks].
//
// [POST /webhooks]: https://documentation.myprotime.eu/protimeapi/reference/webhooks/
//
//api:op POST /webhooks
func (s *WebhookService) Create(ctx context.Context, webhook NewWebhook) (CreatedWebhook, error) {
	if err := webhook.check(); err != nil {
		return CreatedWebhook{}, err
	}
	names, err := encodeReferences(webhook.ExternalReferences)
	if err != nil {
		return CreatedWebhook{}, badField("NewWebhook.ExternalReferences", err.Error())
	}
	var created CreatedWebhook
	err = s.client.Send(ctx, createWebhook, params{ExternalReferences: names}, webhook, func(a rest.Answer) (err error) {
		created, err = readCreated(s.client, webhook, a)
		return err
	})
	return created, err
}

// Delete ends a subscription: no more events come, and those that Protime would have sent again
// are lost. The webhook may still be listed.
//
// See [DELETE /webhooks/{id}].
//
// [DELETE /webhooks/{id}]: https://documentation.myprotime.eu/protimeapi/reference/webhooks/
//
//api:op DELETE /webhooks/{id}
func (s *WebhookService) Delete(ctx context.Context, id WebhookID) error {
	if id == "" {
		return badField("id", "is empty")
	}
	return s.client.Send(ctx, deleteWebhook, nil, nil, ignore, string(id))
}

package protime

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/worktime-go/worktime"
)

const (
	defaultRenewBefore  = 24 * time.Hour
	defaultRenewalCheck = 10 * time.Minute
)

// WebhookRenewal keeps a subscription alive, since a webhook cannot be prolonged: it creates a
// successor before the present one ends, and when it finds that it has ended. Both then
// deliver until the old one's end, so that no change falls between; [WebhookHandler] knows those
// that come twice. Run one renewal for each subscription, in one process.
//
// See https://documentation.myprotime.eu/protimeapi/concepts/webhook-lifecycle/
type WebhookRenewal struct {
	// Webhooks reads, creates and deletes them. Required.
	Webhooks *WebhookService
	// Subscription is what each successor is created from. Required.
	Subscription NewWebhook
	// ID is that of the present webhook. Empty: there is none, and one is created at once.
	ID WebhookID
	// Created is given each successor. Required. Save its ID and its Key, and give the keys of
	// both webhooks to [WebhookHandler.SetKeys]. After an error the successor is deleted, since
	// its key is shown once, and another one is created at the next check.
	Created func(ctx context.Context, successor CreatedWebhook) error
	// Resync makes up for changes that no webhook delivered: read the collection anew, or poll
	// your delta. Required. It is called after a successor whose predecessor did not live
	// to its creation, again at each check until it returns nil, and for the first webhook.
	// Until then a webhook that has ended once more gets no successor. It is yours because
	// Protime knows one delta for a collection at a time. The check waits for it.
	Resync func(ctx context.Context) error
	// Before is how long before its end a webhook gets its successor. Default 24 hours; never
	// more than half of the time that was left when the webhook was first seen.
	Before time.Duration
	// Check is the time between two looks at the webhook. Default 10 minutes.
	Check time.Duration
	// Logger receives what fails, at warn level, and successors, at info level. Nil: no logging.
	Logger *slog.Logger
}

func (r WebhookRenewal) check() error {
	switch {
	case r.Webhooks == nil:
		return badField("WebhookRenewal.Webhooks", "is required")
	case r.Created == nil:
		return badField("WebhookRenewal.Created", "is required: it saves the key")
	case r.Resync == nil:
		return badField("WebhookRenewal.Resync", "is required: it makes up for lost changes")
	case r.Before < 0:
		return badField("WebhookRenewal.Before", "is negative")
	case r.Check < 0:
		return badField("WebhookRenewal.Check", "is negative")
	}
	return r.Subscription.check()
}

// Run watches until ctx ends, and returns its error. What fails meanwhile is logged and tried
// again at the next check. What is wrong with r is a [worktime.FieldError], returned at once.
func (r WebhookRenewal) Run(ctx context.Context) error {
	if err := r.check(); err != nil {
		return err
	}
	w := &renewal{WebhookRenewal: r, present: Webhook{ID: r.ID}}
	w.Before, w.Check = cmp.Or(r.Before, defaultRenewBefore), cmp.Or(r.Check, defaultRenewalCheck)
	w.Logger = cmp.Or(r.Logger, slog.New(slog.DiscardHandler))
	for {
		w.look(ctx)
		timer := time.NewTimer(w.wait())
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// renewal is the state of a run.
type renewal struct {
	WebhookRenewal

	present Webhook
	due     time.Time // when the successor is; zero if not known
	gap     bool      // changes were lost, and Resync has not succeeded since
}

// wait returns the time to the next check.
func (r *renewal) wait() time.Duration {
	if left := time.Until(r.due); !r.due.IsZero() && left > 0 {
		return min(r.Check, left)
	}
	return r.Check
}

// look creates a successor if it is due, and has changes that were lost made up for. While that
// fails, an ended webhook gets no successor: what stops Resync stops the receiver as well, and
// one after the other would end.
func (r *renewal) look(ctx context.Context) {
	ended, _ := r.ended(ctx)
	if ended && r.gap && !r.resync(ctx) {
		return
	}
	if ended || !r.due.IsZero() && !time.Now().Before(r.due) {
		r.succeed(ctx)
	}
	if r.gap {
		r.resync(ctx)
	}
}

func (r *renewal) resync(ctx context.Context) bool {
	err := ctx.Err()
	if err == nil {
		err = r.Resync(ctx)
	}
	if err != nil {
		r.warn(ctx, "resync", err)
	}
	r.gap = err != nil
	return !r.gap
}

// ended looks at the present webhook and reports whether it delivers no more. With an error that
// is as far as can be told.
func (r *renewal) ended(ctx context.Context) (bool, error) {
	if r.present.ID == "" {
		return true, nil
	}
	webhook, err := r.Webhooks.Get(ctx, r.present.ID)
	switch {
	case errors.Is(err, worktime.ErrNotFound):
		return true, nil
	case err != nil:
		r.warn(ctx, "get", err)
	default:
		webhook.ID = r.present.ID // also if the answer spells it in another way
		r.watch(webhook)
	}
	until := r.present.ValidUntil
	return r.present.Status == WebhookDisabled || !until.IsZero() && !time.Now().Before(until), err
}

// watch takes the state of a webhook. How long webhooks live is not documented: Before must not
// make each one due at its birth.
func (r *renewal) watch(webhook Webhook) {
	if webhook.ID != r.present.ID || !webhook.ValidUntil.Equal(r.present.ValidUntil) {
		r.due = time.Time{}
		if end := webhook.ValidUntil; !end.IsZero() {
			r.due = end.Add(-min(r.Before, max(0, time.Until(end)/2)))
		}
	}
	r.present = webhook
}

// succeed creates a successor. Whether the present webhook lived until then is asked afterwards.
func (r *renewal) succeed(ctx context.Context) {
	successor, err := r.Webhooks.Create(ctx, r.Subscription)
	if err == nil {
		err = r.Created(ctx, successor)
	}
	if err != nil {
		r.warn(ctx, "create", err)
		if successor.ID != "" {
			if err := r.Webhooks.Delete(ctx, successor.ID); err != nil {
				r.warn(ctx, "delete", err)
			}
		}
		return
	}
	ended, err := r.ended(ctx)
	r.gap = r.gap || ended || err != nil
	r.Logger.InfoContext(ctx, "protime: webhook renewed", slog.String("collection", string(r.Subscription.CollectionName)),
		slog.String("id", string(successor.ID)), slog.Bool("gap", r.gap))
	r.watch(successor.Webhook)
}

func (r *renewal) warn(ctx context.Context, step string, err error) {
	if ctx.Err() == nil {
		r.Logger.WarnContext(ctx, "protime: webhook renewal", slog.String("collection", string(r.Subscription.CollectionName)),
			slog.String("id", string(r.present.ID)), slog.String("step", step), slog.Any("error", err))
	}
}

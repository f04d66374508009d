package protime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// defaultMaxBody is ample for a change, and for some thousand of them.
const defaultMaxBody = 1 << 20

// minSecretPath makes a path that cannot be guessed: 32 hexadecimal digits are 128 bits.
const minSecretPath = 32

// WebhookConfig is for the receiver of one webhook, or of several on the same collection. T is
// the type of its records: see [WebhookCollection].
type WebhookConfig[T Record] struct {
	// Handle is told of each change, by several goroutines at once. Required. To return nil is
	// to take the change over for good: save it before. An error or a panic has Protime
	// send it again, and give up the webhook if that goes on for too long; so an error is
	// for what may be better later. ctx ends when Protime hangs up.
	//
	// Changes come in any order, and a change may come more than once, after a restart for
	// example: drop one whose ChangeVersion is not larger than that of what is there.
	Handle func(ctx context.Context, change Change[T]) error
	// Keys are the private keys of the webhooks that deliver here: see [CreatedWebhook.Key].
	// They are used as the bytes that they are: should the vendor's page say that
	// they are Base64, decode them first. None: everything is refused until
	// [WebhookHandler.SetKeys] gives some, which is how the first webhook begins.
	Keys []WebhookSecret
	// Signature says how Protime signs. Required, unless there is a SecretPath.
	Signature WebhookSignature
	// SecretPath takes deliveries unsigned, in place of Keys: whoever knows this path of the URL,
	// of 32 characters at least, can deliver. Then the DestinationURL is a secret too, proxies
	// may log it, and a change is no more than a hint: read the record before using it.
	SecretPath WebhookSecret
	// MaxBodyBytes is the largest body that is read. Default 1 MiB; there is always a limit.
	MaxBodyBytes int64
	// Logger receives what is refused, at warn level, and what fails, at error level; never a
	// body. Nil: no logging.
	Logger *slog.Logger
}

func (c WebhookConfig[T]) check() error {
	if c.Handle == nil {
		return badField("WebhookConfig.Handle", "is required")
	}
	if c.MaxBodyBytes < 0 {
		return badField("WebhookConfig.MaxBodyBytes", "is negative")
	}
	if c.SecretPath == "" {
		if err := checkKeys("WebhookConfig.Keys", c.Keys); err != nil {
			return err
		}
		return c.Signature.check()
	}
	if len(c.Keys) > 0 {
		return badField("WebhookConfig.SecretPath", "is for deliveries without signature, so there must be no Keys")
	}
	if len(c.SecretPath) < minSecretPath || c.SecretPath[0] != '/' {
		return badField("WebhookConfig.SecretPath", fmt.Sprintf("must be the whole path, beginning with a slash, of at least %d characters", minSecretPath))
	}
	return nil
}

func checkKeys(field string, keys []WebhookSecret) error {
	for _, key := range keys {
		if err := key.check(field); err != nil {
			return err
		}
	}
	return nil
}

// WebhookHandler receives the events of a webhook. An event says neither which collection nor
// which webhook it belongs to, so there is one handler for each DestinationURL, and a
// [http.ServeMux] in front of them. Limits on time, and TLS, are those of the [http.Server]: set its
// ReadTimeout.
//
// It answers 204 when each change of a delivery was taken over or had been before. Of the last
// 65,536 changes it knows those that come again by type, id and ChangeVersion, and does not hand
// them to Handle; one without ChangeVersion is handed over each time. Anything else is refused, with
// a status and nothing that the request said.
type WebhookHandler struct {
	secretPath *[sha256.Size]byte // nil: signed
	signature  WebhookSignature
	keys       atomic.Pointer[[]WebhookSecret]
	maxBody    int64
	logger     *slog.Logger
	dispatch   func(ctx context.Context, body []byte) error
}

// NewWebhookHandler checks the configuration and returns a handler. The error is a
// [worktime.FieldError] that names the field.
func NewWebhookHandler[T Record](config WebhookConfig[T]) (*WebhookHandler, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	h := &WebhookHandler{signature: config.Signature, maxBody: config.MaxBodyBytes, logger: config.Logger}
	if h.maxBody == 0 {
		h.maxBody = defaultMaxBody
	}
	if h.logger == nil {
		h.logger = slog.New(slog.DiscardHandler)
	}
	if config.SecretPath != "" {
		digest := sha256.Sum256([]byte(config.SecretPath))
		h.secretPath = &digest
	}
	keys := slices.Clone(config.Keys)
	h.keys.Store(&keys)
	seen := newReplays(remembered)
	h.dispatch = func(ctx context.Context, body []byte) error {
		return deliver(ctx, body, seen, config.Handle)
	}
	return h, nil
}

// SetKeys replaces the keys, also while deliveries come. When a webhook gets a successor, give
// the keys of both until the old one has ended. The error is a [worktime.FieldError]; the
// keys then stay as they are.
func (h *WebhookHandler) SetKeys(keys ...WebhookSecret) error {
	if h.secretPath != nil {
		return badField("keys", "are of no use: this handler has a SecretPath")
	}
	if len(keys) == 0 {
		return badField("keys", "are none: everything would be refused")
	}
	if err := checkKeys("keys", keys); err != nil {
		return err
	}
	keys = slices.Clone(keys)
	h.keys.Store(&keys)
	return nil
}

// refusal is a delivery that is not accepted. Its reason is for the log.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, reason string) error { return &refusal{status, reason} }

// ServeHTTP implements [http.Handler].
func (h *WebhookHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	defer func() {
		if p := recover(); p != nil {
			h.logger.ErrorContext(ctx, "protime: webhook: panic", slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
			answerWebhook(w, http.StatusInternalServerError)
		}
	}()
	err := h.receive(w, r)
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if refused, ok := errors.AsType[*refusal](err); ok {
		h.logger.WarnContext(ctx, "protime: webhook: delivery refused", slog.Int("status", refused.status), slog.String("reason", refused.reason))
		answerWebhook(w, refused.status)
		return
	}
	h.logger.ErrorContext(ctx, "protime: webhook: change not taken over", slog.Any("error", err))
	answerWebhook(w, http.StatusInternalServerError)
}

func answerWebhook(w http.ResponseWriter, status int) {
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost) // RFC 9110, section 15.5.6
	}
	http.Error(w, http.StatusText(status), status)
}

// receive checks a delivery, what is cheap to check first, and hands its changes over.
func (h *WebhookHandler) receive(w http.ResponseWriter, r *http.Request) error {
	if h.secretPath != nil {
		path := sha256.Sum256([]byte(r.URL.Path)) // digests: a comparison shows no lengths either
		if subtle.ConstantTimeCompare(path[:], h.secretPath[:]) != 1 {
			return refuse(http.StatusNotFound, "another path")
		}
	}
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "not a POST")
	}
	if !isJSON(r.Header) {
		return refuse(http.StatusUnsupportedMediaType, "the content is not JSON in UTF-8, or is encoded")
	}
	if r.ContentLength > h.maxBody {
		return refuse(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	var claimed []byte
	if h.secretPath == nil {
		if len(*h.keys.Load()) == 0 {
			return refuse(http.StatusServiceUnavailable, "no key is known yet")
		}
		var err error
		if claimed, err = h.signature.claimed(r); err != nil {
			return refuse(http.StatusForbidden, err.Error())
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return refuse(http.StatusRequestEntityTooLarge, "the body is too large")
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "the body cannot be read")
	}
	if h.secretPath == nil {
		if err := h.signature.verify(r, body, claimed, *h.keys.Load()); err != nil {
			return refuse(http.StatusForbidden, err.Error())
		}
	}
	return h.dispatch(r.Context(), body)
}

// isJSON reports whether a body is said to be JSON as the vendor sends it.
func isJSON(header http.Header) bool {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	if len(header.Values("Content-Type")) != 1 {
		return false
	}
	media, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// deliver hands over the changes of a body, in their order. The first that is not taken over
// ends it; when all are sent again, those before it are known.
func deliver[T Record](ctx context.Context, body []byte, seen *replays, handle func(context.Context, Change[T]) error) error {
	changes, err := readDelivery[T](body)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	for _, change := range changes {
		take := func() error { return handle(ctx, change) }
		id, version := change.Data.version()
		if version == "" { // cannot be told from another change
			err = take()
		} else {
			err = seen.once(ctx, eventOf(change.Type, id, version), take)
		}
		if err != nil {
			return fmt.Errorf("id %d: %w", id, err)
		}
	}
	return nil
}

// readDelivery reads the changes of a body. That each has the form of a poll's is documented,
// whether they come by themselves or as a list is not:
// https://documentation.myprotime.eu/protimeapi/reference/webhooks/
func readDelivery[T Record](body []byte) ([]Change[T], error) {
	if !utf8.Valid(body) {
		return nil, errors.New("the body is not UTF-8")
	}
	var changes []Change[T]
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
		err = json.Unmarshal(body, &changes)
	} else {
		var delivery struct {
			Change[T]

			Value *[]Change[T] `json:"value"`
		}
		err = json.Unmarshal(body, &delivery)
		changes = []Change[T]{delivery.Change}
		if delivery.Value != nil {
			if delivery.Type != "" {
				return nil, errors.New("the body is both a change and a list of changes")
			}
			changes = *delivery.Value
		}
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil, fmt.Errorf("the body has another type than %s at %.60q", mismatch.Type, mismatch.Field)
	}
	if err != nil {
		return nil, errors.New("the body is not JSON, or has a value that is not of its type") // err may quote it
	}
	for i, change := range changes {
		if id, _ := change.Data.version(); change.Type == "" || id < 1 {
			return nil, fmt.Errorf("change %d has no changeType or no id", i)
		}
	}
	return changes, nil
}

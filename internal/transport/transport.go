package transport

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// Class says what happens if an operation is carried out twice.
type Class uint8

// An operation is classed by what it does, not by its method. A once operation must not be a
// GET, which net/http repeats by itself on a connection that died.
const (
	Once       Class = iota // does harm: hours are booked twice
	Idempotent              // leaves the same state
	Safe                    // changes nothing
)

// Outcome is what an answer says about the request's fate.
type Outcome uint8

// A provider's Classify maps an answer to one of these.
const (
	Unknown     Outcome = iota // may have been carried out or not
	Done                       // carried out
	Refused                    // not carried out, and will not be
	Throttled                  // not carried out: too many requests
	Unavailable                // the server failed; may have been carried out
)

// ClassifyStatus is the Outcome by status alone.
func ClassifyStatus(status int) Outcome {
	switch {
	case status >= 200 && status < 300:
		return Done
	case status == http.StatusTooManyRequests:
		return Throttled
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return Unavailable
	default:
		return Refused
	}
}

// Authorizer supplies credentials for the requests of one login.
type Authorizer interface {
	// Authorize returns the value of the Authorization header.
	Authorize(ctx context.Context) (string, error)
	// Refused is told that the server answered 401, with header, to value. It returns
	// the value to try instead, or "" if there is none.
	Refused(ctx context.Context, value string, header http.Header) (string, error)
}

// Call is one request to be made. Do does not modify it.
type Call struct {
	Operation string // for errors and traces
	Class     Class
	Method    string
	URL       *url.URL
	Host      *Host       // the only host it may reach
	Quota     *Quota      // that it counts for; nil: none is told
	Header    http.Header // besides Authorization and User-Agent
	Body      []byte      // nil: none
	Auth      Authorizer  // nil: no credential
	// Classify judges an answer; nil means ClassifyStatus. The body may be cut short.
	Classify func(status int, header http.Header, body []byte) Outcome
	// MaxBytes limits the body of a successful answer; 0 means the client's limit.
	MaxBytes int64
	// Patient replaces the client's per-attempt timeout by 30 s until the request is
	// written and then 2 minutes: giving up on an answer may lose a rotated token.
	Patient bool
}

// Response is a successful answer.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte // until Release
	Attempts   int
	SentAt     time.Time // when the last attempt began
	// Resent: an earlier attempt may have been carried out too.
	Resent bool

	credential string
	buf        *bytes.Buffer
}

// Scrub cuts the credential that was sent out of text of the server's.
func (r *Response) Scrub(text []byte) []byte { return scrub(text, r.credential) }

// Holds reports whether text has the credential that was sent.
func (r *Response) Holds(text string) bool { return holds(text, r.credential) }

// Release gives the body's memory back. Body must not be used afterwards.
func (r *Response) Release() {
	putBuffer(r.buf)
	r.buf, r.Body = nil, nil
}

// Client sends calls with one set of options. Clients of one Family share connections,
// gates and budgets.
type Client struct {
	Observer
	Prefetch int // pages to fetch ahead; 0: none

	family    *Family
	userAgent []string
	timeout   time.Duration // per attempt; 0: none
	retry     retryPolicy
	maxBytes  int64 // of a successful answer; 0: no limit
}

// Do carries out the call. An error is a [Failure], but for one of the Authorizer, which is
// returned as it is.
func (c *Client) Do(ctx context.Context, call *Call) (*Response, error) {
	x := exchange{client: c, call: call}
	defer x.done()
	for {
		if err := x.passGate(ctx); err != nil {
			return nil, err
		}
		if err := x.authorize(ctx); err != nil {
			return nil, err
		}
		if err := call.Host.Check(call.URL); err != nil {
			return nil, x.fail(err)
		}
		if sent, err := x.sendInSlot(ctx); err != nil {
			return nil, err
		} else if !sent {
			continue
		}
		if again, err := x.decide(ctx); err != nil {
			return nil, err
		} else if !again {
			return x.response(), nil
		}
	}
}

// exchange is the state of one Do: its counters and its last attempt.
type exchange struct {
	client *Client
	call   *Call

	credential   string // Authorization value; "" until authorized
	reauthorized bool   // a 401 was answered with another credential
	attempts     int
	failures     int   // attempts that count towards MaxAttempts
	throttles    int   // answers 429
	errors500    int   // answers 500
	resent       bool  // an earlier attempt may have been carried out
	before       error // the sentinel of the attempt before the last
	turn         turn  // of the quota's

	attempt // the last one
}

func (x *exchange) authorize(ctx context.Context) error {
	if x.call.Auth == nil || x.reauthorized {
		return nil
	}
	value, err := x.call.Auth.Authorize(ctx)
	switch {
	case err != nil && ended(err) && ctx.Err() != nil:
		return x.fail(ctx.Err(), x.before)
	case err != nil:
		return err
	case !sendable(value):
		return x.fail(worktime.ErrUnauthorized, errUnsendable)
	}
	x.credential = value
	if err := ctx.Err(); err != nil {
		return x.fail(err, x.before)
	}
	return nil
}

var errUnsendable = errors.New("the credential has characters that no header may have")

func sendable(credential string) bool {
	return !strings.ContainsFunc(credential, func(r rune) bool { return r < ' ' || r > '~' })
}

func (x *exchange) response() *Response {
	return &Response{
		StatusCode: x.status, Header: x.header, Body: x.body, Attempts: x.attempts, SentAt: x.began, Resent: x.resent, credential: x.credential,
		buf: x.buf,
	}
}

// New returns a client for o. The error is a [worktime.FieldError].
func New(family *Family, provider string, o worktime.Options) (*Client, error) {
	if err := validate(provider, o); err != nil {
		return nil, err
	}
	return &Client{
		Observer:  newObserver(provider, o),
		Prefetch:  max(0, orDefault(o.Prefetch, 1)),
		family:    family,
		userAgent: []string{orDefault(o.UserAgent, defaultUserAgent)},
		timeout:   max(0, orDefault(o.Timeout, orDefault(family.timeout, time.Minute))),
		retry:     newRetryPolicy(o.Retry),
		maxBytes:  max(0, orDefault(o.MaxResponseBytes, 32<<20)),
	}, nil
}

const defaultUserAgent = "worktime-go/v1 (github.com/worktime-go/worktime)"

func orDefault[T comparable](value, def T) T {
	var zero T
	if value == zero {
		return def
	}
	return value
}

func validate(provider string, o worktime.Options) error {
	bad := func(field, reason string) error {
		return &worktime.FieldError{Provider: provider, Field: "Options." + field, Reason: reason}
	}
	if o.HTTPClient != nil && o.HTTPClient.CheckRedirect != nil {
		return bad("HTTPClient", "has a CheckRedirect: no redirect is followed, so it would never be called")
	}
	if o.HTTPClient != nil && o.HTTPClient.Jar != nil {
		return bad("HTTPClient", "has a cookie Jar: cookies are not used, since they would be shared between logins")
	}
	if len(o.UserAgent) > 256 || strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return bad("UserAgent", "must be visible ASCII on one line, at most 256 characters")
	}
	return nil
}

package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/worktime-go/worktime"
)

// maxThrottles is how many answers 429 one call waits out. Each wait is as long as the server
// asked, so a tenth refusal means that the quota cannot be shared this way.
const maxThrottles = 10

// retryPolicy is [worktime.RetryPolicy] with its defaults.
type retryPolicy struct {
	maxAttempts int
	off         bool // not even a 429 is waited out
	baseDelay   time.Duration
	maxWait     time.Duration
}

func newRetryPolicy(p worktime.RetryPolicy) retryPolicy {
	return retryPolicy{
		maxAttempts: max(1, orDefault(p.MaxAttempts, 4)),
		off:         p.MaxAttempts < 0,
		baseDelay:   max(0, orDefault(p.BaseDelay, 500*time.Millisecond)),
		maxWait:     max(0, orDefault(p.MaxWait, time.Minute)),
	}
}

// backoff draws the wait before repetition n, from 0: full jitter.
func (p retryPolicy) backoff(n int) time.Duration {
	limit := p.baseDelay << min(n, 20)
	if limit < 0 || limit > p.maxWait {
		limit = p.maxWait
	}
	return time.Duration(rand.Float64() * float64(limit))
}

// outcome is what the last attempt says about the request's fate.
func (x *exchange) outcome() Outcome {
	if x.status == 0 {
		return Unknown
	}
	classify := x.call.Classify
	if classify == nil {
		classify = func(status int, _ http.Header, _ []byte) Outcome { return ClassifyStatus(status) }
	}
	o := classify(x.status, x.header, x.body)
	if o == Done && x.err != nil {
		return Unknown // the status promised an answer that did not come
	}
	return o
}

// decide says what follows the last attempt: success, another attempt after the wait that
// it needs, or a Failure.
func (x *exchange) decide(ctx context.Context) (again bool, err error) {
	o := x.outcome()
	if o == Done {
		x.call.Host.budget.give()
		return false, nil
	}
	if x.status == http.StatusUnauthorized && x.call.Auth != nil && !x.reauthorized {
		return x.reauthorize(ctx)
	}
	if o == Throttled {
		return x.throttled(ctx)
	}
	if err := ctx.Err(); err != nil {
		return false, x.fail(err, x.fate(o), x.before)
	}
	x.failures++
	switch {
	case !resendable(x.call.Class, o, x.status, x.failures, x.unsent), permanent(x.err),
		x.failures >= x.client.retry.maxAttempts, !x.call.Host.budget.take():
		return false, x.failAfter(x.asked(), x.fate(o), x.sentinel(o), x.err)
	}
	x.resent, x.before = x.resent || !x.unsent, x.sentinel(o)
	asked, wait := x.asked(), x.client.retry.backoff(x.failures-1)
	if asked > wait {
		wait = asked + time.Duration(rand.Float64()*jitterShare*float64(asked))
	}
	return true, x.pause(ctx, asked, wait, false)
}

// resendable is the heart of the retry rules: whether a request of this class may be sent
// again after such an outcome. failures counts this one.
func resendable(class Class, o Outcome, status, failures int, unsent bool) bool {
	switch o {
	case Throttled:
		return true // an inference: no vendor says in so many words that a 429 did no work
	case Unknown:
		return class != Once || unsent
	case Unavailable:
		switch status {
		case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
			return false
		case http.StatusInternalServerError:
			return class == Safe || class == Idempotent && failures == 1
		}
		return class != Once
	case Done, Refused:
	}
	return false
}

// fate is ErrUnknownOutcome if a once operation may or may not have been carried out.
func (x *exchange) fate(o Outcome) error {
	switch {
	case x.call.Class != Once, x.attempts == 0:
	case o == Unknown && !x.unsent,
		o == Unavailable && x.status != http.StatusTooEarly, // 425 is sent before processing (RFC 8470, 5.2)
		o == Refused && x.status/100 == 3:                   // a redirect often follows a form that was accepted
		return worktime.ErrUnknownOutcome
	}
	return nil
}

// sentinel is the error that the last attempt stands for.
func (x *exchange) sentinel(o Outcome) error {
	switch {
	case errors.Is(x.err, worktime.ErrTooLarge):
		return nil // x.err says so itself
	case o == Refused && x.status >= 500:
		return worktime.ErrBadRequest
	case o == Unknown:
		return worktime.ErrUnavailable
	default:
		return Sentinel(x.status)
	}
}

// reauthorize asks for another credential after a 401 and repeats the request with it. The
// server did not act, so this goes for every class.
func (x *exchange) reauthorize(ctx context.Context) (again bool, err error) {
	value, err := x.call.Auth.Refused(ctx, x.credential, x.header)
	switch {
	case err != nil && ended(err) && ctx.Err() != nil:
		return false, x.fail(ctx.Err(), worktime.ErrUnauthorized)
	case err != nil:
		return false, err
	case value == "":
		return false, x.fail(worktime.ErrUnauthorized)
	}
	x.credential, x.reauthorized = value, true
	return true, nil
}

// throttled closes the gate for all callers of the host; this one waits there too.
func (x *exchange) throttled(ctx context.Context) (again bool, err error) {
	asked := x.asked()
	x.call.Host.gate.close(time.Now(), orDefault(asked, x.client.retry.backoff(x.throttles)))
	x.throttles, x.before = x.throttles+1, worktime.ErrRateLimited
	switch {
	case ctx.Err() != nil:
		return false, x.failAfter(asked, ctx.Err(), worktime.ErrRateLimited)
	case x.client.retry.off || x.throttles >= maxThrottles:
		return false, x.failAfter(asked, worktime.ErrRateLimited)
	}
	return true, nil
}

// permanent reports that trying again will not help.
func permanent(err error) bool {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &dns) && dns.IsNotFound ||
		errors.As(err, &cert) || errors.As(err, &record) || errors.As(err, &authority) ||
		errors.As(err, &hostname) || errors.As(err, &invalid) ||
		errors.Is(err, worktime.ErrTooLarge)
}

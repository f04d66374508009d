package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
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

// classify is what the last attempt says about the request's fate.
func (x *exchange) classify() Outcome {
	if x.status == 0 {
		return Unknown
	}
	o := ClassifyStatus(x.status)
	if x.call.Classify != nil {
		o = x.call.Classify(x.status, x.header, x.body)
	}
	if o == Done && x.err != nil {
		return Unknown // the status promised an answer that did not come
	}
	return o
}

// decide says what follows the last attempt: success, another attempt after the wait that
// it needs, or a Failure.
func (x *exchange) decide(ctx context.Context) (again bool, err error) {
	if x.outcome == Done {
		x.call.Host.budget.give()
		return false, nil
	}
	if x.status == http.StatusUnauthorized && x.call.Auth != nil && !x.reauthorized {
		return x.reauthorize(ctx)
	}
	if x.outcome == Throttled {
		return x.throttled(ctx)
	}
	if err := ctx.Err(); err != nil {
		if x.outcome != Unknown {
			x.before = x.sentinel()
		}
		return false, x.fail(err, x.fate(), x.before, x.err)
	}
	x.failures++
	if x.status == http.StatusInternalServerError {
		x.errors500++
	}
	asked := x.asked()
	if !resendable(x.call.Class, x.outcome, x.status, x.errors500, x.unsent) || x.final ||
		x.failures >= x.client.retry.maxAttempts || !x.call.Host.budget.take() {
		return false, x.failAfter(asked, x.fate(), x.sentinel(), x.err)
	}
	x.before = x.sentinel()
	wait := x.client.retry.backoff(x.failures - 1)
	if asked > 0 {
		wait = max(asked, asked+time.Duration(rand.Float64()*jitterShare*float64(asked)))
	}
	return true, x.pause(ctx, asked, wait, false)
}

// resendable is the heart of the retry rules: whether a request of this class may be sent
// again after such an outcome. errors500 counts the answers 500, this one included.
func resendable(class Class, o Outcome, status, errors500 int, unsent bool) bool {
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
			return class == Safe || class == Idempotent && errors500 == 1
		}
		return class != Once
	case Done, Refused:
	}
	return false
}

// maybeDone reports whether the last attempt may have been carried out.
func (x *exchange) maybeDone() bool {
	switch x.outcome {
	case Unknown:
		return !x.unsent
	case Unavailable:
		return x.status != http.StatusTooEarly // sent before processing (RFC 8470, section 5.2)
	case Refused:
		return x.status < 200 || x.status/100 == 3 // a redirect often follows a form that was accepted
	case Done, Throttled:
	}
	return x.outcome == Done
}

// fate is ErrUnknownOutcome if a once operation may or may not have been carried out.
func (x *exchange) fate() error {
	if x.call.Class == Once && x.maybeDone() {
		return worktime.ErrUnknownOutcome
	}
	return nil
}

// sentinel is the error that the last attempt stands for.
func (x *exchange) sentinel() error {
	switch {
	case errors.Is(x.err, worktime.ErrTooLarge):
		return nil // x.err says so itself
	case x.outcome == Unknown, x.outcome == Unavailable && x.status < 400:
		return worktime.ErrUnavailable
	case x.outcome == Refused && (x.status < 300 || x.status >= 500):
		return worktime.ErrBadRequest
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
	case !sendable(value):
		return false, x.fail(worktime.ErrUnauthorized, errUnsendable)
	}
	x.credential, x.reauthorized = value, true
	return true, nil
}

// throttled closes the gate for all callers of the host; this one waits there too.
func (x *exchange) throttled(ctx context.Context) (again bool, err error) {
	asked, retry := x.asked(), x.client.retry
	wait := asked
	if asked == 0 {
		// At least a second: whoever says 429 does not want the next request at once.
		wait = min(max(retry.backoff(x.throttles), time.Second), retry.maxWait)
	}
	x.call.Host.gate.close(time.Now(), wait, max(maxClosed, retry.maxWait))
	x.throttles, x.before = x.throttles+1, worktime.ErrRateLimited
	switch {
	case ctx.Err() != nil:
		return false, x.failAfter(asked, ctx.Err(), worktime.ErrRateLimited)
	case retry.off, retry.maxWait == 0, asked > retry.maxWait, x.throttles >= maxThrottles:
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
		errors.Is(err, worktime.ErrTooLarge) ||
		// crypto/tls has no type for it.
		err != nil && strings.Contains(err.Error(), "protocol version")
}

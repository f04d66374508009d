package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

// Failure is what became of a call that did not succeed.
type Failure struct {
	Err        error // a sentinel, joined with what else is known
	StatusCode int   // of the last answer; 0 if none arrived
	Header     http.Header
	Body       []byte // at most 64 KiB
	Outcome    Outcome
	RetryAfter time.Duration
	Attempts   int
	Resent     bool // an attempt before the last may have been carried out

	credential string
}

func (f *Failure) Error() string { return f.Err.Error() }

// Format implements [fmt.Formatter]: without it %#v would show the credential.
func (f *Failure) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(f.Error())) }

// Scrub cuts the credential that was sent out of text of the server's.
func (f *Failure) Scrub(text []byte) []byte { return scrub(text, f.credential) }

const redacted = "[redacted]"

// telling is how many characters of a token give it away: what begins like it was perhaps cut.
const telling = 8

// scrub also finds the spellings that JSON and URL encoders give to the characters of a token.
func scrub(text []byte, credential string) []byte {
	token := secret(credential)
	var out []byte
	rest := 0 // where that begins which is not yet in out
	for i := 0; i < len(text); {
		n, chars := spelled(text[i:], token)
		if chars == 0 || chars < min(telling, len(token)) {
			i++
			continue
		}
		out = append(append(out, text[rest:i]...), redacted...)
		i += n
		rest = i
	}
	if rest == 0 {
		return text
	}
	return append(out, text[rest:]...)
}

// holds reports whether text has the whole credential.
func holds(text, credential string) bool {
	token, b := secret(credential), []byte(text)
	for i := range b {
		if _, chars := spelled(b[i:], token); chars == len(token) {
			return token != ""
		}
	}
	return false
}

// spelled returns how many characters of token the text begins with, and how many bytes they
// take there: each stands for itself, with a few backslashes before it, or as \u00hh or %hh.
func spelled(text []byte, token string) (n, chars int) {
	const nested = 8 // JSON in JSON in JSON
	for i := range len(token) {
		rest := text[n:]
		slashes := 0
		for slashes < min(nested, len(rest)) && rest[slashes] == '\\' {
			slashes++
		}
		switch rest = rest[slashes:]; {
		case len(rest) > 0 && rest[0] == token[i]:
			n += slashes + 1
		case slashes > 0 && len(rest) >= 5 && string(rest[:3]) == "u00" && isHex(rest[3:5], token[i]):
			n += slashes + 5
		case slashes == 0 && len(rest) >= 3 && rest[0] == '%' && isHex(rest[1:3], token[i]):
			n += 3
		default:
			return n, chars
		}
		chars++
	}
	return n, chars
}

// isHex reports whether two digits stand for c.
func isHex(digits []byte, c byte) bool {
	const lower, upper = "0123456789abcdef", "0123456789ABCDEF"
	is := func(digit, nibble byte) bool { return digit == lower[nibble] || digit == upper[nibble] }
	return is(digits[0], c>>4) && is(digits[1], c&15)
}

// secret is the credential without its scheme.
func secret(credential string) string {
	if _, token, ok := strings.Cut(credential, " "); ok {
		return token
	}
	return credential
}

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

func (x *exchange) fail(errs ...error) *Failure { return x.failAfter(0, errs...) }

// failAfter ends the exchange. The last answer stays in the failure, also if it is the
// context that ended the call.
func (x *exchange) failAfter(asked time.Duration, errs ...error) *Failure {
	body := slices.Clone(x.body[:min(len(x.body), errorBody)])
	putBuffer(x.buf)
	x.buf, x.body = nil, nil
	return &Failure{
		Err: Join(errs...), StatusCode: x.status, Header: x.header, Body: body, Outcome: x.outcome,
		RetryAfter: asked, Attempts: x.attempts, Resent: x.resent, credential: x.credential,
	}
}

// Sentinel is the error that a status stands for; nil for 2xx.
func Sentinel(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return worktime.ErrRedirect
	case status == http.StatusUnauthorized:
		return worktime.ErrUnauthorized
	case status == http.StatusPaymentRequired, status == http.StatusForbidden:
		return worktime.ErrForbidden
	case status == http.StatusNotFound, status == http.StatusGone:
		return worktime.ErrNotFound
	case status == http.StatusConflict, status == http.StatusPreconditionFailed:
		return worktime.ErrConflict
	case status == http.StatusTooManyRequests:
		return worktime.ErrRateLimited
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return worktime.ErrUnavailable
	default:
		return worktime.ErrBadRequest
	}
}

// Join is [errors.Join] on one line: nil errors and repetitions are left out.
func Join(errs ...error) error {
	var j joined
	for _, err := range errs {
		if err != nil && !slices.ContainsFunc(j, func(have error) bool { return errors.Is(have, err) }) {
			j = append(j, err)
		}
	}
	switch len(j) {
	case 0:
		return nil
	case 1:
		return j[0]
	}
	return j
}

type joined []error

func (j joined) Error() string {
	texts := make([]string, len(j))
	for i, err := range j {
		texts[i] = err.Error()
	}
	return strings.Join(texts, ": ")
}

func (j joined) Unwrap() []error { return j }

// ended reports whether err is the end of a context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

package worktime

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Sentinels for [errors.Is]. One error may match several: a write whose context ended after
// it was sent is both context.Canceled and ErrUnknownOutcome.
var (
	// ErrBadRequest: the vendor refused the request as it is (400, 405 to 422, a refusal
	// under another status), or this module refused the input before sending it; then
	// a [FieldError] names the field. Change the input.
	ErrBadRequest = errors.New("bad request")
	// ErrUnauthorized: 401 also with a fresh token, or the credentials themselves were
	// refused. Check credentials and scopes.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden: 402 or 403. A scope, a role or a paid feature is missing.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: 404 or 410.
	ErrNotFound = errors.New("not found")
	// ErrConflict: 409 or 412. Someone else changed the object, or it exists already.
	ErrConflict = errors.New("conflict")
	// ErrRateLimited: 429, and waiting is not possible or was not enough. See RetryAfter.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable: 408, 425, 5xx or no answer, also after all repetitions. Try later.
	ErrUnavailable = errors.New("unavailable")
	// ErrLoginRequired: a person must log in again.
	ErrLoginRequired = errors.New("login required")
	// ErrUnknownOutcome: a write was sent, and whether the vendor applied it is unknown.
	// Look before sending it again.
	ErrUnknownOutcome = errors.New("unknown outcome")
	// ErrCrossOrigin: a link or a redirect leads to another scheme, host or port, or out of
	// the API. Nothing was sent there.
	ErrCrossOrigin = errors.New("cross-origin")
	// ErrRedirect: the vendor answered with a redirect. None is followed.
	ErrRedirect = errors.New("redirect")
	// ErrBadResponse: a successful status with a body that cannot be understood.
	ErrBadResponse = errors.New("bad response")
	// ErrPageCycle: a list's next link was seen before.
	ErrPageCycle = errors.New("page cycle")
	// ErrCursorExpired: the vendor no longer knows the position in a list. Start anew.
	ErrCursorExpired = errors.New("cursor expired")
	// ErrTooLarge: the body is larger than [Options.MaxResponseBytes].
	ErrTooLarge = errors.New("response too large")
)

// Error is the failure of one call of a vendor's API. It matches a sentinel by
// [errors.Is] and shows neither credentials nor the body, under whatever verb or encoding.
type Error struct { //nolint:recvcheck // Format and its like are by value: a copy must not show more than the pointer
	Provider  string // "protime", "timelog" or "timeneye"
	Operation string // for example "list clockings"
	Method    string // HTTP method
	Path      string // without query
	// StatusCode is that of the last answer; 0 if none arrived.
	StatusCode int
	// Code, Message and Details are the vendor's words, with credentials cut out.
	Code    string
	Message string
	Details []string
	// RequestID is the vendor's name for the exchange, if it sent one.
	RequestID string
	// RetryAfter is how long to wait before the next call; 0 if the vendor did not say.
	RetryAfter time.Duration
	// Attempts is how often the request was sent; 0 if it was held back.
	Attempts int
	// Body is the beginning of the last answer's body, at most 64 KiB.
	Body []byte
	// Err is the sentinel, joined with the cause if there is one.
	Err error
}

// Error returns one line: where it happened, what the vendor said and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	writeText(&b, "", e.Provider)
	writeText(&b, ": ", e.Operation, e.Method+" "+e.Path)
	writeStatus(&b, e.StatusCode)
	writeText(&b, ": ", saysMore(e.Code, http.StatusText(e.StatusCode)), saysMore(e.Message, http.StatusText(e.StatusCode)), strings.Join(e.Details, "; "))
	if e.Err != nil {
		writeText(&b, ": ", e.Err.Error())
	}
	if e.Attempts == 0 && errors.Is(e.Err, ErrRateLimited) {
		writeText(&b, ": ", "not sent")
	}
	writeFacts(&b, e.RetryAfter, e.Attempts, e.RequestID)
	writeText(&b, "; ", advice(e))
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Format implements [fmt.Formatter] with the text of Error under every verb; by value too, or
// %v of a copy would show the body.
func (e Error) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.Error())) }

// MarshalJSON implements [encoding/json.Marshaler] with the text of Error.
func (e Error) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// LogValue implements [slog.LogValuer].
func (e Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("error", e.Error()), slog.String("provider", oneLine(e.Provider)), slog.String("operation", oneLine(e.Operation)),
		slog.Int("status", e.StatusCode), slog.String("code", oneLine(e.Code)), slog.Int("attempts", e.Attempts))
}

// AuthError is the failure of a login, or of obtaining or renewing a token. The API was
// not called. It matches a sentinel by [errors.Is] and shows no credentials.
type AuthError struct { //nolint:recvcheck // as Error
	Provider  string // "protime", "timelog" or "timeneye"
	Operation string // for example "client credentials"
	// StatusCode is that of the login server's answer; 0 if none arrived.
	StatusCode int
	// Code and Description are the server's error and error_description (RFC 6749,
	// section 5.2), with credentials and unprintable characters cut out.
	Code        string
	Description string
	// Check names the check that an answer to a login or an ID token failed; empty for other failures.
	Check Check
	// RetryAfter is how long to wait before the next try; 0 if the server did not say.
	RetryAfter time.Duration
	// Attempts is how often the request was sent; 0 if it was held back.
	Attempts int
	// Err is the sentinel, joined with the cause if there is one.
	Err error
}

// Error returns one line: where it happened, what the server said and what to do.
func (e *AuthError) Error() string {
	var b strings.Builder
	writeText(&b, "", e.Provider)
	writeText(&b, ": ", e.Operation)
	writeStatus(&b, e.StatusCode)
	if e.Check != "" {
		writeText(&b, ": ", fmt.Sprintf("refused: check %q failed", string(e.Check)))
	}
	writeText(&b, ": ", e.Code, e.Description)
	if e.Err != nil {
		writeText(&b, ": ", e.Err.Error())
	}
	writeFacts(&b, e.RetryAfter, e.Attempts, "")
	writeText(&b, "; ", advice(e))
	return b.String()
}

// Unwrap returns Err.
func (e *AuthError) Unwrap() error { return e.Err }

// Format implements [fmt.Formatter] with the text of Error under every verb.
func (e AuthError) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.Error())) }

// MarshalJSON implements [encoding/json.Marshaler] with the text of Error.
func (e AuthError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// LogValue implements [slog.LogValuer].
func (e AuthError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("error", e.Error()), slog.String("provider", oneLine(e.Provider)), slog.String("operation", oneLine(e.Operation)),
		slog.Int("status", e.StatusCode), slog.String("code", oneLine(e.Code)), slog.String("check", oneLine(string(e.Check))))
}

// Check names one check of the answer to a login (RFC 6749, section 10.12, and RFC 9207) or of an ID token
// (OpenID Connect Core 1.0, sections 3.1.3.7 and 3.3.2); it is the Check of an [AuthError].
type Check string

// The checks, in the order in which they are made.
const (
	CheckState     Check = "state"     // the answer belongs to the login that was begun
	CheckFormat    Check = "format"    // three parts, within the size limit
	CheckAlgorithm Check = "alg"       // an algorithm that was configured
	CheckSignature Check = "signature" // signed by a key of the issuer
	CheckIssuer    Check = "iss"       // the issuer of this login
	CheckAudience  Check = "aud"       // for this client and nobody unknown
	CheckParty     Check = "azp"       // issued to this client
	CheckTime      Check = "time"      // not expired, not from the future
	CheckSubject   Check = "sub"       // names a user, and the same one throughout
	CheckNonce     Check = "nonce"     // answers this login's request
	CheckCodeHash  Check = "c_hash"    // bound to the authorization code
	CheckTokenHash Check = "at_hash"   // bound to the access token
)

// FieldError is input that was refused before anything was sent: a field of a Config, of
// a query or of a model. It matches [ErrBadRequest].
type FieldError struct {
	Provider string // "protime", "timelog" or "timeneye"
	Field    string // for example "Config.Tenant"
	Reason   string // what is wrong with it; never the value of a secret
}

// Error returns one line that names the field.
func (e *FieldError) Error() string {
	var b strings.Builder
	writeText(&b, "", e.Provider)
	writeText(&b, ": ", e.Field+" "+e.Reason)
	return b.String()
}

// Is reports whether target is [ErrBadRequest].
func (e *FieldError) Is(target error) bool { return target == ErrBadRequest }

// advice says what the caller can do about err.
func advice(err error) string {
	for _, a := range []struct {
		is   error
		text string
	}{
		{ErrUnknownOutcome, "it may have been applied: look before sending it again"},
		{ErrLoginRequired, "log in again"},
		{ErrRateLimited, "wait before calling again"},
		{ErrCursorExpired, "start the list anew, without a cursor"},
		{ErrUnauthorized, "check the credentials and their scopes"},
		{ErrForbidden, "check the scopes, the role and the plan of this login"},
		{ErrRedirect, "check the configured URL: no redirect is followed"},
		{ErrTooLarge, "narrow the query or raise Options.MaxResponseBytes"},
		{ErrUnavailable, "try again later"},
		{ErrNotFound, "check what was asked for"},
		{ErrConflict, "read the present state before changing it"},
		{ErrBadRequest, "correct the request"},
		{ErrPageCycle, "report it to the vendor"},
		{ErrCrossOrigin, "report it to the vendor"},
		{ErrBadResponse, "check the configured URL, or report it to the vendor"},
	} {
		if errors.Is(err, a.is) {
			return a.text
		}
	}
	return ""
}

func writeStatus(b *strings.Builder, status int) {
	if status != 0 {
		b.WriteString(strings.TrimRight(fmt.Sprintf(": %d %s", status, http.StatusText(status)), " "))
	}
}

// saysMore returns text, unless it only repeats what is there already: "NotFound".
func saysMore(text, known string) string {
	if strings.EqualFold(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(known, " ", "")) {
		return ""
	}
	return text
}

func writeText(b *strings.Builder, before string, texts ...string) {
	for _, text := range texts {
		if text != "" {
			b.WriteString(before)
			b.WriteString(oneLine(text))
		}
	}
}

func writeFacts(b *strings.Builder, retryAfter time.Duration, attempts int, requestID string) {
	var facts []string
	if retryAfter > 0 {
		facts = append(facts, fmt.Sprintf("retry after %v", (retryAfter+time.Second-1).Truncate(time.Second)))
	}
	if attempts > 1 {
		facts = append(facts, fmt.Sprintf("%d attempts", attempts))
	}
	if requestID != "" {
		facts = append(facts, "request id "+oneLine(requestID))
	}
	if len(facts) > 0 {
		fmt.Fprintf(b, " (%s)", strings.Join(facts, ", "))
	}
}

// oneLine keeps what came from outside from breaking lines or terminals, and short.
func oneLine(s string) string {
	const limit = 400
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) { // also marks that turn the direction of writing
			return ' '
		}
		return r
	}, strings.ToValidUTF8(clip(s, limit), ""))
}

package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// maxAnswer limits a token endpoint's answer.
const maxAnswer = 1 << 20

// maxLifetime is the longest lifetime that is believed; more than this overflows or is a mistake.
const maxLifetime = 366 * 24 * time.Hour

// Endpoint is a vendor's token endpoint (RFC 6749, section 3.2).
type Endpoint struct {
	Client *transport.Client
	URL    *url.URL
	Host   *transport.Host
	// DefaultLifetime is assumed when an answer has no usable expires_in; 0 leaves the
	// expiry unknown.
	DefaultLifetime time.Duration
	// Explain may be nil. It says what to do about a failure, nil if it has nothing to say.
	Explain func(*transport.Failure) error
}

// Field is one field of a token request. They are sent in the vendor's order.
type Field struct {
	Name, Value string
	Secret      bool // cut out of whatever the server answers
}

// post sends form. Each field is sent once and empty ones are left out (RFC 6749, section 3.2); the
// client authenticates in the body, which is what the vendors document, and nothing is probed.
func (e *Endpoint) post(ctx context.Context, operation string, class transport.Class, form []Field) (*transport.Response, error) {
	var body strings.Builder
	for _, f := range form {
		if f.Value == "" {
			continue
		}
		if body.Len() > 0 {
			body.WriteByte('&')
		}
		body.WriteString(f.Name + "=" + url.QueryEscape(f.Value))
	}
	return e.Client.Do(ctx, &transport.Call{
		Operation: operation, Class: class, Method: http.MethodPost, URL: e.URL, Host: e.Host,
		Header: http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}},
		Body:   []byte(body.String()), MaxBytes: maxAnswer, Patient: true,
	})
}

// exchange posts form and reads the token of the answer. Beside an error it returns what could
// be read of a successful status, or nil.
func (e *Endpoint) exchange(ctx context.Context, operation string, class transport.Class, form []Field) (*tokenstore.Record, error) {
	resp, err := e.post(ctx, operation, class, form)
	if err != nil {
		var record *tokenstore.Record
		var f *transport.Failure
		if errors.As(err, &f) && f.StatusCode/100 == 2 { // an answer that was cut short
			record, _ = readToken(f.Body, time.Now(), e.DefaultLifetime)
		}
		return record, e.refused(operation, form, err)
	}
	defer resp.Release()
	record, err := readToken(resp.Body, resp.SentAt, e.DefaultLifetime)
	if err != nil {
		return record, &worktime.AuthError{
			Provider: e.Client.Provider(), Operation: operation, StatusCode: resp.StatusCode, Attempts: resp.Attempts,
			Err: transport.Join(worktime.ErrBadResponse, err),
		}
	}
	return record, nil
}

// readToken reads a successful answer (RFC 6749, section 5.1). Members of another type than
// they should have are treated as absent, unknown ones ignored. Of an answer that cannot be
// used it returns what there is, for the refresh token in it.
func readToken(body []byte, asked time.Time, defaultLifetime time.Duration) (*tokenstore.Record, error) {
	members, err := readMembers(body)
	r := &tokenstore.Record{
		AccessToken: text(members["access_token"]), RefreshToken: text(members["refresh_token"]), IDToken: text(members["id_token"]),
		TokenType: text(members["token_type"]), Scope: text(members["scope"]),
		// Stripped of the monotonic clock, which stops while a machine sleeps.
		IssuedAt: asked.Round(0),
	}
	if d := lifetime(members["expires_in"], defaultLifetime); d > 0 {
		r.Expiry = r.IssuedAt.Add(d)
	}
	switch {
	case err != nil:
		return r, err
	case r.AccessToken == "":
		return r, errors.New("the answer has no access_token")
	case !visible(r.AccessToken):
		return r, errors.New("the access_token has characters that no header may have")
	case r.TokenType != "" && !strings.EqualFold(r.TokenType, "Bearer"):
		return r, errors.New("the token_type is not Bearer") // its text may be a token
	}
	return r, nil
}

// readMembers returns the members of a JSON object, of a broken one those before the break.
func readMembers(body []byte) (map[string]json.RawMessage, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // .NET servers send a byte order mark (RFC 8259, section 8.1)
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) == nil && members != nil {
		return members, nil
	}
	err := errors.New("the answer is not a JSON object") // the error of encoding/json may quote a token
	members = map[string]json.RawMessage{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	if start, _ := decoder.Token(); start != json.Delim('{') {
		return nil, err
	}
	for decoder.More() {
		var value json.RawMessage
		name, _ := decoder.Token()
		key, ok := name.(string)
		if !ok || decoder.Decode(&value) != nil {
			break
		}
		members[key] = value
	}
	return members, err
}

func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s) // another type counts as absent
	return s
}

// lifetime reads expires_in: servers send an integer, a fraction or a string. Without a
// positive number the default serves, and a 401 corrects it.
func lifetime(raw json.RawMessage, def time.Duration) time.Duration {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	switch {
	case (err != nil && !math.IsInf(f, 1)) || math.IsNaN(f) || f <= 0:
		return def
	case f >= maxLifetime.Seconds():
		return maxLifetime
	}
	return time.Duration(f * float64(time.Second))
}

// refused makes an AuthError of a failed exchange.
func (e *Endpoint) refused(operation string, form []Field, err error) error {
	out := &worktime.AuthError{Provider: e.Client.Provider(), Operation: operation, Err: err}
	var f *transport.Failure
	if !errors.As(err, &f) {
		return out
	}
	out.StatusCode, out.RetryAfter, out.Attempts, out.Err = f.StatusCode, f.RetryAfter, f.Attempts, f.Err
	if e.Explain != nil {
		if why := e.Explain(f); why != nil {
			out.Err = transport.Join(out.Err, hint(why.Error()))
		}
	}
	// Only what is a well-formed OAuth error is believed: a captive portal or a gateway
	// answers 400 and 401 too.
	var members map[string]json.RawMessage
	_ = json.Unmarshal(f.Body, &members)
	code := text(members["error"])
	if code == "" {
		return out
	}
	out.Code, out.Description = told(code, form, 100), told(text(members["error_description"]), form, 300)
	if f.StatusCode == http.StatusBadRequest || f.StatusCode == http.StatusUnauthorized {
		out.Err = oauthSentinel(code, f.Err)
	}
	return out
}

// hint is what Endpoint.Explain said.
type hint string

func (h hint) Error() string { return string(h) }

// hinted returns the hint in err, nil if there is none.
func hinted(err error) error {
	if h, ok := errors.AsType[hint](err); ok {
		return h
	}
	return nil
}

// oauthSentinel maps the codes of RFC 6749, section 5.2.
func oauthSentinel(code string, otherwise error) error {
	switch code {
	case "invalid_client", "unauthorized_client":
		return worktime.ErrUnauthorized
	case "invalid_grant":
		return worktime.ErrLoginRequired
	case "invalid_request", "invalid_scope", "unsupported_grant_type":
		return worktime.ErrBadRequest
	default:
		return otherwise
	}
}

const redacted = "[redacted]"

// told is what the server said, fit to be shown: printable, without the secrets of the
// request. A text that shows the better part of one, in an encoding we do not know, is withheld.
func told(s string, form []Field, limit int) string {
	s = printable(s, len(s))
	for _, f := range form {
		if !f.Secret || f.Value == "" {
			continue
		}
		for _, spelling := range []string{f.Value, printable(f.Value, len(f.Value)), url.QueryEscape(f.Value)} {
			if spelling != "" {
				s = strings.ReplaceAll(s, spelling, redacted)
			}
		}
		notWord := func(r rune) bool { return r > '~' || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
		shown, all := 0, 0
		for word := range strings.FieldsFuncSeq(f.Value, notWord) {
			if len(word) < 4 {
				continue
			}
			if all += len(word); strings.Contains(s, word) {
				shown += len(word)
			}
		}
		if 2*shown > all {
			return redacted
		}
	}
	return printable(s, limit)
}

// visible reports whether s can be sent as a credential (RFC 6750, section 2.1, and more).
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// printable cuts s to its printable ASCII, which is all that RFC 6749, section 5.2, allows, and
// to limit.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), limit)]
}

package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// Client is what all operations of a provider's client need.
type Client struct {
	Transport *transport.Client
	Host      *transport.Host
	Quota     *transport.Quota // of the login; nil: the vendor tells none
	Base      *url.URL         // origin and path prefix, without a slash at the end
	Auth      transport.Authorizer
	Vendor    Vendor
	// Locate finds Base and Host if they are nil: a vendor may tell them only after the login.
	Locate func(ctx context.Context) (*url.URL, *transport.Host, error)
}

// Vendor is how a vendor answers.
type Vendor struct {
	// Classify judges an answer to op; nil means by status.
	Classify func(op Op, status int, header http.Header, body []byte) transport.Outcome
	// Explain reads the vendor's words out of an unsuccessful answer, whatever its shape.
	Explain func(body []byte) (code, message string, details []string)
	// Amend adds to the error of an unsuccessful answer what only the vendor's package knows; nil: nothing.
	Amend func(op Op, e *worktime.Error)
	// Expired reports that a link to a further page was answered with a status that
	// means the vendor no longer knows the position.
	Expired func(status int) bool
}

// Op is one operation of the vendor's API.
type Op struct {
	Name   string // for errors and traces: "list clockings"
	Class  transport.Class
	Method string
	Path   string // relative to the base, with {names} for the arguments
	NoBody bool   // the header of the answer says all: a body that breaks off loses nothing
}

// Answer is what a successful operation returned.
type Answer struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	Resent     bool // an earlier attempt may have been carried out too

	response *transport.Response
}

// Get carries out op and decodes its answer.
func Get[T any](ctx context.Context, c *Client, op Op, query any, args ...string) (T, error) {
	var out T
	err := c.Send(ctx, op, query, nil, func(a Answer) error { return Decode(a, &out) }, args...)
	return out, err
}

// Send carries out op and hands its answer to read, whose error is an answer that cannot be
// understood. The answer's body is only valid in read. The args replace the names of the
// path template in their order.
func (c *Client) Send(ctx context.Context, op Op, query, body any, read func(Answer) error, args ...string) error {
	path, err := expand(op.Path, args)
	if err != nil {
		return c.BadField("path", err.Error())
	}
	values, err := Values(query)
	if err != nil {
		return c.BadField("query", err.Error())
	}
	payload, err := encodeBody(body)
	if err != nil {
		return c.BadField("body", err.Error())
	}
	if c, err = c.located(ctx, op, path); err != nil {
		return err
	}
	return c.send(ctx, op, c.url(path, values), payload, read)
}

// located returns the client with the place of the API.
func (c *Client) located(ctx context.Context, op Op, path string) (*Client, error) {
	if c.Base != nil {
		return c, nil
	}
	base, host, err := c.Locate(ctx)
	if err != nil {
		return nil, c.stopped(op, c.url(path, nil), err)
	}
	found := *c
	found.Base, found.Host = base, host
	return &found, nil
}

// url returns the URL of an escaped path.
func (c *Client) url(path string, values url.Values) *url.URL {
	var u url.URL // for errors, if the place of the API is not known
	if c.Base != nil {
		u = *c.Base
	}
	u.RawPath = u.EscapedPath() + path
	u.Path, _ = url.PathUnescape(u.RawPath) // escaped by expand, or checked by Do
	u.RawQuery = Encode(values)
	return &u
}

func (c *Client) send(ctx context.Context, op Op, u *url.URL, body []byte, read func(Answer) error) error {
	header := http.Header{"Accept": {"application/json"}}
	if body != nil {
		header["Content-Type"] = []string{"application/json"}
	}
	call := &transport.Call{
		Operation: op.Name, Class: op.Class, Method: op.Method, URL: u, Host: c.Host, Quota: c.Quota,
		Header: header, Body: body, Auth: c.Auth,
	}
	if c.Vendor.Classify != nil {
		call.Classify = func(status int, header http.Header, body []byte) transport.Outcome {
			return c.Vendor.Classify(op, status, header, body)
		}
	}
	resp, err := c.Transport.Do(ctx, call)
	if err != nil {
		f, ok := errors.AsType[*transport.Failure](err)
		if ok && op.NoBody && f.StatusCode/100 == 2 && read(Answer{StatusCode: f.StatusCode, Header: f.Header, Resent: f.Resent}) == nil {
			return nil
		}
		return c.unsuccessful(op, u, err)
	}
	defer resp.Release()
	if err := read(Answer{resp.StatusCode, resp.Header, resp.Body, resp.Resent, resp}); err != nil {
		return c.unreadable(op, u, resp, err)
	}
	return nil
}

// unsuccessful says what an error of the transport means for the operation.
func (c *Client) unsuccessful(op Op, u *url.URL, err error) error {
	var failure *transport.Failure
	switch {
	case errors.As(err, &failure) && op.Method == http.MethodDelete && failure.Resent && failure.StatusCode == http.StatusNotFound:
		return nil // the attempt before was carried out after all
	case errors.As(err, &failure):
		return c.failed(op, u, failure)
	}
	return c.stopped(op, u, err)
}

// failed maps a failed exchange, with the credential cut out of the vendor's words.
func (c *Client) failed(op Op, u *url.URL, f *transport.Failure) *worktime.Error {
	e := c.newError(op, u, f.Err)
	e.StatusCode, e.RetryAfter, e.Attempts = f.StatusCode, f.RetryAfter, f.Attempts
	clean := func(s string) string { return string(f.Scrub([]byte(s))) }
	e.RequestID = clean(requestID(f.Header))
	e.Body = f.Scrub(f.Body)
	if c.Vendor.Explain != nil {
		e.Code, e.Message, e.Details = c.Vendor.Explain(f.Body)
		e.Code, e.Message = clean(e.Code), clean(e.Message)
		for i, detail := range e.Details {
			e.Details[i] = clean(detail)
		}
	}
	if c.Vendor.Amend != nil {
		c.Vendor.Amend(op, e)
	}
	return e
}

// unreadable is a successful answer that cannot be understood. A write was probably carried out.
func (c *Client) unreadable(op Op, u *url.URL, resp *transport.Response, cause error) *worktime.Error {
	var fate error
	if op.Class == transport.Once {
		fate = worktime.ErrUnknownOutcome
	}
	if text := []byte(cause.Error()); !bytes.Equal(text, resp.Scrub(text)) {
		cause = errors.New(string(resp.Scrub(text)))
	}
	e := c.newError(op, u, transport.Join(fate, worktime.ErrBadResponse, cause))
	e.StatusCode, e.Attempts, e.RequestID = resp.StatusCode, resp.Attempts, string(resp.Scrub([]byte(requestID(resp.Header))))
	e.Body = bytes.Clone(resp.Scrub(resp.Body[:min(len(resp.Body), 64<<10)])) // which also finds a credential cut short
	return e
}

// stopped wraps the end of a context; other errors, which are those of the login, pass.
func (c *Client) stopped(op Op, u *url.URL, err error) error {
	if _, ok := errors.AsType[*worktime.AuthError](err); ok {
		return err
	}
	return c.newError(op, u, err)
}

func (c *Client) newError(op Op, u *url.URL, err error) *worktime.Error {
	return &worktime.Error{Provider: c.Transport.Provider(), Operation: op.Name, Method: op.Method, Path: u.EscapedPath(), Err: err}
}

// BadField returns the error for input that is refused before it is sent.
func (c *Client) BadField(field, reason string) error {
	return &worktime.FieldError{Provider: c.Transport.Provider(), Field: field, Reason: reason}
}

// requestID looks in the fields in which servers commonly name an exchange; the vendors
// document none.
func requestID(header http.Header) string {
	for _, name := range []string{"X-Request-Id", "Request-Id", "X-Correlation-Id", "Traceparent"} {
		if id := header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// Decode reads a JSON answer into out.
func Decode(a Answer, out any) error {
	if err := CheckJSON(a); err != nil {
		return err
	}
	return json.Unmarshal(a.Body, out)
}

// CheckJSON refuses what is not meant to be JSON, such as the page of a proxy.
func CheckJSON(a Answer) error {
	if len(bytes.TrimSpace(a.Body)) == 0 {
		return errors.New("the body is empty")
	}
	contentType := a.Header.Get("Content-Type")
	if contentType == "" || contentType == "application/json" || strings.HasPrefix(contentType, "application/json;") {
		return nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err == nil && (media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json")) {
		return nil
	}
	return fmt.Errorf("the content type is %.60q, not JSON", contentType)
}

// encodeBody returns nil for no body.
func encodeBody(body any) ([]byte, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case []byte:
		return b, nil
	case json.RawMessage:
		return b, nil
	case io.Reader:
		return nil, errors.New("is an io.Reader, which could not be sent again: read it first")
	default:
		return json.Marshal(b)
	}
}

// expand puts the escaped args into the names of a path template.
func expand(template string, args []string) (string, error) {
	var b strings.Builder
	for _, arg := range args {
		before, rest, ok := strings.Cut(template, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return "", errors.New("has fewer places than arguments")
		}
		if arg == "" || dotSegment(arg) || strings.ContainsFunc(arg, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fmt.Errorf("argument %s is empty or has dot segments or control characters", name)
		}
		b.WriteString(before)
		b.WriteString(url.PathEscape(arg))
		template = after
	}
	if strings.Contains(template, "{") {
		return "", errors.New("has more places than arguments")
	}
	b.WriteString(template)
	return b.String(), nil
}

package worktime

import "net/url"

// Request is a call that has no typed method: the argument of a client's Do. It gets the
// same credentials, retries and errors as the typed ones, and can only reach the
// vendor's own API.
type Request struct {
	// Method is an HTTP method; empty means GET.
	Method string
	// Path is relative to the API's base and begins with a slash, such as "/clockings".
	// It is sent as it stands, so escape what is data with [url.PathEscape]. A "..", a
	// host, a query and a fragment are refused.
	Path string
	// Query is encoded in the way the vendors document. A parameter whose value is empty
	// is sent as a bare flag.
	Query url.Values
	// Body is sent as JSON: a []byte or [encoding/json.RawMessage] as it is, any other
	// value by [encoding/json.Marshal]. Nil: no body.
	Body any
	// Idempotent says that sending the request twice does no harm, so that it may be
	// resent when its outcome is unknown. GET and HEAD need no such word.
	Idempotent bool
}

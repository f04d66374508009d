package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// Do carries out a request that has no typed method. The answer is decoded into out, unless
// out is nil; a *[]byte receives the body as it is.
func (c *Client) Do(ctx context.Context, r worktime.Request, out any) error {
	op := Op{Name: "request", Method: strings.ToUpper(r.Method), Path: r.Path}
	if op.Method == "" {
		op.Method = http.MethodGet
	}
	switch {
	case op.Method == http.MethodGet, op.Method == http.MethodHead:
		op.Class = transport.Safe
	case r.Idempotent:
		op.Class = transport.Idempotent
	}
	if strings.ContainsFunc(op.Method, func(r rune) bool { return r < 'A' || r > 'Z' }) {
		return c.BadField("Request.Method", "must be an HTTP method")
	}
	if reason := badPath(r.Path); reason != "" {
		return c.BadField("Request.Path", reason)
	}
	body, err := encodeBody(r.Body)
	if err != nil {
		return c.BadField("Request.Body", err.Error())
	}
	if v := reflect.ValueOf(out); out != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return c.BadField("out", "must be a pointer that is not nil")
	}
	if c, err = c.located(ctx, op, r.Path); err != nil {
		return err
	}
	return c.send(ctx, op, c.url(r.Path, r.Query), body, func(a Answer) error {
		switch out := out.(type) {
		case nil:
			return nil
		case *[]byte:
			*out = slices.Clone(a.Body)
			return nil
		case *json.RawMessage:
			*out = slices.Clone(a.Body)
			return nil
		default:
			return Decode(a, out)
		}
	})
}

// badPath says what is wrong with an escaped path below the base, if anything is.
func badPath(path string) string {
	plain, err := url.PathUnescape(path)
	switch {
	case !strings.HasPrefix(path, "/"):
		return "must begin with a slash"
	case err != nil:
		return "has a % without two hexadecimal digits: escape data with url.PathEscape"
	case (&url.URL{Path: plain, RawPath: path}).EscapedPath() != path:
		// net/url would write it in another way, and so perhaps name another resource.
		return "has characters that a path may not have: escape data with url.PathEscape, and put the query in Query"
	case dotSegment(plain) || strings.Contains(path, "//"):
		return `must not have "." or ".." or empty segments`
	}
	return ""
}

// dotSegment reports whether an unescaped path has a segment that a server might resolve,
// also one whose slashes were escaped or written backwards, or that has parameters (";…"),
// which some servers drop first.
func dotSegment(plain string) bool {
	for segment := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment, _, _ = strings.Cut(segment, ";"); segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

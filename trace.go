package worktime

import (
	"context"
	"time"
)

// Trace is a set of functions that a client calls as it works, in the manner of
// [net/http/httptrace.ClientTrace]. Any of them may be nil. They may be called from
// several goroutines at once and should return quickly. They are told operations by name
// ("list clockings"), never a URL, a header or a body.
type Trace struct {
	// RequestStart is called before each request, repetitions included.
	RequestStart func(context.Context, RequestStartInfo)
	// RequestEnd is called when the answer has been read, or the request has failed.
	RequestEnd func(context.Context, RequestEndInfo)
	// Retry is called when a request is sent again, after the wait for it.
	Retry func(context.Context, RetryInfo)
	// Wait is called before a pause: a back-off, or the time a vendor asked for.
	Wait func(context.Context, WaitInfo)
	// TokenRefreshed is called after each attempt to obtain an access token.
	TokenRefreshed func(context.Context, TokenRefreshedInfo)
	// Page is called for each page of a list, before its items are yielded.
	Page func(context.Context, PageInfo)
}

// RequestStartInfo describes a request about to be sent.
type RequestStartInfo struct {
	Provider  string // "protime", "timelog" or "timeneye"
	Operation string // for example "list clockings"
	Method    string // HTTP method
	Attempt   int    // 1 for the first
}

// RequestEndInfo describes a request that has come to its end.
type RequestEndInfo struct {
	Provider   string
	Operation  string
	Method     string
	Attempt    int
	StatusCode int           // 0 if no answer arrived
	Duration   time.Duration // until the body was read
	Bytes      int           // of the body, after decompression
	Err        error         // why no answer arrived, or could not be read
}

// RetryInfo describes why a request is sent again.
type RetryInfo struct {
	Provider   string
	Operation  string
	Attempt    int // the attempt that failed
	StatusCode int // 0 if no answer arrived
	Err        error
}

// WaitInfo describes a pause.
type WaitInfo struct {
	Provider  string
	Operation string
	Duration  time.Duration
	// RateLimited is true for a pause that follows a 429, of this call or another one
	// of the same client.
	RateLimited bool
}

// TokenRefreshedInfo describes an attempt to obtain an access token.
type TokenRefreshedInfo struct {
	Provider string
	Duration time.Duration
	Expiry   time.Time // zero if unknown or failed
	Err      error
}

// PageInfo describes a page of a list.
type PageInfo struct {
	Provider  string
	Operation string
	Index     int // 0 for the first page of this walk
	Items     int
	Last      bool
}

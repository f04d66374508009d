package worktime

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Options are the settings that all providers share. The zero value is ready for use,
// but for Protime, which demands a UserAgent. In each field zero means the default and a
// negative value means off.
type Options struct {
	// HTTPClient serves every request: API, token endpoint, keys. Only its Transport and
	// Timeout are used, and it is not modified: redirects are never followed, so a
	// CheckRedirect is refused, and so is a Jar. Default: a client of our own with
	// the settings of [http.DefaultTransport].
	HTTPClient *http.Client
	// UserAgent is sent with every request; visible ASCII. Protime demands the form
	// "Service/Version (Company)". Default: a name of this module.
	UserAgent string
	// Timeout limits each attempt of a request, until its answer has been read. Default:
	// HTTPClient.Timeout if that is set, else 60 s. Negative: no limit but the context's.
	Timeout time.Duration
	// Retry says how often and how patiently failed requests are sent again.
	Retry RetryPolicy
	// Logger receives what Trace reports, at debug level, failures of the login at warn level. Nil: no logging.
	Logger *slog.Logger
	// Trace is told what the client does. Nil: no tracing.
	Trace *Trace
	// MaxResponseBytes limits the body of one answer, counted after decompression. A
	// larger one is [ErrTooLarge]. Default 32 MiB. Negative: no limit.
	MaxResponseBytes int64
	// Prefetch is how many pages of a list are fetched ahead while one is consumed.
	// Default 1. Negative: none. Leaving a loop early may have cost that many requests.
	Prefetch int
}

// redacted is what Options shows of itself. An http.Client may hold proxies with
// passwords and transports with tokens, so only its presence is shown.
type redacted struct {
	HTTPClient       bool          `json:"httpClient"`
	UserAgent        string        `json:"userAgent"`
	Timeout          time.Duration `json:"timeout"`
	Retry            RetryPolicy   `json:"retry"`
	Logger           bool          `json:"logger"`
	Trace            bool          `json:"trace"`
	MaxResponseBytes int64         `json:"maxResponseBytes"`
	Prefetch         int           `json:"prefetch"`
}

func (o Options) redact() redacted {
	return redacted{o.HTTPClient != nil, o.UserAgent, o.Timeout, o.Retry, o.Logger != nil, o.Trace != nil, o.MaxResponseBytes, o.Prefetch}
}

// Format implements [fmt.Formatter] without the insides of HTTPClient.
func (o Options) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%+v", o.redact()) }

// LogValue implements [slog.LogValuer] without the insides of HTTPClient.
func (o Options) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(o)) }

// MarshalJSON implements [json.Marshaler] without the insides of HTTPClient.
func (o Options) MarshalJSON() ([]byte, error) { return json.Marshal(o.redact()) }

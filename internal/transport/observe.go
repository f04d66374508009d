package transport

import (
	"context"
	"log/slog"
	"time"

	"github.com/worktime-go/worktime"
)

// Observer reports what happens to the caller's Trace and Logger. What is not asked for
// costs a nil check.
type Observer struct {
	provider string
	trace    worktime.Trace
	log      *slog.Logger
}

func newObserver(provider string, o worktime.Options) Observer {
	obs := Observer{provider: provider, log: o.Logger}
	if o.Trace != nil {
		obs.trace = *o.Trace
	}
	return obs
}

// Provider returns the provider's name.
func (o *Observer) Provider() string { return o.provider }

func (o *Observer) logs(ctx context.Context, level slog.Level) bool {
	return o.log != nil && o.log.Enabled(ctx, level)
}

func (o *Observer) emit(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	o.log.LogAttrs(ctx, level, message, append([]slog.Attr{slog.String("provider", o.provider)}, attrs...)...)
}

func (o *Observer) requestStart(ctx context.Context, call *Call, attempt int) {
	if o.trace.RequestStart != nil {
		o.trace.RequestStart(ctx, worktime.RequestStartInfo{
			Provider: o.provider, Operation: call.Operation, Method: call.Method, Attempt: attempt,
		})
	}
	if o.logs(ctx, slog.LevelDebug) {
		o.emit(ctx, slog.LevelDebug, "request", slog.String("operation", call.Operation),
			slog.String("method", call.Method), slog.Int("attempt", attempt))
	}
}

func (o *Observer) requestEnd(ctx context.Context, call *Call, x *exchange, d time.Duration) {
	if o.trace.RequestEnd != nil {
		o.trace.RequestEnd(ctx, worktime.RequestEndInfo{
			Provider: o.provider, Operation: call.Operation, Method: call.Method, Attempt: x.attempts,
			StatusCode: x.status, Duration: d, Bytes: len(x.body), Err: x.err,
		})
	}
	if o.logs(ctx, slog.LevelDebug) {
		o.emit(ctx, slog.LevelDebug, "answer", slog.String("operation", call.Operation), slog.Int("attempt", x.attempts),
			slog.Int("status", x.status), slog.Duration("duration", d), slog.Int("bytes", len(x.body)), errAttr(x.err))
	}
}

func (o *Observer) retrying(ctx context.Context, call *Call, x *exchange) {
	if o.trace.Retry != nil {
		o.trace.Retry(ctx, worktime.RetryInfo{
			Provider: o.provider, Operation: call.Operation, Attempt: x.attempts, StatusCode: x.status, Err: x.err,
		})
	}
	if o.logs(ctx, slog.LevelDebug) {
		o.emit(ctx, slog.LevelDebug, "retry", slog.String("operation", call.Operation), slog.Int("attempt", x.attempts),
			slog.Int("status", x.status), errAttr(x.err))
	}
}

func (o *Observer) wait(ctx context.Context, call *Call, d time.Duration, limited bool) {
	if o.trace.Wait != nil {
		o.trace.Wait(ctx, worktime.WaitInfo{
			Provider: o.provider, Operation: call.Operation, Duration: d, RateLimited: limited,
		})
	}
	if o.logs(ctx, slog.LevelDebug) {
		o.emit(ctx, slog.LevelDebug, "wait", slog.String("operation", call.Operation),
			slog.Duration("duration", d), slog.Bool("rateLimited", limited))
	}
}

// TokenRefreshed reports an attempt to obtain an access token.
func (o *Observer) TokenRefreshed(ctx context.Context, d time.Duration, expiry time.Time, err error) {
	if o.trace.TokenRefreshed != nil {
		o.trace.TokenRefreshed(ctx, worktime.TokenRefreshedInfo{Provider: o.provider, Duration: d, Expiry: expiry, Err: err})
	}
	switch {
	case err == nil && o.logs(ctx, slog.LevelDebug):
		o.emit(ctx, slog.LevelDebug, "token refreshed", slog.Duration("duration", d), slog.Time("expiry", expiry))
	case err != nil && o.logs(ctx, slog.LevelWarn):
		o.emit(ctx, slog.LevelWarn, "token refresh failed", slog.Duration("duration", d), errAttr(err))
	}
}

// LoginFailed reports that a web application could not log a person in.
func (o *Observer) LoginFailed(ctx context.Context, err error) {
	if o.logs(ctx, slog.LevelWarn) {
		o.emit(ctx, slog.LevelWarn, "login failed", errAttr(err))
	}
}

// Page reports a page of a list.
func (o *Observer) Page(ctx context.Context, operation string, index, items int, last bool) {
	if o.trace.Page != nil {
		o.trace.Page(ctx, worktime.PageInfo{Provider: o.provider, Operation: operation, Index: index, Items: items, Last: last})
	}
	if o.logs(ctx, slog.LevelDebug) {
		o.emit(ctx, slog.LevelDebug, "page", slog.String("operation", operation), slog.Int("index", index),
			slog.Int("items", items), slog.Bool("last", last))
	}
}

func errAttr(err error) slog.Attr {
	if err == nil {
		return slog.Attr{}
	}
	return slog.String("error", err.Error())
}

package transport

import (
	"context"
	"net/http/httptrace"
)

// fire reports events to the httptrace of ctx, if it has one.
func fire(ctx context.Context, events []string) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	for _, event := range events {
		switch {
		case event == "GetConn" && trace.GetConn != nil:
			trace.GetConn("127.0.0.1:80")
		case event == "GotConn" && trace.GotConn != nil:
			trace.GotConn(httptrace.GotConnInfo{})
		case event == "WroteRequest" && trace.WroteRequest != nil:
			trace.WroteRequest(httptrace.WroteRequestInfo{})
		}
	}
}

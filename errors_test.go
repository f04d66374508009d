package worktime_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

var sentinels = []error{
	worktime.ErrBadRequest, worktime.ErrUnauthorized, worktime.ErrForbidden, worktime.ErrNotFound, worktime.ErrConflict,
	worktime.ErrRateLimited, worktime.ErrUnavailable, worktime.ErrLoginRequired, worktime.ErrUnknownOutcome,
	worktime.ErrCrossOrigin, worktime.ErrRedirect, worktime.ErrBadResponse, worktime.ErrPageCycle, worktime.ErrCursorExpired,
	worktime.ErrTooLarge,
}

func TestSentinelsAreTellableApart(t *testing.T) {
	for i, a := range sentinels {
		for j, b := range sentinels {
			assert.Equal(t, i == j, errors.Is(a, b), "%v and %v", a, b)
		}
	}
}

func TestErrorsIs(t *testing.T) {
	cause := errors.New("cause")
	for _, sentinel := range sentinels {
		joined := errors.Join(sentinel, context.Canceled, cause)
		for _, err := range []error{
			&worktime.Error{Err: sentinel}, &worktime.AuthError{Err: sentinel},
			&worktime.Error{Err: joined}, &worktime.AuthError{Err: joined},
		} {
			wrapped := fmt.Errorf("sync: %w", err)
			for _, other := range sentinels {
				assert.Equal(t, other == sentinel, errors.Is(wrapped, other), "%v and %v", err, other)
			}
			whole := strings.Contains(err.Error(), "cause")
			assert.Equal(t, whole, errors.Is(wrapped, context.Canceled), err)
			assert.Equal(t, whole, errors.Is(wrapped, cause), err)
		}
	}
	for _, sentinel := range append(sentinels, context.Canceled) {
		assert.NotErrorIs(t, &worktime.Error{}, sentinel)
		assert.NotErrorIs(t, &worktime.AuthError{}, sentinel)
		assert.Equal(t, sentinel == worktime.ErrBadRequest, errors.Is(fmt.Errorf("x: %w", &worktime.FieldError{}), sentinel), sentinel)
	}
}

func TestErrorsAs(t *testing.T) {
	inner := &worktime.AuthError{Provider: "protime", Err: worktime.ErrUnauthorized}
	err := fmt.Errorf("sync: %w", &worktime.Error{Provider: "protime", Err: errors.Join(worktime.ErrUnavailable, inner)})

	var api *worktime.Error
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "protime", api.Provider)
	var auth *worktime.AuthError
	require.ErrorAs(t, err, &auth)
	assert.Same(t, inner, auth)
}

func TestErrorText(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{
			"all fields",
			&worktime.Error{
				Provider: "protime", Operation: "list clockings", Method: "GET", Path: "/clockings", StatusCode: 429,
				Code: "TooManyRequests", Message: "Slow down", Details: []string{"per client", "per minute"}, RequestID: "0af7",
				RetryAfter: 90 * time.Second, Attempts: 3, Body: []byte(canary), Err: worktime.ErrRateLimited,
			},
			"protime: list clockings: GET /clockings: 429 Too Many Requests: Slow down: per client; per minute: " +
				"rate limited (retry after 1m30s, 3 attempts, request id 0af7); wait before calling again",
		},
		{
			"no answer",
			&worktime.Error{Provider: "protime", Operation: "get clocking", Method: "GET", Path: "/clockings/1", Attempts: 1, Err: worktime.ErrUnavailable},
			"protime: get clocking: GET /clockings/1: unavailable; try again later",
		},
		{
			"a status without a name",
			&worktime.Error{Provider: "protime", Operation: "get clocking", Method: "GET", Path: "/clockings/1", StatusCode: 520, Err: worktime.ErrUnavailable},
			"protime: get clocking: GET /clockings/1: 520: unavailable; try again later",
		},
		{
			"no cause",
			&worktime.Error{Provider: "protime", Operation: "get clocking", Method: "GET", Path: "/clockings/1", StatusCode: 404},
			"protime: get clocking: GET /clockings/1: 404 Not Found",
		},
		{
			"a login",
			&worktime.AuthError{
				Provider: "protime", Operation: "client credentials", StatusCode: 401, Code: "invalid_client",
				Description: "Unknown client", RetryAfter: time.Second, Attempts: 2, Err: worktime.ErrUnauthorized,
			},
			"protime: client credentials: 401 Unauthorized: invalid_client: Unknown client: unauthorized " +
				"(retry after 1s, 2 attempts); check the credentials and their scopes",
		},
		{
			"an ID token",
			&worktime.AuthError{Provider: "timelog", Operation: "login", Check: worktime.CheckNonce, Err: worktime.ErrLoginRequired},
			`timelog: login: refused: check "nonce" failed: login required; log in again`,
		},
		{
			"a login server's status without a name",
			&worktime.AuthError{Provider: "timelog", Operation: "login", StatusCode: 599, Err: worktime.ErrUnavailable},
			"timelog: login: 599: unavailable; try again later",
		},
		{
			"a field",
			&worktime.FieldError{Provider: "protime", Field: "Config.Tenant", Reason: "must not be empty"},
			"protime: Config.Tenant must not be empty",
		},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.EqualError(t, tt.err, tt.want) })
	}
}

func TestErrorSaysWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{worktime.ErrUnknownOutcome, "look before sending it again"},
		{errors.Join(context.Canceled, worktime.ErrUnavailable, worktime.ErrUnknownOutcome), "look before sending it again"},
		{worktime.ErrLoginRequired, "log in again"},
		{errors.Join(worktime.ErrUnauthorized, worktime.ErrLoginRequired), "log in again"},
		{worktime.ErrRateLimited, "wait before calling again"},
		{worktime.ErrUnauthorized, "check the credentials and their scopes"},
		{worktime.ErrForbidden, "check the scopes, the role and the plan"},
		{worktime.ErrRedirect, "check the configured URL"},
		{worktime.ErrCursorExpired, "start the list anew, without a cursor"},
		{worktime.ErrTooLarge, "raise Options.MaxResponseBytes"},
		{worktime.ErrUnavailable, "try again later"},
	} {
		for _, err := range []error{&worktime.Error{Err: tt.err}, &worktime.AuthError{Err: tt.err}} {
			_, advice, _ := strings.Cut(err.Error(), "; ")
			assert.Contains(t, advice, tt.want)
		}
	}
}

// secretError is an error as a client makes it: the body of the answer echoes the credential.
func secretError() worktime.Error {
	return worktime.Error{
		Provider: "protime", Operation: "list clockings", Method: "GET", Path: "/clockings", StatusCode: 500,
		Code: "Internal", Message: "Oops", Attempts: 4, Body: []byte(`{"authorization":"Bearer ` + canary + `"}`), Err: worktime.ErrUnavailable,
	}
}

func TestErrorHidesTheBody(t *testing.T) {
	err := secretError()
	assertHidden(t, &err)
	assertHidden(t, err)
	assertHidden(t, fmt.Errorf("sync: %w", &err))
	assertHidden(t, errors.Join(&err, context.Canceled))
	assertHidden(t, struct{ Last *worktime.Error }{&err})
	assertHidden(t, struct{ Last worktime.Error }{err})
}

func TestErrorIsItsTextUnderEveryVerb(t *testing.T) {
	api := secretError()
	auth := worktime.AuthError{Provider: "protime", Operation: "client credentials", Code: "invalid_client", Err: worktime.ErrUnauthorized}
	for _, tt := range []struct {
		text   string
		values []any
	}{
		{api.Error(), []any{&api, api}},
		{auth.Error(), []any{&auth, auth}},
	} {
		want, err := json.Marshal(tt.text)
		require.NoError(t, err)
		for _, v := range tt.values {
			for _, verb := range verbs {
				assert.Equal(t, tt.text, fmt.Sprintf(verb, v), "%T %s", v, verb)
			}
			got, err := json.Marshal(v)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got), "%T", v)
		}
	}
}

func TestErrorIsAGroupInALog(t *testing.T) {
	api := secretError()
	auth := worktime.AuthError{Provider: "timelog", Operation: "login", StatusCode: 400, Code: "invalid_grant", Check: worktime.CheckNonce}
	for _, tt := range []struct {
		values []any
		want   []string
	}{
		{[]any{&api, api}, []string{`g.v.provider=protime g.v.operation="list clockings" g.v.status=500 g.v.code=Internal g.v.attempts=4`, `g.v.error="` + api.Error() + `"`}},
		{[]any{&auth, auth}, []string{`g.v.provider=timelog g.v.operation=login g.v.status=400 g.v.code=invalid_grant g.v.check=nonce`}},
	} {
		for _, v := range tt.values {
			line := renderings(t, v)["alone in a text log"]
			for _, want := range tt.want {
				assert.Contains(t, line, want, "%T", v)
			}
		}
	}
}

// hostile is vendor text that would forge a log line, drive a terminal or be shown backwards.
const hostile = "a\r\nb\tc\x1b[31md\x00e\x7ff\u0085g\u009bh\u2028i\u2029j\u202ek\u2066l\ufeffm\xffn"

func hostileErrors(text string) []error {
	return []error{
		&worktime.Error{
			Provider: "protime", Operation: "get clocking", Method: "GET", Path: "/" + text, StatusCode: 500, Code: text, Message: text,
			Details: []string{text, text}, RequestID: text, Err: errors.Join(worktime.ErrUnavailable, errors.New(text)),
		},
		&worktime.AuthError{
			Provider: "protime", Operation: "client credentials", Code: text, Description: text, Check: worktime.Check(text), Err: errors.New(text),
		},
		&worktime.FieldError{Provider: "protime", Field: "Config.Tenant", Reason: text},
	}
}

func TestErrorIsOneLine(t *testing.T) {
	for _, err := range hostileErrors(hostile) {
		assertOneLine(t, err.Error())
		assert.Contains(t, err.Error(), "b c [31md e f", "the words stay readable")
		for how, text := range renderings(t, err) {
			if strings.HasPrefix(how, "alone") && strings.Contains(how, "log") {
				assert.Equal(t, 1, strings.Count(text, "\n"), "%T %s", err, how)
				assertOneLine(t, strings.TrimSuffix(text, "\n"))
			}
		}
	}
}

func TestErrorIsBounded(t *testing.T) {
	for _, err := range hostileErrors(strings.Repeat("né", 1<<16)) {
		assert.Less(t, len(err.Error()), 4<<10, "%T", err)
		assertOneLine(t, err.Error())
		var line bytes.Buffer
		slog.New(slog.NewJSONHandler(&line, nil)).Info("m", slog.Any("v", err))
		assert.Less(t, line.Len(), 8<<10, "%T", err)
	}
}

// Who is held back by a wait that somebody else was told must know that nothing was sent.
func TestErrorSaysThatNothingWasSent(t *testing.T) {
	e := worktime.Error{Provider: "protime", Operation: "create clocking", Err: worktime.ErrRateLimited, RetryAfter: time.Hour}
	assert.Contains(t, e.Error(), "rate limited: not sent (retry after 1h0m0s)")
	e.Attempts, e.StatusCode = 1, 429
	assert.NotContains(t, e.Error(), "not sent")
	e.RetryAfter = 3*time.Minute - time.Nanosecond
	assert.Contains(t, e.Error(), "retry after 3m0s", "whole seconds, never too few")
}

package transport

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func answerWith(value string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return value, nil }
}

// onlyFor answers 401 to every other credential.
func onlyFor(credential string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != credential {
			answer(401, "WWW-Authenticate", `Bearer error="invalid_token"`)(w, r)
			return
		}
		answer(200)(w, r)
	}
}

// A 401 is told to the Authorizer once, with the value that was used, and the value that it
// returns is used once. The server did not act, so that goes for every class.
func TestUnauthorized(t *testing.T) {
	broken := errors.New("the login server is down")
	for name, tt := range map[string]struct {
		auth    *login
		handler http.HandlerFunc
		sent    []string // Authorization values in order
		is      []error
		err     error // exactly this
	}{
		"new credential":          {&login{refused: answerWith("Bearer second-token")}, onlyFor("Bearer second-token"), []string{"Bearer first-token", "Bearer second-token"}, nil, nil},
		"same credential":         {&login{refused: answerWith("Bearer first-token")}, onlyFor("Bearer second-token"), []string{"Bearer first-token", "Bearer first-token"}, []error{worktime.ErrUnauthorized}, nil},
		"second 401":              {&login{refused: answerWith("Bearer second-token")}, answer(401), []string{"Bearer first-token", "Bearer second-token"}, []error{worktime.ErrUnauthorized}, nil},
		"no other credential":     {&login{}, answer(401), []string{"Bearer first-token"}, []error{worktime.ErrUnauthorized}, nil},
		"error of the Authorizer": {&login{refused: func(context.Context, string) (string, error) { return "", broken }}, answer(401), []string{"Bearer first-token"}, nil, broken},
		"context error of its own": {&login{refused: func(context.Context, string) (string, error) { return "", context.DeadlineExceeded }},
			answer(401), []string{"Bearer first-token"}, nil, context.DeadlineExceeded},
	} {
		for _, class := range []Class{Safe, Idempotent, Once} {
			t.Run(name+"/"+className(class), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, tt.handler)
					auth := &login{value: "Bearer first-token", refused: tt.auth.refused}
					call := w.call(class)
					call.Auth = auth
					resp, err := w.do(t.Context(), call)
					var sent []string
					for _, r := range w.seen() {
						sent = append(sent, r.Auth)
						require.Equal(t, call.Body, nilIfEmpty(r.Body))
					}
					require.Equal(t, tt.sent, sent)
					require.Equal(t, 1, auth.authorized)
					require.Equal(t, []string{"Bearer first-token"}, auth.refusals)
					require.Zero(t, w.now(), "no wait")
					switch {
					case tt.err != nil:
						require.Equal(t, tt.err, err, "it surfaces as itself")
					case tt.is != nil:
						requireIs(t, err, tt.is...)
						require.Equal(t, len(tt.sent), failure(t, err).Attempts)
						require.Equal(t, 401, failure(t, err).StatusCode)
					default:
						require.NoError(t, err)
						require.False(t, resp.Resent, "a 401 did nothing")
						require.Equal(t, `Bearer error="invalid_token"`, auth.header.Get("WWW-Authenticate"))
					}
				})
			})
		}
	}
}

func nilIfEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Without an Authorizer nothing is replayed and no credential is sent.
func TestUnauthorizedWithoutAuthorizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answer(401))
		_, err := w.do(t.Context(), w.call(Safe))
		requireIs(t, err, worktime.ErrUnauthorized)
		require.Len(t, w.seen(), 1)
		require.Empty(t, w.seen()[0].Auth)
	})
}

// An error of Authorize surfaces as itself and nothing is sent: never a request without
// the credential.
func TestAuthorizeFails(t *testing.T) {
	for name, err := range map[string]error{
		"own error": errors.New("refresh token revoked"), "context error of its own": context.Canceled,
		"typed": &worktime.AuthError{Provider: provider, Err: worktime.ErrLoginRequired},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answer(200))
				call := w.call(Once)
				call.Auth = &login{authorize: func(context.Context) (string, error) { return "", err }}
				_, got := w.do(t.Context(), call)
				require.Equal(t, err, got)
				require.Empty(t, w.seen())
			})
		})
	}
}

// A credential that no header may have reaches no server, and is no unknown outcome.
func TestCredentialIsChecked(t *testing.T) {
	for name, value := range map[string]string{
		"CRLF": "Bearer a\r\nX-Injected: b", "LF": "Bearer a\nb", "NUL": "Bearer a\x00b", "not ASCII": "Bearer café",
		"DEL": "Bearer a\x7f", "tab": "Bearer a\tb", "C1": "Bearer a\u0085b", "invalid UTF-8": "Bearer a\xff",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, onlyFor("Bearer second-token"))
				call := w.call(Once)
				call.Auth = &login{value: value}
				_, err := w.do(t.Context(), call)
				require.ErrorIs(t, err, worktime.ErrUnauthorized)
				require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
				require.Empty(t, w.seen())
				require.Zero(t, w.now())

				call.Auth = &login{value: "Bearer first-token", refused: answerWith(value)}
				_, err = w.do(t.Context(), call)
				require.ErrorIs(t, err, worktime.ErrUnauthorized)
				require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
				require.Len(t, w.seen(), 1)
			})
		})
	}
}

// The credential is obtained anew for each attempt, since it may expire in a wait, and after the
// wait at the gate.
func TestAuthorizeAfterWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(429, "Retry-After", "30"), answer(503), answer(200)))
		began := time.Now()
		call := w.call(Safe)
		call.Auth = &login{authorize: func(context.Context) (string, error) {
			return "Bearer token-of-" + time.Since(began).Truncate(10*time.Second).String(), nil
		}}
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
		require.Len(t, w.seen(), 3)
		require.Equal(t, "Bearer token-of-0s", w.seen()[0].Auth)
		require.Equal(t, "Bearer token-of-30s", w.seen()[1].Auth)
	})
}

// After a 401 and another failure the second credential goes on being used.
func TestCredentialAfterReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(401), answer(503), answer(200)))
		call := w.call(Safe)
		call.Auth = &login{value: "Bearer first-token", refused: answerWith("Bearer second-token")}
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
		seen := w.seen()
		require.Len(t, seen, 3)
		require.Equal(t, "Bearer second-token", seen[2].Auth)
	})
}

// The request is what the call says, and the call is left as it was.
func TestRequestOnTheWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, script(answer(401), answer(503), answer(200)), options(func(o *worktime.Options) { o.UserAgent = "PeopleSync/v1 (Acme Corp)" }))
		call := w.call(Idempotent)
		call.URL = mustURL(t, "http://127.0.0.1/v1/a%2Fb?filter=person%20in%20(1,2)&delta")
		call.Header = http.Header{"Accept": {"application/json"}, "Content-Type": {"application/json"}}
		call.Auth = &login{value: "Bearer first-token", refused: answerWith("Bearer second-token")}
		before := *call
		header := call.Header.Clone()
		_, err := w.do(t.Context(), call)
		require.NoError(t, err)
		require.Equal(t, before, *call)
		require.Equal(t, header, call.Header, "Authorization and User-Agent are not put into the caller's header")
		for _, r := range w.seen() {
			require.Equal(t, "PUT", r.Method)
			require.Equal(t, "/v1/a%2Fb?filter=person%20in%20(1,2)&delta", r.Path)
			require.Equal(t, "127.0.0.1", r.Host)
			require.Equal(t, "PeopleSync/v1 (Acme Corp)", r.Header.Get("User-Agent"))
			require.Equal(t, []string{"application/json"}, r.Header["Accept"])
			require.NotContains(t, r.Header, "Idempotency-Key", "net/http would take it as permission to resend")
			require.JSONEq(t, `{"hours":8}`, string(r.Body))
		}
	})
}

// What the vendor is told by default.
func TestDefaultUserAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answer(200))
		_, err := w.do(t.Context(), w.call(Safe))
		require.NoError(t, err)
		require.Equal(t, []string{defaultUserAgent}, w.seen()[0].Header["User-Agent"])
	})
}

package auth

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// The form is that of the vendor's reference, field by field in its order.
func TestFormBody(t *testing.T) {
	for _, c := range []struct{ name, id, secret, scope, body string }{
		{
			"the vendor's example", "acme-integration", "secret", "connector-protimeapi-clockings.read connector-protimeapi-clockings.write",
			"grant_type=client_credentials&client_id=acme-integration&client_secret=secret&scope=connector-protimeapi-clockings.read+connector-protimeapi-clockings.write",
		},
		{"no scope", "id", "secret", "", "grant_type=client_credentials&client_id=id&client_secret=secret"},
		{"separators", "a&b=c", "x&scope=admin", "", "grant_type=client_credentials&client_id=a%26b%3Dc&client_secret=x%26scope%3Dadmin"},
		{"blank and plus", "i d", "a+b c", "", "grant_type=client_credentials&client_id=i+d&client_secret=a%2Bb+c"},
		{"percent", "id", "100%25", "", "grant_type=client_credentials&client_id=id&client_secret=100%2525"},
		{"base64", "id", "ab/cd+ef==", "", "grant_type=client_credentials&client_id=id&client_secret=ab%2Fcd%2Bef%3D%3D"},
		{"unreserved", "id", "-._~*", "", "grant_type=client_credentials&client_id=id&client_secret=-._~%2A"},
		{"quotes", "id", `"\'`, "", "grant_type=client_credentials&client_id=id&client_secret=%22%5C%27"},
		{"not ASCII", "id", "pässword", "", "grant_type=client_credentials&client_id=id&client_secret=p%C3%A4ssword"},
		{"line break", "id", "a\r\nb", "", "grant_type=client_credentials&client_id=id&client_secret=a%0D%0Ab"},
		{"semicolon and hash", "id", "a;b#c?d", "", "grant_type=client_credentials&client_id=id&client_secret=a%3Bb%23c%3Fd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.use(c.id, c.secret, c.scope)
				w.authorize()
				require.Len(t, w.tokens, 1)
				assert.Equal(t, c.body, w.tokens[0].Body)
				form, err := url.ParseQuery(w.tokens[0].Body)
				require.NoError(t, err)
				assert.Equal(t, []string{c.secret}, form["client_secret"], "what the server reads")
			})
		})
	}
}

func TestRequestLineAndHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options(func(o *worktime.Options) { o.UserAgent = "PeopleSync/v1 (Acme Corp)" }))
		w.authorize()
		require.Len(t, w.tokens, 1)
		got := w.tokens[0]
		assert.Equal(t, http.MethodPost, got.Method)
		assert.Equal(t, "/tenants/acme/connect/token", got.Target, "nothing is in the query")
		assert.Equal(t, "127.0.0.1", got.Host)
		assert.Equal(t, http.Header{
			"Accept":          {"application/json"},
			"Accept-Encoding": {"gzip"}, // net/http's own
			"Content-Length":  {fmt.Sprint(len(got.Body))},
			"Content-Type":    {"application/x-www-form-urlencoded"},
			"User-Agent":      {"PeopleSync/v1 (Acme Corp)"},
		}, got.Header, "among others no Authorization: the client authenticates in one place only")
	})
}

// Auto-detection of the way to authenticate would send the secret twice.
func TestRefusedCredentialsAreNotSentInAnotherWay(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answering(always(status, `{"error":"invalid_client"}`, "WWW-Authenticate", `Basic realm="acme"`)),
				options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }))
			_, err := w.source.Authorize(t.Context())
			authError(t, err)
			assert.Equal(t, 1, w.tokenRequests())
		})
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308} {
		for name, location := range map[string]string{
			"another host": "http://127.0.0.2/steal", "another port": "http://127.0.0.1:8080/steal", "a subdomain": "http://a.127.0.0.1/steal",
			"the same host": "/tenants/acme/connect/token2", "itself": tokenURL, "https": "https://127.0.0.1/tenants/acme/connect/token",
			"userinfo": "http://127.0.0.1@127.0.0.2/steal", "no scheme": "//127.0.0.2/steal", "nothing": "",
		} {
			t.Run(fmt.Sprintf("%d to %s", status, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, answering(always(status, "", "Location", location)),
						options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }))
					_, err := w.source.Authorize(t.Context())
					assertIs(t, err, worktime.ErrRedirect)
					assert.Equal(t, status, authError(t, err).StatusCode)
					assert.Equal(t, 1, w.tokenRequests())
					assert.Zero(t, w.apiRequests())
					assert.Equal(t, []string{"127.0.0.1:80"}, w.dialled)
				})
			})
		}
	}
}

// The endpoint's own URL is checked too, should it ever not be that of its host.
func TestSecretStaysOnItsOrigin(t *testing.T) {
	for _, foreign := range []string{"http://127.0.0.2/token", "https://127.0.0.1/token", "http://127.0.0.1:81/token", "http://u@127.0.0.1/token"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.endpoint.URL = mustURL(t, foreign)
			_, err := w.source.Authorize(t.Context())
			authError(t, err)
			assertIs(t, err, worktime.ErrCrossOrigin)
			assert.Empty(t, w.dialled)
		})
	}
}

// padded is a good answer of exactly n bytes.
func padded(n int) string {
	const frame = `{"access_token":"tok-1","expires_in":1800,"unknown":""}`
	return strings.Replace(frame, `""`, `"`+strings.Repeat("x", n-len(frame))+`"`, 1)
}

func TestSizeLimit(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, _ *http.Request, _ int)
		tooBig bool
	}{
		{"a megabyte", always(http.StatusOK, padded(maxAnswer)), false},
		{"a byte more", always(http.StatusOK, padded(maxAnswer+1)), true},
		{"a byte more without a length", func(w http.ResponseWriter, _ *http.Request, _ int) {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, padded(maxAnswer+1))
		}, true},
		{"endless", func(w http.ResponseWriter, r *http.Request, _ int) {
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 32<<10))
			}
		}, true},
		{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Encoding", "gzip")
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = io.WriteString(z, padded(8*maxAnswer))
			_ = z.Close()
			_, _ = w.Write(b.Bytes())
		}, true},
		{"a good answer in gzip", func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, padded(1000))
			_ = z.Close()
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(c.answer), options(func(o *worktime.Options) {
					o.Retry, o.MaxResponseBytes = worktime.RetryPolicy{}, -1 // the limit of token answers is none of its business
				}))
				value, err := w.source.Authorize(t.Context())
				if c.tooBig {
					assertIs(t, err, worktime.ErrTooLarge)
					authError(t, err)
				} else if assert.NoError(t, err) {
					assert.Equal(t, "Bearer tok-1", value)
				}
				assert.Equal(t, 1, w.tokenRequests(), "asking again would give the same")
			})
		})
	}
}

// The limit of the API's answers does not cut those of the token endpoint.
func TestSmallLimitForTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options(func(o *worktime.Options) { o.MaxResponseBytes = 10 }))
		assert.Equal(t, "tok-1", w.authorize())
	})
}

// A slow answer is waited for longer than Options.Timeout allows an API call: giving up on it
// would only ask for another token.
func TestSlowAnswerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			time.Sleep(119 * time.Second)
			grant(w, n)
		}), options(func(o *worktime.Options) { o.Timeout = time.Second }))
		assert.Equal(t, "tok-1", w.authorize())
		assert.Equal(t, 1, w.tokenRequests())
	})
}

// The time in which an answer is under way is not part of a token's life.
func TestLifetimeCountsFromTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(func(w http.ResponseWriter, _ *http.Request, n int) {
			time.Sleep(time.Minute)
			grant(w, n)
		}))
		began := time.Now()
		w.authorize()
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.True(t, began.Equal(record.IssuedAt))
		assert.True(t, began.Add(halfAnHour).Equal(record.Expiry))
	})
}

// What the client credentials grant may be asked again for, it is: no harm is done.
func TestRetries(t *testing.T) {
	drop := func(http.ResponseWriter, *http.Request, int) { panic(http.ErrAbortHandler) }
	half := func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"access_token":"tok-1",`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	for _, c := range []struct {
		name     string
		first    func(http.ResponseWriter, *http.Request, int)
		requests int
	}{
		{"500", always(500, ""), 2}, {"502", always(502, "<html>"), 2}, {"503", always(503, ""), 2}, {"504", always(504, ""), 2},
		{"408", always(408, ""), 2}, {"425", always(425, ""), 2}, {"429", always(429, "", "Retry-After", "1"), 2},
		{"dropped connection", drop, 2}, {"half an answer", half, 2},
		{"400", always(400, `{"error":"invalid_scope"}`), 1}, {"401", always(401, ""), 1}, {"403", always(403, ""), 1},
		{"404", always(404, ""), 1}, {"501", always(501, ""), 1}, {"200 HTML", always(200, "<html>"), 1}, {"302", always(302, ""), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }),
					answering(func(w http.ResponseWriter, r *http.Request, n int) {
						if n == 1 {
							c.first(w, r, n)
							return
						}
						grant(w, n)
					}))
				value, err := w.source.Authorize(t.Context())
				assert.Equal(t, c.requests, w.tokenRequests())
				if c.requests == 2 {
					require.NoError(t, err)
					assert.Equal(t, "Bearer tok-2", value)
					assert.Equal(t, w.tokens[0].Body, w.tokens[1].Body, "the same form")
				} else {
					assert.Equal(t, 1, authError(t, err).Attempts, "%v", err)
				}
				assert.Equal(t, 1, w.flights())
			})
		})
	}
}

// An answer that cannot be read tells how often it was asked for, like every other failure.
func TestAttemptsOfABadAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }),
			answering(func(w http.ResponseWriter, _ *http.Request, n int) {
				if n < 3 {
					reply(w, http.StatusBadGateway, "")
					return
				}
				reply(w, http.StatusOK, "<html>")
			}))
		_, err := w.source.Authorize(t.Context())
		assertIs(t, err, worktime.ErrBadResponse)
		assert.Equal(t, w.tokenRequests(), authError(t, err).Attempts)
	})
}

// A RoundTripper that gives neither an answer nor an error, or one without a body.
func TestOddRoundTrippers(t *testing.T) {
	for name, answer := range map[string]*http.Response{"nothing": nil, "no body": {StatusCode: http.StatusOK}} {
		t.Run(name, func(t *testing.T) {
			hc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return answer, nil })}
			client, err := transport.New(transport.NewFamily(hc), provider, worktime.Options{HTTPClient: hc, Retry: worktime.RetryPolicy{MaxAttempts: -1}})
			require.NoError(t, err)
			u := mustURL(t, tokenURL)
			e := &Endpoint{Client: client, URL: u, Host: transport.NewHost(u)}
			_, err = ClientCredentials(e, clientID, clientSecret, scope)(t.Context(), nil)
			authError(t, err)
		})
	}
}

// roundTripper is an http.RoundTripper made of a func.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

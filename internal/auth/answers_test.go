package auth

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// lifetimes are values of expires_in, and how long such a token is taken to live. Servers are
// known to send floats and strings. What is no positive number means the default.
var lifetimes = map[string]time.Duration{
	`1800`: halfAnHour, `"1800"`: halfAnHour, `" 1800 "`: halfAnHour, `1800.0`: halfAnHour, `"1800.0"`: halfAnHour,
	`1.8e3`: halfAnHour, `1.8E+3`: halfAnHour, `"+1800"`: halfAnHour,
	`3600.5`: time.Hour + time.Second/2, `"3600.5"`: time.Hour + time.Second/2,
	`1`: time.Second, `0.5`: time.Second / 2, `86400`: 24 * time.Hour,

	`0`: assumed, `-0`: assumed, `0.0`: assumed, `"0"`: assumed, `0e9`: assumed, `1e-999`: assumed,
	`-1`: assumed, `-3600`: assumed, `"-3600"`: assumed, `-0.5`: assumed, `-1e999`: assumed, `-9223372036854775808`: assumed,
	`null`: assumed, `true`: assumed, `false`: assumed, `""`: assumed, `" "`: assumed, `"null"`: assumed,
	`[]`: assumed, `[1800]`: assumed, `{}`: assumed, `{"seconds":1800}`: assumed, `[[[1800]]]`: assumed,
	`"NaN"`: assumed, `"nan"`: assumed, `"-Inf"`: assumed, `"an hour"`: assumed, `"1800s"`: assumed, `"30m"`: assumed, `"1,800"`: assumed,
	`"1 800"`: assumed, `"１８００"`: assumed, `"0x708"`: assumed, `"2026-01-01T00:00:00Z"`: assumed,
	`"1800\u0000"`: assumed, `"\u0031"`: assumed,

	`31622400`: maxLifetime, `31622401`: maxLifetime, `2147483647`: maxLifetime, `4294967296`: maxLifetime,
	`9223372036854775807`: maxLifetime, `9223372036854775808`: maxLifetime, `18446744073709551616`: maxLifetime,
	`9223372036.854775807`: maxLifetime, `1e300`: maxLifetime, `1e999`: maxLifetime, `"1e999"`: maxLifetime,
	`"Inf"`: maxLifetime, `"Infinity"`: maxLifetime,
	`1767225600000`: maxLifetime, // a moment in milliseconds, not a lifetime
}

func TestExpiresIn(t *testing.T) {
	asked := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for value, want := range lifetimes {
		t.Run(value, func(t *testing.T) {
			record, err := readToken([]byte(`{"access_token":"a","expires_in":`+value+`}`), asked, assumed)
			require.NoError(t, err, "whatever it is, it does not cost the token")
			assert.Equal(t, "a", record.AccessToken)
			assert.Equal(t, want, record.Expiry.Sub(asked))
			assert.True(t, record.IssuedAt.Equal(asked))
		})
	}
	record, err := readToken([]byte(`{"access_token":"a"}`), asked, assumed)
	require.NoError(t, err)
	assert.Equal(t, assumed, record.Expiry.Sub(asked), "absent")
	record, err = readToken([]byte(`{"access_token":"a","expires_in":0}`), asked, 0)
	require.NoError(t, err)
	assert.True(t, record.Expiry.IsZero(), "absent, and nothing is assumed")
}

// A value that was misread as "expired already" would ask for a token with every call.
func TestNoLifetimeMakesALoop(t *testing.T) {
	for value, want := range lifetimes {
		t.Run(value, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, lasting(value))
				for range 1000 {
					w.authorize()
					time.Sleep(min(want, halfAnHour) / 2000)
				}
				synctest.Wait()
				assert.Equal(t, 1, w.tokenRequests())
			})
		})
	}
}

// answerToken is planted in the answers; no error may repeat it.
const answerToken = "4n5w3r-t0k3n"

// goodAnswers are all read as answerToken.
var goodAnswers = map[string]string{
	"the vendor's":           `{"access_token":"4n5w3r-t0k3n","expires_in":1800,"token_type":"Bearer","scope":"things.read"}`,
	"white space":            "\r\n\t {\n \"access_token\" : \"4n5w3r-t0k3n\"\n}\n\n",
	"the least":              `{"access_token":"4n5w3r-t0k3n"}`,
	"escapes":                `{"access\u005ftoken":"\u0034n5w3r-t0k3n"}`,
	"token_type bearer":      `{"access_token":"4n5w3r-t0k3n","token_type":"bearer"}`,
	"token_type BEARER":      `{"access_token":"4n5w3r-t0k3n","token_type":"BEARER"}`,
	"token_type empty":       `{"access_token":"4n5w3r-t0k3n","token_type":""}`,
	"token_type null":        `{"access_token":"4n5w3r-t0k3n","token_type":null}`,
	"token_type a number":    `{"access_token":"4n5w3r-t0k3n","token_type":1}`,
	"token_type an array":    `{"access_token":"4n5w3r-t0k3n","token_type":["Bearer"]}`,
	"scope null":             `{"access_token":"4n5w3r-t0k3n","scope":null}`,
	"scope an array":         `{"access_token":"4n5w3r-t0k3n","scope":["things.read"]}`,
	"scope a number":         `{"access_token":"4n5w3r-t0k3n","scope":7}`,
	"refresh_token a number": `{"access_token":"4n5w3r-t0k3n","refresh_token":12}`,
	"id_token an object":     `{"access_token":"4n5w3r-t0k3n","id_token":{}}`,
	"error null":             `{"access_token":"4n5w3r-t0k3n","error":null}`,
	"error empty":            `{"access_token":"4n5w3r-t0k3n","error":""}`,
	"unknown members":        `{"a":1,"b":[{}],"c":{"access_token":"no"},"":null,"access_token":"4n5w3r-t0k3n","d":"\ud83d\ude00"}`,
	"many unknown members":   `{` + strings.Repeat(`"x":{"y":[1,2,3]},`, 10_000) + `"access_token":"4n5w3r-t0k3n"}`,
	"deep unknown member":    `{"x":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `,"access_token":"4n5w3r-t0k3n"}`,
	"the last of two":        `{"access_token":"no","access_token":"4n5w3r-t0k3n"}`,
	"byte order mark":        "\ufeff" + `{"access_token":"4n5w3r-t0k3n"}`,
	"invalid UTF-8 beside":   "{\"access_token\":\"4n5w3r-t0k3n\",\"x\":\"\xff\xfe\"}",
}

// badAnswers have no token that could be used.
var badAnswers = map[string]string{
	"empty":                ``,
	"white space":          " \n ",
	"null":                 `null`,
	"true":                 `true`,
	"a number":             `42`,
	"a string":             `"4n5w3r-t0k3n"`,
	"an array":             `[]`,
	"an array of one":      `[{"access_token":"4n5w3r-t0k3n"}]`,
	"an empty object":      `{}`,
	"other capitals":       `{"Access_Token":"4n5w3r-t0k3n","ACCESS_TOKEN":"4n5w3r-t0k3n"}`,
	"another name":         `{"token":"4n5w3r-t0k3n","accessToken":"4n5w3r-t0k3n"}`,
	"inside":               `{"data":{"access_token":"4n5w3r-t0k3n"}}`,
	"empty token":          `{"access_token":""}`,
	"null token":           `{"access_token":null}`,
	"token a number":       `{"access_token":12345}`,
	"token an array":       `{"access_token":["4n5w3r-t0k3n"]}`,
	"token an object":      `{"access_token":{"value":"4n5w3r-t0k3n"}}`,
	"token true":           `{"access_token":true}`,
	"blank":                `{"access_token":" "}`,
	"blank before":         `{"access_token":" 4n5w3r-t0k3n"}`,
	"blank after":          `{"access_token":"4n5w3r-t0k3n "}`,
	"blank inside":         `{"access_token":"4n5w3r-t0k3n 4n5w3r-t0k3n"}`,
	"line break":           `{"access_token":"4n5w3r-t0k3n\r\nX-Admin: 1"}`,
	"line feed after":      `{"access_token":"4n5w3r-t0k3n\n"}`,
	"carriage return":      `{"access_token":"4n5w3r-t0k3n\r"}`,
	"tab":                  `{"access_token":"4n5w3r-t0k3n\t"}`,
	"NUL":                  `{"access_token":"4n5w3r-t0k3n\u0000"}`,
	"DEL":                  `{"access_token":"4n5w3r-t0k3n\u007f"}`,
	"C1 control":           `{"access_token":"4n5w3r-t0k3n\u0085"}`,
	"not ASCII":            `{"access_token":"4n5w3r-t0k3né"}`,
	"not UTF-8":            "{\"access_token\":\"4n5w3r-t0k3n\xff\"}",
	"half a surrogate":     `{"access_token":"4n5w3r-t0k3n\ud800"}`,
	"line separator":       `{"access_token":"4n5w3r-t0k3n\u2028"}`,
	"token_type mac":       `{"access_token":"4n5w3r-t0k3n","token_type":"mac"}`,
	"token_type DPoP":      `{"access_token":"4n5w3r-t0k3n","token_type":"DPoP"}`,
	"token_type N_A":       `{"access_token":"4n5w3r-t0k3n","token_type":"N_A"}`,
	"token_type two":       `{"access_token":"4n5w3r-t0k3n","token_type":"Bearer,mac"}`,
	"token_type a token":   `{"access_token":"4n5w3r-t0k3n","token_type":"4n5w3r-t0k3n"}`,
	"token_type breaks":    `{"access_token":"4n5w3r-t0k3n","token_type":"\r\n\u001b[31mmac"}`,
	"cut short":            `{"access_token":"4n5w3r-t0k3n"`,
	"cut in the token":     `{"access_token":"4n5w3r-t0k3n`,
	"more after it":        `{"access_token":"4n5w3r-t0k3n"} 4n5w3r-t0k3n`,
	"twice":                `{"access_token":"4n5w3r-t0k3n"}{"access_token":"4n5w3r-t0k3n"}`,
	"single quotes":        `{'access_token':'4n5w3r-t0k3n'}`,
	"JSONP":                `callback({"access_token":"4n5w3r-t0k3n"})`,
	"a form":               `access_token=4n5w3r-t0k3n&token_type=bearer`,
	"HTML":                 "<!DOCTYPE html><html><title>Sign in</title>4n5w3r-t0k3n</html>",
	"XML":                  `<?xml version="1.0"?><access_token>4n5w3r-t0k3n</access_token>`,
	"an error under 200":   `{"error":"invalid_client","error_description":"4n5w3r-t0k3n"}`,
	"too deep":             strings.Repeat(`{"a":`, 100_000) + strings.Repeat(`}`, 100_000),
	"an unclosed array":    strings.Repeat(`[`, 100_000),
	"an invalid number":    `{"access_token":"4n5w3r-t0k3n","expires_in":01}`,
	"NaN is not JSON":      `{"access_token":"4n5w3r-t0k3n","expires_in":NaN}`,
	"Infinity is not JSON": `{"access_token":"4n5w3r-t0k3n","expires_in":Infinity}`,
}

func TestGoodAnswers(t *testing.T) {
	for name, body := range goodAnswers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(always(http.StatusOK, body)))
				assert.Equal(t, answerToken, w.authorize())
				record, err := w.store.Load(t.Context(), w.key)
				require.NoError(t, err)
				assert.Equal(t, scope, record.Scope)
				assert.Equal(t, clientID, record.ClientID)
				assert.Equal(t, tokenURL, record.Issuer)
				assert.Equal(t, int64(1), record.Generation)
				assert.Empty(t, record.RefreshToken)
				assert.Empty(t, record.IDToken)
				assertHidden(t, record, answerToken)
			})
		})
	}
}

func TestBadAnswers(t *testing.T) {
	for name, body := range badAnswers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(always(http.StatusOK, body)))
				value, err := w.source.Authorize(t.Context())
				assert.Empty(t, value)
				assertIs(t, err, worktime.ErrBadResponse)
				assert.Equal(t, http.StatusOK, authError(t, err).StatusCode)
				assertHidden(t, err, answerToken)
				_, err = w.store.Load(t.Context(), w.key)
				require.Error(t, err, "nothing is stored")

				w.recover()
				assert.Equal(t, "tok-2", w.authorize())
			})
		})
	}
}

// The content type decides nothing: some servers say text/plain, and a proxy's page may say JSON.
func TestContentTypeDecidesNothing(t *testing.T) {
	for _, contentType := range []string{"", "text/plain", "text/html; charset=utf-8", "application/json;charset=UTF-8", "application/x-www-form-urlencoded"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answering(always(http.StatusOK, goodAnswers["the vendor's"], "Content-Type", contentType)))
			assert.Equal(t, answerToken, w.authorize())
		})
	}
}

// Any 2xx is a success to net/http's eyes, but only one with a token is one to ours.
func TestOtherSuccesses(t *testing.T) {
	for status, body := range map[int]string{200: "", 201: goodAnswers["the least"], 202: `{}`, 204: "", 205: ""} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, answering(always(status, body)))
				value, err := w.source.Authorize(t.Context())
				if body == goodAnswers["the least"] {
					require.NoError(t, err)
					assert.Equal(t, "Bearer "+answerToken, value)
					return
				}
				assertIs(t, err, worktime.ErrBadResponse)
				assert.Equal(t, status, authError(t, err).StatusCode)
			})
		})
	}
}

// An absent scope means "as requested"; a narrower one is what the token has (RFC 6749, 5.1).
func TestScopeOfTheAnswer(t *testing.T) {
	for answered, want := range map[string]string{"": "a b", `,"scope":"a"`: "a", `,"scope":""`: "a b", `,"scope":"a b c"`: "a b c"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, answering(always(http.StatusOK, `{"access_token":"t"`+answered+`}`)))
			w.use(clientID, clientSecret, "a b")
			tok, err := w.source.TokenSource(t.Context()).Token()
			require.NoError(t, err)
			assert.Equal(t, want, tok.Extra("scope"), answered)
		})
	}
}

// A refresh token that comes unasked (RFC 6749, section 4.4.3, says it should not) is kept with
// the login.
func TestUnaskedRefreshTokenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusOK, `{"access_token":"t","refresh_token":"r","id_token":"i"}`)))
		w.authorize()
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Equal(t, "r", record.RefreshToken)
		assert.Equal(t, "i", record.IDToken)
	})
}

package auth

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// oddAnswers are successes with the refresh token R in them, and whether the access token can be used.
var oddAnswers = map[string]struct {
	body   string
	usable bool
}{
	"float":                       {`{"access_token":"A","expires_in":3600.5,"refresh_token":"R"}`, true},
	"string":                      {`{"access_token":"A","expires_in":"1800","refresh_token":"R"}`, true},
	"huge":                        {`{"access_token":"A","expires_in":1e18,"refresh_token":"R"}`, true},
	"huge integer":                {`{"access_token":"A","expires_in":18446744073709551616,"refresh_token":"R"}`, true},
	"infinite":                    {`{"access_token":"A","expires_in":1e999,"refresh_token":"R"}`, true},
	"negative":                    {`{"access_token":"A","expires_in":-1,"refresh_token":"R"}`, true},
	"zero":                        {`{"access_token":"A","expires_in":0,"refresh_token":"R"}`, true},
	"null lifetime":               {`{"access_token":"A","expires_in":null,"refresh_token":"R"}`, true},
	"no lifetime":                 {`{"access_token":"A","refresh_token":"R"}`, true},
	"lifetime true":               {`{"access_token":"A","expires_in":true,"refresh_token":"R"}`, true},
	"lifetime an object":          {`{"access_token":"A","expires_in":{"seconds":1800},"refresh_token":"R"}`, true},
	"lifetime a list":             {`{"access_token":"A","expires_in":[1800],"refresh_token":"R"}`, true},
	"lifetime in words":           {`{"access_token":"A","expires_in":"half an hour","refresh_token":"R"}`, true},
	"token_type mac":              {`{"access_token":"A","token_type":"mac","refresh_token":"R"}`, false},
	"token_type DPoP":             {`{"token_type":"DPoP","refresh_token":"R","access_token":"A"}`, false},
	"token_type N_A":              {`{"token_type":"N_A","access_token":"A","refresh_token":"R"}`, false},
	"token_type bearer":           {`{"token_type":"bearer","access_token":"A","refresh_token":"R"}`, true},
	"token_type a number":         {`{"token_type":1,"access_token":"A","refresh_token":"R"}`, true},
	"token_type null":             {`{"token_type":null,"access_token":"A","refresh_token":"R"}`, true},
	"token_type a list":           {`{"token_type":["Bearer"],"access_token":"A","refresh_token":"R"}`, true},
	"no access token":             {`{"expires_in":1800,"refresh_token":"R"}`, false},
	"access token empty":          {`{"access_token":"","refresh_token":"R"}`, false},
	"access token null":           {`{"access_token":null,"refresh_token":"R"}`, false},
	"access token a number":       {`{"access_token":12345,"refresh_token":"R"}`, false},
	"access token a list":         {`{"access_token":["A"],"refresh_token":"R"}`, false},
	"access token an object":      {`{"access_token":{"value":"A"},"refresh_token":"R"}`, false},
	"access token with CRLF":      {`{"access_token":"A\r\nX-Admin: 1","refresh_token":"R"}`, false},
	"access token with a blank":   {`{"access_token":"A A","refresh_token":"R"}`, false},
	"access token with NUL":       {`{"access_token":"A\u0000","refresh_token":"R"}`, false},
	"access token not ASCII":      {`{"access_token":"Aé","refresh_token":"R"}`, false},
	"access token not UTF-8":      {"{\"access_token\":\"A\xff\",\"refresh_token\":\"R\"}", false},
	"scope a list":                {`{"access_token":"A","scope":["openid"],"refresh_token":"R"}`, true},
	"scope null":                  {`{"access_token":"A","scope":null,"refresh_token":"R"}`, true},
	"id_token a number":           {`{"access_token":"A","id_token":7,"refresh_token":"R"}`, true},
	"unknown members":             {`{"a":[{"refresh_token":"no"}],"access_token":"A","refresh_token":"R","":{"refresh_token":"no"}}`, true},
	"error beside it":             {`{"error":"invalid_grant","access_token":"A","refresh_token":"R"}`, true},
	"error alone":                 {`{"error":"server_error","refresh_token":"R"}`, false},
	"the last of two":             {`{"refresh_token":"no","access_token":"A","refresh_token":"R"}`, true},
	"escaped":                     {`{"access_token":"A","refresh\u005ftoken":"R"}`, true},
	"white space":                 {"\r\n{\t\"access_token\" : \"A\" ,\n \"refresh_token\" : \"R\" }\n", true},
	"byte order mark":             {"\ufeff" + `{"access_token":"A","refresh_token":"R"}`, true},
	"more after it":               {`{"access_token":"A","refresh_token":"R"} <!-- served by cache -->`, false},
	"no end":                      {`{"access_token":"A","refresh_token":"R"`, false},
	"a break after it":            {`{"access_token":"A","refresh_token":"R","expires_in":NaN}`, false},
	"a comma too many":            {`{"access_token":"A","refresh_token":"R",}`, false},
	"half a member after it":      {`{"access_token":"A","refresh_token":"R","expires_in":18`, false},
	"deep":                        {`{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `,"access_token":"A","refresh_token":"R"}`, true},
	"large":                       {`{"x":"` + strings.Repeat("x", 500_000) + `","access_token":"A","refresh_token":"R"}`, true},
	"refresh token in other case": {`{"Refresh_Token":"no","REFRESH_TOKEN":"no","access_token":"A","refresh_token":"R"}`, true},
}

// Whatever is wrong with a success, the refresh token in it is saved, and the next refresh
// goes on from it (F21).
func TestOddAnswersToARefresh(t *testing.T) {
	for name, c := range oddAnswers {
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := newLogin(t, 0)
					l.peer.answer = func(w http.ResponseWriter, n, _ int, _ string) {
						reply(w, status, strings.NewReplacer(`"R"`, `"`+rt(n)+`"`, `"A`, `"`+at(n)).Replace(c.body))
					}
					value, err := l.source.Authorize(t.Context())
					if c.usable {
						require.NoError(t, err)
						assert.Equal(t, "Bearer "+at(1), value)
					} else {
						assertIs(t, err, worktime.ErrBadResponse)
						assert.Empty(t, value)
						noCanary(t, err)
						assert.NotContains(t, err.Error(), at(1))
					}
					assert.Equal(t, 1, l.tokenRequests())
					record := l.stored(t)
					assert.Equal(t, rt(1), record.RefreshToken)
					assert.Equal(t, "ann", record.Subject)
					assert.Equal(t, "id-0", record.IDToken)
					assert.Equal(t, "openid tlp", record.Scope)
					l.kept(t)
				})
			})
		}
	}
}

// outages are answers that say nothing about the login, and the sentinel of each.
var outages = []struct {
	name   string
	status int
	body   string
	fields []string
	is     error
}{
	{"500", 500, "", nil, worktime.ErrUnavailable},
	{"500 HTML", 500, "<html>Server Error in '/' Application.</html>", nil, worktime.ErrUnavailable},
	{"500 invalid_grant", 500, `{"error":"invalid_grant"}`, nil, worktime.ErrUnavailable},
	{"501", 501, "", nil, worktime.ErrUnavailable},
	{"502", 502, "<html>Bad Gateway</html>", nil, worktime.ErrUnavailable},
	{"502 invalid_grant", 502, `{"error":"invalid_grant"}`, nil, worktime.ErrUnavailable},
	{"503", 503, "", []string{"Retry-After", "10"}, worktime.ErrUnavailable},
	{"503 temporarily_unavailable", 503, `{"error":"temporarily_unavailable"}`, nil, worktime.ErrUnavailable},
	{"504", 504, "", nil, worktime.ErrUnavailable},
	{"408", 408, "", nil, worktime.ErrUnavailable},
	{"425", 425, "", nil, worktime.ErrUnavailable},
	{"429", 429, "", []string{"Retry-After", "3600"}, worktime.ErrRateLimited},
	{"429 invalid_grant", 429, `{"error":"invalid_grant"}`, []string{"Retry-After", "3600"}, worktime.ErrRateLimited},
	{"400 nothing", 400, "", nil, worktime.ErrBadRequest},
	{"400 HTML", 400, "<html>Bad Request</html>", nil, worktime.ErrBadRequest},
	{"400 HTML of invalid_grant", 400, `<html>{"error":"invalid_grant"}</html>`, nil, worktime.ErrBadRequest},
	{"400 text", 400, `invalid_grant`, nil, worktime.ErrBadRequest},
	{"400 form", 400, `error=invalid_grant`, nil, worktime.ErrBadRequest},
	{"400 list", 400, `[{"error":"invalid_grant"}]`, nil, worktime.ErrBadRequest},
	{"400 string", 400, `"invalid_grant"`, nil, worktime.ErrBadRequest},
	{"400 cut short", 400, `{"error":"invalid_grant"`, nil, worktime.ErrBadRequest},
	{"400 inside", 400, `{"data":{"error":"invalid_grant"}}`, nil, worktime.ErrBadRequest},
	{"400 error an object", 400, `{"error":{"code":"invalid_grant"}}`, nil, worktime.ErrBadRequest},
	{"400 other capitals", 400, `{"error":"Invalid_Grant"}`, nil, worktime.ErrBadRequest},
	{"400 of an API", 400, `{"ErrorCode":4001,"Message":"invalid_grant"}`, nil, worktime.ErrBadRequest},
	{"400 temporarily_unavailable", 400, `{"error":"temporarily_unavailable"}`, nil, worktime.ErrBadRequest},
	{"400 slow_down", 400, `{"error":"slow_down"}`, nil, worktime.ErrBadRequest},
	{"400 invalid_request", 400, `{"error":"invalid_request"}`, nil, worktime.ErrBadRequest},
	{"400 invalid_scope", 400, `{"error":"invalid_scope"}`, nil, worktime.ErrBadRequest},
	{"400 invalid_client", 400, `{"error":"invalid_client"}`, nil, worktime.ErrUnauthorized},
	{"401 invalid_client", 401, `{"error":"invalid_client"}`, nil, worktime.ErrUnauthorized},
	{"400 unauthorized_client", 400, `{"error":"unauthorized_client"}`, nil, worktime.ErrUnauthorized},
	{"401 nothing", 401, "", []string{"WWW-Authenticate", "Negotiate"}, worktime.ErrUnauthorized},
	{"401 HTML", 401, "<html>Proxy login</html>", nil, worktime.ErrUnauthorized},
	{"403 HTML", 403, "<html>Blocked by your administrator</html>", nil, worktime.ErrForbidden},
	{"403 invalid_grant", 403, `{"error":"invalid_grant"}`, nil, worktime.ErrForbidden},
	{"404", 404, "", nil, worktime.ErrNotFound},
	{"405", 405, "", nil, worktime.ErrBadRequest},
	{"407", 407, "", nil, worktime.ErrBadRequest},
	{"410 invalid_grant", 410, `{"error":"invalid_grant"}`, nil, worktime.ErrNotFound},
	{"511", 511, "<html>Accept the terms</html>", nil, worktime.ErrUnavailable},
	{"captive portal 200", 200, "<html>Welcome to the hotel</html>", nil, worktime.ErrBadResponse},
	{"captive portal 200 JSON", 200, `{"portal":"hotel"}`, nil, worktime.ErrBadResponse},
	{"200 empty", 200, "", nil, worktime.ErrBadResponse},
	{"200 invalid_grant", 200, `{"error":"invalid_grant"}`, nil, worktime.ErrBadResponse},
	{"204", 204, "", nil, worktime.ErrBadResponse},
	{"captive portal 302", 302, "", []string{"Location", "http://127.0.0.1/portal"}, worktime.ErrRedirect},
	{"307", 307, "", []string{"Location", tokenURL}, worktime.ErrRedirect},
	{"304", 304, "", nil, worktime.ErrRedirect},
}

// None of them gives the login up, whether its access token still lives or not; one that lives
// is served to its end (F23).
func TestOutages(t *testing.T) {
	for _, c := range outages {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, softLimit)
				l.peer.asked = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
					reply(w, c.status, c.body, c.fields...)
					return true
				}
				began := time.Now()
				for time.Since(began) < softLimit-time.Second {
					require.Equal(t, at(0), l.authorize(), "after %v", time.Since(began))
					time.Sleep(time.Second)
				}
				synctest.Wait()
				assert.LessOrEqual(t, l.tokenRequests(), 2*int(softLimit/failurePause), "every 30 s")
				time.Sleep(time.Second)
				for range 5 {
					_, err := l.source.Authorize(t.Context())
					assertIs(t, err, c.is)
					authError(t, err)
					noCanary(t, err)
					time.Sleep(failureShare)
				}
				assert.Equal(t, rt(0), l.stored(t).RefreshToken)
				_, rotations, _ := l.peer.state()
				require.Zero(t, rotations)
				time.Sleep(2 * time.Hour) // longer than any Retry-After
				l.kept(t)
			})
		})
	}
}

// After an outage the first call that asks has the new token.
func TestRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.asked = func(w http.ResponseWriter, _ *http.Request, n int) bool {
			if n <= 20 {
				reply(w, http.StatusServiceUnavailable, "")
			}
			return n <= 20
		}
		for range 20 {
			callers := ask(l.source, 100, background)
			callers.wg.Wait()
			for _, r := range callers.returned() {
				assertIs(t, r.err, worktime.ErrUnavailable)
			}
			time.Sleep(failureShare)
		}
		assert.Equal(t, 20, l.tokenRequests(), "the failure is shared")
		ask(l.source, 100, background).allGot(t, 100, at(1), nil)
		l.kept(t)
	})
}

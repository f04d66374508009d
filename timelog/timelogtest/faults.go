package timelogtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Request is a request as it arrived: Time, Method, Host, URI (as it was on the wire), Path, Header, Body; Token, which is
// true if it went to the token endpoint; and Login, if it went to another path of the login server.
type Request = fake.Request

// Fault is something that goes wrong with a request. Give it to [Server.Fail]. It happens once, to the next
// request of the API; its methods return a copy for which this is different:
//
//   - OnToken(): to requests of the token endpoint.
//   - OnLogin(): to other requests of the login server.
//   - On(method, suffix): to requests with this method and a path that ends in this way; "" stands for any.
//   - When(func(*http.Request) bool): to requests that match. It must not call the server.
//   - After(n): after n such requests that pass.
//   - Times(n), Always(): n times, or to all such requests.
//   - Header(name, value): the answer has this field.
//   - RetryAfter(wait): the answer asks to wait, in seconds.
//   - RetryAfterDate(wait, layout): the same as a date, in one of the three layouts of HTTP: [http.TimeFormat],
//     [time.RFC850] and [time.ANSIC].
//
// For example the key set cannot be had twice:
//
//	srv.Fail(timelogtest.Status(503).OnLogin().On("GET", "/jwks").Times(2))
//
// [net/http] itself repeats a GET whose connection is closed without any answer, if the connection was used before.
// So a [Drop] or [LoseAnswer] of a GET may show in [Server.Requests] only.
type Fault = fake.Fault

// Status is a failure with this status and the vendor's error object, but 401 comes as the vendor sends it, and 429 without
// a body; the request is not handled.
func Status(status int) Fault {
	body := any(failure{Code: codeGeneral, Details: []any{}, Message: http.StatusText(status)})
	switch status {
	case http.StatusUnauthorized:
		body = object{"Message": "Authorization has been denied for this request."}
	case http.StatusTooManyRequests:
		return fake.Reply(status, "", "")
	}
	return fake.Reply(status, contentType, string(fake.JSON(body)))
}

// BusinessRule refuses the request with the error of a business rule, which the vendor sends with 422, 400 or mostly
// 500; the request is not handled.
func BusinessRule(status, errorCode int, text string) Fault {
	f := broken(status, errorCode, "%s", text).failure
	return fake.Reply(status, contentType, string(fake.JSON(f)))
}

// TokenError refuses a request of the token endpoint with an error of RFC 6749, section 5.2.
func TokenError(code string) Fault { return fake.TokenError(code) }

// Reply answers with this status, content type and body; the request is not handled.
func Reply(status int, contentType, body string) Fault { return fake.Reply(status, contentType, body) }

// HTML answers with the HTML page of a proxy; the request is not handled. The status may be 200.
func HTML(status int) Fault { return fake.HTML(status) }

// ContentType handles the request and answers with another content type.
func ContentType(value string) Fault { return fake.Handled().Header("Content-Type", value) }

// Delay waits before the request is handled. The wait ends if the client leaves or the server is closed.
func Delay(d time.Duration) Fault { return fake.Delay(d) }

// Hold waits until release is closed before the request is handled. The wait ends if the client leaves or the server
// is closed. In a bubble of testing/synctest, make the channel there.
func Hold(release <-chan struct{}) Fault { return fake.Hold(release) }

// Truncate handles the request and closes the connection in the middle of the answer's body.
func Truncate() Fault { return fake.Truncate() }

// Stall handles the request and stops in the middle of the answer's body until the client leaves or the server is
// closed.
func Stall() Fault { return fake.Stall() }

// Malformed handles the request and answers with half of the JSON.
func Malformed() Fault { return fake.Malformed() }

// Drop closes the connection before the request is handled: the request is lost.
func Drop() Fault { return fake.Drop() }

// LoseAnswer handles the request, so that hours are booked or a refresh token is spent, and closes the connection instead
// of answering.
func LoseAnswer() Fault { return fake.LoseAnswer() }

// HugeBody answers a request with n bytes of JSON that does not end; the request is not handled.
func HugeBody(n int64) Fault { return fake.HugeBody(n) }

// GzipBomb answers a request with n bytes that are compressed to less than a hundredth; the request is not handled.
func GzipBomb(n int64) Fault { return fake.GzipBomb(n) }

// WithoutTotals handles the request and leaves the numbers of records and of pages out of the answer, as some of the
// vendor's lists do.
func WithoutTotals() Fault {
	return editList(func(map[string]any) map[string]any { return nil })
}

// ZeroTotals handles the request and answers that there are no records, whatever there is, as one of the vendor's lists
// does.
func ZeroTotals() Fault {
	return editList(func(totals map[string]any) map[string]any {
		totals["TotalRecord"], totals["TotalPage"] = "0", "0"
		return totals
	})
}

// NumericTotals handles the request and answers with numbers instead of the vendor's strings.
func NumericTotals() Fault {
	return editList(func(totals map[string]any) map[string]any {
		for name, value := range totals {
			text, _ := value.(string)
			totals[name], _ = strconv.Atoi(text)
		}
		return totals
	})
}

// editList changes the totals of a list; nil takes them away.
func editList(change func(totals map[string]any) map[string]any) Fault {
	return fake.Edit(func(_ *http.Request, a *fake.Answer) {
		var list struct {
			Properties map[string]any    `json:"Properties"`
			Entities   []json.RawMessage `json:"Entities"`
			Links      json.RawMessage   `json:"Links"`
		}
		if json.Unmarshal(a.Body, &list) != nil || list.Entities == nil {
			return // no list
		}
		if list.Properties = change(list.Properties); list.Properties == nil {
			a.Body = fake.JSON(object{"Entities": list.Entities, "Links": list.Links})
			return
		}
		a.Body = fake.JSON(list)
	})
}

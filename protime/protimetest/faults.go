package protimetest

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Request is a request as it arrived: Time, Method, Host, URI (as it was on the wire), Path, Header, Body, and Token,
// which is true if it went to the authentication server.
type Request = fake.Request

// Fault is something that goes wrong with a request. Give it to [Server.Fail]. It happens once, to the next
// request of the API; its methods return a copy for which this is different:
//
//   - OnToken(): to requests of the authentication server.
//   - On(method, suffix): to requests with this method and a path that ends in this way; "" stands for any.
//   - When(func(*http.Request) bool): to requests that match. It must not call the server.
//   - After(n): after n such requests that pass.
//   - Times(n), Always(): n times, or to all such requests.
//   - Header(name, value): the answer has this field.
//   - RetryAfter(wait): the answer asks to wait, in seconds.
//   - RetryAfterDate(wait, layout): the same as a date, in one of the three layouts of HTTP: [http.TimeFormat],
//     [time.RFC850] and [time.ANSIC].
//
// For example the second and third attempt to create a clocking are too many:
//
//	srv.Fail(protimetest.Status(429).RetryAfter(30*time.Second).On("POST", "/clockings").After(1).Times(2))
//
// [net/http] itself repeats a GET whose connection is closed without any answer, if the connection was used before.
// So a [Drop] or [LoseAnswer] of a GET may show in [Server.Requests] only.
type Fault = fake.Fault

// Status is a failure with this status and the vendor's error object; the request is not handled.
func Status(status int) Fault {
	return fake.Reply(status, "application/json", string(fake.JSON((&refusal{status: status}).body())))
}

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

// Truncate handles the request and closes the connection in the middle of the answer's body. A create whose header tells
// the new id succeeds all the same, also with Stall and Malformed: for an unknown outcome use [LoseAnswer].
func Truncate() Fault { return fake.Truncate() }

// Stall handles the request and stops in the middle of the answer's body until the client leaves or the server is
// closed.
func Stall() Fault { return fake.Stall() }

// Malformed handles the request and answers with half of the JSON.
func Malformed() Fault { return fake.Malformed() }

// Drop closes the connection before the request is handled: the request is lost.
func Drop() Fault { return fake.Drop() }

// LoseAnswer handles the request, so that a clocking is created, and closes the connection instead of answering.
func LoseAnswer() Fault { return fake.LoseAnswer() }

// NextLink answers lists with this next link.
func NextLink(link string) Fault {
	return nextLink(func(*http.Request) string { return link })
}

// LoopingNextLink answers lists with a next link that leads to the same page.
func LoopingNextLink() Fault {
	return nextLink(func(r *http.Request) string { return r.URL.RequestURI() })
}

func nextLink(link func(*http.Request) string) Fault {
	return fake.Edit(func(r *http.Request, a *fake.Answer) {
		var body map[string]json.RawMessage
		if json.Unmarshal(a.Body, &body) == nil && body["value"] != nil {
			body["nextLink"] = fake.JSON(link(r))
			a.Body = fake.JSON(body)
		}
	})
}

// Location handles the request and answers with this Location.
func Location(value string) Fault { return fake.Handled().Header("Location", value) }

// HugeBody answers a request with n bytes of JSON that does not end; the request is not handled.
func HugeBody(n int64) Fault { return fake.HugeBody(n) }

// GzipBomb answers a request with n bytes that are compressed to less than a hundredth; the request is not handled.
func GzipBomb(n int64) Fault { return fake.GzipBomb(n) }

package timeneyetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// Request is a request as it arrived: Time, Method, Host, URI (as it was on the wire), Path, Header, Body; Token, which is
// true if it went to the token endpoint; and Login, if it went to the authorization endpoint.
type Request = fake.Request

// Fault is something that goes wrong with a request. Give it to [Server.Fail]. It happens once, to the next
// request of the API; its methods return a copy for which this is different:
//
//   - OnToken(): to requests of the token endpoint.
//   - OnLogin(): to requests of the authorization endpoint.
//   - On(method, suffix): to requests with this method and a path that ends in this way; "" stands for any.
//   - When(func(*http.Request) bool): to requests that match. It must not call the server.
//   - After(n): after n such requests that pass.
//   - Times(n), Always(): n times, or to all such requests.
//   - Header(name, value): the answer has this field.
//   - RetryAfter(wait): the answer asks to wait, in seconds.
//   - RetryAfterDate(wait, layout): the same as a date, in one of the three layouts of HTTP: [http.TimeFormat],
//     [time.RFC850] and [time.ANSIC].
//
// For example the second and third attempt to create an entry are too many:
//
//	srv.Fail(timeneyetest.Status(429).RetryAfter(30*time.Second).On("POST", "/entries").After(1).Times(2))
//
// [net/http] itself repeats a GET whose connection is closed without any answer, if the connection was used before.
// So a [Drop] or [LoseAnswer] of a GET may show in [Server.Requests] only.
type Fault = fake.Fault

// Status is a failure with this status and a message; the request is not handled.
func Status(status int) Fault {
	return fake.Reply(status, "application/json", string(fake.JSON(object{"message": http.StatusText(status)})))
}

// LoginPage sends the client to the HTML page of a login, as the vendor's server may do instead of answering 401; the request
// is not handled.
func LoginPage() Fault { return fake.HTML(http.StatusFound).Header("Location", "/login") }

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

// LoseAnswer handles the request, so that time is booked or a refresh token is spent, and closes the connection instead
// of answering.
func LoseAnswer() Fault { return fake.LoseAnswer() }

// HugeBody answers a request with n bytes of JSON that does not end; the request is not handled.
func HugeBody(n int64) Fault { return fake.HugeBody(n) }

// GzipBomb answers a request with n bytes that are compressed to less than a hundredth; the request is not handled.
func GzipBomb(n int64) Fault { return fake.GzipBomb(n) }

// WithoutMeta handles the request and leaves out of the list how many pages there are.
func WithoutMeta() Fault { return editList(func(list object, _ object) { delete(list, "meta") }) }

// OtherPage handles the request and answers with the number of another page.
func OtherPage() Fault {
	return editList(func(_, meta object) { meta["current_page"] = json.Number("7") })
}

// EmptyPage handles the request and answers with a page that has nothing in it, whatever is to follow.
func EmptyPage() Fault { return editList(func(list, _ object) { list["data"] = []object{} }) }

// editList changes a list that has pages.
func editList(change func(list, meta object)) Fault {
	return fake.Edit(func(_ *http.Request, a *fake.Answer) {
		var list object
		decoder := json.NewDecoder(bytes.NewReader(a.Body))
		decoder.UseNumber()
		if decoder.Decode(&list) != nil {
			return
		}
		if meta, ok := list["meta"].(object); ok {
			change(list, meta)
			a.Body = fake.JSON(list)
		}
	})
}

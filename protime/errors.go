package protime

import (
	"encoding/json"
	"net/http"
)

// failure is the union of the vendor's three error shapes: code and message, the same
// with reasons, both wrapped in "error"; and validation errors, which come without the wrapper.
// See https://documentation.myprotime.eu/protimeapi/reference/responses/
type failure struct {
	Code    string            `json:"code"`
	Message string            `json:"message"`
	Reasons []string          `json:"reasons"`
	Errors  []json.RawMessage `json:"validationErrors"` // their shape is not documented
}

// explain reads the vendor's words. Gateways answer with HTML or nothing: then there are none.
func explain(body []byte) (code, message string, details []string) {
	var outer struct {
		Error json.RawMessage `json:"error"`
	}
	var f failure
	_ = json.Unmarshal(body, &f) // members that cannot be read stay empty
	if json.Unmarshal(body, &outer) == nil {
		_ = json.Unmarshal(outer.Error, &f)
	}
	details = f.Reasons
	for _, raw := range f.Errors {
		text := string(raw)
		_ = json.Unmarshal(raw, &text) // a string without its quotes, anything else as it is
		details = append(details, text)
	}
	return f.Code, f.Message, details
}

// expired: 409 on a next page means that its continuation token is invalid or too old.
func expired(status int) bool { return status == http.StatusConflict }

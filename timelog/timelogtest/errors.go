package timelogtest

import (
	"fmt"
	"net/http"
)

// The classes of errors; they are no HTTP statuses.
const (
	codeGeneral    = 100
	codeBusiness   = 102
	codeValidation = 200
)

// Error codes of business rules that public clients have seen.
const (
	ruleClosedWeek  = 30012
	ruleNoPriceList = 30097
	ruleProjectNo   = 30171
	ruleUnknownUser = 37040
	ruleCategory    = 60013
	ruleOther       = 30000 // any other rule; the vendor's code is not known
)

// refusal is an answer that is not a success.
type refusal struct {
	status int
	body   any
	// failure is the vendor's error object, to which the request is added; nil if body is used.
	failure *failure
}

// failure is the vendor's ResponseError.
type failure struct {
	Code          int     `json:"Code"`
	Details       []any   `json:"Details"`
	Message       string  `json:"Message"`
	Parameters    string  `json:"Parameters"`
	URL           string  `json:"Url"`
	DeveloperNote *string `json:"DeveloperNote"`
}

// detail is one of a business rule's.
type detail struct {
	Message   string `json:"Message"`
	ErrorCode int    `json:"ErrorCode"`
}

// invalid says what is wrong with a request.
func invalid(details ...string) *refusal {
	f := &failure{Code: codeValidation, Message: "Invalid model state"}
	for _, text := range details {
		f.Details = append(f.Details, text)
	}
	return &refusal{status: http.StatusBadRequest, failure: f}
}

// broken says which business rule a request breaks.
func broken(status, errorCode int, format string, args ...any) *refusal {
	text := fmt.Sprintf(format, args...)
	return &refusal{status: status, failure: &failure{
		Code: codeBusiness, Message: "Business rule error", Details: []any{detail{text, errorCode}},
	}}
}

// rule is a business rule that is answered with 500, as most are.
func rule(errorCode int, format string, args ...any) *refusal {
	return broken(http.StatusInternalServerError, errorCode, format, args...)
}

// unknown is the answer for a row that is not there. It is a 404 in two places only.
func unknown(status int, what string, key any) *refusal {
	return &refusal{status: status, failure: &failure{
		Code: codeGeneral, Details: []any{}, Message: fmt.Sprintf("%s with ID=%v does not exist", what, key),
	}}
}

// absent is the answer for a row that is not there where the vendor has only 500 for it.
func absent(what string, key any) *refusal { return unknown(http.StatusInternalServerError, what, key) }

// message is an error without the vendor's error object.
func message(status int, text string) *refusal {
	return &refusal{status: status, body: object{"Message": text}}
}

func (refused *refusal) write(w http.ResponseWriter, url, parameters string) {
	if refused.failure == nil {
		writeJSON(w, refused.status, refused.body)
		return
	}
	f := *refused.failure
	f.URL, f.Parameters = url, parameters
	writeJSON(w, refused.status, f)
}

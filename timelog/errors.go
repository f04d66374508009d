package timelog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// The Code of a [worktime.Error]: the class of an error. It is not the HTTP status, even where it reads 200. There may
// be others.
const (
	CodeGeneral    = "100" // anything, from a missing object to a fault of the server
	CodeRule       = "102" // a business rule forbids it: see [Rules]
	CodeValidation = "200" // fields are missing or wrong; Details has a text for each
)

// Rule is a business rule that was broken. TimeLog reports the first one only.
type Rule struct {
	// Code is the number of the rule. The vendor publishes no list; the constants are those that were seen.
	Code int
	// Message is in the language of the site.
	Message string
}

// Numbers of business rules.
const (
	RuleDateClosed       = 30012 // the date lies in a timesheet that is closed (422)
	RuleNoUser           = 37040 // there is no user with that UserID
	RuleNoPriceList      = 30097 // there is no price list for the currency
	RuleProjectCategory  = 60013 // a project needs a category
	RuleProjectNoMissing = 30171 // a project needs a number
)

// Rules returns the business rules that an error names; none if it is another error.
func Rules(err error) []Rule {
	e, ok := errors.AsType[*worktime.Error](err)
	if !ok || e.Provider != provider {
		return nil
	}
	f, _ := readFailure(e.Body)
	return f.rules()
}

// HasRule reports whether an error names a business rule: HasRule(err, RuleDateClosed).
func HasRule(err error, code int) bool {
	for _, rule := range Rules(err) {
		if rule.Code == code {
			return true
		}
	}
	return false
}

// LooksNotFound reports whether an error probably means that an object does not exist. TimeLog answers most of those
// with 500 and a text, so that besides [worktime.ErrNotFound] this looks for words, which a site in another language than
// English does not use.
func LooksNotFound(err error) bool {
	e, ok := errors.AsType[*worktime.Error](err)
	return errors.Is(err, worktime.ErrNotFound) || ok && e.StatusCode >= 400 &&
		strings.Contains(strings.ToLower(e.Message+" "+strings.Join(e.Details, " ")), "does not exist")
}

// failure is the vendor's error object.
type failure struct {
	Code    json.RawMessage   `json:"Code"` // a number; of an unknown API version a text
	Message string            `json:"Message"`
	Details []json.RawMessage `json:"Details"` // texts, or a [detail] each
}

// detail is a business rule in Details.
type detail struct {
	ErrorCode int    `json:"ErrorCode"`
	Message   string `json:"Message"`
}

// readFailure reads an error object, also one inside of another. It reports whether it is one with a code, which
// no proxy makes.
func readFailure(body []byte) (f failure, ok bool) {
	var outer struct {
		Error json.RawMessage `json:"Error"`
	}
	if kind(body) != '{' || json.Unmarshal(body, &outer) != nil {
		return f, false
	}
	if kind(outer.Error) == '{' {
		body = outer.Error
	}
	_ = json.Unmarshal(body, &f) // members that cannot be read stay empty
	_, err := strconv.Atoi(string(f.Code))
	return f, err == nil && (f.Message != "" || f.Details != nil)
}

// code is the class of the error as text.
func (f failure) code() string {
	text := string(f.Code)
	_ = json.Unmarshal(f.Code, &text) // a text without its quotes
	if text == "null" {
		return ""
	}
	return text
}

func (f failure) rules() []Rule {
	var rules []Rule
	for _, data := range f.Details {
		var d detail
		if json.Unmarshal(data, &d) == nil && d.ErrorCode != 0 {
			rules = append(rules, Rule{d.ErrorCode, d.Message})
		}
	}
	return rules
}

// explain reads the vendor's words. Gateways answer with HTML or nothing: then there are none.
func explain(body []byte) (code, message string, details []string) {
	f, _ := readFailure(body)
	for _, data := range f.Details {
		var d detail
		text := string(data)
		switch {
		case text == "null":
			continue
		case json.Unmarshal(data, &text) == nil:
		case json.Unmarshal(data, &d) == nil && d.Message != "":
			text = d.Message
			if d.ErrorCode != 0 {
				text = fmt.Sprintf("%s (%d)", text, d.ErrorCode)
			}
		}
		details = append(details, text)
	}
	return f.code(), f.Message, details
}

// classify finds the refusals among the answers 500, which TimeLog uses for nearly all of them. The object of
// an error says that asking again will not help. That a write was not carried out is only certain
// if fields or rules forbade it: a general error may be a fault on the way.
func classify(op rest.Op, status int, _ http.Header, body []byte) transport.Outcome {
	if status != http.StatusInternalServerError {
		return transport.ClassifyStatus(status)
	}
	f, ok := readFailure(body)
	code := f.code()
	if ok && (op.Class != transport.Once || code == CodeRule || code == CodeValidation || len(f.rules()) > 0) {
		return transport.Refused
	}
	return transport.Unavailable
}

func badField(field, reason string) error {
	return &worktime.FieldError{Provider: provider, Field: field, Reason: reason}
}

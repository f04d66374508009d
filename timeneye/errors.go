package timeneye

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/worktime-go/worktime/internal/rest"
)

// hint says what to do about a refusal; empty if there is nothing to say. The vendor documents the roles
// (https://help.timeneye.com/user-roles-who-can-do-what), but neither the statuses of refusals nor their words.
func hint(op rest.Op, status int, unauthorized string) string {
	switch {
	case status == http.StatusUnauthorized:
		return unauthorized
	case status != http.StatusForbidden && status != http.StatusPaymentRequired:
		return ""
	case op.Name == createClient.Name:
		return "no client was created: Members may not, an admin may; " + switches
	case op.Name == createEntry.Name:
		return "no time was booked: the user has no access to the project, or the days are locked for all but owners and admins; " + switches
	default:
		return "the role of the user does not allow this call; " + switches
	}
}

const switches = `or the plan has no API, or the workspace does not "Allow third-party apps"`

// maxText is how much of a body without JSON is taken for the vendor's words.
const maxText = 200

// explain reads the vendor's words. The shape of errors is not documented; these are the forms of
// the framework that the server shows the signs of: a message, errors by field, and an error that is
// a text or an object with a message.
func explain(body []byte) (code, message string, details []string) {
	var f struct {
		Message string                     `json:"message"`
		Errors  map[string]json.RawMessage `json:"errors"`
		Error   json.RawMessage            `json:"error"`
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '{' {
		if len(body) > 0 && body[0] != '<' && body[0] != '[' && utf8.Valid(body) {
			message = strings.ToValidUTF8(string(body[:min(len(body), maxText)]), "")
		}
		return "", message, nil
	}
	_ = json.Unmarshal(body, &f) // members that cannot be read stay empty
	for _, field := range slices.Sorted(maps.Keys(f.Errors)) {
		for _, text := range texts(f.Errors[field]) {
			details = append(details, field+": "+text)
		}
	}
	if f.Message == "" {
		var inner struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(f.Error, &f.Message) != nil && json.Unmarshal(f.Error, &inner) == nil {
			f.Message = inner.Message
		}
	}
	return "", f.Message, details
}

// texts returns one text or several.
func texts(raw json.RawMessage) []string {
	var many []string
	var one string
	if json.Unmarshal(raw, &many) == nil {
		return many
	}
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	return []string{string(raw)}
}

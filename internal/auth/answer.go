package auth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxAuthorization limits what comes to the redirect URI. The ID token in it is a few kilobytes.
const maxAuthorization = 64 << 10

// answer is what the login server has sent to the redirect URI (RFC 6749, section 4.1.2). What else is
// in it is ignored, as it must be.
type answer struct {
	state, code, idToken        string
	issuer                      string
	errorCode, errorDescription string
}

// parseAnswer reads the parameters of an answer. Beside an error the state is returned nevertheless.
func parseAnswer(values url.Values, hybrid bool) (answer, error) {
	var a answer
	var twice error
	for _, p := range []struct {
		name  string
		value *string
	}{
		{"state", &a.state},
		{"code", &a.code},
		{"id_token", &a.idToken},
		{"iss", &a.issuer},
		{"error", &a.errorCode},
		{"error_description", &a.errorDescription},
	} {
		list := values[p.name]
		if len(list) > 1 { // RFC 6749, section 3.1
			twice = errors.New("the answer has a parameter twice")
			continue
		}
		*p.value = values.Get(p.name)
	}
	switch {
	case twice != nil:
		return a, twice
	case a.errorCode != "":
		return answer{state: a.state, errorCode: a.errorCode, errorDescription: a.errorDescription}, nil
	case values.Has("access_token"): // not asked for, and leaked already (RFC 9700, section 2.1.2)
		return a, errors.New("the answer has an access token, which must not come through the browser")
	case a.code == "":
		return a, errors.New("the answer has no code")
	case hybrid && a.idToken == "":
		return a, errors.New("the answer has no id_token")
	}
	return a, nil
}

// readAnswer returns the parameters of a request to the redirect URI: of its form, its query, or the
// fragment of an address that a person has copied. With a ResponseWriter a body that is too large ends
// the connection.
func readAnswer(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r == nil || r.URL == nil {
		return nil, errors.New("there is no answer")
	}
	encoded := r.URL.RawQuery
	switch r.Method {
	case http.MethodGet, "":
		if encoded == "" {
			encoded = r.URL.EscapedFragment()
		}
	case http.MethodPost:
		if encoded != "" {
			return nil, errors.New("the answer is a form with a query")
		}
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
			return nil, errors.New("the answer is not a form")
		}
		switch {
		case r.PostForm != nil: // somebody has read it already
			return r.PostForm, nil
		case r.Body == nil:
			return nil, errors.New("the answer is empty")
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAuthorization))
		if err != nil {
			return nil, errors.New("the answer could not be read, or is too large")
		}
		encoded = string(body)
	default:
		return nil, errors.New("the answer is neither a GET nor a POST")
	}
	if len(encoded) > maxAuthorization {
		return nil, errors.New("the answer is too large")
	}
	values, err := url.ParseQuery(encoded)
	if err != nil { // the error of net/url quotes the answer
		return nil, errors.New("the answer is not form-encoded")
	}
	return values, nil
}

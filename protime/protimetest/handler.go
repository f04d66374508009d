package protimetest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/worktime-go/worktime/internal/fake"
)

const (
	basePath = "/connector/protimeapi/api/v1"
	maxURI   = 4096
)

// userAgent is the outline that the vendor demands: ServiceName/Version (Company Name).
var userAgent = regexp.MustCompile(`^[^/()]+/[^ ()]+ \([^()]+\)$`)

// isAuth reports whether a request is meant for the authentication server. Under other hosts than ours, such
// as the vendor's own, the path tells.
func (s *Server) isAuth(r *http.Request) bool {
	switch r.Host {
	case s.authHost:
		return true
	case s.apiHost:
		return false
	}
	return strings.HasPrefix(r.URL.Path, "/tenants/")
}

func (s *Server) serveAuth(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/tenants/"+s.settings.tenant+"/connect/token" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.tokens.ServeHTTP(w, r)
}

// refusal is an answer that is not a success.
type refusal struct {
	status  int
	reasons []string
	// invalid is what is wrong with a body. It comes without the envelope of the other errors.
	invalid []string
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, reasons: []string{fmt.Sprintf(format, args...)}}
}

// serveAPI checks what all operations have in common.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	uri := r.RequestURI
	if uri == "" { // not made by a server
		uri = r.URL.RequestURI()
	}
	scopes, authorized := s.tokens.Scopes(r.Header.Get("Authorization"))
	switch {
	case len(uri) > maxURI:
		refuse(w, &refusal{status: http.StatusRequestURITooLong})
	case !userAgent.MatchString(r.Header.Get("User-Agent")):
		refuse(w, badRequest("The User-Agent header must have the form ServiceName/Version (Company Name)"))
	case !authorized:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`) // RFC 6750, section 3
		refuse(w, &refusal{status: http.StatusUnauthorized})
	default:
		if refused := s.route(w, r, scopes); refused != nil {
			refuse(w, refused)
		}
	}
}

// parameters returns the query parameters, each of which must be known and given once.
func parameters(r *http.Request, known ...string) (url.Values, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("The query cannot be read")
	}
	for name, all := range values {
		if !slices.Contains(known, name) {
			return nil, badRequest("The query parameter '%s' is not known", name)
		}
		if len(all) > 1 {
			return nil, badRequest("The query parameter '%s' is given twice", name)
		}
	}
	return values, nil
}

// answer writes JSON as the vendor's documentation prints it.
func answer(w http.ResponseWriter, status int, body any) {
	fake.WriteJSON(w, status, "application/json", body)
}

// failure is the vendor's error object.
type failure struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Reasons []string `json:"reasons,omitempty"`
	Invalid []string `json:"validationErrors,omitempty"`
}

// refuse writes an error in one of the vendor's shapes. See
// https://documentation.myprotime.eu/protimeapi/reference/responses/
func refuse(w http.ResponseWriter, refused *refusal) { answer(w, refused.status, refused.body()) }

func (refused *refusal) body() any {
	// Only the code BadRequest is documented; the others are named after the same pattern.
	text := http.StatusText(refused.status)
	f := failure{Code: strings.ReplaceAll(text, " ", ""), Message: text, Reasons: refused.reasons, Invalid: refused.invalid}
	if refused.status == http.StatusBadRequest {
		f.Message = "The request was invalid"
	}
	if refused.invalid != nil {
		return f
	}
	return struct {
		Error failure `json:"error"`
	}{f}
}

package timelogtest

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/internal/fake"
)

// isLogin reports whether a request is meant for the login server. Under other hosts than ours, such as the
// vendor's own, the path tells.
func (s *Server) isLogin(r *http.Request) bool {
	switch r.Host {
	case s.loginHost:
		return true
	case s.apiHost:
		return false
	}
	path := r.URL.Path
	return strings.HasPrefix(path, "/connect/") || strings.HasPrefix(path, "/.well-known/") || path == resolvePath
}

// call is a request of an operation.
type call struct {
	*store
	server *Server
	r      *http.Request
	query  url.Values
	body   []byte
	user   *User // whose token it came with
}

// operation answers with an entity, a list of entities, bare, empty or nil.
type operation func(c *call) (any, *refusal)

// routes are the operations by method and path below /v1.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, service := range []map[string]operation{
		userOperations(), customerOperations(), projectOperations(), taskOperations(), taskSearches(),
		timeTrackingItemOperations(), timeRegistrationOperations(), absenceOperations(),
	} {
		for pattern, run := range service {
			mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.carryOut(w, r, run) })
		}
	}
	return mux
}

// serveAPI checks what all operations have in common. The version is decided before the token.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	base := "/" + s.settings.site + "/api/"
	path, below := strings.CutPrefix(r.URL.Path, base)
	version, _, _ := strings.Cut(path, "/")
	_, authorized := s.login.user(r)
	switch {
	case !below:
		notFound(r).write(w, "", "")
	case version != "v1":
		writeJSON(w, http.StatusNotFound, object{"Error": object{
			"Code": "UnsupportedApiVersion", "InnerError": nil,
			"Message": "The HTTP resource that matches the request URI does not support the API version '" + strings.TrimPrefix(version, "v") + "'.",
		}})
	case !authorized:
		deny(w)
	default:
		http.StripPrefix(base+"v1", http.HandlerFunc(s.route)).ServeHTTP(w, r)
	}
}

// deny answers as RFC 9110, section 15.5.2, wants it.
func deny(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	message(http.StatusUnauthorized, "Authorization has been denied for this request.").write(w, "", "")
}

// route finds the operation.
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	fake.Route(s.api, w, r, func(status int) {
		refused := notFound(r)
		if status == http.StatusMethodNotAllowed {
			refused = message(status, "The requested resource does not support http method '"+r.Method+"'.")
		}
		refused.write(w, "", "")
	})
}

func notFound(r *http.Request) *refusal {
	return message(http.StatusNotFound, "No HTTP resource was found that matches the request URI '"+r.URL.Path+"'.")
}

// carryOut runs an operation alone: others wait.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, run operation) {
	body, _ := io.ReadAll(r.Body) // was read whole already
	id, authorized := s.login.user(r)
	if !authorized { // since just now
		deny(w)
		return
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := &call{store: s.store, server: s, r: r, query: r.URL.Query(), body: body, user: s.store.users.get(id)}
	result, refused := run(c)
	if refused != nil {
		refused.write(w, c.url(), string(body))
		return
	}
	c.answer(w, result)
}

// pathID returns the integer at the end of the path.
func (c *call) pathID(name string) (int64, *refusal) {
	id, err := strconv.ParseInt(c.r.PathValue(name), 10, 64)
	if err != nil {
		return 0, notFound(c.r)
	}
	return id, nil
}

// expands reports whether $expand names a nested object.
func (c *call) expands(name string) bool {
	return slices.ContainsFunc(strings.Split(c.query.Get("$expand"), ","), func(asked string) bool {
		return strings.EqualFold(strings.TrimSpace(asked), name)
	})
}

// flag returns a query parameter that is true or false.
func (c *call) flag(name string, otherwise bool) (bool, *refusal) {
	if !c.query.Has(name) {
		return otherwise, nil
	}
	value, err := strconv.ParseBool(c.query.Get(name))
	if err != nil {
		return false, notANumber(name, c.query.Get(name))
	}
	return value, nil
}

// number returns a query parameter that is an integer; 0 if it is not there.
func (c *call) number(name string, required bool) (int64, *refusal) {
	if !c.query.Has(name) {
		if required {
			return 0, invalid(mustNotBeEmpty(name))
		}
		return 0, nil
	}
	value, err := strconv.ParseInt(c.query.Get(name), 10, 64)
	if err != nil {
		return 0, notANumber(name, c.query.Get(name))
	}
	return value, nil
}

func notANumber(name, value string) *refusal {
	return invalid("The value '" + value + "' is not valid for " + name + ".")
}

// contains is how search texts match: anywhere, in any case. The vendor's rule is not documented.
func contains(search string, texts ...string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), search) })
}

package timeneyetest

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// basePath is the vendor's.
const basePath = "/api/v1"

// object is a JSON object.
type object = map[string]any

// call is a request of an operation.
type call struct {
	*store
	settings *settings
	query    url.Values
	form     map[string]json.RawMessage // the body
	user     User                       // whose token it came with
}

// refusal is an answer that is not a success.
type refusal struct {
	status  int
	message string
	errors  object // by field; nil: none
}

// routes are the operations by method and path below the base.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, run := range map[string]func(c *call) (any, *refusal){
		"GET /entries": listEntries, "POST /entries": createEntry, "GET /projects": listProjects, "POST /clients": createClient,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.carryOut(w, r, run) })
	}
	return mux
}

// serveAPI checks what all operations have in common.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	path, below := strings.CutPrefix(r.URL.Path, basePath)
	user, authorized := s.user(r.Header.Get("Authorization"))
	switch {
	case !below:
		refuse(w, refusal{status: http.StatusNotFound, message: "Not found."})
	case !strings.Contains(r.Header.Get("Accept"), "application/json"):
		// What the framework that the vendor's server shows the signs of does for browsers:
		// https://laravel.com/docs/validation
		w.Header().Set("Location", "/login")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, `<!DOCTYPE html><title>Redirecting</title>Redirecting to <a href="/login">/login</a>.`)
	case !authorized:
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110, section 15.5.2
		refuse(w, refusal{status: http.StatusUnauthorized, message: "Unauthenticated."})
	case !s.quotas.take(w.Header(), user.ID, time.Now()):
		refuse(w, refusal{status: http.StatusTooManyRequests, message: "Too Many Attempts."})
	default:
		s.route(w, r, path)
	}
}

// route finds the operation.
func (s *Server) route(w http.ResponseWriter, r *http.Request, path string) {
	below := r.Clone(r.Context())
	below.URL.Path, below.URL.RawPath = path, ""
	fake.Route(s.api, w, below, func(status int) {
		message := "Not found."
		if status == http.StatusMethodNotAllowed {
			message = "The " + r.Method + " method is not supported for this route."
		}
		refuse(w, refusal{status: status, message: message})
	})
}

// carryOut runs an operation alone: others wait.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, run func(c *call) (any, *refusal)) {
	body, _ := io.ReadAll(r.Body) // was read whole already
	user, _ := s.user(r.Header.Get("Authorization"))
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	c := &call{store: s.store, settings: &s.settings, query: r.URL.Query(), user: user}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		_ = json.Unmarshal(body, &c.form) // other bodies have no members
	}
	result, refused := run(c)
	switch {
	case refused != nil:
		refuse(w, *refused)
	case result == nil:
		w.WriteHeader(http.StatusOK)
	default:
		if s.settings.looseTypes {
			result = loose("", result)
		}
		writeJSON(w, http.StatusOK, result)
	}
}

// created is the answer to a create.
func (c *call) created(o object, id int64) any {
	switch c.settings.created {
	case Bare:
		return o
	case OnlyID:
		return object{"id": id}
	case NoBody:
		return nil
	default:
		return object{"data": o}
	}
}

func refuse(w http.ResponseWriter, r refusal) {
	body := object{"message": r.message}
	if r.errors != nil {
		body["errors"] = r.errors
	}
	writeJSON(w, r.status, body)
}

// invalid says what is wrong with a body, by its fields.
func invalid(message string, errors object) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, message: message, errors: errors}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	fake.WriteJSON(w, status, "application/json", body)
}

// quotas count the requests of each user.
type quotas struct {
	limit int

	mu      sync.Mutex
	windows map[int64]*window
}

// window is one of the vendor's 5 minutes.
type window struct {
	ends time.Time
	used int
}

const windowLength = 5 * time.Minute

func newQuotas(limit int) *quotas { return &quotas{limit: limit, windows: map[int64]*window{}} }

// take counts a request, tells the quota in the header, and reports whether the request is within it.
func (q *quotas) take(header http.Header, user int64, now time.Time) bool {
	if q.limit == 0 {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	w := q.windows[user]
	if w == nil || !now.Before(w.ends) {
		w = &window{ends: now.Add(windowLength)}
		q.windows[user] = w
	}
	within := w.used < q.limit
	if within {
		w.used++
	}
	header.Set("X-RateLimit-Limit", strconv.Itoa(q.limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(q.limit-w.used))
	if !within {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(w.ends.Sub(now).Seconds()))))
		header.Set("X-RateLimit-Reset", strconv.FormatInt(w.ends.Unix(), 10))
	}
	return within
}

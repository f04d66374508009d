package fake

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is something that goes wrong with a request. The functions that return one make it happen once, to the
// next request of the API; its methods return a changed copy.
type Fault struct {
	token  bool
	login  bool
	match  []func(*http.Request) bool
	skip   int
	times  int // negative: for ever
	header []func(http.Header)
	act    func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// OnToken makes it happen to requests of the token endpoint.
func (f Fault) OnToken() Fault {
	f.token = true
	return f
}

// OnLogin makes it happen to the other requests of the login server, such as that for its keys.
func (f Fault) OnLogin() Fault {
	f.login = true
	return f
}

// On limits it to requests with this method whose path ends in this way; an empty text stands for any.
func (f Fault) On(method, suffix string) Fault {
	return f.When(func(r *http.Request) bool {
		return (method == "" || r.Method == method) && strings.HasSuffix(r.URL.Path, suffix)
	})
}

// When limits it to requests that match, besides what limits it already.
func (f Fault) When(match func(*http.Request) bool) Fault {
	f.match = append(slices.Clip(f.match), match)
	return f
}

// After lets that many of the requests pass first.
func (f Fault) After(n int) Fault {
	f.skip = n
	return f
}

// Times makes it happen to that many requests.
func (f Fault) Times(n int) Fault {
	f.times = max(0, n)
	return f
}

// Always makes it happen to all requests.
func (f Fault) Always() Fault {
	f.times = -1
	return f
}

// Header sets a field in the header of the answer.
func (f Fault) Header(name, value string) Fault {
	return f.edit(func(header http.Header) { header.Set(name, value) })
}

// RetryAfter sets Retry-After to seconds (RFC 9110, section 10.2.3).
func (f Fault) RetryAfter(wait time.Duration) Fault {
	return f.Header("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
}

// RetryAfterDate sets Retry-After to the time after the wait, which begins with the answer's Date. RFC 9110,
// section 5.6.7, knows three layouts: [http.TimeFormat], [time.RFC850] and [time.ANSIC].
func (f Fault) RetryAfterDate(wait time.Duration, layout string) Fault {
	layout = strings.Replace(layout, "MST", "GMT", 1) // Go calls the zone UTC
	return f.edit(func(header http.Header) {
		now := time.Now().UTC()
		header.Set("Date", now.Format(http.TimeFormat))
		header.Set("Retry-After", now.Add(wait).Format(layout))
	})
}

func (f Fault) edit(change func(http.Header)) Fault {
	f.header = append(slices.Clip(f.header), change)
	return f
}

func (f Fault) matches(r *http.Request, token, login bool) bool {
	return f.token == token && f.login == login && !slices.ContainsFunc(f.match, func(match func(*http.Request) bool) bool { return !match(r) })
}

func (f Fault) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if len(f.header) > 0 {
		w = &headerWriter{ResponseWriter: w, changes: f.header}
	}
	f.act(w, r, next)
}

// headerWriter changes the header when it is written, so that a handler cannot undo it.
type headerWriter struct {
	http.ResponseWriter
	changes []func(http.Header)
	written bool
}

func (w *headerWriter) WriteHeader(status int) {
	if !w.written {
		w.written = true
		for _, change := range w.changes {
			change(w.Header())
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *headerWriter) Write(b []byte) (int, error) {
	if !w.written {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for [http.ResponseController].
func (w *headerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// faults are those that are yet to happen.
type faults struct {
	mu      sync.Mutex
	pending []*Fault
}

// Fail makes the faults happen. Of those that a request meets, the first that was given and is not used up
// happens; the others do not count the request.
func (fs *faults) Fail(more ...Fault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, fault := range more {
		if fault.act != nil {
			fs.pending = append(fs.pending, &fault)
		}
	}
}

// ClearFaults forgets all faults.
func (fs *faults) ClearFaults() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.pending = nil
}

// next returns the fault that happens to a request, if one does.
func (fs *faults) next(r *http.Request, token, login bool) (Fault, bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, fault := range fs.pending {
		switch {
		case fault.times == 0 || !fault.matches(r, token, login):
		case fault.skip > 0:
			fault.skip--
		default:
			if fault.times > 0 {
				fault.times--
			}
			return *fault, true
		}
	}
	return Fault{}, false
}

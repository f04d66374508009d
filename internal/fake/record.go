package fake

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is a request as it arrived.
type Request struct {
	Time   time.Time
	Method string
	Host   string
	URI    string // the request target as it was on the wire
	Path   string // of URI, unescaped
	Header http.Header
	Body   []byte
	// Token: it was meant for the token endpoint.
	Token bool
	// Login: it was meant for another path of the login server.
	Login bool
}

// recorder keeps all requests.
type recorder struct {
	mu  sync.Mutex
	all []Request
}

func (rec *recorder) add(r *http.Request, body []byte, token, login bool) {
	uri := r.RequestURI
	if uri == "" { // not made by a server
		uri = r.URL.RequestURI()
	}
	request := Request{
		Time: time.Now(), Method: r.Method, Host: r.Host, URI: uri, Path: r.URL.Path,
		Header: r.Header.Clone(), Body: body, Token: token, Login: login,
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.all = append(rec.all, request)
}

// Requests returns copies of the requests in the order of their arrival, those that met a fault too.
func (rec *recorder) Requests() []Request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	all := slices.Clone(rec.all)
	for i := range all {
		all[i].Header, all[i].Body = all[i].Header.Clone(), bytes.Clone(all[i].Body)
	}
	return all
}

// APIRequests returns how many requests went to the API.
func (rec *recorder) APIRequests() int { return rec.count(false, false) }

// TokenRequests returns how many requests went to the token endpoint.
func (rec *recorder) TokenRequests() int { return rec.count(true, false) }

// LoginRequests returns how many requests went to other paths of the login server.
func (rec *recorder) LoginRequests() int { return rec.count(false, true) }

func (rec *recorder) count(token, login bool) int {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	n := 0
	for i := range rec.all {
		if rec.all[i].Token == token && rec.all[i].Login == login {
			n++
		}
	}
	return n
}

package timelogtest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/internal/fake"
)

// object is one of the vendor's models, by the names of its fields.
type object = map[string]any

// entity is the envelope of one row. See https://api.timelog.com/rest
type entity struct {
	Properties any      `json:"Properties"`
	Links      []link   `json:"Links"`
	Actions    []object `json:"Actions"`
}

type link struct {
	Href string `json:"Href"`
	Rel  string `json:"Rel"`
}

// page is the envelope of a list. Its numbers are strings.
type page struct {
	Properties struct {
		TotalRecord string `json:"TotalRecord"`
		TotalPage   string `json:"TotalPage"`
		PageNumber  string `json:"PageNumber"`
	} `json:"Properties"`
	Entities []entity `json:"Entities"`
	Links    []link   `json:"Links"`
}

// What an operation may answer besides an entity and a list of entities; nil is the JSON null.
type (
	bare  struct{ body any } // without an envelope
	empty struct{}           // no body at all
)

// answer writes the result of an operation.
func (c *call) answer(w http.ResponseWriter, result any) {
	switch result := result.(type) {
	case empty:
		w.WriteHeader(http.StatusOK)
	case []entity:
		writeJSON(w, http.StatusOK, c.page(result))
	case bare:
		writeJSON(w, http.StatusOK, result.body)
	default:
		writeJSON(w, http.StatusOK, result)
	}
}

// page cuts a page out of a list. A $page or $pagesize that is no number from 1 on is ignored, as other
// parameters are that the vendor does not know.
func (c *call) page(rows []entity) page {
	number := func(name string, otherwise int) int {
		if n, err := strconv.Atoi(c.query.Get(name)); err == nil && n > 0 {
			return n
		}
		return otherwise
	}
	index, size := number("$page", 1), number("$pagesize", 10)
	if limit := c.server.settings.maxPageSize; limit > 0 {
		size = min(size, limit)
	}
	var p page
	p.Properties.TotalRecord = strconv.Itoa(len(rows))
	p.Properties.TotalPage = strconv.Itoa((len(rows) + size - 1) / size)
	p.Properties.PageNumber = strconv.Itoa(index)
	p.Entities = []entity{}
	if from := (index - 1) * size; index <= len(rows) && from < len(rows) {
		p.Entities = rows[from:min(from+size, len(rows))]
	}
	p.Links = []link{{c.url(), "self"}}
	return p
}

// row is the envelope of a row that can be read at a path below /v1.
func (c *call) row(path string, id int64, properties object) entity {
	return entity{properties, []link{{c.server.apiURL(c.r) + path + strconv.FormatInt(id, 10), "self"}}, []object{}}
}

// url is the requested URL.
func (c *call) url() string {
	u := c.server.apiURL(c.r) + c.r.URL.EscapedPath()
	if c.r.URL.RawQuery != "" {
		u += "?" + c.r.URL.RawQuery
	}
	return u
}

// apiURL is the base of the API as the client calls it.
func (s *Server) apiURL(r *http.Request) string { return origin(r) + "/" + s.settings.site + "/api/v1" }

// origin is the scheme and the host that the client used. The in-memory connections leave TLS out, so that https
// is known by the host.
func origin(r *http.Request) string {
	host := (&url.URL{Host: r.Host}).Hostname()
	if r.TLS == nil && (host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")) {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// contentType is what the vendor calls its JSON.
const contentType = "application/json; charset=utf-8"

// writeJSON answers with JSON as the vendor writes it.
func writeJSON(w http.ResponseWriter, status int, body any) {
	fake.WriteJSON(w, status, contentType, body)
}

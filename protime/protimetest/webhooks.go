package protimetest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// newWebhook is the body of a POST. See https://documentation.myprotime.eu/protimeapi/reference/webhooks/
type newWebhook struct {
	DestinationURL string `json:"destinationUrl"`
	CollectionName string `json:"collectionName"`
}

// The states of a webhook.
const (
	enabled  = "Enabled"
	disabled = "Disabled"
)

func (s *Server) createWebhook(w http.ResponseWriter, request *http.Request) *refusal {
	values, refused := parameters(request, "externalReferences")
	if refused != nil {
		return refused
	}
	var n newWebhook
	r := s.read(request, &n)
	if refused := r.refusal(); refused != nil {
		return refused
	}
	t := s.store.tables[n.CollectionName]
	if t == nil || !t.webhook {
		return badRequest("The collection '%s' has no webhooks", n.CollectionName)
	}
	if !reachable(n.DestinationURL) {
		return badRequest("The destination URL is invalid: it must begin with https")
	}
	asked, refused := parseReferences(values.Get("externalReferences"), t.refs...)
	if refused != nil {
		return refused
	}
	until := time.Now().Add(s.settings.delivery.Validity).In(time.FixedZone("", 2*60*60))
	doc := document{
		"validUntil": until.Format(time.RFC3339), "status": enabled,
		"destinationUrl": n.DestinationURL, "collectionName": n.CollectionName,
	}
	chosen := map[string]any{}
	for _, name := range asked { // the shape of this member is not documented
		chosen[referenceOf(name)] = referenceName(name)
	}
	if len(chosen) > 0 {
		doc["externalReferences"] = chosen
	}
	id, key := newGUID(), rand.Text()
	doc["id"] = id
	s.hooks.subscribe(id, key, asked) // before events can come
	stored, err := s.store.put(webhooks, doc)
	if err != nil {
		return badRequest("%v", err)
	}
	body := map[string]any{}
	_ = json.Unmarshal(stored.raw, &body) // is an object
	body[s.settings.delivery.KeyName] = key
	w.Header().Set("Location", basePath+"/webhooks/"+stored.id)
	answer(w, http.StatusCreated, body)
	return nil
}

// newGUID returns a random one (RFC 9562, section 5.4).
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// reachable reports whether events may be sent to a URL. A server of a test may listen without TLS.
func reachable(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// sweep disables the webhooks whose time is over.
func (s *store) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Clone(s.tables[webhooks].rows) {
		if !live(r) && r.doc.text("status") == enabled {
			s.disable(r)
		}
	}
}

// disable ends a webhook, with mu held.
func (s *store) disable(r *row) {
	doc := r.doc.clone()
	doc["status"] = disabled
	_, _ = s.putLocked(webhooks, doc) // was stored before
}

// live reports whether a webhook gets events.
func live(r *row) bool {
	until, err := time.Parse(time.RFC3339, r.doc.text("validUntil"))
	return err == nil && time.Now().Before(until) && r.doc.text("status") == enabled
}

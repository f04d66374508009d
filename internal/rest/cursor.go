package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/worktime-go/worktime"
)

// position is what a cursor holds. It has no secrets: a link is what the vendor printed, or
// our own query.
type position struct {
	Version   int    `json:"v"`
	Provider  string `json:"p"`
	Operation string `json:"o"`
	Query     string `json:"q"`           // digest of all walks of the query
	Walk      int    `json:"w"`           // which of them
	Link      string `json:"l,omitempty"` // next page in it; empty: its first
	Poll      bool   `json:"c,omitempty"` // the link is to be polled
	Page      int    `json:"n,omitempty"` // number of the next page; 0: the first
	First     string `json:"f,omitempty"` // what the page before began with
	End       bool   `json:"e,omitempty"` // nothing follows
}

const (
	cursorVersion = 1
	// maxCursor has room for the longest link: JSON takes up to 6 bytes for one of it, base64 4 for 3.
	maxCursor = 9 * maxLink
)

func (p position) encode() worktime.Cursor {
	b, _ := json.Marshal(p) // cannot fail for these types
	return worktime.Cursor(base64.RawURLEncoding.EncodeToString(b))
}

// digest stands for a query: the URLs that its walks begin with.
func digest(first []*url.URL) string {
	h := sha256.New()
	for _, u := range first {
		h.Write([]byte(u.String() + "\n"))
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// readCursor checks that a cursor belongs to the walks that want describes. The reason is
// empty if it does.
func readCursor(c worktime.Cursor, want position, walks int, polls bool) (p position, reason string) {
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if len(c) > maxCursor || err != nil || json.Unmarshal(b, &p) != nil {
		return p, "is not a cursor of this module"
	}
	switch {
	case p.Version != want.Version:
		return p, "was made by another version of this module: start the list anew"
	case p.Provider != want.Provider || p.Operation != want.Operation:
		return p, "belongs to another operation"
	case p.Query != want.Query:
		return p, "belongs to another query: give it back with the one it came from, or start anew"
	case !p.End && (p.Walk < 0 || p.Walk >= walks), p.Page < 0, p.Poll && (!polls || p.Link == ""):
		return p, "is not a cursor of this module"
	}
	return p, ""
}

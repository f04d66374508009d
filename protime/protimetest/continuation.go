package protimetest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"sync/atomic"
)

// position is a place in a list.
type position struct {
	after int64  // the last id that was sent
	page  uint32 // how many pages were
}

// continuations makes the links to next pages, and reads the tokens in them.
type continuations struct {
	key   []byte
	epoch atomic.Uint32 // tokens of an earlier one have expired
}

func newContinuations() *continuations {
	c := &continuations{key: make([]byte, 32)}
	_, _ = rand.Read(c.key) // never fails
	return c
}

func (c *continuations) expire() { c.epoch.Add(1) }

// next returns the link to the page at a position. As the vendor does, it prints the query unencoded: blanks and
// quotes in the filter stand as they are, and so do the + / = of the Base64 tokens.
func (c *continuations) next(path string, query url.Values, at position) string {
	link := "?"
	for _, name := range []string{"filter", "externalReferences"} {
		if value := query.Get(name); value != "" {
			link += name + "=" + value + "&"
		}
	}
	link += "continuationToken=" + base64.StdEncoding.EncodeToString(c.token(path, query, at))
	if load := query.Get("deltaToken"); load != "" {
		link += "&deltaToken=" + load
	}
	return basePath + path + link
}

// token is opaque and belongs to a query. It begins with bytes that Base64 writes as "+/+/", and its length is one that
// takes a "=" at the end: a client that garbles one of these characters shall notice.
func (c *continuations) token(path string, query url.Values, at position) []byte {
	b := []byte{0xfb, 0xff, 0xbf}
	b = binary.BigEndian.AppendUint32(b, c.epoch.Load())
	b = binary.BigEndian.AppendUint64(b, uint64(at.after))
	b = binary.BigEndian.AppendUint32(b, at.page)
	mac := hmac.New(sha256.New, c.key)
	mac.Write(b)
	for _, text := range []string{path, query.Get("filter"), query.Get("externalReferences"), query.Get("deltaToken")} {
		mac.Write([]byte(text + "\x00"))
	}
	return mac.Sum(b)[:50]
}

// read returns the position in the token of a query; false if it is not valid.
func (c *continuations) read(path string, query url.Values) (position, bool) {
	b, err := base64.StdEncoding.DecodeString(query.Get("continuationToken"))
	if err != nil || len(b) < 19 {
		return position{}, false
	}
	at := position{after: int64(binary.BigEndian.Uint64(b[7:])), page: binary.BigEndian.Uint32(b[15:])}
	return at, hmac.Equal(b, c.token(path, query, at))
}

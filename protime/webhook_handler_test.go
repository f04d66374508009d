package protime

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	signatureHeader = "X-Test-Signature" // the vendor's name for it is not public
	aChange         = `{ "changeType": "InsertOrUpdate", "data": ` + aClocking + ` }`
	aDeletion       = `{ "changeType": "Delete", "data": { "changeVersion": "0000090200004BD0000C", "id": 1001 } }`
	secretPath      = "/protime/clockings/0123456789abcdef0123456789abcdef"
)

func hexSignature() WebhookSignature {
	return WebhookSignature{Header: signatureHeader, Hash: crypto.SHA256, Decode: hex.DecodeString, Signed: SignedBody}
}

func noChange(context.Context, Change[Clocking]) error { return nil }

func mac(newHash func() hash.Hash, key, text string) []byte {
	m := hmac.New(newHash, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// delivery is a request as the vendor sends it.
func delivery(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/protime/clockings", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(signatureHeader, hex.EncodeToString(mac(sha256.New, webhookKey, body)))
	return r
}

func respond(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// receiver is a handler that remembers what it was given, and its log.
type receiver struct {
	*WebhookHandler

	got []Change[Clocking]
	log bytes.Buffer
}

func newReceiver(t testing.TB, change func(*WebhookConfig[Clocking])) *receiver {
	t.Helper()
	r := &receiver{}
	config := WebhookConfig[Clocking]{
		Handle:    func(_ context.Context, c Change[Clocking]) error { r.got = append(r.got, c); return nil },
		Keys:      []WebhookSecret{webhookKey},
		Signature: hexSignature(),
		Logger:    slog.New(slog.NewTextHandler(&r.log, nil)),
	}
	if change != nil {
		change(&config)
	}
	handler, err := NewWebhookHandler(config)
	require.NoError(t, err)
	r.WebhookHandler = handler
	return r
}

func TestDeliveries(t *testing.T) {
	update := Change[Clocking]{ChangeInsertOrUpdate, theClocking()}
	deletion := Change[Clocking]{ChangeDelete, Clocking{ChangeVersion: "0000090200004BD0000C", ID: 1001}}
	for name, c := range map[string]struct {
		body string
		want []Change[Clocking]
	}{
		"one":               {aChange, []Change[Clocking]{update}},
		"white space":       {"\r\n\t " + aDeletion + "\n", []Change[Clocking]{deletion}},
		"array":             {"\n[" + aChange + "," + aDeletion + "]", []Change[Clocking]{update, deletion}},
		"value":             {`{"value":[` + aChange + "," + aDeletion + `],"tenant":"acme"}`, []Change[Clocking]{update, deletion}},
		"no changes":        {`[]`, nil},
		"value, no changes": {`{"value":[]}`, nil},
		"unknown type":      {`{"changeType":"Merge","data":{"id":7},"webhookId":1}`, []Change[Clocking]{{"Merge", Clocking{ID: 7}}}},
		"deleted by a user": {`{"changeType":"InsertOrUpdate","data":{"id":7,"status":"Deleted"}}`, []Change[Clocking]{{ChangeInsertOrUpdate, Clocking{ID: 7, Status: ClockingDeleted}}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, nil)
			w := respond(r, delivery(c.body))
			assert.Equal(t, http.StatusNoContent, w.Code)
			assert.Empty(t, w.Body.String())
			assert.Equal(t, c.want, r.got)
			assert.Empty(t, r.log.String())
		})
	}
	for _, contentType := range []string{"application/json; charset=utf-8", "Application/JSON;charset=UTF-8", "application/vnd.protime+json"} {
		request := delivery(aChange)
		request.Header.Set("Content-Type", contentType)
		request.Header.Set("Content-Encoding", "identity")
		assert.Equal(t, http.StatusNoContent, respond(newReceiver(t, nil), request).Code, contentType)
	}
}

// badDeliveries spoil a good one. None may reach the user's function.
var badDeliveries = map[string]struct {
	status int
	config func(*WebhookConfig[Clocking])
	spoil  func(*http.Request) *http.Request
}{
	"GET":    {405, nil, func(r *http.Request) *http.Request { r.Method = http.MethodGet; return r }},
	"PUT":    {405, nil, func(r *http.Request) *http.Request { r.Method = http.MethodPut; return r }},
	"HEAD":   {405, nil, func(r *http.Request) *http.Request { r.Method = http.MethodHead; return r }},
	"CANARY": {405, nil, func(r *http.Request) *http.Request { r.Method = "canary"; return r }},

	"no content type":      {415, nil, func(r *http.Request) *http.Request { r.Header.Del("Content-Type"); return r }},
	"text":                 {415, nil, withHeader("Content-Type", "text/plain")},
	"form":                 {415, nil, withHeader("Content-Type", "application/x-www-form-urlencoded")},
	"not quite JSON":       {415, nil, withHeader("Content-Type", "application/jsonp")},
	"canary content type":  {415, nil, withHeader("Content-Type", "canary/json;;")},
	"two content types":    {415, nil, withHeader("Content-Type", "application/json", "text/html")},
	"UTF-16":               {415, nil, withHeader("Content-Type", "application/json; charset=utf-16")},
	"compressed":           {415, nil, withHeader("Content-Encoding", "gzip")},
	"too large":            {413, small, func(r *http.Request) *http.Request { r.Body = unread{}; return r }},
	"too large, unstated":  {413, small, func(r *http.Request) *http.Request { r.ContentLength = -1; return r }},
	"too large by default": {413, nil, func(r *http.Request) *http.Request { r.ContentLength, r.Body = 1<<20+1, unread{}; return r }},
	"breaks off":           {400, nil, func(r *http.Request) *http.Request { r.Body = io.NopCloser(brokenReader{}); return r }},

	"no key yet":           {503, func(c *WebhookConfig[Clocking]) { c.Keys = nil }, func(r *http.Request) *http.Request { r.Body = unread{}; return r }},
	"no signature":         {403, nil, func(r *http.Request) *http.Request { r.Header.Del(signatureHeader); r.Body = unread{}; return r }},
	"two signatures":       {403, nil, func(r *http.Request) *http.Request { r.Header.Add(signatureHeader, "canary"); return r }},
	"empty signature":      {403, nil, withHeader(signatureHeader, "")},
	"not hexadecimal":      {403, nil, withHeader(signatureHeader, "canary")},
	"Base64, hex expected": {403, nil, withHeader(signatureHeader, base64.StdEncoding.EncodeToString(mac(sha256.New, webhookKey, aChange)))},
	"half a signature":     {403, nil, halfSignature},
	"signature and more":   {403, nil, withHeader(signatureHeader, hex.EncodeToString(append(mac(sha256.New, webhookKey, aChange), 0)))},
	"one bit of it":        {403, nil, withHeader(signatureHeader, flipped(mac(sha256.New, webhookKey, aChange)))},
	"zeroes":               {403, nil, withHeader(signatureHeader, strings.Repeat("00", sha256.Size))},
	"other key":            {403, nil, withHeader(signatureHeader, hex.EncodeToString(mac(sha256.New, "other", aChange)))},
	"empty key":            {403, nil, withHeader(signatureHeader, hex.EncodeToString(mac(sha256.New, "", aChange)))},
	"other hash":           {403, nil, withHeader(signatureHeader, hex.EncodeToString(mac(sha512.New512_256, webhookKey, aChange)))},
	"longer hash":          {403, nil, withHeader(signatureHeader, hex.EncodeToString(mac(sha512.New, webhookKey, aChange)))},
	"digest without key":   {403, nil, withHeader(signatureHeader, hex.EncodeToString(sum(aChange)))},
	"signature of another": {403, nil, withHeader(signatureHeader, hex.EncodeToString(mac(sha256.New, webhookKey, aDeletion)))},
	"signature in the query": {403, nil, func(r *http.Request) *http.Request {
		r.URL.RawQuery = signatureHeader + "=" + r.Header.Get(signatureHeader)
		r.Header.Del(signatureHeader)
		return r
	}},
	"what is signed is wrong": {403, func(c *WebhookConfig[Clocking]) { c.Signature.Signed = stale }, good},

	"empty":              {400, nil, signed("")},
	"not JSON":           {400, nil, signed("canary")},
	"cut off":            {400, nil, signed(aChange[:len(aChange)-1])},
	"two bodies":         {400, nil, signed(aChange + aDeletion)},
	"not UTF-8":          {400, nil, signed(strings.Replace(aChange, "38fc2206", "38fc\xff2206", 1))},
	"too deep":           {400, nil, signed(strings.Repeat("[", 100_000))},
	"null":               {400, nil, signed("null")},
	"number":             {400, nil, signed("7")},
	"text as JSON":       {400, nil, signed(`"canary"`)},
	"nothing in it":      {400, nil, signed("{}")},
	"no changeType":      {400, nil, signed(`{"data":` + aClocking + `}`)},
	"empty changeType":   {400, nil, signed(`{"changeType":"","data":` + aClocking + `}`)},
	"no data":            {400, nil, signed(`{"changeType":"Delete"}`)},
	"null data":          {400, nil, signed(`{"changeType":"Delete","data":null}`)},
	"no id":              {400, nil, signed(`{"changeType":"Delete","data":{"changeVersion":"0A"}}`)},
	"negative id":        {400, nil, signed(`{"changeType":"Delete","data":{"id":-1}}`)},
	"id as text":         {400, nil, signed(`{"changeType":"Delete","data":{"id":"canary"}}`)},
	"id overflows":       {400, nil, signed(`{"changeType":"Delete","data":{"id":9223372036854775808}}`)},
	"bad date":           {400, nil, signed(`{"changeType":"Delete","data":{"id":1,"date":"canary"}}`)},
	"bad one among good": {400, nil, signed(`[` + aChange + `,{"changeType":"Delete"}]`)},
	"null among good":    {400, nil, signed(`{"value":[` + aChange + `,null]}`)},
	"null value":         {400, nil, signed(`{"value":null}`)},
	"value is no list":   {400, nil, signed(`{"value":` + aChange + `}`)},
	"both forms":         {400, nil, signed(`{"changeType":"Delete","data":{"id":1},"value":[` + aChange + `]}`)},

	"other path":     {404, unsigned, good},
	"shorter path":   {404, unsigned, withPath(secretPath[:len(secretPath)-1])},
	"longer path":    {404, unsigned, withPath(secretPath + "/")},
	"path in a case": {404, unsigned, withPath(strings.ToUpper(secretPath))},
	"path as query":  {404, unsigned, func(r *http.Request) *http.Request { r.URL.RawQuery = secretPath; return r }},
}

func good(r *http.Request) *http.Request { return r }

func small(c *WebhookConfig[Clocking]) { c.MaxBodyBytes = 100 }

func unsigned(c *WebhookConfig[Clocking]) {
	c.Keys, c.Signature, c.SecretPath = nil, WebhookSignature{}, secretPath
}

func stale(*http.Request, []byte) ([]byte, error) { return nil, errors.New("signed an hour ago") }

// halfSignature is refused before the body is read.
func halfSignature(r *http.Request) *http.Request {
	r.Header.Set(signatureHeader, r.Header.Get(signatureHeader)[:sha256.Size])
	r.Body = unread{}
	return r
}

func signed(body string) func(*http.Request) *http.Request {
	return func(*http.Request) *http.Request { return delivery(body) }
}

func withHeader(name string, values ...string) func(*http.Request) *http.Request {
	return func(r *http.Request) *http.Request { r.Header[http.CanonicalHeaderKey(name)] = values; return r }
}

func withPath(path string) func(*http.Request) *http.Request {
	return func(r *http.Request) *http.Request { r.URL.Path = path; return r }
}

func flipped(mac []byte) string {
	mac[0] ^= 1
	return hex.EncodeToString(mac)
}

func sum(text string) []byte {
	digest := sha256.Sum256([]byte(text))
	return digest[:]
}

// unread is a body that must not be read: its delivery is refused by the header.
type unread struct{}

func (unread) Read([]byte) (int, error) { panic("the body was read") }
func (unread) Close() error             { return nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestBadDeliveries(t *testing.T) {
	require.GreaterOrEqual(t, len(badDeliveries), 25)
	for name, c := range badDeliveries {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t, c.config)
			w := respond(r, c.spoil(delivery(aChange)))
			assert.Equal(t, c.status, w.Code)
			assert.Equal(t, http.StatusText(c.status)+"\n", w.Body.String(), "nothing of the request comes back")
			assert.Empty(t, r.got)
			assert.Equal(t, c.status == http.StatusMethodNotAllowed, w.Header().Get("Allow") == http.MethodPost)
			assert.Equal(t, 1, strings.Count(r.log.String(), "\n"), "one line of log")
			assert.Contains(t, r.log.String(), fmt.Sprintf(`level=WARN msg="protime: webhook: delivery refused" status=%d reason=`, c.status))
			assert.NotContains(t, r.log.String(), "canary")
			assert.NotContains(t, fmt.Sprint(w.Header()), "canary")
		})
	}
}

func TestWebhookConfigs(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		spoil func(*WebhookConfig[Clocking])
	}{
		"no function":         {"Handle", func(c *WebhookConfig[Clocking]) { c.Handle = nil }},
		"nothing at all":      {"Signature.Header", func(c *WebhookConfig[Clocking]) { *c = WebhookConfig[Clocking]{Handle: noChange} }},
		"empty key":           {"Keys", func(c *WebhookConfig[Clocking]) { c.Keys = []WebhookSecret{webhookKey, ""} }},
		"blank key":           {"Keys", func(c *WebhookConfig[Clocking]) { c.Keys = []WebhookSecret{" \n"} }},
		"key from JSON":       {"Keys", func(c *WebhookConfig[Clocking]) { c.Keys = []WebhookSecret{"[redacted]"} }},
		"no header":           {"Signature.Header", func(c *WebhookConfig[Clocking]) { c.Signature.Header = "" }},
		"bad header":          {"Signature.Header", func(c *WebhookConfig[Clocking]) { c.Signature.Header = "X-Signature:" }},
		"no hash":             {"Signature.Hash", func(c *WebhookConfig[Clocking]) { c.Signature.Hash = 0 }},
		"weak hash":           {"Signature.Hash", func(c *WebhookConfig[Clocking]) { c.Signature.Hash = crypto.SHA1 }},
		"no encoding":         {"Signature.Decode", func(c *WebhookConfig[Clocking]) { c.Signature.Decode = nil }},
		"nothing signed":      {"Signature.Signed", func(c *WebhookConfig[Clocking]) { c.Signature.Signed = nil }},
		"path and keys":       {"SecretPath", func(c *WebhookConfig[Clocking]) { c.SecretPath = secretPath }},
		"path can be guessed": {"SecretPath", func(c *WebhookConfig[Clocking]) { c.Keys, c.SecretPath = nil, "/canary" }},
		"path without slash":  {"SecretPath", func(c *WebhookConfig[Clocking]) { c.Keys, c.SecretPath = nil, WebhookSecret(secretPath[1:]) }},
		"negative limit":      {"MaxBodyBytes", func(c *WebhookConfig[Clocking]) { c.MaxBodyBytes = -1 }},
	} {
		t.Run(name, func(t *testing.T) {
			config := WebhookConfig[Clocking]{Handle: noChange, Keys: []WebhookSecret{webhookKey}, Signature: hexSignature()}
			c.spoil(&config)
			handler, err := NewWebhookHandler(config)
			requireField(t, err, "WebhookConfig."+c.field)
			assert.Nil(t, handler)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// While a webhook and its successor both live, both keys are good; then the old one is not.
func TestSetKeys(t *testing.T) {
	r := newReceiver(t, nil)
	sign := func(id int, key string) *http.Request {
		body := fmt.Sprintf(`{"changeType":"Delete","data":{"id":%d,"changeVersion":"A"}}`, id)
		request := delivery(body)
		request.Header.Set(signatureHeader, hex.EncodeToString(mac(sha256.New, key, body)))
		return request
	}
	keys := []WebhookSecret{webhookKey, "successor"}
	assert.Equal(t, http.StatusForbidden, respond(r, sign(1, "successor")).Code)
	require.NoError(t, r.SetKeys(keys...))
	keys[0] = "other" // must not be the handler's
	assert.Equal(t, http.StatusNoContent, respond(r, sign(1, "successor")).Code)
	assert.Equal(t, http.StatusNoContent, respond(r, sign(2, webhookKey)).Code)
	require.NoError(t, r.SetKeys("successor"))
	assert.Equal(t, http.StatusForbidden, respond(r, sign(3, webhookKey)).Code)
	requireField(t, r.SetKeys(), "keys")
	requireField(t, r.SetKeys("a", ""), "keys")
	assert.Equal(t, http.StatusNoContent, respond(r, sign(4, "successor")).Code, "refused keys change nothing")
	assert.Len(t, r.got, 3)
}

// Only what the user's function took over is answered with success, however it fails.
func TestFailuresAreSentAgain(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error":         func() error { return errors.New("the disk is full") },
		"panic":         func() error { panic("the disk is full") },
		"abort":         func() error { panic(http.ErrAbortHandler) },
		"runtime error": func() error { none := []int{}; return fmt.Errorf("%d", none[cap(none)]) },
	} {
		t.Run(name, func(t *testing.T) {
			var took []int64
			failing := true
			r := newReceiver(t, func(c *WebhookConfig[Clocking]) {
				c.Handle = func(_ context.Context, c Change[Clocking]) error {
					if c.Data.ID == 1001 && failing {
						failing = false
						return fail()
					}
					took = append(took, c.Data.ID)
					return nil
				}
			})
			const third = `{"changeType":"Delete","data":{"id":3,"changeVersion":"A"}}`
			body := "[" + aChange + "," + aDeletion + "," + third + "]"
			w := respond(r, delivery(body))
			assert.Equal(t, http.StatusInternalServerError, w.Code)
			assert.Equal(t, "Internal Server Error\n", w.Body.String())
			assert.Equal(t, []int64{18601}, took, "what follows waits, so that the order stays")
			assert.Contains(t, r.log.String(), "level=ERROR")

			assert.Equal(t, http.StatusNoContent, respond(r, delivery(body)).Code)
			assert.Equal(t, []int64{18601, 1001, 3}, took, "each once")
		})
	}
}

func TestGoexitInHandle(t *testing.T) {
	calls := 0
	r := newReceiver(t, func(c *WebhookConfig[Clocking]) {
		c.Handle = func(context.Context, Change[Clocking]) error {
			if calls++; calls == 1 {
				runtime.Goexit()
			}
			return nil
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		respond(r, delivery(aChange))
	}()
	<-done
	assert.Equal(t, http.StatusNoContent, respond(r, delivery(aChange)).Code)
	assert.Equal(t, 2, calls)
}

// Over a socket: a handler of each collection behind a mux, and a body that is refused unread.
func TestReceiveOverHTTP(t *testing.T) {
	r := newReceiver(t, nil)
	mux := http.NewServeMux()
	mux.Handle("/protime/clockings", r)
	server := httptest.NewServer(mux)
	defer server.Close()
	post := func(path, body, length string) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header = delivery(body).Header
		if length != "" {
			request.ContentLength = -1 // chunked
		}
		resp, err := server.Client().Do(request)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	assert.Equal(t, http.StatusNoContent, post("/protime/clockings", aChange, ""))
	assert.Equal(t, http.StatusNoContent, post("/protime/clockings", aDeletion, "chunked"))
	assert.Equal(t, http.StatusNotFound, post("/protime/people", aChange, ""))
	large := strings.Replace(aChange, "38fc2206", strings.Repeat("x", 2<<20), 1)
	assert.Equal(t, http.StatusRequestEntityTooLarge, post("/protime/clockings", large, ""))
	assert.Equal(t, http.StatusRequestEntityTooLarge, post("/protime/clockings", large, "chunked"))
	assert.Len(t, r.got, 2)
}

package auth

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
)

// rotating is a login server whose refresh tokens are good for one use. The second use of one
// ends the login, and is counted (RFC 9700, section 4.14.2).
type rotating struct {
	mu        sync.Mutex
	live      string // the one refresh token that is good
	ended     bool
	spent     map[string]bool
	rotations int
	reused    int

	// asked is called before the n-th request takes effect; true: it has been answered.
	asked func(w http.ResponseWriter, r *http.Request, n int) bool
	// answer sends the answer to the n-th request, which has taken effect; nil sends body.
	answer func(w http.ResponseWriter, n, status int, body string)
	// member is added to each success, before or after the refresh token; "" adds nothing.
	before, after string
	lifetime      string // expires_in; "" means 1800
	keeps         bool   // hands out no new refresh token, the old one stays good
}

// Refresh tokens begin like this, so that they are found wherever they leak.
const canary = "c4n4ry-rt-"

func rt(n int) string { return fmt.Sprintf("%s%d", canary, n) }
func at(n int) string { return fmt.Sprintf("at-%d", n) }

func (p *rotating) serve(w http.ResponseWriter, r *http.Request, n int) {
	p.mu.Lock() // kept changes them, perhaps before the handler of a request that was given up has ended
	asked, answer := p.asked, p.answer
	p.mu.Unlock()
	if asked != nil && asked(w, r, n) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	status, text := p.exchange(form)
	if answer != nil {
		answer(w, n, status, text)
		return
	}
	reply(w, status, text)
}

// exchange carries a request out.
func (p *rotating) exchange(form url.Values) (status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token := form.Get("refresh_token")
	switch {
	case p.spent[token]:
		p.reused++
		p.ended = true
		fallthrough
	case p.ended || token != p.live:
		return http.StatusBadRequest, `{"error":"invalid_grant","error_description":"refresh token ` + token + ` was refused"}`
	}
	p.rotations++
	lifetime := p.lifetime
	if lifetime == "" {
		lifetime = "1800"
	}
	next := ""
	if !p.keeps {
		p.spent[token] = true
		p.live = rt(p.rotations)
		next = `,"refresh_token":"` + p.live + `"`
	}
	return http.StatusOK, fmt.Sprintf(`{%s"access_token":%q,"expires_in":%s,"token_type":"Bearer"%s%s}`, p.before, at(p.rotations), lifetime, next, p.after)
}

// state is what the server knows.
func (p *rotating) state() (live string, rotations, reused int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live, p.rotations, p.reused
}

// login is a world with a stored login: at-0 and rt-0.
type login struct {
	*world
	peer *rotating
}

const (
	issuer      = "http://127.0.0.1/"
	redirectURI = "http://127.0.0.1:8080/call back"
)

// newLogin stores a login whose access token has this much of half an hour left. Set what the peer
// does before it is asked.
func newLogin(t testing.TB, left time.Duration, settings ...setting) *login {
	t.Helper()
	peer := &rotating{live: rt(0), spent: map[string]bool{}}
	l := &login{world: newWorld(t, append(settings, answering(peer.serve))...), peer: peer}
	l.issuer, l.clientID = issuer, clientID
	l.fetch = Refresh{Endpoint: l.endpoint, Key: l.key, Store: l.store, Form: form}.Fetch
	l.source = l.another()
	l.put(t, left)
	return l
}

func (l *login) put(t testing.TB, left time.Duration) {
	t.Helper()
	expiry := time.Now().Add(left)
	put(t, l.world, tokenstore.Record{
		AccessToken: at(0), RefreshToken: rt(0), IDToken: "id-0", TokenType: "Bearer", Scope: "openid tlp", Subject: "ann",
		Issuer: issuer, ClientID: clientID, IssuedAt: expiry.Add(-halfAnHour), Expiry: expiry, Generation: 1,
	})
}

func form(refreshToken string) []Field {
	return []Field{
		{Name: "client_id", Value: clientID}, {Name: "client_secret", Value: clientSecret, Secret: true},
		{Name: "grant_type", Value: "refresh_token"}, {Name: "refresh_token", Value: refreshToken, Secret: true},
		{Name: "redirect_uri", Value: redirectURI},
	}
}

func (l *login) stored(t testing.TB) tokenstore.Record {
	t.Helper()
	record, err := l.store.Load(context.Background(), l.key)
	require.NoError(t, err)
	return record
}

// kept checks that nothing was lost: the stored refresh token is the server's, none was used twice,
// and another owner of the store can go on from it once its access token is at its end.
func (l *login) kept(t testing.TB) {
	t.Helper()
	l.peer.mu.Lock()
	l.peer.asked, l.peer.answer, l.peer.before, l.peer.after, l.peer.lifetime = nil, nil, "", "", ""
	l.peer.mu.Unlock()
	live, rotations, reused := l.peer.state()
	require.Zero(t, reused, "a refresh token was used twice")
	record := l.stored(t)
	require.Equal(t, live, record.RefreshToken, "the stored refresh token is not the server's")
	require.Empty(t, record.Problem)
	record.Expiry, record.IssuedAt = time.Now(), time.Now().Add(-halfAnHour)
	put(t, l.world, record)
	value, err := l.another().Authorize(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "Bearer "+at(rotations+1), value)
	_, _, reused = l.peer.state()
	assert.Zero(t, reused)
}

// noCanary checks that an error shows neither a refresh token nor the client's secret.
func noCanary(t testing.TB, err error) {
	t.Helper()
	assertHidden(t, err, canary, clientSecret)
}

// drop ends the connection without an answer.
func drop(http.ResponseWriter, int, int, string) { panic(http.ErrAbortHandler) }

// cut announces the whole answer and sends n bytes of it.
func cut(w http.ResponseWriter, status, n int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body[:n])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

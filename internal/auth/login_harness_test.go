package auth

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

// loginServer is a login server with people in front of it: an OpenID provider, or a server of plain
// OAuth 2.0. It hands out codes that are good once, and checks what comes with them.
type loginServer struct {
	*world
	logins *Logins
	flow   Flow
	store  *counted

	// front, back and renewed may change ID tokens before they are signed; the iss "none" leaves one out.
	front, back, renewed func(d *draft)
	// answer replaces the token endpoint's answer to a good request.
	answer func(w http.ResponseWriter, r *http.Request, body string)
	// revocation answers a request to revoke a token; nil: 200.
	revocation func(w http.ResponseWriter, form url.Values)
	metadata   map[string]any // replaces members of the discovery document

	mu      sync.Mutex
	n       int
	codes   map[string]url.Values // authorization requests by code
	granted map[string]url.Values // by refresh token
	revoked []url.Values
}

const (
	callbackURL  = "http://127.0.0.1:8400/callback"
	authorizeURL = issuerURL + "/connect/authorize"
	tokenPath    = issuerURL + "/connect/token"
	revokeURL    = issuerURL + "/connect/revocation"
)

// counted is a store that counts what is written.
type counted struct {
	tokenstore.Store
	mu     sync.Mutex
	writes int
	fail   error // of the next saves
}

func (s *counted) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	err := s.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		record, err := change(ctx, old)
		s.mu.Lock()
		defer s.mu.Unlock()
		if record != nil && err == nil && s.fail != nil {
			return nil, &tokenstore.SaveError{Path: "memory", Record: *record, Err: s.fail}
		}
		if record != nil {
			s.writes++
		}
		return record, err
	})
	return err
}

func (s *counted) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes
}

// newHybrid is a login by the hybrid flow, with all that TimeLog's has.
func newHybrid(t testing.TB, changes ...func(*loginServer)) *loginServer {
	t.Helper()
	return newLoginServer(t, append([]func(*loginServer){func(s *loginServer) {
		s.flow = Flow{
			ClientID: clientID, ClientSecret: clientSecret, RedirectURL: callbackURL, Scopes: []string{"openid", "tlp", "offline_access"},
			Hybrid: true, ResponseMode: "form_post", PKCE: true, RefreshRedirect: true, DefaultLifetime: assumed,
		}
	}}, changes...)...)
}

// newPKCE is a login of a public client, with all that Timeneye's has.
func newPKCE(t testing.TB, changes ...func(*loginServer)) *loginServer {
	t.Helper()
	return newLoginServer(t, append([]func(*loginServer){func(s *loginServer) {
		s.flow = Flow{
			Metadata: Metadata{Authorization: mustURL(t, authorizeURL), Token: mustURL(t, tokenPath), Revocation: mustURL(t, revokeURL)},
			ClientID: clientID, RedirectURL: callbackURL, PKCE: true, DefaultLifetime: assumed,
		}
	}}, changes...)...)
}

func newLoginServer(t testing.TB, changes ...func(*loginServer)) *loginServer {
	t.Helper()
	s := &loginServer{codes: map[string]url.Values{}, granted: map[string]url.Values{}, metadata: map[string]any{}, store: &counted{Store: tokenstore.Memory()}}
	s.world = newWorld(t, answering(s.token), serving(s.serve), options(func(o *worktime.Options) { o.Retry = worktime.RetryPolicy{} }))
	for _, change := range changes {
		change(s)
	}
	var err error
	s.flow.Client, s.flow.Store = s.client, s.store
	if s.flow.Metadata.Token == nil {
		s.flow.OpenID, err = NewProvider(ProviderConfig{Client: s.client, Issuer: issuerURL})
		require.NoError(t, err)
	}
	if s.flow.Open == nil {
		s.flow.Open = func(context.Context, string) error { return nil }
	}
	s.logins = s.process(t)
	return s
}

// process is what another process of the same program would have.
func (s *loginServer) process(t testing.TB) *Logins {
	t.Helper()
	l, err := NewLogins(s.flow)
	require.NoError(t, err)
	t.Cleanup(func() {
		s.store.mu.Lock()
		s.store.fail = nil
		s.store.mu.Unlock()
		assert.NoError(t, l.Close(context.Background()))
	})
	return l
}

func (s *loginServer) serve(w http.ResponseWriter, r *http.Request, _ int) {
	switch {
	case r.URL.Path == discovery:
		document := map[string]any{
			"issuer": issuerURL, "authorization_endpoint": authorizeURL, "token_endpoint": tokenPath, "jwks_uri": issuerURL + "/jwks",
			"revocation_endpoint": revokeURL,
		}
		maps.Copy(document, s.metadata)
		body, _ := json.Marshal(document)
		reply(w, http.StatusOK, string(body))
	case r.URL.Path == jwksPath:
		body, _ := json.Marshal(map[string]any{"keys": []any{keyA().jwk()}})
		reply(w, http.StatusOK, string(body))
	case strings.HasSuffix(r.URL.Path, "/revocation"):
		_ = r.ParseForm()
		s.mu.Lock()
		s.revoked = append(s.revoked, r.PostForm)
		revocation := s.revocation
		s.mu.Unlock()
		if revocation != nil {
			revocation(w, r.PostForm)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// logIn is the login page: somebody logs in there, and this is what the server answers.
func (s *loginServer) logIn(t testing.TB, address string) url.Values {
	t.Helper()
	u := mustURL(t, address)
	query, err := url.ParseQuery(u.RawQuery)
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	issued := fmt.Sprintf("%s-%d", code, s.n)
	s.codes[issued] = query
	answer := url.Values{"code": {issued}, "state": {query.Get("state")}, "session_state": {"whatever"}, "scope": {query.Get("scope")}}
	if query.Get("response_type") == "code id_token" {
		d := newDraft(FrontChannel, keyA())
		delete(d.claims, "auth_time")
		d.claims["nonce"], d.claims["c_hash"] = query.Get("nonce"), half("RS256", issued)
		if s.front != nil {
			s.front(d)
		}
		answer.Set("id_token", d.token())
	}
	return answer
}

// token is the token endpoint.
func (s *loginServer) token(w http.ResponseWriter, r *http.Request, n int) {
	_ = r.ParseForm()
	status, body := s.exchange(r.PostForm, n)
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if status == http.StatusOK && answer != nil {
		answer(w, r, body)
		return
	}
	reply(w, status, body)
}

// instead changes the answers in mid-run: handlers whose client has left may still look at them.
func (s *loginServer) instead(answer func(w http.ResponseWriter, r *http.Request, body string), revocation func(w http.ResponseWriter, form url.Values)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.revocation = answer, revocation
}

func (s *loginServer) exchange(form url.Values, n int) (status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(code string) (int, string) { return http.StatusBadRequest, fmt.Sprintf(`{"error":%q}`, code) }
	if form.Get("client_id") != s.flow.ClientID || form.Get("client_secret") != s.flow.ClientSecret {
		return refuse("invalid_client")
	}
	d := newDraft(BackChannel, keyA())
	d.claims["at_hash"] = half("RS256", at(n))
	delete(d.claims, "auth_time") // which would have to stay that of the login
	var asked url.Values
	switch form.Get("grant_type") {
	case "authorization_code":
		asked = s.codes[form.Get("code")]
		delete(s.codes, form.Get("code"))
		if asked == nil || asked.Get("redirect_uri") != form.Get("redirect_uri") {
			return refuse("invalid_grant")
		}
		if challenge := asked.Get("code_challenge"); challenge != "" {
			if sum := sha256.Sum256([]byte(form.Get("code_verifier"))); b64(sum[:]) != challenge {
				return refuse("invalid_grant")
			}
		}
		d.claims["nonce"] = asked.Get("nonce")
		if s.back != nil {
			s.back(d)
		}
	case "refresh_token":
		asked = s.granted[form.Get("refresh_token")]
		delete(s.granted, form.Get("refresh_token"))
		if asked == nil {
			return refuse("invalid_grant")
		}
		d.claims["nonce"] = asked.Get("nonce")
		d.claims["iat"] = time.Now().Unix()
		if s.renewed != nil {
			s.renewed(d)
		}
	default:
		return refuse("unsupported_grant_type")
	}
	answer := map[string]any{"access_token": at(n), "refresh_token": rt(n), "expires_in": 1800, "token_type": "Bearer"}
	s.granted[rt(n)] = asked
	if asked.Get("nonce") != "" && d.claims["iss"] != "none" {
		answer["id_token"] = d.token()
	}
	text, _ := json.Marshal(answer)
	return http.StatusOK, string(text)
}

// begin begins a login, and the person logs in.
func (s *loginServer) begin(t testing.TB, account string) (Transaction, url.Values) {
	t.Helper()
	address, tx, err := s.logins.Begin(context.Background(), account)
	require.NoError(t, err)
	return tx, s.logIn(t, address)
}

// login logs an account in.
func (s *loginServer) login(t testing.TB, account string) {
	t.Helper()
	tx, answer := s.begin(t, account)
	require.NoError(t, s.logins.Finish(context.Background(), tx, posted(answer)))
}

// stored is the record of an account.
func (s *loginServer) stored(account string) (tokenstore.Record, error) {
	return s.store.Load(context.Background(), s.logins.Source(account).login.Key)
}

// bearer is what an account's requests carry.
func (s *loginServer) bearer(account string) (string, error) {
	return s.logins.Source(account).Authorize(context.Background())
}

// posted is the request that a form_post makes.
func posted(answer url.Values) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, callbackURL, strings.NewReader(answer.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RequestURI = "/callback"
	return r
}

// gotten is the request of a browser that was sent to an address with the answer in it.
func gotten(answer url.Values) *http.Request {
	r, _ := http.NewRequest(http.MethodGet, callbackURL+"?"+answer.Encode(), nil)
	r.RequestURI = r.URL.RequestURI()
	return r
}

// with is a copy of the values with some replaced; nil removes one.
func with(values url.Values, changes map[string][]string) url.Values {
	out := maps.Clone(values)
	for name, list := range changes {
		if out[name] = list; list == nil {
			delete(out, name)
		}
	}
	return out
}

// loadFunc is a store whose Load fails.
type loadFunc struct {
	tokenstore.Store
	err error
}

func (s loadFunc) Load(context.Context, tokenstore.Key) (tokenstore.Record, error) {
	return tokenstore.Record{}, s.err
}

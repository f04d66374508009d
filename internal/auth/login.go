package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// Logins are the accounts of one flow: what a client and its accounts share. Each account has a
// login of its own, under its label.
type Logins struct {
	flow     Flow
	redirect *url.URL

	mu      sync.Mutex
	sources map[string]*Source
	spent   map[string]time.Time // states that were answered, until they expire
	host    *transport.Host      // of the token endpoint of a login server without discovery
	closed  bool
}

// NewLogins checks the flow and makes no request. The error is a [worktime.FieldError].
func NewLogins(flow Flow) (*Logins, error) {
	redirect, err := flow.validate()
	if err != nil {
		return nil, err
	}
	if flow.Open == nil {
		flow.Open = openBrowser
	}
	l := &Logins{flow: flow, redirect: redirect, sources: map[string]*Source{}, spent: map[string]time.Time{}}
	if flow.OpenID == nil {
		l.host = transport.NewHost(flow.Metadata.Token)
	}
	return l, nil
}

// Source returns that of an account, whether it is logged in or not.
func (l *Logins) Source(account string) *Source {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sources[account]
	if s == nil {
		key := tokenstore.Grant{
			Vendor: l.flow.Client.Provider(), Issuer: l.flow.issuer(), ClientID: l.flow.ClientID, Account: account, Scopes: l.flow.Scopes,
		}.Key()
		s = NewSource(Login{
			Key: key, Store: l.flow.Store, Issuer: l.flow.issuer(), ClientID: l.flow.ClientID, Fetch: l.refresh(key),
		}, &l.flow.Client.Observer)
		s.closed = l.closed
		l.sources[account] = s
	}
	return s
}

// Close closes the sources of all accounts, as [Source.Close] does.
func (l *Logins) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	sources := make([]*Source, 0, len(l.sources))
	for _, s := range l.sources {
		sources = append(sources, s)
	}
	l.mu.Unlock()
	var errs []error
	for _, s := range sources {
		errs = append(errs, s.Close(ctx))
	}
	return transport.Join(errs...)
}

// refresh returns the Fetch of a stored login.
func (l *Logins) refresh(key tokenstore.Key) Fetch {
	return func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		endpoint := &Endpoint{Client: l.flow.Client} // enough to say that there is no login
		if old != nil && old.RefreshToken != "" && old.Problem == "" {
			md, err := l.flow.metadata(ctx)
			if err != nil {
				return nil, err
			}
			endpoint = l.endpoint(md)
		}
		return Refresh{Endpoint: endpoint, Key: key, Store: l.flow.Store, Form: l.refreshForm, Check: l.checkRefresh}.Fetch(ctx, old)
	}
}

func (l *Logins) endpoint(md Metadata) *Endpoint {
	e := &Endpoint{Client: l.flow.Client, URL: md.Token, Host: l.hostOf(md.Token), DefaultLifetime: l.flow.DefaultLifetime}
	if l.flow.openID() {
		e.Explain = l.flow.OpenID.Explain
	}
	return e
}

// hostOf returns what calls to the origin of u share.
func (l *Logins) hostOf(u *url.URL) *transport.Host {
	switch {
	case l.flow.openID():
		return l.flow.OpenID.Host(u)
	case l.host.Check(u) == nil:
		return l.host
	default:
		return transport.NewHost(u)
	}
}

// refreshForm is in the order of TimeLog's reference; Timeneye's names no order. A port that was
// chosen for one login is not known any more.
func (l *Logins) refreshForm(refreshToken string) []Field {
	form := append(l.clientForm(), Field{Name: "grant_type", Value: "refresh_token"}, Field{Name: "refresh_token", Value: refreshToken, Secret: true})
	if l.flow.RefreshRedirect && l.redirect.Port() != "0" {
		form = append(form, Field{Name: "redirect_uri", Value: l.flow.RedirectURL})
	}
	return form
}

func (l *Logins) clientForm() []Field {
	return []Field{{Name: "client_id", Value: l.flow.ClientID}, {Name: "client_secret", Value: l.flow.ClientSecret, Secret: true}}
}

// checkRefresh checks the ID token of a refresh, which may have none (OpenID Connect Core 1.0,
// section 12.2).
func (l *Logins) checkRefresh(ctx context.Context, old, answer *tokenstore.Record) error {
	if !l.flow.openID() || answer.IDToken == "" {
		return nil
	}
	want := Expectation{Channel: RefreshChannel, ClientID: l.flow.ClientID, Begun: answer.IssuedAt, AccessToken: answer.AccessToken}
	if first, err := ReadClaims(old.IDToken); err == nil {
		want.First = &first
	}
	_, err := l.flow.OpenID.Check(ctx, answer.IDToken, want)
	return err
}

// Begin returns the address to send the person's browser to, and the transaction to finish the
// login with.
func (l *Logins) Begin(ctx context.Context, account string) (string, Transaction, error) {
	if l.redirect.Port() == "0" {
		return "", Transaction{}, &worktime.FieldError{
			Provider: l.flow.Client.Provider(), Field: "RedirectURL", Reason: "has port 0, which only the login of a program can choose",
		}
	}
	return l.begin(ctx, account, l.flow.RedirectURL, l.flow.ResponseMode)
}

func (l *Logins) begin(ctx context.Context, account, redirectURI, responseMode string) (string, Transaction, error) {
	fail := func(err error) (string, Transaction, error) { return "", Transaction{}, err }
	// What a person has done should not be lost on a store that was never usable.
	if err := l.Source(account).usable(ctx); err != nil {
		return fail(err)
	}
	md, err := l.flow.metadata(ctx)
	if err != nil {
		return fail(err)
	}
	tx := Transaction{
		provider: l.flow.Client.Provider(), issuer: l.flow.issuer(), clientID: l.flow.ClientID, account: account, redirectURI: redirectURI,
		state: oauth2.GenerateVerifier(), begun: time.Now().Round(0),
	}
	query := url.Values{"response_type": {"code"}, "client_id": {tx.clientID}, "redirect_uri": {redirectURI}, "state": {tx.state}}
	if l.flow.Hybrid {
		query.Set("response_type", "code id_token")
	}
	if scope := l.flow.scope(); scope != "" {
		query.Set("scope", scope)
	}
	if responseMode != "" {
		query.Set("response_mode", responseMode)
	}
	if l.flow.openID() {
		tx.nonce = oauth2.GenerateVerifier()
		query.Set("nonce", tx.nonce)
	}
	if l.flow.PKCE {
		tx.verifier = oauth2.GenerateVerifier()
		query.Set("code_challenge", oauth2.S256ChallengeFromVerifier(tx.verifier))
		query.Set("code_challenge_method", "S256")
	}
	u := *md.Authorization
	u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+strings.ReplaceAll(query.Encode(), "+", "%20"), "&")
	return u.String(), tx, nil
}

// Finish ends a login with the request that came to the redirect URI, or one made of the address
// that a browser has ended at. The login is stored under the account of the transaction. An
// answer that does not belong to the transaction leaves it as it was. If ctx ends while the code is exchanged,
// the login goes on, and Close waits for it.
//
// Errors are [worktime.AuthError].
func (l *Logins) Finish(ctx context.Context, tx Transaction, r *http.Request) error {
	values, err := readAnswer(nil, r)
	if err != nil {
		return l.refused(worktime.ErrBadRequest, err.Error())
	}
	if l.queryForbidden(r, values) {
		return l.refused(worktime.ErrBadRequest, queryRefused)
	}
	return l.finish(ctx, tx, values)
}

const queryRefused = "the answer came in the query of the address, where logs keep it; it is taken from there only if the configuration allows it"

// queryForbidden: in a web application, see [Flow.AllowQuery]. A refusal holds nothing to hide. A request
// that a server has received has a RequestURI, one that was made of a URL has none.
func (l *Logins) queryForbidden(r *http.Request, values url.Values) bool {
	return l.flow.Hybrid && !l.flow.AllowQuery && r.Method == http.MethodGet && r.RequestURI != "" && values.Get("error") == ""
}

func (l *Logins) refused(sentinel error, reason string) error {
	return l.newError("authorization", transport.Join(sentinel, errors.New(reason)))
}

func (l *Logins) newError(operation string, err error) error {
	return &worktime.AuthError{Provider: l.flow.Client.Provider(), Operation: operation, Err: err}
}

func (l *Logins) finish(ctx context.Context, tx Transaction, values url.Values) error {
	if tx.provider != l.flow.Client.Provider() || tx.issuer != l.flow.issuer() || tx.clientID != l.flow.ClientID {
		// An answer of one login server must not be used at another (RFC 9700, section 4.4).
		return l.refused(worktime.ErrBadRequest, "the transaction was begun with another configuration")
	}
	// Before anything else is looked at: nobody without the state may cause a request.
	a, err := l.accept(tx, values)
	if err != nil {
		return err
	}
	md := Metadata{}
	if a.errorCode == "" {
		if md, err = l.flow.metadata(ctx); err != nil {
			return err
		}
	}
	if err := l.spend(tx); err != nil {
		return err
	}
	if a.errorCode != "" {
		return l.denied(tx, a)
	}
	if err := l.checkIssuer(md, a); err != nil {
		return err
	}
	want := Expectation{Channel: FrontChannel, ClientID: l.flow.ClientID, Begun: tx.begun, Nonce: tx.nonce, Code: a.code}
	if l.flow.Hybrid {
		claims, err := l.flow.OpenID.Check(ctx, a.idToken, want)
		if err != nil {
			return err
		}
		want.First = &claims
	}
	// Under the store's lock, and whatever becomes of the caller: between the exchange and the save there is
	// nothing to wait for, and nothing that could lose the login.
	return l.Source(tx.account).change(ctx, func(ctx context.Context, _ *tokenstore.Record) (*tokenstore.Record, error) {
		return l.exchange(ctx, md, tx, want)
	})
}

// accept returns the answer if it is one to this transaction.
func (l *Logins) accept(tx Transaction, values url.Values) (answer, error) {
	a, err := parseAnswer(values, l.flow.Hybrid)
	if tx.state == "" || subtle.ConstantTimeCompare([]byte(a.state), []byte(tx.state)) != 1 {
		return answer{}, &worktime.AuthError{
			Provider: l.flow.Client.Provider(), Operation: "authorization", Check: worktime.CheckState,
			Err: transport.Join(worktime.ErrLoginRequired, errors.New("the answer does not belong to this login")),
		}
	}
	if err != nil {
		return answer{}, l.refused(worktime.ErrBadRequest, err.Error())
	}
	return a, nil
}

// spend makes sure that a transaction is good for one answer, as far as one process can.
func (l *Logins) spend(tx Transaction) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for state, expiry := range l.spent {
		if now.After(expiry) {
			delete(l.spent, state)
		}
	}
	if now.After(tx.expiry()) || tx.begun.After(now.Add(clockSkew)) {
		return l.refused(worktime.ErrLoginRequired, "the login was begun too long ago")
	}
	if _, ok := l.spent[tx.state]; ok {
		return l.refused(worktime.ErrLoginRequired, "the login has been answered already")
	}
	l.spent[tx.state] = tx.expiry()
	return nil
}

// checkIssuer compares the iss of an answer, a defence against answers of another server (RFC 9207,
// section 2.4). In the hybrid flow an ID token stands in for one that is missing.
func (l *Logins) checkIssuer(md Metadata, a answer) error {
	refused := func(reason string) error {
		return &worktime.AuthError{
			Provider: l.flow.Client.Provider(), Operation: "authorization", Check: worktime.CheckIssuer,
			Err: transport.Join(worktime.ErrLoginRequired, errors.New(reason)),
		}
	}
	switch {
	case a.issuer == "" && md.ResponseIssuer && !l.flow.Hybrid:
		return refused("the answer does not say which login server it comes from, although the server says that it does")
	case a.issuer == "", a.issuer == md.Issuer:
		return nil
	case md.Issuer != "":
		return refused("the answer comes from another login server")
	}
	// The vendor has not said what it calls itself; its origin is known from the configuration.
	u, err := url.Parse(a.issuer)
	if err != nil || transport.NewHost(md.Authorization).Check(u) != nil {
		return refused("the answer comes from another login server than that of the authorization URL")
	}
	return nil
}

// exchange swaps the code for tokens (RFC 6749, section 4.1.3). Nothing of the answer is used
// before its ID token has passed (RFC 9700, section 4.5.3.2).
func (l *Logins) exchange(ctx context.Context, md Metadata, tx Transaction, want Expectation) (*tokenstore.Record, error) {
	form := append(l.clientForm(), // in the order of TimeLog's reference; Timeneye's names no order
		Field{Name: "grant_type", Value: "authorization_code"},
		Field{Name: "code", Value: want.Code, Secret: true},
		Field{Name: "redirect_uri", Value: tx.redirectURI},
		Field{Name: "code_verifier", Value: tx.verifier, Secret: true})
	// A code is good for one use (RFC 6749, section 4.1.2): once.
	record, err := l.endpoint(md).exchange(ctx, "code exchange", transport.Once, form)
	if err != nil {
		return nil, spentCode(err)
	}
	if l.flow.openID() {
		if record.IDToken == "" {
			return nil, l.newError("code exchange", transport.Join(worktime.ErrBadResponse, errors.New("the answer has no id_token")))
		}
		want.Channel, want.AccessToken = BackChannel, record.AccessToken
		claims, err := l.flow.OpenID.Check(ctx, record.IDToken, want)
		if err != nil {
			return nil, err
		}
		record.Subject = claims.Subject
	}
	if record.Scope == "" {
		record.Scope = l.flow.scope() // absent means as requested (RFC 6749, section 5.1)
	}
	record.Issuer, record.ClientID = l.flow.issuer(), l.flow.ClientID
	return record, nil
}

// spentCode says of a code exchange with an unknown outcome what there is to do: not to look what
// has become of it, but to log in again.
func spentCode(err error) error {
	e, ok := errors.AsType[*worktime.AuthError](err)
	if !ok || !errors.Is(err, worktime.ErrUnknownOutcome) {
		return err
	}
	out := *e
	if errors.Is(err, worktime.ErrRedirect) {
		out.Err = transport.Join(worktime.ErrRedirect, hinted(err), errors.New("then log in again"))
		return &out
	}
	out.Err = transport.Join(worktime.ErrLoginRequired, worktime.ErrUnavailable,
		errors.New("the outcome of the code exchange is unknown, and a code cannot be sent twice"))
	return &out
}

// denied is the error that the login server sent in place of a code (RFC 6749, section 4.1.2.1, and
// OpenID Connect Core 1.0, section 3.1.2.6).
func (l *Logins) denied(tx Transaction, a answer) error {
	sentinel := worktime.ErrForbidden
	switch a.errorCode {
	case "access_denied":
	case "unauthorized_client":
		sentinel = worktime.ErrUnauthorized
	case "server_error", "temporarily_unavailable":
		sentinel = worktime.ErrUnavailable
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		sentinel = worktime.ErrLoginRequired
	default:
		sentinel = worktime.ErrBadRequest
	}
	asked := []Field{{Value: tx.state, Secret: true}, {Value: tx.nonce, Secret: true}}
	return &worktime.AuthError{
		Provider: l.flow.Client.Provider(), Operation: "authorization", Code: told(a.errorCode, asked, 100), Description: told(a.errorDescription, asked, 300),
		Err: transport.Join(sentinel, errors.New("the login server refused the login")),
	}
}

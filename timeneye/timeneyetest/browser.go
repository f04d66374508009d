package timeneyetest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// SignInAs says who is at the browser from now on. It panics if there is no such user.
func (s *Server) SignInAs(userID int64) {
	if !slices.ContainsFunc(s.settings.users, func(u User) bool { return u.ID == userID }) {
		panic(fmt.Sprintf("timeneyetest: SignInAs(%d): there is no such user", userID))
	}
	s.login.browser.Store(userID)
}

// RefuseLogin makes the next authorization request end with an error, such as access_denied. An empty description is
// left out.
func (s *Server) RefuseLogin(code, description string) {
	refusal := url.Values{"error": {code}}
	if description != "" {
		refusal.Set("error_description", description)
	}
	s.login.refusal.Store(&refusal)
}

// RevokeTokens makes all access tokens of the login server invalid that were issued so far: the API answers them with
// 401. Refresh tokens and the personal access token live on.
func (s *Server) RevokeTokens() { s.login.grants.RevokeAccess() }

// RevokeLogins ends all logins: their refresh tokens are refused with invalid_grant, and their access tokens by the API.
func (s *Server) RevokeLogins() { s.login.grants.RevokeAll() }

// RevokePersonalAccessToken makes the API answer the token with 401.
func (s *Server) RevokePersonalAccessToken() { s.login.patRevoked.Store(true) }

// Tokens are those of a login.
type Tokens struct {
	AccessToken, RefreshToken string
	// Expiry is that of the access token.
	Expiry time.Time
}

// LogIn logs in who is at the browser, without one, and returns what the client would have got.
func (s *Server) LogIn() Tokens {
	t := s.login.grants.LogIn(s.login.login())
	return Tokens{AccessToken: t.Access, RefreshToken: t.Refresh, Expiry: t.Expiry}
}

// Visit plays a browser that is given an authorization URL, and returns the address that it is sent to: the redirect URL
// with the answer in its query. Its owner is logged in and consents at once. It is an error if the login server does not
// send the browser back.
func (s *Server) Visit(ctx context.Context, authorizationURL string) (address string, err error) {
	page, location, err := s.fake.Visit(ctx, authorizationURL)
	if err != nil {
		return "", fmt.Errorf("timeneyetest: Visit: %w", err)
	}
	if location == nil {
		return "", fmt.Errorf("timeneyetest: Visit: the login server answered %d", page.Status)
	}
	return location.String(), nil
}

// Browse is a browser in one function, for programs that open one: it visits the authorization URL and the address that it
// is sent to, over a socket. It returns when the page there was read; what that says is not looked at.
func (s *Server) Browse(ctx context.Context, authorizationURL string) error {
	address, err := s.Visit(ctx, authorizationURL)
	if err != nil {
		return err
	}
	// A browser that has the answer goes on, although nobody waits for it to be opened any more.
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

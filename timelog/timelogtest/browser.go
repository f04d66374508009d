package timelogtest

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime/internal/fake"
)

// SignInAs says who is at the browser from now on. It panics if there is no such user.
func (s *Server) SignInAs(userID int64) {
	s.store.mu.Lock()
	known := s.store.users.get(userID) != nil
	s.store.mu.Unlock()
	if !known {
		panic(fmt.Sprintf("timelogtest: SignInAs(%d): there is no such user", userID))
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
	AccessToken, RefreshToken, IDToken string
	// Expiry is that of the access token.
	Expiry time.Time
}

// LogIn logs in who is at the browser, without one, and returns what the client would have got. Without scopes these are
// openid, tlp and offline_access.
func (s *Server) LogIn(scopes ...string) Tokens {
	if len(scopes) == 0 {
		scopes = []string{"openid", "tlp", "offline_access"}
	}
	t := s.login.grants.LogIn(fake.Login{Subject: s.login.subject(), Scopes: scopes, Time: time.Now()})
	tokens := Tokens{AccessToken: t.Access, RefreshToken: t.Refresh, Expiry: t.Expiry}
	if slices.Contains(scopes, "openid") {
		tokens.IDToken = s.login.idTokenOf(s.LoginURL(), t)
	}
	return tokens
}

// Callback is what a browser brings to the redirect URL. It may be changed before it is delivered.
type Callback struct {
	RedirectURL string
	// Mode is the response mode: form_post, fragment or query.
	Mode   string
	Params url.Values

	origin string // of the page that sends a form
}

// Visit plays a browser that is given an authorization URL, up to the redirect URL. Its owner is logged in and consents
// at once. It is an error if the login server does not send the browser back.
func (s *Server) Visit(ctx context.Context, authorizationURL string) (Callback, error) {
	asked, err := url.Parse(authorizationURL)
	if err != nil {
		return Callback{}, fmt.Errorf("timelogtest: Visit: %w", err)
	}
	page, location, err := s.fake.Visit(ctx, authorizationURL)
	if err != nil {
		return Callback{}, fmt.Errorf("timelogtest: Visit: %w", err)
	}
	c := Callback{RedirectURL: asked.Query().Get("redirect_uri"), origin: asked.Scheme + "://" + asked.Host}
	switch {
	case page.Status == http.StatusOK:
		c.Mode, c.Params = "form_post", url.Values{}
		for _, input := range regexp.MustCompile(`name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(string(page.Body), -1) {
			c.Params.Set(html.UnescapeString(input[1]), html.UnescapeString(input[2]))
		}
		return c, nil
	case page.Status != http.StatusFound || location == nil:
		return Callback{}, fmt.Errorf("timelogtest: Visit: the login server answered %d: %.200s", page.Status, page.Body)
	case location.Fragment != "":
		c.Mode = "fragment"
		c.Params, err = url.ParseQuery(location.EscapedFragment())
		return c, err
	default:
		c.Mode = "query"
		// The redirect URL may have a query of its own.
		c.Params, err = url.ParseQuery(strings.TrimPrefix(location.RawQuery, queryOf(c.RedirectURL)))
		return c, err
	}
}

// queryOf is what stands before the parameters in the query of a redirect.
func queryOf(redirect string) string {
	if _, query, ok := strings.Cut(redirect, "?"); ok {
		return query + "&"
	}
	return ""
}

// InQuery returns the same in the query of the redirect URL, as the sample on the vendor's page has it. The login server
// itself, like the standard, does not do that for the response type code id_token.
func (c Callback) InQuery() Callback {
	c.Mode = "query"
	return c
}

// Request returns the request that brings it to the redirect URL: a GET for the mode query, else a POST of a form. For the
// mode fragment that is what the script of the page at the redirect URL makes of it.
func (c Callback) Request(ctx context.Context) (*http.Request, error) {
	if c.Mode == "query" {
		separator := "?"
		if strings.Contains(c.RedirectURL, "?") {
			separator = "&"
		}
		return http.NewRequestWithContext(ctx, http.MethodGet, c.RedirectURL+separator+c.Params.Encode(), nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.RedirectURL, strings.NewReader(c.Params.Encode()))
	if err != nil {
		return nil, err
	}
	origin := c.origin
	if c.Mode == "fragment" {
		origin = req.URL.Scheme + "://" + req.URL.Host
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", origin)
	return req, nil
}

// Deliver sends [Callback.Request]; for the mode fragment it gets the page at the redirect URL first. The client may be nil.
// The caller closes the body of the answer.
func (c Callback) Deliver(ctx context.Context, client *http.Client) (*http.Response, error) {
	if client == nil {
		client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	}
	if c.Mode == "fragment" {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.RedirectURL, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	req, err := c.Request(ctx)
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}

// Browse is a browser in one function, for programs that open one: it visits the authorization URL and delivers the
// answer over a socket. It returns when the page at the redirect URL was read; what that says is not looked at. Once it is on
// its way there, the end of ctx does not stop it: a browser stays open.
func (s *Server) Browse(ctx context.Context, authorizationURL string) error {
	callback, err := s.Visit(ctx, authorizationURL)
	if err != nil {
		return err
	}
	resp, err := callback.Deliver(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

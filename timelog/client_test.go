package timelog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func validConfig() Config {
	return Config{SiteURL: "https://app4.timelog.com/acme", Auth: PersonalAccessToken(canary)}
}

func validLogin() HybridLogin {
	return HybridLogin{ClientID: "key", ClientSecret: "canary-secret", RedirectURL: "http://127.0.0.1:7171/callback", Store: tokenstore.Memory()}
}

func TestNewClientRefuses(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	site := func(u string) func(*Config) { return func(c *Config) { c.SiteURL = u } }
	login := func(spoil func(*HybridLogin)) func(*Config) {
		return func(c *Config) {
			h := validLogin()
			spoil(&h)
			c.Auth = h
		}
	}
	for name, c := range map[string]struct {
		field string
		spoil func(*Config)
	}{
		"no site":             {"Config.SiteURL", site("")},
		"no site of a source": {"Config.SiteURL", func(c *Config) { *c = Config{Auth: FromTokenSource(oauth2.StaticTokenSource(nil))} }},
		"bare":                {"Config.SiteURL", site("https://app.timelog.com")},
		"bare with slash":     {"Config.SiteURL", site("https://app.timelog.com/")},
		"no name":             {"Config.SiteURL", site("https://app4.timelog.com")},
		"api":                 {"Config.SiteURL", site("https://app4.timelog.com/acme/api")},
		"api with slash":      {"Config.SiteURL", site("https://app4.timelog.com/acme/api/")},
		"api version":         {"Config.SiteURL", site("https://app4.timelog.com/acme/api/v1")},
		"address of a page":   {"Config.SiteURL", site("https://app4.timelog.com/acme/Registration/Week")},
		"only dots":           {"Config.SiteURL", site("https://app4.timelog.com/...")},
		"parameters":          {"Config.SiteURL", site("https://app4.timelog.com/acme;x")},
		"dots":                {"Config.SiteURL", site("https://app4.timelog.com/acme/../evil")},
		"escaped":             {"Config.SiteURL", site("https://app4.timelog.com/acme%2Fevil")},
		"empty segment":       {"Config.SiteURL", site("https://app4.timelog.com/acme//evil")},
		"http":                {"Config.SiteURL", site("http://app4.timelog.com/acme")},
		"no scheme":           {"Config.SiteURL", site("app4.timelog.com/acme")},
		"password":            {"Config.SiteURL", site("https://u:canary-secret@app4.timelog.com/acme")},
		"query":               {"Config.SiteURL", site("https://app4.timelog.com/acme?canary-secret")},
		"no auth":             {"Config.Auth", func(c *Config) { c.Auth = nil }},
		"empty token":         {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken(" \"\n\" ") }},
		"two tokens":          {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken("canary-1 canary-2") }},
		"token not ascii":     {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken("canary-ø") }},
		"no source":           {"Config.Auth", func(c *Config) { c.Auth = FromTokenSource(nil) }},
		"jar":                 {"Options.HTTPClient", func(c *Config) { c.Options.HTTPClient = &http.Client{Jar: jar} }},
		"user agent":          {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "a\nb" }},
		"login without key":   {"HybridLogin.ClientID", login(func(h *HybridLogin) { h.ClientID = "" })},
		"secret with newline": {"HybridLogin.ClientSecret", login(func(h *HybridLogin) { h.ClientSecret = "canary\n" })},
		"no redirect":         {"HybridLogin.RedirectURL", login(func(h *HybridLogin) { h.RedirectURL = "" })},
		"no store":            {"HybridLogin.Store", login(func(h *HybridLogin) { h.Store = nil })},
		"no openid":           {"HybridLogin.Scopes", login(func(h *HybridLogin) { h.Scopes = []Scope{ScopeTLP} })},
		"query mode":          {"HybridLogin.ResponseMode", login(func(h *HybridLogin) { h.ResponseMode = "query" })},
		"login over http":     {"HybridLogin.LoginURL", login(func(h *HybridLogin) { h.LoginURL = "http://login.timelog.com" })},
		"login with password": {"HybridLogin.LoginURL", login(func(h *HybridLogin) { h.LoginURL = "https://u:canary-secret@login.timelog.com" })},
		"authorize over http": {"HybridLogin.AuthURL", login(func(h *HybridLogin) { h.AuthURL = "http://login.timelog.com/a" })},
		"tokens over http":    {"HybridLogin.TokenURL", login(func(h *HybridLogin) { h.TokenURL = "http://login.timelog.com/a" })},
		"keys over http":      {"HybridLogin.KeysURL", login(func(h *HybridLogin) { h.KeysURL = "http://login.timelog.com/a" })},
		"revocation, http":    {"HybridLogin.RevocationURL", login(func(h *HybridLogin) { h.RevocationURL = "http://login.timelog.com/a" })},
		"public and no PKCE":  {"HybridLogin.NoPKCE", login(func(h *HybridLogin) { h.ClientSecret, h.NoPKCE = "", true })},
	} {
		t.Run(name, func(t *testing.T) {
			config := validConfig()
			c.spoil(&config)
			_, err := NewClient(config)
			requireField(t, err, c.field)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// A bare https://app.timelog.com is refused with the way to the address that is meant.
func TestBareSiteHint(t *testing.T) {
	config := validConfig()
	config.SiteURL = "https://app.timelog.com"
	_, err := NewClient(config)
	require.ErrorContains(t, err, "https://app4.timelog.com/acme")
	require.ErrorContains(t, err, "System Administration, Integrations and API, API settings")
}

func TestSites(t *testing.T) {
	for given, want := range map[string]string{
		"https://app4.timelog.com/acme":   "https://app4.timelog.com/acme",
		"https://app4.timelog.com/acme/":  "https://app4.timelog.com/acme",
		"https://app10.timelog.com/a-b_c": "https://app10.timelog.com/a-b_c",
		"http://127.0.0.1:8080/acme":      "http://127.0.0.1:8080/acme",
	} {
		config := validConfig()
		config.SiteURL = given
		client := open(t, config)
		site, err := client.Site(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, site)
		assert.Equal(t, want+"/api", client.rest.Base.String())
	}
}

func TestRedaction(t *testing.T) {
	login := validLogin()
	login.LoginURL = "https://u:canary-password@host"
	for name, config := range map[string]Config{
		"personal": {SiteURL: "https://u:canary-password@host/acme", Auth: PersonalAccessToken(canary)},
		"source":   {SiteURL: "https://app4.timelog.com/acme", Auth: FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: canary}))},
		"login":    {SiteURL: "https://app4.timelog.com/acme", Auth: login},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
				slog.New(handler).Info("config", "value", config, "pointer", &config, "auth", config.Auth)
			}
			body, err := json.Marshal([]any{config, &config, config.Auth})
			require.NoError(t, err)
			shown := logged.String() + string(body)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				shown += fmt.Sprintf(verb, config) + fmt.Sprintf(verb, &config) + fmt.Sprintf(verb, []any{config}) + fmt.Sprintf(verb, config.Auth)
			}
			assert.NotContains(t, shown, "canary")
			assert.NotContains(t, shown, fmt.Sprintf("%x", "canary"))
			assert.Contains(t, shown, "maxRequests")
		})
	}
	client := open(t, validConfig())
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, client)+fmt.Sprintf(verb, *client), "canary")
	}
}

// Tokens are pasted with quotes and line breaks, and are what they are: nothing in them is read.
func TestPersonalAccessToken(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)})
	for _, pasted := range []string{canary, " " + canary + "\r\n", `"` + canary + `"`, "'" + canary + "'", "\"" + canary + "\n\""} {
		config := v.config()
		config.Auth = PersonalAccessToken(pasted)
		client := open(t, config)
		_, err := client.Users.Me(t.Context())
		require.NoError(t, err)
		token, err := client.TokenSource(t.Context()).Token()
		require.NoError(t, err)
		assert.Equal(t, canary, token.AccessToken)
	}
	for _, e := range v.requests() {
		assert.Equal(t, "Bearer "+canary, e.Header.Get("Authorization"))
	}
}

// A 401 has a text only. A personal access token is never sent again.
func TestPersonalAccessTokenRefused(t *testing.T) {
	v := newVendor(t, answer{status: 401, body: `{"Message":"Authorization has been denied for this request."}`})
	_, err := v.client(t).Users.Me(t.Context())
	require.ErrorIs(t, err, worktime.ErrUnauthorized)
	var e *worktime.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "Authorization has been denied for this request.", e.Message)
	assert.Empty(t, e.Code)
	assert.Len(t, v.requests(), 1)
}

func TestFromTokenSource(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)})
	config := v.config()
	config.Auth = FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "mine", RefreshToken: "canary"}))
	client := open(t, config)
	_, err := client.Users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Bearer mine", v.requests()[0].Header.Get("Authorization"))
	token, err := client.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, "mine", token.AccessToken)
	assert.Empty(t, token.RefreshToken)
}

// Only a hybrid login has accounts and can be begun.
func TestNoFurtherAccounts(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)})
	client := v.client(t)
	var e *worktime.AuthError
	_, err := client.Account("other").Users.Me(t.Context())
	require.ErrorAs(t, err, &e)
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	_, err = client.Account("other").TokenSource(t.Context()).Token()
	require.ErrorIs(t, err, worktime.ErrLoginRequired)
	assert.Empty(t, v.requests())
	_, err = client.Account("").Users.Me(t.Context())
	require.NoError(t, err)

	requireField(t, client.Login(t.Context()), "Config.Auth")
	_, _, err = client.BeginLogin(t.Context())
	requireField(t, err, "Config.Auth")
	requireField(t, client.FinishLogin(t.Context(), Transaction{}, nil), "Config.Auth")
	_, err = client.LoginHandler(LoginHandlerConfig{})
	requireField(t, err, "Config.Auth")
	requireField(t, client.Logout(t.Context()), "Config.Auth")
}

func TestWith(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)})
	client := v.client(t)
	derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "Other/v2 (Acme Corp)" })
	require.NoError(t, err)
	again, err := derived.With(func(o *worktime.Options) { o.Timeout = -1 })
	require.NoError(t, err)
	for _, c := range []*Client{client, derived, again, again.Account("")} {
		_, err = c.Users.Me(t.Context())
		require.NoError(t, err)
	}
	agents := make([]string, 0, 4)
	for _, e := range v.requests() {
		agents = append(agents, e.Header.Get("User-Agent"))
	}
	assert.Equal(t, []string{"Other/v2 (Acme Corp)", "Other/v2 (Acme Corp)", "Other/v2 (Acme Corp)"}, agents[1:])
	assert.NotEqual(t, agents[0], agents[1])

	_, err = client.With(func(o *worktime.Options) { o.HTTPClient = http.DefaultClient })
	requireField(t, err, "Options.HTTPClient")
	_, err = client.With(func(o *worktime.Options) { o.UserAgent = "ø" })
	requireField(t, err, "Options.UserAgent")
}

func TestDo(t *testing.T) {
	v := newVendor(t, answer{body: list(`{"CurrencyID":1}`)})
	client := v.client(t)
	var out struct {
		Entities []struct {
			Properties struct{ CurrencyID CurrencyID }
		}
	}
	require.NoError(t, client.Do(t.Context(), worktime.Request{Path: "/v1/currency/active", Query: map[string][]string{"$page": {"2"}}}, &out))
	assert.Equal(t, CurrencyID(1), out.Entities[0].Properties.CurrencyID)
	var raw []byte
	require.NoError(t, client.Do(t.Context(), worktime.Request{Method: "put", Path: "/v2/x", Body: map[string]int{"a": 1}, Idempotent: true}, &raw))
	assert.JSONEq(t, list(`{"CurrencyID":1}`), string(raw))
	assert.Equal(t, []string{"GET /acme/api/v1/currency/active?$page=2", "PUT /acme/api/v2/x"}, v.targets())
	for _, path := range []string{"/../other/api/v1/user", "/v1//user", "//evil.example/x", "v1/user"} {
		requireField(t, client.Do(t.Context(), worktime.Request{Path: path}, nil), "Request.Path")
	}
}

func TestClosed(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)})
	config := v.config()
	config.Auth = FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "mine"}))
	client := open(t, config)
	require.NoError(t, client.Close(t.Context()))
	_, err := client.Users.Me(t.Context())
	require.ErrorContains(t, err, "closed")
	assert.Empty(t, v.requests())
	require.NoError(t, client.Close(context.Background()), "closing twice does no harm")
}

package protime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func validConfig() Config {
	return Config{Tenant: "acme", ClientID: "id", ClientSecret: "canary-secret", Options: worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)"}}
}

func TestNewClientRefuses(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		field string
		spoil func(*Config)
	}{
		"no tenant":           {"Config.Tenant", func(c *Config) { c.Tenant = "" }},
		"slash":               {"Config.Tenant", func(c *Config) { c.Tenant = "acme/evil" }},
		"dot":                 {"Config.Tenant", func(c *Config) { c.Tenant = "evil.example" }},
		"at":                  {"Config.Tenant", func(c *Config) { c.Tenant = "x@evil" }},
		"newline":             {"Config.Tenant", func(c *Config) { c.Tenant = "acme\n" }},
		"long":                {"Config.Tenant", func(c *Config) { c.Tenant = strings.Repeat("a", 64) }},
		"environment":         {"Config.Environment", func(c *Config) { c.Environment = "test" }},
		"no id":               {"Config.ClientID", func(c *Config) { c.ClientID = "" }},
		"no secret":           {"Config.ClientSecret", func(c *Config) { c.ClientSecret = "" }},
		"secret with newline": {"Config.ClientSecret", func(c *Config) { c.ClientSecret = "canary-secret\n" }},
		"two scopes in one":   {"Config.Scopes", func(c *Config) { c.Scopes = []Scope{"a b"} }},
		"http":                {"Config.APIURL", func(c *Config) { c.APIURL = "http://acme.example" }},
		"password":            {"Config.APIURL", func(c *Config) { c.APIURL = "https://u:canary-secret@acme.example" }},
		"path":                {"Config.AuthURL", func(c *Config) { c.AuthURL = "https://acme.example/tenants" }},
		"not a url":           {"Config.AuthURL", func(c *Config) { c.AuthURL = "https://canary-secret%zz" }},
		"no user agent":       {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "" }},
		"go's user agent":     {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "Go-http-client/1.1" }},
		"no company":          {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "PeopleSync/v1 ( )" }},
		"no version":          {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "PeopleSync (Acme)" }},
		"header injection":    {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "PeopleSync/v1 (Acme)\r\nX: y" }},
		"not ascii":           {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "PeopleSync/v1 (Acmé)" }},
		"quotes":              {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = `"PeopleSync/v1 (Acme)"` }},
		"jar":                 {"Options.HTTPClient", func(c *Config) { c.Options.HTTPClient = &http.Client{Jar: jar} }},
		"redirects": {"Options.HTTPClient", func(c *Config) {
			c.Options.HTTPClient = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
		}},
		"both auths": {"Config.Auth", func(c *Config) { c.Auth = FromTokenSource(oauth2.StaticTokenSource(nil)) }},
		"store and auth": {"Config.Store", func(c *Config) {
			*c = Config{Tenant: "acme", Options: c.Options, Auth: FromTokenSource(oauth2.StaticTokenSource(nil)), Store: tokenstore.Memory()}
		}},
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

func TestHosts(t *testing.T) {
	for environment, want := range map[Environment][2]string{
		"":         {"https://acme.myprotime.eu/connector/protimeapi/api/v1", "https://authentication.myprotime.eu/tenants/acme/connect/token"},
		Production: {"https://acme.myprotime.eu/connector/protimeapi/api/v1", "https://authentication.myprotime.eu/tenants/acme/connect/token"},
		Sandbox:    {"https://acme.myprotimesandbox.eu/connector/protimeapi/api/v1", "https://authentication.myprotimesandbox.eu/tenants/acme/connect/token"},
	} {
		var asked []string
		config := validConfig()
		config.Environment = environment
		config.Options.Retry.MaxAttempts = -1
		config.Options.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			return nil, errors.New("offline")
		})}
		client := open(t, config)
		_, err := client.Clockings.Get(t.Context(), 1)
		var auth *worktime.AuthError
		require.ErrorAs(t, err, &auth, "a token that cannot be had is an error of its own, and the API is not called")
		assert.Equal(t, []string{want[1]}, asked)
		assert.Equal(t, want[0], client.core.base.String())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedaction(t *testing.T) {
	config := validConfig()
	config.Auth = FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "canary-token"}))
	config.APIURL = "https://u:canary-password@host"
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
		slog.New(handler).Info("config", "value", config, "pointer", &config)
	}
	body, err := json.Marshal([]any{config, &config})
	require.NoError(t, err)
	shown := logged.String() + string(body)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, config) + fmt.Sprintf(verb, &config) + fmt.Sprintf(verb, []Config{config})
	}
	assert.NotContains(t, shown, "canary")
	assert.NotContains(t, shown, fmt.Sprintf("%x", "canary"))
	assert.Contains(t, shown, "acme")

	client := open(t, validConfig())
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, client)+fmt.Sprintf(verb, *client), "canary")
	}
}

func TestWith(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"id":1}`})
	client := v.client(t)
	_, err := client.Clockings.Get(t.Context(), 1)
	require.NoError(t, err)

	derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "Other/v2 (Acme Corp)" })
	require.NoError(t, err)
	_, err = derived.Clockings.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, v.got, 3, "one token serves both")
	assert.Equal(t, "Other/v2 (Acme Corp)", v.got[2].Header.Get("User-Agent"))

	_, err = client.With(func(o *worktime.Options) { o.HTTPClient = http.DefaultClient })
	requireField(t, err, "Options.HTTPClient")
	_, err = client.With(func(o *worktime.Options) { o.UserAgent = "" })
	requireField(t, err, "Options.UserAgent")
}

func TestDo(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"value":[{"id":5}],"nextLink":null}`})
	client := v.client(t)
	var out struct{ Value []Ref }
	require.NoError(t, client.Do(t.Context(), worktime.Request{Path: "/counters", Query: map[string][]string{"filter": {"date ge '2026-01-01'"}, "delta": {""}}}, &out))
	assert.Equal(t, []Ref{{ID: 5}}, out.Value)
	var raw []byte
	require.NoError(t, client.Do(t.Context(), worktime.Request{Method: "put", Path: "/assignments/1", Body: ByID(3), Idempotent: true}, &raw))
	assert.JSONEq(t, `{"value":[{"id":5}],"nextLink":null}`, string(raw))
	got := v.api()
	assert.Equal(t, "GET /connector/protimeapi/api/v1/counters?delta&filter=date%20ge%20'2026-01-01'", got[0].Method+" "+got[0].Target)
	assert.Equal(t, `PUT /connector/protimeapi/api/v1/assignments/1 {"id":3}`, got[1].Method+" "+got[1].Target+" "+got[1].Body)
}

// Tokens of the caller's own are used as they come, and handed on without what is not theirs.
func TestFromTokenSource(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"id":1}`})
	config := v.config()
	config.ClientID, config.ClientSecret, config.Scopes = "", "", nil
	config.Auth = FromTokenSource(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "mine", RefreshToken: "canary"}))
	client := open(t, config)
	_, err := client.Clockings.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, v.got, 1)
	assert.Equal(t, "Bearer mine", v.got[0].Header.Get("Authorization"))
	token, err := client.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	assert.Equal(t, "mine", token.AccessToken)
	assert.Empty(t, token.RefreshToken)
}

func TestClosed(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"id":1}`})
	client := v.client(t)
	require.NoError(t, client.Close(t.Context()))
	_, err := client.Clockings.Get(t.Context(), 1)
	require.ErrorContains(t, err, "closed")
	assert.Empty(t, v.got)
	require.NoError(t, client.Close(context.Background()), "closing twice does no harm")
}

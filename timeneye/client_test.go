package timeneye

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func validLogin() PKCELogin {
	return PKCELogin{
		ClientID: "my-app", AuthURL: "https://login.example/oauth/authorize", TokenURL: "https://login.example/oauth/token",
		RedirectURL: "http://127.0.0.1:8400/callback", Store: tokenstore.Memory(),
	}
}

func TestNewClientRefuses(t *testing.T) {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	login := func(spoil func(*PKCELogin)) func(*Config) {
		return func(c *Config) {
			l := validLogin()
			spoil(&l)
			c.Auth = l
		}
	}
	for name, c := range map[string]struct {
		field string
		spoil func(*Config)
	}{
		"no auth":            {"Config.Auth", func(c *Config) { c.Auth = nil }},
		"empty token":        {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken(" \n") }},
		"a line of a file":   {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken("canary token") }},
		"token with a break": {"Config.Auth", func(c *Config) { c.Auth = PersonalAccessToken("canary\r\nX-Evil: 1") }},
		"no token source":    {"Config.Auth", func(c *Config) { c.Auth = FromTokenSource(nil) }},
		"http":               {"Config.BaseURL", func(c *Config) { c.BaseURL = "http://api.example/api/v1" }},
		"password":           {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://u:canary@api.example/api/v1" }},
		"query":              {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://api.example/api/v1?x=canary" }},
		"not a url":          {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://canary%zz" }},
		"no scheme":          {"Config.BaseURL", func(c *Config) { c.BaseURL = "api.timeneye.com/api/v1" }},
		"no path":            {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://api.timeneye.com/" }},
		"retired host":       {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://track.timeneye.com/api/v1" }},
		"retired host, odd":  {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://Track.Timeneye.COM" }},
		"retired path":       {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://api.timeneye.com/api/3/" }},
		"retired path below": {"Config.BaseURL", func(c *Config) { c.BaseURL = "https://api.timeneye.com/api/3/entries" }},
		"jar":                {"Options.HTTPClient", func(c *Config) { c.Options.HTTPClient = &http.Client{Jar: jar} }},
		"user agent":         {"Options.UserAgent", func(c *Config) { c.Options.UserAgent = "a\r\nX: canary" }},

		"no client id":       {"PKCELogin.ClientID", login(func(l *PKCELogin) { l.ClientID = "" })},
		"client id":          {"PKCELogin.ClientID", login(func(l *PKCELogin) { l.ClientID = "canary\n" })},
		"no auth url":        {"PKCELogin.AuthURL", login(func(l *PKCELogin) { l.AuthURL = "" })},
		"http auth url":      {"PKCELogin.AuthURL", login(func(l *PKCELogin) { l.AuthURL = "http://login.example/a" })},
		"retired auth url":   {"PKCELogin.AuthURL", login(func(l *PKCELogin) { l.AuthURL = "https://track.timeneye.com/authorize/my-app" })},
		"no token url":       {"PKCELogin.TokenURL", login(func(l *PKCELogin) { l.TokenURL = "" })},
		"token url":          {"PKCELogin.TokenURL", login(func(l *PKCELogin) { l.TokenURL = "https://u:canary@login.example/t" })},
		"retired token url":  {"PKCELogin.TokenURL", login(func(l *PKCELogin) { l.TokenURL = "https://track.timeneye.com/token/" })},
		"no redirect url":    {"PKCELogin.RedirectURL", login(func(l *PKCELogin) { l.RedirectURL = "" })},
		"http redirect url":  {"PKCELogin.RedirectURL", login(func(l *PKCELogin) { l.RedirectURL = "http://app.example/callback" })},
		"redirect, fragment": {"PKCELogin.RedirectURL", login(func(l *PKCELogin) { l.RedirectURL = "https://app.example/callback#canary" })},
		"no store":           {"PKCELogin.Store", login(func(l *PKCELogin) { l.Store = nil })},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{Auth: PersonalAccessToken("canary")}
			c.spoil(&config)
			_, err := NewClient(config)
			requireField(t, err, c.field)
			assert.NotContains(t, err.Error(), "canary")
			assert.Equal(t, strings.HasPrefix(name, "retired"), strings.Contains(err.Error(), "version 3"), err)
		})
	}
}

// What is wrong with a call is said before anything is sent.
func TestCallsRefuse(t *testing.T) {
	v := newVendor(t, answer{body: onePage("")})
	client := v.client(t)
	query := func(spoil func(*EntryQuery)) error {
		q := july()
		spoil(&q)
		_, err := worktime.Collect(client.Entries.All(t.Context(), q))
		return err
	}
	entry := func(spoil func(*NewEntry)) error {
		n := theNewEntry()
		spoil(&n)
		_, err := client.Entries.Create(t.Context(), n)
		return err
	}
	since := func(spoil func(*EntryQuery)) error {
		q := july()
		spoil(&q)
		_, err := client.Entries.UpdatedSince(t.Context(), time.Time{}, q)
		return err
	}
	projects := func(q ProjectQuery) error {
		_, err := worktime.Collect(client.Projects.All(t.Context(), q))
		return err
	}
	for i, c := range []struct {
		field string
		err   error
	}{
		{"EntryQuery.From", query(func(q *EntryQuery) { q.From = worktime.Date{} })},
		{"EntryQuery.To", query(func(q *EntryQuery) { q.To = worktime.Date{} })},
		{"EntryQuery.To", query(func(q *EntryQuery) { q.To = q.From.AddDays(-1) })},
		{"EntryQuery.Members", query(func(q *EntryQuery) { q.Members = []int64{} })},
		{"EntryQuery.Members", query(func(q *EntryQuery) { q.Members = []int64{1, 0} })},
		{"EntryQuery.Descending", query(func(q *EntryQuery) { q.Descending = true })},
		{"EntryQuery.PerPage", query(func(q *EntryQuery) { q.PerPage = 101 })},
		{"EntryQuery.PerPage", query(func(q *EntryQuery) { q.PerPage = -1 })},
		{"EntryQuery.Extra", query(func(q *EntryQuery) { q.Extra = url.Values{"page": {"2"}} })},
		{"EntryQuery.Extra", query(func(q *EntryQuery) { q.Extra = url.Values{"per_page": {"2"}} })},
		{"EntryQuery.Extra", query(func(q *EntryQuery) { q.Extra = url.Values{"date_from": {"x"}} })},
		{"EntryQuery.Extra", query(func(q *EntryQuery) { q.Extra = url.Values{"": {"x"}} })},
		{"Cursor", query(func(q *EntryQuery) { q.Cursor = "garbage" })},
		{"EntryQuery.Extra", query(func(q *EntryQuery) { q.Members, q.Extra = []int64{1}, url.Values{"member_ids[]": {"2"}} })},
		{"EntryQuery", since(func(q *EntryQuery) { q.SortBy = "entry_date" })},
		{"EntryQuery", since(func(q *EntryQuery) { q.Descending = true })},
		{"EntryQuery", since(func(q *EntryQuery) { q.Cursor = "x" })},
		{"EntryQuery.From", since(func(q *EntryQuery) { q.From = worktime.Date{} })},
		{"NewEntry.ProjectID", entry(func(n *NewEntry) { n.ProjectID = 0 })},
		{"NewEntry.PhaseID", entry(func(n *NewEntry) { n.PhaseID = -1 })},
		{"NewEntry.Minutes", entry(func(n *NewEntry) { n.Minutes = 0 })},
		{"NewEntry.Minutes", entry(func(n *NewEntry) { n.Minutes = -95 })},
		{"NewEntry.Date", entry(func(n *NewEntry) { n.Date = worktime.Date{} })},
		{"ProjectQuery.Extra", projects(ProjectQuery{Extra: url.Values{"load[]": {"members"}}})},
		{"ProjectQuery.Extra", projects(ProjectQuery{Extra: url.Values{"page": {"2"}}})},
		{"NewCustomerClient.Name", func() error {
			_, err := client.Clients.Create(t.Context(), NewCustomerClient{Name: " \t"})
			return err
		}()},
		{"Request.Path", client.Do(t.Context(), worktime.Request{Path: "https://evil.example/"}, nil)},
		{"Request.Path", client.Do(t.Context(), worktime.Request{Path: "/../3/entries"}, nil)},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) { requireField(t, c.err, c.field) })
	}
	assert.Empty(t, v.requests())
}

func TestRedaction(t *testing.T) {
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "canary-token"})
	for _, config := range []Config{
		{Auth: PersonalAccessToken("canary-pat")}, {Auth: FromTokenSource(source)}, {Auth: validLogin()},
	} {
		client := open(t, config)
		config.BaseURL = "https://u:canary-password@host/api/v1"
		var logged bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&logged, nil), slog.NewTextHandler(&logged, nil)} {
			slog.New(handler).Info("config", "value", config, "pointer", &config, "auth", config.Auth, "client", client)
		}
		body, err := json.Marshal([]any{config, &config, client})
		require.NoError(t, err)
		if _, ok := config.Auth.(PKCELogin); !ok { // has functions, and no secrets
			auth, err := json.Marshal(config.Auth)
			require.NoError(t, err)
			body = append(body, auth...)
		}
		shown := logged.String() + string(body)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			for _, v := range []any{config, &config, []Config{config}, config.Auth, []Auth{config.Auth}, client, *client} {
				shown += fmt.Sprintf(verb, v)
			}
		}
		assert.NotContains(t, shown, "canary")
		assert.NotContains(t, shown, fmt.Sprintf("%x", "canary"))
		assert.Contains(t, shown, "timeneye")
	}
}

func TestDefaults(t *testing.T) {
	var asked []string
	config := Config{Auth: PersonalAccessToken(" \"pat\"\n"), Options: worktime.Options{Retry: worktime.RetryPolicy{MaxAttempts: -1}}}
	config.Options.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
		return nil, http.ErrServerClosed
	})}
	client := open(t, config)
	require.ErrorIs(t, client.Do(t.Context(), worktime.Request{Path: "/timers"}, nil), worktime.ErrUnavailable)
	assert.Equal(t, []string{"GET https://api.timeneye.com/api/v1/timers Bearer pat"}, asked)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWith(t *testing.T) {
	v := newVendor(t, answer{body: onePage("")})
	client := v.client(t)
	derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "Other/v2" })
	require.NoError(t, err)
	for _, c := range []*Client{derived, client} {
		_, err = worktime.Collect(c.Entries.All(t.Context(), july()))
		require.NoError(t, err)
	}
	assert.Equal(t, "Other/v2", v.requests()[0].Header.Get("User-Agent"))
	assert.NotEqual(t, "Other/v2", v.requests()[1].Header.Get("User-Agent"), "the first client is as it was")

	_, err = client.With(func(o *worktime.Options) { o.HTTPClient = http.DefaultClient })
	requireField(t, err, "Options.HTTPClient")
	_, err = client.With(func(o *worktime.Options) { o.UserAgent = "a\nb" })
	requireField(t, err, "Options.UserAgent")
}

func TestDo(t *testing.T) {
	v := newVendor(t, answer{body: `{"data":{"user_id":42}}`})
	config := v.config()
	config.BaseURL += "/" // no "//" comes of it
	client := open(t, config)
	var out struct {
		Data struct {
			User int64 `json:"user_id"`
		}
	}
	require.NoError(t, client.Do(t.Context(), worktime.Request{Path: "/members/me", Query: url.Values{"load[]": {"groups", "a b"}}}, &out))
	assert.Equal(t, int64(42), out.Data.User)
	var raw []byte
	body := map[string]int{"minutes": 30}
	require.NoError(t, client.Do(t.Context(), worktime.Request{Method: "PUT", Path: "/entries/9001", Body: body, Idempotent: true}, &raw))
	assert.JSONEq(t, `{"data":{"user_id":42}}`, string(raw))
	assert.Equal(t, []string{"GET /api/v1/members/me?load%5B%5D=groups&load%5B%5D=a%20b", "PUT /api/v1/entries/9001"}, v.targets())
	assert.JSONEq(t, `{"minutes":30}`, v.requests()[1].Body)
}

func TestClosed(t *testing.T) {
	client, err := NewClient(Config{Auth: validLogin()})
	require.NoError(t, err)
	require.NoError(t, client.Close(t.Context()))
	_, err = client.TokenSource(t.Context()).Token()
	require.ErrorContains(t, err, "closed")
	require.NoError(t, client.Close(t.Context()), "closing twice does no harm")
}

package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

var containmentPromises = map[string]func(*scene){
	"no redirect is followed": func(s *scene) {
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		hosts := s.hosts()
		for _, code := range []int{301, 302, 303, 307, 308} {
			for _, to := range []string{"https://evil.example/", "//evil.example", "http://127.0.0.1:9/", "/elsewhere", "https://user@evil.example"} {
				s.Fail(status(code).Header("Location", to))
				before := s.APIRequests()
				require.ErrorIs(s.T, client.Get(s.Context()), worktime.ErrRedirect)
				s.Fail(status(code).Header("Location", to))
				require.ErrorIs(s.T, client.Book(s.Context()), worktime.ErrRedirect)
				assert.Equal(s.T, before+2, s.APIRequests())
			}
		}
		assert.Subset(s.T, hosts, s.hosts())
	},
	"no redirect of the token endpoint is followed": func(s *scene) {
		if s.provider.Fixed {
			return
		}
		client := s.start(defaultSeed, nil)
		for _, code := range []int{301, 302, 303, 307, 308} {
			s.Fail(status(code).Header("Location", "https://evil.example/token").OnToken())
			require.ErrorIs(s.T, client.Get(s.Context()), worktime.ErrRedirect)
			time.Sleep(time.Second) // for which a failure is shared
		}
		assert.Len(s.T, s.hosts(), 1)
	},
	"no link leads away": func(s *scene) {
		if !s.provider.Links {
			return
		}
		client := s.start(defaultSeed, nil)
		require.NoError(s.T, client.Get(s.Context()))
		hosts := s.hosts()
		for _, link := range []string{
			"https://evil.example/", "//evil.example/x", `\\evil.example\x`, `/\evil.example`, "http://127.0.0.1@evil.example/", "https://127.0.0.1:1/",
			"/elsewhere", "/../x", "javascript:x", "http://127.0.0.1:2/x", "http://127.0.0.1.:1/x", "\u2215evil.example", "?x", "x", "http:///x", strings.Repeat("/a", 1<<19),
		} {
			s.Fail(fake.Edit(func(_ *http.Request, a *fake.Answer) {
				var page map[string]any
				if assert.NoError(s.T, json.Unmarshal(a.Body, &page)) {
					page["nextLink"] = link
					a.Body, _ = json.Marshal(page)
				}
			}))
			before := s.APIRequests()
			got, err := worktime.Collect(client.All(s.Context(), ""))
			require.ErrorIs(s.T, err, worktime.ErrCrossOrigin, "%.60q", link)
			assert.Equal(s.T, upTo(3), got, "the items of the page are not lost")
			assert.Equal(s.T, before+1, s.APIRequests(), "%.60q", link)
		}
		assert.Subset(s.T, hosts, s.hosts())
	},
	"no secret is shown": func(s *scene) {
		var logged bytes.Buffer
		client := s.start(defaultSeed, func(o *worktime.Options) {
			o.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			o.Retry.MaxAttempts = -1
		})
		token, err := client.TokenSource(s.Context()).Token()
		require.NoError(s.T, err)
		secrets := []string{defaultSeed.Secret, token.AccessToken}
		echo := fake.Edit(func(r *http.Request, a *fake.Answer) {
			a.Status = http.StatusBadRequest
			a.Header.Set("Content-Type", "application/json")
			a.Header.Set("X-Request-Id", r.Header.Get("Authorization"))
			a.Body, _ = json.Marshal(map[string]any{"error": map[string]any{"code": token.AccessToken, "message": "you sent " + r.Header.Get("Authorization"), "reasons": secrets[1:]}})
		})
		var errs []error
		for _, fault := range []fake.Fault{echo, status(401), status(500), fake.Drop(), fake.Malformed(), fake.HTML(200), status(307).Header("Location", "https://u:"+token.AccessToken+"@evil.example")} {
			s.Fail(fault)
			errs = append(errs, client.Get(s.Context()))
			s.Fail(fault)
			errs = append(errs, client.Book(s.Context()))
		}
		s.RevokeTokens()
		s.Fail(fake.Edit(func(r *http.Request, a *fake.Answer) {
			a.Status = http.StatusBadRequest
			sent := r.PostForm.Get("client_secret") + " " + r.PostForm.Get("refresh_token")
			a.Body, _ = json.Marshal(map[string]string{"error": "invalid_client", "error_description": "wrong: " + sent})
		}).OnToken().Always())
		time.Sleep(2 * time.Minute) // past the pause after the last renewal
		errs = append(errs, client.Get(s.Context()))

		synctest.Wait() // a token is reported after it is handed out
		shown := logged.String()
		for _, v := range append(client.Shown, anySlice(errs)...) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				shown += fmt.Sprintf(verb, v)
			}
			body, err := json.Marshal(v)
			require.NoError(s.T, err)
			shown += string(body)
			logged.Reset()
			slog.New(slog.NewTextHandler(&logged, nil)).Info("value", "v", v)
			shown += logged.String()
			if err, ok := v.(error); ok {
				require.Error(s.T, err)
				if e, ok := errors.AsType[*worktime.Error](err); ok {
					shown += string(e.Body) + e.Code + e.Message + e.RequestID + fmt.Sprint(e.Details)
				}
			}
		}
		require.NotEmpty(s.T, token.AccessToken)
		for _, r := range s.Requests() {
			if form, err := url.ParseQuery(string(r.Body)); r.Token && err == nil && form.Get("refresh_token") != "" {
				secrets = append(secrets, form.Get("refresh_token"))
			}
		}
		for _, secret := range secrets {
			assert.NotContains(s.T, shown, secret)
		}
	},
}

func anySlice(errs []error) []any {
	out := make([]any, len(errs))
	for i, err := range errs {
		out[i] = err
	}
	return out
}

// hosts are those to which requests went.
func (s *scene) hosts() []string {
	var hosts []string
	seen := map[string]bool{}
	for _, r := range s.Requests() {
		if !seen[r.Host] {
			seen[r.Host] = true
			hosts = append(hosts, r.Host)
		}
	}
	return hosts
}

package timelog_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

// endless leaves the lifetime out of the answers of the token endpoint.
type endless struct{ http.RoundTripper }

func (e endless) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := e.RoundTripper.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/connect/token") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	body = regexp.MustCompile(`"expires_in":\d+,?`).ReplaceAll(body, nil)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, err
}

// An access token whose answer does not say how long it lives is taken to live as long as that of the vendor's page.
func TestLifetimeThatIsNotSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := timelogtest.NewServer(t, staff)
		config := srv.Config()
		login := srv.HybridLogin(tokenstore.Memory())
		login.RedirectURL = "https://app.example/callback"
		config.SiteURL, config.Auth = "", login
		config.Options.HTTPClient = &http.Client{Transport: endless{config.Options.HTTPClient.Transport}}
		client, err := timelog.NewClient(config)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, client.Close(context.Background())) })
		require.NoError(t, logIn(t, srv, client))
		token, err := client.TokenSource(t.Context()).Token()
		require.NoError(t, err)
		assert.Equal(t, time.Hour, time.Until(token.Expiry).Round(time.Minute))
	})
}

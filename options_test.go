package worktime_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// tokenTransport is what users write: a RoundTripper that holds a secret in the open.
type tokenTransport struct {
	Token string
	http.RoundTripper
}

func secretOptions(t *testing.T) worktime.Options {
	t.Helper()
	proxy, err := url.Parse("http://user:" + canary + "@proxy.example:3128")
	require.NoError(t, err)
	jar := map[string]string{"cookie": canary}
	return worktime.Options{
		HTTPClient: &http.Client{Transport: tokenTransport{canary, &http.Transport{Proxy: http.ProxyURL(proxy)}}},
		UserAgent:  "PeopleSync/v1 (Acme Corp)",
		Timeout:    time.Minute,
		Retry:      worktime.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Second, MaxWait: -1},
		Logger:     slog.New(slog.DiscardHandler).With("jar", jar),
		Trace:      &worktime.Trace{},
		Prefetch:   2,
	}
}

func TestOptionsHideTheHTTPClient(t *testing.T) {
	o := secretOptions(t)
	assertHidden(t, o)
	assertHidden(t, &o)
	assertHidden(t, struct{ Options worktime.Options }{o})
}

func TestOptionsShowTheirSettings(t *testing.T) {
	o := secretOptions(t)
	const want = "{HTTPClient:true UserAgent:PeopleSync/v1 (Acme Corp) Timeout:1m0s " +
		"Retry:{MaxAttempts:3 BaseDelay:1s MaxWait:-1ns} Logger:true Trace:true MaxResponseBytes:0 Prefetch:2}"
	for _, verb := range verbs {
		assert.Equal(t, want, fmt.Sprintf(verb, o), verb)
		assert.Equal(t, want, fmt.Sprintf(verb, &o), verb)
	}
	assert.Equal(t, want, o.LogValue().String())

	var shown struct {
		HTTPClient, Logger, Trace bool
		UserAgent                 string
		Timeout                   time.Duration
		Retry                     worktime.RetryPolicy
		MaxResponseBytes          int64
		Prefetch                  int
	}
	b, err := json.Marshal(o)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&shown), string(b))
	assert.True(t, shown.HTTPClient && shown.Logger && shown.Trace, string(b))
	assert.Equal(t, o.UserAgent, shown.UserAgent)
	assert.Equal(t, o.Timeout, shown.Timeout)
	assert.Equal(t, o.Retry, shown.Retry)
	assert.Equal(t, o.Prefetch, shown.Prefetch)

	assert.Equal(t, "{HTTPClient:false UserAgent: Timeout:0s Retry:{MaxAttempts:0 BaseDelay:0s MaxWait:0s} "+
		"Logger:false Trace:false MaxResponseBytes:0 Prefetch:0}", fmt.Sprint(worktime.Options{}))
}

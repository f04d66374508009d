package protime

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// memoryClient returns a client of a tenant whose API has no network: serve answers its requests,
// one at a time.
func memoryClient(t *testing.T, serve func(*http.Request) answer) *Client {
	t.Helper()
	config := (&vendor{Server: &httptest.Server{}}).config() // of the vendor's own hosts
	config.Options.Prefetch = -1
	config.Options.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		a := answer{status: http.StatusOK, body: tokenAnswer}
		if r.URL.Host != "authentication.myprotime.eu" {
			a = serve(r)
		}
		header := http.Header{"Content-Type": {"application/json"}}
		for name, value := range a.header {
			header.Set(name, value)
		}
		return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
	})}
	return open(t, config)
}

// linkSeeds are links as the vendor prints them, and some that lead astray.
var linkSeeds = []string{
	"/connector/protimeapi/api/v1/clockings?filter=date ge '2026-01-01'&continuationToken=a+b/c==&deltaToken=eyJk",
	"/connector/protimeapi/api/v1/delta/clockings?deltaToken=eyJEZWx0YUlkIjozMDA4MH0=",
	"https://acme.myprotime.eu/connector/protimeapi/api/v1/clockings?continuationToken=%2B%",
	"https://acme.myprotime.eu:443/connector/protimeapi/api/v1/clockings/8192",
	"/connector/protimeapi/api/v1/clockings/8192", "/connector/protimeapi/api/v1/../../../x", "/connector/protimeapi/api/v1/%2e%2e/x",
	"//evil.example/connector/protimeapi/api/v1/clockings/1", "https://evil.example/connector/protimeapi/api/v1/clockings/1",
	"https://acme.myprotime.eu@evil.example/connector/protimeapi/api/v1/clockings/1", "http://acme.myprotime.eu/connector/protimeapi/api/v1/clockings/1",
	"/\\evil.example", "javascript:alert(1)", "?x", "#", " ", "", "\x00", "/connector/protimeapi/api/v1/clockings/é\"<>\r\nX: y",
}

// FuzzLinks: wherever a nextLink or a deltaLink leads, nothing is asked but the tenant's API below
// its base path, in a well-formed request.
func FuzzLinks(f *testing.F) {
	for _, link := range linkSeeds {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		quoted, err := json.Marshal(link)
		require.NoError(t, err)
		served := 0
		client := memoryClient(t, func(r *http.Request) answer {
			requireOwn(t, r)
			served++
			if served%2 == 1 { // the first page of a list, and the last of a load
				return answer{status: 200, body: `{"value":[{"id":1}],"nextLink":` + string(quoted) + `,"deltaLink":` + string(quoted) + `}`}
			}
			return answer{status: 200, body: `{"value":[],"deltaLink":"` + deltaTarget + `x"}`}
		})
		_, err = worktime.Collect(client.Clockings.All(t.Context(), ClockingQuery{From: day("2026-01-01")}))
		requireLinkError(t, err)

		served = 0
		pages, err := worktime.Collect(client.AbsenceGroups.Changes(t.Context(), "", AbsenceGroupQuery{}))
		requireLinkError(t, err)
		if len(pages) > 0 {
			served = 1
			_, err = worktime.Collect(client.AbsenceGroups.Changes(t.Context(), pages[len(pages)-1].Cursor, AbsenceGroupQuery{}))
			requireLinkError(t, err)
		}
	})
}

func requireOwn(t *testing.T, r *http.Request) {
	t.Helper()
	require.Equal(t, "https://acme.myprotime.eu", r.URL.Scheme+"://"+r.URL.Host)
	require.Nil(t, r.URL.User)
	target := r.URL.RequestURI()
	require.True(t, strings.HasPrefix(target, "/connector/protimeapi/api/v1/"), target)
	require.False(t, strings.ContainsFunc(target, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == '#' }), "%q", target)
	parsed, err := url.ParseRequestURI(target)
	require.NoError(t, err)
	require.NotContains(t, strings.Split(parsed.Path, "/"), "..")
}

func requireLinkError(t *testing.T, err error) {
	t.Helper()
	if err == nil || errors.Is(err, worktime.ErrCrossOrigin) || errors.Is(err, worktime.ErrPageCycle) || errors.Is(err, worktime.ErrBadResponse) {
		return
	}
	require.NoError(t, err)
}

// FuzzLocation: whatever a create answers as its Location, the id is that of its last segment, or the
// outcome is unknown; the clocking is not sent again.
func FuzzLocation(f *testing.F) {
	for _, location := range linkSeeds {
		f.Add(location)
	}
	f.Fuzz(func(t *testing.T, location string) {
		served := 0
		client := memoryClient(t, func(r *http.Request) answer {
			requireOwn(t, r)
			served++
			return answer{status: 201, header: map[string]string{"Location": location}}
		})
		id, err := client.Clockings.Create(t.Context(), NewClocking{Person: ByID(1), Date: day("2026-01-15"), Kind: ClockingInOut})
		require.Equal(t, 1, served)
		if err != nil {
			require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
			require.Zero(t, id)
			return
		}
		path, _, _ := strings.Cut(location, "?")
		segment, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
		require.NoError(t, err)
		want, err := strconv.ParseInt(segment, 10, 64)
		require.NoError(t, err)
		require.Equal(t, want, id)
	})
}

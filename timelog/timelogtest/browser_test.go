package timelogtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// arrived is what a browser brought to the redirect URL.
type arrived struct {
	method, origin, form string
}

func TestBrowser(t *testing.T) {
	var all []arrived
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		all = append(all, arrived{r.Method, r.Header.Get("Origin"), r.Form.Encode()})
	}))
	defer receiver.Close()
	c := newCaller(t)
	address := receiver.URL + "/cb?app=1"
	deliver := func(callback timelogtest.Callback) {
		resp, err := callback.Deliver(t.Context(), nil)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	form := func(callback timelogtest.Callback) string {
		callback.Params.Set("app", "1")
		return callback.Params.Encode()
	}

	post := c.visit("redirect_uri", address)
	deliver(post)
	fragment := c.visit("redirect_uri", address, "response_mode", "fragment")
	deliver(fragment)
	query := fragment.InQuery()
	deliver(query)
	assert.Equal(t, "fragment", fragment.Mode)
	assert.Equal(t, []arrived{
		{"POST", c.srv.LoginURL(), form(post)},
		{"GET", "", "app=1"}, {"POST", receiver.URL, form(fragment)},
		{"GET", "", form(query)},
	}, all)

	req, err := query.Request(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"GET", address + "&" + query.Params.Encode()}, []string{req.Method, req.URL.String()})

	all = nil
	require.NoError(t, c.srv.Browse(t.Context(), c.authorizeURL("redirect_uri", address)))
	require.Len(t, all, 1)
	assert.Contains(t, all[0].form, "id_token=")
	require.Error(t, c.srv.Browse(t.Context(), c.authorizeURL("client_id", "other")))
	require.Error(t, c.srv.Browse(t.Context(), c.authorizeURL("redirect_uri", "http://127.0.0.1:1/closed")))
	require.Error(t, c.srv.Browse(t.Context(), ":"))
}

// A program that opens a browser may end the context of that when it has the answer; the browser shows the last page all
// the same.
func TestBrowserOutlivesItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	shown := 0
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cancel(); r.URL.RawQuery != "" {
			http.Redirect(w, r, "/done", http.StatusSeeOther)
			return
		}
		shown++
	}))
	defer receiver.Close()
	c := newCaller(t)
	require.NoError(t, c.srv.Browse(ctx, c.authorizeURL("redirect_uri", receiver.URL+"/cb", "response_type", "code", "response_mode", "")))
	assert.Equal(t, 1, shown)
}

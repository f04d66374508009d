package fake

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRoute(t *testing.T) {
	mux := http.NewServeMux()
	for _, pattern := range []string{"GET /books", "DELETE /books", "POST /books/{id}"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, pattern+r.PathValue("id")) })
	}
	for _, c := range []struct {
		method, path string
		status       int
		allow        []string
		body         string
	}{
		{"GET", "/books", 200, nil, "GET /books"},
		{"POST", "/books/7", 200, nil, "POST /books/{id}7"},
		{"PUT", "/books", 405, []string{"GET", "DELETE"}, "refused"},
		{"GET", "/books/7", 405, []string{"POST"}, "refused"},
		{"GET", "/authors", 404, nil, "refused"},
	} {
		w := httptest.NewRecorder()
		Route(mux, w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil), func(status int) {
			w.WriteHeader(status)
			_, _ = w.WriteString("refused")
		})
		assert.Equal(t, c.status, w.Code, c)
		assert.Equal(t, c.allow, w.Header()["Allow"], c)
		assert.Equal(t, c.body, w.Body.String(), c)
	}
}

func TestWriteJSON(t *testing.T) {
	w := httptest.NewRecorder()
	WriteJSON(w, http.StatusAccepted, "application/hal+json", map[string]string{"next": "/books?a=1&b=<2>"})
	assert.Equal(t, http.StatusAccepted, w.Code)
	assert.Equal(t, "application/hal+json", w.Header().Get("Content-Type"))
	assert.Equal(t, `{"next":"/books?a=1&b=<2>"}`, w.Body.String())
}

func TestVisit(t *testing.T) {
	s, _ := start(t)
	page, location, err := s.Visit(t.Context(), apiURL)
	require.NoError(t, err)
	assert.Nil(t, location)
	assert.Equal(t, http.StatusOK, page.Status)
	assert.JSONEq(t, `{"lines":"first"}`, string(page.Body))

	s.Fail(HTML(http.StatusFound).Header("Location", "/login#top"))
	page, location, err = s.Visit(t.Context(), apiURL)
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, page.Status)
	require.NotNil(t, location)
	assert.Equal(t, "http://api.example/login#top", location.String())
	assert.Equal(t, 2, s.APIRequests(), "it is not followed")

	s.Fail(Truncate())
	_, _, err = s.Visit(t.Context(), apiURL)
	assert.Error(t, err)
}

func TestHosts(t *testing.T) {
	s, _ := start(t)
	api, login, err := s.Hosts(false)
	require.NoError(t, err)
	assert.NotEqual(t, api, login)
	_, err = http.Get("http://" + api)
	assert.Error(t, err, "nobody listens")

	api, login, err = s.Hosts(true)
	require.NoError(t, err)
	for _, host := range []string{api, login} {
		assert.Equal(t, http.StatusOK, do(t, s, "GET", "http://"+host, "").status)
	}
}

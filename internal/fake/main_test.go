package fake

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// books is a vendor's API in small: POST adds a line, GET returns them all.
type books struct{ lines []string }

func (b *books) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Method == http.MethodPost {
		b.lines = append(b.lines, string(body))
		w.WriteHeader(http.StatusCreated)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"lines":"`+strings.Join(b.lines, ",")+`"}`)
}

// start starts a server whose token endpoint answers with the body "token".
func start(t *testing.T) (*Server, *books) {
	t.Helper()
	api := &books{lines: []string{"first"}}
	s := Start(Handlers{
		API: api,
		Token: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "token")
		}),
		IsToken: func(r *http.Request) bool { return r.URL.Path == "/token" },
	})
	t.Cleanup(s.Close)
	return s, api
}

// got is an answer as it was read, with the error that ended the reading.
type got struct {
	status  int
	header  http.Header
	body    string
	err     error // no answer
	readErr error
}

func do(t *testing.T, s *Server, method, url, body string) got {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := s.Client().Do(req)
	if err != nil {
		return got{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return got{resp.StatusCode, resp.Header, string(b), nil, err}
}

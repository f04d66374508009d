package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// memory is a listener in memory that says where it listens, for bubbles.
type memory struct {
	*pipeListener
	address net.Addr
}

func (m memory) Addr() net.Addr { return m.address }

// interfaces are the sockets of a machine: addresses that it has, and ports that are taken.
type interfaces struct {
	has   []string
	taken []string
	open  []string
}

func (i *interfaces) listen(_ context.Context, network, address string) (net.Listener, error) {
	host, port, _ := net.SplitHostPort(address)
	fail := func(text string) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Err: errors.New(text)}
	}
	switch {
	case !strings.Contains(strings.Join(i.has, " "), host):
		return fail("cannot assign requested address")
	case strings.Contains(strings.Join(i.taken, " "), address):
		return fail("address already in use")
	case port == "0":
		port = fmt.Sprint(40001 + len(i.open))
	}
	i.open = append(i.open, net.JoinHostPort(host, port))
	addr, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	return memory{newPipeListener(), addr}, err
}

// RFC 8252, section 8.3: by whichever family the machine has; and nobody else may have the other one.
func TestListen(t *testing.T) {
	for name, c := range map[string]struct {
		redirect string
		machine  interfaces
		open     []string
		fails    string
	}{
		"both":              {"http://localhost:8400/cb", interfaces{has: []string{"127.0.0.1", "::1"}}, []string{"127.0.0.1:8400", "[::1]:8400"}, ""},
		"IPv4 only":         {"http://localhost:8400/cb", interfaces{has: []string{"127.0.0.1"}}, []string{"127.0.0.1:8400"}, ""},
		"IPv6 only":         {"http://localhost:8400/cb", interfaces{has: []string{"::1"}}, []string{"[::1]:8400"}, ""},
		"a literal":         {"http://127.0.0.1:8400/cb", interfaces{has: []string{"127.0.0.1", "::1"}}, []string{"127.0.0.1:8400"}, ""},
		"an IPv6 literal":   {"http://[::1]:8400/cb", interfaces{has: []string{"127.0.0.1", "::1"}}, []string{"[::1]:8400"}, ""},
		"no port":           {"http://127.0.0.1/cb", interfaces{has: []string{"127.0.0.1"}}, []string{"127.0.0.1:80"}, ""},
		"capitals":          {"http://LocalHost:8400/cb", interfaces{has: []string{"127.0.0.1", "::1"}}, []string{"127.0.0.1:8400", "[::1]:8400"}, ""},
		"any port":          {"http://localhost:0/cb", interfaces{has: []string{"127.0.0.1", "::1"}}, []string{"127.0.0.1:40001", "[::1]:40001"}, ""},
		"any port but that": {"http://localhost:0/cb", interfaces{has: []string{"127.0.0.1", "::1"}, taken: []string{"[::1]:40001"}}, nil, ""},
		"taken":             {"http://127.0.0.1:8400/cb", interfaces{has: []string{"127.0.0.1"}, taken: []string{"127.0.0.1:8400"}}, nil, "port 8400 of 127.0.0.1 cannot be used"},
		"taken on IPv6":     {"http://localhost:8400/cb", interfaces{has: []string{"127.0.0.1", "::1"}, taken: []string{"[::1]:8400"}}, nil, "port 8400 of ::1 cannot be used"},
		"nothing":           {"http://localhost:8400/cb", interfaces{}, nil, "no loopback address can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			listeners, port, err := listen(t.Context(), mustURL(t, c.redirect), c.machine.listen)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			var open []string
			for _, l := range listeners {
				open = append(open, l.Addr().String())
				assert.True(t, strings.HasSuffix(l.Addr().String(), ":"+port))
			}
			if c.open != nil {
				assert.Equal(t, c.open, open)
			} else {
				assert.Len(t, open, 2)
			}
		})
	}
}

// On the machine itself: both families if it has them, and a port that is taken says so.
func TestListenForReal(t *testing.T) {
	p := start(t, newHybrid(t, func(s *loginServer) { s.flow.RedirectURL = "http://localhost:0/callback" }))
	assert.Equal(t, "localhost", p.redirect.Hostname())
	s := newHybrid(t, func(s *loginServer) { s.flow.RedirectURL = "http://localhost:" + p.redirect.Port() + "/callback" })
	err := s.logins.Run(t.Context(), "")
	assertIs(t, err, worktime.ErrUnavailable)
	assert.Contains(t, authError(t, err).Error(), "port "+p.redirect.Port())
	assert.Zero(t, s.apiRequests(), "nobody was sent to log in")

	resp, _ := p.browse(t, "POST", "/callback", p.answer.Encode(), "Host", "127.0.0.1:"+p.redirect.Port())
	assert.Equal(t, http.StatusMisdirectedRequest, resp.StatusCode)
	resp, _ = p.browse(t, "POST", "/callback", p.answer.Encode(), "Host", "LOCALHOST:"+p.redirect.Port())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, <-p.done)
}

func TestProgramNeedsLoopback(t *testing.T) {
	for _, redirect := range []string{"https://app.example/callback", "com.timelog:/oauthredirect", "https://127.0.0.1:8400/callback"} {
		s := newHybrid(t, func(s *loginServer) { s.flow.RedirectURL = redirect })
		assertIs(t, s.logins.Run(t.Context(), ""), worktime.ErrBadRequest)
	}
}

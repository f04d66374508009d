package auth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// program is a login by a program, with a browser that the test plays.
type program struct {
	*loginServer
	address  string  // of the login page
	redirect url.URL // where the answer is to go
	answer   url.Values
	done     chan error
	cancel   context.CancelFunc
}

// start begins the login of a program at a free port of the loopback interface.
func start(t *testing.T, s *loginServer) *program {
	t.Helper()
	p := &program{loginServer: s, done: make(chan error, 1)}
	opened := make(chan string, 1)
	s.logins.flow.Open = func(_ context.Context, address string) error { opened <- address; return nil }
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	t.Cleanup(cancel)
	go func() { p.done <- s.logins.Run(ctx, "") }()
	select {
	case p.address = <-opened:
	case err := <-p.done:
		require.NoError(t, err)
	}
	query := mustURL(t, p.address).Query()
	p.redirect = *mustURL(t, query.Get("redirect_uri"))
	p.answer = s.logIn(t, p.address)
	return p
}

func anyPort(s *loginServer) { s.flow.RedirectURL = "http://127.0.0.1:0/callback" }

// browse is a browser, without its redirects.
func (p *program) browse(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+p.redirect.Host+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
		if header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_ = resp.Body.Close()
	return resp, string(text)
}

// post sends the answer from another goroutine than the test's. It returns 0 if the receiver closes.
func (p *program) post() (status int) {
	r, _ := http.NewRequest("POST", p.redirect.String(), strings.NewReader(p.answer.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// gone checks that nobody listens any more.
func (p *program) gone(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("tcp", p.redirect.Host)
	if err == nil {
		_ = conn.Close()
	}
	require.Error(t, err, "the port is still open")
}

func checkPage(t *testing.T, resp *http.Response) {
	t.Helper()
	policy := resp.Header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		assert.Contains(t, policy, part)
	}
	assert.NotContains(t, policy, "unsafe")
	assert.Equal(t, "no-referrer", resp.Header.Get("Referrer-Policy"))
	assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
	assert.Equal(t, "same-origin", resp.Header.Get("Cross-Origin-Opener-Policy"))
	assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
	assert.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
}

func TestProgramLogsIn(t *testing.T) {
	t.Run("form_post", func(t *testing.T) {
		p := start(t, newHybrid(t, anyPort))
		resp, body := p.browse(t, "POST", "/callback", p.answer.Encode(), "Origin", "null", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document")
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		checkPage(t, resp)
		assert.Contains(t, body, "You are logged in.")
		require.NoError(t, <-p.done)
		p.gone(t)
		record, err := p.stored("")
		require.NoError(t, err)
		assert.Equal(t, rt(1), record.RefreshToken)
		assert.Equal(t, "form_post", mustURL(t, p.address).Query().Get("response_mode"))
	})
	t.Run("fragment", func(t *testing.T) {
		p := start(t, newHybrid(t, anyPort, func(s *loginServer) { s.flow.ResponseMode = "fragment" }))
		resp, body := p.browse(t, "GET", "/callback", "")
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		checkPage(t, resp)
		assert.Contains(t, body, "location.hash")
		assert.Contains(t, body, "<noscript>")
		resp, _ = p.browse(t, "POST", "/callback", p.answer.Encode(), "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate")
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		require.NoError(t, <-p.done)
		p.gone(t)
	})
	t.Run("query", func(t *testing.T) {
		p := start(t, newPKCE(t, anyPort))
		resp, body := p.browse(t, "GET", "/callback?"+p.answer.Encode(), "")
		assert.Equal(t, http.StatusSeeOther, resp.StatusCode, "to an address without the code")
		assert.Equal(t, "/callback", resp.Header.Get("Location"))
		assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		assert.Empty(t, body)
		resp, body = p.browse(t, "GET", "/callback", "")
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		checkPage(t, resp)
		assert.Contains(t, body, "You are logged in.")
		require.NoError(t, <-p.done)
		p.gone(t)
	})
	t.Run("hybrid query", func(t *testing.T) { // as the vendor's manual shows it
		p := start(t, newHybrid(t, anyPort))
		resp, _ := p.browse(t, "GET", "/callback?"+p.answer.Encode(), "")
		assert.Equal(t, http.StatusSeeOther, resp.StatusCode)
		p.browse(t, "GET", "/callback", "")
		require.NoError(t, <-p.done)
	})
	t.Run("an open that waits for the person", func(t *testing.T) {
		s := newHybrid(t, anyPort)
		s.logins.flow.Open = func(_ context.Context, address string) error {
			p := &program{loginServer: s, redirect: *mustURL(t, mustURL(t, address).Query().Get("redirect_uri"))}
			p.browse(t, "POST", "/callback", s.logIn(t, address).Encode())
			return nil
		}
		require.NoError(t, s.logins.Run(t.Context(), "ann"))
		_, err := s.stored("ann")
		require.NoError(t, err)
	})
	t.Run("refused by the server", func(t *testing.T) {
		p := start(t, newHybrid(t, anyPort))
		refusal := url.Values{"state": p.answer["state"], "error": {"access_denied"}, "error_description": {"<script>alert(1)</script>"}}
		resp, body := p.browse(t, "POST", "/callback", refusal.Encode())
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
		assert.Contains(t, body, "&lt;script&gt;alert(1)&lt;/script&gt; (access_denied)")
		assertIs(t, <-p.done, worktime.ErrForbidden)
		p.gone(t)
	})
	t.Run("an ID token that is refused", func(t *testing.T) {
		p := start(t, newHybrid(t, anyPort, func(s *loginServer) { s.front = func(d *draft) { d.claims["nonce"] = "another" } }))
		resp, body := p.browse(t, "POST", "/callback", p.answer.Encode())
		assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
		assert.Contains(t, body, "nonce")
		assert.Equal(t, worktime.CheckNonce, authError(t, <-p.done).Check)
	})
}

// Nobody but the login server's answer ends a login, or is taken for it.
func TestHostileRequests(t *testing.T) {
	p := start(t, newHybrid(t, anyPort))
	good := p.answer.Encode()
	forged := func(changes map[string][]string) string { return with(p.answer, changes).Encode() }
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprint("X-", i), "x")
	}
	port := p.redirect.Port()
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"root", "GET", "/", "", nil, 404},
		{"favicon", "GET", "/favicon.ico", "", nil, 404},
		{"another path with the answer", "POST", "/callback2", good, nil, 404},
		{"a slash more", "POST", "/callback/", good, nil, 404},
		{"another case", "POST", "/Callback", good, nil, 404},
		{"two slashes", "POST", "//callback", good, nil, 404},
		{"no answer", "GET", "/callback", "", nil, 200},
		{"another Host", "POST", "/callback", good, []string{"Host", "evil.example"}, 421},
		{"another Host with the port", "POST", "/callback", good, []string{"Host", "evil.example:" + port}, 421},
		{"the name of the Host", "POST", "/callback", good, []string{"Host", "localhost:" + port}, 421},
		{"another port", "POST", "/callback", good, []string{"Host", "127.0.0.1:1"}, 421},
		{"HEAD", "HEAD", "/callback?" + good, "", nil, 405},
		{"PUT", "PUT", "/callback", good, nil, 405},
		{"DELETE", "DELETE", "/callback?" + good, "", nil, 405},
		{"OPTIONS", "OPTIONS", "/callback", "", []string{"Origin", "https://evil.example", "Access-Control-Request-Private-Network", "true"}, 405},
		{"no state", "POST", "/callback", forged(map[string][]string{"state": nil}), nil, 400},
		{"a wrong state", "POST", "/callback", forged(map[string][]string{"state": {"x"}}), nil, 400},
		{"an error with a wrong state", "GET", "/callback?error=access_denied&state=x", "", nil, 400},
		{"an error without a state", "GET", "/callback?error=access_denied", "", nil, 400},
		{"two states", "POST", "/callback", good + "&state=x", nil, 400},
		{"two codes", "POST", "/callback", good + "&code=x", nil, 400},
		{"no code", "POST", "/callback", forged(map[string][]string{"code": nil}), nil, 400},
		{"no id_token", "POST", "/callback", forged(map[string][]string{"id_token": nil}), nil, 400},
		{"an access token", "POST", "/callback", good + "&access_token=x", nil, 400},
		{"a form with a query", "POST", "/callback?" + good, good, nil, 400},
		{"JSON", "POST", "/callback", `{"state":"x"}`, []string{"Content-Type", "application/json"}, 400},
		{"broken encoding", "POST", "/callback", "state=%zz", nil, 400},
		{"too large a form", "POST", "/callback", good + "&x=" + strings.Repeat("x", maxAuthorization), nil, 400},
		{"too large a query", "GET", "/callback?x=" + strings.Repeat("x", 2*maxAuthorization), "", nil, 431},
		{"10,000 header fields", "POST", "/callback", good, many, 431},
		{"a script's request", "POST", "/callback", good, []string{"Sec-Fetch-Mode", "cors"}, 403},
		{"an image", "GET", "/callback?" + good, "", []string{"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403},
		{"a frame", "POST", "/callback", good, []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"two modes", "POST", "/callback", good, []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Mode", "cors"}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := p.browse(t, c.method, c.path, c.body, c.header...)
			assert.Equal(t, c.status, resp.StatusCode)
			assert.NotContains(t, body, p.answer.Get("code"))
			assert.NotContains(t, body, "alert(")
			if c.status != 431 {
				checkPage(t, resp)
			}
		})
	}
	raw := func(text string) net.Conn {
		conn, err := net.Dial("tcp", p.redirect.Host)
		require.NoError(t, err)
		_, _ = io.WriteString(conn, text)
		return conn
	}
	// They take their time, and the login does not wait for them.
	slow := []net.Conn{
		raw(""),
		raw("POST /call"),
		raw("POST /callback HTTP/1.1\r\nHost: " + p.redirect.Host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nstate="),
	}
	huge := raw("POST /callback HTTP/1.1\r\nHost: " + p.redirect.Host + "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1073741824\r\n\r\n" + strings.Repeat("x", maxAuthorization+1))
	line, err := bufio.NewReader(huge).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "400", "refused before the gigabyte is there")
	noHost := raw("POST /callback HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + fmt.Sprint(len(good)) + "\r\n\r\n" + good)
	line, err = bufio.NewReader(noHost).ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "421")

	assert.Empty(t, p.done, "the login goes on")
	assert.Zero(t, p.tokenRequests())
	resp, _ := p.browse(t, "POST", "/callback", good)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, <-p.done)
	p.gone(t)
	for _, conn := range append(slow, huge, noHost) {
		_ = conn.Close()
	}
	record, err := p.stored("")
	require.NoError(t, err)
	assert.Equal(t, rt(1), record.RefreshToken)
}

// A second answer comes too late, even while the first one is still being looked at.
func TestSecondAnswer(t *testing.T) {
	release := make(chan struct{})
	asked := make(chan struct{})
	s := newHybrid(t, anyPort, func(s *loginServer) {
		s.answer = func(w http.ResponseWriter, _ *http.Request, body string) {
			close(asked)
			<-release
			reply(w, 200, body)
		}
	})
	p := start(t, s)
	first := make(chan int, 1)
	go func() {
		first <- p.post()
	}()
	<-asked
	resp, _ := p.browse(t, "POST", "/callback", p.answer.Encode())
	assert.Equal(t, http.StatusConflict, resp.StatusCode)
	other := with(p.answer, map[string][]string{"code": {"another"}})
	resp, _ = p.browse(t, "GET", "/callback?"+other.Encode(), "")
	assert.Equal(t, http.StatusConflict, resp.StatusCode)
	close(release)
	assert.Equal(t, http.StatusOK, <-first)
	require.NoError(t, <-p.done)
	assert.Equal(t, 1, p.tokenRequests())
}

// Whoever gives up gets back at once, wherever the browser is.
func TestCancelledLogin(t *testing.T) {
	t.Run("the browser is away", func(t *testing.T) {
		p := start(t, newHybrid(t, anyPort))
		p.cancel()
		require.ErrorIs(t, <-p.done, context.Canceled)
		p.gone(t)
	})
	t.Run("nobody opens the browser", func(t *testing.T) {
		s := newHybrid(t, anyPort)
		ctx, cancel := context.WithCancel(t.Context())
		stuck := make(chan struct{})
		s.logins.flow.Open = func(context.Context, string) error { cancel(); <-stuck; return nil }
		require.ErrorIs(t, s.logins.Run(ctx, ""), context.Canceled)
		close(stuck)
	})
	t.Run("during the code exchange", func(t *testing.T) {
		var p *program
		var asked, release chan struct{}
		p = start(t, newHybrid(t, anyPort, func(s *loginServer) { asked, release = held(s) }))
		go p.post()
		<-asked
		p.cancel()
		require.ErrorIs(t, <-p.done, context.Canceled)
		p.gone(t)
		close(release)
	})
	t.Run("before it began", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, newHybrid(t, anyPort).logins.Run(ctx, ""), context.Canceled)
	})
}

func TestBrowserCannotBeOpened(t *testing.T) {
	s := newHybrid(t, anyPort)
	s.logins.flow.Open = func(_ context.Context, address string) error {
		return fmt.Errorf("cannot start: %w", &url.Error{Op: "Open", URL: address, Err: errors.New("no display")})
	}
	err := s.logins.Run(t.Context(), "")
	assert.Contains(t, authError(t, err).Error(), "the browser could not be opened: no display")
	s.logins.flow.Open = func(_ context.Context, address string) error { return errors.New("no browser for " + address) }
	err = s.logins.Run(t.Context(), "")
	assert.Contains(t, authError(t, err).Error(), "the browser could not be opened")
	assert.NotContains(t, err.Error(), "state=")
	var state string
	s.logins.flow.Open = func(_ context.Context, address string) error {
		state = mustURL(t, address).Query().Get("state")
		return errors.New("no browser for …\\u0026state=" + state)
	}
	err = s.logins.Run(t.Context(), "")
	assert.Contains(t, authError(t, err).Error(), "the browser could not be opened")
	assert.NotContains(t, err.Error(), state)
	s.logins.flow.Open = func(context.Context, string) error { panic("s3cr3t") }
	err = s.logins.Run(t.Context(), "")
	assert.Contains(t, authError(t, err).Error(), "panic of type string")
	assert.NotContains(t, err.Error(), "s3cr3t")
	s.logins.flow.Open = func(context.Context, string) error { runtime.Goexit(); return nil }
	authError(t, s.logins.Run(t.Context(), ""))
}

// In a bubble: nobody logs in, or the browser does not come back for the page.
func TestPatienceOfTheReceiver(t *testing.T) {
	bubble(t, "nobody logs in", func(t *testing.T) {
		s := newHybrid(t, anyPort)
		machine := interfaces{has: []string{"127.0.0.1"}}
		began := time.Now()
		err := s.logins.run(t.Context(), "", machine.listen)
		assertIs(t, err, worktime.ErrLoginRequired)
		assert.Equal(t, transactionLife, time.Since(began))
	})
	bubble(t, "the browser does not fetch the page", func(t *testing.T) {
		s := newPKCE(t, anyPort)
		var l net.Listener
		machine := interfaces{has: []string{"127.0.0.1"}}
		open := func(ctx context.Context, network, address string) (net.Listener, error) {
			var err error
			l, err = machine.listen(ctx, network, address)
			return l, err
		}
		answered := make(chan int, 1)
		s.logins.flow.Open = func(_ context.Context, address string) error {
			query := mustURL(t, address).Query()
			tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.(memory).dial(ctx) }}
			defer tr.CloseIdleConnections()
			r, _ := http.NewRequest("GET", query.Get("redirect_uri")+"?"+s.logIn(t, address).Encode(), nil)
			resp, err := tr.RoundTrip(r)
			if assert.NoError(t, err) {
				answered <- resp.StatusCode
				_ = resp.Body.Close()
			}
			return nil
		}
		began := time.Now()
		require.NoError(t, s.logins.run(t.Context(), "", open))
		assert.Equal(t, http.StatusSeeOther, <-answered)
		assert.Equal(t, lastLook, time.Since(began))
		synctest.Wait()
	})
}

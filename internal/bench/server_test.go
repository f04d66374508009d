package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

const (
	basePath = "/connector/protimeapi/api/v1"
	tenant   = "acme"

	// bearer is as long as the signed tokens are that Protime's kind of server issues.
	bearer = sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth +
		sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth + sixteenth
	sixteenth = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjM4RkMyMjA2Iiwi.dHlwIjoiYXQrand0In0_-"

	pages    = 10
	pageSize = 1000

	// serverDelay is the environment variable that makes this program a server instead of a test.
	serverDelay = "WORKTIME_BENCH_SERVER_DELAY"
)

func from() worktime.Date { return worktime.NewDate(2026, time.January, 1) }
func to() worktime.Date   { return worktime.NewDate(2026, time.December, 31) }

// pageLink is the link to page n, without blanks escaped, as the vendor prints it.
func pageLink(n int) string {
	link := fmt.Sprintf("%s/clockings?filter=date ge '%s' and date le '%s'", basePath, from(), to())
	if n > 0 {
		link += "&continuationToken=" + strconv.Itoa(n)
	}
	return link
}

// escapeLink does what is needed of RFC 3986 for a link of the vendor's.
func escapeLink(link string) string { return strings.ReplaceAll(link, " ", "%20") }

// clocking returns clocking n in the shape of the vendor's sample.
func clocking(n int) protime.Clocking {
	minutes := protime.TimeOfDay(n % 1440)
	return protime.Clocking{
		ChangeVersion: fmt.Sprintf("%020X", 0x90200004BD0000A+n), ID: int64(18601 + n), CalculatedTimeOfDay: &minutes,
		Status: protime.ClockingActive, Person: protime.ByID(int64(1 + n%500)), Date: from().AddDays(n % 365),
		TimeOfDay: minutes, Terminal: &protime.Ref{ID: int64(n % 42)}, Kind: protime.ClockingInOut,
	}
}

// envelope is a page of the vendor's.
type envelope struct {
	Value    []protime.Clocking `json:"value"`
	NextLink *string            `json:"nextLink"`
}

func pageBody(n int) []byte {
	var page envelope
	for i := range pageSize {
		page.Value = append(page.Value, clocking(n*pageSize+i))
	}
	if n+1 < pages {
		next := pageLink(n + 1)
		page.NextLink = &next
	}
	return body(page)
}

func tokenBody() []byte {
	return body(map[string]any{"access_token": bearer, "token_type": "Bearer", "expires_in": 3600})
}

func body(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// handler is the vendor's API as far as it is measured. Each clocking and page takes the given time.
func handler(delay time.Duration) http.Handler {
	answer := func(body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json; charset=utf-8"}
			// Known to the vendor or not; with chunks instead all peers would wait longer for the same bytes.
			w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
			_, _ = w.Write(body)
		}
	}
	protected := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+bearer || r.UserAgent() == "" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			time.Sleep(delay)
			next(w, r)
		}
	}
	var list [pages]http.HandlerFunc
	for n := range list {
		list[n] = answer(pageBody(n))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /tenants/"+tenant+"/connect/token", answer(tokenBody()))
	mux.HandleFunc("GET "+basePath+"/clockings/18601", protected(answer(body(clocking(0)))))
	mux.HandleFunc("GET "+basePath+"/clockings", protected(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("continuationToken")) // without one it is the first page
		list[n](w, r)
	}))
	return mux
}

// serve is the child process: it prints its URL, and ends when the parent closes its standard input.
func serve(delay string) {
	d, err := time.ParseDuration(delay)
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { panic(http.Serve(l, handler(d))) }()
	fmt.Printf("http://%s\n", l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startServer starts a server in a process of its own, so that its memory and its allocations are not those of
// the client, and returns its URL.
func startServer(tb testing.TB, delay time.Duration) string {
	tb.Helper()
	self, err := os.Executable()
	require.NoError(tb, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serverDelay+"="+delay.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(tb, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	tb.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(tb, err)
	return strings.TrimSpace(url)
}

// memory is a transport that answers at once, without a network.
type memory struct {
	header          http.Header
	clocking, token []byte
}

func newMemory() memory {
	return memory{
		header:   http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		clocking: body(clocking(0)), token: tokenBody(),
	}
}

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := http.StatusOK, m.clocking
	switch authorization := req.Header["Authorization"]; {
	case req.Method == http.MethodPost:
		body = m.token
	case len(authorization) != 1 || authorization[0] != "Bearer "+bearer:
		status, body = http.StatusUnauthorized, nil
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: m.header, Request: req,
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

package fake

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// statuses makes n requests and returns what they were answered with.
func statuses(t *testing.T, s *Server, n int, method, url string) []int {
	t.Helper()
	var all []int
	for range n {
		r := do(t, s, method, url, "x")
		require.NoError(t, r.err)
		all = append(all, r.status)
	}
	return all
}

const (
	apiURL   = "http://api.example/v1/books"
	tokenURL = "http://login.example/token"
)

func TestWhichRequestsMeetAFault(t *testing.T) {
	busy := Reply(503, "", "")
	for name, test := range map[string]struct {
		faults []Fault
		want   []int
	}{
		"once":              {[]Fault{busy}, []int{503, 200, 200, 200, 200}},
		"times":             {[]Fault{busy.Times(3)}, []int{503, 503, 503, 200, 200}},
		"never":             {[]Fault{busy.Times(0)}, []int{200, 200, 200, 200, 200}},
		"less than never":   {[]Fault{busy.Times(-1)}, []int{200, 200, 200, 200, 200}},
		"always":            {[]Fault{busy.Always()}, []int{503, 503, 503, 503, 503}},
		"after":             {[]Fault{busy.After(2).Times(2)}, []int{200, 200, 503, 503, 200}},
		"one after another": {[]Fault{busy.Times(2), Reply(429, "", "")}, []int{503, 503, 429, 200, 200}},
		"later ones do not count": {[]Fault{busy.Times(2), Reply(429, "", "").After(1)},
			[]int{503, 503, 200, 429, 200}},
		"of the token endpoint": {[]Fault{busy.OnToken().Always()}, []int{200, 200, 200, 200, 200}},
		"of another method":     {[]Fault{busy.On("POST", "")}, []int{200, 200, 200, 200, 200}},
		"of another path":       {[]Fault{busy.On("", "/films")}, []int{200, 200, 200, 200, 200}},
		"of this path":          {[]Fault{busy.On("GET", "/books")}, []int{503, 200, 200, 200, 200}},
		"two conditions": {[]Fault{busy.On("GET", "").When(func(*http.Request) bool { return false })},
			[]int{200, 200, 200, 200, 200}},
		"none": {[]Fault{{}}, []int{200, 200, 200, 200, 200}},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := start(t)
			s.Fail(test.faults...)
			assert.Equal(t, test.want, statuses(t, s, 5, "GET", apiURL))
		})
	}
}

func TestFaultOfTheTokenEndpoint(t *testing.T) {
	s, _ := start(t)
	s.Fail(Reply(500, "", "").OnToken())
	assert.Equal(t, []int{200}, statuses(t, s, 1, "GET", apiURL))
	assert.Equal(t, []int{500, 200}, statuses(t, s, 2, "POST", tokenURL))
}

func TestMethodsOfAFaultReturnCopies(t *testing.T) {
	s, _ := start(t)
	base := Reply(503, "", "").When(func(*http.Request) bool { return true }).Header("A", "1")
	post, get := base.On("POST", "").Header("B", "2"), base.On("GET", "").Header("C", "3")
	s.Fail(post, get)
	r := do(t, s, "GET", apiURL, "")
	assert.Equal(t, []string{"1", "", "3"}, []string{r.header.Get("A"), r.header.Get("B"), r.header.Get("C")})
	s.Fail(get, get) // each happens by itself
	assert.Equal(t, []int{503, 503, 200}, statuses(t, s, 3, "GET", apiURL))
	assert.Equal(t, []int{503, 201}, statuses(t, s, 2, "POST", apiURL))
}

func TestClearFaults(t *testing.T) {
	s, _ := start(t)
	s.Fail(Reply(503, "", "").Always())
	assert.Equal(t, []int{503}, statuses(t, s, 1, "GET", apiURL))
	s.ClearFaults()
	assert.Equal(t, []int{200}, statuses(t, s, 1, "GET", apiURL))
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC 2000-01-01
		s, _ := start(t)
		too := Reply(429, "", "")
		for _, test := range []struct {
			fault Fault
			want  string
		}{
			{too, ""},
			{too.RetryAfter(30 * time.Second), "30"},
			{too.RetryAfter(1500 * time.Millisecond), "2"},
			{too.RetryAfter(0), "0"},
			{too.RetryAfterDate(90*time.Second, http.TimeFormat), "Sat, 01 Jan 2000 00:01:30 GMT"},
			{too.RetryAfterDate(90*time.Second, time.RFC850), "Saturday, 01-Jan-00 00:01:30 GMT"},
			{too.RetryAfterDate(90*time.Second, time.ANSIC), "Sat Jan  1 00:01:30 2000"},
		} {
			s.Fail(test.fault)
			r := do(t, s, "GET", apiURL, "")
			assert.Equal(t, 429, r.status)
			assert.Equal(t, test.want, r.header.Get("Retry-After"))
			assert.Equal(t, "Sat, 01 Jan 2000 00:00:00 GMT", r.header.Get("Date"))
			if strings.ContainsAny(test.want, ":") {
				at, err := http.ParseTime(test.want)
				require.NoError(t, err)
				assert.Equal(t, 90*time.Second, time.Until(at))
			}
		}
	})
}

// The date and the wait are of one moment, also if the server's own Date is of the next second.
func TestRetryAfterDateSetsDate(t *testing.T) {
	s, _ := start(t)
	s.Fail(Reply(429, "", "").RetryAfterDate(90*time.Second, http.TimeFormat))
	w := httptest.NewRecorder() // sets no Date
	s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	date, err := http.ParseTime(w.Header().Get("Date"))
	require.NoError(t, err)
	at, err := http.ParseTime(w.Header().Get("Retry-After"))
	require.NoError(t, err)
	assert.Equal(t, 90*time.Second, at.Sub(date))
}

func TestReply(t *testing.T) {
	s, api := start(t)
	s.Fail(Reply(418, "text/plain", "teapot"), Reply(422, "", "<html>"), HTML(502), HTML(200))
	r := do(t, s, "POST", apiURL, "second")
	assert.Equal(t, []any{418, "text/plain", "teapot"}, []any{r.status, r.header.Get("Content-Type"), r.body})
	r = do(t, s, "POST", apiURL, "second")
	assert.Equal(t, 422, r.status)
	assert.NotContains(t, r.header, "Content-Type")
	for _, status := range []int{502, 200} {
		r = do(t, s, "POST", apiURL, "second")
		assert.Equal(t, status, r.status)
		assert.Contains(t, r.header.Get("Content-Type"), "text/html")
		assert.Contains(t, r.body, http.StatusText(status)+"</h1>")
	}
	assert.Len(t, api.lines, 1, "handled")
}

func TestHeaderWinsOverTheHandler(t *testing.T) {
	s, _ := start(t)
	s.Fail(Handled().Header("Content-Type", "text/css"), Handled().Header("Location", "//evil.example/1"))
	r := do(t, s, "GET", apiURL, "") // writes a body without a status
	assert.Equal(t, []any{200, "text/css", `{"lines":"first"}`}, []any{r.status, r.header.Get("Content-Type"), r.body})
	r = do(t, s, "POST", apiURL, "second")
	assert.Equal(t, []any{201, "//evil.example/1"}, []any{r.status, r.header.Get("Location")})
}

// What was handled when an answer does not come is the point of these two.
func TestLostRequestAndLostAnswer(t *testing.T) {
	s, api := start(t)
	s.Fail(Drop(), LoseAnswer())
	assert.ErrorIs(t, do(t, s, "POST", apiURL, "lost").err, io.EOF)
	assert.Equal(t, []string{"first"}, api.lines)
	assert.ErrorIs(t, do(t, s, "POST", apiURL, "booked").err, io.EOF)
	assert.Equal(t, []string{"first", "booked"}, api.lines)
	assert.Len(t, s.Requests(), 2)
}

func TestPartOfABody(t *testing.T) {
	s, api := start(t)
	s.Fail(Truncate(), Malformed(), Truncate())
	r := do(t, s, "GET", apiURL, "")
	assert.Equal(t, []any{200, "17"}, []any{r.status, r.header.Get("Content-Length")})
	assert.Equal(t, `{"lines"`, r.body)
	assert.ErrorIs(t, r.readErr, io.ErrUnexpectedEOF)

	r = do(t, s, "GET", apiURL, "")
	assert.Equal(t, `{"lines"`, r.body)
	assert.NoError(t, r.readErr)

	r = do(t, s, "POST", apiURL, "booked") // has no body otherwise
	assert.Equal(t, 201, r.status)
	assert.ErrorIs(t, r.readErr, io.ErrUnexpectedEOF)
	assert.Equal(t, []string{"first", "booked"}, api.lines)
}

func TestStall(t *testing.T) {
	s, _ := start(t)
	s.Fail(Stall())
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", apiURL, nil)
	require.NoError(t, err)
	resp, err := s.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	half := make([]byte, 8)
	_, err = io.ReadFull(resp.Body, half)
	require.NoError(t, err)
	assert.Equal(t, `{"lines"`, string(half))
	cancel()
	_, err = resp.Body.Read(half)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestDelayAndHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, api := start(t)
		began := time.Now()
		release := make(chan struct{})
		time.AfterFunc(time.Hour, func() { close(release) })
		s.Fail(Delay(time.Minute), Hold(release))
		assert.Equal(t, 201, do(t, s, "POST", apiURL, "a").status)
		assert.Equal(t, time.Minute, time.Since(began))
		assert.Equal(t, 201, do(t, s, "POST", apiURL, "b").status)
		assert.Equal(t, time.Hour, time.Since(began))

		// The handler of a client that left does not run.
		s.Fail(Delay(time.Minute), Hold(make(chan struct{})))
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			req, err := http.NewRequestWithContext(ctx, "POST", apiURL, strings.NewReader("c"))
			require.NoError(t, err)
			_, err = s.Client().Do(req)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"first", "a", "b"}, api.lines)
	})
}

func TestEdit(t *testing.T) {
	s, _ := start(t)
	s.Fail(Edit(func(r *http.Request, a *Answer) {
		a.Status, a.Body = 202, []byte(r.Method+string(a.Body))
		a.Header.Set("X-Edited", "1")
	}).Header("X-Too", "1"))
	r := do(t, s, "GET", apiURL, "")
	assert.Equal(t, []any{202, `GET{"lines":"first"}`, "1", "1", "application/json"},
		[]any{r.status, r.body, r.header.Get("X-Edited"), r.header.Get("X-Too"), r.header.Get("Content-Type")})
}

func TestLargeBodies(t *testing.T) {
	s, _ := start(t)
	s.Fail(HugeBody(1<<20), GzipBomb(1<<20))
	r := do(t, s, "GET", apiURL, "")
	assert.Len(t, r.body, 1<<20)
	assert.True(t, strings.HasPrefix(r.body, `{"value":["aaa`))
	assert.Empty(t, r.header.Get("Content-Length"))

	req, err := http.NewRequestWithContext(t.Context(), "GET", apiURL, nil)
	require.NoError(t, err)
	req.Header.Set("Accept-Encoding", "gzip") // keeps net/http from unpacking
	resp, err := s.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	packed, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Less(t, len(packed), 1<<20/100)
	assert.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))

	s.Fail(GzipBomb(1 << 20))
	r = do(t, s, "GET", apiURL, "")
	assert.Len(t, r.body, 1<<20)
	assert.Empty(t, strings.Trim(r.body, " "))
}

// A body without an end must end with the client.
func TestHugeBodyEndsWithTheClient(t *testing.T) {
	for _, fault := range []Fault{HugeBody(1 << 50), GzipBomb(1 << 50)} {
		s, _ := start(t)
		s.Fail(fault)
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "GET", apiURL, nil)
		require.NoError(t, err)
		resp, err := s.Client().Do(req)
		require.NoError(t, err)
		_, err = io.CopyN(io.Discard, resp.Body, 1<<17)
		require.NoError(t, err)
		cancel()
		_, err = io.Copy(io.Discard, resp.Body)
		assert.ErrorIs(t, err, context.Canceled)
		require.NoError(t, resp.Body.Close())
		s.Close() // would wait for the handler
	}
}

package fake

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Answer is what a handler answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// instead makes an answer without handling the request.
func instead(answer func(w http.ResponseWriter, r *http.Request)) Fault {
	return Fault{times: 1, act: func(w http.ResponseWriter, r *http.Request, _ http.Handler) { answer(w, r) }}
}

// Reply answers without handling the request.
func Reply(status int, contentType, body string) Fault {
	return instead(func(w http.ResponseWriter, _ *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		} else {
			w.Header()["Content-Type"] = nil // keeps net/http from guessing one
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// TokenError refuses a request of the token endpoint with an error of RFC 6749, section 5.2.
func TokenError(code string) Fault {
	return Reply(http.StatusBadRequest, "application/json", string(JSON(map[string]string{"error": code}))).OnToken()
}

// HTML answers with the page of a proxy.
func HTML(status int) Fault {
	text := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return Reply(status, "text/html; charset=utf-8",
		"<!DOCTYPE html>\n<html><head><title>"+text+"</title></head><body><h1>"+text+"</h1><hr>gateway</body></html>\n")
}

// Drop closes the connection without handling the request.
func Drop() Fault {
	return instead(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// HugeBody answers with n bytes of JSON that does not end, and without their number.
func HugeBody(n int64) Fault {
	return instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, io.LimitReader(newEndless(`{"value":["`, strings.Repeat("a", 32<<10)), n))
	})
}

// GzipBomb answers with n bytes of blanks, rounded up to 64 KiB and compressed to less than a hundredth.
func GzipBomb(n int64) Fault {
	const size = 64 << 10
	var member bytes.Buffer // several make one body (RFC 1952, section 2.2)
	z := gzip.NewWriter(&member)
	_, _ = io.WriteString(z, strings.Repeat(" ", size))
	_ = z.Close()
	return instead(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		members := (n + size - 1) / size
		_, _ = io.Copy(w, io.LimitReader(newEndless("", member.String()), members*int64(member.Len())))
	})
}

// endless is its start, and then the same for ever.
type endless struct{ next, more string }

func newEndless(start, more string) *endless { return &endless{start, more} }

func (e *endless) Read(b []byte) (int, error) {
	if e.next == "" {
		e.next = e.more
	}
	n := copy(b, e.next)
	e.next = e.next[n:]
	return n, nil
}

// Handled changes nothing but what Header and its like add.
func Handled() Fault {
	return Fault{times: 1, act: func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }}
}

// Delay waits before the request is handled.
func Delay(d time.Duration) Fault {
	return Fault{times: 1, act: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}}
}

// Hold waits until release is closed before the request is handled.
func Hold(release <-chan struct{}) Fault {
	return Fault{times: 1, act: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		select {
		case <-release:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}}
}

// LoseAnswer handles the request and closes the connection instead of answering.
func LoseAnswer() Fault {
	return afterwards(func(http.ResponseWriter, *http.Request, *Answer) { panic(http.ErrAbortHandler) })
}

// Truncate handles the request and closes the connection in the middle of the answer's body, as net/http does
// after a handler that writes less than it announced.
func Truncate() Fault {
	return afterwards(func(w http.ResponseWriter, _ *http.Request, a *Answer) { a.writeHalf(w) })
}

// Stall handles the request and stops in the middle of the answer's body until the client leaves.
func Stall() Fault {
	return afterwards(func(w http.ResponseWriter, r *http.Request, a *Answer) {
		a.writeHalf(w)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
}

// Malformed handles the request and answers with the first half of the body, as if it were the whole.
func Malformed() Fault {
	return Edit(func(_ *http.Request, a *Answer) { a.Body = a.Body[:len(a.Body)/2] })
}

// Edit handles the request and changes the answer.
func Edit(change func(r *http.Request, a *Answer)) Fault {
	return afterwards(func(w http.ResponseWriter, r *http.Request, a *Answer) {
		change(r, a)
		a.writeHeader(w)
		_, _ = w.Write(a.Body)
	})
}

// afterwards handles the request and gives away what was answered.
func afterwards(answer func(w http.ResponseWriter, r *http.Request, a *Answer)) Fault {
	return Fault{times: 1, act: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		c := &capture{header: http.Header{}}
		next.ServeHTTP(c, r)
		if c.status == 0 {
			c.status = http.StatusOK
		}
		answer(w, r, &Answer{Status: c.status, Header: c.header, Body: c.body.Bytes()})
	}}
}

func (a *Answer) writeHeader(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.Header)
	w.WriteHeader(a.Status)
}

// writeHalf announces the whole body, or a few bytes if there is none, and sends half of it.
func (a *Answer) writeHalf(w http.ResponseWriter) {
	a.Header.Set("Content-Length", strconv.Itoa(max(len(a.Body), 10)))
	a.writeHeader(w)
	_, _ = w.Write(a.Body[:len(a.Body)/2])
	_ = http.NewResponseController(w).Flush()
}

// capture is a ResponseWriter that keeps the answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *capture) Write(b []byte) (int, error) { return c.body.Write(b) }

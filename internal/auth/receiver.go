package auth

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// How long a request may take to come, and a connection may idle.
	receiverHeader = 10 * time.Second
	receiverRead   = 30 * time.Second
	// lastLook is how long the receiver waits for a browser to fetch the answer page after a
	// redirect to an address without the code.
	lastLook = 3 * time.Second
)

// receiver waits on the loopback interface for the answer to one login (RFC 8252, section 7.3).
// Whatever is no answer to it is refused, and the wait goes on.
type receiver struct {
	host, path string // of the redirect URI
	accept     func(url.Values) (answer, error)
	arrivals   chan *arrival
	closed     chan struct{}
	server     *http.Server
	serving    sync.WaitGroup

	mu      sync.Mutex
	arrived *arrival // the first good answer
}

// arrival is an answer that has come. The browser that brought it waits for the outcome.
type arrival struct {
	values  url.Values
	query   bool          // it came in the address, so the browser is sent to another one
	outcome chan struct{} // closed when err is set
	err     error
	shown   chan struct{} // closed when the page about it is out
	once    sync.Once
}

func newArrival(values url.Values, query bool) *arrival {
	return &arrival{values: values, query: query, outcome: make(chan struct{}), shown: make(chan struct{})}
}

// over tells the browser how the login went.
func (a *arrival) over(err error) {
	a.err = err
	close(a.outcome)
}

func (a *arrival) out() { a.once.Do(func() { close(a.shown) }) }

// listenFunc is that of net.
type listenFunc func(ctx context.Context, network, address string) (net.Listener, error)

// listen opens the sockets of a redirect URI, and returns the port. The name localhost stands for
// both addresses: a browser may try either, and whoever has the other one would get the code.
func listen(ctx context.Context, redirect *url.URL, open listenFunc) (listeners []net.Listener, port string, err error) {
	hosts := []string{redirect.Hostname()}
	if strings.EqualFold(hosts[0], "localhost") {
		hosts = []string{"127.0.0.1", "::1"}
	}
	wanted := redirect.Port()
	if wanted == "" {
		wanted = "80"
	}
	for range 10 { // a free port of one address may be taken on the other
		listeners, port, err = listenAll(ctx, hosts, wanted, open)
		if err == nil || wanted != "0" {
			break
		}
	}
	return listeners, port, err
}

func listenAll(ctx context.Context, hosts []string, port string, open listenFunc) (listeners []net.Listener, bound string, err error) {
	var missing error
	for _, host := range hosts {
		l, err := open(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			listeners = append(listeners, l)
			_, port, err = net.SplitHostPort(l.Addr().String())
		} else if probe, no := open(ctx, "tcp", net.JoinHostPort(host, "0")); no != nil {
			missing = err // this machine does not have the address at all
			continue
		} else {
			_ = probe.Close()
		}
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return nil, "", fmt.Errorf("port %s of %s cannot be used: %w", port, host, err)
		}
	}
	if len(listeners) == 0 {
		return nil, "", fmt.Errorf("no loopback address can be used: %w", missing)
	}
	return listeners, port, nil
}

func newReceiver(redirect *url.URL, accept func(url.Values) (answer, error)) *receiver {
	r := &receiver{host: hostOf(redirect.Host), path: pathOf(redirect), accept: accept, arrivals: make(chan *arrival, 1), closed: make(chan struct{})}
	r.server = &http.Server{
		Handler: r, ReadHeaderTimeout: receiverHeader, ReadTimeout: receiverRead, IdleTimeout: receiverRead, MaxHeaderBytes: maxAuthorization,
		ErrorLog: log.New(io.Discard, "", 0), // its text is of anybody's making
	}
	return r
}

func pathOf(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	return u.Path
}

// hostOf returns a Host without the port that browsers leave out.
func hostOf(host string) string { return strings.TrimSuffix(strings.ToLower(host), ":80") }

func (r *receiver) serve(listeners []net.Listener) {
	for _, l := range listeners {
		r.serving.Go(func() { _ = r.server.Serve(l) }) // always ends with an error, that of close
	}
}

func (r *receiver) close(listeners []net.Listener) {
	close(r.closed)
	_ = r.server.Close()
	for _, l := range listeners {
		_ = l.Close() // also if serve has not come so far as to tell the server of it
	}
	r.serving.Wait()
}

// ServeHTTP implements [http.Handler].
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Connection", "close")
	switch {
	case hostOf(req.Host) != r.host:
		// A page of another host whose name leads here (DNS rebinding).
		failedPage("This is not the address of the login.").write(w, http.StatusMisdirectedRequest)
		return
	case req.URL.Path != r.path:
		failedPage("There is nothing here.").write(w, http.StatusNotFound)
		return
	}
	values, status, why := receive(w, req)
	if why != "" {
		failedPage(why).write(w, status)
		return
	}
	r.mu.Lock()
	arrived := r.arrived
	r.mu.Unlock()
	if values == nil { // the address without an answer
		if arrived == nil {
			relayPage().write(w, http.StatusOK)
			return
		}
		r.show(w, arrived, arrived.query)
		return
	}
	if _, err := r.accept(values); err != nil {
		failedPage("This is no answer to the login that is under way.").write(w, http.StatusBadRequest)
		return
	}
	own := newArrival(values, req.Method == http.MethodGet)
	switch {
	case !r.deliver(own):
		failedPage("The login has been answered already.").write(w, http.StatusConflict)
	case own.query:
		r.redirect(w, own)
	default:
		r.show(w, own, true)
	}
}

// deliver hands the first answer over.
func (r *receiver) deliver(a *arrival) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.arrived != nil {
		return false
	}
	r.arrived = a
	r.arrivals <- a
	return true
}

// show waits for the outcome and answers with it. The receiver may close after the last page.
func (r *receiver) show(w http.ResponseWriter, a *arrival, last bool) {
	if last {
		defer a.out()
	}
	if !r.wait(a) {
		return
	}
	if a.err != nil {
		failedPage(explain(a.err)).write(w, http.StatusBadRequest)
		return
	}
	donePage().write(w, http.StatusOK)
}

// redirect takes the code out of the browser's address, where the page is shown then.
func (r *receiver) redirect(w http.ResponseWriter, a *arrival) {
	if !r.wait(a) {
		return
	}
	secureHeaders(w.Header())
	w.Header().Set("Location", (&url.URL{Path: r.path}).EscapedPath())
	w.WriteHeader(http.StatusSeeOther)
}

// wait reports whether the login has come to an outcome.
func (r *receiver) wait(a *arrival) bool {
	select {
	case <-a.outcome:
		return true
	case <-r.closed:
		return false
	}
}

// receive returns the parameters of a request at the redirect URI, nil if it has none, or why
// it is refused, with which status.
func receive(w http.ResponseWriter, r *http.Request) (values url.Values, status int, why string) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		w.Header().Set("Allow", "GET, POST")
		return nil, http.StatusMethodNotAllowed, "Only a browser that comes from the login page is expected here."
	case !navigates(r):
		return nil, http.StatusForbidden, "Only a browser that comes from the login page is expected here."
	case r.Method == http.MethodGet && r.URL.RawQuery == "":
		return nil, http.StatusOK, ""
	}
	values, err := readAnswer(w, r)
	if err != nil {
		return nil, http.StatusBadRequest, "This is no answer of a login server: " + err.Error() + "."
	}
	return values, http.StatusOK, ""
}

// navigates: a browser says so if it is not the person who goes to an address but a script of some page, or
// an image or a frame in it.
func navigates(r *http.Request) bool {
	return !other(r, "Sec-Fetch-Mode", "navigate") && !other(r, "Sec-Fetch-Dest", "document")
}

// other reports whether a header field is there and has another value.
func other(r *http.Request, field, value string) bool {
	list := r.Header.Values(field)
	return len(list) > 1 || len(list) == 1 && list[0] != value
}

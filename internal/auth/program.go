package auth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// maxPastes ends a conversation with somebody who is no person.
const maxPastes = 100

// Run logs a person in to an account: it opens the login page in the browser and waits on the
// loopback interface for the answer, until ctx ends or half an hour has passed.
//
// Errors are [worktime.AuthError], or those of ctx.
func (l *Logins) Run(ctx context.Context, account string) error {
	if l.redirect.Scheme != "http" {
		return &worktime.FieldError{
			Provider: l.flow.Client.Provider(), Field: "RedirectURL",
			Reason: `must be http and a loopback host, such as "http://127.0.0.1:8400/callback", for the login of a program`,
		}
	}
	var config net.ListenConfig
	return l.run(ctx, account, config.Listen)
}

func (l *Logins) run(ctx context.Context, account string, open listenFunc) error {
	listeners, port, err := listen(ctx, l.redirect, open)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return l.newError("login", transport.Join(worktime.ErrUnavailable, err))
	}
	redirect := *l.redirect
	redirectURI := l.flow.RedirectURL
	if l.redirect.Port() == "0" {
		redirect.Host = net.JoinHostPort(l.redirect.Hostname(), port)
		redirectURI = redirect.String()
	}
	var tx Transaction
	r := newReceiver(&redirect, func(values url.Values) (answer, error) { return l.accept(tx, values) })
	defer r.close(listeners)
	address, begun, err := l.begin(ctx, account, redirectURI, l.loopbackMode())
	if err != nil {
		return err
	}
	tx = begun
	r.serve(listeners)
	// The browser may be a process that ends with it, so it lives until the page about the login is out.
	browsing, stop := context.WithDeadline(ctx, tx.expiry())
	defer stop()
	a, err := l.await(ctx, browsing, r, tx, address)
	if err != nil {
		return err
	}
	err = l.finish(ctx, tx, a.values)
	a.over(err)
	r.lastLook(ctx, a)
	return err
}

// lastLook waits until the browser has the page about the login.
func (r *receiver) lastLook(ctx context.Context, a *arrival) {
	timer := time.NewTimer(lastLook)
	defer timer.Stop()
	select {
	case <-a.shown:
	case <-timer.C: // the browser is gone
	case <-ctx.Done():
	}
}

// loopbackMode is the response mode of a program's login: what is to be copied from the address must
// be in it.
func (l *Logins) loopbackMode() string {
	if l.flow.Paste != nil && l.flow.ResponseMode == "form_post" {
		if l.flow.Hybrid {
			return "fragment"
		}
		return "query"
	}
	return l.flow.ResponseMode
}

// await opens the browser and returns the first answer.
func (l *Logins) await(ctx, browsing context.Context, r *receiver, tx Transaction, address string) (*arrival, error) {
	asking, stop := context.WithCancel(browsing)
	defer stop()
	// Neither is waited for when the login is over: they are the caller's, and may be deaf.
	failed := make(chan error, 1)
	go func() {
		err := errors.New("the browser could not be opened: the function for it has not returned") // Goexit
		defer func() {
			if err != nil {
				failed <- err
			}
		}()
		err = l.open(browsing, address, tx.state)
	}()
	pasted := make(chan url.Values, 1)
	if l.flow.Paste != nil {
		go l.paste(asking, tx, pasted)
	}
	opening := failed
	for {
		select {
		case a := <-r.arrivals:
			return a, nil
		case values := <-pasted:
			a := newArrival(values, true)
			a.out() // there is no browser to show it to
			r.deliver(a)
			return <-r.arrivals, nil
		case err := <-opening:
			if l.flow.Paste == nil {
				return nil, l.newError("login", err)
			}
			opening = nil // the person may have a browser of their own
		case <-asking.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, l.refused(worktime.ErrLoginRequired, fmt.Sprintf("nobody has logged in within %v", transactionLife))
		}
	}
}

// open shows the person the login page.
func (l *Logins) open(ctx context.Context, address, state string) (err error) {
	const failed = "the browser could not be opened"
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic of type %T", failed, p)
		}
	}()
	err = transport.Sanitize(l.flow.Open(ctx, address))
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), state): // the address is nobody else's business
		return errors.New(failed)
	default:
		return fmt.Errorf("%s: %w", failed, err)
	}
}

// paste asks for the address that the browser has ended at until it is an answer.
func (l *Logins) paste(ctx context.Context, tx Transaction, pasted chan<- url.Values) {
	defer func() { _ = recover() }() // of the caller's function; then the answer comes by the browser, or not
	for range maxPastes {
		address, err := l.flow.Paste(ctx)
		if err != nil || ctx.Err() != nil {
			return
		}
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil {
			continue
		}
		values, err := readAnswer(nil, &http.Request{Method: http.MethodGet, URL: u})
		if err != nil {
			continue
		}
		if _, err := l.accept(tx, values); err == nil {
			pasted <- values
			return
		}
	}
}

package auth

import (
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/worktime-go/worktime"
)

// HandlerConfig says how a web application logs people in.
type HandlerConfig struct {
	// StartPath is where a login begins, by a GET. Default "/login". The answer is taken
	// at the path of the redirect URL.
	StartPath string
	// Account returns the label of the account that the person in front of the browser may log in to,
	// known from the application's own session. An error, whose text is not shown, or an empty label
	// refuses the login. Nil: the client's own login, for whoever comes. It is asked when a login begins;
	// when it ends, the session may be another, or out of sight behind the form of another site.
	Account func(r *http.Request) (string, error)
	// Finished answers the request that has ended a login, and those that are no answer to a
	// login of this browser; for these account is empty. Err is nil if the account is logged in now. Nil:
	// pages of our own.
	Finished func(w http.ResponseWriter, r *http.Request, account string, err error)
	// Key seals the login that a browser has begun, in its cookie: 32 bytes, the same in all
	// processes that may get the answer. Nil: random, so that a login has to end in the process where it
	// began. It is a secret, which the configuration does not show when it is printed, logged or marshalled.
	Key []byte
}

// Format implements [fmt.Formatter] without the key.
func (c HandlerConfig) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{StartPath:%s Key:[redacted]}", c.StartPath)
}

// LogValue implements [slog.LogValuer] without the key.
func (c HandlerConfig) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON implements [json.Marshaler] without the key.
func (c HandlerConfig) MarshalJSON() ([]byte, error) { return json.Marshal(fmt.Sprint(c)) }

// handler logs people in. What it must remember of a login is in a cookie of the browser that has begun
// it, sealed: so nothing piles up here, whoever begins how many logins, and an answer is good only in
// that browser.
type handler struct {
	logins    *Logins
	config    HandlerConfig // without the key
	path      string        // of the redirect URL
	cookie    string
	crossSite bool // the answer is a form that another site's page sends
	seal      cipher.AEAD
}

// Handler returns a handler for the start path and for the path of the redirect URL, to be served
// under the redirect URL's origin. The error is a [worktime.FieldError].
//
// One browser has one login under way: beginning another one replaces it. The cookie has the
// __Host- prefix and is Secure and HttpOnly; browsers take it over https, and most of them from a
// loopback host too. It is SameSite=None if the login server sends its answer as a form, since browsers
// keep Lax cookies from those, and else Lax.
func (l *Logins) Handler(config HandlerConfig) (http.Handler, error) {
	bad := func(field, reason string) (http.Handler, error) {
		return nil, &worktime.FieldError{Provider: l.flow.Client.Provider(), Field: field, Reason: reason}
	}
	if config.StartPath == "" {
		config.StartPath = "/login"
	}
	if config.Key == nil {
		config.Key = make([]byte, 32)
		_, _ = rand.Read(config.Key) // never fails
	}
	switch {
	case l.redirect.Scheme != "https" && l.redirect.Scheme != "http":
		return bad("RedirectURL", "must be https for a web application, or http for a loopback host")
	case l.redirect.Port() == "0":
		return bad("RedirectURL", "has port 0, which only the login of a program can choose")
	case config.StartPath[0] != '/' || config.StartPath == pathOf(l.redirect):
		return bad("StartPath", "must begin with a slash, and be another path than that of the redirect URL")
	case len(config.Key) != 32:
		return bad("Key", "must have 32 bytes")
	}
	block, err := aes.NewCipher(config.Key)
	if err != nil {
		return bad("Key", "cannot be used")
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return bad("Key", "cannot be used")
	}
	config.Key = nil // a handler that is printed shows what it holds
	return &handler{
		logins: l, config: config, path: pathOf(l.redirect), cookie: "__Host-worktime-" + l.flow.Client.Provider(),
		crossSite: l.flow.ResponseMode == "form_post", seal: seal,
	}, nil
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == h.path:
		h.finish(w, r)
	case r.URL.Path != h.config.StartPath:
		failedPage("There is nothing here.").write(w, http.StatusNotFound)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET")
		failedPage("A login begins with a GET.").write(w, http.StatusMethodNotAllowed)
	case !navigates(r): // else an image in a page of anybody's would replace the login that is under way
		failedPage("A login begins in a window of the browser.").write(w, http.StatusForbidden)
	default:
		h.start(w, r)
	}
}

func (h *handler) start(w http.ResponseWriter, r *http.Request) {
	account := ""
	if h.config.Account != nil {
		var err error
		if account, err = h.config.Account(r); err != nil || account == "" {
			h.failed(r, cmp.Or(err, errors.New("the application knows no account of this browser")))
			failedPage("You may not log in here.").write(w, http.StatusForbidden)
			return
		}
	}
	address, tx, err := h.logins.Begin(r.Context(), account)
	if err == nil {
		err = h.remember(w, tx)
	}
	if err != nil {
		h.failed(r, err)
		h.end(w, r, account, err)
		return
	}
	secureHeaders(w.Header())
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

func (h *handler) finish(w http.ResponseWriter, r *http.Request) {
	values, status, why := receive(w, r)
	switch {
	case why != "":
		failedPage(why).write(w, status)
		return
	case values == nil:
		relayPage().write(w, http.StatusOK)
		return
	case h.logins.queryForbidden(r, values):
		h.end(w, r, "", h.logins.refused(worktime.ErrBadRequest, queryRefused))
		return
	}
	tx, err := h.recall(r)
	if err == nil {
		_, err = h.logins.accept(tx, values)
	}
	if err != nil { // the login of this browser, if it has one, goes on
		h.end(w, r, "", err)
		return
	}
	h.forget(w)
	// A person who closes the window has logged in all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), flightLimit)
	defer cancel()
	err = h.logins.finish(ctx, tx, values)
	h.failed(r, err)
	h.end(w, r, tx.account, err)
}

// failed logs why a login has failed, which nobody else may tell: a page must not. Requests that belong
// to no login of this browser are not logged, since anybody can send them.
func (h *handler) failed(r *http.Request, err error) {
	if err != nil {
		h.logins.flow.Client.LoginFailed(r.Context(), err)
	}
}

func (h *handler) end(w http.ResponseWriter, r *http.Request, account string, err error) {
	if h.config.Finished != nil {
		secureHeaders(w.Header())
		h.config.Finished(w, r, account, err)
		return
	}
	p, status := donePage(), http.StatusOK
	if err != nil {
		p, status = failedPage(explain(err)), http.StatusBadRequest
	}
	if r.URL.RawQuery != "" {
		p.script = cleanScript
	}
	p.write(w, status)
}

// remember puts the transaction into the browser.
func (h *handler) remember(w http.ResponseWriter, tx Transaction) error {
	plain, err := tx.Encode()
	if err != nil {
		return err
	}
	nonce := make([]byte, h.seal.NonceSize())
	_, _ = rand.Read(nonce)
	sealed := h.seal.Seal(nonce, nonce, plain, []byte(h.cookie))
	h.set(w, base64.RawURLEncoding.EncodeToString(sealed), int(transactionLife/time.Second))
	return nil
}

// recall returns the login that this browser has begun.
func (h *handler) recall(r *http.Request) (Transaction, error) {
	for _, cookie := range r.CookiesNamed(h.cookie) {
		sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
		if err != nil || len(sealed) < h.seal.NonceSize() {
			continue
		}
		nonce, sealed := sealed[:h.seal.NonceSize()], sealed[h.seal.NonceSize():]
		plain, err := h.seal.Open(nil, nonce, sealed, []byte(h.cookie))
		if err != nil {
			continue
		}
		if tx, err := DecodeTransaction(plain); err == nil {
			return tx, nil
		}
	}
	return Transaction{}, h.logins.refused(worktime.ErrLoginRequired, "this browser has begun no login, or too long ago, or it sends no cookie")
}

func (h *handler) forget(w http.ResponseWriter) { h.set(w, "", -1) }

func (h *handler) set(w http.ResponseWriter, value string, maxAge int) {
	cookie := &http.Cookie{
		Name: h.cookie, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if h.crossSite {
		cookie.SameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, cookie)
}

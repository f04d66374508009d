package auth

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"

	"github.com/worktime-go/worktime"
)

// relayScript passes on an answer that came in the fragment, which no browser sends to a server, and
// takes it out of the address.
const relayScript = `(function () {
	var form = document.createElement("form"), any = false;
	new URLSearchParams(location.hash.slice(1)).forEach(function (value, name) {
		var field = document.createElement("input");
		field.type = "hidden"; field.name = name; field.value = value;
		form.appendChild(field); any = true;
	});
	history.replaceState(null, "", location.pathname);
	if (any) {
		form.method = "post"; form.action = location.pathname;
		document.body.appendChild(form); HTMLFormElement.prototype.submit.call(form);
	} else {
		document.getElementById("text").textContent = "There is no answer of a login server here.";
	}
})();`

// cleanScript takes an answer that came in the query out of the address.
const cleanScript = `history.replaceState(null, "", location.pathname);`

// page is what a browser shows at the redirect URI.
type page struct {
	title, text string // text of any kind: it is escaped
	script      string // one of ours
	noscript    string
}

func relayPage() page {
	return page{
		title: "Logging in", text: "One moment …", script: relayScript,
		noscript: "JavaScript is off. Switch it on and load this page again, or copy its address to the program that you are logging in to.",
	}
}

func donePage() page {
	return page{title: "Logged in", text: "You are logged in. This window can be closed."}
}

func failedPage(why string) page {
	return page{title: "Not logged in", text: why}
}

// explain tells a person in front of a browser why a login has failed. The rest is for the program.
func explain(err error) string {
	e, ok := errors.AsType[*worktime.AuthError](err)
	switch {
	case ok && e.Code != "" && e.Description != "":
		return fmt.Sprintf("The login server says: %s (%s).", e.Description, e.Code)
	case ok && e.Code != "":
		return fmt.Sprintf("The login server says: %s.", e.Code)
	case ok && e.Check != "":
		return fmt.Sprintf("The answer of the login server did not pass the check %q.", string(e.Check))
	default:
		return "The login has failed. The program that you were logging in to knows why."
	}
}

// write sends the page, whole: with its length, so that it is complete when it has been flushed.
func (p page) write(w http.ResponseWriter, status int) {
	scripts, script, noscript := "", "", ""
	if p.script != "" {
		sum := sha256.Sum256([]byte(p.script))
		scripts = "script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; "
		script = "<script>" + p.script + "</script>\n"
	}
	if p.noscript != "" {
		noscript = "<noscript><p>" + html.EscapeString(p.noscript) + "</p></noscript>\n"
	}
	title := html.EscapeString(p.title)
	body := fmt.Sprintf("<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>%s</title></head>\n"+
		"<body>\n<h1>%s</h1>\n<p id=\"text\">%s</p>\n%s%s</body>\n</html>\n", title, title, html.EscapeString(p.text), noscript, script)
	h := w.Header()
	secureHeaders(h)
	h.Set("Content-Security-Policy", "default-src 'none'; "+scripts+"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
	_ = http.NewResponseController(w).Flush() // what cannot flush has nothing to wait for
}

// secureHeaders are those of every answer of ours: the address may hold a code.
func secureHeaders(h http.Header) {
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

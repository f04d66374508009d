package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// echoes are the spellings in which servers give back a credential. All have its middle, shown.
var echoes = map[string]string{
	"plain":           canary,
	"escaped slashes": strings.ReplaceAll(canary, "/", `\/`),     // PHP
	"escaped plus":    strings.ReplaceAll(canary, "+", `\u002B`), // System.Text.Json
	"all escaped":     strings.NewReplacer("/", `\u002f`, "+", `\u002b`, "=", `\u003d`).Replace(canary),
	"escaped equals":  strings.ReplaceAll(canary, "=", `\u003d`), // Gson
	"as a parameter":  strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(canary),
	"in lower case":   strings.NewReplacer("/", "%2f", "+", "%2b", "=", "%3d").Replace(canary),
}

const shown = "c4n4ry"

// assertHidden checks that the canary is in none of the ways to print, log or marshal v.
func assertHidden(t testing.TB, v any) {
	t.Helper()
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&lines, nil)).With("with", v).WithGroup("g").Info("m", "v", v)
	all := map[string]string{"text log": text.String(), "JSON log": lines.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		all[verb] = fmt.Sprintf(verb, v)
		all["slice "+verb] = fmt.Sprintf(verb, []any{v})
		all["struct "+verb] = fmt.Sprintf(verb, struct{ V any }{v})
	}
	b, err := json.Marshal(map[string]any{"v": v})
	require.NoError(t, err)
	all["JSON"] = string(b)
	for err, ok := v.(error); ok && err != nil; err = errors.Unwrap(err) {
		all[fmt.Sprintf("%T", err)] = err.Error()
	}
	for how, s := range all {
		for spelling, secret := range map[string]string{
			"plain": shown, "end": "t0k3n", "hex": fmt.Sprintf("%x", shown), "HEX": fmt.Sprintf("%X", shown),
			"decimal": strings.Trim(fmt.Sprint([]byte(shown)), "[]"),
		} {
			assert.NotContains(t, s, secret, "%s, %s", how, spelling)
		}
	}
}

// places are where a server can put text of its own that gets into an error.
var places = map[string]func(w http.ResponseWriter, echo string){
	"message": func(w http.ResponseWriter, echo string) { refuse(w, 400, `{"error":{"message":"bad `+echo+`!"}}`) },
	"code":    func(w http.ResponseWriter, echo string) { refuse(w, 404, `{"error":{"code":"`+echo+`"}}`) },
	"details": func(w http.ResponseWriter, echo string) { refuse(w, 422, `{"error":{"reasons":["x","`+echo+`"]}}`) },
	"several": func(w http.ResponseWriter, echo string) {
		refuse(w, 400, `{"error":{"message":"`+echo+echo+` `+echo+`"}}`)
	},
	"body":        func(w http.ResponseWriter, echo string) { refuse(w, 403, "<html>"+echo+"</html>") },
	"server":      func(w http.ResponseWriter, echo string) { refuse(w, 500, `{"error":{"message":"`+echo+`"}}`) },
	"end of body": func(w http.ResponseWriter, echo string) { refuse(w, 400, strings.Repeat("x", 64<<10-len(echo)+2)+echo) },
	"id": func(w http.ResponseWriter, echo string) {
		w.Header().Set("X-Request-Id", echo)
		refuse(w, 400, "{}")
	},
	"other id": func(w http.ResponseWriter, echo string) {
		w.Header().Set("Traceparent", "00-"+echo+"-00")
		refuse(w, 500, "{}")
	},
	"id of a bad page": func(w http.ResponseWriter, echo string) {
		w.Header().Set("X-Correlation-Id", echo)
		refuse(w, 200, "{}")
	},
	"redirect": func(w http.ResponseWriter, echo string) {
		w.Header().Set("Location", "https://evil.example/"+echo)
		refuse(w, 302, echo)
	},
	"content type": func(w http.ResponseWriter, echo string) {
		w.Header().Set("Content-Type", "text/"+echo)
		w.WriteHeader(200)
		_, _ = io.WriteString(w, `{"value":[]}`)
	},
	"item":        func(w http.ResponseWriter, echo string) { refuse(w, 200, `{"value":[{"id":"`+echo+`"}]}`) },
	"broken page": func(w http.ResponseWriter, echo string) { refuse(w, 200, `{"value":[`+echo) },
	"long broken page": func(w http.ResponseWriter, echo string) {
		refuse(w, 200, strings.Repeat(" ", 64<<10-len(echo)+2)+echo)
	},
	"end of link": func(w http.ResponseWriter, echo string) {
		refuse(w, 200, linkTo("https://evil.example/"+strings.Repeat("x", 80-len("https://evil.example/s3cr3t/c4n4ry"))+echo))
	},
	"own link":     func(w http.ResponseWriter, echo string) { refuse(w, 200, linkTo(basePath+"/items?token="+echo)) },
	"own path":     func(w http.ResponseWriter, echo string) { refuse(w, 200, linkTo(basePath+"/items/"+echo+"/x")) },
	"foreign link": func(w http.ResponseWriter, echo string) { refuse(w, 200, linkTo("https://evil.example/"+echo)) },
	"foreign host": func(w http.ResponseWriter, echo string) { refuse(w, 200, linkTo("https://"+echo+".example/items")) },
}

func linkTo(link string) string { return `{"value":[],"nextLink":"` + link + `"}` }

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// The credential is in no error, cursor, log line or trace, wherever and however the server gives it
// back.
func TestCredentialIsHidden(t *testing.T) {
	for place, answer := range places {
		for spelling, echo := range echoes {
			t.Run(place+", "+spelling, func(t *testing.T) {
				var log bytes.Buffer
				n := newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
					if r.RequestURI == basePath+itemPath {
						answer(w, echo)
						return
					}
					refuse(w, 400, "{}") // the page that the link leads to
				})
				c := newClient(t, n, origin+basePath, worktime.Options{
					Retry: worktime.RetryPolicy{MaxAttempts: 2, BaseDelay: -1}, Trace: hiddenTrace(t),
					Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				})
				pages, errs := pulled(Pages(t.Context(), c, listItems, itemQuery{}))
				require.NotEmpty(t, errs)
				err := errs[len(errs)-1]
				e := requireError(t, err, "list items")
				assertHidden(t, err)
				assertHidden(t, fmt.Errorf("wrapped: %w", err))
				assertHidden(t, [...]any{e.Code, e.Message, e.Details, e.RequestID, e.Path})
				assert.NotContains(t, string(e.Body), shown)
				assert.NotContains(t, string(e.Body), "t0k3n")
				for _, page := range pages {
					if page.Cursor != "" {
						assertHidden(t, string(decodeCursor(t, page.Cursor)))
					}
				}
				assert.NotContains(t, log.String(), shown)
				n.assertHome(t)
			})
		}
	}
}

// hiddenTrace checks that no event shows the credential.
func hiddenTrace(t *testing.T) *worktime.Trace {
	return &worktime.Trace{
		RequestStart: func(_ context.Context, i worktime.RequestStartInfo) { assertHidden(t, i) },
		RequestEnd:   func(_ context.Context, i worktime.RequestEndInfo) { assertHidden(t, i) },
		Retry:        func(_ context.Context, i worktime.RetryInfo) { assertHidden(t, i) },
		Wait:         func(_ context.Context, i worktime.WaitInfo) { assertHidden(t, i) },
		Page:         func(_ context.Context, i worktime.PageInfo) { assertHidden(t, i) },
	}
}

// Nor is it in the error of a RoundTripper that shows the request, or of a read that quotes the answer.
func TestCredentialIsHiddenInCauses(t *testing.T) {
	c := newClient(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("cannot send %v", r.Header)
	}), origin+basePath, worktime.Options{Retry: worktime.RetryPolicy{MaxAttempts: -1}})
	_, err := all(t, c, itemQuery{})
	requireError(t, err, "list items", worktime.ErrUnavailable)
	assertHidden(t, err)

	create := Op{Name: "create item", Class: transport.Once, Method: http.MethodPost, Path: itemPath}
	for spelling, echo := range echoes {
		c = newClient(t, direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example/"+echo)
			refuse(w, http.StatusCreated, "")
		})}, origin+basePath, worktime.Options{})
		err = c.Send(t.Context(), create, nil, nil, func(a Answer) error {
			_, err := c.Resolve(a.Header.Get("Location"))
			return err
		})
		requireError(t, err, "create item", worktime.ErrBadResponse, worktime.ErrUnknownOutcome)
		assertHidden(t, err)

		err = c.Send(t.Context(), create, nil, nil, func(Answer) error { return fmt.Errorf("cut: %.40q", strings.Repeat("x", 24)+echo) })
		requireError(t, err, "create item", worktime.ErrBadResponse)
		assertHidden(t, err)

		err = c.Send(t.Context(), create, nil, nil, func(Answer) error { return errors.New("strange: " + echo) })
		requireError(t, err, "create item", worktime.ErrBadResponse)
		assertHidden(t, err)
		assert.Contains(t, err.Error(), "strange", spelling)
	}
}

// A credential without a scheme is one too.
func TestBareCredentialIsHidden(t *testing.T) {
	c := newClient(t, direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, canary, r.Header.Get("Authorization"))
		refuse(w, 400, `{"error":{"message":"bad `+canary+`"}}`)
	})}, origin+basePath, worktime.Options{})
	c.Auth = bare(canary)
	_, err := all(t, c, itemQuery{})
	e := requireError(t, err, "list items", worktime.ErrBadRequest)
	assertHidden(t, err)
	assert.NotContains(t, string(e.Body), shown)
}

type bare string

func (b bare) Authorize(context.Context) (string, error) { return string(b), nil }

func (bare) Refused(context.Context, string, http.Header) (string, error) { return "", nil }

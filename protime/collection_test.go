package protime

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// sequential returns a client that fetches no page ahead, so that the answers of the vendor
// belong to the pages that the test looks at.
func (v *vendor) sequential(t *testing.T) *Client {
	t.Helper()
	config := v.config()
	config.Options.Prefetch = -1
	return open(t, config)
}

// targets returns what was asked of the API, in order.
func (v *vendor) targets() (targets []string) {
	for _, e := range v.api() {
		targets = append(targets, e.Target)
	}
	return targets
}

// The codes that the vendor documents for all operations, and what they mean here.
// https://documentation.myprotime.eu/protimeapi/reference/responses/
var documentedCodes = []struct {
	status int
	is     error
	body   string
}{
	{400, worktime.ErrBadRequest, `{ "message": "Invalid", "validationErrors": [ "date is required", { "field": "kind" } ] }`},
	{401, worktime.ErrUnauthorized, `{ "error": { "code": "Unauthorized", "message": "insufficient scope" } }`},
	{403, worktime.ErrForbidden, `{ "error": { "code": "Forbidden", "message": "insufficient scope" } }`},
	{404, worktime.ErrNotFound, ``},
	{409, worktime.ErrConflict, `{ "error": { "code": "Conflict", "message": "again", "reasons": [ "changed meanwhile" ] } }`},
	{410, worktime.ErrNotFound, ``},
	{414, worktime.ErrBadRequest, `<html>URI Too Long</html>`},
	{429, worktime.ErrRateLimited, `{ "error": { "code": "TooManyRequests", "message": "slowly" } }`},
	{500, worktime.ErrUnavailable, ``},
	{503, worktime.ErrUnavailable, `maintenance`},
}

// Each documented code of each operation of each collection is its sentinel, and the vendor's
// words are kept, also those without the "error" around them.
func TestDocumentedCodes(t *testing.T) {
	for resource, rows := range wire {
		for name, row := range rows {
			t.Run(resource+"/"+name, func(t *testing.T) {
				for _, code := range documentedCodes {
					client := memoryClient(t, func(*http.Request) answer { return answer{status: code.status, body: code.body} })
					_, err := row.call(t.Context(), client)
					require.ErrorIs(t, err, code.is, code.status)
					requireWords(t, err, code.status)
					require.NotErrorIs(t, err, ErrDeltaExpired, "the first request has no delta yet")
					require.NotErrorIs(t, err, worktime.ErrCursorExpired)
				}
			})
		}
	}
}

func requireWords(t *testing.T, err error, status int) {
	t.Helper()
	var e *worktime.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.StatusCode)
	switch status {
	case 400:
		require.Equal(t, "Invalid", e.Message)
		require.Equal(t, []string{"date is required", `{ "field": "kind" }`}, e.Details)
	case 409:
		require.Equal(t, []string{"changed meanwhile"}, e.Details)
	}
}

// A version of the API that has more members and more values than are known here is read as
// far as it is known, and its values are kept.
func TestFutureAnswers(t *testing.T) {
	for resource, rows := range wire {
		for name, row := range rows {
			if !strings.HasPrefix(row.op, "GET ") {
				continue
			}
			t.Run(resource+"/"+name, func(t *testing.T) {
				v := newVendor(t, answer{status: row.answer.status, header: row.answer.header, body: withMembers(row.answer.body)})
				got, err := row.call(t.Context(), v.client(t))
				require.NoError(t, err)
				assert.Equal(t, row.want, got, "unknown members")

				body := row.answer.body
				values := enumValues(reflect.ValueOf(row.want))
				for _, value := range values {
					body = strings.ReplaceAll(body, `"`+value+`"`, `"`+value+`OfTomorrow"`)
				}
				v = newVendor(t, answer{status: row.answer.status, header: row.answer.header, body: body})
				got, err = row.call(t.Context(), v.client(t))
				require.NoError(t, err)
				kept, err := json.Marshal(got)
				require.NoError(t, err)
				for _, value := range values {
					if strings.Contains(body, value) {
						assert.Contains(t, string(kept), `"`+value+`OfTomorrow"`)
					}
				}
			})
		}
	}
}

// withMembers adds a member to each object whose names are the vendor's, not the tenant's.
func withMembers(body string) string {
	object := regexp.MustCompile(`("(translations|externalReferences)":\s*)?\{\s*\}?`)
	return object.ReplaceAllStringFunc(body, func(s string) string {
		if strings.HasPrefix(s, `"`) || strings.HasSuffix(s, "}") {
			return s
		}
		return s + `"memberOfTomorrow": {"id": [1, "two", null]}, `
	})
}

// enumValues returns the values of enums in a model: what has a string type of this package.
func enumValues(v reflect.Value) (values []string) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			return enumValues(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			values = append(values, enumValues(v.Index(i))...)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			values = append(values, enumValues(field)...)
		}
	case reflect.String:
		if v.Type().PkgPath() == reflect.TypeFor[Scope]().PkgPath() && v.String() != "" {
			return []string{v.String()}
		}
	default: // no text in it
	}
	return values
}

// A list of persons that is too long for one URI takes several: over HTTP the union of what
// they ask for is the list, in its order and each person once, and so are the records.
func TestLongPersonLists(t *testing.T) {
	var persons, want []int64
	for i := range 2500 {
		id := int64(1_000_000_000 + 7919*(i%2000)) // the last 500 are there already
		persons = append(persons, id)
		if i < 2000 {
			want = append(want, id)
		}
	}
	for name, list := range map[string]func(context.Context, *Client) ([]int64, error){
		"clockings": func(ctx context.Context, c *Client) ([]int64, error) {
			return personsOf(c.Clockings.All(ctx, ClockingQuery{From: day("2026-01-01"), Persons: persons}), func(r Clocking) int64 { return r.Person.ID })
		},
		"absences": func(ctx context.Context, c *Client) ([]int64, error) {
			return personsOf(c.Absences.All(ctx, AbsenceQuery{From: day("2026-01-01"), Persons: persons}), func(r Absence) int64 { return r.Person.ID })
		},
		"access-clockings": func(ctx context.Context, c *Client) ([]int64, error) {
			return personsOf(c.AccessClockings.All(ctx, AccessClockingQuery{From: day("2026-01-01"), Persons: persons}), func(r AccessClocking) int64 { return r.Person.ID })
		},
		"contracts": func(ctx context.Context, c *Client) ([]int64, error) {
			return personsOf(c.Contracts.All(ctx, ContractQuery{Persons: persons}), func(r Contract) int64 { return r.Person.ID })
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newPersonVendor(t)
			got, err := list(t.Context(), v.client(t))
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Greater(t, len(v.api()), 5)
			for _, e := range v.api() {
				// With the scheme and host of a tenant, whose names have at most 63 characters.
				require.Less(t, len("https://"+strings.Repeat("a", 63)+".myprotimesandbox.eu"+e.Target), 4096)
			}
		})
	}
}

// newPersonVendor answers each list with two pages: a record for each person of the filter, in its order.
func newPersonVendor(t *testing.T) *vendor {
	t.Helper()
	v := newVendor(t, answer{})
	fixed := v.Config.Handler
	v.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			fixed.ServeHTTP(w, r)
			return
		}
		v.mu.Lock()
		v.got = append(v.got, exchange{Method: r.Method, Target: r.RequestURI})
		v.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		filter := r.URL.Query().Get("filter")
		list, _, _ := strings.Cut(strings.TrimPrefix(filter, "person in ("), ")")
		ids := strings.Split(list, ",")
		half, next := ids[:len(ids)/2], r.URL.Path+"?filter="+filter+"&continuationToken="+strings.Repeat("t", 500)
		if r.URL.Query().Has("continuationToken") {
			half, next = ids[len(ids)/2:], ""
		}
		records := make([]string, len(half))
		for i, id := range half {
			records[i] = `{"person":{"id":` + id + `}}`
		}
		_, _ = fmt.Fprintf(w, `{"value":[%s],"nextLink":%q}`, strings.Join(records, ","), next)
	})
	return v
}

func personsOf[T any](records func(func(T, error) bool), person func(T) int64) (ids []int64, err error) {
	for record, err := range records {
		if err != nil {
			return ids, err
		}
		ids = append(ids, person(record))
	}
	return ids, nil
}

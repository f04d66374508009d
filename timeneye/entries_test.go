package timeneye

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

var (
	htmlType   = map[string]string{"Content-Type": "text/html; charset=UTF-8"}
	loginPage  = answer{302, map[string]string{"Content-Type": "text/html; charset=UTF-8", "Location": "https://app.timeneye.com/login"}, "<!DOCTYPE html>"}
	htmlAnswer = answer{200, htmlType, "<!DOCTYPE html><title>Log in</title>"}
)

// pageOf is one page of a list.
func pageOf(page, last int, items ...string) answer {
	return answer{body: fmt.Sprintf(`{"data": [%s], "meta": {"current_page": %d, "last_page": %d, "total": 99}}`, strings.Join(items, ","), page, last)}
}

func entryOf(id int64, updated string) string {
	return fmt.Sprintf(`{"entry_id": %d, "entry_date": "2026-07-14", "entry_minutes": 30, "updated_date": %s}`, id, updated)
}

func ids(entries []Entry) []int64 {
	all := []int64{}
	for _, e := range entries {
		all = append(all, e.ID)
	}
	return all
}

// What is no JSON is an error with its own type: never an empty list, and never a create that is said to have worked.
func TestWrongAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer        answer
		is            error
		unknown       bool // of a create
		listIs        error
		createHasBeen bool
	}{
		"a redirect to a login page": {answer: loginPage, is: worktime.ErrRedirect, listIs: worktime.ErrRedirect, unknown: true},
		"a login page":               {answer: htmlAnswer, is: worktime.ErrBadResponse, listIs: worktime.ErrBadResponse, unknown: true},
		"nothing":                    {answer: answer{}, listIs: worktime.ErrBadResponse, createHasBeen: true},
		"nothing as HTML":            {answer: answer{header: htmlType}, listIs: worktime.ErrBadResponse, createHasBeen: true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, c.answer)
			client := v.client(t)
			check := func(err error, is error) *worktime.Error {
				require.ErrorIs(t, err, is)
				var e *worktime.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, max(c.answer.status, 200), e.StatusCode)
				return e
			}
			for range 2 {
				got, err := worktime.Collect(client.Entries.All(t.Context(), july()))
				assert.Equal(t, "list entries", check(err, c.listIs).Operation)
				assert.Empty(t, got)
				_, err = worktime.Collect(client.Projects.All(t.Context(), ProjectQuery{}))
				assert.Equal(t, "list projects", check(err, c.listIs).Operation)
			}
			entry, err := client.Entries.Create(t.Context(), theNewEntry())
			customer, err2 := client.Clients.Create(t.Context(), NewCustomerClient{Name: "Acme Ltd"})
			if c.createHasBeen {
				require.NoError(t, errors.Join(err, err2))
				assert.Equal(t, Entry{ProjectID: 310, PhaseID: 77, Minutes: 95, Date: day("2026-07-14"), Notes: "Review"}, entry)
				assert.Equal(t, CustomerClient{Name: "Acme Ltd"}, customer)
			} else {
				for _, err := range []error{err, err2} {
					check(err, c.is)
					assert.Equal(t, c.unknown, errors.Is(err, worktime.ErrUnknownOutcome), err)
				}
				assert.Empty(t, entry)
				assert.Empty(t, customer)
			}
			assert.Len(t, v.requests(), 6, "nothing is sent again, and nothing followed")
		})
	}
}

func TestPaging(t *testing.T) {
	a, b, c := entryOf(1, "null"), entryOf(2, "null"), entryOf(3, "null")
	for name, row := range map[string]struct {
		answers []answer
		want    []int64
		err     string
	}{
		"three pages":              {[]answer{pageOf(1, 3, a), pageOf(2, 3, b), pageOf(3, 3, c)}, []int64{1, 2, 3}, ""},
		"none":                     {[]answer{pageOf(1, 1)}, []int64{}, ""},
		"none, and no last page":   {[]answer{pageOf(1, 0)}, []int64{}, ""},
		"rows shift":               {[]answer{pageOf(1, 2, a, b), pageOf(2, 2, b, c)}, []int64{1, 2, 3}, ""},
		"the list shrinks":         {[]answer{pageOf(1, 3, a), pageOf(2, 2, b)}, []int64{1, 2}, ""},
		"the last page vanishes":   {[]answer{pageOf(1, 2, a), pageOf(2, 1)}, []int64{1}, ""},
		"the list grows":           {[]answer{pageOf(1, 1+1, a), pageOf(2, 3, b), pageOf(3, 3, c)}, []int64{1, 2, 3}, ""},
		"an array":                 {[]answer{{body: "[" + a + "," + b + "]"}}, []int64{1, 2}, ""},
		"data without meta":        {[]answer{{body: `{"data": [` + a + `]}`}}, []int64{1}, ""},
		"meta is null":             {[]answer{{body: `{"data": [` + a + `], "meta": null}`}}, []int64{1}, ""},
		"another page":             {[]answer{pageOf(1, 3, a), pageOf(3, 3, b)}, []int64{1}, "page 2 was asked for and page 3 came"},
		"the same page again":      {[]answer{pageOf(1, 3, a), pageOf(1, 3, a)}, []int64{1}, "page 2 was asked for and page 1 came"},
		"page by no number":        {[]answer{pageOf(1, 3, a), pageOf(2, 3, a)}, []int64{1}, "repeats the one before"},
		"empty before the last":    {[]answer{pageOf(1, 3, a), pageOf(2, 3)}, []int64{1}, "empty"},
		"empty first page":         {[]answer{pageOf(1, 3)}, []int64{}, "empty"},
		"meta vanishes":            {[]answer{pageOf(1, 3, a), {body: `{"data": [` + b + `]}`}}, []int64{1}, "does not say which page"},
		"meta without a last page": {[]answer{{body: `{"data": [` + a + `], "meta": {"current_page": 1}}`}}, []int64{}, "meta.last_page"},
		"a bad entry":              {[]answer{pageOf(1, 1, a, `{"entry_id": "x"}`)}, []int64{1}, "item 1: entry."},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, row.answers...)
			got, err := worktime.Collect(v.client(t).Entries.All(t.Context(), july()))
			assert.Equal(t, row.want, ids(got))
			if row.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, row.err)
				require.ErrorIs(t, err, map[bool]error{true: worktime.ErrPageCycle, false: worktime.ErrBadResponse}[strings.Contains(row.err, "repeats")])
			}
			assert.Len(t, v.requests(), len(row.answers))
			for i, r := range v.requests() {
				assert.Contains(t, r.Target, fmt.Sprintf("&page=%d&", i+1))
			}
		})
	}
}

// A walk goes on from a saved cursor, in another client.
func TestResume(t *testing.T) {
	v := newVendor(t, pageOf(1, 3, entryOf(1, "null")), pageOf(2, 3, entryOf(2, "null")), pageOf(3, 3, entryOf(3, "null")))
	config := v.config()
	config.Options.Prefetch = -1
	q := july()
	for page, err := range open(t, config).Entries.Pages(t.Context(), q) {
		require.NoError(t, err)
		q.Cursor = page.Cursor
		break
	}
	got, err := worktime.Collect(v.client(t).Entries.All(t.Context(), q))
	require.NoError(t, err)
	assert.Equal(t, []int64{2, 3}, ids(got))
	assert.Len(t, v.requests(), 3)

	q.To = q.To.AddDays(1)
	_, err = worktime.Collect(v.client(t).Entries.All(t.Context(), q))
	requireField(t, err, "Cursor")
}

// What the answer to a create holds is not documented.
func TestCreateAnswers(t *testing.T) {
	sent := Entry{ProjectID: 310, PhaseID: 77, Minutes: 95, Date: day("2026-07-14"), Notes: "Review"}
	withID := func(id int64, raw string) Entry {
		e := sent
		e.ID, e.Raw = id, []byte(raw)
		return e
	}
	for body, want := range map[string]Entry{
		`{"entry_id": 9}`:                    withID(9, `{"entry_id": 9}`),
		`{"id": "9"}`:                        withID(9, `{"id": "9"}`),
		`{"data": {"entry_id": "9"}}`:        withID(9, `{"entry_id": "9"}`),
		`{"data": {"id": 8, "entry_id": 9}}`: withID(9, `{"id": 8, "entry_id": 9}`),
		`{"message": "Created."}`:            withID(0, `{"message": "Created."}`),
		`{"data": []}`:                       withID(0, `{"data": []}`),
		`{}`:                                 withID(0, `{}`),
		` `:                                  sent, `[]`: sent, `null`: sent, `true`: sent, `"ok"`: sent, `9`: sent,
	} {
		got, err := newVendor(t, answer{status: 201, body: body}).client(t).Entries.Create(t.Context(), theNewEntry())
		require.NoError(t, err, body)
		assert.Equal(t, want, got, body)
	}
	for _, body := range []string{`{"entry_id": "x"}`, `{"id": -1}`, `{"data": {"entry_id": 9, "entry_minutes": "1h"}}`, `{`, `<html>`} {
		got, err := newVendor(t, answer{body: body}).client(t).Entries.Create(t.Context(), theNewEntry())
		require.ErrorIs(t, err, worktime.ErrBadResponse, body)
		require.ErrorIs(t, err, worktime.ErrUnknownOutcome, body)
		assert.Empty(t, got)
	}
}

// Refusals that look alike are told apart, with the vendor's words.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		is     error
		says   string
	}{
		"validation": {
			answer{422, nil, `{"message": "The given data was invalid.", "errors": {"phase_id": ["The selected phase id is invalid."]}}`},
			worktime.ErrBadRequest, "phase_id: The selected phase id is invalid.",
		},
		"locked":    {answer{403, nil, `{"message": "Entries are locked."}`}, worktime.ErrForbidden, "locked for all but owners and admins"},
		"plan":      {answer{402, nil, ``}, worktime.ErrForbidden, "the plan has no API"},
		"token":     {answer{401, nil, `{"message": "Unauthenticated."}`}, worktime.ErrUnauthorized, "cannot be renewed"},
		"duplicate": {answer{409, nil, `{"error": "exists"}`}, worktime.ErrConflict, "exists"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, c.answer)
			_, err := v.client(t).Entries.Create(t.Context(), theNewEntry())
			require.ErrorIs(t, err, c.is)
			require.NotErrorIs(t, err, worktime.ErrUnknownOutcome, "nothing was booked")
			require.ErrorContains(t, err, c.says)
			assert.Len(t, v.requests(), 1)
		})
	}
	for _, c := range []struct{ err, says string }{
		{func() string {
			_, err := newVendor(t, answer{status: 403}).client(t).Clients.Create(t.Context(), NewCustomerClient{Name: "x"})
			return err.Error()
		}(), "Members may not, an admin may"},
		{newVendor(t, answer{status: 403}).client(t).Do(t.Context(), worktime.Request{Path: "/groups"}, nil).Error(), "the role of the user"},
	} {
		assert.Contains(t, c.err, c.says)
		assert.NotContains(t, c.err, "no time was booked")
	}
	err := newVendor(t, answer{status: http.StatusNotFound}).client(t).Do(t.Context(), worktime.Request{Path: "/groups"}, nil)
	assert.NotContains(t, err.Error(), "role")
}

func TestMinutes(t *testing.T) {
	for d, want := range map[time.Duration]int{0: 0, time.Minute: 1, 2*time.Hour + 30*time.Minute: 150} {
		got, err := Minutes(d)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, d := range []time.Duration{time.Second, 90 * time.Second, time.Minute - 1, time.Minute + 1} {
		_, err := Minutes(d)
		requireField(t, err, "duration")
	}
}

func TestUpdatedSince(t *testing.T) {
	since := time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)
	at := func(offset time.Duration) string { return `"` + since.Add(offset).Format(time.RFC3339Nano) + `"` }
	for name, c := range map[string]struct {
		answers []answer
		want    []int64
		err     error
	}{
		"stops before what is older": {
			[]answer{pageOf(1, 9, entryOf(5, at(time.Hour)), entryOf(7, at(time.Second)), entryOf(2, at(-time.Minute)), entryOf(1, at(-time.Minute-1)))},
			[]int64{2, 7, 5}, nil,
		},
		"rows that shift come once": {
			[]answer{pageOf(1, 3, entryOf(5, at(2)), entryOf(4, at(1))), pageOf(2, 3, entryOf(4, at(1)), entryOf(3, at(0))), pageOf(3, 3, entryOf(1, at(-time.Hour)))},
			[]int64{3, 4, 5}, nil,
		},
		"without a timestamp, first": {
			[]answer{pageOf(1, 1, entryOf(5, at(time.Hour)), entryOf(6, "null"), entryOf(4, at(0)), entryOf(1, at(-time.Hour)))}, []int64{6, 4, 5}, nil,
		},
		"none":                     {[]answer{pageOf(1, 1)}, []int64{}, nil},
		"all":                      {[]answer{pageOf(1, 1, entryOf(2, at(0)), entryOf(1, at(0)))}, []int64{2, 1}, nil},
		"the vendor does not sort": {[]answer{pageOf(1, 1, entryOf(1, at(0)), entryOf(2, "null"), entryOf(3, at(1)))}, []int64{}, worktime.ErrBadResponse},
		"the second page fails":    {[]answer{pageOf(1, 2, entryOf(1, at(0))), {status: 403}}, []int64{}, worktime.ErrForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			config := newVendor(t, c.answers...).config()
			config.Options.Prefetch = -1
			got, err := open(t, config).Entries.UpdatedSince(t.Context(), since, july())
			assert.Equal(t, c.want, ids(got))
			if c.err == nil {
				require.NoError(t, err)
				return
			}
			var e *worktime.Error
			require.ErrorAs(t, err, &e)
			require.ErrorIs(t, err, c.err)
			assert.Equal(t, []string{"timeneye", "list entries", "GET", "/api/v1/entries"}, []string{e.Provider, e.Operation, e.Method, e.Path})
		})
	}
}

package protime

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

const (
	clockingsTarget = "/connector/protimeapi/api/v1/clockings"
	deltaTarget     = "/connector/protimeapi/api/v1/delta/clockings?deltaToken="
)

// deltaAnswers are an initial load of three pages, one of which is empty, and three polls, one of
// which is empty. The links are printed as the vendor does, with raw blanks and quotes.
func deltaAnswers() []answer {
	next := clockingsTarget + "?filter=date ge '" + deltaDay + "'&deltaToken=eyJkZWx0YUlk&continuationToken="
	return []answer{
		{status: 200, body: `{"value":[{"changeVersion":"0A","id":1},{"changeVersion":"0B","id":2}],"nextLink":"` + next + `a+b/c=="}`},
		{status: 200, body: `{"value":[],"nextLink":"` + next + `d"}`},
		{status: 200, body: `{"value":[{"changeVersion":"0C","id":3}],"nextLink":null,"deltaLink":"` + deltaTarget + `one=="}`},
		{status: 200, body: `{"value":[{"changeType":"InsertOrUpdate","data":{"changeVersion":"0D","id":2,"status":"Deleted"}},
			{"changeType":"Delete","data":{"changeVersion":"0E","id":1}},{"changeType":"Merge","data":{"changeVersion":"0F","id":3}}],"deltaLink":"` + deltaTarget + `two"}`},
		{status: 200, body: `{"value":[],"deltaLink":"` + deltaTarget + `three"}`},
		{status: 200, body: `{"value":[{"changeType":"InsertOrUpdate","data":{"changeVersion":"10","id":4}}],"deltaLink":"` + deltaTarget + `four"}`},
	}
}

func clockingAt(id int64, version string) Clocking { return Clocking{ID: id, ChangeVersion: version} }

// A mirror that saves each page with its cursor can stop after any of them: another client goes on
// there, first with the load and then with the polls.
func TestDelta(t *testing.T) {
	v := newVendor(t, deltaAnswers()...)
	q := ClockingQuery{From: day(deltaDay)}
	deleted := clockingAt(2, "0D")
	deleted.Status = ClockingDeleted
	var saved worktime.Cursor
	for i, want := range [][]Change[Clocking]{
		{{ChangeInsertOrUpdate, clockingAt(1, "0A")}, {ChangeInsertOrUpdate, clockingAt(2, "0B")}},
		{},
		{{ChangeInsertOrUpdate, clockingAt(3, "0C")}},
		{{ChangeInsertOrUpdate, deleted}, {ChangeDelete, clockingAt(1, "0E")}, {"Merge", clockingAt(3, "0F")}},
		{}, // nothing happened, and the cursor has moved all the same
		{{ChangeInsertOrUpdate, clockingAt(4, "10")}},
	} {
		for page, err := range v.sequential(t).Clockings.Changes(t.Context(), saved, q) {
			require.NoError(t, err)
			assert.Equal(t, want, page.Items, "page %d", i)
			assert.NotEqual(t, saved, page.Cursor)
			saved = page.Cursor
			break
		}
	}
	filter := strings.ReplaceAll("filter=date ge '"+deltaDay+"'", " ", "%20")
	assert.Equal(t, []string{
		clockingsTarget + "?delta&" + filter,
		clockingsTarget + "?" + filter + "&deltaToken=eyJkZWx0YUlk&continuationToken=a%2Bb/c==",
		clockingsTarget + "?" + filter + "&deltaToken=eyJkZWx0YUlk&continuationToken=d",
		deltaTarget + "one==",
		deltaTarget + "two",
		deltaTarget + "three",
	}, v.targets())
}

// One walk is the rest of the initial load, or one poll: it does not go on into the next poll.
func TestDeltaEnds(t *testing.T) {
	v := newVendor(t, deltaAnswers()...)
	client := v.client(t) // which fetches pages ahead
	var cursor worktime.Cursor
	for _, want := range []int{3, 1, 1, 1} {
		pages, err := worktime.Collect(client.Clockings.Changes(t.Context(), cursor, ClockingQuery{From: day(deltaDay)}))
		require.NoError(t, err)
		require.Len(t, pages, want)
		cursor = pages[want-1].Cursor
	}
	assert.Len(t, v.api(), 6)
}

// The refusal of a link means a new initial load, and is still what its status says. Other errors
// are no end of the delta, and neither is a refusal of its beginning.
func TestDeltaExpired(t *testing.T) {
	load, poll := deltaAnswers()[0], deltaAnswers()[2]
	for _, c := range []struct {
		status  int
		is      error
		expired bool
	}{
		{400, worktime.ErrBadRequest, true},
		{409, worktime.ErrConflict, true},
		{410, worktime.ErrNotFound, true},
		{401, worktime.ErrUnauthorized, false},
		{403, worktime.ErrForbidden, false},
		{404, worktime.ErrNotFound, false},
		{414, worktime.ErrBadRequest, false},
		{429, worktime.ErrRateLimited, false},
		{503, worktime.ErrUnavailable, false},
	} {
		for name, first := range map[string]answer{"next link": load, "delta link": poll} {
			v := newVendor(t, first, answer{status: c.status})
			q := ClockingQuery{From: day(deltaDay)}
			var cursor worktime.Cursor
			for page, err := range v.sequential(t).Clockings.Changes(t.Context(), "", q) {
				require.NoError(t, err)
				cursor = page.Cursor
				break
			}
			_, err := worktime.Collect(v.client(t).Clockings.Changes(t.Context(), cursor, q))
			require.ErrorIs(t, err, c.is)
			assert.Equal(t, c.expired, errors.Is(err, ErrDeltaExpired), "%d to a %s", c.status, name)
		}
		// In the middle of a walk, which began before the delta did.
		v := newVendor(t, load, answer{status: c.status})
		_, err := worktime.Collect(v.client(t).Clockings.Changes(t.Context(), "", ClockingQuery{From: day(deltaDay)}))
		require.ErrorIs(t, err, c.is)
		assert.Equal(t, c.expired, errors.Is(err, ErrDeltaExpired), "%d within a walk", c.status)

		v = newVendor(t, answer{status: c.status})
		_, err = worktime.Collect(v.client(t).Clockings.Changes(t.Context(), "", ClockingQuery{From: day(deltaDay)}))
		require.ErrorIs(t, err, c.is)
		require.NotErrorIs(t, err, ErrDeltaExpired, "%d to the first request", c.status)
	}
}

// What Protime would refuse, or answer with something else than was meant, is not sent.
func TestDeltaRules(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	from := day(deltaDay)
	for name, c := range map[string]struct {
		q     ClockingQuery
		field string
	}{
		"no from":       {ClockingQuery{}, "ClockingQuery.From"},
		"too early":     {ClockingQuery{From: from.AddDays(-1)}, "ClockingQuery.From"},
		"over a year":   {ClockingQuery{From: from, To: from.AddDays(367)}, "ClockingQuery.To"},
		"persons":       {ClockingQuery{From: from, Persons: []int64{1}}, "ClockingQuery"},
		"no persons":    {ClockingQuery{From: from, Persons: []int64{}}, "ClockingQuery.Persons"},
		"circles":       {ClockingQuery{From: from, Circles: []int64{1}}, "ClockingQuery"},
		"groups":        {ClockingQuery{From: from, OrgGroups: []int64{1}}, "ClockingQuery"},
		"list's cursor": {ClockingQuery{From: from, Cursor: "x"}, "ClockingQuery.Cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := worktime.Collect(client.Clockings.Changes(t.Context(), "", c.q))
			requireField(t, err, c.field)
		})
	}
	_, err := worktime.Collect(client.Contracts.Changes(t.Context(), "", ContractQuery{Persons: []int64{1}}))
	requireField(t, err, "ContractQuery")
	assert.Empty(t, v.api())
}

// A year's range, and kinds and references, can be had.
func TestDeltaQuery(t *testing.T) {
	v := newVendor(t, deltaAnswers()[2])
	q := ClockingQuery{From: day(deltaDay), To: day(deltaDay).AddDays(366), Kinds: []ClockingKind{ClockingReason}, ExternalReferences: []ReferenceName{PersonBadgeNumber}}
	_, err := worktime.Collect(v.client(t).Clockings.Changes(t.Context(), "", q))
	require.NoError(t, err)
	assert.Equal(t, []string{clockingsTarget + "?delta&externalReferences=(people,@badge-number)&filter=date%20ge%20'" + deltaDay +
		"'%20and%20date%20le%20'" + q.To.String() + "'%20and%20kind%20eq%20'Reason'"}, v.targets())
}

// A cursor belongs to its query and its operation.
func TestDeltaCursorOfAnotherQuery(t *testing.T) {
	v := newVendor(t, deltaAnswers()[0])
	client := v.sequential(t)
	q := ClockingQuery{From: day(deltaDay)}
	var load, list worktime.Cursor
	for page, err := range client.Clockings.Changes(t.Context(), "", q) {
		require.NoError(t, err)
		load = page.Cursor
		break
	}
	for page, err := range client.Clockings.Pages(t.Context(), q) {
		require.NoError(t, err)
		list = page.Cursor
		break
	}
	sent := len(v.api())
	other := q
	other.Kinds = []ClockingKind{ClockingInOut}
	for name, refused := range map[string]func() error{
		"another query": func() error {
			_, err := worktime.Collect(client.Clockings.Changes(t.Context(), load, other))
			return err
		},
		"another collection": func() error {
			_, err := worktime.Collect(client.Absences.Changes(t.Context(), load, AbsenceQuery{From: q.From}))
			return err
		},
		"of a list": func() error {
			_, err := worktime.Collect(client.Clockings.Changes(t.Context(), list, q))
			return err
		},
		"for a list": func() error {
			_, err := worktime.Collect(client.Clockings.All(t.Context(), ClockingQuery{From: q.From, Cursor: load}))
			return err
		},
		"no cursor": func() error {
			_, err := worktime.Collect(client.Clockings.Changes(t.Context(), "nonsense", ClockingQuery{From: q.From}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { requireField(t, refused(), "Cursor") })
	}
	assert.Len(t, v.api(), sent)
}

// A delta that lives for years goes on polling, though its beginning is one that no new delta
// may have.
func TestOldDeltaPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served := 0
		client := memoryClient(t, func(*http.Request) answer {
			served++
			return deltaAnswers()[1+served] // the last page of the load, then polls
		})
		q := ClockingQuery{From: worktime.NewDate(time.Now().Year()-1, time.January, 1)}
		pages, err := worktime.Collect(client.Clockings.Changes(t.Context(), "", q))
		require.NoError(t, err)

		time.Sleep(2 * 366 * 24 * time.Hour)
		pages, err = worktime.Collect(client.Clockings.Changes(t.Context(), pages[0].Cursor, q))
		require.NoError(t, err)
		require.Len(t, pages, 1)
		assert.Len(t, pages[0].Items, 3)

		_, err = worktime.Collect(client.Clockings.Changes(t.Context(), "", q))
		requireField(t, err, "ClockingQuery.From")
	})
}

// An answer without a link to poll, or with an item that cannot be read, must not move the
// cursor: what comes between would be lost.
func TestDeltaAnswers(t *testing.T) {
	load := deltaAnswers()[2]
	for name, body := range map[string]string{
		"no link":        `{"value":[]}`,
		"empty link":     `{"value":[],"deltaLink":""}`,
		"no value":       `{"deltaLink":"` + deltaTarget + `x"}`,
		"unreadable":     `{"value":[{"changeType":"InsertOrUpdate","data":{"id":1}},{"changeType":"InsertOrUpdate","data":{"id":"x"}}],"deltaLink":"` + deltaTarget + `x"}`,
		"bare item":      `{"value":[{"id":1}],"deltaLink":"` + deltaTarget + `x"}`,
		"more pages":     `{"value":[],"nextLink":"` + deltaTarget + `y","deltaLink":"` + deltaTarget + `x"}`,
		"link elsewhere": `{"value":[],"deltaLink":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, load, answer{status: 200, body: body})
			client := v.client(t)
			q := ClockingQuery{From: day(deltaDay)}
			pages, err := worktime.Collect(client.Clockings.Changes(t.Context(), "", q))
			require.NoError(t, err)
			pages, err = worktime.Collect(client.Clockings.Changes(t.Context(), pages[0].Cursor, q))
			require.ErrorIs(t, err, worktime.ErrBadResponse)
			require.NotErrorIs(t, err, ErrDeltaExpired)
			assert.Empty(t, pages)
		})
	}
	v := newVendor(t, answer{status: 200, body: `{"value":[{"id":1}]}`})
	pages, err := worktime.Collect(v.client(t).Clockings.Changes(t.Context(), "", ClockingQuery{From: day(deltaDay)}))
	require.ErrorIs(t, err, worktime.ErrBadResponse)
	assert.Empty(t, pages)
}

// Latest keeps of each record the newest state, the later of equals, in the order of the
// changes; and it does not matter how often and in how large parts it is applied.
func TestLatest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Change[Clocking] {
			return Change[Clocking]{
				rapid.SampledFrom([]ChangeType{ChangeInsertOrUpdate, ChangeDelete}).Draw(t, "type"),
				Clocking{
					ID: rapid.Int64Range(1, 5).Draw(t, "id"), ChangeVersion: rapid.SampledFrom([]string{"", "000A", "000B", "00A0", "0100"}).Draw(t, "version"),
					TimeOfDay: TimeOfDay(rapid.IntRange(0, 1_000_000).Draw(t, "mark")),
				},
			}
		}), 0, 30).Draw(t, "changes")
		before := slices.Clone(all)
		got := Latest(all)
		require.Equal(t, before, all, "the argument is left as it is")

		want := []Change[Clocking]{}
		for i, change := range all {
			outdated := slices.ContainsFunc(all[:i], func(c Change[Clocking]) bool {
				return c.Data.ID == change.Data.ID && c.Data.ChangeVersion > change.Data.ChangeVersion
			}) || slices.ContainsFunc(all[i+1:], func(c Change[Clocking]) bool {
				return c.Data.ID == change.Data.ID && c.Data.ChangeVersion >= change.Data.ChangeVersion
			})
			if !outdated {
				want = append(want, change)
			}
		}
		require.Equal(t, want, got)

		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		require.Equal(t, got, Latest(append(Latest(all[:cut]), all[cut:]...)))
	})
}

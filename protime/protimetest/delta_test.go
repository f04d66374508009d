package protimetest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

// follow gets a link as it was printed.
func (c *caller) follow(link string) answer {
	c.t.Helper()
	return c.get(strings.NewReplacer(" ", "%20", "+", "%2B", base, "").Replace(link))
}

// load walks an initial load to its end.
func (c *caller) load(target string) (rows []map[string]any, deltaLink string) {
	c.t.Helper()
	r := c.get(target)
	for {
		rows = append(rows, r.objects()...)
		link, more := r.json()["nextLink"].(string)
		if !more {
			deltaLink, _ = r.json()["deltaLink"].(string)
			require.NotEmpty(c.t, deltaLink)
			return rows, deltaLink
		}
		assert.NotContains(c.t, r.json(), "deltaLink")
		r = c.follow(link)
	}
}

// poll follows a deltaLink and returns what changed, each as its type and id.
func (c *caller) poll(link string) (changes []string, next string) {
	c.t.Helper()
	r := c.follow(link)
	for _, item := range r.objects() {
		text, err := json.Marshal(item["data"].(map[string]any)["id"])
		require.NoError(c.t, err)
		changes = append(changes, item["changeType"].(string)+" "+string(text))
	}
	assert.NotContains(c.t, r.json(), "nextLink", "polls are not paged")
	next, _ = r.json()["deltaLink"].(string)
	require.NotEmpty(c.t, next)
	require.NotEqual(c.t, link, next, "always a fresh link")
	return changes, next
}

const anyDay = "filter=date%20ge%20'1999-01-01'"

// at returns a clocking in January 2000, when the clock of a bubble begins.
func at(person int64, day int) protime.Clocking {
	return protime.Clocking{Person: protime.ByID(person), Date: worktime.NewDate(2000, 1, day)}
}

func TestDelta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithPageSize(2), protimetest.WithClockings(at(1, 1), at(1, 2), at(2, 3)))
		c := everything(t, srv)
		first := c.get("/clockings?" + anyDay + "&externalReferences=(people,@badge-number)&delta")
		require.Len(t, first.objects(), 2)
		link, _ := first.json()["nextLink"].(string)
		prefix := base + "/clockings?filter=date ge '1999-01-01'&externalReferences=(people,@badge-number)&continuationToken="
		require.True(t, strings.HasPrefix(link, prefix), link)
		_, token, found := strings.Cut(link, "&deltaToken=")
		require.True(t, found)
		assert.True(t, strings.HasSuffix(token, "="), "printed unencoded")
		text, err := base64.StdEncoding.DecodeString(token)
		require.NoError(t, err)
		var fields map[string]any
		require.NoError(t, json.Unmarshal(text, &fields))
		assert.Equal(t, []any{30080.0, 45522.0, "2000-01-01T00:00:00Z"}, []any{fields["DeltaId"], fields["StartingCursor"], fields["TimeStamp"]})

		_, err = srv.Put("clockings", at(3, 4)) // while the load goes on
		require.NoError(t, err)
		last := c.follow(link)
		assert.Len(t, last.objects(), 2)
		assert.NotContains(t, last.json(), "nextLink")
		link, _ = last.json()["deltaLink"].(string)
		assert.Equal(t, base+"/delta/clockings?deltaToken="+token, link)

		changes, link := c.poll(link)
		assert.Equal(t, []string{"InsertOrUpdate 4"}, changes, "what came during the load comes again")
		changes, link = c.poll(link)
		assert.Empty(t, changes)

		require.NoError(t, srv.Remove("clockings", "1"))
		moved := at(1, 5)
		moved.ID, moved.TimeOfDay = 2, 510
		_, err = srv.Put("clockings", moved)
		require.NoError(t, err)
		moved.TimeOfDay = 511
		_, err = srv.Put("clockings", moved)
		require.NoError(t, err)
		r := c.follow(link)
		require.Len(t, r.objects(), 2, "one item for an object")
		deleted := r.objects()[0]["data"].(map[string]any)
		assert.Equal(t, []any{1.0, "Deleted", "2000-01-01"}, []any{deleted["id"], deleted["status"], deleted["date"]}, "stays, and is an update")
		assert.Equal(t, 511.0, r.objects()[1]["data"].(map[string]any)["timeOfDayInMinutes"])
		assert.Less(t, deleted["changeVersion"], r.objects()[1]["data"].(map[string]any)["changeVersion"])
		assert.Equal(t, protime.ClockingDeleted, srv.Clockings()[0].Status)
	})
}

// Objects that are deleted, and those that leave what the delta selects.
func TestDeltaDeletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithObjects("counters",
			map[string]any{"id": 1, "date": "2000-01-02", "status": "Auto"}, map[string]any{"id": 2, "date": "2000-01-02", "status": "Auto"},
			map[string]any{"id": 3, "date": "2000-01-02", "status": "Manual"}, map[string]any{"id": 4, "date": "2000-03-01", "status": "Auto"}))
		c := everything(t, srv)
		rows, link := c.load("/counters?filter=date%20ge%20'2000-01-01'%20and%20date%20le%20'2000-01-31'%20and%20status%20eq%20'Auto'&delta")
		assert.Len(t, rows, 2)
		for _, object := range []map[string]any{
			{"id": 2, "date": "2000-02-01", "status": "Auto"}, {"id": 3, "date": "2000-01-03", "status": "Auto"}, {"id": 4, "date": "2000-03-02", "status": "Auto"},
			{"date": "2000-01-05", "status": "Auto"}, {"date": "2000-02-05", "status": "Auto"},
		} {
			_, err := srv.Put("counters", object)
			require.NoError(t, err)
		}
		require.NoError(t, srv.Remove("counters", "1"))
		require.NoError(t, srv.Remove("counters", "6"))
		r := c.follow(link)
		assert.JSONEq(t, `{"changeType": "Delete", "data": {"changeVersion": "0000090200004BD00013", "id": 1}}`, string(encoded(t, r.objects()[3])))
		assert.Equal(t, []any{"Delete", "InsertOrUpdate", "InsertOrUpdate", "Delete"}, []any{
			r.objects()[0]["changeType"], r.objects()[1]["changeType"], r.objects()[2]["changeType"], r.objects()[3]["changeType"]})
		assert.Len(t, r.objects(), 4)
	})
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return text
}

func TestDeltaRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithClockings(at(1, 1)), protimetest.WithObjects("people", map[string]any{"id": 1}))
		c := everything(t, srv)
		for target, want := range map[string]string{
			"/clockings?delta":                                                                  "'date' is required",
			"/clockings?" + anyDay + "&delta=":                                                  "'delta' has no value",
			"/clockings?" + anyDay + "&delta=true":                                              "'delta' has no value",
			"/clockings?" + anyDay + "&delta&delta":                                             "given twice",
			"/clockings?filter=date%20ge%20'1998-12-31'&delta":                                  "date range",
			"/clockings?filter=date%20le%20'2000-01-01'&delta":                                  "date range",
			"/clockings?filter=date%20ge%20'1999-01-01'%20and%20date%20le%20'2000-01-03'&delta": "date range",
			"/clockings?" + anyDay + "%20and%20person%20eq%201&delta":                           "'person' is not allowed in a delta",
			"/contracts?filter=person%20eq%201&delta":                                           "'person' is not allowed in a delta",
			"/people?filter=person%20eq%201&delta":                                              "'person' is not allowed in a delta",
			"/clockings?" + anyDay + "&delta&continuationToken=x":                               "a token goes on",
			"/clockings?" + anyDay + "&delta&deltaToken=x":                                      "a token goes on",
			"/absence-groups?delta&externalReferences=(absence-groups,x)":                       "no external references here",
			"/departments?delta":                                                                "'delta' is not known",
			"/delta/clockings":                                                                  "token is invalid",
			"/delta/clockings?x=1":                                                              "'x' is not known",
			"/delta/clockings?deltaToken":                                                       "token is invalid",
		} {
			refused(t, c.get(target), 400, "BadRequest", want)
		}
		for _, target := range []string{"/clockings?" + anyDay + "&delta", "/people?delta", "/counter-definitions?filter=enabled%20eq%20true&delta"} {
			_, link := c.load(target)
			c.poll(link)
		}
		reader := newCaller(t, srv, "connector-protimeapi-people.read")
		refused(t, reader.get("/delta/clockings?deltaToken=x"), 403, "Forbidden", "clockings.read")
		assert.Equal(t, 405, c.send("POST", "/delta/clockings", "{}").status)
	})
}

func TestDeltasEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithPageSize(1), protimetest.WithClockings(at(1, 1), at(1, 2)),
			protimetest.WithTokenLifetime(10000*time.Hour))
		c := everything(t, srv)
		gone := func(link string) { t.Helper(); refused(t, c.follow(link), 410, "Gone", "expired") }
		start := func() (next, poll string) {
			first := c.get("/clockings?" + anyDay + "&delta")
			next, _ = first.json()["nextLink"].(string)
			poll, _ = c.follow(next).json()["deltaLink"].(string)
			return next, poll
		}
		next, link := start()
		for range 3 { // each request keeps it alive
			time.Sleep(72*time.Hour - time.Second)
			_, link = c.poll(link)
		}
		time.Sleep(72 * time.Hour)
		gone(link)
		gone(next)

		next, link = start()
		start()
		gone(link) // a collection has one delta
		gone(next)

		_, link = start()
		_, other := c.load("/absence-groups?delta")
		_, link = c.poll(link) // others do not matter
		gone(strings.Replace(link, "clockings", "absences", 1))
		c.poll(other)
		srv.ExpireDeltas()
		gone(link)

		elsewhere := everything(t, protimetest.NewServer(t))
		_, link = elsewhere.load("/clockings?" + anyDay + "&delta")
		start()
		gone(link) // of another server
	})
}

func TestRepeatedPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for status, code := range map[int]string{200: "", 400: "BadRequest", 409: "Conflict", 410: "Gone"} {
			srv := protimetest.NewServer(t, protimetest.WithRepeatedPolls(status))
			c := everything(t, srv)
			_, link := c.load("/clockings?" + anyDay + "&delta")
			_, err := srv.Put("clockings", at(1, 1))
			require.NoError(t, err)
			answered := c.follow(link)
			_, err = srv.Put("clockings", at(1, 2))
			require.NoError(t, err)
			again := c.follow(link)
			if status == 200 {
				assert.Equal(t, answered.body, again.body)
			} else {
				refused(t, again, status, code, "used before")
			}
			changes, _ := c.poll(answered.json()["deltaLink"].(string))
			assert.Equal(t, []string{"InsertOrUpdate 2"}, changes)
		}
	})
}

// To save one group is to save them all.
func TestGroupsAreSavedTogether(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithSample(worktime.NewDate(2026, 1, 5)))
	c := everything(t, srv)
	for _, name := range []string{"absence-groups", "counter-groups"} {
		before, err := srv.Snapshot(name, "")
		require.NoError(t, err)
		_, link := c.load("/" + name + "?delta")
		_, err = srv.Put(name, map[string]any{"id": 2, "name": map[string]any{"default": "new"}})
		require.NoError(t, err)
		changes, link := c.poll(link)
		assert.Equal(t, []string{"InsertOrUpdate 2", "InsertOrUpdate 1"}, changes)
		after, err := srv.Snapshot(name, "")
		require.NoError(t, err)
		assert.NotEqual(t, before[0], after[0])
		require.NoError(t, srv.Remove(name, "1"))
		changes, _ = c.poll(link)
		assert.Equal(t, []string{"Delete 1"}, changes)
	}
}

func TestVersionsGrow(t *testing.T) {
	srv := protimetest.NewServer(t, protimetest.WithObjects("jobs", map[string]any{"id": 1, "changeVersion": "0001E7C50000FFFFFFFF"}))
	for _, want := range []string{"0001E7C5000100000000", "0001E7C5000100000001"} {
		_, err := srv.Put("jobs", map[string]any{"id": 1, "changeVersion": "ignored"})
		require.NoError(t, err)
		all, err := srv.Snapshot("jobs", "")
		require.NoError(t, err)
		assert.JSONEq(t, `{"id":1,"changeVersion":"`+want+`"}`, string(all[0]))
	}
}

// A copy that is kept by an initial load and polls is equal to the server, whatever changes.
func TestChangesReachAMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithSample(worktime.NewDate(2000, 1, 3)), protimetest.WithPageSize(20))
		c := everything(t, srv)
		mirrors, links := map[string]map[string]string{}, map[string]string{}
		keep := func(name string, object map[string]any) {
			mirrors[name][string(encoded(t, object["id"]))] = string(encoded(t, object))
		}
		changes := srv.Changes(7)
		for _, test := range index {
			if !test.delta {
				continue
			}
			mirrors[test.name] = map[string]string{}
			target := "/" + test.name + "?delta"
			if test.dated {
				target += "&" + anyDay
			}
			rows, link := c.load(target)
			for _, row := range rows {
				keep(test.name, row)
			}
			links[test.name] = link
			_, err := changes.Next()
			require.NoError(t, err)
		}
		types := map[string]int{}
		for range 10 {
			for range 100 {
				change, err := changes.Next()
				require.NoError(t, err)
				types[change.Type]++
			}
			for _, name := range slices.Sorted(maps.Keys(links)) {
				r := c.follow(links[name])
				for _, item := range r.objects() {
					if item["changeType"] == "Delete" {
						delete(mirrors[name], string(encoded(t, item["data"].(map[string]any)["id"])))
					} else {
						keep(name, item["data"].(map[string]any))
					}
				}
				links[name], _ = r.json()["deltaLink"].(string)
				want, err := srv.Snapshot(name, "")
				require.NoError(t, err)
				assert.Len(t, mirrors[name], len(want), name)
				for _, object := range want {
					var o map[string]any
					require.NoError(t, json.Unmarshal(object, &o))
					assert.JSONEq(t, string(object), mirrors[name][string(encoded(t, o["id"]))], name)
				}
			}
		}
		assert.Greater(t, types["Delete"], 20)
		assert.Greater(t, types["InsertOrUpdate"], 500)
	})
}

func TestSameChangesWithTheSameSeed(t *testing.T) {
	run := func(seed uint64) (all []protimetest.Change, state []json.RawMessage) {
		srv := protimetest.NewServer(t, protimetest.WithSample(worktime.NewDate(2026, 1, 5)))
		changes := srv.Changes(seed, "clockings", "absence-definitions", "people")
		for range 60 {
			change, err := changes.Next()
			require.NoError(t, err)
			all = append(all, change)
		}
		state, err := srv.Snapshot("absence-definitions", "")
		require.NoError(t, err)
		return all, state
	}
	first, state := run(1)
	again, same := run(1)
	other, _ := run(2)
	assert.Equal(t, first, again)
	assert.Equal(t, state, same)
	assert.NotEqual(t, first, other)

	_, err := protimetest.NewServer(t).Changes(1, "nothing").Next()
	assert.ErrorContains(t, err, "no collection")
	_, err = protimetest.NewServer(t).Changes(1, "people").Next()
	assert.ErrorContains(t, err, "no objects")
}

func TestChangesRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := protimetest.NewServer(t, protimetest.WithSample(worktime.NewDate(2000, 1, 3)))
		c := everything(t, srv)
		_, link := c.load("/clockings?" + anyDay + "&delta")
		ended := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { ended <- srv.Changes(1, "clockings").Run(ctx, time.Minute) }()
		time.Sleep(3*time.Minute + time.Second)
		cancel()
		require.NoError(t, <-ended)
		changes, _ := c.poll(link)
		assert.Len(t, changes, 3)
	})
}

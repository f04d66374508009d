package protimetest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Changes makes changes as users of Protime do, for programs that keep in step with it. It is for one goroutine.
type Changes struct {
	server      *Server
	rng         *rand.Rand
	collections []string
	count       int
}

// Change is what was done to an object; Type is InsertOrUpdate or Delete, as deltas tell it.
type Change struct{ Collection, ID, Type string }

// Changes returns a source of changes in these collections; without any, in all that have deltas. The same seed gives
// the same changes, if the server has the same objects.
func (s *Server) Changes(seed uint64, collections ...string) *Changes {
	if len(collections) == 0 {
		for _, name := range slices.Sorted(maps.Keys(s.store.tables)) {
			if s.store.tables[name].delta {
				collections = append(collections, name)
			}
		}
	}
	rng := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // test data, which must be the same each time
	return &Changes{server: s, rng: rng, collections: collections}
}

// Run makes a change in each period until ctx ends, which is no error.
func (c *Changes) Run(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if _, err := c.Next(); err != nil {
				return err
			}
		}
	}
}

// Next makes one change: most often to an object that is there, sometimes a new or a deleted one.
func (c *Changes) Next() (Change, error) {
	name := c.collections[c.rng.IntN(len(c.collections))]
	t := c.server.store.tables[name]
	if t == nil {
		return Change{}, fmt.Errorf("protimetest: there is no collection %q", name)
	}
	rows, _ := c.server.store.page(name, 0, math.MaxInt, anything)
	if len(rows) == 0 {
		return Change{}, fmt.Errorf("protimetest: %s has no objects to change", name)
	}
	c.count++
	r := rows[c.rng.IntN(len(rows))]
	draw := c.rng.IntN(10)
	if draw == 0 && len(rows) > 3 {
		what := Change{name, r.id, deleted}
		if t.stays {
			what.Type = inserted
		}
		return what, c.server.Remove(name, r.id)
	}
	doc := r.doc.clone()
	if draw < 4 && name != "calculated-totals" { // of which a person has one a day
		c.fresh(doc)
	}
	c.alter(doc)
	id, err := c.server.Put(name, doc)
	return Change{name, id, inserted}, err
}

// fresh makes a copy a new object, whose codes must be its own.
func (c *Changes) fresh(doc map[string]any) {
	delete(doc, "id")
	if doc["status"] == "Deleted" {
		doc["status"] = "Active"
	}
	for _, member := range []string{"code", "badgeNumber", "employeeNumber"} {
		if code, ok := doc[member].(string); ok {
			code, _, _ = strings.Cut(code, "/")
			doc[member] = fmt.Sprintf("%s/%d", code, c.count)
		}
	}
}

// alter changes minutes, a name or a number of an object, or else nothing: also that is a change.
func (c *Changes) alter(doc map[string]any) {
	var minutes []string
	for member, value := range doc {
		if _, ok := value.(json.Number); ok && strings.HasSuffix(member, "InMinutes") {
			minutes = append(minutes, member)
		}
	}
	slices.Sort(minutes)
	name, _ := doc["name"].(map[string]any)
	switch {
	case len(minutes) > 0:
		doc[minutes[c.rng.IntN(len(minutes))]] = 5 * c.rng.IntN(24*60/5)
	case name != nil:
		text, _ := name["default"].(string)
		text, _, _ = strings.Cut(text, " (")
		name["default"] = fmt.Sprintf("%s (%d)", text, c.count)
	case doc["telephone"] != nil:
		doc["telephone"] = fmt.Sprintf("+32 3 555 %04d", c.rng.IntN(10000))
	}
}

package protime

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Change is what happened to a record. See
// https://documentation.myprotime.eu/protimeapi/reference/delta/
type Change[T any] struct {
	Type ChangeType `json:"changeType"`
	// Data is the record as it is now. Of a deleted one it may have the id and the
	// changeVersion only.
	Data T `json:"data"`
}

// LogValue implements [slog.LogValuer], so that a record that hides some of its data in logs, as a
// [Person] does, hides it in a change too.
func (c Change[T]) LogValue() slog.Value {
	return slog.GroupValue(slog.String("changeType", string(c.Type)), slog.Any("data", c.Data))
}

// ChangeType says what happened. Unknown values are kept as they are.
type ChangeType string

// The types of a change. The records of an initial load come as ChangeInsertOrUpdate. A clocking
// that a user deleted does too: see [Clocking.Status].
const (
	ChangeInsertOrUpdate ChangeType = "InsertOrUpdate"
	ChangeDelete         ChangeType = "Delete"
)

// ErrDeltaExpired means that Protime no longer continues a delta where the cursor stands: 72 hours passed, a
// newer delta of the same collection took its place, or it does not answer the same position
// twice. Begin a new initial load, with an empty cursor; what it does not have was deleted. It also matches the
// sentinel of the status, such as [worktime.ErrNotFound], so ask for this one first.
var ErrDeltaExpired = errors.New("delta expired")

// Record is a record of a collection that tells its changes.
type Record interface {
	// version returns the id and the changeVersion. Versions of the same id are ordered as text.
	version() (id int64, changeVersion string)
}

// VersionOf returns the id and the changeVersion of a record, for code that keeps records of any
// collection.
func VersionOf[T Record](record T) (id int64, changeVersion string) { return record.version() }

// Latest drops from changes those that a newer one of the same record outdates, whatever order
// they came in. The others keep their order. Of two with the same changeVersion the later stays.
func Latest[T Record](changes []Change[T]) []Change[T] {
	newest := make(map[int64]int, len(changes))
	for i, change := range changes {
		id, version := change.Data.version()
		at, known := newest[id]
		if known {
			if _, other := changes[at].Data.version(); other > version {
				continue
			}
		}
		newest[id] = i
	}
	latest := make([]Change[T], 0, len(newest))
	for i, change := range changes {
		if id, _ := change.Data.version(); newest[id] == i {
			latest = append(latest, change)
		}
	}
	return latest
}

// feedQuery is the query of a delta and the position in it.
type feedQuery[Q query] struct {
	query  Q
	cursor worktime.Cursor
}

// feedOf is the initial load of a collection and the polls that follow it.
func feedOf[T any, Q query](name, path string) rest.List[Change[T], feedQuery[Q]] {
	return rest.List[Change[T], feedQuery[Q]]{
		Op: rest.Op{Name: "changes of " + name, Class: transport.Safe, Method: http.MethodGet, Path: path},
		Queries: func(base *url.URL, q feedQuery[Q]) ([]url.Values, error) {
			s, err := q.query.selection()
			if err != nil {
				return nil, err
			}
			if err := s.checkDelta(q.query.position(), q.cursor); err != nil {
				return nil, err
			}
			return s.walks(base, path, true)
		},
		Cursor: func(q feedQuery[Q]) worktime.Cursor { return q.cursor },
		Decode: decodeLoad[T],
		Poll:   decodePoll[T],
	}
}

// checkDelta checks the rules that a delta has beside those of a list. That of its beginning
// holds for a new one only: one that lives for years goes on.
func (s *selection) checkDelta(inQuery, cursor worktime.Cursor) error {
	// The tenant's year may not be ours yet.
	first := worktime.NewDate(time.Now().UTC().Add(-12*time.Hour).Year()-1, time.January, 1)
	switch {
	case inQuery != "":
		return badField(s.name+".Cursor", "must be empty: a delta takes its cursor by itself")
	case s.byPerson:
		return badField(s.name, "selects persons, which Protime does not allow in a delta")
	case cursor == "" && !s.from.IsZero() && s.from.Before(first):
		return badField(s.name+".From", "is before "+first.String()+": Protime begins a delta at 1 January of last year at the earliest")
	}
	return nil
}

// changes walks the rest of an initial load, or polls once.
func changes[T any, Q query](ctx context.Context, c *rest.Client, feed rest.List[Change[T], feedQuery[Q]], cursor worktime.Cursor, q Q) iter.Seq2[worktime.Page[Change[T]], error] {
	return func(yield func(worktime.Page[Change[T]], error) bool) {
		linked := cursor != ""
		for page, err := range rest.Pages(ctx, c, feed, feedQuery[Q]{q, cursor}) {
			if linked {
				err = deltaExpired(err)
			}
			if !yield(page, err) {
				return
			}
			linked = true
		}
	}
}

// deltaExpired adds ErrDeltaExpired to the refusal of a link. Only 410 is documented for it; the
// others are taken for the same, since whether a link is answered twice is not.
func deltaExpired(err error) error {
	e, ok := errors.AsType[*worktime.Error](err)
	if ok && (e.StatusCode == http.StatusGone || e.StatusCode == http.StatusConflict || e.StatusCode == http.StatusBadRequest) {
		e.Err = transport.Join(ErrDeltaExpired, worktime.ErrCursorExpired, e.Err)
	}
	return err
}

package timeneye

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

// Entry is saved time: of a user, on a phase of a project, on a day. A running timer is none until
// it is saved.
//
// See https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
type Entry struct {
	ID        int64 `json:"entry_id"`
	UserID    int64 `json:"user_id,omitzero"` // 0: not told; the others too
	ProjectID int64 `json:"project_id,omitzero"`
	PhaseID   int64 `json:"phase_id,omitzero"`
	ClientID  int64 `json:"client_id,omitzero"` // of the project; 0: none
	TodoID    int64 `json:"todo_id,omitzero"`   // in an integration; 0: none
	// Date is the day of the person who worked.
	Date    worktime.Date `json:"entry_date"`
	Minutes int           `json:"entry_minutes"` // not negative
	Notes   string        `json:"notes,omitzero"`
	Billed  bool          `json:"billed"`
	// Cost, Revenue and Profit are shown to owners, and partly to admins and managers. Empty: not
	// told. Their currency is not documented.
	Cost    Decimal `json:"cost,omitzero"`
	Revenue Decimal `json:"revenue,omitzero"`
	Profit  Decimal `json:"profit,omitzero"`
	// SourceURL and SourceText lead to the item of the integration that the entry came from.
	SourceURL  string    `json:"source_url,omitzero"`
	SourceText string    `json:"source_text,omitzero"`
	Created    time.Time `json:"created_date,omitzero"`
	Updated    time.Time `json:"updated_date,omitzero"`
	// Raw is the entry as it came, with the members that are not known here, such as that of a lock.
	Raw json.RawMessage `json:"-"`
}

// Decimal is an amount as the vendor writes it, such as "47.50": digits, perhaps with a minus and
// a point. It is not a float, so that no cent is lost.
type Decimal string

// UnmarshalJSON reads an entry in every form that the vendor may give its members.
func (e *Entry) UnmarshalJSON(data []byte) error {
	*e = Entry{Raw: append(json.RawMessage(nil), data...)}
	f := readFields("entry", data)
	f.require("entry_id", "entry_date", "entry_minutes")
	e.read(f)
	return f.err
}

func (e *Entry) read(f *fields) {
	f.id("entry_id", &e.ID)
	f.id("user_id", &e.UserID)
	f.id("project_id", &e.ProjectID)
	f.id("phase_id", &e.PhaseID)
	f.id("client_id", &e.ClientID)
	f.id("todo_id", &e.TodoID)
	f.day("entry_date", &e.Date)
	f.count("entry_minutes", &e.Minutes)
	f.text("notes", &e.Notes)
	f.flag("billed", &e.Billed)
	f.decimal("cost", &e.Cost)
	f.decimal("revenue", &e.Revenue)
	f.decimal("profit", &e.Profit)
	f.text("source_url", &e.SourceURL)
	f.text("source_text", &e.SourceText)
	f.time("created_date", &e.Created)
	f.time("updated_date", &e.Updated)
}

// NewEntry is an entry to be created. ProjectID, PhaseID, Date and Minutes are required. The
// vendor's names for writing are not those for reading.
type NewEntry struct {
	ProjectID int64         `json:"project_id"`
	PhaseID   int64         `json:"phase_id"` // a phase of the project
	Minutes   int           `json:"minutes"`  // at least 1
	Date      worktime.Date `json:"date"`
	Notes     string        `json:"notes"`
}

func (n NewEntry) check() error {
	switch {
	case n.ProjectID < 1:
		return badField("NewEntry.ProjectID", "is required")
	case n.PhaseID < 1:
		return badField("NewEntry.PhaseID", "is required: every project has at least one phase")
	case n.Minutes < 1:
		return badField("NewEntry.Minutes", "must be at least 1")
	case n.Date.IsZero():
		return badField("NewEntry.Date", "is required")
	}
	return nil
}

// Minutes returns a duration in whole minutes. A fraction of a minute is an error: Timeneye counts
// in minutes, and nothing is rounded silently.
func Minutes(d time.Duration) (int, error) {
	if d%time.Minute != 0 {
		return 0, badField("duration", fmt.Sprintf("%v is not in whole minutes", d))
	}
	return int(d / time.Minute), nil
}

// EntryQuery selects entries. All conditions that are set must hold.
type EntryQuery struct {
	// From and To are days, both included, and both required: what the vendor takes for a range
	// without them is not documented.
	From, To worktime.Date
	// Members are ids of users; nil for all that the login may see. Duplicates are dropped.
	Members []int64
	// SortBy is the vendor's name of a column, Descending its direction. Empty: the vendor's order.
	SortBy     SortBy
	Descending bool
	// PerPage is how many entries a page has, 1 to 100. Default 100, the most that was seen.
	PerPage int
	// Extra are further parameters, for what the vendor documents to you, such as
	// "project_ids[]": the brackets belong to the name of a parameter that may come more than once.
	Extra url.Values
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

// SortBy is a column to sort by. Others than those named here can be given as text.
type SortBy string

// SortByUpdated is the only column that was seen.
const SortByUpdated SortBy = "updated_date"

const maxPerPage = 100

func (q EntryQuery) values() ([]url.Values, error) {
	values := url.Values{"date_from": {q.From.String()}, "date_to": {q.To.String()}, "per_page": {strconv.Itoa(maxPerPage)}}
	switch {
	case q.From.IsZero():
		return nil, badField("EntryQuery.From", "is required")
	case q.To.IsZero():
		return nil, badField("EntryQuery.To", "is required")
	case q.To.Before(q.From):
		return nil, badField("EntryQuery.To", fmt.Sprintf("is %s, before From %s", q.To, q.From))
	case q.Members != nil && len(q.Members) == 0:
		return nil, badField("EntryQuery.Members", "is empty: leave it nil to have no such condition")
	case q.Descending && q.SortBy == "":
		return nil, badField("EntryQuery.Descending", "is the direction of SortBy, which is empty")
	case q.PerPage < 0 || q.PerPage > maxPerPage:
		return nil, badField("EntryQuery.PerPage", fmt.Sprintf("is %d: want 1 to %d", q.PerPage, maxPerPage))
	}
	for _, id := range q.Members {
		if id < 1 {
			return nil, badField("EntryQuery.Members", fmt.Sprintf("has the id %d: ids begin at 1", id))
		}
		if text := strconv.FormatInt(id, 10); !slices.Contains(values["member_ids[]"], text) {
			values.Add("member_ids[]", text)
		}
	}
	if q.SortBy != "" {
		values.Set("sort_by", string(q.SortBy))
		values.Set("direction", map[bool]string{false: "asc", true: "desc"}[q.Descending])
	}
	if q.PerPage > 0 {
		values.Set("per_page", strconv.Itoa(q.PerPage))
	}
	return addExtra("EntryQuery.Extra", values, q.Extra)
}

// addExtra adds parameters of the caller's, which must not change those of ours.
func addExtra(field string, values, extra url.Values) ([]url.Values, error) {
	for name := range extra {
		if _, ours := values[name]; ours || name == "page" || name == "" {
			return nil, badField(field, fmt.Sprintf("has %.40q, which is set by itself", name))
		}
	}
	maps.Copy(values, extra)
	return []url.Values{values}, nil
}

// EntryService reads and creates entries.
type EntryService struct{ client *rest.Client }

const entriesPath = "/entries"

var (
	listEntries = rest.List[Entry, EntryQuery]{
		Op:       rest.Op{Name: "list entries", Class: transport.Safe, Method: http.MethodGet, Path: entriesPath},
		Queries:  func(_ *url.URL, q EntryQuery) ([]url.Values, error) { return q.values() },
		Cursor:   func(q EntryQuery) worktime.Cursor { return q.Cursor },
		Numbered: &rest.Numbered[Entry]{Page: "page", Size: "per_page", Decode: decodePage[Entry], Key: func(e Entry) int64 { return e.ID }},
	}
	createEntry = rest.Op{Name: "create entry", Class: transport.Once, Method: http.MethodPost, Path: entriesPath}
)

// All walks the entries that q selects. A Member gets their own only, and managers those of their
// projects, groups or people: that a list is short may be for want of a role, and nothing in the
// answer tells. Entries that others add or change during the walk may be missed or come
// twice, since pages are numbered; entries of the page before are dropped.
//
// An error ends the loop; items before it may have come. What is wrong with q is a
// [worktime.FieldError], everything else a [worktime.Error] or a [worktime.AuthError].
//
// See [GET /entries].
//
// [GET /entries]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op GET /entries
func (s *EntryService) All(ctx context.Context, q EntryQuery) iter.Seq2[Entry, error] {
	return rest.All(ctx, s.client, listEntries, q)
}

// Pages is [EntryService.All] by pages, each with the cursor of the position after it. Errors are
// the same; no page comes with one.
//
// See [GET /entries].
//
// [GET /entries]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op GET /entries
func (s *EntryService) Pages(ctx context.Context, q EntryQuery) iter.Seq2[worktime.Page[Entry], error] {
	return rest.Pages(ctx, s.client, listEntries, q)
}

// Create books time for the user of the login. It is sent again only if Timeneye provably did not
// book it: [worktime.ErrUnknownOutcome] means that it may have been booked, so list the day with
// [EntryService.All] and compare project, phase, minutes and notes before booking again; an equal entry may
// have been there before. What the answer holds is not documented: what it does not have is as it was sent, and
// the ID is 0.
//
// Without the role for it, in a locked period or on a closed phase Timeneye refuses: that is
// [worktime.ErrForbidden] or [worktime.ErrBadRequest], with the vendor's words.
//
// See [POST /entries].
//
// [POST /entries]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op POST /entries
func (s *EntryService) Create(ctx context.Context, entry NewEntry) (Entry, error) {
	if err := entry.check(); err != nil {
		return Entry{}, err
	}
	out := Entry{ProjectID: entry.ProjectID, PhaseID: entry.PhaseID, Minutes: entry.Minutes, Date: entry.Date, Notes: entry.Notes}
	err := s.client.Send(ctx, createEntry, nil, entry, func(a rest.Answer) (err error) {
		out.Raw, err = readCreated(a, "entry", func(f *fields) {
			f.id("id", &out.ID) // which of the two is sent is not documented
			out.read(f)
		})
		return err
	})
	if err != nil {
		return Entry{}, err
	}
	return out, nil
}

// overlap is how far a walk of changes goes back behind the moment that was asked for: clocks
// differ, and a change may become visible after a later one.
const overlap = time.Minute

// UpdatedSince returns the entries of q that were added or changed since a moment, in the order
// in which they were. Save each, and the Updated of the last, which is since of the next call; what
// was changed in the minute before since comes again, so save by ID. Entries without a
// timestamp are returned each time, first.
//
// Timeneye has no filter for changes. The entries between q.From and q.To are walked, newest change
// first, until since is reached, so that one that is changed meanwhile is found by the next call at
// the latest. What it cannot see: entries that were deleted, changes of entries
// outside of the days from q.From to q.To, however recent, and now and then an entry that slips to the page before
// because another one was deleted during the walk. So let q begin as long ago as
// somebody may still correct their time, and read everything anew from time to time. q.SortBy,
// q.Descending and q.Cursor must be empty. That the vendor sorts by changes is not documented: if it does
// not, that is [worktime.ErrBadResponse].
//
// See [GET /entries].
//
// [GET /entries]: https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
//
//api:op GET /entries
func (s *EntryService) UpdatedSince(ctx context.Context, since time.Time, q EntryQuery) ([]Entry, error) {
	if q.SortBy != "" || q.Descending || q.Cursor != "" {
		return nil, badField("EntryQuery", "must have no SortBy, Descending and Cursor: they are set by itself")
	}
	q.SortBy, q.Descending = SortByUpdated, true
	seen := map[int64]struct{}{}
	var changed []Entry
	var last time.Time
	for entry, err := range s.All(ctx, q) {
		if err != nil {
			return nil, err
		}
		if at := entry.Updated; !at.IsZero() {
			if !last.IsZero() && at.After(last) {
				return nil, &worktime.Error{
					Provider: provider, Operation: listEntries.Op.Name, Method: http.MethodGet, Path: s.client.Base.EscapedPath() + entriesPath,
					Err: transport.Join(worktime.ErrBadResponse, errors.New("the entries are not in the order of their changes, which was asked for")),
				}
			}
			if at.Before(since.Add(-overlap)) {
				break
			}
			last = at
		}
		if _, again := seen[entry.ID]; !again {
			seen[entry.ID] = struct{}{}
			changed = append(changed, entry)
		}
	}
	slices.SortStableFunc(changed, func(a, b Entry) int { return a.Updated.Compare(b.Updated) })
	return changed, nil
}

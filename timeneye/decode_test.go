package timeneye

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// readable are the forms that a member may come in.
var readable = []struct {
	member string
	value  string // JSON; "" is an absent member
	want   any    // of the field
}{
	{"entry_id", `9001`, int64(9001)}, {"entry_id", `"9001"`, int64(9001)}, {"entry_id", `9001.0`, int64(9001)}, {"entry_id", `"9001.00"`, int64(9001)},
	{"entry_id", `9223372036854775807`, int64(9223372036854775807)}, {"entry_id", `"9223372036854775807"`, int64(9223372036854775807)},
	{"entry_id", "9001 ", int64(9001)},
	{"user_id", `42`, int64(42)}, {"user_id", `"42"`, int64(42)}, {"user_id", `null`, int64(0)}, {"user_id", ``, int64(0)},
	{"project_id", `310`, int64(310)}, {"project_id", `"0310"`, int64(310)}, {"project_id", `null`, int64(0)},
	{"phase_id", `77`, int64(77)}, {"phase_id", `"77"`, int64(77)}, {"phase_id", ``, int64(0)},
	{"client_id", `15`, int64(15)}, {"client_id", `null`, int64(0)}, {"client_id", ``, int64(0)},
	{"todo_id", `5`, int64(5)}, {"todo_id", `"5"`, int64(5)}, {"todo_id", `null`, int64(0)}, {"todo_id", ``, int64(0)},
	{"entry_date", `"2026-07-14"`, "2026-07-14"}, {"entry_date", `"2026-07-14T23:30:00-11:00"`, "2026-07-14"},
	{"entry_date", `"2026-07-14T00:00:00.000Z"`, "2026-07-14"}, {"entry_date", `"2026-07-14 00:00:00"`, "2026-07-14"},
	{"entry_date", `"2026-07-14T23:59:59+14:00"`, "2026-07-14"}, {"entry_date", `"2024-02-29"`, "2024-02-29"},
	{"entry_minutes", `95`, 95}, {"entry_minutes", `"95"`, 95}, {"entry_minutes", `95.0`, 95}, {"entry_minutes", `0`, 0}, {"entry_minutes", `"0"`, 0},
	{"entry_minutes", `1440`, 1440}, {"entry_minutes", `2147483647`, 2147483647},
	{"notes", `"Review"`, "Review"}, {"notes", `""`, ""}, {"notes", `null`, ""}, {"notes", ``, ""}, {"notes", `"\ud83d\ude00 \u00e9"`, "😀 é"}, {"notes", `7`, "7"}, {"notes", `"a\nb"`, "a\nb"},
	{"billed", `0`, false}, {"billed", `1`, true}, {"billed", `"0"`, false}, {"billed", `"1"`, true}, {"billed", `false`, false}, {"billed", `true`, true},
	{"billed", `"true"`, true}, {"billed", `"false"`, false}, {"billed", `null`, false}, {"billed", ``, false},
	{"cost", `"47.50"`, Decimal("47.50")}, {"cost", `47.50`, Decimal("47.50")}, {"cost", `"-47.50"`, Decimal("-47.50")}, {"cost", `0`, Decimal("0")},
	{"cost", `"200"`, Decimal("200")}, {"cost", `null`, Decimal("")}, {"cost", ``, Decimal("")}, {"cost", `"0.10"`, Decimal("0.10")},
	{"cost", `123456789012345678901234567890.12`, Decimal("123456789012345678901234567890.12")},
	{"revenue", `"95.00"`, Decimal("95.00")}, {"revenue", `95`, Decimal("95")}, {"profit", `"47.50"`, Decimal("47.50")}, {"profit", `-1.5`, Decimal("-1.5")},
	{"source_url", `"https://example.com/x"`, "https://example.com/x"}, {"source_url", `null`, ""}, {"source_text", `"Card"`, "Card"}, {"source_text", ``, ""},
	{"created_date", `"2026-07-14T08:00:00.000Z"`, "2026-07-14T08:00:00Z"}, {"created_date", `"2026-07-14T08:00:00Z"`, "2026-07-14T08:00:00Z"},
	{"created_date", `"2026-07-14T10:00:00+02:00"`, "2026-07-14T08:00:00Z"}, {"created_date", `"2026-07-14 08:00:00"`, "2026-07-14T08:00:00Z"},
	{"created_date", `"2026-07-14T08:00:00"`, "2026-07-14T08:00:00Z"}, {"created_date", `"2026-07-14T08:00:00.123456Z"`, "2026-07-14T08:00:00.123456Z"},
	{"created_date", `null`, ""}, {"created_date", ``, ""}, {"updated_date", `"2026-07-15T09:30:00.000Z"`, "2026-07-15T09:30:00Z"}, {"updated_date", `null`, ""},
	{"unheard_of", `{"deep":[1,{"x":null}]}`, nil}, {"is_locked", `1`, nil}, {"id", `"x"`, nil}, {"Notes", `7`, nil},
}

// garbage cannot be meant, and must never become a zero.
var garbage = map[string][]string{
	"entry_id":      {``, `null`, `0`, `-1`, `"x"`, `1.5`, `true`, `[1]`, `{}`, `""`, `" 1"`, `"+1"`, `1e3`, `99999999999999999999`, `"0x10"`, `"1_000"`},
	"user_id":       {`0`, `-42`, `"forty"`, `[]`, `42.5`, `""`},
	"entry_date":    {``, `null`, `""`, `"14.07.2026"`, `"2026-02-30"`, `20260714`, `"2026-07-14x"`, `"2026-07-14T25:00:00Z"`, `"2026-7-4"`, `0`, `{}`, `false`},
	"entry_minutes": {``, `null`, `-1`, `"1h"`, `1.5`, `""`, `true`, `[95]`, `2147483648`, `"ninety"`},
	"notes":         {`{}`, `["a"]`},
	"billed":        {`2`, `"yes"`, `-1`, `[]`, `{}`, `""`, `"2"`},
	"cost":          {`"1,50"`, `"EUR 5"`, `""`, `1e3`, `true`, `{}`, `"."`, `"1."`, `"--1"`, `"NaN"`},
	"created_date":  {`"yesterday"`, `1690000000`, `""`, `"2026-07-14"`, `{}`, `true`},
	"updated_date":  {`"0"`, `[]`},
}

// object returns a valid entry with one member changed.
func object(member, value string) string {
	members := map[string]string{"entry_id": `1`, "entry_date": `"2026-01-01"`, "entry_minutes": `1`}
	members[member] = value
	var pairs []string
	for name, value := range members {
		if value != "" {
			pairs = append(pairs, `"`+name+`": `+value)
		}
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func member(e Entry, name string) any {
	moment := func(t time.Time) any {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	return map[string]any{
		"entry_id": e.ID, "user_id": e.UserID, "project_id": e.ProjectID, "phase_id": e.PhaseID, "client_id": e.ClientID, "todo_id": e.TodoID,
		"entry_date": e.Date.String(), "entry_minutes": e.Minutes, "notes": e.Notes, "billed": e.Billed, "cost": e.Cost, "revenue": e.Revenue,
		"profit": e.Profit, "source_url": e.SourceURL, "source_text": e.SourceText, "created_date": moment(e.Created), "updated_date": moment(e.Updated),
	}[name]
}

func TestReadable(t *testing.T) {
	for _, c := range readable {
		t.Run(c.member+" "+c.value, func(t *testing.T) {
			var e Entry
			text := object(c.member, c.value)
			require.NoError(t, json.Unmarshal([]byte(text), &e))
			assert.Equal(t, c.want, member(e, c.member))
			assert.Equal(t, text, string(e.Raw))
		})
	}
}

func TestGarbage(t *testing.T) {
	for name, values := range garbage {
		for _, value := range values {
			t.Run(name+" "+value, func(t *testing.T) {
				var e Entry
				err := json.Unmarshal([]byte(object(name, value)), &e)
				require.ErrorContains(t, err, "entry."+name, "the error must name the member")
			})
		}
	}
	for _, text := range []string{`null`, `[]`, `"x"`, `7`, `true`} {
		require.Error(t, new(Entry).UnmarshalJSON([]byte(text)), text)
	}
}

// An entry that is read into a variable that was used before keeps nothing of what was there.
func TestReadAnew(t *testing.T) {
	e := Entry{Notes: "old", Billed: true, Cost: "5", TodoID: 3}
	require.NoError(t, json.Unmarshal([]byte(object("x", "1")), &e))
	e.Raw = nil
	assert.Equal(t, Entry{ID: 1, Date: worktime.NewDate(2026, 1, 1), Minutes: 1}, e)
}

// What is written has the vendor's names.
func TestNames(t *testing.T) {
	data, err := json.Marshal(Entry{ID: 1, UserID: 2, ProjectID: 3, PhaseID: 4, ClientID: 5, TodoID: 6, Minutes: 7, Notes: "n", Cost: "1", Revenue: "2", Profit: "1",
		SourceURL: "u", SourceText: "t", Date: worktime.NewDate(2026, 1, 1), Created: time.Unix(0, 0), Updated: time.Unix(0, 0)})
	require.NoError(t, err)
	var names map[string]any
	require.NoError(t, json.Unmarshal(data, &names))
	for _, name := range []string{
		"entry_id", "user_id", "project_id", "phase_id", "client_id", "todo_id", "entry_date", "entry_minutes", "notes", "billed", "cost", "revenue",
		"profit", "source_url", "source_text", "created_date", "updated_date",
	} {
		assert.Contains(t, names, name)
	}
	assert.Len(t, names, 17)
}

func TestProject(t *testing.T) {
	budget := func(n int) *int { return &n }
	for text, want := range map[string]Project{
		`{"project_id": 310, "name": "Website"}`:                        {ID: 310, Name: "Website"},
		`{"project_id": "310", "name": null, "phases": null}`:           {ID: 310},
		`{"project_id": 310, "name": "W", "phases": [], "archived": 1}`: {ID: 310, Name: "W", Phases: []Phase{}},
		`{"project_id": 310, "phases": [{"phase_id": 77, "project_id": 310, "name": "Design", "is_open": 1, "phase_category_id": 4, "budget_minutes": 1200}]}`: {
			ID: 310, Phases: []Phase{{ID: 77, ProjectID: 310, Name: "Design", IsOpen: true, CategoryID: 4, BudgetMinutes: budget(1200)}}},
		`{"project_id": 310, "phases": [{"phase_id": "77", "is_open": "0", "phase_category_id": -1, "budget_minutes": null}]}`: {ID: 310, Phases: []Phase{{ID: 77}}},
		`{"project_id": 310, "phases": [{"phase_id": 77, "phase_category_id": null, "budget_minutes": "0"}]}`:                  {ID: 310, Phases: []Phase{{ID: 77, BudgetMinutes: budget(0)}}},
	} {
		var p Project
		require.NoError(t, json.Unmarshal([]byte(text), &p), text)
		assert.JSONEq(t, text, string(p.Raw))
		p.Raw = nil
		assert.Equal(t, want, p, text)
	}
	for text, where := range map[string]string{
		`{"name": "x"}`:                                                            "project.project_id",
		`{"project_id": 1, "phases": {}}`:                                          "project.phases",
		`{"project_id": 1, "phases": [{"name": "x"}]}`:                             "phase.phase_id",
		`{"project_id": 1, "phases": [null]}`:                                      "phase",
		`{"project_id": 1, "phases": [{"phase_id": 1, "is_open": 5}]}`:             "phase.is_open",
		`{"project_id": 1, "phases": [{"phase_id": 1, "budget_minutes": "much"}]}`: "phase.budget_minutes",
	} {
		require.ErrorContains(t, json.Unmarshal([]byte(text), new(Project)), where, text)
	}
}

// Lists come bare or as data, with or without their position.
func TestEnvelope(t *testing.T) {
	item := object("x", "1")
	for text, want := range map[string]struct {
		n    int
		meta meta
	}{
		`[]`:                            {0, meta{}},
		`[` + item + `]`:                {1, meta{}},
		` [` + item + `,` + item + `] `: {2, meta{}},
		`{"data": []}`:                  {0, meta{}},
		`{"data": [` + item + `]}`:      {1, meta{}},
		`{"data": [], "meta": null}`:    {0, meta{}},
		`{"data": [], "meta": []}`:      {0, meta{}},
		`{"current_page": 2, "data": [` + item + `], "last_page": 3, "total": 9}`:                                                               {1, meta{2, 3, true}},
		`{"meta": {"current_page": 1, "last_page": 1, "total": 0}, "data": []}`:                                                                 {0, meta{1, 1, true}},
		`{"data": [` + item + `], "meta": {"current_page": "2", "last_page": 3.0, "per_page": 1, "from": null}}`:                                {1, meta{2, 3, true}},
		`{"data": [], "links": {"next": "https://internal/x?page=2"}, "meta": {"current_page": 1, "last_page": 1, "total": "0", "links": [1]}}`: {0, meta{1, 1, true}},
	} {
		items, m, err := readList[Entry]([]byte(text))
		require.NoError(t, err, text)
		assert.Len(t, items, want.n, text)
		assert.Equal(t, want.meta, m, text)
	}
	for _, text := range []string{
		``, `null`, `{}`, `7`, `"x"`, `true`, `{"data": null}`, `{"data": {}}`, `{"data": 7}`, `{"entries": []}`, `[`, `{"data": [`, `<html>`,
		`{"data": [], "meta": {}}`, `{"data": [], "meta": {"current_page": 1}}`, `{"data": [], "meta": 7}`, `{"data": [], "current_page": 1}`, `{"data": [], "meta": [1]}`, `{"data": [], "meta": {"current_page": "one", "last_page": 1}}`,
		`[null]`, `[7]`, `[{}]`, `{"message": "Unauthenticated."}`,
	} {
		_, _, err := readList[Entry]([]byte(text))
		require.Error(t, err, text)
	}
	items, _, err := readList[Entry]([]byte(`[` + item + `,` + item + `,{"entry_id":3}]`))
	require.ErrorContains(t, err, "item 2: entry.entry_date")
	assert.Len(t, items, 2, "those before are not lost")
}

func TestExplain(t *testing.T) {
	for body, want := range map[string]struct {
		message string
		details []string
	}{
		`{"message": "The phase id field is required. (and 1 more error)", "errors": {"phase_id": ["The phase id field is required."], "minutes": ["Not a number.", "Too big."]}}`: {
			"The phase id field is required. (and 1 more error)", []string{"minutes: Not a number.", "minutes: Too big.", "phase_id: The phase id field is required."}},
		`{"errors": {"name": "taken"}}`:           {"", []string{"name: taken"}},
		`{"errors": {"name": {"code": 7}}}`:       {"", []string{`name: {"code": 7}`}},
		`{"error": "forbidden"}`:                  {"forbidden", nil},
		`{"error": {"message": "no such phase"}}`: {"no such phase", nil},
		`{"error": 7}`:                            {"", nil},
		`{"message": "a", "error": "b"}`:          {"a", nil},
		`{"message": 7, "error": "b"}`:            {"b", nil},
		`{"errors": ["x"], "message": "m"}`:       {"m", nil},
		"Too Many Attempts.":                      {"Too Many Attempts.", nil},
		strings.Repeat("x", 1000):                 {strings.Repeat("x", maxText), nil},
		`<html><body>Bad Gateway</body></html>`:   {"", nil},
		``:                                        {"", nil},
		strings.Repeat("é", 150) + "é":            {strings.Repeat("é", 100), nil},
		"x" + strings.Repeat("é", 150):            {"x" + strings.Repeat("é", 99), nil},
		"\xff\xfe":                                {"", nil},
		`[1,2]`:                                   {"", nil},
	} {
		code, message, details := explain([]byte(body))
		assert.Empty(t, code)
		assert.Equal(t, want.message, message, body)
		assert.Equal(t, want.details, details, body)
	}
}

// The decoder takes anything without a panic, and what it takes can be meant.
func FuzzEntry(f *testing.F) {
	for _, c := range readable {
		f.Add([]byte(object(c.member, c.value)))
	}
	for name, values := range garbage {
		for _, value := range values {
			f.Add([]byte(object(name, value)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _, _ = readList[Entry](data)
		_, _, _ = readList[Project](data)
		_, _, _ = explain(data)
		var e Entry
		if json.Unmarshal(data, &e) != nil || string(data) == "null" {
			return
		}
		assert.Positive(t, e.ID)
		assert.False(t, e.Date.IsZero())
		assert.GreaterOrEqual(t, e.Minutes, 0)
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(data, &members))
		for _, name := range []string{"user_id", "project_id", "phase_id", "client_id", "todo_id", "cost", "revenue", "profit", "created_date", "updated_date"} {
			if raw := members[name]; raw != nil && string(raw) != "null" {
				zero := member(Entry{}, name)
				if name == "created_date" || name == "updated_date" {
					continue // year 1 can be meant
				}
				assert.NotEqual(t, zero, member(e, name), "%s became a zero", name)
			}
		}
		again, err := json.Marshal(e)
		require.NoError(t, err)
		var back Entry
		require.NoError(t, json.Unmarshal(again, &back))
	})
}

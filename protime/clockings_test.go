package protime

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const listTarget = "/connector/protimeapi/api/v1/clockings?filter="

// The exchanges of the vendor's tutorial: getting a token, listing, creating.
// https://documentation.myprotime.eu/protimeapi/tutorials/getting-started/
func TestTutorial(t *testing.T) {
	v := newVendor(t,
		answer{status: 200, body: `{ "value": [ { "changeVersion": "0000090200004BD0000A", "id": 18601, "calculatedTimeOfDayInMinutes": 510,
			"isGenerated": false, "status": "Active", "person": {"id": 1}, "date": "2026-01-02",
			"timeOfDayInMinutes": 510, "terminal": {"id": 42}, "kind": "InOut" } ],
			"nextLink": null }`},
		answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/clockings/8192"}},
	)
	client := v.client(t)

	got, err := worktime.Collect(client.Clockings.All(t.Context(), ClockingQuery{
		Persons: []int64{1}, From: day("2026-01-01"), To: day("2026-01-31"),
	}))
	require.NoError(t, err)
	calculated := TimeOfDay(510)
	assert.Equal(t, []Clocking{{
		ChangeVersion: "0000090200004BD0000A", ID: 18601, Person: ByID(1), Date: day("2026-01-02"),
		TimeOfDay: 510, CalculatedTimeOfDay: &calculated, Terminal: &Ref{ID: 42}, Kind: ClockingInOut, Status: ClockingActive,
	}}, got)

	id, err := client.Clockings.Create(t.Context(), NewClocking{
		Person: ByID(1), Date: day("2026-01-15"), TimeOfDay: 510, Kind: ClockingInOut,
	})
	require.NoError(t, err)
	assert.Equal(t, int64(8192), id)

	require.Len(t, v.got, 3)
	token, list, create := v.got[0], v.got[1], v.got[2]
	assert.Equal(t, "POST /tenants/acme/connect/token", token.Method+" "+token.Target)
	assert.Equal(t, "application/x-www-form-urlencoded", token.Header.Get("Content-Type"))
	assert.Equal(t, "grant_type=client_credentials&client_id=my-client&client_secret=canary-client-secret"+
		"&scope=connector-protimeapi-clockings.read+connector-protimeapi-clockings.write", token.Body)
	assert.Empty(t, token.Header.Get("Authorization"))

	assert.Equal(t, "GET "+listTarget+"person%20in%20(1)%20and%20date%20ge%20'2026-01-01'%20and%20date%20le%20'2026-01-31'", list.Method+" "+list.Target)
	assert.Equal(t, "POST /connector/protimeapi/api/v1/clockings", create.Method+" "+create.Target)
	assert.JSONEq(t, `{ "person": {"id": 1}, "date": "2026-01-15", "timeOfDayInMinutes": 510, "kind": "InOut" }`, create.Body)
	assert.Equal(t, "application/json", create.Header.Get("Content-Type"))
	for _, e := range v.got {
		assert.Equal(t, "PeopleSync/v1 (Acme Corp)", e.Header.Get("User-Agent"))
		assert.Equal(t, "application/json", e.Header.Get("Accept"))
	}
	for _, e := range v.api() {
		assert.Equal(t, "Bearer canary-access-token", e.Header.Get("Authorization"))
	}
}

// The samples of the reference, one for each kind, and references in place of ids.
func TestCreateBodies(t *testing.T) {
	open := true
	for name, c := range map[string]struct {
		clocking NewClocking
		body     string
	}{
		"all of it": {
			NewClocking{Person: ByID(76547), Date: day("2024-01-05"), TimeOfDay: 480, Terminal: &Ref{ID: 765},
				Geolocation: &Geolocation{Longitude: 4.392225, Latitude: 51.144127}, Kind: ClockingInOut},
			`{ "person": {"id": 76547}, "date": "2024-01-05", "timeOfDayInMinutes": 480, "terminal": {"id": 765},
				"geolocation": {"longitude": 4.392225, "latitude": 51.144127}, "kind": "InOut" }`,
		},
		"reason": {
			NewClocking{Person: ByID(1), Date: day("2026-01-15"), TimeOfDay: 720, Kind: ClockingReason, Reason: &Ref{ID: 12}, IsOpen: &open},
			`{ "person": {"id": 1}, "date": "2026-01-15", "timeOfDayInMinutes": 720, "kind": "Reason", "reason": {"id": 12}, "isOpen": true }`,
		},
		"activity": {
			NewClocking{Person: ByID(1), Date: day("2026-01-15"), TimeOfDay: 600, Kind: ClockingActivity,
				ActivityLevels: []ActivityLevel{{Level: 1, ActivityDefinition: DefinitionRef{ID: "38fc2206-7es2cc8c3281"}}}},
			`{ "person": {"id": 1}, "date": "2026-01-15", "timeOfDayInMinutes": 600, "kind": "Activity",
				"activityLevels": [ {"level": 1, "activityDefinition": {"id": "38fc2206-7es2cc8c3281"}} ] }`,
		},
		"midnight, by employee number": {
			NewClocking{Person: ByExternal("@employee-number", "E-4821"), Date: day("2026-01-15"), Kind: ClockingActivityEnd},
			`{ "person": { "externalReferences": { "@employee-number": "E-4821" } }, "date": "2026-01-15", "timeOfDayInMinutes": 0, "kind": "ActivityEnd" }`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/clockings/1"}})
			_, err := v.client(t).Clockings.Create(t.Context(), c.clocking)
			require.NoError(t, err)
			assert.JSONEq(t, c.body, v.api()[0].Body)
		})
	}
}

func TestCreateRefusesBeforeSending(t *testing.T) {
	v := newVendor(t, answer{status: 500})
	client := v.client(t)
	good := NewClocking{Person: ByID(1), Date: day("2026-01-15"), TimeOfDay: 510, Kind: ClockingInOut}
	for field, spoil := range map[string]func(*NewClocking){
		"Person":                               func(n *NewClocking) { n.Person = Ref{} },
		"Date":                                 func(n *NewClocking) { n.Date = worktime.Date{} },
		"TimeOfDay":                            func(n *NewClocking) { n.TimeOfDay = 2881 },
		"Kind":                                 func(n *NewClocking) { n.Kind = "" },
		"Terminal":                             func(n *NewClocking) { n.Terminal = &Ref{} },
		"ActivityLevels[0].Level":              func(n *NewClocking) { n.ActivityLevels = []ActivityLevel{{0, DefinitionByID("38fc2206")}} },
		"ActivityLevels[0].ActivityDefinition": func(n *NewClocking) { n.ActivityLevels = []ActivityLevel{{Level: 1}} },
		"Reason":                               func(n *NewClocking) { n.Reason = &Ref{ID: 1, ExternalReferences: map[string]string{"a": "b"}} },
	} {
		clocking := good
		spoil(&clocking)
		_, err := client.Clockings.Create(t.Context(), clocking)
		requireField(t, err, "NewClocking."+field)
	}
	assert.Empty(t, v.got)
}

// An answer that does not name the new clocking leaves its fate open.
func TestCreateAnswers(t *testing.T) {
	const base = "/connector/protimeapi/api/v1/clockings/"
	for name, c := range map[string]struct {
		status   int
		location string
		is       []error
		isNot    error
	}{
		"no location":      {201, "", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"not an id":        {201, base + "abc", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"overflow":         {201, base + "99999999999999999999", []error{worktime.ErrUnknownOutcome}, nil},
		"other host":       {201, "https://evil.example" + base + "1", []error{worktime.ErrUnknownOutcome, worktime.ErrCrossOrigin}, nil},
		"no scheme":        {201, "//evil.example" + base + "1", []error{worktime.ErrUnknownOutcome, worktime.ErrCrossOrigin}, nil},
		"user":             {201, "http://x@127.0.0.1" + base + "1", []error{worktime.ErrCrossOrigin}, nil},
		"dots":             {201, base + "../../1", []error{worktime.ErrCrossOrigin}, nil},
		"outside the base": {201, "/elsewhere/1", []error{worktime.ErrCrossOrigin}, nil},
		"zero":             {201, base + "0", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"negative":         {201, base + "-5", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"signed":           {201, base + "+7", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"200":              {200, base + "1", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"202":              {202, base + "1", []error{worktime.ErrUnknownOutcome, worktime.ErrBadResponse}, nil},
		"302":              {302, base + "1", []error{worktime.ErrUnknownOutcome, worktime.ErrRedirect}, nil},
		"500":              {500, "", []error{worktime.ErrUnknownOutcome, worktime.ErrUnavailable}, nil},
		"400":              {400, "", []error{worktime.ErrBadRequest}, worktime.ErrUnknownOutcome},
		"403":              {403, "", []error{worktime.ErrForbidden}, worktime.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: c.status, header: map[string]string{"Location": c.location}})
			_, err := v.client(t).Clockings.Create(t.Context(), NewClocking{Person: ByID(1), Date: day("2026-01-15"), Kind: ClockingInOut})
			for _, is := range c.is {
				require.ErrorIs(t, err, is)
			}
			if c.isNot != nil {
				require.NotErrorIs(t, err, c.isNot)
			}
			assert.Len(t, v.api(), 1, "a once operation is sent once")
		})
	}
}

// The id is in the header: an answer that breaks off after it has said all.
func TestCreateWithABrokenBody(t *testing.T) {
	v := newVendor(t, answer{status: 201, header: map[string]string{"Location": "/connector/protimeapi/api/v1/clockings/8192", "Content-Length": "100"}, body: "{"})
	id, err := v.client(t).Clockings.Create(t.Context(), NewClocking{Person: ByID(1), Date: day("2026-01-15"), Kind: ClockingInOut})
	require.NoError(t, err)
	assert.Equal(t, int64(8192), id)
}

func TestGet(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{ "id": 39577408, "calculatedTimeOfDayInMinutes": 480, "isGenerated": false,
		"person": { "id": 123152, "externalReferences": { "@badge-number": "6767676" } },
		"date": "2024-01-05", "timeOfDayInMinutes": 480, "kind": "Future", "status": "Frozen", "unknown": {"a": [1]} }`})
	got, err := v.client(t).Clockings.Get(t.Context(), 39577408, PersonBadgeNumber, TerminalExternalCode)
	require.NoError(t, err)
	assert.Equal(t, "/connector/protimeapi/api/v1/clockings/39577408?externalReferences=(people,@badge-number)(terminals,@external-code)", v.api()[0].Target)
	assert.Equal(t, "6767676", got.Person.ExternalReferences["@badge-number"])

	// What this version does not know survives.
	assert.Equal(t, ClockingKind("Future"), got.Kind)
	again, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, `{ "id": 39577408, "calculatedTimeOfDayInMinutes": 480, "isGenerated": false,
		"person": { "id": 123152, "externalReferences": { "@badge-number": "6767676" } },
		"date": "2024-01-05", "timeOfDayInMinutes": 480, "kind": "Future", "status": "Frozen" }`, string(again))

	_, err = v.client(t).Clockings.Get(t.Context(), 0)
	requireField(t, err, "id")
}

// Every documented code of the collection, with each of the vendor's three error shapes.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status        int
		body          string
		is            error
		code, message string
		details       []string
	}{
		"code and message":  {400, `{ "error": { "code": "ErrorCode", "message": "Human-readable description" } }`, worktime.ErrBadRequest, "ErrorCode", "Human-readable description", nil},
		"reasons":           {400, `{ "error": { "code": "BadRequest", "message": "The request was invalid", "reasons": ["The provided date range is invalid"] } }`, worktime.ErrBadRequest, "BadRequest", "The request was invalid", []string{"The provided date range is invalid"}},
		"validation errors": {400, `{ "message": "Invalid", "validationErrors": ["kind is required", {"field":"date"}] }`, worktime.ErrBadRequest, "", "Invalid", []string{"kind is required", `{"field":"date"}`}},
		"wrong shape":       {400, `{ "error": "nope", "reasons": "one" }`, worktime.ErrBadRequest, "", "", nil},
		"empty":             {404, ``, worktime.ErrNotFound, "", "", nil},
		"html":              {502, `<html>Bad Gateway</html>`, worktime.ErrUnavailable, "", "", nil},
		"scope":             {403, ``, worktime.ErrForbidden, "", "", nil},
		"conflict":          {409, ``, worktime.ErrConflict, "", "", nil},
		"uri too long":      {414, ``, worktime.ErrBadRequest, "", "", nil},
		"maintenance":       {503, ``, worktime.ErrUnavailable, "", "", nil},
		"too many":          {429, ``, worktime.ErrRateLimited, "", "", nil},
		"echoed token":      {400, `{ "error": { "message": "bad token canary-access-token" } }`, worktime.ErrBadRequest, "", "bad token [redacted]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: c.status, body: c.body, header: map[string]string{"X-Request-Id": "r-1"}})
			_, err := v.client(t).Clockings.Get(t.Context(), 1)
			require.ErrorIs(t, err, c.is)
			var e *worktime.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.status, e.StatusCode)
			assert.Equal(t, []any{"protime", "get clocking", "GET", "/connector/protimeapi/api/v1/clockings/1", "r-1", 1},
				[]any{e.Provider, e.Operation, e.Method, e.Path, e.RequestID, e.Attempts})
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.message, e.Message)
			assert.Equal(t, c.details, e.Details)
			assert.NotContains(t, err.Error()+string(e.Body), "canary")
		})
	}
}

// A token that is gone on a next page is told from a conflict on the first.
func TestCursorExpired(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"value":[{"id":1,"date":"2026-01-01"}],"nextLink":"/connector/protimeapi/api/v1/clockings?filter=date ge '2026-01-01'&continuationToken=a+b/c=="}`},
		answer{status: http.StatusConflict})
	client := v.client(t)
	q := ClockingQuery{From: day("2026-01-01")}
	got, err := worktime.Collect(client.Clockings.All(t.Context(), q))
	assert.Len(t, got, 1)
	require.ErrorIs(t, err, worktime.ErrCursorExpired)
	require.ErrorIs(t, err, worktime.ErrConflict)
	assert.Equal(t, listTarget+"date%20ge%20'2026-01-01'&continuationToken=a%2Bb/c==", v.api()[1].Target)

	_, err = worktime.Collect(client.Clockings.All(t.Context(), q))
	require.ErrorIs(t, err, worktime.ErrConflict)
	require.NotErrorIs(t, err, worktime.ErrCursorExpired)
}

// What is not a page must not be taken for an empty one.
func TestListAnswers(t *testing.T) {
	for name, body := range map[string]string{
		"no value": `{}`, "null": `null`, "null value": `{"value":null}`, "array": `[]`, "truncated": `{"value":[`,
		"error under 200": `{"error":{"code":"x"}}`, "empty": ``, "html": `<html>`, "link is a number": `{"value":[],"nextLink":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: 200, body: body})
			_, err := worktime.Collect(v.client(t).Clockings.All(t.Context(), ClockingQuery{From: day("2026-01-01")}))
			require.ErrorIs(t, err, worktime.ErrBadResponse)
			require.ErrorContains(t, err, "page 1")
		})
	}
	v := newVendor(t, answer{status: 200, body: `{"value":[{"id":1},{"id":2},{"id":"three"},{"id":4}]}`})
	got, err := worktime.Collect(v.client(t).Clockings.All(t.Context(), ClockingQuery{From: day("2026-01-01")}))
	require.ErrorIs(t, err, worktime.ErrBadResponse)
	require.ErrorContains(t, err, "page 1: bad response: item 2:")
	assert.Len(t, got, 2, "the items before the bad one")
}

func TestCandidates(t *testing.T) {
	v := newVendor(t, answer{status: 200, body: `{"value":[
		{"id":1,"person":{"id":7},"date":"2026-01-15","timeOfDayInMinutes":360,"kind":"InOut","status":"Active"},
		{"id":2,"person":{"id":7},"date":"2026-01-15","timeOfDayInMinutes":360,"kind":"InOut","status":"Deleted"},
		{"id":3,"person":{"id":7},"date":"2026-01-15","timeOfDayInMinutes":361,"kind":"InOut","status":"Active"},
		{"id":4,"person":{"id":7},"date":"2026-01-14","timeOfDayInMinutes":1800,"kind":"InOut","status":"Active"},
		{"id":5,"person":{"id":7},"date":"2026-01-16","timeOfDayInMinutes":360,"kind":"InOut"},
		{"id":6,"person":{"id":7},"date":"2026-01-15","timeOfDayInMinutes":360,"kind":"Reason","status":"Active"},
		{"id":7,"person":{"id":8,"externalReferences":{"@badge-number":"B1"}},"date":"2026-01-15","timeOfDayInMinutes":360,"kind":"InOut","status":"Active"}]}`})
	client := v.client(t)
	sent := NewClocking{Person: ByID(7), Date: day("2026-01-15"), TimeOfDay: 360, Kind: ClockingInOut}

	found, err := client.Clockings.Candidates(t.Context(), sent)
	require.NoError(t, err)
	assert.Equal(t, []int64{1, 4, 5}, ids(found))
	assert.Equal(t, listTarget+"person%20in%20(7)%20and%20date%20ge%20'2026-01-14'%20and%20date%20le%20'2026-01-16'%20and%20kind%20eq%20'InOut'", v.api()[0].Target)

	sent.Person = ByExternal("@badge-number", "B1")
	found, err = client.Clockings.Candidates(t.Context(), sent)
	require.NoError(t, err)
	assert.Equal(t, []int64{7}, ids(found))
	assert.Equal(t, "/connector/protimeapi/api/v1/clockings?externalReferences=(people,@badge-number)&filter="+
		"date%20ge%20'2026-01-14'%20and%20date%20le%20'2026-01-16'%20and%20kind%20eq%20'InOut'", v.api()[1].Target)
}

func ids(clockings []Clocking) (ids []int64) {
	for _, c := range clockings {
		ids = append(ids, c.ID)
	}
	return ids
}

func requireField(t *testing.T, err error, field string) {
	t.Helper()
	var e *worktime.FieldError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, field, e.Field)
	require.ErrorIs(t, err, worktime.ErrBadRequest)
	require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
}

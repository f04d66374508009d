package timelog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// An answer may be an envelope, an array, an object, a string, null or nothing, also with 200.
func TestListShapes(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []UserID
		bad  bool
	}{
		"envelope":                 {list(`{"UserID":1}`, `{"UserID":2}`), []UserID{1, 2}, false},
		"entities empty":           {`{"Properties":{"TotalRecord":"0","TotalPage":"0","PageNumber":"1"},"Entities":[],"Links":[]}`, nil, false},
		"entities null":            {`{"Properties":{"TotalRecord":"0"},"Entities":null}`, nil, false},
		"entities absent":          {`{"Properties":{"TotalRecord":"0","TotalPage":"0"}}`, nil, false},
		"totals absent":            {`{"Entities":[{"Properties":{"UserID":1}}]}`, []UserID{1}, false},
		"totals null":              {`{"Properties":null,"Entities":[{"Properties":{"UserID":1}}]}`, []UserID{1}, false},
		"bare rows":                {`{"Entities":[{"UserID":1},{"UserID":2}]}`, []UserID{1, 2}, false},
		"bare array":               {`[{"UserID":1},{"UserID":2}]`, []UserID{1, 2}, false},
		"array of envelopes":       {` [ {"Properties":{"UserID":1},"Links":[]} ] `, []UserID{1}, false},
		"empty array":              {`[]`, nil, false},
		"single":                   {single(`{"UserID":1}`), []UserID{1}, false},
		"members in another order": {`{"Links":[],"Entities":[{"Links":[],"Properties":{"ID":null,"UserID":1}}],"Properties":{}}`, []UserID{1}, false},

		"rows promised, none there": {`{"Properties":{"TotalRecord":"3"}}`, nil, true},
		"object":                    {`{}`, nil, true},
		"another object":            {`{"UserID":1}`, nil, true},
		"null":                      {`null`, nil, true},
		"string":                    {`"OK"`, nil, true},
		"number":                    {`7`, nil, true},
		"nothing":                   {``, nil, true},
		"html":                      {`<html>`, nil, true},
		"broken":                    {`{"Entities":[`, nil, true},
		"entities an object":        {`{"Entities":{}}`, nil, true},
		"an error":                  {`{"Code":100,"Message":"no","Details":[]}`, nil, true},
		"a row null":                {`[null]`, nil, true},
		"a row a string":            {`{"Entities":["x"]}`, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{body: c.body})
			var got []UserID
			users, err := worktime.Collect(v.client(t).Users.All(t.Context(), UserQuery{}))
			for _, u := range users {
				got = append(got, u.ID)
			}
			if c.bad {
				require.ErrorIs(t, err, worktime.ErrBadResponse)
				require.ErrorContains(t, err, "page 1")
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, c.want, got)
			assert.Len(t, v.requests(), 1)
		})
	}
}

func TestListNamesTheBadRow(t *testing.T) {
	v := newVendor(t, answer{body: list(`{"UserID":1}`, `{"UserID":2}`, `{"UserID":"three"}`, `{"UserID":4}`)})
	users, err := worktime.Collect(v.client(t).Users.All(t.Context(), UserQuery{}))
	require.ErrorIs(t, err, worktime.ErrBadResponse)
	require.ErrorContains(t, err, "page 1: bad response: item 2:")
	assert.Len(t, users, 2, "the rows before the bad one")
}

func TestSingleShapes(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want UserID
	}{
		"envelope":             {single(`{"UserID":1}`), 1},
		"bare":                 {`{"UserID":1}`, 1},
		"list of one":          {list(`{"UserID":1}`), 1},
		"array of one":         {`[{"UserID":1}]`, 1},
		"array of an envelope": {`[{"Properties":{"UserID":1}}]`, 1},
		"unknown members":      {`{"UserID":1,"New":{"a":[1]}}`, 1},
		"nulls":                {single(`{"UserID":1,"ID":null,"FirstName":null,"IsActive":null,"LegalEntityID":null}`), 1},
		"a code of its own":    {`{"UserID":1,"Code":"x"}`, 1},

		"null":                   {`null`, 0},
		"string":                 {`"OK"`, 0},
		"nothing":                {``, 0},
		"html":                   {`<html>`, 0},
		"list of two":            {list(`{"UserID":1}`, `{"UserID":2}`), 0},
		"empty list":             {list(), 0},
		"properties null":        {`{"Properties":null}`, 0},
		"an error under 200":     {`{"Code":100,"Message":"User does not exist","Details":null}`, 0},
		"a validation under 200": {`{"Code":200,"Message":"","Details":["x"]}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{body: c.body})
			got, err := v.client(t).Users.Get(t.Context(), 1)
			assert.Equal(t, c.want, got.ID)
			if c.want == 0 {
				require.ErrorIs(t, err, worktime.ErrBadResponse)
				require.NotErrorIs(t, err, worktime.ErrUnknownOutcome, "a read has no outcome")
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// What has no result is done, whatever the answer says; but for an error and what is not the vendor's.
func TestActionShapes(t *testing.T) {
	for body, good := range map[string]bool{
		``: true, `null`: true, `"OK"`: true, `{}`: true, `[]`: true, `true`: true, single(aUser): true, ` `: true,
		`<html>`: false, `{`: false, `{"Code":102,"Message":"no","Details":[]}`: false,
	} {
		v := newVendor(t, answer{body: body})
		client := v.client(t)
		update := client.Users.Update(t.Context(), theUser().Changes())
		validate := client.Users.Validate(t.Context(), theNewUser())
		_, change := client.Customers.Update(t.Context(), CustomerChanges{ID: 1})
		for _, err := range []error{update, validate, change} {
			if good {
				require.NoError(t, err, body)
			} else {
				require.ErrorIs(t, err, worktime.ErrBadResponse, body)
			}
		}
	}
	v := newVendor(t, answer{body: `<html>log in</html>`, header: map[string]string{"Content-Type": "text/html"}})
	require.ErrorIs(t, v.client(t).Users.Update(t.Context(), theUser().Changes()), worktime.ErrBadResponse)
}

// Where the number of a new object is looked for, in this order.
func TestNewID(t *testing.T) {
	self := func(href string) string { return `"Links":[{"Href":"` + href + `","Rel":"self"}]` }
	for name, c := range map[string]struct {
		body string
		want int64
	}{
		"bare":                   {`{"ProjectID":1201,"Properties":{"ProjectID":2},` + self("https://app4.timelog.com/acme/api/v1/project/3") + `}`, 1201},
		"in properties":          {`{"Properties":{"ProjectID":1201},` + self("https://app4.timelog.com/acme/api/v1/project/3") + `}`, 1201},
		"in the link":            {`{"Properties":{"Name":"x","CustomerID":9},` + self("https://app4.timelog.com/acme/api/v1/project/1201") + `}`, 1201},
		"text":                   {`{"ProjectID":"1201"}`, 1201},
		"zero, then link":        {`{"ProjectID":0,"Properties":{"ProjectID":null},` + self("https://app4.timelog.com/acme/api/v1/project/1201") + `}`, 1201},
		"behind the link":        {`{` + self("/acme/api/v1/project/1201/status?x=5") + `}`, 1201},
		"rel in capitals":        {`{"Links":[{"Href":"x/7","Rel":"other"},{"Href":"/acme/api/v1/project/1201","Rel":"Self"}]}`, 1201},
		"link to the operation":  {`{` + self("https://app4.timelog.com/acme/api/v1/project/create-from-template") + `}`, 0},
		"site that is a number":  {`{` + self("https://app4.timelog.com/4711/api/v1/project/create-from-template") + `}`, 0},
		"link to another object": {`{` + self("https://app4.timelog.com/acme/api/v1/customer/310") + `}`, 0},
		"link below another":     {`{` + self("https://app4.timelog.com/acme/api/v1/customer/310/project/1201") + `}`, 1201},
		"link without a path":    {`{` + self("https://app4.timelog.com") + `}`, 0},
		"another link":           {`{"Links":[{"Href":"/acme/api/v1/project/1201","Rel":"parent"}]}`, 0},
		"too large":              {`{"ProjectID":99999999999999999999}`, 0},
		"fraction":               {`{"ProjectID":1.5}`, 0},
		"negative":               {`{"ProjectID":-1}`, 0},
		"wrong types":            {`{"ProjectID":{},"Properties":[],"Links":{}}`, 0},
		"null":                   {`null`, 0},
		"string":                 {`"1201"`, 0},
		"array":                  {`[1201]`, 0},
		"nothing":                {``, 0},
		"other fields are no id": {`{"ID":5,"CustomerID":6,"projectid":7}`, 0},
	} {
		assert.Equal(t, c.want, newID([]byte(c.body), "ProjectID"), name)
	}
	// The link of a stopwatch may be that of its registration, whose number would stop another one.
	of := func(href string) []byte {
		return []byte(`{` + self("https://app4.timelog.com/acme/api/v1/"+href) + `}`)
	}
	assert.EqualValues(t, 9, newID(of("time-tracker/9"), "TimeTrackerID"))
	assert.Zero(t, newID(of("time-registration/77"), "TimeTrackerID"))
	assert.EqualValues(t, 77, newID(of("time-registration/77"), "TimeRegistrationID"))
}

// The stop rules: totals are strings, numbers, zero or missing.
func TestTotals(t *testing.T) {
	rows := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"Properties":{"UserID":1}},`, n), ",") + "]"
	}
	for name, c := range map[string]struct {
		totals      string
		rows        int
		number, ask int
		want        rest.Ahead
	}{
		"first of three":           {`"TotalRecord":"11","TotalPage":"3","PageNumber":"1"`, 5, 1, 5, rest.Ahead{More: true, Told: true}},
		"second of three":          {`"TotalPage":"3","PageNumber":"2"`, 5, 2, 5, rest.Ahead{More: true, Told: true}},
		"last of three":            {`"TotalPage":"3","PageNumber":"3"`, 5, 3, 5, rest.Ahead{Told: true}},
		"numbers":                  {`"TotalRecord":11,"TotalPage":3,"PageNumber":1`, 5, 1, 5, rest.Ahead{More: true, Told: true}},
		"blanks":                   {`"TotalPage":" 3 "`, 5, 1, 5, rest.Ahead{More: true, Told: true}},
		"page number always 1":     {`"TotalPage":"3","PageNumber":"1"`, 5, 3, 5, rest.Ahead{Told: true}},
		"short page, size ignored": {`"TotalPage":"3"`, 2, 1, 5, rest.Ahead{More: true, Told: true}},
		"missing, full page":       {``, 5, 1, 5, rest.Ahead{More: true}},
		"missing, short page":      {``, 4, 1, 5, rest.Ahead{}},
		"missing, empty page":      {``, 0, 2, 5, rest.Ahead{}},
		"missing, size ignored":    {``, 7, 1, 5, rest.Ahead{More: true}},
		"missing, default size":    {``, 10, 1, 500, rest.Ahead{More: true}},
		"zero with rows, full":     {`"TotalRecord":"0","TotalPage":"0"`, 5, 1, 5, rest.Ahead{More: true}},
		"zero with rows, short":    {`"TotalRecord":"0","TotalPage":"0"`, 4, 1, 5, rest.Ahead{}},
		"zero":                     {`"TotalRecord":"0","TotalPage":"0"`, 0, 1, 5, rest.Ahead{}},
		"nonsense":                 {`"TotalPage":"many"`, 5, 1, 5, rest.Ahead{More: true}},
		"negative":                 {`"TotalPage":"-1"`, 4, 1, 5, rest.Ahead{}},
		"null":                     {`"TotalPage":null`, 5, 1, 5, rest.Ahead{More: true}},
		"records, capped page":     {`"TotalRecord":"11"`, 4, 2, 500, rest.Ahead{More: true}},
		"records, last page":       {`"TotalRecord":"8"`, 4, 2, 500, rest.Ahead{}},
		"records, all at once":     {`"TotalRecord":"4"`, 4, 1, 500, rest.Ahead{}},
		"records, none":            {`"TotalRecord":"4"`, 0, 2, 500, rest.Ahead{}},
		"an object":                {`"TotalPage":{}`, 4, 1, 5, rest.Ahead{}},
		"too large":                {`"TotalPage":99999999999999999999`, 4, 1, 5, rest.Ahead{}},
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"Properties":{%s},"Entities":%s}`, c.totals, rows(c.rows))
			users, ahead, err := decodeRows[User]([]byte(body), rest.Sheet{Number: c.number, Size: c.ask})
			require.NoError(t, err)
			assert.Len(t, users, c.rows)
			assert.Equal(t, c.want, ahead)
		})
	}
}

package timelog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/internal/rest"
)

// Every answer may come in an envelope, which wraps a list in Properties and Entities, and a single object
// in Properties; or bare, or as a string, null or nothing at all. See https://api.timelog.com/rest

// defaultPageSize is what TimeLog takes for $pagesize if it is not sent, or not heeded.
const defaultPageSize = 10

// totals are those of a list. They are strings, and sometimes numbers or nothing.
type totals struct {
	TotalRecord *count `json:"TotalRecord"`
	TotalPage   *count `json:"TotalPage"`
	PageNumber  *count `json:"PageNumber"`
}

// count is a number in whatever form; 0 if it is none.
type count int

// UnmarshalJSON accepts everything: a total that cannot be read is treated as missing.
func (c *count) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(strings.TrimSpace(strings.Trim(string(data), `"`)))
	if err != nil || n < 0 {
		n = 0
	}
	*c = count(n)
	return nil
}

func (t totals) empty() bool { return t == totals{} }

// ahead says what follows a page with so many rows.
func (t totals) ahead(rows int, asked rest.Sheet) rest.Ahead {
	if t.TotalPage != nil && *t.TotalPage > 0 {
		return rest.Ahead{More: asked.Number < int(*t.TotalPage), Told: true}
	}
	// A page of the default size may be one whose size was not heeded, and one that is short of all rows one that was cut.
	cut := rows == defaultPageSize || t.TotalRecord != nil && asked.Number*rows < int(*t.TotalRecord)
	return rest.Ahead{More: rows > 0 && (rows >= asked.Size || cut)}
}

// decodeRows reads a page of a list.
func decodeRows[T any](body []byte, asked rest.Sheet) ([]T, rest.Ahead, error) {
	if rows, t, ok := quickRows[T](body); ok {
		return rows, t.ahead(len(rows), asked), nil
	}
	raw, t, err := readRows(body)
	if err != nil {
		return nil, rest.Ahead{}, err
	}
	rows := make([]T, len(raw))
	for i, data := range raw {
		if err := readObject(data, &rows[i]); err != nil {
			return rows[:i], rest.Ahead{}, fmt.Errorf("item %d: %w", i, err)
		}
	}
	return rows, t.ahead(len(rows), asked), nil
}

// wrapped is an object in its envelope.
type wrapped[T any] struct {
	Properties *T `json:"Properties"`
}

// quickRows reads the shape that the vendor documents in one go. It reports whether it is that.
func quickRows[T any](body []byte) ([]T, totals, bool) {
	var list struct {
		Properties totals       `json:"Properties"`
		Entities   []wrapped[T] `json:"Entities"`
	}
	if kind(body) != '{' || json.Unmarshal(body, &list) != nil || list.Entities == nil {
		return nil, totals{}, false
	}
	rows := make([]T, len(list.Entities))
	for i, row := range list.Entities {
		if row.Properties == nil {
			return nil, totals{}, false
		}
		rows[i] = *row.Properties
	}
	return rows, list.Properties, true
}

// readRows returns the rows of a list, each perhaps in an envelope of its own.
func readRows(body []byte) (rows []json.RawMessage, t totals, err error) {
	switch kind(body) {
	case '[':
		err = json.Unmarshal(body, &rows)
		return rows, t, err
	case '{':
	default:
		return nil, t, errors.New("the answer is not a list")
	}
	var list struct {
		Properties json.RawMessage    `json:"Properties"`
		Entities   *[]json.RawMessage `json:"Entities"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, t, err
	}
	if kind(list.Properties) == '{' {
		if err := json.Unmarshal(list.Properties, &t); err != nil {
			return nil, t, err
		}
	}
	switch {
	case list.Entities != nil:
		return *list.Entities, t, nil
	case t.TotalRecord != nil && *t.TotalRecord > 0:
		return nil, t, fmt.Errorf("the answer has no rows of the %d that it promises", *t.TotalRecord)
	case !t.empty():
		return nil, t, nil // a list without rows may leave Entities out
	case kind(list.Properties) == '{':
		return []json.RawMessage{body}, t, nil // one row, as a single object
	}
	return nil, t, errors.New("the answer is not a list: it has neither Entities nor totals")
}

// readOne reads a single object: in an envelope, bare, or as the only row of a list.
func readOne[T any](body []byte, out *T) error {
	var quick struct {
		wrapped[T]

		Entities json.RawMessage `json:"Entities"`
	}
	isObject := kind(body) == '{' && json.Unmarshal(body, &quick) == nil
	if isObject && quick.Properties != nil && quick.Entities == nil {
		*out = *quick.Properties
		return nil
	}
	if kind(body) == '[' || kind(quick.Entities) == '[' {
		rows, _, err := readRows(body)
		if err != nil {
			return err
		}
		if len(rows) != 1 {
			return fmt.Errorf("the answer has %d rows in the place of one object", len(rows))
		}
		body = rows[0]
	}
	return readObject(body, out)
}

// readObject reads an object, in an envelope or bare.
func readObject(data []byte, out any) error {
	if kind(data) != '{' {
		return fmt.Errorf("%.20q stands in the place of an object", data)
	}
	var envelope wrapped[json.RawMessage]
	if err := json.Unmarshal(data, &envelope); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if envelope.Properties == nil && json.Unmarshal(data, &members) == nil && members["Properties"] == nil {
		return json.Unmarshal(data, out)
	}
	if envelope.Properties == nil || kind(*envelope.Properties) != '{' {
		return errors.New("the Properties are not an object")
	}
	return json.Unmarshal(*envelope.Properties, out)
}

// kind is the first character of a JSON value; 0 if there is none.
func kind(data []byte) byte {
	if data = bytes.TrimSpace(data); len(data) > 0 {
		return data[0]
	}
	return 0
}

// newID looks for the number of an object that was created: in the field of that name, bare or in
// Properties, and in the link to the object itself. The vendor promises none of them.
func newID(body []byte, field string) int64 {
	if kind(body) != '{' {
		return 0
	}
	var bare map[string]json.RawMessage
	if json.Unmarshal(body, &bare) != nil {
		return 0
	}
	if id := number(bare[field]); id > 0 {
		return id
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(bare["Properties"], &inner) == nil {
		if id := number(inner[field]); id > 0 {
			return id
		}
	}
	var links []struct {
		Href string `json:"Href"`
		Rel  string `json:"Rel"`
	}
	_ = json.Unmarshal(bare["Links"], &links)
	for _, link := range links {
		if strings.EqualFold(link.Rel, "self") {
			if id := linkedID(link.Href, strings.TrimSuffix(field, "ID")); id > 0 {
				return id
			}
		}
	}
	return 0
}

func number(data json.RawMessage) int64 {
	n, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// linkedID returns the last number in a link that follows the name of a kind of object. A link to an object of another
// kind, such as the task of a registration, has none.
func linkedID(href, object string) int64 {
	path, _, _ := strings.Cut(href, "?")
	segments := strings.Split(path, "/")
	for i := len(segments) - 1; i > 0; i-- {
		n, err := strconv.ParseInt(segments[i], 10, 64)
		if err == nil && n > 0 && strings.EqualFold(strings.ReplaceAll(segments[i-1], "-", ""), object) {
			return n
		}
	}
	return 0
}

package timeneye

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/worktime-go/worktime/internal/rest"
)

// meta is the position of a page in its list. Unpaged lists come without.
type meta struct {
	CurrentPage, LastPage int
	paged                 bool
}

// readList reads a list: an array, or an object that holds one as data. If an item cannot be
// read, those before it are returned with an error that names its index.
func readList[T any](body []byte) (items []T, m meta, err error) {
	data := json.RawMessage(bytes.TrimSpace(body))
	if len(data) > 0 && data[0] == '{' {
		var outer struct {
			Data        json.RawMessage `json:"data"`
			Meta        json.RawMessage `json:"meta"`
			CurrentPage json.RawMessage `json:"current_page"`
		}
		if err := json.Unmarshal(data, &outer); err != nil {
			return nil, m, err
		}
		if outer.CurrentPage != nil {
			// The framework has this form too (https://laravel.com/docs/pagination). To take it for a list
			// without pages would be to lose all but the first.
			outer.Meta = data
		}
		if m, err = readMeta(outer.Meta); err != nil {
			return nil, m, err
		}
		data = bytes.TrimSpace(outer.Data)
	}
	if len(data) == 0 || data[0] != '[' {
		return nil, m, errors.New("the answer is no list: neither an array nor an object with an array as data")
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, m, err
	}
	items = make([]T, 0, len(raw))
	for i, each := range raw {
		var item T
		if err := json.Unmarshal(each, &item); err != nil {
			return items, m, fmt.Errorf("item %d: %w", i, err)
		}
		items = append(items, item)
	}
	return items, m, nil
}

func readMeta(raw json.RawMessage) (m meta, err error) {
	if len(raw) == 0 || string(raw) == "null" || string(raw) == "[]" { // an empty object of PHP's
		return m, nil
	}
	f := readFields("meta", raw)
	f.require("current_page", "last_page")
	f.count("current_page", &m.CurrentPage)
	f.count("last_page", &m.LastPage)
	m.paged = true
	return m, f.err
}

// decodePage reads a page of a numbered list, or a list that comes as a whole.
func decodePage[T any](body []byte, asked rest.Sheet) ([]T, rest.Ahead, error) {
	items, m, err := readList[T](body)
	switch {
	case err != nil:
		return items, rest.Ahead{}, err
	case !m.paged && asked.Number > 1:
		return nil, rest.Ahead{}, fmt.Errorf("page %d was asked for, and the answer does not say which page it is", asked.Number)
	case !m.paged:
		return items, rest.Ahead{}, nil
	case m.CurrentPage != asked.Number:
		return nil, rest.Ahead{}, fmt.Errorf("page %d was asked for and page %d came", asked.Number, m.CurrentPage)
	}
	return items, rest.Ahead{More: m.CurrentPage < m.LastPage, Told: true}, nil
}

// readCreated reads what a create answers: an object, bare or as data, perhaps with no more than
// an id. It is not documented, so nothing is taken for granted; only what is there must be
// readable. The raw object is nil if there is none.
func readCreated(a rest.Answer, object string, read func(*fields)) (raw json.RawMessage, err error) {
	if len(bytes.TrimSpace(a.Body)) == 0 {
		return nil, nil
	}
	if err := rest.Decode(a, &raw); err != nil {
		return nil, err
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, nil
	}
	f := readFields(object, raw)
	if inner := f.values["data"]; len(inner) > 0 && inner[0] == '{' {
		f, raw = readFields(object, inner), inner
	}
	read(f)
	return raw, f.err
}

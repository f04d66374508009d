package timeneyetest

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// defaultPageSize is that of the framework that the vendor's server shows the signs of: https://laravel.com/docs/pagination
const defaultPageSize = 15

// page cuts a page out of a list, and writes its rows.
func page[T any](c *call, all []T, write func(T) object) any {
	number, size := c.number("page", 1), min(c.number("per_page", defaultPageSize), c.settings.maxPageSize)
	from := min((number-1)*size, len(all))
	return object{
		"data": written(all[from:min(from+size, len(all))], write),
		"meta": object{
			"current_page": number, "last_page": max(1, (len(all)+size-1)/size), "per_page": size, "total": len(all),
		},
		"links": object{"prev": nil, "next": nil},
	}
}

func written[T any](all []T, write func(T) object) []object {
	rows := make([]object, len(all))
	for i := range all {
		rows[i] = write(all[i])
	}
	return rows
}

// number is a parameter from 1 to a million; others are ignored.
func (c *call) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(c.query.Get(name)); err == nil && n > 0 && n <= 1e6 {
		return n
	}
	return otherwise
}

// flag is how the vendor writes booleans.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// timestampLayout is the one that was seen.
const timestampLayout = "2006-01-02T15:04:05.000Z"

func timestamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(timestampLayout)
}

// loose returns a value in the other forms that it might have.
func loose(name string, value any) any {
	switch value := value.(type) {
	case object:
		next := maps.Clone(value)
		for name, member := range value {
			next[name] = loose(name, member)
		}
		next["unheard_of"] = object{"since": 1}
		return next
	case []object:
		next := make([]any, len(value))
		for i := range value {
			next[i] = loose("", value[i])
		}
		return next
	case int:
		if name == "billed" || name == "is_open" {
			return value == 1
		}
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case string:
		if at, err := time.Parse(timestampLayout, value); err == nil && strings.HasSuffix(name, "d_date") { // created and updated
			return at.Format(time.DateTime)
		}
	}
	return value
}

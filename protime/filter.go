package protime

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

const (
	// maxURI is the longest request URI that Protime takes; above it the answer is 414.
	maxURI = 4096
	// linkRoom is kept free for the tokens in the links to further pages, which repeat the
	// filter. How long they get is not documented; the vendor's samples have about 120 characters.
	linkRoom = 1024
	// maxRange is the longest range of days between From and To.
	maxRange = 366
)

// params are the query parameters of a list.
type params struct {
	Filter             string `url:"filter,omitempty"`
	ExternalReferences string `url:"externalReferences,omitempty"`
}

// filter builds a filter expression, whose conditions are joined by "and". See
// https://documentation.myprotime.eu/protimeapi/reference/filtering/
type filter []string

// named adds the condition that field is in one of the vendor's named groups.
func (f *filter) named(field, group string, ids []int64) {
	if len(ids) > 0 {
		*f = append(*f, field+" in "+group+"("+joinIDs(ids)+")")
	}
}

func (f *filter) dates(from, to worktime.Date) {
	*f = append(*f, "date ge '"+from.String()+"'")
	if !to.IsZero() {
		*f = append(*f, "date le '"+to.String()+"'")
	}
}

// enumName reports whether s can be a value of one of the vendor's enums: letters and digits. A
// filter takes no other, since how it would escape a quote is not documented.
func enumName(s string) bool {
	notWord := func(r rune) bool { return r > 'z' || !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	return s != "" && !strings.ContainsFunc(s, notWord)
}

// anyOf adds the condition that field has one of the values. The vendor spells this with
// "or". The error says what is wrong with a value.
func anyOf[E ~string](f *filter, field string, values []E) error {
	if len(values) == 0 {
		return nil
	}
	terms := make([]string, len(values))
	for i, value := range values {
		if !enumName(string(value)) {
			return fmt.Errorf("has %.40q, which cannot be a %s", string(value), field)
		}
		terms[i] = field + " eq '" + string(value) + "'"
	}
	condition := strings.Join(terms, " or ")
	if len(terms) > 1 {
		condition = "(" + condition + ")"
	}
	*f = append(*f, condition)
	return nil
}

// walks returns the parameters of as many requests as the persons take: a list of them that
// does not fit in one URI is split, in its order. No persons means no such condition.
func (f *filter) walks(base *url.URL, path string, persons []int64, references string, delta bool) ([]url.Values, error) {
	if len(persons) == 0 {
		values, err := f.values(base, path, "", references, delta)
		return []url.Values{values}, err
	}
	persons = unique(persons)
	var all []url.Values
	for len(persons) > 0 {
		// What the first person leaves of the URI, each further one takes a comma and digits of.
		first := strconv.FormatInt(persons[0], 10)
		values, err := f.values(base, path, first, references, delta)
		if err != nil {
			return nil, err
		}
		room := maxURI - linkRoom - uriLength(base, path, values)
		n := 1
		for n < len(persons) {
			if room -= 1 + len(strconv.FormatInt(persons[n], 10)); room < 0 {
				break
			}
			n++
		}
		if values, err = f.values(base, path, joinIDs(persons[:n]), references, delta); err != nil {
			return nil, err
		}
		all, persons = append(all, values), persons[n:]
	}
	return all, nil
}

// values returns the parameters with the given persons; an error if they do not fit a URI.
func (f *filter) values(base *url.URL, path, persons, references string, delta bool) (url.Values, error) {
	conditions := slices.Clone(*f)
	if persons != "" {
		conditions = slices.Insert(conditions, 0, "person in ("+persons+")")
	}
	values, err := rest.Values(params{strings.Join(conditions, " and "), references})
	if err != nil {
		return nil, err
	}
	if delta {
		values["delta"] = []string{""}
	}
	if n := uriLength(base, path, values); n > maxURI {
		return nil, fmt.Errorf("makes a request URI of %d characters, Protime takes %d", n, maxURI)
	}
	return values, nil
}

func uriLength(base *url.URL, path string, values url.Values) int {
	return len(base.String()) + len(path) + 1 + len(rest.Encode(values))
}

// unique returns the ids in their order, each once.
func unique(ids []int64) []int64 {
	seen := make(map[int64]struct{}, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
		_, dup := seen[id]
		seen[id] = struct{}{}
		return dup
	})
}

func joinIDs(ids []int64) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = strconv.FormatInt(id, 10)
	}
	return strings.Join(texts, ",")
}

// checkIDs refuses an empty list, which would silently ask for everything, and ids below 1.
func checkIDs(field string, ids []int64) error {
	if ids != nil && len(ids) == 0 {
		return badField(field, "is empty: leave it nil to have no such condition")
	}
	for _, id := range ids {
		if id < 1 {
			return badField(field, fmt.Sprintf("has the id %d: ids begin at 1", id))
		}
	}
	return nil
}

// checkRange checks the days of a list, which Protime limits to a year.
func checkRange(query string, from, to worktime.Date) error {
	switch {
	case from.IsZero():
		return badField(query+".From", "is required")
	case to.IsZero():
		return nil
	case to.Before(from):
		return badField(query+".To", fmt.Sprintf("is %s, before From %s", to, from))
	case to.DaysSince(from) > maxRange:
		return badField(query+".To", fmt.Sprintf("is %d days after From: Protime takes at most %d, so ask for each year by itself", to.DaysSince(from), maxRange))
	}
	return nil
}

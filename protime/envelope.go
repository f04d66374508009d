package protime

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/worktime-go/worktime/internal/rest"
)

// page is the envelope of every list:
// https://documentation.myprotime.eu/protimeapi/how-to/fetch-resources/
type page[T any] struct {
	Value    *[]T   `json:"value"`
	NextLink string `json:"nextLink"` // null or absent on the last page
	// DeltaLink comes on the last page of an initial load, and with each poll:
	// https://documentation.myprotime.eu/protimeapi/reference/delta/
	DeltaLink string `json:"deltaLink"`
}

// decodePage reads a page of a list.
func decodePage[T any](body []byte) ([]T, rest.Next, error) {
	p, err := readPage[T](body)
	return *p.Value, rest.Next{Link: escapeTokens(p.NextLink)}, err
}

// decodeLoad reads a page of an initial load, whose items are bare.
func decodeLoad[T any](body []byte) ([]Change[T], rest.Next, error) {
	p, err := readPage[T](body)
	changes := make([]Change[T], len(*p.Value))
	for i, item := range *p.Value {
		changes[i] = Change[T]{Type: ChangeInsertOrUpdate, Data: item}
	}
	if p.NextLink != "" {
		return changes, rest.Next{Link: escapeTokens(p.NextLink)}, err
	}
	next, noLink := p.poll()
	return changes, next, cmp.Or(err, noLink)
}

// decodePoll reads the answer to a delta link, whose items say what happened to them.
func decodePoll[T any](body []byte) ([]Change[T], rest.Next, error) {
	p, err := readPage[Change[T]](body)
	next, noLink := p.poll()
	if err = cmp.Or(err, noLink); err == nil && p.NextLink != "" {
		err = errors.New("the answer to a poll has a nextLink, which Protime rules out") // and changes behind it
	}
	for i, change := range *p.Value {
		if err == nil && change.Type == "" {
			err = fmt.Errorf("item %d: no changeType", i)
		}
	}
	return *p.Value, next, err
}

// poll returns the link for the next poll. Without one the changes from here on would be lost.
func (p page[T]) poll() (rest.Next, error) {
	if p.DeltaLink == "" {
		return rest.Next{}, errors.New("the answer has no deltaLink")
	}
	return rest.Next{Link: escapeTokens(p.DeltaLink), Poll: true}, nil
}

// escapeTokens escapes the "+" of the tokens in a link: they are printed as the Base64 that they are, and
// servers read a "+" in a query as a blank.
func escapeTokens(link string) string {
	for _, name := range []string{"continuationToken=", "deltaToken="} {
		if before, after, ok := strings.Cut(link, name); ok {
			token, others, more := strings.Cut(after, "&")
			link = before + name + strings.ReplaceAll(token, "+", "%2B")
			if more {
				link += "&" + others
			}
		}
	}
	return link
}

// readPage reads a page, whose Value is never nil. If an item cannot be read, those before it
// are returned with an error that names its index.
func readPage[T any](body []byte) (page[T], error) {
	var p page[T]
	err := json.Unmarshal(body, &p)
	if err == nil {
		if p.Value == nil {
			// An empty page has an empty array. Without one this is not a page, and taking
			// it for an empty one would lose rows.
			return page[T]{Value: new([]T)}, errors.New("the answer has no value array")
		}
		return p, nil
	}
	p = page[T]{Value: new([]T)}
	var raw page[json.RawMessage]
	if json.Unmarshal(body, &raw) != nil || raw.Value == nil {
		return p, err
	}
	for i, data := range *raw.Value {
		var item T
		if err := json.Unmarshal(data, &item); err != nil {
			return p, fmt.Errorf("item %d: %w", i, err)
		}
		*p.Value = append(*p.Value, item)
	}
	return p, err
}

// ignore is for answers whose status says all.
func ignore(rest.Answer) error { return nil }

// createdID is created for objects with a number.
func createdID(c *rest.Client, a rest.Answer) (int64, error) {
	text, err := created(c, a)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(text, 10, 63) // without a sign
	if err != nil || id == 0 {
		return 0, fmt.Errorf("the Location ends in %.40q, not in an id", text)
	}
	return int64(id), nil
}

// created returns the id of the object that a POST created: the last segment of its
// Location, since the body is not documented.
func created(c *rest.Client, a rest.Answer) (string, error) {
	if a.StatusCode != http.StatusCreated {
		return "", fmt.Errorf("the status is %d, not 201", a.StatusCode)
	}
	location := a.Header.Get("Location")
	if location == "" {
		return "", errors.New("the answer has no Location")
	}
	u, err := c.Resolve(location)
	if err != nil {
		return "", fmt.Errorf("the Location cannot be read: %w", err)
	}
	return u.Path[strings.LastIndexByte(u.Path, '/')+1:], nil
}

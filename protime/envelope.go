package protime

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/worktime-go/worktime/internal/rest"
)

// page is the envelope of every list:
// https://documentation.myprotime.eu/protimeapi/how-to/fetch-resources/
type page[T any] struct {
	Value    *[]T   `json:"value"`
	NextLink string `json:"nextLink"` // null or absent on the last page
}

// decodePage reads a page. If an item cannot be read, those before it are returned with an
// error that names its index.
func decodePage[T any](body []byte) ([]T, string, error) {
	var p page[T]
	err := json.Unmarshal(body, &p)
	if err == nil {
		if p.Value == nil {
			// An empty page has an empty array. Without one this is not a page, and taking
			// it for an empty one would lose rows.
			return nil, "", errors.New("the answer has no value array")
		}
		return *p.Value, p.NextLink, nil
	}
	var raw page[json.RawMessage]
	if json.Unmarshal(body, &raw) != nil || raw.Value == nil {
		return nil, "", err
	}
	var items []T
	for i, data := range *raw.Value {
		var item T
		if err := json.Unmarshal(data, &item); err != nil {
			return items, "", fmt.Errorf("item %d: %w", i, err)
		}
		items = append(items, item)
	}
	return items, "", err
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

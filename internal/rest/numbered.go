package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/worktime-go/worktime"
)

// Numbered is how a list is walked whose pages are asked for by their numbers.
type Numbered[T any] struct {
	Page string // name of the parameter with the number of the page, from 1
	Size string // name of the one with its rows, which Queries sets; empty: the list has none
	// Decode reads the page that was asked for. On an error it returns the items before the bad one.
	Decode func(body []byte, asked Sheet) (items []T, ahead Ahead, err error)
	// Key tells rows apart; 0 is a row without one. Rows that the page before had too are
	// dropped: without a snapshot they shift while a list is walked. Nil: none is dropped.
	Key func(T) int64
}

// Sheet is the page that is asked for.
type Sheet struct {
	Number int // from 1
	Size   int // rows asked for; 0: not said
}

// Ahead is what follows a page.
type Ahead struct {
	More bool // ask for the next page
	// Told: the vendor's totals say so. Otherwise it is a guess, and a page that
	// is empty or repeats the one before ends the list.
	Told bool
}

// fetchNumbered reads a page of a numbered list.
func (w *walker[T, Q]) fetchNumbered(body []byte) ([]T, Next, error) {
	n, asked := w.list.Numbered, w.sheet()
	items, ahead, err := n.Decode(body, asked)
	if err != nil {
		return items, Next{}, err
	}
	first := n.identity(items)
	repeats := first != "" && first == w.at.First
	switch {
	case repeats && ahead.Told:
		return nil, Next{}, fmt.Errorf("%w: the page repeats the one before", worktime.ErrPageCycle)
	case len(items) == 0 && ahead.More && ahead.Told:
		return nil, Next{}, errors.New("the page is empty, and others are to follow")
	case repeats, len(items) == 0:
		return nil, Next{}, nil
	}
	items = w.dropSeen(items)
	if !ahead.More {
		return items, Next{}, nil
	}
	return items, Next{page: asked.Number + 1, first: first}, nil
}

func (w *walker[T, Q]) sheet() Sheet {
	size, _ := strconv.Atoi(w.queries[w.at.Walk].Get(w.list.Numbered.Size))
	return Sheet{Number: max(1, w.at.Page), Size: size}
}

// numberedURL is the URL of the page to fetch next.
func (w *walker[T, Q]) numberedURL() *url.URL {
	values := maps.Clone(w.queries[w.at.Walk])
	if values == nil {
		values = url.Values{}
	}
	values.Set(w.list.Numbered.Page, strconv.Itoa(w.sheet().Number))
	u := *w.first[w.at.Walk]
	u.RawQuery = Encode(values)
	return &u
}

// dropSeen drops the rows that the page before had too.
func (w *walker[T, Q]) dropSeen(items []T) []T {
	key := w.list.Numbered.Key
	if key == nil {
		return items
	}
	before := w.before
	w.before = make(map[int64]struct{}, len(items))
	for _, item := range items {
		if k := key(item); k != 0 {
			w.before[k] = struct{}{}
		}
	}
	return slices.DeleteFunc(items, func(item T) bool {
		_, seen := before[key(item)]
		return seen
	})
}

// identity tells a page from the one before: by its first row, or, if rows have no keys, by all
// of them. An empty page has none.
func (n *Numbered[T]) identity(items []T) string {
	if len(items) == 0 {
		return ""
	}
	if n.Key != nil {
		if k := n.Key(items[0]); k != 0 {
			return strconv.FormatInt(k, 10)
		}
	}
	text, err := json.Marshal(items)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

package rest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/worktime-go/worktime"
)

// book is an API with one list of pages, or several that the parameter "walk" selects.
type book struct {
	pages [][]int
	walks [][][]int
	// before may answer a request itself: then it returns true. The attempt counts from 1.
	before func(page, attempt int, w http.ResponseWriter, r *http.Request) bool
	// link prints the next link; nil: root-relative.
	link func(walk, page int) string

	mu       sync.Mutex
	log      []int // of the pages asked for
	attempts map[int]int
}

func (b *book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	walk, _ := strconv.Atoi(q.Get("walk"))
	page, _ := strconv.Atoi(q.Get("page"))
	b.mu.Lock()
	b.log = append(b.log, page)
	if b.attempts == nil {
		b.attempts = map[int]int{}
	}
	b.attempts[page]++
	attempt := b.attempts[page]
	b.mu.Unlock()
	if b.before != nil && b.before(page, attempt, w, r) {
		return
	}
	pages := b.pages
	if b.walks != nil {
		pages = b.walks[walk]
	}
	link := ""
	if page+1 < len(pages) {
		if link = pageLink(walk, page+1); b.link != nil {
			link = b.link(walk, page+1)
		}
	}
	writePage(w, link, pages[page]...)
}

func pageLink(walk, page int) string {
	return fmt.Sprintf("%s%s?walk=%d&page=%d", basePath, itemPath, walk, page)
}

// requests returns the pages that were asked for so far.
func (b *book) requests() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.log)
}

// query selects all walks of the book.
func (b *book) query() itemQuery {
	var q itemQuery
	for i := range b.walks {
		q.Walks = append(q.Walks, url.Values{"walk": {strconv.Itoa(i)}})
	}
	return q
}

// numbered returns pages of so many items each, numbered from 0.
func numbered(sizes ...int) [][]int {
	pages := make([][]int, len(sizes))
	id := 0
	for i, size := range sizes {
		for range size {
			pages[i] = append(pages[i], id)
			id++
		}
	}
	return pages
}

// upTo returns 0 to n-1.
func upTo(n int) []int { return append([]int{}, numbered(n)[0]...) }

// serveBook returns a client of the book's API, without connections and goroutines.
func serveBook(t testing.TB, b *book, o worktime.Options) (*Client, *watch) {
	w := newWatch(t, direct{Handler: b})
	return newClient(t, w, origin+basePath, o), w
}

// forge returns a cursor of the list of c for the query without parameters, with the position of p.
func forge(t testing.TB, c *Client, p position) worktime.Cursor {
	t.Helper()
	w, err := newWalker(t.Context(), c, listItems, itemQuery{})
	if err != nil {
		t.Fatal(err)
	}
	at := w.at
	at.Walk, at.Link, at.End = p.Walk, p.Link, p.End
	return at.encode()
}

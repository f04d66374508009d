package rest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// List is an operation that answers with pages of T to a query Q, linked by next links or numbered.
type List[T, Q any] struct {
	Op
	Args []string // for the names in the path, in their order
	// Queries returns the parameters of each walk that the query takes; a long list of
	// persons takes several. It checks the query. The base is that of the client.
	Queries func(base *url.URL, q Q) ([]url.Values, error)
	// Cursor returns the position to resume at.
	Cursor func(q Q) worktime.Cursor
	// Decode reads a page. On an error it returns the items before the bad one.
	Decode func(body []byte) (items []T, next Next, err error)
	// Poll reads the answer to a link that Decode or Poll marked as one to poll. Nil: there are none.
	Poll func(body []byte) (items []T, next Next, err error)
	// Numbered, if set, takes the place of Decode and Poll: pages have numbers and no links.
	Numbered *Numbered[T]
}

// Next is the position after a page; the zero value is the end.
type Next struct {
	Link string
	// Poll: what the link will answer may change later. A walk ends before it, and one that
	// begins with it has one page.
	Poll bool

	page  int    // number of the next page of a numbered list
	first string // identity of the page
}

// All walks the items of a list. Each range over it starts anew.
func All[T, Q any](ctx context.Context, c *Client, list List[T, Q], q Q) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		walk(ctx, c, list, q, func(page worktime.Page[T], err error) bool {
			for _, item := range page.Items {
				if ctx.Err() != nil {
					path, _ := expand(list.Path, list.Args) // went well for the page
					yield(none, c.newError(list.Op, c.url(path, nil), ctx.Err()))
					return false
				}
				if !yield(item, nil) {
					return false
				}
			}
			if err != nil {
				yield(none, err)
			}
			return err == nil
		})
	}
}

// Pages walks the pages of a list. Each range over it starts anew.
func Pages[T, Q any](ctx context.Context, c *Client, list List[T, Q], q Q) iter.Seq2[worktime.Page[T], error] {
	return func(yield func(worktime.Page[T], error) bool) {
		walk(ctx, c, list, q, func(page worktime.Page[T], err error) bool {
			if err != nil {
				// Not with the items before the bad one: a page stands for its cursor.
				yield(worktime.Page[T]{}, err)
				return false
			}
			return yield(page, nil)
		})
	}
}

// walk yields the pages from the query's cursor on. An error comes last, with the items of its
// page that could be read.
func walk[T, Q any](ctx context.Context, c *Client, list List[T, Q], q Q, yield func(worktime.Page[T], error) bool) {
	w, err := newWalker(ctx, c, list, q)
	if err != nil {
		yield(worktime.Page[T]{}, err)
		return
	}
	index := 0
	for r := range w.results(ctx, c.Transport.Prefetch) {
		if r.err == nil && ctx.Err() != nil {
			r = result[T]{err: c.newError(list.Op, w.first[0], ctx.Err())}
		}
		if r.err == nil {
			c.Transport.Page(ctx, list.Name, index, len(r.page.Items), r.last)
		}
		if !yield(r.page, r.err) || r.err != nil {
			return
		}
		index++
	}
}

// result is a page, or with err what could be read of it.
type result[T any] struct {
	page worktime.Page[T]
	last bool
	err  error
}

// walker fetches one page after the other.
type walker[T, Q any] struct {
	client  *Client
	list    List[T, Q]
	queries []url.Values // of each walk
	first   []*url.URL   // of each walk
	at      position     // of the page to fetch next
	pages   int
	seen    map[string]struct{} // links of the present walk
	before  map[int64]struct{}  // keys of the page before, of a numbered list
}

func newWalker[T, Q any](ctx context.Context, c *Client, list List[T, Q], q Q) (*walker[T, Q], error) {
	queries, err := list.Queries(c.Base, q)
	if err != nil {
		return nil, err
	}
	path, err := expand(list.Path, list.Args)
	if err != nil {
		return nil, c.BadField("path", err.Error())
	}
	if c, err = c.located(ctx, list.Op, path); err != nil {
		return nil, err
	}
	w := &walker[T, Q]{client: c, list: list, queries: queries, seen: map[string]struct{}{}}
	for _, values := range queries {
		w.first = append(w.first, c.url(path, values))
	}
	w.at = position{
		Version: cursorVersion, Provider: c.Transport.Provider(), Operation: list.Name, Query: digest(w.first),
		End: len(w.first) == 0,
	}
	if cursor := list.Cursor(q); cursor != "" {
		at, reason := readCursor(cursor, w.at, len(w.first), list.Poll != nil)
		if reason != "" {
			return nil, c.BadField("Cursor", reason)
		}
		w.at = at
	}
	return w, nil
}

// results fetches the pages one after the other, depth of them ahead of the consumer. When
// it returns, however that comes about, nothing of it is left running.
func (w *walker[T, Q]) results(ctx context.Context, depth int) iter.Seq[result[T]] {
	if depth <= 0 {
		return w.sequence(ctx)
	}
	return func(yield func(result[T]) bool) {
		fetching, cancel := context.WithCancel(ctx)
		results := make(chan result[T], depth-1)
		left, done := make(chan struct{}), make(chan struct{})
		complete := false
		var panicked any
		go func() {
			defer close(done)
			defer close(results)
			defer func() { panicked = recover() }()
			for r := range w.sequence(fetching) {
				select {
				case results <- r:
				case <-left: // and not the end of the context: the consumer gets that from r
					return
				}
			}
			complete = true
		}()
		defer func() {
			close(left)
			cancel()
			<-done
		}()
		for r := range results {
			if !yield(r) {
				return
			}
		}
		<-done
		switch {
		case panicked != nil:
			panic(panicked) // of a function of the user's, where the user can recover it
		case !complete: // Goexit in a function of the user's
			yield(result[T]{err: w.client.newError(w.list.Op, w.first[0], errors.New("the fetch ended without a result"))})
		}
	}
}

func (w *walker[T, Q]) sequence(ctx context.Context) iter.Seq[result[T]] {
	return func(yield func(result[T]) bool) {
		for !w.at.End {
			page, err := w.fetch(ctx)
			if !yield(result[T]{page, w.at.End || w.at.Poll, err}) || err != nil || w.at.Poll {
				return
			}
		}
	}
}

// fetch gets the page at the present position and moves on.
func (w *walker[T, Q]) fetch(ctx context.Context) (page worktime.Page[T], err error) {
	u := w.first[w.at.Walk]
	switch {
	case w.list.Numbered != nil:
		u = w.numberedURL()
	case w.at.Link != "":
		if u, err = w.client.Resolve(w.at.Link); err != nil {
			return page, w.client.newError(w.list.Op, w.first[w.at.Walk], err)
		}
	}
	if _, ok := w.seen[u.RequestURI()]; ok {
		return page, w.client.newError(w.list.Op, u, worktime.ErrPageCycle)
	}
	w.seen[u.RequestURI()] = struct{}{}

	decode := w.list.Decode
	switch {
	case w.list.Numbered != nil:
		decode = w.fetchNumbered
	case w.at.Poll:
		decode = w.list.Poll
	}
	var next Next
	err = w.client.send(ctx, w.list.Op, u, nil, func(a Answer) (err error) {
		if err = CheckJSON(a); err == nil {
			page.Items, next, err = decode(a.Body)
		}
		if err == nil && a.response.Holds(next.Link) {
			err = errors.New("the next link holds the credential")
		}
		return err
	})
	w.pages++
	if err != nil {
		return page, w.explain(err)
	}
	w.at.Link, w.at.Poll, w.at.Page, w.at.First = next.Link, next.Poll, next.page, next.first
	if next.Link == "" && next.page == 0 {
		clear(w.seen)
		w.before = nil
		w.at.Walk++
		w.at.End = w.at.Walk == len(w.first)
	}
	page.Cursor = w.at.encode()
	return page, nil
}

// explain adds to an error on which page it happened, and whether that page is still there.
func (w *walker[T, Q]) explain(err error) error {
	var e *worktime.Error
	if !errors.As(err, &e) {
		return err
	}
	if w.at.Link != "" && w.client.Vendor.Expired != nil && w.client.Vendor.Expired(e.StatusCode) {
		e.Err = transport.Join(worktime.ErrCursorExpired, e.Err)
	}
	if errors.Is(e.Err, worktime.ErrBadResponse) {
		e.Err = fmt.Errorf("page %d: %w", w.pages, e.Err)
	}
	return e
}

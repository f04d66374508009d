package rest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func TestPagesAreLazy(t *testing.T) {
	b := &book{pages: numbered(1)}
	c, _ := serveBook(t, b, worktime.Options{Prefetch: 3})
	items := All(t.Context(), c, listItems, itemQuery{})
	pages := Pages(t.Context(), c, listItems, itemQuery{})
	assert.Empty(t, b.requests())
	for range items {
	}
	assert.Equal(t, []int{0}, b.requests())
	for range pages {
	}
	assert.Equal(t, []int{0, 0}, b.requests())
}

// An empty page with a next link is no end, wherever it stands.
func TestEmptyPages(t *testing.T) {
	for name, sizes := range map[string][]int{
		"only":   {0},
		"first":  {0, 2},
		"middle": {1, 0, 0, 1},
		"last":   {1, 0},
		"all":    {0, 0, 0},
	} {
		for _, prefetch := range []int{-1, 1, 3} {
			t.Run(fmt.Sprintf("%s, prefetch %d", name, prefetch), func(t *testing.T) {
				b := &book{pages: numbered(sizes...)}
				c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch})
				got, err := all(t, c, itemQuery{})
				require.NoError(t, err)
				total := 0
				for _, size := range sizes {
					total += size
				}
				assert.Equal(t, upTo(total), got)
				assert.Equal(t, upTo(len(sizes)), b.requests())

				pages, err := worktime.Collect(Pages(t.Context(), c, listItems, itemQuery{}))
				require.NoError(t, err)
				require.Len(t, pages, len(sizes))
				for i, page := range pages {
					assert.Len(t, page.Items, sizes[i], "page %d", i)
				}
			})
		}
	}
}

// Several walks come one after the other, in their order; none is a list without a request.
func TestWalks(t *testing.T) {
	b := &book{walks: [][][]int{{{1}, {2, 3}}, {{}}, {{4}, {}, {5}}}}
	c, _ := serveBook(t, b, worktime.Options{})
	got, err := all(t, c, b.query())
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 3, 4, 5}, got)
	assert.Equal(t, []int{0, 1, 0, 0, 1, 2}, b.requests())

	none := &book{}
	c, _ = serveBook(t, none, worktime.Options{})
	got, err = all(t, c, itemQuery{Walks: []url.Values{}})
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Empty(t, none.requests())
}

// The arguments of a list are part of its path, of its cursors and of its errors.
func TestListArguments(t *testing.T) {
	var targets []string
	c := newClient(t, newNetwork(t, func(w http.ResponseWriter, r *http.Request) {
		targets = append(targets, r.RequestURI)
		next := ""
		if len(targets) == 1 {
			next = basePath + "/levels/1%2F2/items?page=2"
		}
		writePage(w, next, len(targets), 10+len(targets))
	}), origin+basePath, worktime.Options{Prefetch: -1})
	list := listItems
	list.Path, list.Args = "/levels/{level}/items", []string{"1/2"}
	pages, err := worktime.Collect(Pages(t.Context(), c, list, itemQuery{}))
	require.NoError(t, err)
	assert.Equal(t, []string{basePath + "/levels/1%2F2/items", basePath + "/levels/1%2F2/items?page=2"}, targets)

	other := list
	other.Args = []string{"3"}
	_, err = worktime.Collect(Pages(t.Context(), c, other, itemQuery{Cursor: pages[0].Cursor}))
	requireField(t, err, "Cursor")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, err = range All(ctx, c, list, itemQuery{}) {
		cancel()
	}
	assert.Equal(t, basePath+"/levels/1%2F2/items", requireError(t, err, "list items", context.Canceled).Path)

	targets = nil
	for _, args := range [][]string{nil, {""}, {".."}, {"1", "2"}} {
		list.Args = args
		_, err = worktime.Collect(All(t.Context(), c, list, itemQuery{}))
		requireField(t, err, "path")
	}
	assert.Empty(t, targets)
}

// A refused query ends the list before anything is sent.
func TestQueryError(t *testing.T) {
	b := &book{pages: numbered(1)}
	c, _ := serveBook(t, b, worktime.Options{})
	list, bad := listItems, errors.New("bad query")
	list.Queries = func(*url.URL, itemQuery) ([]url.Values, error) { return nil, bad }
	for _, err := range All(t.Context(), c, list, itemQuery{}) {
		assert.Same(t, bad, err)
	}
	pages, err := worktime.Collect(Pages(t.Context(), c, list, itemQuery{}))
	assert.Same(t, bad, err)
	assert.Empty(t, pages)
	assert.Empty(t, b.requests())
}

// Each range begins at the first page, also after one that was left.
func TestEachRangeStartsAnew(t *testing.T) {
	b := &book{pages: numbered(2, 2)}
	c, _ := serveBook(t, b, worktime.Options{Prefetch: -1})
	items := All(t.Context(), c, listItems, itemQuery{})
	for item, err := range items {
		require.NoError(t, err)
		require.Zero(t, item.ID)
		break
	}
	for range 2 {
		got, err := ids(worktime.Collect(items))
		require.NoError(t, err)
		assert.Equal(t, upTo(4), got)
	}
	assert.Equal(t, []int{0, 0, 1, 0, 1}, b.requests())
}

// Two ranges over one iterator at the same time do not meet.
func TestNestedRanges(t *testing.T) {
	b := &book{pages: numbered(1, 1)}
	c, _ := serveBook(t, b, worktime.Options{})
	items := All(t.Context(), c, listItems, itemQuery{})
	var got [][2]int
	for a := range items {
		for b := range items {
			got = append(got, [2]int{a.ID, b.ID})
		}
	}
	assert.Equal(t, [][2]int{{0, 0}, {0, 1}, {1, 0}, {1, 1}}, got)
}

// While a page is consumed, so many further pages are fetched, one after the other.
func TestPrefetch(t *testing.T) {
	for prefetch, ahead := range map[int]int{-1: 0, 0: 1, 1: 1, 3: 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const pages = 7
				b := &book{pages: numbered(2, 2, 2, 2, 2, 2, 2)}
				var w *watch
				b.before = func(int, int, http.ResponseWriter, *http.Request) bool {
					assert.EqualValues(t, 1, w.inFlight.Load(), "requests at once")
					return false
				}
				c, w2 := serveBook(t, b, worktime.Options{Prefetch: prefetch})
				w = w2
				for item, err := range All(t.Context(), c, listItems, itemQuery{}) {
					require.NoError(t, err)
					synctest.Wait() // until whatever runs ahead can run no further
					page := item.ID / 2
					assert.Equal(t, upTo(min(page+1+ahead, pages)), b.requests(), "at item %d", item.ID)
				}
			})
		})
	}
}

// The next page is asked for before the first item of the present one is yielded and not
// waited for: it may hang while the present one is consumed.
func TestConsumingDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		b := &book{pages: numbered(3, 1)}
		b.before = func(page, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if page == 1 {
				<-release
			}
			return false
		}
		c, _ := serveBook(t, b, worktime.Options{Timeout: -1})
		var got []int
		for item, err := range All(t.Context(), c, listItems, itemQuery{}) {
			require.NoError(t, err)
			if got = append(got, item.ID); item.ID == 2 {
				close(release)
			}
		}
		assert.Equal(t, upTo(4), got)
	})
}

// Leaving early costs at most the pages that are fetched ahead, also of Pages.
func TestLeavingEarlyCosts(t *testing.T) {
	for prefetch, ahead := range map[int]int{-1: 0, 1: 1, 3: 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &book{pages: numbered(1, 1, 1, 1, 1, 1, 1, 1)}
				c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch})
				for item := range All(t.Context(), c, listItems, itemQuery{}) {
					synctest.Wait()
					if item.ID == 1 {
						break
					}
				}
				synctest.Wait()
				assert.Equal(t, upTo(2+ahead), b.requests())

				b.log = nil
				for range Pages(t.Context(), c, listItems, itemQuery{}) {
					synctest.Wait()
					break
				}
				synctest.Wait()
				assert.Equal(t, upTo(1+ahead), b.requests())
			})
		})
	}
}

// pulled reads what an iterator yields until it ends, errors and all.
func pulled[T any](seq iter.Seq2[T, error]) (values []T, errs []error) {
	for v, err := range seq { // goes on after an error, to see that nothing follows
		values, errs = append(values, v), append(errs, err)
	}
	return values, errs
}

// Items before a bad one come first. The error names page and index, comes once, with no value,
// and ends the loop.
func TestBadItem(t *testing.T) {
	for _, prefetch := range []int{-1, 1, 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			b := &book{pages: numbered(2, 4, 1)}
			b.before = func(page, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if page == 1 {
					items := append(raws(2, 3), []byte(`{"id":"four"}`))
					writeJSON(w, http.StatusOK, itemPage{Value: append(items, raws(5)...), NextLink: pageLink(0, 2)})
				}
				return page == 1
			}
			c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch})
			items, errs := pulled(All(t.Context(), c, listItems, itemQuery{}))
			assert.Equal(t, []Item{{0}, {1}, {2}, {3}, {}}, items)
			assert.Equal(t, []error{nil, nil, nil, nil}, errs[:4])
			e := requireError(t, errs[4], "list items", worktime.ErrBadResponse)
			assert.Contains(t, e.Error(), "page 2")
			assert.Contains(t, e.Error(), "item 2")
			assert.Equal(t, http.StatusOK, e.StatusCode)

			pages, errs := pulled(Pages(t.Context(), c, listItems, itemQuery{}))
			require.Len(t, pages, 2, "no page comes with the error")
			assert.Len(t, pages[0].Items, 2)
			assert.Equal(t, worktime.Page[Item]{}, pages[1])
			requireError(t, errs[1], "list items", worktime.ErrBadResponse)
			assert.Equal(t, []int{0, 1, 0, 1}, b.requests(), "nothing after the bad page")
		})
	}
}

// A page that fails ends the list once, after all items before it.
func TestFailedPage(t *testing.T) {
	for _, prefetch := range []int{-1, 1, 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			b := &book{pages: numbered(2, 2, 2)}
			b.before = func(page, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if page == 1 {
					failWith(w, http.StatusForbidden, "Scope")
				}
				return page == 1
			}
			c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch})
			items, errs := pulled(All(t.Context(), c, listItems, itemQuery{}))
			assert.Equal(t, []Item{{0}, {1}, {}}, items)
			requireError(t, errs[2], "list items", worktime.ErrForbidden)
			pages, errs := pulled(Pages(t.Context(), c, listItems, itemQuery{}))
			require.Len(t, pages, 2)
			requireError(t, errs[1], "list items", worktime.ErrForbidden)
			assert.Equal(t, []int{0, 1, 0, 1}, b.requests())
		})
	}
}

// A context that ends while a page is consumed stops the loop at the next item, though all of
// the page is there, and even if more pages are.
func TestCancelInsideAPage(t *testing.T) {
	for _, prefetch := range []int{-1, 1, 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &book{pages: numbered(5, 5, 5, 5, 5)}
				c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch})
				ctx, cancel := context.WithCancel(t.Context())
				var got []int
				var last error
				for item, err := range All(ctx, c, listItems, itemQuery{}) {
					if last = err; err == nil {
						got = append(got, item.ID)
					}
					if synctest.Wait(); item.ID == 6 {
						cancel()
					}
				}
				assert.Equal(t, upTo(7), got)
				requireError(t, last, "list items", context.Canceled)

				ctx, cancel = context.WithCancel(t.Context())
				defer cancel()
				pages := 0
				for _, err := range Pages(ctx, c, listItems, itemQuery{}) {
					if last = err; err == nil {
						pages++
					}
					synctest.Wait()
					cancel()
				}
				assert.Equal(t, 1, pages)
				requireError(t, last, "list items", context.Canceled)
			})
		})
	}
}

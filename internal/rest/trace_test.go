package rest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// pageTrace collects the pages that are reported.
func pageTrace(pages *[]worktime.PageInfo) *worktime.Trace {
	return &worktime.Trace{Page: func(_ context.Context, i worktime.PageInfo) { *pages = append(*pages, i) }}
}

func pageInfo(index, items int, last bool) worktime.PageInfo {
	return worktime.PageInfo{Provider: provider, Operation: "list items", Index: index, Items: items, Last: last}
}

// Each page is reported once, in order, over all walks; the last one as such.
func TestTracePages(t *testing.T) {
	for _, prefetch := range []int{-1, 1, 3} {
		t.Run(fmt.Sprint(prefetch), func(t *testing.T) {
			var got []worktime.PageInfo
			b := &book{walks: [][][]int{{{1, 2}, {}}, {{3}}, {{}, {4, 5, 6}}}}
			c, _ := serveBook(t, b, worktime.Options{Prefetch: prefetch, Trace: pageTrace(&got)})
			want := []worktime.PageInfo{pageInfo(0, 2, false), pageInfo(1, 0, false), pageInfo(2, 1, false), pageInfo(3, 0, false), pageInfo(4, 3, true)}

			_, err := all(t, c, b.query())
			require.NoError(t, err)
			assert.Equal(t, want, got)

			got = nil
			pages, err := worktime.Collect(Pages(t.Context(), c, listItems, b.query()))
			require.NoError(t, err)
			assert.Equal(t, want, got)

			// A resumed walk counts from 0 again; one that is at its end has no page.
			q := b.query()
			got, q.Cursor = nil, pages[2].Cursor
			_, err = all(t, c, q)
			require.NoError(t, err)
			assert.Equal(t, []worktime.PageInfo{pageInfo(0, 0, false), pageInfo(1, 3, true)}, got)
			got, q.Cursor = nil, pages[4].Cursor
			_, err = all(t, c, q)
			require.NoError(t, err)
			assert.Empty(t, got)
		})
	}
}

// A page is reported before its items are yielded, in the consumer's goroutine and context, and
// not at all if the loop is left before it.
func TestTracePageOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var events []string
		trace := &worktime.Trace{Page: func(ctx context.Context, i worktime.PageInfo) {
			assert.Equal(t, "consumer's", ctx.Value(key{}))
			events = append(events, fmt.Sprint("page ", i.Index))
		}}
		b := &book{pages: numbered(1, 1, 1, 1, 1)}
		c, _ := serveBook(t, b, worktime.Options{Prefetch: 3, Trace: trace})
		for item, err := range All(context.WithValue(t.Context(), key{}, "consumer's"), c, listItems, itemQuery{}) {
			require.NoError(t, err)
			synctest.Wait()
			events = append(events, fmt.Sprint("item ", item.ID))
			if item.ID == 1 {
				break
			}
		}
		assert.Equal(t, []string{"page 0", "item 0", "page 1", "item 1"}, events)
		assert.Len(t, b.requests(), 5)
	})
}

// A page that could not be read is not reported as one.
func TestTraceNoBadPage(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter){
		"bad item": func(w http.ResponseWriter) { refuse(w, 200, `{"value":[{"id":7},{"id":"x"}]}`) },
		"refused":  func(w http.ResponseWriter) { refuse(w, 403, `{}`) },
	} {
		t.Run(name, func(t *testing.T) {
			var got []worktime.PageInfo
			b := &book{pages: numbered(2, 2)}
			b.before = func(page, _ int, w http.ResponseWriter, _ *http.Request) bool {
				if page == 1 {
					answer(w)
				}
				return page == 1
			}
			c, _ := serveBook(t, b, worktime.Options{Trace: pageTrace(&got)})
			_, err := all(t, c, itemQuery{})
			require.Error(t, err)
			assert.Equal(t, []worktime.PageInfo{pageInfo(0, 2, false)}, got)
		})
	}
}

// The log has the same events by operation name, at debug level, and no link.
func TestLogPages(t *testing.T) {
	var log bytes.Buffer
	b := &book{pages: numbered(2, 1)}
	c, _ := serveBook(t, b, worktime.Options{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))})
	_, err := all(t, c, itemQuery{})
	require.NoError(t, err)
	assert.Contains(t, log.String(), `level=DEBUG msg=page provider=acme operation="list items" index=0 items=2 last=false`)
	assert.Contains(t, log.String(), `level=DEBUG msg=page provider=acme operation="list items" index=1 items=1 last=true`)
	assert.Equal(t, 2, strings.Count(log.String(), "msg=page"))
	assert.NotContains(t, log.String(), "?")
	assert.NotContains(t, log.String(), basePath)

	log.Reset()
	c, _ = serveBook(t, b, worktime.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	_, err = all(t, c, itemQuery{})
	require.NoError(t, err)
	assert.Empty(t, log.String())
}

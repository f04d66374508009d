package rest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/worktime-go/worktime"
)

// From whatever cursor a list is resumed, in a new process and with any prefetch, the rest of it
// is what an uninterrupted walk yields, and no page is fetched that is not needed.
func TestResumeEqualsTheWholeWalk(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := &book{walks: rapid.SliceOfN(rapid.SliceOfN(rapid.SliceOfN(rapid.Int(), 0, 4), 1, 5), 1, 4).Draw(rt, "walks")}
		form := rapid.SampledFrom([]string{"%s", origin + "%s", "%s&filter=a eq 'b+c%%'", "%s&token=a+b%%2F=="}).Draw(rt, "link form")
		b.link = func(walk, page int) string { return fmt.Sprintf(form, pageLink(walk, page)) }
		prefetch := rapid.IntRange(-1, 4)
		client := func() *Client {
			return newClient(t, direct{Handler: b}, origin+basePath, worktime.Options{Prefetch: prefetch.Draw(rt, "prefetch")})
		}
		whole := slices.Concat(b.walks...)
		q := b.query()

		pages, err := worktime.Collect(Pages(t.Context(), client(), listItems, q))
		require.NoError(rt, err)
		require.Len(rt, pages, len(whole))
		items, err := all(t, client(), q)
		require.NoError(rt, err)
		require.Equal(rt, flat(whole), items)

		for i, page := range pages {
			got, err := ids(page.Items, nil)
			require.NoError(rt, err)
			require.Equal(rt, append([]int{}, whole[i]...), got, "page %d", i)

			q.Cursor, b.log = page.Cursor, nil
			rest, err := all(t, client(), q)
			require.NoError(rt, err)
			require.Equal(rt, flat(whole[i+1:]), rest, "after page %d", i)
			require.Len(rt, b.requests(), len(whole)-i-1, "after page %d", i)

			resumed, err := worktime.Collect(Pages(t.Context(), client(), listItems, q))
			require.NoError(rt, err)
			require.Equal(rt, pages[i+1:], append([]worktime.Page[Item]{}, resumed...), "with the same cursors")
		}
	})
}

func flat(pages [][]int) []int { return append([]int{}, slices.Concat(pages...)...) }

func TestEndCursor(t *testing.T) {
	b := &book{walks: [][][]int{{{1}}, {{2}, {}}}}
	c, _ := serveBook(t, b, worktime.Options{})
	pages, err := worktime.Collect(Pages(t.Context(), c, listItems, b.query()))
	require.NoError(t, err)
	q := b.query()
	q.Cursor = pages[len(pages)-1].Cursor
	require.NotEmpty(t, q.Cursor, "the empty cursor is the beginning")
	b.log = nil
	for range 2 {
		got, err := all(t, c, q)
		require.NoError(t, err)
		assert.Empty(t, got)
		pages, err = worktime.Collect(Pages(t.Context(), c, listItems, q))
		require.NoError(t, err)
		assert.Empty(t, pages)
	}
	assert.Empty(t, b.requests())
}

// cursorOf returns the cursor after the first page.
func cursorOf(t *testing.T, c *Client, list List[Item, itemQuery], q itemQuery) worktime.Cursor {
	t.Helper()
	for page, err := range Pages(t.Context(), c, list, q) {
		require.NoError(t, err)
		return page.Cursor
	}
	t.Fatal("no page")
	return ""
}

// A cursor of anything else is refused by name before anything is sent, also if it is an end cursor.
func TestForeignCursors(t *testing.T) {
	for _, sizes := range [][]int{{1, 1}, {1}} {
		b := &book{pages: numbered(sizes...)}
		c, _ := serveBook(t, b, worktime.Options{})
		q := itemQuery{Walks: []url.Values{{"a": {"1"}}}}
		otherList := listItems
		otherList.Name = "list others"
		otherPath := listItems
		otherPath.Path = "/others"
		otherBase := newClient(t, direct{Handler: b}, "https://other.example.test"+basePath, worktime.Options{})
		otherVersion := newClient(t, direct{Handler: b}, origin+"/connector/api/v2", worktime.Options{})

		good := cursorOf(t, c, listItems, q)
		foreign := map[string]worktime.Cursor{
			"no parameters":   cursorOf(t, c, listItems, itemQuery{}),
			"other value":     cursorOf(t, c, listItems, itemQuery{Walks: []url.Values{{"a": {"2"}}}}),
			"further walk":    cursorOf(t, c, listItems, itemQuery{Walks: []url.Values{{"a": {"1"}}, {"a": {"2"}}}}),
			"other operation": cursorOf(t, c, otherList, q),
			"other path":      cursorOf(t, c, otherPath, q),
			"other host":      cursorOf(t, otherBase, listItems, q),
			"other base path": cursorOf(t, otherVersion, listItems, q),
			"other provider":  edit(t, good, func(p *position) { p.Provider = "acne" }),
			"newer version":   edit(t, good, func(p *position) { p.Version++ }),
			"no version":      edit(t, good, func(p *position) { p.Version = 0 }),
			"no digest":       edit(t, good, func(p *position) { p.Query = "" }),
			"empty":           edit(t, good, func(p *position) { *p = position{} }),
			"end of nothing":  edit(t, good, func(p *position) { *p = position{End: true} }),
		}
		if len(sizes) > 1 {
			foreign["walk before the first"] = edit(t, good, func(p *position) { p.Walk = -1 })
			foreign["walk after the last"] = edit(t, good, func(p *position) { p.Walk = 1 })
		}
		b.log = nil
		for name, cursor := range foreign {
			refuseCursor(t, c, name, itemQuery{Walks: q.Walks, Cursor: cursor})
		}
		assert.Empty(t, b.requests())
	}
}

func edit(t *testing.T, c worktime.Cursor, change func(*position)) worktime.Cursor {
	t.Helper()
	var p position
	require.NoError(t, json.Unmarshal(decodeCursor(t, c), &p))
	change(&p)
	return p.encode()
}

func decodeCursor(t *testing.T, c worktime.Cursor) []byte {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(string(c))
	require.NoError(t, err)
	return text
}

func refuseCursor(t *testing.T, c *Client, name string, q itemQuery) {
	t.Helper()
	got, err := all(t, c, q)
	assert.Empty(t, got, name)
	e := requireField(t, err, "Cursor")
	require.ErrorIs(t, err, worktime.ErrBadRequest, name)
	assert.Less(t, len(e.Error()), 200, name)
	pages, err := worktime.Collect(Pages(t.Context(), c, listItems, q))
	assert.Empty(t, pages, name)
	requireField(t, err, "Cursor")
}

func TestGarbageCursors(t *testing.T) {
	b := &book{pages: numbered(1, 1)}
	c, _ := serveBook(t, b, worktime.Options{})
	good := string(cursorOf(t, c, listItems, itemQuery{}))
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	b.log = nil
	for name, text := range map[string]string{
		"blank":          " ",
		"word":           "next",
		"link":           pageLink(0, 1),
		"cut":            good[:len(good)/2],
		"cut by one":     good[:len(good)-1],
		"twice":          good + good,
		"padded":         good + "==",
		"NUL":            good + "\x00",
		"not JSON":       encode("hello"),
		"JSON null":      encode("null"),
		"JSON array":     encode("[]"),
		"wrong types":    encode(`{"v":"1","p":2}`),
		"huge number":    encode(`{"v":1e99}`),
		"deep":           encode(strings.Repeat("[", 20_000)),
		"a megabyte":     strings.Repeat("A", 1<<20),
		"a long link":    string(forge(t, c, position{Link: pageLink(0, 1) + "&x=" + strings.Repeat("x", 1<<20)})),
		"trailing value": encode(`{"v":1}{"v":1}`),
	} {
		refuseCursor(t, c, name, itemQuery{Cursor: worktime.Cursor(text)})
	}
	assert.Empty(t, b.requests())
}

// The longest links that are followed can be resumed, also such that JSON makes longer.
func TestCursorOfALongLink(t *testing.T) {
	for _, filling := range []string{"x", "&a", "a+", "é", "%20", "'<>"} {
		front := pageLink(0, 1) + "&"
		long := front + strings.Repeat(filling, (maxLink-len(front))/len(filling))
		b := &book{pages: numbered(1, 1), link: func(int, int) string { return long }}
		c, _ := serveBook(t, b, worktime.Options{})
		got, err := all(t, c, itemQuery{Cursor: cursorOf(t, c, listItems, itemQuery{})})
		require.NoError(t, err, filling)
		assert.Equal(t, []int{1}, got)
	}
}

// A cursor may be stored where a token may not: it holds the link and our own query.
func TestCursorHasNoSecrets(t *testing.T) {
	b := &book{pages: numbered(1, 1)}
	c, _ := serveBook(t, b, worktime.Options{})
	for page, err := range Pages(t.Context(), c, listItems, itemQuery{Walks: []url.Values{{"name": {"Zoë"}}}}) {
		require.NoError(t, err)
		text := string(decodeCursor(t, page.Cursor))
		assertHidden(t, text)
		assert.NotContains(t, text, "Zo", "the query is only there as a digest")
		assert.NotContains(t, text, "example.test")
	}
}

// FuzzCursor: no text makes the client panic or send a request to another origin or above the
// base, also if all that is checked first is right.
func FuzzCursor(f *testing.F) {
	var arrived []*http.Request
	c := newClient(f, roundTrip(func(r *http.Request) (*http.Response, error) {
		arrived = append(arrived, r)
		return direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writePage(w, "", 1) })}.RoundTrip(r)
	}), origin+basePath, worktime.Options{Prefetch: -1})
	f.Add(string(forge(f, c, position{Link: pageLink(0, 0)})))
	f.Add(`{"w":0,"l":"/connector/api/v1/items?x=a b"}`)
	f.Add(`{"v":1,"p":"acme","o":"list items","w":-1,"e":true}`)
	for _, link := range astray {
		f.Add(link[:min(len(link), 1000)])
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p position
		_ = json.Unmarshal([]byte(text), &p)
		for _, cursor := range []worktime.Cursor{
			worktime.Cursor(text),
			worktime.Cursor(base64.RawURLEncoding.EncodeToString([]byte(text))),
			forge(t, c, p),
			forge(t, c, position{Link: text}),
		} {
			arrived = nil
			_, err := all(t, c, itemQuery{Cursor: cursor})
			for _, r := range arrived {
				require.Equal(t, origin, r.URL.Scheme+"://"+r.URL.Host)
				require.Equal(t, "Bearer "+canary, r.Header.Get("Authorization"))
				requireSound(t, c, r.URL.String())
			}
			if err != nil {
				require.Empty(t, arrived)
				var field *worktime.FieldError
				require.True(t, errors.As(err, &field) && field.Field == "Cursor" || errors.Is(err, worktime.ErrCrossOrigin), "%v", err)
			}
		}
	})
}

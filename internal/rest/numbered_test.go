package rest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

// sheets is a server of a numbered list: what page n answers, from 1.
type sheets struct {
	page func(n, size int) sheetAnswer

	mu    sync.Mutex
	asked []string // "page/size"
}

type sheetAnswer struct {
	IDs  []int
	More *bool // nil: not told
}

func (s *sheets) RoundTrip(r *http.Request) (*http.Response, error) {
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	size, _ := strconv.Atoi(r.URL.Query().Get("size"))
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Query().Get("page")+"/"+r.URL.Query().Get("size"))
	s.mu.Unlock()
	w := httptest.NewRecorder()
	writeJSON(w, http.StatusOK, s.page(n, size))
	return w.Result(), nil
}

// sheetQuery may have several walks.
type sheetQuery struct {
	Walks  int
	Size   int
	Cursor worktime.Cursor
}

func listSheets(key func(int) int64) List[int, sheetQuery] {
	return List[int, sheetQuery]{
		Op: Op{Name: "list sheets", Class: transport.Safe, Method: http.MethodGet, Path: "/sheets/{of}"}, Args: []string{"a b"},
		Queries: func(_ *url.URL, q sheetQuery) ([]url.Values, error) {
			walks := make([]url.Values, max(1, q.Walks))
			for i := range walks {
				walks[i] = url.Values{"size": {strconv.Itoa(max(q.Size, 2))}, "walk": {strconv.Itoa(i)}}
			}
			return walks, nil
		},
		Cursor: func(q sheetQuery) worktime.Cursor { return q.Cursor },
		Numbered: &Numbered[int]{Page: "page", Size: "size", Key: key, Decode: func(body []byte, asked Sheet) ([]int, Ahead, error) {
			var a sheetAnswer
			if err := json.Unmarshal(body, &a); err != nil {
				return nil, Ahead{}, err
			}
			if a.More != nil {
				return a.IDs, Ahead{More: *a.More, Told: true}, nil
			}
			return a.IDs, Ahead{More: len(a.IDs) >= asked.Size}, nil
		}},
	}
}

func own(id int) int64 { return int64(id) }

func newSheets(t *testing.T, page func(n, size int) sheetAnswer) (*sheets, *Client) {
	t.Helper()
	s := &sheets{page: page}
	return s, newClient(t, s, origin+basePath, worktime.Options{})
}

// fixed pages; told says how many there are.
func pagesOf(told bool, pages ...[]int) func(n, size int) sheetAnswer {
	return func(n, _ int) sheetAnswer {
		a := sheetAnswer{}
		if n <= len(pages) {
			a.IDs = pages[n-1]
		}
		if told {
			a.More = new(n < len(pages))
		}
		return a
	}
}

func TestNumberedStops(t *testing.T) {
	cycle := worktime.ErrPageCycle
	for name, c := range map[string]struct {
		page  func(n, size int) sheetAnswer
		want  []int
		asked int
		is    error
	}{
		"nothing, told":                   {pagesOf(true, nil), nil, 1, nil},
		"nothing":                         {pagesOf(false), nil, 1, nil},
		"one, told":                       {pagesOf(true, []int{1}), []int{1}, 1, nil},
		"one":                             {pagesOf(false, []int{1}), []int{1}, 1, nil},
		"exactly a page, told":            {pagesOf(true, []int{1, 2}), []int{1, 2}, 1, nil},
		"exactly a page":                  {pagesOf(false, []int{1, 2}), []int{1, 2}, 2, nil},
		"one more, told":                  {pagesOf(true, []int{1, 2}, []int{3}), []int{1, 2, 3}, 2, nil},
		"one more":                        {pagesOf(false, []int{1, 2}, []int{3}), []int{1, 2, 3}, 2, nil},
		"larger pages than asked for":     {pagesOf(false, []int{1, 2, 3, 4}, []int{5}), []int{1, 2, 3, 4, 5}, 2, nil},
		"smaller pages than asked, told":  {pagesOf(true, []int{1}, []int{2}, []int{3}), []int{1, 2, 3}, 3, nil},
		"the number is ignored":           {func(int, int) sheetAnswer { return sheetAnswer{IDs: []int{1, 2, 3}} }, []int{1, 2, 3}, 2, nil},
		"the number is ignored, told":     {func(int, int) sheetAnswer { return sheetAnswer{IDs: []int{1, 2}, More: new(true)} }, []int{1, 2}, 2, cycle},
		"the last page repeats, told":     {pagesOf(true, []int{1, 2}, []int{1, 2}), []int{1, 2}, 2, cycle},
		"an empty page in between, told":  {pagesOf(true, []int{1, 2}, nil, []int{3}), []int{1, 2}, 2, worktime.ErrBadResponse},
		"an empty page at the end, told":  {pagesOf(true, []int{1, 2}, nil), []int{1, 2}, 2, nil},
		"a row moves to the next page":    {pagesOf(true, []int{1, 2}, []int{2, 3}, []int{4}), []int{1, 2, 3, 4}, 3, nil},
		"a whole page moves":              {pagesOf(true, []int{1, 2}, []int{2}), []int{1, 2}, 2, nil},
		"a row moves, not told":           {pagesOf(false, []int{1, 2}, []int{2, 3}, []int{4}), []int{1, 2, 3, 4}, 3, nil},
		"rows without a key are all kept": {pagesOf(true, []int{1, 0}, []int{0, 0}, []int{3}), []int{1, 0, 0, 0, 3}, 3, nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, prefetch := range []int{-1, 1, 3} {
				s, client := newSheets(t, c.page)
				client.Transport.Prefetch = max(0, prefetch)
				got, err := worktime.Collect(All(t.Context(), client, listSheets(own), sheetQuery{}))
				assert.Equal(t, c.want, got)
				if c.is == nil {
					require.NoError(t, err)
				} else {
					requireError(t, err, "list sheets", c.is)
					require.ErrorContains(t, err, "page "+strconv.Itoa(c.asked)+":")
				}
				assert.Len(t, s.asked, c.asked)
				for i, asked := range s.asked {
					assert.Equal(t, strconv.Itoa(i+1)+"/2", asked)
				}
			}
		})
	}
}

// Without keys a page is told from the one before by all of its rows, and none is dropped.
func TestNumberedWithoutKeys(t *testing.T) {
	_, client := newSheets(t, pagesOf(false, []int{1, 2}, []int{1, 3}, []int{1, 3}, []int{4, 5}))
	got, err := worktime.Collect(All(t.Context(), client, listSheets(nil), sheetQuery{}))
	require.NoError(t, err)
	assert.Equal(t, []int{1, 2, 1, 3}, got)
}

// A cursor goes on with the next number, and knows a list whose server ignores numbers.
func TestNumberedCursor(t *testing.T) {
	s, client := newSheets(t, pagesOf(true, []int{1, 2}, []int{3, 4}, []int{5}))
	var pages []worktime.Page[int]
	for page, err := range Pages(t.Context(), client, listSheets(own), sheetQuery{Walks: 2}) {
		require.NoError(t, err)
		pages = append(pages, page)
	}
	require.Len(t, pages, 6)
	for i, page := range pages {
		s.asked = nil
		got, err := worktime.Collect(All(t.Context(), client, listSheets(own), sheetQuery{Walks: 2, Cursor: page.Cursor}))
		require.NoError(t, err)
		var want []int
		for _, later := range pages[i+1:] {
			want = append(want, later.Items...)
		}
		assert.Equal(t, want, got)
		assert.Len(t, s.asked, len(pages)-i-1)
	}
	_, err := worktime.Collect(All(t.Context(), client, listSheets(own), sheetQuery{Walks: 2, Size: 3, Cursor: pages[0].Cursor}))
	requireField(t, err, "Cursor") // numbers mean nothing with another size

	_, client = newSheets(t, func(int, int) sheetAnswer { return sheetAnswer{IDs: []int{1, 2, 3}} })
	for page, err := range Pages(t.Context(), client, listSheets(own), sheetQuery{}) {
		require.NoError(t, err)
		got, err := worktime.Collect(All(t.Context(), client, listSheets(own), sheetQuery{Cursor: page.Cursor}))
		require.NoError(t, err)
		assert.Empty(t, got)
		break
	}
}

func TestListArgs(t *testing.T) {
	var path string
	client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		path = r.URL.EscapedPath()
		w := httptest.NewRecorder()
		writeJSON(w, http.StatusOK, sheetAnswer{More: new(false)})
		return w.Result(), nil
	}), origin+basePath, worktime.Options{})
	_, err := worktime.Collect(All(t.Context(), client, listSheets(own), sheetQuery{}))
	require.NoError(t, err)
	assert.Equal(t, basePath+"/sheets/a%20b", path)

	list := listSheets(own)
	list.Args = []string{".."}
	_, err = worktime.Collect(All(t.Context(), client, list, sheetQuery{}))
	requireField(t, err, "path")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

package timelog

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// site lists customers as TimeLog does, or as it was seen to.
type site struct {
	rows      int
	max       int    // rows of a page, whatever is asked; 0: no limit
	wholeList bool   // $page and $pagesize are not heeded
	totals    string // "strings", "numbers", "records", "zero" or "missing"
	bare      bool   // an array without envelope
	shift     int    // how many rows appear before the others after the first request

	mu    sync.Mutex
	asked []url.Values
}

func (s *site) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	s.asked = append(s.asked, q)
	rows := make([]string, 0, s.rows+s.shift)
	if len(s.asked) > 1 {
		for i := range s.shift {
			rows = append(rows, customerRow(1000+i))
		}
	}
	for i := range s.rows {
		rows = append(rows, customerRow(i+1))
	}
	total := len(rows)
	number, _ := strconv.Atoi(q.Get("$page"))
	size, _ := strconv.Atoi(q.Get("$pagesize"))
	if s.max > 0 {
		size = min(size, s.max)
	}
	pages := (total + size - 1) / size
	if !s.wholeList {
		rows = rows[min((number-1)*size, total):min(number*size, total)]
	}
	properties := ""
	switch s.totals {
	case "strings":
		properties = fmt.Sprintf(`"TotalRecord":"%d","TotalPage":"%d","PageNumber":"%d"`, total, pages, number)
	case "numbers":
		properties = fmt.Sprintf(`"TotalRecord":%d,"TotalPage":%d,"PageNumber":%d`, total, pages, number)
	case "records":
		properties = fmt.Sprintf(`"TotalRecord":"%d"`, total)
	case "zero":
		properties = `"TotalRecord":"0","TotalPage":"0","PageNumber":"1"`
	}
	body := `[` + strings.Join(rows, ",") + `]`
	if !s.bare {
		body = `{"Properties":{` + properties + `},"Entities":` + body + `,"Links":[]}`
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.WriteString(body)
	return w.Result(), nil
}

func customerRow(id int) string {
	return fmt.Sprintf(`{"Properties":{"CustomerID":%d,"Name":"c%d"},"Links":[],"Actions":[]}`, id, id)
}

func (s *site) client(t *testing.T) *Client {
	t.Helper()
	config := validConfig()
	config.Options.HTTPClient = &http.Client{Transport: s}
	return open(t, config)
}

// Totals are strings, a loop must repeat its filters, and no list may lose a row, whatever it says of itself.
func TestPaging(t *testing.T) {
	const size = 10 // also the vendor's default
	for _, rows := range []int{0, 1, size - 1, size, size + 1, 2 * size, 2*size + 1} {
		pages := max(1, (rows+size-1)/size)
		for name, c := range map[string]struct {
			site  *site
			asked int
		}{
			"strings":                 {&site{totals: "strings"}, pages},
			"numbers":                 {&site{totals: "numbers"}, pages},
			"missing":                 {&site{totals: "missing"}, rows/size + 1},
			"zero":                    {&site{totals: "zero"}, rows/size + 1},
			"bare array":              {&site{bare: true}, rows/size + 1},
			"size not heeded":         {&site{totals: "strings", max: 3}, max(1, (rows+2)/3)},
			"all at once, zero":       {&site{totals: "zero", wholeList: true}, 1 + min(1, rows/size)},
			"all at once, bare array": {&site{bare: true, wholeList: true}, 1 + min(1, rows/size)},
		} {
			t.Run(fmt.Sprintf("%s, %d rows", name, rows), func(t *testing.T) {
				s := c.site
				s.rows = rows
				q := CustomerSearch{SearchText: "c", SearchAll: true, Paging: Paging{PageSize: size, Expand: []string{"x"}}}
				customers, err := worktime.Collect(s.client(t).Customers.SearchForTimeTracking(t.Context(), q))
				require.NoError(t, err)
				require.Len(t, customers, rows)
				for i, customer := range customers {
					assert.Equal(t, CustomerID(i+1), customer.ID)
				}
				require.Len(t, s.asked, c.asked)
				for i, asked := range s.asked {
					assert.Equal(t, url.Values{
						"$page": {strconv.Itoa(i + 1)}, "$pagesize": {"10"}, "$expand": {"x"}, "searchText": {"c"}, "searchAll": {"true"},
					}, asked)
				}
			})
		}
	}
}

// A size that is not heeded while totals are missing is the vendor's default, which is no reason to stop.
func TestPagingDefaultSizeWithoutTotals(t *testing.T) {
	s := &site{rows: 25, totals: "missing", max: defaultPageSize}
	customers, err := worktime.Collect(s.client(t).Customers.All(t.Context(), CustomerQuery{}))
	require.NoError(t, err)
	assert.Len(t, customers, 25)
	assert.Equal(t, "500", s.asked[0].Get("$pagesize"), "never the vendor's default")
}

// A page may be shorter than what was asked for without being the last one, as the number of all rows tells.
func TestPagingCappedWithoutPages(t *testing.T) {
	for _, rows := range []int{0, 1, 6, 7, 8, 25} {
		s := &site{rows: rows, totals: "records", max: 7}
		customers, err := worktime.Collect(s.client(t).Customers.All(t.Context(), CustomerQuery{}))
		require.NoError(t, err)
		assert.Len(t, customers, rows)
	}
}

// Rows that appear while a list is walked push others to the next page: none comes twice.
func TestPagingDrift(t *testing.T) {
	for _, totals := range []string{"strings", "missing", "zero"} {
		for shift := range 4 {
			s := &site{rows: 13, totals: totals, shift: shift}
			customers, err := worktime.Collect(s.client(t).Customers.All(t.Context(), CustomerQuery{Paging{PageSize: 4}}))
			require.NoError(t, err)
			require.Len(t, customers, 13, "%s, %d new rows", totals, shift)
			for i, customer := range customers {
				assert.Equal(t, CustomerID(i+1), customer.ID)
			}
		}
	}
}

// A page that repeats the one before, against what the totals say, is no end.
func TestPagingNumberNotHeeded(t *testing.T) {
	s := &site{rows: 13, totals: "strings", wholeList: true}
	customers, err := worktime.Collect(s.client(t).Customers.All(t.Context(), CustomerQuery{Paging{PageSize: 4}}))
	require.ErrorIs(t, err, worktime.ErrPageCycle)
	assert.Len(t, customers, 13)
	assert.Len(t, s.asked, 2)
}

// At most 4 requests are under way at once, with those of derived clients.
func TestMaxRequests(t *testing.T) {
	for configured, want := range map[int]int{0: 4, 2: 2, -1: 20} {
		synctest.Test(t, func(t *testing.T) {
			var running, most atomic.Int64
			config := validConfig()
			config.MaxRequests = configured
			config.Options.HTTPClient = &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(time.Second) // in the bubble's time: until all have come that will
				running.Add(-1)
				w := httptest.NewRecorder()
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.WriteString(single(aUser))
				return w.Result(), nil
			})}
			client := open(t, config)
			derived, err := client.With(func(o *worktime.Options) { o.UserAgent = "other" })
			require.NoError(t, err)
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					_, err := []*Client{client, derived}[i%2].Users.Me(t.Context())
					assert.NoError(t, err)
				})
			}
			wg.Wait()
			assert.Equal(t, int64(want), most.Load(), "MaxRequests %d", configured)
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

package rest

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/worktime-go/worktime"
)

// culprits are functions of the user's that the fetch of a page calls; each calls do there.
var culprits = map[string]func(b *book, tr *worktime.Trace, at int, do func()){
	"RoundTripper": func(b *book, _ *worktime.Trace, at int, do func()) {
		b.before = func(page, _ int, _ http.ResponseWriter, _ *http.Request) bool {
			if page == at {
				do()
			}
			return false
		}
	},
	"Trace.RequestStart": func(b *book, tr *worktime.Trace, at int, do func()) {
		tr.RequestStart = func(context.Context, worktime.RequestStartInfo) {
			if len(b.requests()) == at {
				do()
			}
		}
	},
	"Trace.RequestEnd": func(b *book, tr *worktime.Trace, at int, do func()) {
		tr.RequestEnd = func(context.Context, worktime.RequestEndInfo) {
			if len(b.requests()) == at+1 {
				do()
			}
		}
	},
	"Trace.Wait": func(b *book, tr *worktime.Trace, at int, do func()) {
		failOnce(b, at)
		tr.Wait = func(context.Context, worktime.WaitInfo) { do() }
	},
	"Trace.Retry": func(b *book, tr *worktime.Trace, at int, do func()) {
		failOnce(b, at)
		tr.Retry = func(context.Context, worktime.RetryInfo) { do() }
	},
	"Trace.Page": func(_ *book, tr *worktime.Trace, at int, do func()) {
		tr.Page = func(_ context.Context, info worktime.PageInfo) {
			if info.Index == at {
				do()
			}
		}
	},
}

// failOnce makes the first attempt at a page fail.
func failOnce(b *book, at int) {
	b.before = func(page, attempt int, w http.ResponseWriter, _ *http.Request) bool {
		if page == at && attempt == 1 {
			failWith(w, http.StatusServiceUnavailable, "Busy")
			return true
		}
		return false
	}
}

// A panic of the user's own code comes up in the goroutine that ranges, after the items
// before it, and so where the user can recover it.
func TestPanicInTheFetch(t *testing.T) {
	eachCulprit(t, func(t *testing.T, s *stage, do *func(), at int) {
		*do = func() { panic("of the user's function") }
		e := s.loop(t, t.Context(), func(int) bool { return true })
		assert.Equal(t, "of the user's function", e.recovered)
		assert.False(t, e.returned)
		assert.NoError(t, e.err)
		assert.Equal(t, upTo(2*at), append([]int{}, e.items...))
	})
}

// Goexit (t.FailNow in a handler, say) ends the goroutine that it is called in. If that is not
// the one that ranges, the loop ends with an error, and does not hang.
func TestGoexitInTheFetch(t *testing.T) {
	eachCulprit(t, func(t *testing.T, s *stage, do *func(), at int) {
		*do = runtime.Goexit
		e := s.loop(t, t.Context(), func(int) bool { return true })
		assert.Nil(t, e.recovered)
		assert.Equal(t, upTo(2*at), append([]int{}, e.items...))
		if e.returned {
			requireError(t, e.err, "list items")
		}
	})
}

func eachCulprit(t *testing.T, test func(t *testing.T, s *stage, do *func(), at int)) {
	for name, culprit := range culprits {
		for _, at := range []int{0, 1, 2} {
			for _, prefetch := range []int{-1, 1, 3} {
				t.Run(fmt.Sprintf("%s, page %d, prefetch %d", name, at, prefetch), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						b, tr, do := &book{pages: numbered(2, 2, 2)}, &worktime.Trace{}, func() {}
						culprit(b, tr, at, func() { do() })
						test(t, newStage(t, b, worktime.Options{Prefetch: prefetch, Trace: tr}), &do, at)
					})
				})
			}
		}
	}
}

// A panic while an earlier page is still being consumed waits its turn: if the loop is left
// before, it never happened.
func TestPanicBehindTheConsumer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{pages: numbered(3, 1)}
		culprits["RoundTripper"](b, nil, 1, func() { panic("of the user's function") })
		s := newStage(t, b, worktime.Options{})
		e := s.loop(t, t.Context(), func(id int) bool {
			synctest.Wait()
			return id < 1
		})
		assert.Nil(t, e.recovered)
		assert.True(t, e.returned)
		assert.Equal(t, []int{0, 1}, e.items)
		assert.Equal(t, []int{0, 1}, b.requests())
	})
}

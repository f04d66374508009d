package conformance

import (
	"slices"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

func upTo(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(i + 1)
	}
	return ids
}

var pagePromises = map[string]func(*scene){
	"nothing is sent before the loop, and each loop starts anew": func(s *scene) {
		client := s.start(defaultSeed, nil)
		seq := client.All(s.Context(), "")
		assert.Zero(s.T, s.APIRequests()+s.TokenRequests())
		for range 2 {
			got, err := worktime.Collect(seq)
			require.NoError(s.T, err)
			assert.Equal(s.T, upTo(7), got)
		}
		assert.Equal(s.T, 6, s.APIRequests())
	},
	"each item once, in order, however it is cut": func(s *scene) {
		for _, items := range []int{0, 1, 2, 3, 4, 9} {
			for _, empty := range []int{0, 1, 2} {
				if empty > 0 && !s.provider.Links {
					continue
				}
				for _, prefetch := range []int{-1, 1, 3} {
					client := s.start(Seed{Items: items, PageSize: 3, EmptyPages: empty}, func(o *worktime.Options) { o.Prefetch = prefetch })
					got, err := worktime.Collect(client.All(s.Context(), ""))
					require.NoError(s.T, err)
					assert.Equal(s.T, upTo(items), append([]int64{}, got...))
				}
			}
		}
	},
	"resuming anywhere equals going on": func(s *scene) {
		for _, empty := range []int{0, 1} {
			if empty > 0 && !s.provider.Links {
				continue
			}
			client := s.start(Seed{Items: 20, PageSize: 3, EmptyPages: empty}, nil)
			var pages []worktime.Page[int64]
			for page, err := range client.Pages(s.Context(), "", false) {
				require.NoError(s.T, err)
				pages = append(pages, page)
			}
			for at := range pages {
				var want []int64
				for _, page := range pages[at+1:] {
					want = append(want, page.Items...)
				}
				// In a client of its own, as after a restart.
				got, err := worktime.Collect(s.open(nil).All(s.Context(), pages[at].Cursor))
				require.NoError(s.T, err)
				require.Equal(s.T, want, got)
			}
		}
	},
	"a finished walk's cursor yields nothing": func(s *scene) {
		client := s.start(defaultSeed, nil)
		var last worktime.Page[int64]
		for page, err := range client.Pages(s.Context(), "", false) {
			require.NoError(s.T, err)
			last = page
		}
		before := s.APIRequests()
		got, err := worktime.Collect(s.open(nil).All(s.Context(), last.Cursor))
		require.NoError(s.T, err)
		assert.Empty(s.T, got)
		assert.Equal(s.T, before, s.APIRequests())
	},
	"a cursor of another query is refused": func(s *scene) {
		client := s.start(defaultSeed, nil)
		for page, err := range client.Pages(s.Context(), "", true) {
			require.NoError(s.T, err)
			synctest.Wait() // for the page ahead
			before := s.APIRequests()
			for _, cursor := range []worktime.Cursor{page.Cursor, page.Cursor[1:], "garbage", "e30"} {
				_, err = worktime.Collect(client.All(s.Context(), cursor))
				var e *worktime.FieldError
				require.ErrorAs(s.T, err, &e)
				assert.Equal(s.T, "Cursor", e.Field)
			}
			assert.Equal(s.T, before, s.APIRequests())
			break
		}
	},
	"pages and items agree": func(s *scene) {
		client := s.start(Seed{Items: 10, PageSize: 4}, nil)
		var got []int64
		for page, err := range client.Pages(s.Context(), "", false) {
			require.NoError(s.T, err)
			got = slices.Concat(got, page.Items)
		}
		assert.Equal(s.T, upTo(10), got)
	},
}

package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// BenchmarkPages walks 20 pages over in-memory connections, with and without fetching ahead.
func BenchmarkPages(b *testing.B) {
	const pages = 20
	for _, items := range []int{10, 1000} {
		bodies := make(map[string][]byte, pages)
		for i, ids := range numbered(make([]int, pages)...) {
			for id := range items {
				ids = append(ids, id)
			}
			target, next := pageLink(0, i), pageLink(0, i+1)
			if i == 0 {
				target = basePath + itemPath
			}
			if i == pages-1 {
				next = ""
			}
			bodies[target], _ = json.Marshal(itemPage{Value: raws(ids...), NextLink: next})
		}
		for _, prefetch := range []int{-1, 1} {
			b.Run(fmt.Sprintf("items=%d/prefetch=%d", items, max(0, prefetch)), func(b *testing.B) {
				n := newNetwork(b, func(w http.ResponseWriter, r *http.Request) {
					w.Header()["Content-Type"] = []string{"application/json"}
					_, _ = w.Write(bodies[r.RequestURI])
				})
				c := newClient(b, n, origin+basePath, worktime.Options{Prefetch: prefetch})
				c.Auth = fixed(strings.Repeat("eyJh-b_.", 150)) // as long as a JWT
				b.ReportAllocs()
				for b.Loop() {
					count := 0
					for _, err := range All(b.Context(), c, listItems, itemQuery{}) {
						require.NoError(b, err)
						count++
					}
					require.Equal(b, pages*items, count)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*pages), "ns/page")
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	values := map[string][]string{
		"filter":             {"person in (1,2,3) and date ge '2026-01-01' and date le '2026-01-31'"},
		"externalReferences": {"(people,@badge-number)"},
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = Encode(values)
	}
}

func BenchmarkResolve(b *testing.B) {
	c := newClient(b, http.DefaultTransport, origin+basePath, worktime.Options{})
	for name, link := range map[string]string{
		"raw":     basePath + "/items?filter=person in (1,2,3) and date ge '2026-01-01'&continuationToken=eyJhIjoxfQ==",
		"encoded": basePath + "/items?filter=person%20in%20(1,2,3)&continuationToken=eyJhIjoxfQ==",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := c.Resolve(link)
				require.NoError(b, err)
			}
		})
	}
}

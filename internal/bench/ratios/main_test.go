package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTable(t *testing.T) {
	// The machine was four times slower in the second round, which no ratio may show.
	groups, err := parse(strings.NewReader(`goos: linux
BenchmarkGet/memory/discard-2           	 100	 1000 ns/op	 16 B/op	 1 allocs/op
BenchmarkGet/memory/by-hand-2           	 100	 3000 ns/op	 32 B/op	 2 allocs/op
BenchmarkGet/memory/worktime-8-2        	 100	 2000 ns/op	 32 B/op	 3 allocs/op
BenchmarkGet/memory/by-hand#01-2        	 100	12000 ns/op	 32 B/op	 2 allocs/op
BenchmarkGet/memory/worktime-8#01-2     	 100	 8000 ns/op	 32 B/op	 4 allocs/op
BenchmarkGet/memory/discard#01-2        	 100	 4000 ns/op	 16 B/op	 1 allocs/op
BenchmarkHerd/endpoint=refused/oauth2-2 	   2	500000000 ns/op	 100.0 requests/op
PASS
`))
	require.NoError(t, err)
	var out strings.Builder
	write(&out, groups)
	assert.Equal(t, `| benchmark | peer | time | to the first | to the second | B/op | allocs/op | requests/op |
| --- | --- | --: | --: | --: | --: | --: | --: |
| Get/memory | discard | 2.5 µs | 1 | 0.333 | 16 | 1 |  |
|  | by-hand | 7.5 µs | 3 | 1 | 32 | 2 |  |
|  | worktime-8 | 5 µs | 2 | 0.667 | 32 | 3.5 |  |
| Herd/endpoint=refused | oauth2 | 500 ms | 1 |  |  |  | 100 |
`, out.String())
}

func TestRefusals(t *testing.T) {
	for name, input := range map[string]string{
		"nothing":       "",
		"no results":    "ok  \tgithub.com/worktime-go/worktime\t1s\n",
		"failed":        "BenchmarkGet/memory/discard-2 1 1 ns/op\n--- FAIL: BenchmarkGet/memory/azcore\n",
		"not a result":  "BenchmarkGet/memory/discard-2 1 many ns/op\n",
		"without units": "BenchmarkGet/memory/discard-2 1 1 ns/op 5\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(strings.NewReader(input))
			assert.Error(t, err)
		})
	}
}

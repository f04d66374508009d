package worktime_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// list yields 1 to n and then err, unless that is nil. It counts in yielded what it has yielded.
func list(n int, err error, yielded *int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			*yielded++
			if !yield(i+1, nil) {
				return
			}
		}
		for err != nil { // for ever, if it is not stopped
			*yielded++
			if !yield(0, err) {
				return
			}
		}
	}
}

func TestCollect(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		n       int
		err     error
		want    []int
		yielded int
	}{
		{"nothing", 0, nil, nil, 0},
		{"all", 3, nil, []int{1, 2, 3}, 3},
		{"error at once", 0, broken, nil, 1},
		{"error after some", 2, broken, []int{1, 2}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var yielded int
			got, err := worktime.Collect(list(tt.n, tt.err, &yielded))
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.yielded, yielded, "nothing is read after an error")
		})
	}
}

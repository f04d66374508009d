package auth

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each API call asks for the token, so that a hit must cost nothing to speak of.
func TestHitAllocatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		w.authorize()
		assert.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = w.source.Authorize(ctx) }))
	})
}

// A caller that finds the token must not meet a lock that another holds.
func TestHitTakesNoLock(t *testing.T) {
	w := newWorld(t)
	w.authorize()
	w.source.mu.Lock()
	defer w.source.mu.Unlock()
	assert.Equal(t, "tok-1", w.authorize())
}

func BenchmarkTokenHit(b *testing.B) {
	for _, goroutines := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("%d goroutines", goroutines), func(b *testing.B) {
			w := newWorld(b)
			_, err := w.source.Authorize(b.Context())
			require.NoError(b, err)
			b.ReportAllocs()
			b.SetParallelism(max(1, goroutines/runtime.GOMAXPROCS(0)))
			ctx := b.Context()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := w.source.Authorize(ctx); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

package transport

import "sync/atomic"

const (
	budgetFull  = 500
	budgetRetry = 5 // what a repetition costs; a success gives 1 back
)

// budget limits the repetitions to a host, so that an outage is not met with a multiple of
// the usual load. The bucket is that of gRPC's A6 and the AWS SDKs: about a hundred
// repetitions, then at most one for five successes. The zero budget is full.
type budget struct{ spent atomic.Int64 }

// take pays for a repetition, and reports whether there was enough.
func (b *budget) take() bool {
	for {
		spent := b.spent.Load()
		if spent+budgetRetry > budgetFull {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+budgetRetry) {
			return true
		}
	}
}

// give is called after each success.
func (b *budget) give() {
	for {
		spent := b.spent.Load()
		if spent == 0 || b.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

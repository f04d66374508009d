package worktime

import (
	"fmt"
	"time"
)

// RetryPolicy says how often and how patiently a failed request is sent again. What may
// be sent again at all is not up to it; see the package documentation. In each field zero
// means the default and a negative value means off.
type RetryPolicy struct {
	// MaxAttempts is how often one request is sent at most, the first time included.
	// Default 4. Negative: only once. Waiting out a 429 and the repetition after a
	// refreshed token do not count; a call gives up after its tenth 429.
	MaxAttempts int `json:"maxAttempts"`
	// BaseDelay is the longest wait before the first repetition; it doubles with
	// each further one, up to MaxWait. Waits are drawn evenly between zero and that limit.
	// Default 500 ms. Negative: no wait, except what the vendor asks for.
	BaseDelay time.Duration `json:"baseDelay"`
	// MaxWait is the longest single wait, whether drawn or asked for by the vendor. A
	// vendor that asks for more gets no repetition: the error tells how long it wants.
	// Default 60 s, for Timeneye 5 min. Negative: never wait for a vendor.
	MaxWait time.Duration `json:"maxWait"`
}

// String shows the policy on one line.
func (p RetryPolicy) String() string {
	return fmt.Sprintf("{MaxAttempts:%d BaseDelay:%v MaxWait:%v}", p.MaxAttempts, p.BaseDelay, p.MaxWait)
}

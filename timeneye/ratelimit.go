package timeneye

import (
	"sync"
	"time"

	"github.com/worktime-go/worktime/internal/transport"
)

const (
	// rateLimitWindow is the time after which the vendor counts anew:
	// https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis
	rateLimitWindow = 5 * time.Minute
	// smallestLimit is that of the free plan; the others have 2000 requests in a window.
	smallestLimit = 500
)

// RateLimit is the vendor's quota of requests, as its last answer told it. It depends on the plan of
// the user and may change with each request. Whether it is counted for a user and an application
// together or for a token is documented in both ways; several tokens of one user may share one.
type RateLimit struct {
	Limit     int       // requests in 5 minutes; 0: the vendor has not told yet
	Remaining int       // of them
	Reset     time.Time // when the count begins anew, at the latest
	Seen      time.Time // when this was told
}

// RateLimit returns what the vendor last told about the login of this client, also to those derived from it by
// [Client.With]. It makes no request.
func (c *Client) RateLimit() RateLimit {
	s := c.rest.Quota.State()
	return RateLimit{Limit: s.Limit, Remaining: s.Remaining, Reset: s.Reset, Seen: s.Seen}
}

// quotas are those of the accounts: the vendor counts for a user and an application, or for a token.
type quotas struct {
	paced bool

	mu     sync.Mutex
	quotas map[string]*transport.Quota
}

func (q *quotas) of(account string) *transport.Quota {
	q.mu.Lock()
	defer q.mu.Unlock()
	quota := q.quotas[account]
	if quota == nil {
		if q.quotas == nil {
			q.quotas = map[string]*transport.Quota{}
		}
		quota = transport.NewQuota(rateLimitWindow, smallestLimit, q.paced)
		q.quotas[account] = quota
	}
	return quota
}

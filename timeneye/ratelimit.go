package timeneye

import "time"

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

// RateLimit returns what the vendor last told to this client, to those derived from it and to its
// accounts, which share one quota. With several accounts it is that of the one that was answered last, if the
// vendor counts each user by itself. It makes no request.
func (c *Client) RateLimit() RateLimit {
	s := c.core.api.Quota.State()
	return RateLimit{Limit: s.Limit, Remaining: s.Remaining, Reset: s.Reset, Seen: s.Seen}
}

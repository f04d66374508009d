// Package auth keeps the access token of one login: it hands out the cached token without a
// lock, renews it ahead of time in the background, and sees to it that however many
// goroutines find it expired, one request goes to the token endpoint.
//
//	Token ──hit──> atomic snapshot with the ready header value
//	  └─miss──> one flight, which every caller waits for on its own context
//	              store.Update: lock → re-read → still stale? → fetch → save → unlock
//
// Reading order: source.go has the cache and the flight, exchange.go the request to a token
// endpoint, grants.go where tokens come from.
package auth

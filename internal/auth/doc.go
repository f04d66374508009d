// Package auth keeps the access token of one login: it hands out the cached token without a
// lock, renews it ahead of time in the background, and sees to it that however many
// goroutines find it expired, one request goes to the token endpoint.
//
//	Token ──hit──> atomic snapshot with the ready header value
//	  └─miss──> one flight, which every caller waits for on its own context
//	              store.Update: lock → re-read → still stale? → fetch → save → unlock
//
// Reading order: source.go has the cache, flight.go the renewal, exchange.go the request to a
// token endpoint, grants.go where tokens come from, refresh.go the renewal of a login whose
// refresh token can be spent only once.
//
// Beside that stands the OpenID provider: discovery.go has its metadata, keys.go its keys, and
// idtoken.go checks its ID tokens.
//
// A person logs in by what a Flow describes: flow.go has the description, login.go the way from the
// authorization URL to the stored login, transaction.go what has to be remembered meanwhile. The answer
// (answer.go) comes to a program (program.go) by receiver.go and to a web application by handler.go, both
// of which show pages.go. logout.go ends a login, and change.go sees to it that none of this lands on top of
// a renewal.
package auth

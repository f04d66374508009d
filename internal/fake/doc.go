// Package fake is what the in-memory servers of the vendors share: a listener without a network, so that
// testing/synctest works, a record of the requests, faults on request, a token endpoint
// for clients that log in by themselves and one for those that act for a person.
//
// Reading order: server.go has the way of a request in one function, ServeHTTP; listener.go is the
// network below it, record.go and fault.go what stands between it and the vendor's handlers, and token.go
// and grants.go the token endpoints. answer.go has what those handlers share, and browser.go what a person's browser does.
package fake

// Package fake is what the in-memory servers of the vendors share: a listener without a network, so that
// testing/synctest works, a record of the requests, faults on request and a token endpoint.
//
// Reading order: server.go has the way of a request in one function, ServeHTTP; listener.go is the
// network below it, record.go and fault.go what stands between it and the vendor's handlers, and token.go
// the token endpoint.
package fake

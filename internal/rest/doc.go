// Package rest carries out one operation of a vendor's API: it builds the request from a path
// template, a query and a body, sends it through [transport], decodes the answer or
// maps the error, and walks lists page by page.
//
// Reading order: client.go has the operation and its errors, query.go the encoding of
// queries, link.go what becomes of links that a vendor returns, pages.go the walk,
// numbered.go that of lists whose pages have numbers, and cursor.go its saved position.
package rest

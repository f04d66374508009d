package worktime

import "iter"

// Cursor is a position in a paged list: opaque text without secrets, which may be
// stored and used later, also by another process. It belongs to the provider, the
// operation and the query that it came from; with any other it is refused. The empty
// Cursor is the beginning. It holds the query, so it may name persons by their ids, and is
// some hundred characters long.
type Cursor string

// Page is one page of a list as the vendor sent it.
type Page[T any] struct {
	// Items may be empty, also in the middle of a list.
	Items []T
	// Cursor is the position after this page. Set it in the query to go on from there.
	// After the last page it is a position that yields nothing.
	Cursor Cursor
}

// Collect reads seq to its end and returns the values in a slice, which holds the whole
// list in memory. On an error it returns the values before it and the error.
func Collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

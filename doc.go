// Package worktime holds the words that the clients of three time-tracking products
// share: dates, options, retry rules, pages, trace hooks and errors.
//
// A program starts with one of the provider packages,
// [github.com/worktime-go/worktime/protime], [github.com/worktime-go/worktime/timelog] or
// [github.com/worktime-go/worktime/timeneye], and meets this package where it sets [Options], ranges over an iterator or looks at an error:
//
//	for clocking, err := range client.Clockings.All(ctx, query) {
//		switch {
//		case errors.Is(err, worktime.ErrRateLimited):
//			return fmt.Errorf("try again later: %w", err)
//		case err != nil:
//			return err
//		}
//		fmt.Println(clocking.Date, clocking.TimeOfDay)
//	}
//
// # What is sent again, and what is not
//
// Every operation of a vendor is declared safe, idempotent or once, by what it
// does and not by its HTTP method.
//
//   - A safe operation (a read) is sent again after a failed connection, a lost
//     or truncated answer, a time-out, 408, 425, 429 and any 5xx but 501 and 505.
//   - An idempotent operation is treated the same, but sent only once more after a 500.
//   - A once operation (booking hours, say) is sent again only when the vendor
//     provably did not act: no connection was made, or the answer was 429. After
//     anything else that leaves its fate open the error is [ErrUnknownOutcome].
//   - A 401 is answered by one token refresh and one repetition, for every kind.
//
// Waits grow exponentially with full jitter. Retry-After is obeyed as a floor; if it
// is longer than [RetryPolicy.MaxWait] or than the context allows, the call returns
// at once and the error says how long the vendor asked to wait. After a 429 all calls
// of one client to that host wait together. The retry rules may be refined in minor
// versions; that a once operation is never resent without such proof will not change.
package worktime

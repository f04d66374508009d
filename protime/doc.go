// Package protime is a client of the Protime API (myProtime, "connector-protimeapi").
//
// A [Client] speaks to one tenant with client credentials. It asks for tokens itself, keeps them
// until shortly before they end, and may be used by any number of goroutines:
//
//	client, err := protime.NewClient(protime.Config{
//		Tenant:       "acme",
//		ClientID:     os.Getenv("PROTIME_CLIENT_ID"),
//		ClientSecret: os.Getenv("PROTIME_CLIENT_SECRET"),
//		Scopes:       []protime.Scope{protime.ScopeClockingsRead},
//		Options:      worktime.Options{UserAgent: "PeopleSync/v1 (Acme Corp)"},
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close(ctx)
//
//	query := protime.ClockingQuery{Persons: []int64{1}, From: from, To: to}
//	for clocking, err := range client.Clockings.All(ctx, query) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(clocking.Date, clocking.TimeOfDay, clocking.Kind)
//	}
//
// # Time
//
// Protime sends local wall-clock time of the tenant and no zone: a [worktime.Date] and a
// [TimeOfDay] in minutes, which may reach into the day before or after. Only the caller knows
// the tenant's zone; [TimeOfDay.On] makes a moment of the three.
//
// A clocking is an event, not a duration. Whether one is a coming or a going is not said, a
// shift may end on another date or outside the period that was asked for, and deleted clockings
// ([ClockingDeleted]) are listed with the others. What counts as worked is the tenant's rule; this
// package does not compute it.
//
// # A copy of a tenant
//
// Eighteen collections tell their changes. One walk of Changes is an initial load, or the rest of
// it, or one poll; the next walk, from the cursor of the last page, polls again. Who saves each page
// together with its cursor can stop and go on at any moment:
//
//	for page, err := range client.Absences.Changes(ctx, cursor, query) {
//		if err != nil {
//			return err // with ErrDeltaExpired: begin anew, with an empty cursor
//		}
//		save(protime.Latest(page.Items), page.Cursor)
//	}
//
// A cursor belongs to its query: save the day of From with it, rather than count it back from
// today. A load is complete when its walk ends without an error; after [ErrDeltaExpired], what the
// new one did not have was deleted. See examples/protime-sync for a whole program, and
// [ClockingService.Changes] for the rules.
//
// [WebhookService] subscribes to a collection; [NewWebhookHandler] makes the [net/http.Handler] that
// receives its changes, and [WebhookRenewal] keeps the subscription alive. How Protime signs is
// not published where this package could read it, so the name of the header field, hash, encoding
// and signed text are configuration.
//
// # References of other systems
//
// Wherever Protime takes the id of an object it can take a reference that another system knows it by,
// such as a badge number: [ByExternal] in bodies and paths. Answers have those that a query's
// ExternalReferences, or the last arguments of a Get, name. Filters take ids only.
//
// Beside an id in a path no reference of the same collection can be asked for, since Protime would read
// the id as its value: Get by that reference, or list.
//
// # Writing safely
//
// Creating a clocking twice books it twice, and Protime knows no idempotency key. So a create
// whose fate is unknown is never sent again: the error is [worktime.ErrUnknownOutcome], and
// [ClockingService.Candidates] lists what may have come of it. A 429 is taken to mean that
// nothing was booked, which the vendor implies and does not say.
//
// # What the vendor leaves open
//
// Page size, order and the life of a cursor are the vendor's choice. A position it no longer
// knows is [worktime.ErrCursorExpired] (409 on a next page): start the list anew. Operations
// that are not typed here can be called with [Client.Do].
//
// Tests can run against the in-memory server of [github.com/worktime-go/worktime/protime/protimetest].
package protime

// Package timelog is a client of the TimeLog REST API, version 1.
//
// A [Client] speaks to one site as one person, and may be used by any number of goroutines:
//
//	client, err := timelog.NewClient(timelog.Config{
//		SiteURL: "https://app4.timelog.com/acme",
//		Auth:    timelog.PersonalAccessToken(os.Getenv("TIMELOG_PAT")),
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close(ctx)
//
//	me, err := client.Users.Me(ctx)
//	if err != nil {
//		return err
//	}
//	for customer, err := range client.Customers.All(ctx, timelog.CustomerQuery{}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(me.Initials, customer.No, customer.Name)
//	}
//
// # Logins
//
// [PersonalAccessToken] is a token that a person makes for themselves. [HybridLogin] logs a person in with a browser, by a
// key that TimeLog issues to the developer: [Client.Login] for programs, [Client.LoginHandler] for web applications. It
// keeps the login in a store, from where other processes and [Client.Account] use it. Refresh tokens are good for one
// use, so all that share a login must share its store. What a login sees and may do is up to its person: their role,
// their licence and the modules of the site.
//
// # Keys
//
// Most objects have two keys, a number and a GUID, and each operation wants a certain one of them. Here a number is called
// ID and a GUID is called GUID, each with a type of its own for each kind of object, so that none can be taken for
// another. The number of a new object is not promised by the vendor: see [Created].
//
// # Time
//
// TimeLog writes what a clock at the site shows, without a zone, and 0001-01-01 where there is nothing: see [DateTime].
//
// # Lists
//
// Lists are asked for in pages of 500 rows; [Paging] changes that. There is no snapshot: rows that come or go while a list is
// walked move the others. One that comes twice in a row of pages is dropped; one that slips to a page that has been
// read already is missed. So take a row for deleted only if it is missing from a second walk too.
//
// # Errors
//
// TimeLog answers 500 for nearly every refusal. What its error object says is told from what the status says: fields that are
// wrong ([CodeValidation]) and business rules ([CodeRule], [Rules]) are [worktime.ErrBadRequest], whatever the status, and are
// known not to have been carried out. Any other answer 500 to a write that must not be carried out twice is
// [worktime.ErrUnknownOutcome]: look before you send it again. Whether an object does not exist can only be guessed: see
// [LooksNotFound].
//
// # What the vendor leaves open
//
// What an update does with fields that are not sent is documented for few of them, and said at each model. Operations that are not
// typed here can be called with [Client.Do]. At most 4 requests are under way at once: see [Config].
//
// Tests can run against the in-memory server of [github.com/worktime-go/worktime/timelog/timelogtest].
package timelog

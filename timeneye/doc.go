// Package timeneye is a client of the public API of Timeneye, version 1, whose vendor also calls the product Lucen Track.
//
// A [Client] speaks as one user, and may be used by any number of goroutines:
//
//	client, err := timeneye.NewClient(timeneye.Config{
//		Auth: timeneye.PersonalAccessToken(os.Getenv("TIMENEYE_PAT")),
//	})
//	if err != nil {
//		return err
//	}
//	defer client.Close(ctx)
//
//	query := timeneye.EntryQuery{From: from, To: to}
//	for entry, err := range client.Entries.All(ctx, query) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(entry.Date, entry.UserID, entry.Minutes)
//	}
//
// An application for other people logs them in with [PKCELogin], by [Client.Login] for a program with a browser at
// hand, and by [Client.LoginHandler] for a web application. [Client.Account] gives each person a client of their own.
// The workspace must have "Allow third-party apps" switched on.
//
// # What the vendor documents, and what not
//
// Documented are how to log in, the quota of requests, that GET /entries and POST /clients exist, and that successes are
// 200; the complete reference is for customers. The names of parameters and members here are those that published programs
// use. So this package takes little for granted. Numbers are read from strings too, flags from 0, 1 and booleans, lists from
// an array, from data, and from data with pages; what cannot be meant is an error that names the member, never a zero. Members
// that are not known here are in the Raw of each model. The addresses of the login have no default.
//
// # Operations that are not typed here
//
// Whatever else the vendor's reference shows you can be called with [Client.Do], with the same login, retries, quota
// and errors. To add a typed call of your own, write a type with the members and a function:
//
//	type Member struct {
//		ID   int64  `json:"user_id"`
//		Name string `json:"name"`
//	}
//
//	func Members(ctx context.Context, client *timeneye.Client) ([]Member, error) {
//		var out struct {
//			Data []Member `json:"data"`
//		}
//		err := client.Do(ctx, worktime.Request{Path: "/members", Query: url.Values{"per_page": {"100"}}}, &out)
//		return out.Data, err
//	}
//
// The path is relative to the base URL. A *[]byte as the last argument receives the answer as it is, which is
// the way to find out its shape. If it has a meta with a last_page, ask for the other pages too. Mark a PUT or DELETE that may
// be sent twice as Idempotent, otherwise it is sent once.
//
// # Roles
//
// Each call runs with the role of its user, which shows in three ways. A list is short: a Member is given their own
// entries only, and nothing in the answer tells, so read a whole workspace with the token of an admin. A create is
// refused: [worktime.ErrForbidden], with the operation "create client" or "create entry" in the [worktime.Error], and nothing
// was created. Any other call is refused: [worktime.ErrForbidden] too, for want of a role, of a plan with the API, or of the
// workspace's consent to third-party apps. Amounts that a role may not see are empty.
//
// # Quota
//
// The vendor takes 500 or 2,000 requests in 5 minutes, by plan. A 429 is waited out, up to 5 minutes and no
// longer than the context allows; all goroutines that share the client wait together. For a bulk job set
// [Config].Pace: then requests are spread over the window and none is refused. [Client.RateLimit] tells what is left. The vendor
// counts each user by itself, so each [Client.Account] has a pace and a quota of its own.
//
// # Writing safely
//
// Creating an entry twice books it twice, and Timeneye knows no idempotency key. So a create whose fate is unknown is never
// sent again: the error is [worktime.ErrUnknownOutcome]. Look before you book again.
//
// Tests can run against the in-memory server of [github.com/worktime-go/worktime/timeneye/timeneyetest].
package timeneye

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
//	for project, err := range client.Projects.All(ctx, timelog.ProjectQuery{}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(project.No, project.Name)
//	}
//
// [UserService.Me] tells whether a login works, and whose it is. At most 4 requests are under way at once: see [Config].
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
// # Booking time
//
// Time is booked on a task, once: a booking whose answer was lost is not sent again. The client chooses its GUID, by
// which it can be found.
//
//	spent := timelog.Spent(90*time.Minute, 90*time.Minute) // worked, and billable
//	registration := timelog.TaskTime(task.ID, worktime.NewDate(2026, time.June, 10), spent)
//	registration.Comment = "Workshop"
//	_, err := client.TimeRegistrations.Create(ctx, registration)
//	if errors.Is(err, worktime.ErrUnknownOutcome) {
//		found, booked, err := client.TimeRegistrations.Find(ctx, registration)
//		…
//	}
//
// [TaskService.SearchForTimeTracking] lists the tasks to choose from, and [TimeTrackingItemService.ByDate] what the caller
// has registered; nothing lists what others have.
//
// # Changing what is there
//
// An update may empty what it does not send, so it begins with what was read: [TimeRegistration.Changes], [Project.Changes]
// and [User.Changes] keep that. What cannot be read is said there; of a customer it is so much that there is no such
// method: see [CustomerChanges]. TimeLog cannot tell that somebody else changed the object meanwhile.
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
// # Operations that are not typed here
//
// They can be called with [Client.Do], with the same login, retries and errors. It decodes the answer as it comes, so a
// list has TimeLog's envelope and one page:
//
//	var departments struct {
//		Entities []struct {
//			Properties struct {
//				ID   timelog.DepartmentID `json:"DepartmentID"`
//				Name string
//			}
//		}
//	}
//	page := url.Values{"$page": {"1"}, "$pagesize": {"500"}}
//	err := client.Do(ctx, worktime.Request{Path: "/v1/department", Query: page}, &departments)
//
// Tests can run against the in-memory server of [github.com/worktime-go/worktime/timelog/timelogtest].
package timelog

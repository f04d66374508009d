// Package timeneyetest is an in-memory Timeneye for tests: the API of one workspace and a login server. It fails on
// request.
//
//	srv := timeneyetest.NewServer(t, timeneyetest.WithEntries(timeneye.Entry{
//		UserID: 42, ProjectID: 310, PhaseID: 77, Date: date, Minutes: 95,
//	}))
//	client, err := timeneye.NewClient(srv.Config())
//
// Nothing is sent over the network, so tests can run in a bubble of testing/synctest; the server must then be
// started in it. [Server.Requests] shows what arrived, [Server.Entries] what came of it, and [Server.Fail] makes things
// go wrong:
//
//	srv.Fail(timeneyetest.LoseAnswer().On("POST", "/entries"))
//
// The API accepts [Server.PersonalAccessToken] and the access tokens of the login server. There, the person at the
// browser is always logged in and consents at once: [Server.Browse] is a browser in one function, and [Server.LogIn] a
// login without one. [WithUsers] gives persons their roles, and [WithRateLimit] the API its quota.
//
// The vendor publishes little of how the API behaves, and the server knows no more: entries can be listed and
// created, projects listed, clients created. The shapes of answers that nobody could see can be chosen, by
// [WithProjectList], [WithCreateAnswer] and [WithLooseTypes]; a client should get on with all of them. The paths of the
// login server and the text of errors are not the vendor's.
package timeneyetest

// Package timelogtest is an in-memory TimeLog for tests: one site's API and the login server. It behaves as the
// vendor's documentation says, refuses what that forbids, and fails on request.
//
//	srv := timelogtest.NewServer(t, timelogtest.WithProjects(timelogtest.Project{Name: "Website", No: "P26-014"}))
//	client, err := timelog.NewClient(srv.Config())
//
// Nothing is sent over the network, so tests can run in a bubble of testing/synctest; the server must then be
// started in it. [Server.Requests] shows what arrived, [Server.Registrations] and its
// like what came of it, and [Server.Fail] makes things go wrong:
//
//	srv.Fail(timelogtest.LoseAnswer().On("POST", "/time-registration"))
//
// The rows that a server begins with have types of their own, such as [Registration]: the vendor has several models of
// the same row, and the answers are made in its words, not in those of package timelog.
//
// The site accepts [Server.PersonalAccessToken] and the access tokens of the login server. There, the person at the
// browser is always logged in and consents at once: [Server.Browse] is a browser in one function, and
// [Server.LogIn] a login without one.
//
// The API has the services for users, customers, projects, tasks, time tracking items and time registrations. Where
// the documentation says nothing, the server does what public clients have seen, and is strict otherwise. The text of
// its errors is not the vendor's. Unknown query parameters are ignored, as they are by the vendor.
package timelogtest

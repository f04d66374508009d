// Package protimetest is an in-memory Protime for tests: the API of one tenant with all collections, deltas and
// webhooks, and the authentication server. It behaves as the vendor's documentation says, refuses what that forbids, and fails on request.
//
//	srv := protimetest.NewServer(t, protimetest.WithClockings(protime.Clocking{
//		Person: protime.ByID(1), Date: date, TimeOfDay: 510,
//	}))
//	client, err := protime.NewClient(srv.Config())
//
// Nothing is sent over the network, so tests can run in a bubble of testing/synctest; the server must then be
// started in it. [Server.Requests] shows what arrived, [Server.Clockings] what came of it, and [Server.Fail] makes things
// go wrong:
//
//	srv.Fail(protimetest.LoseAnswer().On("POST", "/clockings"))
//
// [WithSample] has a small company in all collections, [WithObjects] any objects. [Server.Put], [Server.Remove] and
// [Server.Changes] change them as users of Protime do, so that deltas and webhooks have something to tell, and
// [Server.Snapshot] is what a copy of a collection must be equal to. [WithDelivery] says how events get to webhooks:
// the vendor does not publish how they are signed. Nothing is calculated: a new clocking changes no totals.
//
// Where the documentation says nothing, the server is strict rather than lenient: it refuses unknown query
// parameters, and in filters everything that the vendor's grammar and samples do not show. The text of its errors is
// not the vendor's.
package protimetest

package timelogtest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// booking is the vendor's sample of POST /time-registration.
func booking() object {
	return object{
		"ID": "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11", "TaskID": 5501, "UserID": 82, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "Minutes": 90,
		"BillableHours": 1.5, "BillableMinutes": 90, "GroupType": 1, "Billable": true, "Comment": "Workshop", "AdditionalComment": "",
	}
}

// acme is a site with two persons, 82 and 83, and the tasks 5501 to 5504, of which only the first is open as it is.
func acme(t *testing.T, more ...timelogtest.Option) *caller {
	t.Helper()
	return newCaller(t, append([]timelogtest.Option{
		timelogtest.WithUsers(timelogtest.User{FirstName: "Ann", Initials: "ANB"}, timelogtest.User{FirstName: "Bo", Initials: "BOD"}),
		timelogtest.WithCustomers(timelogtest.Customer{Name: "Nordic", No: "10001"}),
		timelogtest.WithProjects(timelogtest.Project{Name: "Website", No: "P1", CustomerID: 310}, timelogtest.Project{Name: "Shut", NoTimeTracking: true}),
		timelogtest.WithTasks(
			timelogtest.Task{Name: "Analysis", ProjectID: 1201, No: "10"},
			timelogtest.Task{Name: "Noted", ProjectID: 1201, AdditionalTextIsRequired: true},
			timelogtest.Task{Name: "Shut", ProjectID: 1202}, timelogtest.Task{Name: "Old", ProjectID: 1201, Inactive: true}),
	}, more...)...)
}

func TestBookHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := acme(t)
		r := c.send("POST", "/time-registration", booking())
		assert.Equal(t, []any{200, "null"}, []any{r.status, r.body})
		want := timelogtest.Registration{
			TimeRegistrationID: 90001, ID: "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11", UserID: 82, TaskID: 5501, Date: worktime.NewDate(2026, 6, 10),
			Hours: 1.5, Billable: true, BillableHours: 1.5, Comment: "Workshop", Created: "2000-01-01T00:00:00",
		}
		assert.Equal(t, []timelogtest.Registration{want}, c.srv.Registrations())
		r = c.send("POST", "/time-registration", with(booking(), object{"ID": "6B1F0C3E-8B6E-4A61-9C0E-2F0F2A2F7C11", "Hours": 9}))
		assert.Equal(t, []any{200, "null"}, []any{r.status, r.body})
		assert.Equal(t, []timelogtest.Registration{want}, c.srv.Registrations(), "the GUID tells that it is the same")

		require.Equal(t, 200, c.send("POST", "/time-registration", with(booking(), object{"ID": "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c12", "UserID": nil})).status)
		require.Equal(t, 200, c.send("POST", "/time-registration", with(booking(), object{"ID": "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c13", "UserID": 83})).status)
		require.Equal(t, 200, c.send("POST", "/task/registration", object{"TaskID": 5501, "Date": "2026-06-11", "Hours": 2, "EndTime": "2026-06-11T10:00:00"}).status)
		rows := c.srv.Registrations()
		require.Len(t, rows, 4)
		assert.Equal(t, []int64{82, 83, 82}, []int64{rows[1].UserID, rows[2].UserID, rows[3].UserID})
		assert.Equal(t, []any{"2026-06-11T10:00:00", false, 0.0}, []any{rows[3].EndTime, rows[3].Billable, rows[3].BillableHours})
		assert.NotEmpty(t, rows[3].ID)
	})
}

// Three ways to be refused that clients must tell apart; the same for the update.
func TestBookingsThatAreRefused(t *testing.T) {
	const missing = "6b1f0c3e-8b6e-4a61-9c0e-000000000000"
	c := acme(t, timelogtest.WithClosedUntil(worktime.NewDate(2026, 6, 7)))
	for _, method := range []string{"POST", "PUT"} {
		if method == "PUT" {
			require.Equal(t, 200, c.send("POST", "/time-registration", booking()).status)
		}
		r := c.send(method, "/time-registration", object{})
		refused(t, r, 400, 200, "'TaskID' must not be empty.")
		assert.Len(t, r.json()["Details"], 5)
		assert.Equal(t, "{}", r.json()["Parameters"])
		for _, changes := range []object{
			{"ID": "6b1f0c3e"}, {"ID": "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c1g"}, {"ID": "6b1f0c3e+8b6e-4a61-9c0e-2f0f2a2f7c11"}, {"ID": 1},
			{"Date": "0001-01-01T00:00:00"}, {"Date": "10/06/2026"}, {"Date": "2026-06-10T25:00:00"}, {"Hours": 0}, {"Hours": -1},
			{"Hours": 24.5}, {"Hours": "1.5"}, {"BillableHours": 25}, {"GroupType": 7}, {"GroupType": 3}, {"Minutes": 1.5}, {"Billable": 1},
			{"TimeTrackingFormat": 5}, {"StartTime": "08:00"}, {"StartTime": "0001-01-01T08:00:00"}, {"TaskID": nil},
		} {
			refused(t, c.send(method, "/time-registration", with(booking(), changes)), 400, 200, "")
		}
		refused(t, c.send(method, "/time-registration", "["), 400, 200, "JSON")
		refused(t, c.send(method, "/time-registration", "null"), 400, 200, "JSON")
		refused(t, c.do(method, c.srv.SiteURL()+"/api/v1/time-registration", "text/plain", "{}"), 400, 200, "Content-Type")

		broken(t, c.send(method, "/time-registration", with(booking(), object{"Date": "2026-06-07"})), 422, 30012)
		broken(t, c.send(method, "/time-registration", with(booking(), object{"UserID": 1})), 500, 37040)
		refused(t, c.send(method, "/time-registration", with(booking(), object{"TaskID": 1})), 500, 100, "Task with ID=1 does not exist")
		for _, task := range []int{5502, 5503, 5504} {
			broken(t, c.send(method, "/time-registration", with(booking(), object{"TaskID": task})), 422, 30000)
		}
	}
	assert.Len(t, c.srv.Registrations(), 1)
	refused(t, c.send("PUT", "/time-registration", with(booking(), object{"ID": missing})), 500, 100, "does not exist")

	hours := object{"TaskID": 5501, "Date": "2026-06-07", "Hours": 1}
	broken(t, c.send("POST", "/task/registration", hours), 500, 30012)
	refused(t, c.send("POST", "/task/registration", with(hours, object{"TaskID": nil})), 400, 200, "TaskID")
	refused(t, c.send("POST", "/task/registration", with(hours, object{"TaskID": 1})), 500, 100, "does not exist")
	assert.Equal(t, 200, c.send("POST", "/task/registration", object{"TaskID": 5502, "Date": "2026-06-08", "Hours": 1, "AdditionalComment": "x"}).status)
}

func TestChangeAndDelete(t *testing.T) {
	c := acme(t)
	require.Equal(t, 200, c.send("POST", "/time-registration", booking()).status)
	require.Equal(t, 200, c.send("PUT", "/time-registration", with(booking(), object{"Hours": 2, "Billable": nil, "Comment": nil})).status)
	row := c.srv.Registrations()[0]
	assert.Equal(t, []any{int64(90001), 2.0, false, ""}, []any{row.TimeRegistrationID, row.Hours, row.Billable, row.Comment}, "all is replaced")
	update := object{"TimeRegistrationID": 90001, "TaskID": 5502, "Date": "2026-06-12", "Hours": 3, "AdditionalComment": "moved"}
	require.Equal(t, 200, c.send("POST", "/time-registration/update-time", update).status)
	row = c.srv.Registrations()[0]
	assert.Equal(t, []any{booking()["ID"], int64(5502), worktime.NewDate(2026, 6, 12), int64(82)}, []any{row.ID, row.TaskID, row.Date, row.UserID})
	refused(t, c.send("POST", "/time-registration/update-time", with(update, object{"TimeRegistrationID": 1})), 500, 100, "does not exist")
	refused(t, c.send("POST", "/time-registration/update-time", with(update, object{"Hours": nil})), 400, 200, "Hours")

	assert.Equal(t, 404, c.send("DELETE", "/time-registration/90001", "").status, "the key is the GUID")
	require.Equal(t, 200, c.send("DELETE", "/time-registration/6B1F0C3E-8B6E-4A61-9C0E-2F0F2A2F7C11", "").status)
	assert.Empty(t, c.srv.Registrations())
	refused(t, c.send("DELETE", "/time-registration/6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11", ""), 404, 100, "does not exist")
}

func TestLockedRegistrations(t *testing.T) {
	day := worktime.NewDate(2026, 6, 10)
	for name, row := range map[string]timelogtest.Registration{
		"approved": {ApprovalStatus: 6}, "invoiced": {IsInvoiced: true}, "closed": {},
	} {
		row.ID, row.TaskID, row.Date, row.Hours = "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11", 5501, day, 1
		option := timelogtest.WithRegistrations(row)
		code, opts := 30000.0, []timelogtest.Option{option}
		if name == "closed" {
			code, opts = 30012.0, append(opts, timelogtest.WithClosedUntil(day))
		}
		c := acme(t, opts...)
		broken(t, c.send("PUT", "/time-registration", with(booking(), object{"Date": "2026-06-15"})), 422, code)
		broken(t, c.send("POST", "/time-registration/update-time", object{"TimeRegistrationID": 90001, "TaskID": 5501, "Date": "2026-06-15", "Hours": 1}), 500, code)
		broken(t, c.send("DELETE", "/time-registration/"+row.ID, ""), 500, code)
	}
}

func TestReadRegistrations(t *testing.T) {
	c := acme(t, timelogtest.WithRegistrations(
		timelogtest.Registration{TaskID: 5501, Date: worktime.NewDate(2026, 6, 10), Hours: 1.5, BillableHours: 1, Billable: true, AdditionalComment: "a", IsInvoiced: true},
		timelogtest.Registration{AbsenceCodeID: 7, Date: worktime.NewDate(2026, 6, 8), Hours: 7.4, Created: "2026-06-20T08:00:00"},
		timelogtest.Registration{TaskID: 5501, UserID: 83, Date: worktime.NewDate(2026, 6, 10), Hours: 1},
		timelogtest.Registration{TaskID: 5501, Date: worktime.NewDate(2026, 6, 14), Hours: 0.25},
	))
	row := c.get("/time-registration/90001").properties()
	assert.Len(t, row, 34, "all of the model")
	assert.Equal(t, []any{"00000005-7465-4d6c-8f01-000000015f91", 1.0, 2.0, 90.0, 60.0, true, "a", nil, "2026-06-10T00:00:00"},
		[]any{row["TimeRegistrationGUID"], row["Status"], row["InvoiceStatus"], row["Minutes"], row["BillableMinutes"], row["IsBillable"], row["AdditionalTextField"],
			row["AbsenceCode"], row["Date"]})
	code, _ := c.get("/time-registration/90002").properties()["AbsenceCode"].(object)
	assert.Equal(t, "ILL", code["AbsenceCode"])
	refused(t, c.get("/time-registration/1"), 500, 100, "does not exist")

	const period = "?startDate=2026-06-08T00:00:00&endDate=2026-06-14T23:59:59"
	assert.Equal(t, []any{90002.0, 90001.0, 90004.0}, c.get("/time-tracking-item/get-by-date"+period).column("TimeRegistrationID"), "the caller's, by day")
	assert.Equal(t, []any{90001.0}, c.get("/time-tracking-item/get-by-date?startDate=2026-06-10&endDate=2026-06-10").column("TimeRegistrationID"))
	assert.Equal(t, []any{90002.0, 90004.0, 90001.0},
		c.get("/time-tracking-item/get-by-date-order-by-recent-registration"+period).column("TimeRegistrationID"))
	for _, query := range []string{"", "?startDate=2026-06-10", "?endDate=2026-06-10", "?startDate=2026-06-10&endDate=0001-01-01", "?startDate=x&endDate=y"} {
		for _, path := range []string{"get-by-date", "get-by-date-order-by-recent-registration"} {
			refused(t, c.get("/time-tracking-item/"+path+query), 400, 200, "Date")
		}
	}
	item := c.get("/time-tracking-item/90001").properties()
	assert.Len(t, item, 46, "all of the model")
	assert.NotContains(t, item, "TimeRegistrationGUID")
	assert.Equal(t, []any{true, true, "Nordic", "P1", "Analysis", 98.0, 5501.0},
		[]any{item["Status"], item["InvoiceStatus"], item["CustomerName"], item["ProjectNo"], item["TaskFullName"], item["EntityType"], item["EntityID"]})
	item = c.get("/time-tracking-item/90002").properties()
	assert.Equal(t, []any{0.0, 7.0, "Illness", 149.0}, []any{item["ProjectID"], item["AbsenceCodeID"], item["AbsenceName"], item["EntityType"]})
	refused(t, c.get("/time-tracking-item/90003"), 500, 100, "does not exist") // of somebody else
}

func TestWeek(t *testing.T) {
	c := acme(t, timelogtest.WithRegistrations(
		timelogtest.Registration{TaskID: 5501, Date: monday, Hours: 1.5}, timelogtest.Registration{TaskID: 5502, Date: monday, Hours: 2},
		timelogtest.Registration{TaskID: 5501, Date: monday, Hours: 0.5}, timelogtest.Registration{AbsenceCodeID: 8, Date: monday.AddDays(1), Hours: 7.4},
		timelogtest.Registration{TaskID: 5501, Date: monday.AddDays(7), Hours: 8},
	))
	refused(t, c.get("/time-tracking-item/get-weekly-registrations?startDate=2026-06-09"), 400, 200, "Monday")
	refused(t, c.get("/time-tracking-item/get-weekly-registrations"), 400, 200, "startDate")
	rows := c.get("/time-tracking-item/get-weekly-registrations?startDate=2026-06-08").rows()
	require.Len(t, rows, 1)
	assert.InDelta(t, 11.4, rows[0]["TotalRegisteredHours"], 1e-9)
	assert.InDelta(t, 37, rows[0]["TotalNormHours"], 1e-9)
	days, _ := rows[0]["Tasks"].([]any)
	require.Len(t, days, 7)
	day, _ := days[0].(object)
	assert.Equal(t, []any{"2026-06-08T00:00:00", 4.0, 7.4}, []any{day["Date"], day["RegisteredHours"], day["NormHours"]})
	tasks, _ := day["TaskInfos"].([]any)
	require.Len(t, tasks, 2)
	task, _ := tasks[0].(object)
	assert.Equal(t, "Analysis", task["TaskName"])
	assert.Len(t, task["Registrations"], 2)
	sunday, _ := days[6].(object)
	assert.Equal(t, []any{0.0, []any{}}, []any{sunday["NormHours"], sunday["TaskInfos"]})
}

func TestFavourites(t *testing.T) {
	c := acme(t)
	body := object{"ReferenceID": 5501, "GroupType": 1}
	for _, want := range []bool{true, false} {
		assert.Equal(t, "null", c.send("POST", "/time-tracking-item/save-favourite", body).body)
		assert.Equal(t, want, c.get("/task/5501").properties()["IsFavourite"])
	}
	assert.Equal(t, 200, c.send("POST", "/time-tracking-item/save-favourite", object{"ReferenceID": 7, "GroupType": 3}).status)
	refused(t, c.send("POST", "/time-tracking-item/save-favourite", object{"ReferenceID": 1, "GroupType": 1}), 500, 100, "does not exist")
	refused(t, c.send("POST", "/time-tracking-item/save-favourite", object{"ReferenceID": 5501}), 400, 200, "GroupType")
}

func TestAbsences(t *testing.T) {
	c := acme(t, timelogtest.WithRegistrations(
		timelogtest.Registration{AbsenceCodeID: 7, Date: monday, Hours: 7.4},
		timelogtest.Registration{AbsenceCodeID: 7, Date: monday, Hours: 7.4, ApprovalStatus: 6},
		timelogtest.Registration{TaskID: 5501, Date: monday, Hours: 1},
	), timelogtest.WithClosedUntil(worktime.NewDate(2026, 6, 7)))
	change := object{"TimeRegistrationID": 90001, "Date": "2026-06-12", "Comment": "ill", "Hours": 2, "Type": 0}
	for path, hours := range map[string]float64{"full-day": 7.4, "half-or-full-day": 3.7, "hours": 2} {
		r := c.send("POST", "/time-registration/update-"+path+"-absence", change)
		require.Equal(t, []any{200, "null"}, []any{r.status, r.body})
		row := c.srv.Registrations()[0]
		assert.Equal(t, []any{hours, "ill", worktime.NewDate(2026, 6, 12)}, []any{row.Hours, row.Comment, row.Date})
	}
	const hours = "/time-registration/update-hours-absence"
	refused(t, c.send("POST", hours, with(change, object{"Hours": nil})), 400, 200, "Hours")
	refused(t, c.send("POST", hours, with(change, object{"TimeRegistrationID": 90003})), 500, 100, "does not exist")
	broken(t, c.send("POST", hours, with(change, object{"TimeRegistrationID": 90002})), 500, 30000)
	broken(t, c.send("POST", hours, with(change, object{"Date": "2026-06-07"})), 500, 30012)

	const remove = "/time-registration/delete-approved-absence/"
	refused(t, c.send("POST", remove+"90002", object{}), 400, 200, "JSON string")
	refused(t, c.send("POST", remove+"90002", "null"), 400, 200, "JSON string")
	broken(t, c.send("POST", remove+"90001", `"Back"`), 500, 30000)
	refused(t, c.send("POST", remove+"90003", `"Back"`), 500, 100, "does not exist")
	require.Equal(t, 200, c.send("POST", remove+"90002", `"Back"`).status)
	assert.Len(t, c.srv.Registrations(), 2)
}

func TestImport(t *testing.T) {
	c := acme(t)
	good := object{
		"TaskID": 5501, "ProjectID": 1201, "ContractID": 1, "UserID": 83, "Date": "2026-06-10", "Hours": 1, "GroupType": 1, "AbsenceCodeID": 0,
		"Billable": false, "BillableHours": 0, "HourlyRate": 0, "HourlyRateName": "Standard", "CostPrice": 0, "CostPriceName": "Standard",
	}
	for _, path := range []string{"/time-registration/validate-import", "/time-registration/import"} {
		refused(t, c.send("POST", path, with(good, object{"CostPrice": nil})), 400, 200, "CostPrice")
		broken(t, c.send("POST", path, with(good, object{"ProjectID": 1202})), 500, 30000)
		refused(t, c.send("POST", path, with(good, object{"TaskID": 1})), 500, 100, "does not exist")
	}
	assert.Equal(t, "null", c.send("POST", "/time-registration/validate-import", good).body)
	assert.Empty(t, c.srv.Registrations())
	require.Equal(t, 200, c.send("POST", "/time-registration/import", good).status)
	assert.Equal(t, int64(83), c.srv.Registrations()[0].UserID)
}

func TestStopwatches(t *testing.T) {
	c := acme(t, timelogtest.WithRegistrations(timelogtest.Registration{TaskID: 5501, Date: monday, Hours: 1}))
	const start, stop = "/time-registration/time-tracker", "/time-registration/stop-time-tracker/"
	refused(t, c.send("POST", start, object{"TimeRegistrationID": 1}), 500, 100, "does not exist")
	refused(t, c.send("POST", start, object{}), 400, 200, "TimeRegistrationID")
	refused(t, c.send("POST", stop+"1", ""), 500, 100, "does not exist")
	assert.Equal(t, "null", c.send("POST", start, object{"TimeRegistrationID": 90001}).body)
	assert.Equal(t, object{"TimeTrackerID": 1.0}, c.send("POST", stop+"1", "").properties())
	refused(t, c.send("POST", stop+"1", ""), 500, 100, "does not exist")
}

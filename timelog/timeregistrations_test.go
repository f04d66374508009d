package timelog

import (
	"context"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	aTimeRegistrationGUID = "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11"
	anAbsenceCodeGUID     = "2d6b7c0a-1e61-4c55-8a33-0f3f5d4b9e01"
	anAbsenceCode         = `{ "AbsenceCodeID": 7, "ID": "` + anAbsenceCodeGUID + `", "AbsenceCode": "A7", "Name": "Doctor", "Description": "d", "IsActive": true,
		"FlexPositiveFactor": 1.5, "SalaryAccountFactor": 2.5, "SalaryAccountFactorEffect": -1, "SalaryAccountID": 3, "AbsenceCodeTypeID": 4,
		"DeductCapacity": true, "TimeTrackingFormat": 2, "RequireApproval": true, "IsPublicVisible": true, "IsFavourite": true }`
	aTimeRegistration = `{ "AdditionalTextField": "more", "ApprovalStatus": 7, "Comment": "Workshop", "Created": "2026-06-10T17:00:01.5", "CreatedBy": 82,
		"Date": "2026-06-10T00:00:00", "DepartmentID": 2, "EntityID": 5501, "EntityType": 98, "Factor": 1.25, "InvoiceStatus": 2, "IsBillable": true,
		"IsInClosedAccountingPeriod": true, "IsFixedPrice": true, "IsInvoiced": true, "LastModified": "2026-06-11T08:00:00", "LastModifiedBy": 83,
		"Hours": 1.5, "Status": 1, "TimeRegistrationGUID": "` + aTimeRegistrationGUID + `", "TimeRegistrationID": 9001, "TimeTrackingFormat": 4,
		"UserID": 82, "Minutes": 90, "IsMeeting": true, "CalendarEventID": 44, "BillableHours": 1.25, "BillableMinutes": 75, "InterfaceCreated": 12,
		"InterfaceModified": 13, "MonthlyPeriod": "2026-06", "AbsenceCode": ` + anAbsenceCode + `, "StartTime": "2026-06-10T08:00:00",
		"EndTime": "2026-06-10T09:30:00", "AddedLater": { } }`
	aNewTimeRegistration = `{ "ID": "` + aTimeRegistrationGUID + `", "TaskID": 5501, "UserID": 82, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "GroupType": 1,
		"Billable": true, "Comment": "Workshop", "AdditionalComment": "more", "TimeTrackingFormat": 4, "BillableHours": 1.25, "EntityID": 5501,
		"BillableMinutes": 75, "Minutes": 90, "Factor": 1.25, "MonthlyPeriod": "2026-06", "IsCalendarEvent": true, "StartTime": "2026-06-10T08:00:00" }`
	changedTime = `{ "TimeRegistrationID": 9001, "TaskID": 5501, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "Minutes": 90, "Billable": true,
		"BillableHours": 1.25, "BillableMinutes": 75, "Factor": 1.25, "MonthlyPeriod": "2026-06", "StartTime": "2026-06-10T08:00:00",
		"EndTime": "2026-06-10T09:30:00", "Comment": "Workshop", "AdditionalComment": "more" }`
	anImport = `{ "TaskID": 5501, "ProjectID": 1201, "ContractID": 3, "UserID": 82, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "GroupType": 1,
		"AbsenceCodeID": 0, "Billable": true, "Comment": "Workshop", "AdditionalComment": "more", "BillableHours": 1.25, "MonthlyPeriod": "2026-06",
		"HourlyRate": 950, "HourlyRateName": "Senior", "CostPrice": 400.5, "CostPriceName": "Standard" }`
)

func theAbsenceCode() AbsenceCode {
	return AbsenceCode{
		ID: 7, GUID: anAbsenceCodeGUID, AbsenceCode: "A7", Name: "Doctor", Description: "d", IsActive: true, FlexPositiveFactor: 1.5,
		SalaryAccountFactor: 2.5, SalaryAccountFactorEffect: SalaryAccountSubtract, SalaryAccountID: 3, AbsenceCodeTypeID: AbsenceCompensated,
		DeductCapacity: true, TimeTrackingFormat: TimeTrackingHalfDay, RequireApproval: true, IsPublicVisible: true, IsFavourite: true,
	}
}

func theTimeRegistration() TimeRegistration {
	return TimeRegistration{
		ID: 9001, GUID: aTimeRegistrationGUID, UserID: 82, Date: at("2026-06-10"), EntityType: DomainTask, EntityID: 5501, AbsenceCode: new(theAbsenceCode()),
		Hours: 1.5, Minutes: 90, IsBillable: true, BillableHours: 1.25, BillableMinutes: 75, StartTime: at("2026-06-10T08:00:00"),
		EndTime: at("2026-06-10T09:30:00"), Comment: "Workshop", AdditionalTextField: "more", ApprovalStatus: 7, Status: 1,
		TimeTrackingFormat: TimeTrackingCount, DepartmentID: 2, IsMeeting: true, CalendarEventID: 44, IsFixedPrice: true,
		InvoiceStatus: InvoiceStatusOnInvoice, IsInvoiced: true, IsInClosedAccountingPeriod: true, Factor: 1.25, MonthlyPeriod: "2026-06",
		Created: at("2026-06-10T17:00:01.5"), CreatedBy: 82, LastModified: at("2026-06-11T08:00:00"), LastModifiedBy: 83,
		InterfaceCreated: 12, InterfaceModified: 13,
	}
}

// theNewTimeRegistration has all fields, also those that are best left out.
func theNewTimeRegistration() NewTimeRegistration {
	n := TaskTime(5501, day("2026-06-10"), Spent(90*time.Minute, 75*time.Minute))
	n.GUID, n.UserID, n.Comment, n.AdditionalTextField = aTimeRegistrationGUID, 82, "Workshop", "more"
	n.TimeTrackingFormat, n.IsCalendarEvent, n.StartTime = TimeTrackingCount, true, at("2026-06-10T08:00:00")
	n.EntityID, n.Factor, n.MonthlyPeriod = 5501, 1.25, "2026-06"
	return n
}

func theImport() TimeRegistrationImport {
	return TimeRegistrationImport{
		UserID: 82, Date: at("2026-06-10"), GroupType: GroupProject, TaskID: 5501, ProjectID: 1201, ContractID: 3, Hours: 1.5, IsBillable: true,
		BillableHours: 1.25, HourlyRate: 950, HourlyRateName: "Senior", CostPrice: 400.5, CostPriceName: "Standard", Comment: "Workshop",
		AdditionalTextField: "more", MonthlyPeriod: "2026-06",
	}
}

var timeRegistrationRows = map[string]wireRow{
	"get": {
		"GET /v1/time-registration/{timeRegistrationID}",
		func(ctx context.Context, c *Client) (any, error) { return c.TimeRegistrations.Get(ctx, 9001) },
		"GET /acme/api/v1/time-registration/9001", "", single(aTimeRegistration), theTimeRegistration(),
	},
	"create": {
		"POST /v1/time-registration",
		func(ctx context.Context, c *Client) (any, error) {
			return c.TimeRegistrations.Create(ctx, theNewTimeRegistration())
		},
		"POST /acme/api/v1/time-registration", aNewTimeRegistration, `null`, Created[TimeRegistrationID]{Answer: []byte(`null`)},
	},
	"create, and told the number": {
		"POST /v1/time-registration",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.TimeRegistrations.Create(ctx, theNewTimeRegistration())
			return created.ID, err
		},
		"POST /acme/api/v1/time-registration", aNewTimeRegistration, single(`{ "TimeRegistrationID": 9001 }`), TimeRegistrationID(9001),
	},
	"create what is not billable": {
		"POST /v1/time-registration",
		func(ctx context.Context, c *Client) (any, error) {
			n := TaskTime(5501, day("2026-06-10"), Spent(100*time.Minute, 0))
			n.GUID = aTimeRegistrationGUID
			_, err := c.TimeRegistrations.Create(ctx, n)
			return nothing(err)
		},
		"POST /acme/api/v1/time-registration", `{ "ID": "` + aTimeRegistrationGUID + `", "TaskID": 5501, "Date": "2026-06-10T00:00:00",
			"Hours": 1.6666666666666667, "Minutes": 100, "Billable": false, "BillableHours": 0, "BillableMinutes": 0, "GroupType": 1 }`, ``, nil,
	},
	"update": {
		"PUT /v1/time-registration",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.Update(ctx, TimeRegistrationChanges(theNewTimeRegistration())))
		},
		"PUT /acme/api/v1/time-registration", aNewTimeRegistration, `null`, nil,
	},
	"update time": {
		"POST /v1/time-registration/update-time",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.UpdateTime(ctx, theTimeRegistration().TimeChanges()))
		},
		"POST /acme/api/v1/time-registration/update-time", changedTime, `null`, nil,
	},
	"delete": {
		"DELETE /v1/time-registration/{id}",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.Delete(ctx, aTimeRegistrationGUID))
		},
		"DELETE /acme/api/v1/time-registration/" + aTimeRegistrationGUID, "", `null`, nil,
	},
	"delete approved absence": {
		"POST /v1/time-registration/delete-approved-absence/{timeRegistrationId}",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.DeleteApprovedAbsence(ctx, 9001, `Returned "to" work`))
		},
		"POST /acme/api/v1/time-registration/delete-approved-absence/9001", `"Returned \"to\" work"`, `"OK"`, nil,
	},
	"update full-day absence": {
		"POST /v1/time-registration/update-full-day-absence",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.UpdateFullDayAbsence(ctx, FullDayAbsenceChanges{9001, at("2026-06-12"), "away", "more"}))
		},
		"POST /acme/api/v1/time-registration/update-full-day-absence",
		`{ "TimeRegistrationID": 9001, "Date": "2026-06-12T00:00:00", "Comment": "away", "AdditionalComment": "more" }`, ``, nil,
	},
	"update half or full-day absence": {
		"POST /v1/time-registration/update-half-or-full-day-absence",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.UpdateHalfOrFullDayAbsence(ctx, HalfOrFullDayAbsenceChanges{9001, at("2026-06-12"), 0, "away", "more"}))
		},
		"POST /acme/api/v1/time-registration/update-half-or-full-day-absence",
		`{ "TimeRegistrationID": 9001, "Date": "2026-06-12T00:00:00", "Type": 0, "Comment": "away", "AdditionalComment": "more" }`, `null`, nil,
	},
	"update hours absence": {
		"POST /v1/time-registration/update-hours-absence",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.UpdateHoursAbsence(ctx, HoursAbsenceChanges{9001, at("2026-06-12"), 3.7, 222, "away", "more"}))
		},
		"POST /acme/api/v1/time-registration/update-hours-absence",
		`{ "TimeRegistrationID": 9001, "Date": "2026-06-12T00:00:00", "Hours": 3.7, "Minutes": 222, "Comment": "away", "AdditionalComment": "more" }`, `null`, nil,
	},
	"import": {
		"POST /v1/time-registration/import",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.TimeRegistrations.Import(ctx, theImport())
			return created.ID, err
		},
		"POST /acme/api/v1/time-registration/import", anImport, `{ "TimeRegistrationID": 9001 }`, TimeRegistrationID(9001),
	},
	"import absence": {
		"POST /v1/time-registration/import",
		func(ctx context.Context, c *Client) (any, error) {
			_, err := c.TimeRegistrations.Import(ctx, TimeRegistrationImport{
				UserID: 82, Date: at("2026-06-10"), GroupType: GroupAbsence, AbsenceCodeID: 7, Hours: 7.4, HourlyRateName: "-", CostPriceName: "Standard",
			})
			return nothing(err)
		},
		"POST /acme/api/v1/time-registration/import", `{ "TaskID": 0, "ProjectID": 0, "ContractID": 0, "UserID": 82, "Date": "2026-06-10T00:00:00",
			"Hours": 7.4, "GroupType": 3, "AbsenceCodeID": 7, "Billable": false, "BillableHours": 0, "HourlyRate": 0, "HourlyRateName": "-",
			"CostPrice": 0, "CostPriceName": "Standard" }`, `null`, nil,
	},
	"validate import": {
		"POST /v1/time-registration/validate-import",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeRegistrations.ValidateImport(ctx, theImport()))
		},
		"POST /acme/api/v1/time-registration/validate-import", anImport, `null`, nil,
	},
	"create time tracker": {
		"POST /v1/time-registration/time-tracker",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.TimeRegistrations.CreateTimeTracker(ctx, NewTimeTracker{9001})
			return created.ID, err
		},
		"POST /acme/api/v1/time-registration/time-tracker", `{ "TimeRegistrationID": 9001 }`, single(`{ "TimeTrackerID": 12 }`), TimeTrackerID(12),
	},
	"stop time tracker": {
		"POST /v1/time-registration/stop-time-tracker/{timeTrackerId}",
		func(ctx context.Context, c *Client) (any, error) { return c.TimeRegistrations.StopTimeTracker(ctx, 12) },
		"POST /acme/api/v1/time-registration/stop-time-tracker/12", "", single(`{ "TimeTrackerID": 12 }`), TimeTrackerID(12),
	},
}

func TestTimeRegistrationsBadInput(t *testing.T) {
	v := newVendor(t, answer{body: "null"})
	s, ctx := v.client(t).TimeRegistrations, t.Context()
	for field, spoil := range map[string]func(*NewTimeRegistration){
		"GUID":            func(n *NewTimeRegistration) { n.GUID = "" },
		"TaskID":          func(n *NewTimeRegistration) { n.TaskID = 0 },
		"Date":            func(n *NewTimeRegistration) { n.Date = DateTime{} },
		"Hours":           func(n *NewTimeRegistration) { n.TimeSpent = TimeSpent{} },
		"Minutes":         func(n *NewTimeRegistration) { n.Minutes = 30 }, // what is left of 1.5 hours
		"BillableHours":   func(n *NewTimeRegistration) { n.IsBillable = false },
		"BillableMinutes": func(n *NewTimeRegistration) { n.BillableMinutes = 0 },
		"GroupType":       func(n *NewTimeRegistration) { n.GroupType = 0 },
	} {
		n := theNewTimeRegistration()
		spoil(&n)
		_, err := s.Create(ctx, n)
		requireField(t, err, "NewTimeRegistration."+field)
		_, _, err = s.Find(ctx, n)
		requireField(t, err, "NewTimeRegistration."+field)
		requireField(t, s.Update(ctx, TimeRegistrationChanges(n)), "TimeRegistrationChanges."+field)
	}
	for field, spoil := range map[string]func(*TimeChanges){
		"ID":      func(c *TimeChanges) { c.ID = 0 },
		"TaskID":  func(c *TimeChanges) { c.TaskID = -1 },
		"Date":    func(c *TimeChanges) { c.Date = DateTime{} },
		"Minutes": func(c *TimeChanges) { c.Minutes = 0 },
	} {
		c := theTimeRegistration().TimeChanges()
		spoil(&c)
		requireField(t, s.UpdateTime(ctx, c), "TimeChanges."+field)
	}
	for field, spent := range map[string]TimeSpent{
		"Hours":         {Hours: math.NaN()},
		"Minutes":       {Hours: math.Inf(1), Minutes: 5},
		"BillableHours": {Hours: 1, Minutes: 60, IsBillable: true, BillableHours: -1, BillableMinutes: -60},
	} {
		requireField(t, spent.check("T"), "T."+field)
	}
	requireField(t, Spent(-time.Hour, 0).check("T"), "T.Hours")

	for field, spoil := range map[string]func(*TimeRegistrationImport){
		"UserID":         func(i *TimeRegistrationImport) { i.UserID = 0 },
		"Date":           func(i *TimeRegistrationImport) { i.Date = DateTime{} },
		"GroupType":      func(i *TimeRegistrationImport) { i.GroupType = 0 },
		"TaskID":         func(i *TimeRegistrationImport) { i.TaskID = 0 },
		"ProjectID":      func(i *TimeRegistrationImport) { i.ProjectID = 0 },
		"ContractID":     func(i *TimeRegistrationImport) { i.ContractID = 0 },
		"AbsenceCodeID":  func(i *TimeRegistrationImport) { i.GroupType = GroupAbsence },
		"Hours":          func(i *TimeRegistrationImport) { i.Hours = 0 },
		"BillableHours":  func(i *TimeRegistrationImport) { i.IsBillable = false },
		"HourlyRateName": func(i *TimeRegistrationImport) { i.HourlyRateName = " " },
		"CostPriceName":  func(i *TimeRegistrationImport) { i.CostPriceName = "" },
	} {
		i := theImport()
		spoil(&i)
		_, err := s.Import(ctx, i)
		requireField(t, err, "TimeRegistrationImport."+field)
		requireField(t, s.ValidateImport(ctx, i), "TimeRegistrationImport."+field)
	}

	_, err := s.Get(ctx, 0)
	requireField(t, err, "timeRegistrationID")
	requireField(t, s.Delete(ctx, "9001"), "id") // a number is no GUID
	requireField(t, s.DeleteApprovedAbsence(ctx, 0, "comment"), "timeRegistrationId")
	_, err = s.StopTimeTracker(ctx, 0)
	requireField(t, err, "timeTrackerId")
	_, err = s.CreateTimeTracker(ctx, NewTimeTracker{})
	requireField(t, err, "NewTimeTracker.TimeRegistrationID")
	d := at("2026-06-12")
	requireField(t, s.UpdateFullDayAbsence(ctx, FullDayAbsenceChanges{Date: d}), "FullDayAbsenceChanges.ID")
	requireField(t, s.UpdateFullDayAbsence(ctx, FullDayAbsenceChanges{ID: 1}), "FullDayAbsenceChanges.Date")
	requireField(t, s.UpdateHalfOrFullDayAbsence(ctx, HalfOrFullDayAbsenceChanges{Date: d}), "HalfOrFullDayAbsenceChanges.ID")
	requireField(t, s.UpdateHalfOrFullDayAbsence(ctx, HalfOrFullDayAbsenceChanges{ID: 1}), "HalfOrFullDayAbsenceChanges.Date")
	requireField(t, s.UpdateHoursAbsence(ctx, HoursAbsenceChanges{Date: d, Hours: 1, Minutes: 60}), "HoursAbsenceChanges.ID")
	requireField(t, s.UpdateHoursAbsence(ctx, HoursAbsenceChanges{ID: 1, Hours: 1, Minutes: 60}), "HoursAbsenceChanges.Date")
	requireField(t, s.UpdateHoursAbsence(ctx, HoursAbsenceChanges{ID: 1, Date: d, Hours: 3.7, Minutes: 42}), "HoursAbsenceChanges.Minutes")
	assert.Empty(t, v.requests(), "nothing of this is sent")
}

// A registration of another person cannot be listed, so that not finding it would say nothing.
func TestFindIsForOwnTime(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)}, answer{body: list()})
	s := v.client(t).TimeRegistrations
	n := theNewTimeRegistration()
	n.UserID = 83
	_, _, err := s.Find(t.Context(), n)
	requireField(t, err, "NewTimeRegistration.UserID")
	require.Equal(t, []string{"GET /acme/api/v1/user/me"}, v.targets())

	v = newVendor(t, answer{body: single(aUser)}, answer{body: list()})
	n.UserID = 82
	_, ok, err := v.client(t).TimeRegistrations.Find(t.Context(), n)
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, "GET /acme/api/v1/time-tracking-item/get-by-date?$page=1&$pagesize=500&endDate=2026-06-10&startDate=2026-06-10", v.targets()[1])
}

// It is the GUID that tells, in whatever letters, and only rows on the same task are read one by one.
func TestFindReadsByGUID(t *testing.T) {
	row := func(id, task string) string {
		return `{ "TimeRegistrationID": ` + id + `, "TaskID": ` + task + `, "Hours": 1.5, "Comment": "Workshop" }`
	}
	v := newVendor(t,
		answer{body: list(row("1", "5501"), row("2", "5502"), row("3", "5501"), row("4", "5501"))},
		answer{body: single(`{ "TimeRegistrationID": 1, "TimeRegistrationGUID": "` + aUserGUID + `" }`)},
		answer{body: single(`{ "TimeRegistrationID": 3, "TimeRegistrationGUID": "6B1F0C3E-8B6E-4A61-9C0E-2F0F2A2F7C11" }`)},
	)
	n := theNewTimeRegistration()
	n.UserID = 0
	got, ok, err := v.client(t).TimeRegistrations.Find(t.Context(), n)
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, TimeRegistrationID(3), got.ID)
	assert.Equal(t, []string{"GET /acme/api/v1/time-registration/1", "GET /acme/api/v1/time-registration/3"}, v.targets()[1:])

	// What cannot be read is not "not found".
	for _, answers := range [][]answer{
		{{status: http.StatusForbidden, body: "{}"}},
		{{body: list(row("1", "5501"))}, {status: http.StatusForbidden, body: "{}"}},
	} {
		_, ok, err := newVendor(t, answers...).client(t).TimeRegistrations.Find(t.Context(), n)
		require.ErrorIs(t, err, worktime.ErrForbidden)
		assert.False(t, ok)
	}
}

// A repeated DELETE that finds nothing has succeeded; one that was sent once has not.
func TestDeleteOfWhatIsGone(t *testing.T) {
	missing := answer{status: http.StatusNotFound, body: `{ "Code": 100, "Message": "does not exist" }`}
	for name, c := range map[string]struct {
		answers []answer
		want    error
	}{
		"once":     {[]answer{missing}, worktime.ErrNotFound},
		"repeated": {[]answer{{status: http.StatusBadGateway}, missing}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, c.answers...)
			config := v.config()
			config.Options.Retry = worktime.RetryPolicy{BaseDelay: -1}
			err := open(t, config).TimeRegistrations.Delete(t.Context(), aTimeRegistrationGUID)
			require.ErrorIs(t, err, c.want)
			assert.Len(t, v.requests(), len(c.answers))
		})
	}
}

// What replaces a registration may be sent again; what adds or toggles something must not be.
func TestWhatIsSentAgain(t *testing.T) {
	absence := HoursAbsenceChanges{ID: 9001, Date: at("2026-06-12"), Hours: 1, Minutes: 60}
	for name, c := range map[string]struct {
		call func(context.Context, *Client) error
		sent int
	}{
		"update": {func(ctx context.Context, c *Client) error {
			return c.TimeRegistrations.Update(ctx, theTimeRegistration().Changes())
		}, 2},
		"update time": {func(ctx context.Context, c *Client) error {
			return c.TimeRegistrations.UpdateTime(ctx, theTimeRegistration().TimeChanges())
		}, 2},
		"absence": {func(ctx context.Context, c *Client) error {
			return c.TimeRegistrations.UpdateHoursAbsence(ctx, absence)
		}, 2},
		"validate import": {func(ctx context.Context, c *Client) error {
			return c.TimeRegistrations.ValidateImport(ctx, theImport())
		}, 2},
		"import": {func(ctx context.Context, c *Client) error {
			_, err := c.TimeRegistrations.Import(ctx, theImport())
			return err
		}, 1},
		"approved absence": {func(ctx context.Context, c *Client) error {
			return c.TimeRegistrations.DeleteApprovedAbsence(ctx, 9001, "")
		}, 1},
		"start": {func(ctx context.Context, c *Client) error {
			_, err := c.TimeRegistrations.CreateTimeTracker(ctx, NewTimeTracker{9001})
			return err
		}, 1},
		"stop": {func(ctx context.Context, c *Client) error {
			_, err := c.TimeRegistrations.StopTimeTracker(ctx, 12)
			return err
		}, 1},
		"favourite": {func(ctx context.Context, c *Client) error {
			return c.TimeTrackingItems.SaveFavourite(ctx, TaskFavourite(5501))
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: http.StatusBadGateway}, answer{body: "null"})
			config := v.config()
			config.Options.Retry = worktime.RetryPolicy{BaseDelay: -1}
			err := c.call(t.Context(), open(t, config))
			assert.Len(t, v.requests(), c.sent)
			if c.sent == 1 {
				require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

package timelog

import (
	"context"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	taskInfo = `"CustomerID": 310, "CustomerName": "Nordic", "CustomerNo": "10001", "ProjectID": 1201, "ProjectName": "Website", "ProjectNo": "P26-001",
		"TaskID": 5501, "TaskName": "Analysis", "TaskFullName": "Website / Analysis", "IsFixedPrice": true, "TaskNo": "10", "TaskIsActive": true,
		"AbsenceCodeID": 7, "AbsenceName": "Doctor", "AbsenceCode": "A7", "AbsenceIsActive": true, "AdditionalTextIsRequired": true,
		"DefaultBillable": true, "IsETCProject": true, "ShowBillable": true, "EntityID": 5501, "EntityType": 98, "IsFavourite": true`
	ownRegistration = `"AllocatedHour": 4, "TimeRegistrationID": 9001, "UserID": 82, "Created": "2026-06-10T17:00:01.5", "CreatedBy": 82,
		"LastModified": "2026-06-11T08:00:00", "LastModifiedBy": 83, "IsBillable": true, "Status": true, "Date": "2026-06-10T00:00:00",
		"MonthlyPeriod": "2026-06", "Comment": "Workshop", "Hours": 1.5, "AdditionalTextField": "more", "InvoiceStatus": true,
		"TimeRegistrationApprovalStatus": 7, "TimeTrackingFormat": 4, "Minutes": 90, "BillableHours": 1.25, "BillableMinutes": 75,
		"StartTime": "2026-06-10T08:00:00", "EndTime": "2026-06-10T09:30:00", "IsTimestampOverlapping": true`
	anItem = `{ ` + taskInfo + `, ` + ownRegistration + ` }`
	aWeek  = `{ "TotalRegisteredHours": 30.5, "TotalNormHours": 37, "TotalHoursDifference": -6.5, "Tasks": [
		{ "Date": "2026-06-10T00:00:00", "RegisteredHours": 1.5, "NormHours": 7.5, "HoursDifference": -6, "TaskInfos": [
			{ ` + taskInfo + `, "Registrations": [ { ` + ownRegistration + ` } ] } ] } ] }`
)

func theItem() TimeTrackingItem {
	return TimeTrackingItem{
		TimeTrackingTaskInfo{
			CustomerID: 310, CustomerName: "Nordic", CustomerNo: "10001", ProjectID: 1201, ProjectName: "Website", ProjectNo: "P26-001", TaskID: 5501,
			TaskName: "Analysis", TaskFullName: "Website / Analysis", TaskNo: "10", TaskIsActive: true, IsFixedPrice: true, AbsenceCodeID: 7,
			AbsenceName: "Doctor", AbsenceCode: "A7", AbsenceIsActive: true, AdditionalTextIsRequired: true, DefaultBillable: true, IsETCProject: true,
			ShowBillable: true, IsFavourite: true, EntityType: DomainTask, EntityID: 5501,
		},
		TimeTrackingRegistration{
			ID: 9001, UserID: 82, Date: at("2026-06-10"), Hours: 1.5, Minutes: 90, IsBillable: true, BillableHours: 1.25, BillableMinutes: 75, AllocatedHour: 4,
			StartTime: at("2026-06-10T08:00:00"), EndTime: at("2026-06-10T09:30:00"), IsTimestampOverlapping: true, Comment: "Workshop",
			AdditionalTextField: "more", Status: true, InvoiceStatus: true, TimeRegistrationApprovalStatus: 7, TimeTrackingFormat: TimeTrackingCount,
			MonthlyPeriod: "2026-06", Created: at("2026-06-10T17:00:01.5"), CreatedBy: 82, LastModified: at("2026-06-11T08:00:00"), LastModifiedBy: 83,
		},
	}
}

func theWeek() TimeTrackingWeek {
	item := theItem()
	return TimeTrackingWeek{TotalRegisteredHours: 30.5, TotalNormHours: 37, TotalHoursDifference: -6.5, Tasks: []TimeTrackingDay{{
		Date: at("2026-06-10"), RegisteredHours: 1.5, NormHours: 7.5, HoursDifference: -6,
		TaskInfos: []TimeTrackingTask{{item.TimeTrackingTaskInfo, []TimeTrackingRegistration{item.TimeTrackingRegistration}}},
	}}}
}

func aPeriod() TimeTrackingItemQuery {
	return TimeTrackingItemQuery{StartDate: day("2026-06-08"), EndDate: day("2026-06-14")}
}

var timeTrackingItemRows = map[string]wireRow{
	"by date": {
		"GET /v1/time-tracking-item/get-by-date",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.TimeTrackingItems.ByDate(ctx, aPeriod()))
		},
		listed("/v1/time-tracking-item/get-by-date", "endDate=2026-06-14&startDate=2026-06-08"), "", list(anItem), []TimeTrackingItem{theItem()},
	},
	"pages": {
		"GET /v1/time-tracking-item/get-by-date",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.TimeTrackingItems.Pages(ctx, aPeriod()))
		},
		listed("/v1/time-tracking-item/get-by-date", "endDate=2026-06-14&startDate=2026-06-08"), "", list(anItem), []TimeTrackingItem{theItem()},
	},
	"recent first": {
		"GET /v1/time-tracking-item/get-by-date-order-by-recent-registration",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.TimeTrackingItems.ByDateOrderByRecentRegistration(ctx, aPeriod()))
		},
		listed("/v1/time-tracking-item/get-by-date-order-by-recent-registration", "endDate=2026-06-14&startDate=2026-06-08"), "",
		list(anItem), []TimeTrackingItem{theItem()},
	},
	"week in a list": {
		"GET /v1/time-tracking-item/get-weekly-registrations",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.TimeTrackingItems.WeeklyRegistrations(ctx, WeeklyRegistrationQuery{StartDate: day("2026-06-08")}))
		},
		listed("/v1/time-tracking-item/get-weekly-registrations", "startDate=2026-06-08"), "", list(aWeek), []TimeTrackingWeek{theWeek()},
	},
	"week by itself": {
		"GET /v1/time-tracking-item/get-weekly-registrations",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.TimeTrackingItems.WeeklyRegistrations(ctx, WeeklyRegistrationQuery{StartDate: day("2026-06-08")}))
		},
		listed("/v1/time-tracking-item/get-weekly-registrations", "startDate=2026-06-08"), "", single(aWeek), []TimeTrackingWeek{theWeek()},
	},
	"get": {
		"GET /v1/time-tracking-item/{timeRegistrationID}",
		func(ctx context.Context, c *Client) (any, error) { return c.TimeTrackingItems.Get(ctx, 9001) },
		"GET /acme/api/v1/time-tracking-item/9001", "", single(anItem), theItem(),
	},
	"favourite": {
		"POST /v1/time-tracking-item/save-favourite",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeTrackingItems.SaveFavourite(ctx, TaskFavourite(5501)))
		},
		"POST /acme/api/v1/time-tracking-item/save-favourite", `{ "ReferenceID": 5501, "GroupType": 1 }`, `null`, nil,
	},
	"favourite absence": {
		"POST /v1/time-tracking-item/save-favourite",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.TimeTrackingItems.SaveFavourite(ctx, AbsenceFavourite(7)))
		},
		"POST /acme/api/v1/time-tracking-item/save-favourite", `{ "ReferenceID": 7, "GroupType": 3 }`, ``, nil,
	},
}

// Status and InvoiceStatus are true or false in one model and numbers in the other.
func TestStatusIsBoolInItems(t *testing.T) {
	assert.Equal(t, reflect.Bool, reflect.TypeOf(theItem().Status).Kind())
	assert.Equal(t, reflect.Bool, reflect.TypeOf(theItem().InvoiceStatus).Kind())
	assert.Equal(t, reflect.Int, reflect.TypeOf(theTimeRegistration().Status).Kind())
	assert.Equal(t, reflect.Int, reflect.TypeOf(theTimeRegistration().InvoiceStatus).Kind())
}

// Rows of absences have neither a customer nor a project nor a task.
func TestAbsenceItem(t *testing.T) {
	v := newVendor(t, answer{body: single(`{ "CustomerID": 0, "CustomerName": null, "ProjectID": 0, "TaskID": 0, "TaskName": null, "AbsenceCodeID": 7,
		"AbsenceName": "Doctor", "TimeRegistrationID": 9002, "EntityID": 7, "EntityType": 149, "Date": "2026-06-11T00:00:00", "Hours": 3.7,
		"Minutes": 222, "StartTime": "0001-01-01T00:00:00", "Created": null }`)})
	got, err := v.client(t).TimeTrackingItems.Get(t.Context(), 9002)
	require.NoError(t, err)
	assert.Equal(t, TimeTrackingItem{
		TimeTrackingTaskInfo{AbsenceCodeID: 7, AbsenceName: "Doctor", EntityType: DomainAbsenceCode, EntityID: 7},
		TimeTrackingRegistration{ID: 9002, Date: at("2026-06-11"), Hours: 3.7, Minutes: 222},
	}, got)
}

// A registration that shifts to the next page while the list is walked comes once.
func TestItemsAreTakenOnce(t *testing.T) {
	page := func(number string, ids ...string) answer {
		body := `{ "Properties": { "TotalRecord": "4", "TotalPage": "2", "PageNumber": "` + number + `" }, "Entities": [ `
		for i, id := range ids {
			if i > 0 {
				body += ", "
			}
			body += `{ "Properties": { "TimeRegistrationID": ` + id + ` } }`
		}
		return answer{body: body + ` ] }`}
	}
	q := aPeriod()
	q.PageSize = 2
	items, err := worktime.Collect(newVendor(t, page("1", "1", "2"), page("2", "2", "3")).client(t).TimeTrackingItems.ByDate(t.Context(), q))
	require.NoError(t, err)
	ids := make([]TimeRegistrationID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	assert.Equal(t, []TimeRegistrationID{1, 2, 3}, ids)
}

func TestTimeTrackingItemsBadInput(t *testing.T) {
	v := newVendor(t, answer{body: list()})
	s, ctx := v.client(t).TimeTrackingItems, t.Context()
	for field, q := range map[string]TimeTrackingItemQuery{
		"TimeTrackingItemQuery.StartDate": {EndDate: day("2026-06-14")},
		"TimeTrackingItemQuery.EndDate":   {StartDate: day("2026-06-08")},
		"TimeTrackingItemQuery.PageSize":  {StartDate: day("2026-06-08"), EndDate: day("2026-06-08"), Paging: Paging{PageSize: -1}},
	} {
		_, err := worktime.Collect(s.ByDate(ctx, q))
		requireField(t, err, field)
		_, err = worktime.Collect(s.ByDateOrderByRecentRegistration(ctx, q))
		requireField(t, err, field)
	}
	_, err := worktime.Collect(s.ByDate(ctx, TimeTrackingItemQuery{StartDate: day("2026-06-14"), EndDate: day("2026-06-13")}))
	requireField(t, err, "TimeTrackingItemQuery.EndDate")
	for _, from := range []worktime.Date{{}, day("2026-06-07"), day("2026-06-09")} {
		_, err = worktime.Collect(s.WeeklyRegistrations(ctx, WeeklyRegistrationQuery{StartDate: from}))
		requireField(t, err, "WeeklyRegistrationQuery.StartDate")
	}
	_, err = s.Get(ctx, 0)
	requireField(t, err, "timeRegistrationID")
	requireField(t, s.SaveFavourite(ctx, TaskFavourite(0)), "Favourite.ReferenceID")
	requireField(t, s.SaveFavourite(ctx, Favourite{ReferenceID: 1}), "Favourite.GroupType")
	assert.Empty(t, v.requests(), "nothing of this is sent")
}

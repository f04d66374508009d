package timelog

import (
	"context"
	"iter"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// TimeTrackingItem is a registration of the caller with what it was made on. It has no GUID: see
// [TimeRegistrationService.Get]. See https://api.timelog.com/rest/service/timetrackingitem
type TimeTrackingItem struct {
	TimeTrackingTaskInfo
	TimeTrackingRegistration
}

func (t TimeTrackingItem) key() int64 { return int64(t.ID) }

// TimeTrackingTaskInfo is what time was registered on: a task with its project and its customer, or an absence code, in whose
// case ProjectID is 0.
type TimeTrackingTaskInfo struct {
	CustomerID               CustomerID    `json:"CustomerID,omitzero"`
	CustomerName             string        `json:"CustomerName"`
	CustomerNo               string        `json:"CustomerNo"`
	ProjectID                ProjectID     `json:"ProjectID,omitzero"`
	ProjectName              string        `json:"ProjectName"`
	ProjectNo                string        `json:"ProjectNo"`
	TaskID                   TaskID        `json:"TaskID,omitzero"`
	TaskName                 string        `json:"TaskName"`
	TaskFullName             string        `json:"TaskFullName"`
	TaskNo                   string        `json:"TaskNo"`
	TaskIsActive             bool          `json:"TaskIsActive"`
	IsFixedPrice             bool          `json:"IsFixedPrice"`
	AbsenceCodeID            AbsenceCodeID `json:"AbsenceCodeID,omitzero"`
	AbsenceName              string        `json:"AbsenceName"`
	AbsenceCode              string        `json:"AbsenceCode"`
	AbsenceIsActive          bool          `json:"AbsenceIsActive"`
	AdditionalTextIsRequired bool          `json:"AdditionalTextIsRequired"`
	DefaultBillable          bool          `json:"DefaultBillable"`
	IsETCProject             bool          `json:"IsETCProject"`
	ShowBillable             bool          `json:"ShowBillable"`
	IsFavourite              bool          `json:"IsFavourite"` // of the caller
	// EntityType says what EntityID is the number of: mostly of a task or of an absence code.
	EntityType DomainType `json:"EntityType"`
	EntityID   int64      `json:"EntityID"`
}

// TimeTrackingRegistration is a registration of the caller. Status and InvoiceStatus are true or false here, and numbers in a
// [TimeRegistration].
type TimeTrackingRegistration struct {
	ID                             TimeRegistrationID `json:"TimeRegistrationID"`
	UserID                         UserID             `json:"UserID"`
	Date                           DateTime           `json:"Date"` // a day
	Hours                          float64            `json:"Hours"`
	Minutes                        int                `json:"Minutes"` // the same duration as Hours
	IsBillable                     bool               `json:"IsBillable"`
	BillableHours                  float64            `json:"BillableHours"`
	BillableMinutes                int                `json:"BillableMinutes"` // the same duration as BillableHours
	AllocatedHour                  int                `json:"AllocatedHour"`
	StartTime                      DateTime           `json:"StartTime,omitzero"`
	EndTime                        DateTime           `json:"EndTime,omitzero"`
	IsTimestampOverlapping         bool               `json:"IsTimestampOverlapping"`
	Comment                        string             `json:"Comment"`
	AdditionalTextField            string             `json:"AdditionalTextField"`
	Status                         bool               `json:"Status"`
	InvoiceStatus                  bool               `json:"InvoiceStatus"`
	TimeRegistrationApprovalStatus ApprovalStatus     `json:"TimeRegistrationApprovalStatus"`
	TimeTrackingFormat             TimeTrackingFormat `json:"TimeTrackingFormat"`
	MonthlyPeriod                  string             `json:"MonthlyPeriod"` // of the salary; its form is not documented
	Created                        DateTime           `json:"Created,omitzero"`
	CreatedBy                      int64              `json:"CreatedBy"` // which of a person's numbers is not documented
	LastModified                   DateTime           `json:"LastModified,omitzero"`
	LastModifiedBy                 int64              `json:"LastModifiedBy"` // as CreatedBy
}

// TimeTrackingWeek is a week of the caller, with the hours that are the norm.
type TimeTrackingWeek struct {
	TotalRegisteredHours float64           `json:"TotalRegisteredHours"`
	TotalNormHours       float64           `json:"TotalNormHours"`
	TotalHoursDifference float64           `json:"TotalHoursDifference"`
	Tasks                []TimeTrackingDay `json:"Tasks"` // the days, for all that the vendor calls them so
}

// TimeTrackingDay is a day of a [TimeTrackingWeek].
type TimeTrackingDay struct {
	Date            DateTime           `json:"Date"` // a day
	RegisteredHours float64            `json:"RegisteredHours"`
	NormHours       float64            `json:"NormHours"`
	HoursDifference float64            `json:"HoursDifference"`
	TaskInfos       []TimeTrackingTask `json:"TaskInfos"`
}

// TimeTrackingTask is what was registered on one task, or as one absence, in a [TimeTrackingDay].
type TimeTrackingTask struct {
	TimeTrackingTaskInfo
	Registrations []TimeTrackingRegistration `json:"Registrations"`
}

// TimeTrackingItemQuery selects the caller's registrations of a period. Both days are required, and belong to it.
type TimeTrackingItemQuery struct {
	StartDate worktime.Date `url:"startDate"`
	EndDate   worktime.Date `url:"endDate"`
	Paging
}

func (q TimeTrackingItemQuery) check() error {
	switch {
	case q.StartDate.IsZero():
		return badField("TimeTrackingItemQuery.StartDate", "is required")
	case q.EndDate.IsZero():
		return badField("TimeTrackingItemQuery.EndDate", "is required")
	case q.EndDate.Before(q.StartDate):
		return badField("TimeTrackingItemQuery.EndDate", "is before StartDate")
	}
	return nil
}

// WeeklyRegistrationQuery selects a week of the caller.
type WeeklyRegistrationQuery struct {
	// StartDate is the Monday of the week.
	StartDate worktime.Date `url:"startDate"`
	Paging
}

func (q WeeklyRegistrationQuery) check() error {
	if q.StartDate.IsZero() || q.StartDate.Weekday() != time.Monday {
		return badField("WeeklyRegistrationQuery.StartDate", "must be a Monday")
	}
	return nil
}

// Favourite is what the caller wants to have at hand: see [TaskFavourite] and [AbsenceFavourite].
type Favourite struct {
	// ReferenceID is the number of a task, or of an absence code, as GroupType says.
	ReferenceID int64     `json:"ReferenceID"`
	GroupType   GroupType `json:"GroupType"`
}

// TaskFavourite returns the Favourite of a task.
func TaskFavourite(id TaskID) Favourite { return Favourite{int64(id), GroupProject} }

// AbsenceFavourite returns the Favourite of an absence code.
func AbsenceFavourite(id AbsenceCodeID) Favourite { return Favourite{int64(id), GroupAbsence} }

func (f Favourite) check() error {
	if err := checkID("Favourite.ReferenceID", f.ReferenceID); err != nil {
		return err
	}
	return checkGroup("Favourite.GroupType", f.GroupType)
}

// TimeTrackingItemService reads what the caller registered. It never tells what others did, whatever the caller's rights.
type TimeTrackingItemService struct{ client *rest.Client }

var (
	listTimeTrackingItems       = listOf[TimeTrackingItem, TimeTrackingItemQuery]("list time tracking items", "/v1/time-tracking-item/get-by-date")
	listTimeTrackingItemsRecent = listOf[TimeTrackingItem, TimeTrackingItemQuery]("list time tracking items, recent first", "/v1/time-tracking-item/get-by-date-order-by-recent-registration")
	listWeeklyRegistrations     = listOf[TimeTrackingWeek, WeeklyRegistrationQuery]("list weekly registrations", "/v1/time-tracking-item/get-weekly-registrations")
	getTimeTrackingItem         = safe("get time tracking item", "GET /v1/time-tracking-item/{timeRegistrationID}")
	saveFavourite               = once("save favourite", "POST /v1/time-tracking-item/save-favourite")
)

// ByDate walks the caller's registrations of a period, absences included; see [UserService.All].
//
// See [GET /v1/time-tracking-item/get-by-date].
//
// [GET /v1/time-tracking-item/get-by-date]: https://api.timelog.com/rest/method/timetrackingitem_getbydate
//
//api:op GET /v1/time-tracking-item/get-by-date
func (s *TimeTrackingItemService) ByDate(ctx context.Context, q TimeTrackingItemQuery) iter.Seq2[TimeTrackingItem, error] {
	return rest.All(ctx, s.client, listTimeTrackingItems, q)
}

// Pages is [TimeTrackingItemService.ByDate] by pages, each with the cursor of the position after it.
//
// See [GET /v1/time-tracking-item/get-by-date].
//
// [GET /v1/time-tracking-item/get-by-date]: https://api.timelog.com/rest/method/timetrackingitem_getbydate
//
//api:op GET /v1/time-tracking-item/get-by-date
func (s *TimeTrackingItemService) Pages(ctx context.Context, q TimeTrackingItemQuery) iter.Seq2[worktime.Page[TimeTrackingItem], error] {
	return rest.Pages(ctx, s.client, listTimeTrackingItems, q)
}

// ByDateOrderByRecentRegistration is [TimeTrackingItemService.ByDate], with what was registered last first.
//
// See [GET /v1/time-tracking-item/get-by-date-order-by-recent-registration].
//
// [GET /v1/time-tracking-item/get-by-date-order-by-recent-registration]: https://api.timelog.com/rest/method/timetrackingitem_getbydateorderbyrecentregistration
//
//api:op GET /v1/time-tracking-item/get-by-date-order-by-recent-registration
func (s *TimeTrackingItemService) ByDateOrderByRecentRegistration(ctx context.Context, q TimeTrackingItemQuery) iter.Seq2[TimeTrackingItem, error] {
	return rest.All(ctx, s.client, listTimeTrackingItemsRecent, q)
}

// WeeklyRegistrations walks the week that is asked for: the vendor's page leaves open whether a list of weeks
// comes or the one.
//
// See [GET /v1/time-tracking-item/get-weekly-registrations].
//
// [GET /v1/time-tracking-item/get-weekly-registrations]: https://api.timelog.com/rest/method/timetrackingitem_getweeklyregistrations
//
//api:op GET /v1/time-tracking-item/get-weekly-registrations
func (s *TimeTrackingItemService) WeeklyRegistrations(ctx context.Context, q WeeklyRegistrationQuery) iter.Seq2[TimeTrackingWeek, error] {
	return rest.All(ctx, s.client, listWeeklyRegistrations, q)
}

// Get returns one registration of the caller. What TimeLog answers if there is none is not documented: see
// [LooksNotFound].
//
// See [GET /v1/time-tracking-item/{timeRegistrationID}].
//
// [GET /v1/time-tracking-item/{timeRegistrationID}]: https://api.timelog.com/rest/method/timetrackingitem_getbyid
//
//api:op GET /v1/time-tracking-item/{timeRegistrationID}
func (s *TimeTrackingItemService) Get(ctx context.Context, id TimeRegistrationID) (TimeTrackingItem, error) {
	return get[TimeTrackingItem](ctx, s.client, getTimeTrackingItem, nil, id)
}

// SaveFavourite makes something a favourite of the caller, or, if it is one, takes that back. So it is not sent again
// unless TimeLog provably did not act; after [worktime.ErrUnknownOutcome] look at IsFavourite.
//
// See [POST /v1/time-tracking-item/save-favourite].
//
// [POST /v1/time-tracking-item/save-favourite]: https://api.timelog.com/rest/method/timetrackingitem_savefavourite
//
//api:op POST /v1/time-tracking-item/save-favourite
func (s *TimeTrackingItemService) SaveFavourite(ctx context.Context, favourite Favourite) error {
	return act(ctx, s.client, saveFavourite, favourite)
}

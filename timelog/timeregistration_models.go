package timelog

import (
	"cmp"
	"math"
)

// TimeRegistration is some time that a person registered on a task, or an absence. See
// https://api.timelog.com/rest/service/timeregistration
type TimeRegistration struct {
	ID     TimeRegistrationID   `json:"TimeRegistrationID"`
	GUID   TimeRegistrationGUID `json:"TimeRegistrationGUID,omitzero"`
	UserID UserID               `json:"UserID"`
	Date   DateTime             `json:"Date"` // a day
	// EntityType says what EntityID is the number of: mostly of a task or of an absence code.
	EntityType          DomainType         `json:"EntityType"`
	EntityID            int64              `json:"EntityID"`
	AbsenceCode         *AbsenceCode       `json:"AbsenceCode,omitzero"`
	Hours               float64            `json:"Hours"`
	Minutes             int                `json:"Minutes"` // the same duration as Hours
	IsBillable          bool               `json:"IsBillable"`
	BillableHours       float64            `json:"BillableHours"`
	BillableMinutes     int                `json:"BillableMinutes"` // the same duration as BillableHours
	StartTime           DateTime           `json:"StartTime,omitzero"`
	EndTime             DateTime           `json:"EndTime,omitzero"`
	Comment             string             `json:"Comment"`
	AdditionalTextField string             `json:"AdditionalTextField"`
	ApprovalStatus      ApprovalStatus     `json:"ApprovalStatus"`
	Status              RegistrationStatus `json:"Status"`
	TimeTrackingFormat  TimeTrackingFormat `json:"TimeTrackingFormat"`
	DepartmentID        DepartmentID       `json:"DepartmentID,omitzero"`
	IsMeeting           bool               `json:"IsMeeting"`
	CalendarEventID     int64              `json:"CalendarEventID,omitzero"`
	IsFixedPrice        bool               `json:"IsFixedPrice"`
	// What is invoiced, or lies in a closed accounting period, cannot be changed.
	InvoiceStatus              InvoiceStatus `json:"InvoiceStatus"`
	IsInvoiced                 bool          `json:"IsInvoiced"`
	IsInClosedAccountingPeriod bool          `json:"IsInClosedAccountingPeriod"`
	Factor                     float64       `json:"Factor"`        // of flexible time
	MonthlyPeriod              string        `json:"MonthlyPeriod"` // of the salary; its form is not documented
	Created                    DateTime      `json:"Created,omitzero"`
	CreatedBy                  int64         `json:"CreatedBy"` // which of a person's numbers is not documented
	LastModified               DateTime      `json:"LastModified,omitzero"`
	LastModifiedBy             int64         `json:"LastModifiedBy"`    // as CreatedBy
	InterfaceCreated           int           `json:"InterfaceCreated"`  // the program that wrote it; opaque
	InterfaceModified          int           `json:"InterfaceModified"` // likewise
}

// Changes returns the change that keeps what was read, to be changed further and given to
// [TimeRegistrationService.Update]. An absence has none: its TaskID is 0, which Update refuses. TimeLog does not tell
// IsCalendarEvent, so set it for what came out of a calendar, nor GroupType, which is taken to be GroupProject. What has
// an EndTime, which that operation does not take, is better changed with [TimeRegistration.TimeChanges].
func (t TimeRegistration) Changes() TimeRegistrationChanges {
	return TimeRegistrationChanges{
		GUID: t.GUID, TaskID: t.taskID(), UserID: t.UserID, Date: t.Date, TimeSpent: t.spent(), GroupType: GroupProject,
		Comment: t.Comment, AdditionalTextField: t.AdditionalTextField, TimeTrackingFormat: t.TimeTrackingFormat,
		Factor: t.Factor, MonthlyPeriod: t.MonthlyPeriod, StartTime: t.StartTime,
	}
}

// TimeChanges returns the change that keeps what was read, to be changed further and given to
// [TimeRegistrationService.UpdateTime]. An absence has none: its TaskID is 0, which UpdateTime refuses.
func (t TimeRegistration) TimeChanges() TimeChanges {
	return TimeChanges{
		ID: t.ID, TaskID: t.taskID(), Date: t.Date, TimeSpent: t.spent(), StartTime: t.StartTime, EndTime: t.EndTime,
		Comment: t.Comment, AdditionalTextField: t.AdditionalTextField, Factor: t.Factor, MonthlyPeriod: t.MonthlyPeriod,
	}
}

// spent fills in minutes that are missing: who books hours only leaves them 0.
func (t TimeRegistration) spent() TimeSpent {
	minutes := func(told int, hours float64) int { return cmp.Or(told, int(math.Round(hours*60))) }
	return TimeSpent{t.Hours, minutes(t.Minutes, t.Hours), t.IsBillable, t.BillableHours, minutes(t.BillableMinutes, t.BillableHours)}
}

// taskID is 0 if the time was not registered on a task.
func (t TimeRegistration) taskID() TaskID {
	if t.EntityType != DomainTask {
		return 0
	}
	return TaskID(t.EntityID)
}

// NewTimeRegistration is time to be booked on a task: see [TaskTime]. GUID, TaskID, Date, GroupType and a TimeSpent that agrees
// with itself are checked before anything is sent; everything else is for TimeLog to judge.
type NewTimeRegistration struct {
	// GUID is made by the caller: it is the key of the new registration.
	GUID   TimeRegistrationGUID `json:"ID"`
	TaskID TaskID               `json:"TaskID"`
	// UserID is whose time it is; 0 is the caller.
	UserID UserID   `json:"UserID,omitzero"`
	Date   DateTime `json:"Date"` // a day
	TimeSpent
	GroupType           GroupType          `json:"GroupType"`
	Comment             string             `json:"Comment,omitzero"`
	AdditionalTextField string             `json:"AdditionalComment,omitzero"` // some tasks require it
	TimeTrackingFormat  TimeTrackingFormat `json:"TimeTrackingFormat,omitzero"`
	IsCalendarEvent     bool               `json:"IsCalendarEvent,omitzero"`
	// StartTime is for sites that register times of the day. This operation takes no end time.
	StartTime DateTime `json:"StartTime,omitzero"`
	// The vendor does not explain EntityID, Factor and MonthlyPeriod: leave them out.
	EntityID      int64   `json:"EntityID,omitzero"`
	Factor        float64 `json:"Factor,omitzero"`
	MonthlyPeriod string  `json:"MonthlyPeriod,omitzero"`
}

func (n NewTimeRegistration) check() error { return n.checkAs("NewTimeRegistration") }

func (n NewTimeRegistration) checkAs(model string) error {
	return cmp.Or(
		checkGUID(model+".GUID", n.GUID),
		checkID(model+".TaskID", n.TaskID),
		checkText(model+".Date", n.Date.String()),
		n.TimeSpent.check(model),
		checkGroup(model+".GroupType", n.GroupType),
	)
}

// TimeRegistrationChanges is a registration of time on a task as it is to be: what is not set is lost. Begin with
// [TimeRegistration.Changes].
type TimeRegistrationChanges NewTimeRegistration

// check is that of a new one, whose fields are the same.
func (t TimeRegistrationChanges) check() error {
	return NewTimeRegistration(t).checkAs("TimeRegistrationChanges")
}

// TimeChanges is the time, the day, the task and the comments of a registration as they are to be: what is not
// set is lost. Begin with [TimeRegistration.TimeChanges].
type TimeChanges struct {
	// ID says which.
	ID     TimeRegistrationID `json:"TimeRegistrationID"`
	TaskID TaskID             `json:"TaskID"` // may be another one
	Date   DateTime           `json:"Date"`   // a day
	TimeSpent
	StartTime           DateTime `json:"StartTime,omitzero"`
	EndTime             DateTime `json:"EndTime,omitzero"`
	Comment             string   `json:"Comment,omitzero"`
	AdditionalTextField string   `json:"AdditionalComment,omitzero"`
	Factor              float64  `json:"Factor,omitzero"`
	MonthlyPeriod       string   `json:"MonthlyPeriod,omitzero"`
}

func (t TimeChanges) check() error {
	return cmp.Or(
		checkID("TimeChanges.ID", t.ID),
		checkID("TimeChanges.TaskID", t.TaskID),
		checkText("TimeChanges.Date", t.Date.String()),
		t.TimeSpent.check("TimeChanges"),
	)
}

// FullDayAbsenceChanges is an absence of a day as it is to be.
type FullDayAbsenceChanges struct {
	// ID says which.
	ID                  TimeRegistrationID `json:"TimeRegistrationID"`
	Date                DateTime           `json:"Date"` // a day
	Comment             string             `json:"Comment,omitzero"`
	AdditionalTextField string             `json:"AdditionalComment,omitzero"`
}

func (f FullDayAbsenceChanges) check() error {
	return cmp.Or(checkID("FullDayAbsenceChanges.ID", f.ID), checkText("FullDayAbsenceChanges.Date", f.Date.String()))
}

// HalfOrFullDayAbsenceChanges is an absence of half a day or of a day as it is to be.
type HalfOrFullDayAbsenceChanges struct {
	// ID says which.
	ID                  TimeRegistrationID `json:"TimeRegistrationID"`
	Date                DateTime           `json:"Date"` // a day
	Type                AbsenceDayType     `json:"Type"`
	Comment             string             `json:"Comment,omitzero"`
	AdditionalTextField string             `json:"AdditionalComment,omitzero"`
}

func (h HalfOrFullDayAbsenceChanges) check() error {
	return cmp.Or(checkID("HalfOrFullDayAbsenceChanges.ID", h.ID), checkText("HalfOrFullDayAbsenceChanges.Date", h.Date.String()))
}

// HoursAbsenceChanges is an absence of some hours as it is to be.
type HoursAbsenceChanges struct {
	// ID says which.
	ID                  TimeRegistrationID `json:"TimeRegistrationID"`
	Date                DateTime           `json:"Date"` // a day
	Hours               float64            `json:"Hours"`
	Minutes             int                `json:"Minutes"` // the same duration as Hours
	Comment             string             `json:"Comment,omitzero"`
	AdditionalTextField string             `json:"AdditionalComment,omitzero"`
}

func (h HoursAbsenceChanges) check() error {
	return cmp.Or(
		checkID("HoursAbsenceChanges.ID", h.ID),
		checkText("HoursAbsenceChanges.Date", h.Date.String()),
		TimeSpent{Hours: h.Hours, Minutes: h.Minutes}.check("HoursAbsenceChanges"),
	)
}

// TimeRegistrationImport is time with its rates. What is checked before anything is sent is what the vendor's own importer
// takes to be mandatory; it knows GroupProject, with a task, its project and its contract, and GroupAbsence, with an absence
// code.
type TimeRegistrationImport struct {
	UserID              UserID        `json:"UserID"`
	Date                DateTime      `json:"Date"` // a day
	GroupType           GroupType     `json:"GroupType"`
	TaskID              TaskID        `json:"TaskID"`
	ProjectID           ProjectID     `json:"ProjectID"`
	ContractID          ContractID    `json:"ContractID"`
	AbsenceCodeID       AbsenceCodeID `json:"AbsenceCodeID"`
	Hours               float64       `json:"Hours"`
	IsBillable          bool          `json:"Billable"`
	BillableHours       float64       `json:"BillableHours"`
	HourlyRate          float64       `json:"HourlyRate"`
	HourlyRateName      string        `json:"HourlyRateName"`
	CostPrice           float64       `json:"CostPrice"`
	CostPriceName       string        `json:"CostPriceName"`
	Comment             string        `json:"Comment,omitzero"`
	AdditionalTextField string        `json:"AdditionalComment,omitzero"`
	MonthlyPeriod       string        `json:"MonthlyPeriod,omitzero"`
}

func (t TimeRegistrationImport) check() error {
	err := cmp.Or(
		checkID("TimeRegistrationImport.UserID", t.UserID),
		checkText("TimeRegistrationImport.Date", t.Date.String()),
		checkGroup("TimeRegistrationImport.GroupType", t.GroupType),
		checkText("TimeRegistrationImport.HourlyRateName", t.HourlyRateName),
		checkText("TimeRegistrationImport.CostPriceName", t.CostPriceName),
	)
	switch {
	case err != nil:
		return err
	case !(t.Hours > 0):
		return badField("TimeRegistrationImport.Hours", "must be more than 0")
	case !(t.BillableHours >= 0), t.BillableHours > 0 && !t.IsBillable:
		return badField("TimeRegistrationImport.BillableHours", "must be 0 if IsBillable is false, and never less")
	case t.GroupType == GroupAbsence:
		return checkID("TimeRegistrationImport.AbsenceCodeID", t.AbsenceCodeID)
	case t.GroupType != GroupProject:
		return nil
	}
	return cmp.Or(
		checkID("TimeRegistrationImport.TaskID", t.TaskID),
		checkID("TimeRegistrationImport.ProjectID", t.ProjectID),
		checkID("TimeRegistrationImport.ContractID", t.ContractID),
	)
}

// NewTimeTracker is a stopwatch for a registration that exists.
type NewTimeTracker struct {
	TimeRegistrationID TimeRegistrationID `json:"TimeRegistrationID"`
}

func (n NewTimeTracker) check() error {
	return checkID("NewTimeTracker.TimeRegistrationID", n.TimeRegistrationID)
}

// GroupType is the kind of a registration. Unknown values are kept as they are.
type GroupType int

// The kinds of registrations.
const (
	GroupProject          GroupType = 1 // time on a task
	GroupSupportTicket    GroupType = 2
	GroupAbsence          GroupType = 3
	GroupProjectStopwatch GroupType = 4
	GroupAbsenceStopwatch GroupType = 5
	GroupTravelTime       GroupType = 6 // made along with mileage only
)

// TimeTrackingFormat is how an amount of time is told. Unknown values are kept as they are.
type TimeTrackingFormat int

// How an amount of time is told.
const (
	TimeTrackingHours   TimeTrackingFormat = 0
	TimeTrackingFullDay TimeTrackingFormat = 1
	TimeTrackingHalfDay TimeTrackingFormat = 2
	TimeTrackingYesNo   TimeTrackingFormat = 3
	TimeTrackingCount   TimeTrackingFormat = 4
)

// InvoiceStatus is whether time has been invoiced. Unknown values are kept as they are.
type InvoiceStatus int

// Whether time has been invoiced.
const (
	InvoiceStatusNone      InvoiceStatus = 0
	InvoiceStatusOnVoucher InvoiceStatus = 1
	InvoiceStatusOnInvoice InvoiceStatus = 2
)

// DomainType is a kind of object. The constants are those that time is registered on, or that stand for it; TimeLog
// has some 270.
type DomainType int

// Kinds of objects.
const (
	DomainTask               DomainType = 98
	DomainTimeRegistration   DomainType = 147
	DomainAbsenceCode        DomainType = 149
	DomainEmployeeProjection DomainType = 154
)

// ApprovalStatus is how far the approval of a registration has come, from 0 to 9. The vendor does not tell what
// the numbers mean; 6 and 7 were seen at approved ones, which cannot be changed.
type ApprovalStatus int

// RegistrationStatus is 0 or 1. The vendor does not tell what they mean.
type RegistrationStatus int

// AbsenceDayType tells half days from full days. The vendor's pages contradict each other about which of 0 and 1 is what:
// try on your site.
type AbsenceDayType int

// checkGroup refuses a missing group.
func checkGroup(field string, g GroupType) error {
	if g == 0 {
		return badField(field, "is required: GroupProject for time on a task")
	}
	return nil
}

package timelogtest

import "github.com/worktime-go/worktime"

// User is a person of the site.
type User struct {
	UserID   int64
	ID       string // the GUID
	UserName string

	FirstName, LastName, Initials, Email string

	LegalEntityID int64
	Inactive      bool

	// ApprovalManager are the initials of the manager.
	ApprovalManager string
	// License is the UserLicenseType: 2 standard, 7 limited, 8 time and expense; default 2.
	License int
	RoleIDs []int64
}

// Customer is a customer of the site.
type Customer struct {
	CustomerID int64
	ID         string // the GUID
	Name, No   string

	CustomerStatusID, CurrencyID, CountryID int64

	VATNo, OrganizationNo  string
	DefaultMileageDistance int
}

// Project is a project of the site.
type Project struct {
	ProjectID int64
	ID        string // the GUID

	Name, No, Description string

	CustomerID, ProjectManagerID      int64
	ContactID, DepartmentID           int64
	AccountManagerID, PartnerID       int64
	ProjectTypeID, ProjectCategoryID  int64
	CurrencyID, LanguageID            int64 // cannot be read back
	BudgetWorkHours, BudgetWorkAmount float64
	StartDate, EndDate                worktime.Date
	ExpenseIsBillable                 bool

	// Status is the ProjectStatus; 0 to 3 are active: quote, approved, in progress, on hold.
	Status int
	// NoTimeTracking: hours cannot be registered on its tasks.
	NoTimeTracking bool
}

// active is what the list of projects goes by.
func (p *Project) active() bool { return p.Status < 4 }

// Task is a task of a project.
type Task struct {
	TaskID   int64
	ID       string // the GUID
	Name, No string

	ProjectID    int64
	ParentTaskID int64 // 0: a main task

	StartDate, EndDate       worktime.Date
	BudgetHours              float64
	IsBillable               bool
	IsFixedPrice             bool
	IsTravelTimeTask         bool
	AdditionalTextIsRequired bool
	Inactive                 bool

	// UserIDs are the persons whose task it is: others find it with searchAll only. Empty: everybody's.
	UserIDs []int64
}

// Registration is some time that a person registered on a task, or an absence.
type Registration struct {
	TimeRegistrationID int64
	ID                 string // the GUID, which the client may have chosen

	UserID int64
	TaskID int64
	// AbsenceCodeID of an absence; TaskID is 0 then.
	AbsenceCodeID int64

	Date                       worktime.Date
	Hours, BillableHours       float64
	Billable                   bool
	Comment, AdditionalComment string
	// StartTime and EndTime are local times such as 2026-06-10T08:30:00; empty: none.
	StartTime, EndTime string
	// Created is such a time too; default: noon of the day.
	Created string

	// ApprovalStatus is the RegistrationApprovalStatus; rows from 6 on are approved and cannot be changed.
	ApprovalStatus int
	// IsInvoiced rows cannot be changed.
	IsInvoiced bool
}

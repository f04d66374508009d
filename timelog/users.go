package timelog

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// User is a person who can log in. See https://api.timelog.com/rest/service/user
type User struct {
	ID            UserID        `json:"UserID"`
	GUID          UserGUID      `json:"ID,omitzero"`
	FirstName     string        `json:"FirstName"`
	LastName      string        `json:"LastName"`
	Initials      string        `json:"Initials"`
	IsActive      bool          `json:"IsActive"`
	UserType      string        `json:"UserType,omitzero"`
	LegalEntityID LegalEntityID `json:"LegalEntityID,omitzero"`
	Email         string        `json:"Email,omitzero"` // sites told it from February 2026 on
}

func (u User) key() int64 { return int64(u.ID) }

// Changes returns the change that keeps the names, to be filled in further: it is not known whether [UserService.Update]
// keeps names that are not sent.
func (u User) Changes() UserChanges {
	return UserChanges{GUID: u.GUID, FirstName: u.FirstName, LastName: u.LastName}
}

// UserLicenseType is what a person may use. Unknown values are kept as they are.
type UserLicenseType int

// The licences.
const (
	UserLicenseStandard       UserLicenseType = 2
	UserLicenseLimited        UserLicenseType = 7
	UserLicenseTimeAndExpense UserLicenseType = 8
)

// NewUser is a person to be created. What is checked before anything is sent is what the vendor's own importer
// takes to be mandatory; everything else is for TimeLog to judge.
type NewUser struct {
	UserName                string            `json:"UserName"`
	FirstName               string            `json:"FirstName"`
	LastName                string            `json:"LastName"`
	Initials                string            `json:"Initials"`
	Email                   string            `json:"Email"`
	Title                   string            `json:"Title,omitzero"`
	EmployeeNo              string            `json:"EmployeeNo,omitzero"`
	EmploymentDate          DateTime          `json:"EmploymentDate,omitzero"`
	LegalEntityID           LegalEntityID     `json:"LegalEntityID"`
	DepartmentID            DepartmentID      `json:"DepartmentID"`
	ApprovalManagerID       UserID            `json:"ApprovalManagerID"`
	EmployeeTypeID          EmployeeTypeID    `json:"EmployeeTypeID,omitzero"`
	StandardHourlyRateID    HourlyRateID      `json:"StandardHourlyRateID"`
	CostPriceID             CostPriceID       `json:"CostPriceID"`
	PublicHolidayCalendarID HolidayCalendarID `json:"PublicHolidayCalendarID"`
	AllowanceLegislationID  LegislationID     `json:"AllowanceLegislationID,omitzero"`
	NormalWorkingTimeID     WorkingTimeID     `json:"NormalWorkingTimeID"`
	SalaryGroupID           SalaryGroupID     `json:"SalaryGroupID"`
	// UserLicenseType is UserLicenseStandard if it is not set.
	UserLicenseType UserLicenseType `json:"UserLicenseType,omitzero"`
	UserRoleIDs     []RoleID        `json:"UserRoleIDs,omitempty"`
}

func (n NewUser) check() error {
	return cmp.Or(
		checkText("NewUser.UserName", n.UserName),
		checkText("NewUser.FirstName", n.FirstName),
		checkText("NewUser.LastName", n.LastName),
		checkText("NewUser.Initials", n.Initials),
		checkText("NewUser.Email", n.Email),
		checkID("NewUser.LegalEntityID", n.LegalEntityID),
		checkID("NewUser.DepartmentID", n.DepartmentID),
		checkID("NewUser.ApprovalManagerID", n.ApprovalManagerID),
		checkID("NewUser.StandardHourlyRateID", n.StandardHourlyRateID),
		checkID("NewUser.CostPriceID", n.CostPriceID),
		checkID("NewUser.PublicHolidayCalendarID", n.PublicHolidayCalendarID),
		checkID("NewUser.NormalWorkingTimeID", n.NormalWorkingTimeID),
		checkID("NewUser.SalaryGroupID", n.SalaryGroupID),
	)
}

// UserChanges is what can be changed of a person. Begin with [User.Changes]: it is not known whether names that are not
// sent are kept.
type UserChanges struct {
	// GUID says whose.
	GUID      UserGUID `json:"ID"`
	FirstName string   `json:"FirstName,omitzero"`
	LastName  string   `json:"LastName,omitzero"`
	// ApprovalManagerInitials are those of the manager, with the day from which on.
	ApprovalManagerInitials  string   `json:"ApprovalManagerInitials,omitzero"`
	ApprovalManagerStartDate DateTime `json:"ApprovalManagerStartDate,omitzero"`
	// UserLicenseType is kept if it is not set. With UserRoleIDs it must be UserLicenseStandard.
	UserLicenseType UserLicenseType `json:"UserLicenseType,omitzero"`
	// UserRoleIDs are added to those that the person has; none can be taken away.
	UserRoleIDs []RoleID `json:"UserRoleIDs,omitempty"`
}

func (u UserChanges) check() error {
	switch {
	case len(u.UserRoleIDs) > 0 && u.UserLicenseType != UserLicenseStandard:
		return badField("UserChanges.UserLicenseType", "must be UserLicenseStandard with UserRoleIDs")
	case (u.ApprovalManagerInitials == "") != u.ApprovalManagerStartDate.IsZero():
		return badField("UserChanges.ApprovalManagerStartDate", "goes with ApprovalManagerInitials: give both or none")
	}
	return cmp.Or(
		checkGUID("UserChanges.GUID", u.GUID),
		checkText("UserChanges.FirstName", u.FirstName),
		checkText("UserChanges.LastName", u.LastName),
	)
}

// UserQuery lists all persons, active or not.
type UserQuery struct{ Paging }

// UserService reads, creates and changes persons.
type UserService struct{ client *rest.Client }

var (
	listUsers    = listOf[User, UserQuery]("list users", "/v1/user")
	getUser      = safe("get user", "GET /v1/user/{id}")
	getMe        = safe("get own user", "GET /v1/user/me")
	createUser   = once("create user", "POST /v1/user/create")
	validateUser = safe("validate user", "POST /v1/user/validate-new-user")
	updateUser   = idempotent("update user", "PUT /v1/user")
)

// All walks the persons, page after page. An error ends the loop; items before it may have come. What is
// wrong with q is a [worktime.FieldError], everything else a [worktime.Error] or a [worktime.AuthError]. TimeLog keeps no
// snapshot of a list: what is created or deleted meanwhile moves the others, and one may then be missed.
//
// See [GET /v1/user].
//
// [GET /v1/user]: https://api.timelog.com/rest/method/user_getall
//
//api:op GET /v1/user
func (s *UserService) All(ctx context.Context, q UserQuery) iter.Seq2[User, error] {
	return rest.All(ctx, s.client, listUsers, q)
}

// Pages is [UserService.All] by pages, each with the cursor of the position after it. No page comes with an error.
//
// See [GET /v1/user].
//
// [GET /v1/user]: https://api.timelog.com/rest/method/user_getall
//
//api:op GET /v1/user
func (s *UserService) Pages(ctx context.Context, q UserQuery) iter.Seq2[worktime.Page[User], error] {
	return rest.Pages(ctx, s.client, listUsers, q)
}

// Get returns one person. What TimeLog answers if there is none is not documented: see [LooksNotFound].
//
// See [GET /v1/user/{id}].
//
// [GET /v1/user/{id}]: https://api.timelog.com/rest/method/user_getbyid
//
//api:op GET /v1/user/{id}
func (s *UserService) Get(ctx context.Context, id UserID) (User, error) {
	return get[User](ctx, s.client, getUser, nil, id)
}

// Me returns the person whose login this is, which is the best way to find out whether a login works.
//
// See [GET /v1/user/me].
//
// [GET /v1/user/me]: https://api.timelog.com/rest/method/user_getcurrentuser
//
//api:op GET /v1/user/me
func (s *UserService) Me(ctx context.Context) (User, error) {
	return get[User](ctx, s.client, getMe, nil)
}

// Create creates a person. It is sent again only if TimeLog provably did not act; [worktime.ErrUnknownOutcome] means that the person
// may have been created. If the answer does not tell the new number, it is looked for by the e-mail
// address, the initials and the names among all persons, which are read for it.
//
// See [POST /v1/user/create].
//
// [POST /v1/user/create]: https://api.timelog.com/rest/method/user_create
//
//api:op POST /v1/user/create
func (s *UserService) Create(ctx context.Context, user NewUser) (Created[UserID], error) {
	return create[UserID](ctx, s.client, createUser, user, "UserID", func(ctx context.Context) int64 {
		return lookUp(s.All(ctx, UserQuery{}), func(u User) bool {
			return u.Initials == user.Initials && u.FirstName == user.FirstName && u.LastName == user.LastName &&
				(u.Email == "" || strings.EqualFold(u.Email, user.Email))
		})
	})
}

// Validate checks what [UserService.Create] would, and stores nothing. What is wrong is a [worktime.Error] with Details.
//
// See [POST /v1/user/validate-new-user].
//
// [POST /v1/user/validate-new-user]: https://api.timelog.com/rest/method/user_validatenewuser
//
//api:op POST /v1/user/validate-new-user
func (s *UserService) Validate(ctx context.Context, user NewUser) error {
	return act(ctx, s.client, validateUser, user)
}

// Update changes a person. Sending it twice changes nothing further, so it may be sent again.
//
// See [PUT /v1/user].
//
// [PUT /v1/user]: https://api.timelog.com/rest/method/user_update
//
//api:op PUT /v1/user
func (s *UserService) Update(ctx context.Context, user UserChanges) error {
	return act(ctx, s.client, updateUser, user)
}

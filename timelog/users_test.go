package timelog

import (
	"context"

	"github.com/worktime-go/worktime"
)

const (
	aUserGUID = "0f7c3a52-1d9e-4a86-8f4e-6f1f0a4d7c11"
	aUser     = `{ "UserID": 82, "ID": "` + aUserGUID + `", "FirstName": "Ann", "LastName": "Berg", "Initials": "ANB", "IsActive": true,
		"UserType": "Employee", "LegalEntityID": 1, "Email": "ann@acme.example" }`
	aNewUser = `{ "UserName": "ann", "FirstName": "Ann", "LastName": "Berg", "Initials": "ANB", "Email": "ann@acme.example", "Title": "Dr",
		"EmployeeNo": "E7", "EmploymentDate": "2026-06-01T00:00:00", "LegalEntityID": 1, "DepartmentID": 2, "ApprovalManagerID": 3,
		"EmployeeTypeID": 4, "StandardHourlyRateID": 5, "CostPriceID": 6, "PublicHolidayCalendarID": 7, "AllowanceLegislationID": 8,
		"NormalWorkingTimeID": 9, "SalaryGroupID": 10, "UserLicenseType": 2, "UserRoleIDs": [11, 12] }`
)

func theUser() User {
	return User{
		ID: 82, GUID: aUserGUID, FirstName: "Ann", LastName: "Berg", Initials: "ANB", IsActive: true, UserType: "Employee",
		LegalEntityID: 1, Email: "ann@acme.example",
	}
}

func theNewUser() NewUser {
	return NewUser{
		UserName: "ann", FirstName: "Ann", LastName: "Berg", Initials: "ANB", Email: "ann@acme.example", Title: "Dr", EmployeeNo: "E7",
		EmploymentDate: at("2026-06-01"), LegalEntityID: 1, DepartmentID: 2, ApprovalManagerID: 3, EmployeeTypeID: 4,
		StandardHourlyRateID: 5, CostPriceID: 6, PublicHolidayCalendarID: 7, AllowanceLegislationID: 8, NormalWorkingTimeID: 9,
		SalaryGroupID: 10, UserLicenseType: UserLicenseStandard, UserRoleIDs: []RoleID{11, 12},
	}
}

var userRows = map[string]wireRow{
	"list": {
		"GET /v1/user",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Users.All(ctx, UserQuery{}))
		},
		listed("/v1/user"), "", list(aUser), []User{theUser()},
	},
	"pages": {
		"GET /v1/user",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Users.Pages(ctx, UserQuery{Paging{PageSize: 20, Expand: []string{"a", "b"}}}))
		},
		"GET /acme/api/v1/user?$expand=a,b&$page=1&$pagesize=20", "", list(aUser), []User{theUser()},
	},
	"get": {
		"GET /v1/user/{id}",
		func(ctx context.Context, c *Client) (any, error) { return c.Users.Get(ctx, 82) },
		"GET /acme/api/v1/user/82", "", single(aUser), theUser(),
	},
	"me": {
		"GET /v1/user/me",
		func(ctx context.Context, c *Client) (any, error) { return c.Users.Me(ctx) },
		"GET /acme/api/v1/user/me", "", single(aUser), theUser(),
	},
	"create": {
		"POST /v1/user/create",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Users.Create(ctx, theNewUser())
			return created.ID, err
		},
		"POST /acme/api/v1/user/create", aNewUser,
		`{ "Properties": ` + aNewUser + `, "Links": [ { "Href": "https://app4.timelog.com/acme/api/v1/user/82", "Rel": "self" } ] }`, UserID(82),
	},
	"validate": {
		"POST /v1/user/validate-new-user",
		func(ctx context.Context, c *Client) (any, error) { return nothing(c.Users.Validate(ctx, theNewUser())) },
		"POST /acme/api/v1/user/validate-new-user", aNewUser, `null`, nil,
	},
	"update": {
		"PUT /v1/user",
		func(ctx context.Context, c *Client) (any, error) {
			changes := theUser().Changes()
			changes.ApprovalManagerInitials, changes.ApprovalManagerStartDate = "BOS", at("2026-07-01")
			changes.UserLicenseType, changes.UserRoleIDs = UserLicenseStandard, []RoleID{11}
			return nothing(c.Users.Update(ctx, changes))
		},
		"PUT /acme/api/v1/user", `{ "ID": "` + aUserGUID + `", "FirstName": "Ann", "LastName": "Berg", "ApprovalManagerInitials": "BOS",
			"ApprovalManagerStartDate": "2026-07-01T00:00:00", "UserLicenseType": 2, "UserRoleIDs": [11] }`, ``, nil,
	},
}

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

// A person is read by the number and changed by the GUID.
func TestUserKeys(t *testing.T) {
	v := newVendor(t, answer{body: single(aUser)}, answer{body: `null`})
	users := v.client(t).Users
	ann, err := users.Get(t.Context(), 82)
	require.NoError(t, err)
	require.NoError(t, users.Update(t.Context(), ann.Changes()))
	assert.Equal(t, []string{"GET /acme/api/v1/user/82", "PUT /acme/api/v1/user"}, v.targets())
	assert.JSONEq(t, `{ "ID": "`+aUserGUID+`", "FirstName": "Ann", "LastName": "Berg" }`, v.requests()[1].Body, "licence and roles that are not sent are kept")
}

// What this version does not know survives.
func TestUserUnknownValues(t *testing.T) {
	v := newVendor(t, answer{body: single(`{ "UserID": 82, "UserType": "Robot", "New": [ {} ] }`)}, answer{})
	users := v.client(t).Users
	user, err := users.Me(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "Robot", user.UserType)
	require.NoError(t, users.Update(t.Context(), UserChanges{GUID: aUserGUID, FirstName: "A", LastName: "B", UserLicenseType: 99}))
	assert.JSONEq(t, `{ "ID": "`+aUserGUID+`", "FirstName": "A", "LastName": "B", "UserLicenseType": 99 }`, v.requests()[1].Body)
}

// The id of a person is looked for by the e-mail address, the initials and the names.
func TestUserCreateLooksForTheID(t *testing.T) {
	names := `"FirstName": "Ann", "LastName": "Berg", "Initials": "ANB"`
	namesake := `{ "UserID": 90, ` + names + `, "Email": "other@acme.example" }`
	for name, c := range map[string]struct {
		users []string
		want  UserID
	}{
		"one":                {[]string{namesake, aUser}, 82},
		"in other letters":   {[]string{`{ "UserID": 82, ` + names + `, "Email": "Ann@ACME.example" }`}, 82},
		"addresses not told": {[]string{`{ "UserID": 82, ` + names + ` }`, `{ "UserID": 83, "Initials": "BOD" }`}, 82},
		"same initials":      {[]string{`{ "UserID": 90, "FirstName": "Anders", "LastName": "Bo", "Initials": "ANB" }`}, 0},
		"not clear":          {[]string{`{ "UserID": 82, ` + names + ` }`, `{ "UserID": 83, ` + names + ` }`}, 0},
		"not there":          {[]string{namesake}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{body: `"OK"`}, answer{body: list(c.users...)})
			created, err := v.client(t).Users.Create(t.Context(), theNewUser())
			require.NoError(t, err)
			assert.Equal(t, c.want, created.ID)
			assert.Equal(t, `"OK"`, string(created.Answer))
			assert.Equal(t, []string{"POST /acme/api/v1/user/create", listed("/v1/user")}, v.targets())
		})
	}
}

func TestUserInput(t *testing.T) {
	v := newVendor(t, answer{body: `null`})
	users := v.client(t).Users
	for field, spoil := range map[string]func(*NewUser){
		"UserName":                func(n *NewUser) { n.UserName = "" },
		"FirstName":               func(n *NewUser) { n.FirstName = "" },
		"LastName":                func(n *NewUser) { n.LastName = "" },
		"Initials":                func(n *NewUser) { n.Initials = "" },
		"Email":                   func(n *NewUser) { n.Email = "" },
		"LegalEntityID":           func(n *NewUser) { n.LegalEntityID = 0 },
		"DepartmentID":            func(n *NewUser) { n.DepartmentID = 0 },
		"ApprovalManagerID":       func(n *NewUser) { n.ApprovalManagerID = 0 },
		"StandardHourlyRateID":    func(n *NewUser) { n.StandardHourlyRateID = 0 },
		"CostPriceID":             func(n *NewUser) { n.CostPriceID = 0 },
		"PublicHolidayCalendarID": func(n *NewUser) { n.PublicHolidayCalendarID = 0 },
		"NormalWorkingTimeID":     func(n *NewUser) { n.NormalWorkingTimeID = 0 },
		"SalaryGroupID":           func(n *NewUser) { n.SalaryGroupID = 0 },
	} {
		user := theNewUser()
		spoil(&user)
		_, err := users.Create(t.Context(), user)
		requireField(t, err, "NewUser."+field)
		requireField(t, users.Validate(t.Context(), user), "NewUser."+field)
	}
	for field, spoil := range map[string]func(*UserChanges){
		"GUID":                     func(u *UserChanges) { u.GUID = "82" },
		"FirstName":                func(u *UserChanges) { u.FirstName = "" },
		"LastName":                 func(u *UserChanges) { u.LastName = "" },
		"UserLicenseType":          func(u *UserChanges) { u.UserRoleIDs = []RoleID{1} },
		"ApprovalManagerStartDate": func(u *UserChanges) { u.ApprovalManagerInitials = "BOS" },
	} {
		changes := theUser().Changes()
		spoil(&changes)
		requireField(t, users.Update(t.Context(), changes), "UserChanges."+field)
	}
	_, err := users.Get(t.Context(), -1)
	requireField(t, err, "id")
	assert.Empty(t, v.requests())
}

func TestGUIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		guid := newGUID()
		assert.True(t, isGUID(guid), guid)
		assert.Equal(t, byte('4'), guid[14])
		assert.Contains(t, "89ab", guid[19:20])
		assert.False(t, seen[guid])
		seen[guid] = true
	}
	for _, bad := range []string{
		"", "82", "00000000-0000-0000-0000-000000000000", "{6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11}", "6b1f0c3e8b6e4a619c0e2f0f2a2f7c11",
		"6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c1", "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c111", "6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c1g", "6b1f0c3e-8b6e-4a61-9c0e/2f0f2a2f7c11",
	} {
		assert.False(t, isGUID(bad), bad)
	}
}

// An EmployeeID is no UserID, nor is any key another one; a program that mixes them up does not compile.
func TestKeysAreDistinct(t *testing.T) {
	keys := []reflect.Type{
		reflect.TypeFor[UserID](), reflect.TypeFor[UserGUID](), reflect.TypeFor[EmployeeID](), reflect.TypeFor[CustomerID](),
		reflect.TypeFor[CustomerGUID](), reflect.TypeFor[ProjectID](), reflect.TypeFor[ProjectGUID](), reflect.TypeFor[TaskID](),
		reflect.TypeFor[TaskGUID](), reflect.TypeFor[TimeRegistrationID](), reflect.TypeFor[TimeRegistrationGUID](),
		reflect.TypeFor[AbsenceCodeID](), reflect.TypeFor[string](), reflect.TypeFor[int64](), reflect.TypeFor[int](),
	}
	for i, a := range keys {
		for j, b := range keys {
			assert.Equal(t, i == j, a.AssignableTo(b), "%v to %v", a, b)
		}
	}
}

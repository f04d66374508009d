package timelogtest

import (
	"slices"

	"github.com/worktime-go/worktime/internal/fake"
)

// userOperations are those of https://api.timelog.com/rest/service/user
func userOperations() map[string]operation {
	return map[string]operation{
		"GET /user":                    listUsers,
		"GET /user/me":                 func(c *call) (any, *refusal) { return c.userEntity(c.user), nil },
		"GET /user/{id}":               getUser,
		"PUT /user":                    updateUser,
		"POST /user/create":            createUser,
		"POST /user/validate-new-user": validateUser,
	}
}

func (c *call) userEntity(u *User) entity {
	return c.row("/user/", u.UserID, object{
		"UserID": u.UserID, "ID": u.ID, "FirstName": u.FirstName, "LastName": u.LastName, "Initials": u.Initials,
		"IsActive": !u.Inactive, "UserType": "Employee", "LegalEntityID": fake.OrNull(u.LegalEntityID), "Email": u.Email,
	})
}

func listUsers(c *call) (any, *refusal) {
	return entities(c.users.all(nil), c.userEntity), nil
}

// entities puts rows into their envelopes.
func entities[T any](rows []T, envelope func(*T) entity) []entity {
	all := []entity{}
	for i := range rows {
		all = append(all, envelope(&rows[i]))
	}
	return all
}

func getUser(c *call) (any, *refusal) {
	id, refused := c.pathID("id")
	if refused != nil {
		return nil, refused
	}
	u := c.users.get(id)
	if u == nil {
		return nil, absent("User", id)
	}
	return c.userEntity(u), nil
}

// readUser reads a create model. The members that must be there are those of the vendor's importer.
func readUser(c *call) (User, *refusal) {
	f := c.form("UserName", "FirstName", "LastName", "Initials", "Email", "LegalEntityID", "DepartmentID", "ApprovalManagerID",
		"StandardHourlyRateID", "CostPriceID", "PublicHolidayCalendarID", "NormalWorkingTimeID", "SalaryGroupID")
	u := User{
		UserName: f.text("UserName"), FirstName: f.text("FirstName"), LastName: f.text("LastName"), Initials: f.text("Initials"),
		Email: f.text("Email"), LegalEntityID: f.id("LegalEntityID"), RoleIDs: read[[]int64](f, "UserRoleIDs"), License: 2,
	}
	if f.has("UserLicenseType") {
		u.License = f.license()
	}
	manager := c.users.get(f.id("ApprovalManagerID"))
	if refused := f.refused(); refused != nil {
		return u, refused
	}
	if manager == nil {
		return u, rule(ruleUnknownUser, "The approval manager does not exist")
	}
	u.ApprovalManager = manager.Initials
	if slices.ContainsFunc(c.users.rows, func(other User) bool { return other.UserName == u.UserName }) {
		return u, rule(ruleOther, "The user name is in use")
	}
	return u, nil
}

func (f *form) license() int {
	license := read[int](f, "UserLicenseType")
	if license != 2 && license != 7 && license != 8 {
		f.complain("UserLicenseType")
	}
	return license
}

func createUser(c *call) (any, *refusal) {
	u, refused := readUser(c)
	if refused != nil {
		return nil, refused
	}
	return c.created("/user/", "UserID", c.users.add(u).UserID), nil
}

func validateUser(c *call) (any, *refusal) {
	_, refused := readUser(c)
	return nil, refused
}

// updateUser finds the user by the GUID. Roles are added to those there are.
func updateUser(c *call) (any, *refusal) {
	f := c.form("ID", "FirstName", "LastName")
	next := User{FirstName: f.text("FirstName"), LastName: f.text("LastName"), ApprovalManager: f.text("ApprovalManagerInitials")}
	roles := read[[]int64](f, "UserRoleIDs")
	f.time("ApprovalManagerStartDate")
	if f.has("UserLicenseType") {
		next.License = f.license()
	}
	if len(roles) > 0 && next.License != 2 {
		f.invalid = append(f.invalid, "'UserRoleIDs' needs the 'UserLicenseType' 2.")
	}
	guid := f.text("ID")
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	u := c.users.byGUID(guid)
	if u == nil {
		return nil, absent("User", guid)
	}
	u.FirstName, u.LastName = next.FirstName, next.LastName
	if next.ApprovalManager != "" {
		u.ApprovalManager = next.ApprovalManager
	}
	if next.License != 0 {
		u.License = next.License
	}
	for _, role := range roles {
		if !slices.Contains(u.RoleIDs, role) {
			u.RoleIDs = append(slices.Clip(u.RoleIDs), role)
		}
	}
	return empty{}, nil
}

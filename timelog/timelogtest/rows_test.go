package timelogtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/timelog/timelogtest"
)

// The shapes of https://api.timelog.com/rest
func TestEnvelopes(t *testing.T) {
	c := newCaller(t, timelogtest.WithCustomers(timelogtest.Customer{Name: "Nordic & Sons", No: "10001", VATNo: "DK1", DefaultMileageDistance: 22}))
	url := c.srv.SiteURL() + "/api/v1/customer"
	const model = `{"CustomerID":310,"ID":"00000002-7465-4d6c-8f01-000000000136","Name":"Nordic & Sons","No":"10001",
		"DefaultMileageDistance":22,"CustomerStatusID":null,"VATNo":"DK1","OrganizationNo":""}`
	single := fmt.Sprintf(`{"Properties":%s,"Links":[{"Href":"%s/310","Rel":"self"}],"Actions":[]}`, model, url)
	r := c.get("/customer/310")
	assert.Equal(t, []any{200, "application/json; charset=utf-8"}, []any{r.status, r.header.Get("Content-Type")})
	assert.JSONEq(t, single, r.body)
	assert.Contains(t, r.body, "Nordic & Sons", "without escapes for HTML")
	assert.JSONEq(t, fmt.Sprintf(`{"Properties":{"TotalRecord":"1","TotalPage":"1","PageNumber":"1"},"Entities":[%s],
		"Links":[{"Href":"%s?$page=1&$pagesize=50","Rel":"self"}]}`, single, url), c.get("/customer?$page=1&$pagesize=50").body)
	assert.JSONEq(t, "["+model+"]", c.get("/customer/by-number/10001").body)
}

func TestPages(t *testing.T) {
	customers := make([]timelogtest.Customer, 25)
	for i := range customers {
		customers[i].Name = fmt.Sprint(i)
	}
	c := newCaller(t, timelogtest.WithCustomers(customers...))
	for target, want := range map[string][4]any{ // rows, TotalRecord, TotalPage, PageNumber
		"/customer":                                            {10, "25", "3", "1"},
		"/customer?$page=3":                                    {5, "25", "3", "3"},
		"/customer?$page=4":                                    {0, "25", "3", "4"},
		"/customer?$page=9223372036854775807":                  {0, "25", "3", "9223372036854775807"},
		"/customer?$pagesize=25":                               {25, "25", "1", "1"},
		"/customer?%24page=2&%24pagesize=24":                   {1, "25", "2", "2"},
		"/customer?$page=0&$pagesize=0":                        {10, "25", "3", "1"},
		"/customer?$page=x&$pagesize=-1":                       {10, "25", "3", "1"},
		"/customer?page=2&pageSize=3&$skip=4&$top=5&unknown=1": {10, "25", "3", "1"},
	} {
		r := c.get(target)
		totals := r.properties()
		assert.Equal(t, want, [4]any{len(r.rows()), totals["TotalRecord"], totals["TotalPage"], totals["PageNumber"]}, target)
	}
	assert.Equal(t, []any{"24"}, c.get("/customer?$page=2&$pagesize=24").column("Name"))
	empty := newCaller(t).get("/customer")
	assert.Equal(t, object{"TotalRecord": "0", "TotalPage": "0", "PageNumber": "1"}, empty.properties())
	assert.Contains(t, empty.body, `"Entities":[]`)

	c = newCaller(t, timelogtest.WithCustomers(customers...), timelogtest.WithMaxPageSize(7))
	assert.Len(t, c.get("/customer?$pagesize=100").rows(), 7)
	assert.Len(t, c.get("/customer?$pagesize=5").rows(), 5)
	assert.Equal(t, "4", c.get("/customer?$page=4&$pagesize=100").properties()["TotalPage"])
}

func TestTotalsThatAreOfNoUse(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	c.srv.Fail(timelogtest.WithoutTotals(), timelogtest.ZeroTotals(), timelogtest.NumericTotals(), timelogtest.ZeroTotals())
	r := c.get("/customer")
	assert.NotContains(t, r.json(), "Properties")
	assert.Len(t, r.rows(), 4)
	r = c.get("/customer")
	assert.Equal(t, object{"TotalRecord": "0", "TotalPage": "0", "PageNumber": "1"}, r.properties())
	assert.Len(t, r.rows(), 4)
	assert.Equal(t, object{"TotalRecord": 4.0, "TotalPage": 1.0, "PageNumber": 1.0}, c.get("/customer").properties())
	assert.InDelta(t, 310, c.get("/customer/310").properties()["CustomerID"], 0, "no list")
}

func TestUsers(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	assert.Equal(t, []any{"ANB", "BOD", "CAE", "DAF", "EVG", "FIH"}, c.get("/user").column("Initials"))
	assert.Equal(t, object{
		"UserID": 82.0, "ID": "00000001-7465-4d6c-8f01-000000000052", "FirstName": "Ann", "LastName": "Berg", "Initials": "ANB",
		"IsActive": true, "UserType": "Employee", "LegalEntityID": 1.0, "Email": "ANB@acme.example",
	}, c.get("/user/me").properties())
	assert.Equal(t, false, c.get("/user/87").properties()["IsActive"])
	refused(t, c.get("/user/99"), 500, 100, "does not exist")
	assert.Equal(t, 404, c.get("/user/ann").status)

	good := object{
		"UserName": "gry", "FirstName": "Gry", "LastName": "Iversen", "Initials": "GRI", "Email": "gry@acme.example", "LegalEntityID": 1,
		"DepartmentID": 2, "ApprovalManagerID": 82, "StandardHourlyRateID": 1, "CostPriceID": 1, "PublicHolidayCalendarID": 1,
		"NormalWorkingTimeID": 1, "SalaryGroupID": 1, "UserLicenseType": 7, "UserRoleIDs": []int{3},
	}
	for _, path := range []string{"/user/validate-new-user", "/user/create"} {
		refused(t, c.send("POST", path, with(good, object{"Email": "", "UserName": nil})), 400, 200, "'UserName' must not be empty.")
		refused(t, c.send("POST", path, with(good, object{"UserLicenseType": 3})), 400, 200, "UserLicenseType")
		broken(t, c.send("POST", path, with(good, object{"ApprovalManagerID": 1})), 500, 37040)
		broken(t, c.send("POST", path, with(good, object{"UserName": "anb"})), 500, 30000)
	}
	r := c.send("POST", "/user/validate-new-user", good)
	assert.Equal(t, []any{200, "null"}, []any{r.status, r.body})
	assert.Len(t, c.srv.Users(), 6)
	r = c.send("POST", "/user/create", good)
	assert.Equal(t, "Gry", r.properties()["FirstName"])
	assert.Contains(t, r.body, `/user/88"`)
	gry := c.srv.Users()[6]
	assert.Equal(t, []any{int64(88), "ANB", 7, []int64{3}}, []any{gry.UserID, gry.ApprovalManager, gry.License, gry.RoleIDs})

	change := object{"ID": gry.ID, "FirstName": "Gro", "LastName": "Iversen"}
	refused(t, c.send("PUT", "/user", with(change, object{"UserRoleIDs": []int{4}})), 400, 200, "'UserLicenseType' 2")
	refused(t, c.send("PUT", "/user", with(change, object{"ID": "00000001-7465-4d6c-8f01-000000000001"})), 500, 100, "does not exist")
	refused(t, c.send("PUT", "/user", with(change, object{"ID": 88})), 400, 200, "'ID'")
	refused(t, c.send("PUT", "/user", with(change, object{"ApprovalManagerStartDate": "0001-01-01T00:00:00"})), 400, 200, "ApprovalManagerStartDate")
	r = c.send("PUT", "/user", with(change, object{"UserRoleIDs": []int{3, 4}, "UserLicenseType": 2, "ApprovalManagerInitials": "BOD"}))
	assert.Equal(t, []any{200, ""}, []any{r.status, r.body})
	gry = c.srv.Users()[6]
	assert.Equal(t, []any{"Gro", "BOD", 2, []int64{3, 4}}, []any{gry.FirstName, gry.ApprovalManager, gry.License, gry.RoleIDs})
}

func TestCustomers(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	assert.Equal(t, []any{310.0, 311.0, 312.0, 313.0}, c.get("/customer").column("CustomerID"))
	refused(t, c.get("/customer/1"), 500, 100, "Customer with ID=1 does not exist")
	assert.Contains(t, c.get("/customer/by-number/INT%2F1").body, `"Name":"Internal"`)
	refused(t, c.get("/customer/by-number/1"), 404, 100, "does not exist")
	const search = "/customer/search-for-time-tracking"
	assert.Equal(t, []any{310.0, 311.0, 313.0}, c.get(search).column("CustomerID"), "those with a task of the caller's")
	assert.Equal(t, []any{311.0}, c.get(search+"?searchText=ENERGI").column("CustomerID"))
	assert.Equal(t, []any{310.0, 311.0, 313.0}, c.get(search+"?searchAll=true").column("CustomerID"), "the project of 312 is completed")
	for _, path := range []string{search, "/customer/search-for-expense-travel-registration"} {
		assert.Equal(t, []any{310.0, 313.0, 311.0}, c.get(path+"-order-by-recent-registration").column("CustomerID"))
	}
	refused(t, c.get(search+"?searchAll=perhaps"), 400, 200, "searchAll")

	good := object{"Name": "New", "CurrencyID": 1, "CustomerStatusID": 1, "CountryID": 45, "CustomerNo": "N/1", "VatNo": "DK9"}
	for _, path := range []string{"/customer/validate-new-customer", "/customer/create"} {
		refused(t, c.send("POST", path, with(good, object{"Name": nil, "CountryID": 0})), 400, 200, "'CountryID' must not be empty.")
		refused(t, c.send("POST", path, with(good, object{"InvoiceAddressToUse": 3})), 400, 200, "InvoiceAddressToUse")
	}
	assert.Equal(t, "null", c.send("POST", "/customer/validate-new-customer", good).body)
	r := c.send("POST", "/customer/create", good)
	assert.Equal(t, object{"Name": "New", "CurrencyID": 1.0, "CustomerStatusID": 1.0, "CountryID": 45.0, "CustomerNo": "N/1", "VatNo": "DK9"}, r.properties())
	assert.Equal(t, "DK9", c.get("/customer/314").properties()["VATNo"])

	r = c.send("PUT", "/customer/update", object{"CustomerID": 314, "Name": "Newer"})
	assert.Equal(t, []any{"Newer", "N/1"}, []any{r.properties()["Name"], r.properties()["No"]}, "what is not sent stays")
	refused(t, c.send("PUT", "/customer/update", object{"CustomerID": 1}), 500, 100, "does not exist")
	refused(t, c.send("PUT", "/customer/update", object{"Name": "x"}), 400, 200, "CustomerID")
	refused(t, c.send("PUT", "/customer/update", object{"CustomerID": 314, "Name": ""}), 400, 200, "Name")
}

// The four places where clients look for a new id.
func TestCreateAnswers(t *testing.T) {
	good := object{"Name": "New", "CurrencyID": 1, "CustomerStatusID": 1, "CountryID": 45}
	create := func(answer timelogtest.CreateAnswer) object {
		return newCaller(t, timelogtest.WithCreateAnswer(answer)).send("POST", "/customer/create", good).json()
	}
	model := object{"Name": "New", "CurrencyID": 1.0, "CustomerStatusID": 1.0, "CountryID": 45.0}
	known := with(model, object{"CustomerID": 310.0})
	link := object{"Href": "http://127.0.0.1:1/acme/api/v1/customer/310", "Rel": "self"}
	assert.Equal(t, object{"Properties": model, "Links": []any{link}, "Actions": []any{}}, create(timelogtest.IDInLink))
	assert.Equal(t, object{"Properties": known, "Links": []any{}, "Actions": []any{}}, create(timelogtest.IDInProperties))
	assert.Equal(t, known, create(timelogtest.IDAtTop))
	assert.Equal(t, object{"Properties": model, "Links": []any{}, "Actions": []any{}}, create(timelogtest.NoID))
}

func TestProjects(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	assert.Equal(t, []any{1201.0, 1202.0, 1203.0, 1205.0, 1206.0}, c.get("/project/get-all").column("ProjectID"), "active by default")
	assert.Equal(t, []any{1204.0}, c.get("/project/get-all?isActive=false").column("ProjectID"))
	assert.Equal(t, []any{1203.0, 1206.0}, c.get("/project/get-all?customerID=311&isActive=true").column("ProjectID"))
	refused(t, c.get("/project/get-all?customerID=x"), 400, 200, "customerID")
	p := c.get("/project/1203").properties()
	assert.Equal(t, []any{"P26-003", nil, nil, "2026-04-09T00:00:00"}, []any{p["No"], p["ProjectCategoryID"], p["Customer"], p["StartDate"]})
	assert.NotContains(t, p, "LanguageID")
	customer, _ := c.get("/project/1203?$expand=Customer").properties()["Customer"].(object)
	assert.Equal(t, "Øresund Energi", customer["Name"])
	refused(t, c.get("/project/1"), 500, 100, "does not exist")
}

func TestProjectFromTemplate(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	good := object{
		"ProjectTemplateID": 12, "Name": "Website relaunch", "ProjectNo": "P26-014", "CustomerID": 310, "ProjectManagerID": 82, "ProjectTypeID": 1,
		"ProjectCategoryID": 4, "CurrencyID": 1, "ProjectStartDate": "2026-07-01T00:00:00", "ProjectEndDate": "2026-12-31", "LegalEntityID": 1,
	}
	for _, path := range []string{"/project/validate-create-from-template", "/project/create-from-template"} {
		r := c.send("POST", path, with(good, object{"Name": "", "ProjectStartDate": "0001-01-01T00:00:00", "ProjectNo": nil}))
		refused(t, r, 400, 200, "'ProjectStartDate' must not be empty.")
		assert.Len(t, r.json()["Details"], 2, "the whole validation comes before the first rule")
		broken(t, c.send("POST", path, with(good, object{"ProjectNo": nil, "ProjectCategoryID": 0})), 500, 30171)
		broken(t, c.send("POST", path, with(good, object{"ProjectCategoryID": 0, "CurrencyID": 9})), 500, 60013)
		broken(t, c.send("POST", path, with(good, object{"CurrencyID": 9})), 500, 30097)
		refused(t, c.send("POST", path, with(good, object{"CustomerID": 1})), 500, 100, "Customer with ID=1 does not exist")
		refused(t, c.send("POST", path, with(good, object{"ProjectManagerID": 1})), 500, 100, "User with ID=1 does not exist")
	}
	assert.Equal(t, "null", c.send("POST", "/project/validate-create-from-template", good).body)
	assert.Len(t, c.srv.Projects(), 6)
	assert.Contains(t, c.send("POST", "/project/create-from-template", good).body, `/project/1207"`)
	assert.Equal(t, "2026-12-31T00:00:00", c.get("/project/1207").properties()["EndDate"])
	assert.Len(t, c.get("/task?projectID=1207").rows(), 2, "of the template")
}

func TestUpdateProject(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	refused(t, c.send("PUT", "/project/1201", object{"Name": "x"}), 400, 200, "'CustomerID' must not be empty.")
	refused(t, c.send("PUT", "/project/1", object{"Name": "x", "CustomerID": 310, "ProjectManagerID": 82}), 500, 100, "does not exist")
	refused(t, c.send("PUT", "/project/1201", object{"Name": "x", "CustomerID": 1, "ProjectManagerID": 82}), 500, 100, "does not exist")
	require.Equal(t, 200, c.send("PUT", "/project/1201", object{"Name": "x", "CustomerID": 311, "ProjectManagerID": 83}).status)
	p := c.srv.Projects()[0]
	assert.Equal(t, timelogtest.Project{
		ProjectID: 1201, ID: p.ID, Name: "x", CustomerID: 311, ProjectManagerID: 83, CurrencyID: 1, Status: 2, StartDate: p.StartDate, EndDate: p.EndDate,
	}, p, "all else is emptied")

	require.Equal(t, 200, c.send("PUT", "/project/1201/status", object{"ProjectStatus": 5, "AllowTimeTracking": true}).status)
	assert.Equal(t, []any{1201.0, 1204.0}, c.get("/project/get-all?isActive=false").column("ProjectID"))
	require.Equal(t, 200, c.send("PUT", "/project/1201/status", object{"ProjectStatus": 2}).status)
	assert.True(t, c.srv.Projects()[0].NoTimeTracking, "what is not sent is false")
	refused(t, c.send("PUT", "/project/1201/status", object{"ProjectStatus": 7}), 400, 200, "ProjectStatus")
	refused(t, c.send("PUT", "/project/1/status", object{"ProjectStatus": 1}), 500, 100, "does not exist")
}

func TestTasks(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	refused(t, c.get("/task"), 400, 200, "projectID")
	assert.Equal(t, []any{5501.0, 5502.0, 5503.0, 5504.0}, c.get("/task?projectID=1201").column("TaskID"))
	task := c.get("/task/5504").properties()
	assert.Equal(t, []any{"Development", 5503.0, nil, true}, []any{task["ParentFullName"], task["ParentTaskID"], task["Project"], task["IsDefaultBillable"]})
	expanded := c.get("/task?projectID=1201&$expand=project").rows()[0]["Project"]
	project, _ := expanded.(object)
	assert.Equal(t, []any{"Website relaunch", nil}, []any{project["Name"], project["Customer"]})
	refused(t, c.get("/task/1"), 500, 100, "does not exist")

	for query, want := range map[string][]any{
		"projectId=1201&isActive=true":      {5501.0, 5502.0, 5503.0, 5504.0},
		"taskId=5505":                       {5505.0},
		"taskGuid=" + c.srv.Tasks()[0].ID:   {5501.0},
		"isBillable=false":                  {5510.0, 5511.0},
		"startDate=2030-01-01":              {},
		"endDate=2026-01-01&projectId=1201": {},
		"isActive=false":                    {},
		"taskStatus=2&startDate=2026-06-01&endDate=2026-06-30&projectId=1202": {5505.0, 5506.0},
	} {
		assert.Equal(t, want, c.get("/task/filter?"+query).column("TaskID"), query)
	}
	row := c.get("/task/filter?taskId=5504").rows()[0]
	assert.Equal(t, []any{"Frontend", "31", true, "Development"}, []any{row["TaskName"], row["TaskNo"], row["IsActive"], row["ParentFullName"]})
	for _, query := range []string{"projectId=x", "isActive=2", "startDate=tomorrow"} {
		refused(t, c.get("/task/filter?"+query), 400, 200, "is not valid")
	}
}

func TestTaskSearches(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	require.Equal(t, 200, c.send("POST", "/time-tracking-item/save-favourite", object{"ReferenceID": 5507, "GroupType": 1}).status)
	const search = "/task/search-for-time-tracking"
	for target, want := range map[string][]any{
		search:                     {5501.0, 5503.0, 5504.0, 5506.0, 5507.0, 5510.0, 5511.0},
		search + "?searchText=DEV": {5503.0},
		search + "?searchAll=true&searchText=dev":                                         {5503.0, 5505.0},
		search + "?includeFavouriteOnly=true":                                             {5507.0},
		search + "-by-customer-id?customerID=310":                                         {5501.0, 5503.0, 5504.0, 5506.0},
		search + "-by-project-id?projectID=1201":                                          {5501.0, 5503.0, 5504.0},
		search + "-by-customer-id-order-by-recent-registration?customerID=310":            {5501.0, 5504.0, 5503.0, 5506.0},
		search + "-by-project-id-order-by-recent-registration?projectID=1201":             {5501.0, 5504.0, 5503.0},
		search + "-by-project-id-order-by-travel-time-task?projectID=1202&searchAll=true": {5506.0, 5505.0},
		search + "-order-by-recent-registration?searchText=meet":                          {5510.0},
		"/task/search-by-customer?searchText=nordic":                                      {5501.0, 5503.0, 5504.0, 5506.0},
		"/task/search-by-project?searchText=meter":                                        {5507.0},
		"/task/get-recently-registered":                                                   {5501.0, 5504.0, 5510.0},
		"/task/travel-time-task-for-time-tracking?projectID=1202":                         {5506.0},
	} {
		assert.Equal(t, want, c.get(target).column("TaskID"), target)
	}
	assert.Equal(t, []any{true}, c.get(search+"?searchText=workshop").column("IsFavourite"))
	for _, target := range []string{
		search + "-by-customer-id", search + "-by-project-id", "/task/travel-time-task-for-time-tracking",
		search + "?searchAll=x", search + "?includeFavouriteOnly=x",
	} {
		refused(t, c.get(target), 400, 200, "")
	}
}

func TestCreateTasks(t *testing.T) {
	c := newCaller(t, timelogtest.WithSample(monday))
	good := object{
		"ProjectID": 1201, "TaskName": "Training", "TaskNo": "40", "StartDate": "2026-07-01T00:00:00", "EndDate": "2026-07-31T00:00:00",
		"BudgetHours": 40, "BudgetAmount": 0, "HourlyRateID": 3, "IsBillable": true,
	}
	for _, path := range []string{"/task/validate-new-task", "/task"} {
		r := c.send("POST", path, with(good, object{"TaskName": nil, "EndDate": nil, "BudgetAmount": nil}))
		refused(t, r, 400, 200, "'TaskName' must not be empty.")
		assert.Len(t, r.json()["Details"], 3)
		refused(t, c.send("POST", path, with(good, object{"ProjectID": 0})), 500, 100, "does not exist")
		broken(t, c.send("POST", path, with(good, object{"EndDate": "2026-06-01"})), 500, 30000)
	}
	assert.Equal(t, "null", c.send("POST", "/task/validate-new-task", good).body)
	assert.Contains(t, c.send("POST", "/task", good).body, `/task/5513"`)
	assert.Equal(t, "Training", c.get("/task/5513").properties()["Name"])
	refused(t, c.send("POST", "/task/create-sub-task", good), 500, 100, "does not exist")
	refused(t, c.send("POST", "/task/create-sub-task", with(good, object{"ParentTaskID": 5505})), 500, 100, "does not exist")
	assert.Equal(t, 200, c.send("POST", "/task/create-sub-task", with(good, object{"ParentTaskID": 5504})).status)
	assert.Equal(t, "Development / Frontend", c.get("/task/5514").properties()["ParentFullName"])
	assert.Equal(t, 200, c.send("POST", "/task", with(good, object{"ParentTaskID": 5504})).status)
	assert.Nil(t, c.get("/task/5515").properties()["ParentTaskID"], "a main task")
}

func TestKeysInPathsAreIntegers(t *testing.T) {
	c := newCaller(t)
	for _, path := range []string{"/user/x", "/customer/x", "/project/x", "/task/x", "/time-registration/x", "/time-tracking-item/x"} {
		assert.Equal(t, 404, c.get(path).status, path)
	}
	assert.Equal(t, 404, c.send("POST", "/time-registration/stop-time-tracker/x", "").status)
	assert.Equal(t, 404, c.send("POST", "/time-registration/delete-approved-absence/x", `""`).status)
}

// A site with as little in it as possible.
func TestRowsWithoutMuch(t *testing.T) {
	c := newCaller(t, timelogtest.WithProjects(timelogtest.Project{}), timelogtest.WithTasks(timelogtest.Task{ProjectID: 1201}),
		timelogtest.WithRegistrations(timelogtest.Registration{TaskID: 5501, Date: monday}, timelogtest.Registration{AbsenceCodeID: 9, Date: monday}))
	assert.Equal(t, "0001-01-01T00:00:00", c.get("/project/1201").properties()["StartDate"], "no date")
	assert.Nil(t, c.get("/project/1201?$expand=customer").properties()["Customer"])
	assert.Len(t, c.get("/task/search-by-customer").rows(), 1)
	assert.Empty(t, c.get("/task/search-by-customer?searchText=a").rows())
	assert.Equal(t, []any{0.0, 0.0}, c.get("/time-tracking-item/get-by-date?startDate=2026-06-08&endDate=2026-06-08").column("CustomerID"))
	assert.Equal(t, "Absence", c.get("/time-tracking-item/90002").properties()["AbsenceName"])
}

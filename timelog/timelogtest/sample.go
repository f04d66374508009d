package timelogtest

import (
	"time"

	"github.com/worktime-go/worktime"
)

// WithSample adds the rows of a small consultancy: six persons, of whom the first is Ann Berg (82), four customers, six
// projects of which one is completed and one is on hold, their tasks, and the registrations of the two weeks from a date
// on. They are always the same for the same date. Among the registrations are approved and invoiced ones, overtime, travel
// time, an illness and a holiday.
func WithSample(from worktime.Date) Option {
	return func(s *settings) {
		s.users = append(s.users, sampleUsers()...)
		s.customers = append(s.customers, sampleCustomers()...)
		s.projects = append(s.projects, sampleProjects(from)...)
		s.tasks = append(s.tasks, sampleTasks(from)...)
		s.registrations = append(s.registrations, sampleRegistrations(from)...)
	}
}

func sampleUsers() []User {
	user := func(id int64, first, last, initials string) User {
		return User{
			UserID: id, FirstName: first, LastName: last, Initials: initials, LegalEntityID: 1, ApprovalManager: "ANB",
			Email: initials + "@acme.example", RoleIDs: []int64{1},
		}
	}
	users := []User{
		user(82, "Ann", "Berg", "ANB"), user(83, "Bo", "Dahl", "BOD"), user(84, "Carla", "Eriksen", "CAE"),
		user(85, "David", "Friis", "DAF"), user(86, "Eva", "Gram", "EVG"), user(87, "Finn", "Holm", "FIH"),
	}
	users[5].Inactive = true
	return users
}

func sampleCustomers() []Customer {
	return []Customer{
		{CustomerID: 310, Name: "Nordic Shipping A/S", No: "10001", CustomerStatusID: 1, CurrencyID: 1, CountryID: 45, VATNo: "DK12345678", DefaultMileageDistance: 22},
		{CustomerID: 311, Name: "Øresund Energi", No: "10002", CustomerStatusID: 1, CurrencyID: 1, CountryID: 45, VATNo: "DK23456789"},
		{CustomerID: 312, Name: "Baltic Foods & Sons", No: "10003", CustomerStatusID: 2, CurrencyID: 2, CountryID: 46},
		{CustomerID: 313, Name: "Internal", No: "INT/1", CustomerStatusID: 1, CurrencyID: 1, CountryID: 45},
	}
}

func sampleProjects(from worktime.Date) []Project {
	project := func(id int64, name, no string, customer int64, status int) Project {
		return Project{
			ProjectID: id, Name: name, No: no, CustomerID: customer, Status: status, ProjectManagerID: 82, DepartmentID: 2,
			ProjectTypeID: 1, ProjectCategoryID: 4, CurrencyID: 1, LanguageID: 1, BudgetWorkHours: 400, BudgetWorkAmount: 380000,
			StartDate: from.AddDays(-60), EndDate: from.AddDays(120),
		}
	}
	projects := []Project{
		project(1201, "Website relaunch", "P26-001", 310, 2), project(1202, "Container tracking", "P26-002", 310, 2),
		project(1203, "Meter data platform", "P26-003", 311, 1), project(1204, "Recipe database", "P25-017", 312, 4),
		project(1205, "Administration", "INT-01", 313, 2), project(1206, "Wind park study", "P26-004", 311, 3),
	}
	projects[2].ProjectCategoryID = 0 // null
	projects[5].NoTimeTracking = true
	return projects
}

func sampleTasks(from worktime.Date) []Task {
	task := func(id, project int64, no, name string, users ...int64) Task {
		return Task{
			TaskID: id, ProjectID: project, No: no, Name: name, IsBillable: project != 1205, UserIDs: users,
			StartDate: from.AddDays(-60), EndDate: from.AddDays(120), BudgetHours: 80,
		}
	}
	tasks := []Task{
		task(5501, 1201, "10", "Analysis", 82, 83), task(5502, 1201, "20", "Design", 84), task(5503, 1201, "30", "Development"),
		task(5504, 1201, "31", "Frontend", 82, 84), task(5505, 1202, "10", "Development", 83, 85), task(5506, 1202, "90", "Travel"),
		task(5507, 1203, "10", "Workshops", 82, 86), task(5508, 1203, "20", "Data model", 86), task(5509, 1204, "10", "Maintenance"),
		task(5510, 1205, "10", "Meetings"), task(5511, 1205, "20", "Sales support", 82), task(5512, 1206, "10", "Study", 82),
	}
	tasks[3].ParentTaskID = 5503
	tasks[5].IsTravelTimeTask = true
	tasks[6].AdditionalTextIsRequired = true
	tasks[7].IsFixedPrice = true
	return tasks
}

// sampleRegistrations are two a day for each person who works, on Monday to Friday.
func sampleRegistrations(from worktime.Date) []Registration {
	var rows []Registration
	tasks := map[int64][2]int64{82: {5501, 5504}, 83: {5501, 5505}, 84: {5502, 5504}, 85: {5505, 5506}, 86: {5508, 5507}}
	for i := range 14 {
		day := from.AddDays(i)
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			continue
		}
		for user := int64(82); user <= 86; user++ {
			if user == 85 && i == 2 || user == 84 && i >= 7 { // ill for a day, away for a week
				code := int64(7)
				if user == 84 {
					code = 8
				}
				rows = append(rows, Registration{UserID: user, AbsenceCodeID: code, Date: day, Hours: normHours, ApprovalStatus: approved})
				continue
			}
			// Quarters of an hour, different for each person and day.
			first := 3 + float64((int(user)*7+i*5)%8)/4
			second := 7.5 - first + float64(i%3)/4
			for n, hours := range []float64{first, second} {
				r := Registration{
					UserID: user, TaskID: tasks[user][n], Date: day, Hours: hours, Billable: true, BillableHours: hours,
					Comment: []string{"Workshop with the customer", "Follow-up", "Review", "Implementation"}[(int(user)+i+n)%4],
				}
				if r.TaskID == 5507 {
					r.AdditionalComment = "Agreed on site"
				}
				if i < 3 {
					r.ApprovalStatus, r.IsInvoiced = approved, n == 0
				}
				rows = append(rows, r)
			}
		}
		rows = append(rows, Registration{UserID: 82, TaskID: 5510, Date: day, Hours: 0.5, Comment: "Stand-up"})
	}
	return rows
}

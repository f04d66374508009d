package timelog

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	aTaskGUID = "b7a0a2c8-58f0-4c55-9d3e-3f1d6c2e5501"
	aTask     = `{ "TaskID": 5501, "ID": "` + aTaskGUID + `", "Name": "Analysis", "No": "10", "IsFixedPrice": true, "IsDefaultBillable": true,
		"AdditionalTextIsRequired": true, "ParentFullName": "Phase 1", "ProjectID": 1201, "Project": ` + aProjectHeader + `, "ParentTaskID": 5500,
		"IsTravelTimeTask": true, "IsFavourite": true }`
	aProjectHeader = `{ "ProjectID": 1201, "ID": "` + aProjectGUID + `", "Name": "Website relaunch", "No": "P26-014", "ExpenseIsBillable": true,
		"CustomerID": 7, "Customer": ` + aCustomer + `, "MainContractId": 21 }`
	bareTask = `{ "TaskID": 5502, "ID": null, "Name": "Design", "No": null, "IsFixedPrice": false, "IsDefaultBillable": false,
		"AdditionalTextIsRequired": false, "ParentFullName": null, "ProjectID": 1201, "Project": null, "ParentTaskID": null,
		"IsTravelTimeTask": false, "IsFavourite": null }`
	anExtendedTask = `{ "TaskID": 5501, "ID": "` + aTaskGUID + `", "TaskName": "Analysis", "TaskNo": "10", "ProjectID": 1201, "IsActive": true,
		"ParentFullName": "Phase 1", "Status": 2 }`
	aNewTask = `{ "ProjectID": 1201, "TaskName": "Analysis", "TaskNo": "10", "Description": "d", "StartDate": "2026-07-01T00:00:00",
		"EndDate": "2026-07-31T00:00:00", "BudgetHours": 40.5, "BudgetAmount": 1000, "HourlyRateID": 3, "ProjectSubContractID": 21,
		"TaskTypeID": 4, "IsBillable": true, "IsReadyForInvoicing": true, "AdditionalTextIsRequired": true, "PaymentRecognitionModel": 2,
		"PaymentAmount": 500, "TaskHourlyRate": 90.5, "PaymentProductNo": "PR1", "PaymentName": "pn", "PaymentInvoiceDate": "2026-08-01T00:00:00" }`
	aTaskRegistration = `{ "TaskID": 5501, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "Minutes": 90, "Billable": true, "BillableHours": 1.25,
		"BillableMinutes": 75, "Comment": "Workshop", "AdditionalComment": "on site", "StartTime": "2026-06-10T08:00:00",
		"EndTime": "2026-06-10T09:30:00", "Factor": 1.5, "MonthlyPeriod": "m" }`
)

func theTask() Task {
	return Task{
		ID: 5501, GUID: aTaskGUID, Name: "Analysis", No: "10", IsFixedPrice: true, IsDefaultBillable: true, AdditionalTextIsRequired: true,
		ParentFullName: "Phase 1", ProjectID: 1201, ParentTaskID: 5500, IsTravelTimeTask: true, IsFavourite: true,
		Project: &ProjectHeader{
			ID: 1201, GUID: aProjectGUID, Name: "Website relaunch", No: "P26-014", ExpenseIsBillable: true, CustomerID: 7,
			Customer: new(theCustomer()), MainContractID: 21,
		},
	}
}

func theBareTask() Task { return Task{ID: 5502, Name: "Design", ProjectID: 1201} }

func theNewTask() NewTask {
	return NewTask{
		ProjectID: 1201, Name: "Analysis", No: "10", Description: "d", StartDate: at("2026-07-01"), EndDate: at("2026-07-31"), BudgetHours: 40.5,
		BudgetAmount: 1000, HourlyRateID: 3, ProjectSubContractID: 21, TaskTypeID: 4, IsBillable: true, IsReadyForInvoicing: true,
		AdditionalTextIsRequired: true, PaymentRecognitionModel: PaymentRecognitionFixedPricePayment, PaymentAmount: 500,
		TaskHourlyRate: 90.5, PaymentProductNo: "PR1", PaymentName: "pn", PaymentInvoiceDate: at("2026-08-01"),
	}
}

func theTaskRegistration() NewTaskRegistration {
	return NewTaskRegistration{
		TaskID: 5501, Date: at("2026-06-10"), TimeSpent: Spent(90*time.Minute, 75*time.Minute), Comment: "Workshop", AdditionalTextField: "on site",
		StartTime: at("2026-06-10T08:00:00"), EndTime: at("2026-06-10T09:30:00"), Factor: 1.5, MonthlyPeriod: "m",
	}
}

var taskRows = map[string]wireRow{
	"list": foundTasks("/v1/task", "projectID=1201", func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
		return s.All(ctx, TaskQuery{ProjectID: 1201})
	}),
	"pages": {
		"GET /v1/task",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Tasks.Pages(ctx, TaskQuery{1201, Paging{PageSize: 2, Expand: []string{"project"}}}))
		},
		"GET /acme/api/v1/task?$expand=project&$page=1&$pagesize=2&projectID=1201", "", list(aTask), []Task{theTask()},
	},
	"filter": {
		"GET /v1/task/filter",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Tasks.Filter(ctx, TaskFilter{
				ProjectID: 1201, TaskID: 5501, TaskGUID: aTaskGUID, IsActive: new(false), TaskStatus: TaskInProgress, IsBillable: new(true),
				StartDate: day("2026-06-01"), EndDate: day("2026-06-30"),
			}))
		},
		listed("/v1/task/filter", "endDate=2026-06-30&isActive=false&isBillable=true&projectId=1201&startDate=2026-06-01"+
			"&taskGuid="+aTaskGUID+"&taskId=5501&taskStatus=2"), "", list(anExtendedTask),
		[]TaskExtended{{
			ID: 5501, GUID: aTaskGUID, Name: "Analysis", No: "10", ProjectID: 1201, IsActive: true, ParentFullName: "Phase 1",
			Raw: json.RawMessage(anExtendedTask),
		}},
	},
	"travel time": foundTasks("/v1/task/travel-time-task-for-time-tracking", "projectID=1201",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.TravelTimeTaskForTimeTracking(ctx, TaskQuery{ProjectID: 1201})
		}),
	"get": {
		"GET /v1/task/{taskID}",
		func(ctx context.Context, c *Client) (any, error) { return c.Tasks.Get(ctx, 5502) },
		"GET /acme/api/v1/task/5502", "", single(bareTask), theBareTask(),
	},
	"create": {
		"POST /v1/task",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Tasks.Create(ctx, theNewTask())
			return created.ID, err
		},
		"POST /acme/api/v1/task", aNewTask, `{ "TaskID": 5501 }`, TaskID(5501),
	},
	"create sub-task": {
		"POST /v1/task/create-sub-task",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Tasks.CreateSubTask(ctx, NewTask{
				ProjectID: 1201, ParentTaskID: 5500, Name: "Analysis", StartDate: at("2026-07-01"), EndDate: at("2026-07-31"), HourlyRateID: 3,
			})
			return created.ID, err
		},
		"POST /acme/api/v1/task/create-sub-task", `{ "ProjectID": 1201, "ParentTaskID": 5500, "TaskName": "Analysis",
			"StartDate": "2026-07-01T00:00:00", "EndDate": "2026-07-31T00:00:00", "BudgetHours": 0, "BudgetAmount": 0, "HourlyRateID": 3,
			"IsBillable": false, "IsReadyForInvoicing": false, "AdditionalTextIsRequired": false }`, single(aTask), TaskID(5501),
	},
	"validate": {
		"POST /v1/task/validate-new-task",
		func(ctx context.Context, c *Client) (any, error) { return nothing(c.Tasks.Validate(ctx, theNewTask())) },
		"POST /acme/api/v1/task/validate-new-task", aNewTask, `null`, nil,
	},
	"register": {
		"POST /v1/task/registration",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Tasks.CreateRegistration(ctx, theTaskRegistration())
			return created.ID, err
		},
		"POST /acme/api/v1/task/registration", aTaskRegistration, `{ "Properties": { "TimeRegistrationID": 77, "TaskID": 5501 } }`, TimeRegistrationID(77),
	},
}

// The answer to a create promises no id.
func TestTaskCreateLooksForTheID(t *testing.T) {
	main := `{ "TaskID": 5400, "Name": "Analysis", "No": "10", "ProjectID": 1201, "ParentTaskID": null }`
	other := `{ "TaskID": 5401, "Name": "Analysis", "No": "11", "ProjectID": 1201, "ParentTaskID": 5500 }`
	for name, tc := range map[string]struct {
		parent TaskID
		no     string
		want   TaskID
	}{
		"a main task":                     {0, "10", 5400},
		"a main task without a number":    {0, "", 5400},
		"a sub-task":                      {5500, "10", 5501},
		"sub-tasks of the same name":      {5500, "", 0},
		"a sub-task, but of another task": {5600, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{body: single(aNewTask)}, answer{body: list(main, other, aTask)})
			task := theNewTask()
			task.No, task.ParentTaskID = tc.no, tc.parent
			tasks := v.client(t).Tasks
			create := tasks.Create
			if tc.parent != 0 {
				create = tasks.CreateSubTask
			}
			created, err := create(t.Context(), task)
			require.NoError(t, err)
			assert.Equal(t, tc.want, created.ID)
			assert.JSONEq(t, single(aNewTask), string(created.Answer))
			assert.Equal(t, listed("/v1/task", "projectID=1201"), v.targets()[1])
		})
	}
}

// The answer to a registration promises no id either, and may hold a link to the task.
func TestTaskRegistrationLooksForTheID(t *testing.T) {
	link := `{ "Properties": { "TaskID": 5501 }, "Links": [ { "Href": "https://app4.timelog.com/acme/api/v1/task/5501", "Rel": "self" } ] }`
	row := func(id, task, hours, comment string) string {
		return `{ "TimeRegistrationID": ` + id + `, "TaskID": ` + task + `, "Hours": ` + hours + `, "Comment": "` + comment + `" }`
	}
	like := row("77", "5501", "1.5", "Workshop")
	unlike := []string{row("70", "5502", "1.5", "Workshop"), row("71", "5501", "1.25", "Workshop"), row("72", "5501", "1.5", "")}
	for name, tc := range map[string]struct {
		answer string
		day    answer
		want   TimeRegistrationID
	}{
		"a link to the task":   {link, answer{body: list(append(unlike, like)...)}, 77},
		"nothing":              {``, answer{body: list(like)}, 77},
		"two that are alike":   {`null`, answer{body: list(like, row("78", "5501", "1.5", "Workshop"))}, 0},
		"none":                 {`"OK"`, answer{body: list(unlike...)}, 0},
		"the look is refused":  {`null`, answer{status: http.StatusForbidden}, 0},
		"a link to the row":    {strings.Replace(link, "task/5501", "time-registration/77", 1), answer{status: http.StatusForbidden}, 77},
		"the number in a text": {`{ "TimeRegistrationID": "77" }`, answer{status: http.StatusForbidden}, 77},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{body: tc.answer}, tc.day)
			created, err := v.client(t).Tasks.CreateRegistration(t.Context(), theTaskRegistration())
			require.NoError(t, err, "it is booked, whatever the look says")
			assert.Equal(t, tc.want, created.ID)
			assert.Equal(t, tc.answer, string(created.Answer))
			if targets := v.targets(); len(targets) > 1 {
				assert.Equal(t, listed("/v1/time-tracking-item/get-by-date", "endDate=2026-06-10&startDate=2026-06-10"), targets[1])
			}
		})
	}
}

// What a create answers may be anything.
func TestTaskRegistrationAnswers(t *testing.T) {
	for _, body := range []string{``, `null`, `"OK"`, `[]`, `{}`, `{ "Properties": null, "Links": null }`} {
		v := newVendor(t, answer{body: body})
		created, err := v.client(t).Tasks.CreateRegistration(t.Context(), theTaskRegistration())
		require.NoError(t, err, body)
		assert.Zero(t, created.ID, body)
		assert.Equal(t, body, string(created.Answer))
	}
}

// Nothing must be booked or created twice: what TimeLog may have done is not asked for again, and a refusal under 500
// is known not to have done it.
func TestTaskCreatesAreNotRepeated(t *testing.T) {
	refused := answer{status: http.StatusInternalServerError, body: `{ "Code": 102, "Message": "Business rule error",
		"Details": [ { "Message": "Date is closed by Timesheet", "ErrorCode": 30012 } ] }`}
	for name, create := range map[string]func(context.Context, *TaskService) error{
		"task": func(ctx context.Context, s *TaskService) error {
			_, err := s.Create(ctx, theNewTask())
			return err
		},
		"sub-task": func(ctx context.Context, s *TaskService) error {
			task := theNewTask()
			task.ParentTaskID = 5500
			_, err := s.CreateSubTask(ctx, task)
			return err
		},
		"registration": func(ctx context.Context, s *TaskService) error {
			_, err := s.CreateRegistration(ctx, theTaskRegistration())
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, answer{status: http.StatusBadGateway})
			err := create(t.Context(), v.patient(t).Tasks)
			require.ErrorIs(t, err, worktime.ErrUnknownOutcome)
			assert.Len(t, v.requests(), 1)

			v = newVendor(t, refused)
			err = create(t.Context(), v.patient(t).Tasks)
			require.ErrorIs(t, err, worktime.ErrBadRequest)
			require.NotErrorIs(t, err, worktime.ErrUnknownOutcome)
			assert.True(t, HasRule(err, RuleDateClosed))
			assert.Len(t, v.requests(), 1)
		})
	}
	v := newVendor(t, answer{status: http.StatusBadGateway}, answer{body: `null`})
	require.NoError(t, v.patient(t).Tasks.Validate(t.Context(), theNewTask()), "a check stores nothing")
	assert.Len(t, v.requests(), 2)
}

// A row that slips to the next page while a list is walked comes once.
func TestTaskPagesDrift(t *testing.T) {
	page := func(number string, objects ...string) answer {
		body := strings.Replace(list(objects...), `"TotalPage": "1"`, `"TotalPage": "2"`, 1)
		return answer{body: strings.Replace(body, `"PageNumber": "1"`, `"PageNumber": "`+number+`"`, 1)}
	}
	v := newVendor(t, page("1", bareTask, aTask), page("2", aTask))
	tasks, err := worktime.Collect(v.client(t).Tasks.All(t.Context(), TaskQuery{ProjectID: 1201}))
	require.NoError(t, err)
	assert.Equal(t, []Task{theBareTask(), theTask()}, tasks)

	v = newVendor(t, page("1", `{ "TaskID": 1 }`, anExtendedTask), page("2", anExtendedTask))
	filtered, err := worktime.Collect(v.client(t).Tasks.Filter(t.Context(), TaskFilter{}))
	require.NoError(t, err)
	assert.Len(t, filtered, 2)
	assert.Len(t, v.requests(), 2)
}

// Minutes are not what is left over of the hours, and nothing billable goes with what is not billable.
func TestTaskRegistrationTimeAgrees(t *testing.T) {
	v := newVendor(t, answer{})
	tasks := v.client(t).Tasks
	registration := theTaskRegistration()
	registration.TimeSpent = TimeSpent{Hours: 1.5, Minutes: 30}
	_, err := tasks.CreateRegistration(t.Context(), registration)
	requireField(t, err, "NewTaskRegistration.Minutes")
	registration.TimeSpent = TimeSpent{Hours: 1.5, Minutes: 90, BillableHours: 1.5, BillableMinutes: 90}
	_, err = tasks.CreateRegistration(t.Context(), registration)
	requireField(t, err, "NewTaskRegistration.BillableHours")
	assert.Empty(t, v.requests())

	_, err = tasks.CreateRegistration(t.Context(), NewTaskRegistration{TaskID: 5501, Date: at("2026-06-10"), TimeSpent: Spent(90*time.Minute, 0)})
	require.NoError(t, err)
	assert.JSONEq(t, `{ "TaskID": 5501, "Date": "2026-06-10T00:00:00", "Hours": 1.5, "Minutes": 90, "Billable": false, "BillableHours": 0,
		"BillableMinutes": 0 }`, v.requests()[0].Body, "billable hours are said, also if there are none")
}

// This operation takes an end, unlike that of time registrations.
func TestTaskRegistrationHasAnEnd(t *testing.T) {
	sent := members(t, theTaskRegistration())
	assert.Equal(t, "2026-06-10T08:00:00", sent["StartTime"])
	assert.Equal(t, "2026-06-10T09:30:00", sent["EndTime"])
}

// What nobody can explain is not sent unless it is set.
func TestTaskRegistrationLeavesOutTheUnexplained(t *testing.T) {
	sent := members(t, NewTaskRegistration{})
	for _, name := range []string{"Factor", "MonthlyPeriod", "EntityID", "StartTime", "EndTime"} {
		assert.NotContains(t, sent, name)
	}
}

// What is written has other names than what is read.
func TestTaskWriteNames(t *testing.T) {
	sent := members(t, theNewTask())
	assert.Equal(t, []any{"Analysis", "10", nil, nil}, []any{sent["TaskName"], sent["TaskNo"], sent["Name"], sent["No"]})
	sent = members(t, theTaskRegistration())
	assert.Equal(t, []any{true, "on site", nil, nil}, []any{sent["Billable"], sent["AdditionalComment"], sent["IsBillable"], sent["AdditionalTextField"]})
}

// A task has two keys, and the filter spells its parameters otherwise than the lists do.
func TestTaskFilterParameters(t *testing.T) {
	v := newVendor(t, answer{body: list()})
	tasks := v.client(t).Tasks
	_, err := worktime.Collect(tasks.Filter(t.Context(), TaskFilter{ProjectID: 1201, TaskID: 5501}))
	require.NoError(t, err)
	_, err = worktime.Collect(tasks.Filter(t.Context(), TaskFilter{TaskGUID: aTaskGUID}))
	require.NoError(t, err)
	_, err = worktime.Collect(tasks.All(t.Context(), TaskQuery{ProjectID: 1201}))
	require.NoError(t, err)
	assert.Equal(t, []string{
		listed("/v1/task/filter", "projectId=1201&taskId=5501"), listed("/v1/task/filter", "taskGuid="+aTaskGUID), listed("/v1/task", "projectID=1201"),
	}, v.targets())
}

// Filtered rows have members that nobody documents: all of them stay in reach, and strange ones are no reason to fail.
func TestTaskFilterKeepsTheRow(t *testing.T) {
	row := `{"TaskID":5501,"TaskName":null,"Budget":{"Hours":40}}`
	v := newVendor(t, answer{body: `[ ` + row + `, {} ]`})
	tasks, err := worktime.Collect(v.client(t).Tasks.Filter(t.Context(), TaskFilter{}))
	require.NoError(t, err)
	assert.Equal(t, []TaskExtended{{ID: 5501, Raw: json.RawMessage(row)}, {Raw: json.RawMessage(`{}`)}}, tasks)
	assert.Equal(t, []string{listed("/v1/task/filter")}, v.targets(), "what is not set is not sent")

	v = newVendor(t, answer{body: `[ { "TaskID": "x" } ]`})
	_, err = worktime.Collect(v.client(t).Tasks.Filter(t.Context(), TaskFilter{}))
	require.ErrorIs(t, err, worktime.ErrBadResponse)
}

func TestTaskInput(t *testing.T) {
	v := newVendor(t, answer{body: `null`})
	tasks := v.client(t).Tasks
	ctx := t.Context()
	for field, spoil := range map[string]func(*NewTask){
		"NewTask.ProjectID":    func(n *NewTask) { n.ProjectID = 0 },
		"NewTask.Name":         func(n *NewTask) { n.Name = "" },
		"NewTask.StartDate":    func(n *NewTask) { n.StartDate = DateTime{} },
		"NewTask.EndDate":      func(n *NewTask) { n.EndDate = DateTime{} },
		"NewTask.HourlyRateID": func(n *NewTask) { n.HourlyRateID = 0 },
	} {
		task := theNewTask()
		spoil(&task)
		_, err := tasks.Create(ctx, task)
		requireField(t, err, field)
		requireField(t, tasks.Validate(ctx, task), field)
		task.ParentTaskID = 5500
		_, err = tasks.CreateSubTask(ctx, task)
		requireField(t, err, field)
	}
	task := theNewTask()
	_, err := tasks.CreateSubTask(ctx, task)
	requireField(t, err, "NewTask.ParentTaskID")
	task.ParentTaskID = 5500
	_, err = tasks.Create(ctx, task)
	requireField(t, err, "NewTask.ParentTaskID")
	_, err = tasks.Get(ctx, -1)
	requireField(t, err, "taskID")

	for field, spoil := range map[string]func(*NewTaskRegistration){
		"NewTaskRegistration.TaskID": func(n *NewTaskRegistration) { n.TaskID = 0 },
		"NewTaskRegistration.Date":   func(n *NewTaskRegistration) { n.Date = DateTime{} },
		"NewTaskRegistration.Hours":  func(n *NewTaskRegistration) { n.TimeSpent = TimeSpent{} },
	} {
		registration := theTaskRegistration()
		spoil(&registration)
		_, err := tasks.CreateRegistration(ctx, registration)
		requireField(t, err, field)
	}
	_, err = worktime.Collect(tasks.All(ctx, TaskQuery{}))
	requireField(t, err, "TaskQuery.ProjectID")
	_, err = worktime.Collect(tasks.TravelTimeTaskForTimeTracking(ctx, TaskQuery{1201, Paging{PageSize: -1}}))
	requireField(t, err, "TaskQuery.PageSize")
	_, err = worktime.Collect(tasks.Filter(ctx, TaskFilter{TaskGUID: "5501"}))
	requireField(t, err, "TaskFilter.TaskGUID")
	assert.Empty(t, v.requests())
}

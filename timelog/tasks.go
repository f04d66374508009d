package timelog

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"slices"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Task is what time is registered on. There is no operation that changes or deletes one. See
// https://api.timelog.com/rest/service/task
type Task struct {
	ID                       TaskID    `json:"TaskID"`
	GUID                     TaskGUID  `json:"ID,omitzero"`
	Name                     string    `json:"Name"`
	No                       string    `json:"No"`
	IsFixedPrice             bool      `json:"IsFixedPrice"`
	IsDefaultBillable        bool      `json:"IsDefaultBillable"`
	AdditionalTextIsRequired bool      `json:"AdditionalTextIsRequired"` // in registrations
	ParentFullName           string    `json:"ParentFullName"`
	ProjectID                ProjectID `json:"ProjectID"`
	// Project is nil unless it is asked for: Paging{Expand: []string{"project"}}.
	Project          *ProjectHeader `json:"Project,omitzero"`
	ParentTaskID     TaskID         `json:"ParentTaskID,omitzero"` // 0: a main task
	IsTravelTimeTask bool           `json:"IsTravelTimeTask"`
	IsFavourite      bool           `json:"IsFavourite"` // of the caller
}

func (t Task) key() int64 { return int64(t.ID) }

// TaskExtended is a row of [TaskService.Filter]. The vendor does not publish its model: the fields are those that were
// seen, and Raw has them all.
type TaskExtended struct {
	ID             TaskID    `json:"TaskID"`
	GUID           TaskGUID  `json:"ID,omitzero"`
	Name           string    `json:"TaskName"`
	No             string    `json:"TaskNo"`
	ProjectID      ProjectID `json:"ProjectID"`
	IsActive       bool      `json:"IsActive"`
	ParentFullName string    `json:"ParentFullName"`
	// Raw is the JSON object as it came.
	Raw json.RawMessage `json:"-"`
}

func (t TaskExtended) key() int64 { return int64(t.ID) }

// UnmarshalJSON keeps the object in Raw besides reading its fields.
func (t *TaskExtended) UnmarshalJSON(data []byte) error {
	type plain TaskExtended
	if err := json.Unmarshal(data, (*plain)(t)); err != nil {
		return err
	}
	t.Raw = slices.Clone(data)
	return nil
}

// PaymentRecognitionModel says how the revenue of a task is recognised. Unknown values are kept as they are.
type PaymentRecognitionModel int

// How revenue is recognised, for tasks whose contract is driven by them.
const (
	PaymentRecognitionUndefined          PaymentRecognitionModel = 0
	PaymentRecognitionOverallPaymentPlan PaymentRecognitionModel = 1
	PaymentRecognitionFixedPricePayment  PaymentRecognitionModel = 2
)

// NewTask is a task to be created. Name, ProjectID, HourlyRateID, StartDate and EndDate were seen to be required, and are
// checked before anything is sent; everything else is for TimeLog to judge.
type NewTask struct {
	ProjectID ProjectID `json:"ProjectID"`
	// ParentTaskID is for [TaskService.CreateSubTask], which requires it.
	ParentTaskID TaskID   `json:"ParentTaskID,omitzero"`
	Name         string   `json:"TaskName"`
	No           string   `json:"TaskNo,omitzero"`
	Description  string   `json:"Description,omitzero"`
	StartDate    DateTime `json:"StartDate"` // a day
	EndDate      DateTime `json:"EndDate"`   // a day
	// BudgetHours and BudgetAmount are always sent, since TimeLog refuses a task without them.
	BudgetHours  float64 `json:"BudgetHours"`
	BudgetAmount float64 `json:"BudgetAmount"`
	// HourlyRateID is a rate of the contract or of the price list. The vendor does not say whether it takes the
	// numbers of both.
	HourlyRateID HourlyRateID `json:"HourlyRateID"`
	// ProjectSubContractID is the contract; 0 is that of the parent task, or the main contract of the project.
	ProjectSubContractID     ContractID `json:"ProjectSubContractID,omitzero"`
	TaskTypeID               TaskTypeID `json:"TaskTypeID,omitzero"`
	IsBillable               bool       `json:"IsBillable"`
	IsReadyForInvoicing      bool       `json:"IsReadyForInvoicing"`
	AdditionalTextIsRequired bool       `json:"AdditionalTextIsRequired"` // in registrations
	// PaymentRecognitionModel and what follows are for contracts with task driven revenue.
	PaymentRecognitionModel PaymentRecognitionModel `json:"PaymentRecognitionModel,omitzero"`
	PaymentAmount           float64                 `json:"PaymentAmount,omitzero"`
	TaskHourlyRate          float64                 `json:"TaskHourlyRate,omitzero"`
	PaymentProductNo        string                  `json:"PaymentProductNo,omitzero"`
	PaymentName             string                  `json:"PaymentName,omitzero"`
	PaymentInvoiceDate      DateTime                `json:"PaymentInvoiceDate,omitzero"` // a day
}

func (n NewTask) check() error {
	return cmp.Or(
		checkID("NewTask.ProjectID", n.ProjectID), // TimeLog would answer 500, which says nothing
		checkText("NewTask.Name", n.Name),
		checkText("NewTask.StartDate", n.StartDate.String()),
		checkText("NewTask.EndDate", n.EndDate.String()),
		checkID("NewTask.HourlyRateID", n.HourlyRateID),
	)
}

// NewTaskRegistration is some time that the caller spent on a task. For the time of others, and for a create that can be
// repeated, see [NewTimeRegistration].
type NewTaskRegistration struct {
	TaskID TaskID   `json:"TaskID"`
	Date   DateTime `json:"Date"` // a day

	// TimeSpent is required, with StartTime and EndTime too: it is not known whether TimeLog would reckon it.
	TimeSpent

	Comment string `json:"Comment,omitzero"`
	// AdditionalTextField is required by tasks with AdditionalTextIsRequired.
	AdditionalTextField string `json:"AdditionalComment,omitzero"`
	// StartTime and EndTime are for sites that track times of the day.
	StartTime DateTime `json:"StartTime,omitzero"`
	EndTime   DateTime `json:"EndTime,omitzero"`
	// Factor and MonthlyPeriod are best left unset: the vendor does not say what they mean.
	Factor        float64 `json:"Factor,omitzero"`
	MonthlyPeriod string  `json:"MonthlyPeriod,omitzero"`
}

func (n NewTaskRegistration) check() error {
	return cmp.Or(
		checkID("NewTaskRegistration.TaskID", n.TaskID),
		checkText("NewTaskRegistration.Date", n.Date.String()),
		n.TimeSpent.check("NewTaskRegistration"),
	)
}

// TaskQuery selects the tasks of a project.
type TaskQuery struct {
	// ProjectID is required: no query lists the tasks of all projects, but see [TaskService.Filter].
	ProjectID ProjectID `url:"projectID"`
	Paging
}

func (q TaskQuery) check() error { return checkID("TaskQuery.ProjectID", q.ProjectID) }

// TaskStatus is how far a task is. There are values beyond the constants, whose meanings the vendor does not tell.
type TaskStatus int

// The statuses that the vendor names.
const (
	TaskNew        TaskStatus = 1
	TaskInProgress TaskStatus = 2
)

// TaskFilter selects tasks of whatever project. What is not set selects all.
type TaskFilter struct {
	ProjectID  ProjectID  `url:"projectId,omitempty"`
	TaskID     TaskID     `url:"taskId,omitempty"`
	TaskGUID   TaskGUID   `url:"taskGuid,omitempty"`
	IsActive   *bool      `url:"isActive,omitempty"`
	TaskStatus TaskStatus `url:"taskStatus,omitempty"`
	IsBillable *bool      `url:"isBillable,omitempty"`
	// StartDate and EndDate are the first and the last day; which date of a task must lie between them is not documented.
	StartDate worktime.Date `url:"startDate,omitempty"`
	EndDate   worktime.Date `url:"endDate,omitempty"`
	Paging
}

func (f TaskFilter) check() error {
	if f.TaskGUID == "" {
		return nil
	}
	return checkGUID("TaskFilter.TaskGUID", f.TaskGUID)
}

// TaskService reads and creates tasks, and registers time on them.
type TaskService struct{ client *rest.Client }

var (
	listTasks              = listOf[Task, TaskQuery]("list tasks", "/v1/task")
	filterTasks            = listOf[TaskExtended, TaskFilter]("filter tasks", "/v1/task/filter")
	listTravelTimeTasks    = listOf[Task, TaskQuery]("list travel time tasks", "/v1/task/travel-time-task-for-time-tracking")
	getTask                = safe("get task", "GET /v1/task/{taskID}")
	createTask             = once("create task", "POST /v1/task")
	createSubTask          = once("create sub-task", "POST /v1/task/create-sub-task")
	validateTask           = safe("validate task", "POST /v1/task/validate-new-task")
	createTaskRegistration = once("register time on task", "POST /v1/task/registration")
)

// All walks the tasks of a project, page after page; see [UserService.All].
//
// See [GET /v1/task].
//
// [GET /v1/task]: https://api.timelog.com/rest/method/task_getallbyprojectid
//
//api:op GET /v1/task
func (s *TaskService) All(ctx context.Context, q TaskQuery) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, listTasks, q)
}

// Pages is [TaskService.All] by pages, each with the cursor of the position after it.
//
// See [GET /v1/task].
//
// [GET /v1/task]: https://api.timelog.com/rest/method/task_getallbyprojectid
//
//api:op GET /v1/task
func (s *TaskService) Pages(ctx context.Context, q TaskQuery) iter.Seq2[worktime.Page[Task], error] {
	return rest.Pages(ctx, s.client, listTasks, q)
}

// Filter walks the tasks that pass a filter, of one project or of all.
//
// See [GET /v1/task/filter].
//
// [GET /v1/task/filter]: https://api.timelog.com/rest/method/getallbyfilter
//
//api:op GET /v1/task/filter
func (s *TaskService) Filter(ctx context.Context, q TaskFilter) iter.Seq2[TaskExtended, error] {
	return rest.All(ctx, s.client, filterTasks, q)
}

// TravelTimeTaskForTimeTracking walks the tasks of a project on which travel time is registered.
//
// See [GET /v1/task/travel-time-task-for-time-tracking].
//
// [GET /v1/task/travel-time-task-for-time-tracking]: https://api.timelog.com/rest/method/task_gettraveltimetaskfortimetrackingbyprojectid
//
//api:op GET /v1/task/travel-time-task-for-time-tracking
func (s *TaskService) TravelTimeTaskForTimeTracking(ctx context.Context, q TaskQuery) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, listTravelTimeTasks, q)
}

// Get returns one task. What TimeLog answers if there is none is not documented: see [LooksNotFound].
//
// See [GET /v1/task/{taskID}].
//
// [GET /v1/task/{taskID}]: https://api.timelog.com/rest/method/task_getbyid
//
//api:op GET /v1/task/{taskID}
func (s *TaskService) Get(ctx context.Context, id TaskID) (Task, error) {
	return get[Task](ctx, s.client, getTask, nil, id)
}

// Create creates a main task. It is sent again only if TimeLog provably did not act; [worktime.ErrUnknownOutcome] means
// that the task may have been created. If the answer does not tell the new number, it is looked for by Name
// and No among the main tasks of the project.
//
// See [POST /v1/task].
//
// [POST /v1/task]: https://api.timelog.com/rest/method/task_createtask
//
//api:op POST /v1/task
func (s *TaskService) Create(ctx context.Context, task NewTask) (Created[TaskID], error) {
	if task.ParentTaskID != 0 {
		return Created[TaskID]{}, badField("NewTask.ParentTaskID", "is for CreateSubTask")
	}
	return s.create(ctx, createTask, task)
}

// CreateSubTask creates a task under ParentTaskID, as [TaskService.Create] does a main task.
//
// See [POST /v1/task/create-sub-task].
//
// [POST /v1/task/create-sub-task]: https://api.timelog.com/rest/method/task_createsubtask
//
//api:op POST /v1/task/create-sub-task
func (s *TaskService) CreateSubTask(ctx context.Context, task NewTask) (Created[TaskID], error) {
	if err := checkID("NewTask.ParentTaskID", task.ParentTaskID); err != nil {
		return Created[TaskID]{}, err
	}
	return s.create(ctx, createSubTask, task)
}

func (s *TaskService) create(ctx context.Context, op rest.Op, task NewTask) (Created[TaskID], error) {
	return create[TaskID](ctx, s.client, op, task, "TaskID", func(ctx context.Context) int64 {
		return lookUp(s.All(ctx, TaskQuery{ProjectID: task.ProjectID}), func(t Task) bool {
			return t.Name == task.Name && t.ParentTaskID == task.ParentTaskID && (task.No == "" || t.No == task.No)
		})
	})
}

// Validate checks what [TaskService.Create] and [TaskService.CreateSubTask] would, and stores nothing. What is wrong is
// a [worktime.Error] with Details.
//
// See [POST /v1/task/validate-new-task].
//
// [POST /v1/task/validate-new-task]: https://api.timelog.com/rest/method/task_validatenewtask
//
//api:op POST /v1/task/validate-new-task
func (s *TaskService) Validate(ctx context.Context, task NewTask) error {
	return act(ctx, s.client, validateTask, task)
}

// CreateRegistration registers time of the caller on a task. It is sent again only if TimeLog provably did not act;
// [worktime.ErrUnknownOutcome] means that the time may have been registered. Nothing of the caller's tells a second
// registration from the first, as the GUID of [TimeRegistrationService.Create] does. If the answer does not tell the new
// number, it is looked for by the task, the hours and the comment among the caller's registrations of the day.
//
// See [POST /v1/task/registration].
//
// [POST /v1/task/registration]: https://api.timelog.com/rest/method/task_createregistration
//
//api:op POST /v1/task/registration
func (s *TaskService) CreateRegistration(ctx context.Context, registration NewTaskRegistration) (Created[TimeRegistrationID], error) {
	day := registration.Date.Date()
	return create[TimeRegistrationID](ctx, s.client, createTaskRegistration, registration, "TimeRegistrationID", func(ctx context.Context) int64 {
		like := rest.All(ctx, s.client, listTimeTrackingItems, TimeTrackingItemQuery{StartDate: day, EndDate: day})
		return lookUp(like, func(item TimeTrackingItem) bool {
			return item.TaskID == registration.TaskID && sameTime(item.Hours, registration.Minutes) && item.Comment == registration.Comment
		})
	})
}

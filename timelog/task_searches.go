package timelog

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime/internal/rest"
)

// The searches list tasks on which the caller may register time. Not all of them know the same parameters, hence
// the different queries.

// TaskSearch selects tasks by a text in their names or numbers; without one, all.
type TaskSearch struct {
	SearchText string `url:"searchText,omitempty"`
	// SearchAll goes beyond the caller's own tasks, if they may.
	SearchAll            bool `url:"searchAll,omitempty"`
	IncludeFavouriteOnly bool `url:"includeFavouriteOnly,omitempty"`
	Paging
}

// CustomerTaskSearch is [TaskSearch] among the tasks of a customer.
type CustomerTaskSearch struct {
	CustomerID           CustomerID `url:"customerID"` // required
	SearchText           string     `url:"searchText,omitempty"`
	SearchAll            bool       `url:"searchAll,omitempty"`
	IncludeFavouriteOnly bool       `url:"includeFavouriteOnly,omitempty"`
	Paging
}

func (q CustomerTaskSearch) check() error {
	return checkID("CustomerTaskSearch.CustomerID", q.CustomerID)
}

// CustomerTaskTextSearch is [CustomerTaskSearch] for operations that do not select favourites.
type CustomerTaskTextSearch struct {
	CustomerID CustomerID `url:"customerID"` // required
	SearchText string     `url:"searchText,omitempty"`
	SearchAll  bool       `url:"searchAll,omitempty"`
	Paging
}

func (q CustomerTaskTextSearch) check() error {
	return checkID("CustomerTaskTextSearch.CustomerID", q.CustomerID)
}

// ProjectTaskSearch is [TaskSearch] among the tasks of a project.
type ProjectTaskSearch struct {
	ProjectID            ProjectID `url:"projectID"` // required
	SearchText           string    `url:"searchText,omitempty"`
	SearchAll            bool      `url:"searchAll,omitempty"`
	IncludeFavouriteOnly bool      `url:"includeFavouriteOnly,omitempty"`
	Paging
}

func (q ProjectTaskSearch) check() error {
	return checkID("ProjectTaskSearch.ProjectID", q.ProjectID)
}

// ProjectTaskTextSearch is [ProjectTaskSearch] for operations that do not select favourites.
type ProjectTaskTextSearch struct {
	ProjectID  ProjectID `url:"projectID"` // required
	SearchText string    `url:"searchText,omitempty"`
	SearchAll  bool      `url:"searchAll,omitempty"`
	Paging
}

func (q ProjectTaskTextSearch) check() error {
	return checkID("ProjectTaskTextSearch.ProjectID", q.ProjectID)
}

// TaskTextSearch selects tasks by a text in the names or numbers of their customers or projects.
type TaskTextSearch struct {
	SearchText string `url:"searchText,omitempty"`
	// SearchAll goes beyond the caller's own tasks, if they may.
	SearchAll bool `url:"searchAll,omitempty"`
	Paging
}

// RecentTaskQuery selects tasks on which the caller registered time lately.
type RecentTaskQuery struct {
	IncludeFavouriteOnly bool `url:"includeFavouriteOnly,omitempty"`
	Paging
}

var (
	recentTasks             = listOf[Task, RecentTaskQuery]("list tasks, recently registered", "/v1/task/get-recently-registered")
	tasksByCustomer         = listOf[Task, TaskTextSearch]("search tasks by customer", "/v1/task/search-by-customer")
	tasksByProject          = listOf[Task, TaskTextSearch]("search tasks by project", "/v1/task/search-by-project")
	tasksForTime            = listOf[Task, TaskSearch]("search tasks", "/v1/task/search-for-time-tracking")
	tasksForTimeRecent      = listOf[Task, TaskSearch]("search tasks, recent first", "/v1/task/search-for-time-tracking-order-by-recent-registration")
	tasksOfCustomer         = listOf[Task, CustomerTaskSearch]("search tasks of customer", "/v1/task/search-for-time-tracking-by-customer-id")
	tasksOfCustomerRecent   = listOf[Task, CustomerTaskTextSearch]("search tasks of customer, recent first", "/v1/task/search-for-time-tracking-by-customer-id-order-by-recent-registration")
	tasksOfProject          = listOf[Task, ProjectTaskSearch]("search tasks of project", "/v1/task/search-for-time-tracking-by-project-id")
	tasksOfProjectRecent    = listOf[Task, ProjectTaskTextSearch]("search tasks of project, recent first", "/v1/task/search-for-time-tracking-by-project-id-order-by-recent-registration")
	tasksOfProjectTravelled = listOf[Task, ProjectTaskTextSearch]("search tasks of project, travel time first", "/v1/task/search-for-time-tracking-by-project-id-order-by-travel-time-task")
)

// RecentlyRegistered walks the tasks on which the caller registered time lately.
//
// See [GET /v1/task/get-recently-registered].
//
// [GET /v1/task/get-recently-registered]: https://api.timelog.com/rest/method/task_getrecentlyregistered
//
//api:op GET /v1/task/get-recently-registered
func (s *TaskService) RecentlyRegistered(ctx context.Context, q RecentTaskQuery) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, recentTasks, q)
}

// SearchByCustomer walks the tasks whose customer has the text in its name, nickname or number.
//
// See [GET /v1/task/search-by-customer].
//
// [GET /v1/task/search-by-customer]: https://api.timelog.com/rest/method/task_searchbycustomer
//
//api:op GET /v1/task/search-by-customer
func (s *TaskService) SearchByCustomer(ctx context.Context, q TaskTextSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksByCustomer, q)
}

// SearchByProject walks the tasks whose project has the text in its name or number.
//
// See [GET /v1/task/search-by-project].
//
// [GET /v1/task/search-by-project]: https://api.timelog.com/rest/method/task_searchbyproject
//
//api:op GET /v1/task/search-by-project
func (s *TaskService) SearchByProject(ctx context.Context, q TaskTextSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksByProject, q)
}

// SearchForTimeTracking walks the tasks that have the text in their names or numbers. Without a text,
// these are all on which the caller may register time.
//
// See [GET /v1/task/search-for-time-tracking].
//
// [GET /v1/task/search-for-time-tracking]: https://api.timelog.com/rest/method/task_searchfortimetracking
//
//api:op GET /v1/task/search-for-time-tracking
func (s *TaskService) SearchForTimeTracking(ctx context.Context, q TaskSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksForTime, q)
}

// SearchForTimeTrackingOrderByRecentRegistration is [TaskService.SearchForTimeTracking], with those first on which
// the caller registered lately.
//
// See [GET /v1/task/search-for-time-tracking-order-by-recent-registration].
//
// [GET /v1/task/search-for-time-tracking-order-by-recent-registration]: https://api.timelog.com/rest/method/task_searchfortimetrackingorderbyrecentregistration
//
//api:op GET /v1/task/search-for-time-tracking-order-by-recent-registration
func (s *TaskService) SearchForTimeTrackingOrderByRecentRegistration(ctx context.Context, q TaskSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksForTimeRecent, q)
}

// SearchForTimeTrackingByCustomerID is [TaskService.SearchForTimeTracking] among the tasks of a customer.
//
// See [GET /v1/task/search-for-time-tracking-by-customer-id].
//
// [GET /v1/task/search-for-time-tracking-by-customer-id]: https://api.timelog.com/rest/method/task_searchfortimetrackingbycustomerid
//
//api:op GET /v1/task/search-for-time-tracking-by-customer-id
func (s *TaskService) SearchForTimeTrackingByCustomerID(ctx context.Context, q CustomerTaskSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksOfCustomer, q)
}

// SearchForTimeTrackingByCustomerIDOrderByRecentRegistration is
// [TaskService.SearchForTimeTrackingByCustomerID], with those first on which the caller registered lately.
//
// See [GET /v1/task/search-for-time-tracking-by-customer-id-order-by-recent-registration].
//
// [GET /v1/task/search-for-time-tracking-by-customer-id-order-by-recent-registration]: https://api.timelog.com/rest/method/task_searchfortimetrackingbycustomeridorderbyrecentregistration
//
//api:op GET /v1/task/search-for-time-tracking-by-customer-id-order-by-recent-registration
func (s *TaskService) SearchForTimeTrackingByCustomerIDOrderByRecentRegistration(ctx context.Context, q CustomerTaskTextSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksOfCustomerRecent, q)
}

// SearchForTimeTrackingByProjectID is [TaskService.SearchForTimeTracking] among the tasks of a project.
//
// See [GET /v1/task/search-for-time-tracking-by-project-id].
//
// [GET /v1/task/search-for-time-tracking-by-project-id]: https://api.timelog.com/rest/method/task_searchfortimetrackingbyprojectid
//
//api:op GET /v1/task/search-for-time-tracking-by-project-id
func (s *TaskService) SearchForTimeTrackingByProjectID(ctx context.Context, q ProjectTaskSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksOfProject, q)
}

// SearchForTimeTrackingByProjectIDOrderByRecentRegistration is
// [TaskService.SearchForTimeTrackingByProjectID], with those first on which the caller registered lately.
//
// See [GET /v1/task/search-for-time-tracking-by-project-id-order-by-recent-registration].
//
// [GET /v1/task/search-for-time-tracking-by-project-id-order-by-recent-registration]: https://api.timelog.com/rest/method/task_searchfortimetrackingbyprojectidorderbyrecentregistration
//
//api:op GET /v1/task/search-for-time-tracking-by-project-id-order-by-recent-registration
func (s *TaskService) SearchForTimeTrackingByProjectIDOrderByRecentRegistration(ctx context.Context, q ProjectTaskTextSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksOfProjectRecent, q)
}

// SearchForTimeTrackingByProjectIDOrderByTravelTimeTask is
// [TaskService.SearchForTimeTrackingByProjectID], with those first on which travel time is registered.
//
// See [GET /v1/task/search-for-time-tracking-by-project-id-order-by-travel-time-task].
//
// [GET /v1/task/search-for-time-tracking-by-project-id-order-by-travel-time-task]: https://api.timelog.com/rest/method/task_searchfortimetrackingbyprojectidorderbytraveltimetask
//
//api:op GET /v1/task/search-for-time-tracking-by-project-id-order-by-travel-time-task
func (s *TaskService) SearchForTimeTrackingByProjectIDOrderByTravelTimeTask(ctx context.Context, q ProjectTaskTextSearch) iter.Seq2[Task, error] {
	return rest.All(ctx, s.client, tasksOfProjectTravelled, q)
}

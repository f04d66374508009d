package timelog

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/worktime-go/worktime"
)

// foundTasks is the row of an operation that lists tasks.
func foundTasks(path, parameters string, search func(context.Context, *TaskService) iter.Seq2[Task, error]) wireRow {
	return wireRow{
		"GET " + path,
		func(ctx context.Context, c *Client) (any, error) { return worktime.Collect(search(ctx, c.Tasks)) },
		listed(path, parameters), "", list(aTask, bareTask), []Task{theTask(), theBareTask()},
	}
}

var taskSearchRows = map[string]wireRow{
	"recently registered": foundTasks("/v1/task/get-recently-registered", "includeFavouriteOnly=true",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.RecentlyRegistered(ctx, RecentTaskQuery{IncludeFavouriteOnly: true})
		}),
	"search by customer": foundTasks("/v1/task/search-by-customer", "searchAll=true&searchText=a%20b%26c",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchByCustomer(ctx, TaskTextSearch{SearchText: "a b&c", SearchAll: true})
		}),
	"search by project": foundTasks("/v1/task/search-by-project", "searchText=P26",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchByProject(ctx, TaskTextSearch{SearchText: "P26"})
		}),
	"search": foundTasks("/v1/task/search-for-time-tracking", "includeFavouriteOnly=true&searchAll=true&searchText=a",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTracking(ctx, TaskSearch{SearchText: "a", SearchAll: true, IncludeFavouriteOnly: true})
		}),
	"search, recent first": foundTasks("/v1/task/search-for-time-tracking-order-by-recent-registration", "includeFavouriteOnly=true",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingOrderByRecentRegistration(ctx, TaskSearch{IncludeFavouriteOnly: true})
		}),
	"search by customer id": foundTasks("/v1/task/search-for-time-tracking-by-customer-id", "customerID=7&includeFavouriteOnly=true&searchAll=true&searchText=a",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingByCustomerID(ctx, CustomerTaskSearch{CustomerID: 7, SearchText: "a", SearchAll: true, IncludeFavouriteOnly: true})
		}),
	"search by customer id, recent first": foundTasks("/v1/task/search-for-time-tracking-by-customer-id-order-by-recent-registration",
		"customerID=7&searchAll=true&searchText=a",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingByCustomerIDOrderByRecentRegistration(ctx, CustomerTaskTextSearch{CustomerID: 7, SearchText: "a", SearchAll: true})
		}),
	"search by project id": foundTasks("/v1/task/search-for-time-tracking-by-project-id", "includeFavouriteOnly=true&projectID=1201&searchAll=true&searchText=a",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingByProjectID(ctx, ProjectTaskSearch{ProjectID: 1201, SearchText: "a", SearchAll: true, IncludeFavouriteOnly: true})
		}),
	"search by project id, recent first": foundTasks("/v1/task/search-for-time-tracking-by-project-id-order-by-recent-registration",
		"projectID=1201&searchAll=true&searchText=a",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingByProjectIDOrderByRecentRegistration(ctx, ProjectTaskTextSearch{ProjectID: 1201, SearchText: "a", SearchAll: true})
		}),
	"search by project id, travel time first": foundTasks("/v1/task/search-for-time-tracking-by-project-id-order-by-travel-time-task", "projectID=1201",
		func(ctx context.Context, s *TaskService) iter.Seq2[Task, error] {
			return s.SearchForTimeTrackingByProjectIDOrderByTravelTimeTask(ctx, ProjectTaskTextSearch{ProjectID: 1201})
		}),
}

func TestTaskSearchInput(t *testing.T) {
	v := newVendor(t, answer{body: list()})
	tasks := v.client(t).Tasks
	ctx := t.Context()
	for field, tasks := range map[string]iter.Seq2[Task, error]{
		"CustomerTaskSearch.CustomerID":     tasks.SearchForTimeTrackingByCustomerID(ctx, CustomerTaskSearch{}),
		"CustomerTaskTextSearch.CustomerID": tasks.SearchForTimeTrackingByCustomerIDOrderByRecentRegistration(ctx, CustomerTaskTextSearch{}),
		"ProjectTaskSearch.ProjectID":       tasks.SearchForTimeTrackingByProjectID(ctx, ProjectTaskSearch{}),
		"ProjectTaskTextSearch.ProjectID":   tasks.SearchForTimeTrackingByProjectIDOrderByTravelTimeTask(ctx, ProjectTaskTextSearch{}),
	} {
		_, err := worktime.Collect(tasks)
		requireField(t, err, field)
	}
	assert.Empty(t, v.requests())
}

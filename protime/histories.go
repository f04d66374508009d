package protime

import (
	"context"
	"iter"
	"net/url"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// HistoryPeriod is what the records of all histories have: whose they are and how long they held.
type HistoryPeriod struct {
	ID int64 `json:"id,omitzero"`
	// ChangeVersion orders the states of one record: compare as text, the larger is newer.
	ChangeVersion string        `json:"changeVersion,omitzero"`
	Person        Ref           `json:"person"`
	From          worktime.Date `json:"from,omitzero"`
	// Until is zero as long as the record holds.
	Until worktime.Date `json:"until,omitzero"`
}

// DepartmentHistory is the time that a person had a department.
type DepartmentHistory struct {
	HistoryPeriod
	Department Ref `json:"department"`
}

// EmployerHistory is the time that a person had an employer.
type EmployerHistory struct {
	HistoryPeriod
	Employer Ref `json:"employer"`
}

// JobHistory is the time that a person had a job.
type JobHistory struct {
	HistoryPeriod
	Job Ref `json:"job"`
}

// JobCategoryHistory is the time that a person had a job category.
type JobCategoryHistory struct {
	HistoryPeriod
	JobCategory Ref `json:"jobCategory"`
}

// SectorHistory is the time that a person had a sector.
type SectorHistory struct {
	HistoryPeriod
	Sector Ref `json:"sector"`
}

// WorkLocationHistory is the time that a person had a work location.
type WorkLocationHistory struct {
	HistoryPeriod
	WorkLocation Ref `json:"workLocation"`
}

// HistoryQuery lists the history of all people; it cannot be filtered by person. External
// references: the integrator's own of the catalog that the history refers to.
type HistoryQuery = ListQuery

// HistoryService reads one of the histories of people: T is [DepartmentHistory], [EmployerHistory],
// [JobHistory], [JobCategoryHistory], [SectorHistory] or [WorkLocationHistory]. It needs
// [ScopePeopleRead] or [ScopePeopleHistoricalDataRead]. Histories tell no changes: list them again.
type HistoryService[T any] struct {
	client   *rest.Client
	list     rest.List[T, HistoryQuery]
	ofPerson rest.List[T, params]
}

func newHistory[T any](client *rest.Client, category string) *HistoryService[T] {
	ofPerson := rest.List[T, params]{
		Op: getOf(category+" history of a person", "/people/{PersonReference}/"+category+"-history"),
		Queries: func(_ *url.URL, q params) ([]url.Values, error) {
			values, err := rest.Values(q)
			return []url.Values{values}, err
		},
		Cursor: func(params) worktime.Cursor { return "" },
		Decode: decodePage[T],
	}
	return &HistoryService[T]{client, listOf[T, HistoryQuery](category+" histories", "/"+category+"-histories"), ofPerson}
}

// All walks the history of all people, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /department-histories], [GET /employer-histories], [GET /job-histories],
// [GET /job-category-histories], [GET /sector-histories] and [GET /work-location-histories].
//
// [GET /department-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /employer-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /job-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /job-category-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /sector-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /work-location-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
//
//api:op GET /department-histories
//api:op GET /employer-histories
//api:op GET /job-histories
//api:op GET /job-category-histories
//api:op GET /sector-histories
//api:op GET /work-location-histories
func (s *HistoryService[T]) All(ctx context.Context, q HistoryQuery) iter.Seq2[T, error] {
	return rest.All(ctx, s.client, s.list, q)
}

// Pages is [HistoryService.All] by pages, each with the cursor of the position after it.
//
// See [GET /department-histories], [GET /employer-histories], [GET /job-histories],
// [GET /job-category-histories], [GET /sector-histories] and [GET /work-location-histories].
//
// [GET /department-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /employer-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /job-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /job-category-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /sector-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
// [GET /work-location-histories]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get-list/
//
//api:op GET /department-histories
//api:op GET /employer-histories
//api:op GET /job-histories
//api:op GET /job-category-histories
//api:op GET /sector-histories
//api:op GET /work-location-histories
func (s *HistoryService[T]) Pages(ctx context.Context, q HistoryQuery) iter.Seq2[worktime.Page[T], error] {
	return rest.Pages(ctx, s.client, s.list, q)
}

// OfPerson walks the history of one person, who is named by id or by a reference: badge number,
// employee number, or one of the integrator's. In the latter case external references of people can
// be had too. A person who does not exist is [worktime.ErrNotFound]; the other errors are those
// of [ClockingService.All].
//
// See [GET /people/{PersonReference}/department-history],
// [GET /people/{PersonReference}/employer-history], [GET /people/{PersonReference}/job-history],
// [GET /people/{PersonReference}/job-category-history],
// [GET /people/{PersonReference}/sector-history] and
// [GET /people/{PersonReference}/work-location-history].
//
// [GET /people/{PersonReference}/department-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
// [GET /people/{PersonReference}/employer-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
// [GET /people/{PersonReference}/job-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
// [GET /people/{PersonReference}/job-category-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
// [GET /people/{PersonReference}/sector-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
// [GET /people/{PersonReference}/work-location-history]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/historical-fields/get/
//
//api:op GET /people/{PersonReference}/department-history
//api:op GET /people/{PersonReference}/employer-history
//api:op GET /people/{PersonReference}/job-history
//api:op GET /people/{PersonReference}/job-category-history
//api:op GET /people/{PersonReference}/sector-history
//api:op GET /people/{PersonReference}/work-location-history
func (s *HistoryService[T]) OfPerson(ctx context.Context, person Ref, references ...ReferenceName) iter.Seq2[T, error] {
	segment, query, err := pathRef("person", "people", person, references)
	if err != nil {
		return func(yield func(T, error) bool) { yield(*new(T), err) }
	}
	list := s.ofPerson
	list.Args = []string{segment}
	return rest.All(ctx, s.client, list, query)
}

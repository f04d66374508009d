package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Department is one of the catalog of departments. Which of them a person belongs to, and from
// when until when, tells the [DepartmentHistory].
type Department struct {
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
	ExternalCode  string `json:"externalCode,omitzero"`
}

// Employer is one of the catalog of employers.
type Employer struct {
	ChangeVersion             string `json:"changeVersion,omitzero"`
	ID                        int64  `json:"id,omitzero"`
	Name                      Text   `json:"name"`
	ExternalCode              string `json:"externalCode,omitzero"`
	Address                   string `json:"address,omitzero"`
	Town                      string `json:"town,omitzero"`
	PostalCode                string `json:"postalCode,omitzero"`
	BankAccount               string `json:"bankAccount,omitzero"` // the employer's own
	CompanyRegistrationNumber string `json:"companyRegistrationNumber,omitzero"`
}

// Job is one of the catalog of jobs.
type Job struct {
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
}

// JobCategory is one of the catalog of job categories.
type JobCategory struct {
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
	ExternalCode  string `json:"externalCode,omitzero"`
}

// Sector is one of the catalog of sectors.
type Sector struct {
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
}

// WorkLocation is one of the catalog of work locations.
type WorkLocation struct {
	ChangeVersion string `json:"changeVersion,omitzero"`
	ID            int64  `json:"id,omitzero"`
	Name          Text   `json:"name"`
	Description   Text   `json:"description"`
}

// CatalogQuery is for collections that are listed as a whole and without external references.
type CatalogQuery struct {
	// Cursor resumes after a page of an earlier walk.
	Cursor worktime.Cursor
}

func (q CatalogQuery) position() worktime.Cursor { return q.Cursor }

func (q CatalogQuery) selection() (selection, error) { //nolint:unparam // other queries have errors
	return selection{name: "CatalogQuery"}, nil
}

// CatalogService reads one of the catalogs that the histories of people refer to: T is [Department],
// [Employer], [Job], [JobCategory], [Sector] or [WorkLocation]. It needs the scope of that catalog,
// such as [ScopeDepartmentsRead]. Catalogs tell no changes: list them again.
type CatalogService[T any] struct {
	client  *rest.Client
	catalog string // in paths and in the names of external references
	list    rest.List[T, CatalogQuery]
	get     rest.Op
}

func newCatalog[T any](client *rest.Client, catalog string) *CatalogService[T] {
	return &CatalogService[T]{
		client: client, catalog: catalog,
		list: listOf[T, CatalogQuery](catalog, "/"+catalog),
		get:  getOf("one of "+catalog, "/"+catalog+"/{reference}"),
	}
}

// All walks the catalog, page after page. Errors are those of [ClockingService.All].
//
// See [GET /departments], [GET /employers], [GET /jobs], [GET /job-categories], [GET /sectors] and
// [GET /work-locations].
//
// [GET /departments]: https://documentation.myprotime.eu/protimeapi/reference/collections/departments/get-list/
// [GET /employers]: https://documentation.myprotime.eu/protimeapi/reference/collections/employers/get-list/
// [GET /jobs]: https://documentation.myprotime.eu/protimeapi/reference/collections/jobs/get-list/
// [GET /job-categories]: https://documentation.myprotime.eu/protimeapi/reference/collections/job-categories/get-list/
// [GET /sectors]: https://documentation.myprotime.eu/protimeapi/reference/collections/sectors/get-list/
// [GET /work-locations]: https://documentation.myprotime.eu/protimeapi/reference/collections/work-locations/get-list/
//
//api:op GET /departments
//api:op GET /employers
//api:op GET /jobs
//api:op GET /job-categories
//api:op GET /sectors
//api:op GET /work-locations
func (s *CatalogService[T]) All(ctx context.Context, q CatalogQuery) iter.Seq2[T, error] {
	return rest.All(ctx, s.client, s.list, q)
}

// Pages is [CatalogService.All] by pages, each with the cursor of the position after it.
//
// See [GET /departments], [GET /employers], [GET /jobs], [GET /job-categories], [GET /sectors] and
// [GET /work-locations].
//
// [GET /departments]: https://documentation.myprotime.eu/protimeapi/reference/collections/departments/get-list/
// [GET /employers]: https://documentation.myprotime.eu/protimeapi/reference/collections/employers/get-list/
// [GET /jobs]: https://documentation.myprotime.eu/protimeapi/reference/collections/jobs/get-list/
// [GET /job-categories]: https://documentation.myprotime.eu/protimeapi/reference/collections/job-categories/get-list/
// [GET /sectors]: https://documentation.myprotime.eu/protimeapi/reference/collections/sectors/get-list/
// [GET /work-locations]: https://documentation.myprotime.eu/protimeapi/reference/collections/work-locations/get-list/
//
//api:op GET /departments
//api:op GET /employers
//api:op GET /jobs
//api:op GET /job-categories
//api:op GET /sectors
//api:op GET /work-locations
func (s *CatalogService[T]) Pages(ctx context.Context, q CatalogQuery) iter.Seq2[worktime.Page[T], error] {
	return rest.Pages(ctx, s.client, s.list, q)
}

// Get returns one of the catalog, by its id or by a reference of the integrator's. One that does
// not exist is [worktime.ErrNotFound].
//
// See [GET /departments/{reference}], [GET /employers/{reference}], [GET /jobs/{reference}],
// [GET /job-categories/{reference}], [GET /sectors/{reference}] and
// [GET /work-locations/{reference}].
//
// [GET /departments/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/departments/get/
// [GET /employers/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/employers/get/
// [GET /jobs/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/jobs/get/
// [GET /job-categories/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/job-categories/get/
// [GET /sectors/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/sectors/get/
// [GET /work-locations/{reference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/work-locations/get/
//
//api:op GET /departments/{reference}
//api:op GET /employers/{reference}
//api:op GET /jobs/{reference}
//api:op GET /job-categories/{reference}
//api:op GET /sectors/{reference}
//api:op GET /work-locations/{reference}
func (s *CatalogService[T]) Get(ctx context.Context, ref Ref) (T, error) {
	return byRef[T](ctx, s.client, s.get, s.catalog, ref, nil)
}

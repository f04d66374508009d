package timelog

import (
	"cmp"
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Customer is what projects are made for. TimeLog tells no more of it than this: what else was sent by [NewCustomer]
// or [CustomerChanges] cannot be read back. See https://api.timelog.com/rest/service/customer
type Customer struct {
	ID   CustomerID   `json:"CustomerID"`
	GUID CustomerGUID `json:"ID,omitzero"`
	Name string       `json:"Name"`
	No   string       `json:"No"`
	// DefaultMileageDistance is in the unit of the site's mileage.
	DefaultMileageDistance int              `json:"DefaultMileageDistance"`
	CustomerStatusID       CustomerStatusID `json:"CustomerStatusID,omitzero"`
	VATNo                  string           `json:"VATNo,omitzero"`
	OrganizationNo         string           `json:"OrganizationNo,omitzero"`
}

func (c Customer) key() int64 { return int64(c.ID) }

// InvoiceAddressToUse says which address invoices go to. Unknown values are kept as they are; TimeLog
// also takes 0 and 2, whose meanings it does not tell.
type InvoiceAddressToUse int

// What the vendor's own importer sends.
const (
	InvoiceAddressCustomer  InvoiceAddressToUse = 1 // that of the customer
	InvoiceAddressInvoicing InvoiceAddressToUse = 4 // the invoicing address, with UseInvoicingAddress
)

// NewCustomer is a customer to be created. Name, CurrencyID, CustomerStatusID and CountryID, which the vendor's own
// importer takes to be mandatory, are checked before anything is sent; everything else is for TimeLog to judge.
type NewCustomer struct {
	Name                      string              `json:"Name"`
	CurrencyID                CurrencyID          `json:"CurrencyID"`
	CustomerStatusID          CustomerStatusID    `json:"CustomerStatusID"`
	CountryID                 CountryID           `json:"CountryID"`
	No                        string              `json:"CustomerNo,omitzero"`
	NickName                  string              `json:"NickName,omitzero"`
	PrimaryKAMID              UserID              `json:"PrimaryKAMID,omitzero"`
	SecondaryKAMID            UserID              `json:"SecondaryKAMID,omitzero"`
	CustomerSince             DateTime            `json:"CustomerSince,omitzero"` // a day
	IndustryID                IndustryID          `json:"IndustryID,omitzero"`
	Phone                     string              `json:"Phone,omitzero"`
	Fax                       string              `json:"Fax,omitzero"`
	Email                     string              `json:"Email,omitzero"`
	Website                   string              `json:"Website,omitzero"`
	Address                   string              `json:"Address,omitzero"`
	Address2                  string              `json:"Address2,omitzero"`
	Address3                  string              `json:"Address3,omitzero"`
	ZipCode                   string              `json:"ZipCode,omitzero"`
	City                      string              `json:"City,omitzero"`
	State                     string              `json:"State,omitzero"`
	UseInvoicingAddress       bool                `json:"UseInvoicingAddress,omitzero"`
	InvoicingAddress          string              `json:"InvoicingAddress,omitzero"`
	InvoicingAddress2         string              `json:"InvoicingAddress2,omitzero"`
	InvoicingAddress3         string              `json:"InvoicingAddress3,omitzero"`
	InvoicingAddressZipCode   string              `json:"InvoicingAddressZipCode,omitzero"`
	InvoicingAddressCity      string              `json:"InvoicingAddressCity,omitzero"`
	InvoicingAddressState     string              `json:"InvoicingAddressState,omitzero"`
	InvoicingAddressCountryID CountryID           `json:"InvoicingAddressCountryID,omitzero"`
	VATNo                     string              `json:"VatNo,omitzero"`
	OrganizationNo            string              `json:"OrganizationNo,omitzero"`
	DefaultMileageDistance    int                 `json:"DefaultMileageDistance,omitzero"`
	ExpenseIsBillable         bool                `json:"ExpenseIsBillable,omitzero"`
	MileageIsBillable         bool                `json:"MileageIsBillable,omitzero"`
	DefaultDistIsMaxBillable  bool                `json:"DefaultDistIsMaxBillable,omitzero"`
	ContactID                 ContactID           `json:"ContactID,omitzero"`
	InvoiceAddressToUse       InvoiceAddressToUse `json:"InvoiceAddressToUse,omitzero"`
	InternalReferenceID       int64               `json:"InternalReferenceID,omitzero"` // of what is not documented
	CustomerReferenceID       int64               `json:"CustomerReferenceID,omitzero"` // of what is not documented
	PaymentTermID             PaymentTermID       `json:"PaymentTermID,omitzero"`
	DiscountPercentage        float64             `json:"DiscountPercentage,omitzero"`
	CalculateVAT              bool                `json:"CalculateVat,omitzero"`
	VATPercentage             float64             `json:"VatPercentage,omitzero"`
	UseEANNo                  bool                `json:"UseEanNo,omitzero"`
	EANNo                     string              `json:"EanNo,omitzero"`
	LanguageID                LanguageID          `json:"LanguageID,omitzero"`
}

func (n NewCustomer) check() error {
	return cmp.Or(
		checkText("NewCustomer.Name", n.Name),
		checkID("NewCustomer.CurrencyID", n.CurrencyID),
		checkID("NewCustomer.CustomerStatusID", n.CustomerStatusID),
		checkID("NewCustomer.CountryID", n.CountryID),
	)
}

// CustomerChanges is what is to be changed of a customer. Only what is not nil is sent: new("text") makes a
// pointer. TimeLog does not tell whether it keeps or empties what is not sent, and most of it cannot be read, so
// that there is no conversion from a [Customer]: try on your site before you rely on one or the other.
type CustomerChanges struct {
	// ID says whose.
	ID                        CustomerID        `json:"CustomerID"`
	Name                      *string           `json:"Name,omitempty"`
	No                        *string           `json:"CustomerNo,omitempty"`
	CurrencyID                *CurrencyID       `json:"CurrencyID,omitempty"`
	CustomerStatusID          *CustomerStatusID `json:"CustomerStatusID,omitempty"`
	NickName                  *string           `json:"NickName,omitempty"`
	CountryID                 *CountryID        `json:"CountryID,omitempty"`
	CustomerSince             *DateTime         `json:"CustomerSince,omitempty"` // a day
	OrganizationNo            *string           `json:"OrganizationNo,omitempty"`
	PrimaryKAMID              *UserID           `json:"PrimaryKAMID,omitempty"`
	SecondaryKAMID            *UserID           `json:"SecondaryKAMID,omitempty"`
	IndustryID                *IndustryID       `json:"IndustryID,omitempty"`
	Phone                     *string           `json:"Phone,omitempty"`
	Fax                       *string           `json:"Fax,omitempty"`
	Email                     *string           `json:"Email,omitempty"`
	Website                   *string           `json:"Website,omitempty"`
	Address                   *string           `json:"Address,omitempty"`
	Address2                  *string           `json:"Address2,omitempty"`
	Address3                  *string           `json:"Address3,omitempty"`
	ZipCode                   *string           `json:"ZipCode,omitempty"`
	City                      *string           `json:"City,omitempty"`
	State                     *string           `json:"State,omitempty"`
	VATNo                     *string           `json:"VatNo,omitempty"`
	UseInvoicingAddress       *bool             `json:"UseInvoicingAddress,omitempty"`
	InvoicingName             *string           `json:"InvoicingName,omitempty"`
	InvoicingAddress          *string           `json:"InvoicingAddress,omitempty"`
	InvoicingAddress2         *string           `json:"InvoicingAddress2,omitempty"`
	InvoicingAddress3         *string           `json:"InvoicingAddress3,omitempty"`
	InvoicingAddressZipCode   *string           `json:"InvoicingAddressZipCode,omitempty"`
	InvoicingAddressCity      *string           `json:"InvoicingAddressCity,omitempty"`
	InvoicingAddressState     *string           `json:"InvoicingAddressState,omitempty"`
	InvoicingAddressCountryID *CountryID        `json:"InvoicingAddressCountryID,omitempty"`
	CreditorID                *string           `json:"CreditorID,omitempty"`
}

func (c CustomerChanges) check() error { return checkID("CustomerChanges.ID", c.ID) }

// CustomerQuery lists all customers.
type CustomerQuery struct{ Paging }

// CustomerSearch selects customers by text.
type CustomerSearch struct {
	SearchText string `url:"searchText,omitempty"`
	// SearchAll goes beyond the caller's own customers, if they may.
	SearchAll bool `url:"searchAll,omitempty"`
	Paging
}

// CustomerService reads, creates and changes customers.
type CustomerService struct{ client *rest.Client }

const customerNumberPath = "/v1/customer/by-number/{customerNumber}"

var (
	listCustomers             = listOf[Customer, CustomerQuery]("list customers", "/v1/customer")
	customersForTime          = listOf[Customer, CustomerSearch]("search customers for time tracking", "/v1/customer/search-for-time-tracking")
	customersForTimeRecent    = listOf[Customer, CustomerSearch]("search customers for time tracking, recent first", "/v1/customer/search-for-time-tracking-order-by-recent-registration")
	customersForExpenseRecent = listOf[Customer, CustomerSearch]("search customers for expenses, recent first", "/v1/customer/search-for-expense-travel-registration-order-by-recent-registration")
	getCustomer               = safe("get customer", "GET /v1/customer/{customerID}")
	createCustomer            = once("create customer", "POST /v1/customer/create")
	validateCustomer          = safe("validate customer", "POST /v1/customer/validate-new-customer")
	updateCustomer            = idempotent("update customer", "PUT /v1/customer/update")
)

// All walks the customers, page after page; see [UserService.All].
//
// See [GET /v1/customer].
//
// [GET /v1/customer]: https://api.timelog.com/rest/method/customer_getall
//
//api:op GET /v1/customer
func (s *CustomerService) All(ctx context.Context, q CustomerQuery) iter.Seq2[Customer, error] {
	return rest.All(ctx, s.client, listCustomers, q)
}

// Pages is [CustomerService.All] by pages, each with the cursor of the position after it.
//
// See [GET /v1/customer].
//
// [GET /v1/customer]: https://api.timelog.com/rest/method/customer_getall
//
//api:op GET /v1/customer
func (s *CustomerService) Pages(ctx context.Context, q CustomerQuery) iter.Seq2[worktime.Page[Customer], error] {
	return rest.Pages(ctx, s.client, listCustomers, q)
}

// SearchForTimeTracking walks the customers on which the caller may register time.
//
// See [GET /v1/customer/search-for-time-tracking].
//
// [GET /v1/customer/search-for-time-tracking]: https://api.timelog.com/rest/method/customer_searchfortimetracking
//
//api:op GET /v1/customer/search-for-time-tracking
func (s *CustomerService) SearchForTimeTracking(ctx context.Context, q CustomerSearch) iter.Seq2[Customer, error] {
	return rest.All(ctx, s.client, customersForTime, q)
}

// SearchForTimeTrackingOrderByRecentRegistration is [CustomerService.SearchForTimeTracking], with those first on which the
// caller registered lately.
//
// See [GET /v1/customer/search-for-time-tracking-order-by-recent-registration].
//
// [GET /v1/customer/search-for-time-tracking-order-by-recent-registration]: https://api.timelog.com/rest/method/customer_searchfortimetrackingorderbyrecentregistration
//
//api:op GET /v1/customer/search-for-time-tracking-order-by-recent-registration
func (s *CustomerService) SearchForTimeTrackingOrderByRecentRegistration(ctx context.Context, q CustomerSearch) iter.Seq2[Customer, error] {
	return rest.All(ctx, s.client, customersForTimeRecent, q)
}

// SearchForExpenseTravelRegistrationOrderByRecentRegistration walks the customers on which the caller may register expenses
// and mileage, with those first on which they did so lately.
//
// See [GET /v1/customer/search-for-expense-travel-registration-order-by-recent-registration].
//
// [GET /v1/customer/search-for-expense-travel-registration-order-by-recent-registration]: https://api.timelog.com/rest/method/customer_searchforexpensetravelregistrationorderbyrecentregistration
//
//api:op GET /v1/customer/search-for-expense-travel-registration-order-by-recent-registration
func (s *CustomerService) SearchForExpenseTravelRegistrationOrderByRecentRegistration(ctx context.Context, q CustomerSearch) iter.Seq2[Customer, error] {
	return rest.All(ctx, s.client, customersForExpenseRecent, q)
}

// Get returns one customer. What TimeLog answers if there is none is not documented: see [LooksNotFound].
//
// See [GET /v1/customer/{customerID}].
//
// [GET /v1/customer/{customerID}]: https://api.timelog.com/rest/method/customer_getbyid
//
//api:op GET /v1/customer/{customerID}
func (s *CustomerService) Get(ctx context.Context, id CustomerID) (Customer, error) {
	return get[Customer](ctx, s.client, getCustomer, nil, id)
}

// ByNumber returns the customers that carry a number, which may be several. None is [worktime.ErrNotFound].
//
// See [GET /v1/customer/by-number/{customerNumber}].
//
// [GET /v1/customer/by-number/{customerNumber}]: https://api.timelog.com/rest/method/customer_getbycustomernumber
//
//api:op GET /v1/customer/by-number/{customerNumber}
func (s *CustomerService) ByNumber(ctx context.Context, number string) ([]Customer, error) {
	if err := checkText("customerNumber", number); err != nil {
		return nil, err
	}
	return worktime.Collect(s.byNumber(ctx, number))
}

func (s *CustomerService) byNumber(ctx context.Context, number string) iter.Seq2[Customer, error] {
	return rest.All(ctx, s.client, listOf[Customer, CustomerQuery]("get customers by number", customerNumberPath, number), CustomerQuery{})
}

// Create creates a customer. It is sent again only if TimeLog provably did not act; [worktime.ErrUnknownOutcome] means that
// the customer may have been created. If the answer does not tell the new number, it is looked for by No; without
// one by Name among all customers, which are read for it.
//
// See [POST /v1/customer/create].
//
// [POST /v1/customer/create]: https://api.timelog.com/rest/method/customer_create
//
//api:op POST /v1/customer/create
func (s *CustomerService) Create(ctx context.Context, customer NewCustomer) (Created[CustomerID], error) {
	return create[CustomerID](ctx, s.client, createCustomer, customer, "CustomerID", func(ctx context.Context) int64 {
		like := s.All(ctx, CustomerQuery{})
		if customer.No != "" {
			like = s.byNumber(ctx, customer.No)
		}
		return lookUp(like, func(c Customer) bool { return c.Name == customer.Name && (customer.No == "" || c.No == customer.No) })
	})
}

// Validate checks what [CustomerService.Create] would, and stores nothing. What is wrong is a [worktime.Error] with
// Details.
//
// See [POST /v1/customer/validate-new-customer].
//
// [POST /v1/customer/validate-new-customer]: https://api.timelog.com/rest/method/customer_validatenewcustomer
//
//api:op POST /v1/customer/validate-new-customer
func (s *CustomerService) Validate(ctx context.Context, customer NewCustomer) error {
	return act(ctx, s.client, validateCustomer, customer)
}

// Update changes a customer and returns what TimeLog answers of it, which may be nothing: the zero Customer. Sending it twice changes nothing
// further, so it may be sent again.
//
// See [PUT /v1/customer/update].
//
// [PUT /v1/customer/update]: https://api.timelog.com/rest/method/customer_update
//
//api:op PUT /v1/customer/update
func (s *CustomerService) Update(ctx context.Context, customer CustomerChanges) (Customer, error) {
	return change[Customer](ctx, s.client, updateCustomer, customer)
}

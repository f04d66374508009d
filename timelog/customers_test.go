package timelog

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const (
	aCustomerGUID = "5d0a1d0e-71a5-4d46-a6a5-1f53a8c1b001"
	aCustomer     = `{ "CustomerID": 7, "ID": "` + aCustomerGUID + `", "Name": "Acme", "No": "C-1", "DefaultMileageDistance": 30,
		"CustomerStatusID": 2, "VATNo": "DK1", "OrganizationNo": "O1" }`
	aNewCustomer = `{ "Name": "Acme", "CurrencyID": 1, "CustomerStatusID": 2, "CountryID": 3, "CustomerNo": "C-1", "NickName": "ac",
		"PrimaryKAMID": 4, "SecondaryKAMID": 5, "CustomerSince": "2026-06-01T00:00:00", "IndustryID": 6, "Phone": "p", "Fax": "f", "Email": "e",
		"Website": "w", "Address": "a1", "Address2": "a2", "Address3": "a3", "ZipCode": "z", "City": "c", "State": "s",
		"UseInvoicingAddress": true, "InvoicingAddress": "i1", "InvoicingAddress2": "i2", "InvoicingAddress3": "i3",
		"InvoicingAddressZipCode": "iz", "InvoicingAddressCity": "ic", "InvoicingAddressState": "is", "InvoicingAddressCountryID": 7,
		"VatNo": "DK1", "OrganizationNo": "O1", "DefaultMileageDistance": 30, "ExpenseIsBillable": true, "MileageIsBillable": true,
		"DefaultDistIsMaxBillable": true, "ContactID": 8, "InvoiceAddressToUse": 4, "InternalReferenceID": 9, "CustomerReferenceID": 10,
		"PaymentTermID": 11, "DiscountPercentage": 2.5, "CalculateVat": true, "VatPercentage": 25, "UseEanNo": true, "EanNo": "578",
		"LanguageID": 12 }`
	changedCustomer = `{ "CustomerID": 7, "Name": "Acme", "CustomerNo": "", "CurrencyID": 1, "CustomerStatusID": 2, "NickName": "ac", "CountryID": 3,
		"CustomerSince": "2026-06-01T00:00:00", "OrganizationNo": "O1", "PrimaryKAMID": 4, "SecondaryKAMID": 5, "IndustryID": 6, "Phone": "p",
		"Fax": "f", "Email": "e", "Website": "w", "Address": "a1", "Address2": "a2", "Address3": "a3", "ZipCode": "z", "City": "c",
		"State": "s", "VatNo": "DK1", "UseInvoicingAddress": false, "InvoicingName": "in", "InvoicingAddress": "i1",
		"InvoicingAddress2": "i2", "InvoicingAddress3": "i3", "InvoicingAddressZipCode": "iz", "InvoicingAddressCity": "ic",
		"InvoicingAddressState": "is", "InvoicingAddressCountryID": 7, "CreditorID": "cr" }`
)

func theCustomer() Customer {
	return Customer{
		ID: 7, GUID: aCustomerGUID, Name: "Acme", No: "C-1", DefaultMileageDistance: 30, CustomerStatusID: 2, VATNo: "DK1", OrganizationNo: "O1",
	}
}

func theNewCustomer() NewCustomer {
	return NewCustomer{
		Name: "Acme", CurrencyID: 1, CustomerStatusID: 2, CountryID: 3, No: "C-1", NickName: "ac", PrimaryKAMID: 4, SecondaryKAMID: 5,
		CustomerSince: at("2026-06-01"), IndustryID: 6, Phone: "p", Fax: "f", Email: "e", Website: "w", Address: "a1", Address2: "a2",
		Address3: "a3", ZipCode: "z", City: "c", State: "s", UseInvoicingAddress: true, InvoicingAddress: "i1", InvoicingAddress2: "i2",
		InvoicingAddress3: "i3", InvoicingAddressZipCode: "iz", InvoicingAddressCity: "ic", InvoicingAddressState: "is",
		InvoicingAddressCountryID: 7, VATNo: "DK1", OrganizationNo: "O1", DefaultMileageDistance: 30, ExpenseIsBillable: true,
		MileageIsBillable: true, DefaultDistIsMaxBillable: true, ContactID: 8, InvoiceAddressToUse: InvoiceAddressInvoicing,
		InternalReferenceID: 9, CustomerReferenceID: 10, PaymentTermID: 11, DiscountPercentage: 2.5, CalculateVAT: true,
		VATPercentage: 25, UseEANNo: true, EANNo: "578", LanguageID: 12,
	}
}

func theCustomerChanges() CustomerChanges {
	return CustomerChanges{
		ID: 7, Name: new("Acme"), No: new(""), CurrencyID: new(CurrencyID(1)), CustomerStatusID: new(CustomerStatusID(2)), NickName: new("ac"),
		CountryID: new(CountryID(3)), CustomerSince: new(at("2026-06-01")), OrganizationNo: new("O1"), PrimaryKAMID: new(UserID(4)),
		SecondaryKAMID: new(UserID(5)), IndustryID: new(IndustryID(6)), Phone: new("p"), Fax: new("f"), Email: new("e"), Website: new("w"),
		Address: new("a1"), Address2: new("a2"), Address3: new("a3"), ZipCode: new("z"), City: new("c"), State: new("s"), VATNo: new("DK1"),
		UseInvoicingAddress: new(false), InvoicingName: new("in"), InvoicingAddress: new("i1"), InvoicingAddress2: new("i2"),
		InvoicingAddress3: new("i3"), InvoicingAddressZipCode: new("iz"), InvoicingAddressCity: new("ic"), InvoicingAddressState: new("is"),
		InvoicingAddressCountryID: new(CountryID(7)), CreditorID: new("cr"),
	}
}

var customerRows = map[string]wireRow{
	"list": {
		"GET /v1/customer",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Customers.All(ctx, CustomerQuery{}))
		},
		listed("/v1/customer"), "", list(aCustomer), []Customer{theCustomer()},
	},
	"pages": {
		"GET /v1/customer",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Customers.Pages(ctx, CustomerQuery{}))
		},
		listed("/v1/customer"), "", list(aCustomer), []Customer{theCustomer()},
	},
	"search for time tracking": {
		"GET /v1/customer/search-for-time-tracking",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Customers.SearchForTimeTracking(ctx, CustomerSearch{SearchText: "a b&c", SearchAll: true}))
		},
		listed("/v1/customer/search-for-time-tracking", "searchAll=true&searchText=a%20b%26c"), "", list(aCustomer), []Customer{theCustomer()},
	},
	"search for time tracking, recent first": {
		"GET /v1/customer/search-for-time-tracking-order-by-recent-registration",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Customers.SearchForTimeTrackingOrderByRecentRegistration(ctx, CustomerSearch{SearchText: "a"}))
		},
		listed("/v1/customer/search-for-time-tracking-order-by-recent-registration", "searchText=a"), "", list(aCustomer), []Customer{theCustomer()},
	},
	"search for expenses, recent first": {
		"GET /v1/customer/search-for-expense-travel-registration-order-by-recent-registration",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Customers.SearchForExpenseTravelRegistrationOrderByRecentRegistration(ctx, CustomerSearch{}))
		},
		listed("/v1/customer/search-for-expense-travel-registration-order-by-recent-registration"), "", list(aCustomer), []Customer{theCustomer()},
	},
	"get": {
		"GET /v1/customer/{customerID}",
		func(ctx context.Context, c *Client) (any, error) { return c.Customers.Get(ctx, 7) },
		"GET /acme/api/v1/customer/7", "", single(aCustomer), theCustomer(),
	},
	"by number": {
		"GET /v1/customer/by-number/{customerNumber}",
		func(ctx context.Context, c *Client) (any, error) { return c.Customers.ByNumber(ctx, "C 1/2") },
		listed("/v1/customer/by-number/C%201%2F2"), "", `[ ` + aCustomer + ` ]`, []Customer{theCustomer()},
	},
	"create": {
		"POST /v1/customer/create",
		func(ctx context.Context, c *Client) (any, error) {
			created, err := c.Customers.Create(ctx, theNewCustomer())
			return created.ID, err
		},
		"POST /acme/api/v1/customer/create", aNewCustomer, single(`{ "CustomerID": 7, "Name": "Acme" }`), CustomerID(7),
	},
	"validate": {
		"POST /v1/customer/validate-new-customer",
		func(ctx context.Context, c *Client) (any, error) {
			return nothing(c.Customers.Validate(ctx, theNewCustomer()))
		},
		"POST /acme/api/v1/customer/validate-new-customer", aNewCustomer, `null`, nil,
	},
	"update": {
		"PUT /v1/customer/update",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Customers.Update(ctx, theCustomerChanges())
		},
		"PUT /acme/api/v1/customer/update", changedCustomer, single(aCustomer), theCustomer(),
	},
}

// What is not set must not be sent, since it cannot be read back either.
func TestCustomerUpdateSendsOnlyWhatIsSet(t *testing.T) {
	v := newVendor(t, answer{body: single(aCustomer)})
	_, err := v.client(t).Customers.Update(t.Context(), CustomerChanges{ID: 7, City: new(""), UseInvoicingAddress: new(false)})
	require.NoError(t, err)
	assert.JSONEq(t, `{ "CustomerID": 7, "City": "", "UseInvoicingAddress": false }`, v.requests()[0].Body)
}

// The answer to a create promises no id.
func TestCustomerCreateLooksForTheID(t *testing.T) {
	other := `{ "CustomerID": 9, "Name": "Acme", "No": "C-10" }`
	client := func(answers ...answer) (*vendor, *Client) {
		v := newVendor(t, answers...)
		c := v.client(t)
		return v, c
	}
	customer := NewCustomer{Name: "Acme", CurrencyID: 1, CustomerStatusID: 2, CountryID: 3, No: "C-1"}

	v, c := client(answer{body: aNewCustomer}, answer{body: `[ ` + aCustomer + `, ` + other + ` ]`})
	created, err := c.Customers.Create(t.Context(), customer)
	require.NoError(t, err)
	assert.Equal(t, CustomerID(7), created.ID)
	assert.JSONEq(t, aNewCustomer, string(created.Answer))
	assert.Equal(t, []string{"POST /acme/api/v1/customer/create", listed("/v1/customer/by-number/C-1")}, v.targets())

	customer.No = ""
	v, c = client(answer{body: `null`}, answer{body: list(aCustomer, other)})
	created, err = c.Customers.Create(t.Context(), customer)
	require.NoError(t, err, "two of that name: it is created, and which it is is not clear")
	assert.Zero(t, created.ID)
	assert.Equal(t, []string{"POST /acme/api/v1/customer/create", listed("/v1/customer")}, v.targets())

	_, c = client(answer{}, answer{status: 500})
	created, err = c.Customers.Create(t.Context(), customer)
	require.NoError(t, err, "the look failed, not the create")
	assert.Zero(t, created)
}

func TestCustomerInput(t *testing.T) {
	v := newVendor(t, answer{body: `null`})
	customers := v.client(t).Customers
	for field, spoil := range map[string]func(*NewCustomer){
		"NewCustomer.Name":             func(n *NewCustomer) { n.Name = " " },
		"NewCustomer.CurrencyID":       func(n *NewCustomer) { n.CurrencyID = 0 },
		"NewCustomer.CustomerStatusID": func(n *NewCustomer) { n.CustomerStatusID = -1 },
		"NewCustomer.CountryID":        func(n *NewCustomer) { n.CountryID = 0 },
	} {
		customer := theNewCustomer()
		spoil(&customer)
		_, err := customers.Create(t.Context(), customer)
		requireField(t, err, field)
		requireField(t, customers.Validate(t.Context(), customer), field)
	}
	_, err := customers.Get(t.Context(), 0)
	requireField(t, err, "customerID")
	_, err = customers.ByNumber(t.Context(), "")
	requireField(t, err, "customerNumber")
	_, err = customers.ByNumber(t.Context(), "..")
	requireField(t, err, "path")
	_, err = customers.Update(t.Context(), CustomerChanges{})
	requireField(t, err, "CustomerChanges.ID")
	_, err = worktime.Collect(customers.All(t.Context(), CustomerQuery{Paging{PageSize: -1}}))
	requireField(t, err, "CustomerQuery.PageSize")
	assert.Empty(t, v.requests())
}

func TestCustomerByNumberNotFound(t *testing.T) {
	v := newVendor(t, answer{status: 404})
	_, err := v.client(t).Customers.ByNumber(t.Context(), "C-1")
	require.ErrorIs(t, err, worktime.ErrNotFound)
}

package timelogtest

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/worktime-go/worktime/internal/fake"
)

// customerOperations are those of https://api.timelog.com/rest/service/customer
func customerOperations() map[string]operation {
	return map[string]operation{
		"GET /customer": func(c *call) (any, *refusal) {
			return entities(c.customers.all(nil), c.customerEntity), nil
		},
		"GET /customer/{customerID}":                                                        getCustomer,
		"GET /customer/by-number/{customerNumber}":                                          customersByNumber,
		"GET /customer/search-for-time-tracking":                                            searchCustomers,
		"GET /customer/search-for-time-tracking-order-by-recent-registration":               searchRecentCustomers,
		"GET /customer/search-for-expense-travel-registration-order-by-recent-registration": searchRecentCustomers,
		"POST /customer/create":                                                             createCustomer,
		"POST /customer/validate-new-customer": func(c *call) (any, *refusal) {
			_, refused := readCustomer(c)
			return nil, refused
		},
		"PUT /customer/update": updateCustomer,
	}
}

func customerModel(cu *Customer) object {
	return object{
		"CustomerID": cu.CustomerID, "ID": cu.ID, "Name": cu.Name, "No": cu.No, "DefaultMileageDistance": cu.DefaultMileageDistance,
		"CustomerStatusID": fake.OrNull(cu.CustomerStatusID), "VATNo": cu.VATNo, "OrganizationNo": cu.OrganizationNo,
	}
}

func (c *call) customerEntity(cu *Customer) entity {
	return c.row("/customer/", cu.CustomerID, customerModel(cu))
}

func getCustomer(c *call) (any, *refusal) {
	id, refused := c.pathID("customerID")
	if refused != nil {
		return nil, refused
	}
	cu := c.customers.get(id)
	if cu == nil {
		return nil, absent("Customer", id)
	}
	return c.customerEntity(cu), nil
}

// customersByNumber answers with an array without an envelope, as the reference shows it.
func customersByNumber(c *call) (any, *refusal) {
	number := c.r.PathValue("customerNumber")
	found := c.customers.all(func(cu *Customer) bool { return cu.No == number })
	if len(found) == 0 {
		return nil, unknown(http.StatusNotFound, "Customer", number)
	}
	models := []object{}
	for i := range found {
		models = append(models, customerModel(&found[i]))
	}
	return bare{models}, nil
}

// searchable are the customers that a search finds: without searchAll those with a task of the caller's.
func searchable(c *call) ([]Customer, *refusal) {
	all, refused := c.flag("searchAll", false)
	if refused != nil {
		return nil, refused
	}
	text := c.query.Get("searchText")
	return c.customers.all(func(cu *Customer) bool {
		return contains(text, cu.Name, cu.No) && slices.ContainsFunc(c.tasks.rows, func(t Task) bool {
			return c.projects.get(t.ProjectID).CustomerID == cu.CustomerID && c.registrable(&t, all)
		})
	}), nil
}

func searchCustomers(c *call) (any, *refusal) {
	found, refused := searchable(c)
	return entities(found, c.customerEntity), refused
}

func searchRecentCustomers(c *call) (any, *refusal) {
	found, refused := searchable(c)
	slices.SortStableFunc(found, func(a, b Customer) int {
		latest := func(customer int64) string {
			return c.latest(func(t *Task) bool { return c.projects.get(t.ProjectID).CustomerID == customer })
		}
		return cmp.Compare(latest(b.CustomerID), latest(a.CustomerID))
	})
	return entities(found, c.customerEntity), refused
}

// readCustomer reads a create model. The members that must be there are those of the vendor's importer.
func readCustomer(c *call) (Customer, *refusal) {
	f := c.form("Name", "CurrencyID", "CustomerStatusID", "CountryID")
	cu := Customer{
		Name: f.text("Name"), No: f.text("CustomerNo"), CustomerStatusID: f.id("CustomerStatusID"), CurrencyID: f.id("CurrencyID"),
		CountryID: f.id("CountryID"), VATNo: f.text("VatNo"), OrganizationNo: f.text("OrganizationNo"),
		DefaultMileageDistance: int(f.id("DefaultMileageDistance")),
	}
	f.time("CustomerSince")
	if f.has("InvoiceAddressToUse") && f.among("InvoiceAddressToUse", 0, 4) == 3 {
		f.complain("InvoiceAddressToUse")
	}
	return cu, f.refused()
}

func createCustomer(c *call) (any, *refusal) {
	cu, refused := readCustomer(c)
	if refused != nil {
		return nil, refused
	}
	return c.created("/customer/", "CustomerID", c.customers.add(cu).CustomerID), nil
}

// updateCustomer changes what is sent. Whether the vendor empties the rest is not documented.
func updateCustomer(c *call) (any, *refusal) {
	f := c.form("CustomerID")
	id := f.id("CustomerID")
	cu := c.customers.get(id)
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if cu == nil {
		return nil, absent("Customer", id)
	}
	next := *cu
	for name, field := range map[string]*string{
		"Name": &next.Name, "CustomerNo": &next.No, "VatNo": &next.VATNo, "OrganizationNo": &next.OrganizationNo,
	} {
		if f.has(name) {
			*field = f.text(name)
		}
	}
	for name, field := range map[string]*int64{
		"CustomerStatusID": &next.CustomerStatusID, "CurrencyID": &next.CurrencyID, "CountryID": &next.CountryID,
	} {
		if f.has(name) {
			*field = f.id(name)
		}
	}
	if next.Name == "" {
		f.complain("Name")
	}
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	*cu = next
	return c.customerEntity(cu), nil
}

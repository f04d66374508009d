package timelog

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// Most objects have two keys, a number and a GUID, and each operation wants a certain one of them, so each has a type of
// its own. Numbers begin at 1; 0, or an empty GUID, means that there is none.

// UserID is the number of a person, which other services also call employee or manager, unless they say EmployeeID.
type UserID int64

// EmployeeID is the number of a person in another row of numbers. No operation maps it to a UserID.
type EmployeeID int64

// RoleID is the number of a role.
type RoleID int64

// CustomerID is the number of a customer.
type CustomerID int64

// CustomerStatusID is the number of a status of customers.
type CustomerStatusID int64

// IndustryID is the number of an industry.
type IndustryID int64

// ContactID is the number of a contact person.
type ContactID int64

// CurrencyID is the number of a currency.
type CurrencyID int64

// CountryID is the number of a country.
type CountryID int64

// LanguageID is the number of a language. No operation lists them.
type LanguageID int64

// PaymentTermID is the number of a payment term.
type PaymentTermID int64

// LegalEntityID is the number of a legal entity.
type LegalEntityID int64

// DepartmentID is the number of a department.
type DepartmentID int64

// EmployeeTypeID is the number of an employee type.
type EmployeeTypeID int64

// HourlyRateID is the number of an hourly rate.
type HourlyRateID int64

// CostPriceID is the number of a cost price.
type CostPriceID int64

// HolidayCalendarID is the number of a holiday calendar.
type HolidayCalendarID int64

// LegislationID is the number of an allowance legislation.
type LegislationID int64

// WorkingTimeID is the number of a normal working time.
type WorkingTimeID int64

// SalaryGroupID is the number of a salary group.
type SalaryGroupID int64

// ProjectID is the number of a project.
type ProjectID int64

// ProjectTemplateID is the number of a project template.
type ProjectTemplateID int64

// ProjectTypeID is the number of a project type.
type ProjectTypeID int64

// ProjectCategoryID is the number of a project category.
type ProjectCategoryID int64

// ContractID is the number of a contract.
type ContractID int64

// TaskID is the number of a task.
type TaskID int64

// TaskTypeID is the number of a task type.
type TaskTypeID int64

// AbsenceCodeID is the number of an absence code.
type AbsenceCodeID int64

// SalaryAccountID is the number of a salary account.
type SalaryAccountID int64

// TimeRegistrationID is the number of a time registration.
type TimeRegistrationID int64

// TimeTrackerID is the number of a stopwatch.
type TimeTrackerID int64

// UserGUID is the GUID of a person.
type UserGUID string

// CustomerGUID is the GUID of a customer.
type CustomerGUID string

// ProjectGUID is the GUID of a project.
type ProjectGUID string

// TaskGUID is the GUID of a task.
type TaskGUID string

// AbsenceCodeGUID is the GUID of an absence code.
type AbsenceCodeGUID string

// TimeRegistrationGUID is the GUID of a time registration, which the client may choose.
type TimeRegistrationGUID string

// newGUID returns a random GUID (RFC 9562, section 5.4).
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isGUID reports whether s is a GUID and not the one of zeros, by which .NET says that there is none.
func isGUID(s string) bool {
	zeros := true
	for i, c := range []byte(s) {
		switch hyphen := i == 8 || i == 13 || i == 18 || i == 23; {
		case hyphen && c != '-', !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)):
			return false
		case !hyphen && c != '0':
			zeros = false
		}
	}
	return len(s) == 36 && !zeros
}

// checkID refuses a number that is no key.
func checkID[K ~int64](field string, id K) error {
	if id < 1 {
		return badField(field, fmt.Sprintf("is %d: ids begin at 1", id))
	}
	return nil
}

// checkGUID refuses a text that is no GUID.
func checkGUID[K ~string](field string, guid K) error {
	if !isGUID(string(guid)) {
		return badField(field, "must be a GUID such as 6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11")
	}
	return nil
}

// checkText refuses a text that is empty.
func checkText(field, text string) error {
	if strings.TrimSpace(text) == "" {
		return badField(field, "is required")
	}
	return nil
}

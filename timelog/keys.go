package timelog

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// Keys of TimeLog's objects. Most objects have two, a number and a GUID, and each operation wants a
// certain one of them, so each has a type of its own. Numbers begin at 1; 0 means that there is none.
type (
	UserID               int64 // of a person: what other services call employee or manager, unless they say EmployeeID
	EmployeeID           int64 // another number of a person. No operation maps it to a UserID
	RoleID               int64
	CustomerID           int64
	CustomerStatusID     int64
	IndustryID           int64
	ContactID            int64
	CurrencyID           int64
	CountryID            int64
	LanguageID           int64 // no operation lists the languages
	PaymentTermID        int64
	LegalEntityID        int64
	DepartmentID         int64
	EmployeeTypeID       int64
	HourlyRateID         int64
	CostPriceID          int64
	HolidayCalendarID    int64
	LegislationID        int64
	WorkingTimeID        int64
	SalaryGroupID        int64
	ProjectID            int64
	ProjectTemplateID    int64
	ProjectTypeID        int64
	ProjectCategoryID    int64
	ContractID           int64
	ContractHourlyRateID int64
	TaskID               int64
	TaskTypeID           int64
	AbsenceCodeID        int64
	TimeRegistrationID   int64
	TimeTrackerID        int64
)

// GUIDs of TimeLog's objects, as text of the form 6b1f0c3e-8b6e-4a61-9c0e-2f0f2a2f7c11; empty means
// that there is none.
type (
	UserGUID             string
	CustomerGUID         string
	ProjectGUID          string
	TaskGUID             string
	TimeRegistrationGUID string
)

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

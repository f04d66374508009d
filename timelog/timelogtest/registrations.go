package timelogtest

import (
	"net/http"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

// Values of GroupType and of EntityType that rows here have.
const (
	groupProject = 1
	groupAbsence = 3
	entityTask   = 98
	entityCode   = 149
)

// approved is the first RegistrationApprovalStatus of rows that cannot be changed.
const approved = 6

// timeRegistrationOperations are those of https://api.timelog.com/rest/service/timeregistration but those of absences.
func timeRegistrationOperations() map[string]operation {
	return map[string]operation{
		"POST /time-registration":                                   createRegistration,
		"PUT /time-registration":                                    updateRegistration,
		"POST /time-registration/update-time":                       updateTime,
		"GET /time-registration/{timeRegistrationID}":               getRegistration,
		"DELETE /time-registration/{id}":                            deleteRegistration,
		"POST /time-registration/import":                            func(c *call) (any, *refusal) { return importRegistration(c, true) },
		"POST /time-registration/validate-import":                   func(c *call) (any, *refusal) { return importRegistration(c, false) },
		"POST /time-registration/time-tracker":                      startTimeTracker,
		"POST /time-registration/stop-time-tracker/{timeTrackerId}": stopTimeTracker,
	}
}

// readTimes reads what all write models of registrations have in common.
func (f *form) readTimes(r *Registration) {
	r.TaskID, r.Date, r.Hours = f.id("TaskID"), f.day("Date"), f.number("Hours")
	r.Billable, r.BillableHours = f.flag("Billable"), f.number("BillableHours")
	r.Comment, r.AdditionalComment = f.text("Comment"), f.text("AdditionalComment")
	r.StartTime, r.EndTime = f.time("StartTime"), f.time("EndTime")
	f.id("Minutes")         // repeats the hours
	f.id("BillableMinutes") // likewise
	if r.Hours < 0 || r.Hours > 24 {
		f.complain("Hours")
	}
	if r.BillableHours < 0 || r.BillableHours > 24 {
		f.complain("BillableHours")
	}
}

// readRegistration reads the model of a create and of an update, which are the same.
func readRegistration(c *call) (Registration, *refusal) {
	f := c.form("ID", "TaskID", "Date", "Hours", "GroupType")
	r := Registration{ID: strings.ToLower(f.text("ID")), UserID: f.id("UserID"), Created: now()}
	f.readTimes(&r)
	f.among("TimeTrackingFormat", 0, 4)
	if group := f.among("GroupType", 1, 6); f.has("GroupType") && group != groupProject {
		f.invalid = append(f.invalid, "'GroupType' must be 1 for time on a task.")
	}
	if f.has("ID") && !isGUID(r.ID) {
		f.complain("ID")
	}
	if r.UserID == 0 {
		r.UserID = c.user.UserID
	}
	return r, f.refused()
}

// isGUID reports whether a text has the form of one.
func isGUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i, char := range strings.ToLower(text) {
		switch i {
		case 8, 13, 18, 23:
			if char != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdef", char) {
				return false
			}
		}
	}
	return true
}

// checkTime looks for a business rule that a registration breaks. The operations answer with different statuses.
func (c *call) checkTime(r *Registration, status int) *refusal {
	t := c.tasks.get(r.TaskID)
	switch {
	case c.users.get(r.UserID) == nil:
		return rule(ruleUnknownUser, "There is no user with the UserID %d", r.UserID)
	case t == nil:
		return absent("Task", r.TaskID)
	case !c.registrable(t, true):
		return broken(status, ruleOther, "The task is not open for time registration")
	case t.AdditionalTextIsRequired && r.AdditionalComment == "":
		return broken(status, ruleOther, "The task needs an additional comment")
	}
	return c.checkOpen(r.Date, status)
}

func (c *call) checkOpen(day worktime.Date, status int) *refusal {
	if !day.After(c.closedUntil) && !c.closedUntil.IsZero() {
		return broken(status, ruleClosedWeek, "Date is closed by Timesheet")
	}
	return nil
}

// checkUnlocked looks for a reason why a row cannot be changed.
func (c *call) checkUnlocked(r *Registration, status int) *refusal {
	switch {
	case r.ApprovalStatus >= approved:
		return broken(status, ruleOther, "The registration is approved")
	case r.IsInvoiced:
		return broken(status, ruleOther, "The registration is invoiced")
	}
	return c.checkOpen(r.Date, status)
}

// createRegistration books hours once for each GUID: who sends it again is told of success.
func createRegistration(c *call) (any, *refusal) {
	r, refused := readRegistration(c)
	if refused != nil {
		return nil, refused
	}
	if c.registrations.byGUID(r.ID) != nil {
		return nil, nil
	}
	if refused := c.checkTime(&r, http.StatusUnprocessableEntity); refused != nil {
		return nil, refused
	}
	c.registrations.add(r)
	return nil, nil
}

// registerOnTask books hours of the caller, with a GUID of the server's.
func registerOnTask(c *call) (any, *refusal) {
	f := c.form("TaskID", "Date")
	r := Registration{UserID: c.user.UserID, Created: now()}
	f.readTimes(&r)
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if refused := c.checkTime(&r, http.StatusInternalServerError); refused != nil {
		return nil, refused
	}
	c.registrations.add(r)
	return nil, nil
}

// updateRegistration replaces a row, which it finds by the GUID.
func updateRegistration(c *call) (any, *refusal) {
	r, refused := readRegistration(c)
	if refused != nil {
		return nil, refused
	}
	row := c.registrations.byGUID(r.ID)
	if row == nil {
		return nil, absent("TimeRegistration", r.ID)
	}
	return c.change(row, &r, http.StatusUnprocessableEntity)
}

// updateTime replaces a row, which it finds by the integer.
func updateTime(c *call) (any, *refusal) {
	f := c.form("TimeRegistrationID", "TaskID", "Date", "Hours")
	var r Registration
	f.readTimes(&r)
	id := f.id("TimeRegistrationID")
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	row := c.registrations.get(id)
	if row == nil {
		return nil, absent("TimeRegistration", id)
	}
	r.UserID = row.UserID
	return c.change(row, &r, http.StatusInternalServerError)
}

// change puts a new state in the place of a row, but for its keys.
func (c *call) change(row, next *Registration, status int) (any, *refusal) {
	if refused := c.checkUnlocked(row, status); refused != nil {
		return nil, refused
	}
	if refused := c.checkTime(next, status); refused != nil {
		return nil, refused
	}
	next.TimeRegistrationID, next.ID, next.Created, next.ApprovalStatus = row.TimeRegistrationID, row.ID, row.Created, row.ApprovalStatus
	*row = *next
	return nil, nil
}

func getRegistration(c *call) (any, *refusal) {
	id, refused := c.pathID("timeRegistrationID")
	if refused != nil {
		return nil, refused
	}
	r := c.registrations.get(id)
	if r == nil {
		return nil, absent("TimeRegistration", id)
	}
	kind, of := r.entity()
	return c.row("/time-registration/", id, object{
		"AdditionalTextField": r.AdditionalComment, "ApprovalStatus": r.ApprovalStatus, "Comment": r.Comment,
		"Created": r.Created, "CreatedBy": r.UserID, "Date": midnight(r.Date), "DepartmentID": nil,
		"EntityID": of, "EntityType": kind, "Factor": 1.0, "InvoiceStatus": invoiceStatus(r), "IsBillable": r.Billable,
		"IsInClosedAccountingPeriod": false, "IsFixedPrice": c.fixedPrice(r), "IsInvoiced": r.IsInvoiced,
		"LastModified": r.Created, "LastModifiedBy": r.UserID, "Hours": r.Hours, "Status": 1,
		"TimeRegistrationGUID": r.ID, "TimeRegistrationID": r.TimeRegistrationID, "TimeTrackingFormat": 0,
		"UserID": r.UserID, "Minutes": minutes(r.Hours), "IsMeeting": false, "CalendarEventID": nil,
		"BillableHours": r.BillableHours, "BillableMinutes": minutes(r.BillableHours),
		"InterfaceCreated": 0, "InterfaceModified": 0, "MonthlyPeriod": nil, "AbsenceCode": absenceModel(r.AbsenceCodeID),
		"StartTime": fake.OrNull(r.StartTime), "EndTime": fake.OrNull(r.EndTime),
	}), nil
}

// entity is the EntityType and the id of what the time was registered on.
func (r *Registration) entity() (kind int, id int64) {
	if r.AbsenceCodeID != 0 {
		return entityCode, r.AbsenceCodeID
	}
	return entityTask, r.TaskID
}

func (c *call) fixedPrice(r *Registration) bool {
	t := c.tasks.get(r.TaskID)
	return t != nil && t.IsFixedPrice
}

// invoiceStatus is 0 none or 2 on an invoice.
func invoiceStatus(r *Registration) int {
	if r.IsInvoiced {
		return 2
	}
	return 0
}

// minutes are the same duration as the hours, no remainder.
func minutes(hours float64) int {
	return int(time.Duration(hours*float64(time.Hour)).Round(time.Minute) / time.Minute)
}

// deleteRegistration finds the row by the GUID. What integers do is not clear at the vendor's: here they are no route.
func deleteRegistration(c *call) (any, *refusal) {
	guid := c.r.PathValue("id")
	if !isGUID(guid) {
		return nil, notFound(c.r)
	}
	r := c.registrations.byGUID(guid)
	if r == nil {
		return nil, unknown(http.StatusNotFound, "TimeRegistration", guid)
	}
	if refused := c.checkUnlocked(r, http.StatusInternalServerError); refused != nil {
		return nil, refused
	}
	c.registrations.remove(r.TimeRegistrationID)
	return nil, nil
}

// importRegistration books hours of any user, with the members that the vendor's importer must have.
func importRegistration(c *call, store bool) (any, *refusal) {
	f := c.form("TaskID", "ProjectID", "ContractID", "UserID", "Date", "Hours", "GroupType", "HourlyRateName", "CostPriceName")
	for _, name := range []string{"AbsenceCodeID", "Billable", "BillableHours", "HourlyRate", "CostPrice"} {
		if f.values != nil && !f.has(name) {
			f.invalid = append(f.invalid, mustNotBeEmpty(name))
		}
	}
	r := Registration{UserID: f.id("UserID"), Created: now()}
	f.readTimes(&r)
	project := f.id("ProjectID")
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if refused := c.checkTime(&r, http.StatusInternalServerError); refused != nil {
		return nil, refused
	}
	if c.tasks.get(r.TaskID).ProjectID != project {
		return nil, rule(ruleOther, "The task is not one of the project")
	}
	if store {
		c.registrations.add(r)
	}
	return nil, nil
}

func startTimeTracker(c *call) (any, *refusal) {
	f := c.form("TimeRegistrationID")
	id := f.id("TimeRegistrationID")
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if c.registrations.get(id) == nil {
		return nil, absent("TimeRegistration", id)
	}
	c.lastTracker++
	c.trackers[c.lastTracker] = id
	return nil, nil
}

func stopTimeTracker(c *call) (any, *refusal) {
	id, refused := c.pathID("timeTrackerId")
	if refused != nil {
		return nil, refused
	}
	if c.trackers[id] == 0 {
		return nil, absent("TimeTracker", id)
	}
	delete(c.trackers, id)
	return entity{object{"TimeTrackerID": id}, []link{}, []object{}}, nil
}

package timelogtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

// timeTrackingItemOperations are those of https://api.timelog.com/rest/service/timetrackingitem
func timeTrackingItemOperations() map[string]operation {
	return map[string]operation{
		"GET /time-tracking-item/get-by-date":                              itemsByDate,
		"GET /time-tracking-item/get-by-date-order-by-recent-registration": recentItemsByDate,
		"GET /time-tracking-item/get-weekly-registrations":                 weeklyRegistrations,
		"GET /time-tracking-item/{timeRegistrationID}":                     getItem,
		"POST /time-tracking-item/save-favourite":                          saveFavourite,
	}
}

// own are the caller's registrations of a period, both days included. Nobody sees those of others here.
func (c *call) own() ([]Registration, *refusal) {
	from, refused := c.day("startDate")
	if refused != nil {
		return nil, refused
	}
	to, refused := c.day("endDate")
	if refused != nil {
		return nil, refused
	}
	return c.ownBetween(from, to), nil
}

func (c *call) ownBetween(from, to worktime.Date) []Registration {
	rows := c.registrations.all(func(r *Registration) bool {
		return r.UserID == c.user.UserID && !r.Date.Before(from) && !r.Date.After(to)
	})
	slices.SortStableFunc(rows, func(a, b Registration) int { return a.Date.Compare(b.Date) })
	return rows
}

func itemsByDate(c *call) (any, *refusal) {
	rows, refused := c.own()
	return entities(rows, c.itemEntity), refused
}

func recentItemsByDate(c *call) (any, *refusal) {
	rows, refused := c.own()
	slices.SortStableFunc(rows, func(a, b Registration) int { return cmp.Compare(b.Created, a.Created) })
	return entities(rows, c.itemEntity), refused
}

func getItem(c *call) (any, *refusal) {
	id, refused := c.pathID("timeRegistrationID")
	if refused != nil {
		return nil, refused
	}
	r := c.registrations.get(id)
	if r == nil || r.UserID != c.user.UserID {
		return nil, absent("TimeTrackingItem", id)
	}
	return c.itemEntity(r), nil
}

// itemEntity has no GUID, and truth values where the registration's own model has integers.
func (c *call) itemEntity(r *Registration) entity {
	item := c.itemOf(r)
	maps.Copy(item, registrationOf(r))
	return c.row("/time-tracking-item/", r.TimeRegistrationID, item)
}

// itemOf is what an item says of the task or of the absence.
func (c *call) itemOf(r *Registration) object {
	kind, of := r.entity()
	item := object{
		"CustomerID": 0, "CustomerName": nil, "CustomerNo": nil, "ProjectID": 0, "ProjectName": nil, "ProjectNo": nil,
		"TaskID": 0, "TaskName": nil, "TaskFullName": nil, "IsFixedPrice": false, "TaskNo": nil, "TaskIsActive": false,
		"AbsenceCodeID": fake.OrNull(r.AbsenceCodeID), "AbsenceName": nil, "AbsenceCode": nil, "AbsenceIsActive": false,
		"AdditionalTextIsRequired": false, "DefaultBillable": false, "IsETCProject": false, "ShowBillable": true,
		"EntityID": of, "EntityType": kind, "IsFavourite": c.isFavourite(r),
	}
	if r.AbsenceCodeID != 0 {
		item["AbsenceName"], item["AbsenceCode"] = absenceNames(r.AbsenceCodeID)
		item["AbsenceIsActive"] = true
		return item
	}
	t := c.tasks.get(r.TaskID)
	p := c.projects.get(t.ProjectID)
	item["TaskID"], item["TaskName"], item["TaskNo"], item["TaskIsActive"] = t.TaskID, t.Name, t.No, !t.Inactive
	item["TaskFullName"] = t.Name
	if parent := c.parentName(t); parent != "" {
		item["TaskFullName"] = parent + " / " + t.Name
	}
	item["IsFixedPrice"], item["DefaultBillable"], item["AdditionalTextIsRequired"] = t.IsFixedPrice, t.IsBillable, t.AdditionalTextIsRequired
	item["ProjectID"], item["ProjectName"], item["ProjectNo"] = p.ProjectID, p.Name, p.No
	if cu := c.customers.get(p.CustomerID); cu != nil {
		item["CustomerID"], item["CustomerName"], item["CustomerNo"] = cu.CustomerID, cu.Name, cu.No
	}
	return item
}

func (c *call) isFavourite(r *Registration) bool {
	group, reference := int64(groupProject), r.TaskID
	if r.AbsenceCodeID != 0 {
		group, reference = groupAbsence, r.AbsenceCodeID
	}
	return c.favourites[favourite{c.user.UserID, group, reference}]
}

// registrationOf is what an item, or a row of a week, says of the registration.
func registrationOf(r *Registration) object {
	return object{
		"AllocatedHour": 0, "TimeRegistrationID": r.TimeRegistrationID, "UserID": r.UserID, "Created": r.Created,
		"CreatedBy": r.UserID, "LastModified": r.Created, "LastModifiedBy": r.UserID, "IsBillable": r.Billable, "Status": true,
		"Date": midnight(r.Date), "MonthlyPeriod": nil, "Comment": r.Comment, "Hours": r.Hours, "Minutes": minutes(r.Hours),
		"AdditionalTextField": r.AdditionalComment, "InvoiceStatus": r.IsInvoiced,
		"TimeRegistrationApprovalStatus": r.ApprovalStatus, "TimeTrackingFormat": 0, "BillableHours": r.BillableHours,
		"BillableMinutes": minutes(r.BillableHours), "StartTime": fake.OrNull(r.StartTime), "EndTime": fake.OrNull(r.EndTime),
		"IsTimestampOverlapping": false,
	}
}

// weeklyRegistrations is the week from a Monday on: its days, the tasks of each and their registrations.
func weeklyRegistrations(c *call) (any, *refusal) {
	from, refused := c.day("startDate")
	switch {
	case refused != nil:
		return nil, refused
	case from.Weekday() != time.Monday:
		return nil, invalid("'startDate' must be a Monday.")
	}
	days, total, norm := []object{}, 0.0, 0.0
	for i := range 7 {
		day := from.AddDays(i)
		rows := c.ownBetween(day, day)
		hours, normOfDay := 0.0, normHours
		if i >= 5 {
			normOfDay = 0
		}
		tasks, at := []object{}, map[[2]int64]int{}
		for j := range rows {
			r := &rows[j]
			hours += r.Hours
			key := [2]int64{r.TaskID, r.AbsenceCodeID}
			if _, known := at[key]; !known {
				at[key] = len(tasks)
				item := c.itemOf(r)
				item["Registrations"] = []object{}
				tasks = append(tasks, item)
			}
			registrations, _ := tasks[at[key]]["Registrations"].([]object)
			tasks[at[key]]["Registrations"] = append(registrations, registrationOf(r))
		}
		days = append(days, object{
			"Date": midnight(day), "RegisteredHours": hours, "NormHours": normOfDay, "HoursDifference": hours - normOfDay, "TaskInfos": tasks,
		})
		total, norm = total+hours, norm+normOfDay
	}
	return []entity{{object{
		"TotalRegisteredHours": total, "TotalNormHours": norm, "TotalHoursDifference": total - norm, "Tasks": days,
	}, []link{}, []object{}}}, nil
}

// saveFavourite marks a task or an absence code, or takes the mark away.
func saveFavourite(c *call) (any, *refusal) {
	f := c.form("ReferenceID", "GroupType")
	reference, group := f.id("ReferenceID"), int64(f.among("GroupType", 1, 6))
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	if group == groupProject && c.tasks.get(reference) == nil {
		return nil, absent("Task", reference)
	}
	key := favourite{c.user.UserID, group, reference}
	c.favourites[key] = !c.favourites[key]
	return nil, nil
}

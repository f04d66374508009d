package timelog

import (
	"fmt"
	"math"
	"time"

	"github.com/worktime-go/worktime"
)

// TimeSpent is how long somebody worked, and how much of it goes to the customer, as all models take it that register time:
// twice, in hours and in minutes. [Spent] makes one whose fields agree; one whose fields do not is refused
// before it is sent.
type TimeSpent struct {
	// Hours are decimal: 1.5 is an hour and a half.
	Hours float64 `json:"Hours"`
	// Minutes are the same duration as Hours, not what is left over: 90 for 1.5 hours.
	Minutes int `json:"Minutes"`
	// IsBillable says whether the customer pays. If it is false, BillableHours are 0: they are always sent, since it
	// is not known whether TimeLog would set them.
	IsBillable      bool    `json:"Billable"`
	BillableHours   float64 `json:"BillableHours"`
	BillableMinutes int     `json:"BillableMinutes"`
}

// Spent returns a TimeSpent of whole minutes, to which both durations are rounded. It is billable if some of it is: what
// is billable is mostly all that was worked, or nothing, but it may also be less or more.
func Spent(worked, billable time.Duration) TimeSpent {
	minutes := func(d time.Duration) int { return int(d.Round(time.Minute) / time.Minute) }
	w, b := minutes(worked), minutes(billable)
	return TimeSpent{Hours: float64(w) / 60, Minutes: w, IsBillable: b != 0, BillableHours: float64(b) / 60, BillableMinutes: b}
}

// check refuses what contradicts itself; the fields belong to the given model.
func (t TimeSpent) check(model string) error {
	var field, reason string
	switch {
	case !(t.Hours > 0): // not a number either
		field, reason = "Hours", "must be more than 0"
	case !sameTime(t.Hours, t.Minutes):
		field, reason = "Minutes", fmt.Sprintf("is %d, which is not the same as %v hours: it is the whole duration. Spent fills both", t.Minutes, t.Hours)
	case !(t.BillableHours >= 0):
		field, reason = "BillableHours", "must not be less than 0"
	case t.BillableHours > 0 && !t.IsBillable:
		field, reason = "BillableHours", "must be 0 if IsBillable is false"
	case !sameTime(t.BillableHours, t.BillableMinutes):
		field, reason = "BillableMinutes", fmt.Sprintf("is %d, which is not the same as %v hours: it is the whole duration. Spent fills both", t.BillableMinutes, t.BillableHours)
	default:
		return nil
	}
	return badField(model+"."+field, reason)
}

// sameTime reports whether both are the same duration, as exactly as hours with two decimals can tell.
func sameTime(hours float64, minutes int) bool { return math.Abs(hours*60-float64(minutes)) <= 0.5 }

// TaskTime returns a registration of time on a task, with a new GUID: what [TimeRegistrationService.Create] cannot do without,
// and nothing else. It is the caller's own, unless UserID is set.
func TaskTime(task TaskID, day worktime.Date, spent TimeSpent) NewTimeRegistration {
	return NewTimeRegistration{
		GUID: TimeRegistrationGUID(newGUID()), GroupType: GroupProject, TaskID: task, Date: Midnight(day), TimeSpent: spent,
	}
}

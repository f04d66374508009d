package timelog

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Read and write names differ, and a full replacement loses nothing of what was read.
func TestTimeRegistrationChangesKeepWhatWasRead(t *testing.T) {
	want := theNewTimeRegistration()
	want.EntityID, want.IsCalendarEvent = 0, false // neither can be told from what is read
	assert.Equal(t, TimeRegistrationChanges(want), theTimeRegistration().Changes())

	absence := theTimeRegistration()
	absence.EntityType, absence.EntityID = DomainAbsenceCode, 7
	client := newVendor(t, answer{body: "null"}).client(t)
	requireField(t, client.TimeRegistrations.Update(t.Context(), absence.Changes()), "TimeRegistrationChanges.TaskID")
	requireField(t, client.TimeRegistrations.UpdateTime(t.Context(), absence.TimeChanges()), "TimeChanges.TaskID")
}

// Values that nobody knows yet are kept, and what is missing is null, left out or the year 1.
func TestTimeRegistrationLenient(t *testing.T) {
	v := newVendor(t, answer{body: single(`{ "TimeRegistrationID": 9001, "TimeRegistrationGUID": null, "UserID": null, "Date": "2026-06-10T00:00:00",
		"EntityID": null, "AbsenceCode": null, "StartTime": "0001-01-01T00:00:00", "EndTime": null, "DepartmentID": null, "Comment": null,
		"ApprovalStatus": 42, "EntityType": 999, "TimeTrackingFormat": 77, "InvoiceStatus": 9, "Status": 5 }`)})
	got, err := v.client(t).TimeRegistrations.Get(t.Context(), 9001)
	require.NoError(t, err)
	assert.Equal(t, TimeRegistration{
		ID: 9001, Date: at("2026-06-10"), ApprovalStatus: 42, EntityType: 999, TimeTrackingFormat: 77, InvoiceStatus: 9, Status: 5,
	}, got)
}

// POST /time-registration has no end time; update-time, which has one, does not get lost of it.
func TestEndTimeIsOfUpdateTimeOnly(t *testing.T) {
	text, err := json.Marshal(theTimeRegistration().Changes())
	require.NoError(t, err)
	assert.Contains(t, string(text), `"StartTime"`)
	assert.NotContains(t, string(text), `"EndTime"`)
	text, err = json.Marshal(theTimeRegistration().TimeChanges())
	require.NoError(t, err)
	assert.Contains(t, string(text), `"EndTime":"2026-06-10T09:30:00"`)
}

// MonthlyPeriod, Factor and EntityID are not sent unless they are set.
func TestUnexplainedFieldsAreLeftOut(t *testing.T) {
	text, err := json.Marshal(TaskTime(1, day("2026-06-10"), Spent(time.Hour, 0)))
	require.NoError(t, err)
	for _, name := range []string{"MonthlyPeriod", "Factor", "EntityID", "TimeTrackingFormat", "StartTime", "UserID"} {
		assert.NotContains(t, string(text), name)
	}
}

// Programs that book hours only leave the minutes 0. What they booked can be changed all the same.
func TestChangesOfHoursWithoutMinutes(t *testing.T) {
	read := theTimeRegistration()
	read.Minutes, read.BillableMinutes = 0, 0
	want := Spent(90*time.Minute, 75*time.Minute)
	assert.Equal(t, want, read.Changes().TimeSpent)
	assert.Equal(t, want, read.TimeChanges().TimeSpent)
	require.NoError(t, read.Changes().check())
	require.NoError(t, read.TimeChanges().check())
}

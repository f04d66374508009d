package timelog

import (
	"context"
	"strings"

	"github.com/worktime-go/worktime/internal/rest"
)

// TimeRegistrationService reads, books, changes and deletes registrations of time. What it books is the caller's, or another
// person's if the caller may; what a person registered is listed by [TimeTrackingItemService], to that person only.
type TimeRegistrationService struct{ client *rest.Client }

var (
	createTimeRegistration     = once("create time registration", "POST /v1/time-registration")
	updateTimeRegistration     = idempotent("update time registration", "PUT /v1/time-registration")
	updateTime                 = idempotent("update time", "POST /v1/time-registration/update-time")
	getTimeRegistration        = safe("get time registration", "GET /v1/time-registration/{timeRegistrationID}")
	deleteTimeRegistration     = idempotent("delete time registration", "DELETE /v1/time-registration/{id}")
	deleteApprovedAbsence      = once("delete approved absence", "POST /v1/time-registration/delete-approved-absence/{timeRegistrationId}")
	updateFullDayAbsence       = idempotent("update full-day absence", "POST /v1/time-registration/update-full-day-absence")
	updateHalfOrFullDayAbsence = idempotent("update half or full-day absence", "POST /v1/time-registration/update-half-or-full-day-absence")
	updateHoursAbsence         = idempotent("update hours absence", "POST /v1/time-registration/update-hours-absence")
	importTimeRegistration     = once("import time registration", "POST /v1/time-registration/import")
	validateImport             = safe("validate import of time registration", "POST /v1/time-registration/validate-import")
	createTimeTracker          = once("create time tracker", "POST /v1/time-registration/time-tracker")
	stopTimeTracker            = once("stop time tracker", "POST /v1/time-registration/stop-time-tracker/{timeTrackerId}")
)

// Get returns one registration, with the GUID by which it is changed and deleted. What TimeLog answers if there is none is not
// documented: see [LooksNotFound]. The vendor documents a wrong model for the answer; this is the one
// that fits.
//
// See [GET /v1/time-registration/{timeRegistrationID}].
//
// [GET /v1/time-registration/{timeRegistrationID}]: https://api.timelog.com/rest/method/timeregistration_getbyid
//
//api:op GET /v1/time-registration/{timeRegistrationID}
func (s *TimeRegistrationService) Get(ctx context.Context, id TimeRegistrationID) (TimeRegistration, error) {
	return get[TimeRegistration](ctx, s.client, getTimeRegistration, nil, id)
}

// Create books time: begin with [TaskTime]. It is sent again only if TimeLog provably did not act;
// [worktime.ErrUnknownOutcome] means that the time may have been booked, which [TimeRegistrationService.Find] tells. A closed
// timesheet, a field that is wrong and any other rule are [worktime.ErrBadRequest], and nothing was booked:
// [HasRule] with [RuleDateClosed], or the Code of the [worktime.Error], tells which. The number of the registration is mostly
// not in the answer; its GUID is the one that was sent.
//
// See [POST /v1/time-registration].
//
// [POST /v1/time-registration]: https://api.timelog.com/rest/method/timeregistration_create
//
//api:op POST /v1/time-registration
func (s *TimeRegistrationService) Create(ctx context.Context, registration NewTimeRegistration) (Created[TimeRegistrationID], error) {
	return create[TimeRegistrationID](ctx, s.client, createTimeRegistration, registration, "TimeRegistrationID", nil)
}

// Find looks for a registration that [TimeRegistrationService.Create] was to book: by its GUID among the caller's own of
// its day, of which it reads those on the same task one by one. That finds its number too. A registration of another person
// cannot be found so, and is a [worktime.FieldError]. What is not found has not been booked so far; a request whose answer was
// lost may still be under way.
func (s *TimeRegistrationService) Find(ctx context.Context, registration NewTimeRegistration) (found TimeRegistration, ok bool, err error) {
	if err := registration.check(); err != nil {
		return found, false, err
	}
	if registration.UserID != 0 {
		me, err := get[User](ctx, s.client, getMe, nil)
		switch {
		case err != nil:
			return found, false, err
		case me.ID != registration.UserID:
			return found, false, badField("NewTimeRegistration.UserID", "is not the caller: TimeLog lists only the caller's own registrations")
		}
	}
	day := registration.Date.Date()
	for item, err := range rest.All(ctx, s.client, listTimeTrackingItems, TimeTrackingItemQuery{StartDate: day, EndDate: day}) {
		if err != nil {
			return found, false, err
		}
		if item.TaskID != registration.TaskID {
			continue
		}
		candidate, err := s.Get(ctx, item.ID)
		if err != nil {
			return found, false, err
		}
		if strings.EqualFold(string(candidate.GUID), string(registration.GUID)) {
			return candidate, true, nil
		}
	}
	return found, false, nil
}

// Update replaces a registration of time on a task, which is found by its GUID: what is not set is lost. So
// begin with [TimeRegistration.Changes].
//
// See [PUT /v1/time-registration].
//
// [PUT /v1/time-registration]: https://api.timelog.com/rest/method/timeregistration_update
//
//api:op PUT /v1/time-registration
func (s *TimeRegistrationService) Update(ctx context.Context, registration TimeRegistrationChanges) error {
	return act(ctx, s.client, updateTimeRegistration, registration)
}

// UpdateTime replaces the time, the day, the task and the comments of a registration, which is found by its number: what is
// not set is lost. So begin with [TimeRegistration.TimeChanges]. It is the way to change an end time.
//
// See [POST /v1/time-registration/update-time].
//
// [POST /v1/time-registration/update-time]: https://api.timelog.com/rest/method/timeregistration_updatetime
//
//api:op POST /v1/time-registration/update-time
func (s *TimeRegistrationService) UpdateTime(ctx context.Context, registration TimeChanges) error {
	return act(ctx, s.client, updateTime, registration)
}

// Delete deletes a registration. If it does not exist, the error is [worktime.ErrNotFound], unless a
// repetition finds it gone. An approved absence needs [TimeRegistrationService.DeleteApprovedAbsence].
//
// The vendor's page takes the GUID; clients that send the number are said to succeed as well. Who has the number only finds
// the GUID with [TimeRegistrationService.Get].
//
// See [DELETE /v1/time-registration/{id}].
//
// [DELETE /v1/time-registration/{id}]: https://api.timelog.com/rest/method/timeregistration_delete
//
//api:op DELETE /v1/time-registration/{id}
func (s *TimeRegistrationService) Delete(ctx context.Context, guid TimeRegistrationGUID) error {
	return act(ctx, s.client, deleteTimeRegistration, nil, guid)
}

// DeleteApprovedAbsence asks for an approved absence to be removed, with a comment, which may be empty.
//
// See [POST /v1/time-registration/delete-approved-absence/{timeRegistrationId}].
//
// [POST /v1/time-registration/delete-approved-absence/{timeRegistrationId}]: https://api.timelog.com/rest/method/timeregistration_deleteapprovedabsence
//
//api:op POST /v1/time-registration/delete-approved-absence/{timeRegistrationId}
func (s *TimeRegistrationService) DeleteApprovedAbsence(ctx context.Context, id TimeRegistrationID, comment string) error {
	return act(ctx, s.client, deleteApprovedAbsence, comment, id)
}

// UpdateFullDayAbsence changes the day and the comments of an absence that lasts a day.
//
// See [POST /v1/time-registration/update-full-day-absence].
//
// [POST /v1/time-registration/update-full-day-absence]: https://api.timelog.com/rest/method/timeregistration_updatefulldayabsence
//
//api:op POST /v1/time-registration/update-full-day-absence
func (s *TimeRegistrationService) UpdateFullDayAbsence(ctx context.Context, absence FullDayAbsenceChanges) error {
	return act(ctx, s.client, updateFullDayAbsence, absence)
}

// UpdateHalfOrFullDayAbsence changes an absence that lasts half a day or a day.
//
// See [POST /v1/time-registration/update-half-or-full-day-absence].
//
// [POST /v1/time-registration/update-half-or-full-day-absence]: https://api.timelog.com/rest/method/timeregistration_updatehalforfulldaysabsence
//
//api:op POST /v1/time-registration/update-half-or-full-day-absence
func (s *TimeRegistrationService) UpdateHalfOrFullDayAbsence(ctx context.Context, absence HalfOrFullDayAbsenceChanges) error {
	return act(ctx, s.client, updateHalfOrFullDayAbsence, absence)
}

// UpdateHoursAbsence changes an absence that lasts some hours.
//
// See [POST /v1/time-registration/update-hours-absence].
//
// [POST /v1/time-registration/update-hours-absence]: https://api.timelog.com/rest/method/timeregistration_updatehoursabsence
//
//api:op POST /v1/time-registration/update-hours-absence
func (s *TimeRegistrationService) UpdateHoursAbsence(ctx context.Context, absence HoursAbsenceChanges) error {
	return act(ctx, s.client, updateHoursAbsence, absence)
}

// Import books time with its rates, for anybody, which administrators do who move the history of another system to TimeLog.
// There is no key by which one that was lost could be found: [worktime.ErrUnknownOutcome] means to look in the
// site before it is sent again.
//
// See [POST /v1/time-registration/import].
//
// [POST /v1/time-registration/import]: https://api.timelog.com/rest/method/timeregistration_importtimeregistration
//
//api:op POST /v1/time-registration/import
func (s *TimeRegistrationService) Import(ctx context.Context, registration TimeRegistrationImport) (Created[TimeRegistrationID], error) {
	return create[TimeRegistrationID](ctx, s.client, importTimeRegistration, registration, "TimeRegistrationID", nil)
}

// ValidateImport checks what [TimeRegistrationService.Import] would, and stores nothing. What is wrong is a
// [worktime.Error] with Details.
//
// See [POST /v1/time-registration/validate-import].
//
// [POST /v1/time-registration/validate-import]: https://api.timelog.com/rest/method/timeregistration_validateimporttimeregistration
//
//api:op POST /v1/time-registration/validate-import
func (s *TimeRegistrationService) ValidateImport(ctx context.Context, registration TimeRegistrationImport) error {
	return act(ctx, s.client, validateImport, registration)
}

// CreateTimeTracker starts a stopwatch that adds to a registration.
//
// See [POST /v1/time-registration/time-tracker].
//
// [POST /v1/time-registration/time-tracker]: https://api.timelog.com/rest/method/timeregistration_createtimetracker
//
//api:op POST /v1/time-registration/time-tracker
func (s *TimeRegistrationService) CreateTimeTracker(ctx context.Context, tracker NewTimeTracker) (Created[TimeTrackerID], error) {
	return create[TimeTrackerID](ctx, s.client, createTimeTracker, tracker, "TimeTrackerID", nil)
}

// StopTimeTracker stops a stopwatch, and returns the number that the answer tells: 0 if it tells none.
//
// See [POST /v1/time-registration/stop-time-tracker/{timeTrackerId}].
//
// [POST /v1/time-registration/stop-time-tracker/{timeTrackerId}]: https://api.timelog.com/rest/method/timeregistration_stoptimetracker
//
//api:op POST /v1/time-registration/stop-time-tracker/{timeTrackerId}
func (s *TimeRegistrationService) StopTimeTracker(ctx context.Context, id TimeTrackerID) (TimeTrackerID, error) {
	stopped, err := change[struct {
		ID TimeTrackerID `json:"TimeTrackerID"`
	}](ctx, s.client, stopTimeTracker, nil, id)
	return stopped.ID, err
}

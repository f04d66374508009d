package timelogtest

import (
	"encoding/json"
	"net/http"
)

// absenceOperations change absences by the integer id.
func absenceOperations() map[string]operation {
	return map[string]operation{
		"POST /time-registration/update-full-day-absence":                      func(c *call) (any, *refusal) { return updateAbsence(c, fullDay) },
		"POST /time-registration/update-half-or-full-day-absence":              func(c *call) (any, *refusal) { return updateAbsence(c, halfOrFullDay) },
		"POST /time-registration/update-hours-absence":                         func(c *call) (any, *refusal) { return updateAbsence(c, byHours) },
		"POST /time-registration/delete-approved-absence/{timeRegistrationId}": deleteApprovedAbsence,
	}
}

type absenceKind int

const (
	fullDay absenceKind = iota
	halfOrFullDay
	byHours
)

// normHours are those of a working day.
const normHours = 7.4

func updateAbsence(c *call, kind absenceKind) (any, *refusal) {
	required := []string{"TimeRegistrationID", "Date"}
	if kind == byHours {
		required = append(required, "Hours")
	}
	f := c.form(required...)
	id, day, hours := f.id("TimeRegistrationID"), f.day("Date"), normHours
	comment, additional := f.text("Comment"), f.text("AdditionalComment")
	switch kind {
	case byHours:
		hours = f.number("Hours")
	case halfOrFullDay:
		if f.among("Type", 0, 1) == 0 { // half a day, as the vendor's page hints
			hours /= 2
		}
	case fullDay:
	}
	if refused := f.refused(); refused != nil {
		return nil, refused
	}
	r := c.registrations.get(id)
	if r == nil || r.AbsenceCodeID == 0 {
		return nil, absent("Absence", id)
	}
	if refused := c.checkUnlocked(r, http.StatusInternalServerError); refused != nil {
		return nil, refused
	}
	if refused := c.checkOpen(day, http.StatusInternalServerError); refused != nil {
		return nil, refused
	}
	r.Date, r.Hours, r.Comment, r.AdditionalComment = day, hours, comment, additional
	return nil, nil
}

// deleteApprovedAbsence takes a comment that is a bare JSON string. Approval of the removal is left out.
func deleteApprovedAbsence(c *call) (any, *refusal) {
	id, refused := c.pathID("timeRegistrationId")
	if refused != nil {
		return nil, refused
	}
	var comment *string
	if json.Unmarshal(c.body, &comment) != nil || comment == nil {
		return nil, invalid("The body must be a JSON string.")
	}
	r := c.registrations.get(id)
	switch {
	case r == nil || r.AbsenceCodeID == 0:
		return nil, absent("Absence", id)
	case r.ApprovalStatus < approved:
		return nil, rule(ruleOther, "The absence is not approved")
	}
	c.registrations.remove(id)
	return nil, nil
}

// absenceNames are the names and the codes of the absence codes by id.
func absenceNames(id int64) (name, code string) {
	switch id {
	case 7:
		return "Illness", "ILL"
	case 8:
		return "Holiday", "HOL"
	}
	return "Absence", "ABS"
}

// absenceModel is the absence code of a registration; null if it is none.
func absenceModel(id int64) any {
	if id == 0 {
		return nil
	}
	name, code := absenceNames(id)
	return object{
		"AbsenceCodeID": id, "AbsenceCode": code, "Name": name, "Description": "", "IsActive": true, "FlexPositiveFactor": 0.0,
		"SalaryAccountFactor": 1.0, "SalaryAccountFactorEffect": -1, "SalaryAccountID": nil, "AbsenceCodeTypeID": 1,
		"DeductCapacity": true, "TimeTrackingFormat": 0, "RequireApproval": true, "IsPublicVisible": true, "IsFavourite": false, "ID": nil,
	}
}

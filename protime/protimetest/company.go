package protimetest

import (
	"fmt"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// StructureVersion is the version of the activity structure in the data of [WithSample].
const StructureVersion = "5b0e4a52-3c1d-4f0a-9d55-0d7c6c1f4e10"

// The activity definitions of the sample: two on level 1, one on level 2.
const (
	install  = "38fc2206-6c1d-4c55-9a2e-0f5f6d1b7a01"
	repair   = "b1f0a7de-52e4-4d0f-8f63-7a1c9be0c402"
	customer = "c7e3a9b4-08d2-4a6f-b1c5-3e9d2f7a8b03"
)

// WithSample adds a small company: six persons with their history and contracts, its catalogs and definitions, and in
// the two weeks from a date on the clockings of [SampleClockings] and what Protime makes of them. It is always the same
// for the same date.
func WithSample(from worktime.Date) Option {
	return func(s *settings) {
		WithClockings(SampleClockings(from)...)(s)
		c := company{settings: s, from: from}
		c.catalogs()
		c.people()
		c.definitions()
		c.activities()
		workday := 0
		for day := range 14 {
			date := from.AddDays(day)
			if weekday := date.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
				continue
			}
			for person := int64(1); person <= 6; person++ {
				c.day(person, date, workday)
			}
			workday++
		}
	}
}

// company adds the objects of the sample.
type company struct {
	settings *settings
	from     worktime.Date
}

// object is one in JSON.
type object = map[string]any

func (c *company) add(collection string, objects ...object) {
	WithObjects(collection, objects...)(c.settings)
}

func ref(id int64) object { return object{"id": id} }

// local is text in the languages of the company.
func local(english, dutch string) object {
	return object{"default": english, "translations": object{"en-GB": english, "nl-NL": dutch}}
}

func (c *company) catalogs() {
	c.add("departments",
		object{"id": 1, "name": local("Workshop", "Werkplaats"), "externalCode": "WORK", "externalReferences": object{"HRMID": "D-1"}},
		object{"id": 2, "name": local("Service", "Service"), "externalCode": "SERV", "externalReferences": object{"HRMID": "D-2"}})
	c.add("employers", object{"id": 1, "name": local("Acme Belgium", "Acme België"), "externalCode": "ACME", "address": "Kade 1",
		"town": "Antwerpen", "postalCode": "2000", "bankAccount": "BE00 0000 0000 0000", "companyRegistrationNumber": "0000.000.000"})
	c.add("jobs", object{"id": 1, "name": local("Fitter", "Monteur")}, object{"id": 2, "name": local("Planner", "Planner")})
	c.add("job-categories",
		object{"id": 176, "name": local("Blue collar worker", "Arbeider"), "externalCode": "PayRollCode123"},
		object{"id": 177, "name": local("White collar worker", "Bediende"), "externalCode": "PayRollCode124"})
	c.add("sectors", object{"id": 1, "name": local("Metal", "Metaal")})
	c.add("work-locations",
		object{"id": 1, "name": local("Antwerp", "Antwerpen"), "description": local("Head office", "Hoofdkantoor")},
		object{"id": 2, "name": local("Ghent", "Gent"), "description": local("Workshop", "Werkplaats")})
}

// people have fictitious personal data: no number of them is one that somebody can have.
func (c *company) people() {
	first := []string{"Anna", "Bram", "Chloé", "Dirk", "Els", "Femke"}
	last := []string{"Peeters", "Janssens", "Dubois", "De Smet", "Maes", "Wouters"}
	badges := sampleBadges()
	for i := range first {
		id := int64(i + 1)
		person := object{"id": id, "firstName": first[i], "lastName": last[i], "initials": first[i][:1] + last[i][:1],
			"telephone": fmt.Sprintf("+32 3 555 010%d", id), "email": fmt.Sprintf("person%d@example.com", id), "postalCode": "2000",
			"town": "Antwerpen", "countryISOCode": "BE", "nationalityISOCode": "BE", "sex": []string{"Female", "Male"}[i%2],
			"maritalStatus": "Unknown", "birthDate": fmt.Sprintf("198%d-05-17", i), "socialSecurityNumber": fmt.Sprintf("00.00.00-000.0%d", id),
			"bankAccount": fmt.Sprintf("BE00 0000 0000 000%d", id), "inServiceDate": "2020-01-01", "employeeNumber": fmt.Sprintf("E-482%d", id),
			"payGroup": "M", "hourlyRate": 20.5 + float64(i), "badgeNumber": badges[i], "pinCode": 0, "terminalLanguageISOCode": "nl"}
		if id == 4 {
			person["outOfServiceDate"] = c.from.AddDays(30)
		}
		c.add(people, person)
		kind := object{"kind": "Contract", "contractPercentage": 100, "contractHoursInMinutes": 2280, "numberOfWorkingDaysPerWeek": 5}
		if id == 3 {
			kind = object{"kind": "Contract", "contractPercentage": 80, "contractHoursInMinutes": 1824, "numberOfWorkingDaysPerWeek": 4}
		}
		kind["person"], kind["code"], kind["from"], kind["fullTimeEquivalentInMinutes"] = ref(id), fmt.Sprintf("C%d", id), "2020-01-01", 2280
		c.add("contracts", kind)
		c.add("department-histories", object{"person": ref(id), "from": "2020-01-01", "until": nil, "department": ref(1 + int64(i)/3)})
		for _, category := range []string{"employer", "job", "sector"} {
			c.add(category+"-histories", object{"person": ref(id), "from": "2020-01-01", "until": nil, category: ref(1)})
		}
		c.add("job-category-histories", object{"person": ref(id), "from": "2020-01-01", "until": nil, "jobCategory": ref(176)})
		c.add("work-location-histories",
			object{"person": ref(id), "from": "2020-01-01", "until": "2022-12-31", "workLocation": ref(2)},
			object{"person": ref(id), "from": "2023-01-01", "until": nil, "workLocation": ref(1)})
	}
	c.add("contracts", object{"person": ref(3), "code": "C3-1", "from": c.from, "contractPercentage": 50, "contractHoursInMinutes": 1140,
		"kind": "Addendum", "parentContract": ref(3)})
}

func (c *company) definitions() {
	c.add("absence-groups",
		object{"id": 1, "name": local("Absence", "Afwezigheid"), "type": "Absence"},
		object{"id": 2, "name": local("Elsewhere", "Elders"), "type": "WorkingElsewhere"})
	names := []object{local("Holiday", "Vakantie"), local("Doctor", "Dokter"), local("Home work", "Thuiswerk")}
	for i, code := range []string{"HOL", "DOC", "HOME"} {
		c.add(absenceDefinitions, object{"id": 11 + i, "code": code, "name": names[i], "friendlyName": names[i],
			"friendlyCode": local(code, code), "allowedDurations": []string{"FullDay", "HalfDay"}, "isEnabled": true,
			"isReasonForClocking": code == "DOC", "absenceGroup": ref(int64(1 + i/2))})
	}
	c.add("counter-groups", object{"id": 1, "name": local("Premiums", "Premies")}, object{"id": 2, "name": local("Meals", "Maaltijden")})
	c.add(counterDefinitions,
		object{"id": 21, "code": "NIGHT", "name": local("Night hours", "Nachturen"), "isEnabled": true, "counterGroup": ref(1), "unit": "Duration"},
		object{"id": 22, "code": "MEAL", "name": local("Meal voucher", "Maaltijdcheque"), "isEnabled": true, "counterGroup": ref(2), "unit": "Instance"},
		object{"id": 23, "code": "OLD", "name": local("Old premium", "Oude premie"), "isEnabled": false, "counterGroup": ref(1), "unit": "Interval"})
	c.add("break-definitions", object{"id": 1, "name": local("Lunch", "Lunch"), "friendlyName": local("Lunch", "Lunch"),
		"paidDurationInMinutes": 0, "minimumDurationInMinutes": 30, "maximumDurationInMinutes": 60, "ifNotClockedDurationInMinutes": 30,
		"hasToBeTakenUninterrupted": true})
	c.add(shiftDefinitions,
		object{"id": 31, "code": "DAY", "name": local("Day", "Dag"), "friendlyName": local("Day", "Dag"), "isEnabled": true},
		object{"id": 32, "code": "NIGHT", "name": local("Night", "Nacht"), "friendlyName": local("Night", "Nacht"), "isEnabled": true})
}

func (c *company) activities() {
	definition := func(id, english, dutch, code string, level int) object {
		return object{"id": id, "structureVersion": StructureVersion, "level": level, "name": local(english, dutch),
			"shortCode": code[:3], "dataEntryCode": code, "externalReference": "X-" + code, "activeFrom": "2020-01-01",
			"canConfigureRestrictions": level == 1}
	}
	c.add(activityDefinitions, definition(install, "Installation", "Installatie", "INSTALL", 1),
		definition(repair, "Repair", "Herstelling", "REPAIR", 1), definition(customer, "Customer A", "Klant A", "CUSTA", 2))
	c.add(usages, object{"activityDefinitionId": object{"id": install}, usages: []object{
		{"activityUsageKind": "Circle", "usageReference": ref(13), "from": "2025-01-01"},
		{"activityUsageKind": "Person", "usageReference": ref(6), "from": "2024-01-01", "until": "2024-12-31"}}})
	c.add(restrictions, object{"activityDefinitionId": object{"id": install}, restrictions: []object{
		{"level": 2, "activityDefinitions": []object{{"id": customer}}}}})
}

// day adds what Protime makes of one working day of one person.
func (c *company) day(person int64, date worktime.Date, workday int) {
	shift := ref(31)
	if person == 5 {
		shift = ref(32)
	}
	on := func(more object) object {
		more["person"], more["date"] = ref(person), date
		return more
	}
	worked := 456 + (int(person)*7+workday*11)%25
	if person == 2 && workday == 4 { // a day off
		worked = 0
		c.add("absences", on(object{"resultingAbsenceDefinition": ref(11), "requestedAbsenceDefinition": ref(11), "shiftDefinition": shift,
			"startTimeInMinutes": 480, "durationInMinutes": 456, "calculatedDurationInMinutes": 456, "request": object{"id": "1-2-77"},
			"status": "Manual", "approvalLevel": "Approved", "isLocked": false, "periodType": "Day"}))
	}
	c.add("calculated-totals", on(object{"normalTimeDurationInMinutes": 456, "timePresentDurationInMinutes": worked,
		"calculatedPresenceDurationInMinutes": worked, "weeklyHours1DurationInMinutes": worked, "payPeriodHoursDurationInMinutes": worked,
		"flextimeDurationInMinutes": worked - 456, "flextimeBalanceInMinutes": (worked - 456) * (workday + 1), "shiftDefinition": shift}))
	if worked == 0 {
		return
	}
	c.add("paid-presences", on(object{"durationInMinutes": worked, "shiftDefinition": shift}))
	c.add("access-clockings", on(object{"timeOfDayInMinutes": 475 + int(person), "terminal": ref(42), "status": "AccessOk"}))
	counter := object{"counterDefinition": ref(22), "numberOfInstances": 1, "status": "Auto", "isAuthorized": true, "periodType": "Day"}
	switch person {
	case 5:
		counter = object{"counterDefinition": ref(21), "durationInMinutes": 480, "shiftDefinition": shift, "status": "Auto", "isAuthorized": true, "periodType": "Day"}
	case 6:
		level := []protime.ActivityLevel{{Level: 1, ActivityDefinition: protime.DefinitionRef{ID: []string{install, repair}[workday%2]}}}
		c.add("activity-durations", on(object{"durationInMinutes": 360, "activityLevels": level, "status": "Auto", "isAuthorized": true,
			"counterDefinitions": []object{ref(22)}}))
		c.add(assignments, object{"person": ref(person), "from": date, "until": date, "startTimeInMinutes": 480, "endTimeInMinutes": 900,
			"breakDurationInMinutes": 30, "comments": "Customer A", "activityLevels": level, "isRejected": false})
	default:
		c.add("breaks", on(object{"breakDefinition": ref(1), "calculatedDurationInMinutes": 30, "clockedDurationInMinutes": 30 + workday%4,
			"startTimeInMinutes": 690, "endTimeInMinutes": 810, "isBreakTaken": true}))
	}
	c.add("counters", on(counter))
	if person == 1 && workday%3 == 0 {
		c.add("work-interruptions", on(object{"durationInMinutes": 15, "startTimeInMinutes": 615, "endTimeInMinutes": 630}))
	}
}

package protime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Person is an employee, with much that must not get into logs: PinCode, SocialSecurityNumber,
// BankAccount, PassportNumber and the like. Printed under whatever verb, or logged by [log/slog], a
// Person shows its id and its changeVersion only, also in a [Change] or a slice. This has two
// limits: fmt looks past the rule in unexported fields of other types, and [encoding/json] writes
// all fields, because a local copy of the data needs them; so does a handler of slog that
// marshals a slice of persons.
//
// The reference lists more fields than are known to this module; [Client.Do] reads them.
//
// See https://documentation.myprotime.eu/protimeapi/reference/collections/people/personal-information/
type Person struct {
	ID int64 `json:"id,omitzero"`
	// ChangeVersion orders the states of one person: compare as text, the larger is newer.
	ChangeVersion string `json:"changeVersion,omitzero"`
	// PeriodClosingDate: the calendar is locked up to this day.
	PeriodClosingDate            worktime.Date `json:"periodClosingDate,omitzero"`
	HourlyRateCurrencyDefinition *Ref          `json:"hourlyRateCurrencyDefinition,omitempty"`
	AdvanceCurrencyDefinition    *Ref          `json:"advanceCurrencyDefinition,omitempty"`

	LastName           string        `json:"lastName,omitzero"`
	FirstName          string        `json:"firstName,omitzero"`
	Initials           string        `json:"initials,omitzero"`
	Telephone          string        `json:"telephone,omitzero"`
	Mobile             string        `json:"mobile,omitzero"`
	Email              string        `json:"email,omitzero"`
	Address            string        `json:"address,omitzero"`
	PostalCode         string        `json:"postalCode,omitzero"`
	Town               string        `json:"town,omitzero"`
	CountryISOCode     string        `json:"countryISOCode,omitzero"` // also read as countryIsoCode
	NationalityISOCode string        `json:"nationalityISOCode,omitzero"`
	Sex                Sex           `json:"sex,omitzero"`
	MaritalStatus      MaritalStatus `json:"maritalStatus,omitzero"`
	BirthDate          worktime.Date `json:"birthDate,omitzero"`
	PlaceOfBirth       string        `json:"placeOfBirth,omitzero"`

	DrivingLicense       string `json:"drivingLicense,omitzero"`
	RegisterNumber       string `json:"registerNumber,omitzero"`
	PassportNumber       string `json:"passportNumber,omitzero"`
	SocialSecurityNumber string `json:"socialSecurityNumber,omitzero"`
	BankAccount          string `json:"bankAccount,omitzero"`

	InServiceDate worktime.Date `json:"inServiceDate,omitzero"`
	// OutOfServiceDate is zero while the person is in service.
	OutOfServiceDate worktime.Date `json:"outOfServiceDate,omitzero"`
	WTDStartDate     worktime.Date `json:"wtdStartDate,omitzero"`
	EmployeeNumber   string        `json:"employeeNumber,omitzero"`
	PayGroup         string        `json:"payGroup,omitzero"`
	// HourlyRate and MaxAdvance are in the currencies of the definitions above; nil if not sent.
	HourlyRate    *float64 `json:"hourlyRate,omitempty"`
	MaxAdvance    *float64 `json:"maxAdvance,omitempty"`
	TerminalGroup *Ref     `json:"terminalGroup,omitempty"`
	BadgeNumber   string   `json:"badgeNumber,omitzero"` // unique
	PinCode       *int64   `json:"pinCode,omitempty"`    // nil if not sent
	// TerminalLanguageISOCode is the language in which terminals speak to the person.
	TerminalLanguageISOCode string `json:"terminalLanguageISOCode,omitzero"`
	// ExternalReferences are the person's own that were asked for.
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`
}

func (p Person) version() (int64, string) { return p.ID, p.ChangeVersion }

// Format implements [fmt.Formatter] with the id and the changeVersion only, under every verb.
func (p Person) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "{ID:%d ChangeVersion:%s [redacted]}", p.ID, p.ChangeVersion)
}

// LogValue implements [slog.LogValuer] with the id and the changeVersion only.
func (p Person) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("id", p.ID), slog.String("changeVersion", p.ChangeVersion))
}

// UnmarshalJSON implements [json.Unmarshaler] with errors that do not repeat the value of a field.
func (p *Person) UnmarshalJSON(data []byte) error {
	type fields Person
	err := json.Unmarshal(data, (*fields)(p))
	switch wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); {
	case ok:
		return fmt.Errorf("%s of a person cannot be a %s", wrong.Field, wrong.Type)
	case err != nil: // of worktime.Date
		return errors.New("a date of a person is not of the form 2006-01-02")
	}
	return nil
}

// Sex is that of a person. Unknown values are kept as they are.
type Sex string

// The values of Sex.
const (
	SexUnknown Sex = "Unknown"
	SexFemale  Sex = "Female"
	SexMale    Sex = "Male"
	SexOther   Sex = "Other"
)

// MaritalStatus is that of a person. Unknown values are kept as they are.
type MaritalStatus string

// The values of MaritalStatus.
const (
	MaritalStatusUnknown        MaritalStatus = "Unknown"
	MaritalStatusSingle         MaritalStatus = "Single"
	MaritalStatusMarried        MaritalStatus = "Married"
	MaritalStatusWidow          MaritalStatus = "Widow"
	MaritalStatusWidower        MaritalStatus = "Widower"
	MaritalStatusDivorced       MaritalStatus = "Divorced"
	MaritalStatusLivingTogether MaritalStatus = "LivingTogether"
)

// PersonQuery lists all people: which filters Protime takes is not documented. External
// references: of people.
type PersonQuery = ListQuery

// PersonService reads people. It needs [ScopePeopleRead].
type PersonService struct{ client *rest.Client }

const peoplePath = "/people"

var (
	listPeople      = listOf[Person, PersonQuery]("people", peoplePath)
	changesOfPerson = feedOf[Person, PersonQuery]("people", peoplePath)
	getPerson       = getOf("person", peoplePath+"/{PersonReference}")
)

// All walks the people, page after page. Errors are those of [ClockingService.All].
//
// See [GET /people].
//
// [GET /people]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/personal-information/get-list/
//
//api:op GET /people
func (s *PersonService) All(ctx context.Context, q PersonQuery) iter.Seq2[Person, error] {
	return rest.All(ctx, s.client, listPeople, q)
}

// Pages is [PersonService.All] by pages, each with the cursor of the position after it.
//
// See [GET /people].
//
// [GET /people]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/personal-information/get-list/
//
//api:op GET /people
func (s *PersonService) Pages(ctx context.Context, q PersonQuery) iter.Seq2[worktime.Page[Person], error] {
	return rest.Pages(ctx, s.client, listPeople, q)
}

// Get returns one person, by id or by a reference: badge number, employee number, or one of the
// integrator's. One that does not exist is [worktime.ErrNotFound].
//
// See [GET /people/{PersonReference}].
//
// [GET /people/{PersonReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/personal-information/get/
//
//api:op GET /people/{PersonReference}
func (s *PersonService) Get(ctx context.Context, ref Ref, references ...ReferenceName) (Person, error) {
	return byRef[Person](ctx, s.client, getPerson, "people", ref, references)
}

// Changes walks the changes of people from cursor on: see [ClockingService.Changes].
//
// See [GET /people?delta].
//
// [GET /people?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/personal-information/delta/
//
//api:op GET /people?delta
func (s *PersonService) Changes(ctx context.Context, cursor worktime.Cursor, q PersonQuery) iter.Seq2[worktime.Page[Change[Person]], error] {
	return changes(ctx, s.client, changesOfPerson, cursor, q)
}

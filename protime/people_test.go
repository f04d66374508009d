package protime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const aPerson = `{ "id": 1238, "changeVersion": "0000090200004BD0000A", "periodClosingDate": "2025-12-31",
	"hourlyRateCurrencyDefinition": {"id": 5}, "advanceCurrencyDefinition": {"id": 6},
	"lastName": "canary-last", "firstName": "canary-first", "initials": "canary-initials", "telephone": "canary-telephone", "mobile": "canary-mobile",
	"email": "canary@example.com", "address": "canary-address", "postalCode": "canary-postal", "town": "canary-town",
	"countryISOCode": "canary-country", "nationalityISOCode": "canary-nationality", "sex": "Other", "maritalStatus": "LivingTogether",
	"birthDate": "1981-02-03", "placeOfBirth": "canary-birth", "drivingLicense": "canary-driving", "registerNumber": "canary-register",
	"passportNumber": "canary-passport", "socialSecurityNumber": "canary-social", "bankAccount": "canary-bank",
	"inServiceDate": "2020-01-01", "outOfServiceDate": "2027-01-01", "wtdStartDate": "2020-02-01", "employeeNumber": "canary-employee",
	"payGroup": "canary-pay", "hourlyRate": 98765.25, "maxAdvance": 98766, "terminalGroup": {"id": 7}, "badgeNumber": "canary-badge", "pinCode": 98767,
	"terminalLanguageISOCode": "canary-language", "externalReferences": {"@employee-number": "canary-reference"} }`

func thePerson() Person {
	rate, advance, pin := 98765.25, 98766.0, int64(98767)
	return Person{
		ID: 1238, ChangeVersion: "0000090200004BD0000A", PeriodClosingDate: day("2025-12-31"),
		HourlyRateCurrencyDefinition: &Ref{ID: 5}, AdvanceCurrencyDefinition: &Ref{ID: 6},
		LastName: "canary-last", FirstName: "canary-first", Initials: "canary-initials", Telephone: "canary-telephone", Mobile: "canary-mobile",
		Email: "canary@example.com", Address: "canary-address", PostalCode: "canary-postal", Town: "canary-town",
		CountryISOCode: "canary-country", NationalityISOCode: "canary-nationality", Sex: SexOther, MaritalStatus: MaritalStatusLivingTogether,
		BirthDate: day("1981-02-03"), PlaceOfBirth: "canary-birth", DrivingLicense: "canary-driving", RegisterNumber: "canary-register",
		PassportNumber: "canary-passport", SocialSecurityNumber: "canary-social", BankAccount: "canary-bank",
		InServiceDate: day("2020-01-01"), OutOfServiceDate: day("2027-01-01"), WTDStartDate: day("2020-02-01"), EmployeeNumber: "canary-employee",
		PayGroup: "canary-pay", HourlyRate: &rate, MaxAdvance: &advance, TerminalGroup: &Ref{ID: 7}, BadgeNumber: "canary-badge", PinCode: &pin,
		TerminalLanguageISOCode: "canary-language", ExternalReferences: map[string]string{"@employee-number": "canary-reference"},
	}
}

var peopleRows = map[string]wireRow{
	"list": {
		"GET /people",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.People.All(ctx, PersonQuery{ExternalReferences: []ReferenceName{PersonEmployeeNumber}}))
		},
		"GET /connector/protimeapi/api/v1/people?externalReferences=(people,@employee-number)", "",
		answer{status: 200, body: `{ "value": [ ` + aPerson + `, { "id": 2, "outOfServiceDate": "", "pinCode": null, "sex": "Unknown" } ], "nextLink": null }`},
		[]Person{thePerson(), {ID: 2, Sex: SexUnknown}},
	},
	"pages": {
		"GET /people",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.People.Pages(ctx, PersonQuery{}))
		},
		"GET /connector/protimeapi/api/v1/people", "",
		answer{status: 200, body: `{ "value": [ ` + aPerson + ` ] }`},
		[]Person{thePerson()},
	},
	"get": {
		"GET /people/{PersonReference}",
		func(ctx context.Context, c *Client) (any, error) { return c.People.Get(ctx, ByID(1238)) },
		"GET /connector/protimeapi/api/v1/people/1238", "",
		answer{status: 200, body: aPerson},
		thePerson(),
	},
	"get by badge": { // the reference in the path is named first, and once
		"GET /people/{PersonReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.People.Get(ctx, ByExternal("@badge-number", "676 7676"), PersonEmployeeNumber, PersonBadgeNumber)
		},
		"GET /connector/protimeapi/api/v1/people/676%207676?externalReferences=(people,@badge-number)(people,@employee-number)", "",
		answer{status: 200, body: aPerson},
		thePerson(),
	},
	"changes": {
		"GET /people?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.People.Changes(ctx, "", PersonQuery{}))
		},
		"GET /connector/protimeapi/api/v1/people?delta", "",
		answer{status: 200, body: `{ "value": [ ` + aPerson + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/people?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Person]{{ChangeInsertOrUpdate, thePerson()}},
	},
}

// Older pages spell two fields in another way.
func TestPersonCasings(t *testing.T) {
	var got Person
	require.NoError(t, json.Unmarshal([]byte(`{"countryIsoCode":"BE","nationalityIsoCode":"NL","terminalLanguageIsoCode":"nl"}`), &got))
	assert.Equal(t, Person{CountryISOCode: "BE", NationalityISOCode: "NL", TerminalLanguageISOCode: "nl"}, got)
}

// Whatever prints or logs a person shows nothing of them; a local copy of the data has it all.
func TestPersonIsNotShown(t *testing.T) {
	person := thePerson()
	change := Change[Person]{ChangeInsertOrUpdate, person}
	page := worktime.Page[Change[Person]]{Items: []Change[Person]{change}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{person, &person, []Person{person}, map[int]Person{1: person}, struct{ P Person }{person}, change, page} {
			requireHidden(t, fmt.Sprintf(verb, value))
		}
	}
	assert.Equal(t, "{ID:1238 ChangeVersion:0000090200004BD0000A [redacted]}", fmt.Sprint(person))

	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("person", slog.Any("value", person), slog.Any("pointer", &person), slog.Any("change", change), slog.Group("group", slog.Any("person", person)))
		requireHidden(t, b.String())
		assert.Contains(t, b.String(), "1238", name)
		assert.Contains(t, b.String(), "InsertOrUpdate", name)
	}

	stored, err := json.Marshal(change)
	require.NoError(t, err)
	assert.JSONEq(t, `{ "changeType": "InsertOrUpdate", "data": `+aPerson+` }`, string(stored))
}

// Neither does the error for a person that cannot be read.
func TestPersonErrors(t *testing.T) {
	for want, fields := range map[string]string{
		"pinCode of a person cannot be a int64":                 `"pinCode": 98767.5`,
		"passportNumber of a person cannot be a string":         `"passportNumber": 98767`,
		"terminalGroup.id of a person cannot be a int64":        `"terminalGroup": {"id": "canary"}`,
		"a date of a person is not of the form 2006-01-02":      `"birthDate": "03.02.1981"`,
		"hourlyRate of a person cannot be a float64":            `"hourlyRate": 98765e999`,
		"socialSecurityNumber of a person cannot be a string":   `"socialSecurityNumber": {"canary": 1}`,
		"item 1: a date of a person is not of the form 2006-01": `"outOfServiceDate": 1981`,
	} {
		v := newVendor(t, answer{status: 200, body: `{"value":[{"id":1},{"id":2,` + fields + `}]}`})
		got, err := worktime.Collect(v.client(t).People.All(t.Context(), PersonQuery{}))
		require.ErrorIs(t, err, worktime.ErrBadResponse)
		require.ErrorContains(t, err, want)
		requireHidden(t, fmt.Sprintf("%+v", err))
		assert.Equal(t, []Person{{ID: 1}}, got)
	}
}

func requireHidden(t *testing.T, shown string) {
	t.Helper()
	for _, canary := range []string{"canary", "9876", "1981", "63616e617279", "63616E617279"} {
		require.NotContains(t, shown, canary)
	}
}

package protime

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

const aContract = `{ "changeVersion": "0000090200004BD0000A", "id": 77, "person": {"id": 1238, "externalReferences": {"@badge-number": "6767676"}},
	"code": "C-1", "from": "2024-01-01", "until": "2026-12-31", "contractHoursInMinutes": 1824, "fullTimeEquivalentInMinutes": 2280,
	"contractPercentage": 80.5, "numberOfWorkingDaysPerWeek": 4.5, "numberOfDaysInContractPeriod": 1096, "kind": "Addendum", "parentContract": {"id": 76},
	"externalReferences": {"HRMID": "C 1"} }`

func theContract() Contract {
	return Contract{
		ChangeVersion: "0000090200004BD0000A", ID: 77, Person: Ref{ID: 1238, ExternalReferences: map[string]string{"@badge-number": "6767676"}},
		Code: "C-1", From: day("2024-01-01"), Until: day("2026-12-31"), ContractHoursMinutes: 1824, FullTimeEquivalentMinutes: 2280,
		ContractPercentage: 80.5, NumberOfWorkingDaysPerWeek: 4.5, NumberOfDaysInContractPeriod: 1096, Kind: ContractKindAddendum, ParentContract: &Ref{ID: 76},
		ExternalReferences: map[string]string{"HRMID": "C 1"},
	}
}

var contractRows = map[string]wireRow{
	"list": {
		"GET /contracts",
		func(ctx context.Context, c *Client) (any, error) {
			return worktime.Collect(c.Contracts.All(ctx, ContractQuery{
				Persons: []int64{1238, 7, 1238}, Circles: []int64{2}, OrgGroups: []int64{121}, ExternalReferences: []ReferenceName{PersonBadgeNumber},
			}))
		},
		"GET /connector/protimeapi/api/v1/contracts?externalReferences=(people,@badge-number)" +
			"&filter=person%20in%20(1238,7)%20and%20person%20in%20circle(2)%20and%20person%20in%20org-group(121)", "",
		answer{status: 200, body: `{ "value": [ ` + aContract + ` ], "nextLink": null }`},
		[]Contract{theContract()},
	},
	"pages": {
		"GET /contracts",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Contracts.Pages(ctx, ContractQuery{}))
		},
		"GET /connector/protimeapi/api/v1/contracts", "",
		answer{status: 200, body: `{ "value": [ ` + aContract + ` ] }`},
		[]Contract{theContract()},
	},
	"get": {
		"GET /contracts/{contractReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Contracts.Get(ctx, ByID(77), PersonBadgeNumber)
		},
		"GET /connector/protimeapi/api/v1/contracts/77?externalReferences=(people,@badge-number)", "",
		answer{status: 200, body: aContract},
		theContract(),
	},
	"get by reference": {
		"GET /contracts/{contractReference}",
		func(ctx context.Context, c *Client) (any, error) {
			return c.Contracts.Get(ctx, ByExternal("HRMID", "C 1"), PersonBadgeNumber)
		},
		"GET /connector/protimeapi/api/v1/contracts/C%201?externalReferences=(contracts,HRMID)(people,@badge-number)", "",
		answer{status: 200, body: aContract},
		theContract(),
	},
	"changes": {
		"GET /contracts?delta",
		func(ctx context.Context, c *Client) (any, error) {
			return firstPage(c.Contracts.Changes(ctx, "", ContractQuery{ExternalReferences: []ReferenceName{PersonBadgeNumber}}))
		},
		"GET /connector/protimeapi/api/v1/contracts?delta&externalReferences=(people,@badge-number)", "",
		answer{status: 200, body: `{ "value": [ ` + aContract + ` ], "deltaLink": "/connector/protimeapi/api/v1/delta/contracts?deltaToken=eyJkZWx0YUlk" }`},
		[]Change[Contract]{{ChangeInsertOrUpdate, theContract()}},
	},
}

// The days per week are a number on one page and an integer on another; no end is written in
// three ways.
func TestContractSpellings(t *testing.T) {
	for body, want := range map[string]Contract{
		`{"numberOfWorkingDaysPerWeek":5,"until":null}`:                       {NumberOfWorkingDaysPerWeek: 5},
		`{"numberOfWorkingDaysPerWeek":5.0,"until":""}`:                       {NumberOfWorkingDaysPerWeek: 5},
		`{"numberOfWorkingDaysPerWeek":2.5,"contractPercentage":50}`:          {NumberOfWorkingDaysPerWeek: 2.5, ContractPercentage: 50},
		`{"numberOfWorkingDaysPerWeek":null,"contractPercentage":null,"x":1}`: {},
	} {
		var got Contract
		require.NoError(t, json.Unmarshal([]byte(body), &got), body)
		assert.Equal(t, want, got, body)
	}
}

func TestContractQueryRefusals(t *testing.T) {
	for field, q := range map[string]ContractQuery{
		"ContractQuery.Persons":            {Persons: []int64{}},
		"ContractQuery.Circles":            {Circles: []int64{0}},
		"ContractQuery.OrgGroups":          {OrgGroups: []int64{-1}},
		"ContractQuery.ExternalReferences": {ExternalReferences: []ReferenceName{"people"}},
	} {
		_, err := listContracts.Queries(testBase, q)
		requireField(t, err, field)
	}
}

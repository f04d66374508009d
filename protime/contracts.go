package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// Contract is a contract of a person, or an addendum to one.
type Contract struct {
	// ChangeVersion orders the states of one contract: compare as text, the larger is newer.
	ChangeVersion string        `json:"changeVersion,omitzero"`
	ID            int64         `json:"id,omitzero"`
	Person        Ref           `json:"person"`
	Code          string        `json:"code,omitzero"`
	From          worktime.Date `json:"from,omitzero"`
	// Until is included; zero for no end.
	Until                     worktime.Date `json:"until,omitzero"`
	ContractHoursMinutes      int           `json:"contractHoursInMinutes"`
	FullTimeEquivalentMinutes int           `json:"fullTimeEquivalentInMinutes"`
	// ContractPercentage is of full time: 80 for four days of five.
	ContractPercentage float64 `json:"contractPercentage"`
	// NumberOfWorkingDaysPerWeek may have a fraction.
	NumberOfWorkingDaysPerWeek   float64      `json:"numberOfWorkingDaysPerWeek"`
	NumberOfDaysInContractPeriod int          `json:"numberOfDaysInContractPeriod"`
	Kind                         ContractKind `json:"kind,omitzero"`
	// ParentContract is the contract that an addendum belongs to.
	ParentContract *Ref `json:"parentContract,omitempty"`
	// ExternalReferences are the contract's own that were asked for.
	ExternalReferences map[string]string `json:"externalReferences,omitempty"`
}

func (c Contract) version() (int64, string) { return c.ID, c.ChangeVersion }

// ContractKind is what a contract is. Unknown values are kept as they are.
type ContractKind string

// The kinds of a contract.
const (
	ContractKindContract ContractKind = "Contract"
	ContractKindAddendum ContractKind = "Addendum"
)

// ContractQuery selects contracts. A list of persons that is too long for one request is split;
// the contracts then come in the order of the list. Changes take no persons.
type ContractQuery struct {
	// Persons are ids in Protime; nil for all. Duplicates are dropped.
	Persons []int64
	// Circles and OrgGroups select the persons in them; nil for no such condition.
	Circles   []int64
	OrgGroups []int64
	// ExternalReferences to have in the answers: of contracts and people.
	ExternalReferences []ReferenceName
	// Cursor resumes after a page of an earlier walk of the same query.
	Cursor worktime.Cursor
}

func (q ContractQuery) position() worktime.Cursor { return q.Cursor }

func (q ContractQuery) selection() (selection, error) {
	s := selection{name: "ContractQuery", references: q.ExternalReferences}
	err := s.selectPersons(q.Persons, q.Circles, q.OrgGroups)
	return s, err
}

// ContractService reads contracts. It needs [ScopeContractsRead].
type ContractService struct{ client *rest.Client }

const contractsPath = "/contracts"

var (
	listContracts     = listOf[Contract, ContractQuery]("contracts", contractsPath)
	changesOfContract = feedOf[Contract, ContractQuery]("contracts", contractsPath)
	getContract       = getOf("contract", contractsPath+"/{contractReference}")
)

// All walks the contracts that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /contracts].
//
// [GET /contracts]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/contracts/get-list/
//
//api:op GET /contracts
func (s *ContractService) All(ctx context.Context, q ContractQuery) iter.Seq2[Contract, error] {
	return rest.All(ctx, s.client, listContracts, q)
}

// Pages is [ContractService.All] by pages, each with the cursor of the position after it.
//
// See [GET /contracts].
//
// [GET /contracts]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/contracts/get-list/
//
//api:op GET /contracts
func (s *ContractService) Pages(ctx context.Context, q ContractQuery) iter.Seq2[worktime.Page[Contract], error] {
	return rest.Pages(ctx, s.client, listContracts, q)
}

// Get returns one contract, by its id or by a reference of the integrator's. One that does not
// exist is [worktime.ErrNotFound].
//
// See [GET /contracts/{contractReference}].
//
// [GET /contracts/{contractReference}]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/contracts/get/
//
//api:op GET /contracts/{contractReference}
func (s *ContractService) Get(ctx context.Context, ref Ref, references ...ReferenceName) (Contract, error) {
	return byRef[Contract](ctx, s.client, getContract, "contracts", ref, references)
}

// Changes walks the changes of contracts from cursor on: see [ClockingService.Changes].
//
// See [GET /contracts?delta].
//
// [GET /contracts?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/people/contracts/delta/
//
//api:op GET /contracts?delta
func (s *ContractService) Changes(ctx context.Context, cursor worktime.Cursor, q ContractQuery) iter.Seq2[worktime.Page[Change[Contract]], error] {
	return changes(ctx, s.client, changesOfContract, cursor, q)
}

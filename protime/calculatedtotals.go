package protime

import (
	"context"
	"iter"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/rest"
)

// CalculatedTotal is what Protime counts for a person on one day. There is one for each person and
// day. All durations are in minutes.
type CalculatedTotal struct {
	// ChangeVersion orders the states of one total: compare as text, the larger is newer.
	ChangeVersion string        `json:"changeVersion,omitzero"`
	ID            int64         `json:"id,omitzero"`
	Person        Ref           `json:"person"`
	Date          worktime.Date `json:"date,omitzero"`
	// NormalTimeDurationMinutes is the scheduled time.
	NormalTimeDurationMinutes         int `json:"normalTimeDurationInMinutes"`
	TimePresentDurationMinutes        int `json:"timePresentDurationInMinutes"`
	CalculatedPresenceDurationMinutes int `json:"calculatedPresenceDurationInMinutes"`
	// What the three weekly hours mean is the tenant's configuration.
	WeeklyHours1DurationMinutes   int `json:"weeklyHours1DurationInMinutes"`
	WeeklyHours2DurationMinutes   int `json:"weeklyHours2DurationInMinutes"`
	WeeklyHours3DurationMinutes   int `json:"weeklyHours3DurationInMinutes"`
	PayPeriodHoursDurationMinutes int `json:"payPeriodHoursDurationInMinutes"`
	FlextimeDurationMinutes       int `json:"flextimeDurationInMinutes"`
	// FlextimeBalanceMinutes is negative if time is owed.
	FlextimeBalanceMinutes int  `json:"flextimeBalanceInMinutes"`
	ShiftDefinition        *Ref `json:"shiftDefinition,omitempty"`
}

func (c CalculatedTotal) version() (int64, string) { return c.ID, c.ChangeVersion }

// CalculatedTotalQuery selects calculated totals by day and person. External references: of people
// and shift-definitions.
type CalculatedTotalQuery = PeriodQuery

// CalculatedTotalService reads calculated totals. It needs [ScopeCalculatedTotalsRead].
type CalculatedTotalService struct{ client *rest.Client }

const calculatedTotalsPath = "/calculated-totals"

var (
	listCalculatedTotals     = listOf[CalculatedTotal, CalculatedTotalQuery]("calculated totals", calculatedTotalsPath)
	changesOfCalculatedTotal = feedOf[CalculatedTotal, CalculatedTotalQuery]("calculated totals", calculatedTotalsPath)
	getCalculatedTotal       = getOf("calculated total", calculatedTotalsPath+"/{id}")
)

// All walks the calculated totals that q selects, page after page. Errors are those of
// [ClockingService.All].
//
// See [GET /calculated-totals].
//
// [GET /calculated-totals]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /calculated-totals
func (s *CalculatedTotalService) All(ctx context.Context, q CalculatedTotalQuery) iter.Seq2[CalculatedTotal, error] {
	return rest.All(ctx, s.client, listCalculatedTotals, q)
}

// Pages is [CalculatedTotalService.All] by pages, each with the cursor of the position after it.
//
// See [GET /calculated-totals].
//
// [GET /calculated-totals]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /calculated-totals
func (s *CalculatedTotalService) Pages(ctx context.Context, q CalculatedTotalQuery) iter.Seq2[worktime.Page[CalculatedTotal], error] {
	return rest.Pages(ctx, s.client, listCalculatedTotals, q)
}

// Get returns one calculated total, with the external references that are named. One that does not
// exist is [worktime.ErrNotFound].
//
// See [GET /calculated-totals/{id}].
//
// [GET /calculated-totals/{id}]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /calculated-totals/{id}
func (s *CalculatedTotalService) Get(ctx context.Context, id int64, references ...ReferenceName) (CalculatedTotal, error) {
	return byID[CalculatedTotal](ctx, s.client, getCalculatedTotal, id, references)
}

// Changes walks the changes of calculated totals from cursor on: see [ClockingService.Changes].
//
// See [GET /calculated-totals?delta].
//
// [GET /calculated-totals?delta]: https://documentation.myprotime.eu/protimeapi/reference/collections/calculated-totals/
//
//api:op GET /calculated-totals?delta
func (s *CalculatedTotalService) Changes(ctx context.Context, cursor worktime.Cursor, q CalculatedTotalQuery) iter.Seq2[worktime.Page[Change[CalculatedTotal]], error] {
	return changes(ctx, s.client, changesOfCalculatedTotal, cursor, q)
}

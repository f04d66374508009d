package protime

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The events of each collection that has webhooks, with the records of its list.
func TestEventsOfEachCollection(t *testing.T) {
	for collection, receive := range map[WebhookCollection]func(*testing.T, WebhookCollection){
		WebhookAbsences:           receives[Absence],
		WebhookAbsenceDefinitions: receives[AbsenceDefinition],
		WebhookAbsenceGroups:      receives[AbsenceGroup],
		WebhookAccessClockings:    receives[AccessClocking],
		WebhookActivityDurations:  receives[ActivityDuration],
		WebhookAssignments:        receives[Assignment],
		WebhookBreakDefinitions:   receives[BreakDefinition],
		WebhookBreaks:             receives[Break],
		WebhookCalculatedTotals:   receives[CalculatedTotal],
		WebhookClockings:          receives[Clocking],
		WebhookContracts:          receives[Contract],
		WebhookCounters:           receives[Counter],
		WebhookCounterDefinitions: receives[CounterDefinition],
		WebhookCounterGroups:      receives[CounterGroup],
		WebhookPaidPresences:      receives[PaidPresence],
		WebhookPeople:             receives[Person],
		WebhookShiftDefinitions:   receives[ShiftDefinition],
		WebhookWorkInterruptions:  receives[WorkInterruption],
	} {
		t.Run(string(collection), func(t *testing.T) { receive(t, collection) })
	}
}

func receives[T Record](t *testing.T, collection WebhookCollection) {
	t.Helper()
	var records struct{ Value []json.RawMessage }
	var want []T
	for _, row := range wire[string(collection)] {
		if listed, ok := row.want.([]T); ok && row.op == "GET /"+string(collection) && len(listed) > len(want) {
			want = listed
			require.NoError(t, json.Unmarshal([]byte(row.answer.body), &records))
		}
	}
	require.NotEmpty(t, want, "the wire table has no list of them")
	var got []T
	handler, err := NewWebhookHandler(WebhookConfig[T]{
		Handle: func(_ context.Context, change Change[T]) error {
			got = append(got, change.Data)
			return nil
		},
		Keys: []WebhookSecret{webhookKey}, Signature: hexSignature(),
	})
	require.NoError(t, err)
	for _, record := range append(records.Value, records.Value[0]) {
		event := `{"changeType":"InsertOrUpdate","data":` + string(record) + `}`
		assert.Equal(t, http.StatusNoContent, respond(handler, delivery(event)).Code)
	}
	assert.Equal(t, want, got, "each once")
}

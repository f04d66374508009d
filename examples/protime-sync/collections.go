package main

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
)

// feed walks the changes of a collection from a cursor on.
type feed func(ctx context.Context, at worktime.Cursor, from worktime.Date) iter.Seq2[page, error]

// page is a page of changes as lines of JSON.
type page struct {
	entries []entry
	cursor  worktime.Cursor
}

// collection is one that can be mirrored.
type collection struct {
	name  string
	scope protime.Scope // its permission
	// follow returns what is needed of the collection's service.
	follow func(c *protime.Client) following
}

// following is how to follow a collection.
type following struct {
	changes feed
	// receiver receives webhooks at a secret path, and rings for each of them.
	receiver func(path protime.WebhookSecret, ring func()) (http.Handler, error)
}

// collections are all whose changes Protime tells.
var collections = []collection{ //nolint:gochecknoglobals // a table
	{"absence-definitions", protime.ScopeAbsenceDefinitionsRead, func(c *protime.Client) following { return whole(c.AbsenceDefinitions.Changes) }},
	{"absence-groups", protime.ScopeAbsenceGroupsRead, func(c *protime.Client) following { return whole(c.AbsenceGroups.Changes) }},
	{"absences", protime.ScopeAbsencesRead, func(c *protime.Client) following { return period(c.Absences.Changes) }},
	{"access-clockings", protime.ScopeAccessClockingsRead, func(c *protime.Client) following { return period(c.AccessClockings.Changes) }},
	{"activity-durations", protime.ScopeActivityDurationsRead, func(c *protime.Client) following { return period(c.ActivityDurations.Changes) }},
	{"assignments", protime.ScopeAssignmentsRead, func(c *protime.Client) following { return period(c.Assignments.Changes) }},
	{"break-definitions", protime.ScopeBreakDefinitionsRead, func(c *protime.Client) following { return whole(c.BreakDefinitions.Changes) }},
	{"breaks", protime.ScopeBreaksRead, func(c *protime.Client) following { return period(c.Breaks.Changes) }},
	{"calculated-totals", protime.ScopeCalculatedTotalsRead, func(c *protime.Client) following { return period(c.CalculatedTotals.Changes) }},
	{"clockings", protime.ScopeClockingsRead, func(c *protime.Client) following {
		return follow(c.Clockings.Changes, func(from worktime.Date) protime.ClockingQuery { return protime.ClockingQuery{From: from} })
	}},
	{"contracts", protime.ScopeContractsRead, func(c *protime.Client) following { return whole(c.Contracts.Changes) }},
	{"counter-definitions", protime.ScopeCounterDefinitionsRead, func(c *protime.Client) following { return whole(c.CounterDefinitions.Changes) }},
	{"counter-groups", protime.ScopeCounterGroupsRead, func(c *protime.Client) following { return whole(c.CounterGroups.Changes) }},
	{"counters", protime.ScopeCountersRead, func(c *protime.Client) following {
		return follow(c.Counters.Changes, func(from worktime.Date) protime.CounterQuery { return protime.CounterQuery{From: from} })
	}},
	{"paid-presences", protime.ScopeCalculatedTotalsRead, func(c *protime.Client) following { return period(c.PaidPresences.Changes) }},
	{"people", protime.ScopePeopleRead, func(c *protime.Client) following { return whole(c.People.Changes) }},
	{"shift-definitions", protime.ScopeShiftDefinitionsRead, func(c *protime.Client) following { return whole(c.ShiftDefinitions.Changes) }},
	{"work-interruptions", protime.ScopeWorkInterruptionsRead, func(c *protime.Client) following { return period(c.WorkInterruptions.Changes) }},
}

// changes is the Changes method of a service.
type changes[T protime.Record, Q any] = func(context.Context, worktime.Cursor, Q) iter.Seq2[worktime.Page[protime.Change[T]], error]

func period[T protime.Record](c changes[T, protime.PeriodQuery]) following {
	return follow(c, func(from worktime.Date) protime.PeriodQuery { return protime.PeriodQuery{From: from} })
}

// whole is a collection without dates.
func whole[T protime.Record, Q any](c changes[T, Q]) following {
	return follow(c, func(worktime.Date) (all Q) { return all })
}

func follow[T protime.Record, Q any](c changes[T, Q], query func(from worktime.Date) Q) following {
	return following{lines(c, query), func(path protime.WebhookSecret, ring func()) (http.Handler, error) {
		return protime.NewWebhookHandler(protime.WebhookConfig[T]{
			SecretPath: path,
			Handle: func(context.Context, protime.Change[T]) error {
				ring()
				return nil
			},
		})
	}}
}

// lines turns typed changes into lines. Of several changes of a record in one page it takes the
// newest.
func lines[T protime.Record, Q any](c changes[T, Q], query func(from worktime.Date) Q) feed {
	return func(ctx context.Context, at worktime.Cursor, from worktime.Date) iter.Seq2[page, error] {
		return func(yield func(page, error) bool) {
			for typed, err := range c(ctx, at, query(from)) {
				out := page{cursor: typed.Cursor}
				for _, change := range protime.Latest(typed.Items) {
					var e entry
					e.id, e.version = protime.VersionOf(change.Data)
					if err == nil && change.Type != protime.ChangeDelete {
						e.line, err = json.Marshal(change.Data)
					}
					out.entries = append(out.entries, e)
				}
				if !yield(out, err) {
					return
				}
			}
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/attendance"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func protimeProvider() provider {
	return provider{
		prefix: "PROTIME_", items: "clockings", login: "PROTIME_TENANT, PROTIME_CLIENT_ID and PROTIME_CLIENT_SECRET",
		fields: map[string]string{
			"Config.Tenant": "PROTIME_TENANT", "Config.Environment": "PROTIME_ENVIRONMENT", "Config.ClientID": "PROTIME_CLIENT_ID",
			"Config.ClientSecret": "PROTIME_CLIENT_SECRET", "Config.Scopes": "PROTIME_SCOPES", "Config.APIURL": "PROTIME_API_URL",
			"Config.AuthURL": "PROTIME_AUTH_URL", "Options.UserAgent": "PROTIME_USER_AGENT",
		},
		open: func(env map[string]string, o options) (reader, error) {
			config := protime.Config{
				Tenant: env["PROTIME_TENANT"], Environment: protime.Environment(env["PROTIME_ENVIRONMENT"]),
				ClientID: env["PROTIME_CLIENT_ID"], ClientSecret: env["PROTIME_CLIENT_SECRET"],
				APIURL: env["PROTIME_API_URL"], AuthURL: env["PROTIME_AUTH_URL"],
				Options: worktime.Options{UserAgent: env["PROTIME_USER_AGENT"]},
			}
			for scope := range strings.FieldsSeq(env["PROTIME_SCOPES"]) {
				config.Scopes = append(config.Scopes, protime.Scope(scope))
			}
			if config.Options.UserAgent == "" {
				config.Options.UserAgent = "timesheet/v1 (worktime example)"
			}
			return openProtime(config, o, func() {})
		},
		demo: func(o options) (reader, error) {
			// Somebody looks in on a Saturday, and forgets to clock out.
			saturday := firstOfWeek(o.from).AddDays(12)
			server, err := protimetest.Start(protimetest.WithSample(o.from), protimetest.WithClockings(
				protime.Clocking{Person: protime.ByID(4), Date: saturday, TimeOfDay: 9*60 + 12, Kind: protime.ClockingInOut},
			))
			if err != nil {
				return reader{}, err
			}
			return openProtime(server.Config(), o, server.Close)
		},
	}
}

func openProtime(config protime.Config, o options, stop func()) (reader, error) {
	client, err := protime.NewClient(config)
	if err != nil {
		stop()
		return reader{}, err
	}
	return reader{
		read:  func(ctx context.Context, counted func()) ([]line, error) { return readProtime(ctx, client, o, counted) },
		close: client.Close, stop: stop,
	}, nil
}

// readProtime makes worked time of the clockings, with a day more at either end, for shifts over midnight.
func readProtime(ctx context.Context, client *protime.Client, o options, counted func()) ([]line, error) {
	var clockings []protime.Clocking
	for c, err := range client.Clockings.All(ctx, protime.ClockingQuery{From: o.from.AddDays(-1), To: o.to.AddDays(1)}) {
		if err != nil {
			return nil, err
		}
		counted()
		clockings = append(clockings, c)
	}
	names := map[int64]string{}
	for p, err := range client.People.All(ctx, protime.PersonQuery{}) {
		if errors.Is(err, worktime.ErrForbidden) || errors.Is(err, worktime.ErrUnauthorized) {
			break // for want of a scope: the sheet goes without names
		}
		if err != nil {
			return nil, err
		}
		names[p.ID] = strings.TrimSpace(p.FirstName + " " + p.LastName)
	}
	var lines []line
	for _, day := range attendance.Days(attendance.Pair(clockings)) {
		if day.Date.Before(o.from) || day.Date.After(o.to) {
			continue
		}
		l := line{Provider: "protime", PersonID: day.Person, Person: names[day.Person], Day: day.Date, Minutes: day.Worked()}
		if l.Person == "" {
			l.Person = fmt.Sprintf("Person %d", day.Person)
		}
		for _, span := range day.Spans {
			switch {
			case span.Out == nil:
				l.Missing = append(l.Missing, span.Start().String()+": no clock-out")
			case span.In == nil:
				l.Missing = append(l.Missing, span.End().String()+": no clock-in")
			}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

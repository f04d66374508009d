package main

import (
	"context"
	"math"
	"strings"

	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
)

func timelogProvider() provider {
	return provider{
		prefix: "TIMELOG_", items: "registrations", login: "TIMELOG_SITE_URL and TIMELOG_PAT",
		fields: map[string]string{"Config.SiteURL": "TIMELOG_SITE_URL", "Config.Auth": "TIMELOG_PAT"},
		open: func(env map[string]string, o options) (reader, error) {
			return openTimeLog(timelog.Config{SiteURL: env["TIMELOG_SITE_URL"], Auth: timelog.PersonalAccessToken(env["TIMELOG_PAT"])}, o, func() {})
		},
		demo: func(o options) (reader, error) {
			server, err := timelogtest.Start(timelogtest.WithSample(o.from))
			if err != nil {
				return reader{}, err
			}
			return openTimeLog(server.Config(), o, server.Close)
		},
	}
}

func openTimeLog(config timelog.Config, o options, stop func()) (reader, error) {
	client, err := timelog.NewClient(config)
	if err != nil {
		stop()
		return reader{}, err
	}
	return reader{
		read:  func(ctx context.Context, counted func()) ([]line, error) { return readTimeLog(ctx, client, o, counted) },
		close: client.Close, stop: stop,
	}, nil
}

// readTimeLog reads what the owner of the token registered, absences left out.
func readTimeLog(ctx context.Context, client *timelog.Client, o options, counted func()) ([]line, error) {
	me, err := client.Users.Me(ctx)
	if err != nil {
		return nil, err
	}
	var lines []line
	for item, err := range client.TimeTrackingItems.ByDate(ctx, timelog.TimeTrackingItemQuery{StartDate: o.from, EndDate: o.to}) {
		if err != nil {
			return nil, err
		}
		counted()
		if item.AbsenceCodeID != 0 {
			continue
		}
		lines = append(lines, line{
			Provider: "timelog", PersonID: int64(me.ID), Person: strings.TrimSpace(me.FirstName + " " + me.LastName), Day: item.Date.Date(),
			ProjectID: int64(item.ProjectID), Project: item.ProjectName, Minutes: int(math.Round(item.Hours * 60)),
		})
	}
	return lines, nil
}

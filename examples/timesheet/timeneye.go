package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
)

func timeneyeProvider() provider {
	return provider{
		prefix: "TIMENEYE_", items: "entries", login: "TIMENEYE_PAT",
		fields: map[string]string{"Config.Auth": "TIMENEYE_PAT", "Config.BaseURL": "TIMENEYE_API_URL"},
		open: func(env map[string]string, o options) (reader, error) {
			config := timeneye.Config{Auth: timeneye.PersonalAccessToken(env["TIMENEYE_PAT"])}
			if base := env["TIMENEYE_API_URL"]; base != "" {
				config.BaseURL = strings.TrimSuffix(base, "/") + "/api/v1"
			}
			return openTimeneye(config, o, func() {})
		},
		demo: func(o options) (reader, error) {
			server, err := timeneyetest.Start(timeneyetest.WithSample(o.from))
			if err != nil {
				return reader{}, err
			}
			return openTimeneye(server.Config(), o, server.Close)
		},
	}
}

func openTimeneye(config timeneye.Config, o options, stop func()) (reader, error) {
	client, err := timeneye.NewClient(config)
	if err != nil {
		stop()
		return reader{}, err
	}
	return reader{
		read: func(ctx context.Context, counted func()) ([]line, error) {
			return readTimeneye(ctx, client, o, counted)
		},
		close: client.Close, stop: stop,
	}, nil
}

// readTimeneye reads the entries that the owner of the token may see. How the vendor tells the names of users is not documented.
func readTimeneye(ctx context.Context, client *timeneye.Client, o options, counted func()) ([]line, error) {
	names := map[int64]string{}
	for project, err := range client.Projects.All(ctx, timeneye.ProjectQuery{WithoutPhases: true}) {
		if err != nil {
			return nil, err
		}
		names[project.ID] = project.Name
	}
	var lines []line
	for entry, err := range client.Entries.All(ctx, timeneye.EntryQuery{From: o.from, To: o.to}) {
		if err != nil {
			return nil, err
		}
		counted()
		l := line{
			Provider: "timeneye", PersonID: entry.UserID, Person: fmt.Sprintf("User %d", entry.UserID), Day: entry.Date,
			ProjectID: entry.ProjectID, Project: names[entry.ProjectID], Minutes: entry.Minutes,
		}
		if l.Project == "" {
			l.Project = fmt.Sprintf("Project %d", entry.ProjectID)
		}
		lines = append(lines, l)
	}
	return lines, nil
}

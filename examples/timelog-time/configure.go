package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

// configure reads the environment; if it is silent, it starts a TimeLog in memory with two weeks of registrations.
func configure(environ []string, o options, stderr io.Writer) (config timelog.Config, stop func(), err error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TIMELOG_") && value != "" {
			env[name] = value
		}
	}
	config = timelog.Config{SiteURL: env["TIMELOG_SITE_URL"], Options: worktime.Options{UserAgent: "timelog-time/v1 (worktime example)"}}
	switch hasKey := env["TIMELOG_CLIENT_ID"] != "" && env["TIMELOG_CLIENT_SECRET"] != ""; {
	case len(env) == 0:
		server, err := timelogtest.Start(timelogtest.WithSample(o.day.AddDays(-13)))
		if err != nil {
			return config, nil, err
		}
		fmt.Fprintln(stderr, "No TIMELOG_* variable is set: listing an in-memory TimeLog with invented people. See -h.")
		return server.Config(), server.Close, nil
	case env["TIMELOG_PAT"] != "":
		config.Auth = timelog.PersonalAccessToken(env["TIMELOG_PAT"])
	case !hasKey:
		return config, nil, errors.New("set TIMELOG_PAT, or TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET")
	case o.store == "":
		return config, nil, errors.New("want -store, the directory with the login that timelog-login made")
	default:
		config.Auth = timelog.HybridLogin{
			ClientID: env["TIMELOG_CLIENT_ID"], ClientSecret: env["TIMELOG_CLIENT_SECRET"], LoginURL: env["TIMELOG_LOGIN_URL"],
			RedirectURL: "http://127.0.0.1:0/callback", // nobody logs in here
			Store:       tokenstore.File(o.store),
		}
	}
	return config, func() {}, nil
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

// settings are what the environment and the command line come to.
type settings struct {
	config timelog.Config
	store  tokenstore.Store // nil with a personal access token, which is not stored
	key    tokenstore.Key   // of the login in the store
	stop   func()
}

// configure reads the environment; if it is silent, it starts a TimeLog in memory.
func configure(ctx context.Context, o options, environ []string, stderr io.Writer) (settings, error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TIMELOG_") && value != "" {
			env[name] = value
		}
	}
	config := timelog.Config{SiteURL: env["TIMELOG_SITE_URL"], Options: worktime.Options{UserAgent: "timelog-login/v1 (worktime example)"}}
	open := func(_ context.Context, url string) error {
		_, err := fmt.Fprintln(stderr, "open:", url)
		return err
	}
	switch pat := env["TIMELOG_PAT"]; {
	case len(env) == 0:
		return inMemory(ctx, o, open, stderr)
	case pat == "" && (env["TIMELOG_CLIENT_ID"] == "" || env["TIMELOG_CLIENT_SECRET"] == ""):
		return settings{}, errors.New("set TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET, or TIMELOG_PAT")
	case pat == "":
	case env["TIMELOG_CLIENT_ID"] != "" || env["TIMELOG_CLIENT_SECRET"] != "":
		return settings{}, errors.New("set TIMELOG_PAT, or TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET, not all of them")
	case o.refresh || o.logout:
		return settings{}, errors.New("a personal access token can be neither refreshed nor logged out: it ends when its owner deletes it, or by itself")
	default:
		config.Auth = timelog.PersonalAccessToken(pat)
		return settings{config: config, stop: func() {}}, nil
	}
	store := tokenstore.Memory()
	if o.dir != "" {
		store = tokenstore.File(o.dir)
	}
	hybrid := timelog.HybridLogin{
		ClientID: env["TIMELOG_CLIENT_ID"], ClientSecret: env["TIMELOG_CLIENT_SECRET"],
		LoginURL: cmp.Or(env["TIMELOG_LOGIN_URL"], timelog.DefaultLoginURL), Store: store,
	}
	if o.noBrowser {
		hybrid.Open = open
	}
	return o.settings(config, hybrid), nil
}

// settings adds the flags to a login.
func (o options) settings(config timelog.Config, hybrid timelog.HybridLogin) settings {
	hybrid.Scopes = []timelog.Scope{timelog.ScopeOpenID, timelog.ScopeTLP, timelog.ScopeOfflineAccess}
	hybrid.ResponseMode = o.responseMode
	hybrid.RedirectURL = "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(o.port)) + "/callback"
	config.Auth = hybrid
	grant := tokenstore.Grant{Vendor: "timelog", Issuer: hybrid.LoginURL, ClientID: hybrid.ClientID}
	for _, scope := range hybrid.Scopes {
		grant.Scopes = append(grant.Scopes, string(scope))
	}
	return settings{config: config, store: hybrid.Store, key: grant.Key(), stop: func() {}}
}

// inMemory starts a TimeLog in memory, whose own browser logs in. It knows no login of earlier, so it makes one
// if there is to be one.
func inMemory(ctx context.Context, o options, show func(context.Context, string) error, stderr io.Writer) (settings, error) {
	server, err := timelogtest.Start(timelogtest.WithLoopback())
	if err != nil {
		return settings{}, err
	}
	fmt.Fprintln(stderr, "No TIMELOG_* variable is set: logging in to an in-memory TimeLog, and storing nothing. See -h.")
	hybrid := server.HybridLogin(tokenstore.Memory())
	if o.noBrowser {
		hybrid.Open = func(ctx context.Context, url string) error {
			return errors.Join(show(ctx, url), server.Browse(ctx, url))
		}
	}
	config := server.Config()
	config.SiteURL = ""
	s := o.settings(config, hybrid)
	s.stop = server.Close
	if !o.refresh && !o.logout {
		return s, nil
	}
	client, err := timelog.NewClient(s.config)
	if err != nil {
		s.stop()
		return s, err
	}
	err = errors.Join(client.Login(ctx), client.Close(context.WithoutCancel(ctx)))
	if err != nil {
		s.stop()
	}
	return s, err
}

// expire ends the stored access token here, so that the next use of the login refreshes it.
func (s settings) expire(ctx context.Context) error {
	return s.store.Update(ctx, s.key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if old == nil {
			return nil, errors.New("nobody is logged in: log in without -refresh first, with the same directory and the same variables")
		}
		record := *old
		record.Expiry = time.Now()
		return &record, nil
	})
}

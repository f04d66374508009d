// Command timelog-login logs a person in to TimeLog with a browser, keeps the login in a store, and
// proves it by asking the site who they are.
//
// It is configured by TIMELOG_ variables of the environment: see -h. With none of them set it starts an
// in-memory TimeLog of its own and logs itself in there. One line of JSON goes to stdout, everything else
// to stderr. It exits with 1 on failure and with 2 on wrong usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for what is under way
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	options, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if err := login(ctx, options, environ, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "timelog-login:", err)
		return 1
	}
	return 0
}

// options are the command line.
type options struct {
	dir             string
	port            int
	responseMode    string
	noBrowser       bool
	refresh, logout bool
}

const usage = `Usage: timelog-login [flags]

Logs a person in to TimeLog and prints one line of JSON: subject, site and expires, the end of the access token.
With none of these variables set it starts an in-memory TimeLog of its own and logs itself in:

  TIMELOG_CLIENT_ID      API key, issued by TimeLog's support
  TIMELOG_CLIENT_SECRET  API secret, issued with it
  TIMELOG_PAT            personal access token, in the place of these two: there is nobody to log in
  TIMELOG_LOGIN_URL      login server; https://login.timelog.com if not given
  TIMELOG_SITE_URL       such as https://app4.timelog.com/acme; if not given the login server is asked, but
                         not with a personal access token

http://127.0.0.1:PORT/callback must be registered for the key.

Flags:
`

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("timelog-login", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.dir, "store", "", "`directory` of the stored logins; empty keeps them in memory")
	flags.BoolVar(&o.noBrowser, "no-browser", false, "print \"open: URL\" to stderr instead of opening a browser")
	flags.IntVar(&o.port, "port", 0, "`port` of the redirect URL; 0: any")
	flags.StringVar(&o.responseMode, "response-mode", "form_post", "`how` the login server answers: form_post or fragment")
	flags.BoolVar(&o.refresh, "refresh", false, "refresh the stored login, without a browser")
	flags.BoolVar(&o.logout, "logout", false, "end the stored login")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.port < 0 || o.port > 65535:
		err = fmt.Errorf("-port %d: want 0 to 65535", o.port)
	case !slices.Contains([]string{"form_post", "fragment"}, o.responseMode):
		err = fmt.Errorf("-response-mode %q: want form_post or fragment", o.responseMode)
	case o.refresh && o.logout:
		err = errors.New("want -refresh or -logout, not both")
	case (o.refresh || o.logout) && o.dir == "":
		err = errors.New("-refresh and -logout are about a stored login: want -store too")
	}
	if err != nil {
		fmt.Fprintln(stderr, "timelog-login:", err)
		flags.Usage()
	}
	return o, err
}

// result is the line that is printed.
type result struct {
	Subject string     `json:"subject"` // with a personal access token the number of the person
	Site    string     `json:"site"`    // empty if the login server did not tell it
	Expires *time.Time `json:"expires"` // nil: unknown
}

// login does what the command line asks for.
func login(ctx context.Context, o options, environ []string, stdout, stderr io.Writer) error {
	s, err := configure(ctx, o, environ, stderr)
	if err != nil {
		return err
	}
	defer s.stop()
	client, err := timelog.NewClient(s.config)
	if err != nil {
		return hinted(err)
	}
	defer client.Close(context.WithoutCancel(ctx))
	switch {
	case s.store == nil:
		return personal(ctx, client, stdout, stderr)
	case o.logout:
		if err := client.Logout(ctx); err != nil {
			return err
		}
		fmt.Fprintln(stderr, "Logged out.")
		return nil
	case o.refresh:
		err = s.expire(ctx)
	default:
		err = client.Login(ctx)
	}
	if err != nil {
		return err
	}
	if _, err := client.TokenSource(ctx).Token(); err != nil { // refreshed if it has expired
		return err
	}
	site, me, unreachable := whoAmI(ctx, client)
	record, err := s.store.Load(ctx, s.key)
	if err != nil {
		return err
	}
	line := result{Subject: record.Subject, Site: site}
	if !record.Expiry.IsZero() {
		expires := record.Expiry.UTC().Truncate(time.Second)
		line.Expires = &expires
	}
	if unreachable != nil {
		fmt.Fprintln(stderr, "Logged in, but the API of the site could not be reached:", unreachable)
	} else {
		greet(stderr, me)
	}
	return json.NewEncoder(stdout).Encode(line)
}

// personal proves a personal access token, which the API alone knows.
func personal(ctx context.Context, client *timelog.Client, stdout, stderr io.Writer) error {
	site, me, err := whoAmI(ctx, client)
	if err != nil {
		return err
	}
	greet(stderr, me)
	return json.NewEncoder(stdout).Encode(result{Subject: strconv.FormatInt(int64(me.ID), 10), Site: site})
}

func greet(stderr io.Writer, me timelog.User) {
	fmt.Fprintf(stderr, "Logged in as %s %s (%s).\n", me.FirstName, me.LastName, me.Initials)
}

// siteLimit is how long the site may take to say who is logged in.
const siteLimit = 30 * time.Second

// whoAmI asks the site whose login it is.
func whoAmI(ctx context.Context, client *timelog.Client) (site string, me timelog.User, err error) {
	ctx, cancel := context.WithTimeout(ctx, siteLimit)
	defer cancel()
	if site, err = client.Site(ctx); err != nil {
		return "", me, err
	}
	me, err = client.Users.Me(ctx)
	return site, me, err
}

// hinted names the variable or the flag behind a field.
func hinted(err error) error {
	field, ok := errors.AsType[*worktime.FieldError](err)
	if !ok {
		return err
	}
	behind := map[string]string{
		"HybridLogin.ClientID": "TIMELOG_CLIENT_ID", "HybridLogin.LoginURL": "TIMELOG_LOGIN_URL",
		"Config.SiteURL": "TIMELOG_SITE_URL", "Config.Auth": "TIMELOG_PAT",
	}[field.Field]
	if behind == "" {
		return err
	}
	return fmt.Errorf("%w (set %s)", err, behind)
}

// Command timeneye-entries prints the entries of a period, or adds one.
//
// It is configured by TIMENEYE_ variables of the environment: see -h.
// With none of them set it starts an in-memory Timeneye of its own and lists that. Entries go to
// stdout, everything else to stderr. It exits with 1 on failure and with 2 on wrong usage.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
	"github.com/worktime-go/worktime/tokenstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	flags, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if flags.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, flags.timeout)
		defer cancel()
	}
	counts, err := work(ctx, flags, environ, stdout, stderr)
	var field *worktime.FieldError
	switch {
	case errors.As(err, &field):
		fmt.Fprintf(stderr, "timeneye-entries: %v%s\n", err, hint(field))
		if strings.HasPrefix(field.Field, "EntryQuery") || strings.HasPrefix(field.Field, "NewEntry") {
			return 2
		}
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "timeneye-entries:", err)
		return 1
	}
	fmt.Fprintf(stderr, "%d entries, %d pages, %d requests, %d token requests, %d retries\n",
		counts.entries, counts.pages.Load(), counts.requests.Load(), counts.tokens.Load(), counts.retries.Load())
	return 0
}

const usage = `Usage: timeneye-entries [flags]

Prints the entries of a period, or adds one with -add. With none of these variables set it starts an
in-memory Timeneye of its own:

  TIMENEYE_PAT        personal access token; if it is set, the next three are not used
  TIMENEYE_CLIENT_ID  of your app, to log in with a browser. Its redirect URL is http://127.0.0.1:PORT/callback
  TIMENEYE_AUTH_URL   authorization URL, as it is shown with your app
  TIMENEYE_TOKEN_URL  token URL, as it is shown with your app
  TIMENEYE_API_URL    scheme, host and port to use instead of the vendor's

Flags:
`

// options are what the command line says.
type options struct {
	query     timeneye.EntryQuery
	format    string
	store     string
	noBrowser bool
	port      uint
	timeout   time.Duration
	add       *addition // nil: nothing
}

// parse reads the command line. The default period is the last two weeks.
func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("timeneye-entries", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	today := worktime.DateOf(time.Now())
	flags.TextVar(&o.query.From, "from", today.AddDays(-13), "first `day`, YYYY-MM-DD; 13 days ago if not given")
	flags.TextVar(&o.query.To, "to", today, "last `day`, YYYY-MM-DD; today if not given")
	flags.Func("member", "`ids` of users, separated by commas; all that you may see if not given", func(s string) error {
		for part := range strings.SplitSeq(s, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is not the id of a user", part)
			}
			o.query.Members = append(o.query.Members, id)
		}
		return nil
	})
	flags.StringVar(&o.format, "format", "table", "table, csv or jsonl")
	flags.StringVar(&o.store, "store", "", "`directory` of the stored logins; empty keeps them in memory")
	flags.BoolVar(&o.noBrowser, "no-browser", false, `print "open: URL" to stderr instead of opening a browser`)
	flags.UintVar(&o.port, "port", 0, "`port` of the redirect URL; 0: any")
	flags.DurationVar(&o.timeout, "timeout", 15*time.Minute, "give up after this `duration`, logins and waits for the quota included; 0: never")
	flags.Func("add", "add an entry of today: `\"2h30m project phase note\"`; project and phase are ids, or names without blanks", func(s string) (err error) {
		o.add, err = parseAddition(s)
		return err
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case !slices.Contains([]string{"table", "csv", "jsonl"}, o.format):
		err = fmt.Errorf("-format %q: want table, csv or jsonl", o.format)
	case o.port > 65535:
		err = fmt.Errorf("-port %d: want 0 to 65535", o.port)
	}
	if err != nil {
		fmt.Fprintln(stderr, "timeneye-entries:", err)
		flags.Usage()
	}
	return o, err
}

// counts is what the last line reports.
type counts struct {
	entries                          int
	pages, requests, tokens, retries atomic.Int64
}

func (c *counts) trace() *worktime.Trace {
	return &worktime.Trace{
		RequestStart: func(_ context.Context, info worktime.RequestStartInfo) {
			if info.Operation == "code exchange" || info.Operation == "refresh" {
				c.tokens.Add(1)
			} else {
				c.requests.Add(1)
			}
		},
		Retry: func(context.Context, worktime.RetryInfo) { c.retries.Add(1) },
		Page:  func(context.Context, worktime.PageInfo) { c.pages.Add(1) },
	}
}

// work prints the entries that are asked for, or the one that it has added.
func work(ctx context.Context, o options, environ []string, stdout, stderr io.Writer) (*counts, error) {
	config, stop, err := configure(environ, o, stderr)
	if err != nil {
		return nil, err
	}
	defer stop()
	var n counts
	config.Options.Trace = n.trace()
	client, err := timeneye.NewClient(config)
	if err != nil {
		return nil, err
	}
	defer client.Close(context.WithoutCancel(ctx))
	if _, login := config.Auth.(timeneye.PKCELogin); login {
		// Nothing is stored yet, or what was stored has ended.
		if _, err := client.TokenSource(ctx).Token(); errors.Is(err, worktime.ErrLoginRequired) {
			if err := client.Login(ctx); err != nil {
				return nil, err
			}
		}
	}

	entries := client.Entries.All(ctx, o.query)
	if o.add != nil {
		entries = o.add.book(ctx, client)
	}
	out := newPrinter(o.format, stdout)
	for entry, err := range entries {
		if err == nil && n.entries == 0 {
			err = out.head()
		}
		if err == nil {
			err = out.row(entry)
		}
		if err != nil {
			_ = out.flush() // what came before; err says more than a failure of this
			return nil, err
		}
		n.entries++
	}
	if n.entries == 0 {
		err = out.head()
	}
	return &n, cmp.Or(err, out.flush())
}

// configure reads the environment; if it is silent, it starts a fake with two weeks of entries.
func configure(environ []string, o options, stderr io.Writer) (config timeneye.Config, stop func(), err error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "TIMENEYE_") && value != "" {
			env[name] = value
		}
	}
	if len(env) == 0 {
		server, err := timeneyetest.Start(timeneyetest.WithSample(o.query.From))
		if err != nil {
			return config, nil, err
		}
		fmt.Fprintln(stderr, "No TIMENEYE_* variable is set: listing an in-memory Timeneye with invented people. See -h.")
		return server.Config(), server.Close, nil
	}
	if env["TIMENEYE_API_URL"] != "" {
		config.BaseURL = strings.TrimRight(env["TIMENEYE_API_URL"], "/") + "/api/v1"
	}
	switch {
	case env["TIMENEYE_PAT"] != "":
		config.Auth = timeneye.PersonalAccessToken(env["TIMENEYE_PAT"])
	case env["TIMENEYE_CLIENT_ID"] != "":
		login := timeneye.PKCELogin{
			ClientID: env["TIMENEYE_CLIENT_ID"], AuthURL: env["TIMENEYE_AUTH_URL"], TokenURL: env["TIMENEYE_TOKEN_URL"],
			RedirectURL: fmt.Sprintf("http://127.0.0.1:%d/callback", o.port), Store: tokenstore.Memory(),
		}
		if o.store != "" {
			login.Store = tokenstore.File(o.store)
		}
		if o.noBrowser {
			login.Open = func(_ context.Context, url string) error {
				_, err := fmt.Fprintln(stderr, "open:", url)
				return err
			}
		}
		config.Auth = login
	}
	config.Options.UserAgent = "timeneye-entries/v1 (worktime example)"
	return config, func() {}, nil
}

// hint names the variable or the flag behind a field.
func hint(field *worktime.FieldError) string {
	switch field.Field {
	case "Config.Auth":
		return " (set TIMENEYE_PAT, or TIMENEYE_CLIENT_ID, TIMENEYE_AUTH_URL and TIMENEYE_TOKEN_URL)"
	case "Config.BaseURL":
		return " (set TIMENEYE_API_URL)"
	case "PKCELogin.ClientID":
		return " (set TIMENEYE_CLIENT_ID)"
	case "PKCELogin.AuthURL":
		return " (set TIMENEYE_AUTH_URL)"
	case "PKCELogin.TokenURL":
		return " (set TIMENEYE_TOKEN_URL)"
	case "PKCELogin.RedirectURL":
		return " (set -port)"
	case "EntryQuery.From", "EntryQuery.To":
		return " (set -from and -to)"
	case "NewEntry.Minutes":
		return " (set -add)"
	default:
		return ""
	}
}

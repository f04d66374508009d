// Command protime-clockings prints the clockings of a period.
//
// It is configured by PROTIME_ variables of the environment: see -h.
// With none of them set it starts an in-memory Protime of its own and lists that. Clockings go to
// stdout, everything else to stderr. It exits with 1 on failure and with 2 on wrong usage.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
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
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	query, format, timeout, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	counts, err := list(ctx, query, format, environ, stdout, stderr)
	var field *worktime.FieldError
	switch {
	case errors.As(err, &field):
		fmt.Fprintf(stderr, "protime-clockings: %v%s\n", err, hint(field))
		if strings.HasPrefix(field.Field, "ClockingQuery") {
			return 2
		}
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "protime-clockings:", err)
		return 1
	}
	fmt.Fprintf(stderr, "%d clockings, %d pages, %d requests, %d token requests, %d retries\n",
		counts.clockings, counts.pages.Load(), counts.requests.Load(), counts.tokens.Load(), counts.retries.Load())
	return 0
}

const usage = `Usage: protime-clockings [flags]

Prints the clockings of a period. With none of these variables set it starts an in-memory Protime of its own:

  PROTIME_TENANT         first part of the site's host name
  PROTIME_CLIENT_ID      issued by Protime
  PROTIME_CLIENT_SECRET  issued by Protime
  PROTIME_SCOPES         space-separated; empty asks for every scope of the client
  PROTIME_ENVIRONMENT    production (default) or sandbox
  PROTIME_USER_AGENT     "Service/Version (Company)"
  PROTIME_API_URL        scheme, host and port to use instead of the vendor's
  PROTIME_AUTH_URL       the same for the authentication server

Flags:
`

// parse reads the command line. The default period is the last two weeks.
func parse(args []string, stderr io.Writer) (query protime.ClockingQuery, format string, timeout time.Duration, err error) {
	flags := flag.NewFlagSet("protime-clockings", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	today := worktime.DateOf(time.Now())
	flags.TextVar(&query.From, "from", today.AddDays(-13), "first `day`, YYYY-MM-DD; 13 days ago if not given")
	flags.TextVar(&query.To, "to", today, "last `day`, YYYY-MM-DD; today if not given")
	flags.Func("person", "`ids` of persons, separated by commas; all if not given", func(s string) error {
		for part := range strings.SplitSeq(s, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is not the id of a person", part)
			}
			query.Persons = append(query.Persons, id)
		}
		return nil
	})
	flags.StringVar(&format, "format", "table", "table, csv or jsonl")
	flags.DurationVar(&timeout, "timeout", 5*time.Minute, "give up after this `duration`; 0: never")
	if err := flags.Parse(args); err != nil {
		return query, "", 0, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case !slices.Contains([]string{"table", "csv", "jsonl"}, format):
		err = fmt.Errorf("-format %q: want table, csv or jsonl", format)
	}
	if err != nil {
		fmt.Fprintln(stderr, "protime-clockings:", err)
		flags.Usage()
	}
	return query, format, timeout, err
}

// counts is what the last line reports.
type counts struct {
	clockings                        int
	pages, requests, tokens, retries atomic.Int64
}

func (c *counts) trace() *worktime.Trace {
	return &worktime.Trace{
		RequestStart: func(_ context.Context, info worktime.RequestStartInfo) {
			if info.Operation == "client credentials" {
				c.tokens.Add(1)
			} else {
				c.requests.Add(1)
			}
		},
		Retry: func(context.Context, worktime.RetryInfo) { c.retries.Add(1) },
		Page:  func(context.Context, worktime.PageInfo) { c.pages.Add(1) },
	}
}

// list prints the clockings that query selects.
func list(ctx context.Context, query protime.ClockingQuery, format string, environ []string, stdout, stderr io.Writer) (*counts, error) {
	config, stop, err := configure(environ, query, stderr)
	if err != nil {
		return nil, err
	}
	defer stop()
	var n counts
	config.Options.Trace = n.trace()
	client, err := protime.NewClient(config)
	if err != nil {
		return nil, err
	}
	defer client.Close(context.WithoutCancel(ctx))

	out := newPrinter(format, stdout)
	for clocking, err := range client.Clockings.All(ctx, query) {
		if err == nil && n.clockings == 0 {
			err = out.head()
		}
		if err == nil {
			err = out.row(clocking)
		}
		if err != nil {
			_ = out.flush() // what came before; err says more than a failure of this
			return nil, err
		}
		n.clockings++
	}
	if n.clockings == 0 {
		err = out.head()
	}
	return &n, cmp.Or(err, out.flush())
}

// configure reads the environment; if it is silent, it starts a fake with two weeks of clockings.
func configure(environ []string, query protime.ClockingQuery, stderr io.Writer) (config protime.Config, stop func(), err error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PROTIME_") && value != "" {
			env[name] = value
		}
	}
	if len(env) == 0 {
		server, err := protimetest.Start(protimetest.WithClockings(protimetest.SampleClockings(query.From)...))
		if err != nil {
			return config, nil, err
		}
		fmt.Fprintln(stderr, "No PROTIME_* variable is set: listing an in-memory Protime with invented people. See -h.")
		return server.Config(), server.Close, nil
	}
	config = protime.Config{
		Tenant: env["PROTIME_TENANT"], Environment: protime.Environment(env["PROTIME_ENVIRONMENT"]),
		ClientID: env["PROTIME_CLIENT_ID"], ClientSecret: env["PROTIME_CLIENT_SECRET"],
		APIURL: env["PROTIME_API_URL"], AuthURL: env["PROTIME_AUTH_URL"],
		Options: worktime.Options{UserAgent: env["PROTIME_USER_AGENT"]},
	}
	for scope := range strings.FieldsSeq(env["PROTIME_SCOPES"]) {
		config.Scopes = append(config.Scopes, protime.Scope(scope))
	}
	if config.Options.UserAgent == "" {
		config.Options.UserAgent = "protime-clockings/v1 (worktime example)"
	}
	return config, func() {}, nil
}

// hint names the variable or the flag behind a field.
func hint(field *worktime.FieldError) string {
	switch field.Field {
	case "Config.Tenant":
		return " (set PROTIME_TENANT)"
	case "Config.Environment":
		return " (set PROTIME_ENVIRONMENT)"
	case "Config.ClientID":
		return " (set PROTIME_CLIENT_ID)"
	case "Config.ClientSecret":
		return " (set PROTIME_CLIENT_SECRET)"
	case "Config.Scopes":
		return " (set PROTIME_SCOPES)"
	case "Config.APIURL":
		return " (set PROTIME_API_URL)"
	case "Config.AuthURL":
		return " (set PROTIME_AUTH_URL)"
	case "Options.UserAgent":
		return " (set PROTIME_USER_AGENT)"
	case "ClockingQuery.From", "ClockingQuery.To":
		return " (set -from and -to)"
	default:
		return ""
	}
}

// printer writes clockings in one of the formats.
type printer struct {
	head  func() error
	row   func(protime.Clocking) error
	flush func() error
}

func newPrinter(format string, w io.Writer) printer {
	buffer := bufio.NewWriter(w)
	columns := []string{"date", "time", "person", "kind", "status", "id"}
	cells := func(c protime.Clocking) []string {
		return []string{
			c.Date.String(), c.TimeOfDay.String(), strconv.FormatInt(c.Person.ID, 10),
			string(c.Kind), string(c.Status), strconv.FormatInt(c.ID, 10),
		}
	}
	switch format {
	case "jsonl":
		encoder := json.NewEncoder(buffer)
		return printer{
			head:  func() error { return nil },
			row:   func(c protime.Clocking) error { return encoder.Encode(c) },
			flush: buffer.Flush,
		}
	case "csv":
		writer := csv.NewWriter(buffer)
		return printer{
			head: func() error { return writer.Write(columns) },
			row:  func(c protime.Clocking) error { return writer.Write(cells(c)) },
			flush: func() error {
				writer.Flush()
				return errors.Join(writer.Error(), buffer.Flush())
			},
		}
	default:
		line := func(c []string) error {
			_, err := fmt.Fprintf(buffer, "%-10s  %-7s  %8s  %-11s  %-8s  %8s\n", c[0], c[1], c[2], c[3], c[4], c[5])
			return err
		}
		return printer{
			head:  func() error { return line(strings.Split(strings.ToUpper(strings.Join(columns, ",")), ",")) },
			row:   func(c protime.Clocking) error { return line(cells(c)) },
			flush: buffer.Flush,
		}
	}
}

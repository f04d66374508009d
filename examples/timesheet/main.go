// Command timesheet shows who worked how long, from Protime, TimeLog and Timeneye together.
//
// It is configured by PROTIME_, TIMELOG_ and TIMENEYE_ variables of the environment: see -h. With none of them set it starts an
// in-memory server of each and shows two weeks of a small company. The sheet goes to stdout, everything else to stderr. It exits with
// 1 if something could not be read or written, and with 2 on wrong usage.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var progress io.Writer
	if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		progress = os.Stderr
	}
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, progress)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments; progress is a terminal, or nil. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr, progress io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	results := gather(ctx, o, environ, stderr, progress)
	sheet := newSheet(o, results)
	status := 0
	for _, r := range results {
		if r.err != nil {
			fmt.Fprintln(stderr, "timesheet:", explain(r))
			status = 1
			continue
		}
		fmt.Fprintf(stderr, "%s: %d %s\n", r.provider, r.read, r.items)
	}
	if len(sheet.Failed) == len(results) {
		return 1 // and an empty sheet would look like an answer
	}
	var out bytes.Buffer
	err = sheet.write(&out, o.format)
	if err == nil && o.file != "" {
		err = os.WriteFile(o.file, out.Bytes(), 0o600) // it is about people
	} else if err == nil {
		_, err = out.WriteTo(stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "timesheet:", err)
		status = 1
	}
	return status
}

const usage = `Usage: timesheet [flags]

Shows who worked how long. A provider is read if it has a variable set; with none set at all, in-memory servers
with invented people take their place.

  PROTIME_TENANT         first part of the site's host name
  PROTIME_CLIENT_ID      issued by Protime
  PROTIME_CLIENT_SECRET  issued by Protime
  PROTIME_SCOPES         space-separated; empty asks for every scope of the client
  PROTIME_ENVIRONMENT    production (default) or sandbox
  PROTIME_USER_AGENT     "Service/Version (Company)"
  PROTIME_API_URL        scheme, host and port to use instead of the vendor's
  PROTIME_AUTH_URL       the same for the authentication server

  TIMELOG_SITE_URL       such as https://app4.timelog.com/acme
  TIMELOG_PAT            personal access token; the sheet has its owner's time

  TIMENEYE_PAT           personal access token; the sheet has what its owner's role may see
  TIMENEYE_API_URL       scheme, host and port to use instead of the vendor's

Time of Protime is that between clock-in and clock-out; of a clock-out that is missing nothing is guessed. Time of
TimeLog and Timeneye is what people registered; absences are left out.

Flags:
`

// options are the command line.
type options struct {
	from, to   worktime.Date
	by, format string
	providers  []string // nil: those that are configured
	file       string
}

// parse reads the command line. The default period is the two whole weeks before this one.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("timesheet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	monday := firstOfWeek(worktime.DateOf(time.Now()))
	flags.TextVar(&o.from, "from", monday.AddDays(-14), "first `day`, YYYY-MM-DD; the Monday of the week before last if not given")
	flags.TextVar(&o.to, "to", monday.AddDays(-1), "last `day`, YYYY-MM-DD; the Sunday of last week if not given")
	flags.StringVar(&o.by, "by", "day", "a line per `what` and person: person, day or project")
	providers := flags.String("providers", "", "which to read, of protime, timelog and timeneye, separated by `commas`; those with a variable set if not given")
	flags.StringVar(&o.format, "format", "table", "table, csv, jsonl or html")
	flags.StringVar(&o.file, "o", "", "write to a `file` instead of stdout")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *providers != "" {
		o.providers = strings.Split(*providers, ",")
		slices.Sort(o.providers)
		o.providers = slices.Compact(o.providers)
	}
	err := o.check()
	if flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "timesheet:", err)
		flags.Usage()
	}
	return o, err
}

func (o options) check() error {
	switch {
	case o.from.IsZero() || o.to.IsZero():
		return errors.New("-from and -to must not be empty")
	case o.to.Before(o.from):
		return fmt.Errorf("-to %s is before -from %s", o.to, o.from)
	case o.to.DaysSince(o.from) > 364:
		return errors.New("-from and -to are more than a year apart")
	case !slices.Contains([]string{"person", "day", "project"}, o.by):
		return fmt.Errorf("-by %q: want person, day or project", o.by)
	case !slices.Contains([]string{"table", "csv", "jsonl", "html"}, o.format):
		return fmt.Errorf("-format %q: want table, csv, jsonl or html", o.format)
	}
	for _, name := range o.providers {
		if _, ok := providers()[name]; !ok {
			return fmt.Errorf("-providers: %q is none: want protime, timelog or timeneye", name)
		}
	}
	return nil
}

// firstOfWeek returns the Monday of a day's week.
func firstOfWeek(day worktime.Date) worktime.Date {
	return day.AddDays(-(int(day.Weekday()) + 6) % 7)
}

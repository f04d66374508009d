// Command timelog-time prints the tasks that you may register time on and what you registered in a week, and books
// hours on a task.
//
// It is configured by TIMELOG_ variables of the environment: see -h.
// With none of them set it starts an in-memory TimeLog of its own and lists that. Tasks and registrations go to
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
	"github.com/worktime-go/worktime/timelog"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	counts, err := work(ctx, o, environ, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "timelog-time: %v%s\n", err, hint(err))
		return 1
	}
	fmt.Fprintf(stderr, "%d tasks, %d registrations, %d booked, %d pages, %d requests, %d token requests, %d retries\n",
		counts.tasks, counts.registrations, counts.booked, counts.pages.Load(), counts.requests.Load(), counts.tokens.Load(), counts.retries.Load())
	return 0
}

const usage = `Usage: timelog-time [flags]

Prints the tasks that you may register time on and what you registered in a week, and books hours with -task
and -hours. With none of these variables set it starts an in-memory TimeLog of its own:

  TIMELOG_SITE_URL       such as https://app4.timelog.com/acme; not needed with a stored login
  TIMELOG_PAT            personal access token; or else, for a login that timelog-login made with the same -store:
  TIMELOG_CLIENT_ID      API key, issued by TimeLog's support
  TIMELOG_CLIENT_SECRET  API secret, issued with it
  TIMELOG_LOGIN_URL      login server; https://login.timelog.com if not given

Flags:
`

// options are what the command line says.
type options struct {
	day     worktime.Date // in the week
	task    timelog.TaskID
	worked  time.Duration
	comment string
	dryRun  bool
	format  string
	store   string
	timeout time.Duration
}

// books reports whether there is something to book.
func (o options) books() bool { return o.task != 0 }

// parse reads the command line. The default week is the present one.
func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("timelog-time", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.TextVar(&o.day, "week", worktime.DateOf(time.Now()), "a `day` of the week, YYYY-MM-DD, and the one that hours are booked on; today if not given")
	flags.Func("task", "`number` of the task to book hours on", func(s string) error {
		id, err := strconv.ParseInt(s, 10, 64)
		if err != nil || id < 1 {
			return errors.New("want the number of a task")
		}
		o.task = timelog.TaskID(id)
		return nil
	})
	flags.Func("hours", "`hours` to book, such as 1.5; the customer pays them if the task says so", func(s string) error {
		hours, err := strconv.ParseFloat(s, 64)
		if err != nil || !(hours >= 1.0/60 && hours <= 24) {
			return errors.New("want hours such as 1.5, of a minute up to a day")
		}
		o.worked = time.Duration(hours * float64(time.Hour))
		return nil
	})
	flags.StringVar(&o.comment, "comment", "", "`text` of the booking; also its additional text if the task requires one")
	flags.BoolVar(&o.dryRun, "dry-run", false, "say what would be booked, and book nothing")
	flags.StringVar(&o.format, "format", "table", "table, csv or jsonl")
	flags.StringVar(&o.store, "store", "", "`directory` with the login that timelog-login made")
	flags.DurationVar(&o.timeout, "timeout", 5*time.Minute, "give up after this `duration`; 0: never")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case !slices.Contains([]string{"table", "csv", "jsonl"}, o.format):
		err = fmt.Errorf("-format %q: want table, csv or jsonl", o.format)
	case o.day.IsZero():
		err = errors.New("-week: want a day")
	case o.books() != (o.worked > 0):
		err = errors.New("-task and -hours go together")
	case !o.books() && (o.comment != "" || o.dryRun):
		err = errors.New("-comment and -dry-run are about a booking: want -task and -hours too")
	}
	if err != nil {
		fmt.Fprintln(stderr, "timelog-time:", err)
		flags.Usage()
	}
	return o, err
}

// counts is what the last line reports.
type counts struct {
	tasks, registrations, booked     int
	pages, requests, tokens, retries atomic.Int64
}

func (c *counts) trace() *worktime.Trace {
	return &worktime.Trace{
		RequestStart: func(_ context.Context, info worktime.RequestStartInfo) {
			if info.Operation == "refresh" {
				c.tokens.Add(1)
			} else {
				c.requests.Add(1)
			}
		},
		Retry: func(context.Context, worktime.RetryInfo) { c.retries.Add(1) },
		Page:  func(context.Context, worktime.PageInfo) { c.pages.Add(1) },
	}
}

// work books what is to be booked, and prints the tasks and the week.
func work(ctx context.Context, o options, environ []string, stdout, stderr io.Writer) (*counts, error) {
	config, stop, err := configure(environ, o, stderr)
	if err != nil {
		return nil, err
	}
	defer stop()
	var n counts
	config.Options.Trace = n.trace()
	client, err := timelog.NewClient(config)
	if err != nil {
		return nil, err
	}
	defer client.Close(context.WithoutCancel(ctx))

	tasks, err := worktime.Collect(client.Tasks.SearchForTimeTracking(ctx, timelog.TaskSearch{Paging: timelog.Paging{Expand: []string{"project"}}}))
	if err != nil {
		return nil, err
	}
	if o.books() {
		if n.booked, err = book(ctx, client, o, tasks, stderr); err != nil {
			return nil, err
		}
	}
	out := newPrinter(o.format, stdout)
	err = out.head()
	for _, task := range tasks {
		err = cmp.Or(err, out.row(taskRow(task)))
		n.tasks++
	}
	monday := o.day.AddDays(-(int(o.day.Weekday()) + 6) % 7)
	week := timelog.TimeTrackingItemQuery{StartDate: monday, EndDate: monday.AddDays(6)}
	for item, failed := range client.TimeTrackingItems.ByDate(ctx, week) {
		if failed == nil {
			failed = out.row(itemRow(item))
		}
		if err = cmp.Or(err, failed); err != nil {
			_ = out.flush() // what came before; err says more than a failure of this
			return nil, err
		}
		n.registrations++
	}
	return &n, cmp.Or(err, out.flush())
}

// hint names the variable or the flag behind an error.
func hint(err error) string {
	if errors.Is(err, worktime.ErrLoginRequired) {
		return " (log in with timelog-login, with the same -store and the same variables)"
	}
	field, ok := errors.AsType[*worktime.FieldError](err)
	switch {
	case !ok:
		return ""
	case field.Field == "Config.SiteURL":
		return " (set TIMELOG_SITE_URL)"
	case field.Field == "Config.Auth":
		return " (set TIMELOG_PAT)"
	case field.Field == "HybridLogin.LoginURL":
		return " (set TIMELOG_LOGIN_URL)"
	case strings.HasPrefix(field.Field, "HybridLogin.Client"):
		return " (set TIMELOG_CLIENT_ID and TIMELOG_CLIENT_SECRET)"
	default:
		return ""
	}
}

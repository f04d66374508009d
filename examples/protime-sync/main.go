// Command protime-sync keeps a local copy of a Protime tenant: a file of JSON lines for each collection, filled by
// an initial load and kept up to date by polls of what changed.
//
// It can be killed and started again at any moment. It is configured by PROTIME_ variables of the environment: see
// -h. With none of them set it starts an in-memory Protime of its own, in which things change. What was
// synchronised goes to stdout, everything else to stderr. It exits with 1 on failure and with 2 on wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/protime"
	"github.com/worktime-go/worktime/protime/protimetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is main with its surroundings as arguments. It returns the exit status.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	f, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // parse has said why
	}
	if err := synchronise(ctx, f, environ, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "protime-sync:", err)
		return 1
	}
	return 0
}

const usage = `Usage: protime-sync [flags]

Keeps a local copy of a Protime tenant, one file of JSON lines for each collection. It can be killed and started again
at any moment. Run it once only for a tenant, not even with another directory: Protime keeps one delta for each
collection, and two programs would end each other's. With none of these variables set it starts an in-memory Protime:

  PROTIME_TENANT         first part of the site's host name
  PROTIME_CLIENT_ID      issued by Protime
  PROTIME_CLIENT_SECRET  issued by Protime
  PROTIME_SCOPES         space-separated; empty asks for those of the collections
  PROTIME_ENVIRONMENT    production (default) or sandbox
  PROTIME_USER_AGENT     "Service/Version (Company)"
  PROTIME_API_URL        scheme, host and port to use instead of the vendor's
  PROTIME_AUTH_URL       the same for the authentication server

Flags:
`

// flags are the command line.
type flags struct {
	dir         string
	collections []collection
	once        bool
	interval    time.Duration
	listen      string
	destination string
}

// maxInterval is far from the 72 hours after which Protime forgets a delta.
const maxInterval = 48 * time.Hour

func parse(args []string, stderr io.Writer) (f flags, err error) {
	set := flag.NewFlagSet("protime-sync", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.Usage = func() {
		fmt.Fprint(stderr, usage)
		set.PrintDefaults()
	}
	set.StringVar(&f.dir, "dir", "", "`directory` of the copy, made if it does not exist; without a tenant a temporary one if not given")
	set.Func("collections", "`names` of collections, separated by commas; all that can be followed if not given", func(s string) error {
		for name := range strings.SplitSeq(s, ",") {
			i := slices.IndexFunc(collections, func(c collection) bool { return c.name == strings.TrimSpace(name) })
			if i < 0 {
				return fmt.Errorf("%q is not one of %s", name, strings.Join(names(collections), ", "))
			}
			if !slices.Contains(names(f.collections), collections[i].name) {
				f.collections = append(f.collections, collections[i])
			}
		}
		return nil
	})
	set.BoolVar(&f.once, "once", false, "bring the copy up to date once and exit")
	set.DurationVar(&f.interval, "interval", time.Minute, "`time` between polls, at most 48h")
	set.StringVar(&f.listen, "listen", "", "`address` to receive webhooks on; each of them wakes a poll")
	set.StringVar(&f.destination, "destination", "", "public https `URL` under which Protime reaches that address; its path must be a secret of 32 characters at least")
	if err := set.Parse(args); err != nil {
		return f, err
	}
	if len(f.collections) == 0 {
		f.collections = collections
	}
	switch {
	case set.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", set.Arg(0))
	case f.interval <= 0 || f.interval > maxInterval:
		err = fmt.Errorf("-interval %v: want more than 0 and at most %v, since Protime forgets a delta after 72 hours", f.interval, maxInterval)
	case (f.listen == "") != (f.destination == ""):
		err = errors.New("-listen and -destination belong together")
	case f.once && f.listen != "":
		err = errors.New("-once does not wait for webhooks: leave -listen out")
	case f.destination != "":
		err = checkDestination(f.destination)
	}
	if err != nil {
		fmt.Fprintln(stderr, "protime-sync:", err)
		set.Usage()
	}
	return f, err
}

func names(all []collection) []string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.name
	}
	return out
}

// synchronise brings the copy up to date, once or until ctx ends.
func synchronise(ctx context.Context, f flags, environ []string, stdout, stderr io.Writer) error {
	config, stop, err := configure(ctx, environ, &f, stderr)
	if err != nil {
		return err
	}
	defer stop()
	client, err := protime.NewClient(config)
	if err != nil {
		return err
	}
	defer client.Close(context.WithoutCancel(ctx))
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	var mirrors []*mirror
	for _, c := range f.collections {
		m, err := openMirror(f.dir, c.name)
		if err != nil {
			return err
		}
		mirrors = append(mirrors, m)
	}
	wake, closeReceiver, err := receive(ctx, client, f, stderr)
	if err != nil {
		return err
	}
	defer closeReceiver()
	ticks := time.NewTicker(f.interval)
	defer ticks.Stop()
	for {
		err := round(ctx, client, f.collections, mirrors, stdout, stderr)
		switch {
		case ctx.Err() != nil:
			return nil // to be stopped is the way to end
		case f.once:
			return err
		case err != nil:
			fmt.Fprintln(stderr, "protime-sync:", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticks.C:
		case <-wake:
		}
	}
}

// round brings each collection up to date. One that fails does not hold up the others.
func round(ctx context.Context, client *protime.Client, collections []collection, mirrors []*mirror, stdout, stderr io.Writer) error {
	var failed []error
	for i, m := range mirrors {
		changes, err := catchUp(ctx, m, collections[i].follow(client).changes, stderr)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", m.name, err))
			continue
		}
		if changes > 0 {
			if _, err := fmt.Fprintf(stdout, "%-20s %6d records %6d changes\n", m.name, len(m.records), changes); err != nil {
				return err
			}
		}
	}
	return errors.Join(failed...)
}

// catchUp finishes an initial load, if one is due, and polls. A delta that has expired is begun
// anew, once.
func catchUp(ctx context.Context, m *mirror, pages feed, stderr io.Writer) (changes int, err error) {
	show := progress(stderr, m.name)
	defer show(-1)
	for expired := false; ; {
		loading, resumed, before := m.state.Cursor == "" || m.state.Loading, m.resumed, changes
		m.resumed = false
		err = m.update(ctx, pages, func(n int) {
			changes += n
			show(changes)
		})
		switch {
		case errors.Is(err, protime.ErrDeltaExpired) && !expired:
			fmt.Fprintf(stderr, "%s: Protime no longer knows where we were: loading everything again\n", m.name)
			expired = true
		case err != nil:
			return changes, err
		case loading, resumed && changes > before: // what came may be the answer to a run that was killed: ask for what followed
		default:
			return changes, nil
		}
	}
}

// progress shows a count on a terminal, in a line that is wiped by a negative one.
func progress(stderr io.Writer, name string) func(int) {
	file, ok := stderr.(*os.File)
	if !ok {
		return func(int) {}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func(int) {}
	}
	return func(n int) {
		text := fmt.Sprintf("%s: %d", name, n)
		if n < 0 {
			text = ""
		}
		fmt.Fprintf(stderr, "\r\x1b[K%s", text)
	}
}

// configure reads the environment; if it is silent, it starts a fake in which things change.
func configure(ctx context.Context, environ []string, f *flags, stderr io.Writer) (config protime.Config, stop func(), err error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PROTIME_") && value != "" {
			env[name] = value
		}
	}
	if len(env) == 0 {
		return startFake(ctx, f, stderr)
	}
	if f.dir == "" {
		return config, nil, errors.New("set -dir to the directory of the copy")
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
	if len(config.Scopes) == 0 {
		for _, c := range f.collections {
			config.Scopes = append(config.Scopes, c.scope)
		}
		if f.listen != "" {
			config.Scopes = append(config.Scopes, protime.ScopeWebhooksRead, protime.ScopeWebhooksWrite)
		}
		slices.Sort(config.Scopes)
		config.Scopes = slices.Compact(config.Scopes)
	}
	if config.Options.UserAgent == "" {
		config.Options.UserAgent = "protime-sync/v1 (worktime example)"
	}
	return config, func() {}, nil
}

// startFake runs an in-memory Protime in which something changes every 200 ms.
func startFake(ctx context.Context, f *flags, stderr io.Writer) (config protime.Config, stop func(), err error) {
	server, err := protimetest.Start(protimetest.WithSample(worktime.DateOf(time.Now()).AddDays(-13)))
	if err != nil {
		return config, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Changes(1, names(f.collections)...).Run(ctx, 200*time.Millisecond)
	}()
	if f.dir == "" {
		if f.dir, err = os.MkdirTemp("", "protime-sync-"); err != nil {
			cancel()
			return config, nil, err
		}
	}
	fmt.Fprintln(stderr, "No PROTIME_* variable is set: copying an in-memory Protime with invented people to", f.dir+". See -h.")
	return server.Config(), func() {
		cancel()
		<-done
		server.Close()
	}, nil
}

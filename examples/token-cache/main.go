// Command token-cache logs in once at any token endpoint, keeps the login in a store, and refreshes it. Any number of it can
// run at a time with one directory: none of them loses the login of the others.
//
// It is configured by WORKTIME_ variables of the environment: see -h. With none of them set it starts
// an in-memory login server of its own.
//
// One line of JSON for each run goes to stdout, everything else to stderr. It exits with 1 on
// failure, a lost login above all, and with 2 on wrong usage.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	// A program of yours has all this from the client of a provider, whose login takes a Store. This one speaks to
	// any token endpoint, which those clients do not, so it is put together from the packages below them; they
	// are within reach because it is part of their module.
	"github.com/worktime-go/worktime/internal/auth"      //nolint:depguard // see above
	"github.com/worktime-go/worktime/internal/fake"      //nolint:depguard // see above
	"github.com/worktime-go/worktime/internal/transport" //nolint:depguard // see above
	"github.com/worktime-go/worktime/tokenstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for the refresh that is under way
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
	if err := cache(ctx, options, environ, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "token-cache:", err)
		return 1
	}
	return 0
}

// options are the command line.
type options struct {
	dir     string
	refresh bool
	runs    int
}

const usage = `Usage: token-cache [flags]

Logs in, keeps the login in a store and refreshes it. With none of these variables set it starts an in-memory login
server of its own:

  WORKTIME_TOKEN_URL      token endpoint
  WORKTIME_CLIENT_ID      client at that endpoint
  WORKTIME_CLIENT_SECRET  its secret; empty for a public client
  WORKTIME_REFRESH_TOKEN  of a login made elsewhere; only used if the store is empty. Without one, here or in the
                          store, tokens are asked for by the client credentials grant

Flags:
`

func parse(args []string, stderr io.Writer) (o options, err error) {
	flags := flag.NewFlagSet("token-cache", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.dir, "store", "", "`directory` of the stored logins; empty keeps them in memory")
	flags.BoolVar(&o.refresh, "refresh", false, "refresh the token even if it is good")
	flags.IntVar(&o.runs, "n", 1, "how many `runs` to make, one after the other")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.runs < 1:
		err = fmt.Errorf("-n %d: want at least 1", o.runs)
	}
	if err != nil {
		fmt.Fprintln(stderr, "token-cache:", err)
		flags.Usage()
	}
	return o, err
}

// cache makes the runs.
func cache(ctx context.Context, o options, environ []string, stdout, stderr io.Writer) error {
	settings, stop, err := configure(environ, stderr)
	if err != nil {
		return err
	}
	defer stop()
	store := tokenstore.Memory()
	if o.dir != "" {
		store = tokenstore.File(o.dir)
	}
	l, err := newLogin(ctx, settings, store)
	if err != nil {
		return err
	}
	defer l.family.CloseIdleConnections()

	out := json.NewEncoder(stdout)
	for range o.runs {
		got, err := l.once(ctx, o.refresh)
		if err != nil {
			return err
		}
		if err := out.Encode(got); err != nil {
			return err
		}
	}
	record, err := store.Load(ctx, l.key)
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, "stored:", record) // a Record does not show its tokens
	return nil
}

// settings are where to log in, and as whom.
type settings struct {
	tokenURL, clientID, clientSecret, refreshToken string
	httpClient                                     *http.Client
}

// configure reads the environment; if it is silent, it starts a login server.
func configure(environ []string, stderr io.Writer) (s settings, stop func(), err error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "WORKTIME_") && value != "" {
			env[name] = value
		}
	}
	s = settings{
		tokenURL: env["WORKTIME_TOKEN_URL"], clientID: env["WORKTIME_CLIENT_ID"],
		clientSecret: env["WORKTIME_CLIENT_SECRET"], refreshToken: env["WORKTIME_REFRESH_TOKEN"],
	}
	switch {
	case s == settings{}:
		endpoint := fake.NewTokenEndpoint(fake.TokenRules{ClientID: "token-cache", ClientSecret: "not a secret", Lifetime: 30 * time.Minute})
		server := fake.Start(fake.Handlers{API: http.NotFoundHandler(), Token: endpoint, IsToken: func(*http.Request) bool { return true }})
		fmt.Fprintln(stderr, "No WORKTIME_* variable is set: logging in to an in-memory server. See -h.")
		return settings{
			tokenURL: "http://127.0.0.1/connect/token", clientID: "token-cache", clientSecret: "not a secret", httpClient: server.Client(),
		}, server.Close, nil
	case s.tokenURL == "":
		err = errors.New("set WORKTIME_TOKEN_URL")
	case s.clientID == "":
		err = errors.New("set WORKTIME_CLIENT_ID")
	}
	return s, func() {}, err
}

// login is a stored login and the way to renew it.
type login struct {
	family *transport.Family
	client *transport.Client
	key    tokenstore.Key
	store  *watched
	auth.Login
}

func newLogin(ctx context.Context, s settings, store tokenstore.Store) (*login, error) {
	tokenURL, err := transport.ParseOrigin(s.tokenURL)
	if err != nil {
		return nil, fmt.Errorf("WORKTIME_TOKEN_URL %w", err)
	}
	family := transport.NewFamily(s.httpClient)
	client, err := transport.New(family, "token-cache", worktime.Options{UserAgent: "token-cache/v1 (worktime example)", HTTPClient: s.httpClient})
	if err != nil {
		return nil, err
	}
	key := tokenstore.Grant{Vendor: "token-cache", Issuer: s.tokenURL, ClientID: s.clientID}.Key()
	stored, err := seed(ctx, store, key, s)
	if err != nil {
		return nil, err
	}
	endpoint := &auth.Endpoint{Client: client, URL: tokenURL, Host: transport.NewHost(tokenURL)}
	fetch := auth.ClientCredentials(endpoint, s.clientID, s.clientSecret, "")
	if stored.RefreshToken != "" {
		fetch = auth.Refresh{Endpoint: endpoint, Key: key, Store: store, Form: func(refreshToken string) []auth.Field {
			return []auth.Field{
				{Name: "client_id", Value: s.clientID},
				{Name: "client_secret", Value: s.clientSecret, Secret: true}, // left out if it is empty
				{Name: "grant_type", Value: "refresh_token"},
				{Name: "refresh_token", Value: refreshToken, Secret: true},
			}
		}}.Fetch
	}
	w := &watched{Store: store}
	return &login{family, client, key, w, auth.Login{Key: key, Store: w, Issuer: s.tokenURL, ClientID: s.clientID, Fetch: fetch}}, nil
}

// seed puts the refresh token of the environment into a store that has no login yet, and returns what
// is stored. It is saved before it is used: if this program is killed in between, the store knows that
// the token may be spent.
func seed(ctx context.Context, store tokenstore.Store, key tokenstore.Key, s settings) (tokenstore.Record, error) {
	if s.refreshToken == "" {
		record, err := store.Load(ctx, key)
		if errors.Is(err, tokenstore.ErrNotFound) {
			err = nil
		}
		return record, err
	}
	stored := tokenstore.Record{RefreshToken: s.refreshToken, Issuer: s.tokenURL, ClientID: s.clientID, IssuedAt: time.Now().Round(0)}
	err := store.Update(ctx, key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if old != nil {
			stored = *old
		}
		return &stored, nil
	})
	return stored, err
}

// result is what a run prints.
type result struct {
	Generation int64 `json:"generation"`
	ExpiresIn  int64 `json:"expires_in"` // seconds; 0: unknown
	Refreshed  bool  `json:"refreshed"`
}

// once gets the token as a program does that has just been started, and refreshes it if told so.
func (l *login) once(ctx context.Context, refresh bool) (result, error) {
	for {
		source := auth.NewSource(l.Login, &l.client.Observer)
		l.store.refreshed = false
		value, err := source.Authorize(ctx)
		if err == nil && refresh && !l.store.refreshed {
			// What a client does after an answer 401. If another process has renewed the token
			// meanwhile, its token is used, and so the loop tries again.
			_, err = source.Refused(ctx, value, nil)
		}
		// Waits for what is under way, also if ctx has ended, and says why a login is not saved.
		if err := errors.Join(err, source.Close(context.WithoutCancel(ctx))); err != nil {
			return result{}, err
		}
		if record := l.store.record; l.store.refreshed || !refresh {
			got := result{Generation: record.Generation, Refreshed: l.store.refreshed}
			if !record.Expiry.IsZero() {
				got.ExpiresIn = int64(max(0, time.Until(record.Expiry)).Seconds())
			}
			return got, nil
		}
	}
}

// watched is a store that notes what the last Update has left in it, and whether that is a new token.
type watched struct {
	tokenstore.Store
	record    tokenstore.Record
	refreshed bool
}

func (w *watched) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	return w.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		var before tokenstore.Record
		if old != nil {
			before = *old
		}
		record, err := change(ctx, old)
		if err == nil && record != nil {
			w.record, w.refreshed = *record, w.refreshed || record.Generation > before.Generation
		}
		return record, err
	})
}

package timelog

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

const provider = "timelog"

// maxRequests is what the vendor's wish for considerate use is taken to mean.
const maxRequests = 4

// Config says which site to speak to, and as whom. It does not show its secrets when it is printed, logged or
// marshalled.
type Config struct {
	// SiteURL is the address of the site, with the number of its server and its name, without /api:
	// https://app4.timelog.com/acme. With [HybridLogin] it may be empty: the login server tells it, for each account, and
	// only hosts below timelog.com are believed. Http is allowed for loopback hosts only.
	SiteURL string
	// Auth is how to log in; required.
	Auth Auth
	// MaxRequests is how many requests to the API are under way at once, also with those of the clients derived from
	// this one. Default 4: TimeLog publishes no limit, but watches. Negative: no limit.
	MaxRequests int
	Options     worktime.Options
}

// redacted is what a Config shows of itself.
type redacted struct {
	SiteURL     string           `json:"siteUrl"`
	Auth        string           `json:"auth"`
	MaxRequests int              `json:"maxRequests"`
	Options     worktime.Options `json:"options"`
}

func (c Config) redact() redacted {
	r := redacted{MaxRequests: c.MaxRequests, Options: c.Options}
	if u, err := transport.ParseOrigin(c.SiteURL); err == nil { // a refused one may hold a password
		r.SiteURL = u.String()
	}
	if c.Auth != nil {
		r.Auth = "[redacted]"
	}
	return r
}

// Format implements [fmt.Formatter] without secrets.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%+v", c.redact()) }

// LogValue implements [slog.LogValuer] without secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON implements [json.Marshaler] without secrets.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.redact()) }

// Client speaks to one site as one person. Its fields are the services of the API. It may be used by several
// goroutines at once.
type Client struct {
	Customers         *CustomerService
	Projects          *ProjectService
	Tasks             *TaskService
	TimeRegistrations *TimeRegistrationService
	TimeTrackingItems *TimeTrackingItemService
	Users             *UserService

	core    *core
	options worktime.Options
	account string
	rest    *rest.Client
}

// core is what a client shares with those derived from it.
type core struct {
	family *transport.Family
	access auth.Access
	hybrid hybrid   // access, if it is one
	site   *url.URL // nil: to be asked for
	slots  transport.Slots

	mu        sync.Mutex
	hosts     map[string]*transport.Host // of the API, by origin
	resolvers map[string]*resolver       // by account
}

// NewClient checks the configuration and returns a client. It makes no request. The error is a
// [worktime.FieldError] that names the field.
func NewClient(config Config) (*Client, error) {
	site, err := config.site()
	if err != nil {
		return nil, err
	}
	if config.Auth == nil {
		return nil, badField("Config.Auth", "is required: a PersonalAccessToken, a HybridLogin or FromTokenSource")
	}
	c := &core{
		family: transport.NewFamily(config.Options.HTTPClient), site: site,
		hosts: map[string]*transport.Host{}, resolvers: map[string]*resolver{},
	}
	switch n := config.MaxRequests; {
	case n == 0:
		c.slots = transport.NewSlots(maxRequests)
	case n > 0:
		c.slots = transport.NewSlots(n)
	}
	sender, err := transport.New(c.family, provider, config.Options)
	if err != nil {
		return nil, err
	}
	if c.access, err = config.Auth.access(sender); err != nil {
		return nil, err
	}
	var hasSites bool
	if c.hybrid, hasSites = c.access.(hybrid); site == nil && !hasSites {
		return nil, badField("Config.SiteURL", "is empty, and only HybridLogin can do without: "+siteHint)
	}
	return newClient(c, sender, config.Options, ""), nil
}

// siteHint is the vendor's, for those who see no more in their browser: https://api.timelog.com/rest
const siteHint = "it is https://app4.timelog.com/acme in the address of the browser, or stands under " +
	"System Administration, Integrations and API, API settings"

// site returns the configured one; nil if there is none.
func (c Config) site() (*url.URL, error) {
	if c.SiteURL == "" {
		return nil, nil
	}
	u, err := transport.ParseOrigin(c.SiteURL)
	if err != nil {
		return nil, badField("Config.SiteURL", err.Error())
	}
	name := strings.Trim(u.Path, "/")
	switch {
	case name == "":
		return nil, badField("Config.SiteURL", "has no name of a site in its path: "+siteHint)
	case name == "api", strings.HasSuffix(name, "/api"), strings.Contains(name, "/api/"):
		return nil, badField("Config.SiteURL", "must end with the name of the site, without /api")
	case u.RawPath != "", strings.ContainsAny(name, "/;"), strings.Trim(name, ".") == "":
		return nil, badField("Config.SiteURL", "has more in its path than the name of the site: "+siteHint)
	}
	u.Path = "/" + name
	return u, nil
}

func newClient(c *core, sender *transport.Client, options worktime.Options, account string) *Client {
	r := &rest.Client{Transport: sender, Auth: c.access.Account(account), Vendor: rest.Vendor{Classify: classify, Explain: explain}}
	if c.site != nil {
		r.Base, r.Host = c.site.JoinPath("api"), c.host(c.site)
	} else {
		r.Locate = c.resolver(account).locate
	}
	return &Client{
		Customers:         &CustomerService{r},
		Projects:          &ProjectService{r},
		Tasks:             &TaskService{r},
		TimeRegistrations: &TimeRegistrationService{r},
		TimeTrackingItems: &TimeTrackingItemService{r},
		Users:             &UserService{r},

		core: c, options: options, account: account, rest: r,
	}
}

// host returns the one of the API with the origin of u. Accounts may be at home on several.
func (c *core) host(u *url.URL) *transport.Host {
	origin := u.Scheme + "://" + strings.ToLower(u.Host)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[origin]
	if h == nil {
		h = transport.NewHost(u)
		h.Slots = c.slots
		c.hosts[origin] = h
	}
	return h
}

// resolver returns what finds the site of an account, if it is not configured.
func (c *core) resolver(account string) *resolver {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.resolvers[account]
	if r == nil {
		r = newResolver(c.hybrid, account, c.host)
		c.resolvers[account] = r
	}
	return r
}

// Account returns a client for another stored login of the same configuration: label is the caller's own name for
// it, and empty for that of c itself. The clients share connections and limits, never tokens. Only [HybridLogin] has
// accounts; with other logins every call of the client is a [worktime.AuthError].
func (c *Client) Account(label string) *Client {
	return newClient(c.core, c.rest.Transport, c.options, label)
}

// With returns a client with changed options, which shares tokens, connections and the waits after a 429 with c. Tokens
// go on being obtained with the first client's options. A changed HTTPClient is refused. The error is a
// [worktime.FieldError].
func (c *Client) With(change func(*worktime.Options)) (*Client, error) {
	o := c.options
	change(&o)
	if o.HTTPClient != c.options.HTTPClient {
		return nil, badField("Options.HTTPClient", "cannot be changed: the clients share their connections")
	}
	sender, err := transport.New(c.core.family, provider, o)
	if err != nil {
		return nil, err
	}
	return newClient(c.core, sender, o, c.account), nil
}

// Do calls an operation that is not typed here. The path of r is relative to the site's /api, so it begins with
// "/v1/", and out receives the decoded JSON with TimeLog's envelope, or the body as it is if it is a *[]byte;
// nil discards it. Credentials, retries and errors are those of the typed operations.
func (c *Client) Do(ctx context.Context, r worktime.Request, out any) error {
	return c.rest.Do(ctx, r, out)
}

// Close waits until a token that was asked for has arrived, or ctx ends, and closes idle connections, unless they
// belong to a HTTPClient of the caller's. The client, and those that share with it, cannot obtain further
// tokens.
func (c *Client) Close(ctx context.Context) error {
	err := c.core.access.Close(ctx)
	c.core.family.CloseIdleConnections()
	return err
}

package timeneye

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
)

const (
	provider = "timeneye"
	basePath = "/api/v1"
	// maxWait is the window of the vendor's quota, which a wait can be as long as.
	maxWait = 5 * time.Minute
)

// DefaultBaseURL is the address of the API. The product is being renamed, so it may change.
const DefaultBaseURL = "https://api.timeneye.com/api/v1"

// Config says how to log in. It does not show its secrets when it is printed, logged or marshalled.
type Config struct {
	// Auth is a [PersonalAccessToken], a [PKCELogin] or that of [FromTokenSource]. Required.
	Auth Auth
	// BaseURL replaces [DefaultBaseURL], path included, for example by that of a test server. Http
	// is allowed for loopback hosts only.
	BaseURL string
	// Pace spreads the requests of a bulk job evenly over the vendor's window of 5 minutes, by the
	// quota that its answers tell (until then the smallest plan's 500), so that none is refused.
	// Each account has a pace of its own, since the vendor counts each user by itself.
	// Without it requests go out at once, and the quota is met as a 429, which is waited out.
	Pace bool
	// Options are those of all providers. RetryPolicy.MaxWait is 5 minutes if it is zero.
	Options worktime.Options
}

// redacted is what a Config shows of itself.
type redacted struct {
	Auth    any              `json:"auth"`
	BaseURL bool             `json:"baseUrl"`
	Pace    bool             `json:"pace"`
	Options worktime.Options `json:"options"`
}

func (c Config) redact() redacted {
	r := redacted{BaseURL: c.BaseURL != "", Pace: c.Pace, Options: c.Options}
	if c.Auth != nil {
		r.Auth = fmt.Sprintf("%T", c.Auth)
	}
	return r
}

// Format implements [fmt.Formatter] without secrets. BaseURL is left out, since a refused one may
// hold a password.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%+v", c.redact()) }

// LogValue implements [slog.LogValuer] without secrets.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON implements [json.Marshaler] without secrets.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.redact()) }

// Client speaks to Timeneye as one user. Its fields are the resources of the API. It may be used by
// several goroutines at once.
type Client struct {
	Clients  *ClientService
	Entries  *EntryService
	Projects *ProjectService

	core    *core
	rest    *rest.Client
	account string // label of the login
	tokens  auth.Tokens
}

// core is what a client shares with those derived from it.
type core struct {
	options worktime.Options
	family  *transport.Family
	api     *transport.Host
	base    *url.URL
	quotas  *quotas
	access  auth.Access
	// unauthorized says what to do about a 401.
	unauthorized string
}

// NewClient checks the configuration and returns a client. It makes no request. The error is a
// [worktime.FieldError] that names the field.
func NewClient(config Config) (*Client, error) {
	base, err := config.base()
	if err != nil {
		return nil, err
	}
	core := &core{
		options: config.Options, family: transport.NewFamily(config.Options.HTTPClient), api: transport.NewHost(base), base: base,
		quotas: &quotas{paced: config.Pace},
	}
	sender, err := newSender(core.family, config.Options)
	if err != nil {
		return nil, err
	}
	if config.Auth == nil {
		return nil, badField("Config.Auth", "is required: a PersonalAccessToken, a PKCELogin or FromTokenSource")
	}
	if core.access, err = config.Auth.access(sender); err != nil {
		return nil, err
	}
	core.unauthorized = config.Auth.unauthorized()
	return newClient(core, sender, ""), nil
}

func newSender(family *transport.Family, o worktime.Options) (*transport.Client, error) {
	if o.Retry.MaxWait == 0 {
		o.Retry.MaxWait = maxWait
	}
	return transport.New(family, provider, o)
}

func newClient(core *core, sender *transport.Client, account string) *Client {
	tokens := core.access.Account(account)
	r := &rest.Client{
		Transport: sender, Host: core.api, Quota: core.quotas.of(account), Base: core.base, Auth: tokens,
		Vendor: rest.Vendor{
			Explain: explain,
			Amend: func(op rest.Op, e *worktime.Error) {
				if hint := hint(op, e.StatusCode, core.unauthorized); hint != "" {
					e.Err = transport.Join(e.Err, errors.New(hint))
				}
			},
		},
	}
	return &Client{
		Clients: &ClientService{r}, Entries: &EntryService{r}, Projects: &ProjectService{r},
		core: core, rest: r, account: account, tokens: tokens,
	}
}

// With returns a client with changed options, which shares tokens, connections, the quota and the
// waits after a 429 with c. Tokens go on being obtained with the first client's options. A
// changed HTTPClient is refused. The error is a [worktime.FieldError].
func (c *Client) With(change func(*worktime.Options)) (*Client, error) {
	o := c.core.options
	change(&o)
	if o.HTTPClient != c.core.options.HTTPClient {
		return nil, badField("Options.HTTPClient", "cannot be changed: the clients share their connections")
	}
	sender, err := newSender(c.core.family, o)
	if err != nil {
		return nil, err
	}
	shared := *c.core
	shared.options = o
	return newClient(&shared, sender, c.account), nil
}

// Do calls an operation that is not typed here. The path of r is relative to the base URL, and out
// receives the decoded JSON, or the body as it is if it is a *[]byte; nil discards it.
// Credentials, retries and errors are those of the typed operations.
func (c *Client) Do(ctx context.Context, r worktime.Request, out any) error {
	return c.rest.Do(ctx, r, out)
}

// Close waits until a token that was asked for has arrived, or ctx ends, and closes idle
// connections, unless they belong to a HTTPClient of the caller's. The client, and those that
// share with it, cannot obtain further tokens.
func (c *Client) Close(ctx context.Context) error {
	err := c.core.access.Close(ctx)
	c.core.family.CloseIdleConnections()
	return err
}

// base returns the URL that the paths of the API begin with.
func (c Config) base() (*url.URL, error) {
	raw := c.BaseURL
	if raw == "" {
		raw = DefaultBaseURL
	}
	u, err := transport.ParseOrigin(strings.TrimRight(raw, "/"))
	switch {
	case err != nil:
		return nil, badField("Config.BaseURL", err.Error())
	case retired(u):
		return nil, badField("Config.BaseURL", "belongs to the API of version 3, which was retired at the end of 2024: see "+guide)
	case u.Path == "":
		return nil, badField("Config.BaseURL", "has no path: the vendor's is "+basePath)
	}
	return u, nil
}

const guide = "https://help.timeneye.com/en/integrations/getting-started-with-the-timeneye-apis"

// retired reports that a URL is one of the API before this one, which understands neither its
// tokens nor its names.
func retired(u *url.URL) bool {
	return strings.EqualFold(u.Hostname(), "track.timeneye.com") || strings.HasSuffix(u.Path, "/api/3") || strings.Contains(u.Path, "/api/3/")
}

func badField(field, reason string) error {
	return &worktime.FieldError{Provider: provider, Field: field, Reason: reason}
}

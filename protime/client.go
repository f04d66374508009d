package protime

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/rest"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

const (
	provider = "protime"
	basePath = "/connector/protimeapi/api/v1"
)

// Environment is an installation of Protime.
type Environment string

// The environments. Each has tenants, credentials and tokens of its own.
const (
	Production Environment = "production" // myprotime.eu
	Sandbox    Environment = "sandbox"    // myprotimesandbox.eu
)

// Config says which tenant to speak to, and as whom. It does not show its secret when it is
// printed, logged or marshalled.
type Config struct {
	// Tenant is the customer's name in the address of their site: "acme" of
	// https://acme.myprotime.eu.
	Tenant string
	// Environment is Production if empty.
	Environment Environment
	// ClientID and ClientSecret are issued by Protime. Leave them empty with Auth.
	ClientID     string
	ClientSecret string
	// Scopes to ask for. None gives the token every scope that the client may have,
	// which is more than most programs need.
	Scopes []Scope
	// Auth replaces the client credentials: see [FromTokenSource].
	Auth Auth
	// Store keeps the token. Nil: in memory, for this client. With a store that several
	// clients share they share the token too.
	Store tokenstore.Store
	// APIURL and AuthURL replace scheme, host and port of the API and of the authentication
	// server, for example by those of a test server. The paths stay the vendor's. Http is
	// allowed for loopback hosts only.
	APIURL  string
	AuthURL string
	// Options must have a UserAgent of the form "Service/Version (Company)": Protime
	// demands one, distinct for each service.
	Options worktime.Options
}

// redacted is what a Config shows of itself.
type redacted struct {
	Tenant       string           `json:"tenant"`
	Environment  Environment      `json:"environment"`
	ClientID     string           `json:"clientId"`
	ClientSecret string           `json:"clientSecret"`
	Scopes       []Scope          `json:"scopes"`
	Auth         bool             `json:"auth"`
	Store        bool             `json:"store"`
	Options      worktime.Options `json:"options"`
}

func (c Config) redact() redacted {
	r := redacted{c.Tenant, c.Environment, c.ClientID, "", c.Scopes, c.Auth != nil, c.Store != nil, c.Options}
	if c.ClientSecret != "" {
		r.ClientSecret = "[redacted]"
	}
	return r
}

// Format implements [fmt.Formatter] without the secret. APIURL and AuthURL are left out, since
// a refused one may hold a password.
func (c Config) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%+v", c.redact()) }

// LogValue implements [slog.LogValuer] without the secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }

// MarshalJSON implements [json.Marshaler] without the secret.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.redact()) }

// Client speaks to one tenant. Its fields are the collections of the API. It may be used
// by several goroutines at once.
type Client struct {
	Clockings       *ClockingService
	AccessClockings *AccessClockingService

	Absences           *AbsenceService
	AbsenceDefinitions *AbsenceDefinitionService
	AbsenceGroups      *AbsenceGroupService

	People    *PersonService
	Contracts *ContractService

	Departments   *CatalogService[Department]
	Employers     *CatalogService[Employer]
	Jobs          *CatalogService[Job]
	JobCategories *CatalogService[JobCategory]
	Sectors       *CatalogService[Sector]
	WorkLocations *CatalogService[WorkLocation]

	DepartmentHistories   *HistoryService[DepartmentHistory]
	EmployerHistories     *HistoryService[EmployerHistory]
	JobHistories          *HistoryService[JobHistory]
	JobCategoryHistories  *HistoryService[JobCategoryHistory]
	SectorHistories       *HistoryService[SectorHistory]
	WorkLocationHistories *HistoryService[WorkLocationHistory]

	ActivityDefinitions *ActivityDefinitionService
	Usages              *UsageService       // of activity definitions
	Restrictions        *RestrictionService // of activity definitions
	ActivityDurations   *ActivityDurationService

	Assignments *AssignmentService

	Counters           *CounterService
	CounterDefinitions *CounterDefinitionService
	CounterGroups      *CounterGroupService

	CalculatedTotals *CalculatedTotalService
	PaidPresences    *PaidPresenceService

	Breaks            *BreakService
	BreakDefinitions  *BreakDefinitionService
	WorkInterruptions *WorkInterruptionService

	ShiftDefinitions *ShiftDefinitionService

	Webhooks *WebhookService

	core *core
	rest *rest.Client
}

// core is what a client shares with those derived from it.
type core struct {
	options worktime.Options
	family  *transport.Family
	api     *transport.Host
	base    *url.URL
	source  *auth.Source
}

// NewClient checks the configuration and returns a client. It makes no request. The error
// is a [worktime.FieldError] that names the field.
func NewClient(config Config) (*Client, error) {
	api, login, err := config.origins()
	if err != nil {
		return nil, err
	}
	if err := checkUserAgent(config.Options.UserAgent); err != nil {
		return nil, err
	}
	core := &core{
		options: config.Options, family: transport.NewFamily(config.Options.HTTPClient),
		api: transport.NewHost(api), base: api.JoinPath(basePath),
	}
	sender, err := transport.New(core.family, provider, config.Options)
	if err != nil {
		return nil, err
	}
	if core.source, err = config.source(sender, login); err != nil {
		return nil, err
	}
	return newClient(core, sender), nil
}

func newClient(core *core, sender *transport.Client) *Client {
	r := &rest.Client{
		Transport: sender, Host: core.api, Base: core.base, Auth: core.source,
		Vendor: rest.Vendor{Explain: explain, Expired: expired},
	}
	return &Client{
		Clockings: &ClockingService{r}, AccessClockings: &AccessClockingService{r},

		Absences: &AbsenceService{r}, AbsenceDefinitions: &AbsenceDefinitionService{r}, AbsenceGroups: &AbsenceGroupService{r},

		People: &PersonService{r}, Contracts: &ContractService{r},

		Departments: newCatalog[Department](r, "departments"), Employers: newCatalog[Employer](r, "employers"),
		Jobs: newCatalog[Job](r, "jobs"), JobCategories: newCatalog[JobCategory](r, "job-categories"),
		Sectors: newCatalog[Sector](r, "sectors"), WorkLocations: newCatalog[WorkLocation](r, "work-locations"),

		DepartmentHistories: newHistory[DepartmentHistory](r, "department"), EmployerHistories: newHistory[EmployerHistory](r, "employer"),
		JobHistories: newHistory[JobHistory](r, "job"), JobCategoryHistories: newHistory[JobCategoryHistory](r, "job-category"),
		SectorHistories: newHistory[SectorHistory](r, "sector"), WorkLocationHistories: newHistory[WorkLocationHistory](r, "work-location"),

		ActivityDefinitions: &ActivityDefinitionService{r}, Usages: &UsageService{r}, Restrictions: &RestrictionService{r},
		ActivityDurations: &ActivityDurationService{r},

		Assignments: &AssignmentService{r},

		Counters: &CounterService{r}, CounterDefinitions: &CounterDefinitionService{r}, CounterGroups: &CounterGroupService{r},

		CalculatedTotals: &CalculatedTotalService{r}, PaidPresences: &PaidPresenceService{r},

		Breaks: &BreakService{r}, BreakDefinitions: &BreakDefinitionService{r}, WorkInterruptions: &WorkInterruptionService{r},

		ShiftDefinitions: &ShiftDefinitionService{r},

		Webhooks: &WebhookService{r},

		core: core, rest: r,
	}
}

// With returns a client with changed options, which shares tokens, connections and the
// waits after a 429 with c. Tokens go on being obtained with the first client's options. A
// changed HTTPClient is refused. The error is a [worktime.FieldError].
func (c *Client) With(change func(*worktime.Options)) (*Client, error) {
	o := c.core.options
	change(&o)
	if o.HTTPClient != c.core.options.HTTPClient {
		return nil, badField("Options.HTTPClient", "cannot be changed: the clients share their connections")
	}
	if err := checkUserAgent(o.UserAgent); err != nil {
		return nil, err
	}
	sender, err := transport.New(c.core.family, provider, o)
	if err != nil {
		return nil, err
	}
	shared := *c.core
	shared.options = o
	return newClient(&shared, sender), nil
}

// Do calls an operation that is not typed here. The path of r is relative to
// /connector/protimeapi/api/v1, and out receives the decoded JSON, or the body as it is if it is a
// *[]byte; nil discards it. Credentials, retries and errors are those of the typed
// operations.
func (c *Client) Do(ctx context.Context, r worktime.Request, out any) error {
	return c.rest.Do(ctx, r, out)
}

// Close waits until a token that was asked for has arrived, or ctx ends, and closes idle
// connections, unless they belong to a HTTPClient of the caller's. The client, and
// those that share with it, cannot obtain further tokens.
func (c *Client) Close(ctx context.Context) error {
	err := c.core.source.Close(ctx)
	c.core.family.CloseIdleConnections()
	return err
}

// origins returns those of the API and of the authentication server.
func (c Config) origins() (api, login *url.URL, err error) {
	if c.Tenant == "" {
		return nil, nil, badField("Config.Tenant", `is empty: it is "acme" of https://acme.myprotime.eu`)
	}
	if !tenantName.MatchString(c.Tenant) {
		return nil, nil, badField("Config.Tenant", `must be the first part of the site's host name, such as "acme" of https://acme.myprotime.eu`)
	}
	domain := "myprotime.eu"
	switch c.Environment {
	case Production, "":
	case Sandbox:
		domain = "myprotimesandbox.eu"
	default:
		return nil, nil, badField("Config.Environment", `must be "production" or "sandbox"`)
	}
	if api, err = origin("Config.APIURL", c.APIURL, "https://"+c.Tenant+"."+domain); err != nil {
		return nil, nil, err
	}
	login, err = origin("Config.AuthURL", c.AuthURL, "https://authentication."+domain)
	return api, login, err
}

func origin(field, override, vendor string) (*url.URL, error) {
	if override == "" {
		override = vendor
	}
	u, err := transport.ParseOrigin(override)
	if err != nil {
		return nil, badField(field, err.Error())
	}
	if u.Path != "" && u.Path != "/" {
		return nil, badField(field, "must be scheme, host and port only: the paths are the vendor's")
	}
	u.Path = "/" // without it JoinPath makes relative paths
	return u, nil
}

// tenantName is a label of a host name (RFC 1123, section 2.1).
var tenantName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// userAgent is the vendor's outline: Service/Version (Company).
var userAgent = regexp.MustCompile(`^[!-'*-.0-~]+( [!-'*-.0-~]+)*/[!-'*-~]+ \([ -~]*[!-~][ -~]*\)$`)

func checkUserAgent(value string) error {
	if userAgent.MatchString(value) {
		return nil
	}
	return badField("Options.UserAgent", `must have the form "Service/Version (Company)" in ASCII, such as "PeopleSync/v1 (Acme Corp)": Protime demands it of every request`)
}

func badField(field, reason string) error {
	return &worktime.FieldError{Provider: provider, Field: field, Reason: reason}
}

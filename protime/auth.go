package protime

import (
	"context"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// defaultLifetime is what the vendor's examples show. It is used if an answer does not say.
const defaultLifetime = 30 * time.Minute

// Scope is a permission that a token carries: a collection, and "read" for its GET calls or
// "write" for the others.
type Scope string

// The scopes. Others can be given as text. Paid presences take that of calculated totals.
const (
	ScopeClockingsRead            Scope = "connector-protimeapi-clockings.read"
	ScopeClockingsWrite           Scope = "connector-protimeapi-clockings.write"
	ScopeAccessClockingsRead      Scope = "connector-protimeapi-access-clockings.read"
	ScopePeopleRead               Scope = "connector-protimeapi-people.read"
	ScopePeopleHistoricalDataRead Scope = "connector-protimeapi-people-historical-data.read"
	ScopeContractsRead            Scope = "connector-protimeapi-contracts.read"
	ScopeDepartmentsRead          Scope = "connector-protimeapi-departments.read"
	ScopeEmployersRead            Scope = "connector-protimeapi-employers.read"
	ScopeJobsRead                 Scope = "connector-protimeapi-jobs.read"
	ScopeJobCategoriesRead        Scope = "connector-protimeapi-job-categories.read"
	ScopeSectorsRead              Scope = "connector-protimeapi-sectors.read"
	ScopeWorkLocationsRead        Scope = "connector-protimeapi-work-locations.read"
	ScopeAbsencesRead             Scope = "connector-protimeapi-absences.read"
	ScopeAbsenceDefinitionsRead   Scope = "connector-protimeapi-absence-definitions.read"
	ScopeAbsenceGroupsRead        Scope = "connector-protimeapi-absence-groups.read"
	ScopeActivityDefinitionsRead  Scope = "connector-protimeapi-activity-definitions.read"
	ScopeActivityDefinitionsWrite Scope = "connector-protimeapi-activity-definitions.write"
	ScopeActivityDurationsRead    Scope = "connector-protimeapi-activity-durations.read"
	ScopeAssignmentsRead          Scope = "connector-protimeapi-assignments.read"
	ScopeAssignmentsWrite         Scope = "connector-protimeapi-assignments.write"
	ScopeCountersRead             Scope = "connector-protimeapi-counters.read"
	ScopeCounterDefinitionsRead   Scope = "connector-protimeapi-counter-definitions.read"
	ScopeCounterGroupsRead        Scope = "connector-protimeapi-counter-groups.read"
	ScopeCalculatedTotalsRead     Scope = "connector-protimeapi-calculated-totals.read"
	ScopeBreaksRead               Scope = "connector-protimeapi-breaks.read"
	ScopeBreakDefinitionsRead     Scope = "connector-protimeapi-break-definitions.read"
	ScopeWorkInterruptionsRead    Scope = "connector-protimeapi-work-interruptions.read"
	ScopeShiftDefinitionsRead     Scope = "connector-protimeapi-shift-definitions.read"
	ScopeWebhooksRead             Scope = "connector-protimeapi-webhooks.read"
	ScopeWebhooksWrite            Scope = "connector-protimeapi-webhooks.write"
	ScopeExternalReferencesRead   Scope = "connector-protimeapi-external-references.read"
	ScopeExternalReferencesWrite  Scope = "connector-protimeapi-external-references.write"
)

// Auth is a way to obtain tokens other than client credentials.
type Auth interface {
	fetch() auth.Fetch
}

// FromTokenSource takes tokens from a source of the caller's own. Its Token is called
// by one goroutine at a time, not with every request: the token is cached, and callers that
// wait for it can leave while Token still runs.
func FromTokenSource(source oauth2.TokenSource) Auth { return &foreign{source: source} }

type foreign struct {
	auth.Hidden

	source oauth2.TokenSource
}

func (f *foreign) fetch() auth.Fetch { return auth.Foreign(provider, f.source) }

// TokenSource hands the access token to other code, refreshed when needed. Each call of its
// Token waits no longer than ctx allows. Errors are [worktime.AuthError]. A token shows itself when it is printed.
func (c *Client) TokenSource(ctx context.Context) oauth2.TokenSource {
	return c.core.source.TokenSource(ctx)
}

// source returns where the client's tokens come from.
func (c Config) source(sender *transport.Client, login *url.URL) (*auth.Source, error) {
	store := c.Store
	if store == nil {
		store = tokenstore.Memory()
	}
	scopes := make([]string, len(c.Scopes))
	for i, scope := range c.Scopes {
		if scope == "" || strings.ContainsFunc(string(scope), func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, badField("Config.Scopes", "has one that is empty or has blanks: give each scope by itself")
		}
		scopes[i] = string(scope)
	}
	grant := tokenstore.Grant{Vendor: provider, ClientID: c.ClientID, Tenant: c.Tenant, Scopes: scopes}
	if c.Auth != nil {
		switch {
		case c.ClientID != "" || c.ClientSecret != "" || len(scopes) > 0:
			return nil, badField("Config.Auth", "excludes ClientID, ClientSecret and Scopes")
		case c.Store != nil:
			return nil, badField("Config.Store", "cannot keep the tokens of Auth: whose they are is not known")
		}
		return auth.NewSource(auth.Login{Key: grant.Key(), Store: store, Fetch: c.Auth.fetch()}, &sender.Observer), nil
	}
	if reason := badCredential(c.ClientID); reason != "" {
		return nil, badField("Config.ClientID", reason)
	}
	if reason := badCredential(c.ClientSecret); reason != "" {
		return nil, badField("Config.ClientSecret", reason)
	}
	// See https://documentation.myprotime.eu/protimeapi/reference/authentication/
	endpoint := &auth.Endpoint{
		Client: sender, URL: login.JoinPath("/tenants", c.Tenant, "connect", "token"), Host: transport.NewHost(login),
		DefaultLifetime: defaultLifetime,
	}
	grant.Issuer = endpoint.URL.String()
	return auth.NewSource(auth.Login{
		Key: grant.Key(), Store: store, Issuer: grant.Issuer, ClientID: c.ClientID,
		Fetch: auth.ClientCredentials(endpoint, c.ClientID, c.ClientSecret, strings.Join(scopes, " ")),
	}, &sender.Observer), nil
}

// badCredential says what is wrong with an id or a secret, without repeating it.
func badCredential(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.TrimSpace(s) != s:
		return "begins or ends with white space"
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has control characters"
	}
	return ""
}

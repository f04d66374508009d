package conformance_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timelog/timelogtest"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestTimeLog(t *testing.T) {
	t.Run("personal access token", func(t *testing.T) {
		conformance.Run(t, conformance.Provider{Name: "timelog", Fixed: true, Start: func(t *testing.T, seed conformance.Seed) conformance.Server {
			return &timelogServer{Server: startTimeLog(t, seed), seed: seed}
		}})
	})
	t.Run("hybrid login", func(t *testing.T) {
		conformance.Run(t, conformance.Provider{Name: "timelog", Rotating: true, Start: func(t *testing.T, seed conformance.Seed) conformance.Server {
			s := &timelogServer{Server: startTimeLog(t, seed), seed: seed, store: tokenstore.Memory()}
			s.logIn(t)
			return s
		}})
	})
}

// timelogServer is a site whose items are customers.
type timelogServer struct {
	*timelogtest.Server
	seed  conformance.Seed
	store tokenstore.Store // nil: a personal access token
}

func startTimeLog(t *testing.T, seed conformance.Seed) *timelogtest.Server {
	t.Helper()
	customers := make([]timelogtest.Customer, seed.Items)
	for i := range customers {
		customers[i] = timelogtest.Customer{CustomerID: int64(i + 1), Name: fmt.Sprintf("Customer %d", i+1)}
	}
	options := []timelogtest.Option{timelogtest.WithCustomers(customers...)}
	if seed.Secret != "" {
		options = append(options, timelogtest.WithCredentials("client", seed.Secret), timelogtest.WithPersonalAccessToken(seed.Secret))
	}
	return timelogtest.NewServer(t, options...)
}

// logIn stores a login whose access token has just expired, so that the first call has to renew it.
func (s *timelogServer) logIn(t *testing.T) {
	t.Helper()
	tokens := s.LogIn()
	scopes := []string{"openid", "tlp", "offline_access"}
	key := tokenstore.Grant{Vendor: "timelog", Issuer: s.LoginURL(), ClientID: s.ClientID(), Scopes: scopes}.Key()
	now := time.Now()
	require.NoError(t, s.store.Update(t.Context(), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{
			AccessToken: "expired", RefreshToken: tokens.RefreshToken, IDToken: tokens.IDToken, Issuer: s.LoginURL(), ClientID: s.ClientID(),
			IssuedAt: now.Add(-time.Hour), Expiry: now, Generation: 1,
		}, nil
	}))
}

func (s *timelogServer) Booked() int { return len(s.Customers()) - s.seed.Items }

func (s *timelogServer) RevokeTokens() {
	if s.store == nil {
		s.RevokePersonalAccessToken()
		return
	}
	s.Server.RevokeTokens()
}

func (s *timelogServer) Open(change func(*worktime.Options)) (conformance.Client, error) {
	config := s.Config()
	if s.store != nil {
		login := s.HybridLogin(s.store)
		login.RedirectURL = "http://127.0.0.1:7171/callback"
		config.Auth = login
		config.SiteURL = "" // asked of the login server
	}
	change(&config.Options)
	client, err := timelog.NewClient(config)
	if err != nil {
		return conformance.Client{}, err
	}
	query := timelog.CustomerQuery{Paging: timelog.Paging{PageSize: s.seed.PageSize}}
	return conformance.Client{
		All: func(ctx context.Context, cursor worktime.Cursor) iter.Seq2[int64, error] {
			q := query
			q.Cursor = cursor
			return func(yield func(int64, error) bool) {
				for c, err := range client.Customers.All(ctx, q) {
					if !yield(int64(c.ID), err) {
						return
					}
				}
			}
		},
		Pages: func(ctx context.Context, cursor worktime.Cursor, other bool) iter.Seq2[worktime.Page[int64], error] {
			q := query
			q.Cursor = cursor
			if other {
				q.PageSize++
			}
			return func(yield func(worktime.Page[int64], error) bool) {
				for page, err := range client.Customers.Pages(ctx, q) {
					ids := worktime.Page[int64]{Cursor: page.Cursor}
					for _, c := range page.Items {
						ids.Items = append(ids.Items, int64(c.ID))
					}
					if !yield(ids, err) {
						return
					}
				}
			}
		},
		Get: func(ctx context.Context) error {
			_, err := client.Customers.Get(ctx, 1)
			return err
		},
		Book: func(ctx context.Context) error {
			_, err := client.Customers.Create(ctx, timelog.NewCustomer{Name: "New", CurrencyID: 1, CustomerStatusID: 1, CountryID: 1})
			return err
		},
		TokenSource: client.TokenSource, Close: client.Close,
		Shown: []any{config, &config, config.Auth, client, config.Options},
	}, nil
}

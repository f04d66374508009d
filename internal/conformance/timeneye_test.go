package conformance_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/conformance"
	"github.com/worktime-go/worktime/timeneye"
	"github.com/worktime-go/worktime/timeneye/timeneyetest"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestTimeneye(t *testing.T) {
	t.Run("personal access token", func(t *testing.T) {
		conformance.Run(t, conformance.Provider{Name: "timeneye", Fixed: true, Start: func(t *testing.T, seed conformance.Seed) conformance.Server {
			return &timeneyeServer{Server: startTimeneye(t, seed), seed: seed}
		}})
	})
	t.Run("PKCE login", func(t *testing.T) {
		conformance.Run(t, conformance.Provider{Name: "timeneye", Rotating: true, Start: func(t *testing.T, seed conformance.Seed) conformance.Server {
			s := &timeneyeServer{Server: startTimeneye(t, seed), seed: seed, store: tokenstore.Memory()}
			s.logIn(t)
			return s
		}})
	})
}

// timeneyeServer is a workspace whose items are entries.
type timeneyeServer struct {
	*timeneyetest.Server
	seed  conformance.Seed
	store tokenstore.Store // nil: a personal access token
}

var newYear = worktime.NewDate(2026, 1, 1)

func startTimeneye(t *testing.T, seed conformance.Seed) *timeneyetest.Server {
	t.Helper()
	entries := make([]timeneye.Entry, seed.Items)
	for i := range entries {
		entries[i] = timeneye.Entry{ProjectID: 310, PhaseID: 77, Date: newYear, Minutes: 30}
	}
	options := []timeneyetest.Option{
		timeneyetest.WithEntries(entries...), timeneyetest.WithRateLimit(1e6),
		timeneyetest.WithProjects(timeneye.Project{ID: 310, Name: "Website", Phases: []timeneye.Phase{{ID: 77, Name: "Design", IsOpen: true}}}),
	}
	if seed.Secret != "" {
		options = append(options, timeneyetest.WithPersonalAccessToken(seed.Secret))
	}
	return timeneyetest.NewServer(t, options...)
}

// logIn stores a login whose access token has just expired, so that the first call has to renew it.
func (s *timeneyeServer) logIn(t *testing.T) {
	t.Helper()
	tokens := s.LogIn()
	key := tokenstore.Grant{Vendor: "timeneye", Issuer: s.TokenURL(), ClientID: s.ClientID()}.Key()
	now := time.Now()
	require.NoError(t, s.store.Update(t.Context(), key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{
			AccessToken: "expired", RefreshToken: tokens.RefreshToken, Issuer: s.TokenURL(), ClientID: s.ClientID(),
			IssuedAt: now.Add(-time.Hour), Expiry: now, Generation: 1,
		}, nil
	}))
}

func (s *timeneyeServer) Booked() int { return len(s.Entries()) - s.seed.Items }

func (s *timeneyeServer) RevokeTokens() {
	if s.store == nil {
		s.RevokePersonalAccessToken()
		return
	}
	s.Server.RevokeTokens()
}

func (s *timeneyeServer) Open(change func(*worktime.Options)) (conformance.Client, error) {
	config := s.Config()
	if s.store != nil {
		config.Auth = s.PKCELogin(s.store)
	}
	change(&config.Options)
	client, err := timeneye.NewClient(config)
	if err != nil {
		return conformance.Client{}, err
	}
	query := timeneye.EntryQuery{From: newYear, To: newYear, PerPage: s.seed.PageSize}
	return conformance.Client{
		All: func(ctx context.Context, cursor worktime.Cursor) iter.Seq2[int64, error] {
			q := query
			q.Cursor = cursor
			return func(yield func(int64, error) bool) {
				for e, err := range client.Entries.All(ctx, q) {
					if !yield(e.ID, err) {
						return
					}
				}
			}
		},
		Pages: func(ctx context.Context, cursor worktime.Cursor, other bool) iter.Seq2[worktime.Page[int64], error] {
			q := query
			q.Cursor = cursor
			if other {
				q.To = q.To.AddDays(1)
			}
			return func(yield func(worktime.Page[int64], error) bool) {
				for page, err := range client.Entries.Pages(ctx, q) {
					ids := worktime.Page[int64]{Cursor: page.Cursor}
					for _, e := range page.Items {
						ids.Items = append(ids.Items, e.ID)
					}
					if !yield(ids, err) {
						return
					}
				}
			}
		},
		Get: func(ctx context.Context) error {
			_, err := worktime.Collect(client.Projects.All(ctx, timeneye.ProjectQuery{}))
			return err
		},
		Book: func(ctx context.Context) error {
			_, err := client.Entries.Create(ctx, timeneye.NewEntry{ProjectID: 310, PhaseID: 77, Minutes: 30, Date: newYear.AddDays(40)})
			return err
		},
		TokenSource: client.TokenSource, Close: client.Close,
		Shown: []any{config, &config, config.Auth, client, config.Options},
	}, nil
}

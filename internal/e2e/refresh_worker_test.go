package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/auth"
	"github.com/worktime-go/worktime/internal/transport"
	"github.com/worktime-go/worktime/tokenstore"
)

// refreshing is a stored login, and how often to refresh it. It is the input of a worker.
type refreshing struct {
	Dir, TokenURL, ClientID, ClientSecret string
	N                                     int // 0: until the worker is killed
}

// refreshReport is one refresh that worked.
type refreshReport struct {
	Generation int64
	Digest     string // of the new refresh token
}

func refreshTasks() map[string]task { return map[string]task{"refresh": typed(refreshTask)} }

func refreshTask(ctx context.Context, in refreshing, tell func(any)) error {
	l, err := in.open()
	if err != nil {
		return err
	}
	defer l.family.CloseIdleConnections()
	for n := 0; in.N == 0 || n < in.N; n++ {
		if err := l.refresh(ctx); err != nil {
			return err
		}
		tell(refreshReport{l.store.record.Generation, digest(l.store.record.RefreshToken)})
	}
	return nil
}

// stored is a login over a store in files, as a program opens it.
type stored struct {
	auth.Login
	store  *watchedStore
	client *transport.Client
	family *transport.Family
}

func (in refreshing) key() tokenstore.Key {
	return tokenstore.Grant{Vendor: "e2e", Issuer: in.TokenURL, ClientID: in.ClientID}.Key()
}

func (in refreshing) open() (*stored, error) {
	u, err := transport.ParseOrigin(in.TokenURL)
	if err != nil {
		return nil, err
	}
	family := transport.NewFamily(nil)
	client, err := transport.New(family, "e2e", worktime.Options{})
	if err != nil {
		return nil, err
	}
	store := &watchedStore{Store: tokenstore.File(in.Dir)}
	fetch := auth.Refresh{
		Endpoint: &auth.Endpoint{Client: client, URL: u, Host: transport.NewHost(u)}, Key: in.key(), Store: store,
		Form: func(refreshToken string) []auth.Field {
			return []auth.Field{
				{Name: "client_id", Value: in.ClientID}, {Name: "client_secret", Value: in.ClientSecret, Secret: true},
				{Name: "grant_type", Value: "refresh_token"}, {Name: "refresh_token", Value: refreshToken, Secret: true},
				{Name: "redirect_uri", Value: redirectURI},
			}
		},
	}.Fetch
	return &stored{auth.Login{Key: in.key(), Store: store, Issuer: in.TokenURL, ClientID: in.ClientID, Fetch: fetch}, store, client, family}, nil
}

// refresh gets the token and has it refused, until it was this program that has refreshed it.
func (l *stored) refresh(ctx context.Context) error {
	for l.store.refreshed = false; !l.store.refreshed; {
		source := auth.NewSource(l.Login, &l.client.Observer)
		value, err := source.Authorize(ctx)
		if err == nil && !l.store.refreshed {
			_, err = source.Refused(ctx, value, nil)
		}
		if closeErr := source.Close(ctx); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// watchedStore notes what the last Update has found and left, and whether that is a new token.
type watchedStore struct {
	tokenstore.Store
	before, record tokenstore.Record
	refreshed      bool
}

func (w *watchedStore) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	return w.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if w.before = (tokenstore.Record{}); old != nil {
			w.before = *old
		}
		record, err := change(ctx, old)
		if err == nil && record != nil {
			w.record, w.refreshed = *record, w.refreshed || record.AccessToken != w.before.AccessToken
		}
		return record, err
	})
}

// store puts the first tokens of a login into a directory.
func (i *issuer) store(t *testing.T, dir string, first tokens, n int) refreshing {
	t.Helper()
	in := refreshing{Dir: dir, TokenURL: i.TokenEndpoint, ClientID: i.ClientID, ClientSecret: i.ClientSecret, N: n}
	now := time.Now().Round(0)
	require.NoError(t, tokenstore.File(dir).Update(t.Context(), in.key(), func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
		return &tokenstore.Record{
			AccessToken: first.AccessToken, RefreshToken: first.RefreshToken, IDToken: first.IDToken, Issuer: in.TokenURL, ClientID: in.ClientID,
			IssuedAt: now, Expiry: now.Add(time.Duration(first.ExpiresIn) * time.Second), Generation: 1,
		}, nil
	}))
	return in
}

func (in refreshing) load(t *testing.T) tokenstore.Record {
	t.Helper()
	record, err := tokenstore.File(in.Dir).Load(t.Context(), in.key())
	require.NoError(t, err)
	return record
}

// newest is the digest of the last refresh token that the server has handed out to a user.
func newest(log []tokenRequest, subject string) string {
	issued := ""
	for _, r := range log {
		if r.Subject == subject && r.Issued != "" {
			issued = r.Issued
		}
	}
	return issued
}

func loginDir(t *testing.T) string { return filepath.Join(t.TempDir(), "store") }

func user(n int) string { return fmt.Sprintf("user-%d", n) }

// corrupt cuts the stored records in half.
func corrupt(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.NoError(t, os.Truncate(files[0], info.Size()/2))
}

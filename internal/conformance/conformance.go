// Package conformance is one suite of promises, run over every provider: what a user may rely on
// must not depend on whose hours are read. A provider is one row: how to start its fake,
// and which calls to make. A promise that a provider cannot keep has no place here.
//
// Everything runs over HTTP against the provider's fake, in a bubble of [testing/synctest], so that
// hours of waiting take no time and the order of events is exact.
package conformance

import (
	"context"
	"io"
	"iter"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/fake"
)

// Provider is a row of the suite.
type Provider struct {
	Name string
	// Start runs the provider's fake until the end of the test.
	Start func(t *testing.T, seed Seed) Server
	Links bool // lists are linked by next links, not numbered
	// Fixed: the token is the user's own. There is no token endpoint, and nothing renews it.
	Fixed bool
	// Rotating: each renewal uses up the refresh token of the one before, so that a lost answer may be the end of the
	// login. It is asked for again at once.
	Rotating bool
}

// Seed is what the fake begins with.
type Seed struct {
	Items      int // ids from 1, in their order
	PageSize   int
	EmptyPages int // an empty page after every so many; 0: none
	// Secret is to be planted wherever the login has one.
	Secret string
}

// Server is a running fake.
type Server interface {
	Fail(faults ...fake.Fault)
	ClearFaults()
	Requests() []fake.Request
	APIRequests() int
	TokenRequests() int
	RevokeTokens()
	// Booked is how many writes were carried out.
	Booked() int
	// Open returns a client with changed options.
	Open(change func(*worktime.Options)) (Client, error)
}

// Client is what the suite needs of a provider's client.
type Client struct {
	// All and Pages walk the ids of the items. With other, they make another query.
	All   func(ctx context.Context, cursor worktime.Cursor) iter.Seq2[int64, error]
	Pages func(ctx context.Context, cursor worktime.Cursor, other bool) iter.Seq2[worktime.Page[int64], error]
	Get   func(ctx context.Context) error // a safe operation
	Book  func(ctx context.Context) error // a once operation
	// TokenSource and Close are the client's own.
	TokenSource func(ctx context.Context) oauth2.TokenSource
	Close       func(ctx context.Context) error
	// Shown are values that a program might print: the configuration and the client.
	Shown []any
}

// Run makes the provider show every promise.
func Run(t *testing.T, p Provider) {
	auth := authPromises
	if p.Fixed {
		auth = fixedPromises
	}
	for _, group := range []struct {
		name     string
		promises map[string]func(*scene)
	}{
		{"auth", auth}, {"pages", pagePromises}, {"retries", retryPromises},
		{"cancellation", cancelPromises()}, {"containment", containmentPromises}, {"answers", answerPromises},
	} {
		for name, promise := range group.promises {
			t.Run(group.name+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { promise(&scene{T: t, provider: p}) })
			})
		}
	}
}

// scene is one test: a fake and the clients opened on it.
type scene struct {
	*testing.T
	provider Provider
	Server
	bodies atomic.Int64 // open bodies of answers
}

// defaultSeed has three pages.
var defaultSeed = Seed{Items: 7, PageSize: 3, Secret: "canary-client-secret"}

// start runs the fake and returns a client with changed options.
func (s *scene) start(seed Seed, change func(*worktime.Options)) Client {
	s.Helper()
	s.Server = s.provider.Start(s.T, seed)
	// Registered before the client's own end, so looked at after it.
	s.Cleanup(func() { assert.Zero(s.T, s.bodies.Load(), "bodies left open") })
	return s.open(change)
}

func (s *scene) open(change func(*worktime.Options)) Client {
	s.Helper()
	client, err := s.Server.Open(func(o *worktime.Options) {
		o.HTTPClient = &http.Client{Transport: &counting{o.HTTPClient.Transport, &s.bodies}}
		if change != nil {
			change(o)
		}
	})
	if !assert.NoError(s.T, err) {
		s.FailNow()
	}
	s.Cleanup(func() { assert.NoError(s.T, client.Close(context.Background())) })
	return client
}

// counting keeps count of the bodies that are open.
type counting struct {
	http.RoundTripper
	open *atomic.Int64
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		c.open.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: c.open}
	}
	return resp, err
}

type countedBody struct {
	io.ReadCloser
	open   *atomic.Int64
	closed atomic.Bool
}

func (b *countedBody) Close() error {
	if !b.closed.Swap(true) {
		b.open.Add(-1)
	}
	return b.ReadCloser.Close()
}

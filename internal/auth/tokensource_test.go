package auth

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/worktime-go/worktime"
)

func TestTokenSourceHandsOutTheAccessTokenOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusOK,
			`{"access_token":"a","refresh_token":"r","id_token":"i","token_type":"bearer","scope":"things.read","expires_in":1800}`)))
		tok, err := w.source.TokenSource(t.Context()).Token()
		require.NoError(t, err)
		assert.Equal(t, "a", tok.AccessToken)
		assert.Equal(t, "Bearer", tok.TokenType)
		assert.Equal(t, "Bearer", tok.Type())
		assert.Empty(t, tok.RefreshToken)
		assert.Nil(t, tok.Extra("refresh_token"))
		assert.Nil(t, tok.Extra("id_token"))
		assert.Equal(t, "things.read", tok.Extra("scope"))
		assert.True(t, time.Now().Add(halfAnHour).Equal(tok.Expiry))
		assert.True(t, tok.Valid())

		tok.AccessToken = "changed by its new owner"
		assert.Equal(t, "a", w.authorize())
		again, err := w.source.TokenSource(t.Context()).Token()
		require.NoError(t, err)
		assert.Equal(t, "a", again.AccessToken)
		assert.Equal(t, 1, w.tokenRequests())
	})
}

func TestTokenSourceRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ts := w.source.TokenSource(t.Context())
		for n, want := range []string{"tok-1", "tok-2", "tok-3"} {
			tok, err := ts.Token()
			require.NoError(t, err)
			assert.Equal(t, want, tok.AccessToken)
			assert.Equal(t, n+1, w.tokenRequests())
			time.Sleep(halfAnHour)
		}
	})
}

func TestTokenSourceWaitsOnItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		endpoint := newGate(0)
		w := newWorld(t, answering(endpoint.granting()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		tok, err := w.source.TokenSource(ctx).Token()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Nil(t, tok)
		assert.Equal(t, time.Second, time.Since(began))

		endpoint.open()
		synctest.Wait()
		tok, err = w.source.TokenSource(t.Context()).Token()
		require.NoError(t, err, "one whose context ended spoils nothing for another")
		assert.Equal(t, "tok-1", tok.AccessToken)
		assert.Equal(t, 1, w.tokenRequests())
	})
}

func TestTokenSourceTellsErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, answering(always(http.StatusBadRequest, `{"error":"invalid_client"}`)))
		tok, err := w.source.TokenSource(t.Context()).Token()
		assert.Nil(t, tok)
		assertIs(t, err, worktime.ErrUnauthorized)
		authError(t, err)
	})
}

// The Transport of x/oauth2 is what most foreign code puts a source into.
func TestTokenSourceInAnOAuth2Client(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var header atomic.Value
		w := newWorld(t, serving(func(_ http.ResponseWriter, r *http.Request, _ int) { header.Store(r.Header.Get("Authorization")) }))
		hc := &http.Client{Transport: &oauth2.Transport{Source: w.source.TokenSource(t.Context()), Base: w.rt}}
		resp, err := hc.Get(apiURL)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, "Bearer tok-1", header.Load())
	})
}

// One source can feed another, for which it is foreign.
func TestTokenSourceFeedsAnotherSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		second := newWorld(t, fetching(Foreign(provider, w.source.TokenSource(t.Context()))))
		for range 3 {
			require.Equal(t, "tok-1", second.authorize())
		}
		time.Sleep(halfAnHour)
		require.Equal(t, "tok-2", second.authorize())
		assert.Equal(t, 2, w.tokenRequests())
		assert.Zero(t, second.tokenRequests())
	})
}

// Token is not called with every request, and by one goroutine at a time.
func TestForeignSourceIsAskedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, asked atomic.Int32
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
			assert.Equal(t, int32(1), running.Add(1))
			defer running.Add(-1)
			asked.Add(1)
			time.Sleep(time.Second)
			return &oauth2.Token{AccessToken: "t", RefreshToken: "r", Expiry: time.Now().Add(time.Hour)}, nil
		}))))
		callers := ask(w.source, 1000, background)
		callers.allGot(t, 1000, "t", nil)
		for range 1000 {
			require.Equal(t, "t", w.authorize())
		}
		assert.Equal(t, int32(1), asked.Load())
		record, err := w.store.Load(t.Context(), w.key)
		require.NoError(t, err)
		assert.Empty(t, record.RefreshToken, "it stays with its owner")
	})
}

// ReuseTokenSource goes on returning its token until 10 s before the end, long after we have begun
// to ask for another.
func TestForeignSourceThatReusesItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, asked := 0, 0
		reuse := oauth2.ReuseTokenSource(nil, tokenFunc(func() (*oauth2.Token, error) {
			made++
			return &oauth2.Token{AccessToken: "tok-" + string(rune('0'+made)), Expiry: time.Now().Add(time.Hour)}, nil
		}))
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
			asked++
			return reuse.Token()
		}))))
		for range 3 * 3600 {
			w.authorize()
			time.Sleep(time.Second)
		}
		synctest.Wait()
		assert.LessOrEqual(t, made, 4)
		assert.LessOrEqual(t, asked, 4*made, "the shorter the rest, the more often, but not without end")
	})
}

// A token without an end is asked for again after a 401 only; one that has ended already is of
// use to nobody, but asking for another with every call is the source's own affair.
func TestExpiryOfAForeignToken(t *testing.T) {
	for name, c := range map[string]struct {
		expiry func() time.Time
		asked  int
	}{
		"none":     {func() time.Time { return time.Time{} }, 1},
		"an hour":  {func() time.Time { return time.Now().Add(time.Hour) }, 1},
		"just now": {time.Now, 100},
		"long ago": {func() time.Time { return time.Now().Add(-24 * time.Hour) }, 100},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
					asked++
					return &oauth2.Token{AccessToken: "t", Expiry: c.expiry()}, nil
				}))))
				for range 100 {
					_, err := w.source.Authorize(t.Context())
					require.NoError(t, err)
				}
				assert.LessOrEqual(t, asked, c.asked)
			})
		})
	}
}

// Errors of a foreign source are shared and kept apart from those of the caller's context.
func TestForeignSourceFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the vault is sealed")
		w := newWorld(t, fetching(Foreign(provider, tokenFunc(func() (*oauth2.Token, error) {
			time.Sleep(time.Second)
			return nil, cause
		}))))
		callers := ask(w.source, 100, background)
		callers.wg.Wait()
		shared := callers.returned()[0].err
		require.ErrorIs(t, shared, cause)
		for _, r := range callers.returned() {
			require.Same(t, authError(t, shared), r.err)
		}
		assert.Equal(t, 1, w.flights())
	})
}

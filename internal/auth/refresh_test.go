package auth

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		interrupted := l.stored(t)
		interrupted.Interrupted = time.Now().Add(-time.Hour)
		put(t, l.world, interrupted)
		began := time.Now()
		assert.Equal(t, at(1), l.authorize())
		// Each field once, in the order of Form, and no Authorization header.
		assert.Equal(t, "client_id=worktime-tests&client_secret=s3cr3t-c4n4ry&grant_type=refresh_token&refresh_token=c4n4ry-rt-0"+
			"&redirect_uri=http%3A%2F%2F127.0.0.1%3A8080%2Fcall+back", l.tokens[0].Body)
		assert.Empty(t, l.tokens[0].Header.Get("Authorization"))
		assert.Equal(t, tokenURL, "http://"+l.tokens[0].Host+l.tokens[0].Target)

		record := l.stored(t)
		assert.True(t, began.Equal(record.IssuedAt))
		assert.True(t, began.Add(halfAnHour).Equal(record.Expiry))
		assert.Zero(t, record.Interrupted)
		record.IssuedAt, record.Expiry = time.Time{}, time.Time{}
		assert.EqualExportedValues(t, tokenstore.Record{
			AccessToken: at(1), RefreshToken: rt(1), IDToken: "id-0", TokenType: "Bearer", Scope: "openid tlp", Subject: "ann",
			Issuer: issuer, ClientID: clientID, Generation: 2,
		}, record, "what the answer does not say is carried forward")
		l.kept(t)
	})
}

// What the answer says replaces what is stored (RFC 6749, section 5.1), but for the ID token: that of the
// login is what later ones must agree with (OpenID Connect Core 1.0, section 12.2).
func TestRefreshTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.after = `,"id_token":"id-1","scope":"openid"`
		tok, err := l.source.TokenSource(t.Context()).Token()
		require.NoError(t, err)
		assert.Equal(t, "openid", tok.Extra("scope"), "a narrower scope is visible")
		assert.Empty(t, tok.RefreshToken, "stays here")
		record := l.stored(t)
		assert.Equal(t, "id-0", record.IDToken)
		assert.Equal(t, "openid", record.Scope)
		assert.Equal(t, "ann", record.Subject)
		l.kept(t)
	})
}

// Without a refresh token in the answer the old one stays good (F22).
func TestRefreshWithoutRotation(t *testing.T) {
	for _, answered := range []string{``, `,"refresh_token":""`, `,"refresh_token":null`, `,"refresh_token":7`} {
		t.Run(answered, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				l.peer.keeps, l.peer.after = true, answered
				for n := range 5 {
					require.Equal(t, at(n+1), l.authorize())
					require.Equal(t, rt(0), l.stored(t).RefreshToken)
					time.Sleep(halfAnHour)
				}
				l.kept(t)
			})
		})
	}
}

// recording notes when an Update ends.
type recording struct {
	tokenstore.Store
	saved chan tokenstore.Record // gets what was saved before Update returns
	hold  chan struct{}          // holds Update back after the change; nil: does not
}

func (s *recording) Update(ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error)) error {
	err := s.Store.Update(ctx, key, func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		r, err := change(ctx, old)
		if s.hold != nil {
			<-s.hold
		}
		return r, err
	})
	if r, loadErr := s.Load(ctx, key); loadErr == nil {
		s.saved <- r
	}
	return err
}

// Nobody has the access token before the new refresh token is saved.
func TestSavedBeforeServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &recording{Store: tokenstore.Memory(), saved: make(chan tokenstore.Record, 10)}
		l := newLogin(t, 0, storing(store))
		<-store.saved
		store.hold = make(chan struct{})
		callers := ask(l.source, 100, background)
		synctest.Wait()
		_, rotations, _ := l.peer.state()
		require.Equal(t, 1, rotations)
		require.Empty(t, callers.returned(), "the answer is here, but not saved")
		close(store.hold)
		callers.allGot(t, 100, at(1), nil)
		assert.Equal(t, rt(1), (<-store.saved).RefreshToken)
		l.kept(t)
	})
}

// Sources with one store, as processes are, over many lives of a token: F1, F2.
func TestRefreshesOfManySources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		l.peer.lifetime = "60"
		var wg sync.WaitGroup
		const lives = 25
		for range 8 {
			s := l.another()
			for range 10 {
				wg.Go(func() {
					for range lives {
						_, err := s.Authorize(t.Context())
						if !assert.NoError(t, err) {
							return
						}
						time.Sleep(time.Minute)
					}
				})
			}
		}
		wg.Wait()
		_, rotations, _ := l.peer.state()
		assert.Equal(t, lives, rotations)
		assert.Equal(t, int64(lives+1), l.stored(t).Generation)
		l.kept(t)
	})
}

func TestRefreshByTenThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		ask(l.source, 10_000, background).allGot(t, 10_000, at(1), nil)
		assert.Equal(t, 1, l.tokenRequests())
		l.kept(t)
	})
}

func TestNothingToRefresh(t *testing.T) {
	for why, record := range map[string]*tokenstore.Record{
		"no login is stored": nil, "it came without a refresh token": {AccessToken: "old", Issuer: issuer, ClientID: clientID, IssuedAt: time.Unix(0, 0), Expiry: time.Unix(1, 0)},
	} {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, 0)
				require.NoError(t, l.store.Update(t.Context(), l.key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
					return record, nil
				}))
				_, err := l.source.Authorize(t.Context())
				assertIs(t, err, worktime.ErrLoginRequired)
				assert.Contains(t, authError(t, err).Error(), why)
				assert.Contains(t, err.Error(), "log in again")
				assert.Zero(t, l.tokenRequests())

				l.put(t, 0) // somebody logs in
				time.Sleep(failureShare)
				assert.Equal(t, at(1), l.authorize())
			})
		})
	}
}

// A record that got under the wrong key is refused, and its token sent nowhere (F24).
func TestRefreshOfAnotherLogin(t *testing.T) {
	for name, change := range map[string]func(*tokenstore.Record){
		"another client": func(r *tokenstore.Record) { r.ClientID = "another" },
		"another issuer": func(r *tokenstore.Record) { r.Issuer = "https://login.example/" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, left := range []time.Duration{0, halfAnHour} {
					l := newLogin(t, left)
					record := l.stored(t)
					change(&record)
					put(t, l.world, record)
					value, err := l.source.Authorize(t.Context())
					assert.Empty(t, value)
					authError(t, err)
					noCanary(t, err)
					assert.ErrorContains(t, err, "another login")
					_, err = l.source.Refused(t.Context(), "Bearer "+at(0), nil)
					require.Error(t, err)
					assert.Zero(t, l.tokenRequests())
					assert.Equal(t, record, l.stored(t), "left as it was")
				}
			})
		})
	}
}

func TestRefreshAfter401(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, halfAnHour, serving(refusing(at(0))))
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() { // the answers come one after the other, 30 ms apart
				resp, err := l.call(t.Context(), l.source, "?ms="+strconv.Itoa(30*(i+1)))
				if assert.NoError(t, err) {
					assert.Contains(t, string(resp.Body), at(1))
					resp.Release()
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 1, l.tokenRequests())
		assert.Equal(t, 400, l.apiRequests())
		l.kept(t)
	})
}

// A server that refuses every token costs one refresh a minute, not one a call.
func TestRefreshAfterEvery401(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, halfAnHour, serving(always(http.StatusUnauthorized, "")))
		for range 50 {
			_, err := l.call(t.Context(), l.source, "")
			require.ErrorIs(t, err, worktime.ErrUnauthorized)
			time.Sleep(time.Second)
		}
		assert.Equal(t, 1, l.tokenRequests())
		l.kept(t)
	})
}

// A wrong clock, here or where the record was made, costs one needless refresh or one 401 (F18).
func TestSkewedRecords(t *testing.T) {
	const day = 24 * time.Hour
	for _, skew := range []time.Duration{-day, -time.Hour, -halfAnHour, -time.Minute, 0, time.Minute, halfAnHour, time.Hour, day} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLogin(t, halfAnHour+skew)
				began := time.Now()
				end := began.Add(halfAnHour - time.Minute) // of what the server thinks of at-0
				l.api = func(w http.ResponseWriter, r *http.Request, n int) {
					if time.Now().After(end) {
						refusing(at(0))(w, r, n)
					}
				}
				other := l.another()
				for range 25 * 60 { // minutes
					for _, s := range []*Source{l.source, other} {
						resp, err := l.call(t.Context(), s, "")
						require.NoError(t, err)
						resp.Release()
					}
					time.Sleep(time.Minute)
				}
				// A token of half an hour is renewed after 25 minutes.
				assert.LessOrEqual(t, l.tokenRequests(), 25*60/25+1)
				l.kept(t)
			})
		})
	}
}

// A record whose times contradict each other makes no loop either.
func TestRecordFromAfterTheJump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogin(t, 0)
		record := l.stored(t)
		record.IssuedAt = time.Now().Add(24 * time.Hour) // the clock jumped back between
		record.Expiry = time.Now().Add(halfAnHour)
		put(t, l.world, record)
		for range 1000 {
			l.authorize()
			time.Sleep(time.Second / 10)
		}
		assert.LessOrEqual(t, l.tokenRequests(), 1)
		time.Sleep(halfAnHour)
		assert.Equal(t, at(1), l.authorize(), "it does not outlive its end")
		l.kept(t)
	})
}

// Refresh tokens show in no error, log line or trace, whatever the server repeats of them.
func TestRefreshShowsNoSecrets(t *testing.T) {
	for name, echo := range echoes {
		for _, status := range []int{400, 401, 403, 500} {
			t.Run(name+" "+strconv.Itoa(status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					l := newLogin(t, 0, watched(&log))
					record := l.stored(t)
					record.RefreshToken = awkward
					put(t, l.world, record)
					l.peer.asked = func(w http.ResponseWriter, _ *http.Request, n int) bool {
						reply(w, status, `{"error":"`+quoted(echo(awkward))+`","error_description":"`+quoted(echo(awkward))+`"}`)
						return true
					}
					_, err := l.source.Authorize(t.Context())
					authError(t, err)
					assertNoCanary(t, l.world, err, &log)
					assert.Contains(t, log.String(), "token refresh failed")
				})
			})
		}
	}
}

package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/tokenstore"
)

const answerLost = "the answer to a refresh was lost after the server had replaced the refresh token"

// What the peer can do to a token request, and what becomes of the login.
func TestRefreshFaults(t *testing.T) {
	p := startPeer(t, peerOptions{})
	for _, c := range []struct {
		name  string
		fault fault
		tries []error // what each refresh ends with, up to the first that works or loses the login
		says  string
		lost  bool
	}{
		{"a lost request", fault{Kind: "drop-request"}, []error{nil}, "", false},
		{"two lost requests", fault{Kind: "drop-request", N: 2}, []error{worktime.ErrUnavailable, nil}, "the login is kept", false},
		{"five lost requests", fault{Kind: "drop-request", N: 5}, []error{worktime.ErrUnavailable, worktime.ErrUnavailable, nil}, "the login is kept", false},
		{"a lost answer", fault{Kind: "drop-response"}, []error{worktime.ErrLoginRequired}, answerLost, true},
		{"half an answer", fault{Kind: "truncate-response"}, []error{worktime.ErrLoginRequired}, answerLost, true},
		{"two lost answers", fault{Kind: "drop-response", N: 2}, []error{worktime.ErrUnavailable, worktime.ErrLoginRequired}, cutShort, true},
		{"a slow answer", fault{Kind: "delay", Millis: 1500}, []error{nil}, "", false},
		{"503", fault{Kind: "status", Status: 503}, []error{worktime.ErrUnavailable, nil}, "", false},
		{"500", fault{Kind: "status", Status: 500, Body: "<html>"}, []error{worktime.ErrUnavailable, nil}, "", false},
		{"a page", fault{Kind: "status", Status: 200, Body: "<html>Welcome to the hotel"}, []error{nil}, "", false},
		{"a redirect", fault{Kind: "status", Status: 302, Header: map[string]string{"Location": "/portal"}}, []error{worktime.ErrRedirect, nil}, "", false},
		{"400 HTML", fault{Kind: "status", Status: 400, Body: "<html>"}, []error{worktime.ErrBadRequest, nil}, "", false},
		{"invalid_client", fault{Kind: "status", Status: 401, Body: `{"error":"invalid_client"}`}, []error{worktime.ErrUnauthorized, nil}, "", false},
		{"invalid_grant", fault{Kind: "status", Status: 400, Body: `{"error":"invalid_grant"}`}, []error{worktime.ErrLoginRequired}, endedFor, true},
	} {
		for vendor, i := range map[string]*issuer{"TimeLog": p.TimeLog, "Timeneye": p.Timeneye} {
			t.Run(c.name+" "+vendor, func(t *testing.T) {
				first := p.logInTimeLog
				if vendor == "Timeneye" {
					first = p.logInTimeneye
				}
				in := i.store(t, loginDir(t), first(t, "ann"), 0)
				before := in.load(t)
				i.reset(t)
				i.fault(t, c.fault)
				for n, want := range c.tries {
					l, err := in.open()
					require.NoError(t, err)
					err = l.refresh(t.Context())
					l.family.CloseIdleConnections()
					require.ErrorIs(t, err, want)
					if err != nil {
						if n == len(c.tries)-1 || !c.lost {
							assert.ErrorContains(t, err, c.says)
						}
						assert.NotContains(t, err.Error(), before.RefreshToken)
						var known *worktime.AuthError
						assert.ErrorAs(t, err, &known)
					}
				}
				after, s := in.load(t), i.stats(t)
				if !c.lost {
					assert.Zero(t, s.ReuseDetected)
					assert.Equal(t, newest(i.log(t), "ann"), digest(after.RefreshToken))
					assert.Empty(t, after.Problem)
					assert.Zero(t, after.Interrupted)
					return
				}
				assert.Equal(t, before.RefreshToken, after.RefreshToken, "nothing is deleted")
				assert.Contains(t, after.Problem, c.says)
				requests := len(i.log(t))
				l, err := in.open()
				require.NoError(t, err)
				require.ErrorIs(t, l.refresh(t.Context()), worktime.ErrLoginRequired)
				l.family.CloseIdleConnections()
				assert.Len(t, i.log(t), requests, "a login that is known to be lost is not asked for again")

				again := first(t, "ann")
				in = i.store(t, in.Dir, again, 0)
				l, err = in.open()
				require.NoError(t, err)
				require.NoError(t, l.refresh(t.Context()), "a new login is none of the old one's business")
				l.family.CloseIdleConnections()
			})
		}
	}
}

// The store refuses a file that is not its own; the engine sends nothing, and a new login is not made over it.
func TestRefreshOverACorruptFile(t *testing.T) {
	p := startPeer(t, peerOptions{})
	in := p.TimeLog.store(t, loginDir(t), p.logInTimeLog(t, "ann"), 0)
	p.TimeLog.reset(t)
	corrupt(t, in.Dir)
	l, err := in.open()
	require.NoError(t, err)
	defer l.family.CloseIdleConnections()
	err = l.refresh(t.Context())
	require.ErrorIs(t, err, tokenstore.ErrCorrupt)
	assert.ErrorContains(t, err, in.Dir)
	assert.Empty(t, p.TimeLog.log(t))
}

package e2e

import (
	"context"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPeerFaults(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	for _, test := range []struct {
		fault   fault
		answers bool // with a whole answer
		spends  bool // the refresh token
	}{
		{fault: fault{Kind: "drop-request"}},
		{fault: fault{Kind: "drop-response"}, spends: true},
		{fault: fault{Kind: "truncate-response"}, spends: true},
		{fault: fault{Kind: "delay", Millis: 300}, answers: true, spends: true},
		{fault: fault{Kind: "status", Status: 503, Header: map[string]string{"retry-after": "7"}, Body: "busy"}, answers: true},
	} {
		t.Run(test.fault.Kind, func(t *testing.T) {
			first := p.logInTimeLog(t, "ann")
			i.reset(t)
			i.fault(t, test.fault)
			began := time.Now()
			resp, err := i.client.Do(i.request(t, i.TokenEndpoint, i.identified(refreshForm(first.RefreshToken))))
			var body struct {
				RefreshToken string `json:"refresh_token"`
			}
			if err == nil {
				if test.fault.Kind == "status" {
					assert.Equal(t, 503, resp.StatusCode)
					assert.Equal(t, "7", resp.Header.Get("Retry-After"))
				} else {
					err = json.NewDecoder(resp.Body).Decode(&body)
				}
				require.NoError(t, resp.Body.Close())
			}
			assert.Equal(t, test.answers, err == nil, "%v", err)
			assert.GreaterOrEqual(t, time.Since(began), time.Duration(test.fault.Millis)*time.Millisecond)

			log := i.log(t)
			require.Len(t, log, 1)
			assert.Equal(t, test.fault.Kind, log[0].Fault)
			assert.Equal(t, test.answers, log[0].Delivered)
			assert.Equal(t, test.spends, log[0].Issued != "")

			again := i.refresh(t, first.RefreshToken)
			assert.Equal(t, test.spends, again.Error == "invalid_grant")
			if reuse := i.stats(t).ReuseDetected; test.spends {
				assert.Equal(t, 1, reuse)
			} else {
				assert.Zero(t, reuse)
			}
		})
	}
}

// TestPeerClientGone: what was asked for is carried out although the client has gone, as a killed one has, and the
// log says that the answer was not delivered.
func TestPeerClientGone(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	first := p.logInTimeLog(t, "ann")
	i.reset(t)
	i.fault(t, fault{Kind: "delay", Millis: 500})
	ctx, leave := context.WithCancel(t.Context())
	req := i.request(t, i.TokenEndpoint, i.identified(refreshForm(first.RefreshToken))).WithContext(ctx)
	gone := make(chan error)
	go func() {
		_, err := i.client.Do(req)
		gone <- err
	}()
	i.carriedOut(t)
	leave()
	require.ErrorIs(t, <-gone, context.Canceled)

	assert.Equal(t, "invalid_grant", i.refresh(t, first.RefreshToken).Error)
	assert.Equal(t, 1, i.stats(t).ReuseDetected)
	<-time.After(time.Second) // by then the delayed answer is due
	assert.False(t, i.log(t)[0].Delivered)
}

// carriedOut waits until the first token request in the log has been carried out.
func (i *issuer) carriedOut(t *testing.T) tokenRequest {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if log := i.log(t); len(log) > 0 && log[0].Status != 0 {
			return log[0]
		}
		<-tick.C
	}
	require.FailNow(t, "the request was not carried out")
	return tokenRequest{}
}

// TestPeerClientGoneEarly is the same for a client that does not even wait.
func TestPeerClientGoneEarly(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	for range 10 {
		first := p.logInTimeLog(t, "ann")
		i.reset(t)
		req := i.request(t, i.TokenEndpoint, i.identified(refreshForm(first.RefreshToken)))
		conn, err := net.Dial("tcp", req.URL.Host)
		require.NoError(t, err)
		require.NoError(t, req.Write(conn))
		require.NoError(t, conn.Close())
		got := i.carriedOut(t)
		assert.Equal(t, digest(first.RefreshToken), got.Spent)
		assert.NotEmpty(t, got.Issued)
		assert.Equal(t, "invalid_grant", i.refresh(t, first.RefreshToken).Error)
	}
}

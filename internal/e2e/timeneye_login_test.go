package e2e

import (
	"context"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timeneye"
)

func TestTimeneyeLogin(t *testing.T) {
	for name, cert := range map[string]*certificate{"http": nil, "https": newCertificate(t)} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, peerOptions{TLS: cert})
			var asked url.Values
			c := p.timeneye(t, func(login *timeneye.PKCELogin) {
				login.Open = func(_ context.Context, address string) error {
					asked = parsed(t, address).Query()
					p.Timeneye.respond(t, address, "ann", "query")
					return nil
				}
			})
			require.NoError(t, c.Login(t.Context()))
			assert.Equal(t, "S256", asked.Get("code_challenge_method"))
			assert.Equal(t, "code", asked.Get("response_type"))
			p.Timeneye.goesOn(t, c, "ann")
		})
	}
}

// The peer names itself in the answer (RFC 9207): one that names another server is mixed up.
func TestTimeneyeLoginOfAnotherServer(t *testing.T) {
	p := startPeer(t, peerOptions{})
	c := p.timeneye(t, func(login *timeneye.PKCELogin) { login.RedirectURL = redirectURI })
	address, transaction, err := c.BeginLogin(t.Context())
	require.NoError(t, err)
	answer := p.Timeneye.answerOf(t, address, "ann")
	require.Equal(t, p.Timeneye.URL, answer.Get("iss"))
	answer.Set("iss", "https://evil.example")
	err = c.FinishLogin(t.Context(), transaction, get(t, redirectURI+"?"+answer.Encode()))
	var refused *worktime.AuthError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, worktime.CheckIssuer, refused.Check)
	assert.Zero(t, p.Timeneye.stats(t).Granted["authorization_code"], "the code was not sent")
}

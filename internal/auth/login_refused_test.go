package auth

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime"
)

// The error that the server sends instead of a code ends the login.
func TestServerRefusesLogin(t *testing.T) {
	for code, want := range map[string]error{
		"access_denied": worktime.ErrForbidden, "unauthorized_client": worktime.ErrUnauthorized, "invalid_request": worktime.ErrBadRequest,
		"invalid_scope": worktime.ErrBadRequest, "unsupported_response_type": worktime.ErrBadRequest, "server_error": worktime.ErrUnavailable,
		"temporarily_unavailable": worktime.ErrUnavailable, "login_required": worktime.ErrLoginRequired, "consent_required": worktime.ErrLoginRequired,
		"interaction_required": worktime.ErrLoginRequired, "whatever": worktime.ErrBadRequest,
	} {
		bubble(t, code, func(t *testing.T) {
			s := newHybrid(t)
			tx, answer := s.begin(t, "")
			refusal := url.Values{"state": {tx.state}, "error": {code}, "error_description": {"because\r\n\x1b[31mof\u202e this"}, "error_uri": {"https://evil.example"}}
			err := s.logins.Finish(t.Context(), tx, posted(refusal))
			assertIs(t, err, want)
			assert.Equal(t, code, authError(t, err).Code)
			assert.Equal(t, "because[31mof this", authError(t, err).Description)
			assert.Zero(t, s.tokenRequests())
			assertIs(t, s.logins.Finish(t.Context(), tx, posted(answer)), worktime.ErrLoginRequired)
			assert.Zero(t, s.tokenRequests())
		})
	}
}

// Servers repeat what they were asked in what they say about it.
func TestRefusalThatRepeatsTheRequest(t *testing.T) {
	s := newHybrid(t)
	tx, _ := s.begin(t, "")
	refusal := url.Values{"state": {tx.state}, "error": {"invalid_request"}, "error_description": {"bad: state=" + tx.state + "&nonce=" + tx.nonce}}
	err := s.logins.Finish(t.Context(), tx, posted(refusal))
	assertIs(t, err, worktime.ErrBadRequest)
	assertHidden(t, err, tx.state, tx.nonce)
	for _, secret := range []string{tx.state, tx.nonce} {
		assert.NotContains(t, explain(err), secret)
	}
}

// RFC 9207, section 2.4.
func TestIssuerOfAnswer(t *testing.T) {
	promise := func(s *loginServer) { s.metadata["authorization_response_iss_parameter_supported"] = true }
	code := func(s *loginServer) { s.flow.Hybrid = false }
	known := func(s *loginServer) { s.flow.Metadata.Issuer = issuerURL }
	for _, c := range []struct {
		name string
		open func(testing.TB, ...func(*loginServer)) *loginServer
		set  []func(*loginServer)
		iss  []string
		ok   bool
	}{
		{"hybrid: right", newHybrid, nil, []string{issuerURL}, true},
		{"hybrid: none", newHybrid, nil, nil, true},
		{"hybrid: none though promised, the ID token stands in", newHybrid, []func(*loginServer){promise}, nil, true},
		{"hybrid: wrong", newHybrid, nil, []string{issuerURL + "/"}, false},
		{"code: right", newHybrid, []func(*loginServer){code, promise}, []string{issuerURL}, true},
		{"code: none though promised", newHybrid, []func(*loginServer){code, promise}, nil, false},
		{"code: none", newHybrid, []func(*loginServer){code}, nil, true},
		{"known: right", newPKCE, []func(*loginServer){known}, []string{issuerURL}, true},
		{"known: case", newPKCE, []func(*loginServer){known}, []string{strings.ToUpper(issuerURL)}, false},
		{"known: same origin", newPKCE, []func(*loginServer){known}, []string{"http://127.0.0.1"}, false},
		{"unknown: none", newPKCE, nil, nil, true},
		{"unknown: same origin", newPKCE, nil, []string{"http://127.0.0.1/anything"}, true},
		{"unknown: another host", newPKCE, nil, []string{"http://127.0.0.2/op"}, false},
		{"unknown: another port", newPKCE, nil, []string{"http://127.0.0.1:81/op"}, false},
		{"unknown: another scheme", newPKCE, nil, []string{"https://127.0.0.1/op"}, false},
		{"unknown: user name", newPKCE, nil, []string{"http://a@127.0.0.1/op"}, false},
		{"unknown: no URL", newPKCE, nil, []string{"%"}, false},
	} {
		bubble(t, c.name, func(t *testing.T) {
			s := c.open(t, c.set...)
			tx, answer := s.begin(t, "")
			err := s.logins.Finish(t.Context(), tx, posted(with(answer, map[string][]string{"iss": c.iss})))
			if c.ok {
				require.NoError(t, err)
				return
			}
			assertIs(t, err, worktime.ErrLoginRequired)
			assert.Equal(t, worktime.CheckIssuer, authError(t, err).Check)
			assert.Zero(t, s.tokenRequests(), "the code went to nobody")
		})
	}
}

// Until the ID token has passed nothing is stored and no token is usable.
func TestRefusedIDToken(t *testing.T) {
	forged := func(d *draft) { d.by = keyB().named("a") }
	set := func(name string, value any) func(*draft) { return func(d *draft) { d.claims[name] = value } }
	for name, c := range map[string]struct {
		front, back func(*draft)
		check       worktime.Check
		exchanged   int
	}{
		"front: signature":         {forged, nil, worktime.CheckSignature, 0},
		"front: nonce":             {set("nonce", "another"), nil, worktime.CheckNonce, 0},
		"front: code":              {set("c_hash", half("RS256", "another")), nil, worktime.CheckCodeHash, 0},
		"front: issuer":            {set("iss", "https://evil.example"), nil, worktime.CheckIssuer, 0},
		"front: older than login":  {set("iat", time.Now().Add(-time.Hour).Unix()), nil, worktime.CheckTime, 0},
		"back: signature":          {nil, forged, worktime.CheckSignature, 1},
		"back: nonce":              {nil, set("nonce", "another"), worktime.CheckNonce, 1},
		"back: another user":       {nil, set("sub", "local:83"), worktime.CheckSubject, 1},
		"back: access token":       {nil, set("at_hash", half("RS256", "another")), worktime.CheckTokenHash, 1},
		"back: none":               {nil, set("iss", "none"), "", 1},
		"back: for another client": {nil, set("aud", "another"), worktime.CheckAudience, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHybrid(t, func(s *loginServer) { s.front, s.back = c.front, c.back })
			tx, answer := s.begin(t, "")
			err := s.logins.Finish(t.Context(), tx, posted(answer))
			require.Error(t, err)
			assert.Equal(t, c.check, authError(t, err).Check)
			assert.Equal(t, c.exchanged, s.tokenRequests())
			assert.Zero(t, s.store.written())
			_, err = s.bearer("")
			assertIs(t, err, worktime.ErrLoginRequired)
			assert.Equal(t, c.exchanged, s.tokenRequests())
		})
	}
}

// The ID token of a refresh is judged after its refresh token has been saved.
func TestRefusedIDTokenOfRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newHybrid(t)
		s.login(t, "")
		s.renewed = func(d *draft) { d.claims["sub"] = "local:83" }
		time.Sleep(time.Hour)
		_, err := s.bearer("")
		assertIs(t, err, worktime.ErrBadResponse)
		assert.Equal(t, worktime.CheckSubject, authError(t, err).Check)
		assert.Equal(t, 2, s.tokenRequests())
		record, err := s.stored("")
		require.NoError(t, err)
		assert.Equal(t, rt(2), record.RefreshToken, "saved all the same")
		assert.Equal(t, at(1), record.AccessToken, "the new one is not to be used")
		assert.Empty(t, record.Problem)

		s.renewed = nil
		time.Sleep(failurePause)
		bearer, err := s.bearer("")
		require.NoError(t, err)
		assert.Equal(t, "Bearer "+at(3), bearer)

		s.renewed = func(d *draft) { d.claims["iss"] = "none" } // there need not be one
		time.Sleep(time.Hour)
		_, err = s.bearer("")
		require.NoError(t, err)
	})
}

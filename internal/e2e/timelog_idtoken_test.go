package e2e

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/tokenstore"
)

// mutant is an ID token that the peer has re-made.
type mutant struct {
	mutation

	refused worktime.Check // empty: it is benign
	where   []string       // as the peer calls the channels; nil: front, back and refresh
}

func set(claim string, value any) mutation {
	return mutation{Set: map[string]any{claim: value}}
}

func without(claim string) mutation { return mutation{Remove: []string{claim}} }

func shifted(claim string, seconds int) mutation {
	return mutation{Shift: map[string]int{claim: seconds}}
}

// brokenIDTokens are what no relying party may accept: OpenID Connect Core 1.0, sections 3.1.3.7, 3.3.2.11 and 12.2.
func brokenIDTokens(issuer, clientID string) map[string]mutant {
	const day = 86400
	later := []string{"back", "refresh"}
	return map[string]mutant{
		"signature does not hold":      {mutation{Sig: "bad"}, worktime.CheckSignature, nil},
		"signature of another key":     {mutation{Sig: "other-key"}, worktime.CheckSignature, nil},
		"key that is not published":    {mutation{Sig: "unknown-kid"}, worktime.CheckSignature, nil},
		"no signature":                 {mutation{Sig: "none"}, worktime.CheckAlgorithm, nil},
		"public key as a secret":       {mutation{Sig: "hs256"}, worktime.CheckAlgorithm, nil},
		"another issuer":               {set("iss", "https://evil.example"), worktime.CheckIssuer, nil},
		"issuer with a slash":          {set("iss", issuer+"/"), worktime.CheckIssuer, nil},
		"issuer without its path":      {set("iss", strings.TrimSuffix(issuer, "/timelog")), worktime.CheckIssuer, nil},
		"issuer in a list":             {set("iss", []string{issuer}), worktime.CheckIssuer, nil},
		"no issuer":                    {without("iss"), worktime.CheckIssuer, nil},
		"another audience":             {set("aud", "another-client"), worktime.CheckAudience, nil},
		"audience in other letters":    {set("aud", strings.ToUpper(clientID)), worktime.CheckAudience, nil},
		"unknown second audience":      {set("aud", []string{clientID, "another-client"}), worktime.CheckAudience, nil},
		"empty list of audiences":      {set("aud", []string{}), worktime.CheckAudience, nil},
		"no audience":                  {without("aud"), worktime.CheckAudience, nil},
		"another party":                {set("azp", "another-client"), worktime.CheckParty, nil},
		"party that is no text":        {set("azp", 1), worktime.CheckParty, nil},
		"twice this client, no party":  {set("aud", []string{clientID, clientID}), worktime.CheckParty, nil},
		"party that the login's lacks": {set("azp", clientID), worktime.CheckParty, []string{"refresh"}},
		"expired":                      {shifted("exp", -day), worktime.CheckTime, nil},
		"expiry as text":               {set("exp", "9999999999"), worktime.CheckTime, nil},
		"no expiry":                    {without("exp"), worktime.CheckTime, nil},
		"from tomorrow":                {shifted("iat", day), worktime.CheckTime, nil},
		"of yesterday":                 {shifted("iat", -day), worktime.CheckTime, nil},
		"no time of issue":             {without("iat"), worktime.CheckTime, nil},
		"time of issue is null":        {set("iat", nil), worktime.CheckTime, nil},
		"not valid before tomorrow":    {set("nbf", time.Now().Unix()+day), worktime.CheckTime, nil},
		"valid since a text":           {set("nbf", "now"), worktime.CheckTime, nil},
		"another user":                 {set("sub", "mallory"), worktime.CheckSubject, later},
		"empty user":                   {set("sub", ""), worktime.CheckSubject, nil},
		"user as a number":             {set("sub", 1), worktime.CheckSubject, nil},
		"user of 256 letters":          {set("sub", strings.Repeat("a", 256)), worktime.CheckSubject, nil},
		"user with a line break":       {set("sub", "ann\n"), worktime.CheckSubject, nil},
		"no user":                      {without("sub"), worktime.CheckSubject, nil},
		"another nonce":                {set("nonce", "another-nonce"), worktime.CheckNonce, nil},
		"empty nonce":                  {set("nonce", ""), worktime.CheckNonce, nil},
		"nonce in a list":              {set("nonce", []string{"a"}), worktime.CheckNonce, nil},
		"no nonce":                     {without("nonce"), worktime.CheckNonce, []string{"front", "back"}},
		"another code":                 {set("c_hash", "AAAAAAAAAAAAAAAAAAAAAA"), worktime.CheckCodeHash, []string{"front"}},
		"no hash of the code":          {without("c_hash"), worktime.CheckCodeHash, []string{"front"}},
		"another access token":         {set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), worktime.CheckTokenHash, later},
		"hash that is no text":         {set("at_hash", 1), worktime.CheckTokenHash, later},
	}
}

// benignIDTokens are unusual and right.
func benignIDTokens(clientID string) map[string]mutant {
	return map[string]mutant{
		"as issued":                   {mutation{}, "", nil},
		"no key id":                   {mutation{Sig: "no-kid"}, "", nil},
		"audience in a list":          {set("aud", []string{clientID}), "", nil},
		"this client as the party":    {set("azp", clientID), "", []string{"front"}},
		"unknown claims":              {mutation{Set: map[string]any{"https://example.com/x": []int{1}, "amr": nil}}, "", nil},
		"half a second":               {set("exp", float64(time.Now().Unix())+600.5), "", nil},
		"clock half a minute slow":    {shifted("iat", -30), "", nil},
		"clock half a minute fast":    {shifted("iat", 30), "", nil},
		"valid since a while":         {set("nbf", time.Now().Unix()-60), "", nil},
		"lives long":                  {shifted("exp", 86400), "", nil},
		"no nonce on a refresh":       {without("nonce"), "", []string{"refresh"}},
		"no hash of the access token": {without("at_hash"), "", []string{"back", "refresh"}},
	}
}

func TestTimeLogIDTokens(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	c := p.timelog(t, func(login *timelog.HybridLogin) { login.RedirectURL, login.ResponseMode = redirectURI, "fragment" })
	all := brokenIDTokens(i.URL, i.ClientID)
	broken := len(all)
	maps.Copy(all, benignIDTokens(i.ClientID))
	logins := 0
	for name, m := range all {
		where := m.where
		if where == nil {
			where = []string{"front", "back", "refresh"}
		}
		for _, m.Where = range where {
			t.Run(name+", "+m.Where, func(t *testing.T) { m.try(t, i, c.Account(t.Name())) })
			logins++
		}
	}
	t.Logf("%d kinds of broken ID tokens, %d benign ones, %d logins", broken, len(all)-broken, logins)
	assert.GreaterOrEqual(t, broken, 30)
}

// try logs in, with the mutant on the way or on the first refresh.
func (m mutant) try(t *testing.T, i *issuer, c *timelog.Client) {
	t.Helper()
	i.reset(t)
	if m.Where != "refresh" {
		i.mutate(t, m.mutation)
	}
	address, transaction, err := c.BeginLogin(t.Context())
	require.NoError(t, err)
	err = c.FinishLogin(t.Context(), transaction, posted(t, redirectURI, i.answerOf(t, address, "ann")))
	if m.refused != "" && m.Where != "refresh" {
		m.check(t, err, worktime.ErrLoginRequired)
		_, err = c.TokenSource(t.Context()).Token()
		require.ErrorIs(t, err, worktime.ErrLoginRequired, "nothing is stored")
		if m.Where == "front" {
			assert.Empty(t, i.stats(t).Granted, "the code was not sent")
		}
		return
	}
	require.NoError(t, err)
	first, err := c.TokenSource(t.Context()).Token()
	require.NoError(t, err)
	if m.Where == "refresh" {
		i.mutate(t, m.mutation)
	}
	require.NoError(t, c.Do(t.Context(), anyRequest, nil))
	err = c.Do(t.Context(), anyRequest, nil) // wants another token
	next, tokenErr := c.TokenSource(t.Context()).Token()
	require.NoError(t, tokenErr)
	if m.refused == "" {
		require.NoError(t, err)
		assert.NotEqual(t, first.AccessToken, next.AccessToken)
		return
	}
	m.check(t, err, worktime.ErrBadResponse)
	assert.Equal(t, first.AccessToken, next.AccessToken, "what came with it is not used")
}

func (m mutant) check(t *testing.T, err, kind error) {
	t.Helper()
	var refused *worktime.AuthError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, m.refused, refused.Check)
	require.ErrorIs(t, err, kind)
}

// The keys change while logins live, and also to keys that replace the old ones at once.
func TestTimeLogKeyRotation(t *testing.T) {
	p := startPeer(t, peerOptions{})
	i := p.TimeLog
	store := tokenstore.Memory()
	open := func() *timelog.Client {
		return p.timelog(t, func(login *timelog.HybridLogin) {
			login.Store, login.Open = store, func(_ context.Context, address string) error {
				i.respond(t, address, "ann", "form_post")
				return nil
			}
		})
	}
	c := open()
	require.NoError(t, c.Login(t.Context()))
	for n, forget := range []bool{false, true} {
		i.rotateKeys(t, forget)
		again := open() // a program that is started again
		require.NoError(t, again.Do(t.Context(), anyRequest, nil))
		require.NoError(t, again.Do(t.Context(), anyRequest, nil))
		assert.Equal(t, map[string]int{"authorization_code": 1, "refresh_token": n + 1}, i.stats(t).Granted)
	}
	// The first client has cached the first key.
	require.NoError(t, c.Login(t.Context()))
	i.goesOn(t, c, "ann")
}

package auth

import (
	"context"
	"crypto"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	strict "github.com/go-jose/go-jose/v4/json"

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/internal/transport"
)

const (
	maxIDToken = 64 << 10
	maxSubject = 255 // OpenID Connect Core 1.0, section 2
	// clockSkew is by how much the clocks of this machine and of the login server may differ.
	clockSkew = 5 * time.Minute
	// maxDate is the year 10000: a number beyond it is in milliseconds, or a mistake.
	maxDate = 253402300800
)

// Channel is the way on which an ID token came.
type Channel uint8

// An ID token comes with the authorization code, with the first tokens or with later ones.
const (
	FrontChannel   Channel = iota // through the browser
	BackChannel                   // from the token endpoint, for the code
	RefreshChannel                // from the token endpoint, for a refresh token
)

func (c Channel) operation() string {
	return [...]string{"authorization", "code exchange", "refresh"}[c]
}

// Expectation is what an ID token must say.
type Expectation struct {
	Channel  Channel
	ClientID string
	// Begun is when the login began, or when the refresh was asked for: the token must be
	// younger.
	Begun time.Time
	// Nonce is that of the login; a refresh goes by the one in First.
	Nonce string
	// Code is the authorization code. The front channel's ID token must have its hash;
	// elsewhere it is checked if both are there.
	Code string
	// AccessToken is the one that came with the ID token. Its hash is checked if both are there.
	AccessToken string
	// Audiences may be named besides the client.
	Audiences []string
	// First has the claims of the ID token before this one, about the same login: in the back
	// channel the front channel's, nil if there was none; on a refresh the login's, which must be there.
	First *Claims
}

// Claims is what an ID token says (OpenID Connect Core 1.0, section 2).
type Claims struct {
	Issuer, Subject            string
	Audience                   []string
	AuthorizedParty, Nonce     string
	Expiry, IssuedAt, AuthTime time.Time // AuthTime is zero if it is not there

	members map[string]json.RawMessage
}

// Check returns the claims of an ID token that is what want says, and else a [worktime.AuthError].
// If that has a Check the token was refused: the login is to be begun again, and a refresh is a bad
// response. Without one nothing was judged, for want of the provider's metadata or keys.
//
// The steps are those of OpenID Connect Core 1.0, sections 3.1.3.7, 3.3.2.11, 3.3.3.6 and 12.2, in the
// order of the Check constants. What has the wrong type counts as wrong, and null as absent.
func (p *Provider) Check(ctx context.Context, token string, want Expectation) (Claims, error) {
	refused := func(check worktime.Check, reason string) (Claims, error) {
		sentinel := worktime.ErrLoginRequired
		if want.Channel == RefreshChannel {
			sentinel = worktime.ErrBadResponse // the login lives on
		}
		return Claims{}, &worktime.AuthError{
			Provider: p.client.Provider(), Operation: want.Channel.operation(), Check: check, Err: transport.Join(sentinel, errors.New(reason)),
		}
	}
	jws, check, reason := p.parse(token)
	switch {
	case reason != "":
		return refused(check, reason)
	case want.Channel == RefreshChannel && want.First == nil:
		return refused(worktime.CheckSubject, "the user of the login is not known")
	}
	metadata, err := p.Metadata(ctx)
	if err != nil {
		return Claims{}, err
	}
	payload, err := p.verify(ctx, metadata, jws)
	switch {
	case err != nil:
		return Claims{}, err
	case payload == nil:
		return refused(worktime.CheckSignature, "no key of the login server has made the signature")
	}
	claims, err := readClaims(payload)
	if err != nil {
		return refused(worktime.CheckFormat, err.Error())
	}
	hash := hashOf(jws.Signatures[0].Protected.Algorithm)
	for _, step := range []struct {
		check  worktime.Check
		reason string
	}{
		{worktime.CheckIssuer, claims.wrongIssuer(metadata.Issuer, want)},
		{worktime.CheckAudience, claims.wrongAudience(want)},
		{worktime.CheckParty, claims.wrongParty(want)},
		{worktime.CheckTime, claims.wrongTime(time.Now(), want)},
		{worktime.CheckSubject, claims.wrongSubject(want)},
		{worktime.CheckNonce, claims.wrongNonce(want)},
		{worktime.CheckCodeHash, claims.wrongHash("c_hash", hash, want.Code, want.Channel == FrontChannel)},
		{worktime.CheckTokenHash, claims.wrongHash("at_hash", hash, want.AccessToken, false)},
	} {
		if step.reason != "" {
			return refused(step.check, step.reason)
		}
	}
	return claims, nil
}

// ReadClaims reads the claims of an ID token that was checked before it was stored.
func ReadClaims(token string) (Claims, error) {
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return Claims{}, errors.New("the ID token is not in base64url")
	}
	return readClaims(text)
}

// parse looks at the form of a token and at its header, before anything costs time.
func (p *Provider) parse(token string) (*jose.JSONWebSignature, worktime.Check, string) {
	if len(token) > maxIDToken || strings.Count(token, ".") != 2 {
		return nil, worktime.CheckFormat, "it has not three parts, or is too long"
	}
	for part := range strings.SplitSeq(token, ".") {
		// One spelling only: encoding/base64 passes over line breaks and odd bits at the end.
		if b, err := base64.RawURLEncoding.DecodeString(part); err != nil || base64.RawURLEncoding.EncodeToString(b) != part {
			return nil, worktime.CheckFormat, "it is not in base64url"
		}
	}
	jws, err := jose.ParseSignedCompact(token, p.algorithms)
	if _, ok := errors.AsType[*jose.ErrUnexpectedSignatureAlgorithm](err); ok {
		return nil, worktime.CheckAlgorithm, "it is not signed with an algorithm that is allowed"
	}
	if err != nil || len(jws.Signatures) != 1 {
		return nil, worktime.CheckFormat, "its header cannot be read" // the error may quote it
	}
	header := jws.Signatures[0].Protected.ExtraHeaders
	for _, name := range []jose.HeaderKey{"crit", "b64"} {
		if _, ok := header[name]; ok {
			return nil, worktime.CheckFormat, "its header has extensions" // RFC 7515, section 4.1.11
		}
	}
	// Another type is another kind of token, an access token for one (RFC 8725, section 3.11).
	if value, ok := header[jose.HeaderType]; ok {
		typ, _ := value.(string)
		if !strings.EqualFold(typ, "JWT") && !strings.EqualFold(typ, "application/jwt") {
			return nil, worktime.CheckFormat, "its header says that it is a token of another kind"
		}
	}
	return jws, "", ""
}

// readClaims reads the payload of an ID token. A name that comes twice is refused, as RFC 7519,
// section 4, allows: two readers might see two different tokens.
func readClaims(payload []byte) (Claims, error) {
	var members map[string]strict.RawMessage
	if strict.Unmarshal(payload, &members) != nil || members == nil {
		return Claims{}, errors.New("its claims are not a JSON object with one value each")
	}
	c := Claims{members: make(map[string]json.RawMessage, len(members))}
	for name, value := range members {
		if string(value) != "null" {
			c.members[name] = json.RawMessage(value)
		}
	}
	c.Issuer, c.Subject = text(c.members["iss"]), text(c.members["sub"])
	c.AuthorizedParty, c.Nonce = text(c.members["azp"]), text(c.members["nonce"])
	if json.Unmarshal(c.members["aud"], &c.Audience) != nil {
		c.Audience = nil
		if one := text(c.members["aud"]); one != "" {
			c.Audience = []string{one}
		}
	}
	c.Expiry, c.IssuedAt, c.AuthTime = c.date("exp"), c.date("iat"), c.date("auth_time")
	return c, nil
}

// date reads seconds since 1970 (RFC 7519, section 2); zero if they are not a sensible number.
func (c Claims) date(name string) time.Time {
	seconds, err := strconv.ParseFloat(string(c.members[name]), 64)
	if err != nil || seconds <= 0 || seconds >= maxDate { // a string has quotes, and fails
		return time.Time{}
	}
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9))
}

func (c Claims) has(name string) bool { return c.members[name] != nil }

func (c Claims) wrongIssuer(issuer string, want Expectation) string {
	if c.Issuer != issuer || want.First != nil && want.First.Issuer != issuer {
		return "it is from another issuer"
	}
	return ""
}

func (c Claims) wrongAudience(want Expectation) string {
	if want.ClientID == "" || !slices.Contains(c.Audience, want.ClientID) {
		return "it is not meant for this client"
	}
	for _, audience := range c.Audience {
		if audience != want.ClientID && !slices.Contains(want.Audiences, audience) {
			return "it is meant for somebody else too"
		}
	}
	if want.Channel == RefreshChannel {
		for _, audience := range want.First.Audience {
			if !slices.Contains(c.Audience, audience) {
				return "it is meant for fewer than that of the login"
			}
		}
	}
	return ""
}

func (c Claims) wrongParty(want Expectation) string {
	switch {
	case len(c.Audience) > 1 && !c.has("azp"):
		return "it is meant for several, and names no authorized party"
	case c.has("azp") && c.AuthorizedParty != want.ClientID:
		return "it was issued to another client"
	case want.Channel == RefreshChannel && c.AuthorizedParty != want.First.AuthorizedParty:
		return "its authorized party is not that of the login"
	}
	return ""
}

func (c Claims) wrongTime(now time.Time, want Expectation) string {
	const clock = ": check the clock of this machine"
	notBefore := c.date("nbf")
	switch {
	case c.Expiry.IsZero() || c.IssuedAt.IsZero():
		return "it does not say when it was issued and when it expires"
	case c.has("nbf") && notBefore.IsZero():
		return "it does not say since when it is valid"
	case !now.Before(c.Expiry.Add(clockSkew)):
		return "it has expired" + clock
	case c.IssuedAt.After(now.Add(clockSkew)), notBefore.After(now.Add(clockSkew)):
		return "it is from the future" + clock
	case want.Begun.IsZero() || c.IssuedAt.Before(want.Begun.Add(-clockSkew)):
		return "it is older than the request for it" + clock
	case want.Channel != RefreshChannel:
	case c.IssuedAt.Before(want.First.IssuedAt.Add(-clockSkew)):
		return "it is older than that of the login"
	case c.has("auth_time") && !want.First.AuthTime.IsZero() && !c.AuthTime.Equal(want.First.AuthTime):
		return "its auth_time is not that of the login"
	}
	return ""
}

func (c Claims) wrongSubject(want Expectation) string {
	odd := func(r rune) bool { return r < ' ' || r > '~' }
	switch {
	case c.Subject == "" || len(c.Subject) > maxSubject || strings.ContainsFunc(c.Subject, odd):
		return "it names no user, or in a way that is not allowed"
	case want.First != nil && c.Subject != want.First.Subject:
		return "it names another user"
	}
	return ""
}

func (c Claims) wrongNonce(want Expectation) string {
	nonce := want.Nonce
	if want.Channel == RefreshChannel {
		if !c.has("nonce") {
			return "" // OpenID Connect Core 1.0, section 12.2: it should have none
		}
		nonce = want.First.Nonce
	}
	if nonce == "" || !equal(c.Nonce, nonce) {
		return "it does not answer this login's request"
	}
	return ""
}

// wrongHash compares the left half of a hash (OpenID Connect Core 1.0, section 3.3.2.11).
func (c Claims) wrongHash(name string, hash crypto.Hash, value string, required bool) string {
	if !required && (value == "" || !c.has(name)) {
		return ""
	}
	h := hash.New()
	h.Write([]byte(value))
	sum := h.Sum(nil)
	if value == "" || !equal(text(c.members[name]), base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])) {
		return "it does not belong to what came with it"
	}
	return ""
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// hashOf returns the hash of a signature algorithm (RFC 7518, section 3.1; RFC 8037, section 3.1),
// 0 if it is none that an ID token may be signed with: HMAC and none are not.
func hashOf(algorithm string) crypto.Hash {
	switch jose.SignatureAlgorithm(algorithm) {
	case jose.RS256, jose.PS256, jose.ES256:
		return crypto.SHA256
	case jose.RS384, jose.PS384, jose.ES384:
		return crypto.SHA384
	case jose.RS512, jose.PS512, jose.ES512, jose.EdDSA:
		return crypto.SHA512
	default:
		return 0
	}
}

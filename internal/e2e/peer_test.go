package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// requiredVariable makes it a failure that the peer cannot be started.
const requiredVariable = "WORKTIME_E2E_REQUIRED"

// startLimit and stopLimit are for a peer that hangs.
const (
	startLimit = 2 * time.Minute
	stopLimit  = 30 * time.Second
)

// peerOptions are the settings of the peer. What is zero keeps the peer's default. Lifetimes are in seconds.
type peerOptions struct {
	Host       string         `json:"host,omitzero"` // 127.0.0.1, localhost or ::1
	TLS        *certificate   `json:"tls,omitzero"`  // nil: http
	RefreshTTL int            `json:"refreshTTL,omitzero"`
	TimeLog    loginOptions   `json:"timelog"`
	Timeneye   loginOptions   `json:"timeneye"`
	Protime    protimeOptions `json:"protime"`
}

type loginOptions struct {
	AccessTTL    int      `json:"accessTTL,omitzero"`
	RedirectURIs []string `json:"redirectURIs,omitzero"` // default: http and /callback at any port of the loopback hosts
}

type protimeOptions struct {
	AccessTTL   int    `json:"accessTTL,omitzero"`
	TokenLimit  int    `json:"tokenLimit,omitzero"`  // token requests of a tenant in a window; 0: no limit
	TokenWindow int    `json:"tokenWindow,omitzero"` // seconds
	RetryAfter  string `json:"retryAfter,omitzero"`  // seconds, date or none
}

// peer is the running OpenID provider, with an issuer for each vendor's login server.
type peer struct {
	TimeLog  *issuer            `json:"timelog"`
	Timeneye *issuer            `json:"timeneye"`
	Protime  map[string]*issuer `json:"protime"` // by tenant: acme and globex
}

// issuer is what a client is configured with, and the way to look into the issuer.
type issuer struct {
	URL                   string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	Whoami                string   `json:"whoami"` // says whose bearer token it was sent
	Control               string   `json:"control"`
	ClientID              string   `json:"client_id"`
	ClientSecret          string   `json:"client_secret"` // empty for Timeneye's public client
	RedirectURIs          []string `json:"redirect_uris"`
	Scope                 string   `json:"scope"`

	client *http.Client
}

// startPeer runs a peer until the test ends. Without Node.js or without the peer's packages it skips the test.
func startPeer(t *testing.T, options peerOptions) *peer {
	t.Helper()
	node := findNode(t)
	settings, err := json.Marshal(options)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(context.Background())
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, node, "server.mjs", string(settings))
	cmd.Dir, cmd.Stderr = "peer", &stderr
	stdin, err := cmd.StdinPipe() // the peer ends when it is closed, at the latest with this process
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	client := newClient(t, options.TLS)
	t.Cleanup(func() {
		_ = stdin.Close()
		limit := time.AfterFunc(stopLimit, cancel)
		err := cmd.Wait()
		limit.Stop()
		cancel()
		if assert.NoError(t, err, "the peer did not end properly"); t.Failed() {
			t.Logf("standard error of the peer:\n%s", stderr.Bytes())
		}
	})
	limit := time.AfterFunc(startLimit, cancel)
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	limit.Stop()
	require.NoError(t, err, "the peer did not start")
	p := &peer{}
	require.NoError(t, json.Unmarshal(line, p))
	for _, i := range []*issuer{p.TimeLog, p.Timeneye, p.Protime["acme"], p.Protime["globex"]} {
		i.client = client
	}
	return p
}

func findNode(t *testing.T) string {
	t.Helper()
	missing := t.Skipf //nolint:forbidigo // not everybody has Node.js; where it matters, in CI, the variable is set
	if os.Getenv(requiredVariable) == "1" {
		missing = t.Fatalf
	}
	node, err := exec.LookPath("node")
	if err != nil {
		missing("this test needs Node.js 20.19 or later: %v", err)
	}
	version, err := exec.CommandContext(t.Context(), node, "--version").Output()
	require.NoError(t, err)
	var major, minor int
	_, err = fmt.Sscanf(string(version), "v%d.%d.", &major, &minor)
	require.NoError(t, err, "version of Node.js: %s", version)
	if major < 20 || major == 20 && minor < 19 {
		missing("this test needs Node.js 20.19 or later, and this is %s", version)
	}
	// The file that npm writes when everything else is in place.
	if _, err := os.Stat(filepath.Join("peer", "node_modules", ".package-lock.json")); err != nil {
		missing("this test needs the packages that internal/e2e/install.sh installs: %v", err)
	}
	return node
}

// stats is the issuer's own account of what it did.
type stats struct {
	Requests      map[string]int `json:"requests"` // by path, such as /connect/token
	Granted       map[string]int `json:"granted"`  // by grant type
	Refused       map[string]int `json:"refused"`  // by grant type and error: refresh_token:invalid_grant
	RateLimited   int            `json:"rate_limited"`
	ReuseDetected int            `json:"reuse_detected"` // refresh tokens that came a second time
	GrantsRevoked int            `json:"grants_revoked"` // logins ended because of that, or of a code that came twice
}

// tokenRequest is the issuer's record of one token request. Tokens are digests: see [digest].
type tokenRequest struct {
	Time      time.Time `json:"time"`
	ClientID  string    `json:"client_id"`
	GrantType string    `json:"grant_type"`
	Subject   string    `json:"subject"` // who is logged in, for a granted request
	Fault     string    `json:"fault"`
	Status    int       `json:"status"` // as made, even if it was not sent
	Error     string    `json:"error"`
	Spent     string    `json:"spent"`     // the refresh token that came
	Issued    string    `json:"issued"`    // its successor, or the first
	Reuse     bool      `json:"reuse"`     // the token had been spent before
	Revoked   bool      `json:"revoked"`   // the login was ended
	Delivered bool      `json:"delivered"` // the whole answer was handed to the system; it may be lost after that
}

// digest is how a token appears in the issuer's log.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// fault befalls the next N token requests, one if N is zero.
type fault struct {
	// Kind is drop-request (closed before it is read), drop-response (the token is rotated and the client does not
	// hear of it), truncate-response, delay (of the answer) or status.
	Kind   string            `json:"kind"`
	N      int               `json:"n,omitzero"`
	Millis int               `json:"ms,omitzero"`     // with delay
	Status int               `json:"status,omitzero"` // with status, and so are the others
	Header map[string]string `json:"headers,omitzero"`
	Body   string            `json:"body,omitzero"`
}

// mutation changes the next N ID Tokens that are issued at one place, one if N is zero.
type mutation struct {
	Where  string         `json:"where"` // front, back or refresh
	N      int            `json:"n,omitzero"`
	Set    map[string]any `json:"set,omitzero"`
	Remove []string       `json:"remove,omitzero"`
	Shift  map[string]int `json:"shift,omitzero"` // seconds added to numeric claims
	Sig    string         `json:"sig,omitzero"`   // good, bad, none, hs256, other-key, unknown-kid, no-kid or rs384
}

func (i *issuer) stats(t *testing.T) stats {
	t.Helper()
	var s stats
	i.control(t, http.MethodGet, "stats", nil, &s)
	return s
}

// log returns the token requests since the start or the last reset, in the order of their arrival.
func (i *issuer) log(t *testing.T) []tokenRequest {
	t.Helper()
	var all []tokenRequest
	i.control(t, http.MethodGet, "log", nil, &all)
	return all
}

func (i *issuer) fault(t *testing.T, f fault) {
	t.Helper()
	i.control(t, http.MethodPost, "fault", f, nil)
}

func (i *issuer) mutate(t *testing.T, m mutation) {
	t.Helper()
	i.control(t, http.MethodPost, "mutate", m, nil)
}

// rotateKeys makes a new signing key. With forget the old one is no longer published.
func (i *issuer) rotateKeys(t *testing.T, forget bool) {
	t.Helper()
	i.control(t, http.MethodPost, "rotate-keys", map[string]bool{"forget": forget}, nil)
}

// reset forgets faults, mutations, statistics and log, not the logins.
func (i *issuer) reset(t *testing.T) {
	t.Helper()
	i.control(t, http.MethodPost, "reset", nil, nil)
}

func (i *issuer) control(t *testing.T, method, verb string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	require.NoError(t, err)
	if in == nil {
		body = nil
	}
	req, err := http.NewRequest(method, i.Control+"/"+verb, bytes.NewReader(body))
	require.NoError(t, err)
	got := send(t, i.client, req)
	require.Equal(t, http.StatusOK, got.Status, "%s", got.Body)
	if out != nil {
		require.NoError(t, json.Unmarshal(got.Body, out))
	}
}

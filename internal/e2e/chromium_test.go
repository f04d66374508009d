package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/worktime-go/worktime/timelog"
	"github.com/worktime-go/worktime/timeneye"
)

// browserLimit is for a browser that hangs.
const browserLimit = time.Minute

// chromium returns the command. Without Chromium the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing := t.Skipf //nolint:forbidigo // not everybody has Chromium; where it matters, in CI, the variable is set
		if os.Getenv(requiredVariable) == "1" {
			missing = t.Fatalf
		}
		missing("this test needs Chromium as the command chromium: %v", err)
	}
	return path
}

// startBrowser visits an address with Chromium, which lives until the test ends.
func startBrowser(t *testing.T) func(ctx context.Context, address string) error {
	t.Helper()
	path := chromium(t)
	profile := t.TempDir()
	return func(_ context.Context, address string) error {
		address = strings.Replace(address, "?", "?login_hint=ann&", 1)
		// With a debugging port it stays where it is instead of ending with the first page.
		cmd := exec.Command(path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
			"--ignore-certificate-errors", "--remote-debugging-port=0", "--user-data-dir="+profile, address)
		if err := cmd.Start(); err != nil {
			return err
		}
		t.Cleanup(func() {
			_ = cmd.Process.Signal(os.Interrupt) // then it ends its children too, which write to the profile
			limit := time.AfterFunc(browserLimit, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
			limit.Stop()
		})
		return nil
	}
}

// In a real browser: the page that passes a fragment on runs under its policy, and a form comes from the login
// server's page, over http and https.
func TestLoginInChromium(t *testing.T) {
	for name, cert := range map[string]*certificate{"http": nil, "https": newCertificate(t)} {
		p := startPeer(t, peerOptions{TLS: cert})
		logIn := func(t *testing.T, i *issuer, c client) {
			t.Helper()
			ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
			defer cancel()
			require.NoError(t, c.Login(ctx))
			i.goesOn(t, c, "ann")
		}
		for _, mode := range []string{"fragment", "form_post"} {
			t.Run(name+", TimeLog, "+mode, func(t *testing.T) {
				visit := startBrowser(t)
				logIn(t, p.TimeLog, p.timelog(t, func(login *timelog.HybridLogin) { login.ResponseMode, login.Open = mode, visit }))
			})
		}
		t.Run(name+", Timeneye", func(t *testing.T) {
			visit := startBrowser(t)
			logIn(t, p.Timeneye, p.timeneye(t, func(login *timeneye.PKCELogin) { login.Open = visit }))
		})
	}
}

// The example program with a person who opens the address that it prints. Each run is a process of its own.
func TestTimeLogLoginProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "timelog-login")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, "./examples/timelog-login")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	p := startPeer(t, peerOptions{})
	for mode, reachable := range map[string]bool{"form_post": true, "fragment": false} {
		t.Run(mode, func(t *testing.T) {
			r := loginProgram{path: program, visit: startBrowser(t), dir: loginDir(t)}
			site := "http://127.0.0.1:1/acme" // where nobody listens
			if reachable {
				site = newVendorAPI(t).URL + "/acme"
			}
			r.environ = append(os.Environ(), "TIMELOG_PAT=", "TIMELOG_SITE_URL="+site, "TIMELOG_LOGIN_URL="+p.TimeLog.URL,
				"TIMELOG_CLIENT_ID="+p.TimeLog.ClientID, "TIMELOG_CLIENT_SECRET="+p.TimeLog.ClientSecret)
			p.TimeLog.reset(t)
			for n, args := range [][]string{{"-no-browser", "-response-mode", mode}, {"-refresh"}, {"-refresh"}} {
				line, stderr := r.run(t, args...)
				assert.Equal(t, "ann", line.Subject)
				assert.Equal(t, site, line.Site)
				assert.WithinDuration(t, time.Now().Add(time.Hour), line.Expires, 5*time.Minute)
				assert.Equal(t, !reachable, strings.Contains(stderr, "could not be reached"), stderr)
				assert.Equal(t, n, p.TimeLog.stats(t).Granted["refresh_token"])
			}
			_, stderr := r.run(t, "-logout")
			assert.Equal(t, "Logged out.\n", stderr)
			assert.Zero(t, p.TimeLog.stats(t).ReuseDetected)
		})
	}
}

// loginProgram is timelog-login and its surroundings.
type loginProgram struct {
	path, dir string
	environ   []string
	visit     func(context.Context, string) error
}

type loginLine struct {
	Subject string    `json:"subject"`
	Site    string    `json:"site"`
	Expires time.Time `json:"expires"`
}

// run returns what the program printed, which must end well.
func (r *loginProgram) run(t *testing.T, args ...string) (line loginLine, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.path, append(args, "-store", r.dir)...)
	var out bytes.Buffer
	cmd.Env, cmd.Stdout = r.environ, &out
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "open: "); ok {
			assert.NoError(t, r.visit(ctx, address))
			continue
		}
		stderr += lines.Text() + "\n"
	}
	require.NoError(t, cmd.Wait(), stderr)
	if out.Len() > 0 {
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	}
	return line, stderr
}

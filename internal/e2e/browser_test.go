package e2e

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/internal/auth"
)

// browserLimit is for a browser that hangs.
const browserLimit = time.Minute

// startBrowser visits an address with Chromium, which lives until the test ends. Without Chromium the test is
// skipped.
func startBrowser(t *testing.T) func(ctx context.Context, address string) error {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		missing := t.Skipf //nolint:forbidigo // not everybody has Chromium; where it matters, in CI, the variable is set
		if os.Getenv(requiredVariable) == "1" {
			missing = t.Fatalf
		}
		missing("no Chromium: %v", err)
	}
	profile := t.TempDir()
	return func(_ context.Context, address string) error {
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
func TestLoginInABrowser(t *testing.T) {
	for name, cert := range map[string]*certificate{"http": nil, "https": newCertificate(t)} {
		p := startPeer(t, peerOptions{TLS: cert})
		for _, mode := range []string{"fragment", "form_post"} {
			t.Run(name+", "+mode, func(t *testing.T) {
				visit := startBrowser(t)
				logins := p.TimeLog.flow(t, func(f *auth.Flow) {
					p.TimeLog.openID(t, f)
					f.ResponseMode = mode
					f.Open = func(ctx context.Context, address string) error {
						return visit(ctx, strings.Replace(address, "?", "?login_hint=ann&", 1))
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), browserLimit)
				defer cancel()
				require.NoError(t, logins.Run(ctx, ""))
				p.TimeLog.goesOn(t, logins, "ann")
			})
		}
	}
}

package auth

import (
	"context"
	"os/exec"
	"runtime"
)

// openBrowser shows the login page in the system's browser, which shares the person's sessions with
// us, and not their passwords (RFC 8252, section 8.12). The browser outlives the login.
func openBrowser(ctx context.Context, url string) error {
	command := []string{"xdg-open", url}
	switch runtime.GOOS {
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	case "darwin":
		command = []string{"open", url}
	}
	c := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...) //nolint:gosec // an http URL of the login server, which no shell reads
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }()
	return nil
}

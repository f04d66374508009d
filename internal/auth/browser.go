package auth

import (
	"context"
	"os/exec"
	"runtime"
)

// openBrowser shows the login page in the system's browser, which shares the person's sessions with
// us, and not their passwords (RFC 8252, section 8.12).
func openBrowser(_ context.Context, url string) error {
	var command *exec.Cmd // without the context: the browser outlives the login
	switch runtime.GOOS {
	case "windows":
		command = exec.Command("rundll32", "url.dll,FileProtocolHandler", url)
	case "darwin":
		command = exec.Command("open", url)
	default:
		command = exec.Command("xdg-open", url)
	}
	if err := command.Start(); err != nil {
		return err
	}
	return command.Process.Release()
}

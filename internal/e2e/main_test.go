package e2e

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests, or a task if this process is a worker that a test has started.
func TestMain(m *testing.M) {
	if name, ok := os.LookupEnv(taskVariable); ok {
		os.Exit(work(name))
	}
	goleak.VerifyTestMain(m)
}

package storetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/worktime-go/worktime/tokenstore"
)

// How a test tells its processes what to do.
const (
	envDir  = "WORKTIME_STORETEST_DIR"  // what Dir returns
	envRun  = "WORKTIME_STORETEST_RUN"  // the test whose Run is meant
	envTask = "WORKTIME_STORETEST_TASK" // taskCount or taskHold

	taskCount = "count" // count generations
	taskHold  = "hold"  // hold the lock until the standard input ends

	entered = "storetest: entered"
	rounds  = 5
)

// nameOfRun returns the name of the test that called Run from that of its subtest.
func nameOfRun(t *testing.T) string {
	t.Helper()
	return t.Name()[:strings.LastIndex(t.Name(), "/")]
}

// process is the test binary once more, at one task.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	output *bufio.Reader
	shown  bytes.Buffer // what was read of output
}

func (s *suite) start(t *testing.T, task string) *process {
	t.Helper()
	// Each part of the name of a subtest is matched by itself.
	parts := strings.Split(s.name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	cmd := exec.CommandContext(bounded(t), os.Args[0], "-test.run="+strings.Join(parts, "/"), "-test.count=1")
	cmd.Env = append(os.Environ(), envRun+"="+s.name, envTask+"="+task,
		"GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE")) // else it sleeps a second at its end
	p := &process{cmd: cmd}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, both, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = output.Close() })
	cmd.Stdout, cmd.Stderr = both, both
	p.stdin, p.output = stdin, bufio.NewReader(io.TeeReader(output, &p.shown))
	err = cmd.Start()
	_ = both.Close() // the process has its own
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// entered waits until the process is inside change.
func (p *process) entered(t *testing.T) {
	t.Helper()
	for {
		line, err := p.output.ReadString('\n')
		if strings.TrimSpace(line) == entered {
			return
		}
		if err != nil {
			_ = p.cmd.Wait()
			t.Fatalf("the process never called change:\n%s", p.shown.String())
		}
	}
}

// end lets the process finish and checks that it found nothing wrong.
func (p *process) end(t *testing.T) {
	t.Helper()
	_ = p.stdin.Close()
	_, _ = io.Copy(io.Discard, p.output)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("a process failed: %v\n%s", err, p.shown.String())
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, p.output)
	_ = p.cmd.Wait()
}

func (s *suite) testProcesses(t *testing.T, store tokenstore.Store, key tokenstore.Key) {
	t.Helper()
	update(t, store, key, set(1))
	var processes []*process
	for range 3 {
		processes = append(processes, s.start(t, taskCount))
	}
	for range rounds {
		update(t, store, key, exclusive(t, next))
	}
	for _, p := range processes {
		p.end(t)
	}
	wantStored(t, store, key, int64(1+rounds+len(processes)*rounds))
}

// testHolder has another process hold the lock, and die with it.
func (s *suite) testHolder(t *testing.T, store tokenstore.Store, key tokenstore.Key) {
	t.Helper()
	update(t, store, key, set(1))
	holder := s.start(t, taskHold)
	holder.entered(t)
	s.wantLeaving(t, []tokenstore.Store{store}, key)
	wantStored(t, store, key, 1)
	holder.kill()
	update(t, store, key, func(_ context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		if old == nil || old.AccessToken != full(1).AccessToken {
			t.Errorf("after the holder was killed, change got %v, want generation 1", old)
		}
		return full(2), nil
	})
	wantStored(t, store, key, 2)

	holder = s.start(t, taskHold)
	holder.entered(t)
	holder.end(t)
	wantStored(t, store, key, 100)
}

// work is what Run does in a process that start has made.
func (s *suite) work(t *testing.T) {
	t.Helper()
	if os.Getenv(envRun) != t.Name() {
		return // another test of the same name pattern
	}
	store, key := s.open(t), keyOf(t, "")
	switch task := os.Getenv(envTask); task {
	case taskCount:
		for range rounds {
			update(t, store, key, exclusive(t, next))
		}
	case taskHold:
		update(t, store, key, func(context.Context, *tokenstore.Record) (*tokenstore.Record, error) {
			_, _ = fmt.Fprintln(os.Stdout, entered)
			_, _ = io.Copy(io.Discard, os.Stdin)
			return full(100), nil
		})
	default:
		t.Errorf("unknown task %q", task)
	}
	t.SkipNow() //nolint:forbidigo // the rest of the test belongs to the first process
}

// exclusive makes sure that nobody else is inside change, in whatever process.
func exclusive(t *testing.T, change change) change {
	t.Helper()
	inside := filepath.Join(filepath.Dir(Dir(t)), "inside")
	return func(ctx context.Context, old *tokenstore.Record) (*tokenstore.Record, error) {
		f, err := os.OpenFile(inside, os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			if !errors.Is(err, fs.ErrExist) {
				return nil, err
			}
			t.Error("two changes of one key ran at once in two processes")
			return change(ctx, old)
		}
		_ = f.Close()
		record, err := change(ctx, old)
		return record, errors.Join(err, os.Remove(inside))
	}
}

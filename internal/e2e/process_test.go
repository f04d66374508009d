package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// taskVariable makes this test binary a worker process that carries out the task of that name.
const taskVariable = "WORKTIME_E2E_TASK"

// orphanLimit is how long a worker that nobody waits for may take to notice the end of its context.
const orphanLimit = time.Minute

// task is what a worker process does. What it reports reaches the test at once, so that what was done before a kill
// is known. ctx ends when the test releases the worker, and when the test itself dies.
type task func(ctx context.Context, input json.RawMessage, report func(any)) error

// typed makes a task of a function with an input of type In.
func typed[In any](run func(ctx context.Context, input In, report func(any)) error) task {
	return func(ctx context.Context, raw json.RawMessage, report func(any)) error {
		var input In
		if err := json.Unmarshal(raw, &input); err != nil {
			return err
		}
		return run(ctx, input, report)
	}
}

// message is one line that a worker writes to its standard output.
type message struct {
	Ready  bool            `json:"ready,omitzero"`
	Report json.RawMessage `json:"report,omitzero"`
	Error  string          `json:"error,omitzero"`
	Done   bool            `json:"done,omitzero"`
}

// work is the main function of a worker. The result is its exit status.
func work(name string) int {
	var mu sync.Mutex
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // nothing else may be between the messages
	tell := func(m message) {
		mu.Lock()
		defer mu.Unlock()
		if out.Encode(m) != nil {
			os.Exit(1) // nobody listens any more
		}
	}
	run, ok := tasks()[name]
	if !ok {
		tell(message{Error: fmt.Sprintf("there is no task %q", name)})
		return 1
	}
	tell(message{Ready: true})
	var input json.RawMessage
	if json.NewDecoder(os.Stdin).Decode(&input) != nil {
		return 1 // released before it had anything to do
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
		time.AfterFunc(orphanLimit, func() { os.Exit(1) })
	}()
	err := run(ctx, input, func(v any) {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		tell(message{Report: raw})
	})
	if err != nil {
		tell(message{Error: err.Error()})
		return 1
	}
	tell(message{Done: true})
	return 0
}

// process is a worker, seen from the test.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr bytes.Buffer

	mu       sync.Mutex
	news     *sync.Cond
	messages []message // not yet looked at
	ended    bool      // and err says how
	err      error
}

// errKilled is the end of a process by a signal.
var errKilled = errors.New("killed")

// startProcess starts a worker and returns when it is ready for its input. It is killed at the end of the test, if
// it still runs. The last parameters can change the command, for example its user.
func startProcess(t *testing.T, taskName string, configure ...func(*exec.Cmd)) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &process{cmd: exec.Command(self)}
	p.news = sync.NewCond(&p.mu)
	// A program built with -race sleeps for a second before it exits, unless it is told not to.
	p.cmd.Env = append(os.Environ(), taskVariable+"="+taskName, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	p.cmd.Stderr = &p.stderr
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	for _, change := range configure {
		change(p.cmd)
	}
	require.NoError(t, p.cmd.Start())
	// Read by a goroutine of its own: a worker that holds a lock must never wait until somebody looks at its reports.
	go p.listen(stdout)
	t.Cleanup(func() {
		p.kill()
		p.release()
		_ = p.wait()
	})
	if _, ready := p.next(); !ready {
		require.NoError(t, p.wait(), "%s: the worker did not start", taskName)
	}
	return p
}

// startProcesses starts n workers, and gives them their inputs when all are ready.
func startProcesses(t *testing.T, n int, taskName string, input func(i int) any) []*process {
	t.Helper()
	all := make([]*process, n)
	for i := range all {
		all[i] = startProcess(t, taskName)
	}
	for i, p := range all {
		p.give(t, input(i))
	}
	return all
}

// give sends the worker its input, with which it begins.
func (p *process) give(t *testing.T, input any) {
	t.Helper()
	require.NoError(t, json.NewEncoder(p.stdin).Encode(input))
}

// release ends the context of the task.
func (p *process) release() { _ = p.stdin.Close() }

// kill ends the process at once, by SIGKILL.
func (p *process) kill() { _ = p.cmd.Process.Kill() }

// wait returns when the process has ended: nil if its task was done, errKilled if it was killed, else the error of
// the task or what the process wrote to standard error.
func (p *process) wait() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.ended {
		p.news.Wait()
	}
	return p.err
}

// next returns the next message, ready or a report, waiting for it; false if the process has ended and there is none.
func (p *process) next() (message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.messages) == 0 && !p.ended {
		p.news.Wait()
	}
	if len(p.messages) == 0 {
		return message{}, false
	}
	m := p.messages[0]
	p.messages = p.messages[1:]
	return m, true
}

func (p *process) listen(stdout io.Reader) {
	in := json.NewDecoder(stdout)
	var last message
	for {
		var m message
		if in.Decode(&m) != nil {
			break // the end, or a message that a kill has cut off
		}
		last = m
		if m.Ready || m.Report != nil {
			p.mu.Lock()
			p.messages = append(p.messages, m)
			p.news.Broadcast()
			p.mu.Unlock()
		}
	}
	_, _ = io.Copy(io.Discard, stdout)
	err := p.cmd.Wait()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == -1:
		err = errKilled
	case last.Error != "":
		err = errors.New(last.Error)
	case err != nil:
		err = fmt.Errorf("%w: %s", err, p.stderr.Bytes())
	case !last.Done:
		err = errors.New("the worker exited before its task was done")
	}
	p.mu.Lock()
	p.ended, p.err = true, err
	p.news.Broadcast()
	p.mu.Unlock()
}

// report waits for the next report; false if the process has ended and there is none.
func report[T any](t *testing.T, p *process) (T, bool) {
	t.Helper()
	var v T
	m, ok := p.next()
	if ok {
		require.NoError(t, json.Unmarshal(m.Report, &v))
	}
	return v, ok
}

// reports waits for the end of the process and returns all reports that were not read before, and how it ended.
func reports[T any](t *testing.T, p *process) ([]T, error) {
	t.Helper()
	var all []T
	for {
		v, ok := report[T](t, p)
		if !ok {
			return all, p.wait()
		}
		all = append(all, v)
	}
}

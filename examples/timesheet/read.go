package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/worktime-go/worktime"
)

// provider is one of the three.
type provider struct {
	prefix string // of its variables
	items  string // what it has
	login  string // variables to look at when a login is refused
	fields map[string]string
	open   func(env map[string]string, o options) (reader, error)
	demo   func(o options) (reader, error)
}

// reader is a client of a provider, and the server behind it if it is a demonstration.
type reader struct {
	read  func(ctx context.Context, counted func()) ([]line, error) // calls counted for each item
	close func(ctx context.Context) error
	stop  func()
}

func providers() map[string]provider {
	return map[string]provider{"protime": protimeProvider(), "timelog": timelogProvider(), "timeneye": timeneyeProvider()}
}

// result is what came of one provider.
type result struct {
	provider string
	items    string
	lines    []line
	read     int
	err      error
}

// gather reads the providers side by side; an error of one does not stop the others.
func gather(ctx context.Context, o options, environ []string, stderr, progress io.Writer) []result {
	env := map[string]map[string]string{} // by provider
	var configured []string
	for name, p := range providers() {
		env[name] = map[string]string{}
		for _, entry := range environ {
			if key, value, _ := strings.Cut(entry, "="); strings.HasPrefix(key, p.prefix) && value != "" {
				env[name][key] = value
			}
		}
		if len(env[name]) > 0 {
			configured = append(configured, name)
		}
	}
	slices.Sort(configured)
	if len(configured) == 0 {
		fmt.Fprintln(stderr, "No variable is set: showing in-memory servers with invented people. See -h.")
	}
	if o.providers == nil {
		o.providers = configured
	}
	if len(o.providers) == 0 {
		o.providers = slices.Sorted(maps.Keys(providers()))
	}
	results := make([]result, len(o.providers))
	for i, name := range o.providers {
		results[i] = result{provider: name, items: providers()[name].items}
	}
	bar := &progressBar{out: progress, results: results}
	var group sync.WaitGroup
	for i, name := range o.providers {
		p := providers()[name]
		if len(configured) > 0 && len(env[name]) == 0 {
			bar.finish(i, nil, fmt.Errorf("%s is not configured: set %s, or leave it out of -providers", name, p.login))
			continue
		}
		group.Go(func() {
			lines, err := p.run(ctx, o, env[name], func() { bar.count(i) })
			bar.finish(i, lines, err)
		})
	}
	group.Wait()
	bar.clear()
	return results
}

func (p provider) run(ctx context.Context, o options, env map[string]string, counted func()) ([]line, error) {
	open := func() (reader, error) { return p.open(env, o) }
	if len(env) == 0 {
		open = func() (reader, error) { return p.demo(o) }
	}
	r, err := open()
	if err != nil {
		return nil, err
	}
	defer r.stop()
	lines, err := r.read(ctx, counted)
	_ = r.close(context.WithoutCancel(ctx)) // everything is read
	return lines, err
}

// progressBar keeps the results, and shows on one line of a terminal how far the providers are, if there is one.
type progressBar struct {
	out     io.Writer
	mu      sync.Mutex
	results []result
}

func (b *progressBar) count(i int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results[i].read++
	if b.out == nil || b.results[i].read%20 != 0 {
		return
	}
	var parts []string
	for _, r := range b.results {
		parts = append(parts, fmt.Sprintf("%s %d", r.provider, r.read))
	}
	fmt.Fprintf(b.out, "\r\x1b[KReading: %s", strings.Join(parts, ", "))
}

func (b *progressBar) finish(i int, lines []line, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results[i].lines, b.results[i].err = lines, err
}

func (b *progressBar) clear() {
	if b.out != nil {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

// explain says what went wrong and what to do about it. The errors of the SDK say most of it, but know no variables.
func explain(r result) string {
	p := providers()[r.provider]
	text := r.err.Error()
	field, isField := errors.AsType[*worktime.FieldError](r.err)
	_, isLogin := errors.AsType[*worktime.AuthError](r.err)
	switch {
	case isField && p.fields[field.Field] != "":
		return text + " (set " + p.fields[field.Field] + ")"
	case errors.Is(r.err, context.Canceled), errors.Is(r.err, worktime.ErrUnavailable), errors.Is(r.err, worktime.ErrRateLimited):
		return text
	case isLogin || errors.Is(r.err, worktime.ErrUnauthorized):
		return text + " (look at " + p.login + ")"
	case errors.Is(r.err, worktime.ErrForbidden):
		return text + " (the login of " + p.login + " may not read this)"
	default:
		return text
	}
}

package storetest_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/worktime-go/worktime/tokenstore"
	"github.com/worktime-go/worktime/tokenstore/storetest"
)

// flaw is what a crude store does wrong.
type flaw string

const (
	none            flaw = "none"
	noLock          flaw = "no lock"
	lockOnlyOnWrite flaw = "lock only on write"
	inPlaceWrite    flaw = "in-place write"
	noPrepare       flaw = "no prepare"
	swallowedError  flaw = "swallowed error"
	lostUpdate      flaw = "lost update"
)

// crude keeps records in files as one would write it in half an hour, with at most one flaw.
type crude struct {
	dir  string
	flaw flaw

	mu   sync.Mutex
	seen map[string]*tokenstore.Record
}

func (s *crude) record(key tokenstore.Key) string { return filepath.Join(s.dir, key.Digest+".json") }
func (s *crude) temp(key tokenstore.Key) string   { return filepath.Join(s.dir, key.Digest+".tmp") }

func (s *crude) Load(_ context.Context, key tokenstore.Key) (tokenstore.Record, error) {
	data, err := os.ReadFile(s.record(key))
	if errors.Is(err, fs.ErrNotExist) {
		return tokenstore.Record{}, tokenstore.ErrNotFound
	}
	if err != nil {
		return tokenstore.Record{}, err
	}
	return tokenstore.Decode(data)
}

func (s *crude) lock(ctx context.Context, key tokenstore.Key) (func(), error) {
	lock := flock.New(filepath.Join(s.dir, key.Digest+".lock"))
	if _, err := lock.TryLockContext(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil
}

func (s *crude) Update(
	ctx context.Context, key tokenstore.Key, change func(context.Context, *tokenstore.Record) (*tokenstore.Record, error),
) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.flaw != noLock && s.flaw != lockOnlyOnWrite {
		unlock, err := s.lock(ctx, key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	old, err := s.old(ctx, key)
	if err != nil {
		return err
	}
	if s.flaw != noPrepare {
		if err := os.WriteFile(s.temp(key), make([]byte, 1<<10), 0o600); err != nil {
			return err
		}
	}
	record, err := change(ctx, old)
	if err != nil {
		return err
	}
	if s.flaw == lockOnlyOnWrite {
		unlock, err := s.lock(context.WithoutCancel(ctx), key)
		if err != nil {
			return err
		}
		defer unlock()
	}
	return s.save(key, record)
}

// old returns what change gets.
func (s *crude) old(ctx context.Context, key tokenstore.Key) (*tokenstore.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.seen[key.Digest]; old != nil && s.flaw == lostUpdate {
		cp := *old
		return &cp, nil
	}
	record, err := s.Load(ctx, key)
	if errors.Is(err, tokenstore.ErrNotFound) {
		return nil, nil
	}
	return &record, err
}

func (s *crude) save(key tokenstore.Key, record *tokenstore.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if record == nil {
		delete(s.seen, key.Digest)
		if err := os.Remove(s.record(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	err := s.write(key, record)
	switch {
	case s.flaw == swallowedError:
		return nil
	case err != nil:
		return &tokenstore.SaveError{Path: s.record(key), Record: *record, Err: err}
	}
	cp := *record
	s.seen[key.Digest] = &cp
	return nil
}

func (s *crude) write(key tokenstore.Key, record *tokenstore.Record) error {
	data, err := record.Encode()
	if err != nil {
		return err
	}
	if s.flaw == inPlaceWrite {
		return s.writeInPlace(key, data)
	}
	if err := os.WriteFile(s.temp(key), data, 0o600); err != nil {
		return err
	}
	return os.Rename(s.temp(key), s.record(key))
}

// writeInPlace truncates and writes, on a disk that is not the fastest. It has noticed before that it
// could not write, so that only the readers show what is wrong with it.
func (s *crude) writeInPlace(key tokenstore.Key, data []byte) error {
	if err := os.WriteFile(s.temp(key), nil, 0o600); err != nil {
		return err
	}
	f, err := os.OpenFile(s.record(key), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	for part := range slices.Chunk(data, len(data)/2+1) {
		if _, err := f.Write(part); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

const envFlaw = "STORETEST_FLAW"

// TestCrude runs the suite on the crude store whose flaw the environment names.
func TestCrude(t *testing.T) {
	name := flaw(os.Getenv(envFlaw))
	if name == "" {
		name = none
	}
	storetest.Run(t, func(t *testing.T) tokenstore.Store {
		return &crude{dir: storetest.Dir(t), flaw: name, seen: map[string]*tokenstore.Record{}}
	},
		storetest.WithProcesses(),
		storetest.WithBreak(func(t *testing.T) func() {
			// Directories where the temporary files would be.
			var planted []string
			for _, account := range []string{"old", "new", "0", "1"} {
				key := tokenstore.Grant{Vendor: "storetest", Tenant: storetest.Dir(t), Account: account}.Key()
				path := filepath.Join(storetest.Dir(t), key.Digest+".tmp")
				require.NoError(t, os.RemoveAll(path))
				require.NoError(t, os.Mkdir(path, 0o700))
				planted = append(planted, path)
			}
			return func() {
				for _, path := range planted {
					require.NoError(t, os.RemoveAll(path))
				}
			}
		}),
		storetest.WithAlter(func(t *testing.T, key tokenstore.Key, alter func([]byte) []byte) {
			alterFile(t, filepath.Join(storetest.Dir(t), key.Digest+".json"), alter)
		}))
}

// Each flaw is found by the points of the contract that it offends, and by no other, so that the
// report says what is wrong.
func TestTheSuiteFindsEachFlaw(t *testing.T) {
	t.Parallel()
	for flaw, points := range map[flaw]struct{ always, sometimes []string }{
		noLock:          {[]string{"1", "3"}, []string{"10"}},
		lockOnlyOnWrite: {[]string{"1", "3"}, []string{"10"}},
		inPlaceWrite:    {[]string{"10"}, nil},
		noPrepare:       {[]string{"5"}, nil},
		swallowedError:  {[]string{"6"}, nil},
		lostUpdate:      {[]string{"1", "10"}, nil},
	} {
		t.Run(string(flaw), func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestCrude$", "-test.v", "-test.count=1")
			cmd.Env = append(os.Environ(), envFlaw+"="+string(flaw), "GORACE=atexit_sleep_ms=0")
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "the suite passes:\n%s", out)
			assert.NotContains(t, string(out), "panic:")
			var offended []string
			for _, match := range regexp.MustCompile(`--- FAIL: TestCrude/(\d+)_[^/]*\n`).FindAllStringSubmatch(string(out), -1) {
				offended = append(offended, match[1])
			}
			assert.Subset(t, offended, points.always, "%s", out)
			assert.Subset(t, slices.Concat(points.always, points.sometimes), offended, "%s", out)
		})
	}
}

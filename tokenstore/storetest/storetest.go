// Package storetest tests whether a [tokenstore.Store] keeps its contract, which is what
// keeps single-use refresh tokens from being lost. Write one test for a store of your own:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) tokenstore.Store {
//			return mystore.Open(storetest.Dir(t))
//		}, storetest.WithProcesses())
//	}
//
// The ten points of the contract:
//
//  1. change sees the last committed record, and two never run at once for one key, in
//     goroutines or in processes.
//  2. Keys do not block one another.
//  3. If ctx ends before the lock is held, change is not called and ctx.Err() is returned.
//  4. Once change has returned a record, it is written even if ctx has ended.
//  5. The store proves that it can write before it calls change.
//  6. A commit that fails returns a [*tokenstore.SaveError], which carries the record.
//  7. change gets the values of the caller's context, and a deadline no later than it can be kept.
//  8. An owner that has lost its lock replaces only the record that it was given.
//  9. A panic in change frees the lock.
//  10. A reader sees a whole record, and damage is an error, not "not found", and stays as it is.
//
// Points 5, 6, 8 and the damage of 10 need help: see [WithBreak], [WithSteal] and [WithAlter]. A
// test that lacks it is skipped and says so.
package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/worktime-go/worktime/tokenstore"
)

// Option tells [Run] more about the store.
type Option func(*suite)

// WithProcesses says that the stores opened in one [Dir] share their records, also with
// other processes. Run then starts the test binary again for one test, the one that calls
// it, as a further process; nothing before Run in that test may mind.
func WithProcesses() Option { return func(s *suite) { s.shared = true } }

// WithBreak gives a way to make every write fail from now on, until mend is called. Records may
// get lost by it.
func WithBreak(breakIt func(t *testing.T) (mend func())) Option {
	return func(s *suite) { s.breakIt = breakIt }
}

// WithAlter gives a way to replace the stored bytes of key by what alter makes of them, past the
// store, as a bad disk or a careless person does.
func WithAlter(alterIt func(t *testing.T, key tokenstore.Key, alter func(stored []byte) []byte)) Option {
	return func(s *suite) { s.alterIt = alterIt }
}

// WithSteal gives a way to take the lock of key from its owner, as happens to a lease that expires
// or to a lock file that somebody deletes. It needs [WithProcesses].
func WithSteal(stealIt func(t *testing.T, key tokenstore.Key)) Option {
	return func(s *suite) { s.stealIt = stealIt }
}

// Dir is the directory for the stores of the running test, for use in the open function of
// [Run]. It is empty when the test begins, and the same for each store the test opens and in each
// process that it starts. A store elsewhere uses it as the name of a new place.
func Dir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(envDir)
	if dir == "" {
		t.Fatal("storetest.Dir is for the open function of storetest.Run")
	}
	return dir
}

// Run tests the stores that open returns, each point of the contract as a subtest. open is
// called for each store that a test needs. The calling test must not be parallel, and must call
// Run once.
func Run(t *testing.T, open func(t *testing.T) tokenstore.Store, with ...Option) {
	t.Helper()
	s := &suite{open: open}
	for _, option := range with {
		option(s)
	}
	if os.Getenv(envTask) != "" {
		s.work(t)
		return
	}
	for _, point := range []struct {
		name string
		test func(t *testing.T)
	}{
		{"0 records", s.testRecords},
		{"1 one at a time", s.testOneAtATime},
		{"2 keys do not block one another", s.testKeys},
		{"3 context ends before the lock", s.testWaiting},
		{"4 context ends after change", s.testWrittenAnyway},
		{"5 can write before change", s.testPrepared},
		{"6 failed commit returns the record", s.testFailedCommit},
		{"7 context of change", s.testContext},
		{"8 lost lock", s.testLostLock},
		{"9 panic frees the lock", s.testPanic},
		{"10 whole records", s.testWholeRecords},
	} {
		t.Run(point.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv(envDir, dir)
			s.name = nameOfRun(t)
			point.test(t)
		})
	}
}

// suite is one call of Run.
type suite struct {
	open    func(t *testing.T) tokenstore.Store
	shared  bool
	breakIt func(t *testing.T) (mend func())
	alterIt func(t *testing.T, key tokenstore.Key, alter func([]byte) []byte)
	stealIt func(t *testing.T, key tokenstore.Key)
	name    string // of the test that called Run
}

// skip says why a point of the contract is not tested.
func skip(t *testing.T, option string) {
	t.Helper()
	t.Skipf("not tested: storetest.%s is not given", option) //nolint:forbidigo // a store that cannot is the user's decision
}

package storetest_test

import (
	"testing"

	"github.com/worktime-go/worktime/tokenstore"
	"github.com/worktime-go/worktime/tokenstore/storetest"
)

// openStore stands for a store of your own.
func openStore(dir string) tokenstore.Store { return tokenstore.File(dir) }

// The test of a store that processes share: it needs no more than this.
func ExampleRun() {
	// func TestStore(t *testing.T)
	_ = func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) tokenstore.Store { return openStore(storetest.Dir(t)) }, storetest.WithProcesses())
	}
	// Output:
}

// A store that keeps nothing outside its process is tested without options.
func ExampleRun_memory() {
	// func TestStore(t *testing.T)
	_ = func(t *testing.T) {
		storetest.Run(t, func(*testing.T) tokenstore.Store { return tokenstore.Memory() })
	}
	// Output:
}

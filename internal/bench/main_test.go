package bench

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// rounds is how often each group of peers is measured. One round has every peer in turn, so that a ratio is
// made of two numbers that were taken in the same minute of a noisy machine.
var rounds = flag.Int("rounds", 1, "how often each group of peers is measured")

func TestMain(m *testing.M) {
	if delay, ok := os.LookupEnv(serverDelay); ok {
		serve(delay)
		return
	}
	goleak.VerifyTestMain(m)
}

// sideBySide measures each of the named peers once a round. Each round begins with another peer, because the
// garbage of one is collected at the expense of the next.
func sideBySide[P any](b *testing.B, peers []named[P], measure func(*testing.B, P)) {
	for round := range *rounds {
		for i := range peers {
			p := peers[(round+i)%len(peers)]
			b.Run(p.name, func(b *testing.B) { measure(b, p.peer) })
		}
	}
}

// named is a peer under the name that its results get. The first two of a group are what the others are
// compared with.
type named[P any] struct {
	name string
	peer P
}

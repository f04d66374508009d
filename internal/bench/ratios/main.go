// Ratios reads the output of go test -bench and prints a table of medians. Benchmarks that differ only in the last
// part of their names are peers: each is compared with the first two of them.
//
//	go test -bench . -rounds 6 | go run ./ratios
//
// A ratio is taken between two results of the same round, because what slows down a machine for a while slows
// down both.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	groups, err := parse(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
	write(os.Stdout, groups)
}

// group is a set of peers that did the same work.
type group struct {
	name    string
	peers   []string                        // as they first appear
	results map[string]map[string][]float64 // by peer and unit, one for each round
}

// benchmark is the name of a result: the group, the peer, the number that testing appends to a name that it has
// seen before, and GOMAXPROCS unless that is 1.
var benchmark = regexp.MustCompile(`^Benchmark(.+)/([^/#]+?)(?:#\d+)?(?:-\d+)?$`)

func parse(r io.Reader) ([]*group, error) {
	var groups []*group
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "FAIL") {
			return nil, fmt.Errorf("the benchmarks failed: %s", lines.Text())
		}
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 {
			continue
		}
		name := benchmark.FindStringSubmatch(fields[0])
		if name == nil {
			continue
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return g.name == name[1] })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{name: name[1], results: map[string]map[string][]float64{}})
		}
		if err := groups[i].add(name[2], fields[2:]); err != nil {
			return nil, fmt.Errorf("%w: %s", err, lines.Text())
		}
	}
	if len(groups) == 0 {
		return nil, errors.New("the input has no results of go test -bench")
	}
	return groups, lines.Err()
}

// add takes in pairs of a value and its unit.
func (g *group) add(peer string, pairs []string) error {
	if g.results[peer] == nil {
		g.peers = append(g.peers, peer)
		g.results[peer] = map[string][]float64{}
	}
	for pair := range slices.Chunk(pairs, 2) {
		value, err := strconv.ParseFloat(pair[0], 64)
		if err != nil || len(pair) != 2 {
			return errors.New("this line is not a result")
		}
		g.results[peer][pair[1]] = append(g.results[peer][pair[1]], value)
	}
	return nil
}

func write(w io.Writer, groups []*group) {
	others := map[string]struct{}{}
	for _, g := range groups {
		for _, results := range g.results {
			for unit := range results {
				others[unit] = struct{}{}
			}
		}
	}
	delete(others, "ns/op")
	units := slices.Sorted(maps.Keys(others))

	header := append([]string{"benchmark", "peer", "time", "to the first", "to the second"}, units...)
	writeRow(w, header)
	writeRow(w, append([]string{"---", "---"}, slices.Repeat([]string{"--:"}, len(header)-2)...))
	for _, g := range groups {
		for _, peer := range g.peers {
			name := g.name
			if peer != g.peers[0] {
				name = ""
			}
			row := []string{name, peer, duration(median(g.results[peer]["ns/op"])), g.ratio(peer, 0), g.ratio(peer, 1)}
			for _, unit := range units {
				row = append(row, number(median(g.results[peer][unit])))
			}
			writeRow(w, row)
		}
	}
}

// ratio is the median of the ratios to a peer of all rounds.
func (g *group) ratio(peer string, to int) string {
	if to >= len(g.peers) {
		return ""
	}
	a, b := g.results[peer]["ns/op"], g.results[g.peers[to]]["ns/op"]
	ratios := make([]float64, min(len(a), len(b)))
	for round := range ratios {
		ratios[round] = a[round] / b[round]
	}
	return number(median(ratios))
}

// median of no values is no number.
func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

func writeRow(w io.Writer, cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }

// number shows three digits, which is more than a noisy machine is good for.
func number(f float64) string {
	switch {
	case math.IsNaN(f):
		return ""
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	default:
		return strconv.FormatFloat(f, 'g', 3, 64)
	}
}

func duration(ns float64) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if ns >= float64(unit) {
			return number(ns/float64(unit)) + " " + strings.TrimPrefix(unit.String(), "1")
		}
	}
	return number(ns) + " ns"
}

package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Adding up loses nothing, counts nothing twice, and depends on no order.
func TestTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.Custom(func(t *rapid.T) line {
			l := line{
				Provider: rapid.SampledFrom([]string{"protime", "timelog"}).Draw(t, "provider"), PersonID: rapid.Int64Range(1, 3).Draw(t, "person"),
				Day: monday.AddDays(rapid.IntRange(0, 2).Draw(t, "day")), ProjectID: rapid.Int64Range(0, 2).Draw(t, "project"),
				Minutes: rapid.IntRange(0, 600).Draw(t, "minutes"),
			}
			if l.Minutes == 0 {
				l.Missing = []string{l.Day.String() + " 08:00: no clock-out"}
			}
			return l
		})).Draw(t, "lines")
		missing := 0
		for _, l := range lines {
			missing += len(l.Missing)
		}
		for _, by := range []string{"person", "day", "project"} {
			totals := total(lines, by)
			require.Equal(t, sum(lines, all), sum(totals, all))
			for _, l := range totals {
				missing -= len(l.Missing)
			}
			require.Zero(t, missing)
			other := append([]line(nil), lines...)
			rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
			require.Equal(t, totals, total(other, by))
			for _, l := range lines {
				missing += len(l.Missing)
			}
		}
	})
}

// The page is of one piece: it loads nothing and runs nothing, and what people are called stays text.
func TestPage(t *testing.T) {
	lines := []line{
		{Provider: "protime", PersonID: 1, Person: `</title><script>alert("1")</script>`, Day: monday, Minutes: 485},
		{Provider: "protime", PersonID: 1, Person: `</title><script>alert("1")</script>`, Day: monday.AddDays(1), Missing: []string{`2026-06-09 08:00: no clock-out`}},
		{Provider: "timelog", PersonID: 1, Person: "Bo", Day: monday.AddDays(7), ProjectID: 4, Project: `" onload="x`, Minutes: 60},
	}
	for _, by := range []string{"person", "day", "project"} {
		o := options{from: monday.AddDays(2), to: monday.AddDays(13), by: by}
		s := newSheet(o, []result{{provider: "protime", lines: lines[:2]}, {provider: "timelog", lines: lines[2:]}})
		var out bytes.Buffer
		require.NoError(t, s.write(&out, "html"))
		html := out.String()
		for _, outside := range []string{"<script", "src=", "href=", "url(", "@import", "http:", "https:", "<no value>", "ZgotmplZ"} {
			assert.NotContains(t, html, outside)
		}
		assert.NotRegexp(t, `<[^>]* on\w+=`, html)
		assert.Equal(t, 2, strings.Count(html, "<svg "), "a chart per week")
		assert.Equal(t, 2, strings.Count(html, "<rect "), "a part per day and provider")
		for _, want := range []string{
			"default-src 'none'", "<h2>Week 24 <small>8 – 14 June 2026 · 8:05 h</small></h2>", "<title>Protime, Monday 8 June: 8:05</title>",
			"2026-06-09 08:00: no clock-out</li>", "9:05 h · 2 people", "&lt;/title&gt;&lt;script&gt;",
		} {
			assert.Contains(t, html, want)
		}
	}
}

func TestGrid(t *testing.T) {
	for most, want := range map[int]int{0: 60, 240: 60, 241: 120, 480: 120, 20 * 60: 300, 97 * 60: 3000, 5000 * 60: 120000} {
		assert.Equal(t, want, gridStep(most), most)
	}
	c := newChart([]line{{Provider: "protime", Day: monday, Minutes: 480}, {Provider: "timelog", Day: monday, Minutes: 120}}, []string{"protime", "timelog"}, monday, 600)
	require.Len(t, c.Bars, 7)
	parts := c.Bars[0].Parts
	require.Len(t, parts, 2)
	assert.Equal(t, 4*parts[1].Height, parts[0].Height)
	assert.Equal(t, parts[0].Y, parts[1].Y+parts[1].Height, "one on the other")
	assert.Equal(t, "10:00", c.Bars[0].Total)
	assert.Empty(t, c.Bars[1].Parts)
	assert.Equal(t, "Hours of each day of the week of 8 June 2026, 10:00 together", c.Label)
	assert.Equal(t, []string{"0", "5", "10"}, []string{c.Lines[0].Label, c.Lines[1].Label, c.Lines[2].Label})
}

func TestPeriod(t *testing.T) {
	assert.Equal(t, "8 – 21 June 2026", period(monday, monday.AddDays(13)))
	assert.Equal(t, "8 June – 8 July 2026", period(monday, monday.AddDays(30)))
	assert.Equal(t, "8 June 2026 – 8 June 2027", period(monday, monday.AddDays(365)))
	assert.Equal(t, monday, firstOfWeek(monday))
	assert.Equal(t, monday, firstOfWeek(monday.AddDays(6)))
}

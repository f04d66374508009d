package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/worktime-go/worktime"
)

// The chart of a week, in the units of its viewBox. It is narrow, so that its text can be read on a phone.
const (
	chartWidth, chartHeight  = 360, 190
	plotLeft, plotTop        = 32, 18
	plotWidth, plotHeight    = chartWidth - plotLeft, chartHeight - plotTop - 22
	slotWidth, barWidth      = plotWidth / 7, 30
	mostGridLines, textBelow = 4, 15
)

// chart is a bar for each day of a week, with a part for each provider.
type chart struct {
	Width, Height int
	Left          int
	Label         string // for who cannot see it
	Lines         []gridLine
	Bars          []bar
}

type gridLine struct {
	Y, TextY int
	Label    string
}

type bar struct {
	X, TotalY, DayY int // of the texts
	Total, Day      string
	Parts           []part
}

type part struct {
	X, Y, Width, Height int
	Provider, Title     string
}

// newChart draws the lines of the week that begins on monday; most are the minutes of the highest bar of all weeks.
func newChart(lines []line, providers []string, monday worktime.Date, most int) chart {
	step := gridStep(most)
	top := max((most+step-1)/step, 1) * step
	height := func(minutes int) int { return minutes * plotHeight / top }
	bottom := plotTop + plotHeight
	c := chart{Width: chartWidth, Height: chartHeight, Left: plotLeft}
	for minutes := 0; minutes <= top; minutes += step {
		y := bottom - height(minutes)
		c.Lines = append(c.Lines, gridLine{y, y + 4, strconv.Itoa(minutes / 60)})
	}
	whole := 0
	for i := range 7 {
		day := monday.AddDays(i)
		x := plotLeft + i*slotWidth
		b := bar{X: x + slotWidth/2, Day: day.In(time.UTC).Format("Mon"), DayY: bottom + textBelow}
		minutes := 0
		for _, provider := range providers {
			n := sum(lines, func(l line) bool { return l.Day == day && l.Provider == provider })
			if n == 0 {
				continue
			}
			from := bottom - height(minutes)
			minutes += n
			b.Parts = append(b.Parts, part{
				X: x + (slotWidth-barWidth)/2, Y: bottom - height(minutes), Width: barWidth, Height: from - (bottom - height(minutes)),
				Provider: provider, Title: fmt.Sprintf("%s, %s: %s", titles()[provider], day.In(time.UTC).Format("Monday 2 January"), clock(n)),
			})
		}
		if minutes > 0 {
			b.Total, b.TotalY = clock(minutes), bottom-height(minutes)-5
		}
		whole += minutes
		c.Bars = append(c.Bars, b)
	}
	c.Label = fmt.Sprintf("Hours of each day of the week of %s, %s together", monday.In(time.UTC).Format("2 January 2006"), clock(whole))
	return c
}

// gridStep returns how many minutes lie between the lines of a grid up to most minutes: a round number of hours.
func gridStep(most int) int {
	for unit := 60; ; unit *= 10 {
		for _, n := range []int{1, 2, 5} {
			if step := n * unit; most <= step*mostGridLines {
				return step
			}
		}
	}
}

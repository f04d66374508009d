package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/worktime-go/worktime/timeneye"
)

// printer writes entries in one of the formats.
type printer struct {
	head  func() error
	row   func(timeneye.Entry) error
	flush func() error
}

func newPrinter(format string, w io.Writer) printer {
	buffer := bufio.NewWriter(w)
	columns := []string{"date", "minutes", "user", "project", "phase", "billed", "id", "notes"}
	cells := func(e timeneye.Entry) []string {
		id := func(id int64) string { return strconv.FormatInt(id, 10) }
		return []string{
			e.Date.String(), strconv.Itoa(e.Minutes), id(e.UserID), id(e.ProjectID), id(e.PhaseID), strconv.FormatBool(e.Billed), id(e.ID), e.Notes,
		}
	}
	switch format {
	case "jsonl":
		encoder := json.NewEncoder(buffer)
		return printer{
			head:  func() error { return nil },
			row:   func(e timeneye.Entry) error { return encoder.Encode(e) },
			flush: buffer.Flush,
		}
	case "csv":
		writer := csv.NewWriter(buffer)
		return printer{
			head: func() error { return writer.Write(columns) },
			row:  func(e timeneye.Entry) error { return writer.Write(cells(e)) },
			flush: func() error {
				writer.Flush()
				return errors.Join(writer.Error(), buffer.Flush())
			},
		}
	default:
		line := func(c []string) error {
			_, err := fmt.Fprintf(buffer, "%-10s  %7s  %8s  %8s  %8s  %-6s  %8s  %s\n", c[0], c[1], c[2], c[3], c[4], c[5], c[6], oneLine(c[7]))
			return err
		}
		return printer{
			head:  func() error { return line(strings.Split(strings.ToUpper(strings.Join(columns, ",")), ",")) },
			row:   func(e timeneye.Entry) error { return line(cells(e)) },
			flush: buffer.Flush,
		}
	}
}

// oneLine keeps what others have written from steering the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}

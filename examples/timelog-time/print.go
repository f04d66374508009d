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

	"github.com/worktime-go/worktime"
	"github.com/worktime-go/worktime/timelog"
)

// row is a task, or a registration on one.
type row struct {
	Kind     string                     `json:"kind"` // task, registration or absence
	Date     worktime.Date              `json:"date,omitzero"`
	Task     timelog.TaskID             `json:"task,omitzero"`
	Project  string                     `json:"project,omitzero"`
	Name     string                     `json:"name"`
	Hours    float64                    `json:"hours,omitzero"`
	Billable float64                    `json:"billable,omitzero"` // hours
	ID       timelog.TimeRegistrationID `json:"id,omitzero"`
	Comment  string                     `json:"comment,omitzero"`
}

func taskRow(t timelog.Task) row {
	r := row{Kind: "task", Task: t.ID, Name: t.Name}
	if t.Project != nil {
		r.Project = t.Project.Name
	}
	return r
}

func itemRow(t timelog.TimeTrackingItem) row {
	r := row{
		Kind: "registration", Date: t.Date.Date(), Task: t.TaskID, Project: t.ProjectName, Name: t.TaskName,
		Hours: t.Hours, Billable: t.BillableHours, ID: t.ID, Comment: t.Comment,
	}
	if t.AbsenceCodeID != 0 {
		r.Kind, r.Name = "absence", t.AbsenceName
	}
	return r
}

// cells are those of a table. Tasks have no hours.
func (r row) cells() []string {
	id := func(id int64) string {
		if id == 0 {
			return ""
		}
		return strconv.FormatInt(id, 10)
	}
	cells := []string{r.Kind, r.Date.String(), id(int64(r.Task)), r.Project, r.Name, "", "", id(int64(r.ID)), r.Comment}
	if r.Kind != "task" {
		cells[5], cells[6] = strconv.FormatFloat(r.Hours, 'f', 2, 64), strconv.FormatFloat(r.Billable, 'f', 2, 64)
	}
	return cells
}

// printer writes rows in one of the formats.
type printer struct {
	head  func() error
	row   func(row) error
	flush func() error
}

func newPrinter(format string, w io.Writer) printer {
	buffer := bufio.NewWriter(w)
	columns := []string{"kind", "date", "task", "project", "name", "hours", "billable", "id", "comment"}
	switch format {
	case "jsonl":
		encoder := json.NewEncoder(buffer)
		return printer{
			head:  func() error { return nil },
			row:   func(r row) error { return encoder.Encode(r) },
			flush: buffer.Flush,
		}
	case "csv":
		writer := csv.NewWriter(buffer)
		return printer{
			head: func() error { return writer.Write(columns) },
			row:  func(r row) error { return writer.Write(r.cells()) },
			flush: func() error {
				writer.Flush()
				return errors.Join(writer.Error(), buffer.Flush())
			},
		}
	default:
		line := func(c []string) error {
			text := fmt.Sprintf("%-12s  %-10s  %6s  %-20s  %-20s  %6s  %8s  %6s  %s", c[0], c[1], c[2], oneLine(c[3]), oneLine(c[4]), c[5], c[6], c[7], oneLine(c[8]))
			_, err := fmt.Fprintln(buffer, strings.TrimRight(text, " "))
			return err
		}
		return printer{
			head:  func() error { return line(strings.Split(strings.ToUpper(strings.Join(columns, ",")), ",")) },
			row:   func(r row) error { return line(r.cells()) },
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

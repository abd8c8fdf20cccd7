package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
)

// exportTo opens where an export goes. What was written stays when it breaks off: an
// export that goes on adds to it.
func (c *cli) exportTo(x exportFlags, after string, write func(io.Writer) error) error {
	if x.target == "-" {
		return write(c.out)
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if after != "" {
		mode = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	f, err := os.OpenFile(x.target, mode, 0o600)
	if err != nil {
		return usage("the export can not be written: %v", err)
	}
	return oneOrAll([]error{write(f), f.Close()})
}

// records writes what is exported, one record at a time.
type records struct {
	with []string
	json *json.Encoder
	csv  *csv.Writer // nil for JSON lines
}

// newRecords writes the titles of CSV when the export begins at the beginning.
func newRecords(w io.Writer, x exportFlags, first bool, titles []string) *records {
	r := &records{with: x.with}
	if x.format != "csv" {
		r.json = json.NewEncoder(w)
		r.json.SetEscapeHTML(false)
		return r
	}
	r.csv = csv.NewWriter(w)
	if first {
		_ = r.csv.Write(titles) // flush returns what went wrong
	}
	return r
}

func (r *records) write(v any, row []string) error {
	if r.csv == nil {
		return r.json.Encode(v)
	}
	return r.csv.Write(row)
}

func (r *records) flush() error {
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	return r.csv.Error()
}

func executionTitles(with []string) []string {
	titles := []string{"id", "action", "status", "summary", "rule", "event", "parent", "started_from", "attempts", "code", "created_at", "started_at", "finished_at"}
	if slices.Contains(with, "output") {
		titles = append(titles, "parameters", "output", "message")
	}
	if slices.Contains(with, "log") {
		titles = append(titles, "log")
	}
	return titles
}

func executionRow(e automation.ExecutionSummary) []string {
	return []string{e.ID, string(e.Action), string(e.Status), e.Summary, string(e.Rule), e.Event, e.Parent, e.StartedFrom,
		fmt.Sprint(e.Attempts), string(e.Code), instant(&e.CreatedAt), instant(e.StartedAt), instant(e.FinishedAt)}
}

func eventTitles(with []string) []string {
	titles := []string{"id", "trigger", "received_at", "matched", "looked", "payload_bytes", "summary", "warning", "cause", "trace"}
	if len(with) > 0 {
		titles = append(titles, "payload")
	}
	return titles
}

func eventRow(e automation.Event) []string {
	return []string{e.ID, string(e.Trigger), instant(&e.ReceivedAt), fmt.Sprint(e.Matched), fmt.Sprint(e.Looked),
		fmt.Sprint(e.PayloadBytes), e.Summary, e.Warning, e.Cause, e.Trace}
}

// instant writes a time for programs; empty when there is none.
func instant(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func logText(lines []automation.LogLine) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %s %s\n", instant(&l.At), l.Level, l.Text)
	}
	return b.String()
}

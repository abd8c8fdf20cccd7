package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table draws rows as kubectl would; what a Pod does not have yet is <none>.
func table(rows []row) string {
	cells := [][]string{{"NAMESPACE", "NAME", "PHASE", "READY", "RESTARTS", "NODE", "AGE"}}
	for _, r := range rows {
		cells = append(cells, []string{r.Namespace, r.Name, r.Phase, r.Ready, fmt.Sprint(r.Restarts), r.Node, r.Age})
	}
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i := range line {
			if line[i] == "" {
				line[i] = "<none>"
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
	}
	var b strings.Builder
	for _, line := range cells {
		b.WriteString(align(line, widths))
	}
	return b.String()
}

// align pads every cell but the last.
func align(line []string, widths []int) string {
	var b strings.Builder
	last := len(line) - 1
	for i, cell := range line[:last] {
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+3))
	}
	return b.String() + line[last] + "\n"
}

package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// column is one column of a table about things of type T.
type column[T any] struct {
	title string
	wide  bool // only with -o wide
	text  func(T) string
	tone  func(T) tone // may be nil
}

// cell is text and how it is to look.
type cell struct {
	text string
	tone tone
}

// table is a grid whose first row may be the titles.
type table struct {
	rows    [][]cell
	trimmed bool // the last column may be cut to the width of the screen
}

func tableOf[T any](columns []column[T], items []T, wide, titles bool) table {
	grid := table{trimmed: !wide}
	shown := columns[:0:0]
	var head []cell
	for _, col := range columns {
		if !col.wide || wide {
			shown, head = append(shown, col), append(head, cell{col.title, toneFaint})
		}
	}
	if titles {
		grid.rows = append(grid.rows, head)
	}
	for _, item := range items {
		grid.rows = append(grid.rows, rowOf(shown, item))
	}
	return grid
}

func rowOf[T any](columns []column[T], item T) []cell {
	row := make([]cell, len(columns))
	for i, col := range columns {
		row[i].text = oneLine(col.text(item))
		if col.tone != nil {
			row[i].tone = col.tone(item)
		}
	}
	return row
}

// write aligns columns on a screen and parts them by tabs in a pipe.
func (g table) write(w io.Writer, t terminal) error {
	out := bufio.NewWriter(w)
	widths := g.widths()
	for _, row := range g.rows {
		if t.tty {
			row = g.fit(row, widths, t.width)
		}
		writeRow(out, row, widths, t)
	}
	return out.Flush()
}

func writeRow(out *bufio.Writer, row []cell, widths []int, t terminal) {
	for i, c := range row {
		text := c.text
		if text == "" {
			text = "-" // an empty cell would let the rest slip in some readers of columns
		}
		last := i == len(row)-1
		out.WriteString(t.paint(c.tone, text))
		switch {
		case last:
			out.WriteByte('\n')
		case t.tty:
			out.WriteString(strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(text), 0)+2))
		default:
			out.WriteByte('\t')
		}
	}
}

func (g table) widths() []int {
	var widths []int
	for _, row := range g.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 1)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	return widths
}

// fit cuts the last cell where the screen ends.
func (g table) fit(row []cell, widths []int, screen int) []cell {
	last := len(row) - 1
	room := screen
	for _, width := range widths[:last] {
		room -= width + 2
	}
	const least = 8
	if !g.trimmed || screen == 0 || room < least || utf8.RuneCountInString(row[last].text) <= room {
		return row
	}
	row = append([]cell(nil), row...)
	row[last].text = string([]rune(row[last].text)[:room-1]) + "…"
	return row
}

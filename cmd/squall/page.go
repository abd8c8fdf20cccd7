package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// page writes text about one thing and remembers the first error.
type page struct {
	w   io.Writer
	t   terminal
	err error
}

// styled is text that may steer the terminal, because page made it.
type styled string

func (p *page) paint(as tone, text string) styled { return styled(p.t.paint(as, printable(text))) }

// line writes a line; no text but a styled one can steer the terminal.
func (p *page) line(format string, args ...any) {
	if p.err != nil {
		return
	}
	for i, arg := range args {
		if text, is := arg.(string); is {
			args[i] = printable(text)
		}
	}
	_, p.err = fmt.Fprintln(p.w, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// pair writes a name and a value; without a value, nothing.
func (p *page) pair(name, value string) {
	if value != "" {
		p.line("%s %s", p.paint(toneFaint, fmt.Sprintf("%-13s", name+":")), value)
	}
}

// json shows a value; text as such, so that tables in it can be read.
func (p *page) json(name string, value json.RawMessage) {
	var text string
	if string(value) == "null" {
		return
	}
	if len(value) > 0 && json.Unmarshal(value, &text) == nil {
		p.block(name, text)
		return
	}
	var out bytes.Buffer
	if json.Indent(&out, value, "", "  ") == nil {
		p.block(name, out.String())
	}
}

func (p *page) block(name, text string) {
	if text == "" {
		return
	}
	p.line("%s", p.paint(toneFaint, name+":"))
	for line := range strings.Lines(text) {
		p.line("  %s", strings.TrimRight(line, "\r\n"))
	}
}

package wasm

import (
	"bytes"
	"strings"
	"sync"

	"github.com/squall-dev/squall/runtime/automation"
)

// lineCost is what a line of the log counts beyond its text: the history keeps its
// time and level too, and empty lines without end must not fill it.
const lineCost = 32

// logbook passes the lines of a run on and counts their bytes. Host functions may
// write from goroutines of their own.
type logbook struct {
	sink  func(automation.LogLevel, string) // nil: nobody listens
	limit int64

	mu        sync.Mutex // guards the fields below and the order of lines
	used      int64
	lastError string
}

// reset makes the book ready for another run. Nobody else may have it.
func (l *logbook) reset(sink func(automation.LogLevel, string), limit int64) {
	l.sink, l.limit, l.used, l.lastError = sink, limit, 0, ""
}

// add passes a line on, unless the limit is passed.
func (l *logbook) add(level automation.LogLevel, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text = strings.ToValidUTF8(strings.TrimRight(text, "\r\n"), "\uFFFD")
	l.used += int64(len(text)) + lineCost
	if l.used > l.limit {
		return
	}
	if level == automation.LevelError {
		l.lastError = text
	}
	if l.sink != nil {
		l.sink(level, text)
	}
}

// note adds a line of the host's own, which costs the guest nothing.
func (l *logbook) note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink != nil {
		l.sink(automation.LevelWarning, text)
	}
}

func (l *logbook) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used > l.limit
}

func (l *logbook) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lastError
}

// lineBuffer cuts a stream into lines.
type lineBuffer struct{ rest []byte }

// write calls line for every line that b completes.
func (w *lineBuffer) write(b []byte, line func(string)) {
	for {
		at := bytes.IndexByte(b, '\n')
		if at < 0 {
			w.rest = append(w.rest, b...)
			return
		}
		line(string(append(w.rest, b[:at]...)))
		w.rest, b = w.rest[:0], b[at+1:]
	}
}

// flush calls line for what stands after the last line end.
func (w *lineBuffer) flush(line func(string)) {
	if len(w.rest) > 0 {
		line(string(w.rest))
		w.rest = nil
	}
}

// logLine adds a line of standard error. Its level stands before it; the last
// words of a Go program count as an error.
func (r *run) logLine(line string) {
	level, text := automation.LevelInfo, line
	switch {
	case strings.HasPrefix(line, "W "):
		level, text = automation.LevelWarning, line[2:]
	case strings.HasPrefix(line, "E "):
		level, text = automation.LevelError, line[2:]
	case strings.HasPrefix(line, "D "):
		level, text = automation.LevelDebug, line[2:]
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "):
		level = automation.LevelError
	}
	r.log.add(level, text)
}

// writeLines adds a piece of standard output or error to the log.
func (r *run) writeLines(stream int, b []byte) {
	w := &r.lines[stream]
	if int64(len(w.rest)+len(b)) > r.limits.Log {
		panic(&stop{automation.CodeOutputLimit, "the action wrote more than " + bytesText(r.limits.Log) + " of log"})
	}
	w.write(b, r.logLine)
	r.checkpoint()
}

// flush adds lines that were not finished.
func (r *run) flush() {
	for n := range r.lines {
		r.lines[n].flush(r.logLine)
	}
}

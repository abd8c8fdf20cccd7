package wasm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/squall-dev/squall/runtime/automation"
)

// stop ends a run from inside a host function: it is thrown through the guest.
type stop struct {
	code    automation.FailureCode
	message string
}

func (s *stop) Error() string { return s.message }

// exit is a guest's own end.
type exit struct{ code uint32 }

func (e *exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// stopped says why the call's context ended.
func (r *run) stopped() *stop {
	cause := context.Cause(r.ctx)
	if errors.Is(cause, context.DeadlineExceeded) {
		return r.timeout()
	}
	message := "the action was canceled"
	if cause != nil && !errors.Is(cause, context.Canceled) {
		message += ": " + cause.Error()
	}
	return &stop{automation.CodeCanceled, message}
}

func (r *run) timeout() *stop {
	if time.Since(r.started) >= r.limits.Timeout {
		return &stop{automation.CodeTimeout, "the action ran longer than " + r.limits.Timeout.String()}
	}
	return &stop{automation.CodeTimeout, "the action was not done at its deadline"}
}

// finish makes the result of a run that has ended.
func (r *run) finish(buffer []byte, code uint32, err error) Result {
	r.flush()
	r.endPlugin()
	if r.hostDone != nil {
		r.hostDone()
	}
	res := r.outcome(code, err)
	if res.Code == "" || res.Code == automation.CodeExitCode {
		res.Output, res.OutputText = outputJSON(buffer, r.output)
		if res.OutputText {
			r.log.note("the output is not JSON; it is kept as text")
		}
	}
	res.HostCalls, res.Tape, res.Difference = r.records, r.tape(), r.world.replay.difference()
	r.endedAt = time.Now()
	res.Usage = automation.Usage{
		Fuel: r.spent, Memory: r.peak, HostCalls: r.hostCalls, HostBytes: r.hostBytes, HostTime: r.hostTime,
		GuestTime: max(0, r.endedAt.Sub(r.started)-r.hostTime-r.slept), Limits: r.limits,
	}
	return res
}

// outcome sorts how the guest's code ended into the codes that the history knows.
func (r *run) outcome(code uint32, err error) Result {
	if err == nil && code == 0 && r.instance.pluginError() == "" {
		return r.succeeded()
	}
	return r.ended(code, err)
}

func (r *run) succeeded() Result {
	if r.log.over() {
		return Result{Code: automation.CodeOutputLimit, Message: "the action wrote more than " + bytesText(r.limits.Log) + " of log"}
	}
	return Result{}
}

// ended sorts an end other than returning 0.
func (r *run) ended(code uint32, err error) Result {
	var said *exit
	var stopped *stop
	if errors.As(err, &said) && said.code == 0 { // an end like any other
		if r.instance.pluginError() == "" {
			return r.succeeded()
		}
		err = nil
	}
	if err == nil {
		said = &exit{code}
	}
	switch {
	case errors.As(err, &stopped):
		return Result{Code: stopped.code, Message: stopped.message}
	case r.instance.denied(): // whatever it said then, that is why
		limit := r.module.memoryWithin(r.limits.Memory)
		return Result{Code: automation.CodeMemoryLimit, Message: "the action used more than " + bytesText(limit) + " of memory", Trace: traceOf(err)}
	case said != nil, errors.As(err, &said):
		message := r.lastWords()
		if message == "" {
			message = said.Error()
		}
		return Result{Code: automation.CodeExitCode, Message: message}
	}
	return r.crash(err)
}

func (r *run) crash(err error) Result {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	reason = strings.TrimSuffix(strings.TrimPrefix(reason, "wasm error: "), " (recovered by wazero)")
	if reason == "stack overflow" {
		return Result{Code: automation.CodeStackLimit, Message: "the action's calls are nested too deep", Trace: traceOf(err)}
	}
	message := "the action crashed: " + reason
	if last := r.lastWords(); last != "" {
		message += ": " + last
	}
	return Result{Code: automation.CodeTrap, Message: message, Trace: traceOf(err)}
}

// lastWords are what the guest said about its failure, as far as they fit into a
// message. All of the log stands in the log.
func (r *run) lastWords() string {
	last := r.instance.pluginError()
	if last == "" {
		last = r.log.last()
	}
	if len(last) > maxMessage {
		last = strings.ToValidUTF8(last[:maxMessage], "") + "..."
	}
	return last
}

const (
	maxMessage    = 2048 // bytes
	maxTraceLines = 30
	maxTrace      = 4096 // bytes
)

// traceOf takes the guest's stack out of the runtime's error.
func traceOf(err error) string {
	if err == nil {
		return ""
	}
	_, trace, found := strings.Cut(err.Error(), "wasm stack trace:\n")
	if !found {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(trace), "\n")
	for n := range lines {
		lines[n] = strings.TrimPrefix(strings.TrimSpace(lines[n]), ".")
	}
	trace = printable(strings.Join(lines[:min(len(lines), maxTraceLines)], "\n"))
	return strings.ToValidUTF8(trace[:min(len(trace), maxTrace)], "")
}

// outputJSON makes JSON of whatever the guest wrote, in the buffer if it fits.
func outputJSON(buffer, b []byte) (out json.RawMessage, text bool) {
	trimmed := bytes.TrimSpace(b)
	if len(trimmed) == 0 {
		return json.RawMessage("null"), false
	}
	if utf8.Valid(trimmed) && json.Valid(trimmed) {
		return append(buffer[:0], trimmed...), false
	}
	quoted, err := json.Marshal(strings.ToValidUTF8(string(b), "\uFFFD"))
	if err != nil { // a string always encodes
		return json.RawMessage("null"), true
	}
	return quoted, true
}

// denied tells whether the guest was refused memory. A nil instance never ran.
func (i *instance) denied() bool {
	return i != nil && (i.slot != nil && i.slot.Denied() || i.kernel != nil && i.kernel.Denied())
}

// bytesText writes a size for people: "64 MiB".
func bytesText(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.size {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/float64(unit.size)), ".0") + " " + unit.name
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// countText writes a number with its thousands apart: "20,000,000".
func countText(n int64) string {
	s := fmt.Sprint(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// printable takes out what would do something to a terminal: names of functions
// are the guest's choice.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

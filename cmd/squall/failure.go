package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/client"
)

// The exit codes are a promise to scripts.
const (
	exitOK          = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDenied      = 4
	exitInvalid     = 5
	exitFailed      = 6
	exitTimeout     = 7
	exitUnreachable = 8
	exitInterrupted = 130
)

// exitCode tells what a code means, for the help topic.
type exitCode struct {
	code    int
	meaning string
}

func exitCodes() []exitCode {
	return []exitCode{
		{exitOK, "it worked"},
		{exitUnexpected, "unexpected error"},
		{exitUsage, "wrong usage: an unknown command or flag, a missing argument"},
		{exitNotFound, "what was named does not exist"},
		{exitDenied, "not logged in, or not allowed"},
		{exitInvalid, "invalid content, or in conflict with the state of things"},
		{exitFailed, "the execution did not succeed (run, rerun and wait), or its replay differs"},
		{exitTimeout, "timed out waiting"},
		{exitUnreachable, "the server can not be reached, or is not ready"},
		{exitInterrupted, "interrupted (Ctrl-C)"},
	}
}

// Codes of errors that only the command line knows.
const (
	codeUsage       = "usage"
	codeFailed      = "execution_failed"
	codeWait        = "wait_timeout"
	codeInterrupted = "interrupted"
)

var errInterrupted = &automation.Error{Code: codeInterrupted, Message: "interrupted"}

// usage is an error in how the command was called.
func usage(format string, args ...any) *automation.Error {
	return automation.Invalid(format, args...).WithCode(codeUsage)
}

// exitOf chooses the exit code of an error.
func exitOf(err error) int {
	if err == nil {
		return exitOK
	}
	var e *automation.Error
	if errors.As(err, &e) {
		switch e.Code {
		case codeUsage, "invalid_url":
			return exitUsage
		case codeFailed:
			if errors.Is(err, automation.ErrConflict) { // the server's: it has failed, and can not be canceled any more
				return exitInvalid
			}
			return exitFailed
		case codeWait:
			return exitTimeout
		case codeInterrupted:
			return exitInterrupted
		}
	}
	switch automation.KindOf(err) {
	case "not_found":
		return exitNotFound
	case "denied":
		return exitDenied
	case "invalid", "conflict":
		return exitInvalid
	case "unavailable":
		return exitUnreachable
	case "timeout":
		return exitTimeout
	case "canceled":
		return exitInterrupted
	}
	return exitUnexpected
}

// report tells people, or programs, what went wrong.
func (c *cli) report(args []string, cmd *cobra.Command, err error) int {
	code := exitOf(err)
	switch {
	case err == nil, code == exitInterrupted && errors.Is(err, errInterrupted) && c.flags.quiet:
	case c.wantsJSON(args):
		c.reportJSON(cmd, err)
	default:
		c.reportText(cmd, err)
	}
	return code
}

// wantsJSON also looks at the bare arguments, because flags may be what is wrong.
func (c *cli) wantsJSON(args []string) bool {
	if c.flags.output != "" && c.flags.output != formatTable {
		return c.flags.output == formatJSON || c.flags.output == formatJSONL
	}
	return slices.ContainsFunc(args, func(a string) bool {
		return a == "-ojson" || a == "-ojsonl" || a == "--output=json" || a == "--output=jsonl"
	}) || follows(args, "-o", "json") || follows(args, "--output", "json")
}

func follows(args []string, flag, value string) bool {
	i := slices.Index(args, flag)
	return i >= 0 && i+1 < len(args) && args[i+1] == value
}

// reportText writes three lines: what, why, next.
func (c *cli) reportText(cmd *cobra.Command, err error) {
	what, why := explain(err)
	t := c.terminalOf(c.err, c.flags.color)
	fmt.Fprintf(c.err, "%s %s\n", t.paint(toneBad, "Error:"), printable(what))
	for _, line := range append(strings.Split(why, "\n"), strings.Split(nextStep(cmd, err), "\n")...) {
		if line != "" {
			fmt.Fprintf(c.err, "  %s\n", printable(line))
		}
	}
}

// explain parts an error into what happened and what caused it.
func explain(err error) (what, why string) {
	if f := (*client.Failure)(nil); errors.As(err, &f) && err == error(f) {
		err = f.Problem
	}
	err = alone(err)
	e, ok := err.(*automation.Error) //nolint:errorlint // only the outermost has its cause to itself
	if !ok || e.Err == nil {
		what, why, _ = strings.Cut(err.Error(), "\n")
		return what, why
	}
	return e.Message, e.Err.Error()
}

// alone takes an error out of a list that holds no other.
func alone(err error) error {
	if list, is := err.(interface{ Unwrap() []error }); is && len(list.Unwrap()) == 1 {
		if only, is := list.Unwrap()[0].(*automation.Error); is {
			return only
		}
	}
	return err
}

// nextStep is the error's own hint, or what helps with its kind.
func nextStep(cmd *cobra.Command, err error) string {
	if hint := automation.HintOf(err); hint != "" {
		return hint
	}
	switch exitOf(err) {
	case exitUsage:
		return "see: " + pathOf(cmd) + " --help"
	case exitDenied:
		return "log in with: squall login"
	case exitUnexpected:
		if id := client.RequestID(err); id != "" {
			return "the server's log knows more, under request " + id
		}
		return "see: " + pathOf(cmd) + " --help"
	}
	return ""
}

func pathOf(cmd *cobra.Command) string {
	if cmd == nil {
		return "squall"
	}
	return cmd.CommandPath()
}

// problem is how errors look to programs, as the API writes them.
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status,omitempty"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	Hint      string `json:"hint,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	ExitCode  int    `json:"exit_code"`
}

func (c *cli) reportJSON(cmd *cobra.Command, err error) {
	p := problem{
		Type: "about:blank", Title: automation.KindOf(err), Detail: err.Error(), Code: automation.KindOf(err),
		Hint: nextStep(cmd, err), RequestID: client.RequestID(err), ExitCode: exitOf(err),
	}
	if e := (*automation.Error)(nil); errors.As(err, &e) && e.Code != "" {
		p.Code = e.Code
	}
	if f := (*client.Failure)(nil); errors.As(err, &f) {
		p.Status = f.Status
	}
	_ = writeJSON(c.err, p) // there is nowhere left to complain
}

// orList adds the way to a list to an error about something that is not there.
func orList(err error, command string) error {
	if errors.Is(err, automation.ErrNotFound) && automation.HintOf(err) == "" {
		return hinted(err, "list what there is: squall "+command)
	}
	return err
}

// hinted gives an error another hint and keeps everything else.
func hinted(err error, hint string) error {
	if f := (*client.Failure)(nil); errors.As(err, &f) {
		copied := *f
		copied.Problem = f.Problem.WithHint("%s", hint)
		return &copied
	}
	if e := (*automation.Error)(nil); errors.As(err, &e) {
		return e.WithHint("%s", hint)
	}
	return err
}

// readAll bounds what is read from files and pipes: more than any server takes.
func readAll(r io.Reader) ([]byte, error) {
	const most = 64 << 20
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(text) > most {
		err = usage("the input is larger than %d bytes", most)
	}
	return text, err
}

func writeJSON(w io.Writer, v any) error { return encodeJSON(w, v, "  ") }

// encodeJSON writes a document and the end of a line. What could steer a terminal
// is written as JSON's escapes, which mean the same to programs.
func encodeJSON(w io.Writer, v any, indent string) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	return write(w, escaped(out.Bytes()))
}

// escaped writes the control characters that JSON allows in strings as escapes.
func escaped(document []byte) []byte {
	harmless := func(r rune) bool { return r == '\n' || r == '\t' || !steers(r) }
	if bytes.IndexFunc(document, func(r rune) bool { return !harmless(r) }) < 0 {
		return document
	}
	var out bytes.Buffer
	for _, r := range string(document) {
		if harmless(r) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "\\u%04x", r)
		}
	}
	return out.Bytes()
}

var errWaitTimeout = &automation.Error{Code: codeWait, Message: "timed out waiting; the execution goes on"}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/squall-dev/squall/runtime/automation"
)

func newExecutionTapeCommand(c *cli) *cobra.Command {
	var attempt int
	cmd := &cobra.Command{
		Use:   "tape ID",
		Short: "Show the host calls of an execution, in order, with what was said",
		Long: "Show the host calls of an execution, in order: when, how long, what was asked and how it was answered. " +
			"-o wide shows requests and replies.",
		Example:           "  squall execution tape 6740b1e2c3d4e5f6a7b8c9d0\n  squall execution tape 6740b1e2c3d4e5f6a7b8c9d0 -o wide --attempt 1",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.showTape(cmd.Context(), args[0], attempt)
		},
	}
	cmd.Flags().IntVar(&attempt, "attempt", 0, "which attempt; the last one when left out")
	return cmd
}

func (c *cli) showTape(ctx context.Context, id string, attempt int) error {
	if err := c.checkFields(fieldsOf(reflect.TypeFor[automation.AttemptTape]())); err != nil {
		return err
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	tape, err := api.Tape(ctx, id, attempt)
	if err != nil {
		return orList(err, "execution list")
	}
	return c.print(thing(tape, tape.Execution, func(w io.Writer, t terminal, wide bool) error {
		p := &page{w: w, t: t}
		p.tape(tape, wide)
		return p.err
	}))
}

func (p *page) tape(tape automation.AttemptTape, wide bool) {
	if len(tape.Items) == 0 {
		p.line("attempt %d asked nothing of the world", tape.Attempt)
	}
	for n, e := range tape.Items {
		p.line("%3d  +%-9s %-9s %-16s %s  %s", n+1, took(max(0, e.StartedAt.Sub(tape.StartedAt))), took(e.Duration), e.Name, callEnd(e.HostCall), e.Detail)
		if e.Change != nil && e.Change.Diff != "" {
			p.block("would change", e.Change.Diff)
		}
		if wide {
			p.json("request", e.Request)
			p.json("reply", e.Reply)
			p.large("request", e.RequestIn)
			p.large("reply", e.ReplyIn)
		}
	}
	if tape.Incomplete != "" {
		p.line("this attempt can not be replayed: %s", tape.Incomplete)
	}
}

// large tells where a body lies that is too large for the tape.
func (p *page) large(what string, in *automation.BodyRef) {
	if in != nil {
		p.line("     %s: %s, squall artifact get %s", what, automation.SizeText(in.Size), in.Artifact)
	}
}

// callEnd says in a word or a sentence how a host call ended.
func callEnd(call automation.HostCall) string {
	switch {
	case call.Error != "":
		return call.Error + ": " + call.Message
	case call.WouldDo:
		return "would do"
	}
	return "ok"
}

func newExecutionReplayCommand(c *cli) *cobra.Command {
	var attempt int
	var module string
	cmd := &cobra.Command{
		Use:   "replay ID",
		Short: "Run an execution again from its tape, without touching the world",
		Long: "Run an execution's code again and tell it what it was told: host calls with their replies, time, random numbers. " +
			"Nothing in the world is asked or changed, and nothing is stored. The same module says the same, byte for byte; of " +
			"another one the first host call that differs is shown. It is an error (exit code 6) if the replay differs.",
		Example:           "  squall execution replay 6740b1e2c3d4e5f6a7b8c9d0\n  squall execution replay 6740b1e2c3d4e5f6a7b8c9d0 --module ./new.wasm",
		Args:              exactly("ID"),
		ValidArgsFunction: c.completeFirst(liveExecutions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.replayExecution(cmd.Context(), args[0], attempt, module)
		},
	}
	cmd.Flags().IntVar(&attempt, "attempt", 0, "which attempt; the last one when left out")
	cmd.Flags().StringVar(&module, "module", "", "replay with this module instead of the recorded one")
	return cmd
}

func (c *cli) replayExecution(ctx context.Context, id string, attempt int, module string) error {
	if err := c.checkFields(fieldsOf(reflect.TypeFor[automation.ExecutionReplay]())); err != nil {
		return err
	}
	var code []byte
	if module != "" {
		var err error
		if code, err = os.ReadFile(module); err != nil {
			return usage("the module can not be read: %v", err)
		}
	}
	api, err := c.client()
	if err != nil {
		return err
	}
	r, err := api.Replay(ctx, id, attempt, code)
	if err != nil {
		return orList(err, "execution list")
	}
	err = c.print(thing(r, r.Execution, func(w io.Writer, t terminal, _ bool) error {
		p := &page{w: w, t: t}
		p.replay(r)
		return p.err
	}))
	if err == nil && !r.Same {
		err = &automation.Error{Code: codeFailed, Message: fmt.Sprintf("the replay of %s differs", r.Execution)}
	}
	return err
}

func (p *page) replay(r automation.ExecutionReplay) {
	module := "the recorded module"
	if !r.SameModule {
		module = "another module"
	}
	if r.Same {
		p.line("%s attempt %d of %s, replayed with %s: same host calls, same output, byte for byte", p.paint(toneOK, "same"), r.Attempt, r.Execution, module)
	} else {
		p.line("%s attempt %d of %s, replayed with %s", p.paint(toneBad, "differs"), r.Attempt, r.Execution, module)
	}
	if r.Note != "" {
		p.line("  %s", r.Note)
	}
	if d := r.Differs; d != nil {
		p.line("")
		p.line("host call %d is the first that differs (- recorded, + replayed)", d.Number)
		p.diff(callText(d.Recorded), callText(d.Replayed))
	}
	if r.Same {
		return
	}
	p.line("")
	p.diff(endText(r.Recorded), endText(r.Replayed))
}

// diff shows the lines of two texts that only one of them has.
func (p *page) diff(before, after []string) {
	has := func(list []string, line string) bool {
		for _, l := range list {
			if l == line {
				return true
			}
		}
		return false
	}
	for _, line := range before {
		if !has(after, line) {
			p.line("%s", p.paint(toneBad, "- "+line))
		}
	}
	for _, line := range after {
		if !has(before, line) {
			p.line("%s", p.paint(toneOK, "+ "+line))
		}
	}
}

func callText(call *automation.TapeCall) []string {
	if call == nil {
		return []string{"(no further host call)"}
	}
	return append([]string{call.Name}, indented(call.Request)...)
}

func endText(e automation.ReplayedEnd) []string {
	end := "succeeded"
	if e.Code != "" {
		end = string(e.Code) + ": " + e.Message
	}
	return append([]string{end}, indented(e.Output)...)
}

func indented(value json.RawMessage) []string {
	if len(value) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		return []string{string(value)}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return []string{string(value)}
	}
	return strings.Split(string(text), "\n")
}

package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/squall-dev/squall/runtime/automation"
)

func executionFields() []string { return fieldsOf(reflect.TypeFor[automation.Execution]()) }

func summaryFields() []string { return fieldsOf(reflect.TypeFor[automation.ExecutionSummary]()) }

func (c *cli) executionResult(e automation.Execution) result {
	return thing(e, e.ID, func(w io.Writer, t terminal, wide bool) error {
		p := &page{w: w, t: t}
		c.executionText(p, e, wide)
		return p.err
	})
}

// executionText leads with how it ended and why; the rest is for looking closer.
func (c *cli) executionText(p *page, e automation.Execution, wide bool) {
	p.line("%s %s %s", p.paint(statusTone(e.Status), p.t.status(e.Status)), e.Action, e.Summary)
	if e.Message != "" {
		p.line("  %s", e.Message)
	}
	if e.Hint != "" {
		p.line("  %s", e.Hint)
	}
	p.line("")
	p.pair("ID", e.ID)
	if e.DryRun {
		p.pair("Dry run", "nothing in the world was changed")
	}
	p.pair("Created", c.when(p.t, e.CreatedAt))
	p.pair("Took", runtimeOf(e.ExecutionSummary))
	p.pair("Started by", firstOf(e.StartedBy, string(e.Rule)))
	p.pair("Event", e.Event)
	p.pair("Again", e.Parent)
	p.pair("Started from", e.StartedFrom)
	p.pair("Waits for", e.DelayReason)
	if e.RunAfter != nil {
		p.pair("Not before", c.when(p.t, *e.RunAfter))
	}
	if e.Priority != 0 {
		p.pair("Priority", fmt.Sprint(e.Priority))
	}
	p.pair("Trace id", e.TraceID)
	p.pair("Attempts", fmt.Sprintf("%d of %d", e.Attempts, e.MaxAttempts))
	p.pair("Log", fmt.Sprintf("%d line%s", e.LogLines, plural(e.LogLines)))
	if n := len(e.AttemptList); n > 0 && !wide {
		p.usage(e.AttemptList[n-1])
	}
	p.wouldDo(e)
	p.json("Parameters", e.Parameters)
	p.json("Output", e.Output)
	p.block("Trace", e.Trace)
	for _, a := range e.Artifacts {
		p.pair("Artifact", fmt.Sprintf("%s  %s  %s  %s", a.ID, a.Name, automation.SizeText(a.Size), a.MediaType))
	}
	if wide {
		p.attempts(e.AttemptList)
	}
}

// wouldDo lists what the last attempt of a dry run would have changed.
func (p *page) wouldDo(e automation.Execution) {
	if !e.DryRun || len(e.AttemptList) == 0 {
		return
	}
	for _, call := range e.AttemptList[len(e.AttemptList)-1].HostCalls {
		if call.WouldDo {
			p.pair("Would do", call.Change.Verb+" "+call.Change.Target)
			p.block("Diff", call.Change.Diff)
		}
	}
}

// attempts show what every try used and asked of the world.
func (p *page) attempts(list []automation.Attempt) {
	for _, a := range list {
		p.line("")
		p.line("Attempt %d: %s %s", a.Number, a.Status, a.Message)
		p.usage(a)
		for _, call := range a.HostCalls {
			p.pair("Host call", strings.TrimSpace(fmt.Sprintf("%s  %s  %s  %s", call.Name, took(call.Duration), call.Detail, call.Message)))
		}
	}
}

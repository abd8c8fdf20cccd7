package daemon

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/store"
	"github.com/squall-dev/squall/runtime/wasm"
)

// tapes replay executions: the code runs again and is told the same, without the
// world.
type tapes struct {
	store  store.Reader
	engine *wasm.Engine
	whole  func(context.Context, automation.Tape) (automation.Tape, error)
}

// replayLog bounds the lines of a replay's log that the answer has.
const replayLog = 1000

// replay runs an attempt again from its tape, with the module that was recorded or
// with another one. Attempt 0 is the last.
func (r tapes) replay(ctx context.Context, id string, attempt int, code []byte) (automation.ExecutionReplay, error) {
	var none automation.ExecutionReplay
	x, err := r.store.Execution(ctx, id)
	if err != nil {
		return none, err
	}
	recorded, err := attemptOf(x, attempt)
	if err != nil {
		return none, err
	}
	tape, err := r.store.Tape(ctx, id, recorded.Number)
	if err != nil {
		return none, err
	}
	if tape.Incomplete != "" {
		return none, automation.Conflict("execution %s can not be replayed: %s", id, tape.Incomplete).WithCode("incomplete_tape").
			WithHint("its host calls can still be read: squall execution tape %s", id)
	}
	if tape, err = r.whole(ctx, tape); err != nil {
		return none, err
	}
	m, err := r.load(ctx, id, code, tape)
	if err != nil {
		return none, err
	}
	defer func() { _ = m.Retire(context.WithoutCancel(ctx)) }() // nobody else calls it, so it ends at once
	return r.run(ctx, m, x, recorded, tape)
}

func attemptOf(x automation.Execution, number int) (automation.Attempt, error) {
	if number == 0 {
		number = len(x.AttemptList)
	}
	for _, a := range x.AttemptList {
		if a.Number == number {
			return a, nil
		}
	}
	return automation.Attempt{}, automation.NotFound("execution %s has no attempt %d", x.ID, number).WithCode("unknown_attempt").
		WithHint("it has %d", len(x.AttemptList))
}

func (r tapes) load(ctx context.Context, id string, code []byte, tape automation.Tape) (*wasm.Module, error) {
	program := wasm.Program{Start: &tape.Start}
	if len(code) > 0 {
		return r.engine.LoadProgram(ctx, "replay of "+id, code, program)
	}
	return r.engine.LoadKept(ctx, "replay of "+id, tape.Module, program)
}

func (r tapes) run(ctx context.Context, m *wasm.Module, x automation.Execution, recorded automation.Attempt, tape automation.Tape) (automation.ExecutionReplay, error) {
	lines := &replayLines{lines: []automation.LogLine{}, attempt: recorded.Number}
	limits := recorded.Usage.Limits
	limits.Timeout = max(limits.Timeout, time.Minute) // the machine may be busier than it was
	res, err := m.Call(ctx, wasm.Call{
		Export: tape.Export, Input: x.Parameters, Limits: limits, Replay: &tape,
		Caller: hostfuncs.Caller{Log: lines.add, Execution: x.ID, Attempt: recorded.Number},
	})
	if err != nil {
		return automation.ExecutionReplay{}, fmt.Errorf("replay execution %s: %w", x.ID, err)
	}
	out := automation.ExecutionReplay{
		Execution: x.ID, Attempt: recorded.Number, Module: m.Info().SHA256, SameModule: m.Info().SHA256 == tape.Module,
		Recorded: automation.ReplayedEnd{Code: recorded.Code, Message: recorded.Message, Fuel: recorded.Usage.Fuel},
		Replayed: automation.ReplayedEnd{Code: res.Code, Message: res.Message, Output: res.Output, Fuel: res.Usage.Fuel},
		Log:      lines.all(), Note: replayNote(recorded.Status),
	}
	if recorded.Number == len(x.AttemptList) { // of earlier ones the output is not kept
		out.Recorded.Output = x.Output
	} else {
		out.Replayed.Output = nil
	}
	if d := res.Difference; d != nil {
		out.Differs = &automation.ReplayedCall{Number: d.Call + 1, Recorded: d.Recorded, Replayed: d.Replayed}
	}
	out.Same = out.Differs == nil && out.Recorded.Code == out.Replayed.Code && bytes.Equal(out.Recorded.Output, out.Replayed.Output)
	return out, nil
}

func replayNote(s automation.AttemptStatus) string {
	switch s {
	case automation.AttemptTimedOut, automation.AttemptCanceled, automation.AttemptInterrupted:
		return "the recorded attempt was stopped from outside; the replay went on"
	}
	return ""
}

// replayLines collects a bounded log.
type replayLines struct {
	attempt int

	mu    sync.Mutex // guards lines
	lines []automation.LogLine
}

func (l *replayLines) add(level automation.LogLevel, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) < replayLog {
		l.lines = append(l.lines, automation.LogLine{Number: len(l.lines) + 1, Attempt: l.attempt, Level: level, Text: text})
	}
}

func (l *replayLines) all() []automation.LogLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/store"
)

// maxDepth is how many events about executions may lead to one another. A rule that
// starts an action whenever an action ends would otherwise never come to rest.
const maxDepth = 10

// maxFollowing bounds how many events about executions that failed before they began
// one event may bring into its transaction.
const maxFollowing = 100

// Raise takes in an event that the server itself noticed, and does nothing when no
// rule wants it.
func (e *Engine) Raise(ctx context.Context, trigger automation.Ref, summary string, payload any) error {
	if !e.Catalogue().Rules().HasTrigger(trigger) {
		return nil
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode the payload of %s: %w", trigger, err)
	}
	_, err = e.Ingest(ctx, automation.Event{Trigger: trigger, Summary: summary, Payload: data})
	return err
}

// RaiseFrom makes an event durable that the execution of its Cause raises. Its depth is
// one more than that of the event which led to the execution; a chain that is too long
// is cut.
func (e *Engine) RaiseFrom(ctx context.Context, ev automation.Event) (automation.Accepted, error) {
	x, err := e.Store.Execution(ctx, ev.Cause)
	if err != nil {
		return automation.Accepted{}, fmt.Errorf("read the execution that raises an event: %w", err)
	}
	ev.TraceID = x.TraceID
	if x.Event != "" {
		depth, err := e.Store.EventDepth(ctx, x.Event)
		if err != nil && !errors.Is(err, automation.ErrNotFound) {
			return automation.Accepted{}, fmt.Errorf("read how long the chain of events is: %w", err)
		}
		ev.Depth = depth
	}
	if ev.Depth >= maxDepth {
		e.Meter.ChainCut()
		return automation.Accepted{}, automation.Conflict("it would be event %d of a chain: rules that start actions when actions raise events go round in a circle", ev.Depth+1).
			WithCode("chain_too_long")
	}
	ev.Depth++
	return e.Ingest(ctx, ev)
}

// follow decides what comes of the end of an execution that an event of that depth
// led to: the events about it, for the rules that want them. It is stored together
// with the end, so that such an event is there exactly when the end is.
func (e *Engine) follow(ctx context.Context, x automation.Execution, depth func() int) []store.Acceptance {
	catalogue := e.Catalogue()
	wanted := wantedAbout(catalogue, x)
	if len(wanted) == 0 {
		return nil
	}
	d := depth()
	if d >= maxDepth {
		e.Meter.ChainCut()
		e.Logger.Warn("a chain of events was cut: rules that start actions when actions end go round in a circle",
			"execution", x.ID, "action", x.Action, "rule", x.Rule, "event", x.Event, "depth", d)
		return nil
	}
	var all []store.Acceptance
	for _, trigger := range wanted {
		ev := automation.Event{Trigger: trigger, Cause: x.ID, Depth: d + 1, TraceID: x.TraceID, Summary: fmt.Sprintf("%s: %s", x.Action, statusWord(x.Status))}
		ev.Payload = payloadAbout(catalogue, trigger, x)
		a, err := e.judge(ctx, ev, e.Now())
		if err != nil {
			e.Logger.Error("an event about an execution could not be raised", "trigger", trigger, "execution", x.ID, "err", err)
			continue
		}
		if a.Event.Depth == maxDepth && len(a.Executions) > 0 {
			a.Event.Warning = fmt.Sprintf("it is number %d of a chain of events about executions: the end of what it starts raises no further one", maxDepth)
		}
		all = append(all, a)
	}
	return all
}

// wantedAbout are the triggers about the end of an execution that rules look at.
func wantedAbout(catalogue Catalogue, x automation.Execution) []automation.Ref {
	rules := catalogue.Rules()
	var wanted []automation.Ref
	if rules.HasTrigger(automation.TriggerActionEnded) {
		wanted = append(wanted, automation.TriggerActionEnded)
	}
	if (x.Status == automation.Failed || x.Status == automation.TimedOut) && rules.HasTrigger(automation.TriggerExecutionFailed) {
		wanted = append(wanted, automation.TriggerExecutionFailed)
	}
	return wanted
}

// statusWord is how StackStorm calls a final status.
func statusWord(s automation.Status) string {
	if s == automation.TimedOut {
		return "timeout"
	}
	return string(s)
}

func payloadAbout(catalogue Catalogue, trigger automation.Ref, x automation.Execution) json.RawMessage {
	action, known := catalogue.Action(x.Action)
	p := map[string]any{
		"execution_id": x.ID, "status": statusWord(x.Status), "action_name": x.Action.Name(), "action_ref": string(x.Action),
		"runner_ref": action.Runner, "parameters": maskedParameters(action, known, x),
		"start_timestamp": moment(x.StartedAt, x.CreatedAt), "end_timestamp": moment(x.FinishedAt, x.CreatedAt),
	}
	if trigger == automation.TriggerActionEnded {
		p["result"] = resultOf(x)
	} else {
		p["code"], p["message"], p["hint"] = string(x.Code), x.Message, x.Hint
		p["rule"], p["event"], p["attempts"] = string(x.Rule), x.Event, x.Attempts
	}
	data, err := json.Marshal(p)
	if err != nil { // an output that is not JSON
		p["result"] = nil
		data, _ = json.Marshal(p) // what is left are texts and what was decoded from JSON
	}
	return data
}

// maskedParameters hides secrets. Of an action that is not there nobody knows which
// of its parameters are.
func maskedParameters(action automation.Action, known bool, x automation.Execution) map[string]any {
	params, err := decodeObject(x.Parameters)
	if !known || err != nil {
		return map[string]any{}
	}
	return parameter.Redact(action.Parameters, params)
}

// resultOf is the output; what failed without one says why.
func resultOf(x automation.Execution) any {
	if len(x.Output) > 0 || x.Status == automation.Succeeded {
		return x.Output
	}
	return map[string]any{"code": string(x.Code), "error": x.Message}
}

func moment(at *time.Time, otherwise time.Time) string {
	if at == nil {
		at = &otherwise
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// depthOf reads how long the chain is that led to an execution. It insists, because
// a chain must not grow on while the disk is full.
func (e *Engine) depthOf(parent context.Context, x automation.Execution) func() int {
	return func() (depth int) {
		if x.Event == "" {
			return 0
		}
		err := e.insist(parent, "depth of an event could not be read", x.ID, func(ctx context.Context) (err error) {
			depth, err = e.Store.EventDepth(ctx, x.Event)
			return err
		})
		if err != nil && !errors.Is(err, automation.ErrNotFound) { // not known; the safe end is the end
			return maxDepth
		}
		return depth
	}
}

// settle adds the events about executions that failed before they began, and about
// those that these start.
func (e *Engine) settle(ctx context.Context, all []store.Acceptance) []store.Acceptance {
	given := len(all)
	for i := 0; i < len(all); i++ { // it grows on the way
		for _, x := range all[i].Executions {
			if !x.Status.Final() || all[i].Event == nil {
				continue
			}
			if len(all)-given >= maxFollowing*given {
				e.Meter.ChainCut()
				e.Logger.Warn("too many events follow from one; the rest is not raised", "event", all[0].Event.ID, "events", len(all)-given)
				return all
			}
			depth := all[i].Event.Depth
			all = append(all, e.follow(ctx, x, func() int { return depth })...)
		}
	}
	return all
}

// followed hands on what came of a write that is durable now.
func (e *Engine) followed(all []store.Acceptance, took time.Duration) {
	e.countVerdicts(all)
	for _, a := range all {
		if a.Event != nil {
			e.Meter.EventAccepted(string(a.Event.Trigger), took)
		}
		for _, x := range a.Executions {
			if x.Status == automation.Pending {
				e.line.push(x)
			}
		}
	}
}

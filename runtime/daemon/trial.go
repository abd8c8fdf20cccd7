package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/rule"
)

// test tries a rule as written in YAML on one event.
func (r replayer) test(ctx context.Context, ruleYAML []byte, ev automation.Event) (automation.RuleTest, error) {
	written, err := packs.ReadRule("rule", ruleYAML)
	if err != nil {
		return automation.RuleTest{}, err
	}
	return r.testInService(ctx, written, ev)
}

// testInService tries a rule on an event, which need not be stored: one without an
// id has a payload only, and comes now from where the rule looks.
func (r replayer) testInService(ctx context.Context, tried automation.Rule, ev automation.Event) (automation.RuleTest, error) {
	payload, err := expr.Decode(ev.Payload)
	if err != nil {
		return automation.RuleTest{}, automation.Invalid("the payload is not JSON").Because(err)
	}
	in := rule.Input{Trigger: ev.Trigger, Parameters: ev.Parameters, Payload: payload, Now: ev.ReceivedAt, Event: ev, KV: r.key(ctx)}
	if ev.ID == "" {
		in.Trigger, in.Parameters, in.Now = tried.Trigger.Type, tried.Trigger.Parameters, time.Now()
	}
	out, err := rule.Test(tried, in)
	if err != nil {
		return out, err
	}
	return cleaned(out, r.scrub)
}

// misses asks the rules of now that left no verdict on a stored event.
func (r replayer) misses(ctx context.Context, ev automation.Event) (automation.EventMisses, error) {
	out := automation.EventMisses{Event: ev.ID, At: time.Now(), Verdicts: []automation.Verdict{}}
	payload, err := expr.Decode(ev.Payload)
	if err != nil {
		return out, fmt.Errorf("read the payload of event %s: %w", ev.ID, err)
	}
	seen := map[automation.Ref]bool{}
	for i := range ev.Verdicts {
		seen[ev.Verdicts[i].Rule] = true
	}
	read := r.key(ctx)
	in := rule.Input{Trigger: ev.Trigger, Parameters: ev.Parameters, Payload: payload, Now: ev.ReceivedAt, Event: ev,
		KV: func(scope, name string) (string, bool, error) {
			out.Keys = automation.KeysNow
			return read(scope, name)
		}}
	nearest, total := r.registry.Snapshot().Rules().Misses(in, func(ref automation.Ref) bool {
		return seen[ref] || ctx.Err() != nil // nobody waits for the rest
	})
	if err := ctx.Err(); err != nil {
		return out, err
	}
	out.Total = total
	for _, m := range nearest {
		m.Verdict.Event = ev.ID
		out.Verdicts = append(out.Verdicts, m.Verdict)
	}
	return cleaned(out, r.scrub)
}

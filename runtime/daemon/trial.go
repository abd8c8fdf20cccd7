package daemon

import (
	"context"
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
	return rule.Test(tried, in)
}

package daemon

import (
	"time"

	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
	"github.com/squall-dev/squall/runtime/rule"
	"github.com/squall-dev/squall/runtime/runner"
)

// catalogue shows a snapshot of the packs to the API.
type catalogue struct{ *packs.Snapshot }

func (c catalogue) Rules() []automation.Rule { return c.Snapshot.Rules().Rules() }

func (c catalogue) Rule(ref automation.Ref) (automation.Rule, bool) {
	return c.Snapshot.Rules().Rule(ref)
}

func (c catalogue) Webhooks() map[string][]automation.Ref { return c.Snapshot.Rules().Webhooks() }

func (c catalogue) HasTrigger(ref automation.Ref) bool {
	_, declared := c.TriggerType(ref)
	return declared || c.Snapshot.Rules().HasTrigger(ref)
}

// lender lends the modules of packs to the runner.
type lender struct{ registry *packs.Registry }

func (l lender) Acquire(action automation.Ref) (runner.Lease, error) {
	lease, err := l.registry.Acquire(action)
	if err != nil {
		return runner.Lease{}, err
	}
	return runner.Lease{
		Module: lease.Module, Export: lease.Export, Grants: lease.Grants, Config: lease.Config, Limits: lease.Limits,
		Pack: lease.Pack, Digest: lease.Digest, Release: lease.Release,
	}, nil
}

func testRule(ruleYAML, payload []byte) (automation.RuleTest, error) {
	return packs.TestRule("rule", ruleYAML, payload)
}

func testRuleInService(r automation.Rule, payload []byte) (automation.RuleTest, error) {
	v, err := expr.Decode(payload)
	if err != nil {
		return automation.RuleTest{}, automation.Invalid("the payload is not JSON").Because(err)
	}
	return rule.Test(r, rule.Input{Trigger: r.Trigger.Type, Parameters: r.Trigger.Parameters, Payload: v, Now: time.Now()})
}

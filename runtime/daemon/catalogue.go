package daemon

import (
	"encoding/json"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/expr"
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

// occasion decodes the payload of an event.
func occasion(o *runner.Occasion, note func(string, ...any)) *packs.Occasion {
	if o == nil {
		return nil
	}
	payload, err := expr.Decode(o.Payload)
	if err != nil {
		note("the payload of the event can not be read: %v", err)
	}
	return &packs.Occasion{Payload: payload, Received: o.Received}
}

// lender lends the modules of packs to the runner.
type lender struct {
	registry *packs.Registry
	grants   *grants
}

func (l lender) Acquire(action automation.Ref) (runner.Lease, error) {
	lease, err := l.registry.Acquire(action)
	if err != nil {
		return runner.Lease{}, err
	}
	_, secretConfig := l.registry.Snapshot().Config(lease.Pack)
	var bind func(*runner.Occasion, func(string, ...any)) automation.Capabilities
	if lease.Binds() {
		bind = func(o *runner.Occasion, note func(string, ...any)) automation.Capabilities {
			return lease.Bind(occasion(o, note), note)
		}
	}
	return runner.Lease{
		Hide: func(input json.RawMessage) func(string) string {
			return hide(lease.Action, lease.Config, secretConfig, input)
		},
		Bind: bind, Ceiling: l.grants.of(lease.Pack),
		Module: lease.Module, Export: lease.Export, Grants: lease.Grants, Config: lease.Config, Limits: lease.Limits,
		Pack: lease.Pack, Digest: lease.Digest, Release: lease.Release,
	}, nil
}

// called tells which modules enabled rules lead to: those must be awake when an event
// comes. Sensors wake their own.
func (p *parts) called() func(module string) bool {
	now := p.registry.Snapshot()
	silent := map[automation.Ref]bool{}
	for _, s := range now.Sensors() {
		for _, t := range s.Triggers {
			silent[t] = len(s.Unset) > 0
		}
	}
	names := map[string]bool{}
	for _, r := range now.Rules().Rules() {
		if a, ok := now.Action(r.Action.Ref); ok && r.Enabled && !silent[r.Trigger.Type] {
			names[a.Pack+"/"+a.EntryPoint] = true
		}
	}
	return func(module string) bool { return names[module] }
}

package daemon

import (
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
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

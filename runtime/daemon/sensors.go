package daemon

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/squall-dev/squall/hostfuncs"
	"github.com/squall-dev/squall/packs"
	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/budget"
	"github.com/squall-dev/squall/runtime/engine"
	"github.com/squall-dev/squall/runtime/telemetry"
	"github.com/squall-dev/squall/runtime/trigger"
	"github.com/squall-dev/squall/runtime/vault"
	"github.com/squall-dev/squall/runtime/wasm"
)

// newSensors joins the sensors of packs with what runs and remembers them.
func newSensors(registry *packs.Registry, granted *grants, g *budget.Guard, v *vault.Vault, e *engine.Engine, marks trigger.Marks, m *telemetry.Metrics, log *slog.Logger) *trigger.Sensors {
	return trigger.NewSensors(trigger.SensorOptions{
		Ingester: e, Marks: marks, Logger: log, Polled: m.SensorPolled,
		Sensors: func() []automation.Sensor { return registry.Snapshot().Sensors() },
		Poll:    poller{registry, granted, g, v}.poll,
		Failed: func(ctx context.Context, s automation.SourceStatus) {
			var next any
			if len(s.Next) > 0 {
				next = s.Next[0].UTC().Format(time.RFC3339)
			}
			payload := map[string]any{"sensor": s.ID, "error": s.Error, "hint": s.Hint, "failures": s.Failures, "next": next}
			if err := e.Raise(ctx, automation.TriggerSensorFailed, s.ID, payload); err != nil && ctx.Err() == nil {
				log.Warn("the event about a sensor that failed was not raised", "sensor", s.ID, "err", err)
			}
		},
	})
}

// poller runs the code of sensors in the sandbox.
type poller struct {
	registry *packs.Registry
	grants   *grants
	guard    *budget.Guard
	vault    *vault.Vault
}

func (p poller) poll(ctx context.Context, s automation.Sensor, input json.RawMessage, log func(automation.LogLevel, string)) (json.RawMessage, error) {
	lease, err := p.registry.AcquireSensor(s.Ref())
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	ctx, cancel := context.WithTimeout(ctx, lease.Limits.Timeout)
	defer cancel()
	res, err := lease.Module.Call(ctx, wasm.Call{
		Export: lease.Export, Input: input, Limits: lease.Limits,
		Caller: hostfuncs.Caller{
			Pack: lease.Pack, Action: s.Ref(), Attempt: 1, Deadline: time.Now().Add(lease.Limits.Timeout),
			Grants: lease.Grants, Ceiling: p.grants.of(lease.Pack), Config: lease.Config, Secrets: p.vault, Scrub: p.vault.Scrub,
			Log: func(level automation.LogLevel, text string) { log(level, p.vault.ScrubText(text)) },
			Gate: func(c automation.HostChange) (func(error), error) {
				return p.guard.Ask(budget.Call{Pack: lease.Pack, Action: s.Ref(), Change: c})
			},
		},
	})
	p.grants.sensors.add(context.WithoutCancel(ctx), lease.Pack, res.HostCalls)
	switch {
	case err != nil:
		return nil, fmt.Errorf("run sensor %s: %w", s.Ref(), err)
	case res.Code != "":
		return nil, automation.Unavailable("%s (%s)", p.vault.ScrubText(res.Message), res.Code)
	}
	return p.vault.Scrub(res.Output), nil
}

package engine

import (
	"github.com/squall-dev/squall/runtime/automation"
)

// checkPayload compares an event's payload with the schema of its trigger type, if
// there is one. What does not fit is refused, or noted on the event: as the type's
// declaration says.
func (e *Engine) checkPayload(catalogue Catalogue, ev *automation.Event, payload any) error {
	misfit := catalogue.CheckPayload(ev.Trigger, payload)
	if misfit == nil {
		return nil
	}
	declared, _ := catalogue.TriggerType(ev.Trigger)
	if declared.PayloadCheck == automation.PayloadWarn {
		e.Meter.PayloadMisfit(string(ev.Trigger), string(automation.PayloadWarn))
		ev.Warning = misfit.Error()
		return nil
	}
	e.Meter.PayloadMisfit(string(ev.Trigger), string(automation.PayloadReject))
	e.Logger.Warn("event refused: its payload does not fit", "trigger", ev.Trigger, "err", misfit)
	return misfit
}

package packs

import (
	"errors"

	"github.com/squall-dev/squall/runtime/automation"
	"github.com/squall-dev/squall/runtime/parameter"
	"github.com/squall-dev/squall/runtime/rule"
)

// declared is a trigger type with its schemas, compiled once for a generation.
type declared struct {
	automation.TriggerType
	payload    *parameter.Schema
	parameters *parameter.Schema
}

// declare compiles what reading has found to be sound. A pack that was made by hand
// may hold a schema that is not; it then restricts nothing.
func declare(types []automation.TriggerType) []declared {
	all := make([]declared, len(types))
	for i, t := range types {
		all[i].TriggerType = t
		all[i].parameters, _ = parameter.CompileSchema(t.ParametersSchema)
		if t.Ref() != rule.WebhookTrigger { // senders of webhooks owe us no form
			all[i].payload, _ = parameter.CompileSchema(t.PayloadSchema)
		}
	}
	return all
}

// TriggerType finds a declared trigger type.
func (s *Snapshot) TriggerType(ref automation.Ref) (automation.TriggerType, bool) {
	t, ok := s.triggers[ref]
	return t.TriggerType, ok
}

// CheckPayload compares a payload, decoded as [expr.Decode] does, with the schema
// of its trigger type. Nil means that it fits, or that there is none. The error is
// of kind ErrInvalid, and says where the payload does not fit and why; what is to
// become of the event says the type's PayloadCheck.
func (s *Snapshot) CheckPayload(ref automation.Ref, payload any) error {
	err := s.triggers[ref].payload.Check(payload)
	if err == nil {
		return nil
	}
	return automation.Invalid("the payload does not fit the schema of %s: %s", ref, err).WithCode("payload_mismatch").
		WithHint("look at the schema: squall trigger get %s", ref)
}

// checkTriggers compares the trigger parameters of a pack's rules with what the
// trigger types take, as far as they are known: by s or by the pack itself. The
// others are returned; their pack may come later.
func (s *Snapshot) checkTriggers(p *Pack) (unknown []automation.Ref, err error) {
	own := map[automation.Ref]declared{}
	for _, t := range declare(p.Triggers) {
		own[t.Ref()] = t
	}
	var errs []error
	for _, r := range p.Rules {
		t, ok := own[r.Trigger.Type]
		if !ok && r.Trigger.Type.Pack() != p.Name { // what its old version declared is gone
			t, ok = s.triggers[r.Trigger.Type]
		}
		if !ok {
			unknown = append(unknown, r.Trigger.Type)
			continue
		}
		if err := t.checkParameters(r.Trigger.Parameters); err != nil {
			errs = append(errs, invalid("%s: the trigger parameters of rule %s do not fit %s: %s", place(r.Position), r.Ref(), r.Trigger.Type, err).
				WithHint("look at what it takes: squall trigger get %s", r.Trigger.Type))
		}
	}
	return unknown, errors.Join(errs...)
}

func (t declared) checkParameters(given map[string]any) error {
	if given == nil {
		given = map[string]any{}
	}
	return t.parameters.Check(given)
}
